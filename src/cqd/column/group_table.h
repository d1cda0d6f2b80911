// Numbers for keys: the hash table of a grouping that is too wide for an array.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cqd::column {

/// Gives each distinct 64-bit key a number 0, 1, 2 ... in order of appearance. Open addressing,
/// linear probing, at most half full. Threads: one at a time. Cost: 2 to 20 ns a key, by how much
/// of the table lies in the cache; 12 to 40 bytes a group.
class GroupTable {
 public:
  GroupTable() : slots_(kFirstSlots, kEmpty), shift_(64 - kFirstBits) {}

  std::uint32_t NumberOf(std::uint64_t key) {
    std::size_t slot = Hash(key) >> shift_;
    while (slots_[slot] != kEmpty) {
      if (keys_[slots_[slot]] == key) return slots_[slot];
      slot = (slot + 1) & (slots_.size() - 1);
    }
    const auto number = static_cast<std::uint32_t>(keys_.size());
    slots_[slot] = number;
    keys_.push_back(key);
    if (keys_.size() * 2 > slots_.size()) Grow();
    return number;
  }
  /// NumberOf for each key, `numbers` has as much room. Asks for the memory of a few keys before it
  /// looks at them, so that tables larger than the caches cost half.
  void NumberAll(std::span<const std::uint64_t> keys, std::uint32_t* numbers) {
    ByBunches(keys, [&](std::size_t k) { numbers[k] = NumberOf(keys[k]); });
  }
  /// Find for each key, as NumberAll.
  void FindAll(std::span<const std::uint64_t> keys, std::uint32_t* numbers) const {
    ByBunches(keys, [&](std::size_t k) { numbers[k] = Find(keys[k]); });
  }
  /// The number of a key that may be missing; kMissing then.
  std::uint32_t Find(std::uint64_t key) const {
    std::size_t slot = Hash(key) >> shift_;
    while (slots_[slot] != kEmpty) {
      if (keys_[slots_[slot]] == key) return slots_[slot];
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return kMissing;
  }
  std::size_t size() const { return keys_.size(); }
  /// The most bytes that a table takes while it grows to `keys` keys.
  static std::size_t BytesAt(std::size_t keys) {
    const std::size_t room = std::bit_ceil(std::max(keys, kFirstSlots / 2));
    const std::size_t bytes = room * (sizeof(std::uint64_t) + 2 * sizeof(std::uint32_t));
    return bytes + bytes / 2;  // the halves that are copied are there still
  }
  /// Keys by number.
  const std::vector<std::uint64_t>& keys() const { return keys_; }

  static constexpr std::uint32_t kMissing = 0xffff'ffff;

 private:
  static constexpr std::uint32_t kEmpty = kMissing;
  static constexpr int kFirstBits = 10;
  static constexpr std::size_t kFirstSlots = std::size_t{1} << kFirstBits;

  static std::uint64_t Hash(std::uint64_t key) {
    key ^= key >> 32;
    return key * 0x9e37'79b9'7f4a'7c15;
  }
  /// Calls `take` with each place in `keys`, in order.
  template <typename Take>
  void ByBunches(std::span<const std::uint64_t> keys, const Take& take) const {
    // Some tens of loads on their way at once are what a core can keep track of.
    constexpr std::size_t kBunch = 32;
    constexpr std::size_t kSlotsInCache = 16'384;  // 64 KiB: asking ahead would only cost
    for (std::size_t begin = 0; begin < keys.size(); begin += kBunch) {
      const std::size_t end = std::min(keys.size(), begin + kBunch);
      if (slots_.size() > kSlotsInCache) {
        for (std::size_t k = begin; k < end; ++k) {
          __builtin_prefetch(&slots_[Hash(keys[k]) >> shift_]);
        }
        for (std::size_t k = begin; k < end; ++k) {
          const std::uint32_t number = slots_[Hash(keys[k]) >> shift_];
          if (number != kEmpty) __builtin_prefetch(&keys_[number]);
        }
      }
      for (std::size_t k = begin; k < end; ++k) take(k);
    }
  }
  void Grow() {
    --shift_;
    slots_.assign(slots_.size() * 2, kEmpty);
    for (std::size_t number = 0; number < keys_.size(); ++number) {
      std::size_t slot = Hash(keys_[number]) >> shift_;
      while (slots_[slot] != kEmpty) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = static_cast<std::uint32_t>(number);
    }
  }

  std::vector<std::uint32_t> slots_;
  std::vector<std::uint64_t> keys_;
  int shift_;
};

}  // namespace cqd::column
