// The rows of a table, read from the pages of its file.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sqlite/database.h"

struct sqlite3_file;

namespace cqd::sqlite {

/// A table of integers whose file holds everything and stands still, read page by page through
/// SQLite's own file handle. A statement takes six times as long for rows of 200 columns: its
/// interpreter decides column by column what the bytes are.
///
/// Only what SQLite would read is read: inside a read transaction and with an empty write-ahead log
/// the file is the state of the transaction, and as nothing of a log may be copied into the file
/// that a reader does not know, it stays so (source: sqlite.org/wal.html 2.2, 2.3; pages and
/// records: sqlite.org/fileformat2.html 1.3, 1.6, 2.1). Whatever is not as expected, damage
/// included, is left to SQLite: Read tells how far it came.
/// Threads: as its Database, which must outlive it.
class FrozenTable {
 public:
  static constexpr std::int64_t kNull = std::numeric_limits<std::int64_t>::min();

  /// nullopt when the table cannot be read so: the log holds something, or the table has no row
  /// ids, generated columns, or defaults. Precondition: `database` is in a transaction. Errors: as
  /// Database::Prepare.
  static Result<std::optional<FrozenTable>> Open(Database& database, std::string_view table);

  /// Names, in the order of the values that Read gives.
  const std::vector<std::string>& columns() const { return columns_; }

  using Sink = std::function<Status(std::int64_t row_id, std::span<const std::int64_t> values)>;
  /// Calls `sink` with each row whose id is in (after, up_to], ids ascending. Returns the id up to
  /// which no row was left out: `up_to`, or less at a row that has other values than integers and
  /// nulls, reaches over several pages, or is damaged. Precondition: the transaction of Open is
  /// still open. Errors: those of `sink`.
  Result<std::int64_t> Read(std::int64_t after, std::int64_t up_to, const Sink& sink);

 private:
  FrozenTable() = default;
  /// Page size and number of pages from the head of the file; false when it is another kind of
  /// file.
  bool ReadHead();

  sqlite3_file* file_ = nullptr;
  std::vector<std::string> columns_;
  std::optional<std::size_t> row_id_column_;  // stored as null
  std::uint32_t root_ = 0;
  std::uint32_t page_bytes_ = 0;
  std::uint32_t usable_bytes_ = 0;  // of a page
  std::uint32_t page_count_ = 0;
};

}  // namespace cqd::sqlite
