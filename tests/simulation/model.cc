// What must be true after each step of the product, one run after the other.
#include <fmt/format.h>

#include "simulation/year.h"

namespace cqd::simulation {

using std::chrono::hours;

namespace {

constexpr Stage kStages[] = {Stage::kArchive, Stage::kCube};

std::int64_t Millis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// Runs fall on the round times of the clock.
UtcTime NextDue(UtcTime after, Duration every) {
  return FromMicros((ToMicros(after) / every.count() + 1) * every.count());
}

/// Whose fault it is: source, data, disk, config, internal.
std::string ClassOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kDiskFull:  // the source's own disk
      return "source";
    case ErrorCode::kCorruption:
      return "data";
    case ErrorCode::kDiskFailed:
      return "disk";
    case ErrorCode::kInternal:
    case ErrorCode::kConflict:
    case ErrorCode::kCancelled:
      return "internal";
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kFailedPrecondition:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kUnimplemented:
      break;
  }
  return "config";
}

}  // namespace

void Year::Advance(Duration by) {
  clock_.Advance(by);
  truth_.elapsed += by;
  ClockShows(clock_.Now());
}

void Year::ClockShows(UtcTime now) {
  const bool back = now < truth_.now;
  truth_.now = now;
  for (const Stage stage : kStages) {
    if (TrueRun* run = truth_.Running(stage)) run->heartbeat_at = now;
  }
  const UtcTime due = *truth_.archive_next_at;
  // A clock set back brings the due times of the new time; set forward, one run is due, not all
  // that were missed.
  if (back || now >= due) truth_.archive_next_at = NextDue(now, settings_.every);
  if (now >= due) RunIsDue();
}

void Year::RunIsDue() {
  if (truth_.paused_since) return;
  if (truth_.Running(Stage::kArchive) != nullptr || truth_.Queued(Stage::kArchive) != nullptr) {
    TrueRun& run = AddRun(Stage::kArchive);
    run.state = RunState::kSkipped;
    run.finished_at = truth_.now;
    return;
  }
  BeginArchive(AddRun(Stage::kArchive).seq);
}

TrueRun& Year::AddRun(Stage stage) {
  TrueRun run;
  run.seq = static_cast<std::int64_t>(truth_.runs.size()) + 1;
  run.stage = stage;
  run.queued_at = truth_.now;
  truth_.runs.push_back(run);
  queued_after_.push_back(truth_.elapsed);
  return truth_.runs.back();
}

void Year::BeginRun(TrueRun& run) {
  run.state = RunState::kRunning;
  run.started_at = run.heartbeat_at = truth_.now;
  run.wait_ms = Millis(truth_.elapsed - queued_after_[static_cast<std::size_t>(run.seq - 1)]);
  run.started_after = truth_.elapsed;
}

void Year::EndRun(TrueRun& run, RunState state) {
  run.state = state;
  run.finished_at = truth_.now;
  run.ended_after = truth_.elapsed;
  run.boot = truth_.boot;
  if (!run.started_at) return;
  run.heartbeat_at = truth_.now;
  run.duration_ms = Millis(truth_.elapsed - run.started_after);
  run.data_through = run.stage == Stage::kArchive ? content_.through() : cube_through_;
  if (content_.through() > certain_again_) truth_.data_through_uncertain = false;
  run.data_through_uncertain = truth_.data_through_uncertain;
}

void Year::BeginArchive(std::int64_t seq) {
  BeginRun(truth_.Run(seq));
  failures_.clear();
  learnt_ = truth_.sources;
  ReadSources(seq, 0);
}

void Year::ReadSources(std::int64_t seq, std::size_t first) {
  for (std::size_t i = first; i < outside_.size(); ++i) {
    const auto begin = static_cast<std::size_t>(watermarks_[i].value_or(0));
    std::vector<Outside::Part> parts = Outside::PartsOf(plans_[i], begin, outside_[i]->size());
    if (plans_[i].hold) {
      held_ = Held{seq, i, plans_[i], parts.back()};
      parts.pop_back();
    }
    for (const Outside::Part& part : parts) CommitPart(seq, i, part);
    if (held_) return;
    EndRead(i, plans_[i]);
  }
  FinishArchive(seq);
}

void Year::CommitPart(std::int64_t seq, std::size_t source, const Outside::Part& part) {
  std::vector<OutsideRecord> batch;
  for (std::size_t i = part.from; i < part.to; ++i) batch.push_back(outside_[source]->At(i));
  content_.Commit(static_cast<int>(source), batch, truth_.now, truth_.Run(seq).rows);
  auto& watermark = watermarks_[source];
  watermark = std::max(watermark.value_or(0), static_cast<std::int64_t>(part.to));
}

