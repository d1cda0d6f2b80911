// One time window of all fact tables, as plain numbers.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/time.h"
#include "model/stream.h"
#include "odbc/block_fetch.h"
#include "odbc/connection.h"
#include "source/internal/qoe_schema.h"

namespace cqd::source::internal {

/// Session time (microseconds), sequence, and the two parts of the key tail; absent parts are 0.
struct FactKey {
  std::int64_t time = 0;
  std::int64_t seq = 0;
  std::int64_t tail[2] = {0, 0};
  auto operator<=>(const FactKey&) const = default;
};

/// Rows of one fact table in key order. cells[column][row]: integers and microseconds as they are,
/// reals as their bits, texts as places in `texts`; model::kNull is NULL.
struct TableRows {
  std::vector<FactKey> keys;
  std::vector<std::vector<std::int64_t>> cells;
  std::vector<std::string> texts;

  std::size_t row_count() const { return keys.size(); }
  std::int64_t Cell(int column, std::size_t row) const {
    return column < 0 ? model::kNull : cells[static_cast<std::size_t>(column)][row];
  }
  double Real(int column, std::size_t row) const {
    return std::bit_cast<double>(Cell(column, row));
  }
};

/// Everything of [range.begin, range.end).
struct Window {
  TimeRange range;
  std::array<TableRows, kQoeTableCount> tables;
  std::int64_t row_count = 0;  ///< of all tables
  const TableRows& of(QoeTable table) const { return tables[static_cast<std::size_t>(table)]; }
};

/// Holds reading back to so many rows a second. Threads: any.
class RateLimiter {
 public:
  /// `rows_per_second` 0: no limit.
  RateLimiter(const Clock& clock, double rows_per_second)
      : clock_(clock), rows_per_second_(rows_per_second), start_(clock.Monotonic()) {}
  /// Counts rows and waits until they are due. Errors: kCancelled.
  Status Take(std::int64_t rows, const CancelToken& cancel);

 private:
  const Clock& clock_;
  const double rows_per_second_;
  std::mutex mutex_;
  Duration start_;
  std::int64_t taken_ = 0;
};

/// Waits on `clock` in steps short enough to notice `cancel` within 100 ms. Errors: kCancelled.
Status WaitFor(const Clock& clock, Duration how_long, const CancelToken& cancel);

/// Reads windows over one connection. Threads: one at a time.
class WindowReader {
 public:
  WindowReader(odbc::Connection& connection, const Schema& schema, int query_timeout_s);

  /// Fetches a window. When it holds more than `session_limit` sessions, it is cut at a session
  /// time, so that all sessions of a moment stay together; the window's range says up to where.
  /// Errors: as odbc, kCancelled.
  Result<Window> Fetch(TimeRange range, std::size_t session_limit, RateLimiter& limiter,
                       const CancelToken& cancel);

  /// The first session time at or after `from` in any table that holds sessions or streams.
  Result<std::optional<UtcTime>> FirstTimeFrom(UtcTime from);
  /// The newest session time before `before`; of all when nullopt.
  Result<std::optional<UtcTime>> LastTime(std::optional<UtcTime> before);
  /// The server's clock, UTC.
  Result<UtcTime> ServerNow();

 private:
  Result<std::optional<UtcTime>> QueryTime(const std::string& sql);
  Result<odbc::BlockReader*> ReaderOf(QoeTable table);
  Status FetchAll(std::size_t session_limit, RateLimiter& limiter, const CancelToken& cancel,
                  Window& window);
  Status FetchTable(QoeTable table, TimeRange range, std::size_t session_limit,
                    RateLimiter& limiter, const CancelToken& cancel, TableRows& rows);
  std::string Literal(UtcTime time) const;

  odbc::Connection& connection_;
  const Schema& schema_;
  const int query_timeout_s_;
  std::array<std::unique_ptr<odbc::BlockReader>, kQoeTableCount> readers_;
};

}  // namespace cqd::source::internal
