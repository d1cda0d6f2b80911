// Promise: the status and run calls give every field of the contract, page and filter, name what is
// wrong, show details to administrators alone, and cost a poller nothing while nothing happens.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <pugixml.hpp>
#include <set>

#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Installation;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kQuiet =
    "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = "
    "604800\nretry_after_s = 0\n";

std::set<std::string> KeysOf(const json::value& value) {
  std::set<std::string> keys;
  for (const auto& member : value.as_object()) keys.emplace(member.key());
  return keys;
}

json::object Problem(const http::ClientResponse& answer, int status) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.Header("Content-Type").value_or(""), "application/problem+json");
  return json::parse(answer.body).as_object();
}

/// A server that has integrated a simulated database once, and failed at another source.
class StatusApi : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    cqd_ = std::make_unique<Installation>();
    cqd_->Simulate(600, 2);
    cqd_->ConfigureWithDatabase(std::string(kQuiet) + "[data_api]\nintegration_log = true\n");
    cqd_->Serve();
    cqd_->Post("/api/v1/runs", R"({"stage":"archive"})");
    cqd_->WaitForRun("cube");
    for (int i = 0; i < 3; ++i) {
      const json::value last = cqd_->GetJson("/api/v1/runs?n=1").at("runs").at(0);
      cqd_->Post("/api/v1/runs", R"({"stage":"cube"})");
      cqd_->WaitForRun("cube", last.at("seq").as_int64());
    }
  }
  static void TearDownTestSuite() { cqd_.reset(); }
  static inline std::unique_ptr<Installation> cqd_;
};

TEST_F(StatusApi, HasEveryFieldOfTheContract) {
  const json::value status = cqd_->GetJson("/api/v1/status");
  EXPECT_THAT(KeysOf(status),
              testing::UnorderedElementsAre("schema_version", "generated_at", "server", "status",
                                            "summary", "reasons", "stages", "sources", "storage",
                                            "cache", "retention", "mapping", "alerts"));
  EXPECT_THAT(KeysOf(status.at("server")),
              testing::UnorderedElementsAre("id", "version", "boot_id", "started_at"));
  for (const json::value& stage : status.at("stages").as_array()) {
    EXPECT_THAT(KeysOf(stage),
                testing::UnorderedElementsAre("stage", "state", "outcome", "verdict", "current",
                                              "last_success", "last_failure",
                                              "consecutive_failures", "failing_since", "schedule",
                                              "freshness", "backlog", "durations", "history"));
    EXPECT_THAT(
        KeysOf(stage.at("schedule")),
        testing::UnorderedElementsAre("every_s", "tz", "next_at", "paused_by", "paused_reason"));
    EXPECT_THAT(KeysOf(stage.at("freshness")),
                testing::UnorderedElementsAre("data_through", "data_age_s", "age_s", "warn_after_s",
                                              "error_after_s", "late_since", "expected_by",
                                              "expected_by_p95", "slo"));
    EXPECT_THAT(KeysOf(stage.at("freshness").at("slo")),
                testing::UnorderedElementsAre("target", "window", "met", "budget_left_s"));
    EXPECT_THAT(KeysOf(stage.at("durations")),
                testing::UnorderedElementsAre("last_ms", "p50_ms", "p95_ms", "n", "trend"));
    EXPECT_EQ(stage.at("verdict").as_string(), "on_time");
    EXPECT_FALSE(stage.at("freshness").at("expected_by").is_null());
  }
  const json::value run = status.at("stages").at(0).at("last_success");
  EXPECT_THAT(KeysOf(run),
              testing::UnorderedElementsAre(
                  "run_id", "seq", "stage", "kind", "month", "trigger", "requested_by", "caused_by",
                  "retry_of", "attempt", "state", "scheduled_at", "queued_at", "started_at",
                  "heartbeat_at", "finished_at", "duration_ms", "wait_ms", "input", "rows",
                  "reject_reasons", "bytes", "partitions", "steps", "progress", "output", "error",
                  "warnings", "resources", "context", "ledger"));
  const json::value rows = run.at("rows");
  EXPECT_EQ(rows.at("read").as_int64(),
            rows.at("inserted").as_int64() + rows.at("updated").as_int64() +
                rows.at("duplicate").as_int64() + rows.at("quarantined").as_int64() +
                rows.at("rejected").as_int64());
  EXPECT_GT(rows.at("read").as_int64(), 0);
  EXPECT_THAT(KeysOf(status.at("sources").at(0)),
              testing::IsSupersetOf({"id", "kind", "verdict", "reachable", "last_contact_at",
                                     "last_record_at", "watermark", "backlog_rows", "clock_skew_s",
                                     "credential_expires_at"}));
  EXPECT_GT(status.at("storage").at("rows").as_int64(), 0);
  EXPECT_GT(status.at("storage").at("disk_free_bytes").as_int64(), 0);
  EXPECT_TRUE(status.at("storage").at("days_until_full").is_null()) << "known for less than a day";
  EXPECT_TRUE(status.at("retention").at("personal_days").is_null());
  EXPECT_FALSE(status.at("mapping").at("map_version").is_null());
}

