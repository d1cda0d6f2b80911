// /QoERepositoryService/repository: users, settings, items. Published calls and shapes:
// reference/repository-api.md 2, 3; the calls that the portal needs besides are ours (section 4).
#include <fmt/format.h>

#include "api/internal/repository_json.h"
#include "api/services.h"
#include "base/text.h"
#include "http/problem.h"
#include "http/target.h"

namespace cqd::api {
namespace {

using http::Request;
using http::Response;
using repository::ItemId;
using repository::UserId;

/// What every handler works with: the repository and the caller's user.
struct Call {
  const Request& request;
  repository::Repository& repository;
  repository::User user;
};

Error BadField(std::string field, std::string_view what) {
  std::string message = field + " must be " + std::string(what);
  return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, std::move(field));
}

// --- What the path, the query and the fields say -------------------------------------------------

/// `{userId}`: a number, or `default` for the caller, or `system`.
Result<UserId> UserOf(const Call& call) {
  const std::string_view text = call.request.Capture("userId");
  if (EqualsIgnoreCase(text, "default")) return call.user.id;
  if (EqualsIgnoreCase(text, "system")) return repository::kSystemUser;
  const auto number = ParseInt(text);
  if (!number || *number < 0) return BadField("userId", "a number, default or system");
  return UserId(*number);
}

Result<ItemId> ItemOf(const Call& call) {
  const auto number = ParseInt(call.request.Capture("itemId"));
  if (!number || *number < 0) return BadField("itemId", "a number");
  return ItemId(*number);
}

Result<bool> EffectiveOf(const Call& call) {
  const auto text = call.request.Query("effective");
  if (!text || text->empty() || EqualsIgnoreCase(*text, "false")) return false;
  if (!EqualsIgnoreCase(*text, "true")) return BadField("effective", "true or false");
  // Published: looked at only for the caller (reference/repository-api.md 3.3).
  return EqualsIgnoreCase(call.request.Capture("userId"), "default");
}

/// Where there is a body it is JSON, as all published clients say.
Status CheckJsonBody(const Request& request) {
  const auto type = request.headers.Find("Content-Type");
  if (!type) return OkStatus();
  const std::string_view media = Trim(type->substr(0, type->find(';')));
  if (EqualsIgnoreCase(media, "application/json")) return OkStatus();
  return Fail(ErrorCode::kInvalidArgument, "the body must be application/json", {}, "Content-Type");
}

Result<repository::Precondition> ConditionOf(const Call& call, ItemId item, bool needed) {
  const auto text = call.request.headers.Find("If-Match");
  if (text) return ParseIfMatch(*text, item);
  if (!needed) return repository::Precondition{};
  return Fail(ErrorCode::kFailedPrecondition,
              "send If-Match with the ETag of the item as you saw it, or * for whatever it is now",
              {}, "If-Match");
}

/// Failures of this API that are codes of HTTP's own.
Response Refusal(const Error& error) {
  if (error.field == "If-Match" && error.code == ErrorCode::kConflict)
    return http::Problem(412, error);
  if (error.field == "If-Match" && error.code == ErrorCode::kFailedPrecondition)
    return http::Problem(428, error);
  if (error.field == "Content-Type") return http::Problem(415, error);
  return http::Problem(error);
}

Response Answer(std::string body, int status = 200) {
  // A browser may keep an answer but asks each time whether it still holds.
  return Response::Json(status, std::move(body)).WithHeader("Cache-Control", "private, no-cache");
}

Response WithTag(Response response, ItemId item, const repository::ItemVersion& version) {
  response.headers.emplace_back("ETag", EntityTag(item, version));
  // Without this field a page of another origin cannot see the tag (Fetch standard, CORS).
  response.headers.emplace_back("Access-Control-Expose-Headers", "ETag, Location");
  return response;
}

Response Created(const repository::Item& item) {
  return WithTag(Answer(ItemJson(item), 201), item.id, item.version)
      .WithHeader("Location",
                  fmt::format("/QoERepositoryService/repository/item/{}", item.id.value));
}

// --- Users and settings --------------------------------------------------------------------------

Result<Response> ListUsers(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const auto users, call.repository.ListUsers());
  return Answer(JsonList(users, UserJson));
}

