// Promises: docs of portal.h. Files of the portal arrive whole, packed when the browser takes it,
// kept for ever or asked for again, and nothing else of the disk arrives at all.
#include "portal/portal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "file/io.h"
#include "file/temporary_folder.h"

namespace cqd::portal {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Field(const http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

class PortalTest : public testing::Test {
 protected:
  void SetUp() override {
    Write("portal/index.html", "<!doctype html>start");
    Write("portal/assets/main-ABC.js", "let plain;");
    Write("portal/assets/main-ABC.js.br", "BR");
    Write("portal/assets/main-ABC.js.gz", "GZ");
    Write("own/scorecard.html", "<script>run()</script>");
    Write("own/.secret", "secret");
    Write("secret.txt", "secret");
    AddRoutes(router_,
              {.folder = folder_.path() + "/portal", .own_pages_folder = folder_.path() + "/own"});
  }
  void Write(const std::string& name, const std::string& text) {
    const std::string path = folder_.path() + "/" + name;
    ASSERT_TRUE(file::MakeFolders(path.substr(0, path.rfind('/'))).ok());
    ASSERT_TRUE(file::WriteDurably(path, text).ok());
  }
  http::Response Get(const std::string& target,
                     const std::vector<std::pair<std::string, std::string>>& fields = {}) {
    http::Request request;
    request.target = target;
    for (const auto& [name, value] : fields) request.headers.Add(name, value);
    if (!http::ParseTargetInto(target, request.path, request.query).ok())
      return http::Response::Text(400, "");
    const http::PathRoutes* routes = router_.Match(request.path, request.captures);
    if (routes == nullptr) return http::Response::Text(404, "");
    return routes->Find(http::Method::kGet)->handler(request);
  }

  file::TemporaryFolder folder_;
  http::Router router_;
};

TEST_F(PortalTest, TheRootAndTheFolderWithoutSlashLeadToThePortal) {
  for (const char* target : {"/", "/CQD", "/cqd"}) {
    const auto response = Get(target);
    EXPECT_EQ(response.status, 307) << target;
    EXPECT_EQ(Field(response, "Location"), "CQD/") << target;
  }
  EXPECT_EQ(Get("/CQD/").body_view(), "<!doctype html>start");
  EXPECT_EQ(Field(Get("/favicon.ico"), "Location"), "CQD/icon.svg");
}

TEST_F(PortalTest, ThePortalMayLoadNothingFromElsewhereAndRunNothingInline) {
  const auto response = Get("/CQD/");
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  const std::string policy = Field(response, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_THAT(PortalPolicy({"https://a.example"}), HasSubstr("'self' https://a.example"));
}

TEST_F(PortalTest, OwnPagesMayHaveInlineScriptsAsThePublishedSamplesDo) {
  const auto response = Get("/CQD/scorecard.html");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(Field(response, "Content-Security-Policy"), HasSubstr("script-src 'self' 'unsafe-"));
}

TEST_F(PortalTest, HashedNamesAreKeptForEverAndThePageIsAskedForAgain) {
  EXPECT_THAT(Field(Get("/CQD/assets/main-ABC.js"), "Cache-Control"), HasSubstr("immutable"));
  const auto page = Get("/CQD/");
  EXPECT_EQ(Field(page, "Cache-Control"), "no-cache");
  const std::string tag = Field(page, "ETag");
  EXPECT_EQ(Get("/CQD/", {{"If-None-Match", tag}}).status, 304);
  EXPECT_EQ(Get("/CQD/", {{"If-None-Match", "\"x\", W/" + tag}}).status, 304);
  EXPECT_EQ(Get("/CQD/", {{"If-None-Match", "\"x\""}}).status, 200);
  Write("portal/index.html", "<!doctype html>another");
  const auto changed = Get("/CQD/", {{"If-None-Match", tag}});
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.body_view(), "<!doctype html>another");
}

TEST_F(PortalTest, ABrowserGetsTheSmallestCopyItTakes) {
  const auto get = [&](const std::string& accepted) {
    return Get("/CQD/assets/main-ABC.js", {{"Accept-Encoding", accepted}});
  };
  EXPECT_EQ(get("gzip, deflate, br").body_view(), "BR");
  EXPECT_EQ(Field(get("gzip;q=1, br;q=0"), "Content-Encoding"), "gzip");
  EXPECT_EQ(get("identity").body_view(), "let plain;");
  EXPECT_EQ(Field(get("gzip"), "Vary"), "Accept-Encoding");
  EXPECT_NE(Field(get("gzip"), "ETag"), Field(get("br"), "ETag"));
  EXPECT_EQ(get("br").content_type, "text/javascript; charset=utf-8");
}

TEST_F(PortalTest, ACopyOfAnOlderBuildIsNotServed) {
  const std::string copy = folder_.path() + "/portal/assets/main-ABC.js.br";
  const timespec old[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 1, .tv_nsec = 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, copy.c_str(), old, 0), 0);
  EXPECT_EQ(Get("/CQD/assets/main-ABC.js", {{"Accept-Encoding", "br"}}).body_view(), "let plain;");
}

TEST_F(PortalTest, NothingBesideTheFoldersIsServed) {
  for (const char* target :
       {"/CQD/../secret.txt", "/CQD/%2e%2e/secret.txt", "/CQD/..%2fsecret.txt", "/CQD/.secret",
        "/CQD/assets", "/CQD/assets/", "/CQD/nothing.js", "/CQD/a%00b", "/CQD/..\\secret.txt"}) {
    const auto response = Get(target);
    EXPECT_GE(response.status, 400) << target;
    EXPECT_THAT(response.body_view(), Not(HasSubstr("secret\n"))) << target;
  }
}

TEST_F(PortalTest, WithoutFilesThePageSaysWhatToDo) {
  http::Router router;
  AddRoutes(router, {.folder = folder_.path() + "/none"});
  Files files({.folder = folder_.path() + "/none"});
  const auto response = files.Answer({}, "");
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body_view(), HasSubstr("portal.folder"));
}

}  // namespace
}  // namespace cqd::portal
