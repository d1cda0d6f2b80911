#include "http/stream_signal.h"

#include <algorithm>
#include <atomic>

#include "http/internal/test_support.h"

namespace cqd::http {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;

/// A source of numbered lines that streams follow: "<1>", "<2>" ...
struct Lines {
  std::shared_ptr<StreamSignal> signal = std::make_shared<StreamSignal>();
  std::atomic<int> last{0};
  std::atomic<int> asked{0};
  std::atomic<int> open{0};

  void Add() {
    ++last;
    signal->Notify();
  }
  Response Follow(bool produce_inline) {
    ++open;
    const std::shared_ptr<int> place(new int(0), [this](const int* sent) {
      delete sent;
      --open;
    });
    Response response = Response::Stream("text/plain", [this, place](std::string& chunk) {
      ++asked;
      while (*place < last) chunk += "<" + std::to_string(++*place) + ">";
      return true;
    });
    response.endless = true;
    response.signal = signal;
    response.ask_every = 1h;
    response.produce_inline = produce_inline;
    return response;
  }
  Router Routes() {
    Router router;
    router.Get("/inline", [this](const Request&) { return Follow(true); });
    router.Get("/pooled", [this](const Request&) { return Follow(false); });
    router.Get("/other", [](const Request&) { return Response::Text(200, "here"); });
    return router;
  }
};

std::unique_ptr<RawConnection> Open(const Server& server, std::string_view path) {
  auto connection = std::make_unique<RawConnection>(server.port());
  connection->Send("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(StatusOf(connection->ReadThrough("\r\n\r\n")), 200);
  return connection;
}

TEST(StreamSignal, ReachesEveryStreamAndLeavesTheWorkersFree) {
  Lines lines;
  ServerOptions options = TestOptions();
  options.worker_threads = 1;
  options.worker_queue_max = 8;
  options.io_threads = 2;
  const auto server = StartOrFail(options, lines.Routes());
  std::vector<std::unique_ptr<RawConnection>> readers;
  for (int i = 0; i < 500; ++i) readers.push_back(Open(*server, "/inline"));
  for (int line = 1; line <= 3; ++line) {
    lines.Add();
    const auto other = Get(UrlOf(*server, "/other"));
    ASSERT_TRUE(other.ok()) << other.error().ToString();
    EXPECT_EQ(other->status, 200);
    const std::string mark = "<" + std::to_string(line) + ">";
    for (const auto& reader : readers) EXPECT_TRUE(reader->ReadThrough(mark).ends_with(mark));
  }
  EXPECT_EQ(lines.open, 500);
}

// With a timer of one hour, only the signal can bring the line; and nobody asks meanwhile, though
// the tick goes by many times.
TEST(StreamSignal, AStreamThatWaitsIsNotAsked) {
  for (const char* path : {"/inline", "/pooled"}) {
    Lines lines;
    std::atomic<int> ticks{0};
    const auto server = StartOrFail(TestOptions(), [&] {
      Router router = lines.Routes();
      router.Get("/polled", [&](const Request&) {
        return Response::Stream("text/plain", [&](std::string&) { return ++ticks < 20; });
      });
      return router;
    }());
    const auto reader = Open(*server, path);
    ASSERT_TRUE(Eventually([&] { return lines.asked == 1; }));
    EXPECT_EQ(Get(UrlOf(*server, "/polled"))->status, 200);  // 20 polls later
    EXPECT_EQ(lines.asked, 1) << path;
    lines.Add();
    EXPECT_NE(reader->ReadThrough("<1>"), "") << path;
  }
}

TEST(StreamSignal, NewsBetweenLookingAndWaitingIsNotLost) {
  for (const bool produce_inline : {true, false}) {
    const auto signal = std::make_shared<StreamSignal>();
    Router router;
    router.Get("/", [&](const Request&) {
      Response response =
          Response::Stream("text/plain", [&, asked = std::make_shared<int>(0)](std::string& chunk) {
            if (++*asked == 1) {
              signal->Notify();  // nothing found yet, and now there is
              return true;
            }
            chunk = "news";
            return false;
          });
      response.signal = signal;
      response.ask_every = 1h;
      response.produce_inline = produce_inline;
      return response;
    });
    const auto server = StartOrFail(TestOptions(), std::move(router));
    EXPECT_EQ(Get(UrlOf(*server, "/"))->body, "news");
  }
}

TEST(StreamSignal, WithoutNewsTheTimerAsks) {
  const auto signal = std::make_shared<StreamSignal>();
  Router router;
  router.Get("/", [&](const Request&) {
    Response response =
        Response::Stream("text/plain", [asked = std::make_shared<int>(0)](std::string& chunk) {
          if (++*asked < 5) return true;
          chunk = "late";
          return false;
        });
    response.signal = signal;
    response.ask_every = 10ms;
    response.produce_inline = true;
    return response;
  });
  const auto server = StartOrFail(TestOptions(), std::move(router));
  EXPECT_EQ(Get(UrlOf(*server, "/"))->body, "late");
}

TEST(StreamSignal, AClientThatLeftFreesItsPlace) {
  for (const char* path : {"/inline", "/pooled"}) {
    Lines lines;
    const auto server = StartOrFail(TestOptions(), lines.Routes());
    {
      const auto reader = Open(*server, path);
      EXPECT_EQ(lines.open, 1);
    }
    EXPECT_TRUE(Eventually([&] { return lines.open == 0; })) << path;
  }
}

TEST(StreamSignal, ShutdownEndsStreamsWholeAndSendsNothingTwice) {
  for (const char* path : {"/inline", "/pooled"}) {
    Lines lines;
    const auto server = StartOrFail(TestOptions(), lines.Routes());
    const auto reader = Open(*server, path);
    lines.Add();
    ASSERT_NE(reader->ReadThrough("<1>\r\n"), "");
    server->Shutdown(std::chrono::seconds(20));
    EXPECT_EQ(reader->ReadToEnd(), "0\r\n\r\n") << path;
    lines.Add();  // nobody listens any more: harmless
  }
}

// A client that reads nothing holds only its own stream up, and gets everything when it reads.
TEST(StreamSignal, ASlowReaderHoldsNobodyUp) {
  const auto signal = std::make_shared<StreamSignal>();
  std::atomic<int> last{0};
  const std::string block(50'000, 'x');
  Router router;
  router.Get("/", [&](const Request&) {
    Response response =
        Response::Stream("text/plain", [&, sent = std::make_shared<int>(0)](std::string& chunk) {
          if (*sent < last) chunk = block + "<" + std::to_string(++*sent) + ">";
          return *sent < 200;
        });
    response.signal = signal;
    response.ask_every = 1h;
    response.produce_inline = true;
    return response;
  });
  const auto server = StartOrFail(TestOptions(), std::move(router));
  RawConnection slow(server->port(), 4096);
  slow.Send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto quick = Open(*server, "/");
  for (int line = 1; line <= 200; ++line) {
    last = line;
    signal->Notify();
    EXPECT_NE(quick->ReadThrough("<" + std::to_string(line) + ">"), "");
  }
  const std::string all = slow.ReadToEnd();
  for (int line = 1; line <= 200; ++line)
    EXPECT_EQ(CountOf(all, "<" + std::to_string(line) + ">"), 1U);
  EXPECT_TRUE(all.ends_with("0\r\n\r\n"));
}

}  // namespace
}  // namespace cqd::http
