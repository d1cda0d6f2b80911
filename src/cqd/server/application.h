// Composition: opens the data directory and puts the parts together, from the configuration.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "alert/service.h"
#include "api/metrics.h"
#include "api/services.h"
#include "archive/archive.h"
#include "base/clock.h"
#include "cube/cube.h"
#include "cube/query_service.h"
#include "file/folder_lock.h"
#include "http/server.h"
#include "integration/service.h"
#include "repository/repository.h"
#include "server/config.h"
#include "source/inbox.h"

namespace cqd::server {

/// The program's version, as `cqd --version` shows it.
std::string_view Version();

/// What a look at one source gave.
struct SourceFinding {
  std::string name;
  std::string error;                 ///< empty: it answers
  std::vector<std::string> remarks;  ///< what it lacks that we can do without
};

/// Everything of one data directory, opened in the order it depends on each other; closed in
/// reverse. Threads: as the parts.
class Application {
 public:
  /// Takes the directory's lock, makes what is missing, closes runs that a dead process left open,
  /// and opens the stored cube. Errors: kFailedPrecondition (another process owns the directory;
  /// settings that do not fit), kUnimplemented (data of a newer version), kCorruption, kDiskFull,
  /// kPermissionDenied. Nothing is started.
  static Result<std::unique_ptr<Application>> Open(const Config& config, const Clock& clock);
  ~Application();

  archive::Archive& archive() { return *archive_; }
  cube::Cube& cube() { return *cube_; }
  source::Inbox& inbox() { return *inbox_; }
  cube::QueryService& queries() { return *queries_; }
  integration::Service& integration() { return *integration_; }
  integration::RunLog& run_log() { return *run_log_; }
  alert::Service& alerts() { return *alerts_; }
  repository::Repository& repository() { return *repository_; }

  /// Looks at every configured source, on connections of its own.
  std::vector<SourceFinding> ProbeSources();

  /// Answers one API call within this process, as the server would answer an administrator.
  /// `request` needs method, target, body and principal. Errors: kInvalidArgument (the target),
  /// those of the settings the API needs.
  Result<http::Response> Answer(http::Request request);

  /// Starts the schedule and the HTTP server. Errors: as http::Server::Start.
  Status StartServing();
  /// Port the server listens on. Precondition: serving.
  std::uint16_t port() const;
  /// Stops accepting, finishes what runs, stops the schedule.
  void StopServing();

 private:
  Application(const Config& config, const Clock& clock) : config_(config), clock_(clock) {}
  Status OpenParts();
  Status OpenAlerts();
  /// What the archive holds now, for funnels.
  cube::ArchiveCounts CountArchive() const;
  Status MakeSources(std::vector<std::unique_ptr<source::Source>>& sources);
  Result<http::ServerOptions> MakeServerOptions();
  /// Fills metrics_, services_ and router_ once.
  Status MakeRouter();

  const Config config_;
  const Clock& clock_;
  std::string boot_id_;
  std::unique_ptr<file::FolderLock> lock_;
  std::unique_ptr<archive::Archive> archive_;
  std::unique_ptr<source::Inbox> inbox_;
  std::unique_ptr<cube::Cube> cube_;
  std::unique_ptr<integration::RunLog> run_log_;
  std::unique_ptr<api::Metrics> metrics_;  // counts runs until the service is gone
  std::unique_ptr<integration::Service> integration_;
  std::unique_ptr<alert::Service> alerts_;
  std::unique_ptr<cube::QueryService> queries_;
  std::unique_ptr<repository::Repository> repository_;
  std::unique_ptr<api::Services> services_;
  std::optional<http::Router> router_;  ///< until the server takes it
  std::unique_ptr<http::Server> server_;
};

/// Opens the data directory for reading alone, beside a running server: answers `cqd status` from
/// integration.sqlite.
std::string DataPath(const Config& config, std::string_view name);

}  // namespace cqd::server
