// Promise: each form is what its receiver's page says, and no text of a message can break out of
// it.
#include "alert/forms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "alert/internal/crypt.h"
#include "alert/sender.h"
#include "base/text.h"

namespace cqd::alert {
namespace {

namespace json = boost::json;
using integration::Health;
using testing::HasSubstr;

Message MakeMessage(Event event) {
  Message message;
  message.id = "cube-20260301T070000-000001.2";
  message.at = *ParseTime("2026-03-01T10:00:00Z");
  message.event = event;
  message.outage_id = "cube-20260301T070000-000001";
  message.subject = "cube";
  message.severity = Health::kFail;
  message.since = *ParseTime("2026-03-01T07:00:00Z");
  if (event == Event::kWorsened) message.severity_before = Health::kWarn;
  if (event == Event::kEnded) message.ended_at = *ParseTime("2026-03-01T09:30:00Z");
  message.reasons.push_back({.code = "cube_stale",
                             .severity = Health::kFail,
                             .since = *ParseTime("2026-03-01T07:00:00Z"),
                             .message = "Cube 3 h old <!channel> [x](http://evil.example) & more",
                             .action = "Start one."});
  message.server_id = "cqd-1";
  message.version = "0.1.0";
  message.url = "https://cqd.example.org/api/v1/status";
  return message;
}

TEST(Message, SurvivesItsOwnForm) {
  for (const Event event : {Event::kStarted, Event::kWorsened, Event::kEnded, Event::kTest}) {
    Message message = MakeMessage(event);
    message.reasons_left_out = 3;
    const auto read = ParseMessage(MessageJson(message));
    ASSERT_TRUE(read.ok()) << read.error().ToString();
    EXPECT_EQ(*read, message);
  }
  for (const std::string_view bad :
       {"", "{}", "[]", "{\"data\":{}}", "{\"type\":\"test\",\"data\":{\"severity\":\"bad\"}}"}) {
    EXPECT_EQ(ParseMessage(bad).error().code, ErrorCode::kCorruption) << bad;
  }
}

TEST(Forms, GenericIsAnEventWithItsData) {
  const json::value body =
      json::parse(MakeBody(TargetKind::kGeneric, MakeMessage(Event::kWorsened)));
  EXPECT_EQ(body.at("type"), "outage.worsened");
  EXPECT_EQ(body.at("data").at("dedupe_key"), "cube-20260301T070000-000001");
  EXPECT_EQ(body.at("data").at("severity_before"), "warn");
  EXPECT_TRUE(body.at("data").at("ended_at").is_null()) << "unknown is null";
  EXPECT_EQ(body.at("data").at("reasons").at(0).at("doc"), "docs/operations.md#cube_stale");
}

/// Every text that a TextBlock or a Fact shows: there Markdown works.
void CollectMarkdown(const json::value& value, std::vector<std::string>& texts) {
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) CollectMarkdown(item, texts);
  } else if (value.is_object()) {
    const json::object& object = value.get_object();
    if (const auto* type = object.if_contains("type"); type != nullptr && *type == "TextBlock")
      texts.emplace_back(object.at("text").as_string());
    if (object.contains("title") && object.contains("value"))
      texts.emplace_back(object.at("value").as_string());
    for (const auto& member : object) CollectMarkdown(member.value(), texts);
  }
}

TEST(Forms, TeamsIsAMessageWithOneAdaptiveCard) {
  const json::value body = json::parse(MakeBody(TargetKind::kTeams, MakeMessage(Event::kStarted)));
  EXPECT_EQ(body.at("type"), "message");
  const json::value& attachment = body.at("attachments").at(0);
  EXPECT_EQ(attachment.at("contentType"), "application/vnd.microsoft.card.adaptive");
  const json::value& card = attachment.at("content");
  EXPECT_EQ(card.at("type"), "AdaptiveCard");
  EXPECT_EQ(card.at("version"), "1.4");
  EXPECT_FALSE(card.at("body").as_array().empty());
  EXPECT_EQ(card.at("actions").at(0).at("url"), "https://cqd.example.org/api/v1/status");
  std::vector<std::string> texts;
  CollectMarkdown(card, texts);
  EXPECT_FALSE(texts.empty());
  for (const std::string& text : texts) EXPECT_THAT(text, testing::Not(HasSubstr("evil")));
}

TEST(Forms, TeamsStaysUnderItsLimitWhateverTheTexts) {
  Message message = MakeMessage(Event::kStarted);
  const std::string wide = [] {
    std::string text;
    for (std::size_t i = 0; i < kTextCharactersMax; ++i) text += "\xF0\x9F\x94\xA5";
    return text;
  }();
  for (auto& reason : message.reasons) reason.message = wide, reason.action = wide;
  message.reasons.resize(kReasonsMax, message.reasons[0]);
  const std::string body = MakeBody(TargetKind::kTeams, message);
  EXPECT_LT(body.size(), 28U * 1024);
  EXPECT_THAT(body, HasSubstr("and 12 more reasons"));
}

