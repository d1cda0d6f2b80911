#include "simulate/qoe_schema.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"

namespace cqd::simulate {
namespace {

struct Type {
  ColumnKind kind;
  int precision = 0;
  int scale = 0;
};
constexpr Type Time() {
  return {ColumnKind::kTime};
}
constexpr Type Int() {
  return {ColumnKind::kInt};
}
constexpr Type Small() {
  return {ColumnKind::kSmall};
}
constexpr Type Tiny() {
  return {ColumnKind::kTiny};
}
constexpr Type Bit() {
  return {ColumnKind::kBit};
}
constexpr Type Real() {
  return {ColumnKind::kReal};
}
constexpr Type Dec(int precision, int scale) {
  return {ColumnKind::kDecimal, precision, scale};
}
constexpr Type Text(int length) {
  return {ColumnKind::kText, length};
}
constexpr Type NText(int length) {
  return {ColumnKind::kNationalText, length};
}

#define CQD_QOE_COLUMN_(name, type) Column{#name, (type).kind, (type).precision, (type).scale},
#define CQD_QOE_ARRAY_(name, text, columns, keys) \
  constexpr Column k##name##Columns[] = {columns(CQD_QOE_COLUMN_)};
CQD_QOE_TABLES(CQD_QOE_ARRAY_)
#undef CQD_QOE_ARRAY_
#undef CQD_QOE_COLUMN_

#define CQD_QOE_INFO_(name, text, columns, keys) TableInfo{text, k##name##Columns, keys},
constexpr std::array<TableInfo, kTableCount> kTables = {CQD_QOE_TABLES(CQD_QOE_INFO_)};
#undef CQD_QOE_INFO_

// reference/qoe-metrics-schema.md 3, Rate My Call tables; two names are spelt so there.
constexpr TokenDef kTokenDefs[] = {
    {1, "DistortedSpeech"},
    {2, "ElectronicFeedback"},
    {3, "BackgroundNoise"},
    {4, "MuffledSpeech"},
    {5, "Echo"},
    {21, "FrozenVideo"},
    {22, "PixelatedVideo"},
    {23, "BlurryImage"},
    {24, "PoorColor"},
    {25, "DarkVideo"},
    {101, "Audio_SilentLocal"},
    {102, "Audio_SilentRemote"},
    {103, "Audio_Echo"},
    {104, "Audio_BackgroundNoise"},
    {105, "Audio_LowSound"},
    {106, "Audio_Dropped"},
    {107, "Audio_DistortedSpeech"},
    {108, "Audio_Interrupted"},
    {109, "Audio_Other"},
    {201, "Video_NoLocalVideo"},
    {202, "Video_NoRemoteVideo"},
    {203, "Video_LowQuality"},
    {204, "Video_FrozenVideo"},
    {205, "Video_StoppedUnexpectedly"},
    {206, "Video_DarkVideo"},
    {207, "Video_NoAudioSync"},
    {208, "Video_Other"},
    {301, "Pstn_DialPad"},
    {401, "SS_NoContentLocal"},
    {402, "SS_NoContentRemote"},
    {403, "SS_CantPresent"},
    {404, "SS_LowQuality"},
    {405, "SS_Freezing"},
    {406, "SS_StoppedUnexpectedly"},
    {407, "SS_LargeDelay"},
    {408, "SS_Other"},
    {501, "Reliabilty_Join"},
    {502, "Reliabilty_Invite"},
};

std::string SqliteType(const Column& column) {
  switch (column.kind) {
    case ColumnKind::kTime:
      return "datetime";
    case ColumnKind::kInt:
      return "integer";
    case ColumnKind::kSmall:
      return "smallint";
    case ColumnKind::kTiny:
      return "tinyint";
    case ColumnKind::kBit:
      return "bit";
    case ColumnKind::kReal:
      return "double";
    case ColumnKind::kDecimal:
      // "decimal" would be described as text by SQLite's ODBC driver
      // (reference/performance-anchors.md, what the drivers say about types).
      return fmt::format("numeric({},{})", column.precision, column.scale);
    case ColumnKind::kText:
    case ColumnKind::kNationalText:
      return fmt::format("varchar({})", column.precision);
  }
  CQD_CHECK(false);
}

std::string PostgresType(const Column& column) {
  switch (column.kind) {
    case ColumnKind::kTime:
      return "timestamp(3)";
    case ColumnKind::kInt:
      return "integer";
    case ColumnKind::kSmall:
    case ColumnKind::kTiny:
    // A boolean is described as text of five characters by PostgreSQL's ODBC driver.
    case ColumnKind::kBit:
      return "smallint";
    case ColumnKind::kReal:
      return "double precision";
    case ColumnKind::kDecimal:
      return fmt::format("numeric({},{})", column.precision, column.scale);
    case ColumnKind::kText:
    case ColumnKind::kNationalText:
      return fmt::format("varchar({})", column.precision);
  }
  CQD_CHECK(false);
}

std::string SqlServerType(const Column& column) {
  switch (column.kind) {
    case ColumnKind::kTime:
      return "datetime";
    case ColumnKind::kInt:
      return "int";
    case ColumnKind::kSmall:
      return "smallint";
    case ColumnKind::kTiny:
      return "tinyint";
    case ColumnKind::kBit:
      return "bit";
    case ColumnKind::kReal:
      return "float";
    case ColumnKind::kDecimal:
      return fmt::format("decimal({},{})", column.precision, column.scale);
    case ColumnKind::kText:
      return fmt::format("varchar({})", column.precision);
    case ColumnKind::kNationalText:
      return fmt::format("nvarchar({})", column.precision);
  }
  CQD_CHECK(false);
}

std::string TypeText(const Column& column, Dialect dialect) {
  switch (dialect) {
    case Dialect::kSqlite:
      return SqliteType(column);
    case Dialect::kPostgres:
      return PostgresType(column);
    case Dialect::kSqlServer:
      return SqlServerType(column);
  }
  CQD_CHECK(false);
}

}  // namespace

const TableInfo& InfoOf(Table table) {
  return kTables[static_cast<std::size_t>(table)];
}
std::span<const TableInfo> AllTables() {
  return kTables;
}
std::span<const TokenDef> TokenDefs() {
  return kTokenDefs;
}

std::string CreateTableSql(Table table, Dialect dialect) {
  const TableInfo& info = InfoOf(table);
  std::string body;
  std::string key;
  for (std::size_t i = 0; i < info.columns.size(); ++i) {
    const Column& column = info.columns[i];
    const bool in_key = i < static_cast<std::size_t>(info.key_count);
    body += fmt::format("  \"{}\" {}{},\n", column.name, TypeText(column, dialect),
                        in_key ? " NOT NULL" : "");
    if (in_key) key += fmt::format("{}\"{}\"", key.empty() ? "" : ", ", column.name);
  }
  switch (dialect) {
    case Dialect::kSqlite:
      return fmt::format(
          "CREATE TABLE IF NOT EXISTS \"{}\" (\n{}  PRIMARY KEY ({})\n) WITHOUT ROWID", info.name,
          body, key);
    case Dialect::kPostgres:
      return fmt::format("CREATE TABLE IF NOT EXISTS \"{}\" (\n{}  PRIMARY KEY ({})\n)", info.name,
                         body, key);
    case Dialect::kSqlServer:
      return fmt::format(
          "IF OBJECT_ID(N'dbo.[{0}]', N'U') IS NULL\nCREATE TABLE dbo.[{0}] (\n{1}  PRIMARY KEY "
          "CLUSTERED ({2})\n)",
          info.name, body, key);
  }
  CQD_CHECK(false);
}

std::vector<std::string> CreateSchemaSql(Dialect dialect) {
  std::vector<std::string> all;
  for (int i = 0; i < kTableCount; ++i) {
    all.push_back(CreateTableSql(static_cast<Table>(i), dialect));
  }
  return all;
}

}  // namespace cqd::simulate
