// What the settings say together; what one alone may say stands in their table (config.cc).
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/time_zone.h"
#include "server/config.h"

namespace cqd::server {

std::vector<std::string> CheckConfig(const Config& config) {
  std::vector<std::string> findings;
  if (config.tls_certificate_file.empty() != config.tls_key_file.empty()) {
    findings.push_back(
        "server.tls_certificate_file and server.tls_key_file go together: set both or neither");
  }
  if (config.auth_mode == "basic" && config.password_file.empty()) {
    findings.push_back(
        "auth.mode is \"basic\", but auth.password_file is empty: name a file and fill it with "
        "'cqd user add'");
  }
  if (config.auth_mode == "proxy" &&
      (config.proxy_user_header.empty() || config.proxy_addresses.empty())) {
    findings.push_back(
        "auth.mode is \"proxy\": set auth.proxy_user_header and auth.proxy_addresses");
  }
  for (const auto& [key, zone] : {std::pair("data_api.time_zone", &config.data_api_time_zone),
                                  std::pair("cube.time_zone", &config.cube_time_zone)}) {
    if (const auto found = TimeZone::Find(*zone); !found.ok())
      findings.push_back(fmt::format("{}: {}", key, found.error().message));
  }
  for (const SourceConfig& source : config.sources) {
    if (!source.credential_expires_on.empty() && !ParseTime(source.credential_expires_on).ok())
      findings.push_back(fmt::format(
          "source.credential_expires_on of {}: \"{}\" is no day; write it like \"2026-12-31\"",
          source.name, source.credential_expires_on));
  }
  if (config.every_s > 0 && config.warn_after_s < config.every_s) {
    findings.push_back(
        fmt::format("integration.warn_after_s ({}) is shorter than integration.every_s ({}): every "
                    "stage would be late before its next run; raise it to {}",
                    config.warn_after_s, config.every_s, 2 * config.every_s));
  }
  if (config.error_after_s < config.warn_after_s) {
    findings.push_back(fmt::format(
        "integration.error_after_s ({}) is shorter than integration.warn_after_s ({}): raise it",
        config.error_after_s, config.warn_after_s));
  }
  return findings;
}

}  // namespace cqd::server
