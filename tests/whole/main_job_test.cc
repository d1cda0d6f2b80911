// The main job, end to end, with the real binary over real ODBC and real HTTP.
#include <gmock/gmock.h>

#include "sqlite/database.h"
#include "support/installation.h"

namespace cqd {
namespace {

using test::Installation;
namespace json = boost::json;
using testing::HasSubstr;

constexpr const char* kMonthTrend =
    R"({"Dimensions":[{"DataModelName":"[StartDate].[Month]"}],"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"},)"
    R"({"DataModelName":"[Measures].[Audio Good Streams Count]"},{"DataModelName":"[Measures].[Audio UnClassified Streams Count]"},)"
    R"({"DataModelName":"[Measures].[Audio Poor Streams Count]"},{"DataModelName":"[Measures].[AudioPoorPercentage]"}]})";

std::int64_t Count(const std::string& file, const std::string& sql) {
  auto database = sqlite::Database::Open(file, {.mode = sqlite::OpenMode::kReadOnly});
  EXPECT_TRUE(database.ok()) << database.error().ToString();
  return database->QueryInt(sql)->value_or(0);
}

/// Sum of column `column` over all rows of an answer.
std::int64_t Sum(const json::value& answer, std::size_t column) {
  std::int64_t sum = 0;
  for (const json::value& row : answer.at("DataResult").as_array())
    sum += row.at(column).as_int64();
  return sum;
}

TEST(MainJob, EveryStreamOfTheDatabaseIsInTheAnswers) {
  Installation cqd;
  cqd.Simulate(6000);
  cqd.ConfigureWithDatabase(
      "[data_api]\nintegration_log = true\n[integration]\nrun_at_start = false\nevery_s = "
      "604800\nwarn_after_s = 604800\nerror_after_s = 604800\n");
  ASSERT_EQ(cqd.Cqd({"import", "buildings", cqd.Path("customer/buildings.txt")}).exit_code, 0);
  const test::Finished run = cqd.Cqd({"integrate"});
  ASSERT_EQ(run.exit_code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("succeeded"));

  const std::int64_t audio = Count(cqd.database(), "SELECT count(*) FROM AudioStream");
  cqd.Serve();
  json::value answer = cqd.Ask(kMonthTrend);
  EXPECT_EQ(answer.at("ErrorType").as_int64(), 0);
  EXPECT_EQ(Sum(answer, 1), audio);
  EXPECT_EQ(Sum(answer, 2) + Sum(answer, 3) + Sum(answer, 4), audio)
      << "every stream has one class";
  EXPECT_GT(Sum(answer, 4), 0);

  // The published status call tells of exactly these two runs.
  const json::value status = cqd.GetJson("/QoEDataService/IntegrationLog/Status");
  EXPECT_EQ(status.at("LastSuccessIntegrations").as_array().size(), 1U);
  EXPECT_EQ(status.at("LastSuccessCubeProcessings").as_array().size(), 1U);
  EXPECT_EQ(status.at("LastFailedIntegrations").as_array().size(), 0U);
  EXPECT_TRUE(status.at("LastDataIntegrationStart").is_null());
  const json::value newest = cqd.GetJson("/api/v1/runs?stage=archive&n=1").at("runs").at(0);
  const json::value& rows = newest.at("rows");
  EXPECT_EQ(rows.at("read").as_int64(),
            rows.at("inserted").as_int64() + rows.at("updated").as_int64() +
                rows.at("duplicate").as_int64() + rows.at("quarantined").as_int64());

  // A second run over the same data finds nothing new and doubles nothing.
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  const json::value second = cqd.WaitForRun("archive", newest.at("seq").as_int64());
  EXPECT_EQ(second.at("state").as_string(), "succeeded");
  EXPECT_EQ(second.at("rows").at("inserted").as_int64(), 0);
  EXPECT_EQ(Sum(cqd.Ask(kMonthTrend), 1), audio);

  // Restart: the stored segments answer at once, without another run.
  EXPECT_EQ(cqd.StopServer(), 0);
  cqd.Serve();
  EXPECT_EQ(cqd.Get("/readyz").status, 200);
  EXPECT_EQ(Sum(cqd.Ask(kMonthTrend), 1), audio);
}

TEST(MainJob, BuildingsOfTheCustomerTablesAnswer) {
  Installation cqd;
  cqd.Simulate(4000, 2);
  cqd.ConfigureWithDatabase();
  ASSERT_EQ(cqd.Cqd({"import", "buildings", cqd.Path("customer/buildings.txt")}).exit_code, 0);
  ASSERT_EQ(cqd.Cqd({"import", "bssids", cqd.Path("customer/bssids.csv")}).exit_code, 0);
  ASSERT_EQ(cqd.Cqd({"integrate"}).exit_code, 0);
  cqd.Serve();
  const json::value answer = cqd.Ask(
      R"({"Dimensions":[{"DataModelName":"[Second Building].[Building Name]"}],"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})");
  ASSERT_EQ(answer.at("ErrorType").as_int64(), 0) << json::serialize(answer);
  EXPECT_GT(answer.at("DataResult").as_array().size(), 3U);
  EXPECT_EQ(Sum(answer, 1), Count(cqd.database(), "SELECT count(*) FROM AudioStream"));
}

TEST(MainJob, ThePublishedLogCallsAreOffByDefault) {
  Installation cqd;
  cqd.Configure();
  cqd.Serve();
  EXPECT_EQ(cqd.Get("/QoEDataService/IntegrationLog/Status").body, "\"\"");
  EXPECT_EQ(cqd.Get("/QoEDataService/IntegrationLog").body, "\"\"");
  EXPECT_EQ(cqd.Get("/qoedataservice/INTEGRATIONLOG/status/").status, 200)
      << "any case, one trailing slash";
}

TEST(MainJob, AnEmptyServerSaysSoAndGetsReadyWithItsFirstRun) {
  Installation cqd;
  cqd.Configure(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s "
      "= 604800\n");
  cqd.Serve();
  EXPECT_EQ(cqd.Get("/livez").status, 200);
  EXPECT_EQ(cqd.Get("/readyz").status, 503);
  EXPECT_EQ(cqd.Ask(kMonthTrend).at("ErrorType").as_int64(), 3) << "the cube was never processed";
  EXPECT_EQ(cqd.GetJson("/api/v1/status").at("stages").at(0).at("state").as_string(), "never_run");
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  EXPECT_EQ(cqd.WaitForRun("cube").at("state").as_string(), "succeeded");
  EXPECT_EQ(cqd.Get("/readyz").status, 200);
  EXPECT_EQ(cqd.Ask(kMonthTrend).at("DataResult").as_array().size(), 0U);
}

TEST(MainJob, ASecondProcessOnTheSameDataIsToldSo) {
  Installation cqd;
  cqd.Configure(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s "
      "= 604800\n");
  cqd.Serve();
  const test::Finished second = cqd.Cqd({"serve", "--port", "0"});
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_THAT(second.output, HasSubstr(std::to_string(cqd.server().pid())));
  const test::Finished through = cqd.Cqd({"integrate"});
  EXPECT_EQ(through.exit_code, 0) << "a command asks the running server: " << through.output;
}

TEST(MainJob, NewCallsInTheDatabaseComeWithTheNextRun) {
  Installation cqd;
  cqd.Simulate(3000, 2);
  cqd.ConfigureWithDatabase(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s "
      "= 604800\n");
  ASSERT_EQ(cqd.Cqd({"integrate"}).exit_code, 0);
  auto database = *sqlite::Database::Open(cqd.database());
  // A stream of an existing call turns bad: the row is completed, and the whole leg with it.
  const std::int64_t before = Count(cqd.database(), "SELECT count(*) FROM AudioStream");
  ASSERT_TRUE(database
                  .Execute("UPDATE AudioStream SET RoundTrip=900 WHERE (ConferenceDateTime, "
                           "SessionSeq, MediaLineLabel, StreamID) IN "
                           "(SELECT ConferenceDateTime, SessionSeq, MediaLineLabel, StreamID FROM "
                           "AudioStream ORDER BY ConferenceDateTime DESC LIMIT 1)")
                  .ok());
  const test::Finished again = cqd.Cqd({"integrate"});
  ASSERT_EQ(again.exit_code, 0) << again.output;
  EXPECT_THAT(again.output, testing::ContainsRegex("[1-9] updated"));
  cqd.Serve();
  EXPECT_EQ(Sum(cqd.Ask(kMonthTrend), 1), before);
}

TEST(MainJob, ASourceThatIsGoneFailsTheRunAndNamesTheRemedy) {
  Installation cqd;
  cqd.Configure(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s "
      "= 604800\n[data_api]\nintegration_log = true\n"
      "[[source]]\nname = \"gone\"\nconnection_string = "
      "\"Driver=SQLite3;Database=/nonexistent/QoEMetrics.sqlite\"\n");
  const test::Finished run = cqd.Cqd({"integrate"});
  EXPECT_EQ(run.exit_code, 1) << run.output;
  cqd.Serve();
  const json::value status = cqd.GetJson("/api/v1/status");
  EXPECT_NE(status.at("status").as_string(), "pass");
  EXPECT_EQ(cqd.GetJson("/QoEDataService/IntegrationLog/Status")
                .at("LastFailedIntegrations")
                .as_array()
                .size(),
            1U);
  EXPECT_FALSE(status.at("reasons").at(0).at("action").as_string().empty());
}

TEST(MainJob, WrongRequestsGetAClearAnswer) {
  Installation cqd;
  cqd.Configure(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s "
      "= 604800\n");
  cqd.Serve();
  EXPECT_EQ(cqd.Get("/nowhere").status, 404);
  EXPECT_EQ(cqd.Get("/QoEDataService/RunQuery").status, 405);
  EXPECT_EQ(cqd.Ask("{").at("ErrorType").as_int64(), 6);
  const json::value unknown = cqd.Ask(
      R"({"Dimensions":[{"DataModelName":"[StartDate].[Mnth]"}],"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})");
  EXPECT_EQ(unknown.at("ErrorType").as_int64(), 6);
  EXPECT_THAT(std::string(unknown.at("ErrorMessage").as_string()), HasSubstr("[StartDate].[Month]"))
      << "near names";
  EXPECT_EQ(cqd.Get("/api/v1/runs?stage=nothing").status, 400);
  EXPECT_EQ(cqd.Get("/api/v1/runs/none").status, 404);
  EXPECT_EQ(cqd.Post("/api/v1/runs", R"({"stage":"archive","kind":"full"})").status, 400);
  EXPECT_EQ(cqd.Post("/api/v1/reports", "", "application/vq-rtcpxr").status, 400);
}

}  // namespace
}  // namespace cqd
