#include "simulate/internal/party.h"

#include "simulate/internal/random.h"

namespace cqd::simulate {
namespace {

constexpr std::int64_t kMega = 1'000'000;

struct LocalTime {
  int weekday;  ///< 0 Monday
  int hour;
};
LocalTime LocalTimeOf(const Site& site, UtcTime at) {
  const auto hours =
      std::chrono::floor<std::chrono::hours>(at.time_since_epoch()).count() + site.utc_offset_hours;
  return {static_cast<int>((hours / 24 + 3) % 7), static_cast<int>(hours % 24)};
}

Access DrawAccess(Random& random, const User& user, AgentKind kind, bool working) {
  const double where = random.Uniform();
  const double how = random.Uniform();
  if (kind == AgentKind::kMobile) {
    if (where < 0.35) return Access::kCellular;
    return working && where < 0.75 ? Access::kOfficeWifi : Access::kHomeWifi;
  }
  if (user.guest) return how < 0.5 ? Access::kHomeWired : Access::kHomeWifi;
  if (kind == AgentKind::kDeskPhone) return Access::kOfficeWired;
  const double office = working ? 0.80 : 0.35;
  if (where < office) {
    return user.laptop && how < 0.70 ? Access::kOfficeWifi : Access::kOfficeWired;
  }
  if (where < office + (1 - office) * 0.35) return Access::kVpn;
  return how < 0.35 ? Access::kHomeWired : Access::kHomeWifi;
}

void PlaceInOffice(const Organisation& org, const User& user, Random& random, Party& party) {
  int floor_index = user.floor;
  if (random.Chance(0.08)) floor_index = random.Below(static_cast<int>(org.floors.size()));
  const Floor& floor = org.floors[static_cast<std::size_t>(floor_index)];
  const bool wifi = party.access == Access::kOfficeWifi;
  const Subnet& subnet =
      org.subnets[static_cast<std::size_t>(wifi ? floor.wifi_subnet : floor.wired_subnet)];
  party.building = floor.building;
  party.site = org.buildings[static_cast<std::size_t>(floor.building)].site;
  party.region = org.sites[static_cast<std::size_t>(party.site)].region;
  party.address = subnet.first_host_key + user.host;
  // Now and then a client does not know its mask, so the report has no subnet.
  party.subnet = random.Chance(0.005) ? 0 : subnet.address_key;
  if (!wifi) {
    party.connection = random.Chance(0.15) ? 2 : 0;
    party.link_speed_bps = random.Chance(0.9) ? 1000 * kMega : 100 * kMega;
    return;
  }
  party.connection = 1;
  constexpr int kSpeedsMbps[] = {54, 72, 130, 144, 300, 433, 866};
  party.link_speed_bps = kSpeedsMbps[random.Below(7)] * kMega;
  // A seat is near one access point; people walk.
  const bool walked = random.Chance(0.25);
  const int near =
      walked ? random.Below(floor.access_point_count) : user.host % floor.access_point_count;
  const int ap = floor.first_access_point + near;
  party.bssid = org.access_points[static_cast<std::size_t>(ap)].mac_key;
  party.at_bad_access_point = ap == org.bad_access_point;
}

void PlaceOutside(const Organisation& org, const User& user, Random& random, Party& party) {
  party.inside = false;
  party.relay = org.edge_keys[static_cast<std::size_t>(party.region)];
  party.relay_port = 50'000 + random.Below(10'000);
  party.reflexive = user.reflexive_key;
  if (party.access == Access::kCellular) {
    party.connection = 3;
    party.address = org.first_cellular_key + random.Below(kCellularAddressCount);
    party.link_speed_bps = 0;
    return;
  }
  party.connection = party.access == Access::kHomeWifi ? 1 : 0;
  party.link_speed_bps = party.access == Access::kHomeWifi ? 144 * kMega : 1000 * kMega;
  if (user.home_ipv6) {
    // Subnets of IPv6 addresses are not reported (reference/cube-model.md 2.7, Subnet).
    party.address = org.first_ipv6_key + user.host % kIpv6AddressCount;
    return;
  }
  party.address = org.home_first_host_key[user.home_network] + user.host;
  party.subnet = org.home_network_key[user.home_network];
}

void PlaceOnVpn(const Organisation& org, const User& user, Random& random, Party& party) {
  const Subnet& subnet = org.subnets[static_cast<std::size_t>(org.first_vpn_subnet + party.region)];
  party.vpn = true;
  party.connection = random.Chance(0.3) ? 5 : 1;
  party.address = subnet.first_host_key + user.host;
  party.subnet = subnet.address_key;
  party.link_speed_bps = 100 * kMega;
}

void AddDevices(const Organisation& org, const User& user, Party& party) {
  // Mobiles, browsers and desk phones report no device names.
  const bool reports = party.kind == AgentKind::kDesktop || party.kind == AgentKind::kMac ||
                       party.kind == AgentKind::kStore || party.kind == AgentKind::kAttendant;
  if (!reports) return;
  const DeviceModel& model = org.device_models[static_cast<std::size_t>(user.device_model)];
  party.capture = model.capture_key;
  party.render = model.render_key;
  // Only Windows names the drivers.
  if (party.kind == AgentKind::kMac) return;
  party.driver = user.old_driver ? model.old_driver_key : model.driver_key;
  party.has_bad_driver = party.driver == org.bad_driver_key;
  if (party.connection == 1) {
    party.wifi_driver = org.first_wifi_driver_key + 2 * user.wifi_driver;
    party.wifi_version = party.wifi_driver + 1;
  }
}

}  // namespace

