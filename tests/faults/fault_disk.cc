#include "faults/fault_disk.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace cqd::test {
namespace {

namespace fs = std::filesystem;

constexpr Fault kFaults[] = {Fault::kIoError,   Fault::kDiskFull,      Fault::kShortWrite,
                             Fault::kSyncFails, Fault::kDiskStaysFull, Fault::kDiskGone,
                             Fault::kPowerLoss};
/// A write is torn between sectors, not within one: SQLite's and the disks' own assumption.
constexpr std::size_t kSectorBytes = 512;

/// The function that would have been called without us.
template <typename Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}
int RealOpen(const char* path, int flags, mode_t mode) {
  static const auto next = Next<int (*)(const char*, int, ...)>("open64");
  return next(path, flags, mode);
}
int RealClose(int descriptor) {
  static const auto next = Next<int (*)(int)>("close");
  return next(descriptor);
}
ssize_t RealWrite(int descriptor, const void* bytes, std::size_t count) {
  static const auto next = Next<ssize_t (*)(int, const void*, std::size_t)>("write");
  return next(descriptor, bytes, count);
}
ssize_t RealWriteAt(int descriptor, const void* bytes, std::size_t count, off_t offset) {
  static const auto next = Next<ssize_t (*)(int, const void*, std::size_t, off_t)>("pwrite64");
  return next(descriptor, bytes, count, offset);
}
int RealSync(int descriptor, bool data_only) {
  static const auto all = Next<int (*)(int)>("fsync");
  static const auto data = Next<int (*)(int)>("fdatasync");
  return data_only ? data(descriptor) : all(descriptor);
}
int RealTruncate(int descriptor, off_t size) {
  static const auto next = Next<int (*)(int, off_t)>("ftruncate64");
  return next(descriptor, size);
}
int RealRename(const char* from, const char* to) {
  static const auto next = Next<int (*)(const char*, const char*)>("rename");
  return next(from, to);
}
int RealMakeFolder(const char* path, mode_t mode) {
  static const auto next = Next<int (*)(const char*, mode_t)>("mkdir");
  return next(path, mode);
}

int FailWith(int error) {
  errno = error;
  return -1;
}

std::string FolderOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

/// SQLite's shared memory: no disk's business, and worth nothing after a restart.
bool IsMemory(const std::string& path) {
  return path.ends_with("-shm");
}

/// With the functions behind ours, which would wait for themselves.
void EmptyFolder(const std::string& folder) {
  static const auto unlink_next = Next<int (*)(const char*)>("unlink");
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) {
      EmptyFolder(entry.path().string());
      rmdir(entry.path().c_str());
    } else {
      unlink_next(entry.path().c_str());
    }
  }
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace

const char* FaultName(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      return "none";
    case Fault::kIoError:
      return "I/O error";
    case Fault::kDiskFull:
      return "disk full";
    case Fault::kShortWrite:
      return "short write";
    case Fault::kSyncFails:
      return "sync fails";
    case Fault::kDiskStaysFull:
      return "disk stays full";
    case Fault::kDiskGone:
      return "disk gone";
    case Fault::kPowerLoss:
      return "power loss";
  }
  return "?";
}

FaultDisk& FaultDisk::Get() {
  // Never destroyed: the process writes to its last moment.
  static auto* const disk = new FaultDisk;
  return *disk;
}

void FaultDisk::Watch(const std::string& folder, unsigned seed) {
  const std::lock_guard lock(mutex_);
  root_ = fs::canonical(folder).string();
  random_.seed(seed);
  open_.clear();
  now_.clear();
  pending_names_.clear();
  counts_.clear();
  fault_ = Fault::kNone;
  fired_ = full_next_ = false;
  fired_at_.clear();
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    auto file = std::make_shared<File>();
    file->is_folder = entry.is_directory();
    if (!file->is_folder) file->kept = ReadFile(entry.path());
    now_[entry.path().string()] = std::move(file);
  }
  kept_ = now_;
}

