#include "column/kernels.h"

#include <algorithm>
#include <array>
#include <optional>

#include "column/internal/simd.h"

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

template <typename T>
constexpr bool kNarrow = sizeof(T) <= 2;

template <bool kOr, typename T>
void ApplyIntervals(const T* codes, std::size_t count, const CodeSet& set, Mask* mask) {
  if constexpr (kNarrow<T>) {
    if constexpr (kOr) {
      simd::OrIntervals(codes, count, set.intervals, mask);
    } else {
      simd::AndIntervals(codes, count, set.intervals, mask);
    }
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      Mask in = 0;
      for (const Interval& interval : set.intervals) {
        in = static_cast<Mask>(in |
                               (codes[i] >= interval.first && codes[i] <= interval.last ? 1 : 0));
      }
      Combine<kOr>(mask[i], in);
    }
  }
}

template <bool kOr, typename T>
void ApplyTable(const T* codes, std::size_t count, const CodeSet& set, Mask* mask) {
  if constexpr (sizeof(T) == 1) {
    if constexpr (kOr) {
      simd::OrBitmap(codes, count, set.bitmap.data(), mask);
    } else {
      simd::AndBitmap(codes, count, set.bitmap.data(), mask);
    }
  } else {
    for (std::size_t i = 0; i < count; ++i) Combine<kOr>(mask[i], set.table[codes[i]]);
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
    case CodeSet::Kind::kIntervals:
      return ApplyIntervals<kOr>(codes, count, set, mask);
    case CodeSet::Kind::kTable:
      return ApplyTable<kOr>(codes, count, set, mask);
  }
}

}  // namespace

CodeSet SimplestSet(std::span<const Mask> table) {
  CodeSet set;
  const auto begin = table.begin();
  for (auto at = begin; set.intervals.size() <= CodeSet::kIntervalsMax;) {
    const auto first = std::find(at, table.end(), Mask{1});
    if (first == table.end()) break;
    at = std::find(first, table.end(), Mask{0});
    set.intervals.push_back(
        {static_cast<std::uint64_t>(first - begin), static_cast<std::uint64_t>(at - begin) - 1});
  }
  if (set.intervals.empty()) return set;
  if (set.intervals.size() > CodeSet::kIntervalsMax) {
    set.intervals.clear();
    set.kind = CodeSet::Kind::kTable;
    set.table = table.data();
    for (std::size_t code = 0; code < std::min<std::size_t>(table.size(), 256); ++code) {
      if (table[code] != 0) {
        set.bitmap[code / 8] = static_cast<std::uint8_t>(set.bitmap[code / 8] | 1U << code % 8);
      }
    }
    return set;
  }
  const bool all = set.intervals.front() == Interval{0, table.size() - 1};
  set.kind = all ? CodeSet::Kind::kAll : CodeSet::Kind::kIntervals;
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
    if (word == ~std::uint64_t{0}) {
      std::fill_n(mask + begin, std::min<std::size_t>(64, count - begin), Mask{0});
      continue;
    }
    while (word != 0) {
      const auto bit = static_cast<std::size_t>(__builtin_ctzll(word));
      if (begin + bit < count) mask[begin + bit] = 0;
      word &= word - 1;
    }
  }
}

bool AreAllDead(std::span<const std::uint64_t> dead, std::size_t first, std::size_t count) {
  for (std::size_t begin = 0; begin < count; begin += 64) {
    const std::size_t rows = std::min<std::size_t>(64, count - begin);
    const std::uint64_t all = ~std::uint64_t{0} >> (64 - rows);
    if ((dead[(first + begin) / 64] & all) != all) return false;
  }
  return true;
}

std::size_t Select(const Mask* mask, std::size_t count, std::uint16_t* selection) {
  return simd::Select(mask, count, selection);
}

template <typename T>
std::size_t KeepSelected(const T* codes, const Mask* table, std::size_t count,
                         std::uint16_t* selection) {
  std::size_t kept = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const std::uint16_t row = selection[k];
    selection[kept] = row;
    kept += table[codes[row]];
  }
  return kept;
}

