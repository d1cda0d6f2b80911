// The service on real parts: a real archive, a real cube, a source that hands out what the test
// tells it to.
#include "integration/service.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <filesystem>

namespace cqd::integration {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

UtcTime At(std::string_view text) {
  return *ParseTime(text);
}

/// Lets the other threads have the log's lock between two looks at it.
void Breathe() {
  poll(nullptr, 0, 1);
}

/// A source that the test drives: rows to hand out, failures, and a gate that holds a read open.
class ScriptedSource final : public source::Source {
 public:
  explicit ScriptedSource(std::string name) : name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  std::string_view kind() const override { return "scripted"; }
  Result<source::Probe> LookAt() override { return probe_; }
  Status Read(const std::optional<std::string>&, const source::ReadContext& context,
              const source::BatchSink& sink) override {
    std::unique_lock lock(mutex_);
    entered_ = true;
    ++reads_;
    changed_.notify_all();
    // A held read stays until it is let go or its run is cancelled.
    while (held_ && !context.cancel.cancelled())
      changed_.wait_for(lock, std::chrono::milliseconds(1));
    CQD_RETURN_IF_ERROR(context.cancel.Check());
    source::Batch batch;
    for (int i = 0; i < rows_; ++i) {
      model::StreamRow row;
      row.key = {context.id, session_time_, i, model::kLabelAudio, 0};
      row.Set(model::Field::kJitter, 1000);
      row.Set(model::Field::kLegClass, 1);
      batch.rows.push_back(row);
    }
    for (int i = 0; i < rejected_; ++i) {
      batch.rejected.push_back({context.id, model::RejectReason::kNoSession,
                                "record " + std::to_string(i), "no session", "{}"});
    }
    batch.watermark = watermark_;
    CQD_RETURN_IF_ERROR(sink(std::move(batch)));
    if (failure_) return *failure_;
    return OkStatus();
  }
  void WaitUntilEntered() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return entered_; });
  }
  void Hold(bool held) {
    const std::lock_guard guard(mutex_);
    held_ = held;
    changed_.notify_all();
  }

  int rows_ = 3;
  int rejected_ = 0;
  UtcTime session_time_ = At("2015-03-01T10:00:00Z");
  std::optional<Error> failure_;
  source::Probe probe_;
  std::string watermark_ = "w";
  int reads_ = 0;

 private:
  const std::string name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false, entered_ = false;
};

class ServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-service-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(folder_ / "archive");
    std::filesystem::create_directories(folder_ / "cube");
    archive_ = *archive::Archive::Open({.folder = (folder_ / "archive").string()}, clock_);
    cube_ =
        *cube::Cube::Open({.folder = (folder_ / "cube").string(), .zone = {}}, *archive_, clock_);
    log_ = *RunLog::Open(
        {.path = (folder_ / "integration.sqlite").string(), .boot_id = "b", .version = "t"},
        clock_);
  }
  void TearDown() override {
    service_.reset();
    log_.reset();
    cube_.reset();
    archive_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Make(bool run_at_start = false) { Make({.run_at_start = run_at_start}); }
  void Make(ServiceOptions options) {
    std::vector<std::unique_ptr<source::Source>> sources;
    auto first = std::make_unique<ScriptedSource>("first");
    auto second = std::make_unique<ScriptedSource>("second");
    first_ = first.get();
    second_ = second.get();
    sources.push_back(std::move(first));
    sources.push_back(std::move(second));
    options.archive_rules = options.cube_rules = {minutes(15), minutes(30), minutes(60)};
    if (with_schedule_) options.every = *schedule::Interval::Make(minutes(15));
    service_ =
        std::make_unique<Service>(options, *log_, *archive_, *cube_, std::move(sources), clock_);
  }
  /// As after a restart of the process, with the sources as they are made.
  void Restart(const std::string& boot) {
    service_.reset();
    log_.reset();
    log_ = *RunLog::Open(
        {.path = (folder_ / "integration.sqlite").string(), .boot_id = boot, .version = "t"},
        clock_);
    Make();
  }
  bool HasReason(std::string_view code) const {
    const StatusView view = service_->status();
    return std::any_of(view.reasons.begin(), view.reasons.end(),
                       [&](const Reason& reason) { return reason.code == code; });
  }
  /// Types of the events after `after`, of which `data` is a part.
  std::vector<std::string> Events(std::string_view data = {}, std::int64_t after = 0) {
    std::vector<std::string> types;
    for (const auto& event : log_->events().After(after, 1000).events) {
      if (event->data.find(data) != std::string::npos) types.push_back(event->type);
    }
    return types;
  }
  RunRecord RunNow(Stage stage) {
    const CancelToken cancel;
    return *service_->RunNow({.stage = stage}, cancel, [](const RunRecord&) {});
  }
  /// Waits until a run of the stage has ended that is newer than `after`.
  RunRecord WaitForEnd(Stage stage, std::int64_t after = 0) {
    for (;;) {
      const std::vector<RunRecord> runs = *log_->List({.stage = stage});
      for (const RunRecord& run : runs) {
        if (run.seq > after && IsFinal(run.state) && run.state != RunState::kSkipped) return run;
      }
      Breathe();
    }
  }
  /// A worker is busy a moment longer than its run; what is due then would be skipped.
  void WaitUntilIdle() {
    while (!service_->idle(Stage::kArchive) || !service_->idle(Stage::kCube)) Breathe();
  }

  bool with_schedule_ = true;
  std::filesystem::path folder_;
  SimulatedClock clock_{At("2015-03-01T12:00:01Z")};
  std::unique_ptr<archive::Archive> archive_;
  std::unique_ptr<cube::Cube> cube_;
  std::unique_ptr<RunLog> log_;
  std::unique_ptr<Service> service_;
  ScriptedSource* first_ = nullptr;
  ScriptedSource* second_ = nullptr;
};

