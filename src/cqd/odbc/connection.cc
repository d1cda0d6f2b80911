#include "odbc/connection.h"

#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>

#include <array>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "odbc/statement.h"

namespace cqd::odbc {
namespace {

/// One environment for the process: it holds nothing but the version we speak. Null when there is
/// no memory.
SQLHENV Environment() {
  static const SQLHENV kEnvironment = []() -> SQLHENV {
    SQLHENV env = SQL_NULL_HENV;
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env))) return SQL_NULL_HENV;
    // The number travels as a pointer: that is the API.
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
    return env;
  }();
  return kEnvironment;
}

SQLPOINTER Number(std::uintptr_t value) {
  return reinterpret_cast<SQLPOINTER>(value);  // NOLINT: the ODBC API passes numbers as pointers
}

SQLCHAR* Chars(std::string& text) {
  return reinterpret_cast<SQLCHAR*>(text.data());
}

std::string InfoText(SQLHDBC dbc, SQLUSMALLINT what) {
  std::array<char, 512> buffer{};
  SQLSMALLINT length = 0;
  if (!SQL_SUCCEEDED(
          SQLGetInfo(dbc, what, buffer.data(), static_cast<SQLSMALLINT>(buffer.size()), &length))) {
    return {};
  }
  return buffer.data();
}

/// One "key=value" of a connection string.
struct Pair {
  std::string_view key;
  std::string_view value;  ///< with braces
};

/// Takes the first pair off `rest`; a value in braces may hold any character, "}}" stands for "}".
Pair TakePair(std::string_view& rest) {
  const auto equals = rest.find_first_of("=;");
  if (equals == std::string_view::npos || rest[equals] == ';') {
    const Pair pair{Trim(rest.substr(0, equals)), {}};
    rest.remove_prefix(equals == std::string_view::npos ? rest.size() : equals + 1);
    return pair;
  }
  const std::string_view key = Trim(rest.substr(0, equals));
  rest.remove_prefix(equals + 1);
  std::size_t end = 0;
  if (rest.starts_with('{')) {
    end = 1;
    while (end < rest.size()) {
      if (rest[end] != '}') {
        ++end;
      } else if (end + 1 < rest.size() && rest[end + 1] == '}') {
        end += 2;
      } else {
        break;
      }
    }
  }
  end = std::min(rest.find(';', std::min(end, rest.size())), rest.size());
  const Pair pair{key, Trim(rest.substr(0, end))};
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return pair;
}

bool IsSecret(std::string_view key) {
  return EqualsIgnoreCase(key, "PWD") || EqualsIgnoreCase(key, "Password");
}

/// A value as it may stand in a connection string.
std::string Braced(std::string_view value) {
  std::string braced = "{";
  for (const char c : value) {
    braced += c;
    if (c == '}') braced += c;
  }
  return braced + "}";
}

std::string WithDialectOptions(std::string text, const DialectTraits& traits, bool read_only) {
  text = WithOptions(text, traits.driver_options);
  return read_only ? WithOptions(text, traits.read_only_options) : text;
}

}  // namespace

std::string ConnectionKeyword(std::string_view connection_string, std::string_view keyword) {
  while (!connection_string.empty()) {
    const Pair pair = TakePair(connection_string);
    if (!EqualsIgnoreCase(pair.key, keyword)) continue;
    std::string_view value = pair.value;
    if (value.size() < 2 || value.front() != '{' || value.back() != '}') return std::string(value);
    value = value.substr(1, value.size() - 2);
    std::string plain;
    for (std::size_t i = 0; i < value.size(); ++i) {
      plain += value[i];
      if (value[i] == '}' && i + 1 < value.size() && value[i + 1] == '}') ++i;
    }
    return plain;
  }
  return {};
}

std::string WithOptions(std::string_view connection_string, std::string_view options) {
  std::string text(connection_string);
  while (!options.empty()) {
    const Pair option = TakePair(options);
    bool there = false;
    for (std::string_view rest = connection_string; !rest.empty();) {
      there = EqualsIgnoreCase(TakePair(rest).key, option.key) || there;
    }
    if (there || option.key.empty()) continue;
    if (!text.empty() && text.back() != ';') text += ';';
    text += fmt::format("{}={};", option.key, option.value);
  }
  return text;
}

