// The status of a real service: what the log cannot tell, because it is of this process and of a
// clock that nobody can set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>

#include "integration/internal/data_watch.h"
#include "integration/service.h"

namespace cqd::integration {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::Field;
using testing::Not;

class ServiceStatusTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-status-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(folder_ / "archive");
    std::filesystem::create_directories(folder_ / "cube");
    archive_ = *archive::Archive::Open({.folder = (folder_ / "archive").string()}, clock_);
    cube_ =
        *cube::Cube::Open({.folder = (folder_ / "cube").string(), .zone = {}}, *archive_, clock_);
    OpenLog("boot-1");
    Make();
  }
  void TearDown() override {
    service_.reset();
    log_.reset();
    cube_.reset();
    archive_.reset();
    std::filesystem::remove_all(folder_);
  }
  void OpenLog(const std::string& boot) {
    service_.reset();
    log_.reset();
    log_ = *RunLog::Open(
        {.path = (folder_ / "integration.sqlite").string(), .boot_id = boot, .version = "t"},
        clock_);
  }
  void Make(int retention_months = 0) {
    const StageRules rules{minutes(15), minutes(30), minutes(60)};
    ServiceOptions options{.every = *schedule::Interval::Make(minutes(15)),
                           .archive_rules = rules,
                           .cube_rules = rules,
                           .archive_job = {.retention_months = retention_months},
                           .run_at_start = false};
    options.limits.disk_free_bytes_min = 0;
    service_ = std::make_unique<Service>(options, *log_, *archive_, *cube_,
                                         std::vector<std::unique_ptr<source::Source>>{}, clock_);
  }
  void RunNow(Stage stage) {
    const CancelToken cancel;
    ASSERT_TRUE(service_->RunNow({.stage = stage}, cancel, [](const RunRecord&) {}).ok());
  }
  bool HasReason(std::string_view code) const {
    for (const Reason& reason : service_->status().reasons) {
      if (reason.code == code) return true;
    }
    return false;
  }

  std::filesystem::path folder_;
  SimulatedClock clock_{*ParseTime("2015-03-10T12:00:01Z")};
  std::unique_ptr<archive::Archive> archive_;
  std::unique_ptr<cube::Cube> cube_;
  std::unique_ptr<RunLog> log_;
  std::unique_ptr<Service> service_;
};

TEST_F(ServiceStatusTest, AClockSetBackAnHourHidesNoLateness) {
  RunNow(Stage::kArchive);
  clock_.StepWall(clock_.Now() - hours(1));
  EXPECT_EQ(service_->status().stages[0].verdict, Verdict::kOnTime);
  EXPECT_EQ(service_->status().stages[0].age, Duration::zero());
  clock_.Advance(minutes(31));
  const StageStatus stage = service_->status().stages[0];
  EXPECT_EQ(stage.verdict, Verdict::kLate);
  EXPECT_EQ(stage.age, minutes(31));
  OpenLog("boot-2");
  Make();
  clock_.Advance(minutes(31));
  EXPECT_EQ(service_->status().stages[0].age, minutes(31)) << "at least as old as this process";
}

TEST_F(ServiceStatusTest, AClockSetForwardMakesDataOldUntilTheRunThatIsThenDue) {
  RunNow(Stage::kArchive);
  clock_.StepWall(clock_.Now() + hours(1));
  EXPECT_EQ(service_->status().stages[0].verdict, Verdict::kLate);
  RunNow(Stage::kArchive);
  EXPECT_EQ(service_->status().stages[0].verdict, Verdict::kOnTime);
}

TEST_F(ServiceStatusTest, AStepOfTheClockIsToldForAnHour) {
  service_->Start();
  EXPECT_FALSE(HasReason("clock_stepped"));
  clock_.StepWall(clock_.Now() - hours(1));
  while (!HasReason("clock_stepped")) poll(nullptr, 0, 1);
  EXPECT_FALSE(HasReason("archive_not_started"));
  EXPECT_FALSE(HasReason("archive_hung"));
  clock_.Advance(hours(1) + seconds(1));
  while (HasReason("clock_stepped")) poll(nullptr, 0, 1);
}

TEST_F(ServiceStatusTest, ASampleAnHourIsKeptForTwoWeeks) {
  internal::DataWatch watch(*archive_, *cube_, *log_, clock_, 0);
  watch.Look(true);
  EXPECT_EQ(log_->StorageSamples()->size(), 1U);
  clock_.Advance(minutes(59));
  watch.Look(true);
  EXPECT_EQ(log_->StorageSamples()->size(), 1U);
  for (int hour = 0; hour < 30; ++hour) {
    clock_.Advance(hours(1));
    watch.Look(false);
  }
  EXPECT_EQ(log_->StorageSamples()->size(), 31U);
  clock_.Advance(hours(24 * 14));
  watch.Look(false);
  EXPECT_EQ(log_->StorageSamples()->size(), 2U) << "one exactly two weeks old, and the new one";
  internal::DataWatch after_restart(*archive_, *cube_, *log_, clock_, 0);
  after_restart.Look(true);
  EXPECT_EQ(log_->StorageSamples()->size(), 2U) << "a restart needs no sample of its own";
}

TEST_F(ServiceStatusTest, RetentionSaysWhatItKeepsAndWhenItPurges) {
  Make(3);
  const RetentionStatus retention = service_->status().retention;
  EXPECT_EQ(retention.row_days, 31 + 28 + 9) << "January, February, nine days of March";
  EXPECT_EQ(retention.next_purge_at, *ParseTime("2015-04-01"));
  EXPECT_EQ(retention.rows_due, 0);
  Make(0);
  EXPECT_EQ(service_->status().retention.row_days, std::nullopt) << "kept for ever";
}

TEST_F(ServiceStatusTest, BuildingDataAppliesWithTheNextCubeRun) {
  EXPECT_EQ(service_->status().mapping.applied_through, std::nullopt) << "no cube yet";
  RunNow(Stage::kCube);
  internal::DataWatch watch(*archive_, *cube_, *log_, clock_, 0);
  watch.CountUnmapped();
  StatusInputs inputs;
  watch.Fill(inputs);
  EXPECT_EQ(inputs.mapping.applied_through, cube_->snapshot()->published_at());
  EXPECT_EQ(inputs.mapping.unmapped_streams, std::nullopt) << "nobody loaded building data";
}

}  // namespace
}  // namespace cqd::integration
