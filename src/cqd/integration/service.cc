#include "integration/service.h"

#include <fmt/format.h>

#include "base/log.h"

namespace cqd::integration {
namespace {

constexpr Stage kStages[] = {Stage::kArchive, Stage::kCube};

/// How often progress of a running run is stored and shown, at most. Source:
/// reference/status-api.md 5.
constexpr Duration kProgressEvery = std::chrono::seconds(1);

std::string Describe(const RunRecord& run) {
  if (run.state == RunState::kSucceeded) {
    if (run.stage == Stage::kArchive) {
      return fmt::format(
          "Run {} succeeded: {} read, {} inserted, {} updated, {} duplicate, {} quarantined",
          run.run_id, run.rows.read, run.rows.inserted, run.rows.updated, run.rows.duplicate,
          run.rows.quarantined);
    }
    return fmt::format("Run {} succeeded: data version {}, {} streams", run.run_id,
                       run.data_version.value_or(0), run.rows_total.value_or(0));
  }
  return fmt::format("Run {} {}: {}", run.run_id, RunStateName(run.state),
                     run.error ? run.error->message : "stopped on request");
}

}  // namespace

Service::Service(const ServiceOptions& options, RunLog& log, archive::Archive& archive,
                 cube::Cube& cube, std::vector<std::unique_ptr<source::Source>> sources,
                 const Clock& clock)
    : options_(options),
      log_(log),
      archive_(archive),
      cube_(cube),
      sources_(std::move(sources)),
      clock_(clock),
      started_at_(clock.Now()) {
  for (const auto& source : sources_) {
    source_status_.push_back({.name = source->name(), .kind = std::string(source->kind())});
  }
}

Service::~Service() {
  Stop();
}

void Service::Start() {
  const std::lock_guard guard(mutex_);
  CQD_CHECK(!started_);
  started_ = true;
  next_at_ = options_.every.NextAfter(clock_.Now());
  for (const Stage stage : kStages)
    Of(stage).thread = std::thread([this, stage] { WorkLoop(stage); });
  scheduler_ = std::thread([this] { ScheduleLoop(); });
}

void Service::Stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
    for (Worker& worker : workers_) {
      if (worker.cancel) worker.cancel->Cancel();
    }
  }
  wake_.notify_all();
  if (scheduler_.joinable()) scheduler_.join();
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

Result<RunRecord> Service::Request(RunRequest request) {
  if (request.kind == RunKind::kMonth) CQD_RETURN_IF_ERROR(Month::Parse(request.month));
  const std::lock_guard guard(mutex_);
  if (stopping_) return Fail(ErrorCode::kFailedPrecondition, "the server is stopping");
  Worker& worker = Of(request.stage);
  if (worker.queued) {
    return Fail(ErrorCode::kConflict,
                fmt::format("run {} of this stage waits already", worker.queued->run_id));
  }
  RunRecord run;
  run.stage = request.stage;
  run.kind = request.kind;
  run.month = request.kind == RunKind::kMonth ? Month::Parse(request.month)->ToString() : "";
  run.trigger = request.trigger;
  run.requested_by = std::move(request.requested_by);
  run.caused_by = request.caused_by;
  CQD_ASSIGN_OR_RETURN(run, log_.Add(std::move(run)));
  worker.queued = run;
  wake_.notify_all();
  return run;
}

Status Service::Cancel(std::string_view run_id) {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(const RunRecord stored, log_.Find(run_id));
  Worker& worker = Of(stored.stage);
  if (worker.queued && worker.queued->seq == stored.seq) {
    RunRecord run = std::move(*worker.queued);
    worker.queued.reset();
    run.state = RunState::kCancelled;
    run.finished_at = clock_.Now();
    return log_.Update(run);
  }
  if (IsFinal(stored.state) || !worker.running || worker.running->seq != stored.seq) {
    return Fail(ErrorCode::kFailedPrecondition, "the run has ended already");
  }
  worker.cancel->Cancel();
  return OkStatus();
}

