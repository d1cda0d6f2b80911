// The functions of libc that change files, in front of libc's own: the program's definitions are
// found first, also by the shared libraries in it (SQLite).
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

#include "faults/fault_disk.h"

using cqd::test::FaultDisk;

namespace {

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

int RealUnlink(const char* path) {
  static const auto next = reinterpret_cast<int (*)(const char*)>(dlsym(RTLD_NEXT, "unlink"));
  return next(path);
}
int RealRemove(const char* path) {
  static const auto next = reinterpret_cast<int (*)(const char*)>(dlsym(RTLD_NEXT, "remove"));
  return next(path);
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return FaultDisk::Get().Open(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return FaultDisk::Get().Open(path, flags, mode);
}
int close(int descriptor) {
  return FaultDisk::Get().Close(descriptor);
}
ssize_t write(int descriptor, const void* bytes, size_t count) {
  return FaultDisk::Get().Write(descriptor, bytes, count);
}
ssize_t pwrite(int descriptor, const void* bytes, size_t count, off_t offset) {
  return FaultDisk::Get().WriteAt(descriptor, bytes, count, offset);
}
ssize_t pwrite64(int descriptor, const void* bytes, size_t count, off64_t offset) {
  return FaultDisk::Get().WriteAt(descriptor, bytes, count, offset);
}
int fsync(int descriptor) {
  return FaultDisk::Get().Sync(descriptor, false);
}
int fdatasync(int descriptor) {
  return FaultDisk::Get().Sync(descriptor, true);
}
int ftruncate(int descriptor, off_t size) noexcept {
  return FaultDisk::Get().Truncate(descriptor, size);
}
int ftruncate64(int descriptor, off64_t size) noexcept {
  return FaultDisk::Get().Truncate(descriptor, size);
}
int rename(const char* from, const char* to) noexcept {
  return FaultDisk::Get().Rename(from, to);
}
int unlink(const char* path) noexcept {
  return FaultDisk::Get().Unlink(path, RealUnlink);
}
int remove(const char* path) noexcept {
  return FaultDisk::Get().Unlink(path, RealRemove);
}
int mkdir(const char* path, mode_t mode) noexcept {
  return FaultDisk::Get().MakeFolder(path, mode);
}

}  // extern "C"
