// The same message in the forms that receivers understand.
#pragma once

#include <span>
#include <string>

#include "alert/message.h"
#include "alert/target.h"
#include "base/time.h"

namespace cqd::alert {

/// The body of a POST to a target of `kind`. Precondition: not kEmail, not kPing.
/// - generic: MessageJson.
/// - teams: {"type":"message","attachments":[an Adaptive Card 1.4]}. Texts from outside are text
///   runs, because Markdown works in text blocks and facts. At most 28 KB. Sources: "Create and
///   send messages" (learn.microsoft.com, Teams, webhooks and connectors), "Format cards in Teams",
///   "Text formatting in cards".
/// - slack: {"text","blocks"}; texts from outside are plain_text, `text` is escaped. Sources:
///   "Sending messages using incoming webhooks", "Block Kit: blocks" (docs.slack.dev): header 150,
///   section 3000 characters, 50 blocks.
/// - alertmanager: AlertmanagerBody of this message.
std::string MakeBody(TargetKind kind, const Message& message);

/// The array of POST /api/v2/alerts (prometheus.io, "Alerts API"). Labels make the identity:
/// alertname, stage, severity, instance. So a worsened outage is two entries: the old severity
/// ends, the new one starts. Without `endsAt` an alert ends when it is not sent again for the
/// receiver's resolve_timeout (5 min by default): it must be repeated while it lasts.
std::string AlertmanagerBody(std::span<const Message> messages);

/// The path of that call, put behind a URL that has none.
inline constexpr std::string_view kAlertmanagerPath = "/api/v2/alerts";

/// A whole mail: header and body, CRLF line ends (RFC 5322, RFC 2045, RFC 2047). Header fields are
/// made of clean text: nothing in a message can add a field. Mails of one outage are one thread:
/// the first carries "<outage id>@<domain of from>", the others refer to it.
std::string MakeMail(const MailSettings& mail, const Message& message, UtcTime now);

}  // namespace cqd::alert
