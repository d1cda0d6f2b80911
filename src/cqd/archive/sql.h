// Plain SQL over the archive for administrators: `cqd sql`. One connection sees main.sqlite, the
// months, and the published view CqdPartitionedStreamView with every key resolved to its text.
// Columns of the view: docs/formats/archive.md.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sqlite/database.h"

namespace cqd::archive {

struct SqlOptions {
  /// Allows INSERT, UPDATE and DELETE on the customer tables (CqdBuilding ...), and nothing else.
  bool write_customer_tables = false;
  /// The months to attach; empty: the newest ones.
  std::vector<Month> months;
};

/// A connection as `cqd sql` uses it.
struct SqlConnection {
  sqlite::Database database;
  std::vector<Month> attached;  ///< in the view, oldest first; month 2015-03 is schema m2015_03
  std::vector<Month> left_out;  ///< in the archive, but not attached: SQLite attaches 10 at most
};

/// Opens the archive in `folder` beside whoever else uses it; never blocks readers, and a writer
/// only for the length of a statement. Months are read-only always.
/// Errors: kNotFound (no archive there, or no such month), kResourceExhausted (more months asked
/// for than SQLite can attach), kCorruption, kUnimplemented (newer format), kPermissionDenied.
Result<SqlConnection> OpenForSql(const std::string& folder, const SqlOptions& options = {});

enum class SqlFormat {
  kTable,  ///< aligned columns for reading; null is shown as NULL
  kCsv,    ///< RFC 4180 with a header line; null is empty
};

/// Runs the statements of `sql` in turn and writes their rows to `out`. Every statement is
/// committed by itself unless the text says BEGIN and COMMIT; what is left open at the end is
/// rolled back. Errors: kInvalidArgument (SQL), kPermissionDenied (a statement that is not allowed
/// here), kConflict (a value a table refuses), kUnavailable (locked), kDiskFull, kCorruption.
/// Memory: kTable keeps up to 1,000 rows to find the widths of columns; kCsv one row.
Status RunSql(SqlConnection& connection, std::string_view sql, SqlFormat format, std::ostream& out);

}  // namespace cqd::archive
