// /api/v1/mapping: versions of the customer tables, what a change would do, apply and undo;
// docs/operations.md, Buildings and networks.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/internal/arguments.h"
#include "api/internal/run_json.h"
#include "api/services.h"
#include "http/problem.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using archive::MappingVersion;
using http::Request;
using http::Response;

/// Moves told of one preview; the rest only counts.
constexpr std::size_t kMovesMax = 500;
constexpr std::size_t kBodyBytesMax = 16 * 1024;

json::object VersionJson(const MappingVersion& version, bool administrator) {
  json::object out{{"version", version.version},
                   {"made_at", TimeJson(version.made_at)},
                   {"origin", version.origin},
                   {"note", version.note},
                   {"layers", version.layers},
                   {"applies_from", TimeJson(version.applies_from)},
                   {"buildings", version.buildings},
                   {"networks", version.networks},
                   {"access_points", version.access_points}};
  if (administrator) out["made_by"] = version.made_by;
  return out;
}

bool IsPending(const std::vector<archive::TableChange>& changes) {
  for (const archive::TableChange& change : changes) {
    if (change.added + change.changed + change.removed > 0) return true;
  }
  return false;
}

Response ListVersions(const Request& request, Services& services) {
  const archive::MappingVersions& mapping = services.archive.mapping();
  const auto versions = mapping.List();
  if (!versions.ok()) return http::Problem(versions.error());
  const auto pending = mapping.Pending();
  if (!pending.ok()) return http::Problem(pending.error());
  json::array list;
  for (const MappingVersion& version : *versions)
    list.push_back(VersionJson(version, IsAdministrator(request)));
  const json::value in_force =
      versions->empty() ? json::value(nullptr) : json::value(versions->front().version);
  return Response::Json(
      200, json::serialize(json::object{{"mode", archive::MappingModeName(mapping.mode())},
                                        {"in_force", in_force},
                                        {"pending", IsPending(*pending)},
                                        {"versions", std::move(list)}}));
}

json::object MoveJson(const cube::MappingMove& move) {
  json::array months;
  for (const auto& [month, streams] : move.months)
    months.push_back({{"month", month.ToString()}, {"streams", streams}});
  return {{"from", {{"key", move.from_key}, {"name", move.from_name}}},
          {"to", {{"key", move.to_key}, {"name", move.to_name}}},
          {"streams", move.streams},
          {"months", std::move(months)}};
}

Response Preview(const Request& request, Services& services) {
  const archive::MappingVersions& mapping = services.archive.mapping();
  const auto pending = mapping.Pending();
  if (!pending.ok()) return http::Problem(pending.error());
  auto candidate = mapping.Candidate();
  if (!candidate.ok()) return http::Problem(candidate.error());
  json::array tables;
  for (const archive::TableChange& change : *pending) {
    tables.push_back({{"table", change.table},
                      {"added", change.added},
                      {"changed", change.changed},
                      {"removed", change.removed}});
  }
  cube::MappingChange change;
  const auto snapshot = services.cube.snapshot();
  if (snapshot != nullptr) {
    const auto after = cube::MakeMapping(services.archive, *candidate, snapshot->zone());
    cube::QueryLimits limits;
    limits.cancel = &request.cancel_token();
    auto compared = snapshot->CompareMapping(*after, limits);
    if (!compared.ok()) return http::Problem(compared.error());
    change = *std::move(compared);
  }
  json::array moves;
  for (const cube::MappingMove& move : change.moves) {
    if (moves.size() < kMovesMax) moves.push_back(MoveJson(move));
  }
  const auto left_out = static_cast<std::int64_t>(change.moves.size() - moves.size());
  return Response::Json(
      200, json::serialize(
               json::object{{"changed", IsPending(*pending)},
                            {"data_version", snapshot == nullptr ? 0 : snapshot->data_version()},
                            {"streams_total", change.streams_total},
                            {"streams_moved", change.streams_moved},
                            {"inside_changed", change.inside_changed},
                            {"tables", std::move(tables)},
                            {"moves", std::move(moves)},
                            {"moves_left_out", left_out}}));
}

/// What apply and undo are asked for.
struct Wish {
  std::string note;
  std::int64_t version = 0;
  bool run = true;  ///< start the processing run at once
};

Result<Wish> ReadWish(const Request& request, bool with_version) {
  Wish wish;
  if (request.body.empty()) return wish;
  CQD_ASSIGN_OR_RETURN(const json::object body, ReadObject(request, "{\"note\":\"new site\"}"));
  for (const auto& member : body) {
    if (member.key() == "note") {
      CQD_ASSIGN_OR_RETURN(wish.note, TextMember(body, "note", ""));
    } else if (member.key() == "run") {
      if (!member.value().is_bool()) return BadField("run", "true or false");
      wish.run = member.value().get_bool();
    } else if (member.key() == "version" && with_version) {
      if (!member.value().is_int64() || member.value().get_int64() < 1)
        return BadField("version", "the number of a version");
      wish.version = member.value().get_int64();
    } else {
      return BadField(std::string(member.key()),
                      with_version ? "one of: version, note, run" : "one of: note, run");
    }
  }
  return wish;
}

/// Starts the run that publishes the version. One that waits already does the same.
Response Published(const Request& request, Services& services, const MappingVersion& version,
                   bool run) {
  json::object out{{"version", VersionJson(version, true)}, {"run_id", nullptr}};
  if (run) {
    integration::RunRequest wanted;
    wanted.stage = integration::Stage::kCube;
    wanted.requested_by = request.principal.name;
    const auto started = services.integration.Request(wanted);
    if (started.ok()) {
      out["run_id"] = started->run_id;
    } else if (started.error().code != ErrorCode::kConflict) {
      return http::Problem(started.error());
    }
  }
  return Response::Json(202, json::serialize(out));
}

Response Apply(const Request& request, Services& services) {
  const auto wish = ReadWish(request, false);
  if (!wish.ok()) return http::Problem(wish.error());
  const auto version =
      services.archive.mapping().Apply(request.principal.name, wish->note, services.clock.Now());
  if (!version.ok()) return http::Problem(version.error());
  return Published(request, services, *version, wish->run);
}

Response Undo(const Request& request, Services& services) {
  const auto wish = ReadWish(request, true);
  if (!wish.ok()) return http::Problem(wish.error());
  const auto version = services.archive.mapping().Undo(wish->version, request.principal.name,
                                                       wish->note, services.clock.Now());
  if (!version.ok()) return http::Problem(version.error());
  return Published(request, services, *version, wish->run);
}

}  // namespace

void AddMappingApi(http::Router& router, Services& services) {
  const auto with = [&services](Response (*handler)(const Request&, Services&)) {
    return [&services, handler](const Request& request) { return handler(request, services); };
  };
  const http::RouteOptions administrators{.role_min = http::Role::kAdministrator,
                                          .body_bytes_max = kBodyBytesMax};
  router.Get("/api/v1/mapping/versions", with(ListVersions));
  router.Post("/api/v1/mapping/preview", with(Preview), administrators);
  router.Post("/api/v1/mapping/apply", with(Apply), administrators);
  router.Post("/api/v1/mapping/undo", with(Undo), administrators);
}

}  // namespace cqd::api
