#include "source/internal/qoe_prefetch.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace cqd::source::internal {
namespace {

/// Length of the first window: short enough for the busiest database, doubled quickly on a quiet
/// one.
constexpr Duration kFirstLength = std::chrono::minutes(15);
constexpr Duration kLengthMin = std::chrono::seconds(1);
constexpr Duration kLengthMax = std::chrono::days(31);
/// A session of two audio streams with both sides' signals and events is nine rows.
constexpr std::int64_t kRowsPerSession = 9;

Duration WholeSeconds(Duration duration) {
  return std::chrono::floor<std::chrono::seconds>(duration);
}

}  // namespace

WindowPlan::WindowPlan(TimeRange range, std::int64_t window_rows)
    : range_(range),
      next_(range.begin),
      window_rows_(window_rows),
      length_(kFirstLength),
      session_limit_(static_cast<std::size_t>(window_rows / kRowsPerSession)) {}

std::optional<TimeRange> WindowPlan::Next() const {
  if (next_ >= range_.end) return std::nullopt;
  return TimeRange{next_, std::min(next_ + length_, range_.end)};
}

void WindowPlan::Done(const Window& window) {
  next_ = std::max(next_, window.range.end);
  const auto sessions = static_cast<std::int64_t>(window.of(QoeTable::kSession).row_count());
  if (sessions > 100) {
    const std::int64_t rows_per_session =
        std::clamp<std::int64_t>(window.row_count / sessions, 1, 100);
    session_limit_ =
        static_cast<std::size_t>(std::max<std::int64_t>(window_rows_ / rows_per_session, 50));
  }
  // Aim below the limit: a cut window has fetched sessions for nothing. One window may be an odd
  // one out.
  const auto span = static_cast<double>((window.range.end - window.range.begin).count());
  const double wanted = 0.75 * static_cast<double>(session_limit_);
  const double ideal = sessions == 0 ? 4 * span : span * wanted / static_cast<double>(sessions);
  const auto now = static_cast<double>(length_.count());
  length_ = Duration(static_cast<std::int64_t>(std::clamp(ideal, now / 4, now * 4)));
  length_ = std::clamp(WholeSeconds(length_), kLengthMin, kLengthMax);
}

namespace {

/// One window of `planned`, and where it goes on when it was empty.
struct Fetched {
  Window window;
  std::optional<UtcTime> skip_to;
};

Result<Fetched> FetchOne(Link& link, TimeRange planned, UtcTime range_end,
                         std::size_t session_limit, RateLimiter& limiter,
                         const CancelToken& cancel) {
  Fetched fetched;
  CQD_RETURN_IF_ERROR(link.Run(cancel, [&](odbc::Connection&, WindowReader& reader) -> Status {
    CQD_ASSIGN_OR_RETURN(fetched.window, reader.Fetch(planned, session_limit, limiter, cancel));
    if (fetched.window.row_count > 0) return OkStatus();
    // Years without a call are one question to the key, not thousands of empty windows.
    CQD_ASSIGN_OR_RETURN(const auto next, reader.FirstTimeFrom(fetched.window.range.end));
    fetched.skip_to = next ? std::min(*next, range_end) : range_end;
    return OkStatus();
  }));
  return fetched;
}

class InlineStream final : public WindowStream {
 public:
  InlineStream(Link& link, TimeRange range, const QoeMetricsOptions& options, RateLimiter& limiter,
               const CancelToken& cancel)
      : link_(link),
        range_(range),
        plan_(range, options.window_rows),
        limiter_(limiter),
        cancel_(cancel) {}

  Result<std::optional<Window>> Next() override {
    const auto planned = plan_.Next();
    if (!planned) return std::optional<Window>();
    CQD_ASSIGN_OR_RETURN(Fetched fetched, FetchOne(link_, *planned, range_.end,
                                                   plan_.session_limit(), limiter_, cancel_));
    plan_.Done(fetched.window);
    if (fetched.skip_to) plan_.SkipTo(*fetched.skip_to);
    return std::optional<Window>(std::move(fetched.window));
  }

 private:
  Link& link_;
  TimeRange range_;
  WindowPlan plan_;
  RateLimiter& limiter_;
  const CancelToken& cancel_;
};

/// Threads take turns at the plan: each takes the next stretch of time, fetches it window by window
/// and leaves each window in the stretch's slot. The reader empties the stretches in order.
class PrefetchStream final : public WindowStream {
 public:
  PrefetchStream(const Schema& schema, TimeRange range, const QoeMetricsOptions& options,
                 RateLimiter& limiter, const Clock& clock, const CancelToken& cancel)
      : schema_(schema),
        range_(range),
        options_(options),
        plan_(range, options.window_rows),
        limiter_(limiter),
        clock_(clock),
        cancel_(cancel) {
    for (int i = 0; i < options.connections; ++i) threads_.emplace_back([this] { Work(); });
  }

