// Segments: immutable tables of integer columns in one file. Knows types, not calls.
// Format: docs/formats/segment.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cqd::column {

/// "No value" in a column of integers. Sorts before every value.
inline constexpr std::int64_t kNull = std::numeric_limits<std::int64_t>::min();
/// Rows of a block: the unit of zone maps and of the kernels' scratch arrays.
inline constexpr std::size_t kBlockRows = 8192;
/// Most rows of a segment.
inline constexpr std::size_t kSegmentRowsMax = std::size_t{1} << 20;
/// Most entries of a column's dictionary: codes of two bytes.
inline constexpr std::size_t kDictionaryMax = 65'536;
/// Version written, and the newest one read.
inline constexpr std::uint32_t kFormatVersion = 1;

/// How the values of a column became codes. Stored: append only.
enum class Encoding : std::uint8_t {
  kConstant = 0,  ///< one value (or null) for all rows; no codes
  kFrame = 1,     ///< code = value - base; with nulls, code 0 is null and base one below the least
  kDictionary = 2,  ///< code = place in the sorted list of the distinct values, null first
};

/// What a block holds: for skipping it. Of values that are not null; min > max when there is none.
struct Zone {
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t null_count = 0;
};

/// The codes of one column of one segment. Points into the segment, which must live longer.
struct ColumnView {
  Encoding encoding = Encoding::kConstant;
  int width = 0;              ///< bytes of a code: 0 (constant), 1, 2, 4, 8
  bool nullable = false;      ///< code 0 is null (kFrame), or the first dictionary entry is kNull
  std::int64_t base = kNull;  ///< kConstant: the value. kFrame: see there.
  std::int64_t min = 0;       ///< of values that are not null; min > max when there is none
  std::int64_t max = -1;
  std::int64_t null_count = 0;
  std::size_t row_count = 0;
  const std::byte* codes = nullptr;
  std::span<const std::int64_t> dictionary;    ///< kDictionary: sorted distinct values
  std::span<const std::uint32_t> occurrences;  ///< kDictionary: rows of each entry
  std::span<const Zone> zones;                 ///< one a block, empty when not asked for

  /// Greatest code that may occur.
  std::uint64_t code_max() const;
  /// Value of a code; precondition: code <= code_max().
  std::int64_t ValueOf(std::uint64_t code) const {
    if (encoding == Encoding::kDictionary) return dictionary[code];
    if (encoding == Encoding::kConstant) return base;
    if (nullable && code == 0) return kNull;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(base) + code);
  }
  std::uint64_t CodeAt(std::size_t row) const;
  /// Code of a value that occurs in the column. Cost: a binary search at most.
  std::uint64_t CodeOf(std::int64_t value) const;
  std::int64_t At(std::size_t row) const { return ValueOf(CodeAt(row)); }
};

/// Calls `function` with the codes as a pointer to their type. Precondition: width != 0.
template <typename Function>
decltype(auto) WithCodes(const ColumnView& view, Function&& function) {
  switch (view.width) {
    case 1:
      return function(reinterpret_cast<const std::uint8_t*>(view.codes));
    case 2:
      return function(reinterpret_cast<const std::uint16_t*>(view.codes));
    case 4:
      return function(reinterpret_cast<const std::uint32_t*>(view.codes));
    default:
      return function(reinterpret_cast<const std::uint64_t*>(view.codes));
  }
}

/// Whole numbers that the writer of a segment keeps with it ("row_id_max").
using Properties = std::map<std::string, std::int64_t>;

/// Makes the bytes of a segment, column by column. Threads: one at a time.
class SegmentWriter {
 public:
  /// Precondition: 1 <= row_count <= kSegmentRowsMax. `bytes_a_row`: about what is to be expected;
  /// more than that costs copies.
  explicit SegmentWriter(std::size_t row_count, std::size_t bytes_a_row = 0);
  /// Chooses the smallest encoding of `values` and appends the column. Names are unique, 1..255
  /// bytes; `values` has row_count() entries. Cost: 2 to 10 ns a row.
  void Add(std::string_view name, std::span<const std::int64_t> values, bool with_zones = false);
  /// A column of one value, or of kNull, without making an array of it.
  void AddConstant(std::string_view name, std::int64_t value);
  std::size_t row_count() const { return row_count_; }
  /// The finished file. The writer is used up.
  std::vector<std::byte> Finish(const Properties& properties) &&;

 private:
  void Append(std::string_view name, const ColumnView& shape, std::span<const std::byte> codes,
              std::span<const Zone> zones);
  std::size_t row_count_;
  std::vector<std::byte> bytes_;
  std::vector<std::byte> directory_;
  std::uint32_t column_count_ = 0;
};

/// A segment ready to be read, in a mapped file or in memory. Immutable; threads: any.
class Segment {
 public:
  /// Reads the footer and checks everything in it, and the checksum of every column: a changed byte
  /// anywhere in the file is found here. `owner` keeps `bytes` alive. Cost: one pass over the bytes
  /// at memory speed. Errors: kCorruption (names the place), kUnimplemented (newer format).
  static Result<std::shared_ptr<const Segment>> Open(std::span<const std::byte> bytes,
                                                     std::shared_ptr<const void> owner);

  std::size_t row_count() const { return row_count_; }
  std::size_t byte_count() const { return bytes_.size(); }
  /// The whole file.
  std::span<const std::byte> bytes() const { return bytes_; }
  const Properties& properties() const { return properties_; }
  /// The property, or `missing`.
  std::int64_t Property(std::string_view name, std::int64_t missing) const;
  /// nullptr when the segment has no such column.
  const ColumnView* Find(std::string_view name) const;
  /// XXH3 of the footer: with the column checksums in it, the identity of the whole file.
  std::uint64_t hash() const { return hash_; }

 private:
  friend class SegmentParser;
  Segment() = default;
  std::shared_ptr<const void> owner_;
  std::size_t row_count_ = 0;
  std::span<const std::byte> bytes_;
  std::uint64_t hash_ = 0;
  Properties properties_;
  std::map<std::string, ColumnView, std::less<>> columns_;
};

/// Distinct values of a column, ascending, kNull first. Cost: one pass over the codes; of codes
/// wider than two bytes also a sort.
std::vector<std::int64_t> DistinctValues(const ColumnView& view);

}  // namespace cqd::column