template <typename T>
void IndexGathered(const T* codes, const std::uint16_t* selection, std::size_t count,
                   const std::uint32_t* table, std::uint32_t stride, Into into,
                   std::uint32_t* out) {
  const auto each = [&](auto row_of, auto store) {
    for (std::size_t k = 0; k < count; ++k) store(out[k], table[codes[row_of(k)]] * stride);
  };
  const auto set = [](std::uint32_t& to, std::uint32_t value) { to = value; };
  const auto add = [](std::uint32_t& to, std::uint32_t value) { to += value; };
  const auto every = [](std::size_t k) { return k; };
  const auto selected = [selection](std::size_t k) { return std::size_t{selection[k]}; };
  if (selection == nullptr) {
    into == Into::kSet ? each(every, set) : each(every, add);
  } else {
    into == Into::kSet ? each(selected, set) : each(selected, add);
  }
}

template <typename T>
void CountByCode(const T* codes, const std::uint16_t* selection, std::size_t count,
                 const std::uint32_t* group, const std::uint32_t* class_by_code,
                 std::uint32_t class_count, std::uint32_t* counts, std::uint32_t* other) {
  const auto each = [&](auto row_of) {
    std::size_t k = 0;
    for (; k + 2 <= count; k += 2) {
      ++counts[group[k] * class_count + class_by_code[codes[row_of(k)]]];
      ++other[group[k + 1] * class_count + class_by_code[codes[row_of(k + 1)]]];
    }
    if (k < count) ++counts[group[k] * class_count + class_by_code[codes[row_of(k)]]];
  };
  if (selection == nullptr) {
    each([](std::size_t k) { return k; });
  } else {
    each([selection](std::size_t k) { return std::size_t{selection[k]}; });
  }
}

template <typename T>
void CountCodes(const T* codes, const std::uint16_t* selection, std::size_t count,
                std::span<const std::uint32_t> class_by_code, std::vector<std::uint32_t>& scratch,
                std::uint32_t* counts) {
  const std::size_t kinds = class_by_code.size();
  if (count < kinds) {
    for (std::size_t k = 0; k < count; ++k) {
      ++counts[class_by_code[codes[selection == nullptr ? k : selection[k]]]];
    }
    return;
  }
  // Four histograms: equal codes in a row need not wait for each other.
  scratch.assign(kinds * 4, 0);
  std::uint32_t* part[4] = {&scratch[0], &scratch[kinds], &scratch[kinds * 2], &scratch[kinds * 3]};
  const auto each = [&](auto row_of) {
    std::size_t k = 0;
    for (; k + 4 <= count; k += 4) {
      ++part[0][codes[row_of(k)]];
      ++part[1][codes[row_of(k + 1)]];
      ++part[2][codes[row_of(k + 2)]];
      ++part[3][codes[row_of(k + 3)]];
    }
    for (; k < count; ++k) ++part[0][codes[row_of(k)]];
  };
  if (selection == nullptr) {
    each([](std::size_t k) { return k; });
  } else {
    each([selection](std::size_t k) { return std::size_t{selection[k]}; });
  }
  for (std::size_t code = 0; code < kinds; ++code) {
    counts[class_by_code[code]] += part[0][code] + part[1][code] + part[2][code] + part[3][code];
  }
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

/// Calls function(codes of the block, value_of), where value_of(code) may be kNull; not at all for
/// a column of nulls.
template <typename Function>
void WithValues(const ColumnView& view, std::size_t first_row, Function&& function) {
  if (view.encoding == Encoding::kConstant) {
    if (view.base == kNull) return;
    // The codes do not matter: any readable array of the block's length serves.
    static constexpr std::uint8_t kNoCodes[kBlockRows] = {};
    const std::int64_t value = view.base;
    return function(&kNoCodes[0], [value](std::uint64_t) { return value; });
  }
  WithCodes(view, [&](const auto* codes) {
    const auto* block = codes + first_row;
    const auto base = static_cast<std::uint64_t>(view.base);
    if (view.encoding == Encoding::kDictionary) {
      const std::int64_t* dictionary = view.dictionary.data();
      function(block, [dictionary](std::uint64_t code) { return dictionary[code]; });
    } else if (view.nullable) {
      function(block, [base](std::uint64_t code) {
        return code == 0 ? kNull : static_cast<std::int64_t>(base + code);
      });
    } else {
      function(block,
               [base](std::uint64_t code) { return static_cast<std::int64_t>(base + code); });
    }
  });
}

std::int64_t Wrapped(std::int64_t sum, std::int64_t value) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                   static_cast<std::uint64_t>(value));
}

}  // namespace

