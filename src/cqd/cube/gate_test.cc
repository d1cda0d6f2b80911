#include "cube/internal/gate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace cqd::cube {
namespace {

/// Waits for what other threads bring about; looks every millisecond.
class Poll {
 public:
  void Until(const std::function<bool()>& reached) {
    std::unique_lock lock(mutex_);
    while (!reached()) never_.wait_for(lock, std::chrono::milliseconds(1));
  }

 private:
  std::mutex mutex_;
  std::condition_variable never_;
};

/// Callers that note their names when they are let in and leave at once.
class Callers {
 public:
  explicit Callers(Gate& gate) : gate_(gate) {}
  ~Callers() {
    for (std::thread& thread : threads_) thread.join();
  }
  /// Returns when it waits.
  void Add(const std::string& name, Lane lane) {
    const int before = gate_.waiting();
    threads_.emplace_back([this, name, lane] {
      ASSERT_TRUE(gate_.Enter(nullptr, lane).ok());
      {
        const std::lock_guard lock(mutex_);
        order_ += name;
      }
      gate_.Leave(lane);
    });
    Poll().Until([&] { return gate_.waiting() > before; });
  }
  std::string Order() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return order_;
  }

 private:
  Gate& gate_;
  std::mutex mutex_;
  std::string order_;
  std::vector<std::thread> threads_;
};

// Promise: those of one lane get in in the order they came; nobody overtakes.
TEST(Gate, LetsInByOrderOfArrival) {
  Gate gate(1, 8);
  ASSERT_TRUE(gate.Enter(nullptr, Lane::kQuick).ok());
  Callers callers(gate);
  for (const char* name : {"0", "1", "2", "3", "4", "5"}) callers.Add(name, Lane::kQuick);
  gate.Leave(Lane::kQuick);
  EXPECT_EQ(callers.Order(), "012345");
  EXPECT_EQ(gate.inside(), 0);
}

// Promise: however many long ones wait, a quick one is let in while they hold half of the places.
TEST(Gate, LongOnesNeverTakeAllPlaces) {
  Gate gate(4, 100);
  ASSERT_TRUE(gate.Enter(nullptr, Lane::kLong).ok());
  ASSERT_TRUE(gate.Enter(nullptr, Lane::kLong).ok());
  Callers waiting(gate);
  for (int i = 0; i < 5; ++i) waiting.Add("L", Lane::kLong);
  EXPECT_EQ(gate.inside(), 2) << "the third long one waits beside two free places";
  EXPECT_TRUE(gate.Enter(nullptr, Lane::kQuick).ok());
  EXPECT_TRUE(gate.Enter(nullptr, Lane::kQuick).ok());
  gate.Leave(Lane::kQuick);
  gate.Leave(Lane::kQuick);
  gate.Leave(Lane::kLong);
  gate.Leave(Lane::kLong);
  EXPECT_EQ(waiting.Order(), "LLLLL");
}

// Promise: quick ones that never end do not keep a long one out, and the other way round.
TEST(Gate, NobodyStarves) {
  Gate gate(1, 100);
  ASSERT_TRUE(gate.Enter(nullptr, Lane::kQuick).ok());
  Callers callers(gate);
  for (int i = 0; i < 4; ++i) callers.Add("q", Lane::kQuick);
  for (int i = 0; i < 4; ++i) callers.Add("L", Lane::kLong);
  gate.Leave(Lane::kQuick);
  EXPECT_EQ(callers.Order(), "LqLqLqLq");
}

TEST(Gate, RefusesWhenTooManyWaitAndForgetsWhoGivesUp) {
  Gate gate(1, 1);
  ASSERT_TRUE(gate.Enter(nullptr, Lane::kLong).ok());
  CancelToken token;
  std::thread waits(
      [&] { EXPECT_EQ(gate.Enter(&token, Lane::kQuick).error().code, ErrorCode::kCancelled); });
  Poll().Until([&] { return gate.waiting() == 1; });
  EXPECT_EQ(gate.Enter(nullptr, Lane::kLong).error().code, ErrorCode::kUnavailable);
  token.Cancel();
  waits.join();
  EXPECT_EQ(gate.waiting(), 0);
  gate.Leave(Lane::kLong);
  EXPECT_TRUE(gate.Enter(nullptr, Lane::kQuick).ok()) << "who gave up holds no place";
  gate.Leave(Lane::kQuick);
}

TEST(QueryCosts, ByShapeAndByTheLeastOfLate) {
  QueryCosts costs;
  CubeQuery query;
  query.dimensions = {model::FindAttribute("[StartDate].[Month]")};
  query.measures = {model::FindMeasure("[Measures].[Audio Streams Count]")};
  EXPECT_EQ(costs.LaneOf(query), Lane::kLong) << "never seen";
  costs.Note(query, std::chrono::milliseconds(3));
  EXPECT_EQ(costs.LaneOf(query), Lane::kQuick);
  query.row_limit = 7;
  EXPECT_EQ(costs.LaneOf(query), Lane::kQuick) << "the same shape";
  costs.Note(query, std::chrono::seconds(2));
  EXPECT_EQ(costs.LaneOf(query), Lane::kQuick) << "once is the machine, not the query";
  for (int i = 0; i < 20; ++i) costs.Note(query, std::chrono::seconds(2));
  EXPECT_EQ(costs.LaneOf(query), Lane::kLong);
  costs.Note(query, std::chrono::milliseconds(3));
  EXPECT_EQ(costs.LaneOf(query), Lane::kQuick);
  query.filters.push_back({.attribute = query.dimensions[0], .values = {"a"}});
  EXPECT_EQ(costs.LaneOf(query), Lane::kLong) << "another shape";
}

}  // namespace
}  // namespace cqd::cube
