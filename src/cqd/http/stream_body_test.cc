// Promises about bodies that are made piece by piece and have an end: readers that are slow, stop
// or leave hold no thread; what was cut is never taken for whole; shutdown lets them come to their
// end.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "http/internal/test_support.h"

namespace cqd::http {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPieceBytes = 64 * 1024;
/// 25 MiB: several times what the system takes for a reader that does not read.
constexpr int kPieces = 400;
constexpr std::size_t kBodyBytes = kPieceBytes * kPieces;
constexpr std::string_view kLastChunk = "\r\n0\r\n\r\n";

/// A large finite stream, and what became of the readers.
struct Large {
  std::atomic<int> open{0};    ///< producers that live
  std::atomic<int> pieces{0};  ///< made
  Gate waiting, release;       ///< of "/wait"

  Router Routes() {
    RouteOptions all;
    all.role_min = Role::kNone;
    Router router;
    router.Get(
        "/large",
        [this](const Request&) {
          ++open;
          const std::shared_ptr<int> made(new int(0), [this](const int* number) {
            delete number;
            --open;
          });
          return Response::Stream("text/plain", [this, made](std::string& chunk) {
            chunk.assign(kPieceBytes, 'x');
            ++pieces;
            return ++*made < kPieces;
          });
        },
        all);
    router.Get(
        "/wait",
        [this](const Request&) {
          waiting.Open();
          release.Wait();
          return Response::Text(200, "done");
        },
        all);
    return router;
  }
};

/// A reader that has asked for "/large" and read the head of the answer.
std::unique_ptr<RawConnection> BeginLarge(const Server& server, std::string_view version = "1.1") {
  auto reader = std::make_unique<RawConnection>(server.port(), 16 * 1024);
  reader->Send("GET /large HTTP/" + std::string(version) + "\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(StatusOf(reader->ReadThrough("\r\n\r\n")), 200);
  return reader;
}

TEST(StreamedBody, NeedsNoWorkerOnceItHasBegun) {
  Large large;
  ServerOptions options = TestOptions();
  options.worker_threads = 1;
  const auto server = StartOrFail(options, large.Routes());
  const auto reader = BeginLarge(*server);
  RawConnection busy(server->port());
  busy.Send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(large.waiting.Wait());  // the only worker is taken from here on
  std::size_t bytes = reader->ReadThrough(kLastChunk).size();
  EXPECT_GT(bytes, kBodyBytes);
  large.release.Open();
  EXPECT_EQ(StatusOf(busy.ReadResponse()), 200);
}

TEST(StreamedBody, AReaderThatStopsHoldsNoThreadAndIsClosedInTheEnd) {
  Large large;
  ServerOptions options = TestOptions();
  options.worker_threads = 1;
  options.write_timeout = 2s;
  const auto server = StartOrFail(options, large.Routes());
  std::vector<std::unique_ptr<RawConnection>> stopped;
  for (int i = 0; i < 4; ++i) stopped.push_back(BeginLarge(*server));
  EXPECT_LT(large.pieces, 4 * kPieces) << "made only as far as it is taken";
  const auto other = Get(UrlOf(*server, "/large"));  // needs a worker and a thread for pieces
  ASSERT_TRUE(other.ok()) << other.error().ToString();
  EXPECT_EQ(other->body.size(), kBodyBytes);
  EXPECT_TRUE(Eventually([&] { return server->connection_count() == 0; }));
  EXPECT_TRUE(Eventually([&] { return large.open == 0; }));
  EXPECT_FALSE(stopped.front()->ReadToEnd().ends_with(kLastChunk));
}

TEST(StreamedBody, EndsWhenItsReaderLeaves) {
  Large large;
  const auto server = StartOrFail(TestOptions(), large.Routes());
  auto reader = BeginLarge(*server);
  reader->Close();
  EXPECT_TRUE(Eventually([&] { return large.open == 0; }));
  EXPECT_LT(large.pieces, kPieces);
}

TEST(StreamedBody, OldClientsGetItUntilTheConnectionCloses) {
  Large large;
  const auto server = StartOrFail(TestOptions(), large.Routes());
  RawConnection old(server->port());
  old.Send("GET /large HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string head = old.ReadThrough("\r\n\r\n");
  EXPECT_EQ(head.find("Transfer-Encoding"), std::string::npos);
  EXPECT_NE(head.find("Connection: close"), std::string::npos) << head;
  EXPECT_EQ(old.ReadToEnd(), std::string(kBodyBytes, 'x'));
}

TEST(StreamedBody, ShutdownLetsItComeToItsEnd) {
  Large large;
  const auto server = StartOrFail(TestOptions(), large.Routes());
  const auto reader = BeginLarge(*server);
  RawConnection idle(server->port());
  std::thread stopper([&] { server->Shutdown(60s); });
  EXPECT_EQ(idle.ReadToEnd(), "");  // shutdown has begun
  const std::string body = reader->ReadToEnd();
  EXPECT_GT(body.size(), kBodyBytes);
  EXPECT_TRUE(body.ends_with(kLastChunk));
  stopper.join();
  EXPECT_EQ(large.open, 0);
}

TEST(StreamedBody, ShutdownCutsItVisiblyWhenTheTimeIsUp) {
  Large large;
  const auto server = StartOrFail(TestOptions(), large.Routes());
  const auto reader = BeginLarge(*server);
  server->Shutdown(10ms);
  EXPECT_FALSE(reader->ReadToEnd().ends_with(kLastChunk));
}

TEST(StreamedBody, IsCountedByTheBytesThatLeft) {
  Large large;
  std::atomic<std::uint64_t> bytes{0};
  ServerOptions options = TestOptions();
  options.on_request = [&](const RequestSummary& summary) {
    if (summary.route == "/large") bytes += summary.bytes_sent;
  };
  const auto server = StartOrFail(options, large.Routes());
  RawConnection reader(server->port());
  reader.Send("GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string whole = reader.ReadToEnd();
  ASSERT_TRUE(whole.ends_with(kLastChunk));
  EXPECT_TRUE(Eventually([&] { return bytes == whole.size(); }));
  BeginLarge(*server)->Close();
  ASSERT_TRUE(Eventually([&] { return large.open == 0; }));
  EXPECT_LT(bytes, 2 * whole.size()) << "a cut one counts for what was made";
}

}  // namespace
}  // namespace cqd::http
