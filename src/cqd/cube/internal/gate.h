// How many queries compute at once, and who is next: long ones never keep quick ones waiting.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/cancel.h"
#include "base/result.h"
#include "base/time.h"
#include "cube/query.h"

namespace cqd::cube {

enum class Lane : std::uint8_t { kQuick, kLong };

/// Lets a bounded number of callers in, and a bounded number wait.
///
/// Each lane is served in the order its callers came. Long ones take at most half of the places (at
/// least one), so quick ones always find places that are free again soon; and a place that is free
/// goes to a waiting long one when none is inside, so quick ones cannot keep them out for ever.
/// Threads: any. Cost: one wake-up for each caller that waited.
class Gate {
 public:
  Gate(int inside_max, int waiting_max);
  /// Errors: kUnavailable (too many wait), kCancelled. A success must be followed by Leave.
  Status Enter(const CancelToken* cancel, Lane lane);
  void Leave(Lane lane);
  int waiting() const;
  int inside() const;

 private:
  struct Waiting {
    bool admitted = false;
    std::condition_variable wake;
  };
  static std::size_t At(Lane lane) { return static_cast<std::size_t>(lane); }
  int WaitingCount() const { return static_cast<int>(waiting_[0].size() + waiting_[1].size()); }
  /// Lets in who may, with the lock held.
  void Admit();
  bool PickLong() const;

  const int inside_max_;
  const int long_max_;
  const int waiting_max_;
  mutable std::mutex mutex_;
  std::array<int, 2> inside_{};
  std::array<std::list<Waiting*>, 2> waiting_;  // the oldest first
  bool last_was_long_ = false;
};

/// A place, given back at the end.
class Place {
 public:
  Place(Gate& gate, Lane lane) : gate_(gate), lane_(lane) {}
  ~Place() { gate_.Leave(lane_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Gate& gate_;
  const Lane lane_;
};

/// What queries of one shape (dimensions, measures, filtered attributes, length of the window) cost
/// so far. Threads: any.
class QueryCosts {
 public:
  /// Several quick ones after another stay below the 100 ms that feel immediate
  /// (J. Nielsen, Usability Engineering, 5.5).
  static constexpr Duration kQuickMax = std::chrono::milliseconds(30);

  /// kLong for shapes that were never seen: a new long one must not take the place of quick ones.
  Lane LaneOf(const CubeQuery& query) const;
  /// Computing took so long. The least of late counts: on a busy machine every query takes longer
  /// than it costs. It rises by a quarter at most at a time.
  void Note(const CubeQuery& query, Duration elapsed);

 private:
  static std::string ShapeOf(const CubeQuery& query);
  /// Then all are forgotten; a report uses some dozens.
  static constexpr std::size_t kShapesMax = 10'000;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Duration> by_shape_;
};

}  // namespace cqd::cube
