// `cqd status` in words: the answer of /api/v1/status as monitoring systems and people read it.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace cqd::server {

/// Exit codes of `cqd status`. Source: Nagios plugin convention (monitoring-plugins.org,
/// development guidelines, plugin return codes).
enum StatusCode : int {
  kStatusOk = 0,
  kStatusWarning = 1,
  kStatusCritical = 2,
  kStatusUnknown = 3
};

/// "OK", "WARNING", "CRITICAL", "UNKNOWN".
std::string_view StatusWord(StatusCode code);

/// "pass" 0, "warn" 1, "fail" 2, anything else 3.
StatusCode StatusCodeOf(const boost::json::object& status);

/// The first line, without its end: "CQD OK - cube 3 min old | cube_age=180s;1800;3600;0 ...".
/// `remark` is said before the rest, for example "no server runs". Performance data that is not
/// known is "U". Any document gives a line; what it lacks is left out.
std::string StatusLine(const boost::json::object& status, StatusCode code,
                       const std::string& remark = {});

/// Further lines: stages, and each reason with the next step; with `verbose` the sources and the
/// last runs too. Each line ends with a line feed.
std::string StatusDetails(const boost::json::object& status, bool verbose);

}  // namespace cqd::server
