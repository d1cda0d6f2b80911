// One end of a session as it was at that moment: where it was, through what it was connected, with
// what it spoke.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "simulate/calls.h"
#include "simulate/organisation.h"

namespace cqd::simulate {

enum class Access { kServer, kOfficeWired, kOfficeWifi, kVpn, kHomeWired, kHomeWifi, kCellular };

/// Keys are 0 where the report has no value.
struct Party {
  Access access = Access::kServer;
  AgentKind kind = AgentKind::kServer;
  ServerRole role = ServerRole::kAvMcu;  ///< of servers
  int agent = 0;                         ///< position in Organisation::agents
  int region = 0, site = -1, building = -1;
  bool inside = true, vpn = false;
  bool at_bad_access_point = false, has_bad_driver = false;
  int connection =
      0;  ///< NetworkConnectionDetail: 0 Wired, 1 WiFi, 2 Ethernet, 3 MobileBB, 5 Tunnel
  LookupKey uri = 0, endpoint = 0, pool = 0;
  LookupKey address = 0, subnet = 0, mac = 0, bssid = 0, relay = 0, reflexive = 0;
  LookupKey capture = 0, render = 0, driver = 0, wifi_driver = 0, wifi_version = 0;
  std::int64_t link_speed_bps = 0;
  int port = 0, relay_port = 0;
  bool is_server() const { return kind == AgentKind::kServer; }
  bool is_outside() const { return !inside; }
};

/// The end of a user at server time `at`. Who it is and the seed decide everything.
Party UserParty(const Organisation& organisation, int user, std::uint64_t seed, UtcTime at);
Party ServerParty(const Organisation& organisation, int server, std::uint64_t seed);

/// Local working time, Monday to Friday 8:00 to 18:00, at a site.
bool IsWorkingTime(const Site& site, UtcTime at);

/// The congested week of a quarter: the seven days from the second Monday of February, May, August
/// and November, 00:00 UTC.
bool IsCongestedWeek(UtcTime at);

}  // namespace cqd::simulate
