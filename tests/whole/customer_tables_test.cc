// Promise: an administrator fills the customer tables over HTTP; a wrong file is told by line and
// changes nothing; subnets without a building are found by their traffic.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Installation;
using testing::HasSubstr;

constexpr const char* kQuiet =
    "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = "
    "604800\n";

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class CustomerTables : public testing::Test {
 protected:
  json::value Import(const std::string& table, const std::string& text, const char* query = "") {
    const auto answer = cqd_.Post("/api/v1/customer-tables/" + table + query, text, "text/csv");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }
  Installation cqd_;
};

TEST_F(CustomerTables, AWrongFileIsToldByLineAndChangesNothing) {
  cqd_.Configure(kQuiet);
  cqd_.Serve();
  const json::value wrong =
      Import("networks",
             "Network,NetworkRange,BuildingKey\n10.1.0.0,16,0\n10.2.0.0,99,0\n300.1.1.1,8,5\n");
  EXPECT_FALSE(wrong.at("applied").as_bool());
  EXPECT_GE(wrong.at("problem_count").as_int64(), 2);
  EXPECT_EQ(wrong.at("problems").at(0).at("line").as_int64(), 3);
  EXPECT_EQ(wrong.at("problems").at(0).at("column").as_string(), "NetworkRange");
  EXPECT_EQ(cqd_.GetJson("/api/v1/customer-tables/networks").at("total").as_int64(), 0);

  const std::string buildings = "BuildingKey,BuildingName\n1,North\n2,South\n";
  EXPECT_FALSE(Import("buildings", buildings, "?dry_run=true").at("applied").as_bool());
  EXPECT_EQ(cqd_.GetJson("/api/v1/customer-tables/buildings").at("total").as_int64(), 1);
  EXPECT_TRUE(Import("buildings", buildings).at("applied").as_bool());
  const std::string networks = "Network,NetworkRange,BuildingKey\n10.1.0.0,16,1\n10.1.5.0,24,2\n";
  const json::value dry = Import("networks", networks, "?dry_run=true");
  EXPECT_TRUE(dry.at("dry_run").as_bool());
  EXPECT_EQ(dry.at("tables").at(0).at("added").as_int64(), 2);
  EXPECT_EQ(dry.at("overlaps_new").as_int64(), 1);
  EXPECT_EQ(dry.at("overlaps").at(0).at("network").as_string(), "10.1.5.0/24");
  EXPECT_EQ(dry.at("overlaps").at(0).at("outer_building").as_string(), "North");
  EXPECT_TRUE(Import("networks", networks).at("applied").as_bool());
  EXPECT_EQ(cqd_.GetJson("/api/v1/customer-tables/overlaps").at("overlap_count").as_int64(), 1);

  const json::value page = cqd_.GetJson("/api/v1/customer-tables/networks?q=south&n=1");
  EXPECT_EQ(page.at("matching").as_int64(), 1);
  EXPECT_EQ(page.at("total").as_int64(), 2);
  EXPECT_TRUE(page.at("next_cursor").is_null());
  const json::value first = cqd_.GetJson("/api/v1/customer-tables/networks?n=1");
  EXPECT_EQ(first.at("next_cursor").as_string(), "1");
  const auto csv = cqd_.Get("/api/v1/customer-tables/networks/export");
  EXPECT_THAT(std::string(csv.Header("Content-Disposition").value_or("")),
              HasSubstr("networks.csv"));
  EXPECT_EQ(Import("networks", csv.body).at("tables").at(0).at("unchanged").as_int64(), 2);
  EXPECT_THAT(cqd_.Cqd({"sql", "SELECT count(*) FROM CqdNetwork"}).output, HasSubstr("2"));
}

