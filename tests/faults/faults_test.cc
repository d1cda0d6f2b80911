// Promise: whatever single write, sync or rename of the whole product fails - and in whatever way
// -, no acknowledged report is lost, no wrong number is served, the status tells no lie, the
// process lives, and once the fault is gone the next runs bring everything, without a restart.
// Method: one scripted working day of the product; first without faults, which is the oracle; then
// again and again, each time with another operation failing; at the end of each the power goes, and
// what is left on the disk must be what the oracle has. By default a sample of the operations; all
// with CQD_LONG=1.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/log.h"
#include "base/text.h"
#include "faults/fault_disk.h"
#include "faults/plant.h"
#include "file/temporary_folder.h"
#include "server/commands.h"

namespace cqd::test {
namespace {

namespace json = boost::json;

enum class Action : std::uint8_t { kImport, kPost, kIntegrate, kFull, kMonthPasses, kRestart };
struct Step {
  Action action;
  std::string text;
};

std::string CallReport(const std::string& call, const std::string& side, int jitter_ms) {
  return "VQSessionReport: CallTerm\r\nCallID:" + call +
         "@example.net\r\nLocalID:<sip:a@example.net>\r\nRemoteID:<sip:b@example.net>\r\n"
         "OrigID:<sip:" +
         side + "@example.net>\r\nLocalAddr:IP=10.1.2.3 PORT=4000 SSRC=0xa1\r\n" +
         "RemoteAddr:IP=10.1.3.4 PORT=4002 SSRC=0xa2\r\nLocalMetrics:\r\n"
         "Timestamps:START=2026-01-20T10:00:00Z STOP=2026-01-20T10:01:00Z\r\n"
         "SessionDesc:PT=0 PD=PCMU SR=8000\r\nPacketLoss:NLR=0.5 JDR=0.0\r\nDelay:RTD=50 IAJ=" +
         std::to_string(jitter_ms) + "\r\nQualityEst:MOSLQ=4.1 MOSCQ=4.0\r\n";
}

std::string Buildings(const std::string& name, bool inside) {
  return "10.1.3.0,Net,24," + name + ",Contoso,Office,Engineering,Seattle,98001,US,WA,MSUS," +
         (inside ? "1" : "0") + ",0,0\n";
}

std::vector<Step> Day() {
  return {
      {Action::kImport, Buildings("North", true)},
      {Action::kPost, CallReport("one", "a", 3)},
      {Action::kPost, CallReport("two", "a", 4)},
      {Action::kIntegrate, {}},
      {Action::kPost, CallReport("three", "a", 5)},
      {Action::kPost, "VQSessionReport: CallTerm\r\nnothing that can be read\r\n"},
      {Action::kIntegrate, {}},  // a first delta, and a record set aside
      {Action::kPost, CallReport("one", "b", 40)},
      {Action::kIntegrate, {}},  // the streams of a call are replaced
      {Action::kPost, CallReport("four", "a", 6)},
      {Action::kIntegrate, {}},  // deltas are folded
      {Action::kImport, Buildings("South", false)},
      {Action::kIntegrate, {}},  // what is inside changed: rows are made anew
      {Action::kRestart, {}},
      {Action::kFull, {}},
      {Action::kMonthPasses, {}},
      {Action::kPost, CallReport("five", "a", 7)},
      {Action::kIntegrate, {}},  // the oldest month goes
  };
}

/// What a day without faults gives.
struct Oracle {
  std::vector<std::optional<std::string>> answers;  ///< after each step
  std::string dump;
};

bool Long() {
  const char* wanted = std::getenv("CQD_LONG");
  return wanted != nullptr && std::string(wanted) == "1";
}

class FaultsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    SetLogLevel(LogLevel::kError);
    outside_ = new file::TemporaryFolder;
    SimulatedClock clock(Start());
    ASSERT_EQ(server::RunSimulate({.database = outside_->Path("QoEMetrics.sqlite"),
                                   .seed = 7,
                                   .streams = 120,
                                   .months = 2,
                                   .users = 50},
                                  clock),
              0);
    RunOracle();
  }
  static void TearDownTestSuite() {
    delete outside_;
    outside_ = nullptr;
  }
  static UtcTime Start() { return *ParseTime("2026-01-20T12:00:00Z"); }

  static void RunOracle();
  void RunWith(Fault fault, std::int64_t n);
  void Sweep(Fault fault, std::int64_t sample);

  static inline file::TemporaryFolder* outside_ = nullptr;
  static inline Oracle oracle_;
  static inline std::map<Fault, std::int64_t> operations_;
};