void Year::EndRead(std::size_t index, const ReadPlan& plan) {
  TrueSource& source = learnt_[index];
  source.watermark = watermarks_[index];
  if (plan.failure) {
    failures_.push_back(ClassOf(plan.failure->code));
    source.error = plan.failure->message;
    if (plan.failure->code == ErrorCode::kUnavailable ||
        plan.failure->code == ErrorCode::kUnauthenticated)
      source.reachable = false;
    return;
  }
  source.reachable = true;
  source.last_contact_at = truth_.now;
  source.error = "null";
  const Probing& probing = probing_[index];
  if (probing.failure) return;
  // A look that could not tell the skew leaves what is known of it.
  if (probing.skew) source.clock_skew_ms = Millis(*probing.skew);
  source.last_record_at.reset();
  for (std::size_t i = 0; i < outside_[index]->size(); ++i) {
    const OutsideRecord record = outside_[index]->At(i);
    if (!record.reject && record.session_time <= truth_.now)
      source.last_record_at =
          std::max(source.last_record_at.value_or(record.session_time), record.session_time);
  }
}

void Year::FinishArchive(std::int64_t seq) {
  TrueRun& run = truth_.Run(seq);
  truth_.sources = learnt_;
  content_.Expire(settings_.retention_months, truth_.now, run.rows);
  if (!failures_.empty()) run.error_class = failures_.front();
  EndRun(run, failures_.empty()                    ? RunState::kSucceeded
              : failures_.size() < outside_.size() ? RunState::kPartial
                                                   : RunState::kFailed);
  if (run.state != RunState::kFailed) FinishCube(AddRun(Stage::kCube).seq);
  BeginWaiting();
}

void Year::BeginWaiting() {
  if (TrueRun* waiting = truth_.Queued(Stage::kArchive)) BeginArchive(waiting->seq);
}

void Year::FinishCube(std::int64_t seq) {
  TrueRun& run = truth_.Run(seq);
  BeginRun(run);
  if (cube_lost_) {
    // Why it failed is between the product and the file system.
    run.error_class = "*";
    return EndRun(run, RunState::kFailed);
  }
  if (held_ && content_.has_future()) {
    // Beside a row from 2087 only an ended archive run tells how far the data goes; what the one
    // that reads now has brought is not known before its end. Too old is said, never too new.
    truth_.data_through_uncertain = true;
    certain_again_ = content_.through();
  }
  content_.Process(run.rows);
  cube_through_ = content_.through();
  EndRun(run, RunState::kSucceeded);
}

void Year::ReleaseHeld() {
  const Held held = *held_;
  held_.reset();
  // A run that waits stops in its first read, so that it and the cube run do not race.
  const bool waits = truth_.Queued(Stage::kArchive) != nullptr;
  PlanReads({});
  if (waits) PlanRead(0, {.hold = true});
  outside_[held.source]->Release();
  CommitPart(held.seq, held.source, held.part);
  EndRead(held.source, held.plan);
  ReadSources(held.seq, held.source + 1);
}

void Year::CancelHeld() {
  const Held held = *held_;
  held_.reset();
  PlanReads({});
  if (truth_.Queued(Stage::kArchive) != nullptr) PlanRead(0, {.hold = true});
  learnt_[held.source].watermark = watermarks_[held.source];
  truth_.sources = learnt_;
  EndRun(truth_.Run(held.seq), RunState::kCancelled);
  BeginWaiting();
}

void Year::PlanRead(std::size_t source, const ReadPlan& plan) {
  plans_[source] = plan;
  outside_[source]->SetPlan(plan);
}

void Year::PlanReads(const ReadPlan& plan) {
  for (std::size_t i = 0; i < outside_.size(); ++i) PlanRead(i, plan);
}

void Year::ForgetOldRuns(std::int64_t oldest) {
  const auto count = static_cast<std::int64_t>(truth_.runs.size());
  for (std::int64_t seq = truth_.oldest_known; seq < oldest; ++seq) {
    const TrueRun& run = truth_.Run(seq);
    // A clock set back makes runs look up to an hour younger than they are, and the other way.
    const bool young = !run.finished_at || *run.finished_at > truth_.now - hours(24 * 90 - 2);
    if (young || count - seq < 1000) Report(fmt::format("  run {} is gone too early\n", seq));
  }
  truth_.oldest_known = std::max(truth_.oldest_known, oldest);
}

void Year::Boot(bool killed) {
  if (killed) {
    truth_.data_through_uncertain = true;
    certain_again_ = content_.through();
  }
  for (TrueRun& run : truth_.runs) {
    const bool running = run.state == RunState::kRunning;
    if (!running && run.state != RunState::kQueued) continue;
    if (killed) {
      // Its last signs of life stay as they were stored.
      run.state = RunState::kInterrupted;
      run.finished_at = truth_.now;
      run.error_class = "internal";
      run.rows = {};
    } else {
      EndRun(run, RunState::kCancelled);
    }
  }
  held_.reset();
  PlanReads({});
  settings_ = RandomSettings();
  truth_.process_started_at = truth_.now;
  truth_.booted_after = truth_.elapsed;
  ++truth_.boot;
  truth_.clock_set.reset();
  truth_.archive = {true, settings_.archive.warn_after, settings_.archive.error_after};
  truth_.cube = {true, settings_.cube.warn_after, settings_.cube.error_after};
  truth_.archive_next_at = NextDue(truth_.now, settings_.every);
  installation_.Start(settings_);
  ForgetOldRuns(installation_.oldest_at_start());
  if (settings_.run_at_start && !truth_.paused_since) BeginArchive(AddRun(Stage::kArchive).seq);
}

}  // namespace cqd::simulation
