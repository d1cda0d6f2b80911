#include "integration/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/clock.h"
#include "integration/published_status.h"
#include "integration/status.h"

namespace cqd::integration {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

UtcTime At(std::string_view text) {
  return *ParseTime(text);
}

class RunLogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-runlog-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    Open("boot-1");
  }
  void TearDown() override {
    log_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Open(const std::string& boot) {
    log_.reset();
    auto opened = RunLog::Open(
        {.path = (folder_ / "integration.sqlite").string(), .boot_id = boot, .version = "test"},
        clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().ToString();
    log_ = *std::move(opened);
  }
  RunRecord Start(Stage stage, UtcTime at) {
    clock_.StepWall(at);
    RunRecord run;
    run.stage = stage;
    run = *log_->Add(run);
    run.state = RunState::kRunning;
    run.started_at = at;
    EXPECT_TRUE(log_->Update(run).ok());
    return run;
  }
  void End(RunRecord run, RunState state, UtcTime at) {
    clock_.StepWall(at);
    run.state = state;
    run.finished_at = at;
    run.duration_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(at - *run.started_at).count();
    EXPECT_TRUE(log_->Update(run).ok());
  }
  void Whole(Stage stage, RunState state, UtcTime start, UtcTime end) {
    End(Start(stage, start), state, end);
  }

  std::filesystem::path folder_;
  SimulatedClock clock_{At("2015-01-01")};
  std::unique_ptr<RunLog> log_;
};

/// The fifteen runs whose times the published sample shows (reference/status-api.md 1), in order of
/// start. A run's start is known for the newest cube run only; the others began some seconds before
/// they finished.
struct SampleRun {
  Stage stage;
  RunState state;
  const char* finished;
};
constexpr SampleRun kSample[] = {
    {Stage::kCube, RunState::kFailed, "2015-01-15T19:45:50Z"},
    {Stage::kCube, RunState::kFailed, "2015-01-15T20:01:56Z"},
    {Stage::kCube, RunState::kFailed, "2015-01-17T10:02:20Z"},
    {Stage::kCube, RunState::kSucceeded, "2015-01-17T14:17:01Z"},
    {Stage::kCube, RunState::kSucceeded, "2015-01-17T14:31:40Z"},
    {Stage::kArchive, RunState::kSucceeded, "2015-01-17T14:45:13Z"},
    {Stage::kCube, RunState::kSucceeded, "2015-01-17T14:47:19Z"},
    {Stage::kArchive, RunState::kSucceeded, "2015-01-17T15:00:17Z"},
    {Stage::kCube, RunState::kSucceeded, "2015-01-17T15:01:41Z"},
    {Stage::kArchive, RunState::kSucceeded, "2015-01-17T15:15:17Z"},
    {Stage::kCube, RunState::kSucceeded, "2015-01-17T15:16:40Z"},
    {Stage::kArchive, RunState::kSucceeded, "2015-01-18T10:28:29Z"},
    {Stage::kCube, RunState::kFailed, "2015-01-18T10:29:28Z"},
    {Stage::kArchive, RunState::kSucceeded, "2015-01-18T10:30:13Z"},
    {Stage::kCube, RunState::kFailed, "2015-01-18T10:30:58Z"},
};

constexpr const char* kPublishedSample =
    R"({"LastSuccessIntegrations":["01/18/2015 10:30:13","01/18/2015 10:28:29","01/17/2015 15:15:17","01/17/2015 15:00:17","01/17/2015 14:45:13"],)"
    R"("LastSuccessCubeProcessings":["01/17/2015 15:16:40","01/17/2015 15:01:41","01/17/2015 14:47:19","01/17/2015 14:31:40","01/17/2015 14:17:01"],)"
    R"("LastFailedIntegrations":[],)"
    R"("LastFailedCubeProcessings":["01/18/2015 10:30:58","01/18/2015 10:29:28","01/17/2015 10:02:20","01/15/2015 20:01:56","01/15/2015 19:45:50"],)"
    R"("LastDataIntegrationStart":null,"LastCubeProcessingStart":"01/18/2015 10:30:16"})";

TEST_F(RunLogTest, TheRunsOfThePublishedSampleGiveThePublishedSample) {
  for (const SampleRun& sample : kSample) {
    const UtcTime end = At(sample.finished);
    const UtcTime start =
        end == At("2015-01-18T10:30:58Z") ? At("2015-01-18T10:30:16Z") : end - seconds(13);
    Whole(sample.stage, sample.state, start, end);
  }
  EXPECT_EQ(PublishedStatusJson(*log_->summary(), TimeZone()), kPublishedSample);
  Open("boot-2");
  EXPECT_EQ(PublishedStatusJson(*log_->summary(), TimeZone()), kPublishedSample)
      << "after a restart";
}

TEST_F(RunLogTest, AnEmptyLogHasEmptyListsAndNoStart) {
  EXPECT_EQ(
      PublishedStatusJson(*log_->summary(), TimeZone()),
      R"({"LastSuccessIntegrations":[],"LastSuccessCubeProcessings":[],"LastFailedIntegrations":[],)"
      R"("LastFailedCubeProcessings":[],"LastDataIntegrationStart":null,"LastCubeProcessingStart":null})");
}

TEST_F(RunLogTest, AStartIsShownWhileARunIsUnderWayAndGoesWithItsSuccess) {
  const RunRecord run = Start(Stage::kArchive, At("2015-01-18T10:30:00Z"));
  EXPECT_THAT(PublishedStatusJson(*log_->summary(), TimeZone()),
              testing::HasSubstr(R"("LastDataIntegrationStart":"01/18/2015 10:30:00")"));
  End(run, RunState::kSucceeded, At("2015-01-18T10:30:13Z"));
  EXPECT_THAT(PublishedStatusJson(*log_->summary(), TimeZone()),
              testing::HasSubstr(R"("LastDataIntegrationStart":null)"));
}

TEST_F(RunLogTest, CancelledAndSkippedRunsAreNeitherSuccessNorFailureNorAStart) {
  Whole(Stage::kArchive, RunState::kSucceeded, At("2015-01-18T10:00:00Z"),
        At("2015-01-18T10:00:10Z"));
  const std::string before = PublishedStatusJson(*log_->summary(), TimeZone());
  Whole(Stage::kArchive, RunState::kCancelled, At("2015-01-18T10:15:00Z"),
        At("2015-01-18T10:15:10Z"));
  RunRecord skipped;
  skipped.state = RunState::kSkipped;
  ASSERT_TRUE(log_->Add(skipped).ok());
  EXPECT_EQ(PublishedStatusJson(*log_->summary(), TimeZone()), before);
  Open("boot-2");
  EXPECT_EQ(PublishedStatusJson(*log_->summary(), TimeZone()), before);
}

TEST_F(RunLogTest, PublishedTimesFollowTheConfiguredZone) {
  Whole(Stage::kArchive, RunState::kSucceeded, At("2015-07-18T22:59:00Z"),
        At("2015-07-18T23:30:00Z"));
  EXPECT_THAT(PublishedStatusJson(*log_->summary(), *TimeZone::Find("Europe/Paris")),
              testing::HasSubstr("07/19/2015 01:30:00"));
}

TEST_F(RunLogTest, ADeadProcessNeverAppearsToRun) {
  Start(Stage::kArchive, At("2015-01-18T10:30:00Z"));
  clock_.StepWall(At("2015-01-18T11:00:00Z"));
  Open("boot-2");
  const auto summary = log_->summary();
  EXPECT_FALSE(summary->Of(Stage::kArchive).current.has_value());
  const RunRecord closed = *summary->Of(Stage::kArchive).last_failure;
  EXPECT_EQ(closed.state, RunState::kInterrupted);
  EXPECT_EQ(*closed.finished_at, At("2015-01-18T11:00:00Z")) << "finished when it was noticed";
  EXPECT_THAT(PublishedStatusJson(*summary, TimeZone()),
              testing::HasSubstr(R"("LastFailedIntegrations":["01/18/2015 11:00:00"])"));
  EXPECT_THAT(PublishedStatusJson(*summary, TimeZone()),
              testing::HasSubstr(R"("LastDataIntegrationStart":"01/18/2015 10:30:00")"));
}

TEST_F(RunLogTest, AHeartbeatNeverRevivesAnEndedRun) {
  const RunRecord run = Start(Stage::kCube, At("2015-01-18T10:30:00Z"));
  End(run, RunState::kSucceeded, At("2015-01-18T10:30:13Z"));
  ASSERT_TRUE(log_->Heartbeat(run.seq).ok());
  EXPECT_FALSE(log_->summary()->Of(Stage::kCube).current.has_value());
  EXPECT_EQ(log_->Find(run.run_id)->state, RunState::kSucceeded);
}

TEST_F(RunLogTest, ARunComesBackAsItWasStored) {
  RunRecord run = Start(Stage::kArchive, At("2015-01-18T10:30:00Z"));
  run.rows = {.read = 10,
              .inserted = 5,
              .updated = 2,
              .duplicate = 2,
              .quarantined = 1,
              .repaired = 3,
              .expired = 4};
  run.partitions = {{"2015-01", 7, 12, "extended"}};
  run.steps = {{"integrate a", RunState::kFailed, At("2015-01-18T10:30:01Z"), 12, 7}};
  run.progress = {5, 10, "streams"};
  run.data_through = At("2015-01-18T10:29:59Z");
  run.error =
      RunError{"disk_full", ErrorClass::kDisk, "no \"room\"", "/data", "write", "make room", true};
  run.warnings = {{"quarantined", 1, "one"}};
  run.requested_by = "mira";
  End(run, RunState::kFailed, At("2015-01-18T10:31:00Z"));
  Open("boot-2");
  const RunRecord back = *log_->Find(run.run_id);
  EXPECT_EQ(back.rows.quarantined, 1);
  EXPECT_EQ(back.rows.expired, 4);
  EXPECT_EQ(back.partitions.at(0).rows, 7);
  EXPECT_EQ(back.steps.at(0).state, RunState::kFailed);
  EXPECT_EQ(back.progress.total, 10);
  EXPECT_EQ(back.data_through, run.data_through);
  EXPECT_EQ(back.error->error_class, ErrorClass::kDisk);
  EXPECT_EQ(back.error->message, "no \"room\"");
  EXPECT_EQ(back.warnings.at(0).code, "quarantined");
  EXPECT_EQ(back.duration_ms, 60'000);
}

TEST_F(RunLogTest, EveryFieldOfARunComesBack) {
  RunRecord run = Start(Stage::kCube, At("2015-01-18T10:30:00Z"));
  run.rows.late = 4;
  run.bytes_read = 10;
  run.bytes_written = 20;
  run.inputs = {{"qoe", At("2015-01-18T09:00:00Z"), At("2015-01-18T10:00:00Z")}, {"quiet", {}, {}}};
  run.reject_reasons = {{"no_session", 3, 17}, {"unreadable", 1, {}}};
  run.progress.changed_at = At("2015-01-18T10:30:05Z");
  run.data_version = 7;
  run.rows_total = 100;
  run.checksum = "0123456789abcdef";
  run.resources = {.cpu_ms = 1, .peak_rss_bytes = 2, .read_bytes = {}, .write_bytes = 4};
  run.context.config_hash = "c0ffee";
  run.context.rule_version = 1;
  run.context.map_version = 2;
  run.context.host = "here";
  run.error = RunError{.code = "x", .record_ref = "r", .first_run = 3, .occurrences = 4};
  End(run, RunState::kFailed, At("2015-01-18T10:31:00Z"));
  RunRecord next;
  next.retry_of = run.seq;
  next.attempt = 2;
  next.idempotency_key = "key";
  next = *log_->Add(next);
  Open("boot-2");
  const RunRecord back = *log_->Find(run.run_id);
  EXPECT_EQ(back.rows.late, 4);
  EXPECT_EQ(back.bytes_written, 20);
  ASSERT_EQ(back.inputs.size(), 2U);
  EXPECT_EQ(back.inputs[0].to, At("2015-01-18T10:00:00Z"));
  EXPECT_EQ(back.inputs[1].from, std::nullopt);
  ASSERT_EQ(back.reject_reasons.size(), 2U);
  EXPECT_EQ(back.reject_reasons[0].sample_id, 17);
  EXPECT_EQ(back.reject_reasons[1].sample_id, std::nullopt);
  EXPECT_EQ(back.progress.changed_at, run.progress.changed_at);
  EXPECT_EQ(back.checksum, run.checksum);
  EXPECT_EQ(back.resources.cpu_ms, 1);
  EXPECT_EQ(back.resources.read_bytes, std::nullopt) << "unknown stays unknown";
  EXPECT_EQ(back.resources.write_bytes, 4);
  EXPECT_EQ(back.context.config_hash, "c0ffee");
  EXPECT_EQ(back.context.rule_version, 1);
  EXPECT_EQ(back.context.map_version, 2);
  EXPECT_EQ(back.context.host, "here");
  EXPECT_EQ(back.context.version, "test");
  EXPECT_EQ(back.error->record_ref, "r");
  EXPECT_EQ(back.error->first_run, 3);
  EXPECT_EQ(back.error->occurrences, 4);
  ASSERT_TRUE(back.ledger.has_value());
  EXPECT_EQ(back.ledger->hash, log_->Find(next.run_id)->ledger->prev);
  EXPECT_EQ(log_->Find(next.run_id)->retry_of, run.seq);
  EXPECT_EQ(log_->Find(next.run_id)->attempt, 2);
  EXPECT_EQ((*log_->FindByKey("key", At("2015-01-18T10:00:00Z")))->seq, next.seq);
  EXPECT_FALSE(log_->FindByKey("key", At("2015-01-19T10:00:00Z"))->has_value());
  EXPECT_FALSE(log_->FindByKey("", At("2015-01-01"))->has_value());
}

// Promise: what is not stored is not shown.
TEST_F(RunLogTest, AFailedStoreLeavesWhatReadersSee) {
  const RunRecord run = Start(Stage::kArchive, At("2015-01-18T10:30:00Z"));
  auto other = *sqlite::Database::Open((folder_ / "integration.sqlite").string());
  ASSERT_TRUE(other
                  .Execute("CREATE TRIGGER refuse BEFORE INSERT ON entry BEGIN SELECT "
                           "RAISE(ABORT, 'refused'); END")
                  .ok());
  const auto before = log_->summary();
  const std::int64_t newest = log_->events().newest_id();
  RunRecord ended = run;
  ended.state = RunState::kSucceeded;
  ended.finished_at = At("2015-01-18T10:31:00Z");
  EXPECT_FALSE(log_->Update(ended, "a line that is refused").ok());
  EXPECT_EQ(log_->summary(), before);
  EXPECT_EQ(log_->events().newest_id(), newest);
  EXPECT_EQ(log_->Find(run.run_id)->state, RunState::kRunning);
  ASSERT_TRUE(other.Execute("DROP TRIGGER refuse").ok());
  EXPECT_TRUE(log_->Update(ended, "a line").ok());
  EXPECT_EQ(log_->summary()->entries.back().description, "a line");
  EXPECT_GT(log_->events().newest_id(), newest);
}

TEST_F(RunLogTest, SumsGrowAlthoughRetentionRemovesRuns) {
  for (int i = 0; i < 30; ++i) {
    RunRecord run = Start(Stage::kArchive, At("2015-01-18T10:00:00Z") + minutes(i));
    run.rows = {.read = 2, .inserted = 1, .duplicate = 1};
    End(run, i % 3 == 0 ? RunState::kFailed : RunState::kSucceeded,
        At("2015-01-18T10:00:30Z") + minutes(i));
  }
  ASSERT_TRUE(log_->Trim(At("2015-02-01"), 5).ok());
  Open("boot-2");
  const StageTotals& totals = log_->summary()->Of(Stage::kArchive).totals;
  EXPECT_EQ(totals.RunsEnded(RunState::kSucceeded), 20);
  EXPECT_EQ(totals.RunsEnded(RunState::kFailed), 10);
  EXPECT_EQ(totals.rows.read, 60);
  EXPECT_EQ(totals.rows.duplicate, 30);
  EXPECT_EQ(totals.ms, 30 * 30'000);
}

TEST_F(RunLogTest, SuccessTimesReachBackThirtyFiveDaysAndHistoryTwentyRuns) {
  for (int day = 0; day < 60; ++day) {
    const UtcTime at = At("2015-01-01T10:00:00Z") + std::chrono::hours(24 * day);
    Whole(Stage::kCube, RunState::kSucceeded, at, at + seconds(10));
  }
  for (const char* boot : {"boot-1", "boot-2"}) {
    Open(boot);
    const auto summary = log_->summary();
    const StageSummary& cube = summary->Of(Stage::kCube);
    ASSERT_EQ(cube.success_times->size(), 36U);
    EXPECT_EQ(cube.success_times->back(), cube.successes.front()) << "oldest first";
    ASSERT_EQ(cube.history.size(), kHistoryRuns);
    EXPECT_EQ(cube.history.front()->seq, 60);
    EXPECT_EQ(cube.history.back()->seq, 41);
    EXPECT_EQ(cube.newest_ended->seq, 60);
    EXPECT_EQ(summary->Of(Stage::kArchive).newest_ended, nullptr);
  }
}

TEST_F(RunLogTest, ListsNewestFirstWithFiltersAndCursor) {
  for (int i = 0; i < 7; ++i) {
    Whole(i % 2 == 0 ? Stage::kArchive : Stage::kCube,
          i == 3 ? RunState::kFailed : RunState::kSucceeded,
          At("2015-01-18T10:00:00Z") + minutes(i), At("2015-01-18T10:00:30Z") + minutes(i));
  }
  const auto page = *log_->List({.most = 3});
  ASSERT_EQ(page.size(), 3U);
  EXPECT_EQ(page[0].seq, 7);
  EXPECT_EQ(log_->List({.before_seq = page[2].seq, .most = 500})->size(), 4U);
  EXPECT_EQ(log_->List({.stage = Stage::kCube})->size(), 3U);
  EXPECT_EQ(log_->List({.state = RunState::kFailed})->size(), 1U);
  EXPECT_EQ(log_->Find("nothing").error().code, ErrorCode::kNotFound);
}

TEST_F(RunLogTest, TrimKeepsTheNewestRunsAndNeverGivesANumberTwice) {
  for (int i = 0; i < 10; ++i) {
    Whole(Stage::kArchive, RunState::kSucceeded, At("2015-01-18T10:00:00Z") + minutes(i),
          At("2015-01-18T10:00:30Z") + minutes(i));
  }
  ASSERT_TRUE(log_->Trim(At("2015-02-01"), 4).ok());
  EXPECT_EQ(log_->List({})->size(), 4U);
  EXPECT_EQ(log_->Add({})->seq, 11);
}

TEST_F(RunLogTest, ARunThatOnlyWaitedWhenTheProcessDiedHidesNoStart) {
  Start(Stage::kArchive, At("2015-01-18T10:00:00Z"));
  ASSERT_TRUE(log_->Add({}).ok());
  clock_.Advance(minutes(1));
  Open("boot-2");
  EXPECT_EQ(log_->summary()->Of(Stage::kArchive).newest->started_at, At("2015-01-18T10:00:00Z"));
  // Nor after a run that was cancelled.
  End(Start(Stage::kArchive, At("2015-01-18T10:05:00Z")), RunState::kCancelled,
      At("2015-01-18T10:06:00Z"));
  EXPECT_EQ(log_->summary()->Of(Stage::kArchive).newest->started_at, At("2015-01-18T10:00:00Z"));
}

TEST_F(RunLogTest, AnOutageKeepsItsStartAcrossARestartThoughTheClockWasSetBack) {
  Whole(Stage::kCube, RunState::kFailed, At("2015-01-18T10:00:00Z"), At("2015-01-18T10:01:00Z"));
  Whole(Stage::kCube, RunState::kFailed, At("2015-01-18T09:30:00Z"), At("2015-01-18T09:31:00Z"));
  EXPECT_EQ(log_->summary()->Of(Stage::kCube).failing_since, At("2015-01-18T10:01:00Z"));
  Open("boot-2");
  EXPECT_EQ(log_->summary()->Of(Stage::kCube).failing_since, At("2015-01-18T10:01:00Z"));
  EXPECT_EQ(log_->summary()->Of(Stage::kCube).consecutive_failures, 2);
}

TEST_F(RunLogTest, TheLogHasThePublishedShapeNewestLast) {
  clock_.StepWall(At("2015-03-18T10:28:29.1Z"));
  ASSERT_TRUE(log_->Append("Integration", "first").ok());
  clock_.Advance(seconds(1));
  ASSERT_TRUE(log_->Append("System", "second \"quoted\"").ok());
  EXPECT_EQ(
      PublishedLogJson(*log_->summary(), TimeZone(), 10),
      R"([{"LogCategory":"Integration","LogTime":"2015-03-18T10:28:29.10","LogDescription":"first"},)"
      R"({"LogCategory":"System","LogTime":"2015-03-18T10:28:30.10","LogDescription":"second \"quoted\""}])");
  EXPECT_THAT(PublishedLogJson(*log_->summary(), TimeZone(), 1),
              testing::Not(testing::HasSubstr("first")));
}

// Promise: the summary kept in memory equals the one read from the file, whatever happened.
TEST_F(RunLogTest, MemoryAndFileAgreeAfterRandomHistories) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  constexpr RunState kEnds[] = {RunState::kSucceeded, RunState::kFailed, RunState::kPartial,
                                RunState::kCancelled};
  UtcTime now = At("2015-01-18T10:00:00Z");
  for (int i = 0; i < 60; ++i) {
    now += minutes(1);
    const RunRecord run = Start(random() % 2 == 0 ? Stage::kArchive : Stage::kCube, now);
    End(run, kEnds[random() % std::size(kEnds)], now + seconds(random() % 50));
  }
  const auto before = log_->summary();
  const std::string text = PublishedStatusJson(*before, TimeZone());
  Open("boot-2");
  const auto after = log_->summary();
  EXPECT_EQ(PublishedStatusJson(*after, TimeZone()), text);
  for (const Stage stage : {Stage::kArchive, Stage::kCube}) {
    EXPECT_EQ(after->Of(stage).consecutive_failures, before->Of(stage).consecutive_failures);
    EXPECT_EQ(after->Of(stage).failing_since, before->Of(stage).failing_since);
    EXPECT_EQ(after->Of(stage).durations_ms, before->Of(stage).durations_ms);
    EXPECT_EQ(*after->Of(stage).success_times, *before->Of(stage).success_times);
    EXPECT_EQ(after->Of(stage).totals.runs, before->Of(stage).totals.runs);
    EXPECT_EQ(after->Of(stage).newest_ended->seq, before->Of(stage).newest_ended->seq);
    ASSERT_EQ(after->Of(stage).history.size(), before->Of(stage).history.size());
    for (std::size_t i = 0; i < after->Of(stage).history.size(); ++i)
      EXPECT_EQ(after->Of(stage).history[i]->seq, before->Of(stage).history[i]->seq);
  }
}

