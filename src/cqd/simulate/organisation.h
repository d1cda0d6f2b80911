// A believable organisation: who calls, from where, with what. Made from a seed; the places, and
// with them the planted faults, are the same for every seed (docs/simulate.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cqd::simulate {

/// Position + 1 in the like-named vector of Organisation: the key of the lookup table's row.
using LookupKey = std::int32_t;

struct Site {
  std::string name, code, country, state, zip_code;
  int region = 0;  ///< 0 EMEA, 1 AMER, 2 APAC
  int utc_offset_hours = 0;
  double latitude = 0, longitude = 0;
  double weight = 0;  ///< share of the users; all sites add up to 1
  int first_building = 0, building_count = 0;
  int first_user = 0, user_count = 0;
};

struct Building {
  std::string name, short_name, office_type;
  int site = 0;
  int building_type = 0, ownership_type = 0;  ///< ids, see CustomerTablesOf
  int first_floor = 0, floor_count = 0;
};

enum class SubnetUse { kWired, kWifi, kVpn, kServer, kLab };

/// A subnet of the organisation with a run of client addresses.
struct Subnet {
  std::uint32_t address = 0;  ///< IPv4
  int prefix_bits = 24;
  SubnetUse use = SubnetUse::kWired;
  int building = -1;  ///< -1: none (VPN)
  int site = -1;
  std::string network_name;
  LookupKey address_key = 0;     ///< of the network address
  LookupKey first_host_key = 0;  ///< kHostsPerSubnet keys follow each other
};
inline constexpr int kHostsPerSubnet = 100;

struct AccessPoint {
  std::string bssid, name, radio, controller, device;
  int building = 0;
  LookupKey mac_key = 0;
};

struct Floor {
  int building = 0, number = 0;
  int wired_subnet = 0, wifi_subnet = 0;
  int first_access_point = 0, access_point_count = 0;
};

enum class AgentKind { kDesktop, kMac, kDeskPhone, kMobile, kWeb, kStore, kAttendant, kServer };

struct Agent {
  std::string text;
  int ua_type = 0;
  AgentKind kind = AgentKind::kDesktop;
};

/// A headset, a pair of built-in devices, a room system, with the drivers seen for it.
struct DeviceModel {
  std::string capture_name, render_name;
  LookupKey capture_key = 0, render_key = 0;
  LookupKey driver_key = 0, old_driver_key = 0;  ///< old: 0 when there is only one
};

struct Endpoint {
  std::string name, os, cpu;
  int cores = 0, mhz = 0, virtualization = 0;
};

/// One person (or guest) with a place to work and machines to call with.
struct User {
  std::string uri;
  int site = 0;
  int floor = 0;  ///< home floor
  int desktop_agent = 0;
  int second_agent = -1;  ///< mobile phone or desk phone, -1: none
  int device_model = 0;
  bool old_driver = false;
  bool guest = false;  ///< outside the organisation
  bool laptop = false;
  int host = 0;          ///< number within whatever subnet it is in
  int home_network = 0;  ///< 0..3
  bool home_ipv6 = false;
  LookupKey endpoint_key = 0, second_endpoint_key = 0;
  LookupKey wired_mac_key = 0, wifi_mac_key = 0;
  LookupKey uri_key = 0;
  LookupKey meeting_uri_key = 0;  ///< of the meetings the user calls; 0 for guests
  LookupKey reflexive_key = 0;
  int wifi_driver = 0;
};

enum class ServerRole {
  kAvMcu,
  kSharingMcu,
  kMediation,
  kGateway,
  kConferencingAttendant,
  kAnnouncement,
  kResponseGroup,
  kExchangeUm,
  kCallPark
};

struct ServerMachine {
  ServerRole role = ServerRole::kAvMcu;
  int region = 0;
  int agent = 0;
  std::string uri;
  LookupKey endpoint_key = 0, address_key = 0, subnet_key = 0, uri_key = 0, pool_key = 0;
};

/// The whole organisation. Immutable once made; threads: any.
struct Organisation {
  std::uint64_t seed = 0;
  std::vector<Site> sites;
  std::vector<Building> buildings;
  std::vector<Floor> floors;
  std::vector<Subnet> subnets;
  std::vector<AccessPoint> access_points;
  std::vector<Agent> agents;
  std::vector<DeviceModel> device_models;
  std::vector<User> users;  ///< employees by site, then guests
  int employee_count = 0;
  std::vector<ServerMachine> servers;

  // Lookup tables: a row's key is its position + 1.
  std::vector<std::string> addresses, macs, devices, drivers, uris, codecs, pools,
      bandwidth_sources;
  std::vector<bool> device_is_capture;
  std::vector<Endpoint> endpoints;

  int first_vpn_subnet = 0;          ///< one per region
  std::vector<LookupKey> edge_keys;  ///< relay addresses, one per region
  LookupKey home_network_key[4] = {}, home_first_host_key[4] = {};
  LookupKey first_ipv6_key = 0, first_cellular_key = 0;
  LookupKey first_phone_uri_key = 0;    ///< kPhoneNumberCount numbers
  LookupKey first_wifi_driver_key = 0;  ///< kWifiDriverCount pairs: description, version

  // The planted faults, docs/simulate.md.
  int bad_building = 0, bad_access_point = 0, congested_site = 0;
  LookupKey bad_driver_key = 0;
};
inline constexpr int kPhoneNumberCount = 4000;
inline constexpr int kCellularAddressCount = 500;
inline constexpr int kIpv6AddressCount = 100;
inline constexpr int kWifiDriverCount = 4;

/// Audio codecs first, then video, then sharing: positions in Organisation::codecs.
enum Codec : int {
  kSilkWide,
  kG722,
  kSirenSeven,
  kPcmu,
  kPcma,
  kRtVideo,
  kH264,
  kRdp,
  kCodecCount
};

/// `user_count`: employees, 50 to 1,000,000 (clamped); guests come on top (a tenth).
/// Cost: about 2 us and 0.6 kB a user.
Organisation MakeOrganisation(std::uint64_t seed, int user_count);

/// The texts to load with `cqd import`: CSV with a header line, columns of
/// reference/cube-model.md 2.6 under their public names.
struct CustomerTableTexts {
  std::string building_types;   ///< BuildingTypeId, BuildingTypeDesc
  std::string ownership_types;  ///< OwnershipTypeId, OwnershipTypeDesc, LeaseInd, Owner
  std::string buildings;        ///< CqdBuilding
  std::string network_names;    ///< CqdNetworkName
  std::string networks;         ///< CqdNetwork
  std::string access_points;    ///< CqdBssid
  std::string
      building_file;  ///< the same buildings and networks, published 15-column file, no header
  /// BuildingKey, BuildingName, Latitude, Longitude: the published file has no room for them. The
  /// keys are those that building_file gets when it is the first that is imported.
  std::string coordinates;
};
CustomerTableTexts CustomerTablesOf(const Organisation& organisation);

/// "10.1.2.0".
std::string AddressText(std::uint32_t address);

}  // namespace cqd::simulate
