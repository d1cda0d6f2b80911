// The whole product in this process - application, HTTP server, workers - on a simulated clock,
// over a data folder that may be on the failing disk.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/client.h"
#include "server/application.h"

namespace cqd::test {

class Plant {
 public:
  /// Nothing is started. `database` is a QoEMetrics SQLite file; deltas of the cube are folded
  /// soon.
  Plant(std::string data_dir, const std::string& database, SimulatedClock& clock);

  Status Open();
  void Close() { application_.reset(); }
  bool is_open() const { return application_ != nullptr; }

  /// Each true when it was acknowledged.
  bool Import(const std::string& buildings);
  bool Post(const std::string& report);
  /// An archive run and the cube run after it; both must have succeeded.
  bool Integrate();
  bool ProcessCube(const std::string& kind);

  /// The rows of all queries, as text; nullopt when the server said that it cannot answer.
  std::optional<std::string> Ask();
  boost::json::value AskStatus();
  /// The status of a moment in which no stage is shown as waiting or running; a partial archive run
  /// is followed by a cube run too.
  boost::json::value AskStatusAtRest();
  /// What is wrong with the ledger of runs; "" when nothing is.
  std::string LedgerFindings() const;
  /// Every stream of the archive as `cqd sql` shows it, and what was set aside.
  std::string Dump() const;

 private:
  /// The run's last state; nullopt when it was not taken.
  std::optional<std::string> Run(const std::string& stage, const std::string& kind);
  void WaitUntilIdle(const std::string& stage);
  std::string Url(const std::string& path) const;

  server::Config config_;
  SimulatedClock& clock_;
  std::unique_ptr<server::Application> application_;
};

}  // namespace cqd::test
