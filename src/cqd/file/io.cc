#include "file/io.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "file/internal/descriptor.h"

namespace cqd::file {
namespace {

using internal::Descriptor;

std::string FolderOf(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

Status WriteAll(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    // Linux writes at most 2 GiB in one call.
    const ssize_t written =
        ::write(descriptor, bytes.data(), std::min<std::size_t>(bytes.size(), 1U << 30));
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrorFromErrno(errno, "write file", path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return OkStatus();
}

}  // namespace

Error ErrorFromErrno(int error_number, std::string_view what, std::string_view path) {
  ErrorCode code = ErrorCode::kUnavailable;
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      code = ErrorCode::kDiskFull;
      break;
    case EIO:
      code = ErrorCode::kDiskFailed;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = ErrorCode::kPermissionDenied;
      break;
    case ENOENT:
    case ENOTDIR:
      code = ErrorCode::kNotFound;
      break;
    case EEXIST:
      code = ErrorCode::kAlreadyExists;
      break;
    case EMFILE:
    case ENFILE:
      code = ErrorCode::kResourceExhausted;
      break;
    case EISDIR:
    case EINVAL:
    case ENAMETOOLONG:
      code = ErrorCode::kInvalidArgument;
      break;
    default:
      break;
  }
  char buffer[256] = {};
  return Fail(code, fmt::format("{}: {}", what, strerror_r(error_number, buffer, sizeof buffer)),
              std::string(path));
}

Status SyncFolder(const std::string& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.valid()) return ErrorFromErrno(errno, "open folder", folder);
  if (::fsync(descriptor.get()) != 0) return ErrorFromErrno(errno, "sync folder", folder);
  return OkStatus();
}

Status WriteDurably(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".new";
  Status status;
  {
    const Descriptor descriptor(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (!descriptor.valid()) return ErrorFromErrno(errno, "make file", temporary);
    status = WriteAll(descriptor.get(), bytes, temporary);
    if (status.ok() && ::fsync(descriptor.get()) != 0) {
      status = ErrorFromErrno(errno, "sync file", temporary);
    }
  }
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrorFromErrno(errno, "replace file", path);
  }
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return SyncFolder(FolderOf(path));
}

Status WriteDurably(const std::string& path, std::span<const std::byte> bytes) {
  return WriteDurably(path,
                      std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

Result<std::string> ReadWhole(const std::string& path, std::uint64_t bytes_max) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.valid()) return ErrorFromErrno(errno, "open file", path);
  std::string bytes;
  struct stat info {};
  // The size is only a hint: what /proc and pipes report is 0.
  if (::fstat(descriptor.get(), &info) == 0 && info.st_size > 0) {
    bytes.reserve(std::min<std::uint64_t>(static_cast<std::uint64_t>(info.st_size), bytes_max) + 1);
  }
  std::string block(64 * 1024, '\0');
  for (;;) {
    const ssize_t got = ::read(descriptor.get(), block.data(), block.size());
    if (got < 0) {
      if (errno == EINTR) continue;
      return ErrorFromErrno(errno, "read file", path);
    }
    if (got == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(got) > bytes_max) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("the file is longer than the limit of {} bytes", bytes_max), path);
    }
    bytes.append(block.data(), static_cast<std::size_t>(got));
  }
}

Status MakeFolders(const std::string& folder) {
  const std::filesystem::path path(folder);
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return OkStatus();
  const std::string parent = FolderOf(folder);
  if (parent != folder && parent != ".") CQD_RETURN_IF_ERROR(MakeFolders(parent));
  if (::mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) {
    return ErrorFromErrno(errno, "make folder", folder);
  }
  if (!std::filesystem::is_directory(path, error)) {
    return ErrorFromErrno(ENOTDIR, "make folder", folder);
  }
  return SyncFolder(parent);
}

Status RemoveDurably(const std::string& path) {
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return OkStatus();
    return ErrorFromErrno(errno, "remove file", path);
  }
  return SyncFolder(FolderOf(path));
}

Result<DiskSpaceInfo> DiskSpace(const std::string& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) {
    return ErrorFromErrno(errno, "ask for the free space", path);
  }
  return DiskSpaceInfo{static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize,
                       static_cast<std::uint64_t>(info.f_blocks) * info.f_frsize};
}

}  // namespace cqd::file
