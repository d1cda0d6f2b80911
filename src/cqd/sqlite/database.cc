#include "sqlite/database.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace cqd::sqlite {
namespace {

/// SQLite keeps a pointer to a bound text; this tells it that we keep the bytes alive.
constexpr sqlite3_destructor_type kNotOurs = nullptr;

ErrorCode CodeOf(int sqlite_code) {
  switch (sqlite_code & 0xFF) {
    case SQLITE_FULL:
      return ErrorCode::kDiskFull;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorruption;
    case SQLITE_CONSTRAINT:
      return ErrorCode::kConflict;
    case SQLITE_INTERRUPT:
      return ErrorCode::kCancelled;
    case SQLITE_CANTOPEN:
      return ErrorCode::kNotFound;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorCode::kPermissionDenied;
    case SQLITE_READONLY:
      return ErrorCode::kFailedPrecondition;
    case SQLITE_IOERR:
      return ErrorCode::kDiskFailed;
    case SQLITE_ERROR:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
      return ErrorCode::kInvalidArgument;
    default:
      return ErrorCode::kInternal;
  }
}

/// errno of the newest failed call on the connection's main file or its log; 0 when unknown.
int SystemError(sqlite3* db) {
  if (db == nullptr) return 0;
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    int error = 0;
    if (sqlite3_file_control(db, "main", which, static_cast<void*>(&file)) != SQLITE_OK) continue;
    if (file == nullptr || file->pMethods == nullptr) continue;
    if (file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error) == SQLITE_OK &&
        error != 0) {
      return error;
    }
  }
  // Kept by the connection, but later calls may have changed it.
  return sqlite3_system_errno(db);
}

/// What lies behind "cannot open" when the system's last word is "no such file": SQLite tries once
/// more without making the file, and forgets why that failed. `makes`: the file need not be there.
ErrorCode WhyNotOpened(const std::string& path, bool makes) {
  const std::string folder = path.substr(0, path.find_last_of('/') + 1) + ".";
  if (access(path.c_str(), F_OK) != 0 && !(makes && access(folder.c_str(), F_OK) == 0))
    return ErrorCode::kNotFound;
  if (access(folder.c_str(), W_OK) != 0) return ErrorCode::kPermissionDenied;
  struct statvfs space {};
  const bool full =
      statvfs(folder.c_str(), &space) == 0 && (space.f_bavail == 0 || space.f_favail == 0);
  // Some file systems count no files at all.
  return full && (space.f_bavail == 0 || space.f_files != 0) ? ErrorCode::kDiskFull
                                                             : ErrorCode::kDiskFailed;
}

}  // namespace

Error ErrorFrom(sqlite3* db, int code, std::string_view what) {
  ErrorCode error = CodeOf(code);
  // SQLite calls only ENOSPC "full"; a quota and a file size limit are to the caller the same.
  const int system = SystemError(db);
  const bool io = (code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN;
  if (io && (system == ENOSPC || system == EDQUOT || system == EFBIG)) error = ErrorCode::kDiskFull;
  if (io && (system == EACCES || system == EPERM || system == EROFS)) {
    error = ErrorCode::kPermissionDenied;
  }
  // "Cannot open" is all SQLite says of a disk that fails; only a missing file is "not found".
  if (io && system == EIO) error = ErrorCode::kDiskFailed;
  if (io && (system == EMFILE || system == ENFILE)) error = ErrorCode::kResourceExhausted;
  if (error == ErrorCode::kNotFound && db != nullptr && (system == ENOENT || system == 0)) {
    const char* path = sqlite3_db_filename(db, "main");
    if (path != nullptr && *path != '\0') error = WhyNotOpened(path, false);
  }
  const char* text = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  const int extended = db != nullptr ? sqlite3_extended_errcode(db) : code;
  return Fail(error, fmt::format("{}: {}", what, text), fmt::format("SQLite code {}", extended));
}

Result<Database> Database::Open(const std::string& path, const OpenOptions& options) {
  int flags = SQLITE_OPEN_NOMUTEX;
  switch (options.mode) {
    case OpenMode::kReadOnly:
      flags |= SQLITE_OPEN_READONLY;
      break;
    case OpenMode::kReadWrite:
      flags |= SQLITE_OPEN_READWRITE;
      break;
    case OpenMode::kCreate:
      flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
      break;
  }
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Database database(raw, path);
  if (code != SQLITE_OK) {
    Error error = ErrorFrom(raw, code, "open database");
    if (error.code == ErrorCode::kNotFound && options.mode == OpenMode::kCreate)
      error.code = WhyNotOpened(path, true);
    error.detail += " " + path;
    return error;
  }
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, options.busy_timeout_ms);
  if (options.mode != OpenMode::kReadOnly) {
    if (options.page_size_bytes != 0) {
      CQD_RETURN_IF_ERROR(
          database.Execute(fmt::format("PRAGMA page_size={}", options.page_size_bytes)));
    }
    Status status = database.Execute("PRAGMA journal_mode=WAL");
    if (status.ok()) {
      status = database.Execute(options.durable ? "PRAGMA synchronous=FULL"
                                                : "PRAGMA synchronous=NORMAL");
    }
    if (status.ok()) status = database.Execute("PRAGMA foreign_keys=ON");
    if (!status.ok()) {
      Error error = std::move(status).error();
      error.detail += " " + path;
      return error;
    }
  }
  return database;
}

