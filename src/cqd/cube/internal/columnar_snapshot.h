// The one implementation of Snapshot: segments, what they mean now, and the columnar executor.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "cube/cube.h"
#include "cube/internal/columnar.h"

namespace cqd::cube {

class ColumnarSnapshot;

/// What a snapshot is made of.
struct SnapshotParts {
  std::int64_t data_version = 0;
  UtcTime published_at;
  std::vector<VisibleSegment> segments;
  std::shared_ptr<const model::Mapping> mapping;
  TimeZone zone;
  int threads = 1;
  std::int64_t rows_per_thread = kRowsPerThread;
  std::shared_ptr<MemoryBudget> budget;  ///< shared by snapshots; nullptr: without a bound
  /// An earlier snapshot in which every key means the same, or nullptr: what it has found out of
  /// segments that are still there is taken over. Needed only while the new one is made.
  const ColumnarSnapshot* previous = nullptr;
  std::optional<RollupOptions> rollups;  ///< nullopt: none are made
  std::shared_ptr<MemoryBudget> rollup_budget;
};

class ColumnarSnapshot final : public Snapshot {
 public:
  explicit ColumnarSnapshot(SnapshotParts parts);
  std::int64_t data_version() const override { return parts_.data_version; }
  UtcTime published_at() const override { return parts_.published_at; }
  std::optional<UtcTime> data_through() const override { return data_through_; }
  std::int64_t row_count() const override { return row_count_; }
  std::int64_t bytes_on_disk() const override { return bytes_; }
  const model::Mapping& mapping() const override { return *parts_.mapping; }
  const TimeZone& zone() const override { return parts_.zone; }
  Result<Groups> Run(const CubeQuery& query, const QueryLimits& limits) const override;
  Result<MappingChange> CompareMapping(const model::Mapping& candidate,
                                       const QueryLimits& limits) const override;
  Result<ResultTable> Answer(const CubeQuery& query, const QueryLimits& limits) const override;
  Result<QueryExplanation> Explain(const CubeQuery& query,
                                   const QueryLimits& limits) const override;
  /// Makes ready what queries by an attribute need and keep: members, their order, narrow codes.
  /// Errors: kCancelled. Cost: about 1 ns a row of segments that no snapshot before has seen.
  Status Prepare(const model::Attribute& attribute, const CancelToken& cancel) const;

 private:
  SnapshotParts parts_;
  std::optional<UtcTime> data_through_;
  std::int64_t row_count_ = 0;
  std::int64_t bytes_ = 0;
  ColumnarData data() const {
    return {parts_.segments, indexes_, rollups_.get(), parts_.threads, parts_.rows_per_thread};
  }

  Indexes indexes_;
  std::unique_ptr<Rollups> rollups_;  // null: none; not part of what the snapshot says
};

}  // namespace cqd::cube
