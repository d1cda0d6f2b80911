// The fixed texts an organisation is made of. Names of places are real cities; people, makers and
// products are invented; domains and addresses are reserved for examples (RFC 2606, 5737, 6598,
// 3849).
#pragma once

#include <span>
#include <string_view>

#include "simulate/organisation.h"

namespace cqd::simulate {

struct SiteText {
  std::string_view name, code, country, state, zip_code;
  int region, utc_offset_hours;
  double latitude, longitude, weight;
  int building_count;
};
std::span<const SiteText> SiteTexts();
std::span<const std::string_view> BuildingWords();

struct AgentText {
  std::string_view text;
  int ua_type;
  AgentKind kind;
  int weight;  ///< among the agents of its kind
};
std::span<const AgentText> AgentTexts();

struct DeviceText {
  std::string_view capture, render, driver, old_driver;
  int weight;
};
std::span<const DeviceText> DeviceTexts();

struct ServerText {
  ServerRole role;
  std::string_view host;   ///< first part of its name
  std::string_view agent;  ///< text in AgentTexts
  int count;               ///< machines per region
};
std::span<const ServerText> ServerTexts();

struct MachineText {
  std::string_view os, cpu;
  int cores, mhz;
};
std::span<const MachineText> MachineTexts();

std::span<const std::string_view> GivenNames();
std::span<const std::string_view> FamilyNames();
std::span<const std::string_view> CodecTexts();
std::span<const std::string_view> BandwidthSourceTexts();
/// kWifiDriverCount pairs: description, version.
std::span<const std::string_view> WifiDriverTexts();
std::string_view RegionName(int region);

/// The faults are planted here, by name.
inline constexpr std::string_view kBadBuildingName = "Austin Foundry";
inline constexpr std::string_view kBadAccessPointName = "LON-Wharf-2-AP3";
inline constexpr std::string_view kCongestedSiteName = "Singapore";
inline constexpr std::string_view kBadDriverName = "Tonwerk : 3.1.4.0";

}  // namespace cqd::simulate
