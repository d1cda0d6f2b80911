// The tables of a QoEMetrics database as documented: columns, types, keys, and the SQL that creates
// them (reference/qoe-metrics-schema.md 3 and 4).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/internal/tables.h"

namespace cqd::simulate {

enum class Dialect { kSqlite, kPostgres, kSqlServer };

enum class ColumnKind : std::uint8_t {
  kTime,          ///< datetime, UTC; SQLite: text "2015-03-01 10:28:29.123"
  kInt,           ///< 32 bit
  kSmall,         ///< 16 bit
  kTiny,          ///< 0..255
  kBit,           ///< 0 or 1
  kReal,          ///< 64-bit floating point
  kDecimal,       ///< decimal(precision, scale)
  kText,          ///< varchar(precision)
  kNationalText,  ///< nvarchar(precision)
};

struct Column {
  std::string_view name;
  ColumnKind kind = ColumnKind::kInt;
  int precision = 0;
  int scale = 0;
};

#define CQD_QOE_ENUM_(name, text, columns, keys) k##name,
/// The tables, by what they hold; TableInfo::name has the database's name.
enum class Table : int { CQD_QOE_TABLES(CQD_QOE_ENUM_) };
#undef CQD_QOE_ENUM_
#define CQD_QOE_COUNT_(name, text, columns, keys) +1
inline constexpr int kTableCount = 0 CQD_QOE_TABLES(CQD_QOE_COUNT_);
#undef CQD_QOE_COUNT_

struct TableInfo {
  std::string_view name;
  std::span<const Column> columns;
  /// The first so many columns are the primary key.
  int key_count = 0;
};

/// Never fails; the data lives as long as the process.
const TableInfo& InfoOf(Table table);
/// All tables in the order they are created.
std::span<const TableInfo> AllTables();

/// CREATE TABLE IF NOT EXISTS (SQL Server: guarded by OBJECT_ID) for one table, without a final
/// semicolon. Keys are clustered: WITHOUT ROWID in SQLite, PRIMARY KEY CLUSTERED in SQL Server;
/// PostgreSQL has no clustered keys, its rows arrive in key order anyway. Names are quoted, case
/// kept. Foreign keys are not declared: they hold by construction, and checking them halves the
/// write rate.
std::string CreateTableSql(Table table, Dialect dialect);
/// CreateTableSql of every table.
std::vector<std::string> CreateSchemaSql(Dialect dialect);

/// A row of CallQualityFeedbackTokenDef.
struct TokenDef {
  int id;
  std::string_view description;
};
std::span<const TokenDef> TokenDefs();

}  // namespace cqd::simulate
