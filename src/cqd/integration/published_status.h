// The published status call: the last five successes and failures of archiving and cube processing.
// Source: reference/status-api.md 1.
#pragma once

#include <string>

#include "base/time_zone.h"
#include "integration/run_log.h"

namespace cqd::integration {

/// The whole answer of `GET /QoEDataService/IntegrationLog/Status`, a JSON object with the
/// published fields in the published order. Times are finish times in `zone`, "MM/DD/YYYY
/// HH:MM:SS", newest first. A start is that of the newest run of its stage unless that run
/// succeeded, else null. Pure. Cost: a few microseconds, independent of how many runs are stored.
std::string PublishedStatusJson(const LogSummary& summary, const TimeZone& zone);

/// The whole answer of `GET /QoEDataService/IntegrationLog`: the newest `most` lines, newest last.
std::string PublishedLogJson(const LogSummary& summary, const TimeZone& zone, std::size_t most);

}  // namespace cqd::integration
