// Promise: the published calls answer in the published shapes, and their numbers are those that
// plain SQL finds in the source database. Shapes: reference/cube-model.md 2.1, 3.2, 4.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "base/time.h"
#include "sqlite/database.h"
#include "support/installation.h"
#include "support/leg_sql.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Installation;
using testing::ElementsAre;
using testing::MatchesRegex;
using testing::StartsWith;

constexpr const char* kTrusted = "https://portal.example.org";

/// What kAudioByMonth gives for one month.
struct MonthCounts {
  std::int64_t streams, good, unclassified, poor, good_jpdr, poor_jpdr;
};

/// 100 * poor / (poor + good) to three decimals; 0 of nothing (reference/cube-model.md 3.2).
double Percentage(std::int64_t poor, std::int64_t good) {
  if (poor + good == 0) return 0;
  return std::round(100'000.0 * static_cast<double>(poor) / static_cast<double>(poor + good)) /
         1000;
}

std::vector<std::string> Keys(const json::value& object) {
  std::vector<std::string> keys;
  for (const auto& member : object.as_object()) keys.emplace_back(member.key());
  return keys;
}

std::string Text(const json::value& value) {
  return std::string(value.as_string());
}

/// One organisation for all tests of this file, integrated and served.
class DataApi : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    cqd_ = std::make_unique<Installation>();
    cqd_->Simulate(2500, 3);
    cqd_->ConfigureWithDatabase(
        fmt::format("[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = "
                    "604800\nerror_after_s = 604800\n[data_api]\ncors_trusted_origins = [\"{}\"]\n",
                    kTrusted));
    const test::Finished run = cqd_->Cqd({"integrate"});
    ASSERT_EQ(run.exit_code, 0) << run.output;
    cqd_->Serve();
    ReadMonths();
  }
  static void TearDownTestSuite() {
    months_.clear();
    cqd_.reset();
  }
  static void ReadMonths() {
    auto database =
        *sqlite::Database::Open(cqd_->database(), {.mode = sqlite::OpenMode::kReadOnly});
    auto rows = *database.Prepare(test::kAudioByMonth);
    while (*rows.Step()) {
      months_[std::string(rows.Text(0))] = {rows.Int(1), rows.Int(2), rows.Int(3),
                                            rows.Int(4), rows.Int(5), rows.Int(6)};
    }
    ASSERT_GE(months_.size(), 3U);
  }

  /// An answer that must be right: ErrorType 0, the published keys in the published order.
  static json::array Rows(const std::string& query) {
    const json::value answer = cqd_->Ask(query);
    EXPECT_EQ(answer.at("ErrorType").as_int64(), 0) << query << "\n" << json::serialize(answer);
    EXPECT_THAT(Keys(answer),
                ElementsAre("ExecutionTime", "DataResult", "ResultIsFromCache", "ErrorType"));
    return answer.at("DataResult").as_array();
  }
  static std::string Caption(const std::string& month) {
    static constexpr const char* kNames[] = {"January",   "February", "March",    "April",
                                             "May",       "June",     "July",     "August",
                                             "September", "October",  "November", "December"};
    return fmt::format("{} {}", kNames[std::stoi(month.substr(5)) - 1], month.substr(0, 4));
  }
  /// "2026-9" as published bodies write months.
  static std::string Bare(const std::string& month) {
    return fmt::format("{}-{}", month.substr(0, 4), std::stoi(month.substr(5)));
  }
  static const std::pair<const std::string, MonthCounts>& LastMonth() { return *months_.rbegin(); }
  /// Sum of audio streams that pass one filter.
  static std::int64_t CountWhere(const std::string& dimension, const std::string& value,
                                 int operand = 0) {
    const json::array rows = Rows(fmt::format(
        R"({{"Measurements":[{{"DataModelName":"[Measures].[Audio Streams Count]"}}],"Filters":[{{"DataModelName":"{}","Value":"{}","Operand":{}}}]}})",
        dimension, value, operand));
    return rows.empty() ? 0 : rows[0].at(0).as_int64();
  }

  static inline std::unique_ptr<Installation> cqd_;
  static inline std::map<std::string, MonthCounts> months_;
};

