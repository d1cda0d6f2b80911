#include "column/segment.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "column/internal/format.h"

namespace cqd::column {
namespace {

template <typename T>
std::vector<std::int64_t> DistinctOfNarrow(const ColumnView& view, const T* codes) {
  std::vector<std::uint8_t> seen(view.code_max() + 1, 0);
  for (std::size_t row = 0; row < view.row_count; ++row) seen[codes[row]] = 1;
  std::vector<std::int64_t> values;
  for (std::size_t code = 0; code < seen.size(); ++code) {
    if (seen[code] != 0) values.push_back(view.ValueOf(code));
  }
  return values;
}

template <typename T>
std::vector<std::int64_t> DistinctOfWide(const ColumnView& view, const T* codes) {
  std::vector<T> sorted(codes, codes + view.row_count);
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<std::int64_t> values;
  values.reserve(sorted.size());
  for (const T code : sorted) values.push_back(view.ValueOf(code));
  return values;
}

bool IsMultipleOfEight(std::uint64_t offset) {
  return offset % 8 == 0;
}

}  // namespace

std::uint64_t ColumnView::code_max() const {
  switch (encoding) {
    case Encoding::kConstant:
      return 0;
    case Encoding::kFrame:
      return static_cast<std::uint64_t>(max) - static_cast<std::uint64_t>(base);
    case Encoding::kDictionary:
      return dictionary.size() - 1;
  }
  return 0;
}

std::uint64_t ColumnView::CodeOf(std::int64_t value) const {
  switch (encoding) {
    case Encoding::kConstant:
      return 0;
    case Encoding::kFrame:
      if (value == kNull) return 0;
      return static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(base);
    case Encoding::kDictionary:
      return static_cast<std::uint64_t>(
          std::lower_bound(dictionary.begin(), dictionary.end(), value) - dictionary.begin());
  }
  return 0;
}

std::uint64_t ColumnView::CodeAt(std::size_t row) const {
  if (width == 0) return 0;
  return WithCodes(*this, [row](const auto* typed) { return std::uint64_t{typed[row]}; });
}

std::vector<std::int64_t> DistinctValues(const ColumnView& view) {
  if (view.row_count == 0) return {};
  if (view.encoding == Encoding::kConstant) return {view.base};
  if (view.encoding == Encoding::kDictionary) {
    return {view.dictionary.begin(), view.dictionary.end()};
  }
  return WithCodes(view, [&view](const auto* codes) {
    if constexpr (sizeof(*codes) <= 2) {
      return DistinctOfNarrow(view, codes);
    } else {
      return DistinctOfWide(view, codes);
    }
  });
}

/// Turns the footer into a Segment; every number in it is checked before it is used.
class SegmentParser {
 public:
  SegmentParser(std::span<const std::byte> bytes, std::shared_ptr<const void> owner)
      : bytes_(bytes), segment_(new Segment()) {
    segment_->owner_ = std::move(owner);
    segment_->bytes_ = bytes;
  }

  Result<std::shared_ptr<const Segment>> Parse() {
    CQD_RETURN_IF_ERROR(FindFooter());
    format::Reader reader(footer_);
    const auto rows = reader.Take<std::uint64_t>();
    const auto column_count = reader.Take<std::uint32_t>();
    if (!reader.ok() || rows == 0 || rows > kSegmentRowsMax) return Damaged("row count");
    segment_->row_count_ = rows;
    for (std::uint32_t i = 0; i < column_count; ++i) CQD_RETURN_IF_ERROR(ParseColumn(reader));
    const auto property_count = reader.Take<std::uint32_t>();
    for (std::uint32_t i = 0; i < property_count && reader.ok(); ++i) {
      const std::string name = reader.TakeText();
      segment_->properties_[name] = reader.Take<std::int64_t>();
    }
    if (!reader.ok() || reader.left() != 0) return Damaged("length of the footer");
    return std::shared_ptr<const Segment>(std::move(segment_));
  }

 private:
  static Error Damaged(std::string_view what) {
    return Fail(ErrorCode::kCorruption, "a segment of the cube is damaged", std::string(what));
  }

