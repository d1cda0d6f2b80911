// One try to deliver one message.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "alert/message.h"
#include "alert/target.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"

namespace cqd::alert {

/// What one try came to.
struct Delivered {
  Status status;
  int code = 0;  ///< HTTP status or the mail server's last answer; 0: none came
  /// What the receiver asked to wait before the next try (Retry-After, RFC 9110 section 10.2.3).
  std::optional<Duration> retry_after;
};

/// Headers of a signed POST. The receiver computes the same from its copy of the secret and the
/// body as it came, compares, and refuses times too far from its own: a recorded message cannot be
/// played again later. Set-up: docs/alerts.md.
inline constexpr std::string_view kTimestampHeader = "X-OpenCQD-Timestamp";
inline constexpr std::string_view kSignatureHeader = "X-OpenCQD-Signature";
inline constexpr std::string_view kMessageHeader = "X-OpenCQD-Message-Id";
inline constexpr std::string_view kOutageHeader = "X-OpenCQD-Dedupe-Key";

/// "v1=" and the hex HMAC-SHA256 of "<unix_time_s>.<body>" under `secret`.
std::string Signature(std::string_view secret, std::int64_t unix_time_s, std::string_view body);

/// Sends `message` in the target's form and waits for the answer, at most target.timeout. Delivered
/// is a 2xx of HTTP, or a mail that the server took for at least one address. Errors: kUnavailable
/// (no connection, refused, another status), kDeadlineExceeded, kCancelled, kUnauthenticated (mail
/// sign-in), kInvalidArgument (the address cannot be understood). Texts hold no secret.
/// Precondition: not kPing. Threads: any.
Delivered Deliver(const Target& target, const Message& message, const Clock& clock,
                  const CancelToken& cancel);

/// Tells an Alertmanager of all that still lasts. Errors: as Deliver.
Status DeliverStanding(const Target& target, std::span<const Message> messages,
                       const CancelToken& cancel);

/// Calls the dead man's switch. `well` false: with "/fail" behind the path. Errors: as Deliver.
Status CallPing(const Target& target, bool well, const CancelToken& cancel);

/// The URL with "/fail" behind its path, before its query.
std::string FailUrl(const std::string& url);

}  // namespace cqd::alert
