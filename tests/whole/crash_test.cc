// Promise: kill -9 at any moment loses nothing, doubles nothing, and never shows "running" for a
// dead run. Method: a server integrates a database, builds its cube, folds deltas, takes reports
// and answers queries while it is killed after a random time; then it is started again, looked at,
// one run is let through and everything is counted. CQD_CRASH_ROUNDS rounds; ./test --long runs
// 200.
#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include "sqlite/database.h"
#include "support/installation.h"

namespace cqd {
namespace {

using test::Installation;
namespace json = boost::json;

int Rounds(int otherwise) {
  const char* wanted = std::getenv("CQD_CRASH_ROUNDS");
  return wanted != nullptr ? std::max(1, std::atoi(wanted)) : otherwise;
}

std::string Report(int number) {
  const std::string n = std::to_string(number);
  return "VQSessionReport: CallTerm\r\nCallID:crash-" + n +
         "@example.net\r\nLocalID:<sip:a@example.net>\r\nRemoteID:<sip:b@example.net>\r\n"
         "OrigID:<sip:a@example.net>\r\nLocalAddr:IP=10.1.2.3 PORT=4000 SSRC=0x" +
         n + "1\r\nRemoteAddr:IP=10.1.2.4 PORT=4002 SSRC=0x" + n +
         "2\r\nLocalMetrics:\r\nTimestamps:START=2026-01-01T10:00:00Z STOP=2026-01-01T10:01:00Z\r\n"
         "SessionDesc:PT=0 PD=PCMU SR=8000\r\nPacketLoss:NLR=0.5 JDR=0.0\r\nDelay:RTD=50 "
         "IAJ=3\r\nQualityEst:MOSLQ=4.1 MOSCQ=4.0\r\n";
}

/// Posts reports until the server is gone; counts what was sent and what was acknowledged.
struct Poster {
  std::atomic<int> sent{0}, acknowledged{0};
  std::thread thread;
  explicit Poster(const std::string& base, int first = 0)
      : sent(first), thread([this, base] {
          for (;;) {
            const int number = ++sent;
            const auto answer =
                http::Post(base + "/api/v1/reports", "application/vq-rtcpxr", Report(number));
            if (!answer.ok() || answer->status != 202) return;
            ++acknowledged;
          }
        }) {}
  ~Poster() {
    if (thread.joinable()) thread.join();
  }
};

/// Audio streams in the cube, and streams in the archive, by commands alone.
std::int64_t AudioStreams(Installation& cqd) {
  std::ofstream(cqd.Path("query.json"))
      << R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})";
  const test::Finished answer = cqd.Cqd({"query", cqd.Path("query.json"), "--json"});
  EXPECT_EQ(answer.exit_code, 0) << answer.output;
  const json::value parsed = json::parse(answer.output);
  const json::array& rows = parsed.at("DataResult").as_array();
  return rows.empty() ? 0 : rows[0].at(0).as_int64();
}

