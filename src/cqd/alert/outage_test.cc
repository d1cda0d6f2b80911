// Promises: one alarm an outage, whatever the number of reasons; hold-off; a message when it gets
// worse; an end that is not the first good moment; nothing of it depends on the wall clock.
#include "alert/outage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alert/internal/test_receivers.h"

namespace cqd::alert {
namespace {

using integration::Health;
using integration::Reason;
using integration::Stage;
using std::chrono::hours;
using std::chrono::seconds;

class OutageTest : public testing::Test {
 protected:
  /// One look five seconds after the one before.
  std::vector<OutageChange> Look(std::vector<Reason> reasons) {
    now_ += seconds(5);
    const auto changes =
        tracker_.Look(MakeView(now_, std::move(reasons)), first_ ? Duration{} : seconds(5));
    first_ = false;
    return changes;
  }
  /// Events of so many looks.
  std::vector<Event> Events(const std::vector<Reason>& reasons, int looks) {
    std::vector<Event> events;
    for (int i = 0; i < looks; ++i) {
      for (const OutageChange& change : Look(reasons)) {
        if (change.event) events.push_back(*change.event);
      }
    }
    return events;
  }

  const Reason late_ = MakeReason("cube_late", Health::kWarn, Stage::kCube);
  const Reason stale_ = MakeReason("cube_stale", Health::kFail, Stage::kCube);
  const Reason failing_ = MakeReason("cube_failing", Health::kWarn, Stage::kCube);
  UtcTime now_ = *ParseTime("2026-03-01T10:00:00Z");
  bool first_ = true;
  OutageTracker tracker_{OutageRules{}, {}, 0};
};

TEST_F(OutageTest, NobodyIsToldBeforeTheHoldOffAndOnceAfterIt) {
  EXPECT_THAT(Events({late_}, 24), testing::IsEmpty()) << "115 s";
  EXPECT_THAT(Events({late_}, 1), testing::ElementsAre(Event::kStarted)) << "120 s";
  EXPECT_THAT(Events({late_, failing_}, 1000), testing::IsEmpty()) << "one outage, one alarm";
  ASSERT_EQ(tracker_.Open().size(), 1U);
  EXPECT_EQ(tracker_.Open()[0].reasons.size(), 2U);
}

TEST_F(OutageTest, WhatMendsItselfIsForgotten) {
  Events({late_}, 20);
  const auto changes = Look({});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes[0].forgotten);
  EXPECT_THAT(Events({late_}, 24), testing::IsEmpty()) << "the hold-off starts anew";
}

TEST_F(OutageTest, EachRiseIsToldOnce) {
  Events({late_}, 25);
  EXPECT_THAT(Events({stale_, late_}, 1), testing::ElementsAre(Event::kWorsened));
  EXPECT_THAT(Events({late_}, 10), testing::IsEmpty());
  EXPECT_THAT(Events({stale_}, 10), testing::IsEmpty()) << "it was that bad before";
}

TEST_F(OutageTest, TheEndIsToldAfterAMinuteOfGoodTime) {
  Events({late_}, 25);
  EXPECT_THAT(Events({}, 12), testing::IsEmpty()) << "55 s";
  EXPECT_THAT(Events({late_}, 1), testing::IsEmpty()) << "it flaps: the same outage";
  const UtcTime well_at = now_ + seconds(5);
  EXPECT_THAT(Events({}, 12), testing::IsEmpty());
  const auto changes = Look({});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].event, Event::kEnded);
  EXPECT_EQ(changes[0].outage.ended_at, well_at) << "when it was well, not when that was sure";
  EXPECT_TRUE(tracker_.Open().empty());
}

TEST_F(OutageTest, EachSubjectHasItsOwn) {
  const Reason archive = MakeReason("archive_failing", Health::kFail, Stage::kArchive);
  const Reason disk = MakeReason("disk_low", Health::kFail, std::nullopt);
  const Reason slo = MakeReason("slo_missed", Health::kWarn, Stage::kCube);
  Reason quiet = MakeReason("source_quiet", Health::kWarn, std::nullopt);
  quiet.source = "My DB";
  EXPECT_EQ(Events({late_, archive, disk, slo, quiet}, 25).size(), 5U);
  std::vector<std::string> subjects;
  for (const Outage& outage : tracker_.Open()) subjects.push_back(outage.subject);
  EXPECT_THAT(subjects,
              testing::ElementsAre("archive", "cube", "slo:cube", "source:My DB", "system"));
  EXPECT_THAT(tracker_.Open()[3].id, testing::StartsWith("source-My-DB-")) << "fit for a URL";
}

