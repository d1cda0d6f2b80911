#include "simulate/organisation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "simulate/internal/catalogue.h"
#include "simulate/internal/random.h"

namespace cqd::simulate {
namespace {

constexpr std::string_view kDomain = "meridian.example";

/// Adds a row to a lookup table and gives its key.
LookupKey Add(std::vector<std::string>& table, std::string text) {
  table.push_back(std::move(text));
  return static_cast<LookupKey>(table.size());
}

std::string MacText(std::uint64_t number) {
  // Locally administered (second bit of the first byte), so that no maker is named.
  return fmt::format("02-{:02X}-{:02X}-{:02X}-{:02X}-{:02X}", (number >> 32) & 0xFF,
                     (number >> 24) & 0xFF, (number >> 16) & 0xFF, (number >> 8) & 0xFF,
                     number & 0xFF);
}

/// A position chosen by the weights of `texts`.
template <typename Texts, typename Accept>
int PickWeighted(Random& random, const Texts& texts, Accept accept) {
  int total = 0;
  for (const auto& text : texts) total += accept(text) ? text.weight : 0;
  CQD_CHECK(total > 0);
  int ticket = random.Below(total);
  for (int i = 0; i < static_cast<int>(texts.size()); ++i) {
    const auto& text = texts[static_cast<std::size_t>(i)];
    if (!accept(text)) continue;
    ticket -= text.weight;
    if (ticket < 0) return i;
  }
  CQD_CHECK(false);
}

class Builder {
 public:
  Builder(std::uint64_t seed, int user_count)
      : random_(Mix(seed, 0x6F7267)), user_count_(std::clamp(user_count, 50, 1'000'000)) {
    org_.seed = seed;
  }

  Organisation Build() {
    AddTexts();
    AddSites();
    AddOutsideNetworks();
    AddServers();
    AddUsers();
    FindFaults();
    return std::move(org_);
  }

 private:
  int AddSubnet(std::uint32_t address, int prefix_bits, SubnetUse use, int building, int site,
                std::string name) {
    Subnet subnet;
    subnet.address = address;
    subnet.prefix_bits = prefix_bits;
    subnet.use = use;
    subnet.building = building;
    subnet.site = site;
    subnet.network_name = std::move(name);
    subnet.address_key = Add(org_.addresses, AddressText(address));
    subnet.first_host_key = static_cast<LookupKey>(org_.addresses.size()) + 1;
    for (int host = 0; host < kHostsPerSubnet; ++host) {
      Add(org_.addresses, AddressText(address + 20 + static_cast<std::uint32_t>(host)));
    }
    org_.subnets.push_back(std::move(subnet));
    return static_cast<int>(org_.subnets.size()) - 1;
  }

  void AddTexts();
  void AddSites();
  void AddFloor(int building, int number, std::uint32_t base);
  void AddOutsideNetworks();
  void AddServers();
  void AddUsers();
  User MakeUser(int number, bool guest, int site);
  void AddMachines(User& user, int number);
  void FindFaults();

