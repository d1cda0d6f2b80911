// /api/v1/users: the password file of auth.mode = "basic". No answer ever holds a password or a
// hash.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>

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

constexpr std::string_view kRoles = "reader, author or administrator";

Status CheckManaged(const Services& services) {
  if (services.auth.mode == "basic" && !services.auth.password_file.empty()) return OkStatus();
  return Fail(ErrorCode::kFailedPrecondition,
              "the users are not kept here: auth.mode is \"" + services.auth.mode + "\"");
}

json::object UserJson(std::string_view name, http::Role role) {
  return {{"name", name}, {"role", http::RoleName(role)}};
}

/// What a body asks for; the members it may have differ.
struct UserBody {
  std::optional<std::string> name, password;
  std::optional<http::Role> role;
};

Result<UserBody> ReadBody(const Request& request, bool named) {
  CQD_ASSIGN_OR_RETURN(const json::object body,
                       ReadObject(request, R"({"name":"anna","role":"reader","password":"..."})"));
  UserBody out;
  for (const auto& [key, value] : body) {
    const bool known = key == "role" || key == "password" || (named && key == "name");
    if (!known)
      return BadField(std::string(key),
                      named ? "one of: name, role, password" : "one of: role, password");
    if (!value.is_string()) return BadField(std::string(key), "a text");
    const std::string text(value.get_string());
    if (key == "name") out.name = text;
    if (key == "password") out.password = text;
    if (key != "role") continue;
    out.role = http::ParseRole(text);
    if (!out.role || *out.role == http::Role::kNone) return BadField("role", kRoles);
  }
  return out;
}

/// After each change: who was removed or got another role notices at once, and the log tells who
/// did it.
void NoteChange(const Services& services, const std::string& text) {
  if (services.auth.authenticator != nullptr) services.auth.authenticator->ForgetUsers();
  if (services.note) services.note(text);
}

Response ListUsers(const Request&, Services& services) {
  if (const Status managed = CheckManaged(services); !managed.ok())
    return http::Problem(managed.error());
  const auto users = http::ReadPasswordFile(services.auth.password_file);
  if (!users.ok()) return http::Problem(users.error());
  json::array list;
  for (const auto& user : *users) list.push_back(UserJson(user.name, user.role));
  return Response::Json(200, json::serialize(json::object{{"users", std::move(list)}}));
}

Result<json::object> Add(const Request& request, Services& services) {
  CQD_RETURN_IF_ERROR(CheckManaged(services));
  CQD_ASSIGN_OR_RETURN(const UserBody body, ReadBody(request, true));
  if (!body.name) return BadField("name", "given");
  if (!body.role) return BadField("role", kRoles);
  if (!body.password) return BadField("password", "given");
  CQD_RETURN_IF_ERROR(
      http::AddUser(services.auth.password_file, *body.name, *body.role, *body.password));
  NoteChange(services, fmt::format("User {} was added as {} by {}", *body.name,
                                   http::RoleName(*body.role), request.principal.name));
  return UserJson(*body.name, *body.role);
}

Response AddUser(const Request& request, Services& services) {
  const auto added = Add(request, services);
  if (!added.ok()) return http::Problem(added.error());
  return Response::Json(201, json::serialize(*added));
}

Status Change(const Request& request, Services& services) {
  CQD_RETURN_IF_ERROR(CheckManaged(services));
  CQD_ASSIGN_OR_RETURN(const UserBody body, ReadBody(request, false));
  const std::string name(request.Capture("name"));
  const std::string& file = services.auth.password_file;
  if (!body.role && !body.password) return BadField("role", "given, or password");
  if (body.password) {
    CQD_RETURN_IF_ERROR(http::ChangePassword(file, name, *body.password));
    NoteChange(services,
               fmt::format("The password of {} was changed by {}", name, request.principal.name));
  }
  if (body.role) {
    CQD_RETURN_IF_ERROR(http::ChangeRole(file, name, *body.role, http::LastAdministrator::kStays));
    NoteChange(services, fmt::format("User {} was made {} by {}", name, http::RoleName(*body.role),
                                     request.principal.name));
  }
  return OkStatus();
}

Response ChangeUser(const Request& request, Services& services) {
  const Status changed = Change(request, services);
  return changed.ok() ? Response::NoContent() : http::Problem(changed.error());
}

Status Remove(const Request& request, Services& services) {
  CQD_RETURN_IF_ERROR(CheckManaged(services));
  const std::string name(request.Capture("name"));
  CQD_RETURN_IF_ERROR(
      http::RemoveUser(services.auth.password_file, name, http::LastAdministrator::kStays));
  NoteChange(services, fmt::format("User {} was removed by {}", name, request.principal.name));
  return OkStatus();
}

Response RemoveUser(const Request& request, Services& services) {
  const Status removed = Remove(request, services);
  return removed.ok() ? Response::NoContent() : http::Problem(removed.error());
}

}  // namespace

void AddUsersApi(http::Router& router, Services& services) {
  const auto with = [&services](Response (*handler)(const Request&, Services&)) {
    return [&services, handler](const Request& request) { return handler(request, services); };
  };
  const http::RouteOptions administrators{
      .role_min = http::Role::kAdministrator, .body_bytes_max = 16 * 1024, .cors = false};
  router.Get("/api/v1/users", with(ListUsers), administrators);
  router.Post("/api/v1/users", with(AddUser), administrators);
  router.Add(http::Method::kPut, "/api/v1/users/{name}", with(ChangeUser), administrators);
  router.Add(http::Method::kDelete, "/api/v1/users/{name}", with(RemoveUser), administrators);
}

}  // namespace cqd::api
