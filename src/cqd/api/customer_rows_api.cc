// /api/v1/customer-tables/{table}/rows: one row added, changed or deleted by hand.
#include <fmt/format.h>

#include "api/internal/arguments.h"
#include "api/internal/customer_json.h"
#include "archive/customer_edit.h"
#include "http/problem.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using archive::CustomerRowEdit;
using http::Request;
using http::Response;
using Kind = CustomerRowEdit::Kind;

constexpr std::size_t kBodyBytesMax = 64 * 1024;

/// `?key=10.1.0.0&key=16&key=`, in the order of the table's key columns, and `dry_run`.
Status ReadQuery(const Request& request, CustomerRowEdit& edit) {
  for (const auto& [name, value] : request.query) {
    if (name == "key") {
      edit.key.push_back(value);
    } else if (name == "dry_run") {
      if (value != "true" && value != "false") return BadField("dry_run", "true or false");
      edit.dry_run = value == "true";
    } else {
      return BadField(name, "one of: key (once for each key column), dry_run");
    }
  }
  return OkStatus();
}

/// {"BuildingName":"Hall","Latitude":45.75,"InsideCorp":true,"CityName":null}
Status ReadValues(const Request& request, CustomerRowEdit& edit) {
  CQD_ASSIGN_OR_RETURN(const json::object body,
                       ReadObject(request, R"({"BuildingName":"Hall","CityName":null})"));
  for (const auto& [name, value] : body) {
    std::string text;
    if (value.is_string()) {
      text = value.get_string();
    } else if (value.is_bool()) {
      text = value.get_bool() ? "1" : "0";
    } else if (value.is_number()) {
      text = json::serialize(value);
    } else if (!value.is_null()) {
      return BadField(std::string(name), "a text, a number, true, false or null");
    }
    edit.values.emplace_back(name, std::move(text));
  }
  return OkStatus();
}

/// The one tag of `versions` in GET /api/v1/customer-tables/{table}, in quotes (RFC 9110 section
/// 13.1.1).
Status ReadVersion(const Request& request, CustomerRowEdit& edit) {
  const auto tag = request.headers.Find("If-Match");
  if (!tag)
    return Fail(ErrorCode::kFailedPrecondition,
                "send If-Match with the version of the row as you saw it, in quotes", {},
                "If-Match");
  if (tag->size() < 2 || tag->front() != '"' || tag->back() != '"')
    return BadField("If-Match", "the version of the row in quotes");
  edit.version = tag->substr(1, tag->size() - 2);
  return OkStatus();
}

/// What all streams would then be counted by, against what they are counted by now.
Result<json::value> EffectJson(const Request& request, const Services& services,
                               archive::CustomerRowChange& change) {
  const auto snapshot = services.cube.snapshot();
  if (!change.after || snapshot == nullptr) return json::value(nullptr);
  archive::MappingInForce candidate;
  candidate.layers.push_back({*std::move(change.after), std::nullopt});
  const auto mapping = cube::MakeMapping(services.archive, candidate, snapshot->zone());
  cube::QueryLimits limits;
  limits.cancel = &request.cancel_token();
  CQD_ASSIGN_OR_RETURN(const auto compared, snapshot->CompareMapping(*mapping, limits));
  return json::value{{"data_version", snapshot->data_version()},
                     {"streams_total", compared.streams_total},
                     {"streams_moved", compared.streams_moved},
                     {"inside_changed", compared.inside_changed}};
}

Response WithMember(Response response, std::string_view name, json::array list) {
  boost::system::error_code error;
  json::value body = json::parse(response.body, error);
  if (error || !body.is_object()) return response;
  body.get_object()[name] = std::move(list);
  response.body = json::serialize(body);
  return response;
}

