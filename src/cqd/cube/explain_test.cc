// Promise: an explanation counts what the scan did, and the answer is the same with and without.
#include "cube/explain.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "base/clock.h"
#include "cube/internal/test_corpus.h"
#include "cube/query_extras.h"
#include "cube/query_service.h"
#include "cube/snapshot.h"

namespace cqd::cube {
namespace {

class ExplainTest : public ::testing::Test {
 protected:
  ExplainTest() {
    corpus_.AddLine("stream start_time=2015-03-02T10:00:00Z,count=6");
    corpus_.AddLine("stream start_time=2015-03-02T10:00:00Z,transport=1,count=2");
    corpus_.AddLine("stream start_time=2015-04-02T10:00:00Z,count=4");
    corpus_.Classify();
    // Four segments of three streams.
    snapshot_ = MakeSnapshot(corpus_.rows, corpus_.MakeMapping(), corpus_.zone,
                             {.threads = 1, .segment_rows = 3, .data_version = 7});
  }
  QueryExplanation Explain(std::vector<const char*> dimensions) {
    CubeQuery query = query_;
    for (const char* name : dimensions) query.dimensions.push_back(model::FindAttribute(name));
    query.measures = {model::FindMeasure("[Measures].[Audio Streams Count]")};
    auto explanation = snapshot_->Explain(query, {});
    EXPECT_TRUE(explanation.ok());
    const auto answer = snapshot_->Answer(query, {});
    EXPECT_EQ(explanation->rows, std::ssize(answer->rows));
    return *explanation;
  }
  testing::Corpus corpus_;
  std::shared_ptr<const Snapshot> snapshot_;
  CubeQuery query_;
};

TEST_F(ExplainTest, TotalsAnswerWithoutReadingRows) {
  const QueryExplanation explanation = Explain({"[StartDate].[Year]"});
  EXPECT_EQ(explanation.data_version, 7);
  EXPECT_EQ(explanation.scan.segments, 4);
  EXPECT_EQ(explanation.scan.segments_from_totals, 4);
  EXPECT_EQ(explanation.scan.rows_scanned, 0);
  EXPECT_EQ(explanation.rows, 1);
}

TEST_F(ExplainTest, WindowsSkipSegmentsAndFiltersAreNamed) {
  query_.window = {Month(2015, 3), Month(2015, 3)};
  Filter filter;
  filter.attribute = model::FindAttribute("[StartDate].[Date]");
  filter.operand = Operand::kNotEquals;
  filter.values = {"(Blank)"};
  query_.filters = {filter};
  const QueryExplanation explanation = Explain({});
  EXPECT_EQ(explanation.scan.segments, 4);
  // Two segments of March alone, one of both months, one of April alone.
  EXPECT_EQ(explanation.scan.segments_from_totals, 2);
  EXPECT_EQ(explanation.scan.segments_skipped, 1);
  EXPECT_EQ(explanation.scan.blocks, 1);
  EXPECT_EQ(explanation.scan.rows_scanned, 3);
  EXPECT_EQ(explanation.scan.rows_passed, 2);
  EXPECT_GT(explanation.scan.bytes_touched, 0);
  ASSERT_EQ(explanation.filters.size(), 1U);
  EXPECT_EQ(explanation.filters[0].data_model_name, "[StartDate].[Date]");
  EXPECT_EQ(explanation.filters[0].members, 2);
  EXPECT_EQ(explanation.filters[0].passing, 2);
}

// Promise: streams that no measure counts are left out once the groups they could make are there,
// and only then.
TEST(ExplainMedia, UncountedBlocksAreLeftOutWhenTheyCanAddNoGroup) {
  testing::Corpus corpus;
  corpus.AddLine("stream start_time=2015-03-02T10:00:00Z,media_label=0,transport=0,count=16384");
  corpus.AddLine("stream start_time=2015-03-02T10:00:00Z,media_label=1,transport=0,count=8192");
  corpus.AddLine("stream start_time=2015-03-03T10:00:00Z,media_label=1,transport=1,count=8191");
  corpus.AddLine("stream start_time=2015-03-03T10:00:00Z,media_label=1,transport=9");
  corpus.Classify();
  const auto snapshot = MakeSnapshot(corpus.rows, corpus.MakeMapping(), corpus.zone,
                                     {.threads = 1, .segment_rows = 32'768, .data_version = 1});
  const auto ask = [&](const char* dimension) {
    CubeQuery query;
    query.dimensions = {model::FindAttribute(dimension)};
    query.measures = {model::FindMeasure("[Measures].[Audio Streams Count]")};
    Filter filter;
    filter.attribute = model::FindAttribute("[Transport].[Transport]");
    filter.operand = Operand::kNotEquals;
    filter.values = {"Unrecognized"};
    query.filters = {filter};
    return std::pair(*snapshot->Explain(query, {}), *snapshot->Answer(query, {}));
  };
  const auto [month, by_month] = ask("[StartDate].[Month]");
  EXPECT_EQ(month.scan.blocks, 4);
  EXPECT_EQ(month.scan.blocks_skipped, 2);
  EXPECT_EQ(month.scan.rows_scanned, 16'384);
  ASSERT_EQ(by_month.rows.size(), 1U);
  EXPECT_EQ(by_month.rows[0].cells[0].integer, 16'384);
  // The second day has no audio, but it has streams.
  const auto [date, by_date] = ask("[StartDate].[Date]");
  EXPECT_LT(date.scan.blocks_skipped, 2);
  ASSERT_EQ(by_date.rows.size(), 2U);
  EXPECT_EQ(by_date.rows[0].cells[0].integer, 16'384);
  EXPECT_EQ(by_date.rows[1].cells[0].integer, 0);
}

TEST_F(ExplainTest, StandsInTheAnswerOnRequest) {
  const SystemClock clock;
  QueryService service([this] { return snapshot_; }, {}, clock);
  const std::string query =
      R"("Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})";
  const auto with =
      boost::json::parse(service.RunQuery("{\"Explain\":true," + query, nullptr).ToJson());
  const auto& explain = with.at("Explain");
  EXPECT_EQ(explain.at("DataVersion").as_int64(), 7);
  EXPECT_EQ(explain.at("Choice").as_string(), "totals");
  EXPECT_EQ(explain.at("Segments").at("All").as_int64(), 4);
  EXPECT_EQ(explain.at("Rows").as_int64(), 1);
  const auto without = boost::json::parse(service.RunQuery("{" + query, nullptr).ToJson());
  EXPECT_FALSE(without.as_object().contains("Explain"));
  EXPECT_EQ(without.at("DataResult"), with.at("DataResult"));
  const QueryOutcome bad = service.RunQuery("{\"Explain\":\"perhaps\"," + query, nullptr);
  ASSERT_TRUE(bad.error.has_value());
  EXPECT_EQ(bad.error->code, ErrorCode::kInvalidArgument);
}

TEST(WithExplain, AsksForItWhateverTheTextLooksLike) {
  for (const char* body : {"{}", "{Measurements: [], }", "\xEF\xBB\xBF// { \n{\"explain\": false}",
                           "{\"EXPLAIN\": 0, \"Explain\": \"false\"} /* } */"}) {
    const Result<std::string> asking = WithExplain(body);
    ASSERT_TRUE(asking.ok()) << body;
    const Result<QueryExtras> extras = ParseQueryExtras(*asking);
    ASSERT_TRUE(extras.ok()) << *asking;
    EXPECT_TRUE(extras->explain) << *asking;
  }
  EXPECT_EQ(*WithExplain("{\"Trend\": null, \"explain\": null}"),
            "{\"Trend\":null,\"Explain\":true}");
  EXPECT_EQ(WithExplain("[]").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cqd::cube