void FaultDisk::Unwatch() {
  const std::lock_guard lock(mutex_);
  root_.clear();
  open_.clear();
  now_.clear();
  kept_.clear();
  pending_names_.clear();
}

void FaultDisk::Arm(Fault fault, std::int64_t n) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  left_ = n;
  fired_ = full_next_ = false;
  fired_at_.clear();
}

void FaultDisk::Heal() {
  const std::lock_guard lock(mutex_);
  fault_ = Fault::kNone;
  full_next_ = false;
}

bool FaultDisk::fired() const {
  const std::lock_guard lock(mutex_);
  return fired_;
}

std::string FaultDisk::fired_at() const {
  const std::lock_guard lock(mutex_);
  return fired_at_;
}

std::int64_t FaultDisk::operations(Fault fault) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(fault);
  return found == counts_.end() ? 0 : found->second;
}

bool FaultDisk::Watches(const std::string& path) const {
  return !root_.empty() && path.size() > root_.size() && path.starts_with(root_) &&
         path[root_.size()] == '/';
}

FaultDisk::OpenFile* FaultDisk::Find(int descriptor) {
  const auto found = open_.find(descriptor);
  return found == open_.end() ? nullptr : &found->second;
}

bool FaultDisk::CanHit(Fault fault, Kind kind) const {
  switch (fault) {
    case Fault::kNone:
      return false;
    case Fault::kIoError:
    case Fault::kDiskGone:
    case Fault::kPowerLoss:
      return true;
    case Fault::kDiskFull:
    case Fault::kDiskStaysFull:
      return kind == Kind::kNeedsRoom || kind == Kind::kWrite;
    case Fault::kShortWrite:
      return kind == Kind::kWrite;
    case Fault::kSyncFails:
      return kind == Kind::kSync;
  }
  return false;
}

int FaultDisk::Meet(Kind kind, const char* what, const std::string& path) {
  for (const Fault fault : kFaults) counts_[fault] += CanHit(fault, kind) ? 1 : 0;
  if (full_next_ && CanHit(Fault::kDiskFull, kind)) {
    full_next_ = false;
    return ENOSPC;
  }
  if (!CanHit(fault_, kind)) return 0;
  const bool stays =
      fault_ == Fault::kDiskStaysFull || fault_ == Fault::kDiskGone || fault_ == Fault::kPowerLoss;
  if (left_ > 0) --left_;
  if (left_ > 0 || (fired_ && !stays)) return 0;
  if (!fired_) fired_at_ = std::string(what) + " " + path.substr(root_.size() + 1);
  fired_ = true;
  if (fault_ == Fault::kShortWrite) return kHalf;
  return fault_ == Fault::kDiskFull || fault_ == Fault::kDiskStaysFull ? ENOSPC : EIO;
}

void FaultDisk::Apply(File& file, const Change& change) const {
  if (change.truncates) {
    file.kept.resize(change.offset);
    return;
  }
  if (file.kept.size() < change.offset + change.bytes.size())
    file.kept.resize(change.offset + change.bytes.size());
  std::memcpy(file.kept.data() + change.offset, change.bytes.data(), change.bytes.size());
}

int FaultDisk::Open(const char* path, int flags, mode_t mode) {
  const std::lock_guard lock(mutex_);
  const std::string name = path;
  if (!Watches(name)) return RealOpen(path, flags, mode);
  const auto known = now_.find(name);
  const bool makes = (flags & O_CREAT) != 0 && known == now_.end();
  const bool empties = (flags & O_TRUNC) != 0 && known != now_.end();
  if (makes || empties) {
    const int error = Meet(makes ? Kind::kNeedsRoom : Kind::kOther, "open", name);
    if (error != 0) return FailWith(error);
  }
  const int descriptor = RealOpen(path, flags, mode);
  if (descriptor < 0) return descriptor;
  if (makes) {
    now_[name] = std::make_shared<File>();
    pending_names_.push_back({name, now_[name], {}});
  }
  if (empties) known->second->pending.push_back({true, 0, {}});
  const auto found = now_.find(name);
  if (found != now_.end()) open_[descriptor] = {found->second, name};
  return descriptor;
}

