// Promise: whatever is posted, the answer is clear and names the place; a report nobody can read is
// kept, set aside with its reason, and can be read again.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>

#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Finished;
using test::Installation;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kQuiet =
    "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = "
    "604800\n";
const std::string kCount =
    R"("Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}])";

class BadQuery : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    cqd_ = std::make_unique<Installation>();
    cqd_->Simulate(800, 2);
    cqd_->ConfigureWithDatabase(std::string(kQuiet) + "[query]\ngroups_max = 20\n");
    ASSERT_EQ(cqd_->Cqd({"integrate"}).exit_code, 0);
    cqd_->Serve();
  }
  static void TearDownTestSuite() { cqd_.reset(); }
  static std::string Filtered(const std::string& dimension, const std::string& value,
                              int operand = 0) {
    return fmt::format(R"({{{},"Filters":[{{"DataModelName":"{}","Value":"{}","Operand":{}}}]}})",
                       kCount, dimension, value, operand);
  }
  static std::int64_t Count(const std::string& query) {
    const json::value answer = cqd_->Ask(query);
    EXPECT_EQ(answer.at("ErrorType").as_int64(), 0) << query << json::serialize(answer);
    return answer.at("DataResult").at(0).at(0).as_int64();
  }
  /// The message of an answer that must be refused.
  static std::string Refused(const std::string& query, std::int64_t error_type) {
    const http::ClientResponse response = cqd_->Post("/QoEDataService/RunQuery", query);
    EXPECT_EQ(response.status, 200) << "published: the status stays 200";
    const json::value answer = json::parse(response.body);
    EXPECT_EQ(answer.at("ErrorType").as_int64(), error_type) << query << response.body;
    EXPECT_TRUE(answer.at("DataResult").as_array().empty());
    EXPECT_FALSE(answer.at("ResultIsFromCache").as_bool());
    return std::string(answer.at("ErrorMessage").as_string());
  }

  static inline std::unique_ptr<Installation> cqd_;
};

TEST_F(BadQuery, MalformedAndWrongTypes) {
  for (const std::string body :
       {"", " ", "{", "]", "null", "7", "\"x\"", "[]", "{}", "\xff\xfe", "{\"Measurements\":",
        R"({"Measurements":[]})", R"({"Measurements":{}})", R"({"Measurements":[7]})",
        R"({"Measurements":[{"DataModelName":[]}]})", R"({"Measurements":"x","Filters":[]})"})
    EXPECT_FALSE(Refused(body, 6).empty()) << body;
  EXPECT_THAT(Refused("{" + kCount + R"(,"Filters":[{}]})", 6), HasSubstr("Filters[0]"));
  EXPECT_THAT(Refused("{" + kCount + R"(,"Dimensions":{}})", 6), HasSubstr("Dimensions"));
  EXPECT_THAT(Refused(Filtered("[StartDate].[Month]", "2015-3", 77), 6),
              HasSubstr("Filters[0].Operand"));
  EXPECT_THAT(Refused("{" + kCount + R"(,"Trend":{"EnableTrend":true,"SpanCount":"x"}})", 6),
              HasSubstr("Trend.SpanCount"));
}

TEST_F(BadQuery, EveryTruncationOfABodyIsAnswered) {
  const std::string body = Filtered("[StartDate].[Month]", "[2015-03-01T00:00:00]");
  for (std::size_t length = 0; length < body.size(); length += 3)
    Refused(body.substr(0, length), 6);
}

// Method: bytes of a good body are changed at random places; any answer but a crash, an unpublished
// form or another status is fine.
TEST_F(BadQuery, ChangedBytesNeverBreakTheServer) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const std::string good = Filtered("[Second User Agent].[User Agent Type]", "[OC],[LWA]", 2);
  for (int round = 0; round < 300; ++round) {
    std::string body = good;
    for (int i = 0; i < 3; ++i) body[random() % body.size()] = static_cast<char>(random() % 256);
    const http::ClientResponse answer = cqd_->Post("/QoEDataService/RunQuery", body);
    ASSERT_EQ(answer.status, 200) << "seed " << seed << ", round " << round;
    EXPECT_TRUE(json::parse(answer.body).as_object().contains("ErrorType")) << answer.body;
  }
}

