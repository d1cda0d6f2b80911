// A file mapped into memory, read-only.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"

namespace cqd::file {

/// Owner of one mapping of a whole file; the bytes stay readable for the life of the object, also
/// when the file is replaced (by rename) or removed meanwhile.
/// A file that is cut short while mapped ends the process (SIGBUS): map only files that are written
/// once and replaced whole.
/// Threads: bytes() from any thread.
class MappedFile {
 public:
  /// Errors: kNotFound, kPermissionDenied, kInvalidArgument (not a regular file),
  /// kResourceExhausted (no address space, too many files), kUnavailable. An empty file is fine.
  static Result<MappedFile> Open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  /// Advises the system to read the whole file ahead.
  void WillNeed() const;

 private:
  MappedFile(const std::byte* data, std::size_t size) : data_(data), size_(size) {}
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace cqd::file
