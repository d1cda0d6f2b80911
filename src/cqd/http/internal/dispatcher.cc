#include "http/internal/dispatcher.h"

#include <exception>

#include "base/log.h"
#include "base/text.h"
#include "http/problem.h"

namespace cqd::http {

Plan Dispatcher::Begin(Request& request, Response& response) const {
  Plan plan;
  plan.answered = true;
  const Status parsed = ParseTargetInto(request.target, request.path, request.query);
  if (!parsed.ok()) {
    response = Problem(parsed.error());
    return plan;
  }
  if (request.path == "*" && request.method == Method::kOptions) {
    response = Response::NoContent();
    return plan;
  }
  const PathRoutes* routes = router_.Match(request.path, request.captures);
  if (routes == nullptr) {
    response = Problem(Fail(ErrorCode::kNotFound, "there is nothing at this path", {}, "path"));
    return plan;
  }
  plan.pattern = routes->pattern;
  const Route* route = routes->Find(request.method);
  if (route == nullptr || (routes->cors && cors_.enabled() && IsPreflight(request))) {
    AnswerWithoutRoute(*routes, request, response);
    return plan;
  }
  plan.route = route;
  plan.body_bytes_max = route->options.body_bytes_max;
  static const CorsPolicy no_origins;
  if (IsForeignWrite(route->options.cors ? cors_ : no_origins, request)) {
    response = Problem(Fail(ErrorCode::kPermissionDenied,
                            "pages of this origin may not call this; the administrator can list "
                            "it among the allowed origins",
                            {}, "Origin"));
    return plan;
  }
  const auto encoding = request.headers.Find("Content-Encoding");
  if (encoding.has_value() && !EqualsIgnoreCase(Trim(*encoding), "identity")) {
    response = Problem(415, Fail(ErrorCode::kInvalidArgument,
                                 "a request body must not be compressed", {}, "Content-Encoding"));
    response.headers.emplace_back("Accept-Encoding", "identity");
    return plan;
  }
  plan.pooled = !route->options.run_inline;
  plan.answered = !AuthenticateEarly(plan, request, response);
  return plan;
}

bool Dispatcher::AuthenticateEarly(Plan& plan, Request& request, Response& response) const {
  if (plan.route->options.role_min == Role::kNone) return true;
  std::optional<Result<Principal>> known = authenticator_.AuthenticateFast(request);
  if (!known.has_value()) {
    plan.needs_authentication = true;
    plan.pooled = true;
    return true;
  }
  if (!known->ok()) {
    Refuse(known->error(), request, response);
  } else {
    request.principal = *std::move(*known);
    if (CheckRole(plan, request.principal, response)) return true;
  }
  if (plan.route->options.cors) AddCorsHeaders(cors_, request, response);
  return false;
}

void Dispatcher::Finish(const Plan& plan, Request& request, Response& response) const {
  bool allowed = true;
  try {
    if (plan.needs_authentication) {
      Result<Principal> principal = authenticator_.Authenticate(request);
      allowed = principal.ok();
      if (allowed) {
        request.principal = *std::move(principal);
        allowed = CheckRole(plan, request.principal, response);
      } else {
        Refuse(principal.error(), request, response);
      }
    }
    if (allowed) response = plan.route->handler(request);
  } catch (const std::exception& fault) {
    LogError("{} {}: {}", MethodName(request.method), plan.pattern, fault.what());
    response = Problem(Fail(ErrorCode::kInternal, "a fault of the server; its log says more"));
  }
  if (plan.route->options.cors) AddCorsHeaders(cors_, request, response);
}

bool Dispatcher::CheckRole(const Plan& plan, const Principal& principal, Response& response) const {
  const Role needed = plan.route->options.role_min;
  if (principal.role >= needed) return true;
  response = Problem(
      Fail(ErrorCode::kPermissionDenied, "this needs the role " + std::string(RoleName(needed))));
  return false;
}

void Dispatcher::Refuse(const Error& error, const Request& request, Response& response) const {
  response = RefusedSignIn(error);
  const std::string_view challenge = authenticator_.ChallengeFor(request);
  if (response.status == 401 && !challenge.empty()) {
    response.headers.emplace_back("WWW-Authenticate", challenge);
  }
}

void Dispatcher::AnswerWithoutRoute(const PathRoutes& routes, const Request& request,
                                    Response& response) const {
  if (routes.cors && cors_.enabled() && IsPreflight(request)) {
    response = AnswerPreflight(cors_, request, routes.allow);
    return;
  }
  if (request.method == Method::kOptions) {
    response = Response::NoContent();
  } else {
    response = Problem(
        405, Fail(ErrorCode::kInvalidArgument,
                  "this path does not take the method " + request.method_text, {}, "method"));
    if (routes.cors) AddCorsHeaders(cors_, request, response);
  }
  response.headers.emplace_back("Allow", routes.allow);
}

}  // namespace cqd::http
