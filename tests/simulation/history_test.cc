// Promise: whatever happened, the status and the published answer say what is true.
// Method: random histories on a real run log - runs of every kind and end, clock steps, restarts,
// kills, trimmed history - without threads; after every event each field of both answers is
// compared with an independent model (truth.h). The seed is printed; CQD_SEED=n repeats one.
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>

#include "base/clock.h"
#include "file/temporary_folder.h"
#include "integration/published_status.h"
#include "integration/run_log.h"
#include "integration/status.h"
#include "simulation/seed.h"
#include "simulation/truth.h"

namespace cqd::simulation {
namespace {

using integration::RunLog;
using integration::RunRecord;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Stage kStages[] = {Stage::kArchive, Stage::kCube};
constexpr const char* kZones[] = {"UTC", "Europe/Paris", "Asia/Kolkata"};

/// One history from one seed, and the model beside it.
class History {
 public:
  History(std::uint64_t seed, std::string path)
      : seed_(seed), dice_(seed), path_(std::move(path)), clock_(Beginning()) {
    truth_.archive = RandomRules();
    truth_.cube = RandomRules();
    truth_.zone = kZones[dice_.Between(0, 2)];
    Open();
  }

  /// False after the first difference, which has been reported.
  bool Live(int events) {
    for (int i = 1; i <= events; ++i) {
      Happen();
      if (!Compare(i)) return false;
    }
    Note("restart");
    Open();
    return Compare(events + 1) && CompareRuns();
  }

 private:
  UtcTime Beginning() {
    // Near the changes of the clocks in Europe, and far from them.
    return *ParseTime("2015-03-28T12:00:00Z") + hours(24 * dice_.Between(0, 250));
  }
  TrueRules RandomRules() {
    const Duration warn = dice_.Time(minutes(1), hours(3));
    return {!dice_.OneIn(8), warn, warn + dice_.Time(minutes(1), hours(6))};
  }

  void Open() {
    log_.reset();
    log_ = *RunLog::Open(
        {.path = path_, .boot_id = "boot-" + std::to_string(++boots_), .version = "t"}, clock_);
    truth_.process_started_at = clock_.Now();
    truth_.booted_after = truth_.elapsed = clock_.Monotonic();
    ++truth_.boot;
    for (TrueRun& run : truth_.runs) {
      if (run.state != RunState::kQueued && run.state != RunState::kRunning) continue;
      // The moment it was noticed.
      run.state = RunState::kInterrupted;
      run.finished_at = clock_.Now();
      run.error_class = "internal";
    }
  }

  void Happen() {
    const Stage stage = kStages[dice_.Between(0, 1)];
    switch (dice_.Between(0, 11)) {
      case 0:
      case 1:
        return Enqueue(stage);
      case 2:
      case 3:
        return Begin(stage);
      case 4:
      case 5:
        return End(stage);
      case 6:
        return Beat(stage);
      case 7:
      case 8:
      case 9:
        return Pass();
      case 10:
        return Rare(stage);
      default:
        return Whole(stage);
    }
  }

  void Rare(Stage stage) {
    switch (dice_.Between(0, 5)) {
      case 0:
        Note("killed, and started again");
        return Open();
      case 1:
      case 2:
        return StepClock();
      case 3:
        return Skip(stage);
      case 4:
        return CancelQueued(stage);
      default:
        Note("another zone");
        truth_.zone = kZones[dice_.Between(0, 2)];
    }
  }

  /// A whole run at once: most of a life is that.
  void Whole(Stage stage) {
    if (truth_.Running(stage) == nullptr) {
      if (truth_.Queued(stage) == nullptr) Enqueue(stage);
      Begin(stage);
    }
    clock_.Advance(dice_.Time(seconds(1), minutes(20)));
    End(stage);
  }

  void Enqueue(Stage stage) {
    if (truth_.Queued(stage) != nullptr) return Pass();
    Note("queue " + std::string(integration::StageName(stage)));
    RunRecord run;
    run.stage = stage;
    Add(*log_->Add(run));
  }
  void Skip(Stage stage) {
    Note("skip " + std::string(integration::StageName(stage)));
    RunRecord run;
    run.stage = stage;
    run.state = RunState::kSkipped;
    Add(*log_->Add(run));
    truth_.runs.back().state = RunState::kSkipped;
    truth_.runs.back().finished_at = clock_.Now();
  }
  void Add(const RunRecord& run) {
    records_.push_back(run);
    EXPECT_EQ(run.seq, static_cast<std::int64_t>(records_.size())) << "numbers have no gaps";
    truth_.runs.push_back({.seq = run.seq, .stage = run.stage, .queued_at = clock_.Now()});
  }
  RunRecord& Record(const TrueRun& run) {
    return records_.at(static_cast<std::size_t>(run.seq - 1));
  }

