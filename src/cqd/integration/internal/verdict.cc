#include "integration/internal/verdict.h"

#include <algorithm>

namespace cqd::integration::internal {

NowState NowOf(const StageSummary& stage, const StageRules& rules, bool paused) {
  if (stage.current) return NowState::kRunning;
  if (stage.queued) return NowState::kQueued;
  if (rules.every == Duration::zero()) return NowState::kDisabled;
  if (paused) return NowState::kPaused;
  return stage.newest || stage.last_finished ? NowState::kIdle : NowState::kNeverRun;
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

namespace {

Verdict VerdictOf(Duration age, const StageRules& rules) {
  if (rules.every == Duration::zero()) return Verdict::kOnTime;
  if (age > rules.error_after) return Verdict::kStale;
  return age > rules.warn_after ? Verdict::kLate : Verdict::kOnTime;
}

}  // namespace

void JudgeStage(StageStatus& status, const StageFacts& facts, const StatusInputs& inputs) {
  const Duration uptime =
      inputs.uptime.value_or(std::max(inputs.now - inputs.process_started_at, Duration::zero()));
  // Without a success: since this process started, so that a server on which no run ever started
  // becomes late too.
  Duration age = uptime;
  if (status.last_success) {
    // A clock that was set back makes the wall age too small or negative; the monotonic clock says
    // how old the success is at least. One set forward makes it larger until the run that is then
    // due has ended: better late in error than fresh in error.
    age = std::max(inputs.now - *status.last_success->finished_at, Duration::zero());
    age = std::max(age, facts.success_age.value_or(inputs.uptime.value_or(Duration::zero())));
    status.age = age;
  }
  status.verdict = VerdictOf(age, status.rules);
  if (status.verdict != Verdict::kOnTime) {
    status.late_since = inputs.now - age + status.rules.warn_after;
  }
}

void JudgeSource(SourceStatus& source, const StatusInputs& inputs) {
  const UtcTime since = source.last_contact_at.value_or(inputs.process_started_at);
  source.verdict = VerdictOf(std::max(inputs.now - since, Duration::zero()), inputs.archive);
  source.quiet_since.reset();
  if (!source.quiet_after || *source.quiet_after == Duration::zero()) return;
  if (!source.last_record_at || inputs.now - *source.last_record_at <= *source.quiet_after) return;
  source.quiet_since = *source.last_record_at + *source.quiet_after;
  source.verdict = std::max(source.verdict, Verdict::kLate);
}

}  // namespace cqd::integration::internal