std::string RedactSecrets(std::string_view text, std::string_view password) {
  std::string clean;
  // A driver may print a piece of the connection string in the middle of a sentence.
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const bool at_word = at == 0 || std::isalnum(static_cast<unsigned char>(text[at - 1])) == 0;
    std::string_view scan = rest;
    const auto equals = rest.find('=');
    if (at_word && equals != std::string_view::npos && IsSecret(Trim(rest.substr(0, equals)))) {
      TakePair(scan);
      clean += fmt::format("{}=***", rest.substr(0, equals));
      at = text.size() - scan.size();
      if (text[at - 1] == ';') clean += ';';
      continue;
    }
    clean += text[at++];
  }
  if (password.empty()) return clean;
  for (auto at = clean.find(password); at != std::string::npos; at = clean.find(password, at + 3)) {
    clean.replace(at, password.size(), "***");
  }
  return clean;
}

RunningCall::Scope::Scope(RunningCall& call, void* statement) : call_(call) {
  const std::lock_guard guard(call_.mutex_);
  call_.statement_ = statement;
}

// Waits for a cancel that is being sent, so that the handle outlives it.
RunningCall::Scope::~Scope() {
  const std::lock_guard guard(call_.mutex_);
  call_.statement_ = nullptr;
}

void RunningCall::Cancel() {
  const std::lock_guard guard(mutex_);
  if (statement_ != nullptr) SQLCancel(statement_);
}

Result<Connection> Connection::Open(const ConnectOptions& options) {
  if (Trim(options.connection_string).empty()) {
    return Fail(ErrorCode::kInvalidArgument, "the connection string is empty", {},
                "connection_string");
  }
  std::string text = options.connection_string;
  if (!options.password.empty()) text = WithOptions(text, "PWD=" + Braced(options.password));
  const Dialect guessed = DetectDialect(ConnectionKeyword(text, "DRIVER"));
  const std::string full = WithDialectOptions(text, TraitsOf(guessed), options.read_only);

  for (const std::string* attempt = &full;;) {
    SQLHDBC dbc = SQL_NULL_HDBC;
    if (Environment() == SQL_NULL_HENV ||
        !SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, Environment(), &dbc))) {
      return Fail(ErrorCode::kInternal, "no handle for a database connection");
    }
    Connection connection(dbc);
    CQD_RETURN_IF_ERROR(connection.Connect(*attempt, options));
    // A data source name does not tell its driver; once connected we know it, and what to ask for.
    const std::string wanted = WithDialectOptions(text, connection.traits(), options.read_only);
    if (wanted != *attempt) {
      text = wanted;
      attempt = &text;
      continue;
    }
    if (options.read_only) {
      for (const std::string_view sql : connection.traits().read_session_sql) {
        CQD_RETURN_IF_ERROR(connection.Execute(sql));
      }
    }
    return connection;
  }
}

Status Connection::Connect(const std::string& connection_string, const ConnectOptions& options) {
  SQLSetConnectAttr(dbc_, SQL_ATTR_LOGIN_TIMEOUT,
                    Number(static_cast<std::uintptr_t>(options.login_timeout_s)), 0);
  if (options.read_only)
    SQLSetConnectAttr(dbc_, SQL_ATTR_ACCESS_MODE, Number(SQL_MODE_READ_ONLY), 0);
  std::string in = connection_string;
  const SQLRETURN code =
      SQLDriverConnect(dbc_, nullptr, Chars(in), static_cast<SQLSMALLINT>(in.size()), nullptr, 0,
                       nullptr, SQL_DRIVER_NOPROMPT);
  if (!SQL_SUCCEEDED(code)) {
    Error error = ErrorFrom(
        SQL_HANDLE_DBC, dbc_, "connect to the database",
        options.password.empty() ? ConnectionKeyword(connection_string, "PWD") : options.password);
    // Whatever has no better name: the other side could not be reached.
    if (error.code == ErrorCode::kInternal) error.code = ErrorCode::kUnavailable;
    return error;
  }
  const std::string dbms = InfoText(dbc_, SQL_DBMS_NAME);
  Dialect dialect = DetectDialect(dbms);
  if (dialect == Dialect::kOther) dialect = DetectDialect(InfoText(dbc_, SQL_DRIVER_NAME));
  traits_ = &TraitsOf(dialect);
  server_name_ = dbms + " " + InfoText(dbc_, SQL_DBMS_VER);
  return OkStatus();
}

