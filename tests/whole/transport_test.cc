// Promise: TLS works with an ordinary certificate, every answer carries the security headers, and
// what is too large or malformed on the wire gets its own status.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/installation.h"

namespace cqd {
namespace {

using test::Finished;
using test::Installation;
using testing::HasSubstr;

constexpr const char* kQuiet =
    "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = "
    "604800\n";

void ExpectSecurityHeaders(const http::ClientResponse& answer, const std::string& what) {
  EXPECT_EQ(answer.Header("X-Content-Type-Options").value_or(""), "nosniff") << what;
  EXPECT_EQ(answer.Header("X-Frame-Options").value_or(""), "DENY") << what;
  EXPECT_EQ(answer.Header("Referrer-Policy").value_or(""), "same-origin") << what;
  EXPECT_THAT(std::string(answer.Header("Content-Security-Policy").value_or("")),
              HasSubstr("frame-ancestors 'none'"))
      << what;
  // The status has a tag: a client may keep it as long as it asks whether it still holds.
  const std::string cached(answer.Header("ETag") ? "private, no-cache" : "no-store");
  EXPECT_EQ(answer.Header("Cache-Control").value_or(""), cached) << what;
  EXPECT_EQ(answer.Header("Server").value_or(""), "OpenCQD") << "no version: " << what;
}

TEST(Tls, ACertificateOfTheOpensslCommandServes) {
  Installation cqd;
  const Finished made = test::RunToEnd(
      {"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
       "-nodes", "-keyout", cqd.Path("key.pem"), "-out", cqd.Path("certificate.pem"), "-days", "2",
       "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"},
      cqd.Path("openssl-out"));
  ASSERT_EQ(made.exit_code, 0) << made.output;
  cqd.Configure(std::string(kQuiet) +
                "[server]\ntls_certificate_file = \"certificate.pem\"\n"
                "tls_key_file = \"key.pem\"\n");
  cqd.client.ca_file = cqd.Path("certificate.pem");
  cqd.Serve();
  EXPECT_TRUE(cqd.base().starts_with("https://"));
  const http::ClientResponse answer = cqd.Get("/api/v1/status");
  EXPECT_EQ(answer.status, 200);
  ExpectSecurityHeaders(answer, "TLS");
  EXPECT_TRUE(answer.Header("Strict-Transport-Security").has_value());
  EXPECT_FALSE(http::Get(cqd.base() + "/livez").ok()) << "an unknown authority is refused";
  EXPECT_FALSE(http::Get("http" + cqd.base().substr(5) + "/livez").ok()) << "no plain HTTP";
  EXPECT_EQ(cqd.Get("/livez").status, 200) << "and neither hurts the server";
  EXPECT_EQ(cqd.StopServer(), 0);
}

TEST(Tls, UnusableFilesAreNamed) {
  Installation cqd;
  std::ofstream(cqd.Path("not-pem")) << "hello\n";
  cqd.Configure(std::string(kQuiet) +
                "[server]\ntls_certificate_file = \"not-pem\"\ntls_key_file = \"not-pem\"\n");
  const Finished refused = cqd.Cqd({"serve", "--port", "0"});
  EXPECT_EQ(refused.exit_code, 2) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("not-pem"));
}

TEST(Wire, EveryAnswerCarriesTheSecurityHeaders) {
  Installation cqd;
  cqd.Configure(kQuiet);
  cqd.Serve();
  for (const char* path : {"/api/v1/status", "/QoEDataService/CubeStructure", "/livez", "/readyz",
                           "/metrics", "/nowhere", "/QoEDataService/RunQuery", "/%zz", "/a/../b"})
    ExpectSecurityHeaders(cqd.Get(path), path);
}

TEST(Wire, WhatIsTooLargeGetsItsOwnStatus) {
  Installation cqd;
  cqd.Configure(std::string(kQuiet) +
                "[collector]\nreport_bytes_max = 2048\n[server]\nrequest_bytes_max = 2000000\n");
  cqd.Serve();
  const std::string query(1024 * 1024 + 1, ' ');
  EXPECT_EQ(cqd.Post("/QoEDataService/RunQuery", query).status, 413);
  EXPECT_EQ(cqd.Post("/data/DimensionMembers", query).status, 413);
  EXPECT_EQ(cqd.Post("/api/v1/reports", std::string(2049, 'x'), "text/plain").status, 413);
  EXPECT_EQ(cqd.Post("/api/v1/runs", std::string(65 * 1024, ' ')).status, 413);
  EXPECT_EQ(cqd.Send("GET", "/livez", {{"X-Long", std::string(20'000, 'x')}}).status, 431);
  EXPECT_THAT(cqd.Get("/livez?" + std::string(20'000, 'x')).status, testing::AnyOf(414, 431));
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 2000; ++i) many.emplace_back("X-" + std::to_string(i), "y");
  EXPECT_EQ(cqd.Send("GET", "/livez", many).status, 431);
  EXPECT_EQ(cqd.Get("/livez").status, 200);
}

TEST(Wire, DeepJsonIsRefusedBeforeItHurts) {
  Installation cqd;
  cqd.Configure(kQuiet);
  cqd.Serve();
  for (const std::string open : {"[", "{\"a\":", "{\"Filters\":["}) {
    std::string deep;
    while (deep.size() < 500'000) deep += open;
    EXPECT_EQ(cqd.Ask(deep).at("ErrorType").as_int64(), 6);
    EXPECT_THAT(cqd.Post("/QoEDataService/DimensionMembers", deep).status,
                testing::AnyOf(400, 422));
    EXPECT_EQ(cqd.Post("/api/v1/runs", deep.substr(0, 60'000)).status, 400);
  }
  EXPECT_EQ(cqd.Get("/livez").status, 200);
}

}  // namespace
}  // namespace cqd
