// How runs lie in integration.sqlite. Format: docs/formats/integration.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/run_log.h"

namespace cqd::integration::internal {

/// Brings the file to the newest format; a log of a version without a ledger gets its links.
Status MigrateLog(sqlite::Database& database);

/// "SELECT ... FROM run ..." for ReadRuns; a WHERE clause follows.
extern const std::string_view kSelectRuns;
Result<std::vector<RunRecord>> ReadRuns(sqlite::Statement& statement);
/// Inserts the run, or stores what may change of it.
Status StoreRun(sqlite::Database& database, const RunRecord& run);
/// nullopt: there is no such run.
Result<std::optional<RunState>> StoredState(sqlite::Database& database, std::int64_t run_seq);

/// Adds an ended run to the sums of its stage.
Status AddToTotals(sqlite::Database& database, const RunRecord& run);
Result<StageTotals> ReadTotals(sqlite::Database& database, Stage stage);

std::optional<UtcTime> TimeAt(const sqlite::Statement& row, int column);
std::optional<std::int64_t> IntAt(const sqlite::Statement& row, int column);
LogEntry ReadEntry(const sqlite::Statement& row);

}  // namespace cqd::integration::internal
