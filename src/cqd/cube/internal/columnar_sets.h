// Sets and histograms of one thread: what distinct counts and percentiles are made of.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cube/internal/query_memory.h"

namespace cqd::cube {

/// Distinct values by group, exact. Pairs are kept in parts by their hash, and a part is cleared of
/// doubles while it lies in the cache. Memory: 16 to 32 bytes a pair, and what one part of 256
/// takes while it grows or is cleared; all of it from the share, before it is allocated. When the
/// share has no more, the set is refused(): it takes no more pairs and its counts mean nothing.
/// Threads: one at a time. Cost: about 10 ns a pair.
class DistinctSet {
 public:
  DistinctSet() = default;
  explicit DistinctSet(MemoryShare share) : share_(std::move(share)) {}

  void Add(std::uint32_t group, std::uint64_t value) {
    std::uint64_t hash = (value ^ std::uint64_t{group} << 40 ^ group) * 0x9e37'79b9'7f4a'7c15;
    hash ^= hash >> 29;
    hash *= 0xbf58'476d'1ce4'e5b9;
    std::vector<Pair>& part = parts_[hash >> (64 - kPartBits)];
    if (part.size() == part.capacity() && !Grow(part)) return;
    part.push_back({value, group});
    ++size_;
  }
  bool refused() const { return refused_; }
  /// To be called now and then: clears doubles when there may be many.
  void Settle();
  /// Moves the pairs of `from`, whose group g is `place[g]` here (empty: g); `from` is empty then.
  void Append(DistinctSet& from, std::span<const std::uint32_t> place);
  /// Adds the number of values of each group, and forgets them.
  void CountInto(std::vector<std::int64_t>& counts);

 private:
  static constexpr int kPartBits = 8;
  struct Pair {
    std::uint64_t value;
    std::uint32_t group;
    bool operator==(const Pair&) const = default;
  };
  bool Grow(std::vector<Pair>& part);
  void Clean(std::vector<Pair>& part);

  MemoryShare share_;
  std::array<std::vector<Pair>, std::size_t{1} << kPartBits> parts_;
  std::size_t size_ = 0;
  std::size_t clean_size_ = 0;
  std::vector<std::uint32_t> slots_;  // scratch of Clean
  bool refused_ = false;
};

/// How often each value occurs in each group, exact. Values are numbered in their order.
///
/// A group keeps its values as they come. When they would take more room than a count of each
/// possible value, they become such counts, and later ones wait until there are enough of them to
/// be counted while the counts lie in the cache. So a group takes at most 8 bytes a value, and 6
/// for each possible one, from the share before it is allocated. When the share has no more, the
/// histogram is refused(): it takes no more values and its ranks mean nothing.
/// Threads: one at a time. Cost: about 3 ns a value.
class Histogram {
 public:
  Histogram(std::size_t value_count, MemoryShare share)
      : value_count_(value_count), share_(std::move(share)) {}

  /// Room for groups below `group_count`.
  void Resize(std::size_t group_count);
  /// Precondition: not refused(); a Resize beyond `group`. `value` is below the value count.
  void Add(std::uint32_t group, std::uint32_t value) {
    Group& of = groups_[group];
    if (of.waiting_count == of.waiting_max && !MakeRoom(of)) return;
    of.waiting[of.waiting_count++] = value;
  }
  bool refused() const { return refused_; }
  /// Moves what is in `from`, whose group g is `place[g]` here (empty: g); `from` is empty then.
  /// Precondition: a Resize beyond all of these.
  void Append(Histogram& from, std::span<const std::uint32_t> place);
  /// Nothing is added after this.
  void Finish();
  struct Ranked {
    std::uint32_t value = 0;
    std::int64_t count = 0;  ///< values of the group; 0: none, then `value` means nothing
  };
  /// The value at place ceil(percent * count / 100), counted from 1. Precondition: Finish. Cost: a
  /// pass over the group's values or counts, which may change places.
  Ranked At(std::uint32_t group, int percent) const;

 private:
  struct Group {
    std::unique_ptr<std::uint32_t[]> waiting;  // values, in no order
    std::unique_ptr<std::uint32_t[]> counts;   // of those that do not wait, by value; null: all do
    std::uint32_t waiting_count = 0;
    std::uint32_t waiting_max = 0;
  };
  bool MakeRoom(Group& group);
  static void CountWaiting(Group& group);
  void Join(Group& from, std::uint32_t into);

  std::size_t value_count_;
  MemoryShare share_;
  std::vector<Group> groups_;
  bool refused_ = false;
};

}  // namespace cqd::cube
