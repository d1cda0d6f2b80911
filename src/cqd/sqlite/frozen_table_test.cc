#include "sqlite/frozen_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "sqlite/internal/test_folder.h"

namespace cqd::sqlite {
namespace {

using Rows = std::map<std::int64_t, std::vector<std::int64_t>>;

/// What SQLite says the table holds.
Rows BySelect(Database& database, std::int64_t after, std::int64_t up_to) {
  Statement select = *database.Prepare("SELECT rowid, * FROM t WHERE rowid > ? AND rowid <= ?");
  select.BindInt(1, after).BindInt(2, up_to);
  Rows rows;
  while (*select.Step()) {
    std::vector<std::int64_t>& row = rows[select.Int(0)];
    for (int i = 1; i < select.column_count(); ++i) {
      row.push_back(select.IsNull(i) ? FrozenTable::kNull : select.Int(i));
    }
  }
  return rows;
}

struct Outcome {
  Rows rows;
  std::int64_t done = 0;
};
Outcome ByPages(FrozenTable& table, std::int64_t after, std::int64_t up_to) {
  Outcome outcome;
  std::int64_t last = after;
  outcome.done =
      *table.Read(after, up_to, [&](std::int64_t id, std::span<const std::int64_t> values) {
        EXPECT_GT(id, last);
        EXPECT_LE(id, up_to);
        last = id;
        outcome.rows[id].assign(values.begin(), values.end());
        return OkStatus();
      });
  return outcome;
}

/// Integers of every stored width, often null.
std::int64_t AnyInteger(std::mt19937_64& random) {
  const auto bits = random() % 65;
  const auto value = static_cast<std::int64_t>(bits == 0 ? 0 : random() >> (64 - bits));
  return random() % 2 == 0 ? value : -value;
}

void Insert(Database& writer, int columns, std::int64_t row_id, std::mt19937_64& random) {
  std::string sql = "INSERT INTO t VALUES(?";
  for (int i = 1; i < columns; ++i) sql += ",?";
  Statement insert = *writer.Prepare(sql + ")");
  insert.BindInt(1, row_id);
  for (int i = 1; i < columns; ++i) {
    if (random() % 3 == 0) continue;
    insert.BindInt(i + 1, std::max(AnyInteger(random), FrozenTable::kNull + 1));
  }
  ASSERT_TRUE(insert.Run().ok());
}

std::string CreateTable(int columns) {
  std::string sql = "CREATE TABLE t(id INTEGER PRIMARY KEY";
  for (int i = 1; i < columns; ++i) sql += fmt::format(", c{} INTEGER", i);
  return sql + ")";
}

class FrozenTableTest : public FolderTest {
 protected:
  std::string Path() const { return FolderTest::Path(fmt::format("{}.sqlite", file_)); }

  Database Writer(int page_bytes = 4096) {
    return *Database::Open(Path(), {.page_size_bytes = page_bytes});
  }
  static void Fold(Database& writer) {
    ASSERT_TRUE(writer.Execute("PRAGMA wal_checkpoint(TRUNCATE)").ok());
  }
  /// A reader in a transaction of its own.
  Database Reader() {
    Database reader = *Database::Open(Path(), {.mode = OpenMode::kReadOnly});
    EXPECT_TRUE(reader.Execute("BEGIN").ok());
    return reader;
  }
  /// Rows 1 to `rows` of a table t, folded.
  Database Filled(int columns, int rows) {
    Database writer = Writer();
    EXPECT_TRUE(writer.Execute(CreateTable(columns)).ok());
    for (int id = 1; id <= rows; ++id) Insert(writer, columns, id, random_);
    Fold(writer);
    return writer;
  }

