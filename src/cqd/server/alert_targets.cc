#include "server/alert_targets.h"

#include <fmt/format.h>

#include "base/text.h"
#include "file/io.h"
#include "server/application.h"

namespace cqd::server {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kSecretFileBytesMax = 64 * 1024;
constexpr std::int64_t kCaFileBytesMax = 16 * 1024 * 1024;

/// The first line of the file, without blanks around it; "" when no file is named.
Result<std::string> FirstLine(const std::string& file, std::string_view setting) {
  if (file.empty()) return std::string();
  auto text = file::ReadWhole(file, kSecretFileBytesMax);
  if (!text.ok()) return std::move(text).error().WithContext(setting);
  std::string line(Trim(Split(*text, '\n').front()));
  if (line.empty()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: the file is empty", setting), file);
  }
  return line;
}

Result<alert::Target> MakeTarget(const AlertTargetConfig& c) {
  alert::Target target;
  target.name = c.name;
  target.kind = alert::ParseTargetKind(c.kind).value_or(alert::TargetKind::kGeneric);
  target.url = c.url;
  if (!c.url_file.empty()) {
    if (!c.url.empty())
      return Fail(ErrorCode::kInvalidArgument, "url and url_file: set one of them", {}, "url_file");
    CQD_ASSIGN_OR_RETURN(target.url, FirstLine(c.url_file, "url_file"));
  }
  CQD_ASSIGN_OR_RETURN(target.secret, FirstLine(c.secret_file, "secret_file"));
  CQD_ASSIGN_OR_RETURN(target.mail.password, FirstLine(c.password_file, "password_file"));
  if (!c.ca_file.empty()) {
    auto ca = file::ReadWhole(c.ca_file, kCaFileBytesMax);
    if (!ca.ok()) return std::move(ca).error().WithContext("ca_file");
  }
  target.min_severity =
      c.min_severity == "fail" ? integration::Health::kFail : integration::Health::kWarn;
  target.stages = c.stages;
  target.timeout = seconds(c.timeout_s);
  target.ca_file = c.ca_file;
  target.mail.server = c.server;
  target.mail.port = static_cast<int>(c.port);
  target.mail.tls = alert::ParseMailTls(c.tls).value_or(alert::MailTls::kStartTls);
  target.mail.user = c.user;
  target.mail.from = c.from;
  target.mail.to = c.to;
  target.ping.every = seconds(c.every_s);
  target.ping.well_until =
      c.well == "not_fail" ? integration::Health::kWarn : integration::Health::kPass;
  target.ping.fail_suffix = c.fail_suffix;
  return target;
}

}  // namespace

Result<std::vector<alert::Target>> MakeAlertTargets(const Config& config) {
  std::vector<alert::Target> targets;
  for (const AlertTargetConfig& configured : config.alert_targets) {
    auto target = MakeTarget(configured);
    if (!target.ok())
      return std::move(target).error().WithContext("alert target " + configured.name);
    if (const auto findings = alert::CheckTarget(*target); !findings.empty()) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("alert target {}: {}", configured.name, findings.front()));
    }
    targets.push_back(*std::move(target));
  }
  return targets;
}

std::vector<std::string> CheckAlertTargets(const Config& config) {
  std::vector<std::string> findings;
  for (const AlertTargetConfig& configured : config.alert_targets) {
    const std::string name = "alert target " + configured.name;
    const auto target = MakeTarget(configured);
    if (!target.ok()) {
      findings.push_back(fmt::format("{}: {}", name, target.error().message));
      continue;
    }
    for (const std::string& finding : alert::CheckTarget(*target))
      findings.push_back(fmt::format("{}: {}", name, finding));
  }
  return findings;
}

alert::Identity AlertIdentity(const Config& config, std::string server_id) {
  alert::Identity identity{.server_id = std::move(server_id),
                           .version = std::string(Version()),
                           .url = config.alert_public_url};
  if (identity.url.empty()) return identity;
  while (identity.url.ends_with('/')) identity.url.pop_back();
  identity.url += "/api/v1/status";
  return identity;
}

}  // namespace cqd::server
