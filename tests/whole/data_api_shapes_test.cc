// Promise: structure, members, paths, methods and cross-origin calls are as published and as
// docs/api.md says. Shapes: reference/cube-model.md 2.1, 2.2, 4.6.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>

#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Installation;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kTrusted = "https://portal.example.org";
constexpr const char* kForeign = "https://elsewhere.example.org";
constexpr const char* kCount =
    R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})";

std::vector<std::string> Keys(const json::value& object) {
  std::vector<std::string> keys;
  for (const auto& member : object.as_object()) keys.emplace_back(member.key());
  return keys;
}

std::string Text(const json::value& value) {
  return std::string(value.as_string());
}

/// A server whose archive is empty but processed.
class DataApiShapes : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    cqd_ = std::make_unique<Installation>();
    cqd_->Configure(
        fmt::format("[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = "
                    "604800\nerror_after_s = 604800\n[data_api]\ncors_trusted_origins = [\"{}\"]\n",
                    kTrusted));
    ASSERT_EQ(cqd_->Cqd({"integrate"}).exit_code, 0);
    cqd_->Serve();
  }
  static void TearDownTestSuite() { cqd_.reset(); }
  static json::value Members(const std::string& body) {
    const http::ClientResponse answer = cqd_->Post("/QoEDataService/DimensionMembers", body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }

  static inline std::unique_ptr<Installation> cqd_;
};

void ExpectEntry(const json::value& entry) {
  EXPECT_THAT(Keys(entry), ElementsAre("FriendlyName", "DataModelName", "Description"));
  EXPECT_THAT(Text(entry.at("DataModelName")), StartsWith("["));
}

void ExpectCategories(const json::value& categories) {
  ASSERT_FALSE(categories.as_array().empty());
  for (const json::value& category : categories.as_array()) {
    EXPECT_THAT(Keys(category), ElementsAre("Category", "Attributes"));
    ASSERT_FALSE(category.at("Attributes").as_array().empty());
    for (const json::value& attribute : category.at("Attributes").as_array())
      ExpectEntry(attribute);
  }
}

// Everything that CubeStructure lists has a type or unit there, under the same name.
TEST_F(DataApiShapes, RegistryKnowsWhatTheStructureLists) {
  const json::value registry = cqd_->GetJson("/api/v1/registry");
  std::map<std::string, json::value> known;
  for (const char* part : {"attributes", "measures"}) {
    for (const json::value& row : registry.at(part).as_array()) {
      known[std::string(row.at("data_model_name").as_string())] = row;
    }
  }
  const json::value structure = cqd_->GetJson("/QoEDataService/CubeStructure");
  for (const json::value& category : structure.at("Dimensions").as_array()) {
    for (const json::value& entry : category.at("Attributes").as_array()) {
      const std::string name(entry.at("DataModelName").as_string());
      ASSERT_TRUE(known.contains(name)) << name;
      EXPECT_FALSE(known[name].at("type").as_string().empty()) << name;
      EXPECT_TRUE(known[name].at("listed").as_bool()) << name;
    }
  }
  for (const json::value& entry : structure.at("Measurements").as_array()) {
    const std::string name(entry.at("DataModelName").as_string());
    ASSERT_TRUE(known.contains(name)) << name;
    EXPECT_FALSE(known[name].at("unit").as_string().empty()) << name;
  }
  EXPECT_TRUE(known["[Second User].[URI]"].at("personal").as_bool());
  EXPECT_FALSE(known["[Second Building].[City]"].at("personal").as_bool());
}

TEST_F(DataApiShapes, CubeStructureIsAsPublished) {
  const json::value structure = cqd_->GetJson("/QoEDataService/CubeStructure");
  EXPECT_THAT(Keys(structure), ElementsAre("Kpis", "Dimensions", "Measurements"));
  ASSERT_EQ(structure.at("Kpis").as_array().size(), 2U);
  EXPECT_EQ(Text(structure.at("Kpis").at(0).at("DataModelName")), "[KPIValue].Poor Trend Month");
  EXPECT_TRUE(structure.at("Kpis").at(0).at("Description").is_null());
  ExpectCategories(structure.at("Dimensions"));
  const json::array& measures = structure.at("Measurements").as_array();
  for (const json::value& measure : measures) ExpectEntry(measure);
  EXPECT_EQ(Text(measures.at(0).at("DataModelName")), "[Measures].[Audio Streams Count]");
  const std::string text = json::serialize(structure);
  for (const char* proven :
       {"[StartDate].[Month]", "[Scenarios].[ScenarioPair]", "[StreamType].[StreamType]",
        "[First Is Server].[Agent]", "[Second Is Server].[Agent]",
        "[Second User Agent].[User Agent Type]",
        "[Second Network Connection Type].[Network Connection Detail]",
        "[Access Location Pair].[Location Pair]", "[Audio Bandwidth Est].[Metric]",
        "[Measures].[Audio UnClassified Streams Count]", "[Measures].[AudioPoorPercentage]",
        "[Measures].[Audio Good Streams JPDR Count]", "[Measures].[Audio Poor Streams JPDR Count]",
        "[Measures].[AudioPoorJPDRPercentage]"})
    EXPECT_THAT(text, HasSubstr("\"" + std::string(proven) + "\""));
}

