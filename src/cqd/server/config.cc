#include "server/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

// Header only: the packaged library is built with exceptions, and we want values.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/text.h"
#include "file/io.h"

namespace cqd::server {
namespace {

constexpr std::int64_t kConfigBytesMax = 1024 * 1024;

std::string Where(std::string_view file, const toml::source_region& region) {
  return fmt::format("{}, line {}", file, region.begin.line);
}

Error Bad(std::string_view file, const toml::node& node, std::string_view key,
          std::string_view reason) {
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("{}: {}: {}", Where(file, node.source()), key, reason), {},
              std::string(key));
}

std::string Show(const toml::node& node) {
  if (const auto* text = node.as_string()) return fmt::format("\"{}\"", text->get());
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  return "this";
}

/// Puts one value in its place, or says why not.
struct Assign {
  std::string_view file;
  const Setting& setting;
  const toml::node& node;

  Status operator()(bool* target) const {
    const auto value = node.value_exact<bool>();
    if (!value)
      return Bad(file, node, setting.key,
                 fmt::format("{} is not allowed; use true or false", Show(node)));
    *target = *value;
    return OkStatus();
  }
  Status operator()(std::int64_t* target) const {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < setting.min || *value > setting.max) {
      return Bad(
          file, node, setting.key,
          fmt::format("{} is not allowed; use a whole number from {} to {}{}{}", Show(node),
                      setting.min, setting.max, setting.unit.empty() ? "" : ", in ", setting.unit));
    }
    *target = *value;
    return OkStatus();
  }
  Status operator()(std::string* target) const {
    const auto value = node.value_exact<std::string>();
    if (!value)
      return Bad(file, node, setting.key,
                 fmt::format("{} is not allowed; use a text in quotes", Show(node)));
    if (!setting.choices.empty() && std::find(setting.choices.begin(), setting.choices.end(),
                                              *value) == setting.choices.end()) {
      return Bad(file, node, setting.key,
                 fmt::format("{} is not allowed; use one of: {}", Show(node),
                             fmt::join(setting.choices, ", ")));
    }
    *target = *value;
    return OkStatus();
  }
  Status operator()(std::vector<std::string>* target) const {
    const toml::array* array = node.as_array();
    if (array == nullptr)
      return Bad(file, node, setting.key, "use a list of texts: [\"a\", \"b\"]");
    target->clear();
    for (const toml::node& item : *array) {
      const auto text = item.value_exact<std::string>();
      if (!text)
        return Bad(file, item, setting.key,
                   fmt::format("{} is not allowed in this list of texts", Show(item)));
      target->push_back(*text);
    }
    return OkStatus();
  }
};

Error UnknownKey(std::string_view file, const toml::node& node, std::string_view key,
                 const std::vector<Setting>& settings) {
  std::vector<std::string_view> names;
  for (const Setting& setting : settings) names.push_back(setting.key);
  const auto near = NearestNames(key, names);
  return Bad(file, node, key,
             near.empty() ? "there is no such setting; 'cqd describe configuration' lists all"
                          : fmt::format("there is no such setting; did you mean {}?",
                                        fmt::join(near, " or ")));
}

Status ReadTable(std::string_view file, const toml::table& table, std::string_view prefix,
                 const std::vector<Setting>& settings, Config* config);

Status ReadSources(std::string_view file, const toml::node& node, Config& config) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return Bad(file, node, "source", "write each source as a table [[source]]");
  for (const toml::node& item : *array) {
    const toml::table* table = item.as_table();
    if (table == nullptr)
      return Bad(file, item, "source", "write each source as a table [[source]]");
    SourceConfig source;
    CQD_RETURN_IF_ERROR(ReadTable(file, *table, "source.", SettingsOf(source), nullptr));
    if (source.name.empty())
      return Bad(file, item, "source.name", "is missing; give each source a name of its own");
    for (const SourceConfig& other : config.sources) {
      if (other.name == source.name)
        return Bad(file, item, "source.name", fmt::format("\"{}\" is used twice", source.name));
    }
    if (source.connection_string.empty())
      return Bad(file, item, "source.connection_string",
                 "is missing; see docs/sources/qoe-metrics.md");
    config.sources.push_back(std::move(source));
  }
  return OkStatus();
}