/// The body of the published run-query page for a window of seven months that ends with `last`.
std::string RunQueryPage(const std::string& last) {
  return fmt::format(
      R"({{ "Filters": [ {{ "DataModelName": "[StartDate].[Month]", "Caption": "July 2013",
    "Value": "[2015-03-01T00:00:00]", "Operand": 0, "UnionGroup": "" }} ],
    "Dimensions": [ {{ "DataModelName": "[StartDate].[Month]" }} ],
    "Measurements": [ {{ "DataModelName": "[Measures].[Audio Good Streams Count]" }},
      {{ "DataModelName": "[Measures].[Audio UnClassified Streams Count]" }},
      {{ "DataModelName": "[Measures].[Audio Poor Streams Count]" }},
      {{ "DataModelName": "[Measures].[AudioPoorPercentage]" }} ],
    "Trend": {{ "EnableTrend": true, "SpanCount": 7, "TrendDate": "{}", "Type": 0 }} }})",
      last);
}

TEST_F(DataApi, TheRunQueryPageGivesTheNumbersOfTheDatabase) {
  EXPECT_TRUE(Rows(RunQueryPage("2015-3")).empty()) << "months without data are left out";
  for (const std::string& spelling : {LastMonth().first, Bare(LastMonth().first)}) {
    const json::array rows = Rows(RunQueryPage(spelling));
    ASSERT_EQ(rows.size(), months_.size());
    std::size_t at = 0;
    for (const auto& [month, counts] : months_) {
      const json::array& row = rows[at++].as_array();
      ASSERT_EQ(row.size(), 5U);
      EXPECT_EQ(Text(row[0]), Caption(month));
      EXPECT_EQ(row[1].as_int64(), counts.good) << month;
      EXPECT_EQ(row[2].as_int64(), counts.unclassified) << month;
      EXPECT_EQ(row[3].as_int64(), counts.poor) << month;
      EXPECT_EQ(row[4].to_number<double>(), Percentage(counts.poor, counts.good)) << month;
    }
  }
}

// First development sample: one month, two counts; no Caption, no UnionGroup, no Trend.
TEST_F(DataApi, TheFirstDevelopmentSampleWorksUnchanged) {
  const auto& [month, counts] = LastMonth();
  const auto body = [](const std::string& key) {
    return R"({"Dimensions":[{"DataModelName":"[StartDate].[Month]"}],)"
           R"("Filters":[{"DataModelName":"[StartDate].[Month]","Value":")" +
           key +
           R"(","Operand":0}],)"
           R"("Measurements":[{"DataModelName":"[Measures].[Audio Good Streams JPDR Count]"},)"
           R"({"DataModelName":"[Measures].[Audio Poor Streams JPDR Count]"}]})";
  };
  for (const std::string& key : {"[" + month + "-01T00:00:00]", Bare(month), month}) {
    const http::ClientResponse response =
        cqd_->Post("/QoEDataService/RunQuery", body(key), "application/json;charset=utf-8");
    const json::value answer = json::parse(response.body);
    ASSERT_EQ(answer.at("DataResult").as_array().size(), 1U) << key << response.body;
    const json::value& row = answer.at("DataResult").at(0);
    EXPECT_EQ(Text(row.at(0)), Caption(month));
    EXPECT_EQ(row.at(1).as_int64(), counts.good_jpdr);
    EXPECT_EQ(row.at(2).as_int64(), counts.poor_jpdr);
  }
  EXPECT_TRUE(Rows(body("[2015-02-01T00:00:00]")).empty());
}

