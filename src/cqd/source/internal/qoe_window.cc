#include "source/internal/qoe_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <numeric>
#include <unordered_map>

namespace cqd::source::internal {
namespace {

using odbc::BlockReader;
using odbc::FetchType;

constexpr std::size_t kRowsPerBlock = 1000;
/// Texts in fact tables are resolutions and sharing types: short and few.
constexpr std::size_t kTextBytes = 300;

/// Moves the cells of a block to the end of a table's columns.
class BlockCopy {
 public:
  BlockCopy(const TablePlan& plan, TableRows& rows) : plan_(plan), rows_(rows) {
    rows_.cells.resize(plan.columns.size());
  }

  void Append(const BlockReader& block, std::size_t count) {
    for (std::size_t c = 0; c < plan_.columns.size(); ++c) {
      std::vector<std::int64_t>& cells = rows_.cells[c];
      const std::size_t base = cells.size();
      cells.resize(base + count, model::kNull);
      for (std::size_t row = 0; row < count; ++row) {
        if (!block.IsNull(c, row)) cells[base + row] = CellOf(block, c, row);
      }
    }
    for (std::size_t row = rows_.keys.size(); row < rows_.cells[0].size(); ++row) {
      rows_.keys.push_back({.time = rows_.cells[0][row],
                            .seq = rows_.cells[1][row],
                            .tail = {TailOf(0, row), TailOf(1, row)}});
    }
  }

 private:
  std::int64_t CellOf(const BlockReader& block, std::size_t c, std::size_t row) {
    switch (plan_.columns[c].type) {
      case FetchType::kInteger:
        return block.Int(c, row);
      case FetchType::kTime:
        return ToMicros(block.Time(c, row));
      case FetchType::kReal:
        // Plus zero: the bits of -0.0 are those of the null mark.
        return std::bit_cast<std::int64_t>(block.Real(c, row) + 0.0);
      case FetchType::kText:
        break;
    }
    const auto [found, added] =
        text_places_.emplace(block.Text(c, row), static_cast<std::int64_t>(rows_.texts.size()));
    if (added) rows_.texts.push_back(found->first);
    return found->second;
  }

  std::int64_t TailOf(std::size_t part, std::size_t row) const {
    const int column = plan_.key_tail[part];
    return column < 0 ? 0 : rows_.cells[static_cast<std::size_t>(column)][row];
  }

  const TablePlan& plan_;
  TableRows& rows_;
  std::unordered_map<std::string, std::int64_t> text_places_;
};

/// The server's order and ours differ where its key columns hold times as text of several forms, or
/// nulls.
void Sort(TableRows& rows) {
  if (std::is_sorted(rows.keys.begin(), rows.keys.end())) return;
  std::vector<std::size_t> order(rows.keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rows.keys[a] < rows.keys[b]; });
  TableRows sorted;
  sorted.texts = std::move(rows.texts);
  for (const std::size_t row : order) sorted.keys.push_back(rows.keys[row]);
  for (const auto& cells : rows.cells) {
    auto& column = sorted.cells.emplace_back();
    column.reserve(order.size());
    for (const std::size_t row : order) column.push_back(cells[row]);
  }
  rows = std::move(sorted);
}

void Truncate(TableRows& rows, std::size_t count) {
  rows.keys.resize(count);
  for (auto& cells : rows.cells) cells.resize(count);
}

/// The first time after that of row 0 at or behind row `limit`; nullopt when all these rows share
/// one time.
std::optional<std::int64_t> CutTime(const TableRows& rows, std::size_t limit) {
  if (rows.row_count() <= limit) return std::nullopt;
  for (std::size_t row = limit; row < rows.row_count(); ++row) {
    if (rows.keys[row].time > rows.keys[0].time) return rows.keys[row].time;
  }
  return std::nullopt;
}

}  // namespace