TEST(Forms, SlackHasTextAndBlocksWithinTheirLimits) {
  Message message = MakeMessage(Event::kStarted);
  message.reasons.resize(kReasonsMax, message.reasons[0]);
  message.reasons[0].message = std::string(kTextCharactersMax, 'x');
  const json::value body = json::parse(MakeBody(TargetKind::kSlack, message));
  EXPECT_THAT(std::string(body.at("text").as_string()), testing::Not(HasSubstr("<")));
  const json::array& blocks = body.at("blocks").as_array();
  EXPECT_LE(blocks.size(), 50U);
  EXPECT_EQ(blocks[0].at("type"), "header");
  EXPECT_EQ(blocks[0].at("text").at("type"), "plain_text");
  EXPECT_LE(blocks[0].at("text").at("text").as_string().size(), 150U);
  EXPECT_EQ(blocks[1].at("type"), "section");
  for (const json::value& block : blocks) {
    if (block.at("type") != "section") continue;
    EXPECT_LE(block.at("text").at("text").as_string().size(), 3000U);
  }
}

TEST(Forms, SlackTextCannotCallTheChannel) {
  Message message = MakeMessage(Event::kStarted);
  message.reasons[0].message = "<!channel> & <https://evil.example|x>";
  const json::value body = json::parse(MakeBody(TargetKind::kSlack, message));
  EXPECT_THAT(std::string(body.at("text").as_string()), HasSubstr("&lt;!channel&gt; &amp;"));
  EXPECT_EQ(body.at("blocks").at(1).at("text").at("type"), "plain_text");
}

TEST(Forms, AlertmanagerEndsTheOldSeverityWhenItGetsWorse) {
  const json::value started =
      json::parse(MakeBody(TargetKind::kAlertmanager, MakeMessage(Event::kStarted)));
  ASSERT_EQ(started.as_array().size(), 1U);
  EXPECT_EQ(started.at(0).at("labels").at("alertname"), "OpenCQDOutage");
  EXPECT_EQ(started.at(0).at("labels").at("severity"), "critical");
  EXPECT_EQ(started.at(0).at("labels").at("stage"), "cube");
  EXPECT_EQ(started.at(0).at("startsAt"), "2026-03-01T07:00:00Z");
  EXPECT_FALSE(started.at(0).as_object().contains("endsAt"));
  for (const auto& label : started.at(0).at("labels").as_object())
    EXPECT_TRUE(label.value().is_string());

  const json::value worse =
      json::parse(MakeBody(TargetKind::kAlertmanager, MakeMessage(Event::kWorsened)));
  ASSERT_EQ(worse.as_array().size(), 2U);
  EXPECT_EQ(worse.at(0).at("labels").at("severity"), "warning");
  EXPECT_EQ(worse.at(0).at("endsAt"), "2026-03-01T10:00:00Z");
  EXPECT_EQ(worse.at(1).at("labels").at("severity"), "critical");

  const json::value ended =
      json::parse(MakeBody(TargetKind::kAlertmanager, MakeMessage(Event::kEnded)));
  EXPECT_EQ(ended.at(0).at("labels"), started.at(0).at("labels")) << "the same alert";
  EXPECT_EQ(ended.at(0).at("endsAt"), "2026-03-01T09:30:00Z");
}

MailSettings MakeMailSettings() {
  return {.server = "127.0.0.1",
          .port = 25,
          .tls = MailTls::kNone,
          .user = {},
          .password = {},
          .from = "cqd@example.org",
          .to = {"a@example.org", "b@example.org"}};
}

/// Fields of the head with folded lines joined.
std::vector<std::string> HeadOf(std::string mail) {
  mail.resize(mail.find("\r\n\r\n"));
  std::vector<std::string> fields;
  for (const std::string_view part : Split(mail, '\n')) {
    const std::string_view line = part.ends_with('\r') ? part.substr(0, part.size() - 1) : part;
    if (line.starts_with(' ')) {
      fields.back() += line;
    } else {
      fields.emplace_back(line);
    }
  }
  return fields;
}

