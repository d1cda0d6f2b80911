// The inner loops over one block of a column: filters to byte masks, masks to selections,
// selections to group numbers and sums. At most kBlockRows rows a call; plain loops that the
// compiler turns into vector code. Threads: any; nothing allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "column/segment.h"

namespace cqd::column {

/// mask[i]: 1 when row i of the block is wanted, else 0.
using Mask = std::uint8_t;

/// The codes that pass a filter: found by code, or as an interval when they are neighbours.
struct CodeSet {
  enum class Kind : std::uint8_t { kNone, kAll, kInterval, kTable } kind = Kind::kNone;
  std::uint64_t first = 0;      ///< kInterval: inclusive
  std::uint64_t last = 0;       ///< kInterval: inclusive
  const Mask* table = nullptr;  ///< kTable: 1 for the codes that pass
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

/// Writes the places of the wanted rows, ascending; returns how many. `selection` has room for
/// `count` entries.
std::size_t Select(const Mask* mask, std::size_t count, std::uint16_t* selection);

/// out[k] += table[code of the k-th selected row] * stride.
template <typename T>
void AddGathered(const T* codes, const std::uint16_t* selection, std::size_t count,
                 const std::uint32_t* table, std::uint64_t stride, std::uint64_t* out);

/// out[k] = table[code of the k-th selected row].
template <typename T>
void Gather(const T* codes, const std::uint16_t* selection, std::size_t count,
            const std::uint32_t* table, std::uint32_t* out);

/// For each selected row with passes[k] and a value: sums[group[k]] += value, ++numbers[group[k]].
/// Sums wrap around on overflow.
void AddValues(const ColumnView& view, std::size_t first_row, const std::uint16_t* selection,
               std::size_t count, const std::uint32_t* group, const Mask* passes,
               std::int64_t* sums, std::int64_t* numbers);

/// ++counts[group[k] * class_count + class_of[k]] for all k.
void CountClasses(const std::uint32_t* group, const std::uint32_t* class_of, std::size_t count,
                  std::uint32_t class_count, std::int64_t* counts);

}  // namespace cqd::column
