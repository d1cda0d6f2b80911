// /api/v1/quarantine: what could not be stored; docs/operations.md, Quarantine.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <variant>

#include "api/internal/status_json.h"
#include "api/services.h"
#include "base/text.h"
#include "http/problem.h"
#include "model/repair.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using archive::QuarantineEntry;
using archive::QuarantineFilter;
using http::Request;
using http::Response;

/// Ids in one request; a filter takes any number of records.
constexpr std::size_t kIdsMax = 10'000;
constexpr std::size_t kBodyBytesMax = 256 * 1024;
constexpr std::int64_t kPageMax = 500;

bool IsAdministrator(const Request& request) {
  return request.principal.role >= http::Role::kAdministrator;
}

/// An error of a field, with what would have been accepted.
struct FieldProblem {
  Error error;
  http::ProblemExtras extras = {};
};

Error BadField(std::string field, std::string_view what) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("{} must be {}", field, what), {},
              std::move(field));
}

std::vector<std::string> ReasonNames() {
  std::vector<std::string> names;
  for (const auto& text : model::RejectReasonTexts())
    names.emplace_back(model::RejectReasonName(text.reason));
  return names;
}

/// Configured sources, and earlier ones of which something is still there.
std::vector<std::string> SourceNames(const Services& services) {
  std::set<std::string> names;
  for (const auto& source : services.integration.sources()) names.insert(source.name);
  if (const auto totals = services.archive.quarantine().Totals(); totals.ok()) {
    for (const auto& total : *totals) names.insert(total.source);
  }
  return {names.begin(), names.end()};
}

/// A misspelt name must not read as "nothing is set aside".
std::optional<FieldProblem> CheckNames(const QuarantineFilter& filter, const Services& services) {
  if (filter.reason && !model::ParseRejectReason(*filter.reason))
    return FieldProblem{BadField("reason", "the name of a reason"), {ReasonNames(), {}}};
  if (!filter.source) return std::nullopt;
  std::vector<std::string> sources = SourceNames(services);
  if (std::find(sources.begin(), sources.end(), *filter.source) != sources.end())
    return std::nullopt;
  return FieldProblem{BadField("source", "the name of a source"), {std::move(sources), {}}};
}

json::object EntryJson(const QuarantineEntry& entry, bool administrator) {
  json::object out{{"id", entry.id},
                   {"source", entry.source},
                   {"reason", entry.reason},
                   {"first_at", TimeJson(entry.first_at)},
                   {"last_at", TimeJson(entry.last_at)},
                   {"occurrences", entry.occurrences},
                   {"run_seq", entry.run_seq},
                   {"replay", entry.replay == archive::ReplayState::kNone
                                  ? json::value(nullptr)
                                  : json::value(archive::ReplayStateName(entry.replay))}};
  if (administrator) {
    out["record_key"] = CleanUtf8(entry.record_key, entry.record_key.size());
    out["detail"] = CleanUtf8(entry.detail, entry.detail.size());
  }
  return out;
}

struct Page {
  QuarantineFilter filter;
  std::int64_t most = 50;
  std::int64_t before_id = 0;
};

Result<std::int64_t> ParseRun(const std::string& text, const Services& services) {
  if (const auto seq = ParseInt(text)) return *seq;
  const auto run = services.integration.log().Find(text);
  if (!run.ok()) return BadField("run", "the run_id or the seq of a run");
  return run->seq;
}

Result<Page> ParsePage(const Request& request, const Services& services) {
  Page page;
  for (const auto& [name, value] : request.query) {
    if (name == "reason") {
      page.filter.reason = value;
    } else if (name == "source") {
      page.filter.source = value;
    } else if (name == "run") {
      CQD_ASSIGN_OR_RETURN(page.filter.run_seq, ParseRun(value, services));
    } else if (name == "n") {
      const auto most = ParseInt(value);
      if (!most || *most < 1 || *most > kPageMax)
        return BadField("n", fmt::format("a whole number from 1 to {}", kPageMax));
      page.most = *most;
    } else if (name == "cursor") {
      const auto before = ParseInt(value);
      if (!before || *before < 1) return BadField("cursor", "the next_cursor of an earlier answer");
      page.before_id = *before;
    } else {
      return BadField(name, "one of: reason, source, run, n, cursor");
    }
  }
  return page;
}

