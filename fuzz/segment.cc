// Any bytes as a stored segment and as a manifest: opened or refused, never a crash.
// Links: cube
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "column/segment.h"
#include "cube/internal/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Segments are read from memory that is aligned as a mapped file is.
  auto owner = std::make_shared<std::vector<std::uint64_t>>(size / 8 + 1);
  auto* bytes = reinterpret_cast<std::byte*>(owner->data());
  std::copy_n(reinterpret_cast<const std::byte*>(data), size, bytes);
  (void)cqd::column::Segment::Open(std::span(bytes, size), owner).ok();
  (void)cqd::cube::ParseManifest(std::string_view(reinterpret_cast<const char*>(data), size)).ok();
  return 0;
}
