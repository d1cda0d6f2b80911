#include "http/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "http/internal/test_support.h"
#include "http/problem.h"

namespace cqd::http {
namespace {

using namespace std::chrono_literals;

RouteOptions Open(bool run_inline, std::size_t body_bytes_max = 1024 * 1024) {
  RouteOptions options;
  options.role_min = Role::kNone;
  options.run_inline = run_inline;
  options.body_bytes_max = body_bytes_max;
  return options;
}

Response Echo(const Request& request) {
  std::string text = request.method_text + " " + request.path;
  for (const QueryParameter& parameter : request.query) {
    text += " " + parameter.name + "=" + parameter.value;
  }
  return Response::Text(200, text + " [" + request.body + "]");
}

Router EchoRouter() {
  Router router;
  router.Get("/inline", Echo, Open(true));
  router.Get("/pooled", Echo, Open(false));
  router.Post("/inline", Echo, Open(true));
  router.Post("/pooled", Echo, Open(false));
  router.Post("/small", Echo, Open(true, 10));
  router.Get("/item/{id}", [](const Request& request) {
    return Response::Json(200, "\"" + std::string(request.Capture("id")) + "\"");
  });
  router.Get("/large",
             [](const Request&) { return Response::Text(200, std::string(8 * 1024 * 1024, 'x')); });
  router.Get("/throws", [](const Request&) -> Response { throw std::runtime_error("secret"); });
  router.Get("/error", [](const Request&) {
    return Problem(Fail(ErrorCode::kNotFound, "no such month", "/secret", "month"));
  });
  return router;
}

std::string Exchange(const Server& server, std::string_view bytes) {
  RawConnection connection(server.port());
  EXPECT_TRUE(connection.Send(bytes));
  return connection.ReadToEnd();
}

TEST(Server, AnswersFromBothKindsOfThreads) {
  const auto server = StartOrFail(TestOptions(), EchoRouter());
  for (const char* path : {"/inline", "/pooled", "/INLINE/", "/Pooled"}) {
    const auto answer = Get(UrlOf(*server, std::string(path) + "?a=%20b"));
    ASSERT_TRUE(answer.ok()) << answer.error().ToString();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "GET " + std::string(path) + " a= b []");
    EXPECT_EQ(answer->Header("content-type"), "text/plain; charset=utf-8");
  }
  const auto posted = Post(UrlOf(*server, "/pooled"), "text/plain", "hello");
  EXPECT_EQ(posted->body, "POST /pooled [hello]");
  EXPECT_EQ(Get(UrlOf(*server, "/item/A%20b"))->body, "\"A b\"");
  const auto large = Get(UrlOf(*server, "/large"));
  ASSERT_TRUE(large.ok());
  EXPECT_EQ(large->body, std::string(8 * 1024 * 1024, 'x'));
}

TEST(Server, EveryAnswerCarriesTheCommonFields) {
  const auto server = StartOrFail(TestOptions(), EchoRouter());
  for (const char* path : {"/inline", "/nowhere", "/error"}) {
    const auto answer = Get(UrlOf(*server, path));
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->Header("Server"), "OpenCQD");
    EXPECT_EQ(answer->Header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer->Header("X-Frame-Options"), "DENY");
    EXPECT_EQ(answer->Header("Cache-Control"), "no-store");
    EXPECT_TRUE(answer->Header("Content-Security-Policy")->starts_with("default-src 'self'"));
    EXPECT_TRUE(answer->Header("Referrer-Policy").has_value());
    EXPECT_EQ(answer->Header("Strict-Transport-Security"), std::nullopt);
    EXPECT_TRUE(answer->Header("Date")->ends_with(" GMT"));
  }
}

