// A client of the status stream: connects, reads server-sent events (WHATWG HTML, "Server-sent
// events") from a chunked answer, and remembers its last id as a browser does.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cqd::test {

struct StreamedEvent {
  std::string id;  ///< the last id so far, as a browser's lastEventId
  std::string type, data;
};

/// One connection. Waiting longer than a minute for the server is a failure of the test.
class EventReader {
 public:
  /// `base`: "http://127.0.0.1:port". `headers`: whole lines with CRLF.
  EventReader(const std::string& base, const std::string& target, const std::string& headers = {}) {
    descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{60, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port =
        htons(static_cast<std::uint16_t>(std::atoi(base.substr(base.rfind(':') + 1).c_str())));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const std::string request =
        "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + "\r\n";
    EXPECT_EQ(::send(descriptor_, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    head_ = Through("\r\n\r\n");
  }
  ~EventReader() { ::close(descriptor_); }
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  const std::string& head() const { return head_; }
  /// The id to come back with; empty before the first.
  const std::string& last_id() const { return last_id_; }
  /// True once the stream was ended in good order: by the chunk of length 0.
  bool ended_whole() const { return ended_whole_; }

  /// The next event but heartbeats; nullopt when the stream has ended or broken off.
  std::optional<StreamedEvent> Next() {
    for (int heartbeats = 0; heartbeats < 5;) {
      const std::size_t end = text_.find("\n\n");
      if (end != std::string::npos) {
        const std::string block = text_.substr(0, end + 1);
        text_.erase(0, end + 2);
        auto event = Interpret(block);
        if (event && event->type != "heartbeat") return event;
        heartbeats += event.has_value();
        continue;
      }
      if (!ReadChunk()) return std::nullopt;
    }
    ADD_FAILURE() << "nothing but heartbeats for a minute";
    return std::nullopt;
  }
  /// Takes events until one of `type`; all that came, that one last. Shorter when the stream ends.
  std::vector<StreamedEvent> Until(std::string_view type) {
    std::vector<StreamedEvent> events;
    while (auto event = Next()) {
      events.push_back(*event);
      if (event->type == type) break;
    }
    return events;
  }

 private:
  std::optional<StreamedEvent> Interpret(std::string_view block) {
    StreamedEvent event;
    while (!block.empty()) {
      const std::string_view line = block.substr(0, block.find('\n'));
      block.remove_prefix(line.size() + 1);
      if (line.starts_with("id: ")) last_id_ = line.substr(4);
      if (line.starts_with("event: ")) event.type = line.substr(7);
      if (line.starts_with("data: ")) event.data += line.substr(6);
    }
    event.id = last_id_;
    if (event.data.empty()) return std::nullopt;
    return event;
  }
  bool ReadChunk() {
    const std::string size = Through("\r\n");
    if (size.empty()) return false;
    const auto bytes = static_cast<std::size_t>(std::strtoul(size.c_str(), nullptr, 16));
    ended_whole_ = bytes == 0;
    if (ended_whole_) return false;
    while (raw_.size() < bytes + 2) {
      if (!Receive()) return false;
    }
    text_ += raw_.substr(0, bytes);
    raw_.erase(0, bytes + 2);
    return true;
  }
  std::string Through(std::string_view mark) {
    for (;;) {
      const std::size_t at = raw_.find(mark);
      if (at != std::string::npos) {
        std::string text = raw_.substr(0, at + mark.size());
        raw_.erase(0, at + mark.size());
        return text;
      }
      if (!Receive()) return {};
    }
  }
  bool Receive() {
    std::array<char, 16384> block;
    const ssize_t got = ::recv(descriptor_, block.data(), block.size(), 0);
    EXPECT_FALSE(got < 0 && errno == EAGAIN) << "the server said nothing for a minute";
    if (got <= 0) return false;
    raw_.append(block.data(), static_cast<std::size_t>(got));
    return true;
  }

  int descriptor_ = -1;
  std::string head_, raw_, text_, last_id_;
  bool ended_whole_ = false;
};

}  // namespace cqd::test
