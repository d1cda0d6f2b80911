#include "archive/internal/scan.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

namespace cqd::archive::internal {
namespace {

constexpr std::size_t kBatchRowsMax = 65'536;
/// How often cancellation is looked at: every few milliseconds.
constexpr std::size_t kRowsPerCheck = 8'192;
constexpr int kLeadingColumns = 6;

ColumnBatch NewBatch(Month month, std::size_t fields, std::size_t rows) {
  ColumnBatch batch;
  batch.month = month;
  batch.row_ids.reserve(rows);
  batch.keys.reserve(rows);
  batch.values.resize(fields);
  for (auto& column : batch.values) column.reserve(rows);
  return batch;
}

/// The column without the lock and the error bookkeeping of sqlite3_column_int64: this is the inner
/// loop of every rebuild.
model::Value ValueOf(sqlite3_stmt* row, int column) {
  sqlite3_value* const value = sqlite3_column_value(row, column);
  if (sqlite3_value_type(value) == SQLITE_NULL) return model::kNull;
  return sqlite3_value_int64(value);
}

void AppendRow(sqlite3_stmt* row, std::size_t fields, ColumnBatch& batch) {
  batch.row_ids.emplace_back(ValueOf(row, 0));
  batch.keys.push_back({model::SourceId(static_cast<std::int32_t>(ValueOf(row, 1))),
                        FromMicros(ValueOf(row, 2)), ValueOf(row, 3),
                        static_cast<std::int32_t>(ValueOf(row, 4)), ValueOf(row, 5)});
  for (std::size_t i = 0; i < fields; ++i) {
    batch.values[i].push_back(ValueOf(row, kLeadingColumns + static_cast<int>(i)));
  }
}

}  // namespace

Status ScanMonth(sqlite::Database& database, Month month, RowId after, RowId up_to,
                 std::span<const model::Field> fields, const CancelToken& cancel,
                 const std::function<Status(ColumnBatch&&)>& sink) {
  CQD_RETURN_IF_ERROR(cancel.Check());
  if (after >= up_to) return OkStatus();
  std::string sql = "SELECT row_id, source_id, session_time, session_seq, media_label, stream_id";
  for (const model::Field field : fields) sql += fmt::format(", {}", model::InfoOf(field).column);
  sql += " FROM stream WHERE row_id > ? AND row_id <= ? ORDER BY row_id";
  CQD_ASSIGN_OR_RETURN(sqlite::Statement select, database.Prepare(sql));
  select.BindInt(1, after.value).BindInt(2, up_to.value);

  const auto most =
      static_cast<std::uint64_t>(up_to.value) - static_cast<std::uint64_t>(after.value);
  const auto rows = static_cast<std::size_t>(std::min<std::uint64_t>(most, kBatchRowsMax));
  ColumnBatch batch = NewBatch(month, fields.size(), rows);
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) break;
    AppendRow(select.handle(), fields.size(), batch);
    if (batch.row_count() % kRowsPerCheck == 0) CQD_RETURN_IF_ERROR(cancel.Check());
    if (batch.row_count() == kBatchRowsMax) {
      CQD_RETURN_IF_ERROR(sink(std::move(batch)));
      batch = NewBatch(month, fields.size(), rows);
    }
  }
  if (batch.row_count() == 0) return OkStatus();
  return sink(std::move(batch));
}

Result<std::vector<Superseded>> ReadSupersededRows(sqlite::Database& database, RowId after,
                                                   RowId up_to) {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement select,
      database.Prepare("SELECT row, at FROM superseded WHERE at > ? AND at <= ? ORDER BY at"));
  select.BindInt(1, after.value).BindInt(2, up_to.value);
  std::vector<Superseded> rows;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return rows;
    rows.push_back({RowId(select.Int(0)), RowId(select.Int(1))});
  }
}

}  // namespace cqd::archive::internal