TEST_F(CustomerTables, BadRequestsAreRefusedByName) {
  cqd_.Configure(kQuiet);
  cqd_.Serve();
  const auto field = [&](const http::ClientResponse& answer, int status) {
    EXPECT_EQ(answer.status, status) << answer.body;
    const json::value problem = json::parse(answer.body);
    const json::value* name = problem.as_object().if_contains("field");
    return name == nullptr ? std::string() : std::string(name->as_string());
  };
  EXPECT_EQ(field(cqd_.Get("/api/v1/customer-tables/CqdNetwork"), 404), "table");
  EXPECT_EQ(field(cqd_.Post("/api/v1/customer-tables/nothing", "x"), 404), "table");
  EXPECT_EQ(field(cqd_.Get("/api/v1/customer-tables/networks?n=0"), 400), "n");
  EXPECT_EQ(field(cqd_.Get("/api/v1/customer-tables/networks?cursor=x"), 400), "cursor");
  EXPECT_EQ(field(cqd_.Get("/api/v1/customer-tables/networks?sort=x"), 400), "sort");
  EXPECT_EQ(field(cqd_.Get("/api/v1/mapping/unmapped?months=0"), 400), "months");
  EXPECT_EQ(cqd_.Get("/api/v1/mapping/unmapped").status, 503) << "no cube yet";
  EXPECT_EQ(field(cqd_.Post("/api/v1/customer-tables/networks?dry_run=yes", "x"), 400), "dry_run");
  EXPECT_EQ(cqd_.Post("/api/v1/customer-tables/networks", "").status, 400);
  EXPECT_EQ(cqd_.Post("/api/v1/customer-tables/networks", "Colour\nred\n").status, 400);
  const json::value tables = cqd_.GetJson("/api/v1/customer-tables").at("tables");
  EXPECT_EQ(tables.as_array().size(), 6u);
  EXPECT_EQ(tables.at(0).at("id").as_string(), "buildings");
}

