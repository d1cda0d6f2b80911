#include "archive/archive.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "archive/internal/month_file.h"
#include "archive/internal/test_archive.h"
#include "base/check.h"
#include "file/io.h"
#include "file/temporary_folder.h"
#include "sqlite/database.h"

namespace cqd::archive {
namespace {

using model::Field;
using model::StreamRow;
using test::kStart;
using test::MakeRow;
using test::Oracle;
using test::ReadOracle;

class ArchiveTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() {
    archive_.reset();
    auto opened = Archive::Open({.folder = Folder(), .rows_per_transaction = 100}, clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().ToString();
    archive_ = *std::move(opened);
    source_ = *archive_->RegisterSource("lync", "qoemetrics");
  }
  std::string Folder() const { return folder_.Path("archive"); }
  std::string MonthPath(Month month) const {
    return Folder() + "/" + internal::MonthFileName(month);
  }
  Status Write(const std::vector<StreamRow>& rows, const std::string& watermark = "w") {
    CQD_ASSIGN_OR_RETURN(auto writer, archive_->BeginWrite());
    CQD_RETURN_IF_ERROR(writer->Upsert(rows));
    CQD_RETURN_IF_ERROR(writer->Commit(source_, watermark));
    counts_ = writer->counts();
    return OkStatus();
  }

