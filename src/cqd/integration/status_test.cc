// Promises of the status, one test each: what a log and a moment must and must not say. Rules:
// reference/status-api.md 3, 4. The names of the first nine tests are the nine rules.
#include "integration/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "integration/published_status.h"

namespace cqd::integration {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

UtcTime At(std::string_view text) {
  return *ParseTime(text);
}

/// A log and a moment made by hand: all is well at ten o'clock, five minutes after the last runs.
struct Scene {
  LogSummary log;
  StatusInputs inputs;

  Scene() {
    inputs.now = At("2015-01-18T10:00:00Z");
    inputs.process_started_at = inputs.now - hours(24 * 40);
    inputs.uptime = hours(24 * 40);
    inputs.beat_age = seconds(1);
    inputs.archive = inputs.cube = {minutes(15), minutes(30), minutes(60)};
    inputs.archive_next_at = inputs.now + minutes(10);
    inputs.storage.disk_free_bytes = 100 * kGiB;
    Succeed(Stage::kArchive, minutes(6));
    Succeed(Stage::kCube, minutes(5));
  }
  StageSummary& Of(Stage stage) { return log.stages[static_cast<std::size_t>(stage)]; }
  StageFacts& FactsOf(Stage stage) { return inputs.facts[static_cast<std::size_t>(stage)]; }
  RunRecord Run(Stage stage, RunState state, Duration ago) {
    RunRecord run;
    run.seq = ++seq_;
    run.run_id = "run-" + std::to_string(run.seq);
    run.stage = stage;
    run.state = state;
    run.queued_at = inputs.now - ago - seconds(20);
    run.started_at = inputs.now - ago - seconds(20);
    run.heartbeat_at = inputs.now - ago;
    if (IsFinal(state)) run.finished_at = inputs.now - ago;
    run.rows.read = run.rows.inserted = 100;
    return run;
  }
  RunRecord& Succeed(Stage stage, Duration ago) {
    StageSummary& summary = Of(stage);
    summary.last_success = Run(stage, RunState::kSucceeded, ago);
    summary.last_success->data_through = inputs.now - ago - minutes(1);
    summary.data_through = summary.last_success->data_through;
    summary.newest = summary.last_finished = summary.last_success;
    FactsOf(stage).success_age = ago;
    return *summary.last_success;
  }
  RunRecord& FailTimes(Stage stage, int times, RunState state = RunState::kFailed) {
    StageSummary& summary = Of(stage);
    summary.last_failure = Run(stage, state, minutes(1));
    summary.last_failure->error = MakeRunError(Fail(ErrorCode::kDiskFull, "disk full"), "x", false);
    summary.newest = summary.last_finished = summary.last_failure;
    summary.consecutive_failures = times;
    summary.failing_since = inputs.now - minutes(times);
    return *summary.last_failure;
  }
  RunRecord& Start(Stage stage, Duration ago) {
    StageSummary& summary = Of(stage);
    RunRecord run = Run(stage, RunState::kRunning, ago);
    run.started_at = inputs.now - ago;
    run.heartbeat_at = inputs.now;
    summary.current = run;
    summary.newest = run;
    return *summary.current;
  }
  SourceStatus& AddSource() {
    inputs.sources.push_back({.name = "qoe", .kind = "qoe_metrics"});
    inputs.sources.back().reachable = true;
    inputs.sources.back().last_contact_at = inputs.now - minutes(6);
    inputs.sources.back().last_record_at = inputs.now - minutes(10);
    inputs.sources.back().quiet_after = hours(72);
    return inputs.sources.back();
  }
  StatusView View() const { return MakeStatus(log, inputs); }
  std::vector<std::string> Codes() const {
    std::vector<std::string> codes;
    for (const Reason& reason : View().reasons) codes.push_back(reason.code);
    return codes;
  }