TEST_F(CustomerTables, RowsAreChangedByHandAsTheyWereSeen) {
  cqd_.Simulate(800, 2);
  cqd_.ConfigureWithDatabase(kQuiet);
  std::ofstream(cqd_.Path("b.csv")) << "BuildingKey,BuildingName\n1,North\n2,South\n";
  std::ofstream(cqd_.Path("n.csv"))
      << "Network,NetworkRange,BuildingKey\n0.0.0.0,0,1\n10.9.0.0,16,2\n";
  ASSERT_EQ(cqd_.Cqd({"import", "buildings", cqd_.Path("b.csv")}).exit_code, 0);
  ASSERT_EQ(cqd_.Cqd({"import", "networks", cqd_.Path("n.csv")}).exit_code, 0);
  ASSERT_EQ(cqd_.Cqd({"integrate"}).exit_code, 0);
  cqd_.Serve();
  const json::value page = cqd_.GetJson("/api/v1/customer-tables/networks");
  EXPECT_EQ(page.at("key"), (json::array{"Network", "NetworkRange", "ValidFrom"}));
  EXPECT_LT(page.at("own_columns").as_int64(),
            static_cast<std::int64_t>(page.at("columns").as_array().size()));
  const std::string everywhere =
      "/api/v1/customer-tables/networks/rows?key=0.0.0.0&key=0&key=&dry_run=";
  const auto seen = [](const json::value& version) {
    return std::vector<std::pair<std::string, std::string>>{
        {"If-Match", "\"" + std::string(version.as_string()) + "\""}};
  };
  const auto match = seen(page.at("versions").at(0));
  EXPECT_EQ(cqd_.Send("PUT", everywhere + "false", {}, "{}").status, 428);
  EXPECT_EQ(cqd_.Send("PUT", everywhere + "false", {{"If-Match", "x"}}, "{}").status, 400);
  const auto wrong =
      cqd_.Send("PUT", everywhere + "true", match, R"({"BuildingKey":99,"VPN":true})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(json::parse(wrong.body).at("field").as_string(), "BuildingKey");
  EXPECT_EQ(json::parse(wrong.body).at("problems").as_array().size(), 1u);

  const auto dry = cqd_.Send("PUT", everywhere + "true", match, R"({"BuildingKey":2})");
  ASSERT_EQ(dry.status, 200) << dry.body;
  EXPECT_GT(json::parse(dry.body).at("effect").at("streams_moved").as_int64(), 0);
  EXPECT_FALSE(json::parse(dry.body).at("applied").as_bool());
  const auto first = cqd_.Send("PUT", everywhere + "false", match, R"({"BuildingKey":2})");
  EXPECT_TRUE(json::parse(first.body).at("applied").as_bool());
  const auto second = cqd_.Send("PUT", everywhere + "false", match, R"({"BuildingKey":1})");
  EXPECT_EQ(second.status, 412) << "two administrators: the slower one looks again";

  const json::value buildings = cqd_.GetJson("/api/v1/customer-tables/buildings");
  const std::string south = "/api/v1/customer-tables/buildings/rows?key=2";
  const auto used = cqd_.Send("DELETE", south, seen(buildings.at("versions").at(2)));
  EXPECT_EQ(used.status, 409);
  const json::value user = json::parse(used.body).at("used_by").at(0);
  EXPECT_EQ(user.at("table").as_string(), "CqdNetwork");
  EXPECT_EQ(user.at("count").as_int64(), 2);
  EXPECT_EQ(user.at("rows").at(0).as_string(), "0.0.0.0/0");
  const auto north = cqd_.Send("DELETE", "/api/v1/customer-tables/buildings/rows?key=1",
                               seen(buildings.at("versions").at(1)));
  EXPECT_TRUE(json::parse(north.body).at("applied").as_bool());
  EXPECT_EQ(cqd_.Post("/api/v1/customer-tables/buildings/rows?key=5", R"({"BuildingName":"East"})")
                .status,
            201);
  EXPECT_EQ(cqd_.GetJson("/api/v1/customer-tables/buildings").at("total").as_int64(), 3);
  // The mapping in force still has what was there: undo brings it back.
  EXPECT_EQ(cqd_.Post("/api/v1/mapping/undo", R"({"version":1})").status, 202);
  EXPECT_EQ(cqd_.GetJson("/api/v1/customer-tables/networks"), page);
  const json::value back = cqd_.GetJson("/api/v1/customer-tables/buildings");
  EXPECT_EQ(back.at("rows"), buildings.at("rows"));
}

TEST_F(CustomerTables, SubnetsWithoutABuildingComeByTraffic) {
  cqd_.Simulate(2000, 2);
  cqd_.ConfigureWithDatabase(kQuiet);
  ASSERT_EQ(cqd_.Cqd({"integrate"}).exit_code, 0);
  cqd_.Serve();
  const json::value before = cqd_.GetJson("/api/v1/mapping/unmapped?n=5");
  ASSERT_EQ(before.at("subnets").as_array().size(), 5u);
  const std::int64_t count = before.at("subnet_count").as_int64();
  std::int64_t last = INT64_MAX;
  for (const json::value& subnet : before.at("subnets").as_array()) {
    EXPECT_LE(subnet.at("stream_ends").as_int64(), last);
    last = subnet.at("stream_ends").as_int64();
  }
  const std::string worst(before.at("subnets").at(0).at("subnet").as_string());
  Import("buildings", "BuildingKey,BuildingName\n1,North\n");
  Import("networks", fmt::format("Network,NetworkRange,BuildingKey\n{},24,1\n", worst));
  EXPECT_EQ(cqd_.Post("/api/v1/runs", R"({"stage":"cube"})").status, 202);
  cqd_.WaitForRun("cube", 2);
  const json::value after = cqd_.GetJson("/api/v1/mapping/unmapped?n=1000");
  EXPECT_LT(after.at("subnet_count").as_int64(), count);
  for (const json::value& subnet : after.at("subnets").as_array())
    EXPECT_NE(subnet.at("subnet").as_string(), worst);
  Import("buildings", ReadText(cqd_.Path("customer") + "/buildings.txt"));
  EXPECT_EQ(cqd_.Post("/api/v1/runs", R"({"stage":"cube"})").status, 202);
  cqd_.WaitForRun("cube", 3);
  EXPECT_LT(cqd_.GetJson("/api/v1/mapping/unmapped").at("subnet_count").as_int64(),
            after.at("subnet_count").as_int64());
}

}  // namespace
}  // namespace cqd
