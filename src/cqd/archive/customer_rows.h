// The customer tables as an administrator sees them: pages of rows with search, and whole tables in
// the CSV form that import.h reads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/import.h"
#include "base/result.h"
#include "sqlite/database.h"

namespace cqd::archive {

/// A table by the short name that commands and calls use.
struct CustomerTable {
  std::string_view id;     ///< "buildings"
  std::string_view table;  ///< "CqdBuilding"
};

/// buildings, networks, names, bssids, building-types, ownership-types.
std::span<const CustomerTable> CustomerTableList();
/// nullptr when there is none of that short name.
const CustomerTable* FindCustomerTable(std::string_view id);

/// Which rows.
struct CustomerPageRequest {
  std::string search;  ///< only rows that have it somewhere, without regard to (ASCII) case
  std::int64_t offset = 0;
  std::int64_t most = 100;
};

/// Rows in key order. Besides the table's own columns: the names behind its numbers.
struct CustomerPage {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;  ///< nullopt: null
  std::vector<std::string> versions;  ///< of each row, for CustomerRowEdit::version
  std::size_t own_columns = 0;        ///< the first columns, which are the table's own
  std::int64_t total = 0;             ///< rows of the table
  std::int64_t matching = 0;          ///< of these, how many the search leaves
};

/// The columns that tell one row of a table from the others.
std::span<const std::string_view> KeyColumnsOf(const CustomerTable& table);

/// Opens main.sqlite of the archive in `folder` for reading, beside a running server.
/// Errors: as sqlite::Database::Open.
Result<sqlite::Database> OpenForReading(const std::string& folder);
/// Errors: kUnavailable (locked), kCorruption. Cost: one pass over the table.
Result<CustomerPage> ReadCustomerPage(sqlite::Database& main, const CustomerTable& table,
                                      const CustomerPageRequest& request);
/// The whole table as CSV (RFC 4180, header line, UTF-8); importing it again changes nothing.
Result<std::string> ExportCustomerTable(sqlite::Database& main, const CustomerTable& table);
/// The Import... of import.h for the table. Errors: as there.
Result<ImportReport> ImportCustomerTable(sqlite::Database& main, const CustomerTable& table,
                                         std::string_view text, const ImportOptions& options);

}  // namespace cqd::archive
