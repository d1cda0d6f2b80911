// Shutdown, cancelling, streams, TLS, authentication and CORS over real sockets.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "http/internal/test_support.h"
#include "http/problem.h"

namespace cqd::http {
namespace {

using namespace std::chrono_literals;

RouteOptions ForAll() {
  RouteOptions options;
  options.role_min = Role::kNone;
  return options;
}

RouteOptions For(Role role, bool run_inline) {
  RouteOptions options;
  options.role_min = role;
  options.run_inline = run_inline;
  return options;
}

Response Hello(const Request& request) {
  return Response::Text(200, "hello " + request.principal.name);
}

// Promise: a request that has begun is answered although the server was told to stop.
TEST(Shutdown, FinishesARunningHandler) {
  Gate started;
  Gate release;
  Router router;
  router.Get(
      "/",
      [&](const Request&) {
        started.Open();
        release.Wait();
        return Response::Text(200, "done");
      },
      ForAll());
  const auto server = StartOrFail(TestOptions(), std::move(router));
  RawConnection idle(server->port());
  RawConnection busy(server->port());
  busy.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(started.Wait());
  std::thread stopper([&] { server->Shutdown(20s); });
  EXPECT_EQ(idle.ReadToEnd(), "");  // the idle one is closed: shutdown has begun
  release.Open();
  const std::string answer = busy.ReadToEnd();
  EXPECT_EQ(StatusOf(answer), 200);
  EXPECT_TRUE(answer.ends_with("done"));
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  stopper.join();
  EXPECT_EQ(server->connection_count(), 0U);
  EXPECT_EQ(Get(UrlOf(*server, "/")).error().code, ErrorCode::kUnavailable);
}

void WaitForCancel(const Request& request, std::atomic<int>& seen) {
  while (request.CheckTime().ok()) std::this_thread::yield();
  seen = static_cast<int>(request.CheckTime().error().code);
}

TEST(Shutdown, CancelsWhatDoesNotFinishInTime) {
  Gate started;
  std::atomic<int> seen{-1};
  Router router;
  router.Get(
      "/",
      [&](const Request& request) {
        started.Open();
        WaitForCancel(request, seen);
        return Response::NoContent();
      },
      ForAll());
  const auto server = StartOrFail(TestOptions(), std::move(router));
  RawConnection connection(server->port());
  connection.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(started.Wait());
  server->Shutdown(10ms);
  EXPECT_EQ(seen.load(), static_cast<int>(ErrorCode::kCancelled));
  EXPECT_EQ(connection.ReadToEnd(), "");
}

TEST(Cancel, HandlersLearnOfDeadlinesAndGoneClients) {
  Gate started;
  std::atomic<int> seen{-1};
  Gate finished;
  Router router;
  router.Get(
      "/",
      [&](const Request& request) {
        started.Open();
        WaitForCancel(request, seen);
        finished.Open();
        return Problem(request.CheckTime().error());
      },
      ForAll());
  ServerOptions options = TestOptions();
  options.handler_timeout = 50ms;
  Router copy;
  const auto server = StartOrFail(options, std::move(router));
  EXPECT_EQ(Get(UrlOf(*server, "/"))->status, 504);
  EXPECT_EQ(seen.load(), static_cast<int>(ErrorCode::kDeadlineExceeded));

  Gate second_started;
  Gate second_finished;
  std::atomic<int> second_seen{-1};
  copy.Get(
      "/",
      [&](const Request& request) {
        second_started.Open();
        WaitForCancel(request, second_seen);
        second_finished.Open();
        return Response::NoContent();
      },
      ForAll());
  const auto patient = StartOrFail(TestOptions(), std::move(copy));
  RawConnection leaver(patient->port());
  leaver.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /more HTTP/1.1\r\n");
  ASSERT_TRUE(second_started.Wait());
  leaver.Close();
  ASSERT_TRUE(second_finished.Wait());
  EXPECT_EQ(second_seen.load(), static_cast<int>(ErrorCode::kCancelled));
}

Router StreamRouter() {
  Router router;
  router.Get(
      "/count",
      [](const Request&) {
        return Response::Stream("text/plain", [n = 0](std::string& chunk) mutable {
          if (n % 3 != 2) chunk = std::to_string(n) + ",";  // now and then nothing yet
          return ++n < 30;
        });
      },
      ForAll());
  router.Get(
      "/large",
      [](const Request&) {
        return Response::Stream("text/plain", [n = 0](std::string& chunk) mutable {
          chunk.assign(300'000, static_cast<char>('a' + n));
          return ++n < 20;
        });
      },
      ForAll());
  router.Get(
      "/breaks",
      [](const Request&) {
        return Response::Stream("text/plain", [n = 0](std::string& chunk) mutable {
          if (n++ > 0) throw std::runtime_error("source gone");
          chunk = "first";
          return true;
        });
      },
      ForAll());
  router.Get(
      "/events",
      [](const Request&) {
        Response response =
            Response::Stream("text/event-stream", [first = true](std::string& chunk) mutable {
              if (std::exchange(first, false)) chunk = "data: 1\n\n";
              return true;
            });
        response.endless = true;
        return response;
      },
      ForAll());
  return router;
}

TEST(Streams, ArriveWholeAndKeepTheConnection) {
  const auto server = StartOrFail(TestOptions(), StreamRouter());
  const auto counted = Get(UrlOf(*server, "/count"));
  ASSERT_TRUE(counted.ok());
  EXPECT_TRUE(counted->body.starts_with("0,1,3,4,6,"));
  EXPECT_TRUE(counted->body.ends_with("27,28,"));
  EXPECT_EQ(counted->Header("Transfer-Encoding"), "chunked");
  const auto large = Get(UrlOf(*server, "/large"));
  ASSERT_TRUE(large.ok());
  ASSERT_EQ(large->body.size(), 6'000'000U);
  EXPECT_EQ(large->body.back(), 't');
  RawConnection connection(server->port());
  for (int i = 0; i < 3; ++i) {
    connection.Send("GET /count HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(StatusOf(connection.ReadThrough("\r\n0\r\n\r\n")), 200);
  }
  RawConnection old(server->port());
  old.Send("GET /count HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.ReadToEnd().ends_with("\r\n\r\n" + counted->body));
  connection.Send("HEAD /count HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(connection.ReadToEnd().ends_with("\r\n\r\n"));
}

// Promise: a stream whose source fails is never taken for a whole one.
TEST(Streams, ABrokenSourceIsSeenByTheClient) {
  const auto server = StartOrFail(TestOptions(), StreamRouter());
  const auto answer = Get(UrlOf(*server, "/breaks"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
}

TEST(Streams, EventStreamsHoldNoThreadAndEndInGoodOrderAtShutdown) {
  ServerOptions options = TestOptions();
  options.worker_threads = 1;
  const auto server = StartOrFail(options, StreamRouter());
  std::vector<std::unique_ptr<RawConnection>> readers;
  for (int i = 0; i < 8; ++i) {
    readers.push_back(std::make_unique<RawConnection>(server->port()));
    readers.back()->Send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_NE(readers.back()->ReadThrough("data: 1\n\n"), "");
  }
  EXPECT_EQ(Get(UrlOf(*server, "/count"))->status, 200);  // the only worker is free
  readers.pop_back();
  EXPECT_TRUE(Eventually([&] { return server->connection_count() <= 7; }));
  std::thread stopper([&] { server->Shutdown(20s); });
  for (const auto& reader : readers) EXPECT_TRUE(reader->ReadToEnd().ends_with("0\r\n\r\n"));
  stopper.join();
}

Router RoleRouter() {
  Router router;
  router.Get("/open", Hello, For(Role::kNone, true));
  router.Get("/reader", Hello, For(Role::kReader, true));
  router.Get("/author", Hello, For(Role::kAuthor, false));
  router.Get("/administrator", Hello, For(Role::kAdministrator, true));
  return router;
}

TEST(Authentication, BasicAsksOnceAndChecksRoles) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("users");
  ASSERT_TRUE(AddUser(path, "anna", Role::kAuthor, "secret12", false, {64, 1}).ok());
  ServerOptions options = TestOptions();
  SystemClock clock;
  options.authenticator = *MakeBasicAuthenticator({path}, clock);
  const auto server = StartOrFail(options, RoleRouter());
  const auto status = [&](std::string_view target, const ClientOptions& client) {
    const auto answer = Get(UrlOf(*server, target), client);
    return answer.ok() ? answer->status : 0;
  };
  const auto asked = Get(UrlOf(*server, "/reader"));
  EXPECT_EQ(asked->status, 401);
  EXPECT_TRUE(asked->Header("WWW-Authenticate")->starts_with("Basic realm="));
  EXPECT_EQ(status("/open", {}), 200);
  ClientOptions anna;
  anna.credentials = BasicCredentials{"anna", "secret12"};
  for (int round = 0; round < 2; ++round) {  // the second time from memory
    EXPECT_EQ(Get(UrlOf(*server, "/reader"), anna)->body, "hello anna");
    EXPECT_EQ(status("/author", anna), 200);
    EXPECT_EQ(status("/administrator", anna), 403);
    EXPECT_EQ(status("/nowhere", anna), 404);
  }
  anna.credentials->password = "wrong";
  EXPECT_EQ(status("/reader", anna), 401);
  anna.credentials->name = "nobody";
  EXPECT_EQ(status("/reader", anna), 401);
}

TEST(Authentication, ProxiesNameTheUserFromListedAddressesOnly) {
  for (const bool listed : {true, false}) {
    ServerOptions options = TestOptions();
    options.authenticator = *MakeProxyAuthenticator(
        {"X-User", "X-Role", Role::kReader, {listed ? "127.0.0.0/8" : "10.0.0.0/8"}});
    const auto server = StartOrFail(options, RoleRouter());
    ClientRequest request;
    request.url = UrlOf(*server, "/author");
    request.headers = {{"X-User", "anna"}, {"X-Role", "author"}};
    const auto answer = Send(request);
    EXPECT_EQ(answer->status, listed ? 200 : 401);
    EXPECT_EQ(answer->Header("WWW-Authenticate").has_value(), !listed);
    request.headers = {{"X-User", "anna"}};
    EXPECT_EQ(Send(request)->status, listed ? 403 : 401);
    EXPECT_EQ(Get(UrlOf(*server, "/reader"))->status, 401);
  }
}

ClientResponse WithOrigin(const Server& server, std::string method, std::string origin,
                          std::string target = "/author") {
  ClientRequest request;
  request.method = std::move(method);
  request.url = UrlOf(server, target);
  request.headers = {{"Origin", std::move(origin)}};
  if (request.method == "OPTIONS") {
    request.headers.emplace_back("Access-Control-Request-Method", "GET");
    request.headers.emplace_back("Access-Control-Request-Headers", "content-type, x-a");
  }
  const auto answer = Send(request);
  EXPECT_TRUE(answer.ok());
  return answer.ok() ? *answer : ClientResponse();
}

TEST(CorsOverHttp, AllowedOriginsAreEchoedAndOthersAreNot) {
  ServerOptions options = TestOptions();
  options.cors.allowed_origins = {"https://portal.example.org"};
  Router router = RoleRouter();
  RouteOptions closed = For(Role::kNone, true);
  closed.cors = false;
  router.Get("/closed", Hello, closed);
  const auto server = StartOrFail(options, std::move(router));
  const ClientResponse allowed = WithOrigin(*server, "GET", "https://portal.example.org");
  EXPECT_EQ(allowed.Header("Access-Control-Allow-Origin"), "https://portal.example.org");
  EXPECT_EQ(allowed.Header("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(allowed.Header("Vary"), "Origin");
  const ClientResponse other = WithOrigin(*server, "GET", "https://evil.example.org");
  EXPECT_EQ(other.status, 200);
  EXPECT_EQ(other.Header("Access-Control-Allow-Origin"), std::nullopt);
  EXPECT_EQ(other.Header("Vary"), "Origin");
  const ClientResponse preflight = WithOrigin(*server, "OPTIONS", "https://portal.example.org");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Headers"), "content-type, x-a");
  EXPECT_EQ(preflight.Header("Access-Control-Max-Age"), "7200");
  const ClientResponse refused = WithOrigin(*server, "OPTIONS", "https://evil.example.org");
  EXPECT_EQ(refused.Header("Access-Control-Allow-Methods"), std::nullopt);
  for (const char* method : {"GET", "OPTIONS"}) {
    EXPECT_EQ(WithOrigin(*server, method, "https://portal.example.org", "/closed")
                  .Header("Access-Control-Allow-Origin"),
              std::nullopt);
  }
}

TEST(CorsOverHttp, WritesOfForeignPagesAreRefusedBeforeTheirBody) {
  ServerOptions options = TestOptions();
  options.cors.allowed_origins = {"https://portal.example.org"};
  std::atomic<int> written{0};
  Router router;
  router.Post("/write", [&](const Request&) {
    ++written;
    return Response::NoContent();
  });
  const auto server = StartOrFail(options, std::move(router));
  EXPECT_EQ(WithOrigin(*server, "POST", "https://evil.example.org", "/write").status, 403);
  EXPECT_EQ(written.load(), 0);
  EXPECT_EQ(WithOrigin(*server, "POST", "https://portal.example.org", "/write").status, 204);
  EXPECT_EQ(Post(UrlOf(*server, "/write"), "text/plain", "x")->status, 204);
  EXPECT_EQ(written.load(), 2);
}

TEST(CorsOverHttp, IsOffWithoutOrigins) {
  const auto server = StartOrFail(TestOptions(), RoleRouter());
  const ClientResponse answer = WithOrigin(*server, "GET", "https://portal.example.org");
  EXPECT_EQ(answer.Header("Access-Control-Allow-Origin"), std::nullopt);
  EXPECT_EQ(answer.Header("Vary"), std::nullopt);
}

void MakeCertificate(const TemporaryDirectory& directory) {
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
      "-subj /CN=localhost -addext 'subjectAltName=IP:127.0.0.1,DNS:localhost' -keyout " +
      directory.File("key.pem") + " -out " + directory.File("cert.pem") + " 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
}

TEST(Tls, ServesAndSaysSoInItsFields) {
  const TemporaryDirectory directory;
  MakeCertificate(directory);
  ServerOptions options = TestOptions();
  options.tls = TlsOptions{directory.File("cert.pem"), directory.File("key.pem")};
  Router router = StreamRouter();
  router.Post(
      "/echo", [](const Request& request) { return Response::Text(200, request.body); }, ForAll());
  const auto server = StartOrFail(options, std::move(router));
  const std::string base = "https://127.0.0.1:" + std::to_string(server->port());
  ClientOptions trusting;
  trusting.ca_file = directory.File("cert.pem");
  const auto answer = Get(base + "/large", trusting);
  ASSERT_TRUE(answer.ok()) << answer.error().ToString();
  EXPECT_EQ(answer->body.size(), 6'000'000U);
  EXPECT_TRUE(answer->Header("Strict-Transport-Security").has_value());
  const std::string body(900'000, 'z');
  EXPECT_EQ(Post(base + "/echo", "text/plain", body, trusting)->body, body);
  EXPECT_EQ(Get(base + "/count").error().code, ErrorCode::kUnavailable);  // not trusted
  ClientOptions blind;
  blind.tls_verify = false;
  EXPECT_EQ(Get(base + "/count", blind)->status, 200);
  // Plain HTTP at the TLS port gets nothing and harms nobody.
  RawConnection plain(server->port());
  plain.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  plain.ReadToEnd();
  EXPECT_EQ(Get(base + "/count", blind)->status, 200);
}

TEST(Tls, SilentHandshakesTimeOut) {
  const TemporaryDirectory directory;
  MakeCertificate(directory);
  ServerOptions options = TestOptions();
  options.header_timeout = 50ms;
  options.tls = TlsOptions{directory.File("cert.pem"), directory.File("key.pem")};
  const auto server = StartOrFail(options, StreamRouter());
  RawConnection silent(server->port());
  EXPECT_EQ(silent.ReadToEnd(), "");
}

TEST(Tls, UnusableFilesAreNamed) {
  const TemporaryDirectory directory;
  MakeCertificate(directory);
  std::ofstream(directory.File("broken.pem")) << "no key\n";
  for (const auto& [certificate, key, named] :
       {std::tuple{"missing.pem", "key.pem", "missing.pem"},
        std::tuple{"cert.pem", "broken.pem", "broken.pem"},
        std::tuple{"cert.pem", "missing.pem", "missing.pem"}}) {
    ServerOptions options = TestOptions();
    options.tls = TlsOptions{directory.File(certificate), directory.File(key)};
    const auto server = Server::Start(options, Router());
    ASSERT_FALSE(server.ok());
    EXPECT_EQ(server.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(server.error().message.find(named), std::string::npos) << server.error().message;
  }
}

TEST(Client, FailuresHaveCodes) {
  EXPECT_EQ(Get("ftp://a/").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Get("http://").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Get("http://a:99999/").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Get("http://a/b c").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Get("http://user@a/").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ParseUrl("https://[::1]:8443/x?y#z")->host, "::1");
  EXPECT_EQ(ParseUrl("https://[::1]:8443/x?y#z")->port, "8443");
  EXPECT_EQ(ParseUrl("https://[::1]:8443/x?y#z")->target, "/x?y");
  EXPECT_EQ(ParseUrl("http://a?b")->target, "/?b");
  const auto server = StartOrFail(TestOptions(), StreamRouter());
  ClientOptions small;
  small.response_bytes_max = 1000;
  EXPECT_EQ(Get(UrlOf(*server, "/large"), small).error().code, ErrorCode::kResourceExhausted);
  ClientOptions hasty;
  hasty.timeout = 50ms;
  EXPECT_EQ(Get(UrlOf(*server, "/events"), hasty).error().code, ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace cqd::http
