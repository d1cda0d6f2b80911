// A folder for a test: new, empty, gone afterwards.
#pragma once

#include <string>

namespace cqd::file {

/// Makes a folder below the system's folder for temporary files; removes it with everything in it.
/// Ends the process when it cannot be made: only for tests and benchmarks.
class TemporaryFolder {
 public:
  TemporaryFolder();
  /// Below `parent` instead.
  explicit TemporaryFolder(const std::string& parent);
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::string& path() const { return path_; }
  /// path() + "/" + name.
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace cqd::file
