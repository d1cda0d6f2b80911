#include "server/internal/explain_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cqd::server {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string TextOf(std::string_view json) {
  return ExplainText(boost::json::parse(json).as_object());
}

TEST(ExplainText, SaysWhatWasTouched) {
  const std::string text = TextOf(
      R"({"DataVersion":3,"Choice":"scan","Segments":{"All":80,"Skipped":70,"FromMembers":0,
          "FromTotals":1,"Scanned":9},"Blocks":{"All":288,"Skipped":0},"StreamsScanned":2345678,
          "StreamsPassed":9999,"BytesTouched":23456780,
          "Filters":[{"DataModelName":"[First Inside].[Inside]","Members":3,"Passing":1,
          "UnionGroup":""},{"DataModelName":"[Second Inside].[Inside]","Members":3,"Passing":2,
          "UnionGroup":"a"}],
          "Dimensions":[{"DataModelName":"[StartDate].[Month]","Members":7}],
          "Groups":"array","Classes":4,"Rows":7,"Threads":2,"PlanMicroseconds":120,
          "ScanMicroseconds":3400,"CollectMicroseconds":5})");
  EXPECT_THAT(text, HasSubstr("answered by  scan: rows were read\n"));
  EXPECT_THAT(text, HasSubstr("segments     80: 70 skipped, 1 from totals, 9 scanned\n"));
  EXPECT_THAT(text, HasSubstr("blocks       288\n"));
  EXPECT_THAT(text, HasSubstr("2,345,678\n"));
  EXPECT_THAT(text, HasSubstr("streams passed 9999\n"));
  EXPECT_THAT(text, HasSubstr("bytes touched 23,456,780\n"));
  EXPECT_THAT(text, HasSubstr("filter       [First Inside].[Inside]: 1 of 3 members pass\n"));
  EXPECT_THAT(text, HasSubstr("2 of 3 members pass (one of the group a)\n"));
  EXPECT_THAT(text, HasSubstr("dimension    [StartDate].[Month]: 7 members\n"));
  EXPECT_THAT(text, HasSubstr("time         plan 0.12 ms, scan 3.40 ms, collect 0.01 ms\n"));
}

TEST(ExplainText, ShowsWhatANewerServerTells) {
  const std::string text =
      TextOf(R"({"Choice":"crystal","Segments":{"All":5,"FromCrystal":5},"CrystalFacets":12345})");
  EXPECT_THAT(text, HasSubstr("answered by  crystal\n"));
  EXPECT_THAT(text, HasSubstr("5: 5 from crystal\n"));
  EXPECT_THAT(text, HasSubstr("crystal facets 12,345\n"));
  EXPECT_THAT(text, Not(HasSubstr("time")));
}

TEST(ExplainText, NothingGivesNothing) {
  EXPECT_EQ(TextOf("{}"), "");
  EXPECT_THAT(TextOf(R"({"Error":"no"})"), HasSubstr("no"));
}

}  // namespace
}  // namespace cqd::server
