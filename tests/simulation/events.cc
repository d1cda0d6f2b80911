// What happens to an installation in a year.
#include <fmt/format.h>

#include "simulation/year.h"

namespace cqd::simulation {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr const char* kZones[] = {"UTC", "Europe/Paris", "Asia/Kolkata"};

constexpr ErrorCode kFailures[] = {
    ErrorCode::kUnavailable,      ErrorCode::kUnauthenticated,    ErrorCode::kPermissionDenied,
    ErrorCode::kDeadlineExceeded, ErrorCode::kFailedPrecondition, ErrorCode::kCorruption,
    ErrorCode::kDiskFull,         ErrorCode::kResourceExhausted,  ErrorCode::kInternal};

std::string Seconds(Duration duration) {
  return fmt::format("{} s", std::chrono::duration_cast<seconds>(duration).count());
}

}  // namespace

void Year::Happen() {
  if (dense_left_ > 0 && --dense_left_ == 0) return Restart(false);
  switch (dice_.Between(0, 19)) {
    case 0:
    case 1:
    case 2:
      return Pass();
    case 3:
      return HappenRarely();
    case 4:
      return FailingTick();
    case 5:
      return SlowRun();
    default:
      return Tick();
  }
}

void Year::HappenRarely() {
  switch (dice_.Between(0, 12)) {
    case 0:
    case 1:
      return Restart(false);
    case 2:
    case 3:
      return StepClock();
    case 4:
      return LongSilence();
    case 5:
      return CubeOutage();
    case 6:
      return MillionBadRows();
    case 12:
      return Pause();
    case 7:
      truth_.zone = kZones[dice_.Between(0, 2)];
      return Note("zone of the published call", truth_.zone);
    case 8:
    case 9:
      return StrangeRecords();
    default:
      return ManualRun();
  }
}

Settings Year::RandomSettings() {
  // Mostly a calm life, so that a year is short; now and then dense days.
  constexpr Duration kCalm[] = {hours(6), hours(12), hours(12), hours(24)};
  constexpr Duration kDense[] = {minutes(15), minutes(15), hours(1)};
  const bool dense = dice_.OneIn(4);
  dense_left_ = dense ? 40 : 0;
  Settings settings;
  settings.every = dense ? kDense[dice_.Between(0, 2)] : kCalm[dice_.Between(0, 3)];
  const auto rules = [&] {
    const Duration warn = settings.every + dice_.Time(minutes(5), settings.every);
    return integration::StageRules{settings.every, warn, warn + settings.every};
  };
  settings.archive = rules();
  settings.cube = rules();
  settings.retention_months = dice_.OneIn(2) ? 0 : static_cast<int>(dice_.Between(2, 6));
  settings.run_at_start = !dice_.OneIn(4);
  return settings;
}

