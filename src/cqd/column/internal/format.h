// The bytes of a segment file: docs/formats/segment.md. Little-endian, as the machines we run on.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "column/segment.h"

namespace cqd::column::format {

static_assert(std::endian::native == std::endian::little, "segments are mapped, not converted");

/// "CQDSEG" and two bytes that a transfer as text would break.
inline constexpr std::uint64_t kMagic = 0x0a0d'4745'5344'5143;

struct Header {
  std::uint64_t magic = kMagic;
  std::uint32_t version = kFormatVersion;
  std::uint32_t reserved = 0;
};
struct Trailer {
  std::uint64_t footer_offset = 0;
  std::uint64_t footer_bytes = 0;
  std::uint64_t footer_hash = 0;
  std::uint64_t magic = kMagic;
};
/// A column in the footer, after its name.
struct Column {
  std::uint8_t encoding = 0;
  std::uint8_t width = 0;
  std::uint8_t nullable = 0;
  std::uint8_t has_zones = 0;
  std::uint32_t dictionary_count = 0;
  std::int64_t base = 0;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t null_count = 0;
  std::uint64_t offset = 0;
  std::uint64_t byte_count = 0;
  std::uint64_t hash = 0;
};
static_assert(sizeof(Header) == 16 && sizeof(Trailer) == 32 && sizeof(Column) == 64);
static_assert(sizeof(Zone) == 24);

constexpr std::size_t PaddedToEight(std::size_t bytes) {
  return (bytes + 7) / 8 * 8;
}

/// Sizes of the parts of a column's bytes, in their order, each padded to eight bytes.
struct Parts {
  std::size_t codes = 0, dictionary = 0, occurrences = 0, zones = 0, total = 0;
};
inline Parts PartsOf(const Column& column, std::size_t rows) {
  Parts parts;
  parts.codes = PaddedToEight(rows * column.width);
  parts.dictionary = column.dictionary_count * sizeof(std::int64_t);
  parts.occurrences = PaddedToEight(column.dictionary_count * sizeof(std::uint32_t));
  if (column.has_zones != 0) parts.zones = (rows + kBlockRows - 1) / kBlockRows * sizeof(Zone);
  parts.total = parts.codes + parts.dictionary + parts.occurrences + parts.zones;
  return parts;
}

inline void PutBytes(std::vector<std::byte>& out, const void* bytes, std::size_t count) {
  const auto* begin = static_cast<const std::byte*>(bytes);
  out.insert(out.end(), begin, begin + count);
}
template <typename T>
void Put(std::vector<std::byte>& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  PutBytes(out, &value, sizeof(value));
}
/// One byte of length, then the text.
inline void PutText(std::vector<std::byte>& out, std::string_view text) {
  Put(out, static_cast<std::uint8_t>(text.size()));
  PutBytes(out, text.data(), text.size());
}

/// Takes values from bytes; after the first that does not fit everything is zero and ok() false.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  std::size_t left() const { return bytes_.size(); }

  template <typename T>
  T Take() {
    T value{};
    if (!ok_ || bytes_.size() < sizeof(T)) {
      ok_ = false;
      return value;
    }
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_ = bytes_.subspan(sizeof(T));
    return value;
  }
  std::string TakeText() {
    const auto length = Take<std::uint8_t>();
    if (!ok_ || bytes_.size() < length) {
      ok_ = false;
      return {};
    }
    std::string text(reinterpret_cast<const char*>(bytes_.data()), length);
    bytes_ = bytes_.subspan(length);
    return text;
  }

 private:
  std::span<const std::byte> bytes_;
  bool ok_ = true;
};

}  // namespace cqd::column::format
