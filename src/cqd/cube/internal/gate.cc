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
      lane_max_{inside_max_, std::max(1, inside_max_ / 4), std::max(1, inside_max_ / 2)},
      first_max_(std::max(1, inside_max_ / 4)),
      waiting_max_(std::max(0, waiting_max)) {}

/// The lane that is next; its queue is empty when nobody may enter.
Lane Gate::Next() const {
  const auto may = [this](Lane lane, int most) {
    return !waiting_[At(lane)].empty() && inside_[At(lane)] < most;
  };
  // New and long ones take turns, and one quick one at least comes between.
  const Lane first = last_other_ == Lane::kNew ? Lane::kLong : Lane::kNew;
  const Lane second = last_other_;
  const bool no_quick = waiting_[At(Lane::kQuick)].empty();
  for (const Lane lane : {first, second}) {
    if ((last_ == Lane::kQuick || no_quick) && may(lane, first_max_)) return lane;
  }
  if (!no_quick) return Lane::kQuick;
  return may(first, lane_max_[At(first)])     ? first
         : may(second, lane_max_[At(second)]) ? second
                                              : Lane::kQuick;
}

void Gate::Admit() {
  while (InsideCount() < inside_max_) {
    const Lane lane = Next();
    std::list<Waiting*>& queue = waiting_[At(lane)];
    if (queue.empty()) return;
    queue.front()->admitted = true;
    queue.front()->wake.notify_one();
    queue.pop_front();
    ++inside_[At(lane)];
    last_ = lane;
    if (lane != Lane::kQuick) last_other_ = lane;
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
  return InsideCount();
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
  if (query.what_if) shape += 'c';
  if (query.window) {
    add('w', query.window->last.index() - query.window->first.index());
  }
  return shape;
}

Lane QueryCosts::LaneOf(const CubeQuery& query) const {
  const std::string shape = ShapeOf(query);
  const std::lock_guard lock(mutex_);
  const auto known = by_shape_.find(shape);
  if (known == by_shape_.end()) return Lane::kNew;
  return known->second <= kQuickMax ? Lane::kQuick : Lane::kLong;
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
