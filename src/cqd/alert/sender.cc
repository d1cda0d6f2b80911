#include "alert/sender.h"

#include <fmt/format.h>

#include <algorithm>

#include "alert/forms.h"
#include "alert/internal/crypt.h"
#include "alert/internal/smtp.h"
#include "base/text.h"
#include "http/client.h"

namespace cqd::alert {
namespace {

/// Answers are not used; a receiver that talks on and on is cut off.
constexpr std::size_t kAnswerBytesMax = 256 * 1024;
/// A receiver may ask for a pause, not for silence: an hour at most.
constexpr std::int64_t kRetryAfterMax_s = 3600;

/// Alertmanager's call has one fixed path: its base URL is enough.
std::string UrlOf(const Target& target) {
  if (target.kind != TargetKind::kAlertmanager) return target.url;
  const auto url = http::ParseUrl(target.url);
  if (!url.ok() || url->target != "/") return target.url;
  std::string whole = target.url;
  while (whole.ends_with('/')) whole.pop_back();
  return whole + std::string(kAlertmanagerPath);
}

/// Errors of the client name host and port at most; the URL of an invalid one is not repeated.
Error Safe(Error error) {
  if (error.code == ErrorCode::kInvalidArgument) {
    return Fail(ErrorCode::kInvalidArgument, "the address cannot be understood");
  }
  if (error.code == ErrorCode::kResourceExhausted) error.code = ErrorCode::kUnavailable;
  return error;
}

Delivered Send(http::ClientRequest request, const Target& target, const CancelToken& cancel) {
  http::ClientOptions options;
  options.timeout = target.timeout;
  options.ca_file = target.ca_file;
  options.response_bytes_max = kAnswerBytesMax;
  options.cancel = &cancel;
  const auto answer = http::Send(request, options);
  if (!answer.ok()) return {.status = Safe(answer.error())};
  Delivered delivered{.status = OkStatus(), .code = answer->status};
  if (answer->status >= 200 && answer->status < 300) return delivered;
  delivered.status =
      Fail(ErrorCode::kUnavailable, fmt::format("the receiver answered {}", answer->status));
  if (const auto text = answer->Header("Retry-After")) {
    if (const auto seconds = ParseInt(*text); seconds && *seconds >= 0) {
      delivered.retry_after = std::chrono::seconds(std::min(*seconds, kRetryAfterMax_s));
    }
  }
  return delivered;
}

http::ClientRequest Post(const Target& target, std::string body) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = UrlOf(target);
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

}  // namespace

std::string Signature(std::string_view secret, std::int64_t unix_time_s, std::string_view body) {
  return "v1=" + HmacSha256Hex(secret, fmt::format("{}.{}", unix_time_s, body));
}

Delivered Deliver(const Target& target, const Message& message, const Clock& clock,
                  const CancelToken& cancel) {
  if (target.kind == TargetKind::kEmail) {
    return SendMail(target, MakeMail(target.mail, message, clock.Now()), cancel);
  }
  http::ClientRequest request = Post(target, MakeBody(target.kind, message));
  request.headers.emplace_back(kMessageHeader, message.id);
  if (!message.outage_id.empty()) request.headers.emplace_back(kOutageHeader, message.outage_id);
  if (!target.secret.empty()) {
    const auto now = std::chrono::floor<std::chrono::seconds>(clock.Now());
    const std::int64_t seconds = now.time_since_epoch().count();
    request.headers.emplace_back(kTimestampHeader, std::to_string(seconds));
    request.headers.emplace_back(kSignatureHeader, Signature(target.secret, seconds, request.body));
  }
  return Send(std::move(request), target, cancel);
}

Status DeliverStanding(const Target& target, std::span<const Message> messages,
                       const CancelToken& cancel) {
  return Send(Post(target, AlertmanagerBody(messages)), target, cancel).status;
}

std::string FailUrl(const std::string& url) {
  const std::size_t query = std::min(url.find('?'), url.size());
  std::string path = url.substr(0, query);
  while (path.ends_with('/')) path.pop_back();
  return path + "/fail" + url.substr(query);
}

Status CallPing(const Target& target, bool well, const CancelToken& cancel) {
  http::ClientRequest request;
  request.url = well ? target.url : FailUrl(target.url);
  return Send(std::move(request), target, cancel).status;
}

}  // namespace cqd::alert