/// A row of the published scorecard: month by percentage, the row's filters, one bare month, six
/// months of trend.
std::string Scorecard(const std::string& filters, const std::string& month) {
  return R"({"Dimensions":[{"DataModelName":"[StartDate].[Month]"}],"Measurements":[{"DataModelName":"[Measures].[AudioPoorJPDRPercentage]"}],"Filters":[)" +
         filters + R"({"DataModelName":"[StartDate].[Month]","Caption":"","Value":")" + month +
         R"(","Operand":0,"UnionGroup":""}],"Trend":{"EnableTrend":true,"SpanCount":6,"TrendDate":")" +
         month + R"(","Type":0}})";
}

std::string Filter(const std::string& dimension, const std::string& value) {
  return fmt::format(
      R"({{"DataModelName":"{}","Caption":" x","Value":"{}","Operand":0,"UnionGroup":""}},)",
      dimension, value);
}

// Third development sample: its page calls toFixed(2) on the cells, so each must be a number.
TEST_F(DataApi, TheScorecardSampleAlwaysGetsNumbers) {
  const std::string scenario = "[Scenarios].[ScenarioPair]";
  const std::string valid = Filter("[StreamType].[StreamType]", "[False]");
  std::vector<std::string> filters = {
      "", Filter("[First Is Server].[Agent]", "[1]") + Filter("[Second Is Server].[Agent]", "[0]"),
      Filter("[Second User Agent].[User Agent Type]", "[AndroidLync],[iPhoneLync],[WPLync]"),
      Filter("[Second User Agent].[User Agent Type]", "[LWA]"),
      Filter("[Second Network Connection Type].[Network Connection Detail]", "[MobileBB]")};
  for (const char* key :
       {"[1]&[1]&[1]&[1]&[Wired]&[Wired]", "[1]&amp;[0]&amp;[1]&amp;[1]&amp;[Wired]&amp;[Wired]",
        "[1]&[0]&[1]&[0]&[Wired]&[Wired]", "[0]&amp;[0]&amp;[1]&amp;[1]&amp;[Wired]&amp;[Wired]",
        "[0]&[0]&[0]&[0]&[Wired]&[Wired]", "[1]&amp;[0]&amp;[1]&amp;[1]&amp;[Wired]&amp;[Wifi]",
        "[1]&[0]&[1]&[0]&[Wired]&[Wifi]", "[0]&[0]&[1]&[1]&[Wifi]&[Wifi]"})
    filters.push_back(Filter(scenario, key) + valid);
  std::size_t cells = 0;
  for (const std::string& filter : filters) {
    EXPECT_TRUE(Rows(Scorecard(filter, "2015-3")).empty());
    const json::array rows = Rows(Scorecard(filter, Bare(LastMonth().first)));
    for (const json::value& row : rows) {
      EXPECT_TRUE(row.at(1).is_number()) << filter << json::serialize(row);
      ++cells;
    }
    if (!filter.empty()) continue;
    std::size_t at = 0;
    for (const auto& [month, counts] : months_) {
      EXPECT_EQ(rows.at(at++).at(1).to_number<double>(),
                Percentage(counts.poor_jpdr, counts.good_jpdr))
          << month;
    }
  }
  EXPECT_GT(cells, filters.size()) << "the organisation has none of these scenarios";
}