Connection::Connection(Connection&& other) noexcept
    : dbc_(std::exchange(other.dbc_, nullptr)),
      traits_(other.traits_),
      server_name_(std::move(other.server_name_)),
      running_(std::move(other.running_)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(dbc_, other.dbc_);
  std::swap(traits_, other.traits_);
  std::swap(server_name_, other.server_name_);
  std::swap(running_, other.running_);
  return *this;
}

Connection::~Connection() {
  if (dbc_ == nullptr) return;
  // An open transaction would refuse to disconnect.
  SQLEndTran(SQL_HANDLE_DBC, dbc_, SQL_ROLLBACK);
  SQLDisconnect(dbc_);
  SQLFreeHandle(SQL_HANDLE_DBC, dbc_);
}

Status Connection::Execute(std::string_view sql) {
  CQD_ASSIGN_OR_RETURN(Statement statement, Statement::Create(*this));
  return statement.Execute(sql);
}

Status Connection::Begin() {
  if (!SQL_SUCCEEDED(SQLSetConnectAttr(dbc_, SQL_ATTR_AUTOCOMMIT, Number(SQL_AUTOCOMMIT_OFF), 0))) {
    return ErrorFrom(SQL_HANDLE_DBC, dbc_, "begin a transaction");
  }
  return OkStatus();
}

Status Connection::Commit() {
  return EndTransaction(true);
}
Status Connection::Rollback() {
  return EndTransaction(false);
}

Status Connection::EndTransaction(bool commit) {
  if (!SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, dbc_, commit ? SQL_COMMIT : SQL_ROLLBACK))) {
    return ErrorFrom(SQL_HANDLE_DBC, dbc_, commit ? "commit" : "roll back");
  }
  if (!SQL_SUCCEEDED(SQLSetConnectAttr(dbc_, SQL_ATTR_AUTOCOMMIT, Number(SQL_AUTOCOMMIT_ON), 0))) {
    return ErrorFrom(SQL_HANDLE_DBC, dbc_, "end a transaction");
  }
  return OkStatus();
}

Result<std::vector<TableName>> Connection::Tables() {
  CQD_ASSIGN_OR_RETURN(Statement statement, Statement::Create(*this));
  std::string types = "TABLE,VIEW";
  SQLRETURN listed = SQL_ERROR;
  {
    const RunningCall::Scope running(*running_, statement.handle());
    listed =
        SQLTables(statement.handle(), nullptr, 0, nullptr, 0, nullptr, 0, Chars(types), SQL_NTS);
  }
  if (!SQL_SUCCEEDED(listed)) {
    return ErrorFrom(SQL_HANDLE_STMT, statement.handle(), "list the tables");
  }
  std::vector<TableName> tables;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Fetch());
    if (!row) return tables;
    // Columns of SQLTables: catalogue, schema, name, type, remarks.
    CQD_ASSIGN_OR_RETURN(const auto schema, statement.Text(2));
    CQD_ASSIGN_OR_RETURN(const auto name, statement.Text(3));
    if (name) tables.push_back({schema.value_or(""), *name});
  }
}

bool Connection::alive() const {
  SQLUINTEGER dead = SQL_CD_FALSE;
  SQLGetConnectAttr(dbc_, SQL_ATTR_CONNECTION_DEAD, &dead, sizeof dead, nullptr);
  return dead == SQL_CD_FALSE;
}

}  // namespace cqd::odbc
