// Promise: after a repair, a replay gives exactly the rows that were missing: by command without a
// server and beside one, and over the API. What is asked wrongly is refused by name.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "sqlite/database.h"
#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Finished;
using test::Installation;
using testing::HasSubstr;

constexpr const char* kQuiet =
    "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = "
    "604800\n";

/// All streams with all their fields, as text; not the numbers of the rows, which tell the history.
std::string Streams(Installation& cqd) {
  const std::string order = " ORDER BY session_time, session_seq, media_label, stream_id";
  const Finished head = cqd.Cqd({"sql", "--csv", "SELECT * FROM CqdPartitionedStreamView LIMIT 1"});
  EXPECT_EQ(head.exit_code, 0) << head.output;
  std::string columns = head.output.substr(0, head.output.find_first_of("\r\n"));
  const std::size_t row_id = columns.find(",row_id");
  EXPECT_NE(row_id, std::string::npos) << columns;
  columns.erase(row_id, 7);
  const Finished all =
      cqd.Cqd({"sql", "--csv", "SELECT " + columns + " FROM CqdPartitionedStreamView" + order});
  EXPECT_EQ(all.exit_code, 0) << all.output;
  return all.output;
}

/// A database and a copy of it that lost media lines on the way: about every seventh session of the
/// copy has streams without a home.
class Replay : public testing::Test {
 protected:
  void SetUp() override {
    cqd_.Simulate(800, 2);
    std::filesystem::copy_file(cqd_.database(), cqd_.Path("copy.sqlite"));
    auto copy = *sqlite::Database::Open(cqd_.Path("copy.sqlite"));
    ASSERT_TRUE(copy.Execute("DELETE FROM MediaLine WHERE "
                             "CAST(strftime('%S', ConferenceDateTime) AS INT) % 7 = 3")
                    .ok());
    right_.Configure(kQuiet + Source(cqd_.database()));
    ASSERT_EQ(right_.Cqd({"integrate"}).exit_code, 0);
    ConfigureWrongly();
    const Finished first = cqd_.Cqd({"integrate"});
    ASSERT_EQ(first.exit_code, 0) << first.output;
    missing_ = *sqlite::Database::Open(cqd_.data_dir() + "/archive/main.sqlite",
                                       {.mode = sqlite::OpenMode::kReadOnly})
                    ->QueryInt("SELECT count(*) FROM quarantine");
    ASSERT_GT(*missing_, 10);
    ASSERT_NE(Streams(cqd_), Streams(right_));
  }
  static std::string Source(const std::string& database) {
    return "[[source]]\nname = \"qoe\"\nconnection_string = \"Driver=SQLite3;Database=" + database +
           "\"\n";
  }
  void ConfigureWrongly() { cqd_.Configure(kQuiet + Source(cqd_.Path("copy.sqlite"))); }
  void Repair() { cqd_.Configure(kQuiet + Source(cqd_.database())); }

  Installation cqd_, right_;
  std::optional<std::int64_t> missing_;
};

TEST_F(Replay, ByCommandWithoutAServer) {
  const std::string in_vain = cqd_.Cqd({"quarantine", "replay", "--all"}).output;
  EXPECT_THAT(in_vain, HasSubstr(fmt::format("0 records stored, {} refused again", *missing_)));
  Repair();
  const Finished later =
      cqd_.Cqd({"quarantine", "replay", "--reason", "no_session", "--source", "qoe", "--later"});
  EXPECT_EQ(later.exit_code, 0) << later.output;
  EXPECT_THAT(cqd_.Cqd({"quarantine", "list", "-n", "3"}).output, HasSubstr("requested"));
  const Finished run = cqd_.Cqd({"integrate"});
  EXPECT_EQ(run.exit_code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr(fmt::format("{} records stored, 0 refused again", *missing_)));
  EXPECT_THAT(run.output, HasSubstr(fmt::format("{} inserted", *missing_)))
      << "exactly what was missing";
  EXPECT_EQ(Streams(cqd_), Streams(right_));
  EXPECT_THAT(cqd_.Cqd({"quarantine", "reasons"}).output, HasSubstr("nothing is set aside"));
}

