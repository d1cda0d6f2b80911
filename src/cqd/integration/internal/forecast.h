// What to expect from what was: durations, the next fresh data, reliability.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "integration/status.h"

namespace cqd::integration::internal {

/// The value below which a share `q` of `values` lies (nearest rank); nullopt when there is none.
std::optional<std::int64_t> Quantile(std::vector<std::int64_t> values, double q);
/// Fills the durations of `status` from those of the newest successes, newest first.
void FillDurations(StageStatus& status, const std::vector<std::int64_t>& durations_ms);
/// Fills expected_by and expected_by_p95 of the archive and of the cube, which runs after it.
void FillExpectations(StageStatus& archive, StageStatus& cube, const StatusInputs& inputs);
/// How reliably a stage was within `rules.warn_after`; nullopt: no target, or no schedule.
std::optional<SloStatus> MeasureSlo(const StageRules& rules,
                                    const std::vector<UtcTime>& success_times,
                                    const StatusLimits& limits, UtcTime now);
/// What the archive wrote since the cube's last success began.
Backlog CubeBacklog(const LogSummary& summary);
/// What waits in the sources, as far as they tell.
Backlog ArchiveBacklog(const std::vector<SourceStatus>& sources);

}  // namespace cqd::integration::internal
