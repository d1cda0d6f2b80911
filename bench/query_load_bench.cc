// Many people asking at once: latency of cheap and of heavy queries over HTTP, side by side.
//   query_load_bench PORT MONTH [seconds=20] [cheap clients=56] [heavy clients=8]
// PORT: a server on 127.0.0.1 over data of cube_bench; MONTH: one with data ("2015-04"). Each
// client keeps one connection and asks the next query when the answer is there. No two queries are
// equal (a filter differs), so the cache answers none of them. Cheap: a trend of months of some
// buildings, or the subnets' hundred first rows of one month. Heavy: every subnet by agent and
// codec, 1,000 rows of it. Prints for each class: answers, failures, answers a second, p50, p90,
// p99, greatest.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using Time = std::chrono::steady_clock::time_point;

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fmt::print(stderr, "no server at port {}\n", port);
    std::exit(1);
  }
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

/// One keep-alive connection. Gives the body of the answer, empty when it broke.
class Client {
 public:
  explicit Client(int port) : fd_(Connect(port)) {}
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  std::string Post(const std::string& body) {
    const std::string request = fmt::format(
        "POST /QoEDataService/RunQuery HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        body.size(), body);
    if (send(fd_, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      return {};
    }
    std::string answer;
    std::size_t end = std::string::npos;
    char buffer[65536];
    for (;;) {
      const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) return {};
      answer.append(buffer, static_cast<std::size_t>(got));
      if (end == std::string::npos) {
        const std::size_t head = answer.find("\r\n\r\n");
        if (head == std::string::npos) continue;
        const std::size_t length = answer.find("Content-Length: ");
        if (length == std::string::npos) return {};
        end = head + 4 + std::strtoull(answer.c_str() + length + 16, nullptr, 10);
      }
      if (answer.size() >= end) return answer.substr(answer.find("\r\n\r\n") + 4);
    }
  }

 private:
  int fd_;
};

std::string Name(const char* name) {
  return fmt::format(R"({{"DataModelName":"{}"}})", name);
}
const std::string& Counts() {
  static const std::string counts = Name("[Measures].[Audio Good Streams Count]") + ',' +
                                    Name("[Measures].[Audio Poor Streams Count]");
  return counts;
}
std::string Filter(const char* name, const std::string& value) {
  return fmt::format(R"({{"DataModelName":"{}","Operand":0,"Value":"{}"}})", name, value);
}

/// Different with nearly every call.
std::string Buildings(std::mt19937_64& random) {
  std::string value;
  for (int i = 0; i < 5; ++i) {
    value += fmt::format("{}[Building {}]", i == 0 ? "" : ",", 1 + random() % 300);
  }
  return Filter("[First Building].[Building Name]", value);
}

std::string CheapBody(std::mt19937_64& random, const std::string& month) {
  if (random() % 2 == 0) {
    return fmt::format(R"({{"Dimensions":[{}],"Measurements":[{}],"Filters":[{}]}})",
                       Name("[StartDate].[Month]"), Counts(), Buildings(random));
  }
  return fmt::format(
      R"({{"Dimensions":[{}],"Measurements":[{}],"Filters":[{},{}],"LimitResultRowsCount":100}})",
      Name("[Second Subnet].[Subnet]"), Counts(), Filter("[StartDate].[Month]", month),
      Buildings(random));
}

std::string HeavyBody(std::mt19937_64& random, const std::string&) {
  // One building is left out, so that nearly all streams count and no two queries are equal.
  std::string value;
  const std::size_t left_out = random() % 300, other = random() % 300;
  for (std::size_t i = 0; i < 300; ++i) {
    if (i == left_out || i == other) continue;
    value += fmt::format("{}[Building {}]", value.empty() ? "" : ",", i + 1);
  }
  return fmt::format(
      R"({{"Dimensions":[{},{},{}],"Measurements":[{}],"Filters":[{}],"LimitResultRowsCount":1000}})",
      Name("[Second Building].[Building Name]"), Name("[First User Agent].[User Agent]"),
      Name("[Codec].[Payload Description]"), Counts(),
      Filter("[First Building].[Building Name]", value));
}

struct Class {
  const char* name;
  int clients;
  std::string (*body)(std::mt19937_64&, const std::string&);
  std::mutex mutex;
  std::vector<double> ms;
  std::int64_t failures = 0;
  std::string failure;
};

void Ask(Class& asked, int port, const std::string& month, std::uint64_t seed, Time until) {
  std::mt19937_64 random(seed);
  Client client(port);
  while (std::chrono::steady_clock::now() < until) {
    const std::string body = asked.body(random, month);
    const Time begin = std::chrono::steady_clock::now();
    const std::string answer = client.Post(body);
    const double ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    const std::lock_guard lock(asked.mutex);
    if (answer.find("\"ErrorType\":0") == std::string::npos) {
      ++asked.failures;
      asked.failure = answer.substr(0, 300);
      if (answer.empty()) return;
    } else {
      asked.ms.push_back(ms);
    }
  }
}

void Print(Class& asked, double seconds) {
  std::sort(asked.ms.begin(), asked.ms.end());
  const auto at = [&](double share) {
    if (asked.ms.empty()) return 0.0;
    return asked.ms[static_cast<std::size_t>(share * static_cast<double>(asked.ms.size() - 1))];
  };
  fmt::print(
      "{:6} {:3} clients: {:7} answers, {} failed, {:8.1f}/s, p50 {:.1f}, p90 {:.1f}, "
      "p99 {:.1f}, greatest {:.1f} ms\n",
      asked.name, asked.clients, asked.ms.size(), asked.failures,
      static_cast<double>(asked.ms.size()) / seconds, at(0.5), at(0.9), at(0.99), at(1));
  if (asked.failures > 0) fmt::print("  the last failure: {}\n", asked.failure);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "query_load_bench PORT MONTH [seconds] [cheap clients] [heavy clients]\n");
    return 2;
  }
  const auto number = [&](int at, int missing) {
    return argc > at ? std::atoi(argv[at]) : missing;
  };
  const int port = number(1, 8080), seconds = number(3, 20);
  Class classes[2]{{"cheap", number(4, 56), CheapBody, {}, {}, 0, {}},
                   {"heavy", number(5, 8), HeavyBody, {}, {}, 0, {}}};
  std::mt19937_64 random(1);
  {  // once each, so that indexes are made
    Client client(port);
    for (Class& asked : classes) client.Post(asked.body(random, argv[2]));
  }
  const Time begin = std::chrono::steady_clock::now();
  const Time until = begin + std::chrono::seconds(seconds);
  std::vector<std::thread> threads;
  for (Class& asked : classes) {
    for (int i = 0; i < asked.clients; ++i) {
      threads.emplace_back(
          [&asked, port, argv, until, seed = random()] { Ask(asked, port, argv[2], seed, until); });
    }
  }
  for (std::thread& thread : threads) thread.join();
  const double passed =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  for (Class& asked : classes) Print(asked, passed);
  return 0;
}
