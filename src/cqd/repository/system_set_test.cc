// Promise: the system set is the published one, in the published stored JSON.
#include "repository/system_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <set>

#include "repository/item.h"
#include "repository/template_file.h"

namespace cqd::repository {
namespace {

namespace json = boost::json;
using testing::ElementsAre;

std::vector<std::string> Keys(const json::value& object) {
  std::vector<std::string> keys;
  for (const auto& member : object.as_object()) keys.emplace_back(member.key());
  return keys;
}

// Titles: reference/cube-model.md 5. "Other" has a name of ours.
TEST(SystemSet, HasEveryPublishedReport) {
  std::set<std::string> titles;
  for (const SystemItem& item : SystemItems()) titles.insert(TitleOf(item.content));
  for (const char* title :
       {"All Audio Streams", "Audio Streams Monthly Trend",
        "User-reported Call Quality Rating Histogram", "Managed vs Unmanaged Audio Streams",
        "Managed Audio Streams Monthly Trend", "Unmanaged Audio Streams Monthly Trend",
        "Server-Server", "Server-Wired-Inside", "Wired-Wired-Inside", "Server-WiFi-Inside",
        "Server-Wired-Outside", "Server-Wifi-Outside", "Wired-Wired-Outside-Direct",
        "Wired-Wired-Outside-Relay", "Wired-Wired-Outside-Other", "Other Unmanaged Calls"}) {
    EXPECT_TRUE(titles.contains(title)) << title;
  }
}

TEST(SystemSet, ReportSetsAndReportsTakeTurns) {
  std::map<std::string, bool> is_report;
  std::map<std::string, int> sets_below;
  for (const SystemItem& item : SystemItems()) {
    const bool report = IsReport(item.content);
    EXPECT_TRUE(is_report.emplace(item.key, report).second) << item.key;
    if (item.parent.empty()) {
      EXPECT_EQ(is_report.size(), 1U) << "one root, and it is first";
      EXPECT_FALSE(report);
      continue;
    }
    ASSERT_TRUE(is_report.contains(item.parent)) << "parents first: " << item.key;
    EXPECT_NE(report, is_report[item.parent]) << item.key;
    if (!report) {
      EXPECT_EQ(++sets_below[item.parent], 1) << item.parent;
    }
  }
}

TEST(SystemSet, ContentsHaveThePublishedShape) {
  for (const SystemItem& item : SystemItems()) {
    ASSERT_TRUE(CheckNewItem({item.content, std::string(kJsonType)}).ok()) << item.key;
    const json::value content = json::parse(item.content);
    EXPECT_FALSE(content.at("Description").as_string().empty()) << item.key;
    if (!IsReport(item.content)) {
      EXPECT_THAT(Keys(content), ElementsAre("Title", "Description", "MaxCalls", "MaxPercentage"));
      EXPECT_EQ(content.at("MaxCalls").as_string(), "Auto");
      continue;
    }
    EXPECT_THAT(Keys(content), ElementsAre("Title", "Description", "Presentation", "Query"));
    const json::value& query = content.at("Query");
    const json::value& look = content.at("Presentation");
    EXPECT_THAT(Keys(query), ElementsAre("Filters", "Dimensions", "Measurements", "Trend"));
    for (const auto& [shown, asked] :
         {std::pair("dimensions", "Dimensions"), std::pair("measurements", "Measurements")}) {
      const json::array& names = query.at(asked).as_array();
      ASSERT_FALSE(names.empty()) << item.key;
      ASSERT_EQ(look.at(shown).as_array().size(), names.size()) << item.key;
      for (std::size_t i = 0; i < names.size(); ++i) {
        EXPECT_EQ(look.at(shown).at(i).at("DataModelName"), names[i].at("DataModelName"));
      }
    }
    for (const json::value& filter : query.at("Filters").as_array()) {
      EXPECT_THAT(Keys(filter),
                  ElementsAre("DataModelName", "Caption", "Value", "Operand", "UnionGroup"));
      EXPECT_LE(filter.at("Operand").as_int64(), 1) << "codes that stored reports have";
    }
    const bool table = look.at("presentationPlugin").as_string() == "dataTable";
    EXPECT_EQ(look.at("height").as_int64(), table ? 460 : 390);
    EXPECT_EQ(look.at("chartProperties").at("yaxes").as_array().size(), 2U);
    if (look.at("sparklineEnable").as_bool()) {
      EXPECT_TRUE(query.at("Trend").at("EnableTrend").as_bool());
      EXPECT_EQ(query.at("Dimensions").as_array().back().at("DataModelName").as_string(),
                "[StartDate].[Month]");
    }
  }
}

}  // namespace
}  // namespace cqd::repository
