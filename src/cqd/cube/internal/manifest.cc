#include "cube/internal/manifest.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <bit>
#include <boost/json.hpp>
#include <charconv>
#include <cstring>

#include "file/io.h"

namespace cqd::cube {
namespace {

namespace json = boost::json;

// About 200 bytes a segment: room for 100 years of months.
constexpr std::uint64_t kManifestBytesMax = 256 << 20;
constexpr std::uint64_t kMasksMagic = 0x314b'5341'4d44'5143;  // "CQDMASK1"

Error Damaged(std::string detail) {
  return Fail(ErrorCode::kCorruption, "the manifest of the cube is damaged", std::move(detail));
}

std::string Hex(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

std::uint64_t FromHex(const json::value& value) {
  const auto& text = value.as_string();
  std::uint64_t number = 0;
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number, 16);
  if (error != std::errc() || at != end) throw std::invalid_argument("hexadecimal number");
  return number;
}

json::object ToJson(const SegmentEntry& entry) {
  json::object object = {{"file", entry.file},
                         {"rows", entry.rows},
                         {"hash", Hex(entry.hash)},
                         {"after", entry.range.after.value},
                         {"up_to", entry.range.up_to.value}};
  if (!entry.patch_file.empty()) {
    object["patch"] = entry.patch_file;
    object["patch_hash"] = Hex(entry.patch_hash);
  }
  return object;
}

SegmentEntry SegmentFromJson(const json::object& object) {
  SegmentEntry entry;
  entry.file = json::value_to<std::string>(object.at("file"));
  entry.rows = object.at("rows").to_number<std::int64_t>();
  entry.hash = FromHex(object.at("hash"));
  entry.range = {archive::RowId(object.at("after").to_number<std::int64_t>()),
                 archive::RowId(object.at("up_to").to_number<std::int64_t>())};
  if (const json::value* patch = object.if_contains("patch")) {
    entry.patch_file = json::value_to<std::string>(*patch);
    entry.patch_hash = FromHex(object.at("patch_hash"));
  }
  return entry;
}

MonthEntry MonthFromJson(const json::object& object) {
  MonthEntry entry;
  auto month = Month::Parse(json::value_to<std::string>(object.at("month")));
  if (!month.ok()) throw std::invalid_argument("month");
  entry.month = *month;
  entry.incarnation = object.at("incarnation").to_number<std::int64_t>();
  entry.position = archive::RowId(object.at("position").to_number<std::int64_t>());
  entry.masks_file = json::value_to<std::string>(object.at("masks"));
  for (const json::value& segment : object.at("segments").as_array()) {
    entry.segments.push_back(SegmentFromJson(segment.as_object()));
  }
  return entry;
}

Manifest ManifestFromJson(const json::object& object) {
  Manifest manifest;
  manifest.data_version = object.at("data_version").to_number<std::int64_t>();
  manifest.published_at = FromMicros(object.at("published_at_us").to_number<std::int64_t>());
  manifest.zone = json::value_to<std::string>(object.at("zone"));
  manifest.definition = FromHex(object.at("definition"));
  manifest.customer_version = object.at("customer_version").to_number<std::int64_t>();
  manifest.subnet_count = object.at("subnet_count").to_number<std::uint32_t>();
  manifest.place_hash = FromHex(object.at("inside_hash"));
  // Manifests of the first version have none.
  if (const json::value* mapping = object.if_contains("mapping_version")) {
    manifest.mapping_version = mapping->to_number<std::int64_t>();
  }
  for (const json::value& month : object.at("months").as_array()) {
    manifest.months.push_back(MonthFromJson(month.as_object()));
  }
  return manifest;
}

template <typename T>
void Put(std::vector<std::byte>& out, const T& value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof(value));
}

}  // namespace

