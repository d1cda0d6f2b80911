// Promise: a funnel counts what each step leaves, the same on every executor, and an empty answer
// names the step and the reason: each staged cause by its own name.
#include "cube/funnel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/clock.h"
#include "cube/internal/test_executors.h"
#include "cube/internal/test_snapshot.h"
#include "cube/query_service.h"

namespace cqd::cube {
namespace {

using testing::Corpus;
using testing::TestSnapshot;

constexpr const char* kStreams = "[Measures].[Audio Streams Count]";
constexpr const char* kBuilding = "[Second Building].[Building Name]";

/// Two buildings with networks, one without; audio in January and March, video in March.
std::unique_ptr<Corpus> MakeCorpus() {
  auto corpus = std::make_unique<Corpus>();
  for (const char* line : {
           "building key=0,name=Unknown",
           "building key=1,name=North,inside_corp=1",
           "building key=2,name=South",
           "building key=3,name=Attic",
           "building key=4,name=Harbour",
           "network address=10.1.0.0,prefix_bits=16,building_key=1",
           "network address=10.2.0.0,prefix_bits=16,building_key=2",
           "network address=10.4.0.0,prefix_bits=16,building_key=4",
           "stream start_time=2015-01-10T10:00:00Z,caller_user_agent=OC/6.0|4,callee_user_agent="
           "OC/6.0|4,callee_subnet=10.1.3.0,codec=SILK,jitter_ms=12,count=5",
           "stream start_time=2015-03-02T10:00:00Z,caller_user_agent=OC/6.0|4,callee_user_agent="
           "OC/6.0|4,callee_subnet=10.2.3.0,codec=G722,jitter_ms=40,count=3",
           "stream start_time=2015-03-03T10:00:00Z,media_label=1,caller_user_agent=OC/6.0|4,"
           "callee_user_agent=OC/6.0|4,callee_subnet=10.2.3.0,codec=H264,count=2",
       }) {
    corpus->AddLine(line);
  }
  corpus->Classify();
  return corpus;
}

Filter On(const char* attribute, Operand operand, std::vector<std::string> values,
          std::string group = "") {
  const model::Attribute* found = model::FindAttribute(attribute);
  EXPECT_NE(found, nullptr) << attribute;
  return {found, operand, std::move(values), std::move(group)};
}

CubeQuery Ask(std::vector<Filter> filters) {
  CubeQuery query;
  query.measures = {model::FindMeasure(kStreams)};
  query.filters = std::move(filters);
  return query;
}

class FunnelTest : public ::testing::Test {
 protected:
  FunnelTest()
      : corpus_(MakeCorpus()),
        snapshot_(MakeSnapshot(corpus_->rows, corpus_->MakeMapping(), corpus_->zone)) {}

  Funnel Run(const CubeQuery& query) {
    const ResultTable table = Finish(query, *snapshot_->Run(query, {}));
    auto funnel = MakeFunnel(snapshot_.get(), query, &table, {10, 0}, {});
    EXPECT_TRUE(funnel.ok()) << funnel.error().message;
    return *funnel;
  }
  EmptyReason Why(const CubeQuery& query) {
    const Funnel funnel = Run(query);
    if (!funnel.empty) {
      ADD_FAILURE() << "not empty: " << FunnelJson(funnel);
      return {};
    }
    return *funnel.empty;
  }

