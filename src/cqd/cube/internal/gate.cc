#include "cube/internal/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/check.h"

namespace cqd::cube {
namespace {

/// How often somebody who waits looks at his cancel token; half of what CancelToken promises.
constexpr std::chrono::milliseconds kCancelPoll{50};

}  // namespace

Gate::Gate(int inside_max, int waiting_max)
    : inside_max_(std::max(1, inside_max)),
      long_max_(std::max(1, inside_max / 2)),
      waiting_max_(std::max(0, waiting_max)) {}

/// Precondition: somebody waits and a place is free.
bool Gate::PickLong() const {
  const int inside = inside_[At(Lane::kLong)];
  if (waiting_[At(Lane::kLong)].empty() || inside >= long_max_) return false;
  return waiting_[At(Lane::kQuick)].empty() || (inside == 0 && !last_was_long_);
}

void Gate::Admit() {
  while (inside_[0] + inside_[1] < inside_max_) {
    const Lane lane = PickLong() ? Lane::kLong : Lane::kQuick;
    std::list<Waiting*>& queue = waiting_[At(lane)];
    if (queue.empty()) return;
    queue.front()->admitted = true;
    queue.front()->wake.notify_one();
    queue.pop_front();
    ++inside_[At(lane)];
    last_was_long_ = lane == Lane::kLong;
  }
}

Status Gate::Enter(const CancelToken* cancel, Lane lane) {
  std::unique_lock lock(mutex_);
  Waiting self;
  std::list<Waiting*>& queue = waiting_[At(lane)];
  const auto place = queue.insert(queue.end(), &self);
  Admit();
  if (!self.admitted && WaitingCount() > waiting_max_) {
    queue.erase(place);
    return Fail(ErrorCode::kUnavailable, "too many queries at once; try again later");
  }
  while (!self.admitted) {
    self.wake.wait_for(lock, kCancelPoll);
    if (!self.admitted && cancel != nullptr && cancel->cancelled()) {
      queue.erase(place);
      return cancel->Check();
    }
  }
  return OkStatus();
}

void Gate::Leave(Lane lane) {
  const std::lock_guard lock(mutex_);
  CQD_CHECK(inside_[At(lane)] > 0);
  --inside_[At(lane)];
  Admit();
}

int Gate::waiting() const {
  const std::lock_guard lock(mutex_);
  return WaitingCount();
}

int Gate::inside() const {
  const std::lock_guard lock(mutex_);
  return inside_[0] + inside_[1];
}

std::string QueryCosts::ShapeOf(const CubeQuery& query) {
  std::string shape;
  const auto add = [&shape](char kind, auto number) {
    fmt::format_to(std::back_inserter(shape), "{}{}", kind, number);
  };
  for (const model::Attribute* dimension : query.dimensions) add('d', dimension->id);
  for (const model::Measure* measure : query.measures) add('m', measure->id);
  for (const Filter& filter : query.filters) {
    add('f', filter.attribute->id);
    add('o', static_cast<int>(filter.operand));
  }
  if (query.window) {
    add('w', query.window->last.index() - query.window->first.index());
  }
  return shape;
}

Lane QueryCosts::LaneOf(const CubeQuery& query) const {
  const std::string shape = ShapeOf(query);
  const std::lock_guard lock(mutex_);
  const auto known = by_shape_.find(shape);
  return known != by_shape_.end() && known->second <= kQuickMax ? Lane::kQuick : Lane::kLong;
}

void QueryCosts::Note(const CubeQuery& query, Duration elapsed) {
  std::string shape = ShapeOf(query);
  const std::lock_guard lock(mutex_);
  if (by_shape_.size() >= kShapesMax && !by_shape_.contains(shape)) by_shape_.clear();
  const auto [at, added] = by_shape_.try_emplace(std::move(shape), elapsed);
  if (added) return;
  // One microsecond more, so that a cost of nothing can rise at all.
  at->second = std::min(elapsed, at->second + at->second / 4 + Duration(1));
}

}  // namespace cqd::cube
