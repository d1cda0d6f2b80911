// Months are read by the pages of their files, or by statements while somebody writes them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <random>
#include <vector>

#include "archive/archive.h"
#include "archive/internal/month_file.h"
#include "archive/internal/test_archive.h"
#include "file/temporary_folder.h"
#include "sqlite/database.h"
#include "sqlite/frozen_table.h"

namespace cqd::archive {
namespace {

using model::StreamRow;

constexpr Month kMonth(2015, 3);

class ScanTest : public testing::Test {
 protected:
  void SetUp() override {
    Reopen();
    source_ = *archive_->RegisterSource("lync", "qoemetrics");
  }
  void Reopen() {
    archive_.reset();
    archive_ = *Archive::Open({.folder = folder_.path()}, clock_);
  }
  std::string Path() const { return folder_.path() + "/" + internal::MonthFileName(kMonth); }
  std::uintmax_t LogBytes() const {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(Path() + "-wal", error);
    return error ? 0 : bytes;
  }
  /// Keeps what is written from now on in the log: it reads the state before.
  sqlite::Database HoldLog() const {
    sqlite::Database reader = *internal::OpenMonthForReading(folder_.path(), kMonth);
    EXPECT_TRUE(reader.Execute("BEGIN").ok());
    EXPECT_TRUE(reader.QueryInt("SELECT count(*) FROM stream").ok());
    return reader;
  }
  bool CanReadPages() const {
    sqlite::Database reader = *internal::OpenMonthForReading(folder_.path(), kMonth);
    EXPECT_TRUE(reader.Execute("BEGIN").ok());
    return sqlite::FrozenTable::Open(reader, "stream")->has_value();
  }
  void Write(const std::vector<StreamRow>& rows) {
    auto writer = *archive_->BeginWrite();
    ASSERT_TRUE(writer->Upsert(rows).ok());
    ASSERT_TRUE(writer->Commit(source_, "w").ok());
  }
  std::vector<StoredRow> Scan() const {
    std::vector<StoredRow> rows;
    const Status status = archive_->Scan(kMonth, RowId(0), archive_->Months()->at(0).last_row_id,
                                         CancelToken(), [&rows](std::span<const StoredRow> batch) {
                                           rows.insert(rows.end(), batch.begin(), batch.end());
                                           return OkStatus();
                                         });
    EXPECT_TRUE(status.ok()) << status.error().ToString();
    return rows;
  }
  /// Writes `news`; what is there then is the same by statement and by pages.
  void ExpectBothWaysAgree(const std::vector<StreamRow>& news, std::size_t rows) {
    std::optional holder = HoldLog();
    Write(news);
    ASSERT_FALSE(CanReadPages());
    const std::vector<StoredRow> by_statement = Scan();
    EXPECT_EQ(by_statement.size(), rows);
    holder.reset();
    internal::FoldMonthLog(folder_.path(), kMonth);
    ASSERT_TRUE(CanReadPages());
    const std::vector<StoredRow> by_pages = Scan();
    ASSERT_EQ(by_pages.size(), rows);
    for (std::size_t i = 0; i < rows; ++i) {
      ASSERT_EQ(by_pages[i].id, by_statement[i].id);
      ASSERT_EQ(by_pages[i].row, by_statement[i].row) << "row " << by_pages[i].id.value;
    }
  }
  /// Streams number `first` to `last` with any values.
  std::vector<StreamRow> AnyRows(int first, int last) {
    std::vector<StreamRow> rows;
    for (int number = first; number <= last; ++number) {
      rows.push_back(test::MakeRow(source_, number));
      for (model::Value& value : rows.back().values) {
        const auto bits = random_() % 65;
        if (random_() % 2 == 0)
          value = bits == 0 ? 0 : static_cast<model::Value>(random_() >> (64 - bits));
      }
    }
    return rows;
  }

  file::TemporaryFolder folder_;
  SimulatedClock clock_{test::kStart};
  std::unique_ptr<Archive> archive_;
  model::SourceId source_;
  const unsigned seed_ = std::random_device()();
  std::mt19937_64 random_{seed_};
};

TEST_F(ScanTest, BothWaysOfReadingGiveTheSame) {
  SCOPED_TRACE(testing::Message() << "seed " << seed_);
  Write(AnyRows(0, 999));
  ExpectBothWaysAgree(AnyRows(500, 1999), 2000);  // half of them in place of others
}

TEST_F(ScanTest, AFileThatAnOlderReleaseBeganIsReadByItsColumns) {
  SCOPED_TRACE(testing::Message() << "seed " << seed_);
  Write(AnyRows(0, 299));
  archive_.reset();
  {
    // As if one field in the middle had not been known, and another had been that is no more.
    sqlite::Database file = *sqlite::Database::Open(Path());
    const auto missing = model::AllFields()[model::kFieldCount / 2].column;
    ASSERT_TRUE(file.Execute(fmt::format("ALTER TABLE stream DROP COLUMN {};"
                                         "ALTER TABLE stream ADD COLUMN forgotten INTEGER;"
                                         "UPDATE stream SET forgotten = row_id",
                                         missing))
                    .ok());
  }
  Reopen();
  ExpectBothWaysAgree(AnyRows(200, 399), 400);
}

TEST_F(ScanTest, ALargeRangeFoldsTheLogUnlessSomebodyReadsIt) {
  std::vector<StreamRow> rows;
  for (int i = 0; i < internal::kRowsWorthFolding; ++i) rows.push_back(test::MakeRow(source_, i));
  Write({rows.front()});
  {
    const auto holder = HoldLog();
    Write(rows);
    ASSERT_GT(LogBytes(), 0u);
    EXPECT_EQ(Scan().size(), rows.size());
    EXPECT_GT(LogBytes(), 0u);
  }
  // The one who held it has gone without copying it: reading connections never do.
  ASSERT_GT(LogBytes(), 0u);
  EXPECT_EQ(Scan().size(), rows.size());
  EXPECT_EQ(LogBytes(), 0u);
}

}  // namespace
}  // namespace cqd::archive
