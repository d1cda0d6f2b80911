#include "source/normalise.h"

#include <gtest/gtest.h>

#include <array>

#include "model/classification.h"

namespace cqd::source {
namespace {

using model::Field;
using model::RejectReason;
using model::Repair;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

UtcTime T(std::string_view text) {
  return *ParseTime(text);
}

const UtcTime kSession = T("2015-03-01T10:00:00Z");

model::StreamRow Finished(std::optional<UtcTime> start, std::optional<UtcTime> end) {
  std::array<model::StreamRow, 1> rows;
  rows[0].key.session_time = kSession;
  if (start) rows[0].Set(Field::kStartTime, ToMicros(*start));
  if (end) rows[0].Set(Field::kEndTime, ToMicros(*end));
  FinishSession(rows);
  return rows[0];
}

bool Marked(const model::StreamRow& row, Repair repair) {
  return row.Has(Field::kRepairs) &&
         (row.Get(Field::kRepairs) & static_cast<model::Value>(repair)) != 0;
}

TEST(SessionTime, OnlyAbsurdOnesAreRefused) {
  const UtcTime now = T("2026-01-01T00:00:00Z");
  EXPECT_EQ(CheckSessionTime(std::nullopt, now), RejectReason::kSessionTimeMissing);
  EXPECT_EQ(CheckSessionTime(T("1989-12-31T23:59:59Z"), now), RejectReason::kSessionTimeAbsurd);
  EXPECT_EQ(CheckSessionTime(T("1990-01-01T00:00:00Z"), now), std::nullopt);
  EXPECT_EQ(CheckSessionTime(now + days(1), now), std::nullopt);
  EXPECT_EQ(CheckSessionTime(now + days(1) + Duration(1), now), RejectReason::kSessionTimeAbsurd);
}

TEST(Times, GoodOnesStayAsTheyAre) {
  const auto row = Finished(kSession - minutes(5), kSession);
  EXPECT_EQ(row.Get(Field::kStartTime), ToMicros(kSession - minutes(5)));
  EXPECT_EQ(row.Get(Field::kEndTime), ToMicros(kSession));
  EXPECT_FALSE(row.Has(Field::kRepairs));
  EXPECT_FALSE(Finished(kSession - days(2), kSession + days(2)).Has(Field::kRepairs));
}

TEST(Times, AClockDecadesOffKeepsTheDuration) {
  const UtcTime wrong = T("2215-06-01T00:00:00Z");
  const auto row = Finished(wrong, wrong + minutes(7));
  EXPECT_TRUE(Marked(row, Repair::kClockReplaced));
  EXPECT_EQ(row.Get(Field::kStartTime), ToMicros(kSession - minutes(7)));
  EXPECT_EQ(row.Get(Field::kEndTime), ToMicros(kSession));
}

TEST(Times, ADurationThatCannotBeIsUnknown) {
  const auto row = Finished(T("1971-01-01T00:00:00Z"), T("2215-06-01T00:00:00Z"));
  EXPECT_TRUE(Marked(row, Repair::kClockReplaced));
  EXPECT_EQ(row.Get(Field::kStartTime), ToMicros(kSession));
  EXPECT_FALSE(row.Has(Field::kEndTime));
  const auto start_off = Finished(kSession - days(3), kSession);
  EXPECT_EQ(start_off.Get(Field::kStartTime), ToMicros(kSession));
  EXPECT_FALSE(start_off.Has(Field::kEndTime));
  const auto end_off = Finished(kSession, kSession + days(3));
  EXPECT_TRUE(Marked(end_off, Repair::kClockReplaced));
  EXPECT_FALSE(end_off.Has(Field::kEndTime));
}

TEST(Times, EndBeforeStartIsMarked) {
  const auto row = Finished(kSession, kSession - hours(1));
  EXPECT_TRUE(Marked(row, Repair::kEndBeforeStart));
  EXPECT_EQ(row.Get(Field::kStartTime), ToMicros(kSession));
  EXPECT_FALSE(row.Has(Field::kEndTime));
}

TEST(Times, MissingOnesAreTheSessionTime) {
  const auto row = Finished(std::nullopt, std::nullopt);
  EXPECT_TRUE(Marked(row, Repair::kTimestampsMissing));
  EXPECT_EQ(row.Get(Field::kStartTime), ToMicros(kSession));
  EXPECT_FALSE(row.Has(Field::kEndTime));
}

TEST(FinishSession, ClassifiesAudio) {
  std::array<model::StreamRow, 2> rows;
  for (std::size_t i = 0; i < 2; ++i) {
    rows[i].key.session_time = kSession;
    rows[i].key.stream_id = static_cast<std::int64_t>(i);
    model::SetMetric(rows[i], Field::kRoundTrip, i == 0 ? 20 : 900);
  }
  FinishSession(rows);
  for (const auto& row : rows) {
    EXPECT_EQ(row.Get(Field::kLegClass), static_cast<model::Value>(model::QualityClass::kPoor));
  }
}

TEST(Texts, UrisAndAddressesHaveOneForm) {
  EXPECT_EQ(NormaliseUri(" SIP:Anna@Contoso.com "), "anna@contoso.com");
  EXPECT_EQ(NormaliseUri("sips:b@c"), "b@c");
  EXPECT_EQ(NormaliseUri("+4930123"), "+4930123");
  EXPECT_EQ(NormaliseMac("00:1A:2b:3C:4d:5E"), "00-1a-2b-3c-4d-5e");
  EXPECT_EQ(NormaliseMac("001A2b3C4d5E"), "00-1a-2b-3c-4d-5e");
  EXPECT_EQ(NormaliseMac("001a.2b3c.4d5e"), "00-1a-2b-3c-4d-5e");
  EXPECT_EQ(NormaliseMac("00-00-00-00-00-00"), "");
  EXPECT_EQ(NormaliseMac("Unknown"), "unknown");
}

TEST(Feedback, TokenRangesNameTheMedium) {
  for (const int audio : {1, 5, 19, 101, 109, 199}) EXPECT_EQ(FeedbackIssueOf(audio), 1);
  for (const int video : {21, 25, 99, 201, 208, 299}) EXPECT_EQ(FeedbackIssueOf(video), 2);
  for (const int neither : {-1, 20, 100, 200, 301, 401, 501})
    EXPECT_EQ(FeedbackIssueOf(neither), 0);
}

}  // namespace
}  // namespace cqd::source