bool IsWorkingTime(const Site& site, UtcTime at) {
  const LocalTime local = LocalTimeOf(site, at);
  return local.weekday < 5 && local.hour >= 8 && local.hour < 18;
}

bool IsCongestedWeek(UtcTime at) {
  using std::chrono::Monday;
  using std::chrono::sys_days;
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  // The week may reach over no month's end: the second Monday is the 8th to 14th.
  const unsigned month = static_cast<unsigned>(date.month());
  if (month % 3 != 2) return false;
  const sys_days begin{date.year() / date.month() / Monday[2]};
  return day >= begin && day < begin + std::chrono::days(7);
}

Party UserParty(const Organisation& org, int user_index, std::uint64_t seed, UtcTime at) {
  Random random(seed);
  const User& user = org.users[static_cast<std::size_t>(user_index)];
  const Site& home = org.sites[static_cast<std::size_t>(user.site)];
  Party party;
  const bool second = user.second_agent >= 0 && random.Chance(0.3);
  party.agent = second ? user.second_agent : user.desktop_agent;
  party.kind = org.agents[static_cast<std::size_t>(party.agent)].kind;
  party.endpoint = second ? user.second_endpoint_key : user.endpoint_key;
  party.uri = user.uri_key;
  party.region = home.region;
  party.pool = static_cast<LookupKey>(home.region + 1);
  party.port = 50'000 + random.Below(15'000);
  party.access = DrawAccess(random, user, party.kind, IsWorkingTime(home, at));
  switch (party.access) {
    case Access::kServer:
      break;
    case Access::kOfficeWired:
    case Access::kOfficeWifi:
      PlaceInOffice(org, user, random, party);
      break;
    case Access::kVpn:
      PlaceOnVpn(org, user, random, party);
      break;
    case Access::kHomeWired:
    case Access::kHomeWifi:
    case Access::kCellular:
      PlaceOutside(org, user, random, party);
      break;
  }
  if (random.Chance(0.02)) party.link_speed_bps = 0;
  // Mobile systems hide the hardware address.
  if (party.kind != AgentKind::kMobile && party.kind != AgentKind::kWeb) {
    party.mac = party.connection == 1 ? user.wifi_mac_key : user.wired_mac_key;
  }
  AddDevices(org, user, party);
  return party;
}

Party ServerParty(const Organisation& org, int server_index, std::uint64_t seed) {
  Random random(seed);
  const ServerMachine& server = org.servers[static_cast<std::size_t>(server_index)];
  Party party;
  party.agent = server.agent;
  party.role = server.role;
  party.region = server.region;
  party.endpoint = server.endpoint_key;
  party.uri = server.uri_key;
  party.pool = server.pool_key;
  party.address = server.address_key;
  party.subnet = server.subnet_key;
  party.link_speed_bps = 10'000 * kMega;
  party.port = 49'152 + random.Below(8'000);
  return party;
}

}  // namespace cqd::simulate
