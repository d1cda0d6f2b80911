// The failing disk itself: a test that trusts it must know that it finds what it is to find.
#include "faults/fault_disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "file/io.h"
#include "file/temporary_folder.h"
#include "sqlite/database.h"

namespace cqd::test {
namespace {

class FaultDiskTest : public testing::Test {
 protected:
  FaultDiskTest() { disk_.Watch(folder_.path(), 1); }
  ~FaultDiskTest() override { disk_.Unwatch(); }
  std::string Path(const std::string& name) { return folder_.Path(name); }
  int Make(const std::string& name, const std::string& bytes) {
    const int descriptor = ::open(Path(name).c_str(), O_WRONLY | O_CREAT, 0600);
    EXPECT_EQ(::write(descriptor, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    return descriptor;
  }
  bool There(const std::string& name) { return std::filesystem::exists(Path(name)); }

  const file::TemporaryFolder folder_;
  FaultDisk& disk_ = FaultDisk::Get();
};

TEST_F(FaultDiskTest, SyncedBytesUnderASyncedNameStay) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(file::WriteDurably(Path("a"), "version " + std::to_string(i)).ok());
    disk_.LosePower();
    EXPECT_EQ(*file::ReadWhole(Path("a"), 100), "version " + std::to_string(i));
  }
}

TEST_F(FaultDiskTest, WhatWasNotSyncedGoesNowAndThen) {
  int name_lost = 0, bytes_lost = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string name = std::to_string(i);
    const int descriptor = Make(name, std::string(2000, 'x'));
    if (i % 2 == 0 && ::fsync(descriptor) != 0) FAIL();
    ::close(descriptor);
    disk_.LosePower();
    if (!There(name)) {
      ++name_lost;
    } else if (std::filesystem::file_size(Path(name)) < 2000) {
      EXPECT_EQ(i % 2, 1) << "synced bytes are lost";
      ++bytes_lost;
    }
  }
  EXPECT_GT(name_lost, 0);
  EXPECT_GT(bytes_lost, 0);
}

TEST_F(FaultDiskTest, ARemovedNameMayComeBack) {
  int back = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(file::WriteDurably(Path("a"), "x").ok());
    ASSERT_EQ(::unlink(Path("a").c_str()), 0);
    disk_.LosePower();
    back += There("a");
    ASSERT_TRUE(file::RemoveDurably(Path("a")).ok());
    disk_.LosePower();
    EXPECT_FALSE(There("a"));
  }
  EXPECT_GT(back, 0);
}

TEST_F(FaultDiskTest, EachFaultHitsTheOperationItSays) {
  disk_.Arm(Fault::kDiskFull, 2);  // the file itself is the first operation that needs room
  const int descriptor = ::open(Path("a").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(descriptor, 0);
  EXPECT_EQ(::write(descriptor, "abcd", 4), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(disk_.fired_at(), "write a");
  EXPECT_EQ(::write(descriptor, "abcd", 4), 4) << "once";
  disk_.Arm(Fault::kShortWrite, 1);
  EXPECT_EQ(::write(descriptor, "efgh", 4), 2);
  EXPECT_EQ(::write(descriptor, "gh", 2), -1) << "no room for the rest";
  EXPECT_EQ(::write(descriptor, "gh", 2), 2);
  disk_.Arm(Fault::kSyncFails, 1);
  EXPECT_EQ(::fsync(descriptor), -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(::fsync(descriptor), 0);
  disk_.Arm(Fault::kDiskGone, 1);
  EXPECT_EQ(::ftruncate(descriptor, 0), -1);
  EXPECT_EQ(::rename(Path("a").c_str(), Path("b").c_str()), -1);
  EXPECT_EQ(::unlink(Path("a").c_str()), -1);
  disk_.Heal();
  EXPECT_EQ(::unlink(Path("a").c_str()), 0);
  ::close(descriptor);
}

/// Rows that were acknowledged before the power went and are gone after it, over many tries.
int LostRows(FaultDisk& disk, const std::string& path, bool durable) {
  int lost = 0;
  for (int i = 0; i < 20; ++i) {
    {
      auto database = sqlite::Database::Open(path, {.durable = durable});
      EXPECT_TRUE(database.ok()) << database.error().ToString();
      EXPECT_TRUE(database->Execute("CREATE TABLE IF NOT EXISTS t(a); DELETE FROM t").ok());
      EXPECT_TRUE(database->Execute("INSERT INTO t VALUES(1)").ok());
      disk.Arm(Fault::kPowerLoss, 1);
    }
    disk.LosePower();
    auto database = sqlite::Database::Open(path);
    EXPECT_TRUE(database.ok()) << database.error().ToString();
    const auto rows = database->QueryInt("SELECT count(*) FROM t");
    lost += !rows.ok() || rows->value_or(0) != 1;
  }
  return lost;
}

TEST_F(FaultDiskTest, SqliteKeepsWhatItSyncedAndOnlyThat) {
  EXPECT_EQ(LostRows(disk_, Path("durable.sqlite"), true), 0);
  EXPECT_GT(LostRows(disk_, Path("fast.sqlite"), false), 0)
      << "this disk forgives what a real one would not";
}

}  // namespace
}  // namespace cqd::test
