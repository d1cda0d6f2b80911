#include "server/application.h"

#include <fmt/format.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <random>

#include "base/log.h"
#include "base/text.h"
#include "file/io.h"
#include "http/auth.h"
#include "http/problem.h"
#include "portal/portal.h"
#include "server/alert_targets.h"
#include "source/collector.h"
#include "source/qoe_metrics.h"
#include "sqlite/database.h"

namespace cqd::server {
namespace {

using std::chrono::seconds;

/// Name of the collector among the sources.
constexpr std::string_view kCollector = "collector";

constexpr std::int64_t kPasswordFileBytesMax = 64 * 1024;

/// Tells one start of the process from the next; no secret.
std::string MakeBootId(const Clock& clock) {
  std::random_device random;
  return fmt::format("{:x}-{:08x}", ToMicros(clock.Now()), random());
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

/// The names survive a loss of power: what is acknowledged later lies below them.
Status MakeFolders(const Config& config) {
  for (const char* name : {"archive", "cube"}) {
    const Status made = file::MakeFolders(DataPath(config, name));
    if (made.ok()) continue;
    Error error = made.error();
    error.message =
        "the data directory cannot be made: " + error.message + "; check data_dir and its rights";
    return error;
  }
  // Also when they were there already: whoever made them may have died before this.
  return file::SyncFolder(config.data_dir);
}

/// The first line of the file, without its line end.
Result<std::string> ReadPassword(const SourceConfig& source) {
  if (source.password_file.empty()) return std::string();
  auto text = file::ReadWhole(source.password_file, kPasswordFileBytesMax);
  if (!text.ok())
    return std::move(text).error().WithContext("source.password_file of " + source.name);
  return std::string(Trim(Split(*text, '\n').front()));
}

integration::StatusLimits LimitsOf(const Config& config) {
  integration::StatusLimits limits;
  limits.hung_after = seconds(config.hung_after_s);
  limits.slo_target = static_cast<double>(config.slo_target_percent) / 100;
  limits.disk_free_bytes_min = config.disk_free_bytes_min;
  limits.disk_full_warn = std::chrono::hours(24 * config.storage_warn_days);
  return limits;
}

std::vector<integration::SourceRules> SourceRulesOf(const Config& config) {
  std::vector<integration::SourceRules> rules;
  for (const SourceConfig& source : config.sources) {
    integration::SourceRules rule{.name = source.name};
    if (source.quiet_after_s > 0) rule.quiet_after = seconds(source.quiet_after_s);
    if (const auto day = ParseTime(source.credential_expires_on); day.ok())
      rule.credential_expires_at = *day;
    rules.push_back(std::move(rule));
  }
  if (config.collector_quiet_after_s > 0) {
    rules.push_back(
        {.name = std::string(kCollector), .quiet_after = seconds(config.collector_quiet_after_s)});
  }
  return rules;
}

/// Asks the system for as many open files as the connections may need: shells and systemd give 1024
/// by default, but allow more to who asks.
void AllowConnections(std::int64_t connections_max) {
  // Besides connections: files of the archive and the cube, databases, the log.
  constexpr rlim_t kOtherFiles = 512;
  const rlim_t wanted = static_cast<rlim_t>(connections_max) + kOtherFiles;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    LogWarning("the system allows {} open files; server.connections_max needs {}", limit.rlim_cur,
               wanted);
  }
}

/// As configured, else as installed (bin/ and share/ side by side), else where the build puts it.
std::string PortalFolder(const Config& config) {
  if (!config.portal_folder.empty()) return config.portal_folder;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    const auto installed = program.parent_path().parent_path() / "share" / "opencqd" / "portal";
    if (std::filesystem::exists(installed / "index.html", error)) return installed.string();
  }
  return CQD_PORTAL_FOLDER;
}

http::Role RoleOf(const std::string& name) {
  return http::ParseRole(name).value_or(http::Role::kAdministrator);
}

}  // namespace

std::string_view Version() {
  return CQD_VERSION;
}

std::string DataPath(const Config& config, std::string_view name) {
  return (std::filesystem::path(config.data_dir) / name).string();
}

Application::~Application() {
  StopServing();
}

