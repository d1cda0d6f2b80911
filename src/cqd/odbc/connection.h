// One connection to a database over unixODBC.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "odbc/dialect.h"

namespace cqd::odbc {

/// How to connect. Times in seconds.
struct ConnectOptions {
  /// ODBC connection string: "DRIVER={PostgreSQL Unicode};SERVER=...;DATABASE=...;UID=..." or
  /// "DSN=...". Driver options of the dialect's table that it does not name are added.
  std::string connection_string;
  /// Added as PWD when not empty; never appears in an error.
  std::string password = {};
  /// 1 to 600; larger: a dead server is noticed later.
  int login_timeout_s = 15;
  /// Prepares the session for reading only, where the database knows such a thing.
  bool read_only = true;
};

/// A table or view as the database's catalogue lists it.
struct TableName {
  std::string schema;  ///< empty where the database has none
  std::string name;
};

/// Which statement of a connection a driver works on now, so that another thread can stop it.
class RunningCall {
 public:
  /// Marks `statement` as running as long as it lives.
  class Scope {
   public:
    Scope(RunningCall& call, void* statement);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    RunningCall& call_;
  };
  /// Asks the server to stop what runs, if anything does. Threads: any. A request that comes just
  /// before the call begins is lost: repeat it until the work has ended.
  void Cancel();

 private:
  std::mutex mutex_;
  void* statement_ = nullptr;
};

/// One connection. Threads: one at a time, running_call from any; each thread its own. Closing is
/// by destruction (an open transaction is rolled back). Autocommit is on unless Begin was called.
class Connection {
 public:
  /// Errors: kUnauthenticated (user or password), kUnavailable (not reachable, login timeout),
  /// kNotFound (no such database or file), kFailedPrecondition (no such driver or data source
  /// name), kInvalidArgument (connection string).
  static Result<Connection> Open(const ConnectOptions& options);
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  const DialectTraits& traits() const { return *traits_; }
  Dialect dialect() const { return traits_->dialect; }
  /// Server product and version as it names itself ("PostgreSQL 15.0.1").
  const std::string& server_name() const { return server_name_; }

  /// Runs one statement; rows are dropped. Never with text from outside.
  /// Errors: see ErrorFrom in odbc/statement.h.
  Status Execute(std::string_view sql);

  Status Begin();
  Status Commit();
  Status Rollback();

  /// All tables and views that are not the system's own.
  Result<std::vector<TableName>> Tables();

  /// False once the driver knows that the connection is gone.
  bool alive() const;
  /// The ODBC handle (SQLHDBC).
  void* handle() const { return dbc_; }
  /// Stops from another thread what runs here; stays valid as long as somebody holds it.
  const std::shared_ptr<RunningCall>& running_call() const { return running_; }

 private:
  explicit Connection(void* dbc) : dbc_(dbc), running_(std::make_shared<RunningCall>()) {}
  Status Connect(const std::string& connection_string, const ConnectOptions& options);
  Status EndTransaction(bool commit);
  void* dbc_ = nullptr;
  const DialectTraits* traits_ = &TraitsOf(Dialect::kOther);
  std::string server_name_;
  std::shared_ptr<RunningCall> running_;
};

/// `text` with the values of PWD and Password keywords replaced by "***", and every occurrence of
/// `password`.
std::string RedactSecrets(std::string_view text, std::string_view password = {});

/// The value of a keyword in a connection string ("DRIVER" gives "PostgreSQL Unicode"), braces
/// removed; empty when it is not there. Case of the keyword is ignored.
std::string ConnectionKeyword(std::string_view connection_string, std::string_view keyword);

/// `connection_string` with each "Key=Value" of `options` whose key it does not have.
std::string WithOptions(std::string_view connection_string, std::string_view options);

}  // namespace cqd::odbc