int FaultDisk::Close(int descriptor) {
  const std::lock_guard lock(mutex_);
  if (!open_.empty()) open_.erase(descriptor);
  return RealClose(descriptor);
}

ssize_t FaultDisk::Store(OpenFile& open, int descriptor, const void* bytes, std::size_t count,
                         off_t offset, const char* what, bool at) {
  const int error = Meet(Kind::kWrite, what, open.path);
  if (error > 0) return FailWith(error);
  if (error == kHalf) {
    count /= 2;
    full_next_ = true;
    if (count == 0) return FailWith(ENOSPC);
  }
  const ssize_t written =
      at ? RealWriteAt(descriptor, bytes, count, offset) : RealWrite(descriptor, bytes, count);
  if (written > 0 && !IsMemory(open.path)) {
    open.file->pending.push_back(
        {false, static_cast<std::size_t>(offset),
         std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(written))});
  }
  return written;
}

ssize_t FaultDisk::Write(int descriptor, const void* bytes, std::size_t count) {
  std::unique_lock lock(mutex_);
  OpenFile* const open = Find(descriptor);
  if (open == nullptr) {
    lock.unlock();  // a pipe may block
    return RealWrite(descriptor, bytes, count);
  }
  return Store(*open, descriptor, bytes, count, lseek(descriptor, 0, SEEK_CUR), "write", false);
}

ssize_t FaultDisk::WriteAt(int descriptor, const void* bytes, std::size_t count, off_t offset) {
  const std::lock_guard lock(mutex_);
  OpenFile* const open = Find(descriptor);
  if (open == nullptr) return RealWriteAt(descriptor, bytes, count, offset);
  return Store(*open, descriptor, bytes, count, offset, "pwrite", true);
}

void FaultDisk::KeepNamesOf(const std::string& folder) {
  std::vector<NameChange> rest;
  for (NameChange& change : pending_names_) {
    // A rename within one folder is one change; ours never cross folders.
    if (FolderOf(change.path) != folder) {
      rest.push_back(std::move(change));
      continue;
    }
    if (!change.removed.empty()) kept_.erase(change.removed);
    if (change.file == nullptr) {
      kept_.erase(change.path);
    } else {
      kept_[change.path] = change.file;
    }
  }
  pending_names_ = std::move(rest);
}

int FaultDisk::Sync(int descriptor, bool data_only) {
  std::unique_lock lock(mutex_);
  OpenFile* const open = Find(descriptor);
  if (open == nullptr) {
    struct stat info {};
    std::string path;
    if (!root_.empty() && fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode)) {
      std::error_code failed;
      path = fs::read_symlink("/proc/self/fd/" + std::to_string(descriptor), failed).string();
    }
    if (path != root_ || path.empty()) {
      lock.unlock();
      return RealSync(descriptor, data_only);
    }
  }
  const std::string path = open != nullptr ? open->path : root_;
  const int error = Meet(Kind::kSync, "sync", path.size() > root_.size() ? path : root_ + "/.");
  if (open == nullptr || open->file->is_folder) {
    if (error != 0) return FailWith(error);
    KeepNamesOf(path);
    return 0;
  }
  File& file = *open->file;
  if (error != 0) {
    if (fault_ != Fault::kSyncFails) return FailWith(error);
    // The system marks the pages clean all the same: a later sync will not write them.
    for (const Change& change : file.pending) {
      if (random_() % 2 == 0) Apply(file, change);
    }
    file.pending.clear();
    return FailWith(error);
  }
  for (const Change& change : file.pending) Apply(file, change);
  file.pending.clear();
  return 0;
}