/// One day on one disk.
class DayRun {
 public:
  DayRun(const std::string& folder, const std::string& database, UtcTime start)
      : clock_(start), plant_(folder + "/data", database, clock_) {}

  Plant& plant() { return plant_; }

  /// Every step has its time of day, whatever became of the ones before: what is stored has it too.
  void StartStep(std::size_t k) {
    clock_.StepWall(Start() + std::chrono::minutes(10 * k) +
                    (month_later_ ? std::chrono::hours(24 * 31) : std::chrono::hours(0)));
  }
  /// Lets the server look after itself: it beats every ten seconds.
  void Pause() { clock_.Advance(std::chrono::seconds(11)); }

  /// True when it is done and acknowledged.
  bool Act(const Step& step) {
    if (!plant_.is_open() && !plant_.Open().ok()) return false;
    switch (step.action) {
      case Action::kImport:
        return plant_.Import(step.text);
      case Action::kPost:
        return plant_.Post(step.text);
      case Action::kIntegrate:
        return plant_.Integrate();
      case Action::kFull:
        return plant_.ProcessCube("full");
      case Action::kMonthPasses:
        month_later_ = true;
        return true;
      case Action::kRestart:
        plant_.Close();
        return plant_.Open().ok();
    }
    return false;
  }
  static UtcTime Start() { return *ParseTime("2026-01-20T12:00:00Z"); }

 private:
  SimulatedClock clock_;
  Plant plant_;
  bool month_later_ = false;
};

void FaultsTest::RunOracle() {
  const file::TemporaryFolder folder;
  FaultDisk& disk = FaultDisk::Get();
  disk.Watch(folder.path(), 1);
  {
    DayRun day(folder.path(), outside_->Path("QoEMetrics.sqlite"), Start());
    for (const Step& step : Day()) {
      day.StartStep(oracle_.answers.size());
      ASSERT_TRUE(day.Act(step)) << "step " << oracle_.answers.size();
      oracle_.answers.push_back(day.plant().Ask());
    }
    oracle_.dump = day.plant().Dump();
  }
  for (const Fault fault :
       {Fault::kIoError, Fault::kDiskFull, Fault::kShortWrite, Fault::kSyncFails,
        Fault::kDiskStaysFull, Fault::kDiskGone, Fault::kPowerLoss})
    operations_[fault] = disk.operations(fault);
  disk.Unwatch();
  ASSERT_TRUE(oracle_.answers.back().has_value());
}

/// The first lines that differ; "" for equal texts.
std::string FirstDifference(const std::string& have, const std::string& want) {
  const auto a = Split(have, '\n');
  const auto b = Split(want, '\n');
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string_view x = i < a.size() ? a[i] : "(no line)";
    const std::string_view y = i < b.size() ? b[i] : "(no line)";
    if (x != y) return "have " + std::string(x) + "\nwant " + std::string(y);
  }
  return {};
}

/// What the status may not say of an attempt that failed.
void CheckStatus(Plant& plant) {
  const json::value status = plant.AskStatusAtRest();
  for (const json::value& stage : status.at("stages").as_array()) {
    const std::string_view outcome = stage.at("outcome").as_string();
    if (outcome != "failed" && outcome != "partial") continue;
    const json::value& error = stage.at("last_failure").at("error");
    EXPECT_EQ(error.at("class").as_string(), "disk") << json::serialize(error);
    EXPECT_NE(status.at("status").as_string(), "pass");
    EXPECT_FALSE(status.at("reasons").as_array().empty());
  }
}

