// The service on real parts: a real archive, a real cube, a source that hands out what the test
// tells it to.
#include "integration/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>

namespace cqd::integration {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

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
  Result<source::Probe> LookAt() override { return source::Probe{}; }
  Status Read(const std::optional<std::string>&, const source::ReadContext& context,
              const source::BatchSink& sink) override {
    std::unique_lock lock(mutex_);
    entered_ = true;
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
    batch.watermark = "w";
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
  void Make(bool run_at_start = false) {
    std::vector<std::unique_ptr<source::Source>> sources;
    auto first = std::make_unique<ScriptedSource>("first");
    auto second = std::make_unique<ScriptedSource>("second");
    first_ = first.get();
    second_ = second.get();
    sources.push_back(std::move(first));
    sources.push_back(std::move(second));
    const StageRules rules{minutes(15), minutes(30), minutes(60)};
    service_ =
        std::make_unique<Service>(ServiceOptions{.every = *schedule::Interval::Make(minutes(15)),
                                                 .archive_rules = rules,
                                                 .cube_rules = rules,
                                                 .archive_job = {},
                                                 .run_at_start = run_at_start},
                                  *log_, *archive_, *cube_, std::move(sources), clock_);
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
  EXPECT_EQ(run.rows.read, 8);
  EXPECT_EQ(run.rows.inserted, 6);
  EXPECT_EQ(run.rows.quarantined, 2);
  EXPECT_TRUE(run.rows.AddsUp());
  const RunRecord again = RunNow(Stage::kArchive);
  EXPECT_EQ(again.rows.inserted, 0);
  EXPECT_EQ(again.rows.duplicate, 6);
  EXPECT_TRUE(again.rows.AddsUp());
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

}  // namespace
}  // namespace cqd::integration