void AddValues(const ColumnView& view, std::size_t first_row, const std::uint16_t* selection,
               std::size_t count, const std::uint32_t* group, std::int64_t* sums,
               std::int64_t* numbers) {
  WithValues(view, first_row, [&](const auto* codes, auto value_of) {
    for (std::size_t k = 0; k < count; ++k) {
      const std::int64_t value = value_of(codes[selection[k]]);
      const bool is_null = value == kNull;
      sums[group[k]] = Wrapped(sums[group[k]], is_null ? 0 : value);
      numbers[group[k]] += is_null ? 0 : 1;
    }
  });
}

bool FindRuns(const std::uint32_t* group, std::size_t count, std::vector<GroupRun>& runs) {
  runs.clear();
  for (std::size_t k = 0; k < count;) {
    if (runs.size() > count / 8) return false;
    std::size_t end = k + 1;
    while (end < count && group[end] == group[k]) ++end;
    runs.push_back({static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(end), group[k]});
    k = end;
  }
  return true;
}

namespace {

/// Sum and number of the values of a run.
struct RunSum {
  std::int64_t sum = 0;
  std::int64_t number = 0;
};

/// Of rows without a gap in a frame: their codes are summed as they stand. Null is code 0 and adds
/// nothing.
template <typename T>
RunSum SumFrame(const ColumnView& view, const T* codes, std::size_t count) {
  const simd::CodeSum codes_sum = simd::SumCodes(codes, count);
  const std::size_t number = view.nullable ? count - codes_sum.zeros : count;
  const std::uint64_t sum = codes_sum.sum + static_cast<std::uint64_t>(view.base) * number;
  return {static_cast<std::int64_t>(sum), static_cast<std::int64_t>(number)};
}

/// Of rows without a gap by a dictionary of at most 256 entries: codes are counted, in four places
/// so that equal ones in a row need not wait for each other.
RunSum SumDictionary(const ColumnView& view, const std::uint8_t* codes, std::size_t count) {
  std::array<std::array<std::uint32_t, 256>, 4> counts{};
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    for (std::size_t part = 0; part < 4; ++part) ++counts[part][codes[k + part]];
  }
  for (; k < count; ++k) ++counts[0][codes[k]];
  RunSum sum;
  for (std::size_t code = 0; code < view.dictionary.size(); ++code) {
    const std::uint64_t times =
        std::uint64_t{counts[0][code]} + counts[1][code] + counts[2][code] + counts[3][code];
    if (view.dictionary[code] == kNull) continue;
    sum.sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum.sum) +
                                        static_cast<std::uint64_t>(view.dictionary[code]) * times);
    sum.number += static_cast<std::int64_t>(times);
  }
  return sum;
}

/// What rows without a gap sum to, where that is quicker than one after the other.
std::optional<RunSum> SumWhole(const ColumnView& view, std::size_t first_row, std::size_t count) {
  constexpr std::size_t kFrameRows = 32;        // a few vectors
  constexpr std::size_t kDictionaryRows = 512;  // 256 entries are added up at the end
  if (view.encoding == Encoding::kFrame && view.width <= 2 && count >= kFrameRows) {
    if (view.width == 1) {
      return SumFrame(view, reinterpret_cast<const std::uint8_t*>(view.codes) + first_row, count);
    }
    return SumFrame(view, reinterpret_cast<const std::uint16_t*>(view.codes) + first_row, count);
  }
  if (view.encoding == Encoding::kDictionary && view.width == 1 && count >= kDictionaryRows) {
    return SumDictionary(view, reinterpret_cast<const std::uint8_t*>(view.codes) + first_row,
                         count);
  }
  return std::nullopt;
}

}  // namespace

