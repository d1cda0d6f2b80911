// Which end of each report is the caller.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "source/merge.h"

namespace cqd::source::internal {

/// Who called, as far as a report goes.
struct Direction {
  int caller = 0;          ///< index of the calling end of the report
  bool estimated = false;  ///< nobody told; the reporter is taken as the caller
};

/// Directions of all reports that have any: told by the report, found by the names of its ends in
/// other reports, or estimated. `reports` must be in a canonical order.
std::map<const CallReport*, Direction> ResolveDirections(
    std::span<const CallReport* const> reports);

}  // namespace cqd::source::internal
