// From ODBC's diagnostics to our error codes.
#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "odbc/statement.h"

namespace cqd::odbc {
namespace {

struct StateCode {
  std::string_view prefix;
  ErrorCode code;
};
// The first prefix that matches decides. Sources: ODBC appendix A (SQLSTATE), PostgreSQL 15
// appendix A.
constexpr std::array<StateCode, 23> kStates = {{
    {"42P07", ErrorCode::kAlreadyExists},
    {"28", ErrorCode::kUnauthenticated},
    {"08", ErrorCode::kUnavailable},
    {"HYT", ErrorCode::kUnavailable},
    {"57014", ErrorCode::kCancelled},
    {"57P", ErrorCode::kUnavailable},
    {"HY008", ErrorCode::kCancelled},
    {"42S02", ErrorCode::kNotFound},
    {"42S22", ErrorCode::kNotFound},
    {"42P01", ErrorCode::kNotFound},
    {"42703", ErrorCode::kNotFound},
    {"3D000", ErrorCode::kNotFound},
    {"42501", ErrorCode::kPermissionDenied},
    {"42S01", ErrorCode::kAlreadyExists},
    {"42", ErrorCode::kInvalidArgument},
    {"22", ErrorCode::kInvalidArgument},
    {"07", ErrorCode::kInvalidArgument},
    {"23", ErrorCode::kConflict},
    {"40", ErrorCode::kConflict},
    {"53100", ErrorCode::kDiskFull},
    {"53", ErrorCode::kResourceExhausted},
    {"25006", ErrorCode::kPermissionDenied},
    {"IM00", ErrorCode::kFailedPrecondition},
}};

struct MessageCode {
  std::string_view part;
  ErrorCode code;
};
// Drivers that put everything into one SQLSTATE: libsqliteodbc (HY000) and psqlODBC at connect
// (08001). The parts are fixed texts of SQLite and of an English PostgreSQL or SQL Server; in
// another language the SQLSTATE alone decides.
constexpr std::array<MessageCode, 20> kMessages = {{
    {"can't open lib", ErrorCode::kFailedPrecondition},  // unixODBC: no such driver
    {"password authentication failed", ErrorCode::kUnauthenticated},
    {"no password supplied", ErrorCode::kUnauthenticated},
    {"login failed for user", ErrorCode::kUnauthenticated},
    {"no pg_hba.conf entry", ErrorCode::kUnauthenticated},
    {"database system is", ErrorCode::kUnavailable},  // starting up, shutting down, in recovery
    {"could not connect", ErrorCode::kUnavailable},
    {"connection to server", ErrorCode::kUnavailable},
    {"server closed the connection", ErrorCode::kUnavailable},
    {"terminating connection", ErrorCode::kUnavailable},
    {"database is locked", ErrorCode::kUnavailable},
    {"database table is locked", ErrorCode::kUnavailable},
    {"no such table", ErrorCode::kNotFound},
    {"no such column", ErrorCode::kNotFound},
    {"already exists", ErrorCode::kAlreadyExists},
    {"constraint failed", ErrorCode::kConflict},
    {"readonly database", ErrorCode::kPermissionDenied},
    {"interrupted", ErrorCode::kCancelled},
    {"file is not a database", ErrorCode::kCorruption},
    {"syntax error", ErrorCode::kInvalidArgument},
}};

/// SQL Server's number of "Login failed for user": FreeTDS gives it SQLSTATE 42000.
constexpr SQLINTEGER kSqlServerLoginFailed = 18456;
/// "Cannot open database requested by the login".
constexpr SQLINTEGER kSqlServerNoDatabase = 4060;

ErrorCode CodeOf(std::string_view state, SQLINTEGER native, std::string_view message) {
  if (native == kSqlServerLoginFailed) return ErrorCode::kUnauthenticated;
  if (native == kSqlServerNoDatabase) return ErrorCode::kNotFound;
  const bool vague = state == "HY000" || state.starts_with("01") || state.starts_with("08");
  if (vague) {
    const std::string lower = ToLower(message);
    if (lower.find("fatal:") != std::string::npos &&
        lower.find("does not exist") != std::string::npos) {
      return lower.find("role ") != std::string::npos ? ErrorCode::kUnauthenticated
                                                      : ErrorCode::kNotFound;
    }
    for (const MessageCode& known : kMessages) {
      if (lower.find(known.part) != std::string::npos) return known.code;
    }
  }
  for (const StateCode& known : kStates) {
    if (state.starts_with(known.prefix)) return known.code;
  }
  return ErrorCode::kInternal;
}

}  // namespace

Error ErrorFrom(int handle_type, void* handle, std::string_view what, std::string_view password) {
  ErrorCode code = ErrorCode::kInternal;
  std::string detail;
  std::array<SQLCHAR, 6> state{};
  std::array<SQLCHAR, 1024> text{};
  for (SQLSMALLINT record = 1; record <= 8; ++record) {
    SQLINTEGER native = 0;
    SQLSMALLINT length = 0;
    if (!SQL_SUCCEEDED(SQLGetDiagRec(static_cast<SQLSMALLINT>(handle_type), handle, record,
                                     state.data(), &native, text.data(),
                                     static_cast<SQLSMALLINT>(text.size()), &length))) {
      break;
    }
    const std::string_view sqlstate(reinterpret_cast<const char*>(state.data()));
    const std::string_view message(reinterpret_cast<const char*>(text.data()));
    // The first record is the error; later ones explain it (FreeTDS: "login failed" after "connect
    // failed").
    const ErrorCode this_code = CodeOf(sqlstate, native, message);
    if (record == 1 || this_code == ErrorCode::kUnauthenticated) code = this_code;
    detail += fmt::format("{}[{}] ({}) {}", detail.empty() ? "" : "; ", sqlstate, native, message);
  }
  return Fail(code, fmt::format("{} failed", what),
              CleanUtf8(RedactSecrets(detail, password), 2000));
}

}  // namespace cqd::odbc