class StatusTest : public RunLogTest {
 protected:
  StatusView StatusAt(std::string_view now) {
    StatusInputs inputs;
    inputs.now = At(now);
    inputs.process_started_at = At("2015-01-18T09:00:00Z");
    inputs.archive = inputs.cube = {minutes(15), minutes(30), minutes(60)};
    return MakeStatus(*log_->summary(), inputs);
  }
};

TEST_F(StatusTest, NowLastAndWorryAreThreeSeparateWords) {
  Whole(Stage::kArchive, RunState::kFailed, At("2015-01-18T10:00:00Z"), At("2015-01-18T10:00:10Z"));
  Start(Stage::kArchive, At("2015-01-18T10:15:00Z"));
  const StageStatus stage = StatusAt("2015-01-18T10:15:05Z").stages[0];
  EXPECT_EQ(stage.state, NowState::kRunning);
  EXPECT_EQ(stage.outcome, Outcome::kFailed) << "a new start does not change what happened last";
  EXPECT_EQ(stage.verdict, Verdict::kStale)
      << "nothing ever succeeded, and the server is up for more than an hour";
}

TEST_F(StatusTest, LatenessComesFromTheClockAlone) {
  Whole(Stage::kArchive, RunState::kSucceeded, At("2015-01-18T10:00:00Z"),
        At("2015-01-18T10:00:10Z"));
  Whole(Stage::kCube, RunState::kSucceeded, At("2015-01-18T10:00:10Z"), At("2015-01-18T10:00:20Z"));
  EXPECT_EQ(StatusAt("2015-01-18T10:30:10Z").stages[0].verdict, Verdict::kOnTime)
      << "exactly at the limit";
  EXPECT_EQ(StatusAt("2015-01-18T10:30:11Z").stages[0].verdict, Verdict::kLate);
  const StatusView stale = StatusAt("2015-01-18T11:00:11Z");
  EXPECT_EQ(stale.stages[0].verdict, Verdict::kStale);
  EXPECT_EQ(stale.health, Health::kFail);
  EXPECT_THAT(stale.reasons.at(0).code, "archive_stale");
  EXPECT_EQ(stale.stages[0].late_since, At("2015-01-18T10:30:10Z"));
}