Result<RunRecord> Service::RunNow(RunRequest request, const CancelToken& cancel,
                                  const RunObserver& observe) {
  CQD_CHECK(!started_);
  RunRecord run;
  run.stage = request.stage;
  run.kind = request.kind;
  run.trigger = request.trigger;
  run.requested_by = std::move(request.requested_by);
  run.caused_by = request.caused_by;
  if (request.kind == RunKind::kMonth) {
    CQD_ASSIGN_OR_RETURN(const Month month, Month::Parse(request.month));
    run.month = month.ToString();
  }
  CQD_ASSIGN_OR_RETURN(run, log_.Add(std::move(run)));
  return Perform(std::move(run), cancel, observe);
}

void Service::WorkLoop(Stage stage) {
  for (;;) {
    RunRecord run;
    std::shared_ptr<CancelToken> cancel;
    {
      std::unique_lock lock(mutex_);
      Worker& worker = Of(stage);
      worker.waits = true;
      wake_.wait(lock, [&] { return stopping_ || worker.queued; });
      worker.waits = false;
      if (stopping_) {
        if (worker.queued) {
          worker.queued->state = RunState::kCancelled;
          worker.queued->finished_at = clock_.Now();
          (void)log_.Update(*worker.queued).ok();
          worker.queued.reset();
        }
        return;
      }
      run = std::move(*worker.queued);
      worker.queued.reset();
      worker.cancel = cancel = std::make_shared<CancelToken>();
      worker.running = run;
    }
    run = Perform(std::move(run), *cancel, [&](const RunRecord& now) {
      const std::lock_guard guard(mutex_);
      Of(stage).running = now;
    });
    {
      const std::lock_guard guard(mutex_);
      Of(stage).running.reset();
      Of(stage).cancel.reset();
    }
    AfterRun(run);
  }
}

RunRecord Service::Perform(RunRecord run, const CancelToken& cancel, const RunObserver& observe) {
  const Duration began = clock_.Monotonic();
  run.state = RunState::kRunning;
  run.started_at = run.heartbeat_at = clock_.Now();
  run.wait_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(*run.started_at - run.queued_at)
          .count();
  Status stored = log_.Update(run);
  observe(run);
  Duration shown = began;
  const RunObserver show = [&](const RunRecord& now) {
    const Duration moment = clock_.Monotonic();
    if (moment - shown < kProgressEvery) return;
    shown = moment;
    run.heartbeat_at = clock_.Now();
    if (!log_.Update(run).ok()) LogWarning("progress of run {} could not be stored", run.run_id);
    observe(now);
  };
  if (!stored.ok()) {
    // Without a durable "running" a crash could not be told from a run that never was.
    run.error = MakeRunError(stored.error(), "start", false);
    run.state = RunState::kFailed;
  } else if (run.stage == Stage::kArchive) {
    std::vector<SourceStatus> learnt = sources();
    RunArchiveJob(options_.archive_job, archive_, sources_, clock_, cancel, show, run, learnt);
    const std::lock_guard guard(mutex_);
    source_status_ = std::move(learnt);
  } else {
    RunCubeJob(cube_, clock_, cancel, show, run);
    // Queries see what the archive holds, but a session time ahead of the clock says nothing about
    // freshness.
    if (run.data_through && *run.data_through > clock_.Now())
      run.data_through = log_.summary()->Of(Stage::kArchive).data_through;
  }
  // What earlier runs brought is still there.
  const auto known = log_.summary()->Of(run.stage).data_through;
  if (known) run.data_through = std::max(run.data_through.value_or(*known), *known);
  run.finished_at = run.heartbeat_at = clock_.Now();
  run.duration_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Monotonic() - began).count();
  if (const Status end = log_.Update(run); !end.ok()) {
    LogError("the end of run {} could not be stored: {}", run.run_id, end.error().ToString());
  }
  if (const Status line =
          log_.Append(std::string(LogCategoryOf(run.stage)), Describe(run), run.seq);
      !line.ok()) {
    LogError("integration log: {}", line.error().ToString());
  }
  LogInfo("{}", Describe(run));
  observe(run);
  return run;
}

