// Vector code for the innermost filters, compiled for several instruction sets (baseline, AVX2,
// AVX-512; NEON on ARM) and chosen when the program runs. Results are those of the plain loops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "column/kernels.h"
#include "column/segment.h"

namespace cqd::column::simd {

/// mask[i] &= (or |=) code i lies in one of `intervals`. Codes of one or two bytes.
void AndIntervals(const std::uint8_t* codes, std::size_t count, std::span<const Interval> intervals,
                  Mask* mask);
void AndIntervals(const std::uint16_t* codes, std::size_t count,
                  std::span<const Interval> intervals, Mask* mask);
void OrIntervals(const std::uint8_t* codes, std::size_t count, std::span<const Interval> intervals,
                 Mask* mask);
void OrIntervals(const std::uint16_t* codes, std::size_t count, std::span<const Interval> intervals,
                 Mask* mask);

/// mask[i] &= (or |=) bit codes[i] of `bitmap` (256 bits, bit n in byte n / 8 at n % 8).
void AndBitmap(const std::uint8_t* codes, std::size_t count, const std::uint8_t* bitmap,
               Mask* mask);
void OrBitmap(const std::uint8_t* codes, std::size_t count, const std::uint8_t* bitmap, Mask* mask);

/// Places of the bytes that are not 0, ascending; returns how many. `selection` has room for
/// `count` entries, count <= 65536.
std::size_t Select(const Mask* mask, std::size_t count, std::uint16_t* selection);

struct CodeSum {
  std::uint64_t sum = 0;
  std::size_t zeros = 0;  ///< codes that are 0
};
/// Of codes in a row; count <= kBlockRows.
CodeSum SumCodes(const std::uint8_t* codes, std::size_t count);
CodeSum SumCodes(const std::uint16_t* codes, std::size_t count);

/// What column::OrFlags does, for the rows of whole vectors; returns how many those are.
struct NarrowFlags {
  std::uint16_t measured_from, broken_from, broken_to, measured, broken;
};
std::size_t OrFlags(const std::uint8_t* codes, std::size_t count, const NarrowFlags& f,
                    std::uint16_t* flags);
std::size_t OrFlags(const std::uint16_t* codes, std::size_t count, const NarrowFlags& f,
                    std::uint16_t* flags);

/// Least and greatest of the values that are not kNull, and how many are.
Zone ExtentOf(const std::int64_t* values, std::size_t count);

}  // namespace cqd::column::simd
