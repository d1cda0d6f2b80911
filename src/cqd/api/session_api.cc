// /api/v1/me, /api/v1/session: who calls, and how a browser signs in and out.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/internal/arguments.h"
#include "api/services.h"
#include "http/auth.h"
#include "http/password_file.h"
#include "http/problem.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using http::Request;
using http::Response;

Status CheckPasswordsAreOurs(const Services& services) {
  if (services.auth.mode == "basic" && !services.auth.password_file.empty() &&
      services.auth.authenticator != nullptr)
    return OkStatus();
  return Fail(ErrorCode::kFailedPrecondition,
              "the passwords are not kept here: auth.mode is \"" + services.auth.mode + "\"");
}

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
  return services.auth.authenticator->BeginSession(name, password, request.remote_address);
}

Response BeginSession(const Request& request, Services& services) {
  const auto session = Begin(request, services);
  if (!session.ok()) {
    Response refused = http::RefusedSignIn(session.error());
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

/// A window left open does not give the account away: the old password is asked for.
Result<std::string> Change(const Request& request, const Services& services) {
  CQD_RETURN_IF_ERROR(CheckPasswordsAreOurs(services));
  CQD_ASSIGN_OR_RETURN(const json::object body,
                       ReadObject(request, R"({"old":"...","new":"..."})"));
  for (const auto& member : body) {
    if (member.key() != "old" && member.key() != "new")
      return BadField(std::string(member.key()), "left out; there are old and new");
  }
  CQD_ASSIGN_OR_RETURN(const std::string before, TextMember(body, "old", ""));
  CQD_ASSIGN_OR_RETURN(std::string after, TextMember(body, "new", ""));
  if (const Status good = http::CheckNewPassword(after); !good.ok())
    return Fail(ErrorCode::kInvalidArgument, good.error().message, {}, "new");
  if (after == before) return BadField("new", "another one than the old");
  CQD_RETURN_IF_ERROR(services.auth.authenticator->CheckAgain(request, before));
  CQD_RETURN_IF_ERROR(
      http::ChangePassword(services.auth.password_file, request.principal.name, after));
  services.auth.authenticator->ForgetUsers();
  if (services.note) services.note(request.principal.name + " changed the own password");
  return after;
}

Response ChangeOwnPassword(const Request& request, Services& services) {
  // Asked before the change: the sessions of the old password are over with it, this one too.
  const bool session =
      services.auth.authenticator != nullptr && services.auth.authenticator->HasSession(request);
  const auto changed = Change(request, services);
  if (!changed.ok()) {
    // A wrong old password is no reason to sign in anew: 403, as the session itself is good.
    if (changed.error().code == ErrorCode::kUnauthenticated)
      return http::Problem(
          Fail(ErrorCode::kPermissionDenied, "the old password is wrong", {}, "old"));
    return http::RefusedSignIn(changed.error());
  }
  Response done = NeverStored(Response::NoContent());
  if (!session) return done;
  const auto renewed = services.auth.authenticator->BeginSession(request.principal.name, *changed,
                                                                 request.remote_address);
  // Changed it is; the browser then asks for the new password.
  if (!renewed.ok()) return done;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(renewed->time_max).count();
  return std::move(done).WithHeader("Set-Cookie", SetCookie(renewed->token, seconds, services));
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
  const http::RouteOptions readers{.body_bytes_max = 16 * 1024, .cors = false};
  router.Get("/api/v1/me", with(GetMe));
  router.Add(http::Method::kPut, "/api/v1/me/password", with(ChangeOwnPassword), readers);
  router.Get("/api/v1/session", with(GetSession), anybody);
  router.Post("/api/v1/session", with(BeginSession), anybody);
  router.Add(http::Method::kDelete, "/api/v1/session", with(EndSession), anybody);
}

}  // namespace cqd::api
