// Promise: a mail reaches a real mail server over a real socket, encrypted when that is set, and
// every way the server can fail is told apart and can be tried again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "alert/internal/crypt.h"
#include "alert/internal/test_smtp.h"
#include "alert/sender.h"
#include "file/temporary_folder.h"

namespace cqd::alert {
namespace {

using testing::HasSubstr;

Target MakeTarget(const SmtpServer& server, MailTls tls) {
  Target target;
  target.name = "mail";
  target.kind = TargetKind::kEmail;
  target.timeout = std::chrono::seconds(10);
  target.mail = {.server = "127.0.0.1",
                 .port = server.port(),
                 .tls = tls,
                 .user = {},
                 .password = {},
                 .from = "cqd@example.org",
                 .to = {"a@example.org", "b@example.org"}};
  return target;
}

Message MakeMessage() {
  Message message;
  message.id = "cube-1.1";
  message.event = Event::kStarted;
  message.outage_id = "cube-1";
  message.subject = "cube";
  message.reasons.push_back({.code = "cube_late",
                             .severity = integration::Health::kWarn,
                             .since = {},
                             .message = "Cube 40 min old",
                             .action = "Start one."});
  return message;
}

Delivered Send(const Target& target, const CancelToken& cancel = {}) {
  return Deliver(target, MakeMessage(), SystemClock(), cancel);
}

TEST(Smtp, AMailIsTaken) {
  SmtpServer server;
  const Delivered delivered = Send(MakeTarget(server, MailTls::kNone));
  ASSERT_TRUE(delivered.status.ok()) << delivered.status.error().ToString();
  EXPECT_EQ(delivered.code, 250);
  const auto mails = server.mails();
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_THAT(mails[0].from, testing::StartsWith("<cqd@example.org>"));
  EXPECT_THAT(mails[0].to,
              testing::ElementsAre(HasSubstr("<a@example.org>"), HasSubstr("<b@example.org>")));
  EXPECT_THAT(mails[0].text, HasSubstr("Subject: [OpenCQD] warn: Cube 40 min old\r\n"));
  EXPECT_THAT(mails[0].text, HasSubstr("Message-ID: <cube-1@example.org>"));
}

TEST(Smtp, EachRefusalIsTold) {
  SmtpServer server;
  const Target target = MakeTarget(server, MailTls::kNone);
  server.SetMood(SmtpMood::kRefuseLater);
  Delivered delivered = Send(target);
  EXPECT_EQ(delivered.status.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(delivered.code, 451);
  server.SetMood(SmtpMood::kRefuseSender);
  delivered = Send(target);
  EXPECT_EQ(delivered.status.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(delivered.code, 550);
  server.SetMood(SmtpMood::kBreakOffAfterData);
  EXPECT_FALSE(Send(target).status.ok()) << "the answer was lost: it must be sent again";
  server.SetMood(SmtpMood::kFine);
  EXPECT_TRUE(Send(target).status.ok());
}

TEST(Smtp, OneAddressThatIsGoneDoesNotKeepItFromTheOthers) {
  SmtpServer server;
  server.SetMood(SmtpMood::kRefuseOneReceiver);
  EXPECT_TRUE(Send(MakeTarget(server, MailTls::kNone)).status.ok());
  ASSERT_EQ(server.mails().size(), 1U);
  EXPECT_EQ(server.mails()[0].to.size(), 1U);
}

TEST(Smtp, AServerThatHangsCostsTheTimeOutAndCanBeStopped) {
  SmtpServer server;
  server.SetMood(SmtpMood::kHang);
  Target target = MakeTarget(server, MailTls::kNone);
  target.timeout = std::chrono::milliseconds(200);
  EXPECT_EQ(Send(target).status.error().code, ErrorCode::kDeadlineExceeded);
  target.timeout = std::chrono::minutes(1);
  CancelToken cancel;
  cancel.Cancel();
  EXPECT_EQ(Send(target, cancel).status.error().code, ErrorCode::kCancelled);
}

TEST(Smtp, NobodyThereIsUnavailable) {
  Target target;
  {
    SmtpServer server;
    target = MakeTarget(server, MailTls::kNone);
  }
  EXPECT_EQ(Send(target).status.error().code, ErrorCode::kUnavailable);
}

class SmtpTls : public testing::Test {
 protected:
  void SetUp() override {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout " +
        key() + " -out " + certificate() + " 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  std::string key() const { return folder_.path() + "/key.pem"; }
  std::string certificate() const { return folder_.path() + "/certificate.pem"; }

 private:
  file::TemporaryFolder folder_;
};

TEST_F(SmtpTls, StartTlsProtectsMailAndPassword) {
  SmtpServer server(certificate(), key());
  Target target = MakeTarget(server, MailTls::kStartTls);
  target.ca_file = certificate();
  target.mail.user = "cqd";
  target.mail.password = "secret";
  const Delivered delivered = Send(target);
  ASSERT_TRUE(delivered.status.ok()) << delivered.status.error().ToString();
  ASSERT_EQ(server.mails().size(), 1U);
  EXPECT_TRUE(server.mails()[0].encrypted);
  EXPECT_EQ(server.mails()[0].auth, Base64(std::string_view("\0cqd\0secret", 11)));
  server.SetMood(SmtpMood::kRefuseLogin);
  EXPECT_EQ(Send(target).status.error().code, ErrorCode::kUnauthenticated);
}

TEST_F(SmtpTls, ACertificateThatNobodyVouchesForIsRefused) {
  SmtpServer server(certificate(), key());
  const Delivered delivered = Send(MakeTarget(server, MailTls::kStartTls));
  EXPECT_EQ(delivered.status.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(delivered.status.error().message, HasSubstr("ca_file"));
  EXPECT_TRUE(server.mails().empty());
}

TEST_F(SmtpTls, NothingIsSentInTheClearWhenTheServerOffersNoTls) {
  SmtpServer server;
  Target target = MakeTarget(server, MailTls::kStartTls);
  target.mail.user = "cqd";
  target.mail.password = "secret";
  EXPECT_EQ(Send(target).status.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(server.mails().empty());
}

}  // namespace
}  // namespace cqd::alert
