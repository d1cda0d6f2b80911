#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>

#include "odbc/block_fetch.h"
#include "odbc/connection.h"
#include "odbc/internal/utf16.h"
#include "odbc/statement.h"
#include "support/postgres_server.h"

namespace cqd::odbc {
namespace {

using support::PostgresServer;
using support::SharedPostgres;

UtcTime T(std::string_view text) {
  return *ParseTime(text);
}

TEST(ConnectionString, OptionsAreAddedOnlyWhenMissing) {
  EXPECT_EQ(WithOptions("DSN=a;fetch=5", "UseDeclareFetch=1;Fetch=10000"),
            "DSN=a;fetch=5;UseDeclareFetch=1;");
  EXPECT_EQ(WithOptions("DRIVER={x;Fetch=1}", "Fetch=2"), "DRIVER={x;Fetch=1};Fetch=2;");
  EXPECT_EQ(WithOptions("", "A=1"), "A=1;");
}

TEST(ConnectionString, KeywordsAreFoundWithTheirBracesRemoved) {
  EXPECT_EQ(ConnectionKeyword("driver={PostgreSQL Unicode};UID=x", "DRIVER"), "PostgreSQL Unicode");
  EXPECT_EQ(ConnectionKeyword("PWD={a}};b};UID=x", "pwd"), "a};b");
  EXPECT_EQ(ConnectionKeyword("PWD={a}};b};UID=x", "UID"), "x");
  EXPECT_EQ(ConnectionKeyword("PWD={never closed", "PWD"), "{never closed");
  EXPECT_EQ(ConnectionKeyword(";;=;x", "y"), "");
}

TEST(ConnectionString, SecretsNeverShow) {
  EXPECT_EQ(RedactSecrets("SERVER=a;PWD=hunter2;UID=b"), "SERVER=a;PWD=***;UID=b");
  EXPECT_EQ(RedactSecrets("cannot use password={hun;ter2}"), "cannot use password=***");
  EXPECT_EQ(RedactSecrets("login with hunter2 failed, hunter2!", "hunter2"),
            "login with *** failed, ***!");
  EXPECT_EQ(RedactSecrets("nothing here"), "nothing here");
}

TEST(Dialects, LiteralsAndNamesAreQuoted) {
  const UtcTime time = T("2015-03-01T10:28:29.120500Z");
  EXPECT_EQ(TimeLiteral(TraitsOf(Dialect::kSqlServer), time), "'2015-03-01T10:28:29.12'");
  EXPECT_EQ(TimeLiteral(TraitsOf(Dialect::kPostgreSql), time),
            "TIMESTAMP '2015-03-01 10:28:29.1205'");
  EXPECT_EQ(TimeLiteral(TraitsOf(Dialect::kSqlite), T("2015-03-01T10:00:00Z"), 'T'),
            "'2015-03-01T10:00:00'");
  EXPECT_EQ(QuoteName(TraitsOf(Dialect::kSqlServer), "a]b"), "[a]]b]");
  EXPECT_EQ(QuoteName(TraitsOf(Dialect::kSqlite), "a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(SelectFirst(TraitsOf(Dialect::kSqlServer), 2, "x FROM t"), "SELECT TOP 2 x FROM t");
  EXPECT_EQ(SelectFirst(TraitsOf(Dialect::kSqlite), 2, "x FROM t"), "SELECT x FROM t LIMIT 2");
}

TEST(Dialects, AreKnownByServerAndDriverNames) {
  EXPECT_EQ(DetectDialect("Microsoft SQL Server"), Dialect::kSqlServer);
  EXPECT_EQ(DetectDialect("ODBC Driver 18 for SQL Server"), Dialect::kSqlServer);
  EXPECT_EQ(DetectDialect("libtdsodbc.so"), Dialect::kSqlServer);
  EXPECT_EQ(DetectDialect("psqlodbcw.so"), Dialect::kPostgreSql);
  EXPECT_EQ(DetectDialect("SQLite3"), Dialect::kSqlite);
  EXPECT_EQ(DetectDialect("MariaDB"), Dialect::kOther);
}

TEST(Utf16, BecomesUtf8AndLoneSurrogatesAreReplaced) {
  const char16_t text[] = {u'a', u'\u00e9', u'\u20ac', 0xD83D, 0xDE00, 0xD800, u'b'};
  std::string utf8;
  internal::AppendUtf16({reinterpret_cast<const char*>(text), sizeof text}, utf8);
  EXPECT_EQ(utf8, "a\u00e9\u20ac\U0001F600\uFFFDb");
}

TEST(Connect, SaysWhatIsWrong) {
  const auto code_of = [](ConnectOptions options) {
    auto connection = Connection::Open(options);
    return connection.ok() ? std::string("connected")
                           : std::string(ErrorCodeName(connection.error().code));
  };
  EXPECT_EQ(code_of({.connection_string = " "}), "invalid_argument");
  EXPECT_EQ(code_of({.connection_string = "DRIVER={No Such Driver}"}), "failed_precondition");
  EXPECT_EQ(code_of({.connection_string = "DSN=no_such_name_here"}), "failed_precondition");
  EXPECT_EQ(code_of({.connection_string =
                         "DRIVER={PostgreSQL Unicode};SERVER=127.0.0.1;PORT=1;DATABASE=a;UID=b",
                     .password = "x"}),
            "unavailable");
  const std::string good = SharedPostgres().ConnectionString();
  EXPECT_EQ(code_of({.connection_string = good, .password = PostgresServer::password()}),
            "connected");
  EXPECT_EQ(code_of({.connection_string = SharedPostgres().ConnectionString("nowhere"),
                     .password = PostgresServer::password()}),
            "not_found");
  auto wrong = Connection::Open({.connection_string = good + ";PWD={wrong-secret}"});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kUnauthenticated);
  EXPECT_THAT(wrong.error().ToString(), testing::Not(testing::HasSubstr("wrong-secret")));
}

/// The same promises on every database.
class EveryDatabase : public testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-odbc-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    if (GetParam() == Dialect::kPostgreSql) {
      options_ = {
          .connection_string = SharedPostgres().ConnectionString(SharedPostgres().CreateDatabase()),
          .password = PostgresServer::password()};
    } else {
      options_ = {.connection_string =
                      "DRIVER={SQLite3};Database=" + (folder_ / "a.sqlite").string()};
    }
    options_.read_only = false;
    auto connection = Connection::Open(options_);
    ASSERT_TRUE(connection.ok()) << connection.error().ToString();
    connection_ = std::make_unique<Connection>(*std::move(connection));
  }
  void TearDown() override {
    connection_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Execute(std::string_view sql) {
    const Status status = connection_->Execute(sql);
    ASSERT_TRUE(status.ok()) << status.error().ToString();
  }
  void MakeTable() {
    Execute(
        "CREATE TABLE t (id bigint NOT NULL PRIMARY KEY, small smallint, loss numeric(5,4), mos "
        "DECIMAL(3,2), "
        "level double precision, at timestamp, flag boolean, name varchar(450))");
  }
  Result<BulkInsert> Inserter(std::size_t rows_per_block) {
    static constexpr ParameterType kTypes[] = {ParameterType::kInteger, ParameterType::kInteger,
                                               ParameterType::kReal,    ParameterType::kReal,
                                               ParameterType::kReal,    ParameterType::kTime,
                                               ParameterType::kInteger, ParameterType::kText};
    auto types = std::vector<ParameterType>(std::begin(kTypes), std::end(kTypes));
    types[6] = ParameterType::kBit;
    return BulkInsert::Prepare(*connection_, "INSERT INTO t VALUES (?,?,?,?,?,?,?,?)", types,
                               rows_per_block);
  }
  Result<BlockReader> Reader(const FetchOptions& options = {}) {
    static constexpr FetchType kTypes[] = {
        FetchType::kInteger, FetchType::kInteger, FetchType::kReal,    FetchType::kReal,
        FetchType::kReal,    FetchType::kTime,    FetchType::kInteger, FetchType::kText};
    return BlockReader::Create(*connection_, kTypes, options);
  }

  std::filesystem::path folder_;
  ConnectOptions options_;
  std::unique_ptr<Connection> connection_;
};

TEST_P(EveryDatabase, KnowsItsDialect) {
  EXPECT_EQ(connection_->dialect(), GetParam());
  EXPECT_TRUE(connection_->alive());
}

// Promise: what BulkInsert writes, BlockReader reads, in blocks of any size, NULLs included.
TEST_P(EveryDatabase, RowsComeBackAsTheyWereInserted) {
  MakeTable();
  constexpr std::int64_t kRows = 2503;
  const UtcTime start = T("2015-03-01T00:00:00Z");
  ASSERT_TRUE(connection_->Begin().ok());
  {
    auto insert = Inserter(100);
    ASSERT_TRUE(insert.ok()) << insert.error().ToString();
    for (std::int64_t i = 0; i < kRows; ++i) {
      insert->SetInt(0, i);
      if (i % 7 != 0) {
        insert->SetInt(1, i % 1000 - 500);
        insert->SetReal(2, static_cast<double>(i % 100) / 10000);
        insert->SetReal(3, 1.25);
        insert->SetReal(4, static_cast<double>(i) / 3);
        insert->SetTime(5, start + Duration(i * 1'234'000));
        insert->SetInt(6, i % 2);
        insert->SetText(7, "name \u00e9 " + std::to_string(i));
      }
      const Status status = insert->EndRow();
      ASSERT_TRUE(status.ok()) << status.error().ToString();
    }
    const Status flushed = insert->Flush();
    ASSERT_TRUE(flushed.ok()) << flushed.error().ToString();
  }
  ASSERT_TRUE(connection_->Commit().ok());

  auto reader = Reader();
  ASSERT_TRUE(reader.ok());
  for (int round = 0; round < 2; ++round) {
    const Status ran = reader->Run("SELECT * FROM t ORDER BY id");
    ASSERT_TRUE(ran.ok()) << ran.error().ToString();
    std::int64_t i = 0;
    for (;;) {
      auto rows = reader->Next();
      ASSERT_TRUE(rows.ok()) << rows.error().ToString();
      if (*rows == 0) break;
      for (std::size_t row = 0; row < *rows; ++row, ++i) {
        ASSERT_EQ(reader->Int(0, row), i);
        for (std::size_t column = 1; column < 8; ++column)
          ASSERT_EQ(reader->IsNull(column, row), i % 7 == 0);
        if (i % 7 == 0) continue;
        EXPECT_EQ(reader->Int(1, row), i % 1000 - 500);
        EXPECT_DOUBLE_EQ(reader->Real(2, row), static_cast<double>(i % 100) / 10000);
        EXPECT_DOUBLE_EQ(reader->Real(3, row), 1.25);
        EXPECT_NEAR(reader->Real(4, row), static_cast<double>(i) / 3, 1e-9);
        EXPECT_EQ(reader->Time(5, row), start + Duration(i * 1'234'000));
        EXPECT_EQ(reader->Int(6, row), i % 2);
        EXPECT_EQ(reader->Text(7, row), "name \u00e9 " + std::to_string(i));
      }
    }
    EXPECT_EQ(i, kRows);
  }
  EXPECT_EQ(reader->unreadable_cells(), 0);
}

// Promise: numbers beyond 32 bits arrive whole (a driver would wrap them in silence).
TEST_P(EveryDatabase, LargeIntegersAreWhole) {
  MakeTable();
  Execute("INSERT INTO t (id) VALUES (9007199254740993), (3000000000), (-9223372036854775807)");
  auto reader = Reader();
  ASSERT_TRUE(reader->Run("SELECT * FROM t ORDER BY id DESC").ok());
  ASSERT_EQ(*reader->Next(), 3U);
  EXPECT_EQ(reader->Int(0, 0), 9007199254740993);
  EXPECT_EQ(reader->Int(0, 1), 3000000000);
  EXPECT_EQ(reader->Int(0, 2), -9223372036854775807);
}

// Promise: a text longer than the buffer is read again in full; nothing is cut, doubled or lost.
TEST_P(EveryDatabase, LongTextsAreReadWhole) {
  Execute("CREATE TABLE x (id integer, body text)");
  {
    static constexpr ParameterType kTypes[] = {ParameterType::kInteger, ParameterType::kText};
    auto insert = BulkInsert::Prepare(*connection_, "INSERT INTO x VALUES (?,?)", kTypes);
    ASSERT_TRUE(insert.ok()) << insert.error().ToString();
    for (int i = 0; i < 2500; ++i) {
      insert->SetInt(0, i);
      insert->SetText(1, std::string(i == 2100 ? 20000 : i % 40, 'x'));
      ASSERT_TRUE(insert->EndRow().ok());
    }
    ASSERT_TRUE(insert->Flush().ok());
  }
  static constexpr FetchType kTypes[] = {FetchType::kInteger, FetchType::kText};
  auto reader =
      BlockReader::Create(*connection_, kTypes, {.rows_per_block = 1000, .text_bytes = 64});
  ASSERT_TRUE(reader->Run("SELECT id, body FROM x ORDER BY id").ok());
  int i = 0;
  for (;;) {
    auto rows = reader->Next();
    ASSERT_TRUE(rows.ok()) << rows.error().ToString();
    if (*rows == 0) break;
    for (std::size_t row = 0; row < *rows; ++row, ++i) {
      ASSERT_EQ(reader->Int(0, row), i);
      EXPECT_EQ(reader->Text(1, row).size(), static_cast<std::size_t>(i == 2100 ? 20000 : i % 40));
    }
  }
  EXPECT_EQ(i, 2500);
  EXPECT_EQ(reader->cut_texts(), 0);
}

// Promise: a value that is not what was asked for is null and counted, never 0 or today's date.
TEST_P(EveryDatabase, UnreadableCellsAreNullAndCounted) {
  Execute("CREATE TABLE y (id integer, number varchar(20), at varchar(40))");
  Execute(
      "INSERT INTO y VALUES (1, 'abc', 'yesterday'), (2, '12', '2015-03-01T10:28:29+02:00'), (3, "
      "'3.6', NULL)");
  static constexpr FetchType kTypes[] = {FetchType::kInteger, FetchType::kInteger, FetchType::kTime,
                                         FetchType::kReal};
  auto reader = BlockReader::Create(*connection_, kTypes);
  ASSERT_TRUE(reader->Run("SELECT id, number, at, number FROM y ORDER BY id").ok());
  ASSERT_EQ(*reader->Next(), 3U);
  for (const std::size_t column : {1U, 2U, 3U}) EXPECT_TRUE(reader->IsNull(column, 0));
  EXPECT_EQ(reader->Int(1, 1), 12);
  EXPECT_EQ(reader->Time(2, 1), T("2015-03-01T08:28:29Z"));
  EXPECT_EQ(reader->Int(1, 2), 4);
  EXPECT_DOUBLE_EQ(reader->Real(3, 2), 3.6);
  EXPECT_EQ(reader->unreadable_cells(), 3);
}

TEST_P(EveryDatabase, ErrorsHaveTheirCodes) {
  MakeTable();
  EXPECT_EQ(connection_->Execute("SELECT * FROM nowhere").error().code, ErrorCode::kNotFound);
  const Status no_column = connection_->Execute("SELECT missing_column FROM t");
  EXPECT_EQ(no_column.error().code, ErrorCode::kNotFound) << no_column.error().ToString();
  EXPECT_EQ(connection_->Execute("SELEKT 1").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(connection_->Execute("CREATE TABLE t (a integer)").error().code,
            ErrorCode::kAlreadyExists);
  Execute("INSERT INTO t (id) VALUES (1)");
  EXPECT_EQ(connection_->Execute("INSERT INTO t (id) VALUES (1)").error().code,
            ErrorCode::kConflict);
  static constexpr FetchType kOne[] = {FetchType::kInteger};
  auto reader = BlockReader::Create(*connection_, kOne);
  EXPECT_EQ(reader->Run("SELECT id, small FROM t").error().code, ErrorCode::kInvalidArgument);
}

TEST_P(EveryDatabase, AReadOnlyConnectionCannotWrite) {
  MakeTable();
  options_.read_only = true;
  auto reader = Connection::Open(options_);
  ASSERT_TRUE(reader.ok()) << reader.error().ToString();
  EXPECT_EQ(reader->Execute("INSERT INTO t (id) VALUES (1)").error().code,
            ErrorCode::kPermissionDenied);
}

TEST_P(EveryDatabase, RolledBackRowsAreGone) {
  MakeTable();
  ASSERT_TRUE(connection_->Begin().ok());
  Execute("INSERT INTO t (id) VALUES (1)");
  ASSERT_TRUE(connection_->Rollback().ok());
  auto statement = Statement::Create(*connection_);
  ASSERT_TRUE(statement->Execute("SELECT count(*) FROM t").ok());
  ASSERT_TRUE(*statement->Fetch());
  EXPECT_EQ(**statement->Text(1), "0");
}

TEST_P(EveryDatabase, TablesAndColumnsAreDescribed) {
  MakeTable();
  auto tables = connection_->Tables();
  ASSERT_TRUE(tables.ok());
  ASSERT_EQ(tables->size(), 1U);
  EXPECT_EQ(tables->front().name, "t");
  auto statement = Statement::Create(*connection_);
  ASSERT_TRUE(statement->Execute("SELECT * FROM t WHERE 1=0").ok());
  auto columns = statement->Describe();
  ASSERT_TRUE(columns.ok());
  ASSERT_EQ(columns->size(), 8U);
  EXPECT_EQ((*columns)[0].name, "id");
  EXPECT_EQ((*columns)[0].kind, ColumnKind::kInteger);
  EXPECT_EQ((*columns)[5].kind, ColumnKind::kTime);
  EXPECT_EQ((*columns)[6].kind, ColumnKind::kBit);
}

INSTANTIATE_TEST_SUITE_P(Odbc, EveryDatabase,
                         testing::Values(Dialect::kPostgreSql, Dialect::kSqlite),
                         [](const auto& param) {
                           return param.param == Dialect::kSqlite ? std::string("Sqlite")
                                                                  : std::string("PostgreSql");
                         });

TEST(Postgres, ALostServerIsUnavailable) {
  PostgresServer server;
  auto connection = Connection::Open(
      {.connection_string = server.ConnectionString(), .password = PostgresServer::password()});
  ASSERT_TRUE(connection.ok()) << connection.error().ToString();
  server.Kill();
  const Status lost = connection->Execute("SELECT 1");
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, ErrorCode::kUnavailable) << lost.error().ToString();
}

TEST(Postgres, ATimeoutEndsAStatement) {
  auto connection = Connection::Open({.connection_string = SharedPostgres().ConnectionString(),
                                      .password = PostgresServer::password()});
  auto statement = Statement::Create(*connection);
  statement->SetTimeout(1);
  const Status status = statement->Execute("SELECT pg_sleep(60)");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().code, testing::AnyOf(ErrorCode::kCancelled, ErrorCode::kUnavailable))
      << status.error().ToString();
}

TEST(Postgres, NoTransactionStaysOpenBetweenReads) {
  const ConnectOptions options = {.connection_string = SharedPostgres().ConnectionString(),
                                  .password = PostgresServer::password()};
  auto reading = Connection::Open(options);
  static constexpr FetchType kOne[] = {FetchType::kInteger};
  auto reader = BlockReader::Create(*reading, kOne);
  ASSERT_TRUE(reader->Run("SELECT generate_series(1, 25000)").ok());
  while (*reader->Next() != 0) {
  }
  auto watching = Connection::Open(options);
  auto statement = Statement::Create(*watching);
  ASSERT_TRUE(
      statement
          ->Execute("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")
          .ok());
  ASSERT_TRUE(*statement->Fetch());
  EXPECT_EQ(**statement->Text(1), "0");
}

TEST(Sqlite, AMissingFileIsNotMadeByReading) {
  const auto path = std::filesystem::temp_directory_path() / "cqd-odbc-not-there.sqlite";
  auto connection =
      Connection::Open({.connection_string = "DRIVER={SQLite3};Database=" + path.string()});
  EXPECT_FALSE(connection.ok());
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace cqd::odbc
