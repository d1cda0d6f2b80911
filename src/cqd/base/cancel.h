// Asking long work to stop.
#pragma once

#include <atomic>

#include "base/result.h"

namespace cqd {

/// Set once by whoever wants the work to stop; looked at by the work at least every 100 ms.
/// Threads: any.
class CancelToken {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  /// Errors: kCancelled once Cancel() was called.
  Status Check() const {
    if (cancelled()) return Fail(ErrorCode::kCancelled, "stopped on request");
    return OkStatus();
  }

 private:
  std::atomic<bool> cancelled_{false};
};

}  // namespace cqd
