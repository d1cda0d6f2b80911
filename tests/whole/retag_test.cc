// Promises: rows that plain SQL inserts into the customer tables are taken up by the next run; over
// HTTP and on the command line a change is previewed, applied and undone, and undo gives the very
// answers back; in the mode from_now_on streams that came before keep what they had.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Installation;

constexpr const char* kByBuilding =
    R"({"Dimensions":[{"DataModelName":"[First Building].[Building Name]"},)"
    R"({"DataModelName":"[Scenarios].[ScenarioPair]"}],)"
    R"("Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})";

constexpr const char* kEverywhere =
    "INSERT INTO CqdBuilding(BuildingKey, BuildingName, InsideCorp) VALUES(7, 'Tower', 0);"
    "INSERT INTO CqdNetwork(Network, NetworkRange, BuildingKey) VALUES('0.0.0.0', 0, 7)";

void Prepare(Installation& cqd, const std::string& mode) {
  cqd.Simulate(800, 2);
  cqd.ConfigureWithDatabase(
      fmt::format("[mapping]\nmode = \"{}\"\n[integration]\nrun_at_start = false\nevery_s = "
                  "604800\nwarn_after_s = 604800\nerror_after_s = 604800\n",
                  mode));
  ASSERT_EQ(cqd.Cqd({"integrate"}).exit_code, 0);
}

void Sql(Installation& cqd, const std::string& text) {
  const test::Finished done = cqd.Cqd({"sql", "--write", text});
  ASSERT_EQ(done.exit_code, 0) << done.output;
}

std::string Answer(Installation& cqd) {
  return json::serialize(cqd.Ask(kByBuilding).at("DataResult"));
}

/// Waits for the run that a change started.
void WaitFor(Installation& cqd, const json::value& changed) {
  const std::string run(changed.at("run_id").as_string());
  for (;;) {
    const json::value state = cqd.GetJson("/api/v1/runs/" + run).at("state");
    if (state != "queued" && state != "running") {
      ASSERT_EQ(state.as_string(), "succeeded");
      return;
    }
    test::Breathe();
  }
}

TEST(RetagWhole, PreviewApplyAndUndoOverHttp) {
  Installation cqd;
  Prepare(cqd, "manual");
  cqd.Serve();
  const std::string before = Answer(cqd);
  EXPECT_EQ(cqd.Post("/api/v1/mapping/apply", "{}").status, 409);
  Sql(cqd, kEverywhere);
  EXPECT_TRUE(cqd.GetJson("/api/v1/mapping/versions").at("pending").as_bool());

  const json::value preview = json::parse(cqd.Post("/api/v1/mapping/preview", "").body);
  EXPECT_TRUE(preview.at("changed").as_bool());
  EXPECT_GT(preview.at("streams_moved").as_int64(), 0);
  EXPECT_EQ(preview.at("moves").at(0).at("to").at("name").as_string(), "Tower");

  const auto run = json::parse(cqd.Post("/api/v1/runs", R"({"stage":"cube"})").body);
  WaitFor(cqd, run);
  EXPECT_EQ(Answer(cqd), before) << "manual: a run changes nothing";

  const auto applied = cqd.Post("/api/v1/mapping/apply", R"({"note":"the tower"})");
  ASSERT_EQ(applied.status, 202) << applied.body;
  WaitFor(cqd, json::parse(applied.body));
  EXPECT_NE(Answer(cqd), before);
  EXPECT_THAT(Answer(cqd), testing::HasSubstr("Tower"));
  const json::value versions = cqd.GetJson("/api/v1/mapping/versions");
  EXPECT_EQ(versions.at("in_force").as_int64(), 2);
  EXPECT_FALSE(versions.at("pending").as_bool());
  EXPECT_EQ(versions.at("versions").at(0).at("note").as_string(), "the tower");

  EXPECT_EQ(cqd.Post("/api/v1/mapping/undo", R"({"version":0})").status, 400);
  EXPECT_EQ(cqd.Post("/api/v1/mapping/undo", R"({"version":9})").status, 404);
  const auto undone = cqd.Post("/api/v1/mapping/undo", "{}");
  ASSERT_EQ(undone.status, 202) << undone.body;
  WaitFor(cqd, json::parse(undone.body));
  EXPECT_EQ(Answer(cqd), before);
}

TEST(RetagWhole, TheCommandLineDoesTheSame) {
  Installation cqd;
  Prepare(cqd, "manual");
  const std::string query = cqd.Path("query.json");
  std::ofstream(query) << kByBuilding;
  const std::string before = cqd.Cqd({"query", query}).output;
  Sql(cqd, kEverywhere);
  const test::Finished preview = cqd.Cqd({"retag", "preview"});
  EXPECT_EQ(preview.exit_code, 0);
  EXPECT_THAT(preview.output, testing::HasSubstr("Tower"));
  EXPECT_EQ(cqd.Cqd({"retag", "apply", "--note", "x"}).exit_code, 0);
  EXPECT_NE(cqd.Cqd({"query", query}).output, before);
  EXPECT_EQ(cqd.Cqd({"retag", "undo"}).exit_code, 0);
  EXPECT_EQ(cqd.Cqd({"query", query}).output, before);
  EXPECT_THAT(cqd.Cqd({"retag", "versions"}).output, testing::HasSubstr("undo"));
  EXPECT_NE(cqd.Cqd({"retag", "apply"}).exit_code, 0);
}

TEST(RetagWhole, FromNowOnLeavesTheOldStreamsAlone) {
  Installation cqd;
  Prepare(cqd, "from_now_on");
  const std::string query = cqd.Path("query.json");
  std::ofstream(query) << kByBuilding;
  const std::string before = cqd.Cqd({"query", query}).output;
  Sql(cqd, kEverywhere);
  EXPECT_EQ(cqd.Cqd({"process"}).exit_code, 0);
  EXPECT_EQ(cqd.Cqd({"query", query}).output, before);
  EXPECT_EQ(cqd.Cqd({"retag", "apply"}).exit_code, 0);
  EXPECT_THAT(cqd.Cqd({"query", query}).output, testing::HasSubstr("Tower"));
}

}  // namespace
}  // namespace cqd
