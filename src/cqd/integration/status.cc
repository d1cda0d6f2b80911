#include "integration/status.h"

#include <fmt/format.h>

#include <algorithm>

namespace cqd::integration {
namespace {

std::string AgeText(Duration age) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86'400);
}

std::optional<std::int64_t> Quantile(std::vector<std::int64_t> values, double q) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const auto index = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  return values[index];
}

Outcome OutcomeOf(const std::optional<RunRecord>& last) {
  if (!last) return Outcome::kNone;
  switch (last->state) {
    case RunState::kSucceeded:
      return last->stage == Stage::kArchive && last->rows.read == 0 ? Outcome::kOkEmpty
                                                                    : Outcome::kOk;
    case RunState::kPartial:
      return Outcome::kPartial;
    case RunState::kInterrupted:
      return Outcome::kInterrupted;
    case RunState::kFailed:
      return Outcome::kFailed;
    case RunState::kQueued:
    case RunState::kRunning:
    case RunState::kCancelled:
    case RunState::kSkipped:
      break;
  }
  return Outcome::kNone;
}

NowState NowOf(const StageSummary& stage) {
  if (stage.current) return NowState::kRunning;
  if (stage.queued) return NowState::kQueued;
  return stage.newest || stage.last_finished ? NowState::kIdle : NowState::kNeverRun;
}

/// The age that decides the verdict: since the last success, or since this process started when
/// there was none, so that a server on which no run ever started becomes late too.
void Judge(StageStatus& status, UtcTime now, UtcTime process_started_at) {
  const UtcTime since =
      status.last_success ? *status.last_success->finished_at : process_started_at;
  // A clock that was set back makes an age negative; then nothing can be said to be late.
  const Duration age = std::max(now - since, Duration::zero());
  if (status.last_success) status.age = age;
  if (status.rules.every == Duration::zero()) return;
  if (age > status.rules.error_after) {
    status.verdict = Verdict::kStale;
  } else if (age > status.rules.warn_after) {
    status.verdict = Verdict::kLate;
  }
  if (status.verdict != Verdict::kOnTime) status.late_since = since + status.rules.warn_after;
}

StageStatus MakeStage(Stage stage, const StageSummary& summary, const StatusInputs& inputs) {
  StageStatus status;
  status.stage = stage;
  status.state = NowOf(summary);
  status.outcome = OutcomeOf(summary.last_finished);
  status.current = summary.current ? summary.current : summary.queued;
  status.last_success = summary.last_success;
  status.last_failure = summary.last_failure;
  status.consecutive_failures = summary.consecutive_failures;
  status.failing_since = summary.failing_since;
  status.rules = stage == Stage::kArchive ? inputs.archive : inputs.cube;
  if (stage == Stage::kArchive) status.next_at = inputs.archive_next_at;
  status.data_through = summary.data_through;
  status.durations_n = static_cast<std::int64_t>(summary.durations_ms.size());
  if (!summary.durations_ms.empty()) status.last_ms = summary.durations_ms.front();
  status.p50_ms = Quantile(summary.durations_ms, 0.50);
  status.p95_ms = Quantile(summary.durations_ms, 0.95);
  Judge(status, inputs.now, inputs.process_started_at);
  return status;
}

std::string_view Title(Stage stage) {
  return stage == Stage::kArchive ? "Archive" : "Cube";
}

void AddStageReasons(const StageStatus& status, UtcTime now, std::vector<Reason>& reasons) {
  const std::string title(Title(status.stage));
  const std::string stage(StageName(status.stage));
  if (status.consecutive_failures > 0 && status.last_failure) {
    const RunError* error = status.last_failure->error ? &*status.last_failure->error : nullptr;
    const std::string why = error != nullptr ? error->message : "no reason was recorded";
    const bool once = status.consecutive_failures == 1;
    reasons.push_back({.code = stage + (status.outcome == Outcome::kPartial       ? "_partial"
                                        : status.outcome == Outcome::kInterrupted ? "_interrupted"
                                                                                  : "_failing"),
                       .severity = once ? Health::kWarn : Health::kFail,
                       .stage = status.stage,
                       .since = status.failing_since,
                       .message = once ? fmt::format("{}: the last run failed: {}", title, why)
                                       : fmt::format("{}: the last {} runs failed: {}", title,
                                                     status.consecutive_failures, why),
                       .action = error != nullptr ? error->hint : "Look into the log of the run."});
  }
  if (status.verdict == Verdict::kOnTime) return;
  const bool never = !status.last_success.has_value();
  reasons.push_back(
      {.code = stage + (never                              ? "_never_succeeded"
                        : status.verdict == Verdict::kLate ? "_late"
                                                           : "_stale"),
       .severity = status.verdict == Verdict::kLate ? Health::kWarn : Health::kFail,
       .stage = status.stage,
       .since = status.late_since,
       .message = never ? fmt::format("{}: no run has succeeded since the server started", title)
                        : fmt::format(
                              "{} {} old, limit {}", title,
                              AgeText(now - *status.last_success->finished_at),
                              AgeText(status.verdict == Verdict::kLate ? status.rules.warn_after
                                                                       : status.rules.error_after)),
       .action =
           status.state == NowState::kRunning
               ? "A run is under way: see its progress under stages[].current."
               : fmt::format(
                     "Start one: POST /api/v1/runs {{\"stage\":\"{}\"}}, and look at last_failure.",
                     stage)});
}

std::string SummaryOf(const StatusView& view) {
  if (!view.reasons.empty()) {
    const auto worst = std::max_element(
        view.reasons.begin(), view.reasons.end(), [](const Reason& a, const Reason& b) {
          return static_cast<int>(a.severity) < static_cast<int>(b.severity);
        });
    return worst->message;
  }
  for (const StageStatus& stage : view.stages) {
    if (stage.stage == Stage::kCube && stage.age)
      return fmt::format("All is well; the cube was processed {} ago", AgeText(*stage.age));
  }
  return "All is well; the first run has not finished yet";
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
  for (const Stage stage : {Stage::kArchive, Stage::kCube}) {
    view.stages.push_back(MakeStage(stage, summary.Of(stage), inputs));
    AddStageReasons(view.stages.back(), inputs.now, view.reasons);
  }
  for (const SourceStatus& source : inputs.sources) {
    if (source.reachable == false) {
      view.reasons.push_back(
          {.code = "source_unreachable",
           .severity = Health::kWarn,
           .stage = Stage::kArchive,
           .since = source.last_contact_at,
           .message = fmt::format("Source {} cannot be read: {}", source.name,
                                  source.error.value_or("no answer")),
           .action = "Check that the source is up and reachable, and its account and password."});
    }
  }
  for (const std::string& damage : inputs.damage) {
    view.reasons.push_back(
        {.code = "cube_damaged",
         .severity = Health::kFail,
         .stage = Stage::kCube,
         .since = std::nullopt,
         .message = damage,
         .action =
             "The next cube run rebuilds it from the archive; start one with 'cqd process'."});
  }
  for (const Reason& reason : view.reasons) {
    view.health = std::max(view.health, reason.severity);
  }
  view.summary = SummaryOf(view);
  return view;
}

}  // namespace cqd::integration
