// What a processing run does to one month: keep its segments, add the rows that are new, mark those
// that were replaced, or build it again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cube/cube.h"
#include "cube/internal/manifest.h"

namespace cqd::cube {

/// A month of the cube in memory. `segments` follow entry.segments; their row ranges ascend.
struct LoadedMonth {
  MonthEntry entry;
  std::vector<VisibleSegment> segments;
  std::int64_t live_rows() const;
};

/// Why a month is built anew, as PartitionReport::state tells it.
enum class MonthAction { kKeep, kExtend, kRebuild, kRepair };

struct MonthPlan {
  archive::MonthInfo info;
  MonthAction action = MonthAction::kKeep;
  bool compacts = false;  ///< kExtend: segments are folded or cleaned on the way
  LoadedMonth kept;       ///< what stays; entry already has the new position
  /// What was there: a segment that comes out the same, byte for byte, keeps its file, which
  /// earlier states may share.
  LoadedMonth before;
  std::vector<RowRange> to_build;
  std::int64_t rows_before = 0;
  std::int64_t rows_replaced = 0;
};

/// Row ids to read for a whole month or a part of it, cut into segments.
std::vector<RowRange> CutRange(RowRange range);

/// A month from nothing.
MonthPlan PlanRebuild(const archive::MonthInfo& info, MonthAction why, std::int64_t rows_before);

/// A month that was there before: what changed since its position. More than `deltas_max` narrow
/// segments at its end are folded; a segment with more than a quarter of its rows replaced is made
/// again without them. Errors: those of Archive::ReadSuperseded.
Result<MonthPlan> PlanExtend(const archive::Archive& archive, const archive::MonthInfo& info,
                             const LoadedMonth& old, int deltas_max);

/// Everything the building of segments needs.
struct BuildContext {
  const archive::Archive& archive;
  const model::Mapping& mapping;
  const TimeZone& zone;
  std::string folder;
  std::string file_stem;  ///< unique for this run and round
  int threads = 1;
  const CancelToken& cancel;
  std::function<void(std::int64_t)> rows_read;  ///< called by several threads
};

/// A finished month.
struct BuiltMonth {
  LoadedMonth month;
  std::int64_t rows_read = 0;
  std::int64_t bytes_written = 0;  ///< of new segment files
  std::int64_t ms = 0;             ///< work of all threads
};

/// Builds the segments of all plans on `threads` threads and writes their files durably. On an
/// error the files written are removed again. Errors: those of Archive::Scan and
/// file::WriteDurably.
Result<std::vector<BuiltMonth>> BuildMonths(const BuildContext& context,
                                            std::vector<MonthPlan> plans);

}  // namespace cqd::cube
