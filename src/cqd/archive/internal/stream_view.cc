#include "archive/internal/stream_view.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "model/fields.h"
#include "model/key_space.h"

namespace cqd::archive::internal {
namespace {

using model::FieldInfo;
using model::FieldType;

/// UTC microseconds as "2015-03-01 10:28:29.123", null for null and for what is no date.
std::string TimeText(std::string_view column) {
  return fmt::format(
      "CASE WHEN {0} IS NOT NULL THEN strftime('%Y-%m-%d %H:%M:%S', ({0} - (({0} % 1000000 + "
      "1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%03d', (({0} % 1000000 + 1000000) "
      "% 1000000) / 1000) END",
      column);
}

/// The field as a person reads it: times and keys as text, decimals in their unit.
std::string Readable(const FieldInfo& info) {
  switch (info.type) {
    case FieldType::kKey:
      // A subquery and not a join: only the columns that a query names are looked up.
      return fmt::format("(SELECT text FROM main.dict_{} WHERE id = s.{})",
                         model::KeySpaceName(info.space), info.column);
    case FieldType::kDecimal:
      return fmt::format("s.{} / {:.1f}", info.column, std::pow(10.0, info.scale));
    case FieldType::kTime:
      return TimeText(fmt::format("s.{}", info.column));
    case FieldType::kInteger:
    case FieldType::kFlag:
    case FieldType::kMask:
      return fmt::format("s.{}", info.column);
  }
  return "NULL";
}

/// StartTime and EndTime are the view's published columns (reference/qoe-archive.md 3).
std::string ColumnName(const FieldInfo& info) {
  if (info.field == model::Field::kStartTime) return "StartTime";
  if (info.field == model::Field::kEndTime) return "EndTime";
  return std::string(info.column);
}

Result<std::set<std::string>> ColumnsOf(sqlite::Database& database, Month month) {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement info,
      database.Prepare(
          fmt::format("SELECT name FROM pragma_table_info('stream', '{}')", MonthSchema(month))));
  std::set<std::string> columns;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, info.Step());
    if (!row) return columns;
    columns.emplace(info.Text(0));
  }
}

constexpr std::string_view kKeyColumns =
    "(SELECT name FROM main.source WHERE id = s.source_id) AS source, {0} AS session_time, "
    "s.session_seq AS session_seq, s.media_label AS media_label, s.stream_id AS stream_id, "
    "s.row_id AS row_id";

std::string SelectOf(Month month, const std::set<std::string>& columns) {
  std::string sql = "SELECT ";
  for (const FieldInfo& info : model::AllFields()) {
    const bool there = columns.contains(std::string(info.column));
    if (info.field != model::Field::kStartTime) sql += ", ";
    sql += fmt::format("{} AS {}", there ? Readable(info) : "NULL", ColumnName(info));
    if (info.field == model::Field::kEndTime) {
      sql += ", " + fmt::format(fmt::runtime(kKeyColumns), TimeText("s.session_time"));
    }
  }
  return sql + fmt::format(" FROM {}.stream s", MonthSchema(month));
}

/// The view of an archive without months: the columns, no rows.
std::string EmptySelect() {
  std::string sql = "SELECT ";
  for (const FieldInfo& info : model::AllFields()) {
    if (info.field != model::Field::kStartTime) sql += ", ";
    sql += fmt::format("NULL AS {}", ColumnName(info));
    if (info.field == model::Field::kEndTime) {
      sql +=
          ", NULL AS source, NULL AS session_time, NULL AS session_seq, NULL AS media_label, "
          "NULL AS stream_id, NULL AS row_id";
    }
  }
  return sql + " WHERE 0";
}

}  // namespace

static_assert(static_cast<int>(model::Field::kStartTime) == 0 &&
              static_cast<int>(model::Field::kEndTime) == 1);

std::string MonthSchema(Month month) {
  return fmt::format("m{:04}_{:02}", month.year(), month.month());
}

Result<std::string> StreamViewSql(sqlite::Database& database, std::span<const Month> months) {
  std::string sql = "CREATE TEMP VIEW CqdPartitionedStreamView AS\n";
  if (months.empty()) return sql + EmptySelect();
  bool first = true;
  for (const Month month : months) {
    CQD_ASSIGN_OR_RETURN(const auto columns, ColumnsOf(database, month));
    // A file that a crash left without tables has no rows.
    if (!first) sql += "\nUNION ALL\n";
    sql += columns.empty() ? EmptySelect() : SelectOf(month, columns);
    first = false;
  }
  return sql;
}

}  // namespace cqd::archive::internal
