// Naming the reason of an empty answer.
#pragma once

#include <map>
#include <vector>

#include "cube/funnel.h"

namespace cqd::cube {

/// Counts of streams, asked for with fewer or other filters than the query has.
class FunnelCounter {
 public:
  FunnelCounter(const Snapshot& snapshot, const QueryLimits& limits)
      : snapshot_(snapshot), limits_(limits) {}
  const Snapshot& snapshot() const { return snapshot_; }
  /// Streams that pass `filters`, in `window`.
  Result<std::int64_t> Count(const std::vector<Filter>& filters,
                             const std::optional<MonthWindow>& window = std::nullopt);
  /// Streams by month of their start, those without filters too.
  Result<std::map<Month, std::int64_t>> CountByMonth(const std::vector<Filter>& filters);
  /// Members in the data, in member order, made once. The reference lives as long as the counter.
  Result<const std::vector<model::Member>*> Members(const model::Attribute& attribute);
  /// Streams that pass `filters` and a test, in `window`.
  Result<std::int64_t> CountFacts(model::FactTest test, const std::vector<Filter>& filters,
                                  const std::optional<MonthWindow>& window);

 private:
  const Snapshot& snapshot_;
  const QueryLimits& limits_;
  std::map<const model::Attribute*, std::vector<model::Member>> members_;
};

/// The filters of a step.
std::vector<Filter> FiltersOf(const FunnelStep& step);

/// The reason when `funnel.left` is 0 although the cube has streams.
Result<EmptyReason> FindReason(const CubeQuery& query, const Funnel& funnel,
                               FunnelCounter& counter);
/// The reason when streams are left but nothing in the answer counts them.
Result<EmptyReason> NothingMeasured(const CubeQuery& query, const Funnel& funnel,
                                    FunnelCounter& counter);

}  // namespace cqd::cube
