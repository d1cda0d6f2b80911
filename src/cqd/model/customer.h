// The tables an administrator fills: buildings, networks, access points. Public names and columns:
// reference/qoe-archive.md 2, reference/cube-model.md 2.6.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cqd::model {

/// A row of CqdBuilding joined with its type and ownership type. Row 0 is "Unknown".
struct Building {
  std::int64_t key = 0;
  std::string name, short_name, ownership_type, building_type, city, zip_code, country, state,
      office_type, region;
  std::optional<double> latitude, longitude;
  std::optional<bool> inside_corp;
  std::optional<bool> express_route;  ///< only from the 14-column building file
  bool operator==(const Building&) const = default;
};

/// A row of CqdNetwork joined with its name. `prefix_bits` counts from the left, 0..32 or 0..128.
struct Network {
  std::string address;
  int prefix_bits = 0;
  std::int64_t name_id = 0;
  std::string name, type;
  std::int64_t building_key = 0;
  bool vpn = false;  ///< 15th column of the building file
  /// Days since 1970 of the stream's start in the reporting zone, [valid_from_day,
  /// valid_until_day); none: without a bound.
  std::optional<std::int64_t> valid_from_day, valid_until_day;
  bool operator==(const Network&) const = default;
};

/// A row of CqdBssid, under the names CQD shows: Bssid <- bss, Device <- ess, Radio <- phy, Ap Name
/// <- ap, Controller <- Building.
struct AccessPoint {
  std::string bssid, device, radio, ap_name, controller;
};

/// All customer tables at one moment. `version` grows with every change.
struct CustomerTables {
  std::int64_t version = 0;
  std::vector<Building> buildings;
  std::vector<Network> networks;
  std::vector<AccessPoint> access_points;
};

/// Customer tables for the streams that start at `from_s` or later; see Mapping.
struct MappingLayer {
  CustomerTables tables;
  /// Second of the wall clock of the reporting zone since 1970; not looked at in the first layer.
  std::int64_t from_s = 0;
};

}  // namespace cqd::model