void AddRuns(const ColumnView& view, std::size_t first_row, const std::uint16_t* selection,
             std::span<const GroupRun> runs, std::int64_t* sums, std::int64_t* numbers) {
  const auto add = [&](std::uint32_t group, RunSum run) {
    sums[group] = Wrapped(sums[group], run.sum);
    numbers[group] += run.number;
  };
  WithValues(view, first_row, [&](const auto* codes, auto value_of) {
    for (const GroupRun& run : runs) {
      const std::size_t count = run.end - run.begin;
      if (std::size_t{selection[run.end - 1]} - selection[run.begin] == count - 1) {
        if (const auto whole = SumWhole(view, first_row + selection[run.begin], count)) {
          add(run.group, *whole);
          continue;
        }
      }
      RunSum sum;
      for (std::size_t k = run.begin; k < run.end; ++k) {
        const std::int64_t value = value_of(codes[selection[k]]);
        const bool is_null = value == kNull;
        sum.sum = Wrapped(sum.sum, is_null ? 0 : value);
        sum.number += is_null ? 0 : 1;
      }
      add(run.group, sum);
    }
  });
}

void CountClasses(const std::uint32_t* group, const std::uint32_t* class_of, std::size_t count,
                  std::uint32_t class_count, std::int64_t* counts) {
  for (std::size_t k = 0; k < count; ++k) {
    ++counts[std::size_t{group[k]} * class_count + class_of[k]];
  }
}

template <typename T>
void OrFlags(const T* codes, std::size_t count, const CodeFlags& f, std::uint16_t* flags) {
  constexpr std::uint64_t kMost = std::numeric_limits<T>::max();
  const auto measured_from = static_cast<T>(std::min(f.measured_from, kMost));
  const bool any = f.broken_from <= f.broken_to;
  const auto from = static_cast<T>(any ? f.broken_from : 1);
  const auto to = static_cast<T>(any ? f.broken_to : 0);
  std::size_t i = 0;
  if constexpr (sizeof(T) <= 2) {
    i = simd::OrFlags(codes, count, {measured_from, from, to, f.measured, f.broken}, flags);
  }
  for (; i < count; ++i) {
    const auto measured = static_cast<std::uint16_t>(codes[i] >= measured_from ? f.measured : 0);
    const auto broken =
        static_cast<std::uint16_t>((codes[i] >= from) & (codes[i] <= to) ? f.broken : 0);
    flags[i] = static_cast<std::uint16_t>(flags[i] | measured | broken);
  }
}

#define CQD_FOR_CODES(T)                                                                          \
  template void AndSet<T>(const T*, std::size_t, const CodeSet&, Mask*);                          \
  template void OrSet<T>(const T*, std::size_t, const CodeSet&, Mask*);                           \
  template std::size_t KeepSelected<T>(const T*, const Mask*, std::size_t, std::uint16_t*);       \
  template void IndexGathered<T>(const T*, const std::uint16_t*, std::size_t,                     \
                                 const std::uint32_t*, std::uint32_t, Into, std::uint32_t*);      \
  template void CountByCode<T>(const T*, const std::uint16_t*, std::size_t, const std::uint32_t*, \
                               const std::uint32_t*, std::uint32_t, std::uint32_t*,               \
                               std::uint32_t*);                                                   \
  template void CountCodes<T>(const T*, const std::uint16_t*, std::size_t,                        \
                              std::span<const std::uint32_t>, std::vector<std::uint32_t>&,        \
                              std::uint32_t*);                                                    \
  template void AddGathered<T>(const T*, const std::uint16_t*, std::size_t, const std::uint32_t*, \
                               std::uint64_t, std::uint64_t*);                                    \
  template void Gather<T>(const T*, const std::uint16_t*, std::size_t, const std::uint32_t*,      \
                          std::uint32_t*);                                                        \
  template void OrFlags<T>(const T*, std::size_t, const CodeFlags&, std::uint16_t*);
CQD_FOR_CODES(std::uint8_t)
CQD_FOR_CODES(std::uint16_t)
CQD_FOR_CODES(std::uint32_t)
CQD_FOR_CODES(std::uint64_t)
#undef CQD_FOR_CODES

}  // namespace cqd::column
