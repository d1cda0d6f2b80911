// Promises: other limits judge legs as the published ones do, whatever is filtered; with the
// published limits nothing changes; the published answer stands beside; wrong limits name their
// field and range. Distinct counts and percentiles are exact. That all executors agree, on random
// data and limits, stands in executors_test.cc and cube_test.cc.
#include <gtest/gtest.h>

#include <string>

#include "base/clock.h"
#include "cube/internal/test_corpus.h"
#include "cube/internal/what_if.h"
#include "cube/query_service.h"
#include "cube/snapshot.h"
#include "model/classification.h"

namespace cqd::cube {
namespace {

using model::Field;

/// Streams of one leg after the other; the first stream of a leg is sent by the caller.
class WhatIf : public ::testing::Test {
 protected:
  struct Metric {
    Field field;
    double value;
  };
  void AddLeg(std::int32_t label, const std::vector<std::vector<Metric>>& streams,
              std::optional<bool> poor_by_source = {}) {
    ++call_;
    std::vector<model::StreamRow> rows;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      model::StreamRow& row = rows.emplace_back();
      row.key = {model::SourceId(1), Month(2015, 3).begin() + std::chrono::hours(call_), call_,
                 label, static_cast<std::int64_t>(i)};
      row.Set(Field::kStartTime, ToMicros(row.key.session_time));
      row.Set(Field::kEndTime, ToMicros(row.key.session_time) + 60'000'000 * call_);
      row.Set(Field::kSenderIsCaller, i == 0 ? 1 : 0);
      if (poor_by_source) row.Set(Field::kClassifiedPoor, *poor_by_source ? 1 : 0);
      for (const Metric& metric : streams[i]) model::SetMetric(row, metric.field, metric.value);
    }
    model::ClassifySession(rows);
    corpus_.rows.insert(corpus_.rows.end(), rows.begin(), rows.end());
  }
  /// The numbers of the one row, by `limits` as they stand in a body; "" asks for the published.
  std::vector<std::string> Ask(const std::string& measures, const std::string& limits,
                               const std::string& filters = "") {
    const auto query =
        ParseCubeQuery("{\"Measurements\":[" + measures + "],\"Filters\":[" + filters + "]" +
                       (limits.empty() ? "" : ",\"WhatIf\":") + limits + "}");
    EXPECT_TRUE(query.ok()) << query.error().ToString();
    const auto snapshot =
        MakeSnapshot(corpus_.rows, corpus_.MakeMapping(), corpus_.zone, {.segment_rows = 3});
    const auto table = snapshot->Answer(*query, {});
    EXPECT_TRUE(table.ok()) << table.error().ToString();
    std::vector<std::string> cells;
    if (!table.ok() || table->rows.size() != 1) return cells;
    for (const Cell& cell : table->rows[0].cells) AppendCell(cells.emplace_back(), cell);
    return cells;
  }
  static std::string Measure(const std::string& name) {
    return "{\"DataModelName\":\"[Measures].[" + name + "]\"}";
  }
  static std::string Classes(const std::string& medium) {
    return Measure(medium + " Good Streams Count") + "," +
           Measure(medium + " UnClassified Streams Count") + "," +
           Measure(medium + " Poor Streams Count") + "," + Measure(medium + "PoorPercentage");
  }
  using Cells = std::vector<std::string>;

