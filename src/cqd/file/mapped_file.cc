#include "file/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "file/internal/descriptor.h"
#include "file/io.h"

namespace cqd::file {

Result<MappedFile> MappedFile::Open(const std::string& path) {
  const internal::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.valid()) return ErrorFromErrno(errno, "open file", path);
  struct stat info {};
  if (::fstat(descriptor.get(), &info) != 0) return ErrorFromErrno(errno, "open file", path);
  if (!S_ISREG(info.st_mode)) {
    return Fail(ErrorCode::kInvalidArgument, "open file: not a regular file", path);
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  // mmap refuses a length of 0.
  if (size == 0) return MappedFile(nullptr, 0);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor.get(), 0);
  if (data == MAP_FAILED) {
    const int error = errno;
    if (error == ENOMEM) {
      return Fail(ErrorCode::kResourceExhausted, "map file: no address space left", path);
    }
    return ErrorFromErrno(error, "map file", path);
  }
  return MappedFile(static_cast<const std::byte*>(data), size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::WillNeed() const {
  if (data_ != nullptr) ::madvise(const_cast<std::byte*>(data_), size_, MADV_WILLNEED);
}

}  // namespace cqd::file
