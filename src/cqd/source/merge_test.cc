// Promise: all reports of a call, in whatever order they came, give the same streams, each measured
// by its receiver.
#include "source/merge.h"

#include <algorithm>
#include <random>
#include <set>

#include "model/classification.h"
#include "model/repair.h"
#include "source/internal/call_testing.h"
#include "source/internal/qoe_documents_testing.h"

namespace cqd::source {
namespace {

using model::Field;
using testing::Number;
using testing::QoeReport;
using testing::TestInterner;
using testing::VqReport;

std::vector<model::StreamRow> RowsOf(const std::vector<std::string>& documents,
                                     TestInterner& keys) {
  return testing::Merge(testing::ReadAll(documents), keys);
}

QoeReport CalleeReport() {
  QoeReport callee;
  callee.caller_element = "<Caller>false</Caller>";
  callee.local = "sip:b@x.example";
  callee.remote = "sip:a@x.example";
  callee.local_ip = "10.2.2.9";
  callee.remote_ip = "10.1.1.9";
  callee.loss = "0.5";
  callee.jitter = "80";
  callee.round_trip = "31";
  return callee;
}

TEST(Merge, MsQoeReceiverMeasuresSenderAddsRoundTrip) {
  for (const bool caller_first : {true, false}) {
    TestInterner keys;
    const std::string caller = QoeReport().Text(), callee = CalleeReport().Text();
    const auto rows =
        RowsOf(caller_first ? std::vector{caller, callee} : std::vector{callee, caller}, keys);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].Get(Field::kSenderIsCaller), 1);
    EXPECT_EQ(Number(rows[0], Field::kPacketLoss), 0.5) << "measured by the callee";
    EXPECT_EQ(Number(rows[0], Field::kRoundTrip), 30.0) << "measured by the caller";
    EXPECT_EQ(Number(rows[1], Field::kPacketLoss), 0.02);
    EXPECT_EQ(Number(rows[1], Field::kRoundTrip), 31.0);
    EXPECT_EQ(keys.Text(rows[0], Field::kCallerSubnet), "10.1.1.0");
    EXPECT_EQ(keys.Text(rows[0], Field::kCalleeSubnet), "10.2.2.0");
    for (const model::StreamRow& row : rows) {
      EXPECT_EQ(row.Get(Field::kLegClass), static_cast<int>(model::QualityClass::kPoor))
          << "one poor stream is enough";
    }
  }
}

TEST(Merge, SessionReplacesIntervalInWhateverOrder) {
  QoeReport interval;
  interval.report_element = "VQSessionIntervalReport";
  interval.loss = "0.9";
  interval.end = "2016-05-23T07:59:59Z";  // later than the session's own end: the kind decides
  VqReport part;
  part.heading = "VQIntervalReport";
  part.loss = "90";
  for (const bool session_first : {true, false}) {
    TestInterner keys;
    auto documents =
        std::vector{interval.Text(), QoeReport().Text(), part.Text(), VqReport().Text()};
    if (session_first) std::reverse(documents.begin(), documents.end());
    const auto rows = RowsOf(documents, keys);
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(Number(rows[1], Field::kPacketLoss), 0.02);
    EXPECT_EQ(Number(rows[2], Field::kPacketLoss), 0.01);
  }
}

TEST(Merge, IntervalsAloneCountByTheLastAndSpanThemAll) {
  VqReport first, last;
  first.heading = last.heading = "VQIntervalReport";
  first.stop = "2016-05-23T07:58:30Z";
  first.loss = "7";
  last.start = "2016-05-23T07:58:30Z";
  last.loss = "2";
  for (const auto& documents :
       {std::vector{first.Text(), last.Text()}, std::vector{last.Text(), first.Text()}}) {
    TestInterner keys;
    const auto rows = RowsOf(documents, keys);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(Number(rows[0], Field::kPacketLoss), 0.02);
    EXPECT_EQ(rows[0].Get(Field::kEndTime) - rows[0].Get(Field::kStartTime), 90'000'000);
  }
}

TEST(Merge, RemoteMetricsCountOnlyWhileTheFarEndIsSilent) {
  VqReport near;
  near.remote_metrics = "RemoteMetrics:\nPacketLoss:NLR=9.0\n";
  TestInterner keys;
  auto rows = RowsOf({near.Text()}, keys);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(Number(rows[0], Field::kPacketLoss), 0.09);
  EXPECT_EQ(Number(rows[1], Field::kPacketLoss), 0.01);
  EXPECT_FALSE(rows[0].Has(Field::kCalleeReported));
  const auto keys_before = std::pair(rows[0].key, rows[1].key);
  for (const bool near_first : {true, false}) {
    const auto documents = near_first ? std::vector{near.Text(), near.OtherEnd().Text()}
                                      : std::vector{near.OtherEnd().Text(), near.Text()};
    rows = RowsOf(documents, keys);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(Number(rows[0], Field::kPacketLoss), 0.03);
    EXPECT_EQ(rows[0].Get(Field::kCalleeReported), 1);
    EXPECT_EQ(std::pair(rows[0].key, rows[1].key), keys_before)
        << "the rows are completed, not doubled";
  }
}

TEST(Merge, EndsWithoutIdentitiesAreTheSameTwoEnds) {
  VqReport near;
  near.local = near.remote = near.origin = "";
  for (const bool near_first : {true, false}) {
    const auto documents = near_first ? std::vector{near.Text(), near.OtherEnd().Text()}
                                      : std::vector{near.OtherEnd().Text(), near.Text()};
    TestInterner keys;
    const auto rows = RowsOf(documents, keys);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(keys.Text(rows[0], Field::kCallerAddress), "192.0.2.1")
        << "the smaller reporter, whoever came first";
    EXPECT_EQ(Number(rows[0], Field::kPacketLoss), 0.03);
    for (const model::StreamRow& row : rows) {
      EXPECT_TRUE(row.Get(Field::kEstimated) & static_cast<int>(model::Estimated::kDirection));
    }
  }
}

