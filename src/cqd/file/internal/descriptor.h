// Owner of a file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace cqd::file::internal {

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  bool valid() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  /// Gives the descriptor away.
  int Release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

}  // namespace cqd::file::internal
