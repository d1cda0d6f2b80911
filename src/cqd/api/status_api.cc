// /api/v1/status and /api/v1/runs: our own status calls, reference/status-api.md 2, 3.
#include <boost/json.hpp>

#include "api/internal/status_json.h"
#include "api/services.h"
#include "base/text.h"
#include "http/problem.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using http::Request;
using http::Response;

bool IsAdministrator(const Request& request) {
  return request.principal.role >= http::Role::kAdministrator;
}

std::string Allowed(std::string_view field, std::string_view what) {
  return std::string(field) + " must be " + std::string(what);
}

Error BadField(std::string field, std::string_view what) {
  std::string message = Allowed(field, what);
  return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, std::move(field));
}

Response GetStatus(const Request& request, Services& services) {
  std::string document =
      StatusDocument(services.integration, {services.version, services.boot_id, services.server_id},
                     IsAdministrator(request));
  return Response::Json(200, std::move(document)).WithHeader("Cache-Control", "no-store");
}

Result<integration::RunFilter> ParseFilter(const Request& request) {
  integration::RunFilter filter;
  for (const auto& [name, value] : request.query) {
    if (name == "stage") {
      filter.stage = integration::ParseStage(value);
      if (!filter.stage) return BadField("stage", "archive or cube");
    } else if (name == "state") {
      filter.state = integration::ParseRunState(value);
      if (!filter.state) {
        return BadField(
            "state",
            "queued, running, succeeded, partial, failed, cancelled, interrupted or skipped");
      }
    } else if (name == "n") {
      const auto most = ParseInt(value);
      if (!most || *most < 1 || *most > 500) return BadField("n", "a whole number from 1 to 500");
      filter.most = static_cast<std::size_t>(*most);
    } else if (name == "cursor") {
      const auto before = ParseInt(value);
      if (!before || *before < 1) return BadField("cursor", "the next_cursor of an earlier answer");
      filter.before_seq = *before;
    } else {
      return BadField(name, "one of: stage, state, n, cursor");
    }
  }
  return filter;
}

Response ListRuns(const Request& request, Services& services) {
  auto filter = ParseFilter(request);
  if (!filter.ok()) return http::Problem(filter.error());
  auto runs = services.integration.log().List(*filter);
  if (!runs.ok()) return http::Problem(runs.error());
  json::array list;
  for (const auto& run : *runs) list.push_back(RunJson(run, IsAdministrator(request)));
  json::value cursor = nullptr;
  if (runs->size() == filter->most) cursor = std::to_string(runs->back().seq);
  return Response::Json(200, json::serialize(json::object{{"runs", std::move(list)},
                                                          {"next_cursor", std::move(cursor)}}));
}

Response GetRun(const Request& request, Services& services) {
  auto run = services.integration.log().Find(request.Capture("id"));
  if (!run.ok()) return http::Problem(run.error());
  json::object out = RunJson(*run, IsAdministrator(request));
  if (IsAdministrator(request)) {
    auto entries = services.integration.log().EntriesOf(run->seq);
    if (!entries.ok()) return http::Problem(entries.error());
    json::array lines;
    for (const auto& entry : *entries) {
      lines.push_back({{"at", TimeJson(entry.at)},
                       {"category", entry.category},
                       {"description", entry.description}});
    }
    out["log"] = std::move(lines);
  }
  return Response::Json(200, json::serialize(out));
}

Result<std::string> TextMember(const json::object& body, std::string_view name,
                               std::string_view otherwise) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string(otherwise);
  if (!value->is_string()) return BadField(std::string(name), "a text");
  return std::string(value->get_string());
}

Result<integration::RunRequest> ParseRunRequest(const Request& request) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 8;
  const json::value value = json::parse(request.body, failed, {}, options);
  if (failed || !value.is_object())
    return BadField("body", "a JSON object like {\"stage\":\"archive\"}");
  const json::object& body = value.get_object();
  for (const auto& member : body) {
    if (member.key() != "stage" && member.key() != "kind" && member.key() != "month") {
      return BadField(std::string(member.key()), "one of: stage, kind, month");
    }
  }
  integration::RunRequest run;
  run.requested_by = request.principal.name;
  CQD_ASSIGN_OR_RETURN(const std::string stage, TextMember(body, "stage", "archive"));
  const auto parsed_stage = integration::ParseStage(stage);
  if (!parsed_stage) return BadField("stage", "archive or cube");
  run.stage = *parsed_stage;
  CQD_ASSIGN_OR_RETURN(run.month, TextMember(body, "month", ""));
  CQD_ASSIGN_OR_RETURN(const std::string kind,
                       TextMember(body, "kind", run.month.empty() ? "incremental" : "month"));
  const auto parsed_kind = integration::ParseRunKind(kind);
  if (!parsed_kind || (run.stage == integration::Stage::kArchive &&
                       *parsed_kind != integration::RunKind::kIncremental)) {
    return BadField("kind", run.stage == integration::Stage::kArchive
                                ? "incremental for the archive"
                                : "incremental, full or month");
  }
  run.kind = *parsed_kind;
  if (run.kind == integration::RunKind::kMonth && !Month::Parse(run.month).ok())
    return BadField("month", "a month like 2015-03");
  return run;
}

Response StartRun(const Request& request, Services& services) {
  auto wanted = ParseRunRequest(request);
  if (!wanted.ok()) return http::Problem(wanted.error());
  auto run = services.integration.Request(*wanted);
  if (!run.ok()) return http::Problem(run.error());
  return Response::Json(202, json::serialize(RunJson(*run, IsAdministrator(request))))
      .WithHeader("Location", "/api/v1/runs/" + run->run_id);
}

Response CancelRun(const Request& request, Services& services) {
  const Status status = services.integration.Cancel(request.Capture("id"));
  if (!status.ok()) return http::Problem(status.error());
  return Response::Json(202, "{}");
}

}  // namespace

std::string StatusDocument(const integration::Service& integration, const ServerIdentity& server,
                           bool administrator) {
  return json::serialize(StatusJson(integration.status(), integration.sources(),
                                    {server.server_id, server.version, server.boot_id},
                                    administrator));
}

void AddStatusApi(http::Router& router, Services& services) {
  const auto with = [&services](Response (*handler)(const Request&, Services&)) {
    return [&services, handler](const Request& request) { return handler(request, services); };
  };
  router.Get("/api/v1/status", with(GetStatus));
  router.Get("/api/v1/runs", with(ListRuns));
  router.Post("/api/v1/runs", with(StartRun),
              {.role_min = http::Role::kAdministrator, .body_bytes_max = 64 * 1024});
  router.Get("/api/v1/runs/{id}", with(GetRun));
  router.Post("/api/v1/runs/{id}/cancel", with(CancelRun),
              {.role_min = http::Role::kAdministrator, .body_bytes_max = 1024});
}

}  // namespace cqd::api