  std::mt19937_64 random_{1};
  int file_ = 0;
};

TEST_F(FrozenTableTest, ReadsWhatSqliteReads) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (const int page_bytes : {512, 4096, 16'384, 65'536}) {
    SCOPED_TRACE(testing::Message() << page_bytes << " bytes a page");
    ++file_;
    Database writer = Writer(page_bytes);
    // Of 512 bytes a page may hold 477 of a row; more columns than 127 make a longer head.
    const int columns = page_bytes == 512 ? 30 : 2 + static_cast<int>(random() % 250);
    ASSERT_TRUE(writer.Execute(CreateTable(columns)).ok());
    ASSERT_TRUE(writer.Execute("BEGIN").ok());
    std::int64_t row_id = -static_cast<std::int64_t>(random() % 1000);
    for (int n = 0; n < 3000; ++n) {
      row_id += 1 + static_cast<std::int64_t>(random() % (n % 100 == 0 ? 1'000'000'000 : 3));
      Insert(writer, columns, row_id, random);
    }
    ASSERT_TRUE(writer.Execute("DELETE FROM t WHERE id % 5 = 0").ok());
    // Rows of before have fewer values than the table has columns.
    ASSERT_TRUE(writer.Execute("ALTER TABLE t ADD COLUMN later INTEGER").ok());
    Insert(writer, columns + 1, ++row_id, random);
    ASSERT_TRUE(writer.Execute("COMMIT").ok());
    Fold(writer);
    Database reader = Reader();
    auto table = *FrozenTable::Open(reader, "t");
    ASSERT_TRUE(table.has_value());
    EXPECT_EQ(table->columns().size(), static_cast<std::size_t>(columns) + 1);
    EXPECT_EQ(table->columns().back(), "later");
    const Rows all = BySelect(reader, INT64_MIN, INT64_MAX);
    ASSERT_GT(all.size(), 2000u);
    const Outcome whole = ByPages(*table, INT64_MIN, INT64_MAX);
    EXPECT_EQ(whole.done, INT64_MAX);
    EXPECT_TRUE(whole.rows == all);
    for (int n = 0; n < 20; ++n) {
      auto some = [&] {
        auto at = all.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(random() % all.size()));
        return at->first + static_cast<std::int64_t>(random() % 3) - 1;
      };
      const std::int64_t after = some(), up_to = some();
      const Outcome part = ByPages(*table, after, up_to);
      EXPECT_EQ(part.done, up_to);
      EXPECT_TRUE(part.rows == BySelect(reader, after, up_to)) << after << " to " << up_to;
    }
  }
}

TEST_F(FrozenTableTest, StandsStillWhileOthersWrite) {
  Database writer = Filled(20, 2000);
  Database reader = Reader();
  auto table = *FrozenTable::Open(reader, "t");
  ASSERT_TRUE(table.has_value());
  const Rows before = BySelect(reader, 0, INT64_MAX);
  Rows seen;
  const auto done =
      table->Read(0, INT64_MAX, [&](std::int64_t id, std::span<const std::int64_t> values) {
        seen[id].assign(values.begin(), values.end());
        if (id % 100 != 0) return OkStatus();
        // Everything is written anew, and a checkpoint is tried.
        EXPECT_TRUE(writer.Execute("DELETE FROM t WHERE id > 500").ok());
        EXPECT_TRUE(writer.Execute("UPDATE t SET c1 = c1 + 1").ok());
        Insert(writer, 20, 10'000 + id, random_);
        (void)writer.Execute("PRAGMA wal_checkpoint(PASSIVE)").ok();
        return OkStatus();
      });
  EXPECT_EQ(*done, INT64_MAX);
  EXPECT_TRUE(seen == before);
  EXPECT_FALSE(BySelect(writer, 0, INT64_MAX) == before);
  // Whoever begins now finds a log, and has to ask SQLite.
  Database later = Reader();
  EXPECT_FALSE(FrozenTable::Open(later, "t")->has_value());
}

TEST_F(FrozenTableTest, LeavesToSqliteWhatIsNoInteger) {
  for (const char* odd : {"1.5", "'text'", "x'00'", "zeroblob(5000)"}) {
    SCOPED_TRACE(odd);
    ++file_;
    Database writer = Filled(3, 50);
    ASSERT_TRUE(writer.Execute(fmt::format("UPDATE t SET c2 = {} WHERE id = 20", odd)).ok());
    Fold(writer);
    Database reader = Reader();
    auto table = *FrozenTable::Open(reader, "t");
    ASSERT_TRUE(table.has_value());
    const Outcome outcome = ByPages(*table, 0, 50);
    EXPECT_EQ(outcome.done, 19);
    EXPECT_TRUE(outcome.rows == BySelect(reader, 0, 19));
    // From behind it all is well again.
    EXPECT_EQ(ByPages(*table, 20, 50).done, 50);
  }
}

TEST_F(FrozenTableTest, ReadsOnlyTablesWhoseRowsHoldTheirColumns) {
  Database writer = Writer();
  ASSERT_TRUE(writer
                  .Execute("CREATE TABLE keyed(a INTEGER PRIMARY KEY, b) WITHOUT ROWID;"
                           "CREATE TABLE preset(a INTEGER PRIMARY KEY, b INTEGER DEFAULT 7);"
                           "CREATE TABLE made(a INTEGER, b INTEGER AS (a + 1));"
                           "CREATE VIEW v AS SELECT 1;"
                           "INSERT INTO keyed VALUES(1, 2);")
                  .ok());
  Fold(writer);
  Database reader = Reader();
  for (const char* name : {"preset", "made", "v", "absent"}) {
    EXPECT_FALSE(FrozenTable::Open(reader, name)->has_value()) << name;
  }
  auto keyed = *FrozenTable::Open(reader, "keyed");
  ASSERT_TRUE(keyed.has_value());
  const Outcome outcome = ByPages(*keyed, 0, 10);
  EXPECT_TRUE(outcome.rows.empty());
  EXPECT_EQ(outcome.done, 0) << "its pages are no rows by id";
}

TEST_F(FrozenTableTest, DamageEndsTheReadingAndNothingElse) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  {
    Database writer = Writer(1024);
    ASSERT_TRUE(writer.Execute(CreateTable(40)).ok());
    ASSERT_TRUE(writer.Execute("BEGIN").ok());
    for (int id = 1; id <= 1500; ++id) Insert(writer, 40, id, random);
    ASSERT_TRUE(writer.Execute("COMMIT").ok());
  }
  std::ifstream in(Path(), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  int stopped = 0;
  for (int n = 0; n < 400; ++n) {
    std::string bytes = whole;
    // The first two pages stay: with another schema it would be another table.
    for (int i = 0; i < 1 + n % 20; ++i) {
      bytes[2048 + random() % (bytes.size() - 2048)] = static_cast<char>(random());
    }
    if (n % 10 == 0) bytes.resize(4096 + random() % (bytes.size() - 4096));
    std::ofstream(Path(), std::ios::binary | std::ios::trunc) << bytes;
    Database reader = Reader();
    const auto table = FrozenTable::Open(reader, "t");
    if (!table.ok() || !table->has_value()) continue;  // SQLite refused the file itself
    FrozenTable frozen = **table;
    // ByPages checks the ids.
    if (ByPages(frozen, 0, 2000).done < 2000) ++stopped;
  }
  EXPECT_GT(stopped, 50);
}

TEST_F(FrozenTableTest, GivesBackWhatTheSinkSays) {
  const Database writer = Filled(3, 9);
  Database reader = Reader();
  auto table = *FrozenTable::Open(reader, "t");
  ASSERT_TRUE(table.has_value());
  const auto done = table->Read(0, 9, [](std::int64_t id, auto) -> Status {
    if (id == 4) return Fail(ErrorCode::kCancelled, "enough");
    return OkStatus();
  });
  EXPECT_EQ(done.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace cqd::sqlite
