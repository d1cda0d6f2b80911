// Promise: kill -9 at any moment loses nothing, doubles nothing, and never shows "running" for a
// dead run. Method: a server integrates a database and takes reports while it is killed after a
// random time; then one run is let through and everything is counted. 15 rounds; 100 with ./test
// --long.
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

int Rounds() {
  const char* wanted = std::getenv("CQD_LONG");
  return wanted != nullptr && std::string(wanted) == "1" ? 100 : 15;
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
  explicit Poster(const std::string& base)
      : thread([this, base] {
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
  for (int round = 0; round < Rounds(); ++round) {
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
  std::printf("%d of %d rounds interrupted a run\n", killed_while_running, Rounds());
  EXPECT_GT(killed_while_running, 0) << "no round hit a run: the test shows nothing";
}

}  // namespace
}  // namespace cqd
