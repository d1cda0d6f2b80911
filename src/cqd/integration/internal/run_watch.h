// What cannot be read from the log: how long ago things were by the clock that nobody can set.
#pragma once

#include <array>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "integration/run.h"
#include "integration/status.h"

namespace cqd::integration::internal {

/// Threads: any.
class RunWatch {
 public:
  explicit RunWatch(const Clock& clock);

  void Started(const RunRecord& run);
  /// A look at the running run; notes whether it moved since the one before.
  void Moved(const RunRecord& run);
  void Ended(const RunRecord& run);
  /// The service looked after its runs; also compares the clocks.
  void Beat();
  /// Whether the log took what it should keep.
  void LogWritten(bool well);
  bool log_unwritable() const;

  /// Fills uptime, beat_age, clock_step, log_unwritable and the ages of `facts`.
  void Fill(StatusInputs& inputs) const;

 private:
  struct StageTimes {
    std::optional<Duration> success, started, moved;
    std::size_t steps = 0;
    std::int64_t done = 0, read = 0;
  };
  StageTimes& Of(const RunRecord& run) { return stages_[static_cast<std::size_t>(run.stage)]; }
  /// Wall clock minus monotonic clock: changes when somebody sets the wall clock.
  Duration Offset() const;

  const Clock& clock_;
  mutable std::mutex mutex_;
  const Duration began_;
  Duration offset_;
  std::array<StageTimes, kStageCount> stages_;
  std::optional<Duration> beat_;
  std::optional<ClockStep> step_;
  Duration step_at_{};
  std::optional<UtcTime> unwritable_;
};

}  // namespace cqd::integration::internal
