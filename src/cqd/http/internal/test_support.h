// For tests of this module only: a server on a free port and a client that sends what it is told.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.h"
#include "http/client.h"
#include "http/server.h"

namespace cqd::http {

/// Opened once, waited for by others. Waiting longer than 20 s fails the test.
class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    wake_.notify_all();
  }
  bool Wait() {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, std::chrono::seconds(20), [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool open_ = false;
};

/// True as soon as `condition` is; false after 20 s.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

/// One plain connection that sends raw bytes. Reads give up after 20 s, as a failure.
class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port, int receive_buffer_bytes = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (receive_buffer_bytes > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int outcome = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    EXPECT_EQ(outcome, 0);
  }
  ~RawConnection() { Close(); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }
  /// Waits up to `milliseconds` for the server to say something or to close.
  bool IsReadableWithin(int milliseconds) const {
    pollfd descriptor{fd_, POLLIN, 0};
    return ::poll(&descriptor, 1, milliseconds) > 0;
  }
  /// Everything up to the server's close. A reset counts as a close.
  std::string ReadToEnd() {
    while (ReadSome()) {
    }
    return std::exchange(pending_, {});
  }
  /// One response with a Content-Length (or none); what follows stays for the next call.
  std::string ReadResponse() {
    const std::size_t head = ReadPast("\r\n\r\n");
    if (head == 0) return {};
    std::size_t size = head;
    for (const std::string_view line : Split(std::string_view(pending_).substr(0, head), '\n')) {
      if (!StartsWithIgnoreCase(line, "content-length:")) continue;
      size += static_cast<std::size_t>(ParseInt(Trim(line.substr(15))).value_or(0));
    }
    while (pending_.size() < size && ReadSome()) {
    }
    std::string response = pending_.substr(0, size);
    pending_.erase(0, size);
    return response;
  }
  /// Takes everything up to and with `mark`.
  std::string ReadThrough(std::string_view mark) {
    const std::size_t end = ReadPast(mark);
    std::string text = pending_.substr(0, end);
    pending_.erase(0, end);
    return text;
  }

 private:
  std::size_t ReadPast(std::string_view mark) {
    for (;;) {
      const std::size_t at = pending_.find(mark);
      if (at != std::string::npos) return at + mark.size();
      if (!ReadSome()) return 0;
    }
  }
  bool ReadSome() {
    std::array<char, 16384> block;
    const ssize_t got = ::recv(fd_, block.data(), block.size(), 0);
    EXPECT_FALSE(got < 0 && errno == EAGAIN) << "the server said nothing for 20 s";
    if (got <= 0) return false;
    pending_.append(block.data(), static_cast<std::size_t>(got));
    return true;
  }

  int fd_ = -1;
  std::string pending_;
};

/// 200 from "HTTP/1.1 200 OK..."; 0 for anything else.
inline int StatusOf(std::string_view response) {
  if (!response.starts_with("HTTP/1.1 ") || response.size() < 12) return 0;
  return static_cast<int>(ParseInt(response.substr(9, 3)).value_or(0));
}

inline std::size_t CountOf(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

/// Options for a test: any port, quick ticks.
inline ServerOptions TestOptions() {
  ServerOptions options;
  options.port = 0;
  options.tick = std::chrono::milliseconds(5);
  options.stream_poll = std::chrono::milliseconds(5);
  options.worker_threads = 2;
  return options;
}

inline RouteOptions Inline() {
  RouteOptions options;
  options.run_inline = true;
  return options;
}

inline std::unique_ptr<Server> StartOrFail(ServerOptions options, Router router) {
  Result<std::unique_ptr<Server>> server = Server::Start(std::move(options), std::move(router));
  EXPECT_TRUE(server.ok()) << (server.ok() ? "" : server.error().ToString());
  return server.ok() ? *std::move(server) : nullptr;
}

inline std::string UrlOf(const Server& server, std::string_view target) {
  return "http://127.0.0.1:" + std::to_string(server.port()) + std::string(target);
}

/// A directory that goes away with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd_http_XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string File(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace cqd::http
