#include "http/problem.h"

#include "base/text.h"

namespace cqd::http {
namespace {

void AppendList(std::string& out, std::string_view name, const std::vector<std::string>& values) {
  if (values.empty()) return;
  out += ",\"";
  out += name;
  out += "\":[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out.push_back(',');
    AppendJsonText(out, values[i]);
  }
  out.push_back(']');
}

}  // namespace

int HttpStatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kConflict:
    case ErrorCode::kFailedPrecondition:
      return 409;
    case ErrorCode::kUnauthenticated:
      return 401;
    case ErrorCode::kPermissionDenied:
      return 403;
    case ErrorCode::kResourceExhausted:
      return 422;
    case ErrorCode::kDiskFull:
      return 507;
    case ErrorCode::kDiskFailed:
    case ErrorCode::kUnavailable:
    case ErrorCode::kCancelled:
      return 503;
    case ErrorCode::kDeadlineExceeded:
      return 504;
    case ErrorCode::kCorruption:
    case ErrorCode::kInternal:
      return 500;
    case ErrorCode::kUnimplemented:
      return 501;
  }
  return 500;
}

Response Problem(int status, const Error& error, const ProblemExtras& extras) {
  std::string body = "{\"type\":\"about:blank\",\"title\":";
  AppendJsonText(body, StatusPhrase(status));
  body += ",\"status\":" + std::to_string(status) + ",\"detail\":";
  AppendJsonText(body, error.message);
  body += ",\"code\":";
  AppendJsonText(body, ErrorCodeName(error.code));
  if (!error.field.empty()) {
    body += ",\"field\":";
    AppendJsonText(body, error.field);
  }
  AppendList(body, "allowed", extras.allowed);
  AppendList(body, "nearest", extras.nearest);
  body.push_back('}');
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = std::move(body);
  return response;
}

Response Problem(const Error& error, const ProblemExtras& extras) {
  return Problem(HttpStatusOf(error.code), error, extras);
}

}  // namespace cqd::http