TEST(Mail, IsAThreadOfAnOutage) {
  const UtcTime now = *ParseTime("2026-03-01T10:00:00Z");
  const std::string thread = "<cube-20260301T070000-000001@example.org>";
  const auto first = HeadOf(MakeMail(MakeMailSettings(), MakeMessage(Event::kStarted), now));
  EXPECT_THAT(first, testing::Contains("Message-ID: " + thread));
  EXPECT_THAT(first, testing::Contains("Date: Sun, 01 Mar 2026 10:00:00 +0000"));
  EXPECT_THAT(first, testing::Contains("To: a@example.org, b@example.org"));
  EXPECT_THAT(first, testing::Not(testing::Contains(HasSubstr("References"))));
  const auto end = HeadOf(MakeMail(MakeMailSettings(), MakeMessage(Event::kEnded), now));
  EXPECT_THAT(end, testing::Contains("References: " + thread));
  EXPECT_THAT(end, testing::Contains("In-Reply-To: " + thread));
  EXPECT_THAT(end, testing::Contains("Message-ID: <cube-20260301T070000-000001.2@example.org>"));
}

TEST(Mail, NoTextAddsAField) {
  Message message = MakeMessage(Event::kStarted);
  const auto usual = HeadOf(MakeMail(MakeMailSettings(), message, message.at)).size();
  message.reasons[0].message = "x\r\nBcc: evil@example.org\r\n\r\n.\r\nQUIT";
  message.outage_id = "cube\r\nBcc: evil@example.org";
  const std::string mail = MakeMail(MakeMailSettings(), message, message.at);
  EXPECT_EQ(HeadOf(mail).size(), usual) << mail;
  EXPECT_THAT(mail, testing::Not(HasSubstr("\nBcc")));
  for (const std::string_view line : Split(mail, '\n')) EXPECT_LE(line.size(), 77U) << line;
}

TEST(Mail, OtherLettersAreEncodedWords) {
  Message message = MakeMessage(Event::kStarted);
  message.reasons[0].message = "Würfel ist 3 Stunden alt, Grenze überschritten, bitte ansehen";
  const std::string mail = MakeMail(MakeMailSettings(), message, message.at);
  EXPECT_TRUE(std::all_of(mail.begin(), mail.end(), [](char c) { return c > 0; }));
  EXPECT_THAT(mail, HasSubstr("Subject: =?UTF-8?B?"));
  for (const std::string& field : HeadOf(mail)) {
    if (!field.starts_with("Subject: ")) continue;
    for (const std::string_view word : Split(std::string_view(field).substr(9), ' '))
      EXPECT_LE(word.size(), 75U) << "RFC 2047 section 2";
  }
}

TEST(Signature, IsWhatThePageSays) {
  // RFC 4231 section 4.3 (test case 2) pins the algorithm.
  EXPECT_EQ(HmacSha256Hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(Signature("Jefe", 17, "{}"), "v1=" + HmacSha256Hex("Jefe", "17.{}"));
  EXPECT_EQ(Base64("f"), "Zg==") << "RFC 4648 section 10";
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64(""), "");
}

TEST(Target, AddressesAreShownWithoutTheirSecrets) {
  Target target;
  target.url = "https://hooks.example.org/services/T0/B0/secret?sig=secret";
  EXPECT_EQ(ShownAddress(target), "https://hooks.example.org/...");
  target.url = "http://[::1]:9093";
  EXPECT_EQ(ShownAddress(target), "http://[::1]:9093/");
  target.kind = TargetKind::kEmail;
  target.mail = MakeMailSettings();
  target.mail.password = "secret";
  EXPECT_EQ(ShownAddress(target), "smtp://127.0.0.1:25");
  EXPECT_EQ(FailUrl("https://hc.example.org/uuid?x=1"), "https://hc.example.org/uuid/fail?x=1");
  EXPECT_EQ(FailUrl("https://hc.example.org/uuid/"), "https://hc.example.org/uuid/fail");
}

TEST(Target, MistakesAreNamed) {
  Target target;
  target.name = "t";
  EXPECT_THAT(CheckTarget(target), testing::ElementsAre(HasSubstr("url")));
  target.url = "ftp://x";
  EXPECT_THAT(CheckTarget(target), testing::ElementsAre(HasSubstr("url")));
  target.url = "https://x";
  target.stages = {"cube", "source:qoe", "cubes"};
  EXPECT_THAT(CheckTarget(target), testing::ElementsAre(HasSubstr("cubes")));
  target.stages = {};
  EXPECT_TRUE(CheckTarget(target).empty());
  target.kind = TargetKind::kEmail;
  EXPECT_THAT(CheckTarget(target),
              testing::ElementsAre(HasSubstr("server"), HasSubstr("from"), HasSubstr("to")));
  target.mail = MakeMailSettings();
  EXPECT_TRUE(CheckTarget(target).empty());
  target.mail.user = "u";
  target.mail.password = "p";
  EXPECT_THAT(CheckTarget(target), testing::ElementsAre(HasSubstr("encryption")));
  for (const std::string_view bad :
       {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nBcc: x", "<a@b>", "a@b,c@d"}) {
    EXPECT_FALSE(IsMailAddress(bad)) << bad;
  }
}

}  // namespace
}  // namespace cqd::alert
