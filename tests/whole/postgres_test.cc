// Promise: the main job from PostgreSQL over ODBC: every stream of the database answers, a server
// that is down or refuses the password fails the run with a remedy, and the next run goes on.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sqlite/database.h"
#include "support/installation.h"
#include "support/postgres_server.h"

namespace cqd {
namespace {

namespace json = boost::json;
using support::PostgresServer;
using test::Finished;
using test::Installation;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kTotals =
    R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"},{"DataModelName":"[Measures].[Video Streams Count]"}]})";

/// A QoEMetrics database on a server of its own, and an installation that reads it.
class Postgres : public testing::Test {
 protected:
  Postgres() : database_(server_.CreateDatabase()) {}

  void Simulate(int streams) {
    const Finished done = cqd_.Run(
        {"simulate", "--odbc",
         server_.ConnectionString(database_) + ";PWD={" + Escaped(PostgresServer::password()) + "}",
         "--streams", std::to_string(streams), "--months", "2", "--users", "200", "--seed", "11"});
    ASSERT_EQ(done.exit_code, 0) << done.output;
  }
  void Configure(const std::string& password) {
    std::ofstream(cqd_.Path("qoe.password")) << password << "\n";
    cqd_.Configure(fmt::format(
        "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = "
        "604800\nerror_after_s = 604800\n[[source]]\nname = \"qoe\"\nconnection_string = "
        "\"{}\"\npassword_file = \"qoe.password\"\n",
        server_.ConnectionString(database_)));
  }
  /// A closing brace in a braced value is doubled (ODBC connection strings).
  static std::string Escaped(std::string text) {
    for (std::size_t at = 0; (at = text.find('}', at)) != std::string::npos; at += 2)
      text.insert(at, "}");
    return text;
  }
  /// The number that `sql` gives on the server, by another client.
  std::int64_t Ask(const std::string& sql) {
    const std::string file = cqd_.Path("answer");
    setenv("PGPASSWORD", PostgresServer::password().c_str(), 1);
    const Finished done =
        test::RunToEnd({"/usr/bin/psql", "-h", "127.0.0.1", "-p", std::to_string(server_.port()),
                        "-U", "cqd", "-d", database_, "-At", "-c", sql},
                       file);
    EXPECT_EQ(done.exit_code, 0) << done.output;
    return done.exit_code == 0 ? std::stoll(done.output) : -1;
  }
  json::value Run(std::int64_t after) {
    cqd_.Post("/api/v1/runs", R"({"stage":"archive"})");
    return cqd_.WaitForRun("archive", after);
  }

  PostgresServer server_;
  std::string database_;
  Installation cqd_;
};

TEST_F(Postgres, TheMainJobWithAServerThatComesAndGoes) {
  Simulate(800);
  Configure(PostgresServer::password());
  server_.Psql(database_, R"(UPDATE "AudioStream" SET "JitterInterArrivalSD" = 'NaN',
    "ConcealRatioMax" = 'NaN' WHERE "StreamID" = 1)");
  const std::int64_t audio = Ask(R"(SELECT count(*) FROM "AudioStream")");
  const std::int64_t video =
      Ask(R"(SELECT count(*) FROM (SELECT DISTINCT "ConferenceDateTime", "SessionSeq",
        "MediaLineLabel", "StreamID" FROM "VideoStream" WHERE "MediaLineLabel" <> 16) v)");
  cqd_.Serve();
  const json::value first = Run(0);
  ASSERT_EQ(first.at("state").as_string(), "succeeded") << json::serialize(first);
  cqd_.WaitForRun("cube");
  const json::value row = cqd_.Ask(kTotals).at("DataResult").at(0);
  EXPECT_EQ(row.at(0).as_int64(), audio);
  EXPECT_EQ(row.at(1).as_int64(), video);
  EXPECT_GE(first.at("rows").at("repaired").as_int64(), 1) << "NaN is repaired with a mark";

  // A new process has no connection to lose, so it does not wait for one to come back.
  EXPECT_EQ(cqd_.StopServer(), 0);
  server_.Kill();
  cqd_.Serve();
  const json::value failed = Run(first.at("seq").as_int64());
  EXPECT_EQ(failed.at("state").as_string(), "failed");
  EXPECT_EQ(failed.at("error").at("class").as_string(), "source") << json::serialize(failed);
  EXPECT_FALSE(failed.at("error").at("hint").as_string().empty());
  EXPECT_THAT(json::serialize(cqd_.GetJson("/api/v1/status").at("reasons")),
              HasSubstr("source_unreachable"));
  EXPECT_EQ(cqd_.Ask(kTotals).at("DataResult").at(0), row) << "queries go on";

  server_.Start();
  server_.Psql(database_, R"(UPDATE "AudioStream" SET "RoundTrip" = 900 WHERE
    ("ConferenceDateTime", "SessionSeq", "StreamID") IN (SELECT "ConferenceDateTime", "SessionSeq",
    "StreamID" FROM "AudioStream" ORDER BY 1 DESC, 2, 3 LIMIT 1))");
  const json::value again = Run(failed.at("seq").as_int64());
  EXPECT_EQ(again.at("state").as_string(), "succeeded") << json::serialize(again);
  EXPECT_GE(again.at("rows").at("updated").as_int64(), 1);
  EXPECT_EQ(again.at("rows").at("inserted").as_int64(), 0);
  EXPECT_EQ(cqd_.GetJson("/api/v1/status").at("stages").at(0).at("outcome").as_string(), "ok");
}

TEST_F(Postgres, AWrongPasswordIsToldAndNotShown) {
  server_.Psql(database_, "CREATE TABLE t (x int)");
  Configure("not-the-password-55");
  const Finished check = cqd_.Cqd({"check"});
  EXPECT_EQ(check.exit_code, 1) << check.output;
  const Finished run = cqd_.Cqd({"integrate"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.output, HasSubstr("password")) << "the remedy is named";
  for (const std::string& text : {check.output, run.output})
    EXPECT_THAT(text, Not(HasSubstr("not-the-password-55")));
  cqd_.Serve();
  const json::value newest = cqd_.GetJson("/api/v1/runs?stage=archive&n=1").at("runs").at(0);
  EXPECT_EQ(newest.at("error").at("code").as_string(), "unauthenticated");
  EXPECT_EQ(newest.at("error").at("class").as_string(), "config");
  EXPECT_FALSE(newest.at("error").at("retryable").as_bool());
  EXPECT_THAT(cqd_.Get("/api/v1/runs?n=5").body, Not(HasSubstr("not-the-password-55")));
}

}  // namespace
}  // namespace cqd
