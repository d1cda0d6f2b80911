#include "odbc/dialect.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "base/text.h"

namespace cqd::odbc {
namespace {

// Reading must not wait for writers nor make them wait; when somebody has to lose a deadlock, it is
// us.
constexpr std::array<std::string_view, 2> kSqlServerSession = {
    "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", "SET DEADLOCK_PRIORITY LOW"};
// A cursor is planned for its first tenth unless told otherwise; we always read to the end. Times
// with zone come back in the session's zone.
constexpr std::array<std::string_view, 3> kPostgreSqlSession = {
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET TIME ZONE 'UTC'",
    "SET cursor_tuple_fraction = 1.0"};
constexpr std::array<std::string_view, 1> kSqliteSession = {"PRAGMA query_only = 1"};

constexpr std::array<DialectTraits, 4> kTraits = {{
    {.dialect = Dialect::kSqlServer,
     .name = "SQL Server",
     .driver_options = "",
     .read_only_options = "ApplicationIntent=ReadOnly",
     .read_session_sql = kSqlServerSession,
     .quote_open = "[",
     .quote_close = "]",
     .time_prefix = "'",
     .time_suffix = "'",
     .time_separator = 'T',  // with a T the form does not depend on the login's language
     .time_decimals = 3,
     .uses_top = true,
     .wide_text = true,
     .all_as_text = false,
     .reads_in_transaction = false,
     .now_utc = "GETUTCDATE()"},
    {.dialect = Dialect::kPostgreSql,
     .name = "PostgreSQL",
     .driver_options = "UseDeclareFetch=1;Fetch=10000;BoolsAsChar=0",
     .read_only_options = "",
     .read_session_sql = kPostgreSqlSession,
     .quote_open = "\"",
     .quote_close = "\"",
     .time_prefix = "TIMESTAMP '",
     .time_suffix = "'",
     .time_separator = ' ',
     .time_decimals = 6,
     .uses_top = false,
     .wide_text = false,
     .all_as_text = false,
     .reads_in_transaction = true,
     .now_utc = "(clock_timestamp() AT TIME ZONE 'UTC')"},
    {.dialect = Dialect::kSqlite,
     .name = "SQLite",
     .driver_options = "StepAPI=1",
     .read_only_options = "NoCreat=1",
     .read_session_sql = kSqliteSession,
     .quote_open = "\"",
     .quote_close = "\"",
     .time_prefix = "'",
     .time_suffix = "'",
     .time_separator = ' ',
     .time_decimals = 6,
     .uses_top = false,
     .wide_text = false,
     .all_as_text = true,
     .reads_in_transaction = false,
     .now_utc = "strftime('%Y-%m-%d %H:%M:%f','now')"},
    {.dialect = Dialect::kOther,
     .name = "unknown",
     .driver_options = "",
     .read_only_options = "",
     .read_session_sql = {},
     .quote_open = "\"",
     .quote_close = "\"",
     .time_prefix = "{ts '",
     .time_suffix = "'}",
     .time_separator = ' ',
     .time_decimals = 3,
     .uses_top = false,
     .wide_text = false,
     .all_as_text = false,
     .reads_in_transaction = false,
     .now_utc = "{fn NOW()}"},
}};

}  // namespace

const DialectTraits& TraitsOf(Dialect dialect) {
  const DialectTraits& traits = kTraits[static_cast<std::size_t>(dialect)];
  CQD_CHECK(traits.dialect == dialect);
  return traits;
}

Dialect DetectDialect(std::string_view dbms_or_driver_name) {
  const std::string name = ToLower(dbms_or_driver_name);
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  if (has("postgres") || has("psqlodbc")) return Dialect::kPostgreSql;
  if (has("sqlite")) return Dialect::kSqlite;
  if (has("sql server") || has("msodbcsql") || has("freetds") || has("tdsodbc")) {
    return Dialect::kSqlServer;
  }
  return Dialect::kOther;
}

std::string QuoteName(const DialectTraits& traits, std::string_view name) {
  std::string quoted(traits.quote_open);
  for (const char c : name) {
    quoted += c;
    if (c == traits.quote_close.front()) quoted += c;
  }
  quoted += traits.quote_close;
  return quoted;
}

std::string TimeLiteral(const DialectTraits& traits, UtcTime time, char separator) {
  const CivilTime c = ToCivil(time);
  std::string text = fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", c.year, c.month, c.day,
                                 separator == '\0' ? traits.time_separator : separator, c.hour,
                                 c.minute, c.second);
  std::string fraction = fmt::format("{:06}", c.micros);
  fraction.resize(static_cast<std::size_t>(traits.time_decimals));
  fraction.resize(fraction.find_last_not_of('0') + 1);
  if (!fraction.empty()) text += "." + fraction;
  return fmt::format("{}{}{}", traits.time_prefix, text, traits.time_suffix);
}

std::string SelectFirst(const DialectTraits& traits, std::int64_t rows, std::string_view tail) {
  if (traits.uses_top) return fmt::format("SELECT TOP {} {}", rows, tail);
  return fmt::format("SELECT {} LIMIT {}", tail, rows);
}

}  // namespace cqd::odbc
