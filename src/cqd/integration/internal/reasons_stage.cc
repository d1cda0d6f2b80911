// Reasons that a stage gives.
#include <fmt/format.h>

#include <algorithm>

#include "integration/internal/reasons.h"

namespace cqd::integration::internal {
namespace {

/// Our decisions, docs/operations.md "Limits".
constexpr int kHeartbeatsMissed = 3;  // the lease of reference/status-api.md 4 rule 2
constexpr int kSlowTimes = 3;
constexpr std::int64_t kSlowRunsMin = 10;
constexpr Duration kSlowAtLeast = std::chrono::minutes(1);
constexpr Duration kNotStartedAfter = std::chrono::minutes(1);
constexpr double kQuarantinedShareMax = 0.01;
constexpr std::int64_t kQuarantinedRowsMin = 10;

std::string_view Title(Stage stage) {
  return stage == Stage::kArchive ? "Archive" : "Cube";
}

std::string Code(Stage stage, std::string_view what) {
  return std::string(StageName(stage)) + std::string(what);
}

void AddFailure(const StageStatus& status, std::vector<Reason>& reasons) {
  if (status.consecutive_failures <= 0 || !status.last_failure) return;
  const RunError* error = status.last_failure->error ? &*status.last_failure->error : nullptr;
  const std::string why = error != nullptr ? error->message : "no reason was recorded";
  const bool once = status.consecutive_failures == 1;
  const std::string_view what = status.outcome == Outcome::kPartial       ? "_partial"
                                : status.outcome == Outcome::kInterrupted ? "_interrupted"
                                                                          : "_failing";
  reasons.push_back(
      {.code = Code(status.stage, what),
       .severity = once ? Health::kWarn : Health::kFail,
       .stage = status.stage,
       .source = {},
       .since = status.failing_since,
       .message = once ? fmt::format("{}: the last run failed: {}", Title(status.stage), why)
                       : fmt::format("{}: the last {} runs failed: {}", Title(status.stage),
                                     status.consecutive_failures, why),
       .action = error != nullptr && !error->hint.empty() ? error->hint
                                                          : "Look into the log of the run."});
}

void AddLateness(const StageStatus& status, bool paused, std::vector<Reason>& reasons) {
  if (status.verdict == Verdict::kOnTime) return;
  const bool late = status.verdict == Verdict::kLate;
  const Duration limit = late ? status.rules.warn_after : status.rules.error_after;
  std::string message, action;
  if (status.age) {
    message = fmt::format("{} {} old, limit {}", Title(status.stage), AgeText(*status.age),
                          AgeText(limit));
  } else {
    message = fmt::format("{}: no run has succeeded since the server started", Title(status.stage));
  }
  if (status.state == NowState::kRunning) {
    action = "A run is under way: see its progress under stages[].current.";
  } else if (paused) {
    action = "The schedule is paused: resume it.";
  } else {
    action =
        fmt::format("Start one: POST /api/v1/runs {{\"stage\":\"{}\"}}, and look at last_failure.",
                    StageName(status.stage));
  }
  reasons.push_back({.code = Code(status.stage, !status.age ? "_never_succeeded"
                                                : late      ? "_late"
                                                            : "_stale"),
                     .severity = late ? Health::kWarn : Health::kFail,
                     .stage = status.stage,
                     .source = {},
                     .since = status.late_since,
                     .message = std::move(message),
                     .action = std::move(action)});
}

/// By the monotonic clock where it is known, so that a clock step makes no run hang.
std::optional<Duration> HungFor(const RunRecord& run, const StageFacts& facts,
                                const StatusInputs& inputs) {
  if (run.heartbeat_at) {
    const Duration silent = inputs.beat_age ? *inputs.beat_age : inputs.now - *run.heartbeat_at;
    if (silent > kHeartbeatsMissed * inputs.limits.heartbeat) return silent;
  }
  if (inputs.limits.hung_after == Duration::zero()) return std::nullopt;
  std::optional<Duration> unmoved = facts.unmoved_for;
  if (!unmoved && run.progress.changed_at) unmoved = inputs.now - *run.progress.changed_at;
  if (unmoved && *unmoved > inputs.limits.hung_after) return unmoved;
  return std::nullopt;
}

void AddCurrent(const StageStatus& status, const StageSummary& summary, const StatusInputs& inputs,
                std::vector<Reason>& reasons) {
  if (!summary.current) return;
  const RunRecord& run = *summary.current;
  const StageFacts& facts = inputs.FactsOf(status.stage);
  const std::string cancel = fmt::format(
      "Look at its step under stages[].current; POST /api/v1/runs/{}/cancel stops it, and the next "
      "run goes on where it was safe.",
      run.run_id);
  if (const auto hung = HungFor(run, facts, inputs)) {
    reasons.push_back({.code = Code(status.stage, "_hung"),
                       .severity = Health::kFail,
                       .stage = status.stage,
                       .source = {},
                       .since = inputs.now - *hung,
                       .message = fmt::format("{}: the running run has not moved for {}",
                                              Title(status.stage), AgeText(*hung)),
                       .action = cancel});
    return;
  }
  if (!run.started_at || !status.p95_ms || status.durations_n < kSlowRunsMin) return;
  const Duration running = facts.running_for.value_or(inputs.now - *run.started_at);
  const Duration limit =
      std::max<Duration>(kSlowTimes * std::chrono::milliseconds(*status.p95_ms), kSlowAtLeast);
  if (running <= limit) return;
  reasons.push_back(
      {.code = Code(status.stage, "_slow"),
       .severity = Health::kWarn,
       .stage = status.stage,
       .source = {},
       .since = inputs.now - running + limit,
       .message = fmt::format("{}: the run takes {} so far; 19 of 20 took less than {}",
                              Title(status.stage), AgeText(running),
                              AgeText(std::chrono::milliseconds(*status.p95_ms))),
       .action = cancel});
}

void AddNotStarted(const StageStatus& status, const StageSummary& summary, UtcTime now, bool paused,
                   std::vector<Reason>& reasons) {
  std::optional<UtcTime> due;
  if (summary.queued && !summary.current) due = summary.queued->queued_at;
  if (!due && status.next_at && !summary.current && !paused) due = status.next_at;
  if (!due || now - *due <= kNotStartedAfter) return;
  reasons.push_back(
      {.code = Code(status.stage, "_not_started"),
       .severity = Health::kFail,
       .stage = status.stage,
       .source = {},
       .since = due,
       .message = fmt::format("{}: a run was due {} ago and has not started", Title(status.stage),
                              AgeText(now - *due)),
       .action = "The scheduler does not work: restart the server and keep its log."});
}

void AddRemarksOfLastRun(const StageStatus& status, const StageSummary& summary,
                         std::vector<Reason>& reasons) {
  if (!summary.last_finished) return;
  const RunRecord& run = *summary.last_finished;
  for (const RunWarning& warning : run.warnings) {
    if (warning.code != "empty_but_source_has_more") continue;
    reasons.push_back({.code = "empty_but_source_has_more",
                       .severity = Health::kWarn,
                       .stage = status.stage,
                       .source = {},
                       .since = run.finished_at,
                       .message = warning.message,
                       .action = "Compare sources[].last_record_at with sources[].watermark; 'cqd "
                                 "check' looks at the source."});
    break;
  }
  const std::int64_t quarantined = run.rows.quarantined;
  if (quarantined < kQuarantinedRowsMin || run.rows.read <= 0) return;
  const double share = static_cast<double>(quarantined) / static_cast<double>(run.rows.read);
  if (share <= kQuarantinedShareMax) return;
  reasons.push_back(
      {.code = "rows_quarantined",
       .severity = Health::kWarn,
       .stage = status.stage,
       .source = {},
       .since = run.finished_at,
       .message = fmt::format("{} of {} records of the last run were set aside ({:.0f} %)",
                              quarantined, run.rows.read, share * 100),
       .action = "See the reasons with 'cqd quarantine list'; after mending, 'cqd quarantine "
                 "replay' brings them in."});
}

}  // namespace

void AddStageReasons(const StageStatus& status, const LogSummary& log, const StatusInputs& inputs,
                     std::vector<Reason>& reasons) {
  const StageSummary& summary = log.Of(status.stage);
  AddFailure(status, reasons);
  AddLateness(status, log.pause.has_value(), reasons);
  AddCurrent(status, summary, inputs, reasons);
  AddNotStarted(status, summary, inputs.now, log.pause.has_value(), reasons);
  AddRemarksOfLastRun(status, summary, reasons);
  if (status.stage == Stage::kArchive && log.pause) {
    reasons.push_back(
        {.code = "archive_paused",
         .severity = Health::kWarn,
         .stage = Stage::kArchive,
         .source = {},
         .since = log.pause->since,
         .message = log.pause->reason.empty()
                        ? "The schedule is paused"
                        : fmt::format("The schedule is paused: {}", log.pause->reason),
         .action = "Resume it when the work is done: POST /api/v1/schedule/resume."});
  }
  if (status.slo && status.slo->budget_left && *status.slo->budget_left < Duration::zero()) {
    reasons.push_back(
        {.code = "slo_missed",
         .severity = Health::kWarn,
         .stage = status.stage,
         .source = {},
         .since = std::nullopt,
         .message = fmt::format("{} was in its limit {:.2f} % of the time, wanted {:.2f} %",
                                Title(status.stage), status.slo->met.value_or(0) * 100,
                                status.slo->target * 100),
         .action = "Look at the failures and durations of the last weeks: GET "
                   "/api/v1/runs?state=failed."});
  }
}

void AddHandOverReasons(const LogSummary& summary, const StatusInputs& inputs,
                        std::vector<Reason>& reasons) {
  const StageSummary& archive = summary.Of(Stage::kArchive);
  const StageSummary& cube = summary.Of(Stage::kCube);
  // Only a service that runs hands over; a log that is looked at from outside says nothing.
  if (!inputs.beat_age || !archive.last_success || cube.current || cube.queued) return;
  const UtcTime due = *archive.last_success->finished_at;
  // One that waited already when the archive ended has taken its data too.
  if (cube.newest && (cube.newest->queued_at >= due || cube.newest->started_at >= due)) return;
  // Times compare badly when the clock was set back in between; what led to what does not change.
  const std::int64_t seq = archive.last_success->seq;
  if (std::any_of(cube.history.begin(), cube.history.end(), [&](const auto& run) {
        return run->caused_by == seq && run->state != RunState::kCancelled;
      }))
    return;
  const Duration waited = inputs.FactsOf(Stage::kArchive).success_age.value_or(inputs.now - due);
  if (waited <= kNotStartedAfter) return;
  reasons.push_back(
      {.code = "cube_not_started",
       .severity = Health::kWarn,
       .stage = Stage::kCube,
       .source = {},
       .since = due,
       .message = fmt::format("Cube: the archive has been ready for {} and no run has followed",
                              AgeText(waited)),
       .action = "Start one: POST /api/v1/runs {\"stage\":\"cube\"}."});
}

}  // namespace cqd::integration::internal
