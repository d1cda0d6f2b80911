// A run as JSON, in the shape of reference/status-api.md 3. Unknown is null, never 0.
#pragma once

#include <boost/json.hpp>
#include <optional>

#include "integration/run.h"

namespace cqd::api {

boost::json::value TimeJson(const std::optional<UtcTime>& time);
boost::json::value IntJson(const std::optional<std::int64_t>& value);
boost::json::value TextJson(const std::string& text);  ///< "" is null

/// What only administrators see: details of errors, hosts, records, and who asked. `now`: for the
/// pace of a run that is under way.
boost::json::object RunJson(const integration::RunRecord& run, bool administrator,
                            std::optional<UtcTime> now = {});

}  // namespace cqd::api
