#include "integration/event_log.h"

#include <gmock/gmock.h>
#include <poll.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "integration/run_log.h"

namespace cqd::integration {
namespace {

using testing::ElementsAre;

const UtcTime kNow = FromMicros(1'421'577'013'000'000);

std::vector<std::int64_t> Ids(const EventPage& page) {
  std::vector<std::int64_t> ids;
  for (const auto& event : page.events) ids.push_back(event->id);
  return ids;
}

/// The table of events in a real file of the run log, opened anew at will.
class EventLogTest : public testing::Test {
 protected:
  EventLogTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-events-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    path_ = (folder_ / "integration.sqlite").string();
    // The run log makes the tables; it writes no event itself here.
    const SystemClock clock;
    EXPECT_TRUE(RunLog::Open({.path = path_, .boot_id = "boot", .version = "test"}, clock).ok());
    Reopen();
  }
  ~EventLogTest() override {
    log_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Reopen() {
    log_.reset();
    database_.emplace(*sqlite::Database::Open(path_, {.durable = false}));
    log_.emplace();
    ASSERT_TRUE(log_->Load(*database_).ok());
  }
  void Add(std::string data = "{}") {
    ASSERT_TRUE(log_->Add(*database_, kNow, "run.started", std::move(data)).ok());
  }
  void AddShown(std::int64_t count) {
    auto transaction = sqlite::Transaction::Begin(*database_);
    for (std::int64_t i = 0; i < count; ++i) Add();
    ASSERT_TRUE(transaction->Commit().ok());
    log_->Publish();
  }
  std::int64_t StoredRows() { return database_->QueryInt("SELECT count(*) FROM event")->value(); }

  std::filesystem::path folder_;
  std::string path_;
  std::optional<sqlite::Database> database_;
  std::optional<EventLog> log_;
};

TEST_F(EventLogTest, AnEmptyLogHasNothingAndNeedsNoReset) {
  EXPECT_EQ(log_->newest_id(), 0);
  const EventPage page = log_->After(0, 10);
  EXPECT_FALSE(page.reset);
  EXPECT_TRUE(page.events.empty());
}

TEST_F(EventLogTest, IdsGoOnAfterReopening) {
  AddShown(3);
  Reopen();
  EXPECT_EQ(log_->newest_id(), 3);
  AddShown(2);
  EXPECT_THAT(Ids(log_->After(0, 10)), ElementsAre(1, 2, 3, 4, 5));
  Reopen();
  EXPECT_THAT(Ids(log_->After(3, 10)), ElementsAre(4, 5));
}

TEST_F(EventLogTest, WhatIsReadBackIsWhatWasWritten) {
  Add(R"({"stage":"cube","text":"a \"quoted\" word"})");
  log_->Publish();
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    const EventPage page = log_->After(0, 10);
    ASSERT_EQ(page.events.size(), 1U);
    EXPECT_EQ(page.events[0]->type, "run.started");
    EXPECT_EQ(page.events[0]->data, R"({"stage":"cube","text":"a \"quoted\" word"})");
    EXPECT_EQ(page.events[0]->at, kNow);
    EXPECT_EQ(page.events[0]->stage, "cube");
  }
}

TEST_F(EventLogTest, IdsGoOnAfterEveryRowWasRemoved) {
  AddShown(3);
  ASSERT_TRUE(database_->Execute("DELETE FROM event").ok());
  Reopen();
  EXPECT_EQ(log_->newest_id(), 3);
  EXPECT_TRUE(log_->After(2, 10).reset) << "event 3 cannot be shown any more";
  EXPECT_FALSE(log_->After(3, 10).reset);
  AddShown(1);
  EXPECT_THAT(Ids(log_->After(3, 10)), ElementsAre(4));
}

TEST_F(EventLogTest, NothingIsShownBeforePublish) {
  Add();
  EXPECT_EQ(log_->newest_id(), 0);
  EXPECT_TRUE(log_->After(0, 10).events.empty());
  log_->Publish();
  EXPECT_EQ(log_->newest_id(), 1);
}

TEST_F(EventLogTest, ARolledBackChangeLeavesNoEventAndNoGap) {
  AddShown(1);
  {
    const auto transaction = sqlite::Transaction::Begin(*database_);
    Add();
    Add();
  }
  log_->Discard();
  log_->Publish();
  EXPECT_EQ(log_->newest_id(), 1);
  EXPECT_EQ(StoredRows(), 1);
  AddShown(1);
  EXPECT_THAT(Ids(log_->After(0, 10)), ElementsAre(1, 2));
  Reopen();
  EXPECT_THAT(Ids(log_->After(0, 10)), ElementsAre(1, 2));
}

