#include "sqlite/database.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sqlite/internal/test_folder.h"

namespace cqd::sqlite {
namespace {

class SqliteTest : public FolderTest {};

TEST_F(SqliteTest, ValuesComeBackAsTheyWereBound) {
  Database db = *Database::Open(Path("a.sqlite"));
  ASSERT_TRUE(db.Execute("CREATE TABLE t(i INTEGER, d REAL, s TEXT, b BLOB)").ok());
  Statement insert = *db.Prepare("INSERT INTO t VALUES(?,?,?,?)");
  insert.BindInt(1, INT64_MIN + 1)
      .BindDouble(2, 0.1)
      .BindText(3, "")
      .BindBlob(4, std::string_view("a\0b", 3));
  ASSERT_TRUE(insert.Run().ok());
  insert.BindNull(1).BindText(3, "h\xC3\xA9");
  ASSERT_TRUE(insert.Run().ok());
  Statement select = *db.Prepare("SELECT i, d, s, b FROM t ORDER BY rowid");
  ASSERT_TRUE(*select.Step());
  EXPECT_EQ(select.Int(0), INT64_MIN + 1);
  EXPECT_EQ(select.Double(1), 0.1);
  EXPECT_FALSE(select.IsNull(2));
  EXPECT_EQ(select.Blob(3), std::string_view("a\0b", 3));
  ASSERT_TRUE(*select.Step());
  EXPECT_TRUE(select.IsNull(0));
  EXPECT_TRUE(select.IsNull(3)) << "Run clears the bindings";
  EXPECT_EQ(select.Text(2), "h\xC3\xA9");
  EXPECT_FALSE(*select.Step());
}

TEST_F(SqliteTest, AnUncommittedTransactionLeavesNothing) {
  Database db = *Database::Open(Path("a.sqlite"));
  ASSERT_TRUE(db.Execute("CREATE TABLE t(i INTEGER PRIMARY KEY)").ok());
  {
    Transaction transaction = *Transaction::Begin(db);
    ASSERT_TRUE(db.Execute("INSERT INTO t VALUES(1)").ok());
  }
  EXPECT_EQ(*db.QueryInt("SELECT count(*) FROM t"), 0);
  Transaction transaction = *Transaction::Begin(db);
  ASSERT_TRUE(db.Execute("INSERT INTO t VALUES(1)").ok());
  ASSERT_TRUE(transaction.Commit().ok());
  EXPECT_EQ(db.Execute("INSERT INTO t VALUES(1)").error().code, ErrorCode::kConflict);
  EXPECT_EQ(*db.QueryInt("SELECT count(*) FROM t"), 1);
}

TEST_F(SqliteTest, ErrorsSayWhatToDo) {
  EXPECT_EQ(Database::Open(Path("none.sqlite"), {.mode = OpenMode::kReadOnly}).error().code,
            ErrorCode::kNotFound);
  std::ofstream(Path("text.sqlite")) << std::string(8192, 'x');
  EXPECT_EQ(Database::Open(Path("text.sqlite")).error().code, ErrorCode::kCorruption);
  Database db = *Database::Open(Path("a.sqlite"));
  EXPECT_EQ(db.Prepare("SELEKT 1").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(db.Prepare("").error().code, ErrorCode::kInvalidArgument);
  Database other = *Database::Open(Path("a.sqlite"), {.busy_timeout_ms = 1});
  Transaction transaction = *Transaction::Begin(db);
  EXPECT_EQ(Transaction::Begin(other).error().code, ErrorCode::kUnavailable);
}

TEST_F(SqliteTest, MigrationsRunOnceAndRefuseTheFuture) {
  const Migration steps[] = {{1, "CREATE TABLE a(i)"}, {2, "CREATE TABLE b(i)"}};
  {
    Database db = *Database::Open(Path("a.sqlite"));
    ASSERT_TRUE(Migrate(db, std::span(steps, 1), "archive").ok());
    ASSERT_TRUE(Migrate(db, steps, "archive").ok());
    ASSERT_TRUE(Migrate(db, steps, "archive").ok());
    EXPECT_EQ(*db.QueryInt("PRAGMA user_version"), 2);
  }
  Database db = *Database::Open(Path("a.sqlite"));
  EXPECT_EQ(Migrate(db, std::span(steps, 1), "archive").error().code, ErrorCode::kUnimplemented);
  const Migration broken[] = {{1, ""}, {2, ""}, {3, "CREATE TABLE c(i); CREATE TABLE c(i)"}};
  EXPECT_FALSE(Migrate(db, broken, "archive").ok());
  EXPECT_EQ(*db.QueryInt("SELECT count(*) FROM sqlite_master WHERE name='c'"), 0)
      << "a step is all or nothing";
}

}  // namespace
}  // namespace cqd::sqlite
