// Windows of a time range in order, fetched ahead by up to two connections of their own.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>

#include "base/cancel.h"
#include "base/result.h"
#include "source/internal/qoe_link.h"
#include "source/internal/qoe_window.h"

namespace cqd::source::internal {

/// Chooses the length of windows: as many sessions as fill `window_rows`, by what came before.
/// Threads: one at a time.
class WindowPlan {
 public:
  WindowPlan(TimeRange range, std::int64_t window_rows);
  /// The next window, nullopt at the end.
  std::optional<TimeRange> Next() const;
  std::size_t session_limit() const { return session_limit_; }
  /// What came of a window, which may have been cut: the next one begins behind it.
  void Done(const Window& window);
  /// Nothing lies before `time`.
  void SkipTo(UtcTime time) { next_ = std::max(next_, time); }

 private:
  TimeRange range_;
  UtcTime next_;
  std::int64_t window_rows_;
  Duration length_;
  std::size_t session_limit_;
};

/// Fetches the windows of `range` one after the other, at the caller's pace or ahead of it.
class WindowStream {
 public:
  virtual ~WindowStream() = default;
  /// The next window in order of time, nullopt at the end. Errors: as Link::Run.
  virtual Result<std::optional<Window>> Next() = 0;
};

/// On the caller's link and thread: for small reads.
std::unique_ptr<WindowStream> MakeInlineStream(Link& link, TimeRange range,
                                               const QoeMetricsOptions& options,
                                               RateLimiter& limiter, const CancelToken& cancel);

/// On threads with connections of their own. Each thread has at most one window ready and one in
/// the making. `schema` and the rest must outlive the stream.
std::unique_ptr<WindowStream> MakePrefetchStream(const Schema& schema, TimeRange range,
                                                 const QoeMetricsOptions& options,
                                                 RateLimiter& limiter, const Clock& clock,
                                                 const CancelToken& cancel);

}  // namespace cqd::source::internal
