// Promise: a server whose disk has no room left stays alive, says so, takes nothing it cannot keep,
// and goes on by itself when there is room again. Method: the kernel refuses every write behind the
// first page of a file (RLIMIT_FSIZE of the running server), on the real binary; then the limit is
// lifted.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include "support/installation.h"

namespace cqd {
namespace {

using test::Installation;
namespace json = boost::json;

constexpr const char* kAudio =
    R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})";

void LimitFiles(Installation& cqd, rlim_t bytes) {
  const rlimit limit{bytes, RLIM_INFINITY};
  ASSERT_EQ(prlimit(cqd.server().pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
}

std::string Report(int number) {
  const std::string n = std::to_string(number);
  return "VQSessionReport: CallTerm\r\nCallID:full-" + n +
         "@example.net\r\nLocalID:<sip:a@example.net>\r\nRemoteID:<sip:b@example.net>\r\n"
         "OrigID:<sip:a@example.net>\r\nLocalAddr:IP=10.1.2.3 PORT=4000 SSRC=0xa\r\n"
         "RemoteAddr:IP=10.1.2.4 PORT=4002 SSRC=0xb\r\nLocalMetrics:\r\n"
         "Timestamps:START=2026-01-01T10:00:00Z STOP=2026-01-01T10:01:00Z\r\n"
         "SessionDesc:PT=0 PD=PCMU SR=8000\r\nQualityEst:MOSLQ=4.1 MOSCQ=4.0\r\n";
}

TEST(DiskFull, TheServerSaysSoAndGoesOnWhenThereIsRoom) {
  Installation cqd;
  cqd.Configure(
      "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\n"
      "error_after_s = 604800\n");
  cqd.Serve();
  ASSERT_EQ(cqd.Post("/api/v1/reports", Report(1), "application/vq-rtcpxr").status, 202);
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  ASSERT_EQ(cqd.WaitForRun("cube").at("state").as_string(), "succeeded");
  ASSERT_EQ(cqd.Ask(kAudio).at("DataResult").at(0).at(0).as_int64(), 1);

  ASSERT_NO_FATAL_FAILURE(LimitFiles(cqd, 4096));
  const auto refused = cqd.Post("/api/v1/reports", Report(2), "application/vq-rtcpxr");
  EXPECT_EQ(refused.status, 507) << refused.body;
  EXPECT_EQ(json::parse(refused.body).at("code").as_string(), "disk_full");
  EXPECT_EQ(cqd.Post("/api/v1/runs", R"({"stage":"archive"})").status, 507)
      << "a run that cannot be recorded is not started";
  EXPECT_EQ(cqd.Ask(kAudio).at("DataResult").at(0).at(0).as_int64(), 1) << "it still answers";
  EXPECT_EQ(cqd.Get("/readyz").status, 200) << "stale data must not take the server away";
  const json::value status = cqd.GetJson("/api/v1/status");
  EXPECT_NE(status.at("status").as_string(), "pass") << json::serialize(status);
  for (const json::value& stage : status.at("stages").as_array())
    EXPECT_EQ(stage.at("state").as_string(), "idle");

  ASSERT_NO_FATAL_FAILURE(LimitFiles(cqd, RLIM_INFINITY));
  EXPECT_EQ(cqd.Post("/api/v1/reports", Report(2), "application/vq-rtcpxr").status, 202);
  const std::int64_t before = cqd.WaitForRun("cube").at("seq").as_int64();
  EXPECT_EQ(cqd.Post("/api/v1/runs", R"({"stage":"archive"})").status, 202);
  EXPECT_EQ(cqd.WaitForRun("cube", before).at("state").as_string(), "succeeded");
  EXPECT_EQ(cqd.Ask(kAudio).at("DataResult").at(0).at(0).as_int64(), 2);
  EXPECT_EQ(cqd.GetJson("/api/v1/status").at("status").as_string(), "pass");
  EXPECT_EQ(cqd.StopServer(), 0);
}

}  // namespace
}  // namespace cqd
