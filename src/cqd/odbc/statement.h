// Statements: run SQL, look at the columns of a result, insert rows in arrays.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "odbc/connection.h"

namespace cqd::odbc {

/// What a column holds, by the driver's description.
enum class ColumnKind : std::uint8_t { kBit, kInteger, kReal, kText, kTime, kBinary, kOther };

/// One column of a result. Do not size buffers by `size`: drivers count characters, or guess
/// (reference/performance-anchors.md, ODBC, what the drivers say about types).
struct ColumnDescription {
  std::string name;
  int sql_type = 0;  ///< SQL_INTEGER ... as in sqlext.h
  std::uint64_t size = 0;
  int decimal_digits = 0;
  bool nullable = true;
  ColumnKind kind = ColumnKind::kOther;
};

/// One statement handle. Threads: as its Connection, which must outlive it; Cancel from any thread.
class Statement {
 public:
  static Result<Statement> Create(Connection& connection);
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  /// Seconds after which a statement is given up with kUnavailable; 0 = never. Drivers that know no
  /// such thing ignore it.
  void SetTimeout(int seconds);
  /// Runs `sql` and leaves its result open.
  Status Execute(std::string_view sql);
  /// Compiles `sql` for RunPrepared.
  Status Prepare(std::string_view sql);
  Status RunPrepared();
  /// Columns of the open result; empty for a statement without one.
  Result<std::vector<ColumnDescription>> Describe();
  /// True: a row is there. For small results; odbc/block_fetch.h is for large ones.
  Result<bool> Fetch();
  /// A cell of the current row as text of any length, nullopt for NULL. Columns count from 1, in
  /// rising order.
  Result<std::optional<std::string>> Text(int column);
  /// Rows inserted, updated or deleted; -1 when the driver does not know.
  std::int64_t affected_rows() const;
  /// Closes the result; the statement can be run again.
  void Close();
  /// Asks the server to stop what runs here; the running call then returns kCancelled (kUnavailable
  /// with some drivers).
  void Cancel();
  /// The ODBC handle (SQLHSTMT).
  void* handle() const { return stmt_; }
  const DialectTraits& traits() const { return *traits_; }
  /// To be marked around calls of the driver that may wait for the server.
  RunningCall& running_call() const { return *running_; }

 private:
  Statement(void* stmt, const Connection& connection)
      : stmt_(stmt), traits_(&connection.traits()), running_(connection.running_call()) {}
  void* stmt_ = nullptr;
  const DialectTraits* traits_ = nullptr;
  std::shared_ptr<RunningCall> running_;
};

/// Type of a parameter of a BulkInsert.
enum class ParameterType : std::uint8_t { kInteger, kReal, kText, kTime, kBit };

/// Inserts rows in arrays: one prepared statement, `rows_per_block` rows a call. Set every
/// parameter of a row, then EndRow; a parameter that was not set is NULL. Call Flush at the end.
/// Begin and Commit are the caller's.
class BulkInsert {
 public:
  /// `sql`: "INSERT INTO t (a, b) VALUES (?, ?)", one type for each '?'.
  static Result<BulkInsert> Prepare(Connection& connection, std::string_view sql,
                                    std::span<const ParameterType> types,
                                    std::size_t rows_per_block = 1000);
  BulkInsert(BulkInsert&&) noexcept;
  BulkInsert& operator=(BulkInsert&&) noexcept;
  ~BulkInsert();

  /// Parameters count from 0. Integers also serve kBit.
  void SetInt(std::size_t parameter, std::int64_t value);
  void SetReal(std::size_t parameter, double value);
  void SetText(std::size_t parameter, std::string_view value);
  void SetTime(std::size_t parameter, UtcTime value);
  /// Errors: as ErrorFrom; rows of the failed block may be partly inserted unless a transaction is
  /// open.
  Status EndRow();
  Status Flush();

 private:
  struct State;
  explicit BulkInsert(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The newest diagnostic of an ODBC handle as our Error. `handle_type` is SQL_HANDLE_DBC or
/// SQL_HANDLE_STMT. By SQLSTATE: 28000 kUnauthenticated; 08xxx, HYT00, HYT01, 57P0x kUnavailable;
/// 42S02, 42S22, 3D000 kNotFound; 42501 kPermissionDenied; 57014, HY008 kCancelled; 40xxx, 23xxx
/// kConflict; 53100 kDiskFull; 53xxx kResourceExhausted; IM002, IM003 kFailedPrecondition; 42xxx,
/// 22xxx, 07xxx kInvalidArgument; else kInternal. Where drivers report everything as HY000 or
/// 08001, the server's message decides.
Error ErrorFrom(int handle_type, void* handle, std::string_view what,
                std::string_view password = {});

}  // namespace cqd::odbc
