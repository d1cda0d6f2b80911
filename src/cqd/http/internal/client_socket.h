// A blocking byte stream with a deadline, plain or TLS, for the client.
#pragma once

#include <openssl/ssl.h>
#include <signal.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"

namespace cqd::http {

/// Keeps a connection that breaks during a TLS write from ending the process: OpenSSL writes to the
/// socket without MSG_NOSIGNAL. Holds back this thread's SIGPIPE while it lives.
class SigpipeGuard {
 public:
  SigpipeGuard();
  ~SigpipeGuard();
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

 private:
  sigset_t before_{};
  bool was_pending_ = false;
};

/// Threads: one at a time.
class ClientSocket {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit ClientSocket(TimePoint deadline) : deadline_(deadline) {}
  ~ClientSocket();
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;

  /// Errors: kUnavailable, kDeadlineExceeded, kCancelled.
  Status Connect(const Url& url, const ClientOptions& options);
  Status Write(std::string_view bytes);
  /// 0 at the end of the stream.
  Result<std::size_t> Read(char* to, std::size_t bytes);

 private:
  Status ConnectOne(const void* address_info);
  Status StartTls(const Url& url, const ClientOptions& options);
  Status Wait(short events);
  Status WaitTls(int outcome, std::string_view what);

  const TimePoint deadline_;
  const CancelToken* cancel_ = nullptr;
  int fd_ = -1;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_{nullptr, SSL_free};
};

}  // namespace cqd::http
