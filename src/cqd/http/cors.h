// Which other web pages' scripts may call this server (the CORS protocol of the Fetch standard).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "http/message.h"

namespace cqd::http {

/// Exact origins: scheme, host, port as the browser sends them ("https://portal.example.org:8443").
/// Nothing is special: "*" allows the origin "*", which no browser sends. Empty: CORS is off.
struct CorsPolicy {
  std::vector<std::string> allowed_origins;
  /// How long a browser may remember the answer to a preflight. Whole seconds.
  /// Chromium remembers at most 2 hours, so more has no effect.
  Duration preflight_max_age = std::chrono::hours(2);

  bool enabled() const { return !allowed_origins.empty(); }
  /// Scheme and host compare without regard to case, as browsers send them in lower case.
  bool Allows(std::string_view origin) const;
};

/// Checks the form of every origin: "scheme://host[:port]", no path, no blank, not "null".
/// Errors: kInvalidArgument naming the origin.
Status CheckCorsPolicy(const CorsPolicy& policy);

/// Adds what an answer to a cross-origin request carries: always `Vary: Origin`, and for an allowed
/// origin its echo and Allow-Credentials. Does nothing when the policy is off.
void AddCorsHeaders(const CorsPolicy& policy, const Request& request, Response& response);

/// True for a request that may change something and that a page of an origin outside the policy
/// sent (cross-site request forgery): browsers add stored credentials to those, and send simple
/// ones without a preflight. Judged by Sec-Fetch-Site (Fetch Metadata), which also holds behind a
/// proxy that rewrites Host, else by Origin against Host. Clients that send neither are no
/// browsers.
bool IsForeignWrite(const CorsPolicy& policy, const Request& request);

/// True for the OPTIONS request a browser sends before the real one.
bool IsPreflight(const Request& request);

/// The answer to a preflight: 204, with the methods of `allow` and the headers asked for when the
/// origin is allowed, without them when not (the browser then refuses).
Response AnswerPreflight(const CorsPolicy& policy, const Request& request, std::string_view allow);

}  // namespace cqd::http
