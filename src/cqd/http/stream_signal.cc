#include "http/stream_signal.h"

namespace cqd::http {

void StreamSignal::Notify() {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  const std::lock_guard guard(mutex_);
  for (Listener* listener : listeners_) listener->OnNotify();
}

void StreamSignal::Attach(Listener& listener) {
  const std::lock_guard guard(mutex_);
  listeners_.push_back(&listener);
}

void StreamSignal::Detach(Listener& listener) {
  const std::lock_guard guard(mutex_);
  std::erase(listeners_, &listener);
}

}  // namespace cqd::http