  std::int64_t call_ = 0;
  testing::Corpus corpus_;
};

TEST_F(WhatIf, OnePoorStreamMakesItsLegPoor) {
  AddLeg(0, {{{Field::kJitter, 25}}, {{Field::kJitter, 5}}});
  AddLeg(0, {{{Field::kJitter, 20}}, {}});
  AddLeg(0, {{}, {}});
  EXPECT_EQ(Ask(Classes("Audio"), ""), (Cells{"4", "2", "0", "0"}));
  const std::string strict = R"({"audio":{"jitterinterarrival":20}})";
  EXPECT_EQ(Ask(Classes("Audio"), strict), (Cells{"2", "2", "2", "50"}));
  // Only the streams of the callees are looked at: the other one still makes the leg poor.
  const std::string from_callee =
      R"({"DataModelName":"[AllStreams].[Stream Direction]","Value":"[Second-to-First]"})";
  const Cells filtered = Ask(Classes("Audio"), strict, from_callee);
  EXPECT_EQ(filtered, (Cells{"1", "1", "1", "50"}));
  // A looser limit makes poor legs good.
  AddLeg(0, {{{Field::kJitter, 40}}, {{Field::kPacketLoss, 0.2}}});
  EXPECT_EQ(Ask(Classes("Audio"), R"({"Audio":{"JitterInterArrival":50}})"),
            (Cells{"4", "2", "2", "33.333"}));
}

TEST_F(WhatIf, WithoutMetricsTheSourceIsBelieved) {
  AddLeg(0, {{}, {}}, true);
  AddLeg(0, {{}, {}}, false);
  AddLeg(0, {{{Field::kJitter, 1}}, {}}, true);
  const Cells published = Ask(Classes("Audio"), "");
  EXPECT_EQ(published, (Cells{"4", "0", "2", "33.333"}));
  EXPECT_EQ(Ask(Classes("Audio"), R"({"Audio":{"JitterInterArrival":0.5}})"),
            (Cells{"2", "0", "4", "66.667"}));
}

TEST_F(WhatIf, TheFirstMetricOfSharedScreensDecides) {
  AddLeg(16, {{{Field::kLocalFrameLoss, 20}, {Field::kPostFecLoss, 0.9}}});
  AddLeg(16, {{{Field::kPostFecLoss, 0.1}}});
  EXPECT_EQ(Ask(Classes("VBSS"), ""), (Cells{"2", "0", "0", "0"}));
  EXPECT_EQ(Ask(Classes("VBSS"), R"({"VBSS":{"VideoPostFECPLR":0.05}})"),
            (Cells{"1", "0", "1", "50"}));
  EXPECT_EQ(Ask(Classes("VBSS"), R"({"VBSS":{"VideoLocalFrameLossPercentageAvg":10}})"),
            (Cells{"1", "0", "1", "50"}));
}

TEST_F(WhatIf, ReasonsAndJpdrFollowTheLimits) {
  AddLeg(0, {{{Field::kJitter, 25}, {Field::kConcealed, 0.05}}});
  const std::string measures = Measure("Audio Poor Due To Jitter Count") + "," +
                               Measure("Audio Poor Due To ConcealedRatio Count") + "," +
                               Measure("Audio Poor Streams JPDR Count") + "," +
                               Measure("Audio Poor Streams Count");
  EXPECT_EQ(Ask(measures, ""), (Cells{"0", "0", "0", "0"}));
  EXPECT_EQ(Ask(measures, R"({"Audio":{"RatioConcealedSamplesAvg":0.04}})"),
            (Cells{"0", "1", "0", "1"}));
  EXPECT_EQ(Ask(measures, R"({"Audio":{"JitterInterArrival":24.999}})"),
            (Cells{"1", "0", "1", "1"}));
}

TEST_F(WhatIf, PercentilesAreNearestRanks) {
  for (int i = 1; i <= 20; ++i) AddLeg(0, {{{Field::kJitter, static_cast<double>(i)}}});
  AddLeg(0, {{}});
  EXPECT_EQ(Ask(Measure("P50 Jitter") + "," + Measure("P90 Jitter") + "," + Measure("P95 Jitter") +
                    "," + Measure("P99 Jitter") + "," + Measure("P50 Round Trip"),
                ""),
            (Cells{"10", "18", "19", "20", "null"}));
  EXPECT_EQ(Ask(Measure("P50 Call Duration") + "," + Measure("Total Stream Duration (Minutes)") +
                    "," + Measure("Total Video Stream Duration (Minutes)"),
                ""),
            (Cells{"660", "231", "0"}));
}

TEST_F(WhatIf, CallsAndUsersAreCountedOnce) {
  AddLeg(0, {{{Field::kJitter, 25}}, {{Field::kJitter, 5}}});
  corpus_.rows.back().Set(Field::kCallerUser, 7);
  corpus_.rows.back().Set(Field::kCalleeUser, 8);
  AddLeg(0, {{{Field::kJitter, 5}}, {}});
  corpus_.rows.back().Set(Field::kCallerUser, 8);
  corpus_.rows.back().Set(Field::kConference, 3);
  AddLeg(1, {{}});
  const std::string measures =
      Measure("Total Call Count") + "," + Measure("Audio Call Count") + "," +
      Measure("Video Call Count") + "," + Measure("VBSS Call Count") + "," +
      Measure("Total User Count") + "," + Measure("First User Count") + "," +
      Measure("Second User Count") + "," + Measure("Total Conference Count");
  EXPECT_EQ(Ask(measures, ""), (Cells{"3", "2", "1", "0", "2", "2", "1", "1"}));
}

TEST_F(WhatIf, TheServicePutsBothBesideEachOther) {
  AddLeg(0, {{{Field::kJitter, 25}}, {{Field::kJitter, 5}}});
  const std::shared_ptr<const Snapshot> snapshot =
      MakeSnapshot(corpus_.rows, corpus_.MakeMapping(), corpus_.zone);
  const SimulatedClock clock(Month(2015, 4).begin());
  QueryService service([&snapshot] { return snapshot; }, {}, clock);
  const std::string body = "{\"Measurements\":[" + Measure("Audio Poor Streams Count") + "]";
  const QueryOutcome outcome =
      service.RunQuery(body + R"(,"whatif":{"Audio":{"JitterInterArrival":20}}})");
  ASSERT_FALSE(outcome.error.has_value()) << outcome.error->ToString();
  const std::string json = outcome.ToJson();
  EXPECT_NE(json.find("\"DataResult\":[[0]]"), std::string::npos) << json;
  EXPECT_NE(json.find("\"WhatIf\":{\"Changed\":[\"Audio.JitterInterArrival\"],\"Thresholds\":"
                      "{\"Audio\":{\"DegradationAvg\":1,"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find("\"DataResult\":[[2]]}"), std::string::npos) << json;
  // An equal question comes from the cache, the one without WhatIf knows nothing of it.
  EXPECT_TRUE(service.RunQuery(body + "}").from_cache);
  EXPECT_FALSE(service.RunQuery(body + "}").what_if.has_value());
  EXPECT_FALSE(service.RunQuery(body + ",\"WhatIf\":null}").what_if.has_value());
}

TEST_F(WhatIf, WrongLimitsNameFieldAndRange) {
  const auto error = [](const std::string& limits) {
    const auto query = ParseCubeQuery("{\"Measurements\":[" + Measure("Audio Streams Count") +
                                      "],\"WhatIf\":" + limits + "}");
    return query.ok() ? Fail(ErrorCode::kNotFound, "no error") : query.error();
  };
  EXPECT_EQ(error(R"({"Audio":{"PacketLossRate":1.5}})").code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error(R"({"Audio":{"PacketLossRate":1.5}})").field, "WhatIf.Audio.PacketLossRate");
  EXPECT_EQ(error(R"({"Audio":{"PacketLossRate":1.5}})").message,
            "WhatIf.Audio.PacketLossRate must be a number from 0 to 1 (ratio)");
  EXPECT_EQ(error(R"({"Audio":{"PacketLossRate":"much"}})").field, "WhatIf.Audio.PacketLossRate");
  EXPECT_EQ(error(R"({"Audio":{"PacketLossRate":-0.1}})").field, "WhatIf.Audio.PacketLossRate");
  EXPECT_EQ(error(R"({"Audio":{"Smell":1}})").field, "WhatIf.Audio.Smell");
  EXPECT_EQ(error(R"({"Fax":{}})").field, "WhatIf.Fax");
  EXPECT_EQ(error(R"({"Audio":7})").field, "WhatIf.Audio");
  EXPECT_EQ(error("7").field, "WhatIf");
  EXPECT_EQ(error("{}").code, ErrorCode::kNotFound);  // all as published
  EXPECT_EQ(error(R"({"Audio":{"RoundTrip":null},"Video":null})").code, ErrorCode::kNotFound);
}

// The place of a reason's bit is part of the tables made of it.
TEST_F(WhatIf, StatesReplaceWhatLimitsDecide) {
  using model::BitOf;
  using model::Fact;
  const model::Facts facts = BitOf(Fact::kAudio) | BitOf(Fact::kGood) | BitOf(Fact::kJpdrGood) |
                             BitOf(Fact::kDueToJitter) | BitOf(Fact::kFirstRated);
  EXPECT_EQ(WithState(facts, 0), BitOf(Fact::kAudio) | BitOf(Fact::kGood) |
                                     BitOf(Fact::kJpdrUnclassified) | BitOf(Fact::kFirstRated));
  EXPECT_EQ(WithState(facts, 2 | 1 << kJpdrShift), BitOf(Fact::kAudio) | BitOf(Fact::kPoor) |
                                                       BitOf(Fact::kJpdrGood) |
                                                       BitOf(Fact::kFirstRated));
}

}  // namespace
}  // namespace cqd::cube