TEST_F(BadQuery, UnknownNamesComeWithNearOnes) {
  EXPECT_THAT(Refused(R"({"Measurements":[{"DataModelName":"[Measures].[Audio Stream Cnt]"}]})", 6),
              AllOf(HasSubstr("Measurements[0]"), HasSubstr("[Measures].[Audio Stream")));
  EXPECT_THAT(
      Refused("{" + kCount + R"(,"Dimensions":[{"DataModelName":"[StartDate].[Mnth]"}]})", 6),
      AllOf(HasSubstr("Dimensions[0]"), HasSubstr("[StartDate].[Month]")));
  EXPECT_THAT(Refused(Filtered("[StreamTypes].[StreamType]", "[False]"), 6),
              AllOf(HasSubstr("Filters[0]"), HasSubstr("[StreamType].[StreamType]")));
  const std::string huge(200'000, 'n');
  EXPECT_LT(Refused(R"({"Measurements":[{"DataModelName":")" + huge + "\"}]}", 6).size(), 2000U)
      << "a huge name is not given back whole";
}

TEST_F(BadQuery, TooManyGroupsAreErrorType5) {
  const std::string many =
      "{" + kCount + R"(,"Dimensions":[{"DataModelName":"[StartDate].[Date]"}])";
  EXPECT_THAT(Refused(many + "}", 5), HasSubstr("20"));
  const json::value cut = cqd_->Ask(many + R"(,"LimitResultRowsCount":3})");
  EXPECT_THAT(cut.at("ErrorType").as_int64(), AnyOf(0, 5));
  EXPECT_EQ(
      cqd_->Ask("{" + kCount + R"(,"Dimensions":[{"DataModelName":"[First Is Server].[Agent]"}]})")
          .at("ErrorType")
          .as_int64(),
      0)
      << "smaller questions still work";
}

TEST_F(BadQuery, AnInvalidRegularExpressionIsSearchedAsText) {
  const std::string agent = "[Second User Agent].[User Agent Type]";
  const std::int64_t all = Count("{" + kCount + "}");
  EXPECT_EQ(Count(Filtered(agent, "[(OC]", 8)), all) << "no agent holds the text (OC";
  EXPECT_EQ(Count(Filtered(agent, "[O*C(]", 8)), all);
  EXPECT_EQ(Count(Filtered(agent, "[^OC$]", 2)), Count(Filtered(agent, "[OC]")));
  EXPECT_EQ(Count(Filtered(agent, "[(a*)*(b*)*(a|b|c)*x{1,50}y{1,50}]", 8)), all);
}

TEST_F(BadQuery, InvalidDatesNameTheValue) {
  for (const char* value : {"2015-13", "[2015-02-30T00:00:00]", "March", "[0000-00-00]", "2015-",
                            "[99999-01-01T00:00:00]", "-1"})
    EXPECT_THAT(Refused(Filtered("[StartDate].[Month]", value), 6), HasSubstr("Filters[0].Value"))
        << value;
  for (const char* date : {"March", "2015-0", "", "2015-3-99"})
    EXPECT_THAT(
        Refused(
            fmt::format(R"({{{},"Trend":{{"EnableTrend":true,"SpanCount":3,"TrendDate":"{}"}}}})",
                        kCount, date),
            6),
        HasSubstr("Trend.TrendDate"))
        << date;
}

/// Reports that want files read or memory filled.
class BadReport : public testing::Test {
 protected:
  BadReport() {
    cqd_.Configure(kQuiet);
    std::ofstream(cqd_.Path("secret.txt")) << "MARKER-93";
    cqd_.Serve();
  }
  json::value Post(const std::string& body, const std::string& type) {
    const http::ClientResponse answer = cqd_.Post("/api/v1/reports", body, type);
    EXPECT_EQ(answer.status, 202) << answer.body;
    EXPECT_THAT(answer.body, Not(HasSubstr("MARKER-93")));
    return json::parse(answer.body).at("reports").at(0);
  }
  Installation cqd_;
};

