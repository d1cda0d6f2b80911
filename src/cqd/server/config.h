// The configuration: one table of settings, from which the reader of the TOML file, `cqd describe`
// and docs/configuration.md are made.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace cqd::server {

/// A QoEMetrics database to read. One table [[source]] each.
struct SourceConfig {
  std::string name;
  std::string connection_string;
  std::string password_file;
  std::int64_t margin_s = 10'800;
  std::int64_t rows_per_second = 0;
  std::int64_t quiet_after_s = 259'200;
  std::string credential_expires_on;
  std::int64_t reconnect_attempts = 6;
  std::int64_t reconnect_first_wait_s = 1;
  std::int64_t reconnect_wait_max_s = 60;
};

/// A receiver of alerts. One table [[alert.target]] each. See docs/alerts.md.
struct AlertTargetConfig {
  std::string name;
  std::string kind = "generic";
  std::string url, url_file, secret_file;
  std::string min_severity = "warn";
  std::vector<std::string> stages;
  std::int64_t timeout_s = 10;
  std::string ca_file;
  std::string server;
  std::int64_t port = 587;
  std::string tls = "starttls";
  std::string user, password_file, from;
  std::vector<std::string> to;
  std::int64_t every_s = 60;
  std::string well = "pass";
  bool fail_suffix = false;
};

/// Every setting, at its default. Meanings, units and ranges: SettingsOf.
struct Config {
  std::string data_dir = "data";

  std::string address = "127.0.0.1";
  std::int64_t port = 8080;
  std::int64_t io_threads = 1;
  std::int64_t worker_threads = 32;
  std::int64_t connections_max = 4096;
  std::int64_t streams_max = 1000;
  std::int64_t request_bytes_max = 16 * 1024 * 1024;
  std::int64_t request_time_max_s = 60;
  bool badges_public = true;
  std::string tls_certificate_file;
  std::string tls_key_file;
  std::string log_level = "info";
  std::string log_file;

  std::string portal_folder;
  std::string portal_own_pages_folder;
  std::vector<std::string> portal_frame_ancestors;

  std::string auth_mode = "none";
  std::string password_file;
  std::int64_t session_hours = 8;
  std::int64_t wrong_passwords_free = 5;
  std::int64_t wrong_passwords_free_address = 50;
  std::int64_t wrong_password_wait_max_s = 60;
  std::string proxy_user_header;
  std::string proxy_role_header;
  std::vector<std::string> proxy_addresses;

  bool integration_log = false;
  std::int64_t integration_log_entries_max = 1000;
  std::string data_api_time_zone = "UTC";
  std::vector<std::string> cors_trusted_origins;

  std::int64_t query_groups_max = 1'000'000;
  std::int64_t query_bytes_max = 512LL * 1024 * 1024;
  std::int64_t query_time_max_s = 60;
  std::int64_t query_concurrent_max = 8;
  std::int64_t query_cache_bytes_max = 256LL * 1024 * 1024;

  std::int64_t every_s = 900;
  bool run_at_start = true;
  std::int64_t retry_after_s = 60;
  std::int64_t warn_after_s = 1800;
  std::int64_t error_after_s = 3600;
  std::int64_t hung_after_s = 1800;
  std::int64_t slo_target_percent = 99;
  std::int64_t retention_months = 0;
  std::int64_t quarantine_max = 1'000'000;
  std::string mapping_mode = "automatic";
  std::int64_t mapping_versions_max = 20;
  std::int64_t disk_free_bytes_min = 1024LL * 1024 * 1024;
  std::int64_t storage_warn_days = 7;

  std::string cube_time_zone = "UTC";
  std::int64_t cube_threads = 2;
  std::int64_t cube_deltas_max = 16;
  std::int64_t cube_versions_max = 4;
  std::int64_t cube_rollup_rows_min = 1'000'000;  ///< 0: no rollups

  bool collector = true;
  std::string collector_role = "none";
  std::int64_t report_bytes_max = 16 * 1024 * 1024;
  std::int64_t report_keep_days = 90;
  std::int64_t collector_quiet_after_s = 0;

  std::string client_server, client_user, client_password_file, client_ca_file;
  std::int64_t client_timeout_s = 30;

  std::int64_t alert_check_every_s = 5;
  std::int64_t alert_hold_off_s = 120;
  std::int64_t alert_resolve_after_s = 60;
  std::string alert_public_url;

  std::vector<SourceConfig> sources;
  std::vector<AlertTargetConfig> alert_targets;

  /// Not a setting: the server that --server names; the data directory then plays no part.
  std::string remote_server;
};

/// One setting: where its value lies, and everything a person needs to choose it.
struct Setting {
  std::string_view key;  ///< "server.port"
  std::variant<bool*, std::int64_t*, std::string*, std::vector<std::string>*> value;
  std::int64_t min = 0, max = 0;               ///< for integers, inclusive
  std::vector<std::string_view> choices = {};  ///< for texts with a fixed list
  std::string_view unit = {};
  std::string_view meaning;  ///< what it does, and what a larger value does
};

/// All settings but those of sources and alert targets, bound to `config`, in the order of the
/// documentation.
std::vector<Setting> SettingsOf(Config& config);
std::vector<Setting> SettingsOf(SourceConfig& source);
std::vector<Setting> SettingsOf(AlertTargetConfig& target);
/// The part of SettingsOf(Config) with "alert." in front.
std::vector<Setting> AlertSettingsOf(Config& config);

/// Reads a TOML file over the defaults. Relative file names in it count from the file's folder.
/// Errors: kNotFound, kInvalidArgument: names file, line, key, value and what is allowed; an
/// unknown key names near ones.
Result<Config> ReadConfig(const std::string& path);
/// The same from text; `name` stands for the file in messages.
Result<Config> ParseConfig(std::string_view toml, std::string_view name);
/// What one value at a time cannot tell: TLS needs both files, basic needs a password file ... All
/// findings, each with its remedy.
std::vector<std::string> CheckConfig(const Config& config);

/// Changes with any setting that is written: tells whether the configuration is another one.
/// Secrets do not go into it; passwords stand in files, of which only the name counts.
std::string ConfigHash(const Config& config);

/// docs/configuration.md as a whole.
std::string ConfigurationMarkdown();

}  // namespace cqd::server
