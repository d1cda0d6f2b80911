#include "archive/sql.h"

#include <gtest/gtest.h>

#include <sstream>

#include "archive/archive.h"
#include "archive/internal/test_archive.h"
#include "base/text.h"
#include "file/temporary_folder.h"

namespace cqd::archive {
namespace {

using model::Field;
using model::StreamRow;

class SqlTest : public testing::Test {
 protected:
  void SetUp() override {
    archive_ = *Archive::Open({.folder = Folder()}, clock_);
    source_ = *archive_->RegisterSource("lync", "qoemetrics");
  }
  // A folder whose name must be escaped in a URI.
  std::string Folder() const { return folder_.Path("arch%20 ive?#"); }
  void WriteMonths(int months) {
    auto writer = *archive_->BeginWrite();
    for (int i = 0; i < months; ++i) {
      StreamRow row = test::MakeRow(source_, i);
      row.key.session_time = Month(2015, 3).Plus(i).begin() + std::chrono::microseconds(1'234'567);
      row.Set(Field::kStartTime, ToMicros(row.key.session_time));
      row.Set(Field::kEndTime, -1);
      row.Set(Field::kJitter, 12'345);
      row.Set(Field::kCallerUser,
              archive_->interner().Intern(model::KeySpace::kUser, "Alice@contoso.com"));
      ASSERT_TRUE(writer->Upsert(std::vector{row}).ok());
    }
    ASSERT_TRUE(writer->Commit(source_, "w").ok());
  }
  std::string Csv(std::string_view sql, const SqlOptions& options = {}) {
    auto connection = OpenForSql(Folder(), options);
    if (!connection.ok()) return connection.error().ToString();
    std::ostringstream out;
    const Status status = RunSql(*connection, sql, SqlFormat::kCsv, out);
    EXPECT_TRUE(status.ok()) << status.error().ToString();
    return out.str();
  }
  ErrorCode CodeOf(std::string_view sql, const SqlOptions& options = {}) {
    auto connection = *OpenForSql(Folder(), options);
    std::ostringstream out;
    const Status status = RunSql(connection, sql, SqlFormat::kTable, out);
    EXPECT_FALSE(status.ok()) << sql;
    return status.ok() ? ErrorCode::kInternal : status.error().code;
  }

  file::TemporaryFolder folder_;
  SimulatedClock clock_{test::kStart};
  std::unique_ptr<Archive> archive_;
  model::SourceId source_;
};

TEST_F(SqlTest, TheViewShowsTextsAndUnits) {
  WriteMonths(2);
  EXPECT_EQ(
      Csv("SELECT StartTime, EndTime, source, session_time, session_seq, caller_user, "
          "jitter_ms, callee_user FROM CqdPartitionedStreamView ORDER BY session_seq"),
      "StartTime,EndTime,source,session_time,session_seq,caller_user,jitter_ms,callee_user\r\n"
      "2015-03-01 00:00:01.234,1969-12-31 23:59:59.999,lync,2015-03-01 00:00:01.234,0,"
      "alice@contoso.com,12.345,\r\n"
      "2015-04-01 00:00:01.234,1969-12-31 23:59:59.999,lync,2015-04-01 00:00:01.234,1,"
      "alice@contoso.com,12.345,\r\n");
  EXPECT_EQ(Csv("SELECT min(StartTime), max(EndTime) FROM CqdPartitionedStreamView;"
                "-- the published check for absurd dates\n"),
            "min(StartTime),max(EndTime)\r\n2015-03-01 00:00:01.234,1969-12-31 23:59:59.999\r\n");
  EXPECT_EQ(Csv("SELECT count(*) FROM m2015_04.stream"), "count(*)\r\n1\r\n");
}

TEST_F(SqlTest, AnArchiveWithoutStreamsHasTheViewToo) {
  EXPECT_EQ(Csv("SELECT count(*) AS n, max(StartTime) AS t FROM CqdPartitionedStreamView"),
            "n,t\r\n0,\r\n");
  EXPECT_EQ(OpenForSql(folder_.Path("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(OpenForSql(folder_.path()).error().code, ErrorCode::kNotFound);
}

TEST_F(SqlTest, NoMoreMonthsThanSqliteCanAttach) {
  WriteMonths(12);
  auto newest = OpenForSql(Folder());
  ASSERT_TRUE(newest.ok()) << newest.error().ToString();
  EXPECT_EQ(newest->attached.size(), 10u);
  EXPECT_EQ(newest->attached.back(), Month(2016, 2));
  EXPECT_EQ(newest->left_out, (std::vector<Month>{Month(2015, 3), Month(2015, 4)}));
  EXPECT_EQ(Csv("SELECT count(*) FROM CqdPartitionedStreamView"), "count(*)\r\n10\r\n");
  EXPECT_EQ(Csv("SELECT session_seq FROM CqdPartitionedStreamView",
                {.months = {Month(2015, 4), Month(2015, 3), Month(2015, 4)}}),
            "session_seq\r\n0\r\n1\r\n");
  EXPECT_EQ(OpenForSql(Folder(), {.months = {Month(2014, 1)}}).error().code, ErrorCode::kNotFound);
  std::vector<Month> all;
  for (int i = 0; i < 11; ++i) all.push_back(Month(2015, 3).Plus(i));
  EXPECT_EQ(OpenForSql(Folder(), {.months = all}).error().code, ErrorCode::kResourceExhausted);
}

TEST_F(SqlTest, ReadingConnectionsCannotWrite) {
  WriteMonths(1);
  for (const std::string_view sql :
       {"DELETE FROM CqdBssid", "INSERT INTO CqdBssid(bss) VALUES('a')",
        "UPDATE source SET name='x'", "DELETE FROM m2015_03.stream", "DROP TABLE quarantine",
        "ATTACH ':memory:' AS x", "PRAGMA journal_mode=DELETE", "CREATE TABLE t(i)", "VACUUM",
        "DETACH m2015_03", "DROP VIEW CqdPartitionedStreamView"}) {
    EXPECT_EQ(CodeOf(sql), ErrorCode::kPermissionDenied) << sql;
  }
  EXPECT_EQ(CodeOf("SELEKT 1"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("SELECT load_extension('x')"), ErrorCode::kInvalidArgument);
  EXPECT_NE(Csv("PRAGMA table_info(CqdBuilding)").find("BuildingKey"), std::string::npos);
}

TEST_F(SqlTest, WritingReachesTheCustomerTablesOnly) {
  WriteMonths(1);
  const SqlOptions writing{.write_customer_tables = true};
  const auto version = *archive_->CustomerTablesVersion();
  Csv("INSERT INTO CqdNetworkName(NetworkName) VALUES('LAB');"
      "INSERT INTO CqdBssid(bss, ap) VALUES('00-11-22-33-44-55', 'AP \"1\", west')",
      writing);
  EXPECT_GT(*archive_->CustomerTablesVersion(), version);
  EXPECT_EQ(Csv("SELECT ap, phy FROM CqdBssid"), "ap,phy\r\n\"AP \"\"1\"\", west\",\r\n");
  for (const std::string_view sql :
       {"UPDATE source SET name = 'x'", "DELETE FROM m2015_03.stream", "DELETE FROM watermark",
        "UPDATE customer_version SET version = 0", "DROP TABLE CqdBuilding",
        "DELETE FROM dict_user", "ALTER TABLE CqdBuilding ADD COLUMN x"}) {
    EXPECT_EQ(CodeOf(sql, writing), ErrorCode::kPermissionDenied) << sql;
  }
  EXPECT_EQ(CodeOf("INSERT INTO CqdNetwork(Network, BuildingKey) VALUES('10.0.0.0', 77)", writing),
            ErrorCode::kConflict);
  Csv("BEGIN; DELETE FROM CqdBssid", writing);
  EXPECT_EQ(Csv("SELECT count(*) FROM CqdBssid"), "count(*)\r\n1\r\n") << "left open, rolled back";
}

TEST_F(SqlTest, TablesAlignAndStayOnTheirLines) {
  auto connection = *OpenForSql(Folder());
  std::ostringstream out;
  ASSERT_TRUE(RunSql(connection,
                     "SELECT 1 AS a, 'h\xC3\xA9' AS long_name, NULL AS n UNION ALL "
                     "SELECT 22, 'two' || char(10) || 'lines', x'00ff'",
                     SqlFormat::kTable, out)
                  .ok());
  EXPECT_EQ(out.str(),
            "a   long_name  n\n"
            "--  ---------  -------\n"
            "1   h\xC3\xA9         NULL\n"
            "22  two lines  x'00ff'\n");
  std::ostringstream many;
  ASSERT_TRUE(
      RunSql(connection,
             "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 2500) "
             "SELECT i FROM t",
             SqlFormat::kTable, many)
          .ok());
  EXPECT_EQ(Split(many.str(), '\n').size(), 2500u + 2 + 1);
}

}  // namespace
}  // namespace cqd::archive
