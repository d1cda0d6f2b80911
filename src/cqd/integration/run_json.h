// A run as one JSON text: how integration.sqlite stores what has no column of its own.
#pragma once

#include <string>
#include <string_view>

#include "integration/run.h"

namespace cqd::integration {

/// Everything of `run` that is not a column of the `run` table and not its ledger mark. What is
/// unknown is left out.
std::string EncodeRunDetails(const RunRecord& run);
/// Reads it back into `run`; members that are missing (an older version wrote it) are unknown.
/// Errors: kCorruption.
Status DecodeRunDetails(std::string_view json, RunRecord& run);

/// Body of run.queued, run.started, run.progress and run.finished: safe for everybody.
std::string EncodeRunEvent(const RunRecord& run);
/// Body of data.published: the data version that queries answer from now on.
std::string EncodePublishedEvent(const RunRecord& run);

}  // namespace cqd::integration