TEST_F(ServiceTest, CountsAddUpOverAllFates) {
  Make();
  first_->rejected_ = 2;
  const RunRecord run = RunNow(Stage::kArchive);
  EXPECT_EQ(run.state, RunState::kSucceeded);
  ASSERT_EQ(run.reject_reasons.size(), 1U);
  EXPECT_EQ(run.reject_reasons[0].code, "no_session");
  EXPECT_EQ(run.reject_reasons[0].count, 2);
  ASSERT_TRUE(run.reject_reasons[0].sample_id.has_value());
  EXPECT_EQ(archive_->quarantine().Find(*run.reject_reasons[0].sample_id)->run_seq, run.seq);
  EXPECT_EQ(run.rows.read, 8);
  EXPECT_EQ(run.rows.inserted, 6);
  EXPECT_EQ(run.rows.quarantined, 2);
  EXPECT_TRUE(run.rows.AddsUp());
  const RunRecord again = RunNow(Stage::kArchive);
  EXPECT_EQ(again.rows.inserted, 0);
  EXPECT_EQ(again.rows.duplicate, 6);
  EXPECT_TRUE(again.rows.AddsUp());
}

TEST_F(ServiceTest, ManyRefusedRecordsAreOneWarningAndAddUp) {
  Make();
  first_->rejected_ = 20'000;
  const RunRecord run = RunNow(Stage::kArchive);
  EXPECT_EQ(run.rows.quarantined, 20'000);
  EXPECT_TRUE(run.rows.AddsUp());
  ASSERT_EQ(run.warnings.size(), 1U);
  EXPECT_EQ(run.warnings[0].count, 20'000);
  ASSERT_EQ(run.reject_reasons.size(), 1U);
  EXPECT_EQ(run.reject_reasons[0].count, 20'000);
  const std::vector<std::string> events = Events(run.run_id);
  EXPECT_EQ(std::count(events.begin(), events.end(), "reject.sample"), 1);
}

TEST_F(ServiceTest, LateRowsAreCountedAndMakeNothingLookOlder) {
  Make();
  EXPECT_EQ(RunNow(Stage::kArchive).rows.late, 0);
  first_->session_time_ = second_->session_time_ = At("2015-02-27T10:00:00Z");
  const RunRecord late = RunNow(Stage::kArchive);
  EXPECT_EQ(late.rows.inserted, 6);
  EXPECT_EQ(late.rows.late, 6) << "their month was over";
  EXPECT_EQ(late.data_through, At("2015-03-01T10:00:00Z")) << "what came before is still there";
}

TEST_F(ServiceTest, AClockSetBackStopsNeitherTheScheduleNorTheHeartbeats) {
  Make();
  first_->Hold(true);
  service_->Start();
  const RunRecord run = *service_->Request({.stage = Stage::kArchive});
  first_->WaitUntilEntered();
  clock_.StepWall(At("2015-03-01T11:00:01Z"));
  while (log_->Find(run.run_id)->heartbeat_at != At("2015-03-01T11:00:01Z")) Breathe();
  while (service_->status().stages[0].next_at != At("2015-03-01T11:15:00Z")) Breathe();
  first_->Hold(false);
  WaitForEnd(Stage::kArchive);
}

TEST_F(ServiceTest, ACubeThatIsBuiltAnewInsertsNothing) {
  Make();
  RunNow(Stage::kArchive);
  EXPECT_EQ(RunNow(Stage::kCube).rows.inserted, 6);
  const CancelToken cancel;
  const RunRecord again = *service_->RunNow({.stage = Stage::kCube, .kind = RunKind::kFull}, cancel,
                                            [](const RunRecord&) {});
  EXPECT_EQ(again.rows.read, 6);
  EXPECT_EQ(again.rows.inserted, 0);
  EXPECT_EQ(again.rows.duplicate, 6);
}

TEST_F(ServiceTest, OneFailingSourceLeavesTheOthersIn) {
  Make();
  first_->failure_ = Fail(ErrorCode::kUnavailable, "no answer");
  const RunRecord run = RunNow(Stage::kArchive);
  EXPECT_EQ(run.state, RunState::kPartial);
  EXPECT_EQ(run.rows.inserted, 6) << "what was handed out before the failure is in";
  EXPECT_EQ(run.error->error_class, ErrorClass::kSource);
  EXPECT_EQ(service_->sources().at(0).reachable, false);
  EXPECT_EQ(service_->sources().at(1).reachable, true);
  second_->failure_ = Fail(ErrorCode::kUnavailable, "no answer");
  EXPECT_EQ(RunNow(Stage::kArchive).state, RunState::kFailed);
}

TEST_F(ServiceTest, OneRecordFromTheFutureDoesNotMakeTheDataLookFresh) {
  Make();
  RunNow(Stage::kArchive);
  second_->session_time_ = At("2087-01-01");
  const RunRecord run = RunNow(Stage::kArchive);
  EXPECT_EQ(run.data_through, At("2015-03-01T10:00:00Z"));
  EXPECT_EQ(RunNow(Stage::kCube).data_through, At("2015-03-01T10:00:00Z"));
}

TEST_F(ServiceTest, TheCubeFollowsTheArchiveAndSaysWhy) {
  Make(true);
  service_->Start();
  const RunRecord archive = WaitForEnd(Stage::kArchive);
  EXPECT_EQ(archive.trigger, RunTrigger::kStartUp);
  const RunRecord cube = WaitForEnd(Stage::kCube);
  EXPECT_EQ(cube.trigger, RunTrigger::kUpstream);
  EXPECT_EQ(cube.caused_by, archive.seq);
  EXPECT_EQ(cube.rows_total, 6);
  EXPECT_EQ(cube_->snapshot()->row_count(), 6);
}

TEST_F(ServiceTest, RunsFallOnTheSchedule) {
  Make();
  service_->Start();
  clock_.StepWall(At("2015-03-01T12:15:00Z"));
  const RunRecord run = WaitForEnd(Stage::kArchive);
  EXPECT_EQ(run.trigger, RunTrigger::kSchedule);
  EXPECT_GE(*run.started_at, At("2015-03-01T12:15:00Z"));
}

TEST_F(ServiceTest, AStageNeverRunsTwiceAtOnceAndADueRunIsSkipped) {
  Make();
  first_->Hold(true);
  service_->Start();
  const RunRecord running = *service_->Request({.stage = Stage::kArchive, .requested_by = "mira"});
  first_->WaitUntilEntered();
  clock_.StepWall(At("2015-03-01T12:15:00Z"));
  while (log_->List({.state = RunState::kSkipped})->empty()) Breathe();
  const RunRecord waiting = *service_->Request({.stage = Stage::kArchive});
  EXPECT_EQ(service_->Request({.stage = Stage::kArchive}).error().code, ErrorCode::kConflict)
      << "one may wait";
  EXPECT_EQ(log_->Find(waiting.run_id)->state, RunState::kQueued);
  EXPECT_EQ(service_->status().stages[0].state, NowState::kRunning);
  first_->Hold(false);
  EXPECT_EQ(WaitForEnd(Stage::kArchive, running.seq).run_id, waiting.run_id);
  EXPECT_EQ(log_->Find(running.run_id)->state, RunState::kSucceeded);
}

TEST_F(ServiceTest, CancelStopsARunAndIsNeitherSuccessNorFailure) {
  Make();
  first_->Hold(true);
  service_->Start();
  const RunRecord run = *service_->Request({.stage = Stage::kArchive});
  first_->WaitUntilEntered();
  ASSERT_TRUE(service_->Cancel(run.run_id).ok());
  EXPECT_EQ(WaitForEnd(Stage::kArchive).state, RunState::kCancelled);
  EXPECT_TRUE(log_->summary()->Of(Stage::kArchive).failures.empty());
  EXPECT_EQ(service_->Cancel(run.run_id).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(service_->Cancel("nothing").error().code, ErrorCode::kNotFound);
}

TEST_F(ServiceTest, StopLeavesNoRunOpen) {
  Make();
  first_->Hold(true);
  service_->Start();
  const RunRecord running = *service_->Request({.stage = Stage::kArchive});
  first_->WaitUntilEntered();
  const RunRecord waiting = *service_->Request({.stage = Stage::kArchive});
  service_->Stop();
  EXPECT_EQ(log_->Find(running.run_id)->state, RunState::kCancelled);
  EXPECT_EQ(log_->Find(waiting.run_id)->state, RunState::kCancelled);
  EXPECT_FALSE(log_->summary()->Of(Stage::kArchive).current.has_value());
}

TEST_F(ServiceTest, RetentionDropsOldMonthsAndTheCubeForgetsThem) {
  Make();
  RunNow(Stage::kArchive);
  RunNow(Stage::kCube);
  EXPECT_EQ(cube_->snapshot()->row_count(), 6);
  service_.reset();
  std::vector<std::unique_ptr<source::Source>> none;
  const StageRules rules{minutes(15), minutes(30), minutes(60)};
  clock_.StepWall(At("2015-09-01"));
  service_ =
      std::make_unique<Service>(ServiceOptions{.every = *schedule::Interval::Make(minutes(15)),
                                               .archive_rules = rules,
                                               .cube_rules = rules,
                                               .archive_job = {.retention_months = 3}},
                                *log_, *archive_, *cube_, std::move(none), clock_);
  EXPECT_EQ(RunNow(Stage::kArchive).rows.expired, 6);
  RunNow(Stage::kCube);
  EXPECT_EQ(cube_->snapshot()->row_count(), 0);
}

TEST_F(ServiceTest, ARunTellsItsStoryAsEvents) {
  Make();
  first_->rejected_ = 2;
  const RunRecord archive = RunNow(Stage::kArchive);
  EXPECT_THAT(Events(archive.run_id),
              ElementsAre("run.queued", "run.started", "run.finished", "reject.sample"));
  const RunRecord cube = RunNow(Stage::kCube);
  EXPECT_THAT(Events(cube.run_id),
              ElementsAre("run.queued", "run.started", "run.finished", "data.published"));
  const RunRecord nothing_new = RunNow(Stage::kCube);
  EXPECT_THAT(Events(nothing_new.run_id), ElementsAre("run.queued", "run.started", "run.finished"))
      << "the data version is the one from before";
}

TEST_F(ServiceTest, ProgressIsToldAtMostOnceASecond) {
  Make();
  RunRecord run = *log_->Add({});
  run.state = RunState::kRunning;
  run.started_at = clock_.Now();
  for (int i = 0; i < 20; ++i) {
    run.progress.done = i;
    ASSERT_TRUE(log_->Update(run).ok());
    clock_.Advance(std::chrono::milliseconds(250));
  }
  const std::vector<std::string> events = Events(run.run_id);
  EXPECT_EQ(std::count(events.begin(), events.end(), "run.progress"), 5);
}

TEST_F(ServiceTest, ARunSaysWhatItReadAndWithWhat) {
  Make({.run_at_start = false, .context = {.config_hash = "c0ffee", .host = "here"}});
  second_->rows_ = 0;
  first_->rejected_ = 2;
  const RunRecord run = *log_->Find(RunNow(Stage::kArchive).run_id);
  ASSERT_EQ(run.inputs.size(), 2U);
  EXPECT_EQ(run.inputs[0].source, "first");
  EXPECT_EQ(run.inputs[0].from, At("2015-03-01T10:00:00Z"));
  EXPECT_EQ(run.inputs[0].to, At("2015-03-01T10:00:00Z"));
  EXPECT_EQ(run.inputs[1].from, std::nullopt) << "nothing was read of it";
  EXPECT_EQ(run.context.config_hash, "c0ffee");
  EXPECT_EQ(run.context.host, "here");
  EXPECT_EQ(run.context.version, "t");
  EXPECT_EQ(run.context.map_version, *archive_->CustomerTablesVersion());
  EXPECT_TRUE(run.context.rule_version.has_value());
  EXPECT_TRUE(run.resources.cpu_ms.has_value());
  EXPECT_GT(run.resources.peak_rss_bytes.value_or(0), 0);
  EXPECT_GT(run.bytes_written.value_or(0), 0);
  EXPECT_TRUE(run.progress.changed_at.has_value());
  const RunRecord cube = RunNow(Stage::kCube);
  EXPECT_EQ(cube.checksum.size(), 16U);
  EXPECT_GT(cube.bytes_written.value_or(0), 0);
  EXPECT_TRUE(log_->Verify()->intact());
}

TEST_F(ServiceTest, TheSameKeyGivesTheSameRun) {
  Make();
  first_->Hold(true);
  service_->Start();
  const RunRequest request{
      .stage = Stage::kArchive, .requested_by = "mira", .idempotency_key = "k-1"};
  const RunRecord run = *service_->Request(request);
  first_->WaitUntilEntered();
  EXPECT_EQ(service_->Request(request)->seq, run.seq) << "while it runs";
  first_->Hold(false);
  WaitForEnd(Stage::kArchive);
  EXPECT_EQ(service_->Request(request)->seq, run.seq) << "after it has ended";
  EXPECT_EQ(service_->Request(request)->state, RunState::kSucceeded);
  RunRequest other = request;
  other.stage = Stage::kCube;
  EXPECT_EQ(service_->Request(other).error().code, ErrorCode::kConflict);
  other = request;
  other.requested_by = "somebody else";
  EXPECT_EQ(service_->Request(other).error().code, ErrorCode::kConflict);
  other = request;
  other.idempotency_key = "not printable\n";
  EXPECT_EQ(service_->Request(other).error().field, "idempotency_key");
  clock_.Advance(kIdempotencyAge + seconds(1));
  EXPECT_GT(service_->Request(request)->seq, run.seq) << "a day later it is another request";
}

TEST_F(ServiceTest, AFailureThatMayPassIsTriedAgainWithGrowingWaits) {
  Make();
  for (ScriptedSource* source : {first_, second_})
    source->failure_ = Fail(ErrorCode::kUnavailable, "no answer");
  service_->Start();
  ASSERT_TRUE(service_->Request({.stage = Stage::kArchive}).ok());
  const RunRecord first = WaitForEnd(Stage::kArchive);
  EXPECT_EQ(first.attempt, 1);
  EXPECT_EQ(first.error->occurrences, 1);
  EXPECT_EQ(first.error->first_run, first.seq);
  RunRecord before = first;
  for (const int wait : {60, 120}) {
    while (service_->status().stages[0].next_at != clock_.Now() + seconds(wait)) Breathe();
    clock_.Advance(seconds(wait - 2));
    EXPECT_EQ((*log_->List({.stage = Stage::kArchive}))[0].seq, before.seq) << "not yet";
    clock_.Advance(seconds(3));
    const RunRecord again = WaitForEnd(Stage::kArchive, before.seq);
    EXPECT_EQ(again.trigger, RunTrigger::kRetry);
    EXPECT_EQ(again.retry_of, before.seq);
    EXPECT_EQ(again.attempt, before.attempt + 1);
    EXPECT_EQ(again.error->occurrences, before.error->occurrences + 1);
    EXPECT_EQ(again.error->first_run, first.seq);
    before = again;
  }
}

TEST_F(ServiceTest, AFailureOfTheConfigurationIsNotTriedAgain) {
  Make();
  first_->failure_ = Fail(ErrorCode::kPermissionDenied, "no rights");
  service_->Start();
  ASSERT_TRUE(service_->Request({.stage = Stage::kArchive}).ok());
  const RunRecord failed = WaitForEnd(Stage::kArchive);
  ASSERT_EQ(failed.state, RunState::kPartial);
  ASSERT_FALSE(failed.error->retryable);
  WaitForEnd(Stage::kCube);
  WaitUntilIdle();
  clock_.Advance(minutes(2));
  // The next due run is that of the schedule.
  clock_.StepWall(At("2015-03-01T12:15:00Z"));
  EXPECT_EQ(WaitForEnd(Stage::kArchive, failed.seq).trigger, RunTrigger::kSchedule);
  const std::vector<RunRecord> runs = *log_->List({});
  EXPECT_TRUE(std::none_of(runs.begin(), runs.end(),
                           [](const RunRecord& any) { return any.trigger == RunTrigger::kRetry; }));
}

TEST_F(ServiceTest, ACubeRunThatWasInterruptedIsTriedAgainAfterTheRestart) {
  Make();
  RunNow(Stage::kArchive);
  RunRecord cube;
  cube.stage = Stage::kCube;
  cube = *log_->Add(cube);
  Restart("b2");
  ASSERT_EQ(log_->Find(cube.run_id)->state, RunState::kInterrupted);
  service_->Start();
  clock_.Advance(seconds(61));
  const RunRecord again = WaitForEnd(Stage::kCube, cube.seq);
  EXPECT_EQ(again.retry_of, cube.seq);
  EXPECT_EQ(again.state, RunState::kSucceeded);
}

TEST_F(ServiceTest, APauseHoldsTheScheduleOverARestartAndNotRequests) {
  Make();
  EXPECT_EQ(service_->Pause("mira", " ").error().field, "reason");
  ASSERT_TRUE(service_->Pause("mira", "the source moves").ok());
  Restart("b2");
  ASSERT_TRUE(log_->summary()->pause.has_value());
  EXPECT_EQ(log_->summary()->pause->by, "mira");
  EXPECT_EQ(log_->summary()->pause->reason, "the source moves");
  service_->Start();
  clock_.StepWall(At("2015-03-01T12:15:00Z"));
  const RunRecord asked = *service_->Request({.stage = Stage::kArchive});
  EXPECT_EQ(WaitForEnd(Stage::kArchive).seq, asked.seq) << "the only one";
  WaitUntilIdle();
  ASSERT_TRUE(service_->Resume().ok());
  EXPECT_FALSE(log_->summary()->pause.has_value());
  clock_.StepWall(At("2015-03-01T12:30:00Z"));
  EXPECT_EQ(WaitForEnd(Stage::kArchive, asked.seq).trigger, RunTrigger::kSchedule);
}

TEST_F(ServiceTest, WithoutAScheduleRunsComeOnRequestAlone) {
  with_schedule_ = false;
  Make();
  service_->Start();
  EXPECT_EQ(service_->Pause("mira", "why not").error().code, ErrorCode::kFailedPrecondition);
  clock_.Advance(std::chrono::hours(24));
  const RunRecord asked = *service_->Request({.stage = Stage::kArchive});
  EXPECT_EQ(asked.seq, 1);
  EXPECT_EQ(WaitForEnd(Stage::kArchive).state, RunState::kSucceeded);
}

TEST_F(ServiceTest, NothingReadAlthoughTheSourceHasMoreIsAWarning) {
  Make();
  first_->rows_ = second_->rows_ = 0;
  first_->watermark_ = second_->watermark_ = "2015-03-01T11:00:00Z";
  first_->probe_.last_record_at = At("2015-03-01T11:30:00Z");
  second_->probe_.last_record_at = At("2015-03-01T10:59:59Z");
  const RunRecord run = RunNow(Stage::kArchive);
  EXPECT_EQ(run.state, RunState::kSucceeded);
  ASSERT_EQ(run.warnings.size(), 1U);
  EXPECT_EQ(run.warnings[0].code, "empty_but_source_has_more");
  EXPECT_EQ(first_->reads_, 2) << "what came meanwhile is read before anybody worries";
  EXPECT_EQ(second_->reads_, 1);
  first_->probe_.last_record_at = At("2015-03-01T12:30:00Z");
  EXPECT_TRUE(RunNow(Stage::kArchive).warnings.empty()) << "dated ahead of the clock";
}

TEST_F(ServiceTest, WhatIsKnownOfASourceOutlivesTheProcess) {
  Make();
  first_->probe_.last_record_at = At("2015-03-01T10:00:00Z");
  first_->probe_.backlog_records = 7;
  first_->probe_.remarks = {"no table Trace"};
  second_->failure_ = Fail(ErrorCode::kUnavailable, "no answer");
  RunNow(Stage::kArchive);
  Restart("b2");
  const std::vector<SourceStatus> sources = service_->sources();
  EXPECT_EQ(sources[0].last_record_at, At("2015-03-01T10:00:00Z"));
  EXPECT_EQ(sources[0].last_contact_at, clock_.Now());
  EXPECT_EQ(sources[0].backlog, 7);
  EXPECT_EQ(sources[0].watermark, "w");
  EXPECT_THAT(sources[0].remarks, ElementsAre("no table Trace"));
  EXPECT_EQ(sources[1].reachable, false);
  EXPECT_EQ(sources[1].error, "no answer");
}

TEST_F(ServiceTest, AVerdictThatChangesIsToldOnce) {
  with_schedule_ = false;
  Make();
  service_->Start();
  const auto verdicts = [&] {
    std::vector<std::string> told;
    for (const auto& event : log_->events().After(0, 1000).events) {
      if (event->type == "stage.verdict_changed" &&
          event->data.find("\"stage\":\"cube\"") != std::string::npos) {
        told.push_back(event->data);
      }
    }
    return told;
  };
  while (verdicts().empty()) Breathe();
  clock_.Advance(minutes(31));
  while (verdicts().size() < 2) Breathe();
  ASSERT_TRUE(service_->Request({.stage = Stage::kCube}).ok());
  while (verdicts().size() < 3) Breathe();
  const auto tells = [](std::string_view now, std::string_view before) {
    return testing::AllOf(testing::HasSubstr(fmt::format("\"verdict\":\"{}\"", now)),
                          testing::HasSubstr(fmt::format("\"before\":{}", before)));
  };
  EXPECT_THAT(verdicts(), ElementsAre(tells("on_time", "null"), tells("late", "\"on_time\""),
                                      tells("on_time", "\"late\"")));
}

// Promise: a run whose end the log could not take is not lost: it is stored when the log can again.
TEST_F(ServiceTest, AnEndThatCouldNotBeStoredIsStoredLater) {
  Make();
  first_->Hold(true);
  service_->Start();
  const RunRecord run = *service_->Request({.stage = Stage::kArchive});
  first_->WaitUntilEntered();
  auto other = *sqlite::Database::Open((folder_ / "integration.sqlite").string());
  ASSERT_TRUE(other
                  .Execute("CREATE TRIGGER refuse BEFORE INSERT ON ledger BEGIN SELECT "
                           "RAISE(ABORT, 'refused'); END")
                  .ok());
  const std::int64_t events = log_->events().newest_id();
  const std::int64_t version = log_->summary()->version;
  first_->Hold(false);
  while (!HasReason("log_unwritable")) Breathe();
  EXPECT_FALSE(log_->Find(run.run_id)->finished_at.has_value());
  EXPECT_THAT(Events(run.run_id, events), testing::Not(testing::Contains("run.finished")))
      << "nothing is told that is not stored";
  // The published call and our own status answer from the same runs (reference/status-api.md 4, 8).
  while (service_->summary()->Of(Stage::kArchive).successes.empty()) Breathe();
  EXPECT_GT(service_->summary()->version, version) << "an answer that was kept is made anew";
  EXPECT_EQ(service_->status().stages[0].outcome, Outcome::kOk);
  ASSERT_TRUE(other.Execute("DROP TRIGGER refuse").ok());
  clock_.Advance(seconds(11));
  while (!log_->Find(run.run_id)->finished_at) Breathe();
  EXPECT_EQ(log_->Find(run.run_id)->state, RunState::kSucceeded);
  EXPECT_THAT(Events(run.run_id, events), testing::Contains("run.finished"));
  service_->Stop();
  EXPECT_TRUE(log_->Verify()->intact());
}

}  // namespace
}  // namespace cqd::integration
