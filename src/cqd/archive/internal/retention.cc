#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <vector>

#include "archive/internal/archive_impl.h"
#include "archive/internal/main_file.h"
#include "file/io.h"

namespace cqd::archive::internal {
namespace {

namespace fs = std::filesystem;

/// A month on its way out. The rename is the moment it is gone: before, it is whole; after,
/// whatever is left of it is removed at the next start.
constexpr std::string_view kDropped = ".dropped";
/// What SQLite keeps beside a database.
constexpr std::array<std::string_view, 2> kCompanions = {"-wal", "-shm"};

Status RemoveCompanions(const std::string& path) {
  for (const std::string_view companion : kCompanions) {
    CQD_RETURN_IF_ERROR(file::RemoveDurably(path + std::string(companion)));
  }
  return OkStatus();
}

Status RemoveDropped(const std::string& dropped) {
  const std::string path = dropped.substr(0, dropped.size() - kDropped.size());
  // The companions first: an orphaned log must not meet a new file of the same month. When such a
  // file is there already, the companions are its own.
  std::error_code error;
  if (!fs::exists(path, error)) CQD_RETURN_IF_ERROR(RemoveCompanions(path));
  return file::RemoveDurably(dropped);
}

}  // namespace

Status FinishDroppingMonths(const std::string& folder) {
  std::vector<std::string> dropped;
  std::error_code error;
  for (fs::directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    if (file->path().filename().string().ends_with(kDropped)) {
      dropped.push_back(file->path().string());
    }
  }
  if (error) return file::ErrorFromErrno(error.value(), "list the archive's files", folder);
  for (const std::string& path : dropped) {
    const std::string name = fs::path(path).filename().string();
    if (MonthOfFileName(name.substr(0, name.size() - kDropped.size()))) {
      CQD_RETURN_IF_ERROR(RemoveDropped(path));
    }
  }
  return OkStatus();
}

Status DropMonthFiles(const std::string& folder, Month month) {
  const std::string path = folder + "/" + MonthFileName(month);
  const std::string dropped = path + std::string(kDropped);
  std::error_code error, ignored;
  fs::rename(path, dropped, error);
  // Renamed by an attempt that failed behind it: what is left to do is the same.
  if (error && !(error.value() == ENOENT && fs::exists(dropped, ignored)))
    return file::ErrorFromErrno(error.value(), "drop a month", path);
  CQD_RETURN_IF_ERROR(file::SyncFolder(folder));
  return RemoveDropped(dropped);
}

}  // namespace cqd::archive::internal
