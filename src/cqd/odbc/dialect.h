// What differs between the databases we read, in one small table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"

namespace cqd::odbc {

/// Which SQL a server speaks. kOther: unknown to us, treated by the book (ISO quoting, ODBC
/// escapes).
enum class Dialect : std::uint8_t { kSqlServer, kPostgreSql, kSqlite, kOther };

/// One row of the table: everything that depends on the dialect.
struct DialectTraits {
  Dialect dialect;
  std::string_view name;
  /// Options appended to a connection string that does not name them itself ("Key=Value;...").
  /// Source: reference/performance-anchors.md, ODBC, recommended configuration.
  std::string_view driver_options;
  /// As above, only for a connection that must not write.
  std::string_view read_only_options;
  /// Statements run after connecting for reading.
  std::span<const std::string_view> read_session_sql;
  std::string_view quote_open;
  std::string_view quote_close;
  /// Around a time: "TIMESTAMP '" + "2015-03-01 10:28:29.5" + "'".
  std::string_view time_prefix;
  std::string_view time_suffix;
  char time_separator;  ///< between date and time of a literal
  /// Decimals of a literal; more are cut.
  int time_decimals;
  bool uses_top;   ///< SELECT TOP n instead of LIMIT n
  bool wide_text;  ///< text comes as UTF-16: the driver's narrow form depends on the locale
  /// Everything is read as text and parsed here: the driver turns what does not fit into NULL in
  /// silence, drops the offset of a time, and is faster this way (reference/performance-anchors.md,
  /// ODBC, libsqliteodbc and trap 3).
  bool all_as_text;
  /// A large read stands in a transaction of its own: without one the driver's cursor has to
  /// outlive its statement, and the server writes the whole result aside first. SQLite streams only
  /// without a transaction (reference/performance-anchors.md, ODBC).
  bool reads_in_transaction;
  /// Expression for the server's own clock, UTC.
  std::string_view now_utc;
};

/// The row of `dialect`; lives for ever.
const DialectTraits& TraitsOf(Dialect dialect);

/// By SQL_DBMS_NAME or the name of a driver ("libtdsodbc.so", "PostgreSQL Unicode"). Case is
/// ignored.
Dialect DetectDialect(std::string_view dbms_or_driver_name);

/// "[name]" or "\"name\"", with the closing character doubled inside.
std::string QuoteName(const DialectTraits& traits, std::string_view name);

/// A literal of `time` as the dialect writes it, without trailing zeros of the fraction: where
/// times are stored as text (SQLite), the shortest form sorts before every longer form of the same
/// time. `separator`: ' ' or 'T' where the stored form is known, '\0' for the dialect's own.
std::string TimeLiteral(const DialectTraits& traits, UtcTime time, char separator = '\0');

/// "SELECT TOP 5 a FROM t" or "SELECT a FROM t LIMIT 5"; `tail` is what follows SELECT.
std::string SelectFirst(const DialectTraits& traits, std::int64_t rows, std::string_view tail);

}  // namespace cqd::odbc