TEST_F(StatusApi, AnEqualStatusIsNotSentTwice) {
  const http::ClientResponse first = cqd_->Get("/api/v1/status");
  const std::string tag(first.Header("ETag").value_or(""));
  EXPECT_THAT(tag, testing::MatchesRegex("W/\"[0-9a-f]{16}\""));
  EXPECT_EQ(first.Header("Cache-Control").value_or(""), "private, no-cache");
  const std::string made(json::parse(first.body).at("generated_at").as_string());
  // A second later everything is older and nothing else.
  http::ClientResponse later;
  do {
    test::Breathe();
    later = cqd_->Get("/api/v1/status");
  } while (json::parse(later.body).at("generated_at").as_string() == made);
  EXPECT_EQ(later.Header("ETag").value_or(""), tag);
  for (const std::string& known : {tag, "\"other\", " + tag, std::string("*"), tag.substr(2)}) {
    const auto answer = cqd_->Send("GET", "/api/v1/status", {{"If-None-Match", known}});
    EXPECT_EQ(answer.status, 304) << known;
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.Header("ETag").value_or(""), tag);
  }
  EXPECT_EQ(cqd_->Send("GET", "/api/v1/status", {{"If-None-Match", "W/\"0\""}}).status, 200);
  cqd_->Post("/QoEDataService/ClearCache", "");
  do {
    test::Breathe();
    later = cqd_->Send("GET", "/api/v1/status", {{"If-None-Match", tag}});
  } while (later.status == 304);
  EXPECT_EQ(later.status, 200) << "the cache has another epoch";
}

TEST_F(StatusApi, HistoryIsAsLongAsAskedFor) {
  EXPECT_EQ(cqd_->GetJson("/api/v1/status").at("stages").at(1).at("history").as_array().size(), 4U);
  const json::value two = cqd_->GetJson("/api/v1/status?n=2").at("stages").at(1).at("history");
  ASSERT_EQ(two.as_array().size(), 2U);
  EXPECT_GT(two.at(0).at("seq").as_int64(), two.at(1).at("seq").as_int64()) << "newest first";
  EXPECT_TRUE(
      cqd_->GetJson("/api/v1/status?n=0").at("stages").at(1).at("history").as_array().empty());
  for (const char* wrong : {"-1", "21", "x", ""}) {
    EXPECT_EQ(Problem(cqd_->Get(std::string("/api/v1/status?n=") + wrong), 400).at("field"), "n");
  }
  EXPECT_EQ(Problem(cqd_->Get("/api/v1/status?m=1"), 400).at("field"), "m");
}

TEST_F(StatusApi, PagesHaveEveryRunOnce) {
  const json::array all = cqd_->GetJson("/api/v1/runs?n=500").at("runs").as_array();
  ASSERT_EQ(all.size(), 5U);
  std::vector<std::string> paged;
  std::string cursor;
  for (;;) {
    const json::value page =
        cqd_->GetJson("/api/v1/runs?n=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const json::value& run : page.at("runs").as_array())
      paged.emplace_back(run.at("run_id").as_string());
    if (page.at("next_cursor").is_null()) break;
    cursor = std::string(page.at("next_cursor").as_string());
  }
  ASSERT_EQ(paged.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].at("run_id").as_string(), paged[i]);
}

