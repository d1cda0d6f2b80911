// What the archive and the cube hold, looked at now and then: room, retention, building data.
#pragma once

#include <mutex>
#include <optional>

#include "archive/archive.h"
#include "base/clock.h"
#include "cube/cube.h"
#include "integration/run_log.h"
#include "integration/status.h"

namespace cqd::integration::internal {

/// Threads: any.
class DataWatch {
 public:
  /// `retention_months`: months kept, 0: all.
  DataWatch(const archive::Archive& archive, const cube::Cube& cube, RunLog& log,
            const Clock& clock, int retention_months);

  /// Looks again when the last look is older than a minute, or in any case when `now` says so.
  /// Stores an hourly sample. Cost: one stat a file of the archive.
  void Look(bool now);
  /// Counts the streams and subnets without a building, once a data version and building data.
  /// Cost: one query over the whole cube; for a worker, not for the scheduler.
  void CountUnmapped();
  /// Fills storage, retention and mapping; looks first when nobody ever did.
  void Fill(StatusInputs& inputs);

 private:
  StorageStatus LookAtStorage();
  RetentionStatus LookAtRetention() const;
  /// map_version and applied_through alone.
  MappingStatus LookAtMapping() const;

  const archive::Archive& archive_;
  const cube::Cube& cube_;
  RunLog& log_;
  const Clock& clock_;
  const int retention_months_;

  /// One looks at a time, and readers of what was found do not wait for a slow disk.
  std::mutex look_mutex_;
  std::optional<Duration> looked_at_, stored_at_;  // by look_mutex_

  std::mutex mutex_;
  bool known_ = false;
  StorageStatus storage_;
  RetentionStatus retention_;
  MappingStatus mapping_;
  std::int64_t counted_data_version_ = -1;
};

}  // namespace cqd::integration::internal
