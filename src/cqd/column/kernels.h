// The inner loops over one block of a column: filters to byte masks, masks to selections,
// selections to group numbers and sums. At most kBlockRows rows a call; filters of narrow codes in
// vector code chosen at run time (internal/simd.h). Threads: any; nothing allocates.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "column/segment.h"

namespace cqd::column {

/// mask[i]: 1 when row i of the block is wanted, else 0.
using Mask = std::uint8_t;

/// Codes from `first` to `last`, both inclusive.
struct Interval {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const Interval&) const = default;
};

/// The codes that pass a filter: as a few intervals where that is enough, else found by code.
struct CodeSet {
  /// Comparisons with more intervals cost more than a look into a table.
  static constexpr std::size_t kIntervalsMax = 4;

  enum class Kind : std::uint8_t { kNone, kAll, kIntervals, kTable } kind = Kind::kNone;
  std::vector<Interval> intervals;        ///< kIntervals: ascending, apart
  const Mask* table = nullptr;            ///< kTable: 1 for the codes that pass
  std::array<std::uint8_t, 32> bitmap{};  ///< kTable of at most 256 codes: a bit for each
};
/// The cheapest form of a table of codes. `table` must outlive the result.
CodeSet SimplestSet(std::span<const Mask> table);

/// mask[i] &= code i is in `set`. T: unsigned integer of 8 to 64 bits.
template <typename T>
void AndSet(const T* codes, std::size_t count, const CodeSet& set, Mask* mask);
/// mask[i] |= code i is in `set`.
template <typename T>
void OrSet(const T* codes, std::size_t count, const CodeSet& set, Mask* mask);
/// mask[i] &= other[i].
void AndMask(const Mask* other, std::size_t count, Mask* mask);

/// Clears the mask of the rows whose bit is set in `dead`, a bitmap by row of the segment; `first`
/// is the block's first row, a multiple of 64.
void ClearDead(std::span<const std::uint64_t> dead, std::size_t first, std::size_t count,
               Mask* mask);

/// Whether ClearDead would leave none.
bool AreAllDead(std::span<const std::uint64_t> dead, std::size_t first, std::size_t count);

/// Writes the places of the wanted rows, ascending; returns how many. `selection` has room for
/// `count` entries.
std::size_t Select(const Mask* mask, std::size_t count, std::uint16_t* selection);

/// Leaves the selected rows whose code has table[code] != 0, in order; returns how many.
template <typename T>
std::size_t KeepSelected(const T* codes, const Mask* table, std::size_t count,
                         std::uint16_t* selection);

/// out[k] += table[code of the k-th selected row] * stride.
template <typename T>
void AddGathered(const T* codes, const std::uint16_t* selection, std::size_t count,
                 const std::uint32_t* table, std::uint64_t stride, std::uint64_t* out);

/// The same with small numbers: out[k] (+)= table[code] * stride, modulo 2^32; kSet writes instead
/// of adding. `selection` nullptr: all rows.
enum class Into : std::uint8_t { kSet, kAdd };
template <typename T>
void IndexGathered(const T* codes, const std::uint16_t* selection, std::size_t count,
                   const std::uint32_t* table, std::uint32_t stride, Into into, std::uint32_t* out);

/// ++counts[group[k] * class_count + class_by_code[code of the k-th row]] for all k. Every second
/// row counts into `other`, which may be `counts`: two of one group in a row need not wait for each
/// other then. `selection` nullptr: all rows.
template <typename T>
void CountByCode(const T* codes, const std::uint16_t* selection, std::size_t count,
                 const std::uint32_t* group, const std::uint32_t* class_by_code,
                 std::uint32_t class_count, std::uint32_t* counts, std::uint32_t* other);

/// The same for rows of one group: ++counts[class_by_code[code of the k-th row]]. `scratch` is kept
/// from call to call.
template <typename T>
void CountCodes(const T* codes, const std::uint16_t* selection, std::size_t count,
                std::span<const std::uint32_t> class_by_code, std::vector<std::uint32_t>& scratch,
                std::uint32_t* counts);

/// out[k] = table[code of the k-th selected row].
template <typename T>
void Gather(const T* codes, const std::uint16_t* selection, std::size_t count,
            const std::uint32_t* table, std::uint32_t* out);

/// For each selected row with a value: sums[group[k]] += value, ++numbers[group[k]]. Sums wrap
/// around on overflow.
void AddValues(const ColumnView& view, std::size_t first_row, const std::uint16_t* selection,
               std::size_t count, const std::uint32_t* group, std::int64_t* sums,
               std::int64_t* numbers);

/// Selected rows [begin, end) of one group.
struct GroupRun {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t group = 0;
};
/// Cuts rows into runs of one group; false when there are more than `count` / 8 of them: then runs
/// do not pay.
bool FindRuns(const std::uint32_t* group, std::size_t count, std::vector<GroupRun>& runs);
/// What AddValues does, a run at a time: sums stay in registers.
void AddRuns(const ColumnView& view, std::size_t first_row, const std::uint16_t* selection,
             std::span<const GroupRun> runs, std::int64_t* sums, std::int64_t* numbers);

/// Bits for codes: `measured` from measured_from on, `broken` in [broken_from, broken_to] (nowhere
/// when from > to).
struct CodeFlags {
  std::uint64_t measured_from = 0;
  std::uint64_t broken_from = 1, broken_to = 0;
  std::uint16_t measured = 0, broken = 0;
};
/// flags[i] |= the bits of code i.
template <typename T>
void OrFlags(const T* codes, std::size_t count, const CodeFlags& f, std::uint16_t* flags);

/// ++counts[group[k] * class_count + class_of[k]] for all k.
void CountClasses(const std::uint32_t* group, const std::uint32_t* class_of, std::size_t count,
                  std::uint32_t class_count, std::int64_t* counts);

}  // namespace cqd::column
