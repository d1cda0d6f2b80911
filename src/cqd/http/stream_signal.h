// Wakes streams that wait for something new, without asking each of them again and again.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace cqd::http {

/// One for all streams that wait for the same thing; see Response::signal. A stream that waits
/// costs no thread and no turn of the worker pool: nothing happens until Notify or
/// Response::ask_every. Lives until the last server that had a stream of it has ended (they share
/// it). Threads: any.
class StreamSignal {
 public:
  StreamSignal() = default;
  StreamSignal(const StreamSignal&) = delete;
  StreamSignal& operator=(const StreamSignal&) = delete;

  /// Every stream that waits for this is asked soon. Runs no producer itself, so it may be called
  /// under a lock that producers take. Cost: one message to each I/O thread; many calls before that
  /// thread has looked are one.
  void Notify();
  /// Grows with each Notify: what is new since a stream last looked is told by comparing.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  /// Who hands the news on; the server's own.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// Must be quick and must not call back into the signal.
    virtual void OnNotify() = 0;
  };
  void Attach(Listener& listener);
  /// When it returns, `listener` is not called any more and may go away.
  void Detach(Listener& listener);

 private:
  std::atomic<std::uint64_t> generation_{1};
  std::mutex mutex_;
  std::vector<Listener*> listeners_;
};

}  // namespace cqd::http