TEST_F(DataApiShapes, TheOnlineRootGroupsItsMeasurements) {
  const json::value structure = cqd_->GetJson("/data/CubeStructure");
  EXPECT_THAT(Keys(structure), ElementsAre("Kpis", "Dimensions", "Measurements"));
  ExpectCategories(structure.at("Dimensions"));
  ExpectCategories(structure.at("Measurements"));
  // Every name that the structure lists can be asked for.
  for (const json::value& category : structure.at("Measurements").as_array()) {
    std::string body = R"({"Filters":[],"Dimensions":[],"Measurements":[)";
    for (const json::value& measure : category.at("Attributes").as_array())
      body += R"({"DataModelName":)" + json::serialize(measure.at("DataModelName")) + "},";
    const http::ClientResponse answer =
        cqd_->Post("/data/RunQuery", body + "],LimitResultRowsCount:200000}");
    EXPECT_THAT(answer.body, HasSubstr("\"ErrorType\":0")) << body;
  }
}

TEST_F(DataApiShapes, EveryDimensionOfTheStructureCanBeAskedFor) {
  for (const char* root : {"/QoEDataService", "/data"}) {
    const json::value structure = cqd_->GetJson(root + std::string("/CubeStructure"));
    for (const json::value& category : structure.at("Dimensions").as_array()) {
      const json::array& attributes = category.at("Attributes").as_array();
      for (std::size_t at = 0; at < attributes.size(); at += 16) {
        std::string body =
            R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}],"Dimensions":[)";
        for (std::size_t i = at; i < std::min(at + 16, attributes.size()); ++i)
          body +=
              R"({"DataModelName":)" + json::serialize(attributes[i].at("DataModelName")) + "},";
        EXPECT_THAT(cqd_->Post(root + std::string("/RunQuery"), body + "]}").body,
                    HasSubstr("\"ErrorType\":0"))
            << body;
      }
    }
  }
}

// The body of the published get-dimension-members page: 493 months.
TEST_F(DataApiShapes, DimensionMembersIsAsPublished) {
  const json::value months = Members(
      R"({"ByPassCache":false,"DataModelName":"[StartDate].[Month]","SearchCaption":"","SearchValue":"","PageNumber":0,"PageSize":8000})");
  EXPECT_THAT(Keys(months), ElementsAre("MembersCount", "Members"));
  EXPECT_EQ(months.at("MembersCount").as_int64(), 493);
  ASSERT_EQ(months.at("Members").as_array().size(), 493U);
  EXPECT_EQ(json::serialize(months.at("Members").at(0)),
            R"(["[1990-01-01T00:00:00]","January 1990"])");
  EXPECT_EQ(json::serialize(months.at("Members").at(492)),
            R"(["[2031-01-01T00:00:00]","January 2031"])");

  const json::value march = Members(
      R"({"DataModelName":"[StartDate].[Month]","SearchCaption":"march","SearchValue":"2015","PageNumber":0,"PageSize":8000})");
  EXPECT_EQ(json::serialize(march),
            R"({"MembersCount":1,"Members":[["[2015-03-01T00:00:00]","March 2015"]]})");
  const json::value page =
      Members(R"({"DataModelName":"[StartDate].[Month]","PageNumber":2,"PageSize":200})");
  EXPECT_EQ(page.at("MembersCount").as_int64(), 493) << "the total, not the page";
  EXPECT_EQ(page.at("Members").as_array().size(), 93U);
  EXPECT_EQ(json::serialize(
                Members(R"({"DataModelName":"[StreamType].[StreamType]","SearchValue":"False"})")
                    .at("Members")),
            R"([["[False]","Valid"]])");
  for (const char* wrong :
       {"{}", "[", R"({"DataModelName":"[StartDate].[Monht]"})",
        R"({"DataModelName":"[StartDate].[Month]","PageSize":0})",
        R"({"DataModelName":"[StartDate].[Month]","PageNumber":-1})", R"({"DataModelName":7})"}) {
    const http::ClientResponse answer = cqd_->Post("/QoEDataService/DimensionMembers", wrong);
    EXPECT_EQ(answer.status, 400) << wrong << answer.body;
    EXPECT_EQ(Text(json::parse(answer.body).at("code")), "invalid_argument") << wrong;
  }
}

