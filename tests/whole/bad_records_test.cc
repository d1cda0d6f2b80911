// Promise: records that cannot be right are repaired with a mark or set aside with a reason, the
// counts add up, and a source that goes away costs nothing that was stored.
// Rules: docs/formats/archive.md, docs/operations.md (Quarantine).
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>

#include "sqlite/database.h"
#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Finished;
using test::Installation;
using testing::HasSubstr;

constexpr const char* kQuiet =
    "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = "
    "604800\n";

void Execute(const std::string& file, const std::string& sql) {
  auto database = sqlite::Database::Open(file);
  ASSERT_TRUE(database.ok()) << database.error().ToString();
  const Status done = database->Execute(sql);
  ASSERT_TRUE(done.ok()) << done.error().ToString() << "\n" << sql;
}

std::int64_t Ask(const std::string& file, const std::string& sql) {
  auto database = sqlite::Database::Open(file, {.mode = sqlite::OpenMode::kReadOnly});
  return database->QueryInt(sql)->value_or(-1);
}

/// What one SELECT over the archive gives, as its only number.
std::int64_t InArchive(Installation& cqd, const std::string& sql) {
  const Finished answer = cqd.Cqd({"sql", "--csv", sql});
  EXPECT_EQ(answer.exit_code, 0) << answer.output;
  const std::size_t line = answer.output.find('\n');
  return std::stoll(answer.output.substr(line + 1));
}

/// A video stream may have several rows, one for each codec.
constexpr const char* kStreams =
    "SELECT (SELECT count(*) FROM AudioStream) + (SELECT count(*) FROM AppSharingStream) + "
    "(SELECT count(*) FROM (SELECT DISTINCT ConferenceDateTime, SessionSeq, MediaLineLabel, "
    "StreamID FROM VideoStream))";

/// Ends the server's own view of a run: the newest archive run, which must add up.
json::value NewestRun(Installation& cqd) {
  const json::value run = cqd.GetJson("/api/v1/runs?stage=archive&n=1").at("runs").at(0);
  const json::value& rows = run.at("rows");
  EXPECT_EQ(rows.at("read").as_int64(),
            rows.at("inserted").as_int64() + rows.at("updated").as_int64() +
                rows.at("duplicate").as_int64() + rows.at("quarantined").as_int64());
  return run;
}

TEST(BadRecords, ImpossibleValuesAreRepairedWithAMark) {
  Installation cqd;
  cqd.Simulate(500, 2);
  cqd.ConfigureWithDatabase(kQuiet);
  // The picked streams have all metrics and no other repair: one change each.
  const std::vector<std::string> changes = {
      "PacketLossRate = 3.0",       "JitterInterArrival = -5",    "JitterInterArrival = 1e300",
      "RoundTrip = 99999999999999", "OverallAvgNetworkMOS = 7.5", "DegradationAvg = -1",
      "PacketLossRate = 'NaN'",     "RoundTrip = 'abc'"};
  // SQLite takes texts for numbers; nobody can read those, so they are null from the start.
  constexpr int kTexts = 2;
  std::string sql =
      "CREATE TABLE Picked AS SELECT ConferenceDateTime c, SessionSeq s, MediaLineLabel m, "
      "StreamID i, row_number() OVER () AS n FROM (SELECT ConferenceDateTime, SessionSeq, "
      "MediaLineLabel, StreamID FROM AudioStream WHERE PacketLossRate IS NOT NULL AND "
      "JitterInterArrival IS NOT NULL AND RoundTrip IS NOT NULL AND StreamID = 1 ORDER BY 1, 2);";
  for (std::size_t i = 0; i < changes.size(); ++i)
    sql += fmt::format(
        "UPDATE AudioStream SET {} WHERE (ConferenceDateTime, SessionSeq, MediaLineLabel, "
        "StreamID) = (SELECT c, s, m, i FROM Picked WHERE n = {});",
        changes[i], i + 1);
  Execute(cqd.database(), sql);
  const std::int64_t all = Ask(cqd.database(), kStreams);
  const Finished run = cqd.Cqd({"integrate"});
  ASSERT_EQ(run.exit_code, 0) << run.output;

  // Nothing is lost, and what was impossible is null with its mark (1: a metric out of range).
  EXPECT_EQ(InArchive(cqd, "SELECT count(*) FROM CqdPartitionedStreamView"), all);
  const std::string marked = "SELECT count(*) FROM CqdPartitionedStreamView WHERE repairs & 1 AND ";
  EXPECT_GE(InArchive(cqd, marked + "packet_loss_ratio IS NULL"), 1);
  EXPECT_GE(InArchive(cqd, marked + "jitter_ms IS NULL"), 2);
  EXPECT_GE(InArchive(cqd, marked + "round_trip_ms IS NULL"), 1);
  EXPECT_EQ(InArchive(cqd,
                      "SELECT count(*) FROM CqdPartitionedStreamView WHERE "
                      "packet_loss_ratio > 1 OR jitter_ms < 0 OR network_mos > 5 OR "
                      "degradation_mos < 0 OR round_trip_ms > 1e9"),
            0);
  cqd.Serve();
  const json::value newest = NewestRun(cqd);
  EXPECT_GE(newest.at("rows").at("repaired").as_int64(),
            static_cast<std::int64_t>(changes.size()) - kTexts);
  EXPECT_EQ(newest.at("rows").at("inserted").as_int64(), all);
  EXPECT_EQ(newest.at("rows").at("quarantined").as_int64(), 0);
}