TEST_F(StatusApi, FiltersTakeWhatTheySay) {
  const json::array all = cqd_->GetJson("/api/v1/runs").at("runs").as_array();
  EXPECT_EQ(cqd_->GetJson("/api/v1/runs?stage=cube").at("runs").as_array().size(), 4U);
  EXPECT_EQ(cqd_->GetJson("/api/v1/runs?stage=archive").at("runs").as_array().size(), 1U);
  EXPECT_TRUE(cqd_->GetJson("/api/v1/runs?state=failed").at("runs").as_array().empty());
  const std::string middle(all[2].at("queued_at").as_string());
  EXPECT_EQ(cqd_->GetJson("/api/v1/runs?from=" + middle).at("runs").as_array().size(), 3U);
  EXPECT_EQ(cqd_->GetJson("/api/v1/runs?to=" + middle).at("runs").as_array().size(), 2U);
  for (const auto& [query, field] :
       {std::pair("stage=x", "stage"), std::pair("state=x", "state"), std::pair("from=x", "from"),
        std::pair("to=x", "to"), std::pair("n=0", "n"), std::pair("n=501", "n"),
        std::pair("cursor=x", "cursor"), std::pair("other=1", "other"),
        std::pair("from=2015-02-01&to=2015-01-01", "to")}) {
    EXPECT_EQ(Problem(cqd_->Get(std::string("/api/v1/runs?") + query), 400).at("field"), field);
  }
}

TEST_F(StatusApi, OneRunByIdByNumberAndWithItsEvents) {
  const json::value run = cqd_->GetJson("/api/v1/runs?stage=archive&n=1").at("runs").at(0);
  const std::string id(run.at("run_id").as_string());
  const std::string seq = std::to_string(run.at("seq").as_int64());
  EXPECT_EQ(cqd_->GetJson("/api/v1/runs/" + id).at("seq"), run.at("seq"));
  EXPECT_EQ(cqd_->GetJson("/api/v1/runs/" + seq).at("run_id").as_string(), id);
  EXPECT_FALSE(cqd_->GetJson("/api/v1/runs/" + id).at("log").as_array().empty());
  const json::value events = cqd_->GetJson("/api/v1/runs/" + id + "/events");
  std::set<std::string> types;
  std::int64_t last = 0;
  for (const json::value& event : events.at("events").as_array()) {
    EXPECT_GT(event.at("id").as_int64(), last) << "oldest first";
    last = event.at("id").as_int64();
    types.emplace(event.at("type").as_string());
    EXPECT_EQ(event.at("data").at("run_id").as_string(), id);
  }
  EXPECT_THAT(types, testing::IsSupersetOf({"run.queued", "run.started", "run.finished"}));
  for (const char* unknown :
       {"/api/v1/runs/archive-20150101T000000-000001", "/api/v1/runs/999999", "/api/v1/runs/0",
        "/api/v1/runs/9223372036854775807", "/api/v1/runs/999999/events"}) {
    Problem(cqd_->Get(unknown), 404);
  }
  Problem(cqd_->Send("POST", "/api/v1/runs/999999/cancel"), 404);
}

TEST_F(StatusApi, AnsweredOnceMeansStartedOnce) {
  const auto start = [&](const std::string& key, const std::string& body) {
    return cqd_->Send("POST", "/api/v1/runs",
                      {{"Content-Type", "application/json"}, {"Idempotency-Key", key}}, body);
  };
  const auto first = start("k-1", R"({"stage":"cube","month":"2015-03"})");
  ASSERT_EQ(first.status, 202) << first.body;
  const json::value run = json::parse(first.body);
  cqd_->WaitForRun("cube", run.at("seq").as_int64() - 1);
  const auto again = start("k-1", R"({"stage":"cube","month":"2015-03"})");
  EXPECT_EQ(json::parse(again.body).at("run_id"), run.at("run_id"));
  Problem(start("k-1", R"({"stage":"archive"})"), 409);
  const auto member = start("", R"({"stage":"cube","month":"2015-03","idempotency_key":"k-1"})");
  EXPECT_EQ(json::parse(member.body).at("run_id"), run.at("run_id"));
  EXPECT_EQ(Problem(start("a", R"({"stage":"cube","idempotency_key":"b"})"), 400).at("field"),
            "idempotency_key");
  EXPECT_EQ(Problem(start(std::string(201, 'x'), R"({"stage":"cube"})"), 400).at("field"),
            "idempotency_key");
}

