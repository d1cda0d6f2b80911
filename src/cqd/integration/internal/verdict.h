// Three words of a stage: now, last, worry. Source: reference/status-api.md 4 rules 1 to 3.
#pragma once

#include "integration/status.h"

namespace cqd::integration::internal {

NowState NowOf(const StageSummary& stage, const StageRules& rules, bool paused);
Outcome OutcomeOf(const std::optional<RunRecord>& last);
/// Sets `age`, `verdict` and `late_since` from the clock alone.
void JudgeStage(StageStatus& status, const StageFacts& facts, const StatusInputs& inputs);
/// Sets `verdict` and `quiet_since`.
void JudgeSource(SourceStatus& source, const StatusInputs& inputs);

}  // namespace cqd::integration::internal
