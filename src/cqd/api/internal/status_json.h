// Runs and status as JSON, in the shape of reference/status-api.md 3. Unknown is null, never 0.
#pragma once

#include <boost/json.hpp>

#include "integration/run.h"
#include "integration/status.h"

namespace cqd::api {

boost::json::value TimeJson(const std::optional<UtcTime>& time);
boost::json::value IntJson(const std::optional<std::int64_t>& value);

/// Error details and who asked are shown to administrators only.
boost::json::object RunJson(const integration::RunRecord& run, bool administrator);

struct Envelope {
  std::string server_id, version, boot_id;
};
boost::json::object StatusJson(const integration::StatusView& view,
                               const std::vector<integration::SourceStatus>& sources,
                               const Envelope& envelope, bool administrator);

}  // namespace cqd::api
