#include "integration/status.h"

#include <algorithm>

#include "integration/internal/forecast.h"
#include "integration/internal/reasons.h"
#include "integration/internal/verdict.h"

namespace cqd::integration {
namespace {

StageStatus MakeStage(Stage stage, const LogSummary& log, const StatusInputs& inputs) {
  const StageSummary& summary = log.Of(stage);
  const StageFacts& facts = inputs.FactsOf(stage);
  StageStatus status;
  status.stage = stage;
  status.rules = stage == Stage::kArchive ? inputs.archive : inputs.cube;
  status.state = internal::NowOf(summary, status.rules, log.pause.has_value());
  status.outcome = internal::OutcomeOf(summary.last_finished);
  status.current = summary.current ? summary.current : summary.queued;
  status.last_success = summary.last_success;
  status.last_failure = summary.last_failure;
  status.consecutive_failures = summary.consecutive_failures;
  status.failing_since = summary.failing_since;
  // A pause holds the schedule and the retries.
  if (!log.pause)
    status.next_at = stage == Stage::kArchive ? inputs.archive_next_at : inputs.cube_next_at;
  status.data_through = summary.data_through;
  status.history = summary.history;
  if (log.pause) {
    status.paused_by = log.pause->by;
    status.paused_reason = log.pause->reason;
  }
  internal::FillDurations(status, summary.durations_ms);
  internal::JudgeStage(status, facts, inputs);
  status.slo =
      internal::MeasureSlo(status.rules, *summary.success_times, inputs.limits, inputs.now);
  return status;
}

}  // namespace

std::string_view NowStateName(NowState state) {
  switch (state) {
    case NowState::kNeverRun:
      return "never_run";
    case NowState::kIdle:
      return "idle";
    case NowState::kQueued:
      return "queued";
    case NowState::kRunning:
      return "running";
    case NowState::kPaused:
      return "paused";
    case NowState::kDisabled:
      return "disabled";
  }
  return "unknown";
}

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kNone:
      return "none";
    case Outcome::kOk:
      return "ok";
    case Outcome::kOkEmpty:
      return "ok_empty";
    case Outcome::kPartial:
      return "partial";
    case Outcome::kFailed:
      return "failed";
    case Outcome::kInterrupted:
      return "interrupted";
  }
  return "unknown";
}

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOnTime:
      return "on_time";
    case Verdict::kLate:
      return "late";
    case Verdict::kStale:
      return "stale";
  }
  return "unknown";
}

std::string_view HealthName(Health health) {
  switch (health) {
    case Health::kPass:
      return "pass";
    case Health::kWarn:
      return "warn";
    case Health::kFail:
      return "fail";
  }
  return "unknown";
}

StatusView MakeStatus(const LogSummary& summary, const StatusInputs& inputs) {
  StatusView view;
  view.generated_at = inputs.now;
  view.started_at = inputs.process_started_at;
  view.sources = inputs.sources;
  view.storage = inputs.storage;
  view.cache = inputs.cache;
  view.retention = inputs.retention;
  view.mapping = inputs.mapping;
  for (const Stage stage : {Stage::kArchive, Stage::kCube})
    view.stages.push_back(MakeStage(stage, summary, inputs));
  StageStatus& archive = view.stages[0];
  StageStatus& cube = view.stages[1];
  view.storage.newest_at = archive.data_through;
  for (const auto& run : summary.Of(Stage::kArchive).history) {
    if (run->rows.expired == 0) continue;
    view.retention.last_purge_run = run->run_id;
    break;
  }
  internal::FillExpectations(archive, cube, inputs);
  archive.backlog = internal::ArchiveBacklog(inputs.sources);
  cube.backlog = internal::CubeBacklog(summary);
  for (const StageStatus& stage : view.stages)
    internal::AddStageReasons(stage, summary, inputs, view.reasons);
  internal::AddHandOverReasons(summary, inputs, view.reasons);
  for (SourceStatus& source : view.sources) {
    internal::JudgeSource(source, inputs);
    internal::AddSourceReasons(source, inputs, view.reasons);
  }
  internal::AddSystemReasons(view, inputs, view.reasons);
  // The worst first: who reads one line reads the one that matters.
  std::stable_sort(view.reasons.begin(), view.reasons.end(), [](const Reason& a, const Reason& b) {
    return static_cast<int>(a.severity) > static_cast<int>(b.severity);
  });
  for (const Reason& reason : view.reasons) view.health = std::max(view.health, reason.severity);
  view.summary = internal::Summarize(view);
  return view;
}

}  // namespace cqd::integration
