// The folder of the cube: opening what the manifest names, publishing, cleaning up.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cube/internal/month_build.h"

namespace cqd::cube {

/// What a folder holds.
struct StoredCube {
  Manifest manifest;                ///< data_version alone is set when nothing can be served
  bool usable = false;              ///< the manifest was there, readable and of this definition
  std::vector<LoadedMonth> months;  ///< those without damage
  std::set<Month> damaged;
  std::vector<std::string> damage;  ///< in words for an operator
};

/// Opens all segments and verifies every byte of them on `threads` threads. Damage is no error.
/// Errors: kUnimplemented (newer format), kPermissionDenied, kDiskFull (folder cannot be made).
Result<StoredCube> OpenStore(const std::string& folder, int threads);

/// Sets the months that lost a file since they were opened, or whose file changed its size.
std::vector<std::string> FindMissingFiles(const std::string& folder,
                                          const std::vector<LoadedMonth>& months,
                                          std::set<Month>& damaged);

/// Writes the masks of the months in `changed`, then the manifest: after success the new state is
/// the durable one. `manifest.months` is made from `months`. Errors: those of file::WriteDurably.
Status Publish(const std::string& folder, Manifest& manifest, std::vector<LoadedMonth>& months,
               const std::set<Month>& changed);

/// Removes files of the cube that the manifest does not name. Best effort.
void RemoveUnused(const std::string& folder, const Manifest& manifest);

}  // namespace cqd::cube
