#include "schedule/interval.h"

#include <gtest/gtest.h>

namespace cqd::schedule {
namespace {

TEST(Interval, FallsOnTheRoundTimesOfTheClock) {
  const Interval quarter = *Interval::Make(std::chrono::minutes(15));
  EXPECT_EQ(FormatRfc3339(quarter.NextAfter(*ParseTime("2015-01-18T10:28:29Z"))),
            "2015-01-18T10:30:00Z");
  EXPECT_EQ(FormatRfc3339(quarter.NextAfter(*ParseTime("2015-01-18T10:30:00Z"))),
            "2015-01-18T10:45:00Z");
  EXPECT_EQ(FormatRfc3339(quarter.NextAfter(*ParseTime("1969-12-31T23:59:59Z"))),
            "1970-01-01T00:00:00Z");
}

TEST(Interval, RefusesNonsense) {
  EXPECT_EQ(Interval::Make(Duration(0)).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Interval::Make(std::chrono::hours(24 * 8)).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cqd::schedule
