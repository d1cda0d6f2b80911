#include "http/router.h"

#include <gtest/gtest.h>

#include "http/cors.h"
#include "http/problem.h"

namespace cqd::http {
namespace {

using Captures = std::vector<std::pair<std::string, std::string>>;

Response Ok(const Request&) {
  return Response::Text(200, "ok");
}

Router MakeRouter() {
  Router router;
  router.Get("/QoEDataService/CubeStructure", Ok);
  router.Post("/QoEDataService/RunQuery", Ok);
  router.Get("/api/v1/runs", Ok);
  router.Post("/api/v1/runs", Ok);
  router.Get("/api/v1/runs/{id}", Ok);
  router.Get("/api/v1/runs/latest", Ok);
  router.Get("/CQD/{file...}", Ok);
  router.Get("/", Ok);
  return router;
}

std::string PatternOf(const Router& router, std::string_view path, Captures* captures = nullptr) {
  Captures own;
  const PathRoutes* routes = router.Match(path, captures != nullptr ? *captures : own);
  return routes != nullptr ? routes->pattern : "none";
}

TEST(Router, MatchesWithoutRegardToCaseAndOneEndSlash) {
  const Router router = MakeRouter();
  EXPECT_EQ(PatternOf(router, "/QoEDataService/CubeStructure"), "/QoEDataService/CubeStructure");
  EXPECT_EQ(PatternOf(router, "/qoedataservice/CUBESTRUCTURE/"), "/QoEDataService/CubeStructure");
  EXPECT_EQ(PatternOf(router, "/QoEDataService/CubeStructure//"), "none");
  EXPECT_EQ(PatternOf(router, "/QoEDataService"), "none");
  EXPECT_EQ(PatternOf(router, "/"), "/");
  EXPECT_EQ(PatternOf(router, ""), "none");
  EXPECT_EQ(PatternOf(router, "/" + std::string(5000, 'x')), "none");
}

TEST(Router, CapturesKeepTheirCase) {
  const Router router = MakeRouter();
  Captures captures;
  EXPECT_EQ(PatternOf(router, "/API/v1/Runs/AbC", &captures), "/api/v1/runs/{id}");
  EXPECT_EQ(captures, (Captures{{"id", "AbC"}}));
  EXPECT_EQ(PatternOf(router, "/api/v1/runs/x/y"), "none");
  EXPECT_EQ(PatternOf(router, "/cqd/js/app.js", &captures), "/CQD/{file...}");
  EXPECT_EQ(captures, (Captures{{"file", "js/app.js"}}));
  EXPECT_EQ(PatternOf(router, "/CQD", &captures), "/CQD/{file...}");
  EXPECT_EQ(captures, (Captures{{"file", ""}}));
}

TEST(Router, LiteralsWinOverCaptures) {
  const Router router = MakeRouter();
  EXPECT_EQ(PatternOf(router, "/api/v1/runs/latest"), "/api/v1/runs/latest");
  Router more;
  more.Get("/a/{rest...}", Ok);
  more.Get("/a/{x}/{y}", Ok);
  more.Get("/a/{x}/c", Ok);
  more.Get("/a/b/{y}", Ok);
  EXPECT_EQ(PatternOf(more, "/a/b/c"), "/a/b/{y}");
  EXPECT_EQ(PatternOf(more, "/a/z/c"), "/a/{x}/c");
  EXPECT_EQ(PatternOf(more, "/a/z/d"), "/a/{x}/{y}");
  EXPECT_EQ(PatternOf(more, "/a/z/d/e"), "/a/{rest...}");
}

TEST(Router, AllowListsTheMethods) {
  const Router router = MakeRouter();
  Captures captures;
  const PathRoutes* runs = router.Match("/api/v1/runs", captures);
  ASSERT_NE(runs, nullptr);
  EXPECT_EQ(runs->allow, "GET, HEAD, POST, OPTIONS");
  EXPECT_NE(runs->Find(Method::kHead), nullptr);
  EXPECT_EQ(runs->Find(Method::kDelete), nullptr);
  EXPECT_EQ(router.List().size(), 7U);
}

TEST(Problem, EveryCodeHasAStatus) {
  EXPECT_EQ(HttpStatusOf(ErrorCode::kInvalidArgument), 400);
  EXPECT_EQ(HttpStatusOf(ErrorCode::kUnauthenticated), 401);
  EXPECT_EQ(HttpStatusOf(ErrorCode::kPermissionDenied), 403);
  EXPECT_EQ(HttpStatusOf(ErrorCode::kNotFound), 404);
  EXPECT_EQ(HttpStatusOf(ErrorCode::kConflict), 409);
  EXPECT_EQ(HttpStatusOf(ErrorCode::kResourceExhausted), 422);
  EXPECT_EQ(HttpStatusOf(ErrorCode::kInternal), 500);
  EXPECT_EQ(HttpStatusOf(ErrorCode::kUnavailable), 503);
  EXPECT_EQ(HttpStatusOf(ErrorCode::kDeadlineExceeded), 504);
  EXPECT_EQ(HttpStatusOf(ErrorCode::kDiskFull), 507);
}

TEST(Problem, HasTheFieldsOfRfc9457AndNeverTheDetail) {
  const Response response = Problem(
      Fail(ErrorCode::kNotFound, "no \"x\"", "/secret/path", "Dimensions[0]"), {{"a", "b"}, {"y"}});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"no "
            "\\\"x\\\"\",\"code\":\"not_found\",\"field\":\"Dimensions[0]\",\"allowed\":[\"a\","
            "\"b\"],\"nearest\":[\"y\"]}");
}

TEST(Cors, OriginsAreExactAndTheStarIsNothingSpecial) {
  CorsPolicy policy;
  policy.allowed_origins = {"https://portal.example.org:8443"};
  EXPECT_TRUE(CheckCorsPolicy(policy).ok());
  EXPECT_TRUE(policy.Allows("https://Portal.example.org:8443"));
  EXPECT_FALSE(policy.Allows("https://portal.example.org"));
  EXPECT_FALSE(policy.Allows("https://evil-portal.example.org:8443"));
  EXPECT_FALSE(policy.Allows("*"));
  for (const char* bad : {"*", "null", "portal.example.org", "https://a/b", "https://", "://a",
                          "https://a b", "https://a,https://b"}) {
    policy.allowed_origins = {bad};
    const Status checked = CheckCorsPolicy(policy);
    ASSERT_FALSE(checked.ok()) << bad;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Cors, WritesFromForeignPagesAreTold) {
  CorsPolicy policy;
  policy.allowed_origins = {"https://portal.example.org"};
  const auto foreign = [&](Method method, std::string_view origin, std::string_view site) {
    Request request;
    request.method = method;
    request.headers.Add("Host", "127.0.0.1:8080");
    if (!origin.empty()) request.headers.Add("Origin", origin);
    if (!site.empty()) request.headers.Add("Sec-Fetch-Site", site);
    return IsForeignWrite(policy, request);
  };
  EXPECT_FALSE(foreign(Method::kPost, "", ""));  // a tool
  EXPECT_FALSE(foreign(Method::kPost, "http://127.0.0.1:8080", ""));
  EXPECT_FALSE(foreign(Method::kPost, "https://cqd.example.org", "same-origin"));  // behind a proxy
  EXPECT_FALSE(foreign(Method::kPost, "https://portal.example.org", "cross-site"));
  EXPECT_FALSE(foreign(Method::kGet, "https://evil.example.org", "cross-site"));
  EXPECT_TRUE(foreign(Method::kPost, "https://evil.example.org", "cross-site"));
  EXPECT_TRUE(foreign(Method::kDelete, "https://evil.example.org", ""));
  EXPECT_TRUE(foreign(Method::kPost, "null", ""));
  EXPECT_TRUE(foreign(Method::kPost, "", "same-site"));
}

}  // namespace
}  // namespace cqd::http
