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
    inputs.archive_next_at = next_at_;
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
  // The moment and the log last, in this order: nothing in the answer is newer than its moment by
  // more than a log line.
  const auto summary = log_.summary();
  watch_->Fill(inputs);
  inputs.now = clock_.Now();
  return MakeStatus(*summary, inputs);
}

}  // namespace cqd::integration