TEST_F(BadReport, BombsAndEntitiesAreKeptSetAsideAndReadNothing) {
  std::string bomb = "<?xml version=\"1.0\"?><!DOCTYPE b [<!ENTITY a0 \"lol\">";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("<!ENTITY a{} \"", i);
    for (int j = 0; j < 10; ++j) bomb += fmt::format("&a{};", i - 1);
    bomb += "\">";
  }
  bomb += "]><LyncDiagnostics>&a11;</LyncDiagnostics>";
  const std::string external = fmt::format(
      "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file://{}\"><!ENTITY % p SYSTEM "
      "\"file://{}\">%p;]><VQReportEvent>&e;</VQReportEvent>",
      cqd_.Path("secret.txt"), cqd_.Path("secret.txt"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  const std::vector<std::pair<std::string, std::string>> reports = {
      {bomb, "application/xml"},
      {external, "application/ms-rtcp-metrics+xml"},
      {deep, "text/xml"},
      {"<LyncDiagnostics", "application/xml"},
      {"VQSessionReport: CallTerm\r\n", "application/vq-rtcpxr"},
      {std::string("\0\xff\xfe\x01", 4), "application/octet-stream"}};
  for (const auto& [body, type] : reports) {
    const json::value report = Post(body, type);
    EXPECT_EQ(report.at("status").as_string(), "rejected") << type << json::serialize(report);
    EXPECT_FALSE(report.at("reason").as_string().empty()) << type;
    EXPECT_EQ(Post(body, type).at("id"), report.at("id"))
        << "sent again, it is kept once: " << type;
  }
  cqd_.Post("/api/v1/runs", R"({"stage":"archive"})");
  const json::value run = cqd_.WaitForRun("archive");
  EXPECT_EQ(run.at("state").as_string(), "succeeded") << "bad records never stop a run";
  const auto count = static_cast<std::int64_t>(reports.size());
  EXPECT_EQ(run.at("rows").at("quarantined").as_int64(), count);
  EXPECT_EQ(run.at("rows").at("read").as_int64(), count);
  EXPECT_EQ(cqd_.StopServer(), 0);

  const Finished list = cqd_.Cqd({"quarantine", "list"});
  EXPECT_THAT(list.output, HasSubstr("unreadable"));
  for (int id = 1; id <= count; ++id) {
    const Finished shown = cqd_.Cqd({"quarantine", "show", std::to_string(id)});
    EXPECT_EQ(shown.exit_code, 0) << shown.output;
    EXPECT_THAT(shown.output, Not(HasSubstr("MARKER-93")));
  }
  EXPECT_THAT(cqd_.Cqd({"quarantine", "show", "2"}).output, HasSubstr("SYSTEM"))
      << "kept as it came";
}

TEST_F(BadReport, ReplayReadsAgainAndDropForgets) {
  Post("VQSessionReport: CallTerm\r\n", "application/vq-rtcpxr");
  Post("VQSessionReport: CallTerm\r\nnothing else\r\n", "application/vq-rtcpxr");
  EXPECT_EQ(cqd_.StopServer(), 0);
  ASSERT_EQ(cqd_.Cqd({"integrate"}).exit_code, 0);
  const Finished replayed = cqd_.Cqd({"quarantine", "replay", "1"});
  EXPECT_EQ(replayed.exit_code, 0) << replayed.output;
  EXPECT_THAT(replayed.output, HasSubstr("1 quarantined")) << "it is still not right";
  EXPECT_THAT(replayed.output, HasSubstr("0 records stored, 1 refused again"));
  EXPECT_THAT(cqd_.Cqd({"quarantine", "list"}).output,
              testing::ContainsRegex("\n *1 .* 2 +refused "))
      << "it stays, counted twice";
  EXPECT_EQ(cqd_.Cqd({"quarantine", "drop", "2"}).exit_code, 0);
  EXPECT_THAT(cqd_.Cqd({"integrate"}).output, HasSubstr(" 0 quarantined"));
  EXPECT_NE(cqd_.Cqd({"quarantine", "drop", "2"}).exit_code, 0) << "no such record";
  EXPECT_NE(cqd_.Cqd({"quarantine", "show"}).exit_code, 0) << "which one?";
}

}  // namespace
}  // namespace cqd