  file::TemporaryFolder folder_;
  SimulatedClock clock_{kStart};
  std::unique_ptr<Archive> archive_;
  model::SourceId source_;
  WriteCounts counts_;
};

TEST_F(ArchiveTest, AnEmptyArchiveAnswers) {
  EXPECT_TRUE(archive_->Months()->empty());
  EXPECT_FALSE(archive_->ReadWatermark(source_)->has_value());
  EXPECT_TRUE(archive_->quarantine().List({}, 10, 0)->empty());
  EXPECT_TRUE(archive_->quarantine().Totals()->empty());
  EXPECT_TRUE(archive_->DropMonthsBefore(Month(2100, 1))->empty());
  EXPECT_GT(archive_->StorageBytes()->first, 0);
  EXPECT_GT(archive_->StorageBytes()->second, 0);
  const CancelToken cancel;
  EXPECT_EQ(archive_->Scan(Month(2015, 3), RowId(0), RowId(9), cancel, nullptr).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(archive_->ReadSuperseded(Month(2015, 3), RowId(0), RowId(9)).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(Archive::Open({.folder = ""}, clock_).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ArchiveTest, AMonthWhoseDropFailedHalfWayIsDroppedByTheNext) {
  ASSERT_TRUE(Write({MakeRow(source_, 1)}).ok());
  const Month month = archive_->Months()->front().month;
  const std::string file = folder_.Path("archive/streams-" + month.ToString() + ".sqlite");
  ASSERT_TRUE(std::filesystem::exists(file));
  // As the rename leaves it when the sync of the folder behind it fails.
  std::filesystem::rename(file, file + ".dropped");
  const auto dropped = archive_->DropMonthsBefore(month.Plus(1));
  ASSERT_TRUE(dropped.ok()) << dropped.error().ToString();
  ASSERT_EQ(dropped->size(), 1u);
  EXPECT_EQ(dropped->front().row_count, 1);
  EXPECT_TRUE(archive_->Months()->empty());
  EXPECT_FALSE(std::filesystem::exists(file + ".dropped"));
}

TEST_F(ArchiveTest, EveryFieldComesBackAsItWasStored) {
  StreamRow row = MakeRow(source_, 1);
  std::mt19937_64 random(7);
  for (const auto& info : model::AllFields()) {
    row.Set(info.field, static_cast<std::int64_t>(random()) | 1);
  }
  StreamRow empty = MakeRow(source_, 2);
  empty.values.fill(model::kNull);
  StreamRow again = MakeRow(source_, 3);
  again.Set(Field::kJitter, 0);
  ASSERT_TRUE(Write({row, empty, again}).ok());
  EXPECT_EQ(counts_.inserted, 3);
  Reopen();
  const Oracle stored = ReadOracle(*archive_);
  ASSERT_EQ(stored.size(), 3u);
  EXPECT_EQ(stored.at(row.key), row);
  EXPECT_EQ(stored.at(empty.key), empty) << "a null is not carried over from the row before";
  EXPECT_EQ(stored.at(again.key), again);
}

TEST_F(ArchiveTest, CountsTellWhatBecameOfEachRow) {
  StreamRow first = MakeRow(source_, 1);
  StreamRow second = MakeRow(source_, 2);
  MarkRepair(second, model::Repair::kTextCleaned);
  ASSERT_TRUE(Write({first, second}).ok());
  EXPECT_EQ(counts_.inserted, 2);
  EXPECT_EQ(counts_.repaired, 1);
  first.Set(Field::kRoundTrip, 77);
  auto writer = *archive_->BeginWrite();
  // The same key three times in one batch: the last one stays.
  StreamRow newest = first;
  newest.Set(Field::kRoundTrip, 78);
  ASSERT_TRUE(writer->Upsert(std::vector{second, first, newest, newest}).ok());
  ASSERT_TRUE(
      writer->Quarantine({source_, model::RejectReason::kUnreadable, "", "why", "x"}, 1).ok());
  ASSERT_TRUE(writer->Commit(source_, "w2").ok());
  EXPECT_EQ(writer->counts().inserted, 0);
  EXPECT_EQ(writer->counts().updated, 2);
  EXPECT_EQ(writer->counts().duplicate, 2);
  EXPECT_EQ(writer->counts().quarantined, 1);
  EXPECT_EQ(writer->counts().read(), 5);
  const auto months = writer->months();
  ASSERT_EQ(months.size(), 1u);
  EXPECT_EQ(months[0], std::pair(Month(2015, 3), std::int64_t{2}));
  EXPECT_EQ(ReadOracle(*archive_).at(first.key), newest);
}

TEST_F(ArchiveTest, NothingIsSeenBeforeCommitAndNothingStaysWithoutIt) {
  {
    auto writer = *archive_->BeginWrite();
    EXPECT_EQ(archive_->BeginWrite().error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(archive_->DropMonthsBefore(Month(2100, 1)).error().code, ErrorCode::kUnavailable);
    ASSERT_TRUE(writer->Upsert(std::vector{MakeRow(source_, 1)}).ok());
    EXPECT_TRUE(archive_->Months()->empty());
  }
  Reopen();
  EXPECT_TRUE(archive_->Months()->empty());
  ASSERT_TRUE(Write({MakeRow(source_, 1)}, "mark").ok());
  clock_.Advance(std::chrono::seconds(5));
  EXPECT_EQ(archive_->Months()->size(), 1u);
  const auto watermark = *archive_->ReadWatermark(source_);
  ASSERT_TRUE(watermark);
  EXPECT_EQ(watermark->text, "mark");
  EXPECT_EQ(watermark->updated_at, kStart);
}

TEST_F(ArchiveTest, AnUpdateTakesANewRowIdAndNamesTheOld) {
  ASSERT_TRUE(Write({MakeRow(source_, 1), MakeRow(source_, 2)}).ok());
  const MonthInfo before = archive_->Months()->at(0);
  EXPECT_EQ(before.last_row_id, RowId(2));
  EXPECT_EQ(before.row_count, 2);
  EXPECT_NE(before.incarnation, 0);
  StreamRow newer = MakeRow(source_, 2);
  newer.Set(Field::kRoundTrip, 4711);
  ASSERT_TRUE(Write({newer}).ok());
  Reopen();
  const MonthInfo after = archive_->Months()->at(0);
  EXPECT_EQ(after.last_row_id, RowId(3));
  EXPECT_EQ(after.row_count, 2);
  EXPECT_EQ(after.incarnation, before.incarnation);
  EXPECT_GT(after.file_bytes, 0);
  const auto superseded = *archive_->ReadSuperseded(Month(2015, 3), RowId(2), RowId(3));
  ASSERT_EQ(superseded.size(), 1u);
  EXPECT_EQ(superseded[0].row, RowId(2));
  EXPECT_EQ(superseded[0].at, RowId(3));
  EXPECT_TRUE(archive_->ReadSuperseded(Month(2015, 3), RowId(3), RowId(9))->empty());
}

TEST_F(ArchiveTest, ScanGivesTheWantedRangeInBatches) {
  constexpr int kRows = 90'000;
  std::vector<StreamRow> rows;
  auto opened = Archive::Open({.folder = folder_.Path("big")}, clock_);
  archive_ = *std::move(opened);
  source_ = *archive_->RegisterSource("lync", "qoemetrics");
  auto writer = *archive_->BeginWrite();
  for (int i = 0; i < kRows; ++i) {
    rows.push_back(MakeRow(source_, i % 2000));
    rows.back().key.session_seq = i;
    if (rows.size() == 5000) {
      ASSERT_TRUE(writer->Upsert(rows).ok());
      rows.clear();
    }
  }
  ASSERT_TRUE(writer->Commit(source_, "w").ok());
  CancelToken cancel;
  std::size_t full = 0;
  std::int64_t expected = 11;
  const auto take = [&](std::span<const StoredRow> batch) {
    full += batch.size() == kScanBatchRows ? 1 : 0;
    for (const StoredRow& stored : batch) EXPECT_EQ(stored.id.value, expected++);
    return OkStatus();
  };
  ASSERT_TRUE(archive_->Scan(Month(2015, 3), RowId(10), RowId(kRows - 1), cancel, take).ok());
  EXPECT_EQ(expected, kRows);
  EXPECT_EQ(full, (kRows - 11) / kScanBatchRows);
  const auto stopped =
      archive_->Scan(Month(2015, 3), RowId(0), RowId(kRows), cancel,
                     [](auto) -> Status { return Fail(ErrorCode::kResourceExhausted, "enough"); });
  EXPECT_EQ(stopped.error().code, ErrorCode::kResourceExhausted);
  std::size_t rows_read = 0;
  const auto cancelled =
      archive_->Scan(Month(2015, 3), RowId(0), RowId(kRows), cancel, [&](const auto batch) {
        rows_read += batch.size();
        cancel.Cancel();
        return OkStatus();
      });
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  EXPECT_LT(rows_read, 10'000u);
  EXPECT_EQ(archive_->Scan(Month(2015, 3), RowId(0), RowId(1), cancel, nullptr).error().code,
            ErrorCode::kCancelled);
}

TEST_F(ArchiveTest, AbsurdTimesAreSetAsideAndUnknownSourcesRefused) {
  StreamRow past = MakeRow(source_, 1);
  past.key.session_time = FromMicros(INT64_MIN);
  StreamRow future = MakeRow(source_, 1);
  future.key.session_time = FromMicros(INT64_MAX);
  ASSERT_TRUE(Write({past, MakeRow(source_, 1), future}).ok());
  EXPECT_EQ(counts_.inserted, 1);
  EXPECT_EQ(counts_.quarantined, 2);
  EXPECT_EQ(archive_->Months()->size(), 1u) << "no file of an absurd month";
  EXPECT_EQ(Write({MakeRow(model::SourceId(99), 1)}).error().code, ErrorCode::kInvalidArgument);
  auto writer = *archive_->BeginWrite();
  EXPECT_EQ(writer->Commit(model::SourceId(99), "w").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(writer->Quarantine({model::SourceId(99), {}, "", "", ""}, 1).error().code,
            ErrorCode::kInvalidArgument);
}

TEST_F(ArchiveTest, SourcesKeepTheirNumbers) {
  const auto other = *archive_->RegisterSource("collector", "inbox");
  EXPECT_NE(other, source_);
  Reopen();
  EXPECT_EQ(*archive_->RegisterSource("collector", "inbox"), other);
  EXPECT_EQ(*archive_->RegisterSource("collector", "renamed kind"), other);
}

TEST_F(ArchiveTest, CustomerTablesAreSeededAndNoticeAnyWriter) {
  const auto seeded = *archive_->ReadCustomerTables();
  ASSERT_EQ(seeded.buildings.size(), 1u);
  EXPECT_EQ(seeded.buildings[0].key, 0);
  EXPECT_EQ(seeded.buildings[0].name, "Unknown");
  EXPECT_EQ(seeded.buildings[0].building_type, "Unknown");
  EXPECT_EQ(seeded.buildings[0].ownership_type, "Unknown");
  EXPECT_FALSE(seeded.buildings[0].inside_corp);
  EXPECT_TRUE(seeded.networks.empty());
  EXPECT_EQ(seeded.version, *archive_->CustomerTablesVersion());

  // An administrator with any SQLite tool, in the published way.
  auto shell = *sqlite::Database::Open(Folder() + "/main.sqlite");
  const auto version_after = [&](std::string_view sql) {
    EXPECT_TRUE(shell.Execute(sql).ok()) << sql;
    return *archive_->CustomerTablesVersion();
  };
  std::int64_t version = seeded.version;
  for (const std::string_view sql : {
           "INSERT INTO CqdBuildingType VALUES(1, 'Office')",
           "INSERT INTO CqdBuildingOwnershipType VALUES(1, 'Leased', 1, 'Contoso')",
           "INSERT INTO CqdBuilding "
           "VALUES(1,'Main','M',1,1,48.5,-11.5,'Ulm','89073','DE','BW',1,'HQ','EMEA',NULL)",
           "INSERT INTO CqdNetworkName(NetworkName, NetworkType) VALUES('VPN', 'VPN')",
           "INSERT INTO CqdNetwork(Network, NetworkRange, NetworkNameID, BuildingKey, UpdatedDate) "
           "VALUES('172.16.254.0', 32, 1, 1, '2015-03-01')",
           "INSERT INTO CqdNetwork(Network, BuildingKey) VALUES('fd00::', 1)",
           "INSERT INTO CqdBssid VALUES('00-11-22-33-44-55','e','bgn','ap-1','ctl')",
           "UPDATE CqdBuilding SET CityName = 'Bonn' WHERE BuildingKey = 1",
           "DELETE FROM CqdNetwork WHERE Network = 'fd00::'",
       }) {
    const std::int64_t now = version_after(sql);
    EXPECT_GT(now, version) << sql;
    version = now;
  }
  const auto tables = *archive_->ReadCustomerTables();
  EXPECT_EQ(tables.version, version);
  const model::Building& b = tables.buildings.at(1);
  EXPECT_EQ(b.city, "Bonn");
  EXPECT_EQ(b.ownership_type, "Leased");
  EXPECT_EQ(b.building_type, "Office");
  EXPECT_EQ(b.office_type, "HQ");
  EXPECT_EQ(b.latitude, 48.5);
  EXPECT_EQ(b.inside_corp, true);
  EXPECT_FALSE(b.express_route);
  const model::Network& n = tables.networks.at(0);
  EXPECT_EQ(n.address, "172.16.254.0");
  EXPECT_EQ(n.prefix_bits, 32);
  EXPECT_EQ(n.name, "VPN");
  EXPECT_EQ(n.building_key, 1);
  EXPECT_FALSE(n.vpn);
  const model::AccessPoint& ap = tables.access_points.at(0);
  EXPECT_EQ(ap.device, "e");
  EXPECT_EQ(ap.radio, "bgn");
  EXPECT_EQ(ap.ap_name, "ap-1");
  EXPECT_EQ(ap.controller, "ctl");
}

TEST_F(ArchiveTest, WrongCustomerRowsAreRefusedByTheTablesThemselves) {
  auto shell = *sqlite::Database::Open(Folder() + "/main.sqlite");
  for (const std::string_view sql : {
           "INSERT INTO CqdBuilding(BuildingKey, BuildingName, OwnershipTypeId) VALUES(1, 'a', 9)",
           "INSERT INTO CqdBuilding(BuildingKey, BuildingName, CountryShortCode) VALUES(1, 'a', "
           "'USA')",
           "INSERT INTO CqdBuilding(BuildingKey, BuildingName, InsideCorp) VALUES(1, 'a', 2)",
           "INSERT INTO CqdNetwork(Network, NetworkRange) VALUES('10.0.0.0', 129)",
           "INSERT INTO CqdBssid(ess) VALUES('x')",
       }) {
    EXPECT_EQ(shell.Execute(sql).error().code, ErrorCode::kConflict) << sql;
  }
}

TEST_F(ArchiveTest, DroppedMonthsAreGoneAndComeBackAsOthers) {
  StreamRow april = MakeRow(source_, 5);
  april.key.session_time = Month(2015, 4).begin();
  ASSERT_TRUE(Write({MakeRow(source_, 1), april}).ok());
  const auto before = *archive_->Months();
  ASSERT_EQ(before.size(), 2u);
  const auto dropped = *archive_->DropMonthsBefore(Month(2015, 4));
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0].month, Month(2015, 3));
  EXPECT_EQ(dropped[0].row_count, 1);
  EXPECT_FALSE(std::filesystem::exists(MonthPath(Month(2015, 3))));
  EXPECT_EQ(archive_->Months()->size(), 1u);
  ASSERT_TRUE(Write({MakeRow(source_, 1)}).ok());
  EXPECT_NE(archive_->Months()->at(0).incarnation, before[0].incarnation);
}

TEST_F(ArchiveTest, ACrashWithinADropLeavesNoHalfMonth) {
  ASSERT_TRUE(Write({MakeRow(source_, 1)}).ok());
  archive_.reset();
  const std::string path = MonthPath(Month(2015, 3));
  // After the rename, before the log is removed.
  std::filesystem::rename(path, path + ".dropped");
  std::ofstream(path + "-wal") << "left over";
  Reopen();
  EXPECT_TRUE(archive_->Months()->empty());
  EXPECT_FALSE(std::filesystem::exists(path + ".dropped"));
  EXPECT_FALSE(std::filesystem::exists(path + "-wal"));
  ASSERT_TRUE(Write({MakeRow(source_, 1)}).ok());
  EXPECT_EQ(ReadOracle(*archive_).size(), 1u);
}

TEST_F(ArchiveTest, AnOlderFileGetsTheColumnsItLacks) {
  archive_.reset();
  {
    auto old = *sqlite::Database::Open(MonthPath(Month(2015, 3)), {.page_size_bytes = 16384});
    ASSERT_TRUE(
        old.Execute(
               "CREATE TABLE meta(name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;"
               "INSERT INTO meta VALUES('month','2015-03'),('incarnation',7),('row_count',1),"
               "('last_row_id',1);"
               "CREATE TABLE stream(row_id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, "
               "session_time INTEGER NOT NULL, session_seq INTEGER NOT NULL, media_label INTEGER "
               "NOT NULL, stream_id INTEGER NOT NULL, content_hash INTEGER NOT NULL, "
               "jitter_ms INTEGER);"
               "CREATE UNIQUE INDEX stream_key ON stream(source_id, session_time, session_seq, "
               "media_label, stream_id);"
               "CREATE TABLE superseded(at INTEGER PRIMARY KEY, row INTEGER NOT NULL);"
               "INSERT INTO stream VALUES(1,1,1426000000000000,2,0,3,0,12345);"
               "PRAGMA user_version=1")
            .ok());
  }
  Reopen();
  const Oracle stored = ReadOracle(*archive_);
  ASSERT_EQ(stored.size(), 1u);
  const StreamRow& row = stored.begin()->second;
  EXPECT_EQ(row.Get(Field::kJitter), 12345);
  EXPECT_FALSE(row.Has(Field::kRoundTrip));
  ASSERT_TRUE(Write({MakeRow(source_, 1)}).ok());
  EXPECT_EQ(ReadOracle(*archive_).size(), 2u);
}

TEST_F(ArchiveTest, NewerDamagedAndRenamedFilesAreRefused) {
  ASSERT_TRUE(Write({MakeRow(source_, 1)}).ok());
  archive_.reset();
  const auto open = [&] { return Archive::Open({.folder = Folder()}, clock_); };
  const std::string path = MonthPath(Month(2015, 3));
  const std::string april = MonthPath(Month(2015, 4));
  std::filesystem::rename(path, april);
  EXPECT_EQ(open().error().code, ErrorCode::kCorruption);
  std::filesystem::rename(april, path);
  for (const std::string& name : {path, Folder() + "/main.sqlite"}) {
    auto database = *sqlite::Database::Open(name);
    const auto version = *database.QueryInt("PRAGMA user_version");
    ASSERT_TRUE(database.Execute("PRAGMA user_version=999").ok());
    EXPECT_EQ(open().error().code, ErrorCode::kUnimplemented);
    ASSERT_TRUE(database.Execute("PRAGMA user_version=" + std::to_string(*version)).ok());
  }
  EXPECT_TRUE(open().ok());
  {
    auto main = *sqlite::Database::Open(Folder() + "/main.sqlite");
    ASSERT_TRUE(main.Execute("INSERT INTO dict_user VALUES(17, 'a@b', '')").ok());
    EXPECT_EQ(open().error().code, ErrorCode::kCorruption) << "a gap in a dictionary";
    ASSERT_TRUE(main.Execute("DELETE FROM dict_user WHERE id = 17").ok());
  }
  ASSERT_TRUE(file::WriteDurably(path, std::string(20'000, 'x')).ok());
  EXPECT_EQ(open().error().code, ErrorCode::kCorruption);
}

TEST_F(ArchiveTest, DamageWithinAMonthIsSaidByTheScan) {
  std::vector<StreamRow> rows;
  for (int i = 0; i < 3000; ++i) rows.push_back(MakeRow(source_, i));
  ASSERT_TRUE(Write(rows).ok());
  const MonthInfo info = archive_->Months()->at(0);
  archive_.reset();
  const std::string path = MonthPath(Month(2015, 3));
  // All but the first eight pages: the tables' roots stay, what they point to is gone.
  std::string bytes = *file::ReadWhole(path, 1U << 30);
  ASSERT_GT(bytes.size(), 20U * 16384);
  std::fill(bytes.begin() + 8 * 16384, bytes.end(), '\xA5');
  ASSERT_TRUE(file::WriteDurably(path, bytes).ok());
  Reopen();
  const CancelToken cancel;
  const Status status = archive_->Scan(info.month, RowId(0), info.last_row_id, cancel,
                                       [](auto) { return OkStatus(); });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kCorruption);
}

TEST_F(ArchiveTest, AFullDiskIsSaidAndPasses) {
  ASSERT_TRUE(Write({MakeRow(source_, 1)}, "good").ok());
  std::vector<StreamRow> many;
  for (int i = 0; i < 3000; ++i) many.push_back(MakeRow(source_, 2 + i));
  for (auto& row : many) row.values.fill(INT64_MAX);
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  // Every limit up to what the batch needs: the failure hits a month's log, its pages, or a commit.
  int failures = 0;
  for (const rlim_t room : {100'000, 300'000, 1'000'000, 3'000'000}) {
    const rlimit tight{room, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tight);
    auto writer = *archive_->BeginWrite();
    Status status = writer->Upsert(many);
    if (status.ok()) status = writer->Commit(source_, "bad");
    EXPECT_FALSE(writer->Upsert(many).ok() && status.ok());
    if (!status.ok()) {
      ++failures;
      EXPECT_EQ(status.error().code, ErrorCode::kDiskFull) << status.error().ToString();
      EXPECT_EQ(writer->Commit(source_, "bad").error().code, ErrorCode::kFailedPrecondition);
    }
    writer.reset();
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ((*archive_->ReadWatermark(source_))->text, "good");
    EXPECT_TRUE(ReadOracle(*archive_).contains(MakeRow(source_, 1).key));
  }
  signal(SIGXFSZ, SIG_DFL);
  EXPECT_GE(failures, 3);
  ASSERT_TRUE(Write(many, "after").ok());
  Reopen();
  EXPECT_EQ(ReadOracle(*archive_).size(), 3001u);
  EXPECT_EQ((*archive_->ReadWatermark(source_))->text, "after");
}

// Promise: whatever order and repetition rows come in, the archive holds the newest version of each
// stream, also after reopening, and a reader that applies (after, up_to] again and again, as the
// cube does, arrives at the same.
TEST_F(ArchiveTest, RandomBatchesAgreeWithAMapAndWithAnIncrementalReader) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const model::SourceId sources[] = {source_, *archive_->RegisterSource("other", "inbox")};
  Oracle oracle;
  test::IncrementalReader reader;
  for (int round = 0; round < 40; ++round) {
    auto writer = *archive_->BeginWrite();
    Oracle next = oracle;
    std::int64_t expected = 0;
    for (int batch = 0; batch < 3; ++batch) {
      std::vector<StreamRow> rows;
      for (std::size_t i = random() % 150; i > 0; --i) {
        StreamRow row = MakeRow(sources[random() % 2], static_cast<int>(random() % 60));
        if (random() % 3 == 0) row.key.session_time = Month(2015, 5).begin();
        row.key.stream_id = static_cast<std::int64_t>(random() % 4);
        row.Set(Field::kRoundTrip, static_cast<std::int64_t>(random() % 3));
        rows.push_back(row);
        next[row.key] = row;
      }
      expected += static_cast<std::int64_t>(rows.size());
      ASSERT_TRUE(writer->Upsert(rows).ok());
    }
    EXPECT_EQ(writer->counts().read(), expected);
    if (random() % 4 == 0) {
      // Not committed: rows may be there or not, the source repeats them. Here it repeats at once.
      writer.reset();
      writer = *archive_->BeginWrite();
      std::vector<StreamRow> rows;
      for (const auto& [key, row] : next) rows.push_back(row);
      ASSERT_TRUE(writer->Upsert(rows).ok());
    }
    ASSERT_TRUE(writer->Commit(source_, "w").ok());
    oracle = next;
    writer.reset();
    if (random() % 5 == 0) Reopen();
    if (random() % 2 == 0) {
      reader.Advance(*archive_);
      ASSERT_EQ(reader.Streams(), oracle);
    }
  }
  Reopen();
  EXPECT_EQ(ReadOracle(*archive_), oracle);
  reader.Advance(*archive_);
  EXPECT_EQ(reader.Streams(), oracle);
}

TEST_F(ArchiveTest, MonthsAreReadFromThreadsWhileOneWrites) {
  std::vector<StreamRow> rows;
  for (int i = 0; i < 2000; ++i) {
    rows.push_back(MakeRow(source_, i));
    rows.back().Set(Field::kCallerUser, archive_->interner().Intern(model::KeySpace::kUser,
                                                                    "u" + std::to_string(i % 50)));
    if (i % 2 == 0) rows.back().key.session_time += std::chrono::hours(24 * 40);
  }
  ASSERT_TRUE(Write(rows).ok());
  const auto months = *archive_->Months();
  ASSERT_EQ(months.size(), 2u);
  std::vector<std::thread> readers;
  for (const MonthInfo& info : months) {
    readers.emplace_back([&, info] {
      const CancelToken cancel;
      for (int i = 0; i < 5; ++i) {
        std::size_t seen = 0;
        const auto status = archive_->Scan(
            info.month, RowId(0), info.last_row_id, cancel, [&](std::span<const StoredRow> batch) {
              for (const StoredRow& stored : batch) {
                const auto key = static_cast<model::KeyId>(stored.row.Get(Field::kCallerUser));
                if (archive_->dictionaries().Entry(model::KeySpace::kUser, key).text.empty()) {
                  return Status(Fail(ErrorCode::kInternal, "an entry without text"));
                }
              }
              seen += batch.size();
              return OkStatus();
            });
        CQD_CHECK(status.ok());
        CQD_CHECK(seen == 1000);
      }
    });
  }
  // More keys and rows come while the readers read.
  for (int i = 0; i < 3000; ++i) {
    archive_->interner().Intern(model::KeySpace::kUser, "new" + std::to_string(i));
    if (i % 1000 == 0) {
      StreamRow row = MakeRow(source_, 10'000 + i);
      ASSERT_TRUE(Write({row}).ok());
    }
  }
  for (auto& reader : readers) reader.join();
}

}  // namespace
}  // namespace cqd::archive