Result<Response> GetUser(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const UserId id, UserOf(call));
  CQD_ASSIGN_OR_RETURN(const auto user, call.repository.GetUser(id));
  return Answer(UserJson(user));
}

Result<Response> ResetUser(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const UserId id, UserOf(call));
  CQD_RETURN_IF_ERROR(call.repository.GetUser(id));
  if (id != call.user.id) {
    return Fail(ErrorCode::kPermissionDenied, "only the owner may reset his items", {}, "userId");
  }
  CQD_RETURN_IF_ERROR(call.repository.Reset(id));
  return Response::NoContent();
}

Result<Response> ListDeletions(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const UserId id, UserOf(call));
  CQD_RETURN_IF_ERROR(call.repository.GetUser(id));
  if (id != call.user.id) {
    return Fail(ErrorCode::kPermissionDenied, "only the owner may see his deleted items", {},
                "userId");
  }
  CQD_ASSIGN_OR_RETURN(const auto deletions, call.repository.ListDeletions(id));
  return Answer(JsonList(deletions, DeletionJson));
}

Result<Response> ListSettings(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const UserId id, UserOf(call));
  CQD_ASSIGN_OR_RETURN(const bool effective, EffectiveOf(call));
  CQD_ASSIGN_OR_RETURN(const auto settings, call.repository.ListSettings(id, effective));
  return Answer(JsonList(settings, SettingJson));
}

Result<Response> GetSetting(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const UserId id, UserOf(call));
  CQD_ASSIGN_OR_RETURN(const bool effective, EffectiveOf(call));
  CQD_ASSIGN_OR_RETURN(const auto setting,
                       call.repository.GetSetting(id, call.request.Capture("key"), effective));
  return Answer(SettingJson(setting));
}

Result<Response> PutSetting(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const UserId id, UserOf(call));
  CQD_ASSIGN_OR_RETURN(const std::string value, ParseSettingBody(call.request.body));
  CQD_RETURN_IF_ERROR(
      call.repository.PutSetting(call.user.id, id, call.request.Capture("key"), value));
  return Response::NoContent();
}

Result<Response> DeleteSetting(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const UserId id, UserOf(call));
  CQD_RETURN_IF_ERROR(call.repository.DeleteSetting(call.user.id, id, call.request.Capture("key")));
  return Response::NoContent();
}

// --- Items: published ----------------------------------------------------------------------------

Result<Response> ListItems(const Call& call) {
  std::string body = "[";
  CQD_RETURN_IF_ERROR(call.repository.ForEachItem([&](const repository::ItemRow& row) {
    if (body.size() > 1) body.push_back(',');
    body += ItemRowJson(row);
  }));
  return Answer(body + "]");
}

Result<Response> GetItem(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const repository::Item item, call.repository.GetItem(id));
  const auto known = call.request.headers.Find("If-None-Match");
  if (known && MatchesTag(*known, EntityTag(id, item.version))) {
    Response unchanged;
    unchanged.status = 304;
    return WithTag(std::move(unchanged), id, item.version);
  }
  return WithTag(Answer(ItemJson(item)), id, item.version);
}

Result<Response> ListSubItems(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const auto rows, call.repository.ListChildren(id));
  return Answer(JsonList(rows, ItemRowJson));
}

Result<Response> ListAncestors(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const auto ancestors, call.repository.ListAncestors(id));
  return Answer(JsonList(ancestors, AncestorJson));
}

Result<Response> UpdateItem(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  // Published clients know no tags; for them the history keeps what they overwrite.
  CQD_ASSIGN_OR_RETURN(const auto if_is, ConditionOf(call, id, false));
  CQD_RETURN_IF_ERROR(call.repository.GetItem(id));
  CQD_ASSIGN_OR_RETURN(const ItemBody body, ParseItemBody(call.request.body));
  CQD_ASSIGN_OR_RETURN(const auto version,
                       call.repository.Update(call.user.id, id, body.item, if_is));
  return WithTag(Response::NoContent(), id, version);
}

