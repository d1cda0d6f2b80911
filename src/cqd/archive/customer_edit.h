// One row of a customer table changed by hand: seen first, checked as a file is, and refused when
// somebody else was faster or something still needs it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/customer_rows.h"
#include "archive/import.h"
#include "base/result.h"
#include "model/customer.h"
#include "sqlite/database.h"

namespace cqd::archive {

/// What holds a row fast, told up to this many of each table; the rest only counts. Ours: more does
/// not fit a page.
inline constexpr std::size_t kRowUsersMax = 20;

/// Changes with any column of a row: 16 hexadecimal digits. `cells` are the table's own columns in
/// their order.
std::string VersionOfRow(std::span<const std::optional<std::string>> cells);

struct CustomerRowEdit {
  enum class Kind : std::uint8_t { kAdd, kChange, kDelete };
  Kind kind = Kind::kChange;
  /// One cell for each of KeyColumnsOf(table), as the table has them; "" is null.
  std::vector<std::string> key;
  /// Column and text; "" is null or the column's default. Columns left out keep what they hold.
  std::vector<std::pair<std::string, std::string>> values;
  /// kChange, kDelete: of the row as the caller saw it.
  std::string version;
  bool dry_run = false;
  UtcTime now;
};

/// Rows of one table that name the row.
struct RowUsers {
  std::string table;
  std::vector<std::string> rows;  ///< "10.1.0.0/16", "7 Town Hall"; at most kRowUsersMax
  std::int64_t count = 0;
};

struct CustomerRowChange {
  ImportReport report;          ///< problems: nothing was changed; `applied`: it is written
  std::vector<RowUsers> users;  ///< kDelete: not empty: nothing was changed
  /// Dry run without problems: all tables as they would then be.
  std::optional<model::CustomerTables> after;
};

/// `main` comes from OpenForImport. Errors: kInvalidArgument (a key of another size, or a column
/// that the table does not have), kNotFound (no such row), kAlreadyExists (kAdd), kConflict with
/// field "If-Match" (the row is not as the caller saw it), kFailedPrecondition (the row of key 0,
/// which stands for "Unknown"), kUnavailable (locked), kDiskFull.
Result<CustomerRowChange> ChangeCustomerRow(sqlite::Database& main, const CustomerTable& table,
                                            const CustomerRowEdit& edit);

}  // namespace cqd::archive
