#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "base/text.h"
#include "base/time.h"
#include "base/time_zone.h"

namespace cqd {
namespace {

UtcTime At(std::string_view text) {
  return *ParseTime(text);
}

TEST(Result, CarriesTheErrorThroughTheMacros) {
  const auto inner = [](bool fail) -> Result<int> {
    if (fail) return Fail(ErrorCode::kNotFound, "no such month", "month 2015-03");
    return 7;
  };
  const auto outer = [&](bool fail) -> Result<std::string> {
    CQD_ASSIGN_OR_RETURN(const int value, inner(fail));
    return std::to_string(value);
  };
  EXPECT_EQ(*outer(false), "7");
  ASSERT_FALSE(outer(true).ok());
  EXPECT_EQ(outer(true).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(outer(true).error().ToString(), "not_found: no such month (month 2015-03)");
}

TEST(Result, EveryCodeHasANameThatReadsBack) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    EXPECT_EQ(ParseErrorCode(ErrorCodeName(code)), code) << i;
  }
  EXPECT_EQ(ParseErrorCode("nonsense"), std::nullopt);
}

TEST(Time, ParsesTheFormsDatabasesAndDevicesPrint) {
  const UtcTime expected = At("2015-03-18T10:28:29Z");
  EXPECT_EQ(ToMicros(expected), 1426674509000000);
  for (const char* text :
       {"2015-03-18 10:28:29", "2015-03-18T10:28:29.000", "2015-03-18T11:28:29+01:00",
        "2015-03-18T05:58:29.0000000-0430", " 2015-03-18t10:28:29z "}) {
    EXPECT_EQ(At(text), expected) << text;
  }
  EXPECT_EQ(At("2015-03-18"), At("2015-03-18T00:00:00Z"));
  EXPECT_EQ(At("2015-03-18T10:28:29.1234567Z") - expected, Duration(123456));
  for (const char* text :
       {"", "2015", "2015-13-01", "2015-02-30", "2015-03-18T25:00:00Z", "2015-03-18X",
        "2015-03-18T10:28:29.", "2015-03-18T10:28:29+99", "0", "2015-03-18T10:28:29ZZ"}) {
    EXPECT_EQ(ParseTime(text).error().code, ErrorCode::kInvalidArgument) << text;
  }
}

TEST(Time, FormatsAndReadsBackAlsoBefore1970AndFarAhead) {
  for (const char* text :
       {"1969-12-31T23:59:59.999999Z", "2215-01-01T00:00:00Z", "1900-02-28T12:00:00Z"}) {
    EXPECT_EQ(FormatRfc3339(At(text)), text);
  }
  EXPECT_EQ(FormatSql(At("2015-03-18T10:28:29.5Z")), "2015-03-18 10:28:29.500");
}

TEST(Month, KnowsItsBoundsAndNeighbours) {
  const Month march(2015, 3);
  EXPECT_EQ(Month::Of(At("2015-03-31T23:59:59.999999Z")), march);
  EXPECT_EQ(march.begin(), At("2015-03-01"));
  EXPECT_EQ(march.end(), At("2015-04-01"));
  EXPECT_EQ(march.Plus(-3).ToString(), "2014-12");
  EXPECT_EQ(*Month::Parse("2015-3"), march);
  EXPECT_EQ(*Month::Parse("2015-03"), march);
  for (const char* text : {"", "2015", "2015-0", "2015-13", "15-3", "2015-3x"}) {
    EXPECT_FALSE(Month::Parse(text).ok()) << text;
  }
}

TEST(TimeZone, ShiftsByTheRulesOfTheZone) {
  const TimeZone paris = *TimeZone::Find("Europe/Paris");
  EXPECT_EQ(paris.ToLocal(At("2015-01-01T23:30:00Z")), At("2015-01-02T00:30:00Z"));
  EXPECT_EQ(paris.ToLocal(At("2015-07-01T23:30:00Z")), At("2015-07-02T01:30:00Z"));
  EXPECT_EQ(paris.FromLocal(At("2015-07-02T01:30:00Z")), At("2015-07-01T23:30:00Z"));
  EXPECT_EQ(TimeZone::Find("Nowhere/Land").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(TimeZone().ToLocal(At("2015-07-01")), At("2015-07-01"));
}

TEST(Clock, SimulatedTimeMovesOnlyWhenTold) {
  SimulatedClock clock(At("2015-01-01"));
  clock.Advance(std::chrono::minutes(15));
  EXPECT_EQ(clock.Now(), At("2015-01-01T00:15:00Z"));
  clock.StepWall(At("2014-12-31"));
  EXPECT_EQ(clock.Monotonic(), std::chrono::minutes(15));
}

TEST(Text, NumbersAreWholeAndFinite) {
  EXPECT_EQ(ParseInt("-12"), -12);
  EXPECT_EQ(ParseInt("12x"), std::nullopt);
  EXPECT_EQ(ParseInt("99999999999999999999"), std::nullopt);
  EXPECT_EQ(ParseDouble("1E+09"), 1e9);
  EXPECT_EQ(ParseDouble("nan"), std::nullopt);
  EXPECT_EQ(ParseDouble("inf"), std::nullopt);
  EXPECT_EQ(ParseDouble(""), std::nullopt);
}

TEST(Text, NearestNamesFindsTheSlipOfThePen) {
  const std::vector<std::string_view> names = {"Audio Good Streams Count",
                                               "Audio Poor Streams Count", "Video"};
  EXPECT_THAT(NearestNames("audio good stream count", names),
              testing::ElementsAre("Audio Good Streams Count", "Audio Poor Streams Count"));
  EXPECT_THAT(NearestNames("zzz", names), testing::IsEmpty());
}

TEST(Text, CleanUtf8KeepsCharactersWhole) {
  EXPECT_EQ(CleanUtf8("h\xC3\xA9llo", 2), "h\xC3\xA9");
  EXPECT_EQ(CleanUtf8("a\xFFz", 10), "a\xEF\xBF\xBDz");
  EXPECT_EQ(CleanUtf8(std::string_view("a\0b", 3), 10), "ab");
  EXPECT_EQ(CleanUtf8("\xED\xA0\x80", 1), "\xEF\xBF\xBD");
}

TEST(Text, JsonTextIsAlwaysJson) {
  const auto json = [](std::string_view text) {
    std::string out;
    AppendJsonText(out, text);
    return out;
  };
  EXPECT_EQ(json("a\"b\\c\n\r\t\x01\x7F/"), R"("a\"b\\c\n\r\t\u0001\u007f/")");
  EXPECT_EQ(json("\xC3\xA9"), "\"\xC3\xA9\"");
  EXPECT_EQ(json("\xFF"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(json(std::string_view("\0x", 2)), R"("\u0000x")");
}

TEST(CancelToken, SaysSoOnceAsked) {
  CancelToken token;
  EXPECT_TRUE(token.Check().ok());
  token.Cancel();
  EXPECT_EQ(token.Check().error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace cqd