Response ListRecords(const Request& request, Services& services) {
  const auto page = ParsePage(request, services);
  if (!page.ok()) return http::Problem(page.error());
  if (const auto problem = CheckNames(page->filter, services))
    return http::Problem(problem->error, problem->extras);
  const auto entries = services.archive.quarantine().List(
      page->filter, static_cast<std::size_t>(page->most), page->before_id);
  if (!entries.ok()) return http::Problem(entries.error());
  json::array list;
  for (const QuarantineEntry& entry : *entries)
    list.push_back(EntryJson(entry, IsAdministrator(request)));
  json::value cursor = nullptr;
  if (static_cast<std::int64_t>(entries->size()) == page->most)
    cursor = std::to_string(entries->back().id);
  return Response::Json(200, json::serialize(json::object{{"records", std::move(list)},
                                                          {"next_cursor", std::move(cursor)}}));
}

Response ListReasons(const Request&, Services& services) {
  const auto totals = services.archive.quarantine().Totals();
  if (!totals.ok()) return http::Problem(totals.error());
  json::array list;
  std::int64_t entries = 0;
  for (const archive::QuarantineTotal& total : *totals) {
    entries += total.entries;
    json::object out{{"reason", total.reason},
                     {"source", total.source},
                     {"entries", total.entries},
                     {"refusals", total.refusals},
                     {"evicted", total.evicted},
                     {"first_at", TimeJson(total.first_at)},
                     {"last_at", TimeJson(total.last_at)},
                     {"sample_ids", json::value_from(total.sample_ids)},
                     {"meaning", nullptr},
                     {"action", nullptr},
                     {"doc", "docs/operations.md#" + total.reason}};
    // A newer program may have left a reason that this one does not know.
    if (const auto reason = model::ParseRejectReason(total.reason)) {
      const auto& text = model::RejectReasonTexts()[static_cast<std::size_t>(*reason)];
      out["meaning"] = text.meaning;
      out["action"] = text.action;
    }
    list.push_back(std::move(out));
  }
  return Response::Json(
      200, json::serialize(json::object{{"entries", entries}, {"reasons", std::move(list)}}));
}

Result<QuarantineEntry> FindRecord(const Request& request, const Services& services) {
  const auto id = ParseInt(request.Capture("id"));
  if (!id) return BadField("id", "the number of a record");
  return services.archive.quarantine().Find(*id);
}

Response GetRecord(const Request& request, Services& services) {
  const auto entry = FindRecord(request, services);
  if (!entry.ok()) return http::Problem(entry.error());
  json::object out = EntryJson(*entry, IsAdministrator(request));
  out["payload_bytes"] = entry->payload.size();
  if (IsAdministrator(request)) out["payload"] = CleanUtf8(entry->payload, entry->payload.size());
  return Response::Json(200, json::serialize(out));
}

/// The bytes as they came, to look at with other tools or to send again. Never shown as a page: a
/// stranger wrote them.
Response GetPayload(const Request& request, Services& services) {
  auto entry = FindRecord(request, services);
  if (!entry.ok()) return http::Problem(entry.error());
  Response response;
  response.content_type = "application/octet-stream";
  response.body = std::move(entry->payload);
  return std::move(response)
      .WithHeader("Content-Disposition",
                  fmt::format("attachment; filename=\"quarantine-{}\"", entry->id))
      .WithHeader("X-Content-Type-Options", "nosniff");
}

/// Which records a replay or a drop is for.
struct Selection {
  std::vector<std::int64_t> ids;  ///< empty: the filter counts
  QuarantineFilter filter;
  bool run = true;
};

Result<std::vector<std::int64_t>> ParseIds(const json::value& value) {
  const Error bad = BadField("ids", fmt::format("a list of 1 to {} record numbers", kIdsMax));
  if (!value.is_array()) return bad;
  const json::array& list = value.get_array();
  if (list.empty() || list.size() > kIdsMax) return bad;
  std::vector<std::int64_t> ids;
  for (const json::value& id : list) {
    if (!id.is_int64()) return bad;
    ids.push_back(id.get_int64());
  }
  return ids;
}

Status ParseMember(std::string_view name, const json::value& value, bool replay, bool& all,
                   Selection& selection) {
  if (name == "ids") {
    CQD_ASSIGN_OR_RETURN(selection.ids, ParseIds(value));
  } else if (name == "reason" || name == "source") {
    if (!value.is_string()) return BadField(std::string(name), "a text");
    (name == "reason" ? selection.filter.reason : selection.filter.source) = value.get_string();
  } else if (name == "all" || (name == "run" && replay)) {
    if (!value.is_bool()) return BadField(std::string(name), "true or false");
    (name == "all" ? all : selection.run) = value.get_bool();
  } else {
    return BadField(std::string(name), replay ? "one of: ids, reason, source, all, run"
                                              : "one of: ids, reason, source, all");
  }
  return OkStatus();
}