Status ReadAlertTargets(std::string_view file, const toml::node& node, Config& config) {
  constexpr std::string_view kForm = "write each receiver as a table [[alert.target]]";
  const toml::array* array = node.as_array();
  if (array == nullptr) return Bad(file, node, "alert.target", kForm);
  for (const toml::node& item : *array) {
    const toml::table* table = item.as_table();
    if (table == nullptr) return Bad(file, item, "alert.target", kForm);
    AlertTargetConfig target;
    CQD_RETURN_IF_ERROR(ReadTable(file, *table, "alert.target.", SettingsOf(target), nullptr));
    if (target.name.empty())
      return Bad(file, item, "alert.target.name", "is missing; give each receiver its own name");
    for (const AlertTargetConfig& other : config.alert_targets) {
      if (other.name == target.name)
        return Bad(file, item, "alert.target.name",
                   fmt::format("\"{}\" is used twice", other.name));
    }
    config.alert_targets.push_back(std::move(target));
  }
  return OkStatus();
}

Status ReadTable(std::string_view file, const toml::table& table, std::string_view prefix,
                 const std::vector<Setting>& settings, Config* config) {
  for (const auto& [name, node] : table) {
    const std::string key = std::string(prefix) + std::string(name.str());
    // [[alert]] is easily written for it.
    if (config != nullptr && (key == "alert.target" || (key == "alert" && node.is_array()))) {
      CQD_RETURN_IF_ERROR(ReadAlertTargets(file, node, *config));
      continue;
    }
    if (config != nullptr && key == "source") {
      CQD_RETURN_IF_ERROR(ReadSources(file, node, *config));
      continue;
    }
    const auto setting = std::find_if(settings.begin(), settings.end(),
                                      [&](const Setting& s) { return s.key == key; });
    if (setting != settings.end()) {
      CQD_RETURN_IF_ERROR(std::visit(Assign{file, *setting, node}, setting->value));
    } else if (const toml::table* inner = node.as_table()) {
      CQD_RETURN_IF_ERROR(ReadTable(file, *inner, key + ".", settings, config));
    } else {
      return UnknownKey(file, node, key, settings);
    }
  }
  return OkStatus();
}

/// File names in the file count from its folder, so that a server can be started from anywhere.
void ResolvePaths(Config& config, const std::filesystem::path& folder) {
  const auto resolve = [&](std::string& path) {
    if (!path.empty() && !std::filesystem::path(path).is_absolute())
      path = (folder / path).lexically_normal().string();
  };
  for (std::string* path :
       {&config.data_dir, &config.tls_certificate_file, &config.tls_key_file, &config.log_file,
        &config.password_file, &config.client_password_file, &config.client_ca_file,
        &config.portal_folder, &config.portal_own_pages_folder})
    resolve(*path);
  for (SourceConfig& source : config.sources) resolve(source.password_file);
  for (AlertTargetConfig& target : config.alert_targets) {
    for (std::string* path :
         {&target.url_file, &target.secret_file, &target.ca_file, &target.password_file})
      resolve(*path);
  }
}

}  // namespace

