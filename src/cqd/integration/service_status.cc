// The full picture of a running service.
#include <algorithm>

#include "integration/internal/data_watch.h"
#include "integration/internal/run_watch.h"
#include "integration/service.h"

namespace cqd::integration {

StatusView Service::status() const {
  StatusInputs inputs;
  inputs.process_started_at = started_at_;
  inputs.archive = options_.archive_rules;
  inputs.cube = options_.cube_rules;
  inputs.limits = options_.limits;
  inputs.limits.heartbeat = options_.heartbeat;
  inputs.damage = cube_.damage();
  {
    const std::lock_guard guard(mutex_);
    const auto& archive = workers_[static_cast<std::size_t>(Stage::kArchive)].retry;
    const auto& cube = workers_[static_cast<std::size_t>(Stage::kCube)].retry;
    inputs.archive_next_at = next_at_;
    if (archive && (!next_at_ || archive->at < *next_at_)) inputs.archive_next_at = archive->at;
    if (cube) inputs.cube_next_at = cube->at;
    inputs.sources = source_status_;
  }
  for (SourceStatus& source : inputs.sources) {
    const auto rules =
        std::find_if(options_.source_rules.begin(), options_.source_rules.end(),
                     [&](const SourceRules& known) { return known.name == source.name; });
    if (rules == options_.source_rules.end()) continue;
    source.quiet_after = rules->quiet_after;
    source.credential_expires_at = rules->credential_expires_at;
  }
  data_watch_->Fill(inputs);
  // The log before the clock: nothing in the answer is newer than its moment.
  const auto log_summary = summary();
  watch_->Fill(inputs);
  inputs.now = clock_.Now();
  return MakeStatus(*log_summary, inputs);
}

}  // namespace cqd::integration