TEST_F(DataApi, FiltersByKeyAgreeWithTheRowsOfTheDimension) {
  const std::int64_t all = CountWhere("[StreamType].[StreamType]", "[True],[False]");
  for (const std::string dimension :
       {"[Scenarios].[ScenarioPair]", "[Second User Agent].[User Agent Type]",
        "[Second Network Connection Type].[Network Connection Detail]"}) {
    const json::value members = json::parse(
        cqd_->Post("/QoEDataService/DimensionMembers", R"({"DataModelName":")" + dimension + "\"}")
            .body);
    std::map<std::string, std::int64_t> by_caption;
    for (const json::value& row :
         Rows(R"({"Dimensions":[{"DataModelName":")" + dimension +
              R"("}],"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})"))
      by_caption[Text(row.at(0))] = row.at(1).as_int64();
    std::int64_t sum = 0;
    std::string list;
    for (const json::value& member : members.at("Members").as_array()) {
      const std::string key = Text(member.at(0));
      const std::int64_t count = CountWhere(dimension, key);
      const std::string caption = Text(member.at(1));
      EXPECT_EQ(count, by_caption[caption == "(Blank)" ? "" : caption]) << dimension << key;
      sum += count;
      list += key + ",";
    }
    EXPECT_EQ(sum, all) << dimension << " divides all streams";
    EXPECT_EQ(CountWhere(dimension, list), all) << "a list is 'one of', its last comma optional";
    EXPECT_EQ(CountWhere(dimension, list, 1), 0);
  }
  EXPECT_EQ(CountWhere("[Scenarios].[ScenarioPair]", "[0]&[0]&[1]&[1]&[Wired]&[Wired]"),
            CountWhere("[Scenarios].[ScenarioPair]",
                       "[0]&amp;[0]&amp;[1]&amp;[1]&amp;[Wired]&amp;[Wired]"));
}

// Valid streams are those of non-mobile ends (reference/cube-model.md 2.4).
TEST_F(DataApi, ValidStreamsAreThoseOfTheDatabase) {
  auto database = *sqlite::Database::Open(cqd_->database(), {.mode = sqlite::OpenMode::kReadOnly});
  const char* kMobile = "(16386, 16398, 16399, 16400, 16401, 16402)";
  const std::int64_t valid = **database.QueryInt(fmt::format(
      "SELECT count(*) FROM AudioStream JOIN MediaLine USING (ConferenceDateTime, SessionSeq, "
      "MediaLineLabel) JOIN Session USING (ConferenceDateTime, SessionSeq) "
      "LEFT JOIN UserAgent r ON r.UserAgentKey = CallerUserAgent "
      "LEFT JOIN UserAgent e ON e.UserAgentKey = CalleeUserAgent "
      "WHERE coalesce(r.UAType, 0) NOT IN {} AND coalesce(e.UAType, 0) NOT IN {} "
      "AND coalesce(CallerNetworkConnectionType, 0) <> 3 "
      "AND coalesce(CalleeNetworkConnectionType, 0) <> 3",
      kMobile, kMobile));
  EXPECT_EQ(CountWhere("[StreamType].[StreamType]", "[False]"), valid);
  EXPECT_GT(valid, 0);
}

TEST_F(DataApi, TheCacheTellsAndIsCleared) {
  const std::string query =
      R"({"Measurements":[{"DataModelName":"[Measures].[Audio Poor Streams Count]"}],"Dimensions":[{"DataModelName":"[First Is Server].[Agent]"}]})";
  const json::value first = cqd_->Ask(query);
  const json::value second = cqd_->Ask(query);
  EXPECT_FALSE(first.at("ResultIsFromCache").as_bool());
  EXPECT_TRUE(second.at("ResultIsFromCache").as_bool());
  EXPECT_EQ(first.at("DataResult"), second.at("DataResult"));
  for (const json::value& answer : {first, second})
    EXPECT_THAT(Text(answer.at("ExecutionTime")),
                MatchesRegex(R"([0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9]{7})"));
  const http::ClientResponse cleared = cqd_->Post("/QoEDataService/ClearCache", "");
  EXPECT_EQ(cleared.status, 200);
  EXPECT_EQ(cleared.body, "");
  EXPECT_FALSE(cqd_->Ask(query).at("ResultIsFromCache").as_bool());
  const http::ClientResponse named = cqd_->Post("/QoEDataService/RunQuery", query);
  EXPECT_EQ(named.Header("CQD-Data-Version").value_or(""), "1");
  EXPECT_TRUE(ParseTime(named.Header("CQD-Data-As-Of").value_or("")).ok());
}

}  // namespace
}  // namespace cqd