int FaultDisk::Truncate(int descriptor, off_t size) {
  const std::lock_guard lock(mutex_);
  OpenFile* const open = Find(descriptor);
  if (open == nullptr) return RealTruncate(descriptor, size);
  const int error = Meet(Kind::kOther, "truncate", open->path);
  if (error != 0) return FailWith(error);
  const int done = RealTruncate(descriptor, size);
  if (done == 0) open->file->pending.push_back({true, static_cast<std::size_t>(size), {}});
  return done;
}

int FaultDisk::Rename(const char* from, const char* to) {
  const std::lock_guard lock(mutex_);
  if (!Watches(from) || !Watches(to)) return RealRename(from, to);
  const int error = Meet(Kind::kNeedsRoom, "rename", from);
  if (error != 0) return FailWith(error);
  const int done = RealRename(from, to);
  if (done != 0) return done;
  const auto moved = now_.find(from);
  if (moved == now_.end()) return done;
  pending_names_.push_back({to, moved->second, from});
  now_[to] = moved->second;
  now_.erase(from);
  return done;
}

int FaultDisk::Unlink(const char* path, int (*remove)(const char*)) {
  const std::lock_guard lock(mutex_);
  const auto known = now_.find(path);
  if (!Watches(path) || known == now_.end()) return remove(path);
  const int error = Meet(Kind::kOther, "unlink", path);
  if (error != 0) return FailWith(error);
  const int done = remove(path);
  if (done != 0) return done;
  pending_names_.push_back({path, nullptr, {}});
  now_.erase(known);
  return done;
}

int FaultDisk::MakeFolder(const char* path, mode_t mode) {
  const std::lock_guard lock(mutex_);
  if (!Watches(path) || now_.contains(path)) return RealMakeFolder(path, mode);
  const int error = Meet(Kind::kNeedsRoom, "mkdir", path);
  if (error != 0) return FailWith(error);
  const int done = RealMakeFolder(path, mode);
  if (done != 0) return done;
  now_[path] = std::make_shared<File>();
  now_[path]->is_folder = true;
  pending_names_.push_back({path, now_[path], {}});
  return done;
}

void FaultDisk::LosePower() {
  const std::lock_guard lock(mutex_);
  const std::size_t names = random_() % (pending_names_.size() + 1);
  for (std::size_t i = 0; i < names; ++i) {
    const NameChange& change = pending_names_[i];
    if (!change.removed.empty()) kept_.erase(change.removed);
    if (change.file == nullptr) {
      kept_.erase(change.path);
    } else {
      kept_[change.path] = change.file;
    }
  }
  pending_names_.clear();
  EmptyFolder(root_);
  std::map<std::string, FilePtr> left;
  for (auto& [path, file] : kept_) {
    const std::string folder = FolderOf(path);
    if (IsMemory(path) || (folder != root_ && !left.contains(folder))) continue;
    left[path] = file;
    if (file->is_folder) {
      RealMakeFolder(path.c_str(), 0750);
      continue;
    }
    const unsigned mood = random_() % 3;  // nothing of it, all of it, or any part
    for (std::size_t i = 0; i < file->pending.size() && mood != 0; ++i) {
      Change change = std::move(file->pending[i]);
      if (mood == 2 && random_() % 2 == 0) continue;
      const bool is_last = i + 1 == file->pending.size();
      if (mood == 2 && is_last && change.bytes.size() > kSectorBytes)
        change.bytes.resize(random_() % (change.bytes.size() / kSectorBytes) * kSectorBytes);
      Apply(*file, change);
    }
    file->pending.clear();
    const int descriptor = RealOpen(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0640);
    for (std::size_t at = 0; at < file->kept.size();) {
      const ssize_t written = RealWrite(descriptor, file->kept.data() + at, file->kept.size() - at);
      if (written <= 0) std::abort();
      at += static_cast<std::size_t>(written);
    }
    RealClose(descriptor);
  }
  kept_ = now_ = std::move(left);
  open_.clear();
  fault_ = Fault::kNone;
  full_next_ = false;
}

}  // namespace cqd::test
