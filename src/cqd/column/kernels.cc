#include "column/kernels.h"

#include <algorithm>

namespace cqd::column {
namespace {

template <bool kOr>
inline void Combine(Mask& mask, Mask bit) {
  if constexpr (kOr) {
    mask = static_cast<Mask>(mask | bit);
  } else {
    mask = static_cast<Mask>(mask & bit);
  }
}

template <bool kOr, typename T>
void ApplyInterval(const T* codes, std::size_t count, const CodeSet& set, Mask* mask) {
  const T first = static_cast<T>(set.first);
  const T span = static_cast<T>(set.last - set.first);
  for (std::size_t i = 0; i < count; ++i) {
    // One unsigned comparison: codes below `first` wrap around to large ones.
    Combine<kOr>(mask[i], static_cast<T>(codes[i] - first) <= span ? 1 : 0);
  }
}

template <bool kOr, typename T>
void Apply(const T* codes, std::size_t count, const CodeSet& set, Mask* mask) {
  switch (set.kind) {
    case CodeSet::Kind::kNone:
      if constexpr (!kOr) std::fill_n(mask, count, Mask{0});
      return;
    case CodeSet::Kind::kAll:
      if constexpr (kOr) std::fill_n(mask, count, Mask{1});
      return;
    case CodeSet::Kind::kInterval:
      return ApplyInterval<kOr>(codes, count, set, mask);
    case CodeSet::Kind::kTable:
      for (std::size_t i = 0; i < count; ++i) Combine<kOr>(mask[i], set.table[codes[i]]);
      return;
  }
}

}  // namespace

CodeSet SimplestSet(std::span<const Mask> table) {
  const auto begin = table.begin();
  const auto first = std::find(begin, table.end(), Mask{1});
  CodeSet set;
  if (first == table.end()) return set;
  const auto after = std::find(first, table.end(), Mask{0});
  if (std::find(after, table.end(), Mask{1}) != table.end()) {
    set.kind = CodeSet::Kind::kTable;
    set.table = table.data();
    return set;
  }
  set.first = static_cast<std::uint64_t>(first - begin);
  set.last = static_cast<std::uint64_t>(after - begin) - 1;
  const bool all = set.first == 0 && set.last + 1 == table.size();
  set.kind = all ? CodeSet::Kind::kAll : CodeSet::Kind::kInterval;
  return set;
}

template <typename T>
void AndSet(const T* codes, std::size_t count, const CodeSet& set, Mask* mask) {
  Apply<false>(codes, count, set, mask);
}
template <typename T>
void OrSet(const T* codes, std::size_t count, const CodeSet& set, Mask* mask) {
  Apply<true>(codes, count, set, mask);
}

void AndMask(const Mask* other, std::size_t count, Mask* mask) {
  for (std::size_t i = 0; i < count; ++i) mask[i] = static_cast<Mask>(mask[i] & other[i]);
}

void ClearDead(std::span<const std::uint64_t> dead, std::size_t first, std::size_t count,
               Mask* mask) {
  for (std::size_t begin = 0; begin < count; begin += 64) {
    std::uint64_t word = dead[(first + begin) / 64];
    while (word != 0) {
      const auto bit = static_cast<std::size_t>(__builtin_ctzll(word));
      if (begin + bit < count) mask[begin + bit] = 0;
      word &= word - 1;
    }
  }
}

std::size_t Select(const Mask* mask, std::size_t count, std::uint16_t* selection) {
  std::size_t selected = 0;
  for (std::size_t i = 0; i < count; ++i) {
    selection[selected] = static_cast<std::uint16_t>(i);
    selected += mask[i];
  }
  return selected;
}

template <typename T>
void AddGathered(const T* codes, const std::uint16_t* selection, std::size_t count,
                 const std::uint32_t* table, std::uint64_t stride, std::uint64_t* out) {
  for (std::size_t k = 0; k < count; ++k) out[k] += table[codes[selection[k]]] * stride;
}

template <typename T>
void Gather(const T* codes, const std::uint16_t* selection, std::size_t count,
            const std::uint32_t* table, std::uint32_t* out) {
  for (std::size_t k = 0; k < count; ++k) out[k] = table[codes[selection[k]]];
}

namespace {

template <typename T, typename ValueOf>
void AddEach(const T* codes, const std::uint16_t* selection, std::size_t count,
             const std::uint32_t* group, const Mask* passes, std::int64_t* sums,
             std::int64_t* numbers, ValueOf value_of) {
  for (std::size_t k = 0; k < count; ++k) {
    const std::int64_t value = value_of(codes[selection[k]]);
    if (passes[k] == 0 || value == kNull) continue;
    auto& sum = sums[group[k]];
    sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                    static_cast<std::uint64_t>(value));
    ++numbers[group[k]];
  }
}

}  // namespace

void AddValues(const ColumnView& view, std::size_t first_row, const std::uint16_t* selection,
               std::size_t count, const std::uint32_t* group, const Mask* passes,
               std::int64_t* sums, std::int64_t* numbers) {
  if (view.encoding == Encoding::kConstant) {
    if (view.base == kNull) return;
    // The codes do not matter: any readable array of the block's length serves.
    static constexpr std::uint8_t kNoCodes[kBlockRows] = {};
    return AddEach(kNoCodes, selection, count, group, passes, sums, numbers,
                   [&view](std::uint64_t) { return view.base; });
  }
  WithCodes(view, [&](const auto* codes) {
    const auto* block = codes + first_row;
    if (view.encoding == Encoding::kDictionary) {
      const std::int64_t* dictionary = view.dictionary.data();
      AddEach(block, selection, count, group, passes, sums, numbers,
              [dictionary](std::uint64_t code) { return dictionary[code]; });
    } else {
      const auto base = static_cast<std::uint64_t>(view.base);
      const bool nullable = view.nullable;
      AddEach(block, selection, count, group, passes, sums, numbers,
              [base, nullable](std::uint64_t code) {
                if (nullable && code == 0) return kNull;
                return static_cast<std::int64_t>(base + code);
              });
    }
  });
}

void CountClasses(const std::uint32_t* group, const std::uint32_t* class_of, std::size_t count,
                  std::uint32_t class_count, std::int64_t* counts) {
  for (std::size_t k = 0; k < count; ++k) {
    ++counts[std::size_t{group[k]} * class_count + class_of[k]];
  }
}

#define CQD_FOR_CODES(T)                                                                          \
  template void AndSet<T>(const T*, std::size_t, const CodeSet&, Mask*);                          \
  template void OrSet<T>(const T*, std::size_t, const CodeSet&, Mask*);                           \
  template void AddGathered<T>(const T*, const std::uint16_t*, std::size_t, const std::uint32_t*, \
                               std::uint64_t, std::uint64_t*);                                    \
  template void Gather<T>(const T*, const std::uint16_t*, std::size_t, const std::uint32_t*,      \
                          std::uint32_t*);
CQD_FOR_CODES(std::uint8_t)
CQD_FOR_CODES(std::uint16_t)
CQD_FOR_CODES(std::uint32_t)
CQD_FOR_CODES(std::uint64_t)
#undef CQD_FOR_CODES

}  // namespace cqd::column
