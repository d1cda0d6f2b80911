#include "alert/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "http/client.h"

namespace cqd::alert {
namespace {

constexpr std::array kKinds = {TargetKind::kGeneric,      TargetKind::kTeams, TargetKind::kSlack,
                               TargetKind::kAlertmanager, TargetKind::kEmail, TargetKind::kPing};
constexpr std::array kMailTls = {MailTls::kNone, MailTls::kStartTls, MailTls::kTls};

void CheckMail(const Target& target, std::vector<std::string>& findings) {
  const MailSettings& mail = target.mail;
  const auto find = [&](std::string text) { findings.push_back(std::move(text)); };
  const bool plain = std::all_of(mail.server.begin(), mail.server.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':';
  });
  if (mail.server.empty() || !plain) find("server must be the name or address of a mail server");
  if (mail.port < 1 || mail.port > 65535) find("port must be 1 to 65535");
  if (!IsMailAddress(mail.from)) find("from must be one address like cqd@example.org");
  if (mail.to.empty()) find("to must have at least one address");
  for (const std::string& address : mail.to) {
    if (!IsMailAddress(address)) find(fmt::format("to: \"{}\" is not an address", address));
  }
  if (mail.user.empty() != mail.password.empty()) {
    find("user and password_file go together: set both or neither");
  }
  if (!mail.user.empty() && mail.tls == MailTls::kNone) {
    find("a password is not sent without encryption: set tls to starttls or tls");
  }
}

bool IsSubjectFilter(std::string_view text) {
  return text == "archive" || text == "cube" || text == "system" || text == "source" ||
         text == "slo" || (text.starts_with("source:") && text.size() > 7);
}

}  // namespace

std::string_view TargetKindName(TargetKind kind) {
  switch (kind) {
    case TargetKind::kGeneric:
      return "generic";
    case TargetKind::kTeams:
      return "teams";
    case TargetKind::kSlack:
      return "slack";
    case TargetKind::kAlertmanager:
      return "alertmanager";
    case TargetKind::kEmail:
      return "email";
    case TargetKind::kPing:
      return "ping";
  }
  return "unknown";
}

std::optional<TargetKind> ParseTargetKind(std::string_view name) {
  for (const TargetKind kind : kKinds) {
    if (TargetKindName(kind) == name) return kind;
  }
  return std::nullopt;
}

std::string_view MailTlsName(MailTls tls) {
  switch (tls) {
    case MailTls::kNone:
      return "none";
    case MailTls::kStartTls:
      return "starttls";
    case MailTls::kTls:
      return "tls";
  }
  return "unknown";
}

std::optional<MailTls> ParseMailTls(std::string_view name) {
  for (const MailTls tls : kMailTls) {
    if (MailTlsName(tls) == name) return tls;
  }
  return std::nullopt;
}

bool WantsSubject(const Target& target, std::string_view subject) {
  if (target.stages.empty()) return true;
  return std::any_of(target.stages.begin(), target.stages.end(), [&](const std::string& wanted) {
    return wanted == subject || (wanted == "source" && subject.starts_with("source:")) ||
           (wanted == "slo" && subject.starts_with("slo:"));
  });
}

std::vector<std::string> CheckTarget(const Target& target) {
  std::vector<std::string> findings;
  if (target.name.empty()) findings.emplace_back("name is missing");
  for (const std::string& stage : target.stages) {
    if (!IsSubjectFilter(stage)) {
      findings.push_back(fmt::format(
          "stages: \"{}\" is not one of archive, cube, system, slo, source, source:NAME", stage));
    }
  }
  if (target.min_severity == integration::Health::kPass) {
    findings.emplace_back("min_severity must be warn or fail");
  }
  if (target.kind == TargetKind::kEmail) {
    CheckMail(target, findings);
  } else if (target.url.empty()) {
    findings.emplace_back("url or url_file is missing");
  } else if (!http::ParseUrl(target.url).ok()) {
    findings.emplace_back("url must be like https://host[:port]/path");
  }
  return findings;
}

std::string ShownAddress(const Target& target) {
  if (target.kind == TargetKind::kEmail) {
    return fmt::format("{}://{}:{}", target.mail.tls == MailTls::kTls ? "smtps" : "smtp",
                       target.mail.server, target.mail.port);
  }
  const auto url = http::ParseUrl(target.url);
  if (!url.ok()) return "";
  const bool v6 = url->host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + url->host + "]" : url->host;
  const bool usual = url->port == (url->tls ? "443" : "80");
  return fmt::format("{}://{}{}/{}", url->tls ? "https" : "http", host,
                     usual ? "" : ":" + url->port, url->target == "/" ? "" : "...");
}

bool IsMailAddress(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == text.size()) return false;
  if (text.find('@', at + 1) != std::string_view::npos || text.size() > 254) return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > 0x20 && c != 0x7F &&
           std::string_view("<>,;:\\\"()[]").find(static_cast<char>(c)) == std::string_view::npos;
  });
}

}  // namespace cqd::alert
