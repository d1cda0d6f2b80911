// A disk that fails on command, below SQLite and below our own file layer.
//
// The test program defines write, fsync, rename and their like itself (interpose.cc), so every
// write of a library in this process comes by here. Files below one watched folder are kept in two
// states: what a program reads, and what would still be there after the power went: bytes count as
// kept once their file was synced, names once their folder was. That is less than most file systems
// keep and what POSIX promises.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace cqd::test {

enum class Fault : std::uint8_t {
  kNone,
  kIoError,     ///< one operation of any kind fails with EIO
  kDiskFull,    ///< one operation that needs room fails with ENOSPC
  kShortWrite,  ///< one write stores half of its bytes, and there is no room for the rest
  kSyncFails,   ///< one sync fails with EIO; what it should have kept may be lost for ever, as on
                ///< Linux
  kDiskStaysFull,  ///< from there on nothing has room until Heal
  kDiskGone,       ///< from there on everything fails with EIO until Heal
  kPowerLoss,      ///< from there on nothing reaches the disk; then LosePower
};
const char* FaultName(Fault fault);

/// The one disk of the process. Threads: any.
class FaultDisk {
 public:
  static FaultDisk& Get();

  /// From now on this folder, which exists, lies on the disk; what is in it now is kept.
  void Watch(const std::string& folder, unsigned seed);
  void Unwatch();
  /// The `n`-th operation (from 1) that can fail in this way will.
  void Arm(Fault fault, std::int64_t n);
  /// No further failures.
  void Heal();
  /// True once the armed fault was met.
  bool fired() const;
  /// What it hit: "pwrite archive/main.sqlite-wal".
  std::string fired_at() const;
  /// Operations since Watch that `fault` could have hit.
  std::int64_t operations(Fault fault) const;

  /// The power goes: leaves in the folder what was kept, and of what was not any part: names in the
  /// order they were made up to some moment, of each file any of its writes, the last one torn.
  /// Precondition: nobody has a file of it open. The disk works again afterwards.
  void LosePower();

  // For interpose.cc. Each does the operation, or fails and sets errno, and gives what libc would.
  int Open(const char* path, int flags, mode_t mode);
  int Close(int descriptor);
  ssize_t Write(int descriptor, const void* bytes, std::size_t count);
  ssize_t WriteAt(int descriptor, const void* bytes, std::size_t count, off_t offset);
  int Sync(int descriptor, bool data_only);
  int Truncate(int descriptor, off_t size);
  int Rename(const char* from, const char* to);
  int Unlink(const char* path, int (*remove)(const char*));
  int MakeFolder(const char* path, mode_t mode);

 private:
  struct Change {
    bool truncates = false;
    std::size_t offset = 0;  ///< or the new size
    std::string bytes;
  };
  struct File {
    bool is_folder = false;
    std::string kept;
    std::vector<Change> pending;
  };
  using FilePtr = std::shared_ptr<File>;
  /// A change of a name: `file` null removes it.
  struct NameChange {
    std::string path;
    FilePtr file;
    std::string removed;  ///< the other name of a rename
  };
  struct OpenFile {
    FilePtr file;
    std::string path;
  };
  enum class Kind : std::uint8_t { kNeedsRoom, kWrite, kSync, kOther };

  FaultDisk() = default;
  bool Watches(const std::string& path) const;
  OpenFile* Find(int descriptor);
  /// Counts the operation; the errno it must fail with, 0 to go on, or kHalf.
  int Meet(Kind kind, const char* what, const std::string& path);
  bool CanHit(Fault fault, Kind kind) const;
  void Note(FilePtr& file, Change change);
  ssize_t Store(OpenFile& open, int descriptor, const void* bytes, std::size_t count, off_t offset,
                const char* what, bool at);
  void Apply(File& file, const Change& change) const;
  void KeepNamesOf(const std::string& folder);

  static constexpr int kHalf = -1;
  mutable std::mutex mutex_;
  std::string root_;
  std::mt19937 random_;
  std::map<int, OpenFile> open_;
  std::map<std::string, FilePtr> now_, kept_;
  std::vector<NameChange> pending_names_;
  Fault fault_ = Fault::kNone;
  std::int64_t left_ = 0;
  bool fired_ = false;
  bool full_next_ = false;  ///< the rest of a short write finds no room
  std::string fired_at_;
  std::map<Fault, std::int64_t> counts_;
};

}  // namespace cqd::test
