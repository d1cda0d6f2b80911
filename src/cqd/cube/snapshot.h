// Snapshots without a cube on disk: for tests, tools and comparisons.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/time_zone.h"
#include "cube/cube.h"
#include "model/mapping.h"
#include "model/stream.h"

namespace cqd::cube {

struct SnapshotOptions {
  int threads = 2;                              ///< of one query
  std::optional<std::int64_t> rows_per_thread;  ///< as CubeOptions::rows_per_thread
  /// Rows of a segment, 1 to 262,144: small numbers make many segments of few rows.
  std::size_t segment_rows = 262'144;
  std::int64_t data_version = 1;
  std::int64_t made_bytes_max = std::int64_t{1} << 30;  ///< as CubeOptions::made_bytes_max
  /// As CubeOptions::rollup_rows_min, with rollups of any size of segments of any size.
  std::optional<std::int64_t> rollup_rows_min;
};

/// A snapshot in memory of `rows`, as a processing run would have made it; the rows carry their leg
/// classes (model::ClassifySession). Its executor is the columnar one. Cost: about 2 us a row.
std::shared_ptr<const Snapshot> MakeSnapshot(std::span<const model::StreamRow> rows,
                                             std::shared_ptr<const model::Mapping> mapping,
                                             const TimeZone& zone,
                                             const SnapshotOptions& options = {});

}  // namespace cqd::cube
