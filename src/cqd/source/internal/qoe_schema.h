// What a QoEMetrics database really has: tables, columns under whichever spelling, types by the
// driver.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "odbc/block_fetch.h"
#include "odbc/connection.h"
#include "source/internal/qoe_mapping.h"

namespace cqd::source::internal {

/// A column as it is asked for.
struct PlannedColumn {
  std::string sql;  ///< quoted name
  std::string name;
  odbc::FetchType type;
};

/// How a fact table is read. Columns: session time, sequence, key tail (two places, FetchType
/// kInteger), extras (three), then the mapped columns that exist.
struct TablePlan {
  bool present = false;
  std::string from;      ///< quoted table
  std::string order_by;  ///< quoted key columns
  std::vector<PlannedColumn> columns;
  /// Place in `columns` of each key tail part and extra; -1 when there is none.
  std::array<int, 2> key_tail = {-1, -1};
  std::array<int, 3> extras = {-1, -1, -1};
  /// Place in `columns` of each of MappingOf(table).columns; -1 when the database has no such
  /// column.
  std::vector<int> mapped;
};

/// How a lookup table is read: key, text, details.
struct DictionaryPlan {
  bool present = false;
  std::string from;
  std::string key;
  std::string text;
  std::vector<std::string> details;  ///< quoted names, "NULL" where missing
};

/// The whole plan, made once per connection.
struct Schema {
  std::array<TablePlan, kQoeTableCount> tables;
  std::array<DictionaryPlan, kQoeDictionaryCount> dictionaries;
  std::vector<std::string> remarks;  ///< what is missing, in words for an operator
  char time_separator = '\0';        ///< how times are stored as text (SQLite), '\0' elsewhere
  const TablePlan& of(QoeTable table) const { return tables[static_cast<std::size_t>(table)]; }
  const DictionaryPlan& of(QoeDictionary dictionary) const {
    return dictionaries[static_cast<std::size_t>(dictionary)];
  }
};

/// Looks at the database. Errors: kFailedPrecondition (not a QoEMetrics database; names what is
/// missing), as odbc.
Result<Schema> ProbeSchema(odbc::Connection& connection);

}  // namespace cqd::source::internal
