#include "odbc/statement.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "odbc/internal/odbc_types.h"

namespace cqd::odbc {

using internal::Number;

Result<Statement> Statement::Create(Connection& connection) {
  SQLHSTMT stmt = SQL_NULL_HSTMT;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, connection.handle(), &stmt))) {
    return ErrorFrom(SQL_HANDLE_DBC, connection.handle(), "allocate a statement");
  }
  return Statement(stmt, connection);
}

Statement::Statement(Statement&& other) noexcept
    : stmt_(std::exchange(other.stmt_, nullptr)),
      traits_(other.traits_),
      running_(std::move(other.running_)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(stmt_, other.stmt_);
  std::swap(traits_, other.traits_);
  std::swap(running_, other.running_);
  return *this;
}

Statement::~Statement() {
  if (stmt_ != nullptr) SQLFreeHandle(SQL_HANDLE_STMT, stmt_);
}

void Statement::SetTimeout(int seconds) {
  SQLSetStmtAttr(stmt_, SQL_ATTR_QUERY_TIMEOUT, Number(static_cast<std::uintptr_t>(seconds)), 0);
}

Status Statement::Execute(std::string_view sql) {
  std::string text(sql);
  SQLRETURN code = SQL_ERROR;
  {
    const RunningCall::Scope running(*running_, stmt_);
    code = SQLExecDirect(stmt_, reinterpret_cast<SQLCHAR*>(text.data()),
                         static_cast<SQLINTEGER>(text.size()));
  }
  if (SQL_SUCCEEDED(code) || code == SQL_NO_DATA) return OkStatus();
  return ErrorFrom(SQL_HANDLE_STMT, stmt_, "run SQL");
}

Status Statement::Prepare(std::string_view sql) {
  std::string text(sql);
  if (!SQL_SUCCEEDED(SQLPrepare(stmt_, reinterpret_cast<SQLCHAR*>(text.data()),
                                static_cast<SQLINTEGER>(text.size())))) {
    return ErrorFrom(SQL_HANDLE_STMT, stmt_, "compile SQL");
  }
  return OkStatus();
}

Status Statement::RunPrepared() {
  SQLRETURN code = SQL_ERROR;
  {
    const RunningCall::Scope running(*running_, stmt_);
    code = SQLExecute(stmt_);
  }
  if (SQL_SUCCEEDED(code) || code == SQL_NO_DATA) return OkStatus();
  return ErrorFrom(SQL_HANDLE_STMT, stmt_, "run SQL");
}

Result<std::vector<ColumnDescription>> Statement::Describe() {
  SQLSMALLINT count = 0;
  if (!SQL_SUCCEEDED(SQLNumResultCols(stmt_, &count))) {
    return ErrorFrom(SQL_HANDLE_STMT, stmt_, "describe a result");
  }
  std::vector<ColumnDescription> columns;
  for (SQLSMALLINT i = 1; i <= count; ++i) {
    std::array<SQLCHAR, 512> name{};
    SQLSMALLINT length = 0;
    SQLSMALLINT type = 0;
    SQLULEN size = 0;
    SQLSMALLINT digits = 0;
    SQLSMALLINT nullable = SQL_NULLABLE_UNKNOWN;
    if (!SQL_SUCCEEDED(SQLDescribeCol(stmt_, static_cast<SQLUSMALLINT>(i), name.data(),
                                      static_cast<SQLSMALLINT>(name.size()), &length, &type, &size,
                                      &digits, &nullable))) {
      return ErrorFrom(SQL_HANDLE_STMT, stmt_, "describe a column");
    }
    columns.push_back({reinterpret_cast<const char*>(name.data()), type, size, digits,
                       nullable != SQL_NO_NULLS, internal::KindOf(type)});
  }
  return columns;
}

Result<bool> Statement::Fetch() {
  SQLRETURN code = SQL_ERROR;
  {
    const RunningCall::Scope running(*running_, stmt_);
    code = SQLFetch(stmt_);
  }
  if (code == SQL_NO_DATA) return false;
  if (SQL_SUCCEEDED(code)) return true;
  return ErrorFrom(SQL_HANDLE_STMT, stmt_, "fetch a row");
}

Result<std::optional<std::string>> Statement::Text(int column) {
  std::string text;
  std::array<char, 4096> buffer{};
  // Each call hands out the next piece of the same cell.
  for (;;) {
    SQLLEN length = 0;
    const SQLRETURN code = SQLGetData(stmt_, static_cast<SQLUSMALLINT>(column), SQL_C_CHAR,
                                      buffer.data(), static_cast<SQLLEN>(buffer.size()), &length);
    if (code == SQL_NO_DATA) return std::optional<std::string>(std::move(text));
    if (!SQL_SUCCEEDED(code)) return ErrorFrom(SQL_HANDLE_STMT, stmt_, "read a cell");
    if (length == SQL_NULL_DATA) return std::optional<std::string>();
    const bool whole = length != SQL_NO_TOTAL && static_cast<std::size_t>(length) < buffer.size();
    text.append(buffer.data(), whole ? static_cast<std::size_t>(length) : buffer.size() - 1);
    if (whole) return std::optional<std::string>(std::move(text));
  }
}

std::int64_t Statement::affected_rows() const {
  SQLLEN rows = -1;
  if (!SQL_SUCCEEDED(SQLRowCount(stmt_, &rows))) return -1;
  return rows;
}

void Statement::Close() {
  SQLFreeStmt(stmt_, SQL_CLOSE);
}

void Statement::Cancel() {
  SQLCancel(stmt_);
}

}  // namespace cqd::odbc
