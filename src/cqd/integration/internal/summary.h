// The summary of the log: from the file when it is opened, then kept up to date run by run.
#pragma once

#include <cstddef>

#include "integration/run_log.h"

namespace cqd::integration::internal {

/// Reads what is stored. Cost: some hundred runs a stage, and the finish times of kSuccessTimesAge.
Result<LogSummary> LoadSummary(sqlite::Database& database, std::size_t entries_max);

/// Brings `summary` up to date with `run`, all but the sums and the ledger.
void NoteRun(const RunRecord& run, LogSummary& summary);
/// Counts a run that has just ended.
void CountRun(const RunRecord& run, StageTotals& totals);

}  // namespace cqd::integration::internal