Result<Selection> ParseSelection(const Request& request, bool replay) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 4;
  const json::value value = json::parse(request.body, failed, {}, options);
  if (failed || !value.is_object())
    return BadField("body", "a JSON object like {\"ids\":[17]} or {\"reason\":\"no_session\"}");
  Selection selection;
  bool all = false;
  for (const auto& member : value.get_object()) {
    CQD_RETURN_IF_ERROR(ParseMember(member.key(), member.value(), replay, all, selection));
  }
  const bool filtered = selection.filter.reason || selection.filter.source;
  // Everything only when it is said: an empty object is a mistake.
  if (static_cast<int>(!selection.ids.empty()) + static_cast<int>(filtered) +
          static_cast<int>(all) !=
      1)
    return BadField("ids", "given, or reason and source, or all: one of the three");
  return selection;
}

/// The selection, checked against what is there; or the answer that says what is wrong.
std::variant<Selection, Response> Select(const Request& request, const Services& services,
                                         bool replay) {
  auto selection = ParseSelection(request, replay);
  if (!selection.ok()) return http::Problem(selection.error());
  if (const auto problem = CheckNames(selection->filter, services))
    return http::Problem(problem->error, problem->extras);
  const auto unknown = services.archive.quarantine().Unknown(selection->ids);
  if (!unknown.ok()) return http::Problem(unknown.error());
  if (!unknown->empty()) {
    return http::Problem(Fail(ErrorCode::kNotFound,
                              fmt::format("there is no quarantined record {}", unknown->front()),
                              {}, "ids"));
  }
  return *std::move(selection);
}

Response ReplayRecords(const Request& request, Services& services) {
  const auto selected = Select(request, services, true);
  if (const auto* problem = std::get_if<Response>(&selected)) return *problem;
  const Selection& selection = std::get<Selection>(selected);
  archive::Quarantine& quarantine = services.archive.quarantine();
  const auto requested = selection.ids.empty() ? quarantine.RequestReplay(selection.filter)
                                               : quarantine.RequestReplay(selection.ids);
  if (!requested.ok()) return http::Problem(requested.error());
  json::object out{{"requested", *requested}, {"run_id", nullptr}};
  if (selection.run && *requested > 0) {
    integration::RunRequest wanted;
    wanted.requested_by = request.principal.name;
    const auto run = services.integration.Request(std::move(wanted));
    if (run.ok()) {
      out["run_id"] = run->run_id;
    } else if (run.error().code != ErrorCode::kConflict) {
      return http::Problem(run.error());
    } else if (const auto& waiting =
                   services.integration.log().summary()->Of(integration::Stage::kArchive).queued) {
      // A run that waits already will see the wish, which is on disk.
      out["run_id"] = waiting->run_id;
    }
  }
  return Response::Json(202, json::serialize(out));
}

Response DropRecords(const Request& request, Services& services) {
  const auto selected = Select(request, services, false);
  if (const auto* problem = std::get_if<Response>(&selected)) return *problem;
  const Selection& selection = std::get<Selection>(selected);
  archive::Quarantine& quarantine = services.archive.quarantine();
  const auto dropped =
      selection.ids.empty() ? quarantine.Drop(selection.filter) : quarantine.Drop(selection.ids);
  if (!dropped.ok()) return http::Problem(dropped.error());
  return Response::Json(200, json::serialize(json::object{{"dropped", *dropped}}));
}

}  // namespace

void AddQuarantineApi(http::Router& router, Services& services) {
  const auto with = [&services](Response (*handler)(const Request&, Services&)) {
    return [&services, handler](const Request& request) { return handler(request, services); };
  };
  const http::RouteOptions administrators{.role_min = http::Role::kAdministrator,
                                          .body_bytes_max = kBodyBytesMax};
  router.Get("/api/v1/quarantine", with(ListRecords));
  router.Get("/api/v1/quarantine/reasons", with(ListReasons));
  router.Get("/api/v1/quarantine/{id}", with(GetRecord));
  router.Get("/api/v1/quarantine/{id}/payload", with(GetPayload), administrators);
  router.Post("/api/v1/quarantine/replay", with(ReplayRecords), administrators);
  router.Post("/api/v1/quarantine/drop", with(DropRecords), administrators);
}

}  // namespace cqd::api