Status WaitFor(const Clock& clock, Duration how_long, const CancelToken& cancel) {
  constexpr Duration kStep = std::chrono::milliseconds(100);
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  const Duration end = clock.Monotonic() + how_long;
  for (Duration now = clock.Monotonic(); now < end; now = clock.Monotonic()) {
    CQD_RETURN_IF_ERROR(cancel.Check());
    clock.WaitUntil(lock, never, clock.Now() + std::min(end - now, kStep),
                    [&] { return cancel.cancelled(); });
  }
  return cancel.Check();
}

Status RateLimiter::Take(std::int64_t rows, const CancelToken& cancel) {
  if (rows_per_second_ <= 0) return OkStatus();
  Duration wait;
  {
    const std::lock_guard lock(mutex_);
    taken_ += rows;
    const auto due =
        start_ +
        Duration(static_cast<std::int64_t>(static_cast<double>(taken_) * 1e6 / rows_per_second_));
    wait = due - clock_.Monotonic();
  }
  if (wait <= Duration(0)) return OkStatus();
  return WaitFor(clock_, wait, cancel);
}

WindowReader::WindowReader(odbc::Connection& connection, const Schema& schema, int query_timeout_s)
    : connection_(connection), schema_(schema), query_timeout_s_(query_timeout_s) {}

std::string WindowReader::Literal(UtcTime time) const {
  return odbc::TimeLiteral(connection_.traits(), time, schema_.time_separator);
}

Result<BlockReader*> WindowReader::ReaderOf(QoeTable table) {
  auto& reader = readers_[static_cast<std::size_t>(table)];
  if (reader == nullptr) {
    std::vector<FetchType> types;
    for (const PlannedColumn& column : schema_.of(table).columns) types.push_back(column.type);
    CQD_ASSIGN_OR_RETURN(BlockReader made, BlockReader::Create(connection_, types,
                                                               {.rows_per_block = kRowsPerBlock,
                                                                .text_bytes = kTextBytes,
                                                                .timeout_s = query_timeout_s_}));
    reader = std::make_unique<BlockReader>(std::move(made));
  }
  return reader.get();
}

Status WindowReader::FetchTable(QoeTable table, TimeRange range, std::size_t session_limit,
                                RateLimiter& limiter, const CancelToken& cancel, TableRows& rows) {
  const TablePlan& plan = schema_.of(table);
  if (!plan.present) return OkStatus();
  CQD_ASSIGN_OR_RETURN(BlockReader * reader, ReaderOf(table));
  std::string columns;
  for (const PlannedColumn& column : plan.columns)
    columns += (columns.empty() ? "" : ", ") + column.sql;
  const std::string& time = plan.columns[0].sql;
  CQD_RETURN_IF_ERROR(reader->Run(
      fmt::format("SELECT {} FROM {} WHERE {} >= {} AND {} < {} ORDER BY {}", columns, plan.from,
                  time, Literal(range.begin), time, Literal(range.end), plan.order_by)));
  BlockCopy copy(plan, rows);
  for (;;) {
    CQD_RETURN_IF_ERROR(cancel.Check());
    CQD_ASSIGN_OR_RETURN(const std::size_t count, reader->Next());
    if (count == 0) break;
    copy.Append(*reader, count);
    CQD_RETURN_IF_ERROR(limiter.Take(static_cast<std::int64_t>(count), cancel));
    // Of sessions behind the cut nothing is needed.
    if (table == QoeTable::kSession && CutTime(rows, session_limit)) {
      reader->Close();
      break;
    }
  }
  Sort(rows);
  return OkStatus();
}

Result<Window> WindowReader::Fetch(TimeRange range, std::size_t session_limit, RateLimiter& limiter,
                                   const CancelToken& cancel) {
  Window window;
  window.range = range;
  if (!connection_.traits().reads_in_transaction) {
    CQD_RETURN_IF_ERROR(FetchAll(session_limit, limiter, cancel, window));
    return window;
  }
  // It ends with the window, so that the server need not keep old row versions for us.
  CQD_RETURN_IF_ERROR(connection_.Begin());
  Status status = FetchAll(session_limit, limiter, cancel, window);
  if (!status.ok()) {
    // What went wrong is told; a rollback that fails too says nothing new.
    for (auto& reader : readers_) {
      if (reader != nullptr) reader->Close();
    }
    (void)connection_.Rollback().ok();
    return std::move(status).error();
  }
  CQD_RETURN_IF_ERROR(connection_.Commit());
  return window;
}

