#include "faults/plant.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <sstream>

#include "archive/import.h"
#include "archive/sql.h"
#include "base/text.h"
#include "integration/ledger.h"

namespace cqd::test {
namespace {

namespace json = boost::json;

/// A run over a few hundred rows that has not ended by then never will.
constexpr std::chrono::seconds kPatience(30);

constexpr const char* kQueries[] = {
    R"({"Dimensions":[{"DataModelName":"[StartDate].[Month]"}],"Measurements":[)"
    R"({"DataModelName":"[Measures].[Audio Streams Count]"},)"
    R"({"DataModelName":"[Measures].[Audio Good Streams Count]"},)"
    R"({"DataModelName":"[Measures].[Audio Poor Streams Count]"},)"
    R"({"DataModelName":"[Measures].[Video Streams Count]"}]})",
    R"({"Dimensions":[{"DataModelName":"[Second Building].[Building Name]"}],"Measurements":[)"
    R"({"DataModelName":"[Measures].[Audio Streams Count]"}]})",
};

/// Asks `done` until it says yes; false when patience ends.
template <typename Condition>
bool WaitFor(Condition done) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

/// Without the numbers of calls and rows, the fifth and eighth column: they count attempts too. No
/// text with a comma stands before them.
std::string WithoutCounters(const std::string& csv) {
  std::string out;
  for (const std::string_view line : Split(csv, '\n')) {
    int column = 0;
    for (const std::string_view cell : Split(line, ',')) {
      if (column != 4 && column != 7) out += std::string(cell) + ',';
      ++column;
    }
    out += '\n';
  }
  return out;
}

}  // namespace

Plant::Plant(std::string data_dir, const std::string& database, SimulatedClock& clock)
    : clock_(clock) {
  config_.data_dir = std::move(data_dir);
  config_.port = 0;
  config_.worker_threads = 2;
  config_.warn_after_s = config_.error_after_s = 604'800;
  config_.every_s = 0;  // nothing runs beside the step, also when a month passes
  config_.run_at_start = false;
  config_.retry_after_s = 0;  // the day itself says when it is tried again
  config_.retention_months = 2;
  config_.cube_threads = 1;
  config_.cube_deltas_max = 2;
  config_.sources.push_back(
      {.name = "qoe", .connection_string = "Driver=SQLite3;Database=" + database});
}

Status Plant::Open() {
  CQD_ASSIGN_OR_RETURN(auto application, server::Application::Open(config_, clock_));
  CQD_RETURN_IF_ERROR(application->StartServing());
  application_ = std::move(application);
  return OkStatus();
}

std::string Plant::Url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(application_->port()) + path;
}

bool Plant::Import(const std::string& buildings) {
  auto main = archive::OpenForImport(config_.data_dir + "/archive");
  if (!main.ok()) return false;
  const auto report = archive::ImportBuildings(*main, buildings, {.now = clock_.Now()});
  return report.ok() && report->applied;
}

bool Plant::Post(const std::string& report) {
  const auto answer = http::Post(Url("/api/v1/reports"), "application/vq-rtcpxr", report);
  return answer.ok() && answer->status == 202;
}

std::optional<std::string> Plant::Run(const std::string& stage, const std::string& kind) {
  const auto taken = http::Post(Url("/api/v1/runs"), "application/json",
                                json::serialize(json::object{{"stage", stage}, {"kind", kind}}));
  if (!taken.ok() || taken->status != 202) return std::nullopt;
  const std::string id(json::parse(taken->body).at("run_id").as_string());
  // Not by the run itself: a log that cannot be written does not know of its end.
  WaitUntilIdle(stage);
  const auto run = http::Get(Url("/api/v1/runs/" + id));
  if (!run.ok() || run->status != 200) return std::nullopt;
  return std::string(json::parse(run->body).at("state").as_string());
}

void Plant::WaitUntilIdle(const std::string& stage) {
  std::string state;
  const bool idle = WaitFor([&] {
    const json::value status = AskStatus();
    state = status.at("stages").at(stage == "archive" ? 0 : 1).at("state").as_string();
    return state == "disabled";  // neither queued nor running; runs come on request alone
  });
  EXPECT_TRUE(idle) << stage << " is shown as " << state << " although nothing runs";
}

bool Plant::Integrate() {
  if (Run("archive", "incremental") != "succeeded") return false;
  // The cube run that follows by itself may or may not wait already; this one comes before or after
  // it.
  WaitUntilIdle("cube");
  return ProcessCube("incremental");
}

bool Plant::ProcessCube(const std::string& kind) {
  const auto state = Run("cube", kind);
  WaitUntilIdle("cube");
  return state == "succeeded";
}

std::optional<std::string> Plant::Ask() {
  std::string rows;
  for (const char* query : kQueries) {
    const auto answer = http::Post(Url("/QoEDataService/RunQuery"), "application/json", query);
    if (!answer.ok() || answer->status != 200) return std::nullopt;
    const json::value body = json::parse(answer->body);
    if (body.at("ErrorType").as_int64() != 0) return std::nullopt;
    rows += json::serialize(body.at("DataResult")) + "\n";
  }
  return rows;
}

json::value Plant::AskStatus() {
  std::string body;
  const bool answered = WaitFor([&] {
    const auto answer = http::Get(Url("/api/v1/status"));
    if (!answer.ok()) return false;  // a busy machine: nobody took the connection in time
    EXPECT_EQ(answer->status, 200);
    body = answer->body;
    return true;
  });
  EXPECT_TRUE(answered) << "the status must always answer";
  return json::parse(answered ? body : R"({"stages":[],"reasons":[],"status":""})");
}

json::value Plant::AskStatusAtRest() {
  json::value status;
  const bool idle = WaitFor([&] {
    status = AskStatus();
    const json::array& stages = status.at("stages").as_array();
    return std::all_of(stages.begin(), stages.end(), [](const json::value& stage) {
      return stage.at("state").as_string() == "disabled";
    });
  });
  EXPECT_TRUE(idle) << "a stage is shown at work although nothing runs: "
                    << json::serialize(status);
  return status;
}

std::string Plant::LedgerFindings() const {
  const auto report = integration::VerifyLedger(config_.data_dir + "/integration.sqlite");
  if (!report.ok()) return report.error().ToString();
  std::string words;
  for (const auto& finding : report->findings) words += finding.message + "\n";
  return words;
}

std::string Plant::Dump() const {
  auto connection = archive::OpenForSql(config_.data_dir + "/archive");
  if (!connection.ok()) return connection.error().ToString();
  std::ostringstream out;
  const Status status = archive::RunSql(
      *connection,
      "SELECT * FROM CqdPartitionedStreamView ORDER BY source, session_time, session_seq, "
      "media_label, stream_id; "
      "SELECT reason, record_key, payload FROM quarantine ORDER BY reason, record_key",
      archive::SqlFormat::kCsv, out);
  if (!status.ok()) return status.error().ToString();
  return WithoutCounters(out.str());
}

}  // namespace cqd::test