  Organisation org_;
  Random random_;
  int user_count_;
};

void Builder::AddTexts() {
  for (const AgentText& agent : AgentTexts()) {
    org_.agents.push_back({std::string(agent.text), agent.ua_type, agent.kind});
  }
  const auto driver_key = [this](std::string_view name) -> LookupKey {
    if (name.empty()) return 0;
    const auto found = std::find(org_.drivers.begin(), org_.drivers.end(), name);
    if (found != org_.drivers.end()) {
      return static_cast<LookupKey>(found - org_.drivers.begin()) + 1;
    }
    return Add(org_.drivers, std::string(name));
  };
  for (const DeviceText& text : DeviceTexts()) {
    DeviceModel model;
    model.capture_name = text.capture;
    model.render_name = text.render;
    model.capture_key = Add(org_.devices, model.capture_name);
    org_.device_is_capture.push_back(true);
    model.render_key = Add(org_.devices, model.render_name);
    org_.device_is_capture.push_back(false);
    model.driver_key = driver_key(text.driver);
    model.old_driver_key = driver_key(text.old_driver);
    org_.device_models.push_back(std::move(model));
  }
  org_.first_wifi_driver_key = static_cast<LookupKey>(org_.drivers.size()) + 1;
  for (const std::string_view text : WifiDriverTexts()) Add(org_.drivers, std::string(text));
  for (const std::string_view text : CodecTexts()) Add(org_.codecs, std::string(text));
  for (const std::string_view text : BandwidthSourceTexts()) {
    Add(org_.bandwidth_sources, std::string(text));
  }
}

void Builder::AddFloor(int building, int number, std::uint32_t base) {
  const Building& where = org_.buildings[static_cast<std::size_t>(building)];
  const Site& site = org_.sites[static_cast<std::size_t>(where.site)];
  Floor floor;
  floor.building = building;
  floor.number = number;
  floor.wired_subnet = AddSubnet(base, 24, SubnetUse::kWired, building, where.site,
                                 fmt::format("{} floor {} LAN", where.name, number));
  floor.wifi_subnet = AddSubnet(base + 0x200, 23, SubnetUse::kWifi, building, where.site,
                                fmt::format("{} floor {} WLAN", where.name, number));
  floor.first_access_point = static_cast<int>(org_.access_points.size());
  floor.access_point_count = 3;
  for (int i = 1; i <= floor.access_point_count; ++i) {
    AccessPoint ap;
    ap.building = building;
    ap.bssid = MacText(0xA000000000 + org_.access_points.size() * 16);
    ap.name =
        fmt::format("{}-{}-{}-AP{}", site.code, where.name.substr(site.name.size() + 1), number, i);
    ap.radio = i % 2 == 0 ? "802.11ac" : "802.11n";
    ap.controller = fmt::format("wlc-{}", where.short_name);
    ap.device = "Halden AP 320";
    ap.mac_key = Add(org_.macs, ap.bssid);
    org_.access_points.push_back(std::move(ap));
  }
  org_.floors.push_back(floor);
}

void Builder::AddSites() {
  for (const SiteText& text : SiteTexts()) {
    const int number = static_cast<int>(org_.sites.size());
    Site site;
    site.name = text.name;
    site.code = text.code;
    site.country = text.country;
    site.state = text.state;
    site.zip_code = text.zip_code;
    site.region = text.region;
    site.utc_offset_hours = text.utc_offset_hours;
    site.latitude = text.latitude;
    site.longitude = text.longitude;
    site.weight = text.weight;
    site.first_building = static_cast<int>(org_.buildings.size());
    site.building_count = text.building_count;
    org_.sites.push_back(site);
    for (int k = 0; k < text.building_count; ++k) {
      const int index = static_cast<int>(org_.buildings.size());
      Building building;
      const std::string_view word = BuildingWords()[static_cast<std::size_t>(4 * number + k)];
      building.name = fmt::format("{} {}", text.name, word);
      building.short_name = fmt::format("{}-{}", text.code, word.substr(0, 3));
      building.office_type = k == 0 ? "Headquarters" : "Office";
      building.site = number;
      building.building_type = 1 + k % 3;
      building.ownership_type = 1 + (number + k) % 2;
      building.first_floor = static_cast<int>(org_.floors.size());
      building.floor_count = 2 + (number + k) % 3;
      org_.buildings.push_back(building);
      // 10.<site + 1>.<64 k + 8 floor>.0: a building has a /18, a floor a wired /24 and a Wi-Fi
      // /23.
      const auto base = (10U << 24) + (static_cast<std::uint32_t>(number + 1) << 16);
      for (int floor = 0; floor < building.floor_count; ++floor) {
        AddFloor(index, floor + 1, base + (static_cast<std::uint32_t>(64 * k + 8 * floor) << 8));
      }
    }
  }
}

void Builder::AddOutsideNetworks() {
  org_.first_vpn_subnet = static_cast<int>(org_.subnets.size());
  for (int region = 0; region < 3; ++region) {
    AddSubnet((10U << 24) + (200U << 16) + (static_cast<std::uint32_t>(region) << 8), 24,
              SubnetUse::kVpn, -1, -1, fmt::format("VPN {}", RegionName(region)));
    org_.edge_keys.push_back(Add(org_.addresses, fmt::format("203.0.113.{}", 10 + region)));
  }
  AddSubnet((10U << 24) + (1U << 16) + (252U << 8), 24, SubnetUse::kLab, 0, 0, "Hamburg lab");
  constexpr int kHomeThirdByte[] = {0, 1, 2, 178};
  for (int i = 0; i < 4; ++i) {
    org_.home_network_key[i] = Add(org_.addresses, fmt::format("192.168.{}.0", kHomeThirdByte[i]));
    org_.home_first_host_key[i] = static_cast<LookupKey>(org_.addresses.size()) + 1;
    for (int host = 0; host < kHostsPerSubnet; ++host) {
      Add(org_.addresses, fmt::format("192.168.{}.{}", kHomeThirdByte[i], 20 + host));
    }
  }
  org_.first_ipv6_key = static_cast<LookupKey>(org_.addresses.size()) + 1;
  for (int i = 0; i < kIpv6AddressCount; ++i) {
    Add(org_.addresses, fmt::format("2001:db8:{:x}::{:x}", 0x10 + i / 10, 0x100 + i));
  }
  org_.first_cellular_key = static_cast<LookupKey>(org_.addresses.size()) + 1;
  for (int i = 0; i < kCellularAddressCount; ++i) {
    Add(org_.addresses, fmt::format("100.96.{}.{}", i / 200, 10 + i % 200));
  }
}

void Builder::AddServers() {
  for (int region = 0; region < 3; ++region) {
    const int site = region == 0 ? 0 : region == 1 ? 3 : 7;
    const Site& where = org_.sites[static_cast<std::size_t>(site)];
    const std::uint32_t base =
        (10U << 24) + (static_cast<std::uint32_t>(site + 1) << 16) + (250U << 8);
    const int subnet = AddSubnet(base, 24, SubnetUse::kServer, where.first_building, site,
                                 fmt::format("{} servers", where.name));
    const LookupKey pool = Add(org_.pools, fmt::format("pool-{}.{}", where.code, kDomain));
    int host = 0;
    for (const ServerText& text : ServerTexts()) {
      for (int i = 1; i <= text.count; ++i) {
        ServerMachine server;
        server.role = text.role;
        server.region = region;
        for (int agent = 0; agent < static_cast<int>(org_.agents.size()); ++agent) {
          if (org_.agents[static_cast<std::size_t>(agent)].text == text.agent) server.agent = agent;
        }
        const std::string name = fmt::format("{}{:02}-{}-{}.{}", text.host, i, where.code,
                                             static_cast<int>(text.role), kDomain);
        server.uri = "sip:" + name;
        server.uri_key = Add(org_.uris, server.uri);
        const bool windows = text.role != ServerRole::kGateway;
        org_.endpoints.push_back(
            {name, windows ? "Windows 6.3.9600 SP: 0.0 Type: 3(Server) Suite: 272 Arch: x64" : "",
             windows ? "Kestrel Xeon E5-2670" : "", windows ? 8 : 0, windows ? 2600 : 0,
             windows ? 2 : 0});
        server.endpoint_key = static_cast<LookupKey>(org_.endpoints.size());
        const Subnet& net = org_.subnets[static_cast<std::size_t>(subnet)];
        server.address_key = net.first_host_key + host++;
        server.subnet_key = net.address_key;
        server.pool_key = pool;
        org_.servers.push_back(std::move(server));
      }
    }
  }
}

void Builder::AddMachines(User& user, int number) {
  const AgentKind kind = org_.agents[static_cast<std::size_t>(user.desktop_agent)].kind;
  const MachineText& machine = MachineTexts()[static_cast<std::size_t>(
      random_.Below(static_cast<int>(MachineTexts().size())))];
  const bool mac = kind == AgentKind::kMac;
  org_.endpoints.push_back({fmt::format("{}{:06}",
                                        mac          ? "MAC"
                                        : user.guest ? "GUEST"
                                                     : "PC",
                                        number),
                            mac ? "Mac OS X 10.11.6" : std::string(machine.os),
                            std::string(machine.cpu), machine.cores, machine.mhz,
                            random_.Chance(0.03) ? 2 : 0});
  user.endpoint_key = static_cast<LookupKey>(org_.endpoints.size());
  user.wired_mac_key = Add(org_.macs, MacText(0x1000000000 + static_cast<std::uint64_t>(number)));
  user.wifi_mac_key = Add(org_.macs, MacText(0x2000000000 + static_cast<std::uint64_t>(number)));
  if (user.second_agent < 0) return;
  const bool mobile =
      org_.agents[static_cast<std::size_t>(user.second_agent)].kind == AgentKind::kMobile;
  // Phones and mobiles tell their name, but neither system nor processor.
  org_.endpoints.push_back(
      {fmt::format("{}{:06}", mobile ? "MOB" : "TEL", number), "", "", 0, 0, 0});
  user.second_endpoint_key = static_cast<LookupKey>(org_.endpoints.size());
}

User Builder::MakeUser(int number, bool guest, int site) {
  User user;
  user.site = site;
  user.guest = guest;
  const std::string_view given =
      GivenNames()[static_cast<std::size_t>(random_.Below(static_cast<int>(GivenNames().size())))];
  const std::string_view family = FamilyNames()[static_cast<std::size_t>(
      random_.Below(static_cast<int>(FamilyNames().size())))];
  user.uri =
      fmt::format("sip:{}.{}{}@{}", given, family, number, guest ? "partner.example" : kDomain);
  user.uri_key = Add(org_.uris, user.uri);
  if (!guest) {
    user.meeting_uri_key =
        Add(org_.uris, fmt::format("{};gruu;opaque=app:conf:focus:id:{:08X}", user.uri,
                                   static_cast<std::uint32_t>(random_.Next())));
  }
  const auto agent_of = [this](AgentKind kind) {
    return PickWeighted(random_, AgentTexts(),
                        [kind](const AgentText& text) { return text.kind == kind; });
  };
  const double kind = random_.Uniform();
  if (guest) {
    user.desktop_agent = agent_of(kind < 0.5 ? AgentKind::kWeb : AgentKind::kDesktop);
  } else {
    user.desktop_agent = agent_of(kind < 0.88   ? AgentKind::kDesktop
                                  : kind < 0.98 ? AgentKind::kMac
                                  : kind < 0.99 ? AgentKind::kStore
                                                : AgentKind::kAttendant);
  }
  const double second = random_.Uniform();
  if (!guest && second < 0.35) user.second_agent = agent_of(AgentKind::kMobile);
  if (!guest && second >= 0.35 && second < 0.50)
    user.second_agent = agent_of(AgentKind::kDeskPhone);
  user.device_model = PickWeighted(random_, DeviceTexts(), [](const DeviceText&) { return true; });
  user.old_driver =
      org_.device_models[static_cast<std::size_t>(user.device_model)].old_driver_key != 0 &&
      random_.Chance(0.3);
  user.laptop = random_.Chance(0.75);
  user.host = random_.Below(kHostsPerSubnet);
  user.home_network = random_.Below(4);
  user.home_ipv6 = random_.Chance(0.04);
  user.wifi_driver = random_.Below(kWifiDriverCount);
  user.reflexive_key = Add(
      org_.addresses, AddressText((100U << 24) + (64U << 16) + static_cast<std::uint32_t>(number)));
  AddMachines(user, number);
  return user;
}

void Builder::AddUsers() {
  int made = 0;
  double weight = 0;
  for (int s = 0; s < static_cast<int>(org_.sites.size()); ++s) {
    Site& site = org_.sites[static_cast<std::size_t>(s)];
    weight += site.weight;
    site.first_user = made;
    const int until = s + 1 == static_cast<int>(org_.sites.size())
                          ? user_count_
                          : static_cast<int>(weight * user_count_);
    for (; made < until; ++made) {
      User user = MakeUser(made, false, s);
      const Building& building = org_.buildings[static_cast<std::size_t>(
          site.first_building + random_.Below(site.building_count))];
      user.floor = building.first_floor + random_.Below(building.floor_count);
      org_.users.push_back(std::move(user));
    }
    site.user_count = made - site.first_user;
  }
  org_.employee_count = made;
  const int guests = std::max(20, user_count_ / 10);
  for (int i = 0; i < guests; ++i) {
    org_.users.push_back(
        MakeUser(made + i, true, random_.Below(static_cast<int>(org_.sites.size()))));
  }
  org_.first_phone_uri_key = static_cast<LookupKey>(org_.uris.size()) + 1;
  for (int i = 0; i < kPhoneNumberCount; ++i) {
    // 555-01xx numbers are reserved for fiction; the digits before keep them apart.
    Add(org_.uris, fmt::format("sip:+1{:03}{:03}555{:04};user=phone@{}", 200 + i / 100,
                               200 + i % 100, 100 + i % 100, kDomain));
  }
}

void Builder::FindFaults() {
  const auto position = [](const auto& items, std::string_view name) {
    const auto found = std::find_if(items.begin(), items.end(),
                                    [name](const auto& item) { return item.name == name; });
    CQD_CHECK(found != items.end());
    return static_cast<int>(found - items.begin());
  };
  org_.bad_building = position(org_.buildings, kBadBuildingName);
  org_.bad_access_point = position(org_.access_points, kBadAccessPointName);
  org_.congested_site = position(org_.sites, kCongestedSiteName);
  const auto driver = std::find(org_.drivers.begin(), org_.drivers.end(), kBadDriverName);
  CQD_CHECK(driver != org_.drivers.end());
  org_.bad_driver_key = static_cast<LookupKey>(driver - org_.drivers.begin()) + 1;
}

}  // namespace

std::string AddressText(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, (address >> 16) & 0xFF, (address >> 8) & 0xFF,
                     address & 0xFF);
}

Organisation MakeOrganisation(std::uint64_t seed, int user_count) {
  return Builder(seed, user_count).Build();
}

}  // namespace cqd::simulate
