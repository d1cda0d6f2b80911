// /api/v1/me, /api/v1/session: who calls, and how a browser signs in and out.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/internal/arguments.h"
#include "api/services.h"
#include "http/auth.h"
#include "http/problem.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using http::Request;
using http::Response;

/// Ways in, for a page that shows a form or a hint.
json::array Methods(const Services& services) {
  if (services.auth.mode != "basic") return {};
  if (services.auth.session_time.count() <= 0) return {"basic"};
  return {"session", "basic"};
}

/// For those who are not signed in yet: nothing that a stranger should not know.
Response GetSession(const Request&, const Services& services) {
  return Response::Json(200, json::serialize(json::object{{"mode", services.auth.mode},
                                                          {"methods", Methods(services)}}));
}

json::object MeJson(const http::Principal& principal, bool session, const Services& services) {
  return {{"name", principal.name},
          {"role", http::RoleName(principal.role)},
          {"authentication",
           {{"mode", services.auth.mode}, {"methods", Methods(services)}, {"session", session}}},
          {"server", {{"product", "OpenCQD"}, {"version", services.version}}},
          {"time_zone", services.cube_zone.name()},
          {"published_time_zone", services.published_zone.name()}};
}

/// HttpOnly: no script reads it. SameSite=Strict: no other site's page sends it (RFC 6265bis
/// section 5.6.7); writes of other origins are refused besides (http/cors.h).
std::string SetCookie(std::string_view token, std::int64_t seconds, const Services& services) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", http::kSessionCookie,
                     token, seconds, services.auth.secure ? "; Secure" : "");
}

Response NeverStored(Response response) {
  return std::move(response).WithHeader("Cache-Control", "no-store");
}

Response GetMe(const Request& request, const Services& services) {
  const bool session =
      services.auth.authenticator != nullptr && services.auth.authenticator->HasSession(request);
  return NeverStored(
      Response::Json(200, json::serialize(MeJson(request.principal, session, services))));
}

Result<http::NewSession> Begin(const Request& request, const Services& services) {
  CQD_ASSIGN_OR_RETURN(const json::object body,
                       ReadObject(request, R"({"name":"anna","password":"..."})"));
  for (const auto& member : body) {
    if (member.key() != "name" && member.key() != "password")
      return BadField(std::string(member.key()), "left out; there are name and password");
  }
  CQD_ASSIGN_OR_RETURN(const std::string name, TextMember(body, "name", ""));
  CQD_ASSIGN_OR_RETURN(const std::string password, TextMember(body, "password", ""));
  if (services.auth.authenticator == nullptr)
    return Fail(ErrorCode::kFailedPrecondition, "nobody signs in without a server");
  return services.auth.authenticator->BeginSession(name, password);
}

Response BeginSession(const Request& request, Services& services) {
  const auto session = Begin(request, services);
  if (!session.ok()) {
    Response refused = http::Problem(session.error());
    // No Basic here: the browser would open its own window over the page's form.
    if (refused.status == 401)
      refused.headers.emplace_back("WWW-Authenticate", "Session realm=\"OpenCQD\"");
    return refused;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(session->time_max).count();
  return NeverStored(
      Response::Json(200, json::serialize(MeJson(session->principal, true, services)))
          .WithHeader("Set-Cookie", SetCookie(session->token, seconds, services)));
}

Response EndSession(const Request& request, Services& services) {
  if (services.auth.authenticator != nullptr) services.auth.authenticator->EndSession(request);
  return NeverStored(Response::NoContent().WithHeader("Set-Cookie", SetCookie("", 0, services)));
}

}  // namespace

void AddSessionApi(http::Router& router, Services& services) {
  const auto with = [&services](auto handler) {
    return [&services, handler](const Request& request) { return handler(request, services); };
  };
  // A session is our own pages' alone: no other origin begins, ends or asks for one.
  const http::RouteOptions anybody{
      .role_min = http::Role::kNone, .body_bytes_max = 16 * 1024, .cors = false};
  router.Get("/api/v1/me", with(GetMe));
  router.Get("/api/v1/session", with(GetSession), anybody);
  router.Post("/api/v1/session", with(BeginSession), anybody);
  router.Add(http::Method::kDelete, "/api/v1/session", with(EndSession), anybody);
}

}  // namespace cqd::api
