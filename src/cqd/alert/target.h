// Where alerts go: a receiver with its form, its filter and its secrets. Set-up: docs/alerts.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "integration/status.h"

namespace cqd::alert {

enum class TargetKind : std::uint8_t {
  kGeneric,       ///< our JSON, signed
  kTeams,         ///< an Adaptive Card for a workflow of Microsoft Teams
  kSlack,         ///< an incoming webhook of Slack
  kAlertmanager,  ///< Prometheus Alertmanager, API v2
  kEmail,         ///< SMTP
  kPing,          ///< a dead man's switch: called while all is well
};
std::string_view TargetKindName(TargetKind kind);
std::optional<TargetKind> ParseTargetKind(std::string_view name);

enum class MailTls : std::uint8_t { kNone, kStartTls, kTls };
std::string_view MailTlsName(MailTls tls);
std::optional<MailTls> ParseMailTls(std::string_view name);

/// For kEmail.
struct MailSettings {
  std::string server;
  int port = 25;
  MailTls tls = MailTls::kStartTls;
  std::string user, password;   ///< no user: no sign-in
  std::string from;             ///< one address, "cqd@example.org"
  std::vector<std::string> to;  ///< addresses
};

/// For kPing.
struct PingSettings {
  Duration every = std::chrono::seconds(60);
  /// The worst health that still counts as well: kPass or kWarn.
  integration::Health well_until = integration::Health::kPass;
  /// Call the URL with "/fail" behind its path when it is worse, instead of staying silent. Source:
  /// healthchecks.io, "Signaling failures".
  bool fail_suffix = false;
};

/// One receiver. Holds secrets (`url`, `secret`, `mail.password`): never print it.
struct Target {
  std::string name;
  TargetKind kind = TargetKind::kGeneric;
  std::string url;     ///< http or https; often with a token in its path
  std::string secret;  ///< key of the signature; empty: none is sent
  /// The least severity it is told of: kWarn or kFail.
  integration::Health min_severity = integration::Health::kWarn;
  /// Subjects it is told of: "archive", "cube", "system", "slo", "source" (every one) or
  /// "source:NAME"; empty: all.
  std::vector<std::string> stages;
  Duration timeout = std::chrono::seconds(10);  ///< of one try
  std::string ca_file;                          ///< further trusted authorities, PEM
  MailSettings mail;
  PingSettings ping;
};

/// True when the filter of the target lets `subject` through.
bool WantsSubject(const Target& target, std::string_view subject);

/// What is wrong with it, each with its remedy; empty: it can be used. Looks at the form alone and
/// opens no file and no connection.
std::vector<std::string> CheckTarget(const Target& target);

/// For people: "https://hooks.example.org/..." (the path is cut, it may hold a token), or
/// "smtp://mail.example.org:25". No secret in it.
std::string ShownAddress(const Target& target);

/// True for "name@domain" without blanks, control characters or any of <>,;:\" - so that it can
/// stand in a header and in an SMTP command as it is. A part of RFC 5321 section 4.1.2.
bool IsMailAddress(std::string_view text);

}  // namespace cqd::alert