// --- Items: ours ---------------------------------------------------------------------------------

Result<Response> CreateItem(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId parent, ItemOf(call));
  CQD_RETURN_IF_ERROR(call.repository.GetItem(parent));
  CQD_ASSIGN_OR_RETURN(ItemBody body, ParseItemBody(call.request.body));
  if (body.item.type.empty()) body.item.type = repository::kJsonType;
  CQD_ASSIGN_OR_RETURN(const auto item,
                       call.repository.Create(call.user.id, {parent, body.position}, body.item));
  return Created(item);
}

Result<Response> DeleteItem(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const auto if_is, ConditionOf(call, id, true));
  CQD_RETURN_IF_ERROR(call.repository.Delete(call.user.id, id, if_is));
  return Response::NoContent();
}

Result<Response> ReorderItem(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const auto if_is, ConditionOf(call, id, true));
  CQD_ASSIGN_OR_RETURN(const auto order, ParseOrderBody(call.request.body));
  CQD_ASSIGN_OR_RETURN(const auto version, call.repository.Reorder(call.user.id, id, order, if_is));
  return WithTag(Response::NoContent(), id, version);
}

Result<Response> MoveItem(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const auto if_is, ConditionOf(call, id, false));
  CQD_ASSIGN_OR_RETURN(const PlaceBody body, ParsePlaceBody(call.request.body));
  if (!body.parent) return BadField("parentItemId", "the number of the new parent");
  CQD_ASSIGN_OR_RETURN(
      const auto version,
      call.repository.Move(call.user.id, id, {*body.parent, body.position}, if_is));
  return WithTag(Response::NoContent(), id, version);
}

Result<Response> CloneItem(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const PlaceBody body,
                       ParsePlaceBody(call.request.body.empty() ? "{}" : call.request.body));
  std::optional<repository::Place> place;
  if (body.parent) place = repository::Place{*body.parent, body.position};
  CQD_ASSIGN_OR_RETURN(const auto item, call.repository.Clone(call.user.id, id, place, body.deep));
  return Created(item);
}

Result<Response> ListRevisions(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const auto revisions, call.repository.ListRevisions(call.user.id, id));
  return Answer(JsonList(revisions, [](const auto& one) { return RevisionJson(one, false); }));
}

Result<std::int64_t> VersionOf(const Call& call) {
  const auto number = ParseInt(call.request.Capture("version"));
  if (!number || *number < 1) return BadField("version", "the number of a version");
  return *number;
}

Result<Response> GetRevision(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const std::int64_t version, VersionOf(call));
  CQD_ASSIGN_OR_RETURN(const auto revision, call.repository.GetRevision(call.user.id, id, version));
  return Answer(RevisionJson(revision, true));
}

Result<Response> RestoreRevision(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const std::int64_t wanted, VersionOf(call));
  CQD_ASSIGN_OR_RETURN(const auto if_is, ConditionOf(call, id, true));
  CQD_ASSIGN_OR_RETURN(const auto version,
                       call.repository.Restore(call.user.id, id, wanted, if_is));
  return WithTag(Response::NoContent(), id, version);
}

Result<Response> UndeleteItem(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const auto item, call.repository.Undelete(call.user.id, id));
  return WithTag(Answer(ItemJson(item)), item.id, item.version);
}

/// The title as a file name that every system takes; the exact one beside it (RFC 6266).
std::string Disposition(const std::string& title) {
  std::string plain;
  for (const char c : title.substr(0, 100)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    plain.push_back(letter || c == '-' || c == '_' ? c : ' ');
  }
  plain = Trim(plain);
  if (plain.empty()) plain = "report";
  return fmt::format("attachment; filename=\"{}.cqdx\"; filename*=UTF-8''{}.cqdx", plain,
                     http::PercentEncode(CleanUtf8(title.empty() ? plain : title, 100)));
}

Result<Response> ExportItem(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId id, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const auto item, call.repository.GetItem(id));
  CQD_ASSIGN_OR_RETURN(std::string text, call.repository.Export(id));
  return Answer(std::move(text))
      .WithHeader("Content-Disposition", Disposition(repository::TitleOf(item.content)));
}