TEST(BadRecords, AbsurdSessionTimesAndOrphansAreSetAside) {
  Installation cqd;
  cqd.Simulate(500, 2);
  cqd.ConfigureWithDatabase(kQuiet);
  std::string sql;
  const auto add = [&sql](const std::string& time, int seq, bool with_session) {
    if (with_session) {
      sql += fmt::format(
          "INSERT INTO Session (ConferenceDateTime, SessionSeq, StartTime) VALUES ('{0}', {1}, "
          "'{0}'); INSERT INTO MediaLine (ConferenceDateTime, SessionSeq, MediaLineLabel) VALUES "
          "('{0}', {1}, 0);",
          time, seq);
    }
    sql += fmt::format(
        "INSERT INTO AudioStream (ConferenceDateTime, SessionSeq, MediaLineLabel, StreamID, "
        "RoundTrip) VALUES ('{}', {}, 0, 1, 20);",
        time, seq);
  };
  add("2215-01-01 00:00:00.000", 900001, true);
  add("1905-06-01 00:00:00.000", 900002, true);
  add("2020-06-01 00:00:00.000", 900003, false);
  Execute(cqd.database(), sql);
  const std::int64_t all = Ask(cqd.database(), kStreams);
  const Finished run = cqd.Cqd({"integrate"});
  ASSERT_EQ(run.exit_code, 0) << "bad records never stop a run: " << run.output;
  const std::string list = cqd.Cqd({"quarantine", "list"}).output;
  EXPECT_THAT(list, testing::ContainsRegex("session_time_absurd.*2215-01-01T00:00:00Z/900001"));
  EXPECT_THAT(list, testing::ContainsRegex("session_time_absurd.*1905-06-01T00:00:00Z/900002"));
  EXPECT_THAT(list, testing::ContainsRegex("no_session.*2020-06-01T00:00:00Z/900003"));
  EXPECT_EQ(InArchive(cqd, "SELECT count(*) FROM CqdPartitionedStreamView"), all - 3);
  EXPECT_FALSE(std::filesystem::exists(cqd.data_dir() + "/archive/streams-2215-01.sqlite"));
  cqd.Serve();
  const json::value newest = NewestRun(cqd);
  EXPECT_EQ(newest.at("rows").at("quarantined").as_int64(), 3);
  EXPECT_EQ(newest.at("rows").at("read").as_int64(), all);
  // A clock from the future does not make the data look fresh.
  const json::value fresh = cqd.GetJson("/api/v1/status").at("stages").at(0).at("freshness");
  EXPECT_GE(fresh.at("data_age_s").as_int64(), 0);
  EXPECT_THAT(cqd.Get("/metrics").body,
              HasSubstr("cqd_quarantine_records{reason=\"session_time_absurd\"} 2"));
  EXPECT_EQ(cqd.StopServer(), 0);

  // The session of the orphan comes after all, and a replay reads it again.
  Execute(cqd.database(),
          "INSERT INTO Session (ConferenceDateTime, SessionSeq, StartTime) VALUES "
          "('2020-06-01 00:00:00.000', 900003, '2020-06-01 00:00:00.000'); INSERT INTO MediaLine "
          "(ConferenceDateTime, SessionSeq, MediaLineLabel) VALUES ('2020-06-01 00:00:00.000', "
          "900003, 0);");
  const std::size_t at = list.find("no_session");
  const std::size_t line = list.rfind('\n', at) + 1;
  const std::string id = std::to_string(std::stoi(list.substr(line)));
  const Finished replayed = cqd.Cqd({"quarantine", "replay", id});
  ASSERT_EQ(replayed.exit_code, 0) << replayed.output;
  EXPECT_THAT(replayed.output, HasSubstr("1 records stored, 0 refused again"));
  EXPECT_EQ(InArchive(cqd, "SELECT count(*) FROM CqdPartitionedStreamView"), all - 2);
  EXPECT_THAT(cqd.Cqd({"quarantine", "list"}).output, testing::Not(HasSubstr("no_session")));
}