TEST(Crash, NothingIsLostNothingIsDoubledNothingRunsThatIsDead) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  Installation source;
  source.Simulate(2500, 2);
  auto database = *sqlite::Database::Open(source.database(), {.mode = sqlite::OpenMode::kReadOnly});
  const std::int64_t audio = database.QueryInt("SELECT count(*) FROM AudioStream")->value();
  int killed_while_running = 0;
  for (int round = 0; round < Rounds(12); ++round) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", round " << round);
    Installation cqd;
    cqd.Configure("[[source]]\nname = \"qoe\"\nconnection_string = \"Driver=SQLite3;Database=" +
                  source.database() + "\"\n[integration]\nevery_s = 1\n");
    cqd.Serve();
    Poster poster(cqd.base());
    poll(nullptr, 0, static_cast<int>(random() % 2500));
    cqd.StopServer(SIGKILL);
    poster.thread.join();

    const test::Finished status = cqd.Cqd({"status"});
    EXPECT_THAT(status.output, testing::Not(testing::HasSubstr("running"))) << status.output;
    killed_while_running += status.output.find("interrupted") != std::string::npos;
    const test::Finished last = cqd.Cqd({"integrate"});
    ASSERT_EQ(last.exit_code, 0) << last.output;
    const std::int64_t streams = AudioStreams(cqd);
    EXPECT_GE(streams, audio + poster.acknowledged)
        << "an acknowledged report or a stream of the database is lost";
    EXPECT_LE(streams, audio + poster.sent) << "something is there twice";
    // The archive by itself: no natural key twice.
    const test::Finished twice =
        cqd.Cqd({"sql", "--csv",
                 "SELECT count(*) FROM (SELECT 1 FROM CqdPartitionedStreamView GROUP BY source, "
                 "session_time, session_seq, "
                 "media_label, stream_id HAVING count(*)>1)"});
    ASSERT_EQ(twice.exit_code, 0) << twice.output;
    EXPECT_THAT(twice.output, testing::EndsWith("\n0\r\n")) << twice.output;
  }
  std::printf("%d of %d rounds interrupted a run\n", killed_while_running, Rounds(12));
  EXPECT_GT(killed_while_running, 0) << "no round hit a run: the test shows nothing";
}

/// Audio streams as the running server counts them; nullopt when it says that it cannot answer.
std::optional<std::int64_t> AskAudio(const std::string& base) {
  const auto answer =
      http::Post(base + "/QoEDataService/RunQuery", "application/json",
                 R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})");
  if (!answer.ok() || answer->status != 200) return std::nullopt;
  const json::value body = json::parse(answer->body);
  if (body.at("ErrorType").as_int64() != 0) return std::nullopt;
  const json::array& rows = body.at("DataResult").as_array();
  return rows.empty() ? 0 : rows[0].at(0).as_int64();
}

/// Keeps queries in flight until the server is gone. Streams are only added here, so a number that
/// falls was wrong.
struct Asker {
  std::thread thread;
  explicit Asker(const std::string& base)
      : thread([base] {
          std::int64_t seen = 0;
          while (const auto audio = AskAudio(base)) {
            EXPECT_GE(*audio, seen);
            seen = *audio;
          }
        }) {}
};

/// Keeps the cube busy: each full processing makes every segment anew.
struct Rebuilder {
  std::thread thread;
  explicit Rebuilder(const std::string& base)
      : thread([base] {
          for (;;) {
            const auto answer = http::Post(base + "/api/v1/runs", "application/json",
                                           R"({"stage":"cube","kind":"full"})");
            if (!answer.ok()) return;
            test::Breathe();
          }
        }) {}
};

/// Rows of a table of one of the installation's own files.
std::int64_t CountIn(const Installation& cqd, const std::string& file, const std::string& from) {
  auto database =
      sqlite::Database::Open(cqd.data_dir() + "/" + file, {.mode = sqlite::OpenMode::kReadOnly});
  if (!database.ok()) return 0;
  const auto count = database->QueryInt("SELECT count(*) FROM " + from);
  return count.ok() ? count->value_or(0) : 0;
}

/// The server was started again after a kill, and nothing has run since.
void CheckAfterRestart(Installation& cqd, std::int64_t unfinished) {
  const json::value status = cqd.GetJson("/api/v1/status");
  std::int64_t interrupted = 0;
  for (const json::value& stage : status.at("stages").as_array()) {
    const std::string state(stage.at("state").as_string());
    EXPECT_TRUE(state == "idle" || state == "never_run") << json::serialize(stage);
  }
  const json::value runs = cqd.GetJson("/api/v1/runs?state=interrupted&n=500");
  interrupted = static_cast<std::int64_t>(runs.at("runs").as_array().size());
  EXPECT_GE(interrupted, unfinished) << "a run that was killed is not told";
  EXPECT_EQ(CountIn(cqd, "integration.sqlite", "run WHERE state IN ('queued','running')"), 0);
  // The published call tells of the same runs: newest first, and nothing newer than the runs know.
  const json::value published = cqd.GetJson("/QoEDataService/IntegrationLog/Status");
  for (const auto& [name, stage] : {std::pair("LastFailedIntegrations", "archive"),
                                    std::pair("LastFailedCubeProcessings", "cube")}) {
    const json::value failed = cqd.GetJson(std::string("/api/v1/runs?n=500&stage=") + stage);
    std::size_t count = 0;
    for (const json::value& run : failed.at("runs").as_array()) {
      const std::string state(run.at("state").as_string());
      count += state == "failed" || state == "partial" || state == "interrupted";
    }
    EXPECT_EQ(published.at(name).as_array().size(), std::min<std::size_t>(count, 5)) << name;
  }
}

