// Which configuration a run was made with.
#include <fmt/format.h>

#include "odbc/connection.h"
#include "server/config.h"

namespace cqd::server {

std::string ConfigHash(const Config& config) {
  // Settings are bound to what they set, hence the copy.
  Config copy = config;
  std::string text;
  const auto append = [&text](const std::vector<Setting>& settings) {
    for (const Setting& setting : settings) {
      text += fmt::format("{}=", setting.key);
      if (const auto* flag = std::get_if<bool*>(&setting.value)) text += fmt::format("{}", **flag);
      if (const auto* number = std::get_if<std::int64_t*>(&setting.value))
        text += fmt::format("{}", **number);
      if (const auto* word = std::get_if<std::string*>(&setting.value))
        text += odbc::RedactSecrets(**word);
      if (const auto* list = std::get_if<std::vector<std::string>*>(&setting.value)) {
        for (const std::string& item : **list) text += item + '\n';
      }
      text += '\n';
    }
  };
  append(SettingsOf(copy));
  for (SourceConfig& source : copy.sources) append(SettingsOf(source));
  for (AlertTargetConfig& target : copy.alert_targets) {
    target.url.clear();  // it may hold a token
    append(SettingsOf(target));
  }
  // FNV-1a, 64 bits: tells one configuration from another, guards nothing.
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace cqd::server