std::vector<Setting> SettingsOf(Config& c) {
  constexpr std::int64_t kMany = 1'000'000'000'000;
  std::vector<Setting> settings = {
      {.key = "data_dir",
       .value = &c.data_dir,
       .meaning = "Folder of the archive, the cube and the logs. One process owns it. `--data-dir` "
                  "goes before it."},

      {.key = "server.address",
       .value = &c.address,
       .meaning =
           "Address to listen on. Anything but loopback needs `auth.mode` other than `none`."},
      {.key = "server.port",
       .value = &c.port,
       .min = 0,
       .max = 65535,
       .meaning = "Port to listen on; 0 takes any free one."},
      {.key = "server.io_threads",
       .value = &c.io_threads,
       .min = 1,
       .max = 64,
       .unit = "threads",
       .meaning = "Threads that read and write sockets and answer from memory. More: more small "
                  "requests a second on more cores."},
      {.key = "server.worker_threads",
       .value = &c.worker_threads,
       .min = 1,
       .max = 256,
       .unit = "threads",
       .meaning =
           "Threads that run queries and uploads, or wait for their turn to. More than "
           "`query.concurrent_max`: a request that needs no turn is not kept waiting by queries."},
      {.key = "server.connections_max",
       .value = &c.connections_max,
       .min = 1,
       .max = 1'000'000,
       .unit = "connections",
       .meaning = "Connections open at once; more are refused with 503."},
      {.key = "server.streams_max",
       .value = &c.streams_max,
       .min = 0,
       .max = 1'000'000,
       .unit = "streams",
       .meaning = "Status streams (`/api/v1/status/stream`) open at once; more get 503. They count "
                  "as connections too."},
      {.key = "server.request_bytes_max",
       .value = &c.request_bytes_max,
       .min = 1024,
       .max = 1024LL * 1024 * 1024,
       .unit = "bytes",
       .meaning = "Largest body of any request; larger ones get 413."},
      {.key = "server.request_time_max_s",
       .value = &c.request_time_max_s,
       .min = 1,
       .max = 3600,
       .unit = "s",
       .meaning = "Longest time a request may run before it is asked to stop."},
      {.key = "server.badges_public",
       .value = &c.badges_public,
       .meaning =
           "Whether `/badge/...` answers without signing in. Badges tell the verdict and the "
           "age of the data and nothing else. `false`: role reader."},
      {.key = "server.tls_certificate_file",
       .value = &c.tls_certificate_file,
       .meaning = "PEM file of the certificate chain. Set together with the key file: the server "
                  "then speaks HTTPS only."},
      {.key = "server.tls_key_file",
       .value = &c.tls_key_file,
       .meaning = "PEM file of the private key."},

      {.key = "log.level",
       .value = &c.log_level,
       .choices = {"debug", "info", "warning", "error"},
       .meaning = "Least important line that is still written."},
      {.key = "log.file",
       .value = &c.log_file,
       .meaning =
           "File of the log; empty: standard error (systemd's journal takes it from there)."},

      {.key = "portal.folder",
       .value = &c.portal_folder,
       .meaning =
           "Folder of the portal's files, served at `/CQD/`. Empty: those that were built or "
           "installed with the program."},
      {.key = "portal.own_pages_folder",
       .value = &c.portal_own_pages_folder,
       .meaning =
           "Folder of further pages to serve at `/CQD/`, such as scorecards of your own that "
           "call the APIs. Anybody who reaches the server can read them. Empty: none."},
      {.key = "portal.frame_ancestors",
       .value = &c.portal_frame_ancestors,
       .meaning = "Origins (`https://intranet.example.org`) whose pages may show the portal in a "
                  "frame."},

      {.key = "auth.mode",
       .value = &c.auth_mode,
       .choices = {"none", "basic", "proxy"},
       .meaning = "Who may call: `none` (only on loopback; everybody is administrator), `basic` "
                  "(password file), `proxy` (a web server in front signs people in)."},
      {.key = "auth.password_file",
       .value = &c.password_file,
       .meaning = "For `basic`: file of users, made and changed with `cqd user add`."},
      {.key = "auth.session_hours",
       .value = &c.session_hours,
       .min = 0,
       .max = 168,
       .unit = "hours",
       .meaning = "For `basic`: how long a browser that signed in on the sign-in page stays signed "
                  "in; 0: no sign-in page, browsers ask in a window of their own. Larger: less "
                  "typing, but a browser left open is open for longer."},
      {.key = "auth.wrong_passwords_free",
       .value = &c.wrong_passwords_free,
       .min = 1,
       .max = 100,
       .unit = "passwords",
       .meaning = "For `basic`: wrong passwords for one name before it has to wait: 1, 2, 4 ... "
                  "seconds, up to `auth.wrong_password_wait_max_s`. An hour without one forgets "
                  "them. Larger: more slips of the finger, and more guesses."},
      {.key = "auth.wrong_passwords_free_address",
       .value = &c.wrong_passwords_free_address,
       .min = 1,
       .max = 100'000,
       .unit = "passwords",
       .meaning = "The same for one address, whatever the names. Larger for many people behind one "
                  "proxy; who has signed in from an address before is counted by name there."},
      {.key = "auth.wrong_password_wait_max_s",
       .value = &c.wrong_password_wait_max_s,
       .min = 0,
       .max = 86'400,
       .unit = "s",
       .meaning = "For `basic`: the longest such wait; 0: nobody waits. At 60 fewer than 70 "
                  "passwords of one name are looked at in an hour (OWASP ASVS 4.0.3, 2.2.1: 100). "
                  "Larger: fewer guesses, and who mistyped often waits longer."},
      {.key = "auth.proxy_user_header",
       .value = &c.proxy_user_header,
       .meaning = "For `proxy`: header that carries the user's name."},
      {.key = "auth.proxy_role_header",
       .value = &c.proxy_role_header,
       .meaning = "For `proxy`: header that carries the role (reader, author, administrator); "
                  "empty: everybody is reader."},
      {.key = "auth.proxy_addresses",
       .value = &c.proxy_addresses,
       .meaning = "For `proxy`: addresses or CIDR ranges from which these headers are believed."},

      {.key = "data_api.integration_log",
       .value = &c.integration_log,
       .meaning = "Switches the published calls IntegrationLog and IntegrationLog/Status on. Off, "
                  "as in the original's default, they answer `\"\"`."},
      {.key = "data_api.integration_log_entries_max",
       .value = &c.integration_log_entries_max,
       .min = 1,
       .max = 100'000,
       .unit = "lines",
       .meaning = "Lines the IntegrationLog call gives, newest last."},
      {.key = "data_api.time_zone",
       .value = &c.data_api_time_zone,
       .meaning = "IANA name of the zone of the times in those two calls; their published format "
                  "carries none."},
      {.key = "data_api.cors_trusted_origins",
       .value = &c.cors_trusted_origins,
       .meaning = "Exact origins (`https://portal.example.org`) whose pages may call the APIs."},

      {.key = "query.groups_max",
       .value = &c.query_groups_max,
       .min = 1,
       .max = 100'000'000,
       .unit = "rows",
       .meaning = "Rows one query may give; more: ErrorType 5. Larger: more memory for one query "
                  "(about 200 bytes a row)."},
      {.key = "query.bytes_max",
       .value = &c.query_bytes_max,
       .min = 1024 * 1024,
       .max = 64LL * 1024 * 1024 * 1024,
       .unit = "bytes",
       .meaning = "Memory one query may take, over all its threads, for groups, rows, distinct "
                  "values, percentiles and other limits (WhatIf: 7 to 60 bytes for each stream of "
                  "a month), about; more: ErrorType 5. Larger: wider groupings; "
                  "`query.concurrent_max` queries can take as much each."},
      {.key = "query.time_max_s",
       .value = &c.query_time_max_s,
       .min = 1,
       .max = 3600,
       .unit = "s",
       .meaning = "Longest run of one query; longer: ErrorType 5."},
      {.key = "query.concurrent_max",
       .value = &c.query_concurrent_max,
       .min = 1,
       .max = 1024,
       .unit = "queries",
       .meaning = "Queries computed at once; further ones wait. Those that took more than 30 ms "
                  "before get half of the places at most, and those of an unknown shape a quarter, "
                  "so that quick ones are never behind them for long."},
      {.key = "query.cache_bytes_max",
       .value = &c.query_cache_bytes_max,
       .min = 0,
       .max = kMany,
       .unit = "bytes",
       .meaning = "Memory for answers kept; 0 keeps none."},

      {.key = "integration.every_s",
       .value = &c.every_s,
       .min = 0,
       .max = 604'800,
       .unit = "s",
       .meaning = "Distance of archive runs, on the round times of the clock. The cube is "
                  "processed after each. The original runs every 15 minutes. 0: no schedule, runs "
                  "on request alone, and no stage is ever late."},
      {.key = "integration.run_at_start",
       .value = &c.run_at_start,
       .meaning = "Whether the server starts with a run."},
      {.key = "integration.retry_after_s",
       .value = &c.retry_after_s,
       .min = 0,
       .max = 86'400,
       .unit = "s",
       .meaning = "How long after a failure that may pass by itself a run is tried again; doubled "
                  "with each further failure, at most `every_s`. Larger: a short fault is "
                  "recovered from later. 0: the next run is that of the schedule."},
      {.key = "integration.warn_after_s",
       .value = &c.warn_after_s,
       .min = 1,
       .max = 31'536'000,
       .unit = "s",
       .meaning = "Age of the last success of a stage from which its verdict is `late`. Two "
                  "intervals by default: one run may fail without alarm."},
      {.key = "integration.error_after_s",
       .value = &c.error_after_s,
       .min = 1,
       .max = 31'536'000,
       .unit = "s",
       .meaning = "Age from which it is `stale`."},
      {.key = "integration.hung_after_s",
       .value = &c.hung_after_s,
       .min = 0,
       .max = 31'536'000,
       .unit = "s",
       .meaning = "A run that has not moved forward for this long is reported as hung; 0: never. "
                  "Larger: a source that stands still is noticed later."},
      {.key = "integration.slo_target_percent",
       .value = &c.slo_target_percent,
       .min = 0,
       .max = 100,
       .unit = "%",
       .meaning = "Wanted share of the last 30 days in which the last success of each stage is not "
                  "older than `integration.warn_after_s`; 0: no target."},

      {.key = "archive.retention_months",
       .value = &c.retention_months,
       .min = 0,
       .max = 1200,
       .unit = "months",
       .meaning = "Months of streams to keep, the current one included; 0 keeps all. Older month "
                  "files are deleted by the next run."},
      {.key = "archive.quarantine_max",
       .value = &c.quarantine_max,
       .min = 1,
       .max = 100'000'000,
       .unit = "records",
       .meaning = "Records kept that could not be stored; over it the oldest go and only their "
                  "number stays. Larger: more to look at and to replay after a bad night, 1 to 4 "
                  "kB of disk a record."},

      {.key = "mapping.mode",
       .value = &c.mapping_mode,
       .choices = {"automatic", "manual", "from_now_on"},
       .meaning = "When a change of buildings, networks, names or access points takes effect: "
                  "`automatic` with the next processing run, for all streams; `manual` when it is "
                  "applied (`cqd retag apply`), for all streams; `from_now_on` with the next "
                  "processing run, for streams that start from then on, as the original does "
                  "(access points for all)."},
      {.key = "mapping.versions_max",
       .value = &c.mapping_versions_max,
       .min = 2,
       .max = 1000,
       .unit = "versions",
       .meaning = "Versions of the customer tables kept for undo. Larger: further back, the size "
                  "of the tables each."},

      {.key = "storage.disk_free_bytes_min",
       .value = &c.disk_free_bytes_min,
       .min = 0,
       .max = kMany,
       .unit = "bytes",
       .meaning = "Less free room on the data directory's disk than this is an alarm; 0: never."},
      {.key = "storage.warn_days",
       .value = &c.storage_warn_days,
       .min = 0,
       .max = 3650,
       .unit = "days",
       .meaning = "A disk that will be full sooner than this is a warning; 0: never."},

      {.key = "cube.time_zone",
       .value = &c.cube_time_zone,
       .meaning = "IANA name of the zone in which dates, weeks and months of reports count. A "
                  "change rebuilds the cube at the next run."},
      {.key = "cube.threads",
       .value = &c.cube_threads,
       .min = 1,
       .max = 256,
       .unit = "threads",
       .meaning = "Threads that build the cube and that one query uses."},
      {.key = "cube.versions_max",
       .value = &c.cube_versions_max,
       .min = 1,
       .max = 100,
       .unit = "versions",
       .meaning = "Published states kept for queries with `AsOf` or `CompareTo`, the newest "
                  "included; they outlive a restart. Larger: further back, and the disk "
                  "space of months that were built again is free that much later."},
      {.key = "cube.deltas_max",
       .value = &c.cube_deltas_max,
       .min = 1,
       .max = 1000,
       .unit = "segments",
       .meaning = "Small segments a month may have before they are folded into one. Larger: "
                  "cheaper runs, slower queries."},
      {.key = "cube.rollup_rows_min",
       .value = &c.cube_rollup_rows_min,
       .min = 0,
       .max = kMany,
       .unit = "streams",
       .meaning =
           "A kind of query (attributes and measures, whatever its filters pick) that had to "
           "look at this many streams is counted into rollups in memory, from which the next "
           "ones of its kind answer; 0: none are made. Smaller: more kinds become fast, and "
           "their first queries cost more. Rollups take at most 256 MiB."},

      {.key = "collector.enabled",
       .value = &c.collector,
       .meaning = "Whether `POST /api/v1/reports` takes quality reports."},
      {.key = "collector.role",
       .value = &c.collector_role,
       .choices = {"none", "reader", "author", "administrator"},
       .meaning = "Least role that may post reports. Phones cannot sign in, so `none` by default; "
                  "protect the port by other means."},
      {.key = "collector.report_bytes_max",
       .value = &c.report_bytes_max,
       .min = 1024,
       .max = 1024LL * 1024 * 1024,
       .unit = "bytes",
       .meaning = "Largest posted body; larger ones get 413."},
      {.key = "collector.keep_days",
       .value = &c.report_keep_days,
       .min = 1,
       .max = 36'500,
       .unit = "days",
       .meaning = "How long raw reports are kept after they were integrated, so that a call's late "
                  "report still finds the earlier ones."},
      {.key = "collector.quiet_after_s",
       .value = &c.collector_quiet_after_s,
       .min = 0,
       .max = 31'536'000,
       .unit = "s",
       .meaning = "Once reports have come: longest silence of the collector that is not reported; "
                  "0: silence is normal."},

      {.key = "client.server",
       .value = &c.client_server,
       .meaning = "URL under which the other commands reach the server that owns the data "
                  "directory, for example when its certificate names a host. Empty: the address "
                  "that it listens on."},
      {.key = "client.user",
       .value = &c.client_user,
       .meaning =
           "User whose name the other commands send to a server with `auth.mode = \"basic\"`. "
           "`--user` goes before it."},
      {.key = "client.password_file",
       .value = &c.client_password_file,
       .meaning =
           "File whose first line is that user's password. `--password-file` goes before it."},
      {.key = "client.ca_file",
       .value = &c.client_ca_file,
       .meaning = "PEM file of authorities that the commands trust besides the system's. "
                  "`--ca-file` goes before it."},
      {.key = "client.timeout_s",
       .value = &c.client_timeout_s,
       .min = 1,
       .max = 3600,
       .unit = "s",
       .meaning = "How long a command waits for one answer of the server."},
  };
  for (Setting& setting : AlertSettingsOf(c)) settings.push_back(std::move(setting));
  return settings;
}

