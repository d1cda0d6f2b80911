// Sets and histograms of one thread: what distinct counts and percentiles are made of.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "column/group_table.h"

namespace cqd::cube {

/// Distinct values by group, exact. Pairs are kept in parts by their hash, and a part is cleared of
/// doubles while it lies in the cache. Threads: one at a time. Cost: about 10 ns a pair.
class DistinctSet {
 public:
  /// Pairs that one set may hold without doubles; 16 bytes each.
  static constexpr std::size_t kPairsMax = 16'000'000;

  void Add(std::uint32_t group, std::uint64_t value) {
    std::uint64_t hash = (value ^ std::uint64_t{group} << 40 ^ group) * 0x9e37'79b9'7f4a'7c15;
    hash ^= hash >> 29;
    hash *= 0xbf58'476d'1ce4'e5b9;
    parts_[hash >> (64 - kPartBits)].push_back({value, group});
    ++size_;
  }
  /// To be called now and then. Errors: kResourceExhausted (more than kPairsMax pairs).
  Status Settle();
  /// The pairs of `from`, whose group g is `place[g]` here.
  void Append(const DistinctSet& from, std::span<const std::uint32_t> place);
  /// Adds the number of values of each group, and forgets them.
  void CountInto(std::vector<std::int64_t>& counts);

 private:
  static constexpr int kPartBits = 8;
  struct Pair {
    std::uint64_t value;
    std::uint32_t group;
    bool operator==(const Pair&) const = default;
  };
  void Clean(std::vector<Pair>& part);

  std::array<std::vector<Pair>, std::size_t{1} << kPartBits> parts_;
  std::size_t size_ = 0;
  std::size_t clean_size_ = 0;
  std::vector<std::uint32_t> slots_;  // scratch of Clean
};

/// How often each value occurs in each group. Values are numbered in their order.
class Histogram {
 public:
  /// Pairs of group and value that may occur.
  static constexpr std::size_t kPairsMax = 8'000'000;
  /// An array of `group_count` groups; 0: their number is not known before.
  Histogram(std::size_t group_count, std::size_t value_count);

  void Add(std::uint32_t group, std::uint32_t value, std::uint32_t times = 1) {
    if (!array_.empty()) {
      array_[group * value_count_ + value] += times;
      return;
    }
    const std::uint32_t pair = pairs_.NumberOf(std::uint64_t{group} << 32 | value);
    if (pair == times_.size()) times_.push_back(0);
    times_[pair] += times;
  }
  /// Errors: kResourceExhausted (more than kPairsMax pairs).
  Status Check() const;
  void Append(const Histogram& from, std::span<const std::uint32_t> place);
  /// Nothing is added after this.
  void Finish();
  struct Ranked {
    std::uint32_t value = 0;
    std::int64_t count = 0;  ///< values of the group; 0: none, then `value` means nothing
  };
  /// The value at place ceil(percent * count / 100), counted from 1. Precondition: Finish.
  Ranked At(std::uint32_t group, int percent) const;

 private:
  static constexpr std::size_t kArrayMax = std::size_t{1} << 22;
  std::size_t value_count_;
  std::vector<std::uint32_t> array_;  // by group and value; empty: pairs_
  column::GroupTable pairs_;
  std::vector<std::uint32_t> times_;   // by pair
  std::vector<std::uint32_t> sorted_;  // pairs by group and value
};

}  // namespace cqd::cube
