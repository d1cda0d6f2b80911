#include "archive/internal/scan.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sqlite/frozen_table.h"

namespace cqd::archive::internal {
namespace {

using model::FieldInfo;
using model::Value;

/// How often cancellation is looked at: every few milliseconds.
constexpr std::size_t kRowsPerCheck = 8'192;
static_assert(kRowsPerCheck % kScanBatchRows == 0);

/// The columns of a row that are not fields, in the order a statement asks for them.
constexpr std::array<std::string_view, 6> kLeadingColumns = {
    "row_id", "source_id", "session_time", "session_seq", "media_label", "stream_id"};
static_assert(sqlite::FrozenTable::kNull == model::kNull);

/// Rows on their way to the sink.
class Batch {
 public:
  Batch(const CancelToken& cancel, const RowSink& sink)
      : cancel_(cancel), sink_(sink), rows_(kScanBatchRows) {}

  /// Six leading values, then the fields in their order.
  Status Add(std::span<const Value, kLeadingColumns.size()> leading,
             std::span<const Value, model::kFieldCount> fields) {
    StoredRow& stored = rows_[count_];
    stored.id = RowId(leading[0]);
    stored.row.key = {model::SourceId(static_cast<std::int32_t>(leading[1])),
                      FromMicros(leading[2]), leading[3], static_cast<std::int32_t>(leading[4]),
                      leading[5]};
    std::copy(fields.begin(), fields.end(), stored.row.values.begin());
    if (++count_ < rows_.size()) return OkStatus();
    return Flush();
  }
  Status Flush() {
    if (count_ == 0) return OkStatus();
    rows_given_ += count_;
    CQD_RETURN_IF_ERROR(sink_(std::span(rows_).first(count_)));
    count_ = 0;
    return rows_given_ % kRowsPerCheck == 0 ? cancel_.Check() : OkStatus();
  }

 private:
  const CancelToken& cancel_;
  const RowSink& sink_;
  std::vector<StoredRow> rows_;
  std::size_t count_ = 0;
  std::size_t rows_given_ = 0;
};

using Values = std::array<Value, kLeadingColumns.size() + model::kFieldCount>;

Status AddTo(Batch& batch, const Values& values) {
  return batch.Add(std::span(values).first<kLeadingColumns.size()>(),
                   std::span(values).last<model::kFieldCount>());
}

/// By column of the table: its place in Values, or one behind them for what is not asked for.
std::vector<std::size_t> PlacesOf(const std::vector<std::string>& columns) {
  std::vector<std::size_t> places;
  for (const std::string& column : columns) {
    const auto leading = std::find(kLeadingColumns.begin(), kLeadingColumns.end(), column);
    auto place = static_cast<std::size_t>(leading - kLeadingColumns.begin());
    if (leading == kLeadingColumns.end()) {
      const auto field =
          std::find_if(model::AllFields().begin(), model::AllFields().end(),
                       [&column](const FieldInfo& info) { return info.column == column; });
      place += static_cast<std::size_t>(field - model::AllFields().begin());
    }
    places.push_back(place);
  }
  return places;
}

/// Where the fields begin, when they stand in the order of this release, as in all files but those
/// that an older one began; nullopt when they do not.
std::optional<std::size_t> FirstField(const std::vector<std::size_t>& places) {
  const auto first = std::find(places.begin(), places.end(), kLeadingColumns.size());
  if (places.end() - first != model::kFieldCount) return std::nullopt;
  std::size_t place = kLeadingColumns.size();
  for (auto at = first; at != places.end(); ++at) {
    if (*at != place++) return std::nullopt;
  }
  return static_cast<std::size_t>(first - places.begin());
}

/// Returns the row id up to which all rows were read.
Result<std::int64_t> ReadPages(sqlite::FrozenTable& table, RowId after, RowId up_to, Batch& batch) {
  const std::vector<std::size_t> places = PlacesOf(table.columns());
  const std::optional<std::size_t> first_field = FirstField(places);
  const std::size_t moved = first_field.value_or(places.size());
  struct {
    Values values;
    Value unasked;
  } row;
  row.values.fill(model::kNull);
  return table.Read(
      after.value, up_to.value, [&](std::int64_t, std::span<const std::int64_t> values) {
        for (std::size_t i = 0; i < moved; ++i) {
          (places[i] < row.values.size() ? row.values[places[i]] : row.unasked) = values[i];
        }
        const auto leading = std::span(row.values).first<kLeadingColumns.size()>();
        if (!first_field) return AddTo(batch, row.values);
        return batch.Add(leading, values.last<model::kFieldCount>());
      });
}

/// The column without the lock and the error bookkeeping of sqlite3_column_int64.
Value ValueOf(sqlite3_stmt* row, std::size_t column) {
  sqlite3_value* const value = sqlite3_column_value(row, static_cast<int>(column));
  if (sqlite3_value_type(value) == SQLITE_NULL) return model::kNull;
  return sqlite3_value_int64(value);
}

Status ReadStatement(sqlite::Database& database, std::int64_t after, RowId up_to, Batch& batch) {
  std::string sql = fmt::format("SELECT {}", fmt::join(kLeadingColumns, ", "));
  for (const FieldInfo& info : model::AllFields()) sql += fmt::format(", {}", info.column);
  sql += " FROM stream WHERE row_id > ? AND row_id <= ? ORDER BY row_id";
  CQD_ASSIGN_OR_RETURN(sqlite::Statement select, database.Prepare(sql));
  select.BindInt(1, after).BindInt(2, up_to.value);
  Values values;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return OkStatus();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = ValueOf(select.handle(), i);
    CQD_RETURN_IF_ERROR(AddTo(batch, values));
  }
}

}  // namespace

Status ScanMonth(sqlite::Database& database, RowId after, RowId up_to, const CancelToken& cancel,
                 const RowSink& sink) {
  CQD_RETURN_IF_ERROR(cancel.Check());
  if (after >= up_to) return OkStatus();
  // One state for both ways of reading.
  CQD_RETURN_IF_ERROR(database.Execute("BEGIN"));
  Batch batch(cancel, sink);
  std::int64_t read = after.value;
  CQD_ASSIGN_OR_RETURN(std::optional<sqlite::FrozenTable> pages,
                       sqlite::FrozenTable::Open(database, "stream"));
  if (pages) {
    CQD_ASSIGN_OR_RETURN(read, ReadPages(*pages, after, up_to, batch));
  }
  if (read < up_to.value) CQD_RETURN_IF_ERROR(ReadStatement(database, read, up_to, batch));
  return batch.Flush();
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
