// One data directory with the real binary around it: simulated databases, commands, a server over
// real HTTP.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "file/temporary_folder.h"
#include "http/client.h"
#include "support/process.h"

namespace cqd::test {

namespace json = boost::json;

/// Waits a moment of real time between two looks at another process; conditions decide, not time.
inline void Breathe() {
  poll(nullptr, 0, 20);
}

class Installation {
 public:
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string data_dir() const { return Path("data"); }

  Finished Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), CQD_BINARY);
    return RunToEnd(arguments, Path("out-" + std::to_string(++runs_)));
  }
  /// A command on this installation's configuration.
  Finished Cqd(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--config", Path("cqd.toml")});
    return Run(std::move(arguments));
  }
  std::unique_ptr<Process> Start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), CQD_BINARY);
    arguments.insert(arguments.end(), {"--config", Path("cqd.toml")});
    return std::make_unique<Process>(arguments, Path("out-" + std::to_string(++runs_)));
  }

  void Configure(const std::string& further = {}) {
    std::ofstream(Path("cqd.toml")) << "data_dir = \"" << data_dir() << "\"\n" << further;
  }
  /// A configuration with the simulated database as its source.
  void ConfigureWithDatabase(const std::string& further = {}) {
    Configure(further +
              "\n[[source]]\nname = \"qoe\"\nconnection_string = \"Driver=SQLite3;Database=" +
              database() + "\"\n");
  }
  std::string database() const { return Path("QoEMetrics.sqlite"); }
  void Simulate(int streams, int months = 3, int seed = 7) {
    const Finished done =
        Run({"simulate", "--database", database(), "--streams", std::to_string(streams), "--months",
             std::to_string(months), "--seed", std::to_string(seed), "--users", "200",
             "--customer-tables", Path("customer")});
    ASSERT_EQ(done.exit_code, 0) << done.output;
  }

  /// Starts the server on any free port and waits until it answers.
  void Serve() {
    server_ = Start({"serve", "--port", "0"});
    for (;;) {
      ASSERT_FALSE(server_->Ended()) << server_->Output();
      std::ifstream file(data_dir() + "/SERVER");
      if (std::getline(file, base_) && http::Get(base_ + "/livez", client).ok()) return;
      Breathe();
    }
  }
  int StopServer(int signal = SIGTERM) {
    server_->Signal(signal);
    const int code = server_->Wait();
    if (signal == SIGKILL) std::filesystem::remove(data_dir() + "/SERVER");
    server_.reset();
    return code;
  }
  const std::string& base() const { return base_; }
  Process& server() { return *server_; }

  /// How Get, Post and Send call: credentials, trusted certificates.
  http::ClientOptions client;
  http::ClientResponse Send(const std::string& method, const std::string& path,
                            std::vector<std::pair<std::string, std::string>> headers = {},
                            const std::string& body = {}) {
    auto answer = http::Send(
        {.method = method, .url = base_ + path, .headers = std::move(headers), .body = body},
        client);
    EXPECT_TRUE(answer.ok()) << method << " " << path << ": " << answer.error().ToString();
    return answer.ok() ? *std::move(answer) : http::ClientResponse{};
  }
  http::ClientResponse Get(const std::string& path) { return *http::Get(base_ + path, client); }
  http::ClientResponse Post(const std::string& path, const std::string& body,
                            const std::string& type = "application/json") {
    return *http::Post(base_ + path, type, body, client);
  }
  json::value GetJson(const std::string& path) { return json::parse(Get(path).body); }
  json::value Ask(const std::string& query) {
    return json::parse(Post("/QoEDataService/RunQuery", query).body);
  }
  /// Waits until the newest run of `stage` that is known has ended and gives it.
  json::value WaitForRun(const std::string& stage, std::int64_t after_seq = 0) {
    for (;;) {
      const json::value runs = GetJson("/api/v1/runs?stage=" + stage + "&n=1");
      const json::array& list = runs.at("runs").as_array();
      if (!list.empty()) {
        const std::string state(list[0].at("state").as_string());
        if (list[0].at("seq").as_int64() > after_seq && state != "queued" && state != "running")
          return list[0];
      }
      Breathe();
    }
  }

 private:
  file::TemporaryFolder folder_;
  int runs_ = 0;
  std::string base_;
  std::unique_ptr<Process> server_;
};

}  // namespace cqd::test
