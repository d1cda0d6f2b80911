// Whole files: read with a limit, write so that a crash leaves the old or the new file, never a
// torn one; folders and free space. All functions may be called from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cqd::file {

/// Turns an errno value into our Error; `what` says what was tried and is safe to show, `path` goes
/// to the detail. ENOSPC, EDQUOT and EFBIG are kDiskFull, EIO kDiskFailed, EACCES, EPERM and EROFS
/// kPermissionDenied, ENOENT and ENOTDIR kNotFound, EEXIST kAlreadyExists, EMFILE and ENFILE
/// kResourceExhausted, everything else kUnavailable.
Error ErrorFromErrno(int error_number, std::string_view what, std::string_view path);

/// Replaces the file `path` by `bytes`: written to a file beside it, fsync, rename, fsync of the
/// folder. After success the bytes survive power loss; after any failure or crash `path` is what it
/// was before. Not for two writers of one path at a time.
/// Errors: kDiskFull, kDiskFailed, kPermissionDenied, kNotFound (no such folder), kUnavailable.
Status WriteDurably(const std::string& path, std::string_view bytes);
Status WriteDurably(const std::string& path, std::span<const std::byte> bytes);

/// The whole file. Errors: kNotFound, kPermissionDenied, kResourceExhausted (longer than
/// `bytes_max`), kInvalidArgument (a folder), kUnavailable. Also reads pipes and /proc.
Result<std::string> ReadWhole(const std::string& path, std::uint64_t bytes_max);

/// Makes the names in `folder` durable (fsync of the folder). Errors: as WriteDurably.
Status SyncFolder(const std::string& folder);
/// Makes `folder` and what is missing above it, and the new names durable. Fine when it is there.
/// Errors: kPermissionDenied, kDiskFull, kNotFound (a part of the path is a file), kUnavailable.
Status MakeFolders(const std::string& folder);
/// Removes the file durably; fine when there is none. Errors: kPermissionDenied, kUnavailable.
Status RemoveDurably(const std::string& path);

/// Room on the file system that holds a path, in bytes.
struct DiskSpaceInfo {
  std::uint64_t free_bytes = 0;  ///< for us: without what is reserved for root
  std::uint64_t total_bytes = 0;
};
/// Errors: kNotFound, kPermissionDenied, kUnavailable.
Result<DiskSpaceInfo> DiskSpace(const std::string& path);

}  // namespace cqd::file
