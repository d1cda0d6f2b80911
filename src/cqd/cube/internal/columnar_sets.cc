#include "cube/internal/columnar_sets.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace cqd::cube {

void DistinctSet::Clean(std::vector<Pair>& part) {
  if (part.size() < 2) return;
  constexpr std::uint32_t kEmpty = 0xffff'ffff;
  const std::size_t slot_count = std::bit_ceil(part.size() * 2);
  slots_.assign(slot_count, kEmpty);
  const int shift = 64 - std::countr_zero(slot_count);
  std::size_t kept = 0;
  for (const Pair pair : part) {
    std::uint64_t hash = (pair.value ^ pair.group) * 0xd6e8'feb8'6659'fd93;
    hash ^= hash >> 32;
    std::size_t slot = hash * 0x9e37'79b9'7f4a'7c15 >> shift;
    while (slots_[slot] != kEmpty && part[slots_[slot]] != pair) {
      slot = (slot + 1) & (slot_count - 1);
    }
    if (slots_[slot] != kEmpty) continue;
    slots_[slot] = static_cast<std::uint32_t>(kept);
    part[kept++] = pair;  // `kept` is at most the place of the pair just read
  }
  part.resize(kept);
}

Status DistinctSet::Settle() {
  constexpr std::size_t kFew = 1 << 20;
  if (size_ < 2 * clean_size_ + kFew) return OkStatus();
  size_ = 0;
  for (std::vector<Pair>& part : parts_) {
    Clean(part);
    size_ += part.size();
  }
  clean_size_ = size_;
  if (size_ <= kPairsMax) return OkStatus();
  return Fail(ErrorCode::kResourceExhausted,
              "too much to count: ask for fewer dimensions, more filters or a shorter time");
}

void DistinctSet::Append(const DistinctSet& from, std::span<const std::uint32_t> place) {
  for (const std::vector<Pair>& part : from.parts_) {
    for (const Pair& pair : part) Add(place.empty() ? pair.group : place[pair.group], pair.value);
  }
}

void DistinctSet::CountInto(std::vector<std::int64_t>& counts) {
  for (std::vector<Pair>& part : parts_) {
    Clean(part);
    for (const Pair& pair : part) ++counts[pair.group];
    part.clear();
  }
  size_ = clean_size_ = 0;
}

Histogram::Histogram(std::size_t group_count, std::size_t value_count) : value_count_(value_count) {
  if (group_count != 0 && value_count != 0 && value_count <= kArrayMax / group_count) {
    array_.resize(group_count * value_count);
  }
}

Status Histogram::Check() const {
  if (times_.size() <= kPairsMax) return OkStatus();
  return Fail(ErrorCode::kResourceExhausted,
              "too many values for percentiles: ask for fewer dimensions, more filters or a "
              "shorter time");
}

void Histogram::Append(const Histogram& from, std::span<const std::uint32_t> place) {
  if (!from.array_.empty()) {  // then this one has the same array
    for (std::size_t i = 0; i < array_.size(); ++i) array_[i] += from.array_[i];
    return;
  }
  for (std::size_t pair = 0; pair < from.times_.size(); ++pair) {
    const std::uint64_t key = from.pairs_.keys()[pair];
    const auto group = static_cast<std::uint32_t>(key >> 32);
    Add(place.empty() ? group : place[group], static_cast<std::uint32_t>(key), from.times_[pair]);
  }
}

void Histogram::Finish() {
  sorted_.resize(times_.size());
  std::iota(sorted_.begin(), sorted_.end(), 0U);
  const auto& keys = pairs_.keys();
  std::sort(sorted_.begin(), sorted_.end(),
            [&keys](std::uint32_t a, std::uint32_t b) { return keys[a] < keys[b]; });
}

Histogram::Ranked Histogram::At(std::uint32_t group, int percent) const {
  const auto rank_of = [percent](std::int64_t count) {
    return (count * percent + 99) / 100;  // from 1
  };
  if (!array_.empty()) {
    const auto begin = array_.begin() + static_cast<std::ptrdiff_t>(group * value_count_);
    const auto end = begin + static_cast<std::ptrdiff_t>(value_count_);
    const std::int64_t count = std::accumulate(begin, end, std::int64_t{0});
    if (count == 0) return {};
    std::int64_t left = rank_of(count);
    auto at = begin;
    while ((left -= *at) > 0) ++at;
    return {static_cast<std::uint32_t>(at - begin), count};
  }
  const auto& keys = pairs_.keys();
  const auto before = [&keys](std::uint32_t pair, std::uint64_t key) { return keys[pair] < key; };
  const auto begin =
      std::lower_bound(sorted_.begin(), sorted_.end(), std::uint64_t{group} << 32, before);
  const auto end = std::lower_bound(begin, sorted_.end(), (std::uint64_t{group} + 1) << 32, before);
  std::int64_t count = 0;
  for (auto at = begin; at != end; ++at) count += times_[*at];
  if (count == 0) return {};
  std::int64_t left = rank_of(count);
  auto at = begin;
  while ((left -= times_[*at]) > 0) ++at;
  return {static_cast<std::uint32_t>(keys[*at]), count};
}

}  // namespace cqd::cube
