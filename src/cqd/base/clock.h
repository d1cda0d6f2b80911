// Time is a parameter: schedules, verdicts and leases are tested on a simulated clock.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "base/time.h"

namespace cqd {

/// Where the time comes from. Threads: every method may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock, UTC. May step backwards when the machine's clock is set.
  virtual UtcTime Now() const = 0;
  /// Never steps back; for durations. The zero point has no meaning.
  virtual Duration Monotonic() const = 0;
  /// Blocks until `deadline` (wall clock), until the wall clock is set back, or until `wake` is
  /// notified and `stop` is true, whichever is first: a deadline of the old time may be hours away
  /// in the new one, so the caller decides anew. `lock` holds the mutex that guards what `stop`
  /// reads.
  virtual void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                         UtcTime deadline, const std::function<bool()>& stop) const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  UtcTime Now() const override;
  Duration Monotonic() const override;
  void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                 UtcTime deadline, const std::function<bool()>& stop) const override;
};

/// A clock that moves only when told to. Advance() wakes everybody who waits.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(UtcTime start) : now_(start) {}
  UtcTime Now() const override;
  Duration Monotonic() const override;
  void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                 UtcTime deadline, const std::function<bool()>& stop) const override;
  /// Moves both clocks forward.
  void Advance(Duration by);
  /// Sets the wall clock alone, as an administrator or NTP would.
  void StepWall(UtcTime to);

 private:
  mutable std::mutex mutex_;
  UtcTime now_;
  Duration monotonic_{0};
};

}  // namespace cqd
