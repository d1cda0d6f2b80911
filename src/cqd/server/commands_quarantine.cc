// quarantine: records that could not be stored. Everything goes through the API, within this
// process or on the server that owns the data directory.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "http/target.h"
#include "server/command_line.h"
#include "server/commands.h"
#include "server/internal/console.h"
#include "server/internal/run_command.h"
#include "server/internal/server_client.h"

namespace cqd::server {
namespace {

namespace json = boost::json;

/// Longest page that the API gives.
constexpr std::int64_t kPageMax = 500;

/// Strangers wrote these texts: nothing in them may steer a terminal.
std::string Harmless(std::string text, bool keep_lines = false) {
  for (char& c : text) {
    const bool line = keep_lines && (c == '\n' || c == '\t');
    if (!line && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) c = '.';
  }
  return text;
}

std::string TextOf(const json::value& record, std::string_view name) {
  const json::value* value = record.as_object().if_contains(name);
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return std::string(value->get_string());
  return json::serialize(*value);
}

std::string FilterQuery(const QuarantineOptions& options) {
  std::string query;
  for (const auto& [name, value] :
       {std::pair("reason", &options.reason), std::pair("source", &options.source),
        std::pair("run", &options.run)}) {
    if (!value->empty()) query += fmt::format("&{}={}", name, http::PercentEncode(*value));
  }
  return query;
}

int List(ServerClient& client, const QuarantineOptions& options) {
  std::vector<std::vector<std::string>> rows = {
      {"Id", "First at", "Last at", "Source", "Reason", "Times", "Replay", "Record", "Detail"}};
  std::string cursor;
  for (std::int64_t left = options.most; left > 0;) {
    const auto page = client.Call(
        "GET", fmt::format("/api/v1/quarantine?n={}{}{}", std::min(left, kPageMax),
                           FilterQuery(options), cursor.empty() ? "" : "&cursor=" + cursor));
    if (!page.ok()) return Complain(page.error());
    for (const json::value& record : page->at("records").as_array()) {
      rows.push_back({});
      for (const std::string_view name : {"id", "first_at", "last_at", "source", "reason",
                                          "occurrences", "replay", "record_key", "detail"})
        rows.back().push_back(Harmless(TextOf(record, name)));
      --left;
    }
    cursor = TextOf(*page, "next_cursor");
    if (cursor.empty()) break;
  }
  if (rows.size() == 1) {
    fmt::print("nothing is set aside\n");
  } else {
    PrintTable(rows);
  }
  return kExitOk;
}

int Reasons(ServerClient& client) {
  const auto answer = client.Call("GET", "/api/v1/quarantine/reasons");
  if (!answer.ok()) return Complain(answer.error());
  const json::array& reasons = answer->at("reasons").as_array();
  if (reasons.empty()) {
    fmt::print("nothing is set aside\n");
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"Reason", "Source", "Records", "Refusals", "Evicted", "First at", "Last at", "Samples"}};
  for (const json::value& reason : reasons) {
    rows.push_back({});
    for (const std::string_view name : {"reason", "source", "entries", "refusals", "evicted",
                                        "first_at", "last_at", "sample_ids"})
      rows.back().push_back(Harmless(TextOf(reason, name)));
  }
  PrintTable(rows);
  std::string said;
  for (const json::value& reason : reasons) {
    const std::string name = TextOf(reason, "reason");
    if (said.find(name + ";") != std::string::npos) continue;
    said += name + ";";
    fmt::print("\n{}: {}\n  {}\n", Harmless(name), TextOf(reason, "meaning"),
               TextOf(reason, "action"));
  }
  return kExitOk;
}

int Show(ServerClient& client, const QuarantineOptions& options) {
  if (options.ids.empty()) {
    return Complain(Fail(ErrorCode::kInvalidArgument,
                         "name the records by their ids from 'cqd quarantine list'"));
  }
  for (const std::int64_t id : options.ids) {
    const std::string target = fmt::format("/api/v1/quarantine/{}", id);
    const auto record = client.Call("GET", target);
    if (!record.ok()) return Complain(record.error());
    if (options.payload) {
      const auto payload = client.Send("GET", target + "/payload");
      if (!payload.ok()) return Complain(payload.error());
      if (payload->status != 200) {
        return Complain(
            Fail(ErrorCode::kPermissionDenied, "payloads are shown to administrators only"));
      }
      std::fwrite(payload->body.data(), 1, payload->body.size(), stdout);
      continue;
    }
    fmt::print("record {}: {}: {}\n  {} of source {}, {} times, {} to {}{}\n{}\n", id,
               Harmless(TextOf(*record, "reason")), Harmless(TextOf(*record, "detail")),
               Harmless(TextOf(*record, "record_key")), Harmless(TextOf(*record, "source")),
               TextOf(*record, "occurrences"), TextOf(*record, "first_at"),
               TextOf(*record, "last_at"),
               TextOf(*record, "replay").empty() ? "" : ", replay " + TextOf(*record, "replay"),
               Harmless(TextOf(*record, "payload"), true));
  }
  return kExitOk;
}

json::object SelectionBody(const QuarantineOptions& options) {
  json::object body;
  if (!options.ids.empty()) body["ids"] = json::value_from(options.ids);
  if (!options.reason.empty()) body["reason"] = options.reason;
  if (!options.source.empty()) body["source"] = options.source;
  if (options.all) body["all"] = true;
  return body;
}

int Replay(ServerClient& client, const QuarantineOptions& options, const Clock& clock) {
  json::object body = SelectionBody(options);
  // In this process nobody would work off a run that waits: it is run below.
  const bool here = client.application() != nullptr;
  body["run"] = !here && !options.later;
  const auto answer = client.Call("POST", "/api/v1/quarantine/replay", json::serialize(body));
  if (!answer.ok()) return Complain(answer.error());
  const std::string count = TextOf(*answer, "requested");
  if (options.later || count == "0") {
    fmt::print("{} records are read again by the next archive run\n", count);
    return kExitOk;
  }
  fmt::print("{} records are read again\n", count);
  if (here) return IntegrateHere(*client.application(), clock);
  return WaitOnServer(client, TextOf(*answer, "run_id"), clock);
}

int Drop(ServerClient& client, const QuarantineOptions& options) {
  const auto answer =
      client.Call("POST", "/api/v1/quarantine/drop", json::serialize(SelectionBody(options)));
  if (!answer.ok()) return Complain(answer.error());
  fmt::print("{} records dropped\n", TextOf(*answer, "dropped"));
  return kExitOk;
}

}  // namespace

int Quarantine(const Config& config, const QuarantineOptions& options, const Clock& clock) {
  auto client = ServerClient::Open(config, clock);
  if (!client.ok()) return Complain(client.error());
  if (options.action == "list") return List(*client, options);
  if (options.action == "reasons") return Reasons(*client);
  if (options.action == "show") return Show(*client, options);
  if (options.action == "replay") return Replay(*client, options, clock);
  return Drop(*client, options);
}

}  // namespace cqd::server
