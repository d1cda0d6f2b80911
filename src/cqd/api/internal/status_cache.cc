#include "api/internal/status_cache.h"

namespace cqd::api {
namespace {

std::int64_t SecondOf(Duration monotonic) {
  return std::chrono::duration_cast<std::chrono::seconds>(monotonic).count();
}

}  // namespace

StatusDocumentText StatusCache::Get(const StatusVariant& variant) {
  Entry& entry = entries_[variant.administrator ? 1 : 0].at(variant.history);
  const std::int64_t version = log_.summary()->version;
  // Of the monotonic clock: a wall clock set back must not keep an old document alive.
  const std::int64_t second = SecondOf(clock_.Monotonic());
  bool have = false;
  {
    const std::lock_guard guard(entry.mutex);
    have = entry.document.text != nullptr;
    if (have && entry.log_version == version && entry.second == second) return entry.document;
  }
  std::unique_lock making(entry.making, std::defer_lock);
  if (!have) {
    making.lock();
  } else if (!making.try_lock()) {
    const std::lock_guard guard(entry.mutex);
    // What a run changed must be seen by who asks after it; only the second may lag.
    if (entry.log_version == version) return entry.document;
  }
  if (!making.owns_lock()) making.lock();
  {
    // Somebody else made it while we waited.
    const std::lock_guard guard(entry.mutex);
    if (entry.document.text && entry.log_version >= version && entry.second >= second)
      return entry.document;
  }
  StatusDocumentText made = make_(variant);
  const std::lock_guard guard(entry.mutex);
  entry.document = made;
  entry.log_version = version;
  entry.second = second;
  return made;
}

}  // namespace cqd::api