OutsideRecord Year::NewRecord() {
  OutsideRecord record;
  record.session_time = truth_.now - dice_.Time(seconds(0), hours(3));
  record.session_seq = next_session_++;
  record.jitter = static_cast<int>(dice_.Between(0, 90'000));
  if (dice_.OneIn(25)) record.reject = model::RejectReason::kNoSession;
  return record;
}

void Year::RecordsArrive() {
  for (const auto& outside : outside_) {
    // Quiet nights and weekends.
    if (dice_.OneIn(4)) continue;
    for (std::int64_t i = dice_.Between(0, 12); i > 0; --i) outside->Arrive(NewRecord());
    if (outside->size() == 0 || !dice_.OneIn(3)) continue;
    // A report comes again, changed or not.
    OutsideRecord again = outside->At(
        static_cast<std::size_t>(dice_.Between(0, static_cast<std::int64_t>(outside->size()) - 1)));
    if (again.copies > 1) continue;
    if (dice_.OneIn(2)) again.jitter = static_cast<int>(dice_.Between(0, 90'000));
    outside->Arrive(again);
  }
}

void Year::StrangeRecords() {
  OutsideRecord record = NewRecord();
  record.reject.reset();
  if (dice_.OneIn(2)) {
    record.session_time = *ParseTime("2087-01-01T00:00:00Z") + dice_.Time(hours(0), hours(600));
    Note("a record from 2087");
  } else {
    record.session_time = truth_.now - dice_.Time(hours(24), hours(24 * 100));
    Note("a record comes late", FormatRfc3339(record.session_time));
  }
  outside_[static_cast<std::size_t>(dice_.Between(0, 1))]->Arrive(record);
  Tick();
}

void Year::Tick() {
  RecordsArrive();
  for (std::size_t i = 0; i < outside_.size(); ++i) {
    ReadPlan plan = plans_[i];
    plan.margin = static_cast<int>(dice_.Between(0, 3));
    plan.batches = static_cast<int>(dice_.Between(1, 3));
    PlanRead(i, plan);
    if (dice_.OneIn(10)) {
      Probing& probing = probing_[i];
      probing.skew =
          dice_.OneIn(3) ? std::nullopt : std::optional(dice_.Time(-minutes(10), minutes(10)));
      probing.failure.reset();
      if (dice_.OneIn(3)) probing.failure = Fail(ErrorCode::kUnavailable, "gone again");
      outside_[i]->SetProbe(probing.skew, probing.failure);
    }
  }
  const Duration wait = *truth_.archive_next_at - truth_.now + dice_.Time(seconds(0), seconds(40));
  Note("tick", settings_.every < hours(2) ? "dense" : "");
  Advance(wait);
}

void Year::Pass() {
  const Duration left = *truth_.archive_next_at - truth_.now - seconds(1);
  if (left < seconds(12)) return Tick();
  const Duration by = dice_.Time(seconds(11), left);
  Note("time passes", Seconds(by));
  Advance(by);
}

void Year::LongSilence() {
  const Duration by = dice_.Time(settings_.every * 2, hours(24 * 4) + settings_.every * 2);
  Note("the machine stood still", Seconds(by));
  Advance(by);
}

void Year::FailingTick() {
  const std::int64_t which = dice_.Between(0, 3);
  for (std::size_t i = 0; i < outside_.size(); ++i) {
    if (which < 2 && static_cast<std::size_t>(which) != i) continue;
    ReadPlan plan;
    plan.failure = Fail(kFailures[dice_.Between(0, 8)], fmt::format("failure {}", event_));
    plans_[i] = plan;
    Note("a source will fail", outside_[i]->name() + ": " + plan.failure->message + " " +
                                   std::string(ErrorCodeName(plan.failure->code)));
  }
  const int runs = dice_.OneIn(4) ? static_cast<int>(dice_.Between(2, 8)) : 1;
  for (int i = 0; i < runs && !failed_; ++i) {
    Tick();
    Settle();
  }
  PlanReads({});
}

void Year::CubeOutage() {
  if (content_.cube_rows() == 0) return Pass();
  Note("the cube's folder is gone");
  cube_lost_ = true;
  installation_.LoseCubeFolder();
  for (std::int64_t i = dice_.Between(1, 6); i > 0 && !failed_; --i) {
    Tick();
    Settle();
  }
  installation_.RestoreCubeFolder();
  cube_lost_ = false;
  Note("the cube's folder is back");
}

void Year::Pause() {
  Note("the schedule is paused");
  const Status paused = installation_.service().Pause("mira", "the disk is exchanged");
  if (!paused.ok()) return Report("  pause: " + paused.error().ToString() + "\n");
  truth_.paused_since = truth_.now;
  for (std::int64_t i = dice_.Between(1, 6); i > 0 && !failed_; --i) {
    Settle();
    const std::int64_t which = dice_.Between(0, 4);
    if (which == 0) {
      ManualRun();
    } else if (which == 1) {
      Restart(false);
    } else {
      Tick();
    }
  }
  Settle();
  if (failed_) return;
  Note("the schedule goes on");
  const Status resumed = installation_.service().Resume();
  if (!resumed.ok()) Report("  resume: " + resumed.error().ToString() + "\n");
  truth_.paused_since.reset();
}

void Year::ManualRun() {
  RecordsArrive();
  const Stage stage = dice_.OneIn(2) ? Stage::kArchive : Stage::kCube;
  Note("a run by hand", std::string(integration::StageName(stage)));
  const auto run = installation_.service().Request({.stage = stage, .requested_by = "mira"});
  if (!run.ok()) return Report("  request: " + run.error().ToString() + "\n");
  TrueRun& truth = AddRun(stage);
  return stage == Stage::kArchive ? BeginArchive(truth.seq) : FinishCube(truth.seq);
}

void Year::SlowRun() {
  ReadPlan plan;
  plan.hold = true;
  plan.batches = static_cast<int>(dice_.Between(1, 3));
  if (dice_.OneIn(4)) plan.failure = Fail(kFailures[dice_.Between(0, 8)], "slow and then broken");
  PlanRead(static_cast<std::size_t>(dice_.Between(0, 1)), plan);
  Note("a slow read");
  Tick();
  Settle();
  for (std::int64_t i = dice_.Between(0, 5); i > 0 && held_ && !failed_; --i) {
    if (!DuringSlowRun()) return;
    Settle();
  }
  while (held_ && !failed_) {
    Note("the slow read goes on");
    ReleaseHeld();
    Settle();
  }
  PlanReads({});
}

bool Year::DuringSlowRun() {
  switch (dice_.Between(0, 9)) {
    case 0:
    case 1:
      return Pass(), true;
    case 2: {
      Note("due while the run before is busy");
      Advance(*truth_.archive_next_at - truth_.now + seconds(1));
      return true;
    }
    case 3:
      return StepClock(), true;
    case 4:
    case 5:
      return AskTwice(), true;
    case 6: {
      Note("cancelled");
      const auto id =
          installation_.log().List({.stage = Stage::kArchive, .state = RunState::kRunning});
      CancelHeld();
      const Status done = installation_.service().Cancel(id->at(0).run_id);
      if (!done.ok()) Report("  cancel: " + done.error().ToString() + "\n");
      return true;
    }
    case 7: {
      Note("a cube run meanwhile");
      const auto run = installation_.service().Request({.stage = Stage::kCube});
      FinishCube(AddRun(Stage::kCube).seq);
      return true;
    }
    case 8:
      return Restart(true), false;
    default:
      return dice_.OneIn(2) ? (Restart(false), false) : true;
  }
}

void Year::AskTwice() {
  Note("a run by hand behind the one that runs");
  const bool waits = truth_.Queued(Stage::kArchive) != nullptr;
  const auto run = installation_.service().Request({.stage = Stage::kArchive});
  if (run.ok() == waits) return Report("  one run may wait, and one only\n");
  if (!waits) AddRun(Stage::kArchive);
  if (!dice_.OneIn(3)) return;
  Note("and it is cancelled while it waits");
  TrueRun& waiting = *truth_.Queued(Stage::kArchive);
  const auto queued =
      installation_.log().List({.stage = Stage::kArchive, .state = RunState::kQueued});
  const Status done = installation_.service().Cancel(queued->at(0).run_id);
  if (!done.ok()) return Report("  cancel: " + done.error().ToString() + "\n");
  EndRun(waiting, RunState::kCancelled);
}

void Year::StepClock() {
  const Duration by = dice_.OneIn(2) ? Duration(hours(1)) : -Duration(hours(1));
  Note("the clock is set", Seconds(by));
  clock_.StepWall(clock_.Now() + by);
  truth_.clock_set = {clock_.Now(), truth_.elapsed};
  ClockShows(clock_.Now());
}

void Year::Restart(bool killed) {
  if (killed) {
    Note("killed");
    installation_.Kill();
  } else {
    Note("restart");
    installation_.Stop();
  }
  // It takes a while until somebody starts it again.
  const Duration by = dice_.Time(seconds(1), dice_.OneIn(5) ? hours(50) : minutes(20));
  clock_.Advance(by);
  if (!killed) {
    // What was stopped ended before, with what it had learnt.
    if (held_) {
      learnt_[held_->source].watermark = watermarks_[held_->source];
      truth_.sources = learnt_;
    }
    for (TrueRun& run : truth_.runs) {
      if (run.state == RunState::kRunning || run.state == RunState::kQueued)
        EndRun(run, RunState::kCancelled);
    }
  }
  truth_.elapsed += by;
  truth_.now = clock_.Now();
  Boot(killed);
  VerifyLedger();
}

void Year::MillionBadRows() {
  OutsideRecord record = NewRecord();
  record.reject = model::RejectReason::kUnreadable;
  // A million takes minutes with sanitizers: once a year, in the long runs.
  const bool million = LongRun() > minutes(0) && census_["a million bad rows"] == 0;
  record.copies = million ? 1'000'000 : 20'000;
  Note(million ? "a million bad rows" : "twenty thousand bad rows");
  outside_[0]->Arrive(record);
  // More records than a margin can reach back to, so that they come once.
  for (int i = 0; i < 4; ++i) outside_[0]->Arrive(NewRecord());
  PlanReads({});
  Note("tick");
  Advance(*truth_.archive_next_at - truth_.now);
}

}  // namespace cqd::simulation
