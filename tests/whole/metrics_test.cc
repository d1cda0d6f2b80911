// Promise: /metrics is Prometheus text that any scraper reads, with the figures that
// reference/status-api.md 5 names, and the probes tell what they are for.
#include <gmock/gmock.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Installation;
using testing::Contains;
using testing::HasSubstr;

struct Family {
  bool help = false;
  std::string type;
  std::size_t samples = 0;
};

/// Family of a sample: a histogram's parts belong to it.
std::string FamilyOf(const std::string& name, const std::map<std::string, Family>& families) {
  for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    const std::string base = name.substr(0, name.size() - suffix.size());
    const auto found = families.find(base);
    if (found != families.end() && found->second.type == "histogram") return base;
  }
  return name;
}

/// Reads the text line by line by the rules of the exposition format 0.0.4.
std::map<std::string, Family> ParseMetrics(const std::string& text) {
  static const std::regex kHelp(R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) \S.*)");
  static const std::regex kType(
      R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped))");
  static const std::regex kSample(
      R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*",?)*\})? )"
      R"((-?[0-9.]+(e[+-]?[0-9]+)?|[+-]Inf|NaN))");
  EXPECT_TRUE(text.ends_with('\n')) << "the last line ends with a line feed";
  std::map<std::string, Family> families;
  std::set<std::string> series;
  std::istringstream lines(text);
  std::smatch parts;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, parts, kHelp)) {
      EXPECT_FALSE(families[parts[1]].help) << "twice: " << line;
      families[parts[1]].help = true;
    } else if (std::regex_match(line, parts, kType)) {
      EXPECT_EQ(families[parts[1]].type, "") << "twice: " << line;
      families[parts[1]].type = parts[2];
    } else if (std::regex_match(line, parts, kSample)) {
      EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << "twice: " << line;
      ++families[FamilyOf(parts[1], families)].samples;
    } else {
      ADD_FAILURE() << "no line of the format: " << line;
    }
  }
  return families;
}

TEST(Metrics, EveryLineParsesAndEveryFamilyIsDescribed) {
  Installation cqd;
  cqd.Simulate(600, 2);
  cqd.ConfigureWithDatabase(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s "
      "= 604800\n");
  cqd.Serve();
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  ASSERT_EQ(cqd.WaitForRun("cube").at("state").as_string(), "succeeded");
  const char* kQuery = R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})";
  cqd.Ask(kQuery);
  cqd.Ask(kQuery);
  cqd.Get("/no\"where\\");
  const http::ClientResponse answer = cqd.Get("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Content-Type").value_or(""), "text/plain; version=0.0.4; charset=utf-8");
  const std::map<std::string, Family> families = ParseMetrics(answer.body);
  for (const auto& [name, family] : families) {
    EXPECT_TRUE(family.help) << name;
    EXPECT_NE(family.type, "") << name;
    EXPECT_GT(family.samples, 0U) << name;
    EXPECT_TRUE(name.starts_with("cqd_")) << name;
    EXPECT_EQ(name.ends_with("_total"), family.type == "counter")
        << name << " is a " << family.type << ": counters, and only they, end with _total";
  }
  for (const char* name : {"cqd_run_last_success_timestamp_seconds",
                           "cqd_run_running",
                           "cqd_run_consecutive_failures",
                           "cqd_data_age_seconds",
                           "cqd_source_up",
                           "cqd_disk_free_bytes",
                           "cqd_cache_hits_total",
                           "cqd_cache_misses_total",
                           "cqd_cache_shared_total",
                           "cqd_cache_entries",
                           "cqd_cache_bytes",
                           "cqd_made_columns_bytes",
                           "cqd_made_columns_limit_bytes",
                           "cqd_queries_computing",
                           "cqd_queries_waiting",
                           "cqd_data_record_age_seconds",
                           "cqd_data_age_limit_seconds",
                           "cqd_runs_total",
                           "cqd_rows_total",
                           "cqd_run_duration_seconds",
                           "cqd_run_last_finish_timestamp_seconds",
                           "cqd_query_duration_seconds",
                           "cqd_health",
                           "cqd_stage_verdict",
                           "cqd_build_info",
                           "cqd_run_rows",
                           "cqd_archive_bytes",
                           "cqd_cube_bytes",
                           "cqd_cube_streams",
                           "cqd_data_version",
                           "cqd_request_duration_seconds"})
    EXPECT_TRUE(families.contains(name)) << name;
  EXPECT_THAT(answer.body, HasSubstr("\ncqd_cache_hits_total 1\n"));
  EXPECT_THAT(answer.body, HasSubstr("\ncqd_source_up{source=\"qoe\"} 1\n"));
  EXPECT_THAT(answer.body, HasSubstr("\ncqd_run_running{stage=\"archive\"} 0\n"));
  EXPECT_THAT(answer.body, testing::Not(HasSubstr(cqd.database()))) << "no path in labels";
}

TEST(Metrics, TheFiguresOfABrokenSourceShowIt) {
  Installation cqd;
  cqd.Configure(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s "
      "= 604800\n[[source]]\nname = \"gone\"\nconnection_string = "
      "\"Driver=SQLite3;Database=/nonexistent/x.sqlite\"\n");
  cqd.Serve();
  const auto before = ParseMetrics(cqd.Get("/metrics").body);
  EXPECT_FALSE(before.contains("cqd_source_up")) << "unknown is absent, not 0";
  EXPECT_FALSE(before.contains("cqd_run_last_success_timestamp_seconds"));
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  cqd.WaitForRun("archive");
  const std::string text = cqd.Get("/metrics").body;
  ParseMetrics(text);
  EXPECT_THAT(text, HasSubstr("\ncqd_source_up{source=\"gone\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\ncqd_run_consecutive_failures{stage=\"archive\"} 1\n"));
}

TEST(Probes, AreOpenAndNeverCached) {
  Installation cqd;
  cqd.Configure(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s "
      "= 604800\n");
  cqd.Serve();
  for (const char* path : {"/livez", "/readyz"}) {
    const http::ClientResponse answer = cqd.Get(path);
    EXPECT_EQ(answer.Header("Cache-Control").value_or(""), "no-store") << path;
    EXPECT_EQ(cqd.Send("HEAD", path).status, answer.status) << path;
    EXPECT_EQ(cqd.Send("POST", path).status, 405) << path;
  }
  EXPECT_EQ(cqd.Get("/readyz").status, 503);
  EXPECT_TRUE(cqd.Get("/readyz").Header("Retry-After").has_value());
}

}  // namespace
}  // namespace cqd