void FaultsTest::RunWith(Fault fault, std::int64_t n) {
  const file::TemporaryFolder folder;
  FaultDisk& disk = FaultDisk::Get();
  disk.Watch(folder.path(), static_cast<unsigned>(n));
  disk.Arm(fault, n);
  const std::vector<Step> steps = Day();
  DayRun day(folder.path(), outside_->Path("QoEMetrics.sqlite"), Start());
  bool power_went = false;
  const auto lose_power = [&] {
    if (!disk.fired()) disk.Arm(Fault::kPowerLoss, 1);
    day.plant().Close();
    disk.LosePower();
    const Status opened = day.plant().Open();
    ASSERT_TRUE(opened.ok()) << "after the power was back: " << opened.error().ToString();
    power_went = true;
  };
  for (std::size_t k = 0; k < steps.size(); ++k) {
    SCOPED_TRACE(testing::Message() << FaultName(fault) << " at operation " << n << " ("
                                    << disk.fired_at() << "), step " << k);
    day.StartStep(k);
    for (int attempt = 1;; ++attempt) {
      const bool done = day.Act(steps[k]);
      if (fault == Fault::kPowerLoss && disk.fired() && !power_went) {
        lose_power();
        if (HasFatalFailure()) return;
      }
      if (day.plant().is_open()) {
        const auto answer = day.plant().Ask();
        // The source may be in while the collector failed, or the other way round: a partial run
        // says so. At the end the oldest month may have gone before the new one could come.
        const bool part =
            !done && steps[k].action == Action::kIntegrate && (k < 4 || k + 1 == steps.size());
        const bool right = part || !answer || (k > 0 && answer == oracle_.answers[k - 1]) ||
                           answer == oracle_.answers[k];
        EXPECT_TRUE(right) << "a wrong number is served: " << *answer << "not "
                           << oracle_.answers[k].value_or("-");
        EXPECT_TRUE(!done || power_went || answer == oracle_.answers[k]) << "the run succeeded";
        if (!done && !power_went) CheckStatus(day.plant());
      }
      if (done || HasFailure()) break;
      EXPECT_TRUE(disk.fired()) << "it failed without a fault";
      EXPECT_LT(attempt, 4) << "the fault is gone, and it fails still";
      disk.Heal();
      // A sender repeats at once; the rest may come with the server's next beat.
      if (steps[k].action != Action::kPost) day.Pause();
    }
    if (HasFailure()) break;
  }
  disk.Heal();
  if (!HasFailure()) {
    SCOPED_TRACE(testing::Message() << FaultName(fault) << " at operation " << n << " ("
                                    << disk.fired_at() << "), at the end");
    const std::string hit = disk.fired_at();
    disk.Arm(Fault::kPowerLoss, 1);
    day.plant().Close();
    disk.LosePower();
    const Status opened = day.plant().Open();
    EXPECT_TRUE(opened.ok()) << opened.error().ToString();
    if (opened.ok()) {
      EXPECT_EQ(FirstDifference(day.plant().Dump(), oracle_.dump), "");
      const auto answer = day.plant().Ask();
      EXPECT_TRUE(!answer || answer == oracle_.answers.back());
      EXPECT_TRUE(day.plant().Integrate());
      EXPECT_EQ(day.plant().LedgerFindings(), "");
      EXPECT_EQ(day.plant().Ask(), oracle_.answers.back());
      EXPECT_EQ(FirstDifference(day.plant().Dump(), oracle_.dump), "");
    }
  }
  day.plant().Close();
  disk.Unwatch();
}

void FaultsTest::Sweep(Fault fault, std::int64_t sample) {
  // Some operations again: CQD_FAULT_OPERATIONS=1254-1260 with --gtest_filter.
  if (const char* wanted = std::getenv("CQD_FAULT_OPERATIONS"); wanted != nullptr) {
    const auto range = Split(wanted, '-');
    for (auto n = ParseInt(range.front()); n && n <= ParseInt(range.back()) && !HasFailure(); ++*n)
      RunWith(fault, *n);
    return;
  }
  const std::int64_t all = operations_[fault];
  const std::int64_t step = Long() ? 1 : std::max<std::int64_t>(1, all / sample);
  std::int64_t tried = 0;
  // Beyond the count of the oracle: a failed attempt is repeated and shifts what follows.
  for (std::int64_t n = 1 + (Long() ? 0 : step / 2); n <= all && !HasFailure(); n += step, ++tried)
    RunWith(fault, n);
  std::printf("%s: %lld of %lld operations failed in turn\n", FaultName(fault),
              static_cast<long long>(tried), static_cast<long long>(all));
}

TEST_F(FaultsTest, IoError) {
  Sweep(Fault::kIoError, 8);
}
TEST_F(FaultsTest, DiskFullOnce) {
  Sweep(Fault::kDiskFull, 6);
}
TEST_F(FaultsTest, ShortWrite) {
  Sweep(Fault::kShortWrite, 4);
}
TEST_F(FaultsTest, SyncFails) {
  Sweep(Fault::kSyncFails, 6);
}
TEST_F(FaultsTest, DiskStaysFull) {
  Sweep(Fault::kDiskStaysFull, 6);
}
TEST_F(FaultsTest, DiskGone) {
  Sweep(Fault::kDiskGone, 5);
}
TEST_F(FaultsTest, PowerLoss) {
  Sweep(Fault::kPowerLoss, 10);
}

}  // namespace
}  // namespace cqd::test