std::vector<Setting> SettingsOf(SourceConfig& s) {
  return {
      {.key = "source.name",
       .value = &s.name,
       .meaning = "Name of the source in status, logs and the archive. Never change it: the "
                  "position is kept under it."},
      {.key = "source.connection_string",
       .value = &s.connection_string,
       .meaning =
           "ODBC connection string without the password; examples in docs/sources/qoe-metrics.md."},
      {.key = "source.password_file",
       .value = &s.password_file,
       .meaning = "File whose first line is the password; empty: none is sent."},
      {.key = "source.margin_s",
       .value = &s.margin_s,
       .min = 0,
       .max = 2'592'000,
       .unit = "s",
       .meaning =
           "How far behind its position each run reads again, because the second end's report "
           "completes a row later. Larger: later reports are still seen, more is read twice."},
      {.key = "source.rows_per_second",
       .value = &s.rows_per_second,
       .min = 0,
       .max = 100'000'000,
       .unit = "rows/s",
       .meaning = "Most rows read a second, to spare the production server; 0: no limit."},
      {.key = "source.quiet_after_s",
       .value = &s.quiet_after_s,
       .min = 0,
       .max = 31'536'000,
       .unit = "s",
       .meaning = "Age of the newest record there from which the source counts as quiet, although "
                  "every run succeeds; 0: silence is normal. Three days by default: a weekend."},
      {.key = "source.credential_expires_on",
       .value = &s.credential_expires_on,
       .meaning =
           "Day on which the password expires, like `\"2026-12-31\"`; two weeks before it the "
           "status warns. Empty: never."},
      {.key = "source.reconnect_attempts",
       .value = &s.reconnect_attempts,
       .min = 0,
       .max = 1000,
       .unit = "attempts",
       .meaning = "How often a run connects again after the connection broke, before it fails; 0: "
                  "it fails at once. Larger: longer faults are sat out within a run."},
      {.key = "source.reconnect_first_wait_s",
       .value = &s.reconnect_first_wait_s,
       .min = 0,
       .max = 3600,
       .unit = "s",
       .meaning = "Wait before the first of them; doubled before each further one."},
      {.key = "source.reconnect_wait_max_s",
       .value = &s.reconnect_wait_max_s,
       .min = 0,
       .max = 3600,
       .unit = "s",
       .meaning = "Longest wait between two of them."},
  };
}

Result<Config> ParseConfig(std::string_view toml, std::string_view name) {
  toml::parse_result parsed = toml::parse(toml, std::string(name));
  if (!parsed) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{}: {}", Where(name, parsed.error().source()), parsed.error().description()));
  }
  Config config;
  CQD_RETURN_IF_ERROR(ReadTable(name, parsed.table(), "", SettingsOf(config), &config));
  return config;
}

Result<Config> ReadConfig(const std::string& path) {
  CQD_ASSIGN_OR_RETURN(const std::string text, file::ReadWhole(path, kConfigBytesMax));
  CQD_ASSIGN_OR_RETURN(Config config, ParseConfig(text, path));
  ResolvePaths(config, std::filesystem::absolute(path).parent_path());
  return config;
}

}  // namespace cqd::server
