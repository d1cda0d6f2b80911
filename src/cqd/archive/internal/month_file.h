// streams-YYYY-MM.sqlite: the streams of one month. Format: docs/formats/archive.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "base/result.h"
#include "sqlite/database.h"

namespace cqd::archive::internal {

std::string MonthFileName(Month month);
/// The month of a file of that name; nullopt for any other name.
std::optional<Month> MonthOfFileName(std::string_view name);

/// What the file says of itself.
struct MonthState {
  std::int64_t row_count = 0;
  std::int64_t last_row_id = 0;
  std::int64_t incarnation = 0;
};

/// Opens or makes the month for writing; adds columns of fields the file does not know yet.
/// Errors: kCorruption (damaged, or not of this month), kUnimplemented (newer format), kDiskFull.
Result<sqlite::Database> OpenMonthForWriting(const std::string& folder, Month month);
/// For reading; a month has no reader before it has a row. Errors: kNotFound, kCorruption.
Result<sqlite::Database> OpenMonthForReading(const std::string& folder, Month month);
/// Rows that are worth the folding of a log (up to 32 MiB to write and sync) before they are read:
/// a tenth of a second against 3 us a row (docs/decisions/0009).
inline constexpr std::int64_t kRowsWorthFolding = 32'768;
/// Moves what stands in the month's log into its file, so that the file can be read by pages
/// (sqlite::FrozenTable). Does nothing while somebody writes the month or reads the log: whoever
/// reads then does it through SQLite.
void FoldMonthLog(const std::string& folder, Month month);
Result<MonthState> ReadMonthState(sqlite::Database& database);

/// A hash of all present values, which tells a row that came again from one that changed. It does
/// not depend on fields that are null, so a release with more fields finds old rows unchanged.
std::uint64_t ContentHash(const model::StreamRow& row);

enum class UpsertOutcome { kInserted, kUpdated, kDuplicate };

/// The one writing connection of a month. Nothing is visible or durable before Commit.
/// Threads: one at a time.
class MonthWriter {
 public:
  static Result<std::unique_ptr<MonthWriter>> Open(const std::string& folder, Month month);
  Month month() const { return month_; }
  /// Precondition: row.key lies in the month.
  Result<UpsertOutcome> Upsert(const model::StreamRow& row);
  /// Rows written (not duplicates) since the last Commit.
  std::int64_t pending() const { return pending_; }
  bool open() const { return database_.in_transaction(); }
  /// The state on disk as of the last Commit.
  const MonthState& committed() const { return committed_; }
  Status Commit();
  void Rollback();

 private:
  MonthWriter(sqlite::Database database, Month month)
      : database_(std::move(database)), month_(month) {}
  Status Prepare();
  Status Begin();
  /// Whether a stream with this key may be stored already.
  Result<bool> MayExist(const model::StreamKey& key);
  Status Insert(const model::StreamRow& row, std::uint64_t hash);
  Status Replace(std::int64_t old_row_id);

  sqlite::Database database_;
  Month month_;
  std::optional<sqlite::Statement> insert_, find_, greatest_, delete_, supersede_;
  /// Which field parameters of insert_ hold a value from the row before.
  std::array<bool, model::kFieldCount> bound_{};
  /// Per source the greatest key stored, the open transaction included: a greater one is new, and
  /// calls come mostly in order, so most rows need no search.
  std::map<model::SourceId, std::optional<model::StreamKey>> greatest_keys_;
  MonthState committed_;
  MonthState state_;
  std::int64_t pending_ = 0;
};

}  // namespace cqd::archive::internal