/// The error of the newest archive run, which must have failed.
json::value FailedRun(Installation& cqd, std::int64_t after) {
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  const json::value run = cqd.WaitForRun("archive", after);
  EXPECT_EQ(run.at("state").as_string(), "failed");
  EXPECT_FALSE(run.at("error").at("hint").as_string().empty());
  return run;
}

TEST(BadSource, LockedDeletedAndBackAgain) {
  Installation cqd;
  cqd.Simulate(600, 2);
  cqd.Configure(std::string(kQuiet) +
                "[[source]]\nname = \"qoe\"\nrows_per_second = 900\nconnection_string = "
                "\"Driver=SQLite3;Timeout=100;Database=" +
                cqd.database() + "\"\n");
  const std::int64_t all = Ask(cqd.database(), kStreams);
  cqd.Serve();
  std::int64_t seq = 0;
  {
    auto other = *sqlite::Database::Open(cqd.database());
    ASSERT_TRUE(other.Execute("PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE").ok());
    const json::value run = FailedRun(cqd, seq);
    EXPECT_EQ(run.at("error").at("class").as_string(), "source");
    seq = run.at("seq").as_int64();
    ASSERT_TRUE(other.Execute("ROLLBACK").ok());
  }
  EXPECT_NE(cqd.GetJson("/api/v1/status").at("status").as_string(), "pass");

  // The file goes while a run reads it, slowly; what became of that run, its rows add up.
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  for (;;) {
    const json::value run = cqd.GetJson("/api/v1/runs?stage=archive&n=1").at("runs").at(0);
    if (run.at("seq").as_int64() > seq && run.at("progress").at("done").as_int64() > 0) break;
    if (run.at("seq").as_int64() > seq && run.at("state").as_string() == "succeeded") break;
    test::Breathe();
  }
  std::filesystem::rename(cqd.database(), cqd.Path("moved.sqlite"));
  seq = cqd.WaitForRun("archive", seq).at("seq").as_int64();
  NewestRun(cqd);
  const json::value gone = FailedRun(cqd, seq);
  seq = gone.at("seq").as_int64();
  EXPECT_EQ(gone.at("error").at("class").as_string(), "source");
  EXPECT_FALSE(std::filesystem::exists(cqd.database())) << "a reader makes no empty database";

  std::filesystem::rename(cqd.Path("moved.sqlite"), cqd.database());
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  EXPECT_EQ(cqd.WaitForRun("archive", seq).at("state").as_string(), "succeeded");
  EXPECT_EQ(InArchive(cqd, "SELECT count(*) FROM CqdPartitionedStreamView"), all)
      << "nothing lost, nothing doubled";
}

}  // namespace
}  // namespace cqd