Status WindowReader::FetchAll(std::size_t session_limit, RateLimiter& limiter,
                              const CancelToken& cancel, Window& window) {
  for (int i = 0; i < kQoeTableCount; ++i) {
    const auto table = static_cast<QoeTable>(i);
    TableRows& rows = window.tables[static_cast<std::size_t>(i)];
    CQD_RETURN_IF_ERROR(FetchTable(table, window.range, session_limit, limiter, cancel, rows));
    if (table == QoeTable::kSession) {
      if (const auto cut = CutTime(rows, session_limit)) {
        window.range.end = FromMicros(*cut);
        const FactKey first_behind = {
            .time = *cut, .seq = model::kNull, .tail = {model::kNull, model::kNull}};
        const auto end = std::lower_bound(rows.keys.begin(), rows.keys.end(), first_behind);
        Truncate(rows, static_cast<std::size_t>(end - rows.keys.begin()));
      }
    }
    window.row_count += static_cast<std::int64_t>(rows.row_count());
  }
  return OkStatus();
}

Result<std::optional<UtcTime>> WindowReader::QueryTime(const std::string& sql) {
  static constexpr FetchType kTime[] = {FetchType::kTime};
  CQD_ASSIGN_OR_RETURN(BlockReader reader,
                       BlockReader::Create(connection_, kTime,
                                           {.rows_per_block = 1, .timeout_s = query_timeout_s_}));
  CQD_RETURN_IF_ERROR(reader.Run(sql));
  CQD_ASSIGN_OR_RETURN(const std::size_t rows, reader.Next());
  if (rows == 0 || reader.IsNull(0, 0)) return std::optional<UtcTime>();
  return std::optional<UtcTime>(reader.Time(0, 0));
}

Result<std::optional<UtcTime>> WindowReader::FirstTimeFrom(UtcTime from) {
  std::optional<UtcTime> first;
  for (const QoeTable table : {QoeTable::kSession, QoeTable::kAudioStream, QoeTable::kVideoStream,
                               QoeTable::kAppSharingStream}) {
    const TablePlan& plan = schema_.of(table);
    if (!plan.present) continue;
    const std::string& column = plan.columns[0].sql;
    CQD_ASSIGN_OR_RETURN(const auto time,
                         QueryTime(fmt::format("SELECT MIN({}) FROM {} WHERE {} >= {}", column,
                                               plan.from, column, Literal(from))));
    if (time && (!first || *time < *first)) first = time;
  }
  return first;
}

Result<std::optional<UtcTime>> WindowReader::LastTime(std::optional<UtcTime> before) {
  std::optional<UtcTime> last;
  for (const QoeTable table : {QoeTable::kSession, QoeTable::kAudioStream, QoeTable::kVideoStream,
                               QoeTable::kAppSharingStream}) {
    const TablePlan& plan = schema_.of(table);
    if (!plan.present) continue;
    const std::string& column = plan.columns[0].sql;
    std::string sql = fmt::format("SELECT MAX({}) FROM {}", column, plan.from);
    if (before) sql += fmt::format(" WHERE {} < {}", column, Literal(*before));
    CQD_ASSIGN_OR_RETURN(const auto time, QueryTime(sql));
    if (time && (!last || *time > *last)) last = time;
  }
  return last;
}

Result<UtcTime> WindowReader::ServerNow() {
  CQD_ASSIGN_OR_RETURN(const auto now,
                       QueryTime(fmt::format("SELECT {}", connection_.traits().now_utc)));
  if (!now) return Fail(ErrorCode::kInternal, "the server does not tell its time");
  return *now;
}

}  // namespace cqd::source::internal
