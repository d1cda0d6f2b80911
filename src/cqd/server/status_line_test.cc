// Promise: whatever a server answers, `cqd status` gives one line that a monitoring system can
// read.
#include "server/internal/status_line.h"

#include <gmock/gmock.h>

namespace cqd::server {
namespace {

namespace json = boost::json;

json::object Parse(const char* text) {
  return json::parse(text).get_object();
}

constexpr const char* kFine = R"({"status":"pass","summary":"All is well.","reasons":[],"stages":[
  {"stage":"archive","state":"idle","outcome":"ok","verdict":"on_time",
   "freshness":{"age_s":59,"warn_after_s":1800,"error_after_s":3600}},
  {"stage":"cube","state":"idle","outcome":"ok","verdict":"on_time",
   "freshness":{"age_s":180,"warn_after_s":1800,"error_after_s":3600}}],
  "storage":{"disk_free_bytes":123}})";

TEST(StatusLine, WhenAllIsWellTheAgesAreSaid) {
  const json::object status = Parse(kFine);
  EXPECT_EQ(StatusCodeOf(status), kStatusOk);
  EXPECT_EQ(StatusLine(status, kStatusOk),
            "CQD OK - cube 3 min old, archive 59 s old | cube_age=180s;1800;3600;0 "
            "archive_age=59s;1800;3600;0 reasons=0;;;0 disk_free=123B;;;0");
  EXPECT_THAT(StatusLine(status, kStatusWarning, "the server has died"),
              testing::StartsWith("CQD WARNING - the server has died; cube 3 min old"));
}

TEST(StatusLine, WhenNotTheSummaryAndNothingBreaksTheLine) {
  const json::object status = Parse(
      R"({"status":"fail","summary":"Cube never built | two\nlines","reasons":[
      {"code":"cube_stale","severity":"fail","message":"too old","action":"do\nthis"}],"stages":[
      {"stage":"cube","state":"idle","outcome":"none","verdict":"stale",
       "freshness":{"age_s":null,"warn_after_s":1800,"error_after_s":3600}}]})");
  EXPECT_EQ(StatusCodeOf(status), kStatusCritical);
  EXPECT_EQ(StatusLine(status, kStatusCritical),
            "CQD CRITICAL - Cube never built / two lines | cube_age=U;1800;3600;0 reasons=1;;;0");
  EXPECT_THAT(StatusDetails(status, true), testing::HasSubstr("fail: too old (cube_stale)\n  do "
                                                              "this\n"));
}

TEST(StatusLine, AnyDocumentGivesALine) {
  for (const char* text : {"{}", R"({"status":1,"stages":3,"reasons":{},"sources":[1,null]})",
                           R"({"status":"pass","stages":[{"stage":"cube"},7,{"freshness":[]}]})"}) {
    const json::object status = Parse(text);
    EXPECT_THAT(StatusLine(status, kStatusUnknown), testing::StartsWith("CQD UNKNOWN - "));
    StatusDetails(status, true);
  }
  EXPECT_EQ(StatusCodeOf(Parse("{}")), kStatusUnknown);
  EXPECT_EQ(StatusCodeOf(Parse(R"({"status":"warn"})")), kStatusWarning);
}

}  // namespace
}  // namespace cqd::server
