// The manifest: which files are the cube now. Replacing it is the moment of publishing.
// Format: docs/formats/segment.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cube/internal/cube_segment.h"

namespace cqd::cube {

inline constexpr int kManifestFormat = 1;

struct SegmentEntry {
  std::string file;
  std::int64_t rows = 0;
  std::uint64_t hash = 0;  ///< column::Segment::hash
  RowRange range;
  std::string patch_file;        ///< its columns in place of the segment's; empty: none
  std::uint64_t patch_hash = 0;  ///< column::Segment::hash
  bool operator==(const SegmentEntry&) const = default;
};

struct MonthEntry {
  Month month;
  std::int64_t incarnation = 0;  ///< of the archive's month
  archive::RowId position;       ///< all changes of the month up to here are in
  std::vector<SegmentEntry> segments;
  std::string masks_file;  ///< dead rows of the segments; empty when none is dead
  bool operator==(const MonthEntry&) const = default;
};

struct Manifest {
  std::int64_t data_version = 0;
  UtcTime published_at;
  std::string zone;
  std::uint64_t definition = 0;  ///< DefinitionHash
  std::int64_t customer_version = 0;
  std::int64_t mapping_version = 0;  ///< archive::MappingVersion, 0 unknown
  std::uint32_t subnet_count = 0;    ///< subnets known when the rows were derived
  std::uint64_t place_hash = 0;      ///< model::Mapping::PlaceHash of them
  std::vector<MonthEntry> months;
  bool operator==(const Manifest&) const = default;
};

std::string FormatManifest(const Manifest& manifest);
/// Errors: kCorruption (checksum, shape), kUnimplemented (newer format).
Result<Manifest> ParseManifest(std::string_view text);
/// Errors: those of ParseManifest, kNotFound, kPermissionDenied.
Result<Manifest> ReadManifest(const std::string& path);

/// The bytes of a masks file: one entry per segment, in the order of the month.
std::vector<std::byte> FormatMasks(const std::vector<VisibleSegment>& segments);
/// Errors: kCorruption when the checksum or the row counts do not fit `segments`; on success their
/// `dead` is set.
Status ParseMasks(std::span<const std::byte> bytes, std::vector<VisibleSegment>& segments);

}  // namespace cqd::cube