  Status FindFooter() {
    if (bytes_.size() < sizeof(format::Header) + sizeof(format::Trailer)) {
      return Damaged("file too short");
    }
    format::Header header;
    std::memcpy(&header, bytes_.data(), sizeof(header));
    format::Trailer trailer;
    std::memcpy(&trailer, bytes_.data() + bytes_.size() - sizeof(trailer), sizeof(trailer));
    if (header.magic != format::kMagic || trailer.magic != format::kMagic) {
      return Damaged("magic number");
    }
    if (header.version > kFormatVersion) {
      return Fail(ErrorCode::kUnimplemented, "the cube was written by a newer version",
                  "segment format " + std::to_string(header.version));
    }
    if (header.version == 0 || header.reserved != 0) return Damaged("header");
    const std::uint64_t limit = bytes_.size() - sizeof(trailer);
    if (trailer.footer_offset < sizeof(header) || trailer.footer_offset > limit ||
        trailer.footer_bytes != limit - trailer.footer_offset) {
      return Damaged("place of the footer");
    }
    footer_ = bytes_.subspan(trailer.footer_offset, trailer.footer_bytes);
    segment_->hash_ = XXH3_64bits(footer_.data(), footer_.size());
    if (segment_->hash_ != trailer.footer_hash) return Damaged("checksum of the footer");
    data_ = bytes_.first(trailer.footer_offset);
    next_offset_ = sizeof(header);
    return OkStatus();
  }

  Status ParseColumn(format::Reader& reader) {
    const std::string name = reader.TakeText();
    const auto column = reader.Take<format::Column>();
    if (!reader.ok() || name.empty()) return Damaged("directory of columns");
    ColumnView view;
    view.encoding = static_cast<Encoding>(column.encoding);
    view.width = column.width;
    view.nullable = column.nullable != 0;
    view.base = column.base;
    view.min = column.min;
    view.max = column.max;
    view.null_count = column.null_count;
    view.row_count = segment_->row_count_;
    // Columns follow one another without a gap, so that every byte of the file is under a checksum.
    if (column.offset != next_offset_ || column.byte_count > data_.size() - column.offset) {
      return Damaged("place of column " + name);
    }
    next_offset_ += column.byte_count;
    const auto bytes = data_.subspan(column.offset, column.byte_count);
    if (XXH3_64bits(bytes.data(), bytes.size()) != column.hash) {
      return Damaged("checksum of column " + name);
    }
    if (!CutParts(column, bytes, view)) return Damaged("shape of column " + name);
    if (!segment_->columns_.emplace(name, view).second) return Damaged("column twice: " + name);
    return OkStatus();
  }

  /// Points `view` to its codes, dictionary and zones; false when the sizes do not fit.
  static bool CutParts(const format::Column& column, std::span<const std::byte> bytes,
                       ColumnView& view) {
    const format::Parts parts = format::PartsOf(column, view.row_count);
    if (parts.total != bytes.size() || !IsMultipleOfEight(column.offset)) return false;
    switch (view.encoding) {
      case Encoding::kConstant:
        if (view.width != 0 || column.dictionary_count != 0) return false;
        break;
      case Encoding::kFrame:
        if (view.width != 1 && view.width != 2 && view.width != 4 && view.width != 8) return false;
        if (column.dictionary_count != 0 || view.max < view.min) return false;
        break;
      case Encoding::kDictionary:
        if (view.width != 1 && view.width != 2) return false;
        if (column.dictionary_count == 0 || column.dictionary_count > kDictionaryMax) return false;
        break;
      default:
        return false;
    }
    const std::byte* at = bytes.data();
    view.codes = at;
    at += parts.codes;
    view.dictionary = {reinterpret_cast<const std::int64_t*>(at), column.dictionary_count};
    at += parts.dictionary;
    view.occurrences = {reinterpret_cast<const std::uint32_t*>(at), column.dictionary_count};
    at += parts.occurrences;
    view.zones = {reinterpret_cast<const Zone*>(at), parts.zones / sizeof(Zone)};
    return true;
  }

  std::span<const std::byte> bytes_;
  std::unique_ptr<Segment> segment_;
  std::span<const std::byte> footer_;
  std::span<const std::byte> data_;
  std::uint64_t next_offset_ = 0;
};

Result<std::shared_ptr<const Segment>> Segment::Open(std::span<const std::byte> bytes,
                                                     std::shared_ptr<const void> owner) {
  return SegmentParser(bytes, std::move(owner)).Parse();
}

std::int64_t Segment::Property(std::string_view name, std::int64_t missing) const {
  const auto found = properties_.find(std::string(name));
  return found == properties_.end() ? missing : found->second;
}

const ColumnView* Segment::Find(std::string_view name) const {
  const auto found = columns_.find(name);
  return found == columns_.end() ? nullptr : &found->second;
}

}  // namespace cqd::column
