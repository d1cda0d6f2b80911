// Promise: `cqd query --explain` tells what answering touched, with and without a server, and
// --json stays the published answer.
#include <gmock/gmock.h>

#include <fstream>

#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Installation;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kQuery = R"({
  "Dimensions":[{"DataModelName":"[StartDate].[Month]"}],
  "Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}],
  "Filters":[{"DataModelName":"[First Inside].[Inside]","Value":"[1]","Operand":0}]})";

void ExpectExplanation(const test::Finished& told) {
  EXPECT_EQ(told.exit_code, 0) << told.output;
  EXPECT_THAT(told.output, ContainsRegex("answered by +scan"));
  EXPECT_THAT(told.output, ContainsRegex("segments +[0-9]+: "));
  EXPECT_THAT(told.output, ContainsRegex("streams scanned +[0-9,]+\n"));
  EXPECT_THAT(told.output, ContainsRegex("bytes touched +[0-9,]+\n"));
  EXPECT_THAT(told.output, HasSubstr("[First Inside].[Inside]: 1 of "));
  EXPECT_THAT(told.output, HasSubstr("[StartDate].[Month]: "));
  EXPECT_THAT(told.output, ContainsRegex("time +plan "));
}

TEST(ExplainWhole, TheCommandTellsWhatWasTouched) {
  Installation cqd;
  cqd.Simulate(400, 2);
  cqd.ConfigureWithDatabase(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\n"
      "error_after_s = 604800\n");
  const std::string query = cqd.Path("query.json");
  std::ofstream(query) << kQuery;
  const test::Finished early = cqd.Cqd({"query", query, "--explain"});
  EXPECT_NE(early.exit_code, 0) << "there is no cube yet";
  ASSERT_EQ(cqd.Cqd({"integrate"}).exit_code, 0);

  ExpectExplanation(cqd.Cqd({"query", query, "--explain"}));
  cqd.Serve();
  ExpectExplanation(cqd.Cqd({"query", query, "--explain"}));
  const json::value both = json::parse(cqd.Cqd({"query", query, "--explain", "--json"}).output);
  EXPECT_EQ(both.at("Explain").at("Choice").as_string(), "scan");
  EXPECT_FALSE(both.at("DataResult").as_array().empty());
  EXPECT_THAT(cqd.Cqd({"query", query, "--json"}).output, Not(HasSubstr("Explain")));
}

}  // namespace
}  // namespace cqd