  ~PrefetchStream() override {
    {
      const std::lock_guard lock(mutex_);
      stop_.Cancel();
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  Result<std::optional<Window>> Next() override {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (!stretches_.empty()) {
        Stretch& front = *stretches_.front();
        if (front.ready) {
          std::optional<Window> window = std::exchange(front.ready, std::nullopt);
          changed_.notify_all();
          return window;
        }
        if (front.failed) return error_.value_or(Fail(ErrorCode::kCancelled, "stopped on request"));
        if (front.done) {
          stretches_.pop_front();
          changed_.notify_all();
          continue;
        }
      } else if (error_) {
        return *error_;
      } else if (!plan_.Next()) {
        return std::optional<Window>();
      }
      // The threads share the token of the stream; the caller's is looked at here.
      changed_.wait_for(lock, std::chrono::milliseconds(50));
      if (cancel_.cancelled()) {
        stop_.Cancel();
        return cancel_.Check().error();
      }
    }
  }

 private:
  struct Stretch {
    TimeRange range;
    std::optional<Window> ready;
    bool failed = false;
    bool done = false;
  };

  /// Takes the next stretch, nullptr at the end. At most one more stretch than threads is open.
  std::shared_ptr<Stretch> Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return stop_.cancelled() ||
             stretches_.size() <= static_cast<std::size_t>(options_.connections);
    });
    const auto planned = plan_.Next();
    if (stop_.cancelled() || !planned) return nullptr;
    auto stretch = std::make_shared<Stretch>();
    stretch->range = *planned;
    stretches_.push_back(stretch);
    plan_.SkipTo(planned->end);
    return stretch;
  }

  bool Put(Stretch& stretch, Window window) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stop_.cancelled() || !stretch.ready; });
    if (stop_.cancelled()) return false;
    stretch.ready = std::move(window);
    changed_.notify_all();
    return true;
  }

  Status Fill(Link& link, Stretch& stretch) {
    for (UtcTime begin = stretch.range.begin; begin < stretch.range.end;) {
      std::size_t limit = 0;
      {
        const std::lock_guard lock(mutex_);
        limit = plan_.session_limit();
      }
      const TimeRange planned = {begin, stretch.range.end};
      CQD_ASSIGN_OR_RETURN(Fetched fetched,
                           FetchOne(link, planned, range_.end, limit, limiter_, stop_));
      begin = fetched.window.range.end;
      {
        const std::lock_guard lock(mutex_);
        plan_.Done(fetched.window);
        if (fetched.skip_to) plan_.SkipTo(*fetched.skip_to);
      }
      if (!Put(stretch, std::move(fetched.window))) return stop_.Check();
    }
    return OkStatus();
  }

  void Work() {
    Link link(options_, clock_);
    link.UseSchema(schema_);
    while (const auto stretch = Take()) {
      Status status = Fill(link, *stretch);
      const std::lock_guard lock(mutex_);
      stretch->done = true;
      if (!status.ok()) {
        stretch->failed = true;
        if (!error_ && !stop_.cancelled()) error_ = std::move(status).error();
        stop_.Cancel();
      }
      changed_.notify_all();
      if (stop_.cancelled()) return;
    }
  }

  const Schema& schema_;
  const TimeRange range_;
  const QoeMetricsOptions& options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  WindowPlan plan_;
  std::deque<std::shared_ptr<Stretch>> stretches_;
  std::optional<Error>
      error_;  ///< the first one; what the other thread says then is only that it was stopped
  RateLimiter& limiter_;
  const Clock& clock_;
  const CancelToken& cancel_;
  CancelToken stop_;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<WindowStream> MakeInlineStream(Link& link, TimeRange range,
                                               const QoeMetricsOptions& options,
                                               RateLimiter& limiter, const CancelToken& cancel) {
  return std::make_unique<InlineStream>(link, range, options, limiter, cancel);
}

std::unique_ptr<WindowStream> MakePrefetchStream(const Schema& schema, TimeRange range,
                                                 const QoeMetricsOptions& options,
                                                 RateLimiter& limiter, const Clock& clock,
                                                 const CancelToken& cancel) {
  return std::make_unique<PrefetchStream>(schema, range, options, limiter, clock, cancel);
}

}  // namespace cqd::source::internal