TEST_F(Replay, OverTheApiAndByCommandBesideAServer) {
  Repair();
  cqd_.Serve();
  const json::value reasons = cqd_.GetJson("/api/v1/quarantine/reasons");
  EXPECT_EQ(reasons.at("entries").as_int64(), *missing_);
  const json::value& reason = reasons.at("reasons").at(0);
  EXPECT_EQ(reason.at("reason").as_string(), "no_session");
  EXPECT_EQ(reason.at("entries").as_int64(), *missing_);
  EXPECT_FALSE(reason.at("action").as_string().empty());
  const std::int64_t sample = reason.at("sample_ids").at(0).as_int64();
  const json::value record = cqd_.GetJson(fmt::format("/api/v1/quarantine/{}", sample));
  EXPECT_THAT(std::string(record.at("payload").as_string()), HasSubstr("\"SessionSeq\""));
  EXPECT_EQ(cqd_.Get(fmt::format("/api/v1/quarantine/{}/payload", sample)).body,
            std::string(record.at("payload").as_string()));
  // Page by page, every record once.
  std::set<std::int64_t> ids;
  std::string cursor;
  do {
    const json::value page = cqd_.GetJson("/api/v1/quarantine?reason=no_session&source=qoe&n=7" +
                                          (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const json::value& one : page.at("records").as_array())
      EXPECT_TRUE(ids.insert(one.at("id").as_int64()).second);
    cursor =
        page.at("next_cursor").is_null() ? "" : std::string(page.at("next_cursor").as_string());
  } while (!cursor.empty());
  EXPECT_EQ(static_cast<std::int64_t>(ids.size()), *missing_);

  // One over the API ...
  const json::value asked = json::parse(
      cqd_.Post("/api/v1/quarantine/replay", fmt::format(R"({{"ids":[{}]}})", sample)).body);
  EXPECT_EQ(asked.at("requested").as_int64(), 1);
  const std::string run_id(asked.at("run_id").as_string());
  const json::value run = cqd_.WaitForRun("archive", 2);
  EXPECT_EQ(run.at("run_id").as_string(), run_id);
  EXPECT_EQ(cqd_.Get(fmt::format("/api/v1/quarantine/{}", sample)).status, 404) << "it is stored";
  // ... and the rest by command, beside the server.
  const Finished rest = cqd_.Cqd({"quarantine", "replay", "--reason", "no_session"});
  EXPECT_EQ(rest.exit_code, 0) << rest.output;
  EXPECT_THAT(rest.output, HasSubstr(fmt::format("{} records are read again", *missing_ - 1)));
  EXPECT_THAT(rest.output, HasSubstr(fmt::format("{} records stored", *missing_ - 1)));
  EXPECT_EQ(cqd_.GetJson("/api/v1/quarantine/reasons").at("entries").as_int64(), 0);
  EXPECT_EQ(cqd_.StopServer(), 0);
  EXPECT_EQ(Streams(cqd_), Streams(right_));
}

TEST_F(Replay, WhatIsAskedWronglyIsRefusedByName) {
  cqd_.Serve();
  const auto problem = [&](const http::ClientResponse& answer, int status, const char* field) {
    EXPECT_EQ(answer.status, status) << answer.body;
    const json::value body = json::parse(answer.body);
    EXPECT_EQ(body.at("field").as_string(), field) << answer.body;
    return body;
  };
  const auto get = [&](const std::string& query) { return cqd_.Get("/api/v1/quarantine" + query); };
  problem(get("?n=0"), 400, "n");
  problem(get("?n=501"), 400, "n");
  problem(get("?cursor=x"), 400, "cursor");
  problem(get("?run=none"), 400, "run");
  problem(get("?what=1"), 400, "what");
  EXPECT_EQ(problem(get("?reason=nosession"), 400, "reason").at("allowed").as_array().size(), 8u);
  EXPECT_EQ(problem(get("?source=qeo"), 400, "source").at("allowed"),
            (json::array{"collector", "qoe"}));
  problem(get("/4711"), 404, "id");
  problem(get("/x"), 400, "id");
  EXPECT_EQ(cqd_.Get("/api/v1/quarantine/drop").status, 405);
  for (const char* call : {"replay", "drop"}) {
    const auto post = [&](const std::string& body) {
      return cqd_.Post(std::string("/api/v1/quarantine/") + call, body);
    };
    problem(post("{"), 400, "body");
    problem(post("[]"), 400, "body");
    problem(post("{}"), 400, "ids");
    problem(post(R"({"ids":[]})"), 400, "ids");
    problem(post(R"({"ids":["1"]})"), 400, "ids");
    problem(post(R"({"ids":[1],"reason":"no_session"})"), 400, "ids");
    problem(post(R"({"all":false})"), 400, "ids");
    problem(post(R"({"reason":"x"})"), 400, "reason");
    problem(post(R"({"source":1})"), 400, "source");
    problem(post(R"({"every":true})"), 400, "every");
    problem(post(R"({"ids":[1,4711]})"), 404, "ids");
  }
  problem(cqd_.Post("/api/v1/quarantine/drop", R"({"all":true,"run":true})"), 400, "run");
  EXPECT_EQ(cqd_.GetJson("/api/v1/quarantine/reasons").at("entries").as_int64(), *missing_)
      << "nothing was done";
  const json::value dropped =
      json::parse(cqd_.Post("/api/v1/quarantine/drop", R"({"source":"qoe"})").body);
  EXPECT_EQ(dropped.at("dropped").as_int64(), *missing_);
  EXPECT_EQ(cqd_.StopServer(), 0);
}

// A report that nobody could read waits in the inbox for a reader that can. No test can bring such
// a reader, so the report is changed where it lies.
TEST(ReplayOfReports, TheReportComesFromTheInbox) {
  Installation cqd;
  cqd.Configure(kQuiet);
  cqd.Serve();
  cqd.Post("/api/v1/reports", "who knows what this is", "application/octet-stream");
  cqd.Post("/api/v1/reports", "nor this", "application/octet-stream");
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  cqd.WaitForRun("archive");
  EXPECT_EQ(cqd.GetJson("/api/v1/quarantine/reasons").at("entries").as_int64(), 2);
  EXPECT_EQ(cqd.StopServer(), 0);
  {
    auto inbox = *sqlite::Database::Open(cqd.data_dir() + "/inbox.sqlite");
    ASSERT_TRUE(inbox
                    .Execute("UPDATE report SET content_type = 'application/vq-rtcpxr', body = "
                             "CAST('VQSessionReport: CallTerm' || char(13,10) || 'CallID: 1@x' || "
                             "char(13,10) || 'LocalID: <sip:a@x>' || char(13,10) || "
                             "'RemoteID: <sip:b@x>' || char(13,10) || "
                             "'LocalAddr: IP=10.0.0.1 PORT=5000 SSRC=1' || char(13,10) || "
                             "'RemoteAddr: IP=10.0.0.2 PORT=5000 SSRC=2' || char(13,10) || "
                             "'LocalMetrics:' || char(13,10) || "
                             "'Timestamps: START=2015-03-01T10:00:00Z STOP=2015-03-01T10:05:00Z' "
                             "|| char(13,10) || 'PacketLoss: NLR=1.0 JDR=0.5' || char(13,10) AS "
                             "BLOB) WHERE id = 1; DELETE FROM report WHERE id = 2")
                    .ok());
  }
  const Finished replayed = cqd.Cqd({"quarantine", "replay", "--all"});
  EXPECT_EQ(replayed.exit_code, 0) << replayed.output;
  EXPECT_THAT(replayed.output, HasSubstr("1 records stored, 0 refused again, 1 no longer there"));
  EXPECT_THAT(replayed.output, HasSubstr(" 0 quarantined"));
  const Finished list = cqd.Cqd({"quarantine", "list"});
  EXPECT_THAT(list.output, HasSubstr("missing")) << "it is the last copy: it stays";
  EXPECT_EQ(cqd.Cqd({"quarantine", "show", "2", "--payload"}).output, "nor this");
  EXPECT_EQ(cqd.Cqd({"quarantine", "drop", "2"}).exit_code, 0);
  EXPECT_THAT(cqd.Cqd({"quarantine", "list"}).output, HasSubstr("nothing is set aside"));
}

TEST(QuarantineRoles, ReadersSeeCountsButNoContent) {
  Installation cqd;
  cqd.Configure(std::string(kQuiet) + "[auth]\nmode = \"basic\"\npassword_file = \"users\"\n");
  for (const std::string role : {"reader", "administrator"}) {
    std::ofstream(cqd.Path("password-" + role)) << "secret of " << role << "\n";
    ASSERT_EQ(cqd.Cqd({"user", "add", role, "--role", role, "--password-file",
                       cqd.Path("password-" + role)})
                  .exit_code,
              0);
  }
  cqd.Serve();
  cqd.Post("/api/v1/reports", "MARKER-17", "application/octet-stream");
  cqd.client.credentials = {"administrator", "secret of administrator"};
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  cqd.WaitForRun("archive");
  EXPECT_THAT(cqd.Get("/api/v1/quarantine/1").body, HasSubstr("MARKER-17"));
  EXPECT_EQ(cqd.Get("/api/v1/quarantine/1/payload").body, "MARKER-17");
  cqd.client.credentials = {"reader", "secret of reader"};
  for (const char* path : {"/api/v1/quarantine", "/api/v1/quarantine/1"}) {
    const http::ClientResponse answer = cqd.Get(path);
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr("unknown_format"));
    EXPECT_THAT(answer.body, testing::Not(HasSubstr("MARKER-17")));
    EXPECT_THAT(answer.body, testing::Not(HasSubstr("record_key")));
  }
  EXPECT_EQ(cqd.GetJson("/api/v1/quarantine/reasons").at("entries").as_int64(), 1);
  EXPECT_EQ(cqd.Get("/api/v1/quarantine/1/payload").status, 403);
  EXPECT_EQ(cqd.Post("/api/v1/quarantine/drop", R"({"all":true})").status, 403);
  EXPECT_EQ(cqd.Post("/api/v1/quarantine/replay", R"({"all":true})").status, 403);
}

}  // namespace
}  // namespace cqd
