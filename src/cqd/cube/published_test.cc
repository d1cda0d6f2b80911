// Promises: the bodies of the published pages and of known clients are understood, the published
// structure and member list come out, and what is wrong is refused with the field's name.
// Sections are those of reference/cube-model.md.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "cube/members.h"
#include "cube/query.h"
#include "cube/structure.h"

namespace cqd::cube {
namespace {

CubeQuery Parsed(const std::string& body) {
  const Result<CubeQuery> query = ParseCubeQuery(body);
  EXPECT_TRUE(query.ok()) << body << "\n" << (query.ok() ? "" : query.error().ToString());
  return query.ok() ? *query : CubeQuery{};
}

std::string Name(const std::string& name) {
  return "{\"DataModelName\":\"" + name + "\"}";
}
const std::string kCount = "\"Measurements\":[" + Name("[Measures].[Audio Streams Count]") + "]";

// 4, 4.4: the sample of the Run Query page: the trend replaces the month filter.
TEST(PublishedQueries, RunQueryPage) {
  const CubeQuery query = Parsed(R"({
    "Filters": [{ "DataModelName": "[StartDate].[Month]", "Caption": "July 2013",
                  "Value": "[2015-03-01T00:00:00]", "Operand": 0, "UnionGroup": "" }],
    "Dimensions": [{ "DataModelName": "[StartDate].[Month]" }],
    "Measurements": [{ "DataModelName": "[Measures].[Audio Good Streams Count]" },
                     { "DataModelName": "[Measures].[Audio UnClassified Streams Count]" },
                     { "DataModelName": "[Measures].[Audio Poor Streams Count]" },
                     { "DataModelName": "[Measures].[AudioPoorPercentage]" }],
    "Trend": { "EnableTrend": true, "SpanCount": 7, "TrendDate": "2015-3", "Type": 0 } })");
  ASSERT_EQ(query.dimensions.size(), 1U);
  EXPECT_EQ(query.dimensions[0]->data_model_name, "[StartDate].[Month]");
  ASSERT_EQ(query.measures.size(), 4U);
  EXPECT_EQ(query.measures[3]->data_model_name, "[Measures].[AudioPoorPercentage]");
  EXPECT_TRUE(query.filters.empty());
  EXPECT_EQ(query.window, (MonthWindow{Month(2014, 9), Month(2015, 3)}));
  EXPECT_FALSE(query.row_limit.has_value());
}

// 6 row 1, first example: no Caption, no UnionGroup, no Trend.
TEST(PublishedQueries, FirstDevelopmentSample) {
  const CubeQuery query = Parsed(
      R"({"Dimensions":[{"DataModelName":"[StartDate].[Month]"}],)"
      R"("Filters":[{"DataModelName":"[StartDate].[Month]","Value":"[2015-02-01T00:00:00]","Operand":0}],)"
      R"("Measurements":[{"DataModelName":"[Measures].[Audio Good Streams JPDR Count]"},)"
      R"({"DataModelName":"[Measures].[Audio Poor Streams JPDR Count]"}]})");
  ASSERT_EQ(query.filters.size(), 1U);
  EXPECT_EQ(query.filters[0].values, std::vector<std::string>{"2015-02-01T00:00:00"});
  EXPECT_FALSE(query.window.has_value());
  EXPECT_EQ(query.measures.size(), 2U);
}

// 6 row 1, third example: the scorecard's filters, bare month, span 6.
TEST(PublishedQueries, ScorecardSample) {
  const std::vector<std::string> filters = {
      R"({"DataModelName":"[Scenarios].[ScenarioPair]","Value":"[1]&[0]&[1]&[0]&[Wired]&[Wifi]","Operand":0})",
      R"({"DataModelName":"[Scenarios].[ScenarioPair]","Caption":" Server-Inside-wired","Value":"[1]&amp;[0]&amp;[1]&amp;[0]&amp;[Wired]&amp;[Wifi]","Operand":0})",
      R"({"DataModelName":"[StreamType].[StreamType]","Caption":"Valid","Value":"[False]","Operand":0,"UnionGroup":""})",
      R"({"DataModelName":"[First Is Server].[Agent]","Caption":"Server","Value":"[1]","Operand":0})",
      R"({"DataModelName":"[Second Is Server].[Agent]","Caption":"Client ","Value":"[0]","Operand":0})",
      R"({"DataModelName":"[Second User Agent].[User Agent Type]","Caption":"AndroidLync | iPhoneLync","Value":"[AndroidLync],[iPhoneLync],[WPLync]","Operand":0})",
      R"({"DataModelName":"[Second Network Connection Type].[Network Connection Detail]","Value":"[MobileBB]","Operand":0})"};
  for (const std::string& filter : filters) {
    const CubeQuery query = Parsed(
        R"({"Dimensions":[{"DataModelName":"[StartDate].[Month]"}],"Filters":[)" + filter +
        R"(,{"DataModelName":"[StartDate].[Month]","Value":"2015-3","Operand":0}],)"
        R"("Measurements":[{"DataModelName":"[Measures].[AudioPoorJPDRPercentage]"}],)"
        R"("Trend":{"EnableTrend":true,"SpanCount":6,"TrendDate":"2015-03","Type":0,"Sparkline":false}})");
    EXPECT_EQ(query.filters.size(), 1U) << filter;
    EXPECT_EQ(query.window, (MonthWindow{Month(2014, 10), Month(2015, 3)}));
  }
  const CubeQuery list = Parsed("{\"Filters\":[" + filters[5] + "]," + kCount + "}");
  EXPECT_EQ(list.filters[0].values,
            (std::vector<std::string>{"AndroidLync", "iPhoneLync", "WPLync"}));
}

// 4.5, 6: clients of the later service: other names, trailing commas, an unquoted key.
TEST(PublishedQueries, LaterClients) {
  const CubeQuery query = Parsed(
      R"({"Filters":[{"DataModelName":"[AllStreams].[Date]","Caption":"NA","Value":"[2020-11-09],[2020-11-10],","Operand":0,"UnionGroup":""},)"
      R"({"DataModelName":"[AllStreams].[First UPN]","Value":"a@b.example","Operand":0,"UnionGroup":"user"},],)"
      R"("Dimensions":[{"DataModelName":"[AllStreams].[Date]"},],)"
      R"("Measurements":[{"DataModelName":"[Measures].[Audio Poor Percentage]"},],)"
      R"(LimitResultRowsCount:200000,"Parameters":{"UserAgent":"x"},})");
  EXPECT_EQ(query.filters.at(0).values.size(), 2U);
  EXPECT_EQ(query.filters.at(1).union_group, "user");
  EXPECT_EQ(query.row_limit, 200'000);
}

// 4.4: the switched-off trend of a stored report keeps stale values.
TEST(PublishedQueries, TrendOffIsIgnored) {
  const CubeQuery query =
      Parsed("{" + kCount +
             R"(,"Filters":[{"DataModelName":"[StartDate].[Month]","Value":"2015-3","Operand":0}],)"
             R"("Trend":{"EnableTrend":false,"SpanCount":0,"TrendDate":"","Type":9}})");
  EXPECT_FALSE(query.window.has_value());
  EXPECT_EQ(query.filters.size(), 1U);
}

// 4.4, 2.3: every spelling of the month of the start gives way to the trend, other dates do not.
TEST(PublishedQueries, TrendReplacesMonthsOnly) {
  const CubeQuery query = Parsed(
      "{" + kCount +
      R"(,"Filters":[{"DataModelName":"[AllStreams].[Month Year]","Value":"[2018-05]","Operand":0},)"
      R"({"DataModelName":"[AllStreams].[Full Month]","Value":"[2018-05-01T00:00:00]","Operand":0},)"
      R"({"DataModelName":"[StartDate].[Day Of Week]","Value":"[Friday]","Operand":0},)"
      R"({"DataModelName":"[StartDate].[Date]","Value":"[2018-05-04]","Operand":0}],)"
      R"("Trend":{"EnableTrend":"true","SpanCount":"1","TrendDate":"2018-5"}})");
  EXPECT_EQ(query.filters.size(), 2U);
  EXPECT_EQ(query.window, (MonthWindow{Month(2018, 5), Month(2018, 5)}));
}

struct Wrong {
  std::string body;
  std::string field;
  ErrorCode code = ErrorCode::kInvalidArgument;
};

TEST(ParseCubeQuery, NamesTheField) {
  const auto filter = [](const std::string& inner) {
    return "{" + kCount + ",\"Filters\":[{\"DataModelName\":\"[Second Is Server].[Agent]\"," +
           inner + "}]}";
  };
  const auto trend = [](const std::string& inner) {
    return "{" + kCount + ",\"Trend\":{\"EnableTrend\":true," + inner + "}}";
  };
  const std::vector<Wrong> cases = {
      {"{}", "Measurements"},
      {R"({"Measurements":[]})", "Measurements"},
      {R"({"Measurements":{}})", "Measurements"},
      {R"({"Measurements":["x"]})", "Measurements[0]"},
      {R"({"Measurements":[{}]})", "Measurements[0].DataModelName"},
      {R"({"Measurements":[{"DataModelName":[1]}]})", "Measurements[0].DataModelName"},
      {"{\"Measurements\":[" + Name("[Measures].[Nonsense]") + "]}",
       "Measurements[0].DataModelName"},
      {"{\"Measurements\":[" + Name("[StartDate].[Month]") + "]}", "Measurements[0].DataModelName"},
      {"{" + kCount + ",\"Dimensions\":[" + Name("[StartDate].[Monht]") + "]}",
       "Dimensions[0].DataModelName"},
      {"{" + kCount + ",\"Dimensions\":3}", "Dimensions"},
      {"{" + kCount + ",\"Filters\":\"x\"}", "Filters"},
      {filter(R"("Value":"[1]","Operand":10)"), "Filters[0].Operand"},
      {filter(R"("Value":"[1]","Operand":-1)"), "Filters[0].Operand"},
      {filter(R"("Value":"[1]","Operand":"equals")"), "Filters[0].Operand"},
      {filter(R"("Value":"","Operand":0)"), "Filters[0].Value"},
      {filter(R"("Operand":0)"), "Filters[0].Value"},
      {filter(R"("Value":["1"],"Operand":0)"), "Filters[0].Value"},
      {filter(R"("Value":"[1]","UnionGroup":{})"), "Filters[0].UnionGroup"},
      {"{" + kCount + R"(,"Filters":[{"DataModelName":"[StartDate].[Month]","Value":"2015-13"}]})",
       "Filters[0].Value"},
      {trend(R"("SpanCount":7,"TrendDate":"2015-3","Type":1)"), "Trend.Type"},
      {trend(R"("SpanCount":0,"TrendDate":"2015-3")"), "Trend.SpanCount"},
      {trend(R"("SpanCount":99999999999,"TrendDate":"2015-3")"), "Trend.SpanCount"},
      {trend(R"("TrendDate":"2015-3")"), "Trend.SpanCount"},
      {trend(R"("SpanCount":7,"TrendDate":"March")"), "Trend.TrendDate"},
      {trend(R"("SpanCount":7)"), "Trend.TrendDate"},
      {"{" + kCount + ",\"Trend\":[]}", "Trend"},
      {"{" + kCount + R"(,"Trend":{"EnableTrend":"maybe"}})", "Trend.EnableTrend"},
      {"{" + kCount + ",\"LimitResultRowsCount\":0}", "LimitResultRowsCount"},
      {"{" + kCount + ",\"OrderBy\":\"[Measures].[Audio Streams Count]\"}", "OrderBy"},
      {"{" + kCount + ",\"OrderBy\":{}}", "OrderBy.DataModelName"},
      {"{" + kCount + R"(,"OrderBy":{"DataModelName":"[Measures].[None]"}})",
       "OrderBy.DataModelName"},
      {"{" + kCount + R"(,"OrderBy":{"DataModelName":"[Measures].[Avg Jitter]"}})",
       "OrderBy.DataModelName"},
      {"{" + kCount + R"(,"OrderBy":{"DataModelName":"[Measures].[Audio Streams Count]",)" +
           R"("Descending":"maybe"}})",
       "OrderBy.Descending"},
      {"{" + kCount + ",\"LimitResultRowsCount\":\"many\"}", "LimitResultRowsCount"},
  };
  for (const Wrong& wrong : cases) {
    const Result<CubeQuery> query = ParseCubeQuery(wrong.body);
    ASSERT_FALSE(query.ok()) << wrong.body;
    EXPECT_EQ(query.error().code, wrong.code) << wrong.body;
    EXPECT_EQ(query.error().field, wrong.field) << wrong.body;
  }
}

TEST(ParseCubeQuery, SuggestsNearNames) {
  const auto query =
      ParseCubeQuery("{" + kCount + ",\"Dimensions\":[" + Name("[StartDate].[Monht]") + "]}");
  ASSERT_FALSE(query.ok());
  EXPECT_NE(query.error().message.find("[StartDate].[Month]"), std::string::npos)
      << query.error().message;
}

TEST(ParseCubeQuery, Limits) {
  std::string many = "{" + kCount + ",\"Dimensions\":[";
  for (int i = 0; i < 33; ++i) many += Name("[StartDate].[Month]") + ",";
  EXPECT_EQ(ParseCubeQuery(many + "]}").error().code, ErrorCode::kResourceExhausted);
  std::string filters = "{" + kCount + ",\"Filters\":[";
  for (int i = 0; i < 1001; ++i) filters += "{},";
  EXPECT_EQ(ParseCubeQuery(filters + "]}").error().code, ErrorCode::kResourceExhausted);
}

// 2.1, 4.6: the sample of the Get Dimension Members page.
TEST(PublishedMembers, Months) {
  const auto request = ParseMembersRequest(
      R"({"ByPassCache":false,"DataModelName":"[StartDate].[Month]","SearchCaption":"",)"
      R"("SearchValue":"","PageNumber":0,"PageSize":8000})");
  ASSERT_TRUE(request.ok());
  const auto all = AllMembers(*request->attribute, nullptr, {});
  ASSERT_TRUE(all.ok());
  const MembersPage page = SelectMembers(*all, *request);
  EXPECT_EQ(page.members_count, 493);
  const std::string json = WriteMembersJson(page);
  EXPECT_TRUE(json.starts_with(
      R"({"MembersCount":493,"Members":[["[1990-01-01T00:00:00]","January 1990"],["[1990-02-01T00:00:00]","February 1990"],)"));
  EXPECT_TRUE(json.ends_with(R"(,["[2031-01-01T00:00:00]","January 2031"]]})"));
}

// 4.6: the count is that of all matches; a page past the end is empty; searches ignore case.
TEST(PublishedMembers, SearchAndPages) {
  const auto page = [](const std::string& rest) {
    const auto request =
        ParseMembersRequest("{\"DataModelName\":\"[StartDate].[Month]\"" + rest + "}");
    EXPECT_TRUE(request.ok()) << rest;
    return SelectMembers(*AllMembers(*request->attribute, nullptr, {}), *request);
  };
  EXPECT_EQ(page(R"(,"SearchCaption":"mARCH")").members_count, 41);
  EXPECT_EQ(page(R"(,"SearchValue":"[2015-")").members_count, 12);
  EXPECT_EQ(page(R"(,"SearchValue":"2015-","SearchCaption":"ju")").members_count, 2);
  const MembersPage second = page(R"(,"SearchValue":"2015-","PageNumber":1,"PageSize":5)");
  EXPECT_EQ(second.members_count, 12);
  ASSERT_EQ(second.members.size(), 5U);
  EXPECT_EQ(second.members[0].second, "June 2015");
  const MembersPage past = page(R"(,"PageNumber":50,"PageSize":8000)");
  EXPECT_EQ(past.members_count, 493);
  EXPECT_TRUE(past.members.empty());
  EXPECT_EQ(WriteMembersJson(page(R"(,"SearchValue":"nothing")")),
            R"({"MembersCount":0,"Members":[]})");
}

TEST(PublishedMembers, NamesTheField) {
  for (const Wrong& wrong : std::vector<Wrong>{
           {"{}", "DataModelName"},
           {R"({"DataModelName":"[No].[Such]"})", "DataModelName"},
           {R"({"DataModelName":"[StartDate].[Month]","PageSize":0})", "PageSize"},
           {R"({"DataModelName":"[StartDate].[Month]","PageNumber":-1})", "PageNumber"},
           {R"({"DataModelName":"[StartDate].[Month]","PageNumber":"x"})", "PageNumber"},
           {R"({"DataModelName":"[StartDate].[Month]","SearchValue":[]})", "SearchValue"}}) {
    const auto request = ParseMembersRequest(wrong.body);
    ASSERT_FALSE(request.ok()) << wrong.body;
    EXPECT_EQ(request.error().code, wrong.code);
    EXPECT_EQ(request.error().field, wrong.field);
  }
}

// 2.2: the blank member can be used as a filter as it is listed.
TEST(PublishedMembers, BlankMember) {
  const MembersPage page = SelectMembers({model::BlankMember()}, {.search_caption = "blank"});
  ASSERT_EQ(page.members.size(), 1U);
  EXPECT_EQ(page.members[0].first, "[(Blank)]");
}

namespace json = boost::json;

// 2.2, 3.2, 4.6: the shape of the Get Cube page.
TEST(PublishedStructure, OnPremises) {
  const std::string text = WriteCubeStructure(Dialect::kOnPremises);
  const json::value structure = json::parse(text);
  EXPECT_TRUE(text.starts_with(
      R"({"Kpis":[{"FriendlyName":"Poor Trend Month","DataModelName":"[KPIValue].Poor Trend Month","Description":null},)"));
  const json::array& dimensions = structure.at("Dimensions").as_array();
  EXPECT_EQ(dimensions.at(0).at("Category").as_string(), "Access Location Pair");
  EXPECT_EQ(dimensions.at(0).at("Attributes").at(0).at("FriendlyName").as_string(),
            "Location Pair");
  EXPECT_EQ(dimensions.at(0).at("Attributes").at(0).at("DataModelName").as_string(),
            "[Access Location Pair].[Location Pair]");
  std::string last;
  for (const json::value& category : dimensions) {
    const std::string name(category.at("Category").as_string().c_str());
    EXPECT_LT(last, name);
    EXPECT_FALSE(category.at("Attributes").as_array().empty());
    last = name;
  }
  const json::array& measures = structure.at("Measurements").as_array();
  EXPECT_EQ(measures.size(), model::Measures().size());
  EXPECT_EQ(measures.at(0).at("DataModelName").as_string(), "[Measures].[Audio Streams Count]");
}

// Every name that is listed can be asked; 4.6: the later service groups measurements.
TEST(PublishedStructure, EveryListedNameIsKnown) {
  for (const Dialect dialect : {Dialect::kOnPremises, Dialect::kOnline}) {
    const json::value structure = json::parse(WriteCubeStructure(dialect));
    EXPECT_FALSE(structure.at("Dimensions").as_array().empty());
    for (const json::value& category : structure.at("Dimensions").as_array()) {
      for (const json::value& attribute : category.at("Attributes").as_array()) {
        const std::string name(attribute.at("DataModelName").as_string().c_str());
        EXPECT_NE(model::FindAttribute(name), nullptr) << name;
      }
    }
    for (const json::value& measure : structure.at("Measurements").as_array()) {
      if (dialect == Dialect::kOnPremises) continue;
      for (const json::value& attribute : measure.at("Attributes").as_array()) {
        const std::string name(attribute.at("DataModelName").as_string().c_str());
        EXPECT_NE(model::FindMeasure(name), nullptr) << name;
      }
    }
  }
}

}  // namespace
}  // namespace cqd::cube