std::string FormatManifest(const Manifest& manifest) {
  json::array months;
  for (const MonthEntry& month : manifest.months) {
    json::array segments;
    for (const SegmentEntry& segment : month.segments) segments.push_back(ToJson(segment));
    months.push_back(json::object{{"month", month.month.ToString()},
                                  {"incarnation", month.incarnation},
                                  {"position", month.position.value},
                                  {"masks", month.masks_file},
                                  {"segments", std::move(segments)}});
  }
  const json::object object = {{"format", kManifestFormat},
                               {"data_version", manifest.data_version},
                               {"published_at_us", ToMicros(manifest.published_at)},
                               {"zone", manifest.zone},
                               {"definition", Hex(manifest.definition)},
                               {"customer_version", manifest.customer_version},
                               {"subnet_count", manifest.subnet_count},
                               {"inside_hash", Hex(manifest.place_hash)},
                               {"mapping_version", manifest.mapping_version},
                               {"months", std::move(months)}};
  const std::string body = json::serialize(object) + "\n";
  return Hex(XXH3_64bits(body.data(), body.size())) + "\n" + body;
}

Result<Manifest> ParseManifest(std::string_view text) {
  if (text.size() < 17 || text[16] != '\n') return Damaged("no checksum line");
  const std::string_view body = text.substr(17);
  if (text.substr(0, 16) != Hex(XXH3_64bits(body.data(), body.size()))) {
    return Damaged("checksum");
  }
  try {
    const json::value value = json::parse(body);
    const json::object& object = value.as_object();
    const auto format = object.at("format").to_number<std::int64_t>();
    if (format > kManifestFormat) {
      return Fail(ErrorCode::kUnimplemented, "the cube was written by a newer version",
                  fmt::format("manifest format {}", format));
    }
    return ManifestFromJson(object);
  } catch (const std::exception& error) {
    return Damaged(error.what());
  }
}

Result<Manifest> ReadManifest(const std::string& path) {
  CQD_ASSIGN_OR_RETURN(const std::string text, file::ReadWhole(path, kManifestBytesMax));
  return ParseManifest(text);
}

std::vector<std::byte> FormatMasks(const std::vector<VisibleSegment>& segments) {
  std::vector<std::byte> bytes;
  Put(bytes, kMasksMagic);
  for (const VisibleSegment& visible : segments) {
    Put(bytes, static_cast<std::uint64_t>(visible.segment->row_count()));
    Put(bytes, static_cast<std::uint64_t>(visible.dead ? visible.dead->bits.size() : 0));
    if (!visible.dead) continue;
    for (const std::uint64_t word : visible.dead->bits) Put(bytes, word);
  }
  Put(bytes, static_cast<std::uint64_t>(XXH3_64bits(bytes.data(), bytes.size())));
  return bytes;
}

Status ParseMasks(std::span<const std::byte> bytes, std::vector<VisibleSegment>& segments) {
  const auto damaged = [] {
    return Fail(ErrorCode::kCorruption, "a file of replaced rows of the cube is damaged");
  };
  if (bytes.size() % 8 != 0 || bytes.size() < 16) return damaged();
  std::vector<std::uint64_t> words(bytes.size() / 8);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  if (words.back() != XXH3_64bits(bytes.data(), bytes.size() - 8)) return damaged();
  if (words.front() != kMasksMagic) return damaged();
  std::size_t at = 1;
  const std::size_t end = words.size() - 1;
  for (VisibleSegment& visible : segments) {
    if (end - at < 2) return damaged();
    const std::size_t rows = words[at++];
    const std::size_t count = words[at++];
    if (rows != visible.segment->row_count()) return damaged();
    visible.dead = nullptr;
    if (count == 0) continue;
    if (count != (rows + 63) / 64 || end - at < count) return damaged();
    auto dead = std::make_shared<DeadRows>();
    dead->bits.assign(words.begin() + static_cast<std::ptrdiff_t>(at),
                      words.begin() + static_cast<std::ptrdiff_t>(at + count));
    for (const std::uint64_t word : dead->bits) dead->count += std::popcount(word);
    visible.dead = std::move(dead);
    at += count;
  }
  if (at != end) return damaged();
  return OkStatus();
}

}  // namespace cqd::cube
