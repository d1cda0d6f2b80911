// Databases of a test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace cqd::sqlite {

/// A folder that is gone after the test. (file::TemporaryFolder lies above this layer.)
class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-sqlite-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  std::filesystem::path folder_;
};

}  // namespace cqd::sqlite
