// What the status costs when many look at it. Three parts, put together by bench/status_load.
//   status_load_bench runs FILE COUNT          fills an integration.sqlite with COUNT ended runs
//   status_load_bench open FILE                opens it as the server does, and says how long it
//   took status_load_bench load PORT STREAMS RATE SECONDS PATH [BODY_FILE]
//     keeps STREAMS status streams open and meanwhile calls PATH (POST when there is a body) RATE
//     times a second, at fixed moments, whether earlier calls have been answered or not. A call's
//     time counts from the moment it was due, so that a pause of the server is charged to every
//     call that fell into it.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/check.h"
#include "integration/run_log.h"

namespace {

using namespace cqd;
using SteadyClock = std::chrono::steady_clock;
using Moment = SteadyClock::time_point;

double Milliseconds(SteadyClock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

/// Pairs of archive and cube runs, spread over 89 days so that retention keeps them all; each
/// twentieth fails.
int MakeRuns(const std::string& file, std::int64_t count) {
  const UtcTime end = SystemClock().Now();
  const Duration step = std::chrono::hours(24 * 89) / std::max<std::int64_t>(count, 1);
  SimulatedClock clock(end - step * count);
  auto log =
      integration::RunLog::Open({.path = file, .boot_id = "bench", .version = "bench"}, clock);
  if (!log.ok()) {
    fmt::print(stderr, "{}\n", log.error().ToString());
    return 1;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    integration::RunRecord run;
    run.stage = i % 2 == 0 ? integration::Stage::kArchive : integration::Stage::kCube;
    auto added = (*log)->Add(run);
    CQD_CHECK(added.ok());
    run = *std::move(added);
    run.started_at = clock.Now();
    clock.Advance(step);
    run.finished_at = clock.Now();
    run.duration_ms = 1000 + i % 500;
    run.wait_ms = 1;
    run.rows = {.read = 1000, .inserted = 990, .duplicate = 10};
    run.data_version = i / 2 + 1;
    run.data_through = run.started_at;
    run.steps.push_back({.name = "write",
                         .state = integration::RunState::kSucceeded,
                         .started_at = *run.started_at,
                         .ms = 900,
                         .rows = 990});
    run.partitions.push_back({.month = "2026-10", .rows = 990, .ms = 900, .state = "succeeded"});
    run.state = i % 40 < 2 ? integration::RunState::kFailed : integration::RunState::kSucceeded;
    if (run.state == integration::RunState::kFailed)
      run.error = integration::RunError{.code = "unavailable", .message = "no answer"};
    CQD_CHECK((*log)->Update(run).ok());
  }
  return 0;
}

int TimeOpen(const std::string& file) {
  const Moment begin = SteadyClock::now();
  const SystemClock clock;
  const auto log =
      integration::RunLog::Open({.path = file, .boot_id = "open", .version = "bench"}, clock);
  if (!log.ok()) {
    fmt::print(stderr, "{}\n", log.error().ToString());
    return 1;
  }
  fmt::print("{:.1f}\n", Milliseconds(SteadyClock::now() - begin));
  return 0;
}

int Connect(int port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CQD_CHECK(connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

void SendAll(int descriptor, std::string_view text) {
  CQD_CHECK(send(descriptor, text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
}

void Watch(int poll, int descriptor, std::size_t index) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = index;
  CQD_CHECK(epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0);
}

/// Reads every stream on a thread of its own and counts the events.
class Streams {
 public:
  Streams(int port, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      descriptors_.push_back(Connect(port));
      SendAll(descriptors_[i], "GET /api/v1/status/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
      Watch(poll_, descriptors_[i], i);
    }
    thread_ = std::thread([this] { Read(); });
  }
  ~Streams() {
    stop_ = true;
    thread_.join();
    for (const int descriptor : descriptors_) close(descriptor);
    close(poll_);
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;
  std::int64_t events() const { return events_; }

 private:
  void Read() {
    std::array<epoll_event, 64> ready;
    std::array<char, 16384> block;
    while (!stop_) {
      const int count = epoll_wait(poll_, ready.data(), ready.size(), 50);
      for (int i = 0; i < count; ++i) {
        const ssize_t got = recv(descriptors_[ready[static_cast<std::size_t>(i)].data.u64],
                                 block.data(), block.size(), 0);
        CQD_CHECK(got > 0);
        const std::string_view text(block.data(), static_cast<std::size_t>(got));
        for (std::size_t at = text.find("event: "); at != text.npos;
             at = text.find("event: ", at + 1))
          ++events_;
      }
    }
  }

  const int poll_ = epoll_create1(EPOLL_CLOEXEC);
  std::vector<int> descriptors_;
  std::atomic<bool> stop_{false};
  std::atomic<std::int64_t> events_{0};
  std::thread thread_;
};

/// Calls at fixed moments over connections that stay open.
class Caller {
 public:
  Caller(int port, std::string request) : port_(port), request_(std::move(request)) {}

  void Run(double rate, double seconds) {
    const auto step =
        std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(1 / rate));
    const auto total = static_cast<std::int64_t>(rate * seconds);
    const Moment begin = SteadyClock::now() + std::chrono::milliseconds(50);
    std::int64_t due = 0;
    while (static_cast<std::int64_t>(from_due_.size()) < total) {
      for (; due < total && begin + step * due <= SteadyClock::now(); ++due)
        Call(begin + step * due);
      Wait(due < total ? begin + step * due : SteadyClock::now() + std::chrono::seconds(1));
    }
  }

  void Print() {
    std::sort(from_due_.begin(), from_due_.end());
    std::sort(from_send_.begin(), from_send_.end());
    const auto at = [](const std::vector<double>& sorted, double share) {
      return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
    };
    fmt::print(
        "calls {} connections {} not_200 {} ms from due: p50 {:.3f} p90 {:.3f} p99 {:.3f} p99.9 "
        "{:.3f} max {:.3f}; from send: p50 {:.3f} p99 {:.3f}\n",
        from_due_.size(), connections_.size(), failures_, at(from_due_, 0.5), at(from_due_, 0.9),
        at(from_due_, 0.99), at(from_due_, 0.999), from_due_.back(), at(from_send_, 0.5),
        at(from_send_, 0.99));
  }

 private:
  struct Connection {
    int descriptor;
    Moment due, sent;
    std::string answer;
    std::size_t wanted = 0;  // bytes of the whole answer, 0 while unknown
  };

  void Call(Moment due) {
    if (free_.empty()) {
      connections_.push_back({Connect(port_), due, {}, {}, 0});
      Watch(poll_, connections_.back().descriptor, connections_.size() - 1);
      free_.push_back(connections_.size() - 1);
    }
    Connection& connection = connections_[free_.back()];
    free_.pop_back();
    connection.due = due;
    connection.answer.clear();
    connection.wanted = 0;
    connection.sent = SteadyClock::now();
    SendAll(connection.descriptor, request_);
  }

  void Wait(Moment until) {
    const auto left = std::max(until - SteadyClock::now(), SteadyClock::duration(0));
    const timespec time{0, std::min<long>(std::chrono::nanoseconds(left).count(), 999'999'999)};
    std::array<epoll_event, 64> ready;
    const int count = epoll_pwait2(poll_, ready.data(), ready.size(), &time, nullptr);
    for (int i = 0; i < count; ++i) Receive(ready[static_cast<std::size_t>(i)].data.u64);
  }

  void Receive(std::size_t index) {
    Connection& connection = connections_[index];
    std::array<char, 65536> block;
    const ssize_t got = recv(connection.descriptor, block.data(), block.size(), 0);
    CQD_CHECK(got > 0);
    connection.answer.append(block.data(), static_cast<std::size_t>(got));
    if (connection.wanted == 0) {
      const std::size_t head = connection.answer.find("\r\n\r\n");
      if (head == std::string::npos) return;
      const std::size_t field = connection.answer.find("Content-Length: ");
      CQD_CHECK(field < head);
      connection.wanted =
          head + 4 + std::strtoul(connection.answer.c_str() + field + 16, nullptr, 10);
    }
    if (connection.answer.size() < connection.wanted) return;
    const Moment now = SteadyClock::now();
    from_due_.push_back(Milliseconds(now - connection.due));
    from_send_.push_back(Milliseconds(now - connection.sent));
    failures_ += !connection.answer.starts_with("HTTP/1.1 200 ");
    free_.push_back(index);
  }

  const int port_;
  const std::string request_;
  const int poll_ = epoll_create1(EPOLL_CLOEXEC);
  std::deque<Connection> connections_;
  std::vector<std::size_t> free_;
  std::vector<double> from_due_, from_send_;
  std::int64_t failures_ = 0;
};

int Load(const std::vector<std::string>& arguments) {
  const int port = std::atoi(arguments[0].c_str());
  const auto streams = static_cast<std::size_t>(std::atoll(arguments[1].c_str()));
  std::string body;
  if (arguments.size() > 5) {
    std::ifstream file(arguments[5]);
    std::stringstream text;
    text << file.rdbuf();
    body = text.str();
  }
  const std::string request =
      body.empty() ? fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", arguments[4])
                   : fmt::format(
                         "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
                         "application/json\r\nContent-Length: {}\r\n\r\n{}",
                         arguments[4], body.size(), body);
  const Streams readers(port, streams);
  // A quiet second: the streams' first pieces are not part of the measurement.
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const std::int64_t before = readers.events();
  Caller caller(port, request);
  caller.Run(std::atof(arguments[2].c_str()), std::atof(arguments[3].c_str()));
  fmt::print("streams {} events {} ", streams, readers.events() - before);
  caller.Print();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 3 && arguments[0] == "runs")
    return MakeRuns(arguments[1], std::atoll(arguments[2].c_str()));
  if (arguments.size() == 2 && arguments[0] == "open") return TimeOpen(arguments[1]);
  if (arguments.size() >= 6 && arguments[0] == "load")
    return Load({arguments.begin() + 1, arguments.end()});
  fmt::print(stderr, "see the head of bench/status_load_bench.cc\n");
  return 2;
}
