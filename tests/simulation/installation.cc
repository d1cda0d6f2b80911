#include "simulation/installation.h"

#include <filesystem>

#include "simulation/truth.h"
#include "sqlite/database.h"

namespace cqd::simulation {

namespace fs = std::filesystem;

std::unique_ptr<file::TemporaryFolder> Installation::NewFolder() {
  if (fs::is_directory("/dev/shm")) return std::make_unique<file::TemporaryFolder>("/dev/shm");
  return std::make_unique<file::TemporaryFolder>();
}

void Installation::Start(const Settings& settings) {
  fs::create_directories(Path("archive"));
  fs::create_directories(Path("cube"));
  archive_ = *archive::Archive::Open({.folder = Path("archive")}, clock_);
  cube_ = *cube::Cube::Open({.folder = Path("cube"), .zone = {}, .threads = 1}, *archive_, clock_);
  log_ = *integration::RunLog::Open({.path = Path("integration.sqlite"),
                                     .boot_id = "boot-" + std::to_string(++boots_),
                                     .version = "simulated"},
                                    clock_);
  oldest_at_start_ = oldest_run();
  std::vector<std::unique_ptr<source::Source>> sources;
  for (const auto& outside : outside_) sources.push_back(MakeSource(outside));
  integration::ServiceOptions options;
  options.every = *schedule::Interval::Make(settings.every);
  options.archive_rules = settings.archive;
  options.cube_rules = settings.cube;
  options.archive_job.retention_months = settings.retention_months;
  options.run_at_start = settings.run_at_start;
  options.retry_after = Duration::zero();
  options.limits.hung_after = kHungAfter;
  options.limits.slo_target = kSloTarget;
  // The disk is the machine's own, and others write on it.
  options.limits.disk_free_bytes_min = 0;
  options.limits.disk_full_warn = Duration::zero();
  options.source_rules = {{.name = outside_.back()->name(), .quiet_after = kQuietAfter}};
  service_ = std::make_unique<integration::Service>(options, *log_, *archive_, *cube_,
                                                    std::move(sources), clock_);
  service_->Start();
}

std::int64_t Installation::oldest_run() const {
  auto database = *sqlite::Database::Open(Path("integration.sqlite"));
  return (*database.QueryInt("SELECT min(seq) FROM run")).value_or(0);
}

void Installation::Stop() {
  if (service_) service_->Stop();
  service_.reset();
  log_.reset();
  cube_.reset();
  archive_.reset();
}

void Installation::Kill() {
  auto next = NewFolder();
  {
    // Under the log's own lock no write of it is half done in the copy; the archive's writer stands
    // in the held read.
    auto guard = *sqlite::Database::Open(Path("integration.sqlite"));
    const Status locked = guard.Execute("BEGIN IMMEDIATE");
    CQD_CHECK(locked.ok());
    fs::copy(folder_->path(), next->path(), fs::copy_options::recursive);
  }
  // Shared memory does not outlive its processes.
  std::vector<fs::path> shared;
  for (const fs::directory_entry& file : fs::recursive_directory_iterator(next->path())) {
    if (file.path().string().ends_with("-shm")) shared.push_back(file.path());
  }
  for (const fs::path& path : shared) fs::remove(path);
  Stop();
  folder_ = std::move(next);
}

void Installation::LoseCubeFolder() {
  fs::rename(Path("cube"), Path("cube.lost"));
  std::FILE* in_its_place = std::fopen(Path("cube").c_str(), "w");
  CQD_CHECK(in_its_place != nullptr);
  std::fclose(in_its_place);
}

void Installation::RestoreCubeFolder() {
  fs::remove(Path("cube"));
  fs::rename(Path("cube.lost"), Path("cube"));
}

}  // namespace cqd::simulation