Database::Database(Database&& other) noexcept
    : db_(std::exchange(other.db_, nullptr)), path_(std::move(other.path_)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(path_, other.path_);
  return *this;
}

// close_v2: statements that still live keep the connection as a zombie instead of leaking it.
Database::~Database() {
  sqlite3_close_v2(db_);
}

Status Database::Execute(std::string_view sql) {
  const int code = sqlite3_exec(db_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return ErrorFrom(db_, code, "run SQL");
  return OkStatus();
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return ErrorFrom(db_, code, "compile SQL");
  if (raw == nullptr) return Fail(ErrorCode::kInvalidArgument, "compile SQL: empty statement");
  return Statement(raw);
}

Result<std::optional<std::int64_t>> Database::QueryInt(std::string_view sql) {
  CQD_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row || statement.IsNull(0)) return std::optional<std::int64_t>();
  return std::optional<std::int64_t>(statement.Int(0));
}

std::int64_t Database::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(db_);
}
std::int64_t Database::changes() const {
  return sqlite3_changes64(db_);
}
bool Database::in_transaction() const {
  return sqlite3_get_autocommit(db_) == 0;
}
void Database::Interrupt() {
  sqlite3_interrupt(db_);
}

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::BindInt(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_, parameter, value);
  return *this;
}

Statement& Statement::BindDouble(int parameter, double value) {
  sqlite3_bind_double(statement_, parameter, value);
  return *this;
}

Statement& Statement::BindText(int parameter, std::string_view text) {
  // An empty view may have a null pointer, which SQLite would bind as NULL.
  sqlite3_bind_text64(statement_, parameter, text.data() == nullptr ? "" : text.data(), text.size(),
                      kNotOurs, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindBlob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, parameter, bytes.data() == nullptr ? "" : bytes.data(),
                      bytes.size(), kNotOurs);
  return *this;
}

Statement& Statement::BindNull(int parameter) {
  sqlite3_bind_null(statement_, parameter);
  return *this;
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Error error = ErrorFrom(sqlite3_db_handle(statement_), code, "run SQL");
  sqlite3_reset(statement_);
  return error;
}

Status Statement::Run() {
  for (;;) {
    auto row = Step();
    if (!row.ok()) {
      Reset();
      return std::move(row).error();
    }
    if (!*row) break;
  }
  Reset();
  return OkStatus();
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

int Statement::column_count() const {
  return sqlite3_column_count(statement_);
}
std::string_view Statement::ColumnName(int column) const {
  const char* name = sqlite3_column_name(statement_, column);
  return name == nullptr ? std::string_view() : std::string_view(name);
}
bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}
std::int64_t Statement::Int(int column) const {
  return sqlite3_column_int64(statement_, column);
}
double Statement::Double(int column) const {
  return sqlite3_column_double(statement_, column);
}

std::string_view Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::Blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Result<Transaction> Transaction::Begin(Database& database) {
  CQD_RETURN_IF_ERROR(database.Execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  // A failed statement may have rolled back already; then there is nothing to do.
  if (database_ != nullptr && database_->in_transaction()) {
    (void)database_->Execute("ROLLBACK").ok();
  }
}

Status Transaction::Commit() {
  CQD_RETURN_IF_ERROR(database_->Execute("COMMIT"));
  database_ = nullptr;
  return OkStatus();
}

Status Migrate(Database& database, std::span<const Migration> migrations, std::string_view what) {
  CQD_ASSIGN_OR_RETURN(const auto stored, database.QueryInt("PRAGMA user_version"));
  const std::int64_t version = stored.value_or(0);
  const std::int64_t newest = migrations.empty() ? 0 : migrations.back().version;
  if (version > newest) {
    return Fail(ErrorCode::kUnimplemented,
                fmt::format("{} was written by a newer version of OpenCQD (format {}, this version "
                            "knows {}); start that version again",
                            what, version, newest),
                database.path());
  }
  for (const Migration& step : migrations) {
    if (step.version <= version) continue;
    CQD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database));
    CQD_RETURN_IF_ERROR(database.Execute(step.sql));
    CQD_RETURN_IF_ERROR(database.Execute(fmt::format("PRAGMA user_version={}", step.version)));
    CQD_RETURN_IF_ERROR(transaction.Commit());
  }
  return OkStatus();
}

void ConfigureProcess() {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

}  // namespace cqd::sqlite