TEST_F(StatusApi, APauseIsSeenAndEnds) {
  EXPECT_EQ(Problem(cqd_->Post("/api/v1/schedule/pause", R"({"reason":""})"), 400).at("field"),
            "reason");
  EXPECT_EQ(Problem(cqd_->Post("/api/v1/schedule/pause", R"({"why":"x"})"), 400).at("field"),
            "why");
  EXPECT_EQ(Problem(cqd_->Post("/api/v1/schedule/pause", "pause"), 400).at("field"), "body");
  ASSERT_EQ(cqd_->Post("/api/v1/schedule/pause", R"({"reason":"moving the disk"})").status, 200);
  json::value status = cqd_->GetJson("/api/v1/status");
  EXPECT_EQ(status.at("stages").at(0).at("state").as_string(), "paused");
  EXPECT_EQ(status.at("stages").at(0).at("schedule").at("paused_reason").as_string(),
            "moving the disk");
  EXPECT_TRUE(status.at("stages").at(0).at("schedule").at("next_at").is_null());
  EXPECT_EQ(status.at("reasons").at(0).at("code").as_string(), "archive_paused");
  ASSERT_EQ(cqd_->Post("/api/v1/schedule/resume", "").status, 200);
  status = cqd_->GetJson("/api/v1/status");
  EXPECT_EQ(status.at("stages").at(0).at("state").as_string(), "idle");
}

TEST_F(StatusApi, BadgesAreReadableAndSayNothingSecret) {
  for (const std::string name : {"archive", "cube", "all"}) {
    const auto svg = cqd_->Get("/badge/" + name + ".svg");
    EXPECT_EQ(svg.status, 200);
    EXPECT_EQ(svg.Header("Content-Type").value_or(""), "image/svg+xml; charset=utf-8");
    pugi::xml_document document;
    ASSERT_TRUE(document.load_buffer(svg.body.data(), svg.body.size())) << svg.body;
    const pugi::xml_node root = document.child("svg");
    EXPECT_STRNE(root.child("title").text().get(), "");
    EXPECT_STREQ(root.attribute("aria-label").value(), root.child("title").text().get());
    EXPECT_STREQ(root.attribute("role").value(), "img");
    const json::value badge = cqd_->GetJson("/badge/" + name + ".json");
    EXPECT_THAT(KeysOf(badge), testing::UnorderedElementsAre("schemaVersion", "label", "message",
                                                             "color", "isError"))
        << "the endpoint form refuses members it does not know";
    EXPECT_EQ(badge.at("schemaVersion").as_int64(), 1);
    EXPECT_THAT(svg.body, HasSubstr(std::string(badge.at("message").as_string())));
    EXPECT_THAT(svg.body, Not(HasSubstr("qoe"))) << "names of sources are not for everybody";
  }
  for (const char* unknown : {"/badge/x.svg", "/badge/cube", "/badge/cube.png", "/badge/.svg"})
    Problem(cqd_->Get(unknown), 404);
}

TEST_F(StatusApi, ThePublishedCallAnswersHeadAndOptionsAndNothingElse) {
  const std::string path = "/QoEDataService/IntegrationLog/Status";
  const auto whole = cqd_->Get(path);
  EXPECT_EQ(whole.status, 200);
  const auto head = cqd_->Send("HEAD", path);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(head.Header("Content-Length").value_or(""), std::to_string(whole.body.size()));
  EXPECT_EQ(cqd_->Send("OPTIONS", path).Header("Allow").value_or(""), "GET, HEAD, OPTIONS");
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    const auto refused = cqd_->Send(method, path);
    EXPECT_EQ(refused.status, 405) << method;
    EXPECT_EQ(refused.Header("Allow").value_or(""), "GET, HEAD, OPTIONS");
  }
}

