// What one query may hold: groups, rows, sets, histograms and what a what-if question needs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "cube/internal/columnar_plan.h"

namespace cqd::cube {

/// What a query takes memory for: a kind, and which one of the plan's.
struct MemoryUse {
  enum class Kind : std::uint8_t { kGroups, kWhatIf, kDistinct, kHistogram } kind = Kind::kGroups;
  std::size_t index = 0;  ///< in Plan::distincts or Plan::histograms
};

/// The account of one query, over all its threads. What grows with the data asks here before it is
/// allocated, so there is no moment at which more is held than was given.
///
/// Not counted, whatever the data is: about 0.5 MiB of scratch for each thread (blocks of
/// Scanner), what malloc adds to each piece, and what is made once and kept for all queries
/// (indexes and rollups: CubeOptions::made_bytes_max). Groups are counted after each block of 8,192
/// rows, so they may be over by what that many groups take (BytesOfGroup).
/// Threads: any.
class QueryMemory {
 public:
  /// `measures`: how many the query asks for.
  QueryMemory(const QueryLimits& limits, std::size_t measures)
      : bytes_max_(limits.bytes_max), measures_(measures), held_by_(2 + 2 * measures) {}

  /// False when so much is not left: then nothing is taken, and the refusal is noted.
  bool Take(MemoryUse use, std::size_t bytes);
  void Give(MemoryUse use, std::size_t bytes);
  std::int64_t held() const { return held_.load(std::memory_order_relaxed); }
  /// The most that was held at one time.
  std::int64_t held_most() const { return held_most_.load(std::memory_order_relaxed); }
  /// What to say after a refusal: names what held most, that which was refused included.
  Error Refusal(const Plan& plan, const CubeQuery& query, const QueryLimits& limits) const;

 private:
  std::size_t PlaceOf(MemoryUse use) const;

  const std::optional<std::int64_t> bytes_max_;
  const std::size_t measures_;
  std::atomic<std::int64_t> held_{0};
  std::atomic<std::int64_t> held_most_{0};
  std::vector<std::atomic<std::int64_t>> held_by_;  ///< by PlaceOf
  std::atomic<std::size_t> refused_place_{0};
  std::atomic<std::int64_t> refused_bytes_{0};
};

/// The part of an account that one owner holds; given back at its end. Threads: one at a time.
class MemoryShare {
 public:
  /// Of no account: everything is given.
  MemoryShare() = default;
  MemoryShare(QueryMemory* memory, MemoryUse use) : memory_(memory), use_(use) {}
  MemoryShare(MemoryShare&& from) noexcept
      : memory_(from.memory_), use_(from.use_), bytes_(std::exchange(from.bytes_, 0)) {}
  MemoryShare& operator=(MemoryShare&& from) noexcept {
    std::swap(memory_, from.memory_);
    std::swap(use_, from.use_);
    std::swap(bytes_, from.bytes_);
    return *this;
  }
  ~MemoryShare() { Give(bytes_); }

  /// False when so much is not left.
  bool Take(std::size_t bytes) {
    if (memory_ != nullptr && !memory_->Take(use_, bytes)) return false;
    bytes_ += bytes;
    return true;
  }
  void Give(std::size_t bytes) {
    if (memory_ != nullptr) memory_->Give(use_, bytes);
    bytes_ -= bytes;
  }
  /// Holds `bytes` from now on, more or fewer than before.
  bool Resize(std::size_t bytes) {
    if (bytes > bytes_) return Take(bytes - bytes_);
    Give(bytes_ - bytes);
    return true;
  }
  /// What `from` held of the same account is held here from now on.
  void TakeOver(MemoryShare& from, std::size_t bytes) {
    from.bytes_ -= bytes;
    bytes_ += bytes;
  }
  /// What the whole account holds; 0 when there is none.
  std::int64_t held_by_all() const { return memory_ == nullptr ? 0 : memory_->held(); }

 private:
  QueryMemory* memory_ = nullptr;
  MemoryUse use_;
  std::size_t bytes_ = 0;
};

/// Memory of one group in one thread, about: its place in the hash tables, its counts and sums (all
/// may be twice as long as used, after growing) and its place in the order of the rows.
std::int64_t BytesOfGroup(const Plan& plan);

/// Groups that each of `threads` may form, so that all stay within limits.bytes_max also while
/// their tables are added up (which at worst takes as much again). At least 1.
std::uint64_t GroupsAllowed(const Plan& plan, const QueryLimits& limits, int threads);

/// What to say when groups or rows were too many: names the dimension with the most members.
Error TooMuchMemory(const Plan& plan, const CubeQuery& query, const QueryLimits& limits);

/// Counts what rows take while they are made, beside what the query holds already. Threads: one at
/// a time.
class RowBytes {
 public:
  explicit RowBytes(const QueryLimits& limits, std::int64_t held = 0) : left_(limits.bytes_max) {
    if (left_) *left_ -= held;
  }
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
