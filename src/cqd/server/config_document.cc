// docs/configuration.md, made from the table of settings.
#include <fmt/format.h>

#include "server/config.h"

namespace cqd::server {
namespace {

struct DefaultText {
  std::string operator()(const bool* value) const { return *value ? "`true`" : "`false`"; }
  std::string operator()(const std::int64_t* value) const { return fmt::format("`{}`", *value); }
  std::string operator()(const std::string* value) const { return fmt::format("`\"{}\"`", *value); }
  std::string operator()(const std::vector<std::string>* value) const {
    return value->empty() ? "`[]`" : fmt::format("`[\"{}\"]`", fmt::join(*value, "\", \""));
  }
};

std::string Allowed(const Setting& setting) {
  if (std::holds_alternative<std::int64_t*>(setting.value)) {
    return fmt::format("{} to {}{}{}", setting.min, setting.max, setting.unit.empty() ? "" : " ",
                       setting.unit);
  }
  if (!setting.choices.empty()) return fmt::format("{}", fmt::join(setting.choices, ", "));
  if (std::holds_alternative<bool*>(setting.value)) return "true, false";
  return std::holds_alternative<std::string*>(setting.value) ? "text" : "list of texts";
}

void AppendTable(std::string& out, const std::vector<Setting>& settings) {
  out += "| Key | Default | Allowed | Meaning |\n|---|---|---|---|\n";
  for (const Setting& setting : settings) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", setting.key,
                       std::visit(DefaultText{}, setting.value), Allowed(setting), setting.meaning);
  }
}

}  // namespace

std::string ConfigurationMarkdown() {
  Config config;
  SourceConfig source;
  std::string out =
      "# Configuration\n\n"
      "<!-- Made from the code by `cqd describe configuration`; a test compares. -->\n\n"
      "One TOML file, given with `--config FILE`. Every setting has a default; an empty file is a "
      "valid one. File names in it count\n"
      "from the file's folder. `cqd check --config FILE` looks at everything and says what to "
      "change. Changes take effect at the next start.\n\n"
      "A key `server.port` is written as\n\n```toml\n[server]\nport = 8080\n```\n\n";
  AppendTable(out, SettingsOf(config));
  out +=
      "\n## Sources\n\nEach QoEMetrics database is a table `[[source]]` of its own:\n\n"
      "```toml\n[[source]]\nname = \"qoe\"\nconnection_string = "
      "\"Driver={FreeTDS};Server=sql.example.org;Port=1433;Database=QoEMetrics;UID=cqd\"\n"
      "password_file = \"qoe.password\"\n```\n\n";
  AppendTable(out, SettingsOf(source));
  AlertTargetConfig target;
  out +=
      "\n## Alert receivers\n\nEach receiver of alerts is a table `[[alert.target]]` of its own; "
      "[alerts.md](alerts.md) has an example of each kind:\n\n"
      "```toml\n[[alert.target]]\nname = \"on-call\"\nkind = \"teams\"\nurl_file = "
      "\"teams.url\"\n```\n\n";
  AppendTable(out, SettingsOf(target));
  return out;
}

}  // namespace cqd::server