  std::unique_ptr<Corpus> corpus_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(FunnelTest, CountsWhatEachStepLeaves) {
  CubeQuery query = Ask({On("[Codec].[Payload Description]", Operand::kNotEquals, {"H264"}),
                         On(kBuilding, Operand::kEquals, {"North"}, "u"),
                         On(kBuilding, Operand::kEquals, {"South"}, "u")});
  query.window = MonthWindow{Month(2015, 2), Month(2015, 3)};
  const Funnel funnel = Run(query);
  EXPECT_EQ(funnel.loaded, 10);
  ASSERT_EQ(funnel.steps.size(), 3U);
  EXPECT_EQ(funnel.steps[0].before, 10);
  EXPECT_EQ(funnel.steps[0].left, 5);
  EXPECT_EQ(funnel.steps[1].before, 5);
  EXPECT_EQ(funnel.steps[1].left, 3);
  EXPECT_EQ(funnel.steps[1].alone, 8);
  EXPECT_EQ(funnel.steps[2].left, 3);
  EXPECT_EQ(funnel.steps[2].alone, 10);
  EXPECT_EQ(funnel.steps[2].conditions.size(), 2U);
  EXPECT_EQ(funnel.left, 3);
  EXPECT_FALSE(funnel.empty);
}

// The counts are those of the oracle, for every prefix of the steps.
TEST_F(FunnelTest, AgreesWithTheReferenceExecutor) {
  const ReferenceExecutor reference(corpus_->rows, corpus_->MakeMapping(), corpus_->zone);
  const TestSnapshot snapshot(
      1, [&](const CubeQuery& q, const QueryLimits& l) { return reference.Run(q, l); });
  for (const std::vector<Filter>& filters :
       {std::vector<Filter>{On(kBuilding, Operand::kEquals, {"South"}),
                            On("[Codec].[Payload Description]", Operand::kContains, {"G7"})},
        std::vector<Filter>{On("[Codec].[Payload Description]", Operand::kEquals, {"SILK"}),
                            On(kBuilding, Operand::kEquals, {"South"})}}) {
    const CubeQuery query = Ask(filters);
    const auto mine = MakeFunnel(snapshot_.get(), query, nullptr, {}, {});
    const auto oracle = MakeFunnel(&snapshot, query, nullptr, {}, {});
    EXPECT_EQ(FunnelJson(*mine), FunnelJson(*oracle));
  }
}

struct Staged {
  EmptyCause cause;
  std::vector<Filter> filters;
  std::optional<MonthWindow> window;
  std::optional<std::size_t> step;
};

TEST_F(FunnelTest, StagedCausesAreNamed) {
  const MonthWindow march{Month(2015, 3), Month(2015, 3)};
  const char* const codec = "[Codec].[Payload Description]";
  const std::vector<Staged> stage = {
      {EmptyCause::kBeforeData, {}, MonthWindow{Month(2014, 1), Month(2014, 12)}, 0},
      {EmptyCause::kAfterData, {}, MonthWindow{Month(2016, 1), Month(2016, 3)}, 0},
      {EmptyCause::kGapInData, {}, MonthWindow{Month(2015, 2), Month(2015, 2)}, 0},
      {EmptyCause::kGapInData, {On("[StartDate].[Month]", Operand::kEquals, {"2015-2"})}, {}, 0},
      {EmptyCause::kAfterData, {On("[StartDate].[Month]", Operand::kEquals, {"2019-2"})}, {}, 0},
      {EmptyCause::kUnknownMember, {On(kBuilding, Operand::kEquals, {"Nort"})}, {}, 0},
      {EmptyCause::kCaptionNotKey,
       {On("[StreamType].[StreamType]", Operand::kEquals, {"Valid"})},
       {},
       0},
      {EmptyCause::kMemberWithoutStreams, {On(kBuilding, Operand::kEquals, {"harbour"})}, {}, 0},
      {EmptyCause::kMemberWithoutStreams,
       {On("[StreamType].[StreamType]", Operand::kEquals, {"True"})},
       {},
       0},
      {EmptyCause::kBuildingWithoutNetwork, {On(kBuilding, Operand::kEquals, {"Attic"})}, {}, 0},
      {EmptyCause::kNoBlank, {On(codec, Operand::kEquals, {"(Blank)"})}, {}, 0},
      {EmptyCause::kNoMatch, {On(codec, Operand::kContains, {"opus"})}, {}, 0},
      {EmptyCause::kNoMatch, {On(codec, Operand::kBeginsWith, {"XX"})}, {}, 0},
      {EmptyCause::kOutOfRange, {On("[StartDate].[Month]", Operand::kGreater, {"2015-3"})}, {}, 0},
      {EmptyCause::kExcludesAll, {On(codec, Operand::kNotEquals, {"SILK", "G722", "H264"})}, {}, 0},
      {EmptyCause::kNotInWindow, {On(codec, Operand::kEquals, {"SILK"})}, march, 1},
      {EmptyCause::kCombination,
       {On(codec, Operand::kEquals, {"SILK"}), On(kBuilding, Operand::kEquals, {"South"})},
       {},
       1},
      {EmptyCause::kNothingMeasured, {On(codec, Operand::kEquals, {"H264"})}, {}, std::nullopt},
  };
  for (const Staged& staged : stage) {
    CubeQuery query = Ask(staged.filters);
    query.window = staged.window;
    const EmptyReason why = Why(query);
    EXPECT_EQ(EmptyCauseName(why.cause), EmptyCauseName(staged.cause)) << why.message;
    EXPECT_EQ(why.step, staged.step) << EmptyCauseName(staged.cause);
    EXPECT_FALSE(why.message.empty());
  }
}

// A dead filter behind an earlier one is named, not the one that came last.
TEST_F(FunnelTest, TheStepThatLeavesNothingByItselfIsNamed) {
  const EmptyReason why = Why(Ask({On("[Codec].[Payload Description]", Operand::kEquals, {"SILK"}),
                                   On(kBuilding, Operand::kEquals, {"South"}),
                                   On(kBuilding, Operand::kEquals, {"Nowhere"})}));
  EXPECT_EQ(why.cause, EmptyCause::kUnknownMember);
  EXPECT_EQ(why.step, 2U);
}

TEST_F(FunnelTest, UnknownValuesComeWithNearNames) {
  const Funnel funnel = Run(Ask({On(kBuilding, Operand::kEquals, {"Nort", "South"})}));
  const FunnelCondition& condition = funnel.steps[0].conditions[0];
  EXPECT_EQ(condition.members_passing, 1);
  ASSERT_EQ(condition.unknown.size(), 1U);
  EXPECT_EQ(condition.unknown[0].value, "Nort");
  ASSERT_FALSE(condition.unknown[0].near.empty());
  EXPECT_EQ(condition.unknown[0].near[0].key, "North");
}

TEST_F(FunnelTest, WithoutStreamsTheArchiveExplains) {
  const CubeQuery query = Ask({});
  const std::vector<model::StreamRow> none;
  const auto empty = MakeSnapshot(none, corpus_->MakeMapping(), corpus_->zone);
  for (const Snapshot* snapshot : {static_cast<const Snapshot*>(nullptr), empty.get()}) {
    EXPECT_EQ(MakeFunnel(snapshot, query, nullptr, {7, 3}, {})->empty->cause,
              EmptyCause::kNotProcessed);
    EXPECT_EQ(MakeFunnel(snapshot, query, nullptr, {0, 3}, {})->empty->cause,
              EmptyCause::kAllQuarantined);
    EXPECT_EQ(MakeFunnel(snapshot, query, nullptr, {0, 0}, {})->empty->cause,
              EmptyCause::kNothingArchived);
  }
}

TEST_F(FunnelTest, TheServiceAddsItOnRequestOnly) {
  const SystemClock clock;
  QueryService service([this] { return snapshot_; },
                       {.archive_counts =
                            [] {
                              return ArchiveCounts{10, 2};
                            }},
                       clock);
  const std::string body =
      R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}],)"
      R"("Filters":[{"DataModelName":"[Second Building].[Building Name]","Value":"[Nort]"}])";
  EXPECT_EQ(service.RunQuery(body + "}").ToJson().find("Funnel"), std::string::npos);
  const auto answer = boost::json::parse(service.RunQuery(body + ",\"funnel\":\"true\"}").ToJson());
  EXPECT_EQ(answer.at("ErrorType").as_int64(), 0);
  const auto& funnel = answer.at("Funnel");
  EXPECT_EQ(funnel.at("Quarantined").as_int64(), 2);
  EXPECT_EQ(funnel.at("Empty").at("Cause").as_string(), "UnknownMember");
  EXPECT_EQ(funnel.at("Steps")
                .at(0)
                .at("Conditions")
                .at(0)
                .at("Unknown")
                .at(0)
                .at("Near")
                .at(0)
                .at(0)
                .as_string(),
            "[North]");
  EXPECT_EQ(service.RunQuery(body + ",\"Funnel\":[]}").error_type, ErrorType::kInvalidQuery);

  QueryService none([] { return nullptr; }, {}, clock);
  const auto unavailable = boost::json::parse(none.RunQuery(body + ",\"Funnel\":true}").ToJson());
  EXPECT_EQ(unavailable.at("ErrorType").as_int64(), 3);
  EXPECT_EQ(unavailable.at("Funnel").at("Empty").at("Cause").as_string(), "NothingArchived");
}

}  // namespace
}  // namespace cqd::cube