TEST(StatusVisibility, DetailsHostsAndLogsAreForAdministrators) {
  Installation cqd;
  cqd.Configure(std::string(kQuiet) +
                "[[source]]\nname = \"gone\"\nconnection_string = "
                "\"Driver=SQLite3;Database=/very/secret/place.sqlite\"\n"
                "[auth]\nmode = \"basic\"\npassword_file = \"users\"\n");
  for (const std::string role : {"reader", "administrator"}) {
    std::ofstream(cqd.Path("new-password")) << "a long pass word for " << role << "\n";
    ASSERT_EQ(
        cqd.Cqd({"user", "add", role, "--role", role, "--password-file", cqd.Path("new-password")})
            .exit_code,
        0);
  }
  cqd.Serve();
  ASSERT_EQ(cqd.Post("/api/v1/reports", "secret call", "application/vq-rtcpxr").status, 202);
  cqd.client.credentials = {"administrator", "a long pass word for administrator"};
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  const std::string id(cqd.WaitForRun("archive").at("run_id").as_string());
  const json::value ours = cqd.GetJson("/api/v1/runs/" + id);
  EXPECT_FALSE(ours.at("log").as_array().empty());
  EXPECT_EQ(ours.at("requested_by").as_string(), "administrator");
  EXPECT_TRUE(ours.at("error").as_object().contains("detail"));
  const json::value rejects = cqd.GetJson("/api/v1/runs/" + id + "/rejects");
  ASSERT_EQ(rejects.at("rejects").as_array().size(), 1U) << "the report that nobody can read";
  EXPECT_THAT(std::string(rejects.at("rejects").at(0).at("payload").as_string()),
              HasSubstr("secret call"));
  EXPECT_EQ(Problem(cqd.Get("/api/v1/runs/" + id + "/rejects?n=0"), 400).at("field"), "n");
  EXPECT_FALSE(cqd.GetJson("/api/v1/status").at("server").at("id").is_null());
  const std::string our_tag(cqd.Get("/api/v1/status").Header("ETag").value_or(""));

  cqd.client.credentials = {"reader", "a long pass word for reader"};
  const http::ClientResponse status = cqd.Get("/api/v1/status");
  EXPECT_NE(status.Header("ETag").value_or(""), our_tag) << "another document";
  EXPECT_TRUE(json::parse(status.body).at("server").at("id").is_null());
  for (const std::string path : {"/api/v1/status", "/api/v1/runs", "/api/v1/runs/",
                                 "/api/v1/runs//events", "/api/v1/runs//rejects"}) {
    std::string full = path;
    if (const std::size_t gap = full.find("runs/"); gap != std::string::npos)
      full.insert(gap + 5, id);
    const http::ClientResponse answer = cqd.Get(full);
    ASSERT_EQ(answer.status, 200) << full;
    for (const char* hidden :
         {"\"detail\"", "\"record_ref\"", "\"host\"", "\"requested_by\"", "\"log\"",
          "\"paused_by\"", "\"cleared_by\"", "\"sample_ref\"", "secret", "administrator"}) {
      EXPECT_THAT(answer.body, Not(HasSubstr(hidden))) << full;
    }
  }
  for (const char* path : {"/api/v1/runs", "/api/v1/schedule/pause", "/api/v1/schedule/resume"}) {
    EXPECT_EQ(cqd.Post(path, "{}").status, 403) << path;
  }
  cqd.client.credentials.reset();
  EXPECT_EQ(cqd.Get("/api/v1/status").status, 401);
  EXPECT_EQ(cqd.Get("/badge/all.svg").status, 200) << "open by default";
}

TEST(StatusVisibility, BadgesCanBeClosed) {
  Installation cqd;
  cqd.Configure(std::string(kQuiet) +
                "[server]\nbadges_public = false\n[auth]\nmode = \"basic\"\npassword_file = "
                "\"users\"\n");
  std::ofstream(cqd.Path("new-password")) << "a long pass word\n";
  ASSERT_EQ(
      cqd.Cqd({"user", "add", "r", "--role", "reader", "--password-file", cqd.Path("new-password")})
          .exit_code,
      0);
  cqd.Serve();
  EXPECT_EQ(cqd.Get("/badge/cube.json").status, 401);
  cqd.client.credentials = {"r", "a long pass word"};
  EXPECT_EQ(cqd.GetJson("/badge/cube.json").at("message").as_string(), "no data yet");
}

}  // namespace
}  // namespace cqd
