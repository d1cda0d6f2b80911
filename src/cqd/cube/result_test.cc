// Promises: the published numbers come out exactly, and the answer has the published shape.
// Sections are those of reference/cube-model.md.
#include "cube/result.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

namespace cqd::cube {
namespace {

using model::Measure;
using model::MeasureKind;

std::string Shown(MeasureKind kind, Accumulator sum, double factor = 1) {
  Measure measure;
  measure.kind = kind;
  measure.factor = factor;
  CubeQuery query;
  query.measures = {&measure};
  const ResultTable table = Finish(query, {{{}, {sum}}});
  std::string out;
  AppendCell(out, table.rows.at(0).cells.at(0));
  return out;
}

// 3.2: all nine published rows fit exactly.
TEST(Finish, PublishedPercentages) {
  struct Published {
    std::int64_t good, poor;
    const char* percent;
  };
  for (const Published& row : {Published{1792, 78, "4.171"},
                               {37017, 3305, "8.197"},
                               {79184, 5556, "6.557"},
                               {122253, 5444, "4.263"},
                               {31246, 1342, "4.118"},
                               {458, 36, "7.287"},
                               {54088, 294, "0.541"},
                               {3042, 12, "0.393"},
                               {52316, 166, "0.316"}}) {
    EXPECT_EQ(Shown(MeasureKind::kPercent, {row.poor, row.good + row.poor}), row.percent);
  }
}

// 3.2: an empty percentage is the number 0; 3.3: an average of nothing is null.
TEST(Finish, EmptyCells) {
  EXPECT_EQ(Shown(MeasureKind::kPercent, {0, 0}), "0");
  EXPECT_EQ(Shown(MeasureKind::kRatio, {0, 0}), "null");
  EXPECT_EQ(Shown(MeasureKind::kAverage, {0, 0}, 0.001), "null");
  EXPECT_EQ(Shown(MeasureKind::kSum, {0, 0}, 0.001), "0");
  EXPECT_EQ(Shown(MeasureKind::kCount, {0, 0}), "0");
}

// Promise: the rows of a query's order stand by the cells of its measure, null last either way,
// equal ones in member order; the limit cuts after that.
TEST(Finish, RowsInTheOrderOfAMeasure) {
  Measure count, ratio;
  count.kind = MeasureKind::kCount;
  ratio.kind = MeasureKind::kRatio;
  model::Attribute attribute;
  CubeQuery query;
  query.dimensions = {&attribute};
  query.measures = {&count, &ratio};
  const auto group = [](const char* name, std::int64_t number, Accumulator part) {
    Group made;
    made.members.push_back({.key = name, .caption = name});
    made.values = {{number, 0}, part};
    return made;
  };
  const Groups groups = {group("c", 7, {1, 4}), group("a", 7, {0, 0}), group("d", 9, {1, 2}),
                         group("b", 1, {3, 4})};
  const auto order = [&](std::optional<RowOrder> by) {
    query.order = by;
    std::string names;
    for (const auto& row : Finish(query, groups).rows) names += row.captions[0];
    return names;
  };
  EXPECT_EQ(order({}), "abcd");
  EXPECT_EQ(order(RowOrder{.measure = 0, .descending = true}), "dacb");
  EXPECT_EQ(order(RowOrder{.measure = 0, .descending = false}), "bacd");
  EXPECT_EQ(order(RowOrder{.measure = 1, .descending = true}), "bdca");
  EXPECT_EQ(order(RowOrder{.measure = 1, .descending = false}), "cdba");
  query.row_limit = 2;
  EXPECT_EQ(order(RowOrder{.measure = 0, .descending = true}), "da");
}

// Half away from zero at three decimals, exact from the integers.
TEST(Finish, Rounding) {
  EXPECT_EQ(Shown(MeasureKind::kRatio, {1, 2000}), "0.001");  // 0.0005
  EXPECT_EQ(Shown(MeasureKind::kRatio, {1, 2001}), "0");      // 0.00049975
  EXPECT_EQ(Shown(MeasureKind::kPercent, {1, 200'000}), "0.001");
  EXPECT_EQ(Shown(MeasureKind::kPercent, {1, 3}), "33.333");
  EXPECT_EQ(Shown(MeasureKind::kPercent, {2, 3}), "66.667");
  EXPECT_EQ(Shown(MeasureKind::kPercent, {82, 1000}), "8.2");
  EXPECT_EQ(Shown(MeasureKind::kAverage, {-1, 2}, 0.001), "-0.001");
  EXPECT_EQ(Shown(MeasureKind::kAverage, {-12345, 10}, 0.01), "-12.345");
  EXPECT_EQ(Shown(MeasureKind::kAverage, {10'005, 10}, 0.0001), "0.1");  // 0.10005 -> 0.100
  EXPECT_EQ(Shown(MeasureKind::kAverage, {1'005, 1}, 0.000001), "0.001");
  EXPECT_EQ(Shown(MeasureKind::kAverage, {90, 4}, 1.0 / 60), "0.375");
  EXPECT_EQ(Shown(MeasureKind::kSum, {90'000, 4}, 1.0 / 60'000), "1.5");
  EXPECT_EQ(Shown(MeasureKind::kSum, {7, 4}, 60), "420");
  EXPECT_EQ(Shown(MeasureKind::kSum, {7, 4}), "7");
}

TEST(Finish, LargeSumsStayExact) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(Shown(MeasureKind::kPercent, {most, most}), "100");
  EXPECT_EQ(Shown(MeasureKind::kAverage, {most, most}, 0.001), "0.001");
  EXPECT_EQ(Shown(MeasureKind::kCount, {most, 0}), "9223372036854775807");
}

// 4.5: rows in member order, chronological for months.
TEST(Finish, MemberOrderAndLimit) {
  model::Attribute a;
  CubeQuery query;
  query.dimensions = {&a, &a};
  const auto member = [](const char* caption, int order) {
    return model::Member{.key = caption, .caption = caption, .order = order};
  };
  Groups groups = {{{member("January 2015", 201501), member("b", 0)}, {}},
                   {{member("September 2014", 201409), member("x", 0)}, {}},
                   {{member("January 2015", 201501), member("a", 0)}, {}}};
  ResultTable table = Finish(query, groups);
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_EQ(table.rows[0].captions[0], "September 2014");
  EXPECT_EQ(table.rows[1].captions[1], "a");
  EXPECT_EQ(table.rows[2].captions[1], "b");
  EXPECT_FALSE(table.truncated);

  query.row_limit = 3;
  EXPECT_FALSE(Finish(query, groups).truncated);
  query.row_limit = 2;
  table = Finish(query, groups);
  EXPECT_EQ(table.rows.size(), 2U);
  EXPECT_TRUE(table.truncated);
}

TEST(AppendCell, TextsAndNumbersAreAlwaysJson) {
  std::string out;
  AppendJsonText(out, "a\"\\\n\x01\xC3\xBC\xFF/");
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\xC3\xBC\xEF\xBF\xBD/\"");
  const auto number = [](double value) {
    std::string text;
    AppendCell(text, {Cell::Kind::kDecimal, 0, value});
    return text;
  };
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(-0.0), "0");
  EXPECT_EQ(number(-0.0004), "0");
  EXPECT_EQ(number(1234567.8904), "1234567.89");
  EXPECT_EQ(number(100.05), "100.05");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number(1e300), "1e+300");
}

TEST(FormatExecutionTime, Parts) {
  EXPECT_EQ(FormatExecutionTime(std::chrono::hours(25) + std::chrono::seconds(61)),
            "25:01:01.0000000");
  EXPECT_EQ(FormatExecutionTime(Duration(-5)), "00:00:00.0000000");
}

// 4.5: 3 try later, 5 too large, 6 invalid.
TEST(ErrorTypeOf, Codes) {
  EXPECT_EQ(ErrorTypeOf(ErrorCode::kInvalidArgument), ErrorType::kInvalidQuery);
  EXPECT_EQ(ErrorTypeOf(ErrorCode::kResourceExhausted), ErrorType::kScopeTooLarge);
  EXPECT_EQ(ErrorTypeOf(ErrorCode::kDeadlineExceeded), ErrorType::kScopeTooLarge);
  EXPECT_EQ(ErrorTypeOf(ErrorCode::kUnavailable), ErrorType::kCubeUnavailable);
}

}  // namespace
}  // namespace cqd::cube
