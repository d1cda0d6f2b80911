#include "cube/internal/columnar_sets.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace cqd::cube {

bool DistinctSet::Grow(std::vector<Pair>& part) {
  if (refused_) return false;
  const std::size_t before = part.capacity();
  const std::size_t wanted = std::max<std::size_t>(16, before * 2);
  if (share_.Take(wanted * sizeof(Pair))) {
    part.reserve(wanted);
    share_.Give(before * sizeof(Pair));
    return true;
  }
  // Doubles may be what fills it. Clearing must pay, or a full part would be cleared at each pair.
  size_ -= part.size();
  Clean(part);
  size_ += part.size();
  if (part.size() >= before - before / 4) refused_ = true;
  return !refused_;
}

void DistinctSet::Clean(std::vector<Pair>& part) {
  if (part.size() < 2) return;
  // Numbers are of 32 bits: memory for 2^32 pairs in one of 256 parts is in no machine.
  constexpr std::uint32_t kEmpty = 0xffff'ffff;
  const std::size_t slot_count = std::bit_ceil(part.size() * 2);
  if (slot_count > slots_.capacity()) {
    share_.Give(slots_.capacity() * sizeof(std::uint32_t));
    std::vector<std::uint32_t>().swap(slots_);  // `= {}` would keep its memory
    if (!share_.Take(slot_count * sizeof(std::uint32_t))) {
      refused_ = true;
      return;
    }
  }
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

void DistinctSet::Settle() {
  constexpr std::size_t kFew = 1 << 20;
  if (size_ < 2 * clean_size_ + kFew) return;
  size_ = 0;
  for (std::vector<Pair>& part : parts_) {
    Clean(part);
    size_ += part.size();
  }
  clean_size_ = size_;
}

void DistinctSet::Append(DistinctSet& from, std::span<const std::uint32_t> place) {
  refused_ = refused_ || from.refused_;
  for (std::size_t p = 0; p < parts_.size() && !refused_; ++p) {
    std::vector<Pair>& part = from.parts_[p];
    if (place.empty() && parts_[p].empty()) {  // the same groups: the same parts
      share_.TakeOver(from.share_, part.capacity() * sizeof(Pair));
      from.share_.TakeOver(share_, parts_[p].capacity() * sizeof(Pair));
      std::swap(parts_[p], part);
      size_ += parts_[p].size();
    }
    for (const Pair& pair : part) Add(place.empty() ? pair.group : place[pair.group], pair.value);
    from.share_.Give(part.capacity() * sizeof(Pair));
    std::vector<Pair>().swap(part);
  }
  from.size_ = from.clean_size_ = 0;
}

void DistinctSet::CountInto(std::vector<std::int64_t>& counts) {
  for (std::vector<Pair>& part : parts_) {
    Clean(part);
    for (const Pair& pair : part) ++counts[pair.group];
    part.clear();
  }
  size_ = clean_size_ = 0;
}

void Histogram::Resize(std::size_t group_count) {
  if (refused_) return;
  if (group_count > groups_.capacity()) {
    const std::size_t before = groups_.capacity();
    const std::size_t wanted = std::max(group_count, before * 2);
    if (!share_.Take(wanted * sizeof(Group))) {
      refused_ = true;
      return;
    }
    groups_.reserve(wanted);
    share_.Give(before * sizeof(Group));
  }
  if (group_count > groups_.size()) groups_.resize(group_count);
}

void Histogram::CountWaiting(Group& group) {
  for (std::uint32_t i = 0; i < group.waiting_count; ++i) ++group.counts[group.waiting[i]];
  group.waiting_count = 0;
}

/// Room in `waiting` for one value more; false: refused.
bool Histogram::MakeRoom(Group& group) {
  constexpr std::uint32_t kFirst = 16;
  if (refused_) return false;
  if (group.counts) {
    CountWaiting(group);
    return true;
  }
  const std::uint32_t wanted = std::max(kFirst, group.waiting_max * 2);
  const bool to_counts = group.waiting_max != 0 && wanted > value_count_ / 2;
  const std::size_t bytes = sizeof(std::uint32_t) * (to_counts ? value_count_ : wanted);
  if (!share_.Take(bytes)) {
    refused_ = true;
    return false;
  }
  if (to_counts) {
    group.counts = std::make_unique<std::uint32_t[]>(value_count_);
    CountWaiting(group);
    return true;
  }
  auto waiting = std::make_unique_for_overwrite<std::uint32_t[]>(wanted);
  std::copy_n(group.waiting.get(), group.waiting_count, waiting.get());
  group.waiting = std::move(waiting);
  share_.Give(sizeof(std::uint32_t) * group.waiting_max);
  group.waiting_max = wanted;
  return true;
}

/// Adds `from`, of another histogram whose memory this one has taken over.
void Histogram::Join(Group& from, std::uint32_t into) {
  Group& to = groups_[into];
  if (!to.counts && (from.counts || to.waiting_count == 0)) std::swap(from, to);
  if (from.counts) {
    for (std::size_t v = 0; v < value_count_; ++v) to.counts[v] += from.counts[v];
  }
  for (std::uint32_t i = 0; i < from.waiting_count && !refused_; ++i) Add(into, from.waiting[i]);
  share_.Give(sizeof(std::uint32_t) * (from.waiting_max + (from.counts ? value_count_ : 0)));
  from = {};
}

void Histogram::Append(Histogram& from, std::span<const std::uint32_t> place) {
  refused_ = refused_ || from.refused_;
  for (std::uint32_t g = 0; g < from.groups_.size() && !refused_; ++g) {
    Group& group = from.groups_[g];
    share_.TakeOver(from.share_, sizeof(std::uint32_t) *
                                     (group.waiting_max + (group.counts ? value_count_ : 0)));
    Join(group, place.empty() ? g : place[g]);
  }
  from.share_.Give(from.groups_.capacity() * sizeof(Group));
  std::vector<Group>().swap(from.groups_);
}

void Histogram::Finish() {
  for (Group& group : groups_) {
    if (group.counts) CountWaiting(group);
  }
}

Histogram::Ranked Histogram::At(std::uint32_t group, int percent) const {
  const auto place_of = [percent](std::int64_t count) {
    return (count * percent + 99) / 100;  // from 1
  };
  const Group& of = groups_[group];
  if (!of.counts) {
    if (of.waiting_count == 0) return {};
    std::uint32_t* values = of.waiting.get();
    std::uint32_t* at = values + place_of(of.waiting_count) - 1;
    std::nth_element(values, at, values + of.waiting_count);
    return {*at, of.waiting_count};
  }
  const std::uint32_t* counts = of.counts.get();
  const std::int64_t count = std::accumulate(counts, counts + value_count_, std::int64_t{0});
  std::int64_t left = place_of(count);
  const std::uint32_t* at = counts;
  while ((left -= *at) > 0) ++at;
  return {static_cast<std::uint32_t>(at - counts), count};
}

}  // namespace cqd::cube
