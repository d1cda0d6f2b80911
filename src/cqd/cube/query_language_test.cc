// Promises of the query language that need no data: what a body may look like, which member a
// filter matches, which queries are the same. Sections are those of reference/cube-model.md.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cube/internal/lenient_json.h"
#include "cube/internal/member_text.h"
#include "cube/internal/value_list.h"
#include "cube/query.h"

namespace cqd::cube {
namespace {

using model::Attribute;
using model::AttributeType;
using model::Member;
using Values = std::vector<std::string>;

Member Key(std::string key) {
  return {.key = key, .caption = "caption of " + key};
}

/// Decides `operand` with the Value text as a client writes it.
bool Matches(AttributeType type, Operand operand, const std::string& value, const Member& member) {
  Attribute attribute;
  attribute.type = type;
  const auto test = MemberTest::Make({&attribute, operand, SplitValues(value), ""});
  EXPECT_TRUE(test.ok()) << value;
  return test.ok() && test->Matches(member);
}

ErrorCode CodeOf(AttributeType type, Operand operand, Values values) {
  Attribute attribute;
  attribute.type = type;
  const auto test = MemberTest::Make({&attribute, operand, std::move(values), ""});
  EXPECT_FALSE(test.ok());
  if (test.ok()) return ErrorCode::kInternal;
  EXPECT_EQ(test.error().field, "Value");
  return test.error().code;
}

// 4.2: lists.
TEST(SplitValues, ListsWithTrailingComma) {
  EXPECT_EQ(SplitValues("[a]"), (Values{"a"}));
  EXPECT_EQ(SplitValues("[a],[b],[c]"), (Values{"a", "b", "c"}));
  EXPECT_EQ(SplitValues("[a],[b],"), (Values{"a", "b"}));
  EXPECT_EQ(SplitValues(" [a] , [b] , "), (Values{"a", "b"}));
  EXPECT_EQ(SplitValues(""), Values{});
  EXPECT_EQ(SplitValues(" ,"), (Values{","}));
}

// 4.2: only a comma that follows ']' splits; ']]' is an escaped ']'.
TEST(SplitValues, CommasWithinKeysAndEscapes) {
  EXPECT_EQ(SplitValues("[URL,URL],[x]"), (Values{"URL,URL", "x"}));
  EXPECT_EQ(SplitValues("[Client : Server]"), (Values{"Client : Server"}));
  EXPECT_EQ(SplitValues("[a]],[b]"), (Values{"a],[b"}));
  EXPECT_EQ(SplitValues("[x]]]"), (Values{"x]"}));
  EXPECT_EQ(SplitValues("[062: [0 - 0)],[098: [350 - 375)]"),
            (Values{"062: [0 - 0)", "098: [350 - 375)"}));
  EXPECT_EQ(SplitValues("[]"), (Values{""}));
}

// 2.4, 4.2: a composite key is one member, also with the page's "&amp;".
TEST(SplitValues, CompositeKeys) {
  const std::string key = "[1]&[0]&[1]&[0]&[Wired]&[Wifi]";
  EXPECT_EQ(SplitValues(key), (Values{key}));
  EXPECT_EQ(SplitValues("[1]&amp;[0]&amp;[1]&amp;[0]&amp;[Wired]&amp;[Wifi]"), (Values{key}));
  EXPECT_EQ(SplitValues(key + "," + key + ","), (Values{key, key}));
  EXPECT_EQ(BracketKey(key), key);
}

// 4.2: bare values.
TEST(SplitValues, BareValues) {
  EXPECT_EQ(SplitValues("2015-3"), (Values{"2015-3"}));
  EXPECT_EQ(SplitValues("uccapi/16.0*"), (Values{"uccapi/16.0*"}));
  EXPECT_EQ(SplitValues(" 10.0.0.1 "), (Values{"10.0.0.1"}));
  EXPECT_EQ(SplitValues("a,b"), (Values{"a,b"}));
  EXPECT_EQ(SplitValues("[a-z]+x"), (Values{"[a-z]+x"}));
  EXPECT_EQ(SplitValues("[open"), (Values{"[open"}));
}

TEST(SplitValues, BracketKeyIsTheInverse) {
  for (const std::string key : {"a", "", "a]b", "]]", "[x", "062: [0 - 0)", "a,b"}) {
    EXPECT_EQ(SplitValues(BracketKey(key)), (Values{key}));
  }
}

// 4.2: month forms are the same member.
TEST(MemberTest, MonthForms) {
  const Member march = Key("2015-03-01T00:00:00");
  for (const char* value : {"[2015-03-01T00:00:00]", "2015-3", "2015-03", "[2015-3]", "2015-03-01",
                            "[2014-01],[2015-03],"}) {
    EXPECT_TRUE(Matches(AttributeType::kDate, Operand::kEquals, value, march)) << value;
    EXPECT_FALSE(Matches(AttributeType::kDate, Operand::kNotEquals, value, march)) << value;
  }
  EXPECT_FALSE(Matches(AttributeType::kDate, Operand::kEquals, "2015-4", march));
  EXPECT_TRUE(Matches(AttributeType::kDate, Operand::kGreater, "2015-2", march));
  EXPECT_FALSE(Matches(AttributeType::kDate, Operand::kGreater, "2015-3", march));
  EXPECT_TRUE(Matches(AttributeType::kDate, Operand::kLessOrEqual, "[2015-03]", march));
  EXPECT_TRUE(Matches(AttributeType::kDate, Operand::kEquals, "2018-6-1", Key("2018-06-01")));
}

TEST(MemberTest, InvalidDatesAreRefused) {
  for (const std::string value : {"2015-13", "2015", "March 2015", "2015-02-30", "20150301"}) {
    EXPECT_EQ(CodeOf(AttributeType::kDate, Operand::kEquals, {value}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(CodeOf(AttributeType::kDate, Operand::kLess, {value}), ErrorCode::kInvalidArgument);
  }
}

// 4.2: booleans.
TEST(MemberTest, Booleans) {
  for (const char* value : {"[True]", "[TRUE]", "true", "1", "[1]"}) {
    for (const char* key : {"True", "1", "TRUE"}) {
      EXPECT_TRUE(Matches(AttributeType::kBoolean, Operand::kEquals, value, Key(key)));
    }
    EXPECT_FALSE(Matches(AttributeType::kBoolean, Operand::kEquals, value, Key("False")));
  }
  EXPECT_TRUE(Matches(AttributeType::kBoolean, Operand::kEquals, "[FALSE]", Key("0")));
}

// 4.2: (Blank) with 0 and 1.
TEST(MemberTest, Blank) {
  const Member blank = model::Member{.key = "", .caption = "", .order = 0, .blank = true};
  EXPECT_TRUE(Matches(AttributeType::kText, Operand::kEquals, "[(Blank)]", blank));
  EXPECT_TRUE(Matches(AttributeType::kText, Operand::kEquals, "[x],[(blank)]", blank));
  EXPECT_FALSE(Matches(AttributeType::kText, Operand::kEquals, "[x]", blank));
  EXPECT_FALSE(Matches(AttributeType::kText, Operand::kNotEquals, "[(Blank)],[x]", blank));
  EXPECT_TRUE(Matches(AttributeType::kText, Operand::kNotEquals, "[x]", blank));
  EXPECT_FALSE(Matches(AttributeType::kText, Operand::kEquals, "[(Blank)]", Key("x")));
  EXPECT_FALSE(Matches(AttributeType::kText, Operand::kEquals, "[(Blank)]", Key("blank")));
  EXPECT_TRUE(Matches(AttributeType::kText, Operand::kContains, R"(^\s*$)", blank));
  EXPECT_FALSE(Matches(AttributeType::kInteger, Operand::kLess, "5", blank));
  EXPECT_EQ(CodeOf(AttributeType::kInteger, Operand::kLess, {"(Blank)"}),
            ErrorCode::kInvalidArgument);
}

// 4.2: equality ignores case and looks at keys only.
TEST(MemberTest, Equality) {
  EXPECT_TRUE(Matches(AttributeType::kText, Operand::kEquals, "[WIFI]", Key("Wifi")));
  EXPECT_TRUE(Matches(AttributeType::kText, Operand::kEquals, "[zürich]", Key("ZÜRICH")));
  EXPECT_FALSE(Matches(AttributeType::kText, Operand::kEquals, "[caption of 1]", Key("1")));
  EXPECT_TRUE(Matches(AttributeType::kText, Operand::kNotEquals, "[a],[b]", Key("c")));
  EXPECT_FALSE(Matches(AttributeType::kText, Operand::kEquals, "[07]", Key("7")));
  EXPECT_TRUE(Matches(AttributeType::kInteger, Operand::kEquals, "[07]", Key("7")));
  const std::string pair = "[1]&[0]&[1]&[0]&[Wired]&[Wifi]";
  EXPECT_TRUE(Matches(AttributeType::kText, Operand::kEquals,
                      "[1]&amp;[0]&amp;[1]&amp;[0]&amp;[wired]&amp;[wifi]", Key(pair)));
}

// 4.1, 4.2: contains is a regular expression, case ignored, or a wildcard when it is none.
TEST(MemberTest, Contains) {
  const auto contains = [](const std::string& value, const std::string& key) {
    const bool yes = Matches(AttributeType::kText, Operand::kContains, value, Key(key));
    EXPECT_NE(yes, Matches(AttributeType::kText, Operand::kNotContains, value, Key(key)));
    return yes;
  };
  EXPECT_TRUE(contains("[realtek],[built-in],", "Realtek High Definition"));
  EXPECT_TRUE(contains("[realtek],[built-in],", "Mac Built-In Speaker"));
  EXPECT_FALSE(contains("[realtek],[built-in],", "Jabra"));
  EXPECT_TRUE(contains("uccapi/15.0*", "UCCAPI/15.0.4420.1017 OC"));
  EXPECT_TRUE(contains("^UCC", "uccapi"));
  EXPECT_FALSE(contains("^UCC", "x uccapi"));
  EXPECT_TRUE(contains("*phone", "iPhoneLync"));          // no expression: wildcard
  EXPECT_TRUE(contains("a*(b", "xx A something (B yy"));  // no expression: wildcard
  EXPECT_FALSE(contains("a*(b", "b a ("));
  EXPECT_TRUE(contains("((a{1000}){1000}", "x((A{1000}){1000}y"));  // too costly: text
}

TEST(MemberTest, ExpressionsHaveLimits) {
  EXPECT_EQ(CodeOf(AttributeType::kText, Operand::kContains, {std::string(5000, 'a')}),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(AttributeType::kText, Operand::kContains, Values(1000, "a")),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(AttributeType::kText, Operand::kEquals, {}), ErrorCode::kInvalidArgument);
}

// 4.1: 3 and 9.
TEST(MemberTest, BeginsWith) {
  EXPECT_TRUE(Matches(AttributeType::kText, Operand::kBeginsWith, "[10.1.]", Key("10.1.2.3")));
  EXPECT_TRUE(Matches(AttributeType::kText, Operand::kBeginsWith, "[x],[AND]", Key("AndroidLync")));
  EXPECT_FALSE(Matches(AttributeType::kText, Operand::kBeginsWith, "[.*]", Key("abc")));
  EXPECT_TRUE(Matches(AttributeType::kText, Operand::kNotBeginsWith, "[b]", Key("abc")));
  EXPECT_FALSE(Matches(AttributeType::kText, Operand::kNotBeginsWith, "[b],[A]", Key("abc")));
}

// 4.1: 4 to 7, strict and inclusive as published; 2.8: bands by their order key.
TEST(MemberTest, Order) {
  const auto test = [](AttributeType type, Operand operand, const char* value, const char* key) {
    return Matches(type, operand, value, Key(key));
  };
  EXPECT_TRUE(test(AttributeType::kInteger, Operand::kGreater, "9", "10"));
  EXPECT_FALSE(test(AttributeType::kInteger, Operand::kGreater, "10", "10"));
  EXPECT_TRUE(test(AttributeType::kInteger, Operand::kGreaterOrEqual, "[10]", "10"));
  EXPECT_TRUE(test(AttributeType::kInteger, Operand::kLess, "10.5", "10"));
  EXPECT_TRUE(test(AttributeType::kText, Operand::kLess, "10", "9"));
  EXPECT_TRUE(test(AttributeType::kText, Operand::kLess, "B", "a"));
  EXPECT_TRUE(test(AttributeType::kText, Operand::kLessOrEqual, "ABC", "abc"));
  EXPECT_TRUE(test(AttributeType::kBand, Operand::kLess, "065", "064: [1 - 2)"));
  EXPECT_FALSE(test(AttributeType::kBand, Operand::kLess, "065", "065: [2 - 3)"));
  EXPECT_TRUE(
      test(AttributeType::kBand, Operand::kGreaterOrEqual, "[065: [2 - 3)]", "070: [7 - 8)"));
  EXPECT_TRUE(test(AttributeType::kBand, Operand::kEquals, "[065: [2 - 3)]", "065: [2 - 3)"));
  EXPECT_EQ(CodeOf(AttributeType::kInteger, Operand::kLess, {"many"}), ErrorCode::kInvalidArgument);
}

// 4.5, last point: liberal JSON.
TEST(LenientJson, AcceptsWhatClientsSend) {
  for (const char* body : {
           R"({"a":[1,2,],"LimitResultRowsCount":200000})",
           R"({a:[1,2,],LimitResultRowsCount:200000,})",
           "\xEF\xBB\xBF{\"a\":[1,2], LimitResultRowsCount : 200000}",
           "{\"a\":[1,2], // limit {x:1}\n /* , b: */ \"LimitResultRowsCount\":200000}",
           R"({"A":[9],"a":[1,2],"LIMITresultRowsCount":7,"LimitResultRowsCount":200000})",
           R"({"LimitResultRowsCount":7,"a":[1,2],"LimitResultRowsCount":"200000"})",
       }) {
    const auto object = ParseLenientObject(body);
    ASSERT_TRUE(object.ok()) << body << object.error().ToString();
    EXPECT_EQ(IntegerProperty(*object, "limitresultrowscount", "x").value(), 200000) << body;
    EXPECT_EQ(ArrayProperty(*object, "a", "a").value()->size(), 2U) << body;
  }
}

TEST(LenientJson, LeavesTextsAlone) {
  const auto object =
      ParseLenientObject(R"({"x":"{a:1, // no /* b: \" c:","y":[true,null,false]})");
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(TextProperty(*object, "x", "x").value(), "{a:1, // no /* b: \" c:");
  EXPECT_EQ(ArrayProperty(*object, "y", "y").value()->size(), 3U);
}

TEST(LenientJson, RefusesTheRest) {
  for (const char* body : {"", "{", "[]", "{\"a\":}", "{\"a\":1}}", "x", "{\"a\":\"\xff\"}", "nul",
                           "{\"a\":1 \"b\":2}", "{'a':1}", "/*", "{\"a", "\"\\"}) {
    const auto object = ParseLenientObject(body);
    ASSERT_FALSE(object.ok()) << body;
    EXPECT_EQ(object.error().code, ErrorCode::kInvalidArgument) << body;
  }
}

TEST(LenientJson, DepthAndSizeAreLimited) {
  const std::string deep = "{\"a\":" + std::string(100'000, '[');
  EXPECT_EQ(ParseLenientObject(deep).error().code, ErrorCode::kResourceExhausted);
  const std::string large = "{\"a\":\"" + std::string(kBodyBytesMax, 'x') + "\"}";
  EXPECT_EQ(ParseLenientObject(large).error().code, ErrorCode::kResourceExhausted);
}

// The cache must neither mix up two questions nor miss that two are one.
TEST(CanonicalText, EqualMeaningEqualText) {
  Attribute month;
  month.id = 1;
  month.type = AttributeType::kDate;
  Attribute agent;
  agent.id = 2;
  const auto text = [](std::vector<Filter> filters) {
    CubeQuery query;
    query.filters = std::move(filters);
    return CanonicalText(query);
  };
  const Operand equals = Operand::kEquals;
  EXPECT_EQ(text({{&month, equals, {"2015-3"}, ""}}),
            text({{&month, equals, {"2015-03-01T00:00:00", "2015-03"}, "alone"}}));
  EXPECT_EQ(text({{&agent, equals, {"A", "b"}, "x"}, {&month, equals, {"2015-3"}, "x"}}),
            text({{&month, equals, {"2015-03"}, "y"}, {&agent, equals, {"B", "a"}, "y"}}));
  EXPECT_NE(text({{&agent, equals, {"A"}, "x"}, {&month, equals, {"2015-3"}, "x"}}),
            text({{&agent, equals, {"A"}, "x"}, {&month, equals, {"2015-3"}, "y"}}));
  EXPECT_NE(text({{&agent, equals, {"a"}, ""}}), text({{&agent, Operand::kContains, {"a"}, ""}}));
  EXPECT_NE(text({{&agent, Operand::kContains, {R"(\S)"}, ""}}),
            text({{&agent, Operand::kContains, {R"(\s)"}, ""}}));
  EXPECT_NE(text({{&agent, equals, {"ab", "c"}, ""}}), text({{&agent, equals, {"a", "bc"}, ""}}));
  EXPECT_NE(text({{&agent, equals, {"("}, ""}}), text({{&agent, equals, {"(Blank)"}, ""}}));
  EXPECT_NE(text({{&agent, equals, {""}, ""}}), text({{&agent, equals, {"(Blank)"}, ""}}));
}

TEST(CanonicalText, EverythingElseCounts) {
  Attribute a;
  a.id = 1;
  Attribute b;
  b.id = 2;
  model::Measure m;
  CubeQuery query;
  query.dimensions = {&a, &b};
  query.measures = {&m};
  std::vector<std::string> texts = {CanonicalText(query)};
  query.dimensions = {&b, &a};
  texts.push_back(CanonicalText(query));
  query.row_limit = 5;
  texts.push_back(CanonicalText(query));
  query.order = RowOrder{.measure = 0, .descending = true};
  texts.push_back(CanonicalText(query));
  query.order->descending = false;
  texts.push_back(CanonicalText(query));
  query.window = MonthWindow{Month(2015, 1), Month(2015, 3)};
  texts.push_back(CanonicalText(query));
  query.measures.clear();
  texts.push_back(CanonicalText(query));
  std::sort(texts.begin(), texts.end());
  EXPECT_EQ(std::adjacent_find(texts.begin(), texts.end()), texts.end());
}

}  // namespace
}  // namespace cqd::cube