Result<std::unique_ptr<Application>> Application::Open(const Config& config, const Clock& clock) {
  if (const auto findings = CheckConfig(config); !findings.empty()) {
    return Fail(ErrorCode::kFailedPrecondition, findings.front(), {}, "configuration");
  }
  std::unique_ptr<Application> application(new Application(config, clock));
  CQD_RETURN_IF_ERROR(application->OpenParts());
  return application;
}

Status Application::OpenParts() {
  boot_id_ = MakeBootId(clock_);
  CQD_RETURN_IF_ERROR(MakeFolders(config_));
  CQD_ASSIGN_OR_RETURN(auto lock, file::FolderLock::Acquire(config_.data_dir));
  lock_ = std::make_unique<file::FolderLock>(std::move(lock));
  CQD_ASSIGN_OR_RETURN(archive_,
                       archive::Archive::Open(
                           {.folder = DataPath(config_, "archive"),
                            .quarantine_entries_max = config_.quarantine_max,
                            .mapping_mode = archive::ParseMappingMode(config_.mapping_mode)
                                                .value_or(archive::MappingMode::kAutomatic),
                            .mapping_versions_max = static_cast<int>(config_.mapping_versions_max)},
                           clock_));
  CQD_ASSIGN_OR_RETURN(inbox_, source::Inbox::Open(DataPath(config_, "inbox.sqlite")));
  CQD_ASSIGN_OR_RETURN(
      repository_, repository::Repository::Open(DataPath(config_, "repository.sqlite"), clock_));
  CQD_ASSIGN_OR_RETURN(
      run_log_, integration::RunLog::Open(
                    {.path = DataPath(config_, "integration.sqlite"),
                     .boot_id = boot_id_,
                     .version = std::string(Version()),
                     .entries_max = static_cast<std::size_t>(config_.integration_log_entries_max)},
                    clock_));
  CQD_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::Find(config_.cube_time_zone));
  std::optional<std::int64_t> rollup_rows_min;
  if (config_.cube_rollup_rows_min > 0) rollup_rows_min = config_.cube_rollup_rows_min;
  CQD_ASSIGN_OR_RETURN(
      cube_, cube::Cube::Open({.folder = DataPath(config_, "cube"),
                               .zone = zone,
                               .threads = static_cast<int>(config_.cube_threads),
                               .deltas_max = static_cast<int>(config_.cube_deltas_max),
                               .versions_max = static_cast<int>(config_.cube_versions_max),
                               .rollup_rows_min = rollup_rows_min},
                              *archive_, clock_));
  for (const std::string& damage : cube_->damage()) {
    LogWarning("cube: {}", damage);
    CQD_RETURN_IF_ERROR(run_log_->Append("System", damage));
  }
  std::vector<std::unique_ptr<source::Source>> sources;
  CQD_RETURN_IF_ERROR(MakeSources(sources));
  std::optional<schedule::Interval> every;
  if (config_.every_s > 0) {
    CQD_ASSIGN_OR_RETURN(every, schedule::Interval::Make(seconds(config_.every_s)));
  }
  const integration::StageRules rules{seconds(config_.every_s), seconds(config_.warn_after_s),
                                      seconds(config_.error_after_s)};
  metrics_ = std::make_unique<api::Metrics>();
  integration_ = std::make_unique<integration::Service>(
      integration::ServiceOptions{
          .every = every,
          .archive_rules = rules,
          .cube_rules = rules,
          .limits = LimitsOf(config_),
          .source_rules = SourceRulesOf(config_),
          .archive_job = {.retention_months = static_cast<int>(config_.retention_months)},
          .on_ended = [metrics = metrics_.get()](
                          const integration::RunRecord& run) { metrics->NoteRun(run); },
          .run_at_start = config_.run_at_start,
          .retry_after = seconds(config_.retry_after_s),
          .context = {.version = {}, .config_hash = ConfigHash(config_), .host = HostName()}},
      *run_log_, *archive_, *cube_, std::move(sources), clock_);
  queries_ = std::make_unique<cube::QueryService>(
      [this] { return cube_->snapshot(); },
      cube::QueryServiceOptions{.cache_bytes_max = config_.query_cache_bytes_max,
                                .queries_max = static_cast<int>(config_.query_concurrent_max),
                                .groups_max = config_.query_groups_max,
                                .query_bytes_max = config_.query_bytes_max,
                                .time_max = seconds(config_.query_time_max_s),
                                .archive_counts = [this] { return CountArchive(); },
                                .versions = [this] { return cube_->versions(); }},
      clock_);
  return OpenAlerts();
}

