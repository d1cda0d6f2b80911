// Thin owners over the SQLite C API: a connection, a prepared statement, a transaction.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cqd::sqlite {

enum class OpenMode {
  kReadOnly,   ///< the file must exist
  kReadWrite,  ///< the file must exist
  kCreate,     ///< made when missing
};

/// How a connection is set up. Times in milliseconds.
struct OpenOptions {
  OpenMode mode = OpenMode::kCreate;
  /// Write-ahead log with synchronous=FULL: a committed transaction survives power loss.
  bool durable = true;
  int busy_timeout_ms = 5000;
  /// 0 keeps SQLite's default (4096); only for a new file.
  int page_size_bytes = 0;
};

class Statement;

/// One connection. Threads: one at a time. Closing is by destruction.
class Database {
 public:
  /// Errors: kNotFound (no such file), kCorruption (not a database), kDiskFull, kDiskFailed (it
  /// does not read or write), kPermissionDenied, kUnavailable (locked), kInternal.
  static Result<Database> Open(const std::string& path, const OpenOptions& options = {});
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  /// Runs every statement of `sql`; rows are dropped. Never with text from outside.
  Status Execute(std::string_view sql);
  /// Compiles one statement. Errors: kInvalidArgument (SQL), as Open otherwise.
  Result<Statement> Prepare(std::string_view sql);
  /// First column of the first row; nullopt when there is no row or it is NULL.
  Result<std::optional<std::int64_t>> QueryInt(std::string_view sql);
  std::int64_t last_insert_rowid() const;
  /// Rows changed by the newest statement.
  std::int64_t changes() const;
  /// True while a transaction is open.
  bool in_transaction() const;
  /// Stops what runs on this connection; may be called from another thread.
  void Interrupt();
  sqlite3* handle() const { return db_; }
  const std::string& path() const { return path_; }

 private:
  Database(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  sqlite3* db_ = nullptr;
  std::string path_;
};

/// A prepared statement, used again and again: Bind..., Step until false, Reset.
/// Parameters count from 1, columns from 0. Threads: as its Database, which must outlive it.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  Statement& BindInt(int parameter, std::int64_t value);
  Statement& BindDouble(int parameter, double value);
  /// The text must live until the next Reset.
  Statement& BindText(int parameter, std::string_view text);
  Statement& BindBlob(int parameter, std::string_view bytes);
  Statement& BindNull(int parameter);

  /// True: a row is there to read. False: done. Errors as Database::Open, and kConflict
  /// (constraint), kCancelled (interrupted).
  Result<bool> Step();
  /// Steps to the end, then resets: for statements without rows.
  Status Run();
  /// Ready to bind and step again; bindings are cleared.
  void Reset();

  int column_count() const;
  std::string_view ColumnName(int column) const;
  bool IsNull(int column) const;
  std::int64_t Int(int column) const;
  double Double(int column) const;
  /// Valid until the next Step or Reset.
  std::string_view Text(int column) const;
  std::string_view Blob(int column) const;
  sqlite3_stmt* handle() const { return statement_; }

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_ = nullptr;
};

/// Everything until Commit, or nothing: rolls back when it goes out of scope uncommitted.
class Transaction {
 public:
  /// `BEGIN IMMEDIATE`: takes the write lock at once.
  static Result<Transaction> Begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status Commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

/// Turns a SQLite result code into our Error; `what` says what was tried.
Error ErrorFrom(sqlite3* db, int code, std::string_view what);

/// One step of a schema: brings a database from version n-1 to n.
struct Migration {
  int version;
  std::string_view sql;
};

/// Applies what is missing, each step in its own transaction, and stores the version in
/// `PRAGMA user_version`. Versions count up from 1 without gaps.
/// Errors: kUnimplemented when the file is of a newer version than we know.
Status Migrate(Database& database, std::span<const Migration> migrations, std::string_view what);

/// Turns off SQLite's global memory statistics: without it, threads wait for each other on every
/// allocation (reference/performance-anchors.md, ODBC, libsqliteodbc). Call once at start, before
/// any connection.
void ConfigureProcess();

}  // namespace cqd::sqlite
