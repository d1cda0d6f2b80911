#include <xxhash.h>

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "column/internal/format.h"
#include "column/internal/simd.h"
#include "column/segment.h"

namespace cqd::column {
namespace {

/// Zones of the blocks, and one of them all.
struct Extents {
  std::vector<Zone> blocks;
  Zone all{std::numeric_limits<std::int64_t>::max(), kNull, 0};
  bool empty() const { return all.min > all.max; }
};

Extents ExtentsOf(std::span<const std::int64_t> values) {
  Extents extents;
  for (std::size_t begin = 0; begin < values.size(); begin += kBlockRows) {
    const std::size_t count = std::min(kBlockRows, values.size() - begin);
    const Zone block = simd::ExtentOf(values.data() + begin, count);
    extents.blocks.push_back(block);
    extents.all.min = std::min(extents.all.min, block.min);
    extents.all.max = std::max(extents.all.max, block.max);
    extents.all.null_count += block.null_count;
  }
  return extents;
}

int WidthOf(std::uint64_t code_max) {
  if (code_max <= 0xff) return 1;
  if (code_max <= 0xffff) return 2;
  return code_max <= 0xffff'ffff ? 4 : 8;
}

/// Distinct values by open addressing, given up when they are more than a dictionary may hold.
class DistinctSet {
 public:
  DistinctSet() : slots_(kSlots, kEmpty) {}
  /// The number of the value in order of appearance; kDictionaryMax when there are too many.
  std::size_t NumberOf(std::int64_t value) {
    std::size_t slot = (static_cast<std::uint64_t>(value) * 0x9e37'79b9'7f4a'7c15) >> kShift;
    while (slots_[slot] != kEmpty) {
      if (values_[slots_[slot]] == value) return slots_[slot];
      slot = (slot + 1) & (kSlots - 1);
    }
    if (values_.size() == kDictionaryMax) return kDictionaryMax;
    slots_[slot] = static_cast<std::uint32_t>(values_.size());
    values_.push_back(value);
    return values_.size() - 1;
  }
  const std::vector<std::int64_t>& values() const { return values_; }

 private:
  static constexpr int kShift = 64 - 18;
  static constexpr std::size_t kSlots = std::size_t{1} << 18;
  static constexpr std::uint32_t kEmpty = 0xffff'ffff;
  std::vector<std::uint32_t> slots_;
  std::vector<std::int64_t> values_;
};

struct Dictionary {
  std::vector<std::int64_t> values;        // sorted
  std::vector<std::uint32_t> occurrences;  // of each
  std::vector<std::uint16_t> codes;        // of each row; empty when there are too many values
};

Dictionary MakeDictionary(std::span<const std::int64_t> values) {
  DistinctSet distinct;
  Dictionary dictionary;
  std::vector<std::uint16_t> numbers(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    const std::size_t number = distinct.NumberOf(values[row]);
    if (number == kDictionaryMax) return {};
    numbers[row] = static_cast<std::uint16_t>(number);
  }
  std::vector<std::uint32_t> order(distinct.values().size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  std::sort(order.begin(), order.end(), [&distinct](std::uint32_t a, std::uint32_t b) {
    return distinct.values()[a] < distinct.values()[b];
  });
  std::vector<std::uint16_t> code_of(order.size());
  for (std::size_t code = 0; code < order.size(); ++code) {
    code_of[order[code]] = static_cast<std::uint16_t>(code);
    dictionary.values.push_back(distinct.values()[order[code]]);
  }
  dictionary.occurrences.resize(order.size());
  for (std::uint16_t& number : numbers) {
    number = code_of[number];
    ++dictionary.occurrences[number];
  }
  dictionary.codes = std::move(numbers);
  return dictionary;
}

template <typename T>
std::vector<std::byte> FrameCodes(std::span<const std::int64_t> values, std::int64_t base) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  auto* codes = reinterpret_cast<T*>(bytes.data());
  for (std::size_t row = 0; row < values.size(); ++row) {
    const std::uint64_t code =
        static_cast<std::uint64_t>(values[row]) - static_cast<std::uint64_t>(base);
    codes[row] = values[row] == kNull ? T{0} : static_cast<T>(code);
  }
  return bytes;
}

template <typename T>
std::vector<std::byte> Narrowed(std::span<const std::uint16_t> codes) {
  std::vector<std::byte> bytes(codes.size() * sizeof(T));
  auto* out = reinterpret_cast<T*>(bytes.data());
  for (std::size_t row = 0; row < codes.size(); ++row) out[row] = static_cast<T>(codes[row]);
  return bytes;
}

}  // namespace

SegmentWriter::SegmentWriter(std::size_t row_count, std::size_t bytes_a_row)
    : row_count_(row_count) {
  CQD_CHECK(row_count >= 1 && row_count <= kSegmentRowsMax);
  bytes_.reserve(row_count * bytes_a_row);
  format::Put(bytes_, format::Header{});
}

void SegmentWriter::AddConstant(std::string_view name, std::int64_t value) {
  ColumnView shape;
  shape.base = value;
  shape.nullable = value == kNull;
  shape.null_count = shape.nullable ? static_cast<std::int64_t>(row_count_) : 0;
  if (!shape.nullable) shape.min = shape.max = value;
  Append(name, shape, {}, {});
}

void SegmentWriter::Add(std::string_view name, std::span<const std::int64_t> values,
                        bool with_zones) {
  CQD_CHECK(values.size() == row_count_);
  const Extents extents = ExtentsOf(values);
  if (extents.empty()) return AddConstant(name, kNull);
  const Zone& extent = extents.all;
  if (extent.null_count == 0 && extent.min == extent.max) return AddConstant(name, extent.min);
  ColumnView shape;
  shape.encoding = Encoding::kFrame;
  shape.nullable = extent.null_count != 0;
  shape.min = extent.min;
  shape.max = extent.max;
  shape.null_count = extent.null_count;
  shape.base = shape.nullable ? extent.min - 1 : extent.min;
  shape.width = WidthOf(shape.code_max());
  const std::span<const Zone> zones = with_zones ? extents.blocks : std::span<const Zone>();
  if (shape.width > 2) {
    // Few distinct values far apart (decimals, facts): half or a quarter of the bytes, and whatever
    // is computed per value is computed once.
    const Dictionary dictionary = MakeDictionary(values);
    if (!dictionary.codes.empty()) {
      shape.encoding = Encoding::kDictionary;
      shape.dictionary = dictionary.values;
      shape.occurrences = dictionary.occurrences;
      shape.width = WidthOf(dictionary.values.size() - 1);
      return Append(name, shape,
                    shape.width == 1 ? Narrowed<std::uint8_t>(dictionary.codes)
                                     : Narrowed<std::uint16_t>(dictionary.codes),
                    zones);
    }
  }
  switch (shape.width) {
    case 1:
      return Append(name, shape, FrameCodes<std::uint8_t>(values, shape.base), zones);
    case 2:
      return Append(name, shape, FrameCodes<std::uint16_t>(values, shape.base), zones);
    case 4:
      return Append(name, shape, FrameCodes<std::uint32_t>(values, shape.base), zones);
    default:
      return Append(name, shape, FrameCodes<std::uint64_t>(values, shape.base), zones);
  }
}

void SegmentWriter::Append(std::string_view name, const ColumnView& shape,
                           std::span<const std::byte> codes, std::span<const Zone> zones) {
  CQD_CHECK(!name.empty() && name.size() <= 255);
  format::Column column;
  column.encoding = static_cast<std::uint8_t>(shape.encoding);
  column.width = static_cast<std::uint8_t>(shape.width);
  column.nullable = shape.nullable ? 1 : 0;
  column.has_zones = zones.empty() ? 0 : 1;
  column.dictionary_count = static_cast<std::uint32_t>(shape.dictionary.size());
  column.base = shape.base;
  column.min = shape.min;
  column.max = shape.max;
  column.null_count = shape.null_count;
  column.offset = bytes_.size();
  const auto pad = [this] { bytes_.resize(format::PaddedToEight(bytes_.size())); };
  format::PutBytes(bytes_, codes.data(), codes.size());
  pad();
  format::PutBytes(bytes_, shape.dictionary.data(), shape.dictionary.size_bytes());
  format::PutBytes(bytes_, shape.occurrences.data(), shape.occurrences.size_bytes());
  pad();
  format::PutBytes(bytes_, zones.data(), zones.size_bytes());
  column.byte_count = bytes_.size() - column.offset;
  column.hash = XXH3_64bits(bytes_.data() + column.offset, column.byte_count);
  format::PutText(directory_, name);
  format::Put(directory_, column);
  ++column_count_;
}

std::vector<std::byte> SegmentWriter::Finish(const Properties& properties) && {
  std::vector<std::byte> footer;
  format::Put(footer, static_cast<std::uint64_t>(row_count_));
  format::Put(footer, column_count_);
  format::PutBytes(footer, directory_.data(), directory_.size());
  format::Put(footer, static_cast<std::uint32_t>(properties.size()));
  for (const auto& [name, value] : properties) {
    CQD_CHECK(name.size() <= 255);
    format::PutText(footer, name);
    format::Put(footer, value);
  }
  format::Trailer trailer;
  trailer.footer_offset = bytes_.size();
  trailer.footer_bytes = footer.size();
  trailer.footer_hash = XXH3_64bits(footer.data(), footer.size());
  format::PutBytes(bytes_, footer.data(), footer.size());
  format::Put(bytes_, trailer);
  return std::move(bytes_);
}

}  // namespace cqd::column
