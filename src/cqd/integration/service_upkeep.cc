// What the service does beside its runs: retries, ends that the log could not take, what is known
// of sources, the pause of the schedule, events of verdicts.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "integration/internal/run_watch.h"
#include "integration/internal/source_state.h"
#include "integration/internal/summary.h"
#include "integration/service.h"

namespace cqd::integration {
namespace {

constexpr std::size_t kPauseReasonCharacters = 500;
/// The longest wait before a retry where there is no schedule.
constexpr Duration kRetryMax = std::chrono::hours(1);

/// {"stage":"cube","verdict":"late","before":"on_time","health":"warn","reasons":["cube_late"]};
/// `before` is null after a start.
std::string VerdictEvent(const StatusView& view, const StageStatus& stage,
                         const std::optional<Verdict>& before) {
  std::string reasons;
  for (const Reason& reason : view.reasons) {
    if (reason.stage != stage.stage) continue;
    if (!reasons.empty()) reasons += ',';
    AppendJsonText(reasons, reason.code);
  }
  return fmt::format(
      "{{\"stage\":\"{}\",\"verdict\":\"{}\",\"before\":{},\"health\":\"{}\",\"reasons\":[{}]}}",
      StageName(stage.stage), VerdictName(stage.verdict),
      before ? fmt::format("\"{}\"", VerdictName(*before)) : "null", HealthName(view.health),
      reasons);
}

}  // namespace

void Service::StoreEnd(const RunRecord& run) {
  std::string line = DescribeRun(run);
  const Status stored = log_.Update(run, line);
  watch_->LogWritten(stored.ok());
  if (stored.ok()) return;
  LogError("the end of run {} could not be stored: {}", run.run_id, stored.error().ToString());
  const std::lock_guard guard(unsaved_mutex_);
  unsaved_ends_.emplace_back(run, std::move(line));
  has_unsaved_.store(true);
  log_.RaiseVersion();
}

void Service::StoreUnsavedEnds() {
  const std::lock_guard guard(unsaved_mutex_);
  while (!unsaved_ends_.empty()) {
    const auto& [run, line] = unsaved_ends_.front();
    const Status stored = log_.Update(run, line);
    // One that has ended meanwhile was stored after all: only the answer was lost.
    if (!stored.ok() && stored.error().code != ErrorCode::kFailedPrecondition) return;
    unsaved_ends_.erase(unsaved_ends_.begin());
  }
  has_unsaved_.store(false);
  // Without a write nobody would notice that there is room again.
  if (watch_->log_unwritable() &&
      log_.Append("System", "The integration log can be written again").ok())
    watch_->LogWritten(true);
}

std::shared_ptr<const LogSummary> Service::summary() const {
  if (!has_unsaved_.load()) return log_.summary();
  const std::lock_guard guard(unsaved_mutex_);
  const auto stored = log_.summary();
  if (unsaved_ends_.empty()) return stored;
  auto summary = std::make_shared<LogSummary>(*stored);
  for (const auto& [run, line] : unsaved_ends_) internal::NoteRun(run, *summary);
  return summary;
}

void Service::LoadSourceStates() {
  const auto states = log_.SourceStates();
  if (!states.ok()) {
    LogWarning("what was known of the sources cannot be read: {}", states.error().ToString());
    return;
  }
  for (SourceStatus& source : source_status_) {
    for (const auto& [name, details] : *states) {
      if (name == source.name) internal::DecodeSourceState(details, source);
    }
  }
}

void Service::StoreSourceStates(const std::vector<SourceStatus>& learnt) {
  std::vector<std::pair<std::string, std::string>> states;
  for (const SourceStatus& source : learnt)
    states.emplace_back(source.name, internal::EncodeSourceState(source));
  const Status stored = log_.StoreSourceStates(states);
  if (!stored.ok())
    LogWarning("what is known of the sources cannot be stored: {}", stored.error().ToString());
}

void Service::PlanRetry(const RunRecord& run) {
  if (options_.retry_after <= Duration::zero() || !IsFailure(run.state)) return;
  if (run.error && !run.error->retryable) return;
  Worker& worker = Of(run.stage);
  if (worker.queued) return;
  const Duration longest = options_.every ? options_.every->every() : kRetryMax;
  Duration wait = options_.retry_after;
  for (int i = 1; i < log_.summary()->Of(run.stage).consecutive_failures && wait < longest; ++i)
    wait *= 2;
  worker.retry = Retry{clock_.Now() + std::min(wait, longest),
                       {.stage = run.stage,
                        .kind = run.kind,
                        .month = run.month,
                        .trigger = RunTrigger::kRetry,
                        .requested_by = run.requested_by,
                        .caused_by = run.caused_by,
                        .idempotency_key = {},
                        .retry_of = run.seq,
                        .attempt = run.attempt + 1}};
}

void Service::RetryDue(UtcTime now) {
  if (stopping_) return;
  for (Worker& worker : workers_) {
    if (!worker.retry || now < worker.retry->at) continue;
    const Retry retry = *std::exchange(worker.retry, std::nullopt);
    // What runs or waits already brings what the retry would; a pause holds retries too.
    if (worker.running || worker.queued || log_.summary()->pause) continue;
    const auto run = RequestLocked(retry.request);
    if (run.ok()) continue;
    LogError("retry of run {}: {}", retry.request.retry_of.value_or(0), run.error().ToString());
    worker.retry = Retry{now + options_.retry_after, retry.request};
  }
}

Status Service::Pause(std::string by, std::string reason) {
  reason = std::string(Trim(reason));
  if (reason.empty() || reason.size() > kPauseReasonCharacters ||
      CleanUtf8(reason, kPauseReasonCharacters) != reason) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("say why, in 1 to {} characters", kPauseReasonCharacters), {},
                "reason");
  }
  if (!options_.every) return Fail(ErrorCode::kFailedPrecondition, "there is no schedule to pause");
  const std::lock_guard guard(mutex_);
  return log_.SetPause(SchedulePause{clock_.Now(), std::move(by), std::move(reason)});
}

Status Service::Resume() {
  const std::lock_guard guard(mutex_);
  if (!log_.summary()->pause) return OkStatus();
  // What was due in the pause is not made up, even when the schedule has not looked since.
  const UtcTime now = clock_.Now();
  if (next_at_ && *next_at_ <= now) next_at_ = options_.every->NextAfter(now);
  CQD_RETURN_IF_ERROR(log_.SetPause(std::nullopt));
  for (const Stage stage : {Stage::kArchive, Stage::kCube}) {
    if (const auto last = log_.summary()->Of(stage).last_finished) PlanRetry(*last);
  }
  wake_.notify_all();
  return OkStatus();
}

void Service::NoteVerdicts() {
  const std::lock_guard guard(verdict_mutex_);
  const StatusView view = status();
  for (const StageStatus& stage : view.stages) {
    auto& known = verdicts_[static_cast<std::size_t>(stage.stage)];
    if (known == stage.verdict) continue;
    const Status told = log_.AppendEvent("stage.verdict_changed", VerdictEvent(view, stage, known));
    // Not told: tried again at the next beat.
    if (told.ok()) known = stage.verdict;
  }
}

}  // namespace cqd::integration