Response InUse(const std::vector<archive::RowUsers>& users) {
  json::array list;
  std::string said;
  for (const archive::RowUsers& one : users) {
    list.push_back(
        {{"table", one.table}, {"count", one.count}, {"rows", json::value_from(one.rows)}});
    said += fmt::format("{}{} of {}", said.empty() ? "" : ", ", one.count, one.table);
  }
  return WithMember(http::Problem(Fail(ErrorCode::kFailedPrecondition,
                                       fmt::format("rows still name it: {}; change or delete them "
                                                   "first",
                                                   said),
                                       {}, "key")),
                    "used_by", std::move(list));
}

Response Wrong(const archive::ImportReport& report) {
  const archive::ImportProblem& first = report.problems.front();
  return WithMember(http::Problem(Fail(ErrorCode::kInvalidArgument,
                                       fmt::format("{} must be {}", first.column, first.allowed),
                                       {}, first.column)),
                    "problems", ProblemsJson(report.problems));
}

void NoteChange(const Request& request, const Services& services,
                const archive::CustomerTable& table, const CustomerRowEdit& edit) {
  if (!services.note) return;
  const std::string_view what = edit.kind == Kind::kAdd      ? "added"
                                : edit.kind == Kind::kChange ? "changed"
                                                             : "deleted";
  services.note(fmt::format("Row {} of {} was {} by {}", fmt::join(edit.key, " "), table.id, what,
                            request.principal.name));
}

Result<Response> Work(Kind kind, const Request& request, const Services& services) {
  CustomerRowEdit edit{.kind = kind, .now = services.clock.Now()};
  CQD_ASSIGN_OR_RETURN(const archive::CustomerTable* table, CustomerTableOf(request));
  CQD_RETURN_IF_ERROR(ReadQuery(request, edit));
  if (kind != Kind::kDelete) CQD_RETURN_IF_ERROR(ReadValues(request, edit));
  if (kind != Kind::kAdd) CQD_RETURN_IF_ERROR(ReadVersion(request, edit));
  CQD_ASSIGN_OR_RETURN(auto main, archive::OpenForImport(services.archive_folder));
  CQD_ASSIGN_OR_RETURN(auto change, ChangeCustomerRow(main, *table, edit));
  if (!change.users.empty()) return InUse(change.users);
  if (change.report.problem_count > 0) return Wrong(change.report);
  CQD_ASSIGN_OR_RETURN(json::value effect, EffectJson(request, services, change));
  if (change.report.applied) NoteChange(request, services, *table, edit);
  const int status = kind == Kind::kAdd && !edit.dry_run ? 201 : 200;
  return Response::Json(
      status, json::serialize(json::object{{"table", table->id},
                                           {"dry_run", edit.dry_run},
                                           {"applied", change.report.applied},
                                           {"effect", std::move(effect)},
                                           {"overlaps", OverlapsJson(change.report.overlaps)},
                                           {"overlap_count", change.report.overlap_count},
                                           {"overlaps_new", change.report.overlaps_new}}));
}

Response Answer(Kind kind, const Request& request, const Services& services) {
  auto answer = Work(kind, request, services);
  if (answer.ok()) return *std::move(answer);
  const Error& error = answer.error();
  // RFC 9110 section 15.5.13 and RFC 6585 section 3.
  if (error.field == "If-Match" && error.code == ErrorCode::kConflict)
    return http::Problem(412, error);
  if (error.field == "If-Match" && error.code == ErrorCode::kFailedPrecondition)
    return http::Problem(428, error);
  return http::Problem(error);
}

}  // namespace

void AddCustomerRowsApi(http::Router& router, Services& services) {
  const auto with = [&services](Kind kind) {
    return [&services, kind](const Request& request) { return Answer(kind, request, services); };
  };
  const http::RouteOptions administrators{.role_min = http::Role::kAdministrator,
                                          .body_bytes_max = kBodyBytesMax};
  constexpr const char* kPath = "/api/v1/customer-tables/{table}/rows";
  router.Post(kPath, with(Kind::kAdd), administrators);
  router.Add(http::Method::kPut, kPath, with(Kind::kChange), administrators);
  router.Add(http::Method::kDelete, kPath, with(Kind::kDelete), administrators);
}

}  // namespace cqd::api