 private:
  std::int64_t seq_ = 0;
};

TEST(StatusRules, One_NowLastAndWorryAreThreeSeparateWords) {
  Scene scene;
  scene.FailTimes(Stage::kArchive, 1);
  scene.Start(Stage::kArchive, seconds(5));
  const StageStatus stage = scene.View().stages[0];
  EXPECT_EQ(stage.state, NowState::kRunning);
  EXPECT_EQ(stage.outcome, Outcome::kFailed);
  EXPECT_EQ(stage.verdict, Verdict::kOnTime) << "the last success is six minutes old";
}

TEST(StatusRules, Two_ARunWithoutHeartbeatForThreeIntervalsHangs) {
  Scene scene;
  scene.Start(Stage::kArchive, minutes(2));
  scene.inputs.beat_age = seconds(30);
  EXPECT_THAT(scene.Codes(), Not(Contains("archive_hung"))) << "exactly at the limit";
  scene.inputs.beat_age = seconds(31);
  EXPECT_THAT(scene.Codes(), Contains("archive_hung"));
  EXPECT_EQ(scene.View().health, Health::kFail);
  scene.inputs.beat_age.reset();
  scene.Of(Stage::kArchive).current->heartbeat_at = scene.inputs.now - seconds(31);
  EXPECT_THAT(scene.Codes(), Contains("archive_hung")) << "by the log alone";
}

TEST(StatusRules, Three_AgeGrowsAtTheTimeOfTheQuestionWithoutAnyRun) {
  Scene scene;
  for (const auto& [age, verdict] : {std::pair<Duration, Verdict>(minutes(30), Verdict::kOnTime),
                                     {minutes(30) + seconds(1), Verdict::kLate},
                                     {minutes(60), Verdict::kLate},
                                     {minutes(60) + seconds(1), Verdict::kStale}}) {
    scene.Succeed(Stage::kArchive, age);
    const StatusView view = scene.View();
    EXPECT_EQ(view.stages[0].verdict, verdict) << age.count();
    EXPECT_EQ(view.stages[0].age, age);
    if (verdict != Verdict::kOnTime) {
      EXPECT_EQ(view.stages[0].late_since, scene.inputs.now - age + minutes(30));
    }
  }
  EXPECT_THAT(scene.Codes(), Contains("archive_stale"));
}

TEST(StatusRules, Four_ZeroRowsAreOkEmptyAndWarnWhenTheSourceHasMore) {
  Scene scene;
  RunRecord& run = scene.Succeed(Stage::kArchive, minutes(6));
  run.rows = {};
  scene.Of(Stage::kArchive).last_finished = run;
  EXPECT_EQ(scene.View().stages[0].outcome, Outcome::kOkEmpty);
  EXPECT_EQ(scene.View().health, Health::kPass);
  run.warnings.push_back({"empty_but_source_has_more", 1, "the source has newer records"});
  scene.Of(Stage::kArchive).last_finished = run;
  EXPECT_EQ(scene.View().stages[0].outcome, Outcome::kOkEmpty);
  EXPECT_THAT(scene.Codes(), ElementsAre("empty_but_source_has_more"));
  EXPECT_EQ(scene.View().health, Health::kWarn);
}

TEST(StatusRules, Five_RowsThatDoNotAddUpAreSeen) {
  RunRows rows{.read = 10, .inserted = 4, .updated = 3, .duplicate = 2, .quarantined = 1};
  EXPECT_TRUE(rows.AddsUp());
  rows.quarantined = 0;
  EXPECT_FALSE(rows.AddsUp());
  rows.quarantined = 1;
  rows.repaired = 7, rows.late = 4, rows.expired = 1000;
  EXPECT_TRUE(rows.AddsUp()) << "repaired and late count within, expired beside";
}

TEST(StatusRules, Six_WhatTheLogStillKnowsIsInTheAnswer) {
  Scene scene;
  for (int i = 0; i < 3; ++i) {
    scene.Of(Stage::kCube)
        .history.push_back(std::make_shared<const RunRecord>(
            scene.Run(Stage::kCube, RunState::kSucceeded, hours(i))));
  }
  EXPECT_EQ(scene.View().stages[1].history, scene.Of(Stage::kCube).history);
}

TEST(StatusRules, Seven_OneMomentGivesOneAnswer) {
  Scene scene;
  scene.Start(Stage::kCube, seconds(4));
  const StatusView one = scene.View(), other = scene.View();
  EXPECT_EQ(one.summary, other.summary);
  EXPECT_EQ(one.stages[1].last_success->seq, scene.Of(Stage::kCube).last_success->seq);
  EXPECT_EQ(one.stages[1].data_through, scene.Of(Stage::kCube).last_success->data_through)
      << "a running run publishes nothing";
}

TEST(StatusRules, Eight_ThePublishedCallTellsTheSameRuns) {
  Scene scene;
  StageSummary& cube = scene.Of(Stage::kCube);
  cube.successes = {*cube.last_success->finished_at};
  scene.FailTimes(Stage::kCube, 1);
  cube.failures = {*cube.last_failure->finished_at};
  const std::string published = PublishedStatusJson(scene.log, TimeZone());
  const StageStatus ours = scene.View().stages[1];
  EXPECT_THAT(published, HasSubstr(R"("LastSuccessCubeProcessings":["01/18/2015 09:55:00"])"));
  EXPECT_EQ(*ours.last_success->finished_at, At("2015-01-18T09:55:00Z"));
  EXPECT_THAT(published, HasSubstr(R"("LastFailedCubeProcessings":["01/18/2015 09:59:00"])"));
  EXPECT_EQ(*ours.last_failure->finished_at, At("2015-01-18T09:59:00Z"));
  EXPECT_THAT(published, HasSubstr(R"("LastCubeProcessingStart":"01/18/2015 09:58:40")"))
      << "the newest run has not succeeded";
}

TEST(StatusRules, Nine_UnknownIsNull) {
  StatusInputs inputs;
  inputs.now = At("2015-01-18T10:00:00Z");
  inputs.process_started_at = inputs.now;
  inputs.archive = inputs.cube = {minutes(15), minutes(30), minutes(60)};
  inputs.sources.push_back({.name = "qoe"});
  const StatusView view = MakeStatus(LogSummary{}, inputs);
  EXPECT_EQ(view.health, Health::kPass);
  EXPECT_TRUE(view.reasons.empty());
  for (const StageStatus& stage : view.stages) {
    EXPECT_EQ(stage.state, NowState::kNeverRun);
    EXPECT_EQ(stage.outcome, Outcome::kNone);
    EXPECT_FALSE(stage.age || stage.data_through || stage.last_ms || stage.p50_ms || stage.p95_ms ||
                 stage.durations_trend || stage.expected_by || stage.expected_by_p95 ||
                 stage.late_since || stage.backlog.rows || stage.backlog.oldest_at ||
                 stage.next_at);
    ASSERT_TRUE(stage.slo.has_value()) << "the target is known";
    EXPECT_FALSE(stage.slo->met || stage.slo->budget_left);
  }
  EXPECT_FALSE(view.storage.disk_free_bytes || view.storage.days_until_full || view.cache ||
               view.retention.row_days || view.mapping.map_version);
  EXPECT_EQ(view.sources[0].reachable, std::nullopt);
}

TEST(StatusClock, AClockSetBackHidesNoLateness) {
  Scene scene;
  scene.FactsOf(Stage::kArchive).success_age = minutes(31);
  // The wall clock says that the success lies in the future.
  scene.Of(Stage::kArchive).last_success->finished_at = scene.inputs.now + minutes(29);
  const StageStatus stage = scene.View().stages[0];
  EXPECT_EQ(stage.verdict, Verdict::kLate);
  EXPECT_EQ(stage.age, minutes(31));
  EXPECT_EQ(stage.late_since, scene.inputs.now - minutes(1));
}

TEST(StatusClock, AClockSetBackAfterARestartHidesNoLatenessEither) {
  Scene scene;
  scene.Of(Stage::kCube).last_success->finished_at = scene.inputs.now + hours(1);
  scene.FactsOf(Stage::kCube).success_age.reset();
  scene.inputs.uptime = minutes(45);
  EXPECT_EQ(scene.View().stages[1].verdict, Verdict::kLate)
      << "the success was before this process, so it is at least as old";
}

TEST(StatusClock, AStepMakesNoRunHangOrSlow) {
  Scene scene;
  scene.Of(Stage::kArchive).durations_ms.assign(20, 20'000);
  RunRecord& run = scene.Start(Stage::kArchive, seconds(40));
  run.started_at = scene.inputs.now - hours(1);
  run.heartbeat_at = scene.inputs.now - hours(1);
  run.progress.changed_at = scene.inputs.now - hours(1);
  scene.FactsOf(Stage::kArchive).running_for = seconds(40);
  scene.FactsOf(Stage::kArchive).unmoved_for = seconds(1);
  scene.inputs.clock_step = ClockStep{hours(1), scene.inputs.now};
  EXPECT_THAT(scene.Codes(), ElementsAre("clock_stepped"));
}

TEST(StatusReasons, OneFailureWarnsASecondFailsAndTheSummarySaysWhy) {
  Scene scene;
  scene.FailTimes(Stage::kCube, 1);
  EXPECT_EQ(scene.View().health, Health::kWarn);
  scene.FailTimes(Stage::kCube, 2);
  scene.Of(Stage::kCube).last_success->finished_at = scene.inputs.now - minutes(32);
  const StatusView view = scene.View();
  EXPECT_EQ(view.health, Health::kFail);
  EXPECT_EQ(view.reasons.at(0).code, "cube_failing") << "the worst first";
  EXPECT_EQ(view.reasons.at(0).action, scene.Of(Stage::kCube).last_failure->error->hint);
  EXPECT_EQ(view.summary, "Cube 32 min old, limit 30 min; the last 2 runs failed: disk full");
}

TEST(StatusReasons, TheKindOfFailureHasItsOwnCode) {
  Scene scene;
  scene.FailTimes(Stage::kArchive, 1, RunState::kPartial);
  EXPECT_THAT(scene.Codes(), ElementsAre("archive_partial"));
  scene.FailTimes(Stage::kArchive, 1, RunState::kInterrupted);
  EXPECT_THAT(scene.Codes(), ElementsAre("archive_interrupted"));
}

TEST(StatusReasons, ARunThatDoesNotMoveHangs) {
  Scene scene;
  scene.Start(Stage::kCube, hours(2));
  scene.FactsOf(Stage::kCube).unmoved_for = minutes(30);
  EXPECT_THAT(scene.Codes(), Not(Contains("cube_hung")));
  scene.FactsOf(Stage::kCube).unmoved_for = minutes(30) + seconds(1);
  EXPECT_THAT(scene.Codes(), Contains("cube_hung"));
  scene.inputs.limits.hung_after = Duration::zero();
  EXPECT_THAT(scene.Codes(), Not(Contains("cube_hung"))) << "switched off";
}

TEST(StatusReasons, SlowNeedsABaselineAndAMinute) {
  Scene scene;
  scene.Start(Stage::kCube, minutes(5));
  scene.Of(Stage::kCube).durations_ms.assign(9, 60'000);
  EXPECT_THAT(scene.Codes(), Not(Contains("cube_slow"))) << "nine runs are no baseline";
  scene.Of(Stage::kCube).durations_ms.assign(10, 60'000);
  EXPECT_THAT(scene.Codes(), Contains("cube_slow"));
  scene.Of(Stage::kCube).durations_ms.assign(10, 100'000);
  EXPECT_THAT(scene.Codes(), Not(Contains("cube_slow"))) << "exactly three times is not more";
  scene.Of(Stage::kCube).durations_ms.assign(10, 1);
  scene.Start(Stage::kCube, seconds(60));
  EXPECT_THAT(scene.Codes(), Not(Contains("cube_slow"))) << "under a minute nobody waits";
}

TEST(StatusReasons, ADueRunThatDoesNotStartIsSeen) {
  Scene scene;
  scene.inputs.archive_next_at = scene.inputs.now - minutes(1);
  EXPECT_TRUE(scene.Codes().empty());
  scene.inputs.archive_next_at = scene.inputs.now - minutes(1) - seconds(1);
  EXPECT_THAT(scene.Codes(), ElementsAre("archive_not_started"));
  scene.Start(Stage::kArchive, seconds(1));
  EXPECT_TRUE(scene.Codes().empty()) << "it runs";
}

TEST(StatusReasons, ARunThatWaitsAtAFreeStageIsSeen) {
  Scene scene;
  scene.Of(Stage::kCube).queued = scene.Run(Stage::kCube, RunState::kQueued, minutes(2));
  EXPECT_THAT(scene.Codes(), ElementsAre("cube_not_started"));
}

TEST(StatusReasons, ACubeThatDoesNotFollowTheArchiveIsSeen) {
  Scene scene;
  scene.Succeed(Stage::kArchive, minutes(2));
  EXPECT_THAT(scene.Codes(), ElementsAre("cube_not_started"));
  scene.FailTimes(Stage::kCube, 1).queued_at = scene.inputs.now - minutes(1);
  scene.Of(Stage::kCube).newest = scene.Of(Stage::kCube).last_failure;
  EXPECT_THAT(scene.Codes(), ElementsAre("cube_failing")) << "it followed, and failed";
}

TEST(StatusReasons, ACubeThatFollowedIsNotMissedAfterTheClockWasSetBack) {
  Scene scene;
  RunRecord& archived = scene.Succeed(Stage::kArchive, minutes(2));
  archived.seq = 812;
  RunRecord followed = scene.Succeed(Stage::kCube, minutes(2));
  followed.caused_by = 812;
  StageSummary& cube = scene.Of(Stage::kCube);
  cube.history = {std::make_shared<const RunRecord>(followed)};
  cube.newest->queued_at = *archived.finished_at - minutes(60);
  cube.newest->started_at = cube.newest->queued_at;
  EXPECT_TRUE(scene.Codes().empty()) << "a run by hand came after it, by the new time before";
  cube.history.clear();
  cube.newest->started_at = archived.finished_at;
  EXPECT_TRUE(scene.Codes().empty()) << "it waited already, and took the data with it";
}

TEST(StatusReasons, APausedScheduleSaysSoAndStillGetsLate) {
  Scene scene;
  scene.log.pause = SchedulePause{scene.inputs.now - hours(1), "mira", "moving the disk"};
  scene.inputs.archive_next_at = scene.inputs.now - minutes(20);
  EXPECT_THAT(scene.Codes(), ElementsAre("archive_paused"));
  const StageStatus stage = scene.View().stages[0];
  EXPECT_EQ(stage.state, NowState::kPaused);
  EXPECT_EQ(stage.paused_by, "mira");
  scene.Succeed(Stage::kArchive, minutes(31));
  EXPECT_THAT(scene.Codes(), testing::UnorderedElementsAre("archive_paused", "archive_late"));
}

TEST(StatusReasons, WithoutAScheduleNothingIsLate) {
  Scene scene;
  scene.inputs.archive.every = scene.inputs.cube.every = Duration::zero();
  scene.inputs.archive_next_at.reset();
  scene.Succeed(Stage::kArchive, hours(1000)).queued_at = scene.inputs.now - hours(1000);
  scene.Succeed(Stage::kCube, hours(999));
  EXPECT_TRUE(scene.Codes().empty());
  EXPECT_EQ(scene.View().stages[0].state, NowState::kDisabled);
  EXPECT_EQ(scene.View().stages[0].slo, std::nullopt);
}

TEST(StatusReasons, NeverASuccessCountsFromTheStartOfTheServer) {
  Scene scene;
  scene.log = {};
  scene.inputs.uptime = minutes(30);
  EXPECT_TRUE(scene.Codes().empty());
  scene.inputs.uptime = minutes(61);
  EXPECT_THAT(scene.Codes(), ElementsAre("archive_never_succeeded", "cube_never_succeeded"));
  EXPECT_EQ(scene.View().health, Health::kFail);
}

TEST(StatusReasons, ManyQuarantinedRowsWarnAFewDoNot) {
  Scene scene;
  RunRecord& run = *scene.Of(Stage::kArchive).last_finished;
  run.rows = {.read = 10'000'000, .inserted = 9'900'000, .quarantined = 100'000};
  EXPECT_TRUE(scene.Codes().empty()) << "exactly one in a hundred";
  run.rows = {.read = 10'000'000, .quarantined = 10'000'000};
  EXPECT_THAT(scene.Codes(), ElementsAre("rows_quarantined"));
  run.rows = {.read = 9, .quarantined = 9};
  EXPECT_TRUE(scene.Codes().empty()) << "fewer than ten";
}

TEST(StatusSources, VerdictAndReasonsOfASource) {
  Scene scene;
  SourceStatus& source = scene.AddSource();
  EXPECT_TRUE(scene.Codes().empty());
  EXPECT_EQ(scene.View().sources[0].verdict, Verdict::kOnTime);
  source.reachable = false;
  source.error = "no answer";
  source.last_contact_at = scene.inputs.now - minutes(31);
  EXPECT_THAT(scene.Codes(), ElementsAre("source_unreachable"));
  EXPECT_EQ(scene.View().sources[0].verdict, Verdict::kLate);
  EXPECT_EQ(scene.View().health, Health::kWarn);
  source.last_contact_at = scene.inputs.now - minutes(61);
  EXPECT_EQ(scene.View().sources[0].verdict, Verdict::kStale);
  EXPECT_EQ(scene.View().health, Health::kFail);
  EXPECT_EQ(scene.View().reasons[0].source, "qoe");
  source.reachable = true;
  EXPECT_THAT(scene.Codes(), ElementsAre("source_failing")) << "it answers, but cannot be read";
}

TEST(StatusSources, AQuietSourceIsSeenWhileEveryRunSucceeds) {
  Scene scene;
  SourceStatus& source = scene.AddSource();
  source.last_record_at = scene.inputs.now - hours(72);
  EXPECT_TRUE(scene.Codes().empty());
  source.last_record_at = scene.inputs.now - hours(73);
  EXPECT_THAT(scene.Codes(), ElementsAre("source_quiet"));
  EXPECT_EQ(scene.View().sources[0].quiet_since, scene.inputs.now - hours(1));
  EXPECT_EQ(scene.View().sources[0].verdict, Verdict::kLate);
  source.quiet_after = Duration::zero();
  EXPECT_TRUE(scene.Codes().empty()) << "switched off";
}

TEST(StatusSources, SkewBacklogAndPassword) {
  Scene scene;
  SourceStatus& source = scene.AddSource();
  source.clock_skew_ms = -60'000;
  source.backlog_before = 5;
  source.backlog = 5;
  source.credential_expires_at = scene.inputs.now + hours(24 * 14) + seconds(1);
  EXPECT_TRUE(scene.Codes().empty()) << "all exactly at their limits";
  source.clock_skew_ms = -60'001;
  source.backlog = 6;
  source.credential_expires_at = scene.inputs.now + hours(24 * 14);
  EXPECT_THAT(scene.Codes(),
              ElementsAre("source_credential_expires", "source_clock_skew", "source_behind"));
  EXPECT_EQ(scene.View().stages[0].backlog.rows, 6);
  source.credential_expires_at = scene.inputs.now;
  EXPECT_THAT(scene.Codes(), Contains("source_credential_expired"));
  EXPECT_EQ(scene.View().health, Health::kFail);
}

TEST(StatusSystem, DiskDamageLogAndMapping) {
  Scene scene;
  scene.inputs.storage.disk_free_bytes = kGiB;
  scene.inputs.storage.days_until_full = 7;
  scene.inputs.storage.rows = 100;
  scene.inputs.mapping.unmapped_streams = 50;
  EXPECT_TRUE(scene.Codes().empty()) << "all exactly at their limits";
  scene.inputs.storage.disk_free_bytes = kGiB - 1;
  EXPECT_THAT(scene.Codes(), ElementsAre("disk_low"));
  scene.inputs.storage.days_until_full = 6.9;
  EXPECT_THAT(scene.Codes(), ElementsAre("disk_low", "disk_full_soon"));
  EXPECT_EQ(scene.View().reasons[1].severity, Health::kWarn);
  scene.inputs.storage.days_until_full = 0.9;
  EXPECT_EQ(scene.View().reasons[1].severity, Health::kFail);
  scene.inputs.storage = {};
  scene.inputs.storage.rows = 100;
  scene.inputs.mapping.unmapped_streams = 51;
  EXPECT_THAT(scene.Codes(), ElementsAre("unmapped_streams"));
  EXPECT_EQ(scene.View().health, Health::kPass) << "worth knowing, no alarm";
  EXPECT_THAT(scene.View().summary, HasSubstr("All is well"));
  scene.inputs.log_unwritable = scene.inputs.now;
  scene.inputs.damage = {"segment 7 of 2015-01 is damaged"};
  EXPECT_THAT(scene.Codes(), ElementsAre("cube_damaged", "log_unwritable", "unmapped_streams"));
}

TEST(StatusForecast, FreshDataIsExpectedAfterTheArchiveAndTheCube) {
  Scene scene;
  scene.Of(Stage::kArchive).durations_ms.assign(20, 10'000);
  scene.Of(Stage::kCube).durations_ms.assign(20, 5'000);
  scene.Of(Stage::kCube).durations_ms.front() = 60'000;
  scene.Of(Stage::kCube).durations_ms.back() = 60'000;
  StatusView view = scene.View();
  EXPECT_EQ(view.stages[0].expected_by, scene.inputs.now + minutes(10) + seconds(10));
  EXPECT_EQ(view.stages[1].expected_by, scene.inputs.now + minutes(10) + seconds(15));
  EXPECT_EQ(view.stages[1].expected_by_p95, scene.inputs.now + minutes(10) + seconds(70));
  scene.Start(Stage::kArchive, seconds(4));
  view = scene.View();
  EXPECT_EQ(view.stages[0].expected_by, scene.inputs.now + seconds(6)) << "from its start";
  EXPECT_EQ(view.stages[1].expected_by, scene.inputs.now + seconds(11));
}

TEST(StatusForecast, ATrendComparesTheNewestFifthWithAll) {
  Scene scene;
  std::vector<std::int64_t>& durations = scene.Of(Stage::kCube).durations_ms;
  durations.assign(9, 100);
  EXPECT_EQ(scene.View().stages[1].durations_trend, std::nullopt);
  durations.assign(50, 100);
  std::fill_n(durations.begin(), 10, 250);
  EXPECT_DOUBLE_EQ(*scene.View().stages[1].durations_trend, 2.5);
}

TEST(StatusForecast, TheServiceLevelCountsTimeWithoutTheServerAsLost) {
  Scene scene;
  std::vector<UtcTime> times;
  // Ten days of a run every 15 minutes, but for a day in the middle.
  const UtcTime begin = scene.inputs.now - hours(240);
  for (UtcTime at = begin; at <= scene.inputs.now; at += minutes(15)) {
    if (at > begin + hours(96) && at < begin + hours(120)) continue;
    times.push_back(at);
  }
  scene.Of(Stage::kCube).success_times = std::make_shared<const std::vector<UtcTime>>(times);
  const SloStatus slo = *scene.View().stages[1].slo;
  // Lost: 24 h but the half hour in which the last success before it was within the limit.
  EXPECT_NEAR(*slo.met, 1 - 23.5 / 240, 1e-9);
  EXPECT_EQ(*slo.budget_left,
            std::chrono::duration_cast<Duration>(hours(720)) / 100 - (hours(23) + minutes(30)));
  EXPECT_THAT(scene.Codes(), ElementsAre("slo_missed"));
  scene.inputs.limits.slo_target = 0;
  EXPECT_EQ(scene.View().stages[1].slo, std::nullopt);
}

TEST(StatusForecast, ADayOfHistoryIsTheLeastForAServiceLevel) {
  Scene scene;
  scene.Of(Stage::kCube).success_times =
      std::make_shared<const std::vector<UtcTime>>(1, scene.inputs.now - hours(23));
  EXPECT_EQ(scene.View().stages[1].slo->met, std::nullopt);
}

TEST(StatusForecast, ThePaceOfTheDiskGivesItsLastDay) {
  std::vector<StorageSample> samples;
  const UtcTime begin = At("2015-01-01");
  for (int hour = 0; hour <= 24 * 14; ++hour) {
    samples.push_back({begin + hours(hour), 100 * kGiB - hour * kGiB / 24, 0, 0, 0});
  }
  EXPECT_NEAR(*DaysUntilFull(samples), 86, 0.01);
  EXPECT_EQ(DaysUntilFull(std::span(samples).first(24)), std::nullopt) << "less than a day";
  for (StorageSample& sample : samples) sample.disk_free_bytes = 100 * kGiB;
  EXPECT_EQ(DaysUntilFull(samples), std::nullopt) << "nothing grows";
  EXPECT_EQ(DaysUntilFull({}), std::nullopt);
}

TEST(StatusForecast, TheCubesBacklogIsWhatTheArchiveWroteSince) {
  Scene scene;
  scene.Succeed(Stage::kCube, minutes(30));
  auto& history = scene.Of(Stage::kArchive).history;
  for (const Duration ago : {Duration(minutes(5)), Duration(minutes(20)), Duration(minutes(40))}) {
    history.push_back(
        std::make_shared<const RunRecord>(scene.Run(Stage::kArchive, RunState::kSucceeded, ago)));
  }
  const Backlog backlog = scene.View().stages[1].backlog;
  EXPECT_EQ(backlog.rows, 200);
  EXPECT_EQ(backlog.oldest_at, scene.inputs.now - minutes(20));
  history.assign(kHistoryRuns, history.front());
  EXPECT_EQ(scene.View().stages[1].backlog.rows, std::nullopt) << "more than is remembered";
}

TEST(StatusDocs, EveryCodeHasItsPlaceInTheHandbook) {
  std::ifstream file(std::string(CQD_SOURCE_DIR) + "/docs/operations.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const std::string_view code : ReasonCodes()) {
    EXPECT_THAT(text, HasSubstr("<a id=\"" + std::string(code) + "\"></a>`" + std::string(code)));
  }
}

}  // namespace
}  // namespace cqd::integration
