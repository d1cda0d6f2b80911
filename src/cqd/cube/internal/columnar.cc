#include "cube/internal/columnar.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <system_error>
#include <thread>

#include "cube/internal/columnar_scan.h"

namespace cqd::cube {
namespace {

// Below this many rows a second thread costs more (about 30 us to start) than it saves.
constexpr std::int64_t kRowsPerThread = 100'000;

Error OutOfMemory() {
  return Fail(ErrorCode::kResourceExhausted, "the query needs more memory than there is");
}

/// Scans of one query, shared by its threads: each takes the next segment until none is left or one
/// of them failed.
class SharedScan {
 public:
  SharedScan(const Plan& plan, std::span<const VisibleSegment> segments, const QueryLimits& limits,
             const StopCheck& stop)
      : plan_(plan), segments_(segments), limits_(limits), stop_(stop) {}

  Status Run(Tally& tally) {
    Scanner scanner(plan_);
    while (!failed_.load(std::memory_order_relaxed)) {
      const std::size_t segment = next_.fetch_add(1, std::memory_order_relaxed);
      if (segment >= segments_.size()) break;
      CQD_RETURN_IF_ERROR(stop_());
      scanner.Scan(segments_[segment], segment, tally);
      if (!plan_.shape.is_array() &&
          static_cast<std::int64_t>(tally.groups.size()) > limits_.groups_max) {
        return Fail(ErrorCode::kResourceExhausted,
                    "too many groups: the limit is " + std::to_string(limits_.groups_max));
      }
    }
    return OkStatus();
  }

  /// Run for a thread of its own: nothing is thrown out of it.
  Status RunGuarded(Tally& tally) {
    Status status;
    try {
      status = Run(tally);
    } catch (const std::bad_alloc&) {
      status = OutOfMemory();
    }
    if (!status.ok()) failed_.store(true, std::memory_order_relaxed);
    return status;
  }

 private:
  const Plan& plan_;
  std::span<const VisibleSegment> segments_;
  const QueryLimits& limits_;
  const StopCheck& stop_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
};

std::size_t HelpersFor(std::span<const VisibleSegment> segments, int threads) {
  std::int64_t rows = 0;
  for (const VisibleSegment& visible : segments) rows += visible.live_rows();
  const auto most = static_cast<std::int64_t>(
      std::min<std::size_t>(segments.size(), static_cast<std::size_t>(std::max(1, threads))));
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(rows / kRowsPerThread, 1, std::max<std::int64_t>(1, most)) - 1);
}

Result<Groups> ScanAll(const Plan& plan, std::span<const VisibleSegment> segments,
                       const QueryLimits& limits, const StopCheck& stop, int threads) {
  const std::size_t helpers = HelpersFor(segments, threads);
  std::vector<Tally> tallies;
  for (std::size_t i = 0; i <= helpers; ++i) tallies.emplace_back(plan);
  std::vector<Status> statuses(helpers + 1);
  SharedScan scan(plan, segments, limits, stop);
  std::vector<std::thread> running;
  for (std::size_t i = 1; i <= helpers; ++i) {
    try {
      running.emplace_back([&, i] { statuses[i] = scan.RunGuarded(tallies[i]); });
    } catch (const std::system_error&) {
      break;  // no thread to be had: the others do its part
    }
  }
  statuses[0] = scan.RunGuarded(tallies[0]);
  for (std::thread& thread : running) thread.join();
  for (Status& status : statuses) CQD_RETURN_IF_ERROR(std::move(status));
  for (Tally& tally : tallies) tally.Settle();
  for (std::size_t i = 1; i <= helpers; ++i) Merge(plan, tallies[i], tallies[0]);
  return Collect(plan, tallies[0], limits.groups_max);
}

}  // namespace

StopCheck MakeStopCheck(const QueryLimits& limits) {
  const auto start = std::chrono::steady_clock::now();
  return [start, &limits]() -> Status {
    if (limits.cancel != nullptr) CQD_RETURN_IF_ERROR(limits.cancel->Check());
    if (limits.time_max && std::chrono::steady_clock::now() - start > *limits.time_max) {
      return Fail(ErrorCode::kDeadlineExceeded, "the query took longer than allowed");
    }
    return OkStatus();
  };
}

Result<Groups> RunColumnar(const CubeQuery& query, const QueryLimits& limits,
                           std::span<const VisibleSegment> segments, const Indexes& indexes,
                           int threads) {
  try {
    const StopCheck stop = MakeStopCheck(limits);
    CQD_RETURN_IF_ERROR(stop());
    CQD_ASSIGN_OR_RETURN(const Plan plan, MakePlan(query, indexes, stop));
    return ScanAll(plan, segments, limits, stop, threads);
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  }
}

}  // namespace cqd::cube
