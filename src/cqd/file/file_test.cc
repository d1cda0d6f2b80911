#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "file/folder_lock.h"
#include "file/io.h"
#include "file/mapped_file.h"
#include "file/temporary_folder.h"

namespace cqd::file {
namespace {

TEST(ErrnoTest, CodesSayWhatToDo) {
  EXPECT_EQ(ErrorFromErrno(ENOSPC, "x", "p").code, ErrorCode::kDiskFull);
  EXPECT_EQ(ErrorFromErrno(EDQUOT, "x", "p").code, ErrorCode::kDiskFull);
  EXPECT_EQ(ErrorFromErrno(EACCES, "x", "p").code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(ErrorFromErrno(ENOENT, "x", "p").code, ErrorCode::kNotFound);
  EXPECT_EQ(ErrorFromErrno(EIO, "x", "p").code, ErrorCode::kDiskFailed);
  EXPECT_EQ(ErrorFromErrno(EBUSY, "x", "p").code, ErrorCode::kUnavailable);
  const Error error = ErrorFromErrno(ENOENT, "open", "/secret");
  EXPECT_EQ(error.message.find("secret"), std::string::npos) << "paths belong to the detail";
  EXPECT_EQ(error.detail, "/secret");
}

TEST(ReadWriteTest, BytesComeBackAndNothingElseIsLeft) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("a");
  for (const std::string& bytes :
       {std::string("one"), std::string(), std::string(300'000, 'x'), std::string("\0\xff", 2)}) {
    ASSERT_TRUE(WriteDurably(path, bytes).ok());
    EXPECT_EQ(*ReadWhole(path, 1'000'000), bytes);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  }
  EXPECT_EQ(ReadWhole(path, 1).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(*ReadWhole(path, 2), std::string("\0\xff", 2)) << "the limit itself is allowed";
  EXPECT_EQ(ReadWhole(folder.Path("none"), 1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadWhole(folder.path(), 1).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(WriteDurably(folder.Path("none/a"), "x").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(RemoveDurably(path).ok());
  EXPECT_TRUE(RemoveDurably(path).ok());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ReadWriteTest, AFailedWriteLeavesTheOldFile) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("a");
  ASSERT_TRUE(WriteDurably(path, "old").ok());
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit tight{4096, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  const Status status = WriteDurably(path, std::string(10'000, 'n'));
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, SIG_DFL);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kDiskFull);
  EXPECT_EQ(*ReadWhole(path, 100), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(FolderTest, MadeWithItsParents) {
  const TemporaryFolder folder;
  EXPECT_TRUE(MakeFolders(folder.Path("a/b/c")).ok());
  EXPECT_TRUE(MakeFolders(folder.Path("a/b/c")).ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder.Path("a/b/c")));
  std::ofstream(folder.Path("f")) << "x";
  EXPECT_EQ(MakeFolders(folder.Path("f/b")).error().code, ErrorCode::kNotFound);
  const auto space = DiskSpace(folder.path());
  ASSERT_TRUE(space.ok());
  EXPECT_GT(space->total_bytes, space->free_bytes);
  EXPECT_EQ(DiskSpace(folder.Path("none")).error().code, ErrorCode::kNotFound);
}

TEST(MappedFileTest, BytesOutliveTheName) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("a");
  ASSERT_TRUE(WriteDurably(path, "first").ok());
  auto mapped = MappedFile::Open(path);
  ASSERT_TRUE(mapped.ok());
  ASSERT_TRUE(WriteDurably(path, "second").ok());
  MappedFile moved = *std::move(mapped);
  moved.WillNeed();
  const auto bytes = moved.bytes();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "first");
  ASSERT_TRUE(WriteDurably(path, "").ok());
  EXPECT_TRUE(MappedFile::Open(path)->bytes().empty());
  EXPECT_EQ(MappedFile::Open(folder.Path("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(MappedFile::Open(folder.path()).error().code, ErrorCode::kInvalidArgument);
}

TEST(FolderLockTest, TheSecondProcessIsToldWhoHasIt) {
  const TemporaryFolder folder;
  {
    const auto lock = FolderLock::Acquire(folder.path());
    ASSERT_TRUE(lock.ok());
    const auto second = FolderLock::Acquire(folder.path());
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::kFailedPrecondition);
    EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos);
  }
  EXPECT_TRUE(FolderLock::Acquire(folder.path()).ok()) << "free again";
  EXPECT_EQ(FolderLock::Acquire(folder.Path("none")).error().code, ErrorCode::kNotFound);
}

TEST(FolderLockTest, AKilledOwnerDoesNotBlock) {
  const TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = FolderLock::Acquire(folder.path());
    const char mark = lock.ok() ? 'y' : 'n';
    if (write(ready[1], &mark, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char mark = 0;
  ASSERT_EQ(read(ready[0], &mark, 1), 1);
  EXPECT_EQ(mark, 'y');
  const auto second = FolderLock::Acquire(folder.path());
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find(std::to_string(child)), std::string::npos);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(FolderLock::Acquire(folder.path()).ok());
  close(ready[0]);
  close(ready[1]);
}

TEST(TemporaryFolderTest, GoneAfterwards) {
  std::string path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    ASSERT_TRUE(MakeFolders(folder.Path("a/b")).ok());
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace cqd::file