// As a power cut between Add and the commit: nobody has seen the events, and their numbers are
// given again.
TEST_F(EventLogTest, AnUncommittedEventIsNeverSeenAgain) {
  AddShown(1);
  {
    const auto transaction = sqlite::Transaction::Begin(*database_);
    Add();
  }
  Reopen();
  EXPECT_THAT(Ids(log_->After(0, 10)), ElementsAre(1));
}

TEST_F(EventLogTest, PagesAreBoundedAndLeaveNothingOut) {
  AddShown(25);
  std::vector<std::int64_t> all;
  std::int64_t after = 0;
  for (;;) {
    const EventPage page = log_->After(after, 10);
    if (page.events.empty()) break;
    EXPECT_LE(page.events.size(), 10U);
    for (const std::int64_t id : Ids(page)) all.push_back(after = id);
  }
  std::vector<std::int64_t> expected(25);
  for (std::size_t i = 0; i < 25; ++i) expected[i] = static_cast<std::int64_t>(i) + 1;
  EXPECT_EQ(all, expected);
}

TEST_F(EventLogTest, WhoKnowsTooLittleOrTooMuchMustStartAnew) {
  constexpr auto kKept = static_cast<std::int64_t>(EventLog::kKept);
  AddShown(kKept + 100);
  EXPECT_TRUE(log_->After(0, 1).reset);
  EXPECT_TRUE(log_->After(99, 1).reset);
  EXPECT_THAT(Ids(log_->After(100, 1)), ElementsAre(101)) << "knows all that is gone";
  EXPECT_FALSE(log_->After(kKept + 100, 1).reset);
  EXPECT_TRUE(log_->After(kKept + 101, 1).reset) << "of a log that is not this one";
  EXPECT_TRUE(log_->After(-1, 1).reset);
  Reopen();
  EXPECT_TRUE(log_->After(99, 1).reset);
  EXPECT_THAT(Ids(log_->After(100, 1)), ElementsAre(101));
}

TEST_F(EventLogTest, TheFileIsTrimmed) {
  AddShown(static_cast<std::int64_t>(EventLog::kKept) + 3000);
  EXPECT_GE(StoredRows(), static_cast<std::int64_t>(EventLog::kKept));
  EXPECT_LE(StoredRows(), static_cast<std::int64_t>(EventLog::kKept) + 256);
}

TEST_F(EventLogTest, TheStageIsThatOfTheObjectItself) {
  for (const auto& [data, stage] : std::vector<std::pair<std::string, std::string>>{
           {R"({"stage":"archive"})", "archive"},
           {R"({"a":[1,"stage",{"stage":"cube"}],"b":"stage","stage":"archive"})", "archive"},
           {R"({"b":"\"stage\":\"cube\"","c":{"stage":"cube"}})", ""},
           {R"({"stage":null,"b":"cube"})", ""},
           {"{}", ""},
           {"", ""},
           {R"({"stage)", ""},
           {R"({"stage":"\)", ""}}) {
    Add(data);
    log_->Publish();
    EXPECT_EQ(log_->After(log_->newest_id() - 1, 1).events.at(0)->stage, stage) << data;
  }
}

TEST_F(EventLogTest, AWatchIsToldOfEveryPublishUntilItEnds) {
  int told = 0;
  auto watch = log_->Watch([&] { ++told; });
  log_->Publish();
  EXPECT_EQ(told, 0) << "nothing was added";
  AddShown(2);
  EXPECT_EQ(told, 1);
  watch.reset();
  AddShown(1);
  EXPECT_EQ(told, 1);
}

// Promise: readers see ids without gaps and in order while a writer goes on.
TEST_F(EventLogTest, ReadersBesideAWriterSeeEveryEventOnce) {
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      std::int64_t after = 0;
      while (!done || after < log_->newest_id()) {
        for (const std::int64_t id : Ids(log_->After(after, 7))) {
          EXPECT_EQ(id, after + 1);
          after = id;
        }
        poll(nullptr, 0, 1);
      }
      EXPECT_EQ(after, 400);
    });
  }
  for (int i = 0; i < 200; ++i) AddShown(2);
  done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace cqd::integration
