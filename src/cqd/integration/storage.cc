#include "integration/storage.h"

#include "integration/run_log.h"

namespace cqd::integration {
namespace {

constexpr double kDayMicros = 86'400e6;

}  // namespace

std::optional<double> DaysUntilFull(std::span<const StorageSample> samples) {
  if (samples.size() < 2) return std::nullopt;
  const UtcTime first = samples.front().at;
  if (samples.back().at - first < std::chrono::hours(24)) return std::nullopt;
  const auto n = static_cast<double>(samples.size());
  double x_sum = 0, y_sum = 0;
  for (const StorageSample& sample : samples) {
    x_sum += static_cast<double>((sample.at - first).count()) / kDayMicros;
    y_sum += static_cast<double>(sample.disk_free_bytes);
  }
  double xx = 0, xy = 0;
  for (const StorageSample& sample : samples) {
    const double x = static_cast<double>((sample.at - first).count()) / kDayMicros - x_sum / n;
    xx += x * x;
    xy += x * (static_cast<double>(sample.disk_free_bytes) - y_sum / n);
  }
  const double bytes_per_day = xx > 0 ? xy / xx : 0;
  if (bytes_per_day >= 0) return std::nullopt;
  return static_cast<double>(samples.back().disk_free_bytes) / -bytes_per_day;
}

Status RunLog::AddStorageSample(const StorageSample& sample) {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement insert,
      database_.Prepare("INSERT OR REPLACE INTO storage_sample(at, disk_free_bytes, archive_bytes, "
                        "cube_bytes, rows) VALUES(?,?,?,?,?)"));
  insert.BindInt(1, ToMicros(sample.at)).BindInt(2, sample.disk_free_bytes);
  insert.BindInt(3, sample.archive_bytes).BindInt(4, sample.cube_bytes).BindInt(5, sample.rows);
  CQD_RETURN_IF_ERROR(insert.Run());
  // A sample from before a clock was set back would stand in the future for ever.
  CQD_ASSIGN_OR_RETURN(sqlite::Statement trim,
                       database_.Prepare("DELETE FROM storage_sample WHERE at<? OR at>?"));
  trim.BindInt(1, ToMicros(sample.at - kStorageHistory)).BindInt(2, ToMicros(sample.at));
  return trim.Run();
}

Result<std::vector<StorageSample>> RunLog::StorageSamples() const {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(sqlite::Statement statement,
                       database_.Prepare("SELECT at, disk_free_bytes, archive_bytes, cube_bytes, "
                                         "rows FROM storage_sample ORDER BY at"));
  std::vector<StorageSample> samples;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return samples;
    samples.push_back({FromMicros(statement.Int(0)), statement.Int(1), statement.Int(2),
                       statement.Int(3), statement.Int(4)});
  }
}

}  // namespace cqd::integration
