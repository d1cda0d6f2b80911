// Attributes of each end that come from the customer's tables: buildings, networks, access points;
// and its Wi-Fi. Source: reference/cube-model.md 2.6, 2.7.
#include "model/internal/catalog.h"

namespace cqd::model {
namespace {

constexpr const char* kSource = "reference/cube-model.md 2.6";

/// Name in the later product's building categories: [FirstTenantDataBuilding].[First City].
std::string TenantBuilding(const Role& role, std::string_view name) {
  return "[" + role.name + "TenantDataBuilding].[" + role.With(name) + "]";
}

using BuildingText = std::string Building::*;

MemberFunction OfBuilding(BuildingText text, bool blank_when_unknown) {
  return [text, blank_when_unknown](Value subnet, Value, const Mapping& mapping) {
    const Building& building = mapping.BuildingOf(subnet);
    if (blank_when_unknown && building.key == 0) return BlankMember();
    return TextMember(building.*text);
  };
}
MemberFunction OfBuildingFlag(std::optional<bool> Building::*flag) {
  return [flag](Value subnet, Value, const Mapping& mapping) {
    const std::optional<bool> value = mapping.BuildingOf(subnet).*flag;
    return value.has_value() ? BooleanMember(*value) : BlankMember();
  };
}

void AddBuilding(Catalog& catalog, const Role& role) {
  const auto add = [&](std::string name, BuildingText text, std::string description,
                       const std::string& tenant_name = "") {
    std::vector<std::string> aliases;
    if (!tenant_name.empty()) aliases.push_back(TenantBuilding(role, tenant_name));
    catalog.Add({.category = role.With("Building"),
                 .name = std::move(name),
                 .aliases = std::move(aliases),
                 .input = role.Of(CubeColumn::kFirstSubnet),
                 .member = OfBuilding(text, false),
                 .description = std::move(description) + " of " + role.End(),
                 .source = kSource});
  };
  add("Building Name", &Building::name, "Building (Unknown where no network matches)");
  add("Building Short Name", &Building::short_name, "Short name of the building");
  add("Building Type", &Building::building_type, "Type of the building");
  add("Ownership Type", &Building::ownership_type, "Ownership of the building");
  add("City", &Building::city, "City of the building", "City");
  add("Country", &Building::country, "Country of the building, two letters", "Country");
  add("State", &Building::state, "State or province of the building", "State");
  add("Region", &Building::region, "Region of the building", "Region");
  add("Zip Code", &Building::zip_code, "Postal code of the building", "Zip Code");
  add("Office Type", &Building::office_type, "Office type of the building", "Building Office Type");
  const auto add_flag = [&](std::string name, std::optional<bool> Building::*flag,
                            std::string description, std::vector<std::string> aliases) {
    catalog.Add({.category = role.With("Building"),
                 .name = std::move(name),
                 .aliases = std::move(aliases),
                 .type = AttributeType::kBoolean,
                 .input = role.Of(CubeColumn::kFirstSubnet),
                 .member = OfBuildingFlag(flag),
                 .fixed_members = BooleanMembers(),
                 .description = std::move(description) + ", " + role.End(),
                 .source = kSource});
  };
  add_flag("Inside Corp", &Building::inside_corp,
           "Whether the building belongs to the company network", {});
  add_flag("Express Route", &Building::express_route,
           "Whether the building has a private line to the cloud",
           {TenantBuilding(role, "Express Route")});
}

/// The later product leaves these blank where no building is known.
void AddTenantBuilding(Catalog& catalog, const Role& role) {
  const auto add = [&](std::string_view name, BuildingText text) {
    catalog.Add({.category = role.name + "TenantDataBuilding",
                 .name = role.With(name),
                 .input = role.Of(CubeColumn::kFirstSubnet),
                 .member = OfBuilding(text, true),
                 .listed = false,
                 .description =
                     std::string(name) + " of " + role.End() + ", blank where no network matches",
                 .source = kSource});
  };
  add("Building Name", &Building::name);
  add("Building Type", &Building::building_type);
  add("Ownership Type", &Building::ownership_type);
}

template <typename F>
MemberFunction OfNetwork(F member) {
  return [member](Value subnet, Value, const Mapping& mapping) {
    const Network* const network = mapping.NetworkOf(subnet);
    return network == nullptr ? BlankMember() : member(*network);
  };
}

void AddNetwork(Catalog& catalog, const Role& role) {
  const auto add = [&](std::string name, MemberFunction member, std::string description,
                       bool has_alias, AttributeType type = AttributeType::kText) {
    std::vector<std::string> aliases;
    if (has_alias) aliases.push_back(TenantBuilding(role, name));
    catalog.Add({.category = role.With("Network"),
                 .name = std::move(name),
                 .aliases = std::move(aliases),
                 .type = type,
                 .input = role.Of(CubeColumn::kFirstSubnet),
                 .member = std::move(member),
                 .description = std::move(description) + " of " + role.End(),
                 .source = kSource});
  };
  add("Network", OfNetwork([](const Network& n) { return TextMember(n.address); }),
      "Address of the registered network with the longest matching prefix", true);
  add("Network Range", OfNetwork([](const Network& n) { return IntegerMember(n.prefix_bits); }),
      "Prefix length of the registered network", true, AttributeType::kInteger);
  add("Network Name", OfNetwork([](const Network& n) { return TextMember(n.name); }),
      "Name of the registered network", true);
  add("Network Type", OfNetwork([](const Network& n) { return TextMember(n.type); }),
      "Type of the registered network", false);
  catalog.Add({.category = role.With("Subnet"),
               .name = "Subnet",
               .aliases = {AllStreams(role.With("Subnet"))},
               .input = role.Of(CubeColumn::kFirstSubnet),
               .member =
                   [](Value key, Value, const Mapping& mapping) {
                     // Where only an address was reported the entry serves the building lookup.
                     const KeyEntry subnet = mapping.Entry(KeySpace::kSubnet, key);
                     return subnet.detail.empty() ? TextMember(subnet.text) : BlankMember();
                   },
               .description = "Subnet reported by " + role.End(),
               .source = "reference/cube-model.md 2.7"});
  catalog.Add({.category = role.With("VPN"),
               .name = "VPN",
               .aliases = {AllStreams(role.With("VPN"))},
               .type = AttributeType::kBoolean,
               .input = role.Of(CubeColumn::kFirstVpn),
               .second_input = role.Of(CubeColumn::kFirstSubnet),
               .member =
                   [](Value vpn, Value subnet, const Mapping& mapping) {
                     const Network* const network = mapping.NetworkOf(subnet);
                     if (network != nullptr && network->vpn) return BooleanMember(true);
                     return vpn == kNull ? BlankMember() : BooleanMember(vpn != 0);
                   },
               .fixed_members = BooleanMembers(),
               .description = role.name + " end was on a VPN: as reported, or because its network "
                                          "is registered as one",
               .source = "reference/cube-model.md 2.6"});
}

using AccessPointText = std::string AccessPoint::*;

void AddAccessPoint(Catalog& catalog, const Role& role) {
  const auto add = [&](const char* name, AccessPointText text, std::string description) {
    catalog.Add({.category = role.With("Bssid"),
                 .name = name,
                 .input = role.Of(CubeColumn::kFirstBssid),
                 .member =
                     [text](Value bssid, Value, const Mapping& mapping) {
                       const AccessPoint* const point = mapping.AccessPointOf(bssid);
                       return point == nullptr ? BlankMember() : TextMember(point->*text);
                     },
                 .description = std::move(description) + " of " + role.End() +
                                "'s access point, from the table of access points",
                 .source = kSource});
  };
  add("Ap Name", &AccessPoint::ap_name, "Name");
  add("Controller", &AccessPoint::controller, "Controller");
  add("Device", &AccessPoint::device, "Device");
  add("Radio", &AccessPoint::radio, "Radio");
  catalog.Add({.category = role.With("Bssid"),
               .name = "Bssid",
               .aliases = {AllStreams(role.With("BSSID"))},
               .input = role.Of(CubeColumn::kFirstBssid),
               .member = EntryText(KeySpace::kBssid),
               .description = "Access point radio reported by " + role.End(),
               .source = kSource});
}

/// Channels 1 to 14 are the 2.4 GHz band, all above the 5 GHz band (IEEE 802.11).
Member WifiBandMember(Value channel, Value, const Mapping&) {
  constexpr Value kLastChannelOf24 = 14;
  if (channel < 1) return BlankMember();
  return channel <= kLastChannelOf24 ? TextMember("2.4 Ghz", 0) : TextMember("5.0 Ghz", 1);
}

void AddWifi(Catalog& catalog, const Role& role) {
  const auto add = [&](const char* name, const std::vector<std::string>& b_names, CubeColumn column,
                       MemberFunction member, std::string description,
                       AttributeType type = AttributeType::kText, const char* unit = "") {
    std::vector<std::string> aliases;
    aliases.reserve(b_names.size());
    for (const std::string& b_name : b_names) aliases.push_back(AllStreams(role.With(b_name)));
    catalog.Add({.category = role.With("Wifi"),
                 .name = name,
                 .aliases = std::move(aliases),
                 .type = type,
                 .input = role.Of(column),
                 .member = std::move(member),
                 .unit = unit,
                 .description = std::move(description) + " of " + role.End(),
                 .source = "reference/cube-model.md 2.7"});
  };
  add("Driver", {"Wifi Vendor Driver", "Wifi Microsoft Driver"}, CubeColumn::kFirstWifiDriver,
      EntryText(KeySpace::kDriver), "Wi-Fi driver");
  add("Driver Version", {"Wifi Vendor Driver Version", "Wifi Microsoft Driver Version"},
      CubeColumn::kFirstWifiDriverVersion, EntryText(KeySpace::kDriver), "Version of the driver");
  add("Radio Type", {"Wifi Radio Type"}, CubeColumn::kFirstWifiRadio,
      EntryText(KeySpace::kWifiRadio), "Wi-Fi radio type");
  add("Channel", {"Wifi Channel"}, CubeColumn::kFirstWifiChannel, IntegerOfColumn(),
      "Wi-Fi channel", AttributeType::kInteger);
  add("Band", {"Wifi Band"}, CubeColumn::kFirstWifiChannel, WifiBandMember,
      "Wi-Fi frequency band, from the channel");
  add("Signal Strength", {"Wifi Signal Strength"}, CubeColumn::kFirstWifiSignal,
      BandOfField(BandKind::kInteger, CubeColumn::kFirstWifiSignal), "Wi-Fi signal strength",
      AttributeType::kBand, "%");
}

}  // namespace

void AddPlaceAttributes(Catalog& catalog) {
  for (const Role& role : BothRoles()) {
    AddBuilding(catalog, role);
    AddTenantBuilding(catalog, role);
    AddNetwork(catalog, role);
    AddAccessPoint(catalog, role);
    AddWifi(catalog, role);
  }
}

}  // namespace cqd::model