TEST(Server, AnAnswerMayReplaceCommonFieldsButNotFraming) {
  Router router;
  router.Get(
      "/",
      [](const Request&) {
        return Response::Text(200, "x")
            .WithHeader("cache-control", "max-age=60")
            .WithHeader("Content-Length", "99")
            .WithHeader("X-Bad", "a\r\nX-Injected: 1")
            .WithHeader("X-Good", "yes");
      },
      Open(true));
  const auto server = StartOrFail(TestOptions(), std::move(router));
  const std::string answer =
      Exchange(*server, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(CountOf(ToLower(answer), "cache-control:"), 1U);
  EXPECT_NE(answer.find("cache-control: max-age=60"), std::string::npos);
  EXPECT_EQ(CountOf(answer, "Content-Length:"), 1U);
  EXPECT_EQ(answer.find("X-Injected"), std::string::npos);
  EXPECT_NE(answer.find("X-Good: yes"), std::string::npos);
}

TEST(Server, UnknownPathsAndMethodsAndFaultsAreProblems) {
  const auto server = StartOrFail(TestOptions(), EchoRouter());
  const auto missing = Get(UrlOf(*server, "/nowhere"));
  EXPECT_EQ(missing->status, 404);
  EXPECT_EQ(missing->Header("Content-Type"), "application/problem+json");
  ClientRequest remove;
  remove.method = "DELETE";
  remove.url = UrlOf(*server, "/inline");
  const auto refused = Send(remove);
  EXPECT_EQ(refused->status, 405);
  EXPECT_EQ(refused->Header("Allow"), "GET, HEAD, POST, OPTIONS");
  remove.method = "PROPFIND";
  EXPECT_EQ(Send(remove)->status, 405);
  remove.method = "OPTIONS";
  const auto options = Send(remove);
  EXPECT_EQ(options->status, 204);
  EXPECT_EQ(options->Header("Allow"), "GET, HEAD, POST, OPTIONS");
  const auto fault = Get(UrlOf(*server, "/throws"));
  EXPECT_EQ(fault->status, 500);
  EXPECT_EQ(fault->body.find("secret"), std::string::npos);
  EXPECT_EQ(Get(UrlOf(*server, "/error"))->body.find("secret"), std::string::npos);
  EXPECT_EQ(Get(UrlOf(*server, "/a/%2e%2e/b"))->status, 400);
}

TEST(Server, HeadHasTheHeadOfGetAndNoBody) {
  const auto server = StartOrFail(TestOptions(), EchoRouter());
  for (const char* path : {"/inline", "/large"}) {
    RawConnection connection(server->port());
    connection.Send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string head = connection.ReadThrough("\r\n\r\n");
    EXPECT_EQ(StatusOf(head), 200);
    EXPECT_EQ(head.find("Content-Length: 0"), std::string::npos);
    connection.Send("GET /inline HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(StatusOf(connection.ReadToEnd()), 200);
  }
}

TEST(Server, KeepsTheConnectionAsAsked) {
  const auto server = StartOrFail(TestOptions(), EchoRouter());
  RawConnection connection(server->port());
  for (int i = 0; i < 50; ++i) {
    const std::string path = i % 2 == 0 ? "/inline" : "/pooled";
    connection.Send("GET " + path + "?i=" + std::to_string(i) +
                    " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(connection.ReadResponse().ends_with("i=" + std::to_string(i) + " []"));
  }
  EXPECT_EQ(server->connection_count(), 1U);
  const std::string old = Exchange(*server, "GET /inline HTTP/1.0\r\n\r\n");
  EXPECT_NE(old.find("Connection: close"), std::string::npos);
  RawConnection kept(server->port());
  kept.Send("GET /inline HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(kept.ReadResponse().find("Connection: keep-alive"), std::string::npos);
  kept.Send("GET /inline HTTP/1.0\r\n\r\n");
  EXPECT_EQ(StatusOf(kept.ReadToEnd()), 200);
}

// Promise: requests sent ahead are answered in their order, whatever thread answers them.
TEST(Server, PipelinedRequestsAreAnsweredInOrder) {
  const auto server = StartOrFail(TestOptions(), EchoRouter());
  RawConnection connection(server->port());
  std::string all;
  std::vector<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    const std::string n = std::to_string(i);
    switch (i % 4) {
      case 0:
        all += "GET /inline?n=" + n + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        expected.push_back("GET /inline n=" + n + " []");
        break;
      case 1:
        all += "GET /pooled?n=" + n + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        expected.push_back("GET /pooled n=" + n + " []");
        break;
      case 2:
        all += "POST /inline HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
               std::to_string(n.size()) + "\r\n\r\n" + n;
        expected.push_back("POST /inline [" + n + "]");
        break;
      case 3:
        all +=
            "POST /pooled HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
            "chunked\r\n\r\n1\r\nx\r\n" +
            ("3;ext=1\r\nabc\r\n0\r\nTrailer: t\r\n\r\n" + std::string());
        expected.push_back("POST /pooled [xabc]");
        break;
    }
  }
  // In pieces of odd size, so that heads and bodies are cut anywhere.
  std::thread sender([&] {
    for (std::size_t at = 0; at < all.size(); at += 777) {
      EXPECT_TRUE(connection.Send(std::string_view(all).substr(at, 777)));
    }
  });
  for (const std::string& body : expected) {
    EXPECT_TRUE(connection.ReadResponse().ends_with("\r\n\r\n" + body)) << body;
  }
  sender.join();
}

TEST(Server, BodiesOverTheLimitAre413) {
  const auto server = StartOrFail(TestOptions(), EchoRouter());
  EXPECT_EQ(Post(UrlOf(*server, "/small"), "text/plain", "0123456789")->status, 200);
  EXPECT_EQ(Post(UrlOf(*server, "/small"), "text/plain", "0123456789a")->status, 413);
  const std::string chunked =
      Exchange(*server,
               "POST /small HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
               "chunked\r\n\r\n8\r\n01234567\r\n"
               "8\r\n01234567\r\n0\r\n\r\n");
  EXPECT_EQ(StatusOf(chunked), 413);
  EXPECT_NE(chunked.find("Connection: close"), std::string::npos);
  // The refusal arrives although the client sends far more than anybody reads.
  const auto huge = Post(UrlOf(*server, "/small"), "text/plain", std::string(4 << 20, 'x'));
  ASSERT_TRUE(huge.ok()) << huge.error().ToString();
  EXPECT_EQ(huge->status, 413);
  EXPECT_EQ(StatusOf(Exchange(*server,
                              "POST /small HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                              "18446744073709551615\r\n\r\n")),
            413);
}

TEST(Server, HeadsOverTheLimitsAreRefused) {
  ServerOptions options = TestOptions();
  options.header_bytes_max = 2048;
  const auto server = StartOrFail(options, EchoRouter());
  const std::string start = "GET /inline HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_EQ(StatusOf(Exchange(*server, start + "X: " + std::string(3000, 'x') + "\r\n\r\n")), 431);
  std::string many = start;
  for (int i = 0; i < 120; ++i) many += "A: b\r\n";
  EXPECT_EQ(StatusOf(Exchange(*server, many + "\r\n")), 431);
  std::string wide = start;
  for (int i = 0; i < 60; ++i) wide += "A: " + std::string(60, 'b') + "\r\n";
  EXPECT_EQ(StatusOf(Exchange(*server, wide + "\r\n")), 431);
  EXPECT_EQ(StatusOf(Exchange(*server, "GET /" + std::string(3000, 'x'))), 431);

  const auto roomy = StartOrFail(TestOptions(), EchoRouter());
  EXPECT_EQ(StatusOf(Exchange(
                *roomy, "GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n")),
            414);
}

TEST(Server, MalformedRequestsAreRefusedAndClosed) {
  const auto server = StartOrFail(TestOptions(), EchoRouter());
  const std::vector<std::pair<std::string, int>> cases = {
      {"\x16\x03\x01\x02\x01 hello\r\n\r\n", 400},
      {"GET\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: a\n\n", 505},  // without CR the version does not end
      {"GET /inline HTTP/2.0\r\nHost: localhost\r\n\r\n", 505},
      {"GET /inline HTTP/1.1\r\n\r\n", 400},
      {"GET /inline HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n", 400},
      {"GET /inline HTTP/1.1\r\nHost: localhost\r\nBad Name: b\r\n\r\n", 400},
      {"GET /inline HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"POST /inline HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400},
      {"POST /inline HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       400},
      {"POST /inline HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: "
       "chunked\r\n\r\n",
       400},
      {"POST /inline HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"POST /inline HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"POST /inline HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST /inline HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
           std::string(40000, 'x'),
       400},
      {"POST /inline HTTP/1.1\r\nHost: localhost\r\nExpect: magic\r\nContent-Length: 1\r\n\r\n",
       417},
      {"POST /inline HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: "
       "1\r\n\r\n",
       415},
  };
  for (const auto& [bytes, status] : cases) {
    const std::string answer = Exchange(*server, bytes);
    EXPECT_EQ(StatusOf(answer), status) << bytes.substr(0, 120) << "\n" << answer;
    EXPECT_NE(answer.find("application/problem+json"), std::string::npos);
    EXPECT_EQ(CountOf(answer, "HTTP/1.1 "), 1U) << "answered more than one request";
  }
}

TEST(Server, ContinueIsSaidBeforeTheBodyAndNotAfterARefusal) {
  const auto server = StartOrFail(TestOptions(), EchoRouter());
  RawConnection connection(server->port());
  connection.Send(
      "POST /inline HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 2\r\n\r\n");
  EXPECT_EQ(connection.ReadThrough("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  connection.Send("hi");
  EXPECT_TRUE(connection.ReadResponse().ends_with("[hi]"));
  RawConnection refused(server->port());
  refused.Send(
      "POST /small HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 20\r\n\r\n");
  EXPECT_EQ(StatusOf(refused.ReadToEnd()), 413);
}

TEST(Server, SlowClientsTimeOut) {
  ServerOptions options = TestOptions();
  options.header_timeout = 60ms;
  options.body_timeout = 60ms;
  options.idle_timeout = 60ms;
  const auto server = StartOrFail(options, EchoRouter());
  EXPECT_EQ(Exchange(*server, ""), "");  // never a byte: closed without a word
  EXPECT_EQ(StatusOf(Exchange(*server, "GET /inline HTTP/1.1\r\nHo")), 408);
  EXPECT_EQ(
      StatusOf(Exchange(
          *server, "POST /inline HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc")),
      408);
  const std::string idle = Exchange(*server, "GET /inline HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(CountOf(idle, "HTTP/1.1 "), 1U);
  EXPECT_EQ(StatusOf(idle), 200);
}

// Promise: a byte now and then does not keep a head open (slowloris).
TEST(Server, TricklingHeadsTimeOut) {
  ServerOptions options = TestOptions();
  options.header_timeout = 100ms;
  const auto server = StartOrFail(options, EchoRouter());
  RawConnection connection(server->port());
  connection.Send("GET /inline HTTP/1.1\r\nHost: localhost\r\nX: ");
  while (!connection.IsReadableWithin(10)) ASSERT_TRUE(connection.Send("x"));
  EXPECT_EQ(StatusOf(connection.ReadToEnd()), 408);
}

TEST(Server, ReadersThatStopAreDropped) {
  ServerOptions options = TestOptions();
  options.write_timeout = 60ms;
  const auto server = StartOrFail(options, EchoRouter());
  RawConnection connection(server->port(), 4096);
  connection.Send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  // Another client is served meanwhile, and the first one goes away by itself.
  EXPECT_EQ(Get(UrlOf(*server, "/inline"))->status, 200);
  EXPECT_TRUE(Eventually([&] { return server->connection_count() <= 0; }));
  EXPECT_LT(connection.ReadToEnd().size(), 8U * 1024 * 1024);
}

TEST(Server, TooManyConnectionsAreTold) {
  ServerOptions options = TestOptions();
  options.connections_max = 2;
  const auto server = StartOrFail(options, EchoRouter());
  RawConnection first(server->port());
  RawConnection second(server->port());
  EXPECT_TRUE(Eventually([&] { return server->connection_count() == 2; }));
  const std::string answer = Exchange(*server, "GET /inline HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(StatusOf(answer), 503);
  EXPECT_NE(answer.find("Retry-After:"), std::string::npos);
  first.Close();
  EXPECT_TRUE(Eventually([&] { return server->connection_count() <= 1; }));
  EXPECT_EQ(Get(UrlOf(*server, "/inline"))->status, 200);
}

TEST(Server, AFullQueueIs503) {
  Gate started;
  Gate release;
  Router router = EchoRouter();
  router.Get(
      "/wait",
      [&](const Request&) {
        started.Open();
        release.Wait();
        return Response::NoContent();
      },
      Open(false));
  ServerOptions options = TestOptions();
  options.worker_threads = 1;
  options.worker_queue_max = 0;
  const auto server = StartOrFail(options, std::move(router));
  RawConnection slow(server->port());
  slow.Send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(started.Wait());
  const auto busy = Get(UrlOf(*server, "/pooled"));
  EXPECT_EQ(busy->status, 503);
  EXPECT_EQ(busy->Header("Retry-After"), "1");
  EXPECT_EQ(Get(UrlOf(*server, "/inline"))->status, 200);
  release.Open();
  EXPECT_EQ(StatusOf(slow.ReadResponse()), 204);
}

TEST(Server, ManyClientsAtOnce) {
  ServerOptions options = TestOptions();
  options.io_threads = 2;
  std::atomic<int> counted{0};
  options.on_request = [&](const RequestSummary&) { ++counted; };
  const auto server = StartOrFail(options, EchoRouter());
  std::vector<std::thread> clients;
  for (int c = 0; c < 16; ++c) {
    clients.emplace_back([&, c] {
      RawConnection connection(server->port());
      for (int i = 0; i < 100; ++i) {
        const std::string tag = std::to_string(c * 1000 + i);
        connection.Send((i % 2 == 0 ? "GET /inline?t=" : "GET /pooled?t=") + tag +
                        " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        EXPECT_TRUE(connection.ReadResponse().ends_with("t=" + tag + " []"));
      }
    });
  }
  for (std::thread& client : clients) client.join();
  server->Shutdown(5s);
  EXPECT_EQ(counted.load(), 1600);
}

TEST(Server, SummariesNameTheRouteNotThePath) {
  std::mutex mutex;
  std::vector<std::string> lines;
  ServerOptions options = TestOptions();
  options.on_request = [&](const RequestSummary& summary) {
    const std::lock_guard lock(mutex);
    EXPECT_GE(summary.duration.count(), 0);
    EXPECT_GT(summary.bytes_sent, 0U);
    EXPECT_EQ(summary.remote_address, "127.0.0.1");
    lines.push_back(std::string(MethodName(summary.method)) + " " + std::string(summary.route) +
                    " " + std::to_string(summary.status) + " " +
                    std::to_string(summary.bytes_received));
  };
  const auto server = StartOrFail(options, EchoRouter());
  Get(UrlOf(*server, "/item/17")).ok();
  Get(UrlOf(*server, "/nowhere")).ok();
  Post(UrlOf(*server, "/pooled"), "text/plain", "four").ok();
  Exchange(*server, "rubbish\r\n\r\n");
  server->Shutdown(5s);
  EXPECT_EQ(lines, (std::vector<std::string>{"GET /item/{id} 200 0", "GET  404 0",
                                             "POST /pooled 200 4", "OTHER  400 0"}));
}

TEST(Server, BadOptionsAndTakenPortsAreErrors) {
  const auto code_of = [](ServerOptions options) {
    const auto server = Server::Start(std::move(options), Router());
    return server.ok() ? ErrorCode::kInternal : server.error().code;
  };
  ServerOptions options = TestOptions();
  options.io_threads = 0;
  EXPECT_EQ(code_of(options), ErrorCode::kInvalidArgument);
  options = TestOptions();
  options.address = "not an address";
  options.authenticator = *MakeProxyAuthenticator({"X-User", "", Role::kReader, {"::1"}});
  EXPECT_EQ(code_of(options), ErrorCode::kInvalidArgument);
  options = TestOptions();
  options.address = "0.0.0.0";
  EXPECT_EQ(code_of(options), ErrorCode::kFailedPrecondition);
  options = TestOptions();
  options.cors.allowed_origins = {"*"};
  EXPECT_EQ(code_of(options), ErrorCode::kInvalidArgument);
  const auto first = StartOrFail(TestOptions(), Router());
  options = TestOptions();
  options.port = first->port();
  EXPECT_EQ(code_of(options), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace cqd::http
