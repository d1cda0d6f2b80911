// What the groups and rows of one query may take.
#pragma once

#include <cstdint>

#include "cube/internal/columnar_plan.h"

namespace cqd::cube {

/// Memory of one group in one thread, about: its place in the hash tables, its counts and sums (all
/// may be twice as long as used, after growing) and its place in the order of the rows.
std::int64_t BytesOfGroup(const Plan& plan);

/// Groups that each of `threads` may form, so that all stay within limits.bytes_max also while
/// their tables are added up (which at worst takes as much again). At least 1.
std::uint64_t GroupsAllowed(const Plan& plan, const QueryLimits& limits, int threads);

/// What to say when it was not enough: names the dimension with the most members.
Error TooMuchMemory(const Plan& plan, const CubeQuery& query, const QueryLimits& limits);

/// Counts what rows take while they are made. Threads: one at a time.
class RowBytes {
 public:
  explicit RowBytes(const QueryLimits& limits) : left_(limits.bytes_max) {}
  /// False when it is more than is left.
  bool Take(std::size_t bytes) {
    if (!left_) return true;
    *left_ -= static_cast<std::int64_t>(bytes);
    return *left_ >= 0;
  }

 private:
  std::optional<std::int64_t> left_;
};

}  // namespace cqd::cube
