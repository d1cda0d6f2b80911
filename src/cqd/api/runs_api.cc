// /api/v1/runs and /api/v1/schedule: history, start, stop, pause. reference/status-api.md 2.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/internal/arguments.h"
#include "api/internal/run_json.h"
#include "api/services.h"
#include "base/text.h"
#include "http/problem.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using http::Request;
using http::Response;

constexpr std::int64_t kRunsMax = 500;
constexpr std::int64_t kRejectsDefault = 50;
constexpr std::string_view kStates =
    "queued, running, succeeded, partial, failed, cancelled, interrupted or skipped";

Result<UtcTime> Moment(std::string_view field, std::string_view text) {
  auto time = ParseTime(text);
  if (!time.ok()) return BadField(std::string(field), "a time like 2015-03-01T10:00:00Z");
  return *time;
}

Status ReadFilter(std::string_view name, std::string_view value, integration::RunFilter& filter) {
  if (name == "stage") {
    filter.stage = integration::ParseStage(value);
    if (!filter.stage) return BadField("stage", "archive or cube");
  } else if (name == "state") {
    filter.state = integration::ParseRunState(value);
    if (!filter.state) return BadField("state", kStates);
  } else if (name == "from") {
    CQD_ASSIGN_OR_RETURN(filter.from, Moment("from", value));
  } else if (name == "to") {
    CQD_ASSIGN_OR_RETURN(filter.to, Moment("to", value));
  } else if (name == "n") {
    CQD_ASSIGN_OR_RETURN(const std::int64_t most, WholeNumber("n", value, 1, kRunsMax));
    filter.most = static_cast<std::size_t>(most);
  } else if (name == "cursor") {
    const auto before = ParseInt(value);
    if (!before || *before < 1) return BadField("cursor", "the next_cursor of an earlier answer");
    filter.before_seq = *before;
  } else {
    return BadField(std::string(name), "one of: stage, state, from, to, n, cursor");
  }
  return OkStatus();
}

Result<integration::RunFilter> ParseFilter(const Request& request) {
  integration::RunFilter filter;
  for (const auto& [name, value] : request.query)
    CQD_RETURN_IF_ERROR(ReadFilter(name, value, filter));
  if (filter.from && filter.to && *filter.from >= *filter.to) return BadField("to", "after from");
  return filter;
}

Response ListRuns(const Request& request, Services& services) {
  auto filter = ParseFilter(request);
  if (!filter.ok()) return http::Problem(filter.error());
  auto runs = services.integration.log().List(*filter);
  if (!runs.ok()) return http::Problem(runs.error());
  const UtcTime now = services.clock.Now();
  json::array list;
  for (const auto& run : *runs) list.push_back(RunJson(run, IsAdministrator(request), now));
  json::value cursor = nullptr;
  if (runs->size() == filter->most) cursor = std::to_string(runs->back().seq);
  return Response::Json(200, json::serialize(json::object{{"runs", std::move(list)},
                                                          {"next_cursor", std::move(cursor)}}));
}

/// By run_id, or by number as `caused_by` and `retry_of` give it.
Result<integration::RunRecord> FindRun(std::string_view id, const Services& services) {
  const integration::RunLog& log = services.integration.log();
  const auto seq = ParseInt(id);
  if (!seq) return log.Find(id);
  if (*seq > 0 && *seq < INT64_MAX) {
    integration::RunFilter filter;
    filter.before_seq = *seq + 1;
    filter.most = 1;
    CQD_ASSIGN_OR_RETURN(std::vector<integration::RunRecord> runs, log.List(filter));
    if (!runs.empty() && runs.front().seq == *seq) return std::move(runs.front());
  }
  return Fail(ErrorCode::kNotFound, "there is no run of that number");
}

/// Lines of the run's log, for administrators.
Result<json::array> LogLines(const integration::RunRecord& run, const Services& services) {
  CQD_ASSIGN_OR_RETURN(const auto entries, services.integration.log().EntriesOf(run.seq));
  json::array lines;
  for (const auto& entry : entries) {
    lines.push_back({{"at", TimeJson(entry.at)},
                     {"category", entry.category},
                     {"description", entry.description}});
  }
  return lines;
}

Response GetRun(const Request& request, Services& services) {
  const auto run = FindRun(request.Capture("id"), services);
  if (!run.ok()) return http::Problem(run.error());
  json::object out = RunJson(*run, IsAdministrator(request), services.clock.Now());
  if (IsAdministrator(request)) {
    auto lines = LogLines(*run, services);
    if (!lines.ok()) return http::Problem(lines.error());
    out["log"] = *std::move(lines);
  }
  return Response::Json(200, json::serialize(out));
}

/// What the stream told of the run, as far as it is kept.
json::array EventsOf(const integration::RunRecord& run, const integration::EventLog& events) {
  constexpr auto kKept = static_cast<std::int64_t>(integration::EventLog::kKept);
  const integration::EventPage page = events.After(
      std::max<std::int64_t>(0, events.newest_id() - kKept), integration::EventLog::kKept);
  const std::string mark = fmt::format("\"run_id\":\"{}\"", run.run_id);
  json::array out;
  for (const auto& event : page.events) {
    if (event->data.find(mark) == std::string::npos) continue;
    boost::system::error_code failed;
    json::value data = json::parse(event->data, failed);
    if (failed) continue;
    out.push_back({{"id", event->id},
                   {"at", TimeJson(event->at)},
                   {"type", event->type},
                   {"data", std::move(data)}});
  }
  return out;
}

