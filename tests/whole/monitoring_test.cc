// Promise: what we ship for Prometheus and Grafana works with what the server really says: rules
// and their tests pass, and every metric and label that they and the dashboard ask for is there.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "sqlite/database.h"
#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Installation;

std::string Packaged(const std::string& name) {
  return std::string(CQD_SOURCE_DIR) + "/packaging/" + name;
}

std::string Text(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Monitoring, TheAlertRulesAreValidAndDoWhatTheyPromise) {
  Installation cqd;
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"/usr/bin/promtool", "check", "rules",
                                 Packaged("prometheus/opencqd.rules.yml")},
        {"/usr/bin/promtool", "test", "rules", Packaged("prometheus/opencqd.rules.test.yml")}}) {
    const test::Finished done = test::RunToEnd(command, cqd.Path("promtool"));
    EXPECT_EQ(done.exit_code, 0) << done.output;
  }
}

/// Metrics with their labels, of all scrapes together.
using Known = std::map<std::string, std::set<std::string>>;

void Learn(const std::string& text, Known& known) {
  static const std::regex kSample(R"(^([a-z_]+)(\{(.*)\})? [^ ]+$)");
  static const std::regex kLabel(R"(([a-z_]+)="(?:[^"\\]|\\.)*")");
  std::istringstream lines(text);
  std::smatch parts;
  for (std::string line; std::getline(lines, line);) {
    if (!std::regex_match(line, parts, kSample)) continue;
    std::set<std::string>& labels = known[parts[1]];
    const std::string list = parts[3];
    for (std::sregex_iterator label(list.begin(), list.end(), kLabel), end; label != end; ++label)
      labels.insert((*label)[1]);
  }
}

/// Names the metrics and labels of a query that the server never gives.
void Check(const std::string& query, const Known& known, std::size_t& metrics) {
  static const std::regex kSelector(R"((cqd_[a-z_]+)(\{([^}]*)\})?)");
  static const std::regex kMatcher(R"re(([a-z_]+)(=~|!~|!=|=)")re");
  static const std::regex kGrouping(R"((by|on|ignoring) \(([a-z_, ]*)\))");
  // These come from the scrape itself.
  const std::set<std::string> given = {"job", "instance"};
  std::set<std::string> of_all = given;
  for (std::sregex_iterator one(query.begin(), query.end(), kSelector), end; one != end; ++one) {
    ++metrics;
    const auto found = known.find((*one)[1]);
    ASSERT_NE(found, known.end()) << (*one)[1] << " in " << query;
    of_all.insert(found->second.begin(), found->second.end());
    const std::string matchers = (*one)[3];
    for (std::sregex_iterator label(matchers.begin(), matchers.end(), kMatcher); label != end;
         ++label) {
      EXPECT_TRUE(given.contains((*label)[1]) || found->second.contains((*label)[1]))
          << (*label)[1] << " of " << (*one)[1] << " in " << query;
    }
  }
  for (std::sregex_iterator one(query.begin(), query.end(), kGrouping), end; one != end; ++one) {
    static const std::regex kName("[a-z_]+");
    const std::string names = (*one)[2];
    for (std::sregex_iterator name(names.begin(), names.end(), kName); name != end; ++name)
      EXPECT_TRUE(of_all.contains(name->str())) << name->str() << " in " << query;
  }
}

/// A year-old server is not at hand: two days of a shrinking disk and of successes are put into its
/// log.
void GiveHistory(const std::string& data_dir) {
  auto log = sqlite::Database::Open(data_dir + "/integration.sqlite");
  ASSERT_TRUE(log.ok());
  const Status given = log->Execute(
      "WITH RECURSIVE hour(n) AS (SELECT 0 UNION ALL SELECT n+1 FROM hour WHERE n<48) "
      "INSERT INTO storage_sample SELECT (unixepoch()-n*3600)*1000000, 50000000000+n*100000000, "
      "1, 1, 1 FROM hour");
  ASSERT_TRUE(given.ok()) << given.error().ToString();
  const Status aged = log->Execute(
      "UPDATE run SET queued_at=queued_at-172800000000, started_at=started_at-172800000000, "
      "finished_at=finished_at-172800000000 WHERE state='succeeded'");
  ASSERT_TRUE(aged.ok()) << aged.error().ToString();
}

Known RealMetrics() {
  Known known;
  Installation cqd;
  cqd.Simulate(600, 2);
  cqd.ConfigureWithDatabase(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s "
      "= 604800\n");
  EXPECT_EQ(cqd.Cqd({"import", "buildings", cqd.Path("customer") + "/buildings.txt"}).exit_code, 0);
  EXPECT_EQ(cqd.Cqd({"integrate"}).exit_code, 0);
  GiveHistory(cqd.data_dir());
  cqd.Serve();
  const std::string query =
      R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})";
  cqd.Ask(query);
  cqd.Ask(query);
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  cqd.WaitForRun("cube", cqd.GetJson("/api/v1/runs?n=1").at("runs").at(0).at("seq").as_int64() - 1);
  // A record that nobody can read, and a reason to tell.
  cqd.Post("/api/v1/schedule/pause", R"({"reason":"a test"})");
  cqd.Post("/api/v1/reports", "not a report", "application/vq-rtcpxr");
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  cqd.WaitForRun("archive", 3);
  Learn(cqd.Get("/metrics").body, known);
  // `up` is made by the scrape.
  known["up"] = {};
  return known;
}

TEST(Monitoring, EveryMetricOfRulesAndDashboardIsThere) {
  Known known = RealMetrics();
  std::size_t metrics = 0;
  static const std::regex kRule(R"(expr: (?:>-\n((?:          .*\n)+)|(.*)\n))");
  const std::string rules = Text(Packaged("prometheus/opencqd.rules.yml"));
  for (std::sregex_iterator rule(rules.begin(), rules.end(), kRule), end; rule != end; ++rule)
    Check((*rule)[1].str() + (*rule)[2].str(), known, metrics);
  EXPECT_GE(metrics, 15U) << "the rules were read";
  const json::value board = json::parse(Text(Packaged("grafana/opencqd.json")));
  metrics = 0;
  std::set<std::int64_t> ids;
  for (const json::value& panel : board.at("panels").as_array()) {
    EXPECT_TRUE(ids.insert(panel.at("id").as_int64()).second);
    ASSERT_FALSE(panel.at("targets").as_array().empty()) << panel.at("title");
    for (const json::value& target : panel.at("targets").as_array())
      Check(std::string(target.at("expr").as_string()), known, metrics);
  }
  EXPECT_GE(metrics, 25U);
  for (const json::value& variable : board.at("templating").at("list").as_array()) {
    if (variable.at("type").as_string() != "query") continue;
    Check(std::string(variable.at("query").at("query").as_string()), known, metrics);
  }
}

}  // namespace
}  // namespace cqd