cube::ArchiveCounts Application::CountArchive() const {
  cube::ArchiveCounts counts;
  if (const auto months = archive_->Months(); months.ok()) {
    for (const archive::MonthInfo& month : *months) counts.streams += month.row_count;
  }
  if (const auto totals = archive_->quarantine().Totals(); totals.ok()) {
    for (const archive::QuarantineTotal& total : *totals) counts.quarantined += total.entries;
  }
  return counts;
}

Status Application::OpenAlerts() {
  CQD_ASSIGN_OR_RETURN(auto targets, MakeAlertTargets(config_));
  CQD_ASSIGN_OR_RETURN(alerts_,
                       alert::Service::Open(
                           {.path = DataPath(config_, "alerts.sqlite"),
                            .targets = std::move(targets),
                            .identity = AlertIdentity(config_, HostName()),
                            .check_every = seconds(config_.alert_check_every_s),
                            .rules = {.hold_off = seconds(config_.alert_hold_off_s),
                                      .resolve_after = seconds(config_.alert_resolve_after_s)},
                            .seed = std::random_device{}()},
                           [this] { return integration_->status(); }, clock_));
  return OkStatus();
}

Status Application::MakeSources(std::vector<std::unique_ptr<source::Source>>& sources) {
  for (const SourceConfig& configured : config_.sources) {
    CQD_ASSIGN_OR_RETURN(const std::string password, ReadPassword(configured));
    auto source = source::QoeMetricsSource::Create(
        {.name = configured.name,
         .connection_string = configured.connection_string,
         .password = password,
         .margin = seconds(configured.margin_s),
         .rows_per_second = static_cast<double>(configured.rows_per_second),
         .reconnect = {.first_wait = seconds(configured.reconnect_first_wait_s),
                       .wait_max = seconds(configured.reconnect_wait_max_s),
                       .attempts = static_cast<int>(configured.reconnect_attempts)}},
        clock_);
    if (!source.ok()) return std::move(source).error().WithContext("source " + configured.name);
    sources.push_back(*std::move(source));
  }
  // Reports may have come while the collector was on, or from files: they are integrated in any
  // case.
  sources.push_back(std::make_unique<source::CollectorSource>(
      std::string(kCollector), *inbox_, clock_, std::chrono::hours(24 * config_.report_keep_days)));
  return OkStatus();
}

Result<http::ServerOptions> Application::MakeServerOptions() {
  http::ServerOptions options;
  options.address = config_.address;
  options.port = static_cast<std::uint16_t>(config_.port);
  options.io_threads = static_cast<std::size_t>(config_.io_threads);
  options.worker_threads = static_cast<std::size_t>(config_.worker_threads);
  options.connections_max = static_cast<std::size_t>(config_.connections_max);
  options.body_bytes_max = static_cast<std::size_t>(config_.request_bytes_max);
  options.handler_timeout = seconds(config_.request_time_max_s);
  options.clock = &clock_;
  if (!config_.tls_certificate_file.empty()) {
    options.tls = http::TlsOptions{config_.tls_certificate_file, config_.tls_key_file};
  }
  options.cors.allowed_origins = config_.cors_trusted_origins;
  if (config_.auth_mode == "basic") {
    CQD_ASSIGN_OR_RETURN(options.authenticator,
                         http::MakeBasicAuthenticator(
                             {.password_file = config_.password_file,
                              .session_time = std::chrono::hours(config_.session_hours),
                              .guesses = {.free_of_name = config_.wrong_passwords_free,
                                          .free_of_address = config_.wrong_passwords_free_address,
                                          .wait_max = seconds(config_.wrong_password_wait_max_s)}},
                             clock_));
  } else if (config_.auth_mode == "proxy") {
    CQD_ASSIGN_OR_RETURN(
        options.authenticator,
        http::MakeProxyAuthenticator({.user_header = config_.proxy_user_header,
                                      .role_header = config_.proxy_role_header,
                                      .trusted_addresses = config_.proxy_addresses}));
  } else {
    options.authenticator = http::MakeOpenAuthenticator();
  }
  options.on_request = [metrics = metrics_.get()](const http::RequestSummary& request) {
    metrics->NoteRequest(request);
  };
  return options;
}

