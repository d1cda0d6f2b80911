#include "http/cors.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"

namespace cqd::http {
namespace {

// Field names are tokens (RFC 9110 section 5.6.2); the list is echoed, so nothing else may pass.
bool IsFieldNameList(std::string_view text) {
  return text.size() <= 1024 && std::all_of(text.begin(), text.end(), [](char c) {
           const bool letter =
               (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
           return letter || c == '-' || c == '_' || c == ',' || c == ' ';
         });
}

}  // namespace

bool CorsPolicy::Allows(std::string_view origin) const {
  return std::any_of(allowed_origins.begin(), allowed_origins.end(),
                     [&](const std::string& known) { return EqualsIgnoreCase(known, origin); });
}

Status CheckCorsPolicy(const CorsPolicy& policy) {
  for (const std::string& origin : policy.allowed_origins) {
    const std::size_t mark = origin.find("://");
    const std::string_view host =
        mark == std::string::npos ? std::string_view() : std::string_view(origin).substr(mark + 3);
    const bool clean = std::all_of(host.begin(), host.end(), [](char c) {
      return c > 0x20 && c < 0x7F && c != '/' && c != '?' && c != '#' && c != '@' && c != ',';
    });
    if (mark == 0 || host.empty() || !clean) {
      return Fail(ErrorCode::kInvalidArgument,
                  "an origin is scheme://host[:port] without a path, not \"" + origin + "\"", {},
                  "allowed_origins");
    }
  }
  return OkStatus();
}

void AddCorsHeaders(const CorsPolicy& policy, const Request& request, Response& response) {
  if (!policy.enabled()) return;
  response.headers.emplace_back("Vary", "Origin");
  const auto origin = request.headers.Find("Origin");
  if (!origin.has_value() || !policy.Allows(*origin)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", *origin);
  response.headers.emplace_back("Access-Control-Allow-Credentials", "true");
}

bool IsForeignWrite(const CorsPolicy& policy, const Request& request) {
  if (request.method == Method::kGet || request.method == Method::kHead ||
      request.method == Method::kOptions) {
    return false;
  }
  const auto origin = request.headers.Find("Origin");
  if (origin.has_value() && policy.Allows(*origin)) return false;
  if (const auto site = request.headers.Find("Sec-Fetch-Site"); site.has_value()) {
    return !EqualsIgnoreCase(*site, "same-origin") && !EqualsIgnoreCase(*site, "none");
  }
  if (!origin.has_value()) return false;
  const std::size_t mark = origin->find("://");
  if (mark == std::string_view::npos) return true;  // "null"
  return !EqualsIgnoreCase(origin->substr(mark + 3), request.headers.Find("Host").value_or(""));
}

bool IsPreflight(const Request& request) {
  return request.method == Method::kOptions && request.headers.Find("Origin").has_value() &&
         request.headers.Find("Access-Control-Request-Method").has_value();
}

Response AnswerPreflight(const CorsPolicy& policy, const Request& request, std::string_view allow) {
  Response response = Response::NoContent();
  response.headers.emplace_back("Allow", allow);
  AddCorsHeaders(policy, request, response);
  const auto origin = request.headers.Find("Origin");
  if (!origin.has_value() || !policy.Allows(*origin)) return response;
  response.headers.emplace_back("Access-Control-Allow-Methods", allow);
  const auto asked = request.headers.Find("Access-Control-Request-Headers");
  if (asked.has_value() && IsFieldNameList(*asked)) {
    response.headers.emplace_back("Access-Control-Allow-Headers", *asked);
  }
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(policy.preflight_max_age).count();
  response.headers.emplace_back("Access-Control-Max-Age", std::to_string(seconds));
  return response;
}

}  // namespace cqd::http
