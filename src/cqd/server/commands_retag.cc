// retag: what a change of the customer tables would do; putting it in force, and back. Everything
// goes through the API, within this process or on the server that owns the data directory.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "server/command_line.h"
#include "server/commands.h"
#include "server/internal/console.h"
#include "server/internal/run_command.h"
#include "server/internal/server_client.h"

namespace cqd::server {
namespace {

namespace json = boost::json;

std::string TextOf(const json::value& object, std::string_view name) {
  const json::value* value = object.as_object().if_contains(name);
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return std::string(value->get_string());
  return json::serialize(*value);
}

int Versions(ServerClient& client) {
  const auto answer = client.Call("GET", "/api/v1/mapping/versions");
  if (!answer.ok()) return Complain(answer.error());
  fmt::print("mode {}{}\n", TextOf(*answer, "mode"),
             answer->at("pending").as_bool() ? "; the tables have changed since" : "");
  std::vector<std::vector<std::string>> rows = {
      {"Version", "Made at", "Origin", "From", "Buildings", "Networks", "Access points", "Note"}};
  for (const json::value& version : answer->at("versions").as_array()) {
    rows.push_back({});
    for (const std::string_view name : {"version", "made_at", "origin", "applies_from", "buildings",
                                        "networks", "access_points", "note"})
      rows.back().push_back(TextOf(version, name));
  }
  if (rows.size() > 1) PrintTable(rows);
  return kExitOk;
}

int Preview(ServerClient& client) {
  const auto answer = client.Call("POST", "/api/v1/mapping/preview", "{}");
  if (!answer.ok()) return Complain(answer.error());
  for (const json::value& table : answer->at("tables").as_array()) {
    const std::string added = TextOf(table, "added"), changed = TextOf(table, "changed"),
                      removed = TextOf(table, "removed");
    if (added != "0" || changed != "0" || removed != "0")
      fmt::print("{}: {} added, {} changed, {} removed\n", TextOf(table, "table"), added, changed,
                 removed);
  }
  fmt::print("{} of {} streams move; inside or outside changes for {}\n",
             TextOf(*answer, "streams_moved"), TextOf(*answer, "streams_total"),
             TextOf(*answer, "inside_changed"));
  std::vector<std::vector<std::string>> rows = {{"From", "To", "Month", "Streams"}};
  for (const json::value& move : answer->at("moves").as_array()) {
    for (const json::value& month : move.at("months").as_array()) {
      rows.push_back({TextOf(move.at("from"), "name"), TextOf(move.at("to"), "name"),
                      TextOf(month, "month"), TextOf(month, "streams")});
    }
  }
  if (rows.size() > 1) PrintTable(rows);
  if (TextOf(*answer, "moves_left_out") != "0")
    fmt::print("... and {} further moves\n", TextOf(*answer, "moves_left_out"));
  return kExitOk;
}

/// Apply or undo, and the processing run that publishes it.
int Change(ServerClient& client, const RetagOptions& options, const Clock& clock) {
  const bool here = client.application() != nullptr;
  json::object body{{"note", options.note}, {"run", !here}};
  if (options.version != 0) body["version"] = options.version;
  const auto answer =
      client.Call("POST", "/api/v1/mapping/" + options.action, json::serialize(body));
  if (!answer.ok()) return Complain(answer.error());
  fmt::print("mapping version {} is in force\n", TextOf(answer->at("version"), "version"));
  if (here) return RunAndTell(*client.application(), {.stage = integration::Stage::kCube}, clock);
  const std::string run = TextOf(*answer, "run_id");
  if (run.empty()) {
    fmt::print("a processing run waits already and publishes it\n");
    return kExitOk;
  }
  return WaitOnServer(client, run, clock);
}

}  // namespace

int Retag(const Config& config, const RetagOptions& options, const Clock& clock) {
  auto client = ServerClient::Open(config, clock);
  if (!client.ok()) return Complain(client.error());
  if (options.action == "versions") return Versions(*client);
  if (options.action == "preview") return Preview(*client);
  return Change(*client, options, clock);
}

}  // namespace cqd::server