  void Begin(Stage stage) {
    TrueRun* truth = truth_.Queued(stage);
    if (truth == nullptr || truth_.Running(stage) != nullptr) return Pass();
    Note("start " + std::to_string(truth->seq));
    truth->state = RunState::kRunning;
    truth->started_at = truth->heartbeat_at = clock_.Now();
    truth->started_after = clock_.Monotonic();
    RunRecord& run = Record(*truth);
    run.state = RunState::kRunning;
    run.started_at = run.heartbeat_at = clock_.Now();
    Store(run);
  }

  void Beat(Stage stage) {
    TrueRun* truth = truth_.Running(stage);
    if (truth == nullptr) return Pass();
    Note("heartbeat of " + std::to_string(truth->seq));
    truth->heartbeat_at = clock_.Now();
    Record(*truth).heartbeat_at = clock_.Now();
    EXPECT_TRUE(log_->Heartbeat(truth->seq).ok());
  }

  void End(Stage stage) {
    TrueRun* truth = truth_.Running(stage);
    if (truth == nullptr) return Pass();
    constexpr RunState kEnds[] = {RunState::kSucceeded, RunState::kSucceeded, RunState::kSucceeded,
                                  RunState::kPartial,   RunState::kFailed,    RunState::kFailed,
                                  RunState::kCancelled};
    RunRecord& run = Record(*truth);
    run.state = kEnds[dice_.Between(0, 6)];
    Note("end " + std::to_string(truth->seq) + " " + std::string(RunStateName(run.state)));
    run.finished_at = clock_.Now();
    run.duration_ms = dice_.Between(0, 100'000);
    if (!dice_.OneIn(4)) run.rows.read = run.rows.inserted = dice_.Between(1, 1000);
    if (!dice_.OneIn(4)) run.data_through = clock_.Now() - dice_.Time(seconds(0), hours(4));
    truth->state = run.state;
    truth->finished_at = run.finished_at;
    truth->ended_after = clock_.Monotonic();
    truth->boot = truth_.boot;
    truth->duration_ms = run.duration_ms;
    truth->rows = run.rows;
    truth->data_through = run.data_through;
    if (run.state == RunState::kFailed || run.state == RunState::kPartial) {
      run.error = integration::MakeRunError(Fail(ErrorCode::kDiskFull, "no room"), "a step", false);
      truth->error_class = "disk";
    }
    Store(run);
  }

  void CancelQueued(Stage stage) {
    TrueRun* truth = truth_.Queued(stage);
    if (truth == nullptr) return Pass();
    Note("cancel " + std::to_string(truth->seq));
    truth->state = RunState::kCancelled;
    truth->finished_at = clock_.Now();
    RunRecord& run = Record(*truth);
    run.state = RunState::kCancelled;
    run.finished_at = clock_.Now();
    Store(run);
  }

  void Pass() {
    const Duration by =
        dice_.OneIn(20) ? dice_.Time(hours(1), hours(24 * 9)) : dice_.Time(seconds(0), minutes(40));
    Note("time passes: " + std::to_string(by.count() / 1'000'000) + " s");
    clock_.Advance(by);
  }
  void StepClock() {
    const Duration by = (dice_.OneIn(2) ? 1 : -1) *
                        (dice_.OneIn(2) ? Duration(hours(1)) : dice_.Time(seconds(1), hours(30)));
    Note("the clock is set by " + std::to_string(by.count() / 1'000'000) + " s");
    clock_.StepWall(clock_.Now() + by);
  }

  void Store(const RunRecord& run) { EXPECT_TRUE(log_->Update(run).ok()); }

  void Note(std::string event) {
    last_.push_back(FormatRfc3339(clock_.Now()) + " " + std::move(event));
    if (last_.size() > 20) last_.pop_front();
  }
  std::string Story(int event) const {
    std::string text = "seed " + std::to_string(seed_) + ", event " + std::to_string(event) +
                       "; the last of them:\n";
    for (const std::string& line : last_) text += "  " + line + "\n";
    return text;
  }

  bool Compare(int event) {
    truth_.now = clock_.Now();
    truth_.elapsed = clock_.Monotonic();
    integration::StatusInputs inputs;
    inputs.now = truth_.now;
    inputs.process_started_at = truth_.process_started_at;
    inputs.archive = Rules(truth_.archive);
    inputs.cube = Rules(truth_.cube);
    inputs.limits.hung_after = kHungAfter;
    inputs.limits.slo_target = kSloTarget;
    AddMonotonicFacts(inputs);
    const auto summary = log_->summary();
    const std::string different = Differences(
        truth_.Status(), FactsOf(WithoutStarts(integration::MakeStatus(*summary, inputs))));
    const std::string published =
        integration::PublishedStatusJson(*summary, *TimeZone::Find(truth_.zone));
    if (different.empty() && published == truth_.Published()) return true;
    ADD_FAILURE() << Story(event) << different << "published, expected: " << truth_.Published()
                  << "\npublished, actual:   " << published;
    return false;
  }
  /// What a service knows by the clock that nobody can set.
  void AddMonotonicFacts(integration::StatusInputs& inputs) {
    inputs.uptime = truth_.elapsed - truth_.booted_after;
    inputs.beat_age = Duration::zero();
    for (const Stage stage : kStages) {
      integration::StageFacts& facts = inputs.facts[static_cast<std::size_t>(stage)];
      for (const TrueRun& run : truth_.runs) {
        if (run.stage == stage && run.state == RunState::kSucceeded && run.boot == truth_.boot)
          facts.success_age = truth_.elapsed - run.ended_after;
      }
      if (const TrueRun* run = truth_.Running(stage))
        facts.running_for = facts.unmoved_for = truth_.elapsed - run->started_after;
    }
  }
  /// Here nothing starts by itself and the cube follows nothing: what should have been started is
  /// the year's matter.
  static integration::StatusView WithoutStarts(integration::StatusView view) {
    std::erase_if(view.reasons, [](const integration::Reason& reason) {
      return reason.code.ends_with("_not_started");
    });
    view.health = integration::Health::kPass;
    for (const integration::Reason& reason : view.reasons)
      view.health = std::max(view.health, reason.severity);
    return view;
  }
  static integration::StageRules Rules(const TrueRules& rules) {
    return {rules.scheduled ? Duration(minutes(15)) : Duration::zero(), rules.warn_after,
            rules.error_after};
  }

  /// Every stored run reads as it was, after a restart.
  bool CompareRuns() {
    Facts expected, actual;
    std::optional<std::int64_t> before;
    for (;;) {
      const std::vector<RunRecord> page = *log_->List({.before_seq = before, .most = 500});
      if (page.empty()) break;
      for (const RunRecord& run : page) actual.merge(FactsOf(run));
      before = page.back().seq;
    }
    for (const TrueRun& run : truth_.runs) expected.merge(run.Stored());
    const std::string different = Differences(expected, actual);
    if (different.empty()) return true;
    ADD_FAILURE() << Story(0) << different;
    return false;
  }

  const std::uint64_t seed_;
  Dice dice_;
  const std::string path_;
  SimulatedClock clock_;
  std::unique_ptr<RunLog> log_;
  std::vector<RunRecord> records_;
  Truth truth_;
  std::deque<std::string> last_;
  int boots_ = 0;
};

TEST(RandomHistories, StatusAndPublishedAnswerAreTrueAfterEveryEvent) {
  // In memory where there is such a file system: flushes cost nothing.
  const file::TemporaryFolder folder(std::filesystem::is_directory("/dev/shm")
                                         ? "/dev/shm"
                                         : std::filesystem::temp_directory_path().string());
  const auto until = std::chrono::steady_clock::now() + LongRun() / 4;
  const std::uint64_t first = FirstSeed(20150318);
  constexpr int kHistories = 400;
  for (std::uint64_t seed = first;; ++seed) {
    const std::string path = folder.path() + "/" + std::to_string(seed) + ".sqlite";
    Dice dice(seed);
    const int events =
        static_cast<int>(dice.OneIn(40) ? dice.Between(500, 1500) : dice.Between(5, 80));
    ASSERT_TRUE(History(seed, path).Live(events)) << "repeat with CQD_SEED=" << seed;
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
    if (OneSeed()) break;
    if (seed - first + 1 >= kHistories && std::chrono::steady_clock::now() >= until) {
      std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first),
                  static_cast<unsigned long long>(seed));
      break;
    }
  }
}

}  // namespace
}  // namespace cqd::simulation
