// What is told: one event of an outage, in our own JSON. The other forms are made from it, so a
// message that waits for its receiver is stored once, whole, and sent the same on every try.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "integration/status.h"

namespace cqd::alert {

enum class Event : std::uint8_t {
  kStarted,   ///< the outage began, or reached the least severity that this receiver wants
  kWorsened,  ///< its severity rose
  kEnded,
  kTest,  ///< nothing happened; somebody looks whether messages arrive
};
/// "outage.started", "outage.worsened", "outage.ended", "test".
std::string_view EventName(Event event);
std::optional<Event> ParseEvent(std::string_view name);

std::optional<integration::Health> ParseHealth(std::string_view name);

/// Limits of a message, so that the strictest receiver takes it (Teams: about 28 KB; Microsoft
/// Teams connector, "Message size limit").
inline constexpr std::size_t kReasonsMax = 20;
inline constexpr std::size_t kTextCharactersMax = 300;

/// One thing that is wrong, as the status tells it (integration::Reason).
struct MessageReason {
  std::string code;
  integration::Health severity = integration::Health::kWarn;
  std::optional<UtcTime> since;
  std::string message, action;
  bool operator==(const MessageReason&) const = default;
};

struct Message {
  std::string id;  ///< "<outage id>.<n>": the same on every try, for receivers that drop doubles
  UtcTime at;      ///< when it happened
  Event event = Event::kTest;
  std::string outage_id;  ///< the dedupe key; empty for a test
  std::string subject;    ///< "archive", "cube", "source:NAME", "slo:STAGE", "system"
  integration::Health severity = integration::Health::kWarn;
  std::optional<integration::Health> severity_before;  ///< what this receiver was told last
  UtcTime since;                                       ///< start of the outage
  std::optional<UtcTime> ended_at;
  std::vector<MessageReason> reasons;  ///< worst first
  std::size_t reasons_left_out = 0;
  std::string server_id, version;
  std::string url;  ///< page or call to look at; may be empty
  bool operator==(const Message&) const = default;
};

/// {"id","at","type","data":{...}} as described in docs/alerts.md: the shape of an event of the
/// status stream. One line.
std::string MessageJson(const Message& message);
/// The inverse. Errors: kCorruption.
Result<Message> ParseMessage(std::string_view text);

/// One line for people: "fail: Archive: the last 3 runs failed: disk full", "resolved: archive,
/// after 12 min".
std::string Title(const Message& message);
/// "archive", "cube", "source qoe", "service level of archive", "system".
std::string SubjectText(std::string_view subject);
/// "docs/operations.md#code", as in the status.
std::string DocOf(std::string_view reason_code);
/// "45 s", "12 min", "3 h", "2 days".
std::string LengthText(Duration length);

}  // namespace cqd::alert