TEST(Merge, UnknownSsrcJoinsTheLegItFits) {
  VqReport interval;
  interval.heading = "VQIntervalReport";
  interval.remote_ssrc = "0";
  TestInterner keys;
  EXPECT_EQ(RowsOf({interval.Text(), VqReport().Text()}, keys).size(), 1U);
  VqReport later = VqReport();
  later.local_ssrc = "33";
  later.remote_ssrc = "44";
  const auto rows = RowsOf({VqReport().Text(), later.Text()}, keys);
  ASSERT_EQ(rows.size(), 2U) << "a new pair of sources is a leg of its own";
  EXPECT_EQ(rows[0].key.media_label, rows[1].key.media_label);
  EXPECT_NE(rows[0].key.stream_id, rows[1].key.stream_id);
}

TEST(Merge, RelaysAreKeptAsStreamsOfTheirOwn) {
  VqReport relay = VqReport().OtherEnd();
  relay.local_address = "192.0.2.200";
  relay.loss = "5.0";
  TestInterner keys;
  const auto rows = RowsOf({VqReport().Text(), VqReport().OtherEnd().Text(), relay.Text()}, keys);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(Number(rows[0], Field::kPacketLoss), 0.03) << "not mixed with the relay's 5 %";
}

TEST(Merge, FeedbackAttachesToItsUser) {
  const std::string feedback =
      "<CallQualityFeedbackReport CallId='c1' FromTag='t' "
      "ToTag='f'><ReportingUserURI>sip:B@x.example</ReportingUserURI>"
      "<Rating>1</Rating><Tokens><Token Id='5'/></Tokens></CallQualityFeedbackReport>";
  for (const bool feedback_first : {true, false}) {
    TestInterner keys;
    const auto rows = RowsOf(feedback_first ? std::vector{feedback, QoeReport().Text()}
                                            : std::vector{QoeReport().Text(), feedback},
                             keys);
    ASSERT_EQ(rows.size(), 2U);
    for (const model::StreamRow& row : rows) {
      EXPECT_EQ(row.Get(Field::kCalleeRating), 1);
      EXPECT_FALSE(row.Has(Field::kCallerRating));
      EXPECT_EQ(keys.Text(row, Field::kCalleeFeedbackTokens), "{Echo:1;}");
      EXPECT_EQ(row.Get(Field::kCalleeFeedbackIssues), 1);
    }
  }
  TestInterner keys;
  EXPECT_TRUE(RowsOf({feedback}, keys).empty()) << "an answer alone is no stream";
}

TEST(Merge, ReportsWithoutTimesGetTheReceiveTime) {
  VqReport report;
  report.start = "0";
  report.stop = "0";
  TestInterner keys;
  const auto rows = RowsOf({report.Text()}, keys);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].Get(Field::kStartTime), ToMicros(testing::kReceived));
  EXPECT_TRUE(rows[0].Get(Field::kRepairs) & static_cast<int>(model::Repair::kTimestampsMissing));
}

TEST(Merge, LongTextsAreMarked) {
  VqReport report;
  report.local = "sip:" + std::string(2000, 'x') + "@x.example";
  TestInterner keys;
  const auto rows = RowsOf({report.Text()}, keys);
  EXPECT_TRUE(rows[0].Get(Field::kRepairs) & static_cast<int>(model::Repair::kTextCleaned));
  EXPECT_LE(keys.Text(rows[0], Field::kCallerUser).size(), 450U);
}

// Property: any order of any set of reports gives the same rows and the same keys.
TEST(Merge, AnyPermutationGivesTheSameRows) {
  const auto seed =
      static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed()) + 20160523U;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](std::initializer_list<const char*> texts) {
    return std::string(texts.begin()[random() % texts.size()]);
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> documents;
    const auto count = 1 + random() % 7;
    for (unsigned i = 0; i < count; ++i) {
      VqReport report;
      report.heading = pick({"VQSessionReport", "VQIntervalReport", "VQAlertReport: Type=NLR"});
      if (random() % 2 == 0) report = report.OtherEnd();
      report.heading = pick({"VQSessionReport", "VQIntervalReport", "VQAlertReport: Type=NLR"});
      if (random() % 3 == 0) report.origin = report.local = "";
      if (random() % 4 == 0) report.remote_ssrc = pick({"0", "55"});
      if (random() % 5 == 0) report.local_address = pick({"192.0.2.77", "192.0.2.1"});
      report.stop = pick({"2016-05-23T07:59:30Z", "2016-05-23T07:59:00Z", "0"});
      report.loss = std::to_string(random() % 100);
      if (random() % 2 == 0) report.remote_metrics = "RemoteMetrics:\nPacketLoss:NLR=4\n";
      documents.push_back(report.Text());
    }
    auto reports = testing::ReadAll(documents);
    const CallIdentity identity{model::SourceId(1), testing::kReceived, 7};
    TestInterner keys;
    const auto expected = StreamsOfCall(reports, identity, keys);
    for (int shuffle = 0; shuffle < 5; ++shuffle) {
      std::shuffle(reports.begin(), reports.end(), random);
      TestInterner other_keys;
      ASSERT_EQ(StreamsOfCall(reports, identity, other_keys), expected) << "round " << round;
    }
    std::set<model::StreamKey> seen;
    for (const model::StreamRow& row : expected)
      EXPECT_TRUE(seen.insert(row.key).second) << "keys are unique";
  }
}

}  // namespace
}  // namespace cqd::source
