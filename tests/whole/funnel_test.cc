// Promise: over HTTP, the funnel of an empty answer names what emptied it, before the first
// processing run and after it; nobody who does not ask gets one.
#include <gmock/gmock.h>

#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Installation;

constexpr const char* kQuery =
    R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}],"Funnel":true,)"
    R"("Filters":[{"DataModelName":"[Second User Agent].[User Agent Type]","Value":"[%s]"}]})";

std::string Ask(const char* value) {
  std::string body = kQuery;
  return body.replace(body.find("%s"), 2, value);
}

TEST(FunnelWhole, AnEmptyAnswerExplainsItself) {
  Installation cqd;
  cqd.Simulate(800, 2);
  cqd.ConfigureWithDatabase(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\n"
      "error_after_s = 604800\n");
  cqd.Serve();
  const json::value before = cqd.Ask(Ask("OC"));
  EXPECT_EQ(before.at("ErrorType").as_int64(), 3);
  EXPECT_EQ(before.at("Funnel").at("Empty").at("Cause").as_string(), "NothingArchived");
  cqd.StopServer();

  ASSERT_EQ(cqd.Cqd({"integrate"}).exit_code, 0);
  cqd.Serve();
  const json::value full = cqd.Ask(Ask("OC"));
  EXPECT_TRUE(full.at("Funnel").at("Empty").is_null());
  EXPECT_GT(full.at("Funnel").at("Left").as_int64(), 0);
  EXPECT_EQ(full.at("Funnel").at("Loaded"), full.at("Funnel").at("Archived"));

  const json::value empty = cqd.Ask(Ask("OCC"));
  EXPECT_EQ(empty.at("ErrorType").as_int64(), 0);
  EXPECT_TRUE(empty.at("DataResult").as_array().empty());
  EXPECT_EQ(empty.at("Funnel").at("Empty").at("Cause").as_string(), "UnknownMember");
  EXPECT_EQ(empty.at("Funnel").at("Empty").at("Step").as_int64(), 0);
  const json::value& unknown =
      empty.at("Funnel").at("Steps").at(0).at("Conditions").at(0).at("Unknown").at(0);
  EXPECT_EQ(unknown.at("Near").at(0).at(0).as_string(), "[OC]");
}

}  // namespace
}  // namespace cqd
