#include "alert/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace cqd::alert {
namespace {

namespace json = boost::json;
using integration::Health;

constexpr std::array kEvents = {Event::kStarted, Event::kWorsened, Event::kEnded, Event::kTest};

json::value TimeValue(const std::optional<UtcTime>& time) {
  if (!time) return nullptr;
  return json::value(FormatRfc3339(*time));
}

json::value TextOrNull(const std::string& text) {
  if (text.empty()) return nullptr;
  return json::value(text);
}

json::object ReasonJson(const MessageReason& reason) {
  return {{"code", reason.code},
          {"severity", integration::HealthName(reason.severity)},
          {"since", TimeValue(reason.since)},
          {"message", reason.message},
          {"action", reason.action},
          {"doc", DocOf(reason.code)}};
}

/// Reads members of one object; remembers whether all were as expected.
class Reader {
 public:
  explicit Reader(const json::object& object) : object_(object) {}
  bool ok() const { return ok_; }

  std::string Text(std::string_view name) {
    const json::value* value = object_.if_contains(name);
    if (value == nullptr || value->is_null()) return {};
    if (!value->is_string()) return Bad(), std::string();
    return std::string(value->get_string());
  }
  std::optional<UtcTime> TimeOrNone(std::string_view name) {
    const std::string text = Text(name);
    if (text.empty()) return std::nullopt;
    const auto time = ParseTime(text);
    if (!time.ok()) return Bad(), std::nullopt;
    return *time;
  }
  UtcTime Time(std::string_view name) {
    const auto time = TimeOrNone(name);
    if (!time) Bad();
    return time.value_or(UtcTime{});
  }
  std::optional<Health> HealthOrNone(std::string_view name) {
    const std::string text = Text(name);
    const auto health = ParseHealth(text);
    if (!text.empty() && !health) Bad();
    return health;
  }

 private:
  void Bad() { ok_ = false; }
  const json::object& object_;
  bool ok_ = true;
};

}  // namespace

std::string_view EventName(Event event) {
  switch (event) {
    case Event::kStarted:
      return "outage.started";
    case Event::kWorsened:
      return "outage.worsened";
    case Event::kEnded:
      return "outage.ended";
    case Event::kTest:
      return "test";
  }
  return "unknown";
}

std::optional<Event> ParseEvent(std::string_view name) {
  for (const Event event : kEvents) {
    if (EventName(event) == name) return event;
  }
  return std::nullopt;
}

std::optional<Health> ParseHealth(std::string_view name) {
  for (const Health health : {Health::kPass, Health::kWarn, Health::kFail}) {
    if (integration::HealthName(health) == name) return health;
  }
  return std::nullopt;
}

std::string MessageJson(const Message& message) {
  json::array reasons;
  for (const MessageReason& reason : message.reasons) reasons.push_back(ReasonJson(reason));
  const bool source = message.subject.starts_with("source:");
  json::object data{
      {"schema_version", "1"},
      {"dedupe_key", TextOrNull(message.outage_id)},
      {"title", Title(message)},
      {"subject", message.subject},
      {"source", source ? json::value(message.subject.substr(7)) : json::value(nullptr)},
      {"severity", integration::HealthName(message.severity)},
      {"severity_before", message.severity_before
                              ? json::value(integration::HealthName(*message.severity_before))
                              : json::value(nullptr)},
      {"since", TimeValue(message.since)},
      {"ended_at", TimeValue(message.ended_at)},
      {"reasons", std::move(reasons)},
      {"reasons_left_out", message.reasons_left_out},
      {"server", {{"id", message.server_id}, {"version", message.version}}},
      {"url", TextOrNull(message.url)}};
  return json::serialize(json::object{{"id", message.id},
                                      {"at", TimeValue(message.at)},
                                      {"type", EventName(message.event)},
                                      {"data", std::move(data)}});
}

Result<Message> ParseMessage(std::string_view text) {
  const Error bad = Fail(ErrorCode::kCorruption, "a stored message cannot be read");
  boost::system::error_code failed;
  const json::value value = json::parse(text, failed);
  if (failed || !value.is_object()) return bad;
  const json::value* data = value.get_object().if_contains("data");
  if (data == nullptr || !data->is_object()) return bad;
  Reader head(value.get_object());
  Reader body(data->get_object());
  Message message;
  message.id = head.Text("id");
  message.at = head.Time("at");
  const auto event = ParseEvent(head.Text("type"));
  const auto severity = body.HealthOrNone("severity");
  if (!event || !severity) return bad;
  message.event = *event, message.severity = *severity;
  message.outage_id = body.Text("dedupe_key");
  message.subject = body.Text("subject");
  message.severity_before = body.HealthOrNone("severity_before");
  message.since = body.Time("since");
  message.ended_at = body.TimeOrNone("ended_at");
  message.url = body.Text("url");
  if (const json::value* server = data->get_object().if_contains("server");
      server != nullptr && server->is_object()) {
    Reader named(server->get_object());
    message.server_id = named.Text("id");
    message.version = named.Text("version");
  }
  if (const json::value* left = data->get_object().if_contains("reasons_left_out");
      left != nullptr && left->is_int64() && left->get_int64() >= 0) {
    message.reasons_left_out = static_cast<std::size_t>(left->get_int64());
  }
  const json::value* reasons = data->get_object().if_contains("reasons");
  if (reasons == nullptr || !reasons->is_array()) return bad;
  for (const json::value& item : reasons->get_array()) {
    if (!item.is_object()) return bad;
    Reader reader(item.get_object());
    message.reasons.push_back({.code = reader.Text("code"),
                               .severity = reader.HealthOrNone("severity").value_or(Health::kWarn),
                               .since = reader.TimeOrNone("since"),
                               .message = reader.Text("message"),
                               .action = reader.Text("action")});
    if (!reader.ok()) return bad;
  }
  if (!head.ok() || !body.ok()) return bad;
  return message;
}

std::string SubjectText(std::string_view subject) {
  if (subject.starts_with("source:")) return "source " + std::string(subject.substr(7));
  if (subject.starts_with("slo:")) return "service level of " + std::string(subject.substr(4));
  return std::string(subject);
}

std::string LengthText(Duration length) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length).count();
  if (seconds < 120) return fmt::format("{} s", std::max<std::int64_t>(seconds, 0));
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86'400);
}

std::string Title(const Message& message) {
  const std::string subject = SubjectText(message.subject);
  switch (message.event) {
    case Event::kTest:
      return "test: this is what an alert of OpenCQD looks like";
    case Event::kEnded:
      return fmt::format("resolved: {}, after {}", subject,
                         LengthText(message.ended_at.value_or(message.at) - message.since));
    case Event::kStarted:
    case Event::kWorsened:
      break;
  }
  // The messages of reasons name what they are about.
  return fmt::format("{}: {}", integration::HealthName(message.severity),
                     message.reasons.empty() ? subject : message.reasons.front().message);
}

std::string DocOf(std::string_view reason_code) {
  return "docs/operations.md#" + std::string(reason_code);
}

}  // namespace cqd::alert
