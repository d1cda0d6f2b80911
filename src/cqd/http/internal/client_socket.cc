#include "http/internal/client_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace cqd::http {
namespace {

/// How soon a token is noticed.
constexpr std::chrono::milliseconds kCancelPoll{100};

Error Unavailable(std::string message) {
  return Fail(ErrorCode::kUnavailable, std::move(message));
}

std::string TlsReason() {
  const unsigned long code = ERR_get_error();
  if (code == 0) return "the connection was closed";
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

}  // namespace

SigpipeGuard::SigpipeGuard() {
  sigset_t pending;
  sigpending(&pending);
  was_pending_ = sigismember(&pending, SIGPIPE) == 1;
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before_);
}

SigpipeGuard::~SigpipeGuard() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  const timespec at_once{};
  if (!was_pending_) sigtimedwait(&pipe, nullptr, &at_once);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

ClientSocket::~ClientSocket() {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
}

Status ClientSocket::Wait(short events) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline_ - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return Fail(ErrorCode::kDeadlineExceeded, "the server did not answer in time");
    }
    if (cancel_ != nullptr) CQD_RETURN_IF_ERROR(cancel_->Check());
    const auto slice = cancel_ == nullptr ? left : std::min(left, kCancelPoll);
    pollfd descriptor{fd_, events, 0};
    const int ready = ::poll(&descriptor, 1, static_cast<int>(slice.count()) + 1);
    if (ready > 0) return OkStatus();
    if (ready < 0 && errno != EINTR) return Unavailable(std::strerror(errno));
  }
}

Status ClientSocket::ConnectOne(const void* address_info) {
  const auto& info = *static_cast<const addrinfo*>(address_info);
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return Unavailable(std::strerror(errno));
  if (::connect(fd_, info.ai_addr, info.ai_addrlen) == 0) return OkStatus();
  if (errno != EINPROGRESS) return Unavailable(std::strerror(errno));
  CQD_RETURN_IF_ERROR(Wait(POLLOUT));
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Unavailable(std::strerror(error));
  return OkStatus();
}

Status ClientSocket::Connect(const Url& url, const ClientOptions& options) {
  cancel_ = options.cancel;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int code = ::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &list);
      code != 0) {
    return Unavailable("cannot find " + url.host + ": " + ::gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
  Status connected = Unavailable("no address");
  for (const addrinfo* info = list; info != nullptr && !connected.ok(); info = info->ai_next) {
    connected = ConnectOne(info);
  }
  if (!connected.ok()) {
    return std::move(connected).error().WithContext("connect to " + url.host + ":" + url.port);
  }
  return url.tls ? StartTls(url, options) : OkStatus();
}

Status ClientSocket::StartTls(const Url& url, const ClientOptions& options) {
  ERR_clear_error();
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (context_ == nullptr) return Unavailable("TLS: " + TlsReason());
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), options.tls_verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                     nullptr);
  SSL_CTX_set_default_verify_paths(context_.get());
  if (!options.ca_file.empty() &&
      SSL_CTX_load_verify_locations(context_.get(), options.ca_file.c_str(), nullptr) != 1) {
    return Unavailable("the file of trusted authorities cannot be used: " + TlsReason());
  }
  tls_.reset(SSL_new(context_.get()));
  if (tls_ == nullptr || SSL_set_fd(tls_.get(), fd_) != 1)
    return Unavailable("TLS: " + TlsReason());
  X509_VERIFY_PARAM* names = SSL_get0_param(tls_.get());
  // A certificate names addresses and host names in different places.
  if (X509_VERIFY_PARAM_set1_ip_asc(names, url.host.c_str()) != 1) {
    SSL_set_tlsext_host_name(tls_.get(), url.host.c_str());
    X509_VERIFY_PARAM_set1_host(names, url.host.c_str(), 0);
  }
  ERR_clear_error();
  for (;;) {
    const int outcome = SSL_connect(tls_.get());
    if (outcome == 1) return OkStatus();
    CQD_RETURN_IF_ERROR(WaitTls(outcome, "TLS handshake"));
  }
}

Status ClientSocket::WaitTls(int outcome, std::string_view what) {
  switch (SSL_get_error(tls_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
      return Wait(POLLIN);
    case SSL_ERROR_WANT_WRITE:
      return Wait(POLLOUT);
    default:  // NOLINT: OpenSSL's codes are not an enum.
      return Unavailable(std::string(what) + ": " + TlsReason());
  }
}

Status ClientSocket::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (tls_ != nullptr) {
      ERR_clear_error();
      std::size_t put = 0;
      const int outcome = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &put);
      if (outcome == 1) {
        bytes.remove_prefix(put);
      } else {
        CQD_RETURN_IF_ERROR(WaitTls(outcome, "send"));
      }
      continue;
    }
    const ssize_t put = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      CQD_RETURN_IF_ERROR(Wait(POLLOUT));
    } else if (errno != EINTR) {
      return Unavailable(std::string("send: ") + std::strerror(errno));
    }
  }
  return OkStatus();
}

Result<std::size_t> ClientSocket::Read(char* to, std::size_t bytes) {
  for (;;) {
    if (tls_ != nullptr) {
      ERR_clear_error();
      std::size_t got = 0;
      const int outcome = SSL_read_ex(tls_.get(), to, bytes, &got);
      if (outcome == 1) return got;
      if (SSL_get_error(tls_.get(), outcome) == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
      CQD_RETURN_IF_ERROR(WaitTls(outcome, "receive"));
      continue;
    }
    const ssize_t got = ::recv(fd_, to, bytes, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN) {
      CQD_RETURN_IF_ERROR(Wait(POLLIN));
    } else if (errno != EINTR) {
      return Unavailable(std::string("receive: ") + std::strerror(errno));
    }
  }
}

}  // namespace cqd::http
