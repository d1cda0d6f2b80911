// The text of a mail. Sources: RFC 5322 (message), RFC 2045 (base64 body), RFC 2047 (words in
// header fields), RFC 3834 (automatic mails).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "alert/forms.h"
#include "alert/internal/crypt.h"
#include "base/text.h"

namespace cqd::alert {
namespace {

/// Source: RFC 2047 section 2: a line with an encoded word has at most 76 characters; 36 bytes make
/// 48 of base64, 12 are the frame, and "Subject: " is 9.
constexpr std::size_t kWordBytesMax = 36;
/// Source: RFC 5322 section 2.1.1: lines should have at most 78 characters.
constexpr std::size_t kPlainBytesMax = 66;
/// Source: RFC 2045 section 6.8: lines of at most 76 characters; 57 bytes make 76.
constexpr std::size_t kLineBytes = 57;
/// A subject longer than this is cut: mail programs show less.
constexpr std::size_t kSubjectCharactersMax = 150;

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 32 && c < 127; });
}

/// Control characters become blanks: a header field is one line whatever the text holds.
std::string OneLine(std::string_view text, std::size_t characters) {
  std::string line = CleanUtf8(text, characters);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 32 || c == 127; }, ' ');
  return line;
}

/// A header text as it is, or as encoded words that are never cut inside a character.
std::string HeaderText(std::string_view text) {
  if (IsPlain(text) && text.size() <= kPlainBytesMax) return std::string(text);
  std::string out;
  while (!text.empty()) {
    std::size_t size = std::min(text.size(), kWordBytesMax);
    while (size < text.size() && size > 1 &&
           (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
      --size;
    out +=
        fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", Base64(text.substr(0, size)));
    text.remove_prefix(size);
  }
  return out;
}

/// "Sat, 21 Nov 2026 02:48:06 +0000" (RFC 5322 section 3.3).
std::string MailDate(UtcTime time) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilTime civil = ToCivil(time);
  const std::chrono::weekday day(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[day.c_encoding()], civil.day,
                     kMonths[static_cast<std::size_t>(civil.month - 1)], civil.year, civil.hour,
                     civil.minute, civil.second);
}

/// Letters that a Message-ID takes without quoting (RFC 5322 section 3.2.3); others become '-'.
std::string AtomText(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(),
      [](unsigned char c) {
        return std::isalnum(c) == 0 &&
               std::string_view("-_.").find(static_cast<char>(c)) == std::string_view::npos;
      },
      '-');
  return out;
}

std::string MailText(const Message& message) {
  std::string text = Title(message) + "\r\n\r\n";
  for (const MessageReason& reason : message.reasons) {
    text += fmt::format("* {} ({}{})\r\n  {}\r\n  {}\r\n\r\n", reason.message, reason.code,
                        reason.since ? ", since " + FormatRfc3339(*reason.since) : "",
                        reason.action, DocOf(reason.code));
  }
  if (message.reasons_left_out > 0)
    text += fmt::format("and {} more reasons\r\n\r\n", message.reasons_left_out);
  text +=
      fmt::format("What:   {}\r\nServer: {}\r\n", SubjectText(message.subject), message.server_id);
  text += fmt::format("Since:  {}\r\n", FormatRfc3339(message.since));
  if (message.ended_at) text += fmt::format("Ended:  {}\r\n", FormatRfc3339(*message.ended_at));
  if (!message.outage_id.empty()) text += fmt::format("Outage: {}\r\n", message.outage_id);
  if (!message.url.empty()) text += fmt::format("Look:   {}\r\n", message.url);
  return text;
}

}  // namespace

std::string MakeMail(const MailSettings& mail, const Message& message, UtcTime now) {
  const std::string domain = mail.from.substr(mail.from.find('@') + 1);
  const std::string thread = fmt::format("<{}@{}>", AtomText(message.outage_id), domain);
  const bool first = message.event == Event::kStarted;
  const std::string id = first ? thread : fmt::format("<{}@{}>", AtomText(message.id), domain);
  std::string out = fmt::format("Date: {}\r\nFrom: OpenCQD <{}>\r\nTo: {}\r\nMessage-ID: {}\r\n",
                                MailDate(now), mail.from, fmt::join(mail.to, ",\r\n "), id);
  if (!first && !message.outage_id.empty())
    out += fmt::format("In-Reply-To: {}\r\nReferences: {}\r\n", thread, thread);
  out += "Subject: " + HeaderText(OneLine("[OpenCQD] " + Title(message), kSubjectCharactersMax)) +
         "\r\n";
  out +=
      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  const std::string text = CleanUtf8(MailText(message), SIZE_MAX);
  for (std::size_t at = 0; at < text.size(); at += kLineBytes)
    out += Base64(std::string_view(text).substr(at, kLineBytes)) + "\r\n";
  return out;
}

}  // namespace cqd::alert
