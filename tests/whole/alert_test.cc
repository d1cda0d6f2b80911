// Promise: an outage is told once, whatever happens to the server meanwhile: kill -9 while the
// receiver is down, kill -9 after it was told, a restart. Its end is told once too. And: the
// commands and calls around alerts do what they say, and no secret shows.
#include <gmock/gmock.h>

#include <algorithm>

#include "support/http_receiver.h"
#include "support/installation.h"

namespace cqd {
namespace {

using test::HttpReceiver;
using test::Installation;
using test::Mood;
using test::Received;
using testing::HasSubstr;
using testing::Not;
namespace json = boost::json;

std::vector<Received> OfType(const std::vector<Received>& all, const std::string& type) {
  std::vector<Received> some;
  std::copy_if(all.begin(), all.end(), std::back_inserter(some),
               [&](const Received& one) { return one.Type() == type; });
  return some;
}

/// A source that does not exist yet, looked at every second; alarms within seconds.
void Configure(Installation& cqd, const HttpReceiver& receiver) {
  std::ofstream(cqd.Path("hook.url")) << receiver.Url("/hook/topsecret") << "\n";
  std::ofstream(cqd.Path("hook.key")) << "signingkey\n";
  cqd.ConfigureWithDatabase(
      "[integration]\nevery_s = 1\n[alert]\ncheck_every_s = 1\nhold_off_s = 1\n"
      "resolve_after_s = 1\n[[alert.target]]\nname = \"hook\"\nurl_file = \"hook.url\"\n"
      "secret_file = \"hook.key\"\nmin_severity = \"fail\"\nstages = [\"archive\"]\ntimeout_s = "
      "2\n");
}

TEST(Alert, AnOutageIsToldOnceHoweverOftenTheServerIsKilled) {
  HttpReceiver receiver;
  Installation cqd;
  Configure(cqd, receiver);
  receiver.SetMood(Mood::kRefuse);
  cqd.Serve();
  ASSERT_TRUE(receiver.WaitForAll(1)) << cqd.Get("/api/v1/status").body;
  const std::string message_id = receiver.All()[0].message_id;
  cqd.StopServer(SIGKILL);

  receiver.SetMood(Mood::kFine);
  cqd.Serve();
  ASSERT_TRUE(receiver.WaitForTaken(1));
  EXPECT_EQ(receiver.Taken()[0].message_id, message_id) << "the same message, told after the kill";
  EXPECT_EQ(receiver.Taken()[0].Type(), "outage.started");
  for (;;) {  // until it is noted, as a kill before that may send it again
    const json::value log = cqd.GetJson("/api/v1/alerts/deliveries?state=delivered");
    if (!log.at("deliveries").as_array().empty()) break;
    test::Breathe();
  }
  cqd.StopServer(SIGKILL);

  cqd.Serve();
  const json::value run = cqd.WaitForRun("archive");
  cqd.WaitForRun("archive", run.at("seq").as_int64() + 3);
  EXPECT_EQ(receiver.Taken().size(), 1U) << "it goes on; nothing is said twice";
  cqd.Simulate(300);
  ASSERT_TRUE(receiver.WaitForTaken(2));
  EXPECT_EQ(receiver.Taken()[1].Type(), "outage.ended");
  EXPECT_EQ(receiver.Taken()[1].dedupe_key, receiver.Taken()[0].dedupe_key);
  EXPECT_EQ(cqd.StopServer(), 0);
  EXPECT_EQ(receiver.Taken().size(), 2U);
}

TEST(Alert, CallsAndCommands) {
  HttpReceiver receiver;
  Installation cqd;
  Configure(cqd, receiver);
  EXPECT_THAT(cqd.Cqd({"alert", "list"}).output, HasSubstr("no alert so far"));
  cqd.Serve();
  ASSERT_TRUE(receiver.WaitForTaken(1));
  const json::value alerts = cqd.GetJson("/api/v1/alerts?state=open");
  const std::string id(alerts.at("alerts").at(0).at("id").as_string());
  EXPECT_EQ(id, receiver.Taken()[0].dedupe_key);
  EXPECT_TRUE(alerts.at("next_cursor").is_null());

  EXPECT_EQ(cqd.Post("/api/v1/alerts/none/ack", "").status, 404);
  const auto acked = cqd.Post("/api/v1/alerts/" + id + "/ack", "");
  EXPECT_EQ(acked.status, 200) << acked.body;
  EXPECT_TRUE(json::parse(acked.body).at("acked_by").is_string());

  const auto tested = cqd.Post("/api/v1/alerts/test", R"({"target":"hook"})");
  EXPECT_EQ(tested.status, 200) << tested.body;
  EXPECT_EQ(json::parse(tested.body).at("results").at(0).at("ok"), true);
  EXPECT_EQ(cqd.Post("/api/v1/alerts/test", R"({"target":"none"})").status, 404);
  EXPECT_EQ(cqd.Post("/api/v1/alerts/test", "nonsense").status, 400);
  EXPECT_EQ(cqd.Get("/api/v1/alerts?n=0").status, 400);
  EXPECT_EQ(cqd.Get("/api/v1/alerts/deliveries?state=lost").status, 400);
  const test::Finished beside = cqd.Cqd({"alert", "test"});
  EXPECT_EQ(beside.exit_code, 0) << beside.output;
  EXPECT_THAT(beside.output, HasSubstr("hook: taken"));
  EXPECT_EQ(OfType(receiver.Taken(), "test").size(), 2U);

  const std::string log = cqd.Get("/api/v1/alerts/deliveries").body;
  const test::Finished list = cqd.Cqd({"alert", "list"});
  const test::Finished deliveries = cqd.Cqd({"alert", "deliveries"});
  EXPECT_THAT(list.output, HasSubstr(id));
  EXPECT_THAT(deliveries.output, HasSubstr("outage.started"));
  EXPECT_EQ(cqd.StopServer(), 0);
  for (const std::string& text :
       {log, list.output, deliveries.output, cqd.Cqd({"describe", "configuration"}).output}) {
    EXPECT_THAT(text, Not(HasSubstr("topsecret")));
    EXPECT_THAT(text, Not(HasSubstr("signingkey")));
  }

  receiver.SetMood(Mood::kRefuse);
  const test::Finished refused = cqd.Cqd({"alert", "test", "hook"});
  EXPECT_EQ(refused.exit_code, 1) << refused.output;
  EXPECT_THAT(refused.output, testing::AllOf(HasSubstr("500"), Not(HasSubstr("topsecret"))));
  EXPECT_EQ(cqd.Cqd({"alert", "test", "none"}).exit_code, 2);
}

TEST(Alert, CheckNamesWhatIsWrongWithAReceiver) {
  Installation cqd;
  cqd.Configure(
      "[[alert.target]]\nname = \"a\"\nurl = \"nowhere\"\n"
      "[[alert.target]]\nname = \"b\"\nurl = \"https://x\"\nsecret_file = \"missing.key\"\n"
      "[[alert.target]]\nname = \"c\"\nkind = \"email\"\nserver = \"mail\"\nfrom = \"cqd\"\n");
  const test::Finished check = cqd.Cqd({"check"});
  EXPECT_EQ(check.exit_code, 1);
  EXPECT_THAT(
      check.output,
      testing::AllOf(HasSubstr("alert target a: url"), HasSubstr("alert target b: secret_file"),
                     HasSubstr("alert target c: from"), HasSubstr("alert target c: to")));
  EXPECT_NE(cqd.Cqd({"serve", "--port", "0"}).exit_code, 0);
}

}  // namespace
}  // namespace cqd
