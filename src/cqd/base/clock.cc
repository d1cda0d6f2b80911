#include "base/clock.h"

namespace cqd {

UtcTime SystemClock::Now() const {
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

Duration SystemClock::Monotonic() const {
  return std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

void SystemClock::WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                            UtcTime deadline, const std::function<bool()>& stop) const {
  // Waits in slices of at most a second, so that a step of the wall clock is noticed soon.
  UtcTime before = Now();
  while (!stop()) {
    const UtcTime now = Now();
    if (now >= deadline || now < before) return;
    before = now;
    wake.wait_for(lock, std::min<Duration>(deadline - now, std::chrono::seconds(1)), stop);
  }
}

UtcTime SimulatedClock::Now() const {
  const std::lock_guard guard(mutex_);
  return now_;
}

Duration SimulatedClock::Monotonic() const {
  const std::lock_guard guard(mutex_);
  return monotonic_;
}

void SimulatedClock::WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                               UtcTime deadline, const std::function<bool()>& stop) const {
  // Simulated time passes in another thread; a short real slice polls it, no test waits on it.
  UtcTime before = Now();
  while (!stop()) {
    const UtcTime now = Now();
    if (now >= deadline || now < before) return;
    before = now;
    wake.wait_for(lock, std::chrono::milliseconds(1), stop);
  }
}

void SimulatedClock::Advance(Duration by) {
  const std::lock_guard guard(mutex_);
  now_ += by;
  monotonic_ += by;
}

void SimulatedClock::StepWall(UtcTime to) {
  const std::lock_guard guard(mutex_);
  now_ = to;
}

}  // namespace cqd