Result<Response> ImportItems(const Call& call) {
  CQD_ASSIGN_OR_RETURN(const ItemId parent, ItemOf(call));
  CQD_ASSIGN_OR_RETURN(const auto imported,
                       call.repository.Import(call.user.id, parent, call.request.body));
  return Answer(ImportedJson(imported), 201);
}

}  // namespace

void AddRepositoryApi(http::Router& router, Services& services) {
  using http::Method;
  const auto add = [&](Method method, const std::string& path,
                       Result<Response> (*handler)(const Call&), http::Role role,
                       std::size_t body_bytes_max) {
    const bool has_body = body_bytes_max > 0;
    router.Add(method, "/QoERepositoryService/repository" + path,
               [&services, handler, has_body](const Request& request) {
                 // Whoever calls gets a user (reference/repository-api.md 1).
                 auto user = services.repository.Enter(request.principal.name);
                 if (!user.ok()) return Refusal(user.error());
                 if (has_body) {
                   if (const Status json = CheckJsonBody(request); !json.ok())
                     return Refusal(json.error());
                 }
                 auto response = handler({request, services.repository, *std::move(user)});
                 return response.ok() ? *std::move(response) : Refusal(response.error());
               },
               {.role_min = role, .body_bytes_max = has_body ? body_bytes_max : 1024});
  };
  const auto get = [&](const std::string& path, Result<Response> (*handler)(const Call&)) {
    add(Method::kGet, path, handler, http::Role::kReader, 0);
  };
  // A content of the longest kind, with every byte escaped.
  constexpr std::size_t kItemBody = 8 * repository::kContentBytesMax;
  constexpr std::size_t kSmallBody = 64 * 1024;
  /// Ten times the published templates of a few hundred items (reference/cube-model.md 6).
  constexpr std::size_t kTemplateBody = 32 * 1024 * 1024;
  constexpr auto kReader = http::Role::kReader, kAuthor = http::Role::kAuthor;

  get("/user", ListUsers);
  get("/user/{userId}", GetUser);
  get("/user/{userId}/setting", ListSettings);
  get("/user/{userId}/setting/{key}", GetSetting);
  get("/item", ListItems);
  get("/item/{itemId}", GetItem);
  get("/item/{itemId}/subitem", ListSubItems);
  get("/itemAncestors/{itemId}", ListAncestors);
  add(Method::kPut, "/item/{itemId}", UpdateItem, kAuthor, kItemBody);

  // A setting is how a page looks to its reader, so readers have theirs.
  add(Method::kPut, "/user/{userId}/setting/{key}", PutSetting, kReader, kSmallBody);
  add(Method::kDelete, "/user/{userId}/setting/{key}", DeleteSetting, kReader, 0);
  add(Method::kPost, "/user/{userId}/reset", ResetUser, kAuthor, 0);
  get("/user/{userId}/deleted", ListDeletions);
  add(Method::kPost, "/item/{itemId}/subitem", CreateItem, kAuthor, kItemBody);
  add(Method::kPut, "/item/{itemId}/subitem", ReorderItem, kAuthor, kSmallBody);
  add(Method::kDelete, "/item/{itemId}", DeleteItem, kAuthor, 0);
  add(Method::kPost, "/item/{itemId}/move", MoveItem, kAuthor, kSmallBody);
  add(Method::kPost, "/item/{itemId}/clone", CloneItem, kAuthor, kSmallBody);
  get("/item/{itemId}/history", ListRevisions);
  get("/item/{itemId}/history/{version}", GetRevision);
  add(Method::kPost, "/item/{itemId}/history/{version}/restore", RestoreRevision, kAuthor, 0);
  add(Method::kPost, "/item/{itemId}/undelete", UndeleteItem, kAuthor, 0);
  get("/item/{itemId}/export", ExportItem);
  add(Method::kPost, "/item/{itemId}/import", ImportItems, kAuthor, kTemplateBody);
}

}  // namespace cqd::api