Status Application::MakeRouter() {
  if (router_) return OkStatus();
  CQD_ASSIGN_OR_RETURN(const TimeZone published_zone, TimeZone::Find(config_.data_api_time_zone));
  CQD_ASSIGN_OR_RETURN(const TimeZone cube_zone, TimeZone::Find(config_.cube_time_zone));
  services_ = std::make_unique<api::Services>(api::Services{
      .clock = clock_,
      .archive = *archive_,
      .cube = *cube_,
      .queries = *queries_,
      .integration = *integration_,
      .repository = *repository_,
      .inbox = config_.collector ? inbox_.get() : nullptr,
      .metrics = *metrics_,
      .version = std::string(Version()),
      .boot_id = boot_id_,
      .server_id = HostName(),
      .integration_log = config_.integration_log,
      .integration_log_entries_max = static_cast<std::size_t>(config_.integration_log_entries_max),
      .published_zone = published_zone,
      .collector_role = RoleOf(config_.collector_role),
      .report_bytes_max = static_cast<std::size_t>(config_.report_bytes_max),
      .streams_max = config_.streams_max,
      .alerts = alerts_.get(),
      .badges_public = config_.badges_public,
      .auth = {.mode = config_.auth_mode,
               .password_file = config_.password_file,
               .session_time = std::chrono::hours(config_.session_hours),
               .secure = !config_.tls_certificate_file.empty()},
      .archive_folder = DataPath(config_, "archive"),
      .cube_zone = cube_zone,
      .note = [log = run_log_.get()](const std::string& text) {
        if (!log->Append("System", text).ok()) LogWarning("could not be logged: {}", text);
      }});
  router_.emplace();
  api::AddRoutes(*router_, *services_);
  portal::AddRoutes(*router_, {.folder = PortalFolder(config_),
                               .own_pages_folder = config_.portal_own_pages_folder,
                               .frame_ancestors = config_.portal_frame_ancestors});
  return OkStatus();
}

Result<http::Response> Application::Answer(http::Request request) {
  CQD_RETURN_IF_ERROR(MakeRouter());
  CQD_RETURN_IF_ERROR(http::ParseTargetInto(request.target, request.path, request.query));
  request.clock = &clock_;
  const http::PathRoutes* routes = router_->Match(request.path, request.captures);
  const http::Route* route = routes == nullptr ? nullptr : routes->Find(request.method);
  if (route == nullptr) {
    return http::Problem(Fail(ErrorCode::kNotFound, "no such call: " + request.path));
  }
  return route->handler(request);
}

Status Application::StartServing() {
  AllowConnections(config_.connections_max);
  CQD_RETURN_IF_ERROR(MakeRouter());
  CQD_ASSIGN_OR_RETURN(http::ServerOptions options, MakeServerOptions());
  services_->auth.authenticator = options.authenticator.get();
  CQD_ASSIGN_OR_RETURN(server_, http::Server::Start(std::move(options), *std::move(router_)));
  router_.reset();
  CQD_RETURN_IF_ERROR(run_log_->Append("System", fmt::format("OpenCQD {} started", Version())));
  integration_->Start();
  alerts_->Start();
  return OkStatus();
}

std::vector<SourceFinding> Application::ProbeSources() {
  std::vector<SourceFinding> findings;
  std::vector<std::unique_ptr<source::Source>> sources;
  if (const Status made = MakeSources(sources); !made.ok()) {
    findings.push_back({.name = "configuration", .error = made.error().message});
    return findings;
  }
  for (const auto& source : sources) {
    auto probe = source->LookAt();
    SourceFinding finding{.name = source->name()};
    if (probe.ok()) {
      finding.remarks = probe->remarks;
    } else {
      finding.error = probe.error().message;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::uint16_t Application::port() const {
  return server_->port();
}

void Application::StopServing() {
  if (server_) server_->Shutdown();
  if (alerts_) alerts_->Stop();
  if (integration_) integration_->Stop();
  if (server_ && run_log_ && !run_log_->Append("System", "OpenCQD stopped").ok())
    LogWarning("the stop could not be logged");
  server_.reset();
}

}  // namespace cqd::server
