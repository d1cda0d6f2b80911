#include "http/target.h"

#include <gtest/gtest.h>

#include <random>

namespace cqd::http {
namespace {

using namespace std::string_literals;

void ExpectPath(std::string_view target, std::string_view path) {
  const Result<Target> parsed = ParseTarget(target);
  ASSERT_TRUE(parsed.ok()) << target << ": " << parsed.error().message;
  EXPECT_EQ(parsed->path, path) << target;
}

void ExpectRefused(std::string_view target) {
  const Result<Target> parsed = ParseTarget(target);
  ASSERT_FALSE(parsed.ok()) << target << " became " << parsed->path;
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument) << target;
}

TEST(Target, PathsAreDecodedAndNormalised) {
  ExpectPath("/", "/");
  ExpectPath("/a/b", "/a/b");
  ExpectPath("/a/b/", "/a/b/");
  ExpectPath("/A%20b/%C3%A9", "/A b/\xC3\xA9");
  ExpectPath("//a///b//", "/a/b/");
  ExpectPath("///", "/");
  ExpectPath("/a+b", "/a+b");
  ExpectPath("/...", "/...");
  ExpectPath("/%252e%252e", "/%2e%2e");
  ExpectPath("*", "*");
}

TEST(Target, AbsoluteFormLosesItsAuthority) {
  ExpectPath("http://host:80/a", "/a");
  ExpectPath("HTTPS://host", "/");
  ExpectPath("http://host?x=1", "/");
  EXPECT_EQ(ParseTarget("http://host?x=1")->query, (std::vector<QueryParameter>{{"x", "1"}}));
}

TEST(Target, HostilePathsAreRefused) {
  for (const char* target : {"",           "a",
                             "host:80",    "/a/../b",
                             "/..",        "/a/.",
                             "/./a",       "/%2e%2e/etc",
                             "/.%2E",      "/a%2Fb",
                             "/a%5Cb",     "/a\\b",
                             "/a%00b",     "/a%0Ab",
                             "/a%7F",      "/%",
                             "/%4",        "/%GG",
                             "/%C0%AF",    "/%E0%80%AF",
                             "/%ED%A0%80", "/%F4%90%80%80",
                             "/%FF",       "/%C3",
                             "/a#b",       "/a b",
                             "**"}) {
    ExpectRefused(target);
  }
  ExpectRefused("/a\0b"s);
  ExpectRefused("/" + std::string(kTargetBytesMax, 'a'));
}

TEST(Target, QueriesKeepOrderAndRepeatedNames) {
  const Result<Target> parsed =
      ParseTarget("/q?b=2&a=1&b=3&&flag&empty=&t=x+y%2Bz&eq=a=b&u=%C3%A9");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->query, (std::vector<QueryParameter>{{"b", "2"},
                                                        {"a", "1"},
                                                        {"b", "3"},
                                                        {"flag", ""},
                                                        {"empty", ""},
                                                        {"t", "x y+z"},
                                                        {"eq", "a=b"},
                                                        {"u", "\xC3\xA9"}}));
  EXPECT_TRUE(ParseTarget("/q?")->query.empty());
}

TEST(Target, HostileQueriesAreRefused) {
  for (const char* target : {"/q?a=%00", "/q?%", "/q?a=%zz", "/q?a=%FF", "/q?a=%C0%80"}) {
    ExpectRefused(target);
  }
  std::string many = "/q?";
  for (std::size_t i = 0; i < kQueryParametersMax; ++i) many += "a&";
  EXPECT_EQ(ParseTarget(many)->query.size(), kQueryParametersMax);
  ExpectRefused(many + "a");
}

TEST(Target, EncodeIsUndoneByDecode) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(*PercentDecode(PercentEncode(all)), all);
  EXPECT_EQ(PercentEncode("a b/~"), "a%20b%2F~");
  EXPECT_EQ(*PercentDecode("a+b", true), "a b");
  EXPECT_EQ(PercentDecode("%a").error().code, ErrorCode::kInvalidArgument);
}

// Promise: whatever comes in, an accepted path is rooted, printable UTF-8 without dot segments.
TEST(Target, RandomBytesGiveSafePathsOrErrors) {
  const std::uint64_t seed = 20150301;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::string alphabet = "/.%20aF5CcEé?&=+#\\\xFF\x01";
  for (int round = 0; round < 20000; ++round) {
    std::string target = "/";
    const std::size_t size = random() % 24;
    for (std::size_t i = 0; i < size; ++i) target.push_back(alphabet[random() % alphabet.size()]);
    const Result<Target> parsed = ParseTarget(target);
    if (!parsed.ok()) continue;
    const std::string path = parsed->path + "/";
    EXPECT_EQ(path.front(), '/');
    EXPECT_TRUE(IsUtf8(path)) << target;
    EXPECT_EQ(path.find("/../"), std::string::npos) << target;
    EXPECT_EQ(path.find("/./"), std::string::npos) << target;
    EXPECT_EQ(path.find('\\'), std::string::npos) << target;
  }
}

}  // namespace
}  // namespace cqd::http