Response GetRunEvents(const Request& request, Services& services) {
  const auto run = FindRun(request.Capture("id"), services);
  if (!run.ok()) return http::Problem(run.error());
  json::object out{{"run_id", run->run_id},
                   {"events", EventsOf(*run, services.integration.log().events())}};
  if (IsAdministrator(request)) {
    auto lines = LogLines(*run, services);
    if (!lines.ok()) return http::Problem(lines.error());
    out["log"] = *std::move(lines);
  }
  return Response::Json(200, json::serialize(out));
}

/// Records in quarantine that this run set aside. What they hold is for administrators.
Response GetRunRejects(const Request& request, Services& services) {
  const auto run = FindRun(request.Capture("id"), services);
  if (!run.ok()) return http::Problem(run.error());
  std::int64_t most = kRejectsDefault, before = 0;
  for (const auto& [name, value] : request.query) {
    if (name != "n" && name != "cursor") return http::Problem(BadField(name, "one of: n, cursor"));
    const auto number = WholeNumber(name, value, 1, name == "n" ? kRunsMax : INT64_MAX);
    if (!number.ok()) return http::Problem(number.error());
    (name == "n" ? most : before) = *number;
  }
  const archive::Quarantine& quarantine = services.archive.quarantine();
  archive::QuarantineFilter filter;
  filter.run_seq = run->seq;
  const auto entries = quarantine.List(filter, static_cast<std::size_t>(most), before);
  if (!entries.ok()) return http::Problem(entries.error());
  json::array list;
  for (const archive::QuarantineEntry& entry : *entries) {
    json::object one{{"id", entry.id},
                     {"source", entry.source},
                     {"reason", entry.reason},
                     {"first_at", TimeJson(entry.first_at)},
                     {"last_at", TimeJson(entry.last_at)},
                     {"occurrences", entry.occurrences}};
    if (IsAdministrator(request)) {
      const auto whole = quarantine.Find(entry.id);
      one["record_key"] = entry.record_key;
      one["detail"] = entry.detail;
      one["payload"] = whole.ok() ? json::value(whole->payload) : json::value(nullptr);
    }
    list.push_back(std::move(one));
  }
  json::value cursor = nullptr;
  if (static_cast<std::int64_t>(entries->size()) == most)
    cursor = std::to_string(entries->back().id);
  return Response::Json(200, json::serialize(json::object{{"run_id", run->run_id},
                                                          {"rejects", std::move(list)},
                                                          {"next_cursor", std::move(cursor)}}));
}

/// The key that names the request: header `Idempotency-Key` or member `idempotency_key`.
Result<std::string> IdempotencyKey(const Request& request, const json::object& body) {
  CQD_ASSIGN_OR_RETURN(const std::string member, TextMember(body, "idempotency_key", ""));
  const auto header = request.headers.Find("Idempotency-Key");
  if (!header || header->empty()) return member;
  if (!member.empty() && member != *header)
    return BadField("idempotency_key", "the same as the header Idempotency-Key, or absent");
  return std::string(*header);
}

Result<integration::RunRequest> ParseRunRequest(const Request& request) {
  CQD_ASSIGN_OR_RETURN(const json::object body, ReadObject(request, "{\"stage\":\"archive\"}"));
  for (const auto& member : body) {
    if (member.key() != "stage" && member.key() != "kind" && member.key() != "month" &&
        member.key() != "idempotency_key") {
      return BadField(std::string(member.key()), "one of: stage, kind, month, idempotency_key");
    }
  }
  integration::RunRequest run;
  run.requested_by = request.principal.name;
  CQD_ASSIGN_OR_RETURN(run.idempotency_key, IdempotencyKey(request, body));
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
  const auto run = FindRun(request.Capture("id"), services);
  if (!run.ok()) return http::Problem(run.error());
  const Status status = services.integration.Cancel(run->run_id);
  if (!status.ok()) return http::Problem(status.error());
  return Response::Json(202, "{}");
}

Response PauseSchedule(const Request& request, Services& services) {
  const auto body = ReadObject(request, "{\"reason\":\"moving the disk\"}");
  if (!body.ok()) return http::Problem(body.error());
  for (const auto& member : *body) {
    if (member.key() != "reason")
      return http::Problem(BadField(std::string(member.key()), "reason, the only member"));
  }
  auto reason = TextMember(*body, "reason", "");
  if (!reason.ok()) return http::Problem(reason.error());
  const Status paused = services.integration.Pause(request.principal.name, *std::move(reason));
  if (!paused.ok()) return http::Problem(paused.error());
  return Response::Json(200, R"({"paused":true})");
}

Response ResumeSchedule(const Request&, Services& services) {
  const Status resumed = services.integration.Resume();
  if (!resumed.ok()) return http::Problem(resumed.error());
  return Response::Json(200, R"({"paused":false})");
}

}  // namespace

void AddRunsApi(http::Router& router, Services& services) {
  const auto with = [&services](Response (*handler)(const Request&, Services&)) {
    return [&services, handler](const Request& request) { return handler(request, services); };
  };
  const http::RouteOptions change{.role_min = http::Role::kAdministrator,
                                  .body_bytes_max = 64 * 1024};
  router.Get("/api/v1/runs", with(ListRuns));
  router.Post("/api/v1/runs", with(StartRun), change);
  router.Get("/api/v1/runs/{id}", with(GetRun));
  router.Get("/api/v1/runs/{id}/events", with(GetRunEvents));
  router.Get("/api/v1/runs/{id}/rejects", with(GetRunRejects));
  router.Post("/api/v1/runs/{id}/cancel", with(CancelRun), change);
  router.Post("/api/v1/schedule/pause", with(PauseSchedule), change);
  router.Post("/api/v1/schedule/resume", with(ResumeSchedule), change);
}

}  // namespace cqd::api
