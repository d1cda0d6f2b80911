#include "file/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/text.h"
#include "file/internal/descriptor.h"
#include "file/io.h"

namespace cqd::file {

Result<FolderLock> FolderLock::Acquire(const std::string& folder) {
  const std::string path = folder + "/LOCK";
  internal::Descriptor descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!descriptor.valid()) return ErrorFromErrno(errno, "open the lock file", path);
  while (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return ErrorFromErrno(errno, "lock the data directory", path);
    char text[32] = {};
    const ssize_t got = ::pread(descriptor.get(), text, sizeof text - 1, 0);
    const auto owner =
        ParseInt(Trim(std::string_view(text, got > 0 ? static_cast<std::size_t>(got) : 0)));
    return Fail(ErrorCode::kFailedPrecondition,
                fmt::format("another process ({}) uses this data directory; stop it first",
                            owner ? fmt::format("process id {}", *owner) : "id unknown"),
                path);
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor.get(), 0) != 0 ||
      ::pwrite(descriptor.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return ErrorFromErrno(errno, "write the lock file", path);
  }
  return FolderLock(descriptor.Release());
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

// The file stays: removing it would let a third process lock a new file beside a waiting second.
FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace cqd::file