TEST_F(DataApiShapes, PathsMatchInAnyCaseWithOneSlash) {
  for (const char* path : {"/qoedataservice/runquery", "/QOEDATASERVICE/RUNQUERY/",
                           "/QoEDataService/RunQuery/", "/data/runquery", "/DATA/RunQuery/"})
    EXPECT_THAT(cqd_->Post(path, kCount).body, HasSubstr("\"ErrorType\":0")) << path;
  EXPECT_EQ(cqd_->Post("/QoEDataService//RunQuery//", kCount).status, 200)
      << "runs of slashes are one slash";
  EXPECT_EQ(cqd_->Post("/QoEDataService/RunQuery/x", kCount).status, 404);
  EXPECT_EQ(cqd_->Get("/api/v1/STATUS/").status, 200);
}

TEST_F(DataApiShapes, HeadOptionsAndWrongMethods) {
  const http::ClientResponse got = cqd_->Get("/QoEDataService/CubeStructure");
  const http::ClientResponse head = cqd_->Send("HEAD", "/QoEDataService/CubeStructure");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(head.Header("Content-Length").value_or(""), std::to_string(got.body.size()));
  EXPECT_EQ(head.Header("Content-Type"), got.Header("Content-Type"));
  for (const auto& [path, allow] :
       {std::pair("/QoEDataService/CubeStructure", "GET, HEAD, OPTIONS"),
        std::pair("/QoEDataService/RunQuery", "POST, OPTIONS"),
        std::pair("/QoEDataService/IntegrationLog/Status", "GET, HEAD, OPTIONS"),
        std::pair("/api/v1/runs", "GET, HEAD, POST, OPTIONS")}) {
    const http::ClientResponse options = cqd_->Send("OPTIONS", path);
    EXPECT_EQ(options.status, 204) << path;
    EXPECT_EQ(options.Header("Allow").value_or(""), allow) << path;
    const http::ClientResponse refused = cqd_->Send("DELETE", path);
    EXPECT_EQ(refused.status, 405) << path;
    EXPECT_EQ(refused.Header("Allow").value_or(""), allow) << path;
  }
}

TEST_F(DataApiShapes, OnlyTheExactOriginMayCall) {
  const http::ClientResponse trusted =
      cqd_->Send("POST", "/QoEDataService/RunQuery",
                 {{"Origin", kTrusted}, {"Content-Type", "application/json"}}, kCount);
  EXPECT_EQ(trusted.status, 200);
  EXPECT_EQ(trusted.Header("Access-Control-Allow-Origin").value_or(""), kTrusted);
  EXPECT_EQ(trusted.Header("Access-Control-Allow-Credentials").value_or(""), "true");
  EXPECT_THAT(std::string(trusted.Header("Vary").value_or("")), HasSubstr("Origin"));
  for (const std::string origin :
       {kForeign, "https://portal.example.org.evil.example", "http://portal.example.org",
        "https://portal.example.org:444", "null", "*"}) {
    const http::ClientResponse read =
        cqd_->Send("GET", "/QoEDataService/CubeStructure", {{"Origin", origin}});
    EXPECT_FALSE(read.Header("Access-Control-Allow-Origin").has_value()) << origin;
    const http::ClientResponse written =
        cqd_->Send("POST", "/QoEDataService/ClearCache", {{"Origin", origin}});
    EXPECT_EQ(written.status, 403) << origin;
  }
}

TEST_F(DataApiShapes, PreflightNamesMethodsForTheExactOriginOnly) {
  for (const auto& [origin, allowed] : {std::pair(kTrusted, true), std::pair(kForeign, false)}) {
    const http::ClientResponse answer =
        cqd_->Send("OPTIONS", "/QoEDataService/RunQuery",
                   {{"Origin", origin},
                    {"Access-Control-Request-Method", "POST"},
                    {"Access-Control-Request-Headers", "content-type"}});
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.Header("Access-Control-Allow-Origin").value_or(""), allowed ? origin : "");
    EXPECT_EQ(answer.Header("Access-Control-Allow-Methods").has_value(), allowed);
    EXPECT_EQ(answer.Header("Access-Control-Allow-Headers").has_value(), allowed);
  }
}

}  // namespace
}  // namespace cqd
