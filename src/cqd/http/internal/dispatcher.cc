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
  const auto encoding = request.headers.Find("Content-Encoding");
  if (encoding.has_value() && !EqualsIgnoreCase(Trim(*encoding), "identity")) {
    response = Problem(415, Fail(ErrorCode::kInvalidArgument,
                                 "a request body must not be compressed", {}, "Content-Encoding"));
    response.headers.emplace_back("Accept-Encoding", "identity");
    return plan;
  }
  plan.pooled = !route->options.run_inline;
  if (route->options.role_min != Role::kNone) {
    std::optional<Result<Principal>> known = authenticator_.AuthenticateFast(request);
    plan.needs_authentication = !known.has_value();
    plan.pooled = plan.pooled || plan.needs_authentication;
    if (known.has_value()) {
      if (!known->ok()) {
        Refuse(known->error(), response);
        if (route->options.cors) AddCorsHeaders(cors_, request, response);
        return plan;
      }
      request.principal = *std::move(*known);
      if (!CheckRole(plan, request.principal, response)) {
        if (route->options.cors) AddCorsHeaders(cors_, request, response);
        return plan;
      }
    }
  }
  plan.answered = false;
  return plan;
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
        Refuse(principal.error(), response);
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

void Dispatcher::Refuse(const Error& error, Response& response) const {
  response = Problem(error);
  if (response.status == 401 && !authenticator_.challenge().empty()) {
    response.headers.emplace_back("WWW-Authenticate", authenticator_.challenge());
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
