// How much room there is and how long it lasts: one sample an hour, kept for as long as the
// forecast looks back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/time.h"

namespace cqd::integration {

/// A row of table storage_sample, docs/formats/integration.md.
struct StorageSample {
  UtcTime at;
  std::int64_t disk_free_bytes = 0, archive_bytes = 0, cube_bytes = 0, rows = 0;
};

/// Distance of stored samples. Our decision: a day's forecast then has 24 points.
inline constexpr Duration kStorageSampleEvery = std::chrono::hours(1);
/// How far back the forecast looks. Our decision: two weeks hold two weekends, so that a quiet
/// Sunday does not promise a longer life.
inline constexpr Duration kStorageHistory = std::chrono::hours(24 * 14);

/// Days until the disk is full at the pace of the samples (least squares over the free bytes, which
/// also counts what other programs write). Oldest first. nullopt: less than a day of samples, or
/// the free room does not shrink.
std::optional<double> DaysUntilFull(std::span<const StorageSample> samples);

}  // namespace cqd::integration
