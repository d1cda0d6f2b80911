// Promise: the document is made once a second and with every change of the log, whoever asks.
#include "api/internal/status_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "api/internal/status_json.h"

namespace cqd::api {
namespace {

using std::chrono::milliseconds;

class StatusCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-cache-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    log_ = *integration::RunLog::Open(
        {.path = (folder_ / "integration.sqlite").string(), .boot_id = "b", .version = "t"},
        clock_);
  }
  void TearDown() override {
    log_.reset();
    std::filesystem::remove_all(folder_);
  }
  StatusDocumentText Make() {
    const std::string text = std::to_string(++made_);
    return {std::make_shared<const std::string>(text), text};
  }

  std::filesystem::path folder_;
  SimulatedClock clock_{*ParseTime("2015-03-10T12:00:00Z")};
  std::unique_ptr<integration::RunLog> log_;
  std::atomic<int> made_ = 0;
};

TEST_F(StatusCacheTest, OnceASecondAndWithEveryChange) {
  StatusCache cache(*log_, clock_, [this](const StatusVariant&) { return Make(); });
  EXPECT_EQ(*cache.Get({}).text, "1");
  clock_.Advance(milliseconds(999));
  EXPECT_EQ(*cache.Get({}).text, "1");
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(*cache.Get({}).text, "2");
  ASSERT_TRUE(log_->Append("System", "something").ok());
  EXPECT_EQ(*cache.Get({}).text, "3") << "in the same second";
  clock_.StepWall(clock_.Now() - std::chrono::hours(1));
  clock_.Advance(milliseconds(1000));
  EXPECT_EQ(*cache.Get({}).text, "4") << "a clock set back keeps no old document alive";
}

TEST_F(StatusCacheTest, VariantsAreDocumentsOfTheirOwn) {
  StatusCache cache(*log_, clock_, [this](const StatusVariant&) { return Make(); });
  EXPECT_EQ(*cache.Get({.administrator = false, .history = 5}).text, "1");
  EXPECT_EQ(*cache.Get({.administrator = true, .history = 5}).text, "2");
  EXPECT_EQ(*cache.Get({.administrator = false, .history = 0}).text, "3");
  EXPECT_EQ(*cache.Get({.administrator = false, .history = 5}).text, "1");
}

TEST_F(StatusCacheTest, ManyCallersMakeItOnce) {
  StatusCache cache(*log_, clock_, [this](const StatusVariant&) { return Make(); });
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      for (int n = 0; n < 100; ++n) EXPECT_EQ(*cache.Get({}).text, "1");
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(made_, 1);
}

TEST(WeakTag, IgnoresAgesAndNothingElse) {
  integration::StatusView view;
  view.generated_at = *ParseTime("2015-03-10T12:00:00Z");
  integration::StageStatus stage;
  stage.age = std::chrono::seconds(5);
  view.stages = {stage};
  view.reasons = {{.code = "cube_late", .message = "Cube 31 min old"}};
  const auto tag = [&] { return WeakTag(StatusJson(view, {}, false)); };
  const std::string before = tag();
  view.generated_at += std::chrono::minutes(1);
  view.stages[0].age = std::chrono::seconds(65);
  view.stages[0].expected_by = view.generated_at;
  view.reasons[0].message = "Cube 32 min old";
  view.summary = "Cube 32 min old";
  EXPECT_EQ(tag(), before);
  view.reasons[0].code = "cube_stale";
  EXPECT_NE(tag(), before);
  view.reasons[0].code = "cube_late";
  view.stages[0].verdict = integration::Verdict::kLate;
  EXPECT_NE(tag(), before);
}

TEST(WeakTag, IsFoundInAList) {
  EXPECT_TRUE(NamesTag("W/\"a\"", "W/\"a\""));
  EXPECT_TRUE(NamesTag("\"x\", W/\"a\"", "W/\"a\""));
  EXPECT_TRUE(NamesTag("\"a\"", "W/\"a\"")) << "weak comparison";
  EXPECT_TRUE(NamesTag(" * ", "W/\"a\""));
  EXPECT_FALSE(NamesTag("", "W/\"a\""));
  EXPECT_FALSE(NamesTag("a", "W/\"a\""));
}

}  // namespace
}  // namespace cqd::api