TEST_F(OutageTest, RemarksAreNoOutage) {
  EXPECT_THAT(Events({MakeReason("note", Health::kPass, Stage::kCube)}, 100), testing::IsEmpty());
}

TEST_F(OutageTest, ItStartsWhenItsReasonsSay) {
  Reason reason = stale_;
  reason.since = now_ - hours(3);
  Events({late_, reason}, 25);
  EXPECT_EQ(tracker_.Open()[0].since, *reason.since);
  EXPECT_EQ(tracker_.Open()[0].id, "cube-20260301T070000-000001");
  EXPECT_EQ(tracker_.Open()[0].reasons[0].code, "cube_stale") << "the worst first";
}

TEST_F(OutageTest, AnAcknowledgedOneTellsItsEndAlone) {
  Events({late_}, 25);
  const auto acked = tracker_.Acknowledge(tracker_.Open()[0].id, "anna", now_);
  ASSERT_TRUE(acked.ok());
  EXPECT_EQ(tracker_.Open()[0].acked_by, "anna");
  EXPECT_THAT(Events({stale_}, 10), testing::IsEmpty());
  EXPECT_THAT(Events({}, 20), testing::ElementsAre(Event::kEnded));
  EXPECT_EQ(tracker_.Acknowledge("cube-none", "anna", now_).error().code, ErrorCode::kNotFound);
}

TEST_F(OutageTest, AStepOfTheWallClockChangesNothing) {
  Events({late_}, 10);
  now_ += hours(1);
  EXPECT_THAT(Events({late_}, 1), testing::IsEmpty()) << "the hold-off starts anew at most";
  now_ -= hours(2);
  EXPECT_THAT(Events({late_}, 23), testing::IsEmpty());
  EXPECT_THAT(Events({late_}, 1), testing::ElementsAre(Event::kStarted));
  now_ += hours(5);
  EXPECT_THAT(Events({late_}, 5), testing::IsEmpty());
  EXPECT_THAT(Events({}, 12), testing::IsEmpty());
  now_ -= hours(5);
  EXPECT_THAT(Events({}, 1), testing::ElementsAre(Event::kEnded));
}

TEST_F(OutageTest, ARestartGoesOn) {
  Events({late_}, 20);
  std::vector<Outage> known;
  for (const OutageChange& change : Look({late_})) known.push_back(change.outage);
  ASSERT_EQ(known.size(), 1U);
  tracker_ = OutageTracker(OutageRules{}, known, 1);
  first_ = true;
  EXPECT_THAT(Events({late_}, 4), testing::IsEmpty());
  EXPECT_THAT(Events({late_}, 1), testing::ElementsAre(Event::kStarted)) << "120 s in all";

  tracker_ = OutageTracker(OutageRules{}, tracker_.Open(), 1);
  first_ = true;
  EXPECT_THAT(Events({late_}, 100), testing::IsEmpty()) << "it was told";

  known[0].state = OutageState::kPending;
  tracker_ = OutageTracker(OutageRules{}, known, 1);
  first_ = true;
  now_ += hours(2);
  EXPECT_THAT(Events({late_}, 24), testing::IsEmpty()) << "after two hours of being off: anew";
}

TEST_F(OutageTest, ManyReasonsAreCutAndLongTextsToo) {
  std::vector<Reason> many;
  for (int i = 0; i < 50; ++i) {
    many.push_back(MakeReason("code_" + std::to_string(i), Health::kWarn, Stage::kCube));
    many.back().message = std::string(10'000, 'x') + "\r\n";
  }
  Events(many, 25);
  const Outage outage = tracker_.Open()[0];
  EXPECT_EQ(outage.reasons.size(), kReasonsMax);
  EXPECT_EQ(outage.reasons_left_out, 50 - kReasonsMax);
  EXPECT_EQ(outage.reasons[0].message.size(), kTextCharactersMax);
}

}  // namespace
}  // namespace cqd::alert
