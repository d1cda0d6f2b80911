#include "integration/service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "integration/internal/data_watch.h"
#include "integration/internal/process_use.h"
#include "integration/internal/run_watch.h"

namespace cqd::integration {
namespace {

constexpr Stage kStages[] = {Stage::kArchive, Stage::kCube};

/// How often progress of a running run is stored and shown, at most. Source:
/// reference/status-api.md 5.
constexpr Duration kProgressEvery = std::chrono::seconds(1);

std::int64_t Millis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// An error that this outage has shown before is counted on, not reported as new.
void NoteOccurrence(const StageSummary& stage, RunRecord& run) {
  if (!run.error) return;
  run.error->first_run = run.seq;
  run.error->occurrences = 1;
  int failures = stage.consecutive_failures;
  for (const auto& before : stage.history) {
    if (failures <= 0) return;
    if (!IsFailure(before->state)) continue;
    --failures;
    if (!before->error || before->error->code != run.error->code ||
        before->error->step != run.error->step) {
      continue;
    }
    run.error->first_run = before->error->first_run.value_or(before->seq);
    run.error->occurrences = before->error->occurrences + 1;
    return;
  }
}

/// Most reasons a run tells as events.
constexpr std::size_t kRejectSamples = 4;

std::string RejectSample(const RunRecord& run, const RejectReason& reason) {
  std::string out = "{\"run_id\":";
  AppendJsonText(out, run.run_id);
  out += ",\"code\":";
  AppendJsonText(out, reason.code);
  return out + fmt::format(",\"seq\":{},\"count\":{}}}", run.seq, reason.count);
}

Status CheckKey(std::string_view key) {
  const bool good = key.size() <= kIdempotencyKeyBytes &&
                    std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 127; });
  if (good) return OkStatus();
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("an idempotency key has at most {} printable ASCII characters",
                          kIdempotencyKeyBytes),
              {}, "idempotency_key");
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
      started_at_(clock.Now()),
      watch_(std::make_unique<internal::RunWatch>(clock)),
      data_watch_(std::make_unique<internal::DataWatch>(archive, cube, log, clock,
                                                        options.archive_job.retention_months)) {
  for (const auto& source : sources_) {
    source_status_.push_back({.name = source->name(), .kind = std::string(source->kind())});
  }
  LoadSourceStates();
}

Service::~Service() {
  Stop();
}

void Service::Start() {
  const std::lock_guard guard(mutex_);
  CQD_CHECK(!started_);
  started_ = true;
  const UtcTime now = clock_.Now();
  if (options_.every) next_at_ = options_.every->NextAfter(now);
  // What failed before the restart is tried again too.
  for (const Stage stage : kStages) {
    if (const auto last = log_.summary()->Of(stage).last_finished) PlanRetry(*last);
  }
  for (const Stage stage : kStages)
    Of(stage).thread = std::thread([this, stage] { WorkLoop(stage); });
  scheduler_ = std::thread([this, now] { ScheduleLoop(now); });
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
  const std::lock_guard guard(mutex_);
  return RequestLocked(std::move(request));
}

Result<RunRecord> Service::RequestLocked(RunRequest request) {
  CQD_RETURN_IF_ERROR(CheckKey(request.idempotency_key));
  if (request.kind == RunKind::kMonth) {
    CQD_ASSIGN_OR_RETURN(const Month month, Month::Parse(request.month));
    request.month = month.ToString();
  } else {
    request.month.clear();
  }
  if (stopping_) return Fail(ErrorCode::kFailedPrecondition, "the server is stopping");
  CQD_ASSIGN_OR_RETURN(const auto known,
                       log_.FindByKey(request.idempotency_key, clock_.Now() - kIdempotencyAge));
  if (known) {
    if (known->stage == request.stage && known->kind == request.kind &&
        known->month == request.month && known->requested_by == request.requested_by) {
      return *known;
    }
    return Fail(
        ErrorCode::kConflict,
        fmt::format("run {} was requested with this key, and it is another request", known->run_id),
        {}, "idempotency_key");
  }
  Worker& worker = Of(request.stage);
  if (worker.queued) {
    return Fail(ErrorCode::kConflict,
                fmt::format("run {} of this stage waits already", worker.queued->run_id));
  }
  StoreUnsavedEnds();
  RunRecord run;
  run.stage = request.stage;
  run.kind = request.kind;
  run.month = std::move(request.month);
  run.trigger = request.trigger;
  run.requested_by = std::move(request.requested_by);
  run.caused_by = request.caused_by;
  run.retry_of = request.retry_of;
  run.attempt = request.attempt;
  run.idempotency_key = std::move(request.idempotency_key);
  run.scheduled_at = request.scheduled_at;
  auto added = log_.Add(std::move(run));
  watch_->LogWritten(added.ok());
  if (!added.ok()) return std::move(added).error();
  run = *std::move(added);
  worker.queued = run;
  worker.queued_at = clock_.Monotonic();
  worker.retry.reset();  // this run takes its place
  wake_.notify_all();
  return run;
}

