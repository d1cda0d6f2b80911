// Columns made in memory from stored ones: the distinct tuples of one or two columns, and codes
// that mean less than the stored ones. Knows types, not calls.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "column/segment.h"

namespace cqd::column {

/// Codes 0 to count - 1 of each row, of the least width. Owns them; may be moved, not copied.
class MadeCodes {
 public:
  /// Precondition: count >= 1; every number is below it. Cost: about 1 ns a row.
  MadeCodes(std::span<const std::uint32_t> numbers, std::uint32_t count);
  /// codes[row] = code_of[code of the row in `from`]. `code_of` has from.code_max() + 1 entries.
  MadeCodes(const ColumnView& from, std::span<const std::uint32_t> code_of, std::uint32_t count);
  MadeCodes(MadeCodes&&) = default;
  MadeCodes& operator=(MadeCodes&&) = default;
  MadeCodes(const MadeCodes&) = delete;
  MadeCodes& operator=(const MadeCodes&) = delete;

  /// Encoding kFrame with base 0, or kConstant; without zones. Valid as long as this lives, also
  /// when it moves.
  const ColumnView& view() const { return view_; }
  std::size_t byte_count() const { return bytes_.size(); }

 private:
  void Shape(std::size_t row_count, std::uint32_t count);
  ColumnView view_;
  std::vector<std::byte> bytes_;
};

/// The tuples of values that occur in one or two columns, and which of them each row has.
struct Tuples {
  std::vector<std::array<std::int64_t, 2>> values;  ///< by code; of one column the second is kNull
  MadeCodes codes;
};
/// Precondition: equal row counts, at least one row. `second` nullptr: of `first` alone. Codes are
/// in order of appearance. Cost: 2 to 20 ns a row.
Tuples TuplesOf(const ColumnView& first, const ColumnView* second);

}  // namespace cqd::column
