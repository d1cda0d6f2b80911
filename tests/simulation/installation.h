// The product under simulation: a real archive, cube, run log and service on real files, on a clock
// that the simulation moves.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "base/clock.h"
#include "cube/cube.h"
#include "file/temporary_folder.h"
#include "integration/service.h"
#include "simulation/outside.h"

namespace cqd::simulation {

/// What an administrator sets.
struct Settings {
  Duration every{};
  integration::StageRules archive, cube;
  int retention_months = 0;
  bool run_at_start = true;
};

class Installation {
 public:
  Installation(const Clock& clock, std::vector<std::shared_ptr<Outside>> outside)
      : clock_(clock), outside_(std::move(outside)) {}
  ~Installation() { Stop(); }

  /// Opens everything on the folder and starts the service, as a new process would.
  void Start(const Settings& settings);
  /// An orderly end.
  void Stop();
  /// The power fails: what lies on the disk at this moment is all there is for the next start.
  void Kill();
  /// The cube's folder goes away, as a lost mount does, and comes back.
  void LoseCubeFolder();
  void RestoreCubeFolder();

  /// Number of the oldest run in the file; 0 when there is none.
  std::int64_t oldest_run() const;
  /// ... when the log was opened: what it can have read.
  std::int64_t oldest_at_start() const { return oldest_at_start_; }

  integration::Service& service() { return *service_; }
  integration::RunLog& log() { return *log_; }
  cube::Cube& cube() { return *cube_; }
  archive::Archive& archive() { return *archive_; }

 private:
  /// In memory where there is such a file system: flushes cost nothing, and nothing here is about
  /// the disk.
  static std::unique_ptr<file::TemporaryFolder> NewFolder();
  std::string Path(const std::string& name) const { return folder_->Path(name); }

  const Clock& clock_;
  const std::vector<std::shared_ptr<Outside>> outside_;
  std::unique_ptr<file::TemporaryFolder> folder_ = NewFolder();
  std::unique_ptr<archive::Archive> archive_;
  std::unique_ptr<cube::Cube> cube_;
  std::unique_ptr<integration::RunLog> log_;
  std::unique_ptr<integration::Service> service_;
  std::int64_t oldest_at_start_ = 0;
  int boots_ = 0;
};

}  // namespace cqd::simulation
