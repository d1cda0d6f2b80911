// A run as one JSON text: how integration.sqlite stores what has no column of its own.
#pragma once

#include <string>
#include <string_view>

#include "integration/run.h"

namespace cqd::integration {

/// Everything of `run` that is not a column of the `run` table: rows, partitions, steps, progress,
/// output, error, warnings.
std::string EncodeRunDetails(const RunRecord& run);
/// Reads it back into `run`; members that are missing stay as they are. Errors: kCorruption.
Status DecodeRunDetails(std::string_view json, RunRecord& run);

}  // namespace cqd::integration