void Service::AfterRun(const RunRecord& run) {
  if (run.stage == Stage::kArchive &&
      (run.state == RunState::kSucceeded || run.state == RunState::kPartial)) {
    const auto next = Request({.stage = Stage::kCube,
                               .trigger = RunTrigger::kUpstream,
                               .requested_by = {},
                               .caused_by = run.seq});
    if (!next.ok() && next.error().code != ErrorCode::kConflict &&
        next.error().code != ErrorCode::kFailedPrecondition) {
      LogError("cube run after {}: {}", run.run_id, next.error().ToString());
    }
  }
  const Status trimmed = log_.Trim(clock_.Now() - options_.history_age, options_.history_runs);
  if (!trimmed.ok()) LogWarning("run history: {}", trimmed.error().ToString());
}

void Service::ScheduleLoop() {
  std::unique_lock lock(mutex_);
  if (options_.run_at_start) {
    lock.unlock();
    const auto first =
        Request({.stage = Stage::kArchive, .trigger = RunTrigger::kStartUp, .requested_by = {}});
    if (!first.ok()) LogError("run at start: {}", first.error().ToString());
    lock.lock();
  }
  UtcTime next_beat = clock_.Now() + options_.heartbeat;
  while (!stopping_) {
    clock_.WaitUntil(lock, wake_, std::min(next_beat, *next_at_), [this] { return stopping_; });
    if (stopping_) return;
    const UtcTime now = clock_.Now();
    // A clock set back must not leave the next run hours away; set forward, one run is due, not all
    // that were missed.
    if (next_beat > now + options_.heartbeat) next_beat = now;
    if (*next_at_ > now + options_.every.every()) next_at_ = options_.every.NextAfter(now);
    if (now >= next_beat) {
      next_beat = now + options_.heartbeat;
      Beat();
    }
    if (now >= *next_at_) {
      const UtcTime due = *next_at_;
      next_at_ = options_.every.NextAfter(now);
      lock.unlock();
      Due(due);
      lock.lock();
    }
  }
}

void Service::Beat() {
  for (const Worker& worker : workers_) {
    if (worker.running && !log_.Heartbeat(worker.running->seq).ok()) {
      LogWarning("heartbeat of run {} could not be stored", worker.running->run_id);
    }
  }
}

void Service::Due(UtcTime scheduled_at) {
  {
    const std::lock_guard guard(mutex_);
    Worker& worker = Of(Stage::kArchive);
    if (worker.running || worker.queued) {
      RunRecord skipped;
      skipped.stage = Stage::kArchive;
      skipped.state = RunState::kSkipped;
      skipped.scheduled_at = scheduled_at;
      if (!log_.Add(std::move(skipped)).ok()) LogWarning("a skipped run could not be stored");
      return;
    }
  }
  const auto run =
      Request({.stage = Stage::kArchive, .trigger = RunTrigger::kSchedule, .requested_by = {}});
  if (!run.ok()) LogError("scheduled run: {}", run.error().ToString());
}

std::vector<SourceStatus> Service::sources() const {
  const std::lock_guard guard(mutex_);
  return source_status_;
}

bool Service::idle(Stage stage) const {
  const std::lock_guard guard(mutex_);
  const Worker& worker = workers_[static_cast<std::size_t>(stage)];
  return worker.waits && !worker.queued;
}

StatusView Service::status() const {
  StatusInputs inputs;
  inputs.now = clock_.Now();
  inputs.process_started_at = started_at_;
  inputs.archive = options_.archive_rules;
  inputs.cube = options_.cube_rules;
  inputs.damage = cube_.damage();
  {
    const std::lock_guard guard(mutex_);
    inputs.archive_next_at = next_at_;
    inputs.sources = source_status_;
  }
  return MakeStatus(*log_.summary(), inputs);
}

}  // namespace cqd::integration
