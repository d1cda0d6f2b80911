// One process owns a data directory; a second one is told so.
#pragma once

#include <string>

#include "base/result.h"

namespace cqd::file {

/// Holds `folder`/LOCK as long as it lives. The lock is the system's (flock): it goes with the
/// process, also when that is killed, so a stale file never blocks. The owner's process id is
/// written inside for the error of the second.
class FolderLock {
 public:
  /// Errors: kFailedPrecondition (another process, named by its id, has the folder; also a second
  /// lock in this process), kPermissionDenied, kNotFound (no such folder), kDiskFull, kUnavailable.
  static Result<FolderLock> Acquire(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace cqd::file
