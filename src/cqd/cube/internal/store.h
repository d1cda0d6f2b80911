// The folder of the cube: opening what the manifest names, publishing, cleaning up.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "cube/internal/month_build.h"

namespace cqd::cube {

/// An earlier state that can still be asked for.
struct KeptState {
  Manifest manifest;
  std::vector<LoadedMonth> months;
};

/// What a folder holds.
struct StoredCube {
  Manifest manifest;                ///< data_version alone is set when nothing can be served
  bool usable = false;              ///< the manifest was there, readable and of this definition
  std::vector<LoadedMonth> months;  ///< those without damage
  std::set<Month> damaged;
  std::vector<std::string> damage;  ///< in words for an operator
  std::vector<KeptState> kept;      ///< earlier states without damage, newest first
};

/// Opens all segments and verifies every byte of them on `threads` threads. Damage is no error. At
/// most `kept_max` earlier states are opened; those that are damaged or of another definition are
/// forgotten.
/// Errors: kUnimplemented (newer format), kPermissionDenied, kDiskFull (folder cannot be made).
Result<StoredCube> OpenStore(const std::string& folder, int threads, std::size_t kept_max);

/// Sets the months that lost a file since they were opened, or whose file changed its size.
std::vector<std::string> FindMissingFiles(const std::string& folder,
                                          const std::vector<LoadedMonth>& months,
                                          std::set<Month>& damaged);

/// Writes the masks of the months in `changed`, then the manifest: after success the new state is
/// the durable one. `manifest.months` is made from `months`. Errors: those of file::WriteDurably.
Status Publish(const std::string& folder, Manifest& manifest, std::vector<LoadedMonth>& months,
               const std::set<Month>& changed);

/// Writes a manifest beside the newest one, before that is replaced: its state can then be opened
/// again. Errors: those of file::WriteDurably.
Status Keep(const std::string& folder, const Manifest& manifest);

/// Removes files of the cube that neither the manifest nor a kept one names, and kept manifests
/// that are not among `kept`. Best effort.
void RemoveUnused(const std::string& folder, const Manifest& manifest,
                  std::span<const Manifest> kept);

}  // namespace cqd::cube