TEST_F(StatusTest, ASuccessOfZeroRowsIsOkEmpty) {
  Whole(Stage::kArchive, RunState::kSucceeded, At("2015-01-18T10:00:00Z"),
        At("2015-01-18T10:00:10Z"));
  EXPECT_EQ(StatusAt("2015-01-18T10:00:11Z").stages[0].outcome, Outcome::kOkEmpty);
}

TEST_F(StatusTest, OneFailureWarnsASecondFails) {
  Whole(Stage::kCube, RunState::kSucceeded, At("2015-01-18T10:00:00Z"), At("2015-01-18T10:00:10Z"));
  Whole(Stage::kArchive, RunState::kSucceeded, At("2015-01-18T10:00:00Z"),
        At("2015-01-18T10:00:10Z"));
  Whole(Stage::kCube, RunState::kFailed, At("2015-01-18T10:01:00Z"), At("2015-01-18T10:01:10Z"));
  EXPECT_EQ(StatusAt("2015-01-18T10:02:00Z").health, Health::kWarn);
  Whole(Stage::kCube, RunState::kFailed, At("2015-01-18T10:03:00Z"), At("2015-01-18T10:03:10Z"));
  const StatusView view = StatusAt("2015-01-18T10:04:00Z");
  EXPECT_EQ(view.health, Health::kFail);
  EXPECT_EQ(view.stages[1].consecutive_failures, 2);
  EXPECT_EQ(view.stages[1].failing_since, At("2015-01-18T10:01:10Z"));
}

TEST_F(StatusTest, ANeverRunServerIsNotRunningAndUnknownIsNull) {
  const StatusView view = StatusAt("2015-01-18T09:00:01Z");
  EXPECT_EQ(view.stages[0].state, NowState::kNeverRun);
  EXPECT_EQ(view.stages[0].outcome, Outcome::kNone);
  EXPECT_EQ(view.stages[0].age, std::nullopt);
  EXPECT_EQ(view.stages[0].p95_ms, std::nullopt);
  EXPECT_EQ(view.health, Health::kPass);
}

}  // namespace
}  // namespace cqd::integration
