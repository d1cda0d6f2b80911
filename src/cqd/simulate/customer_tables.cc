#include <fmt/format.h>

#include <iterator>

#include "simulate/internal/catalogue.h"
#include "simulate/organisation.h"

namespace cqd::simulate {
namespace {

std::string_view TypeName(int building_type) {
  constexpr std::string_view kNames[] = {"Unknown", "Office", "Laboratory", "Workshop"};
  return kNames[building_type];
}
std::string_view OwnershipName(int ownership_type) {
  constexpr std::string_view kNames[] = {"Unknown", "Owned", "Leased"};
  return kNames[ownership_type];
}

template <typename... Args>
void AppendLine(std::string& text, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
  text += '\n';
}

void AppendBuildings(const Organisation& org, CustomerTableTexts& texts) {
  texts.buildings =
      "BuildingKey,BuildingName,BuildingShortName,OwnershipTypeId,BuildingTypeId,Latitude,"
      "Longitude,CityName,ZipCode,CountryShortCode,StateProvinceCode,InsideCorp,"
      "BuildingOfficeType,Region\n";
  texts.coordinates = "BuildingKey,BuildingName,Latitude,Longitude\n";
  // Key 0 is "Unknown" and seeded in every archive; ours count from 1.
  for (std::size_t i = 0; i < org.buildings.size(); ++i) {
    const Building& building = org.buildings[i];
    const Site& site = org.sites[static_cast<std::size_t>(building.site)];
    const auto number = static_cast<double>(static_cast<int>(i) - site.first_building);
    const double latitude = site.latitude + 0.004 * number;
    const double longitude = site.longitude + 0.006 * number;
    AppendLine(texts.coordinates, "{},{},{:.3f},{:.3f}", i + 1, building.name, latitude, longitude);
    AppendLine(texts.buildings, "{},{},{},{},{},{:.3f},{:.3f},{},{},{},{},1,{},{}", i + 1,
               building.name, building.short_name, building.ownership_type, building.building_type,
               latitude, longitude, site.name, site.zip_code, site.country, site.state,
               building.office_type, RegionName(site.region));
  }
}

/// Network, NetworkName, NetworkRange, BuildingName, OwnershipType, BuildingType,
/// BuildingOfficeType, City, ZipCode, Country, State, Region, InsideCorp, ExpressRoute, VPN.
void AppendBuildingFileLine(const Organisation& org, const Subnet& subnet, std::string& file) {
  if (subnet.building < 0) {
    AppendLine(file, "{},{},{},,,,,,,,,,1,0,1", AddressText(subnet.address), subnet.network_name,
               subnet.prefix_bits);
    return;
  }
  const Building& building = org.buildings[static_cast<std::size_t>(subnet.building)];
  const Site& site = org.sites[static_cast<std::size_t>(building.site)];
  AppendLine(file, "{},{},{},{},{},{},{},{},{},{},{},{},1,0,0", AddressText(subnet.address),
             subnet.network_name, subnet.prefix_bits, building.name,
             OwnershipName(building.ownership_type), TypeName(building.building_type),
             building.office_type, site.name, site.zip_code, site.country, site.state,
             RegionName(site.region));
}

}  // namespace

CustomerTableTexts CustomerTablesOf(const Organisation& org) {
  CustomerTableTexts texts;
  texts.building_types = "BuildingTypeId,BuildingTypeDesc\n";
  for (int i = 1; i <= 3; ++i) AppendLine(texts.building_types, "{},{}", i, TypeName(i));
  texts.ownership_types = "OwnershipTypeId,OwnershipTypeDesc,LeaseInd,Owner\n";
  AppendLine(texts.ownership_types, "1,{},0,Meridian Instruments", OwnershipName(1));
  AppendLine(texts.ownership_types, "2,{},1,Meridian Property Trust", OwnershipName(2));
  AppendBuildings(org, texts);

  texts.network_names = "NetworkNameID,NetworkName,NetworkType\n";
  texts.networks = "Network,NetworkRange,NetworkNameID,BuildingKey,UpdatedDate\n";
  for (std::size_t i = 0; i < org.subnets.size(); ++i) {
    const Subnet& subnet = org.subnets[i];
    const std::string_view type = subnet.use == SubnetUse::kWired    ? "Wired"
                                  : subnet.use == SubnetUse::kWifi   ? "WiFi"
                                  : subnet.use == SubnetUse::kVpn    ? "VPN"
                                  : subnet.use == SubnetUse::kServer ? "Server"
                                                                     : "LAB";
    AppendLine(texts.network_names, "{},{},{}", i + 1, subnet.network_name, type);
    AppendLine(texts.networks, "{},{},{},{},2015-01-01 00:00:00.000", AddressText(subnet.address),
               subnet.prefix_bits, i + 1, subnet.building + 1);
    AppendBuildingFileLine(org, subnet, texts.building_file);
  }
  // Under these names: Bssid <- bss, Device <- ess, Radio <- phy, Ap Name <- ap, Controller <-
  // Building (reference/cube-model.md 2.6).
  texts.access_points = "bss,ess,phy,ap,Building\n";
  for (const AccessPoint& ap : org.access_points) {
    AppendLine(texts.access_points, "{},{},{},{},{}", ap.bssid, ap.device, ap.radio, ap.name,
               ap.controller);
  }
  return texts;
}

}  // namespace cqd::simulate
