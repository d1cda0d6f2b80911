#include "alert/forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"

namespace cqd::alert {
namespace {

namespace json = boost::json;
using integration::Health;

/// Reasons on a card or in blocks; the whole list is in the status. Source: 8 reasons of two texts
/// of 300 characters, four bytes each at worst, stay under the 28 KB that Teams takes.
constexpr std::size_t kReasonsShown = 8;
/// Source: "Header block", docs.slack.dev.
constexpr std::size_t kSlackHeaderCharacters = 150;

std::size_t LeftOut(const Message& message) {
  const std::size_t listed = message.reasons.size();
  return message.reasons_left_out + (listed > kReasonsShown ? listed - kReasonsShown : 0);
}

std::span<const MessageReason> Shown(const Message& message) {
  return std::span(message.reasons).first(std::min(message.reasons.size(), kReasonsShown));
}

std::string_view Colour(const Message& message) {
  if (message.event == Event::kEnded) return "Good";
  if (message.event == Event::kTest) return "Accent";
  return message.severity == Health::kFail ? "Attention" : "Warning";
}

json::object TextRuns(json::array runs) {
  return {{"type", "RichTextBlock"}, {"inlines", std::move(runs)}};
}

json::object Fact(std::string_view title, std::string_view value) {
  return {{"title", title}, {"value", value}};
}

std::string TeamsBody(const Message& message) {
  json::array body;
  body.push_back(TextRuns({{{"type", "TextRun"},
                            {"text", CleanUtf8(Title(message), kTextCharactersMax)},
                            {"size", "Large"},
                            {"weight", "Bolder"},
                            {"color", Colour(message)}}}));
  for (const MessageReason& reason : Shown(message)) {
    body.push_back(TextRuns({{{"type", "TextRun"}, {"text", reason.message}, {"weight", "Bolder"}},
                             {{"type", "TextRun"}, {"text", " " + reason.action}}}));
  }
  if (const std::size_t left = LeftOut(message); left > 0) {
    body.push_back(
        TextRuns({{{"type", "TextRun"}, {"text", fmt::format("and {} more reasons", left)}}}));
  }
  // Facts know Markdown; times and ids have none. The subject may name a source, so it is a run.
  body.push_back(TextRuns(
      {{{"type", "TextRun"},
        {"isSubtle", true},
        {"text", fmt::format("{} on {}", SubjectText(message.subject), message.server_id)}}}));
  json::array facts{Fact("Since", FormatRfc3339(message.since))};
  if (message.ended_at) facts.push_back(Fact("Ended", FormatRfc3339(*message.ended_at)));
  body.push_back({{"type", "FactSet"}, {"facts", std::move(facts)}});
  json::object card{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                    {"type", "AdaptiveCard"},
                    {"version", "1.4"},
                    {"msteams", {{"width", "Full"}}},
                    {"body", std::move(body)}};
  if (!message.url.empty()) {
    card["actions"] = json::array{
        {{"type", "Action.OpenUrl"}, {"title", "Open the status"}, {"url", message.url}}};
  }
  return json::serialize(json::object{
      {"type", "message"},
      {"attachments", json::array{{{"contentType", "application/vnd.microsoft.card.adaptive"},
                                   {"contentUrl", nullptr},
                                   {"content", std::move(card)}}}}});
}

/// Source: "Formatting text for app surfaces", docs.slack.dev: these three have a meaning.
std::string SlackEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

json::object SlackText(std::string_view text) {
  return {{"type", "plain_text"}, {"text", text}, {"emoji", false}};
}

std::string SlackBody(const Message& message) {
  const std::string title = Title(message);
  json::array blocks;
  blocks.push_back(
      {{"type", "header"}, {"text", SlackText(CleanUtf8(title, kSlackHeaderCharacters))}});
  for (const MessageReason& reason : Shown(message)) {
    blocks.push_back(
        {{"type", "section"}, {"text", SlackText(reason.message + "\n" + reason.action)}});
  }
  std::string foot = fmt::format("{} on {}, since {}", SubjectText(message.subject),
                                 message.server_id, FormatRfc3339(message.since));
  if (message.ended_at) foot += ", ended " + FormatRfc3339(*message.ended_at);
  if (const std::size_t left = LeftOut(message); left > 0)
    foot += fmt::format(", and {} more reasons", left);
  blocks.push_back({{"type", "context"}, {"elements", json::array{SlackText(foot)}}});
  if (!message.url.empty()) {
    blocks.push_back(
        {{"type", "section"}, {"text", {{"type", "mrkdwn"}, {"text", SlackEscaped(message.url)}}}});
  }
  return json::serialize(
      json::object{{"text", SlackEscaped("OpenCQD " + title)}, {"blocks", std::move(blocks)}});
}

json::object AlertmanagerEntry(const Message& message, Health severity,
                               const std::optional<UtcTime>& ended_at) {
  std::string description;
  for (const MessageReason& reason : message.reasons)
    description += fmt::format("{} {}\n", reason.message, reason.action);
  json::object entry{
      {"labels",
       {{"alertname", message.event == Event::kTest ? "OpenCQDTest" : "OpenCQDOutage"},
        {"stage", message.subject},
        // The words that the examples of Prometheus and Alertmanager route by.
        {"severity", severity == Health::kFail ? "critical" : "warning"},
        {"instance", message.server_id}}},
      {"annotations",
       {{"summary", Title(message)},
        {"description", description},
        {"outage", message.outage_id},
        {"runbook", message.reasons.empty() ? std::string("docs/operations.md")
                                            : DocOf(message.reasons.front().code)}}},
      {"startsAt", FormatRfc3339(message.since)}};
  if (ended_at) entry["endsAt"] = FormatRfc3339(*ended_at);
  if (!message.url.empty()) entry["generatorURL"] = message.url;
  return entry;
}

}  // namespace

std::string AlertmanagerBody(std::span<const Message> messages) {
  json::array entries;
  for (const Message& message : messages) {
    if (message.event == Event::kWorsened && message.severity_before) {
      entries.push_back(AlertmanagerEntry(message, *message.severity_before, message.at));
    }
    // A test ends by itself after five minutes, so that nobody has to.
    const std::optional<UtcTime> ended_at =
        message.event == Event::kTest ? message.at + std::chrono::minutes(5) : message.ended_at;
    entries.push_back(AlertmanagerEntry(message, message.severity, ended_at));
  }
  return json::serialize(entries);
}

std::string MakeBody(TargetKind kind, const Message& message) {
  switch (kind) {
    case TargetKind::kGeneric:
      return MessageJson(message);
    case TargetKind::kTeams:
      return TeamsBody(message);
    case TargetKind::kSlack:
      return SlackBody(message);
    case TargetKind::kAlertmanager:
      return AlertmanagerBody({&message, 1});
    case TargetKind::kEmail:
    case TargetKind::kPing:
      break;
  }
  CQD_CHECK(false);
  return {};
}

}  // namespace cqd::alert