TEST(Crash, AKilledServerComesBackTruthfulWithTheCubeItHad) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  Installation source;
  source.Simulate(2500, 2);
  auto database = *sqlite::Database::Open(source.database(), {.mode = sqlite::OpenMode::kReadOnly});
  const std::int64_t audio = database.QueryInt("SELECT count(*) FROM AudioStream")->value();
  const std::string settings =
      "[[source]]\nname = \"qoe\"\nconnection_string = \"Driver=SQLite3;Database=" +
      source.database() + "\"\n[cube]\ndeltas_max = 1\n[data_api]\nintegration_log = true\n" +
      "[integration]\n";
  const std::string busy = settings + "every_s = 1\n";
  const std::string quiet =
      settings +
      "run_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = 604800\n";
  std::int64_t killed_running = 0;
  std::unique_ptr<Installation> cqd;
  int posted = 0, acknowledged = 0;
  for (int round = 0; round < Rounds(12); ++round) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", round " << round);
    // Four kills in a row on the same data, then a fresh start.
    if (round % 4 == 0) {
      cqd = std::make_unique<Installation>();
      posted = acknowledged = 0;
    }
    cqd->Configure(busy);
    cqd->Serve();
    {
      Poster poster(cqd->base(), posted);
      Asker asker(cqd->base());
      Rebuilder rebuilder(cqd->base());
      poll(nullptr, 0, static_cast<int>(random() % 2500));
      cqd->StopServer(SIGKILL);
      for (std::thread* thread : {&poster.thread, &asker.thread, &rebuilder.thread}) thread->join();
      posted = poster.sent;
      acknowledged += poster.acknowledged;
    }
    const std::int64_t unfinished = CountIn(
        *cqd, "integration.sqlite", "run WHERE state IN ('queued','running','interrupted')");
    killed_running += CountIn(*cqd, "integration.sqlite", "run WHERE state='running'") > 0 ? 1 : 0;
    cqd->Configure(quiet);
    const auto before = std::chrono::steady_clock::now();
    cqd->Serve();
    CheckAfterRestart(*cqd, unfinished);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));

    ASSERT_EQ(cqd->Cqd({"integrate"}).exit_code, 0);
    ASSERT_EQ(cqd->WaitForRun("cube").at("state").as_string(), "succeeded");
    cqd->Post("/api/v1/runs", R"({"stage":"cube"})");
    cqd->WaitForRun("cube");
    const std::int64_t stored = CountIn(*cqd, "inbox.sqlite", "report");
    EXPECT_GE(stored, acknowledged) << "an acknowledged report is lost";
    EXPECT_LE(stored, posted);
    // Each stored report is one call with one audio stream.
    EXPECT_EQ(AskAudio(cqd->base()), audio + stored);
    const test::Finished verified = cqd->Cqd({"status", "--verify"});
    EXPECT_EQ(verified.exit_code, 0) << verified.output;
    EXPECT_EQ(cqd->StopServer(), 0);
  }
  std::printf("%lld of %d rounds killed a run\n", static_cast<long long>(killed_running),
              Rounds(12));
  EXPECT_GT(killed_running, 0) << "no round hit a run: the test shows nothing";
}

}  // namespace
}  // namespace cqd
