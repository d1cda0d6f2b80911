// Promise: an answer of any size is one whole, right JSON text, whether it leaves in one piece or
// in many; what was asked for besides stands at its end.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Finished;
using test::Installation;

class LargeAnswer : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    cqd_ = std::make_unique<Installation>();
    cqd_->Simulate(8000, 3);
    cqd_->ConfigureWithDatabase(
        "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\n"
        "error_after_s = 604800\n");
    const Finished run = cqd_->Cqd({"integrate"});
    ASSERT_EQ(run.exit_code, 0) << run.output;
    cqd_->Serve();
  }
  static void TearDownTestSuite() { cqd_.reset(); }

  static http::ClientResponse Ask(const std::string& further) {
    return cqd_->Post("/QoEDataService/RunQuery", Query(kDimensions, further));
  }
  static std::string Query(const std::string& dimensions, const std::string& further) {
    return fmt::format(
        R"({{"Dimensions":[{}],"Measurements":[{{"DataModelName":"[Measures].[Audio Streams Count]"}},)"
        R"({{"DataModelName":"[Measures].[Audio Good Streams Count]"}}]{}}})",
        dimensions, further);
  }
  /// Nearly every stream is a row.
  static constexpr const char* kDimensions =
      R"({"DataModelName":"[First Subnet].[Subnet]"},{"DataModelName":"[Second Subnet].[Subnet]"},)"
      R"({"DataModelName":"[First User Agent].[User Agent]"},)"
      R"({"DataModelName":"[Second User Agent].[User Agent]"},)"
      R"({"DataModelName":"[Codec].[Payload Description]"},{"DataModelName":"[StartDate].[Date]"})";

  static inline std::unique_ptr<Installation> cqd_;
};

std::string Rows(const json::value& answer) {
  return json::serialize(answer.at("DataResult"));
}

TEST_F(LargeAnswer, ComesInPiecesAndIsWhole) {
  const http::ClientResponse first = Ask("");
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(first.Header("Transfer-Encoding").value_or(""), "chunked");
  EXPECT_FALSE(first.Header("Content-Length").has_value());
  EXPECT_EQ(first.Header("Content-Type").value_or(""), "application/json");
  EXPECT_TRUE(first.Header("CQD-Data-Version").has_value());
  EXPECT_GT(first.body.size(), 300'000U);
  const json::value answer = json::parse(first.body);
  EXPECT_EQ(answer.at("ErrorType").as_int64(), 0);
  EXPECT_FALSE(answer.at("ResultIsFromCache").as_bool());
  std::int64_t streams = 0;
  for (const json::value& row : answer.at("DataResult").as_array()) streams += row.at(6).as_int64();
  const json::value total = cqd_->Ask(Query("", ""));
  EXPECT_EQ(streams, total.at("DataResult").at(0).at(0).as_int64());

  const json::value again = json::parse(Ask("").body);
  EXPECT_TRUE(again.at("ResultIsFromCache").as_bool());
  EXPECT_EQ(Rows(again), Rows(answer));
}

TEST_F(LargeAnswer, TablesOfOtherQuestionsStandAtItsEnd) {
  const http::ClientResponse plain = Ask("");
  const std::string version(plain.Header("CQD-Data-Version").value_or(""));
  const json::value answer = json::parse(
      Ask(R"(,"Explain":true,"WhatIf":{"Audio":{"JitterInterArrival":0}},"CompareTo":)" + version)
          .body);
  std::vector<std::string> keys;
  for (const auto& member : answer.as_object()) keys.emplace_back(member.key());
  EXPECT_THAT(keys, testing::ElementsAre("ExecutionTime", "DataResult", "ResultIsFromCache",
                                         "ErrorType", "Explain", "WhatIf", "Comparison"));
  const std::string rows = Rows(json::parse(plain.body));
  EXPECT_EQ(Rows(answer), rows);
  EXPECT_EQ(Rows(answer.at("Comparison")), rows);
  EXPECT_EQ(answer.at("WhatIf").at("DataResult").as_array().size(),
            answer.at("DataResult").as_array().size());
  EXPECT_NE(Rows(answer.at("WhatIf")), rows);
}

TEST_F(LargeAnswer, SmallOnesHaveALength) {
  const http::ClientResponse small = Ask(R"(,"LimitResultRowsCount":10)");
  EXPECT_EQ(small.Header("Content-Length").value_or(""), std::to_string(small.body.size()));
  EXPECT_FALSE(small.Header("Transfer-Encoding").has_value());
  json::array first;
  const json::value whole = json::parse(Ask("").body);
  for (std::size_t i = 0; i < 10; ++i) first.push_back(whole.at("DataResult").at(i));
  EXPECT_EQ(Rows(json::parse(small.body)), json::serialize(first));
}

}  // namespace
}  // namespace cqd