Status Service::Cancel(std::string_view run_id) {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(const RunRecord stored, log_.Find(run_id));
  Worker& worker = Of(stored.stage);
  if (worker.queued && worker.queued->seq == stored.seq) {
    RunRecord run = *worker.queued;
    run.state = RunState::kCancelled;
    run.finished_at = clock_.Now();
    CQD_RETURN_IF_ERROR(log_.Update(run, DescribeRun(run)));
    worker.queued.reset();
    return OkStatus();
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
  return Perform(std::move(run), clock_.Monotonic(), cancel, observe);
}

void Service::WorkLoop(Stage stage) {
  if (stage == Stage::kCube) data_watch_->CountUnmapped();
  for (;;) {
    RunRecord run;
    Duration queued_at{};
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
          StoreEnd(*worker.queued);
          worker.queued.reset();
        }
        return;
      }
      run = std::move(*worker.queued);
      queued_at = worker.queued_at;
      worker.queued.reset();
      worker.cancel = cancel = std::make_shared<CancelToken>();
      worker.running = run;
    }
    run = Perform(std::move(run), queued_at, *cancel, [&](const RunRecord& now) {
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

RunRecord Service::Perform(RunRecord run, Duration queued_at, const CancelToken& cancel,
                           const RunObserver& observe) {
  const Duration began = clock_.Monotonic();
  const RunResources used_before = internal::ProcessUse();
  run.state = RunState::kRunning;
  run.started_at = run.heartbeat_at = clock_.Now();
  run.wait_ms = Millis(began - queued_at);
  run.context.config_hash = options_.context.config_hash;
  run.context.host = options_.context.host;
  run.context.rule_version = cube::DefinitionVersion();
  if (const auto version = archive_.CustomerTablesVersion(); version.ok())
    run.context.map_version = *version;
  watch_->Started(run);
  Status stored = log_.Update(run);
  watch_->LogWritten(stored.ok());
  observe(run);
  Duration shown = began;
  const RunObserver show = [&](const RunRecord& now) {
    watch_->Moved(now);
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
  } else {
    Work(run, cancel, show);
  }
  // What earlier runs brought is still there.
  const auto known = log_.summary()->Of(run.stage).data_through;
  if (known) run.data_through = std::max(run.data_through.value_or(*known), *known);
  NoteOccurrence(log_.summary()->Of(run.stage), run);
  run.finished_at = run.heartbeat_at = clock_.Now();
  run.duration_ms = Millis(clock_.Monotonic() - began);
  run.resources = internal::Between(used_before, internal::ProcessUse());
  // Before the log has it: for a moment an old success looks fresh by a clock that does not decide;
  // the other way round a new one would look old.
  watch_->Ended(run);
  StoreEnd(run);
  if (options_.on_ended) options_.on_ended(run);
  LogInfo("{}", DescribeRun(run));
  for (std::size_t i = 0; i < std::min(run.reject_reasons.size(), kRejectSamples); ++i) {
    if (!log_.AppendEvent("reject.sample", RejectSample(run, run.reject_reasons[i])).ok()) break;
  }
  observe(run);
  return run;
}

void Service::Work(RunRecord& run, const CancelToken& cancel, const RunObserver& show) {
  if (run.stage == Stage::kArchive) {
    std::vector<SourceStatus> learnt = sources();
    RunArchiveJob(options_.archive_job, archive_, sources_, clock_, cancel, show, run, learnt);
    StoreSourceStates(learnt);
    const std::lock_guard guard(mutex_);
    source_status_ = std::move(learnt);
    return;
  }
  RunCubeJob(cube_, clock_, cancel, show, run);
  // Queries see what the archive holds, but a session time ahead of the clock says nothing about
  // freshness.
  if (run.data_through && *run.data_through > clock_.Now())
    run.data_through = log_.summary()->Of(Stage::kArchive).data_through;
}

void Service::AfterRun(const RunRecord& run) {
  {
    const std::lock_guard guard(mutex_);
    PlanRetry(run);
  }
  if (run.stage == Stage::kArchive &&
      (run.state == RunState::kSucceeded || run.state == RunState::kPartial)) {
    const RunRequest request{.stage = Stage::kCube,
                             .trigger = RunTrigger::kUpstream,
                             .requested_by = {},
                             .caused_by = run.seq};
    const auto next = Request(request);
    if (!next.ok() && next.error().code != ErrorCode::kConflict &&
        next.error().code != ErrorCode::kFailedPrecondition) {
      LogError("cube run after {}: {}", run.run_id, next.error().ToString());
      const std::lock_guard guard(mutex_);
      if (options_.retry_after > Duration::zero())
        Of(Stage::kCube).retry = Retry{clock_.Now() + options_.retry_after, request};
    }
  }
  const Status trimmed = log_.Trim(clock_.Now() - options_.history_age, options_.history_runs);
  if (!trimmed.ok()) LogWarning("run history: {}", trimmed.error().ToString());
  data_watch_->Look(true);
  if (run.stage == Stage::kCube) data_watch_->CountUnmapped();
  NoteVerdicts();
  wake_.notify_all();  // a retry may be due before what the schedule waits for
}

void Service::ScheduleLoop(UtcTime last_seen) {
  NoteVerdicts();
  std::unique_lock lock(mutex_);
  if (options_.run_at_start && !log_.summary()->pause) {
    const auto first = RequestLocked(
        {.stage = Stage::kArchive, .trigger = RunTrigger::kStartUp, .requested_by = {}});
    if (!first.ok()) LogError("run at start: {}", first.error().ToString());
  }
  watch_->Beat();
  UtcTime next_beat = last_seen + options_.heartbeat;
  while (!stopping_) {
    const UtcTime until = NextMoment(next_beat);
    // The clock may have been set back since it was read, before the wait begins to watch it.
    clock_.WaitUntil(lock, wake_, until, [&] {
      return stopping_ || clock_.Now() < last_seen || NextMoment(next_beat) < until;
    });
    if (stopping_) return;
    const UtcTime now = clock_.Now();
    // A clock set back must not leave the next run hours away; set forward, one run is due, not all
    // that were missed.
    if (now < last_seen) {
      next_beat = now;
      for (Worker& worker : workers_) {
        if (worker.retry) worker.retry->at = std::min(worker.retry->at, now + options_.retry_after);
      }
    }
    last_seen = now;
    if (next_at_ && *next_at_ > now + options_.every->every())
      next_at_ = options_.every->NextAfter(now);
    if (now >= next_beat) {
      next_beat = now + options_.heartbeat;
      Beat();
      lock.unlock();
      data_watch_->Look(false);
      NoteVerdicts();
      lock.lock();
    }
    if (next_at_ && now >= *next_at_) {
      const UtcTime due = *next_at_;
      next_at_ = options_.every->NextAfter(now);
      Due(due);
    }
    RetryDue(now);
  }
}

UtcTime Service::NextMoment(UtcTime next_beat) const {
  UtcTime next = next_at_ ? std::min(next_beat, *next_at_) : next_beat;
  for (const Worker& worker : workers_) {
    if (worker.retry) next = std::min(next, worker.retry->at);
  }
  return next;
}

void Service::Beat() {
  watch_->Beat();
  StoreUnsavedEnds();
  for (const Worker& worker : workers_) {
    if (worker.running && !log_.Heartbeat(worker.running->seq).ok()) {
      LogWarning("heartbeat of run {} could not be stored", worker.running->run_id);
    }
  }
}

void Service::Due(UtcTime scheduled_at) {
  if (stopping_ || log_.summary()->pause) return;
  const Worker& worker = Of(Stage::kArchive);
  if (worker.running || worker.queued) {
    RunRecord skipped;
    skipped.stage = Stage::kArchive;
    skipped.state = RunState::kSkipped;
    skipped.scheduled_at = scheduled_at;
    const bool told = log_.Add(std::move(skipped)).ok();
    watch_->LogWritten(told);
    if (!told) LogWarning("a skipped run could not be stored");
    return;
  }
  const auto run = RequestLocked({.stage = Stage::kArchive,
                                  .trigger = RunTrigger::kSchedule,
                                  .requested_by = {},
                                  .scheduled_at = scheduled_at});
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

}  // namespace cqd::integration
