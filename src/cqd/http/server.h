// The HTTP/1.1 server: sockets, TLS, limits, time-outs, threads. Routes and answers are the
// caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/auth.h"
#include "http/cors.h"
#include "http/message.h"
#include "http/router.h"

namespace cqd::http {

/// Certificate (with its chain, leaf first) and private key, as PEM files. TLS 1.2 and later.
struct TlsOptions {
  std::string certificate_file;
  std::string key_file;
};

/// Fields on every answer, after the OWASP Secure Headers Project. An answer that sets one of these
/// fields itself keeps its own.
struct SecurityHeaders {
  std::string content_security_policy =
      "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
      "frame-ancestors 'none'";
  std::string referrer_policy = "same-origin";
  /// With TLS only; empty: none.
  std::string strict_transport_security = "max-age=31536000";
};

/// Every time is on `clock`'s monotonic side and is looked at once a `tick`.
struct ServerOptions {
  /// An address literal, or "localhost".
  std::string address = "127.0.0.1";
  /// 0: any free one, see Server::port.
  std::uint16_t port = 8080;
  /// Threads that read, write and run inline routes; 1 to 64. More: more requests a second, as long
  /// as there are processors.
  std::size_t io_threads = 1;
  /// Threads that run the other routes; 1 to 256. More: more of them at once, each with its memory.
  std::size_t worker_threads = 4;
  /// Requests that may wait for a worker; over it 503 with Retry-After. 0 to 100000.
  std::size_t worker_queue_max = 256;
  /// Connections at once; over it 503 and closed. 1 to 1000000.
  std::size_t connections_max = 4096;
  /// Request line and fields together; over it 431. 1 KiB to 1 MiB.
  std::size_t header_bytes_max = 16 * 1024;
  /// Caps every route's own limit.
  std::size_t body_bytes_max = 256 * 1024 * 1024;
  /// From the first byte of a request (or the connection) to the end of its head; then 408.
  Duration header_timeout = std::chrono::seconds(10);
  /// From the head to the end of the body; then 408.
  Duration body_timeout = std::chrono::seconds(120);
  /// Between two requests of a connection.
  Duration idle_timeout = std::chrono::seconds(60);
  /// For each 64 KiB of an answer to be taken by the client.
  Duration write_timeout = std::chrono::seconds(30);
  /// When Request::cancel_token() is set for a handler that still runs; 0: never.
  Duration handler_timeout = std::chrono::seconds(60);
  /// How soon a BodyProducer that had nothing is asked again.
  Duration stream_poll = std::chrono::milliseconds(200);
  /// How often time-outs and gone clients are looked for, in real time.
  Duration tick = std::chrono::milliseconds(100);
  std::optional<TlsOptions> tls;
  CorsPolicy cors;
  SecurityHeaders security;
  /// Null: open, which CheckBinding allows on loopback only.
  std::shared_ptr<Authenticator> authenticator;
  /// Null: the machine's. Must outlive the server.
  const Clock* clock = nullptr;
  /// Called once for each answered request, on an I/O thread: must be quick and must not throw.
  std::function<void(const RequestSummary&)> on_request;
};

/// A running server.
/// Threads: Start makes 2 * io_threads + worker_threads (see BodyProducer); methods may be called
/// from any thread but not from a handler.
class Server {
 public:
  /// Listens before it returns. Errors: kInvalidArgument (an option, by name; certificate or key
  /// file unusable, with file and reason), kFailedPrecondition (CheckBinding), kUnavailable (the
  /// port is taken, the address is not this machine's, no more threads or descriptors).
  static Result<std::unique_ptr<Server>> Start(ServerOptions options, Router router);
  /// Shutdown without waiting for clients.
  // NOLINTNEXTLINE(bugprone-exception-escape): see server.cc
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The port it listens on.
  std::uint16_t port() const;
  std::size_t connection_count() const;

  /// Stops accepting, lets requests that have begun finish for up to `drain` of real time (streams
  /// with an end to their last byte), then
  /// sets the cancel tokens of the rest and closes everything. Returns when all threads ended:
  /// a handler that ignores its token holds it up. Later calls do nothing.
  void Shutdown(Duration drain = std::chrono::seconds(10));

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cqd::http
