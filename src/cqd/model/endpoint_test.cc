#include "model/endpoint.h"

#include <gtest/gtest.h>

namespace cqd::model {
namespace {

TEST(EndpointDetail, ComesBackAsItWas) {
  const EndpointDetail full = {.os = "Windows 6.1.7601 SP: 1.0 Type: 1(Workstation)",
                               .cpu_name = "Intel Core i5",
                               .cpu_cores = 4,
                               .cpu_mhz = 2501,
                               .virtualization = 0};
  EXPECT_EQ(DecodeEndpointDetail(EncodeEndpointDetail(full)), full);
  const EndpointDetail some = {.cpu_name = "x", .virtualization = 2};
  EXPECT_EQ(DecodeEndpointDetail(EncodeEndpointDetail(some)), some);
}

TEST(EndpointDetail, NothingKnownIsEmpty) {
  EXPECT_EQ(EncodeEndpointDetail({}), "");
  EXPECT_EQ(DecodeEndpointDetail(""), EndpointDetail{});
}

TEST(EndpointDetail, AnyTextCanBeDecoded) {
  EXPECT_EQ(DecodeEndpointDetail("a\x1f"
                                 "b\x1fmany\x1f\x1f"
                                 "9\x1fmore"),
            (EndpointDetail{.os = "a", .cpu_name = "b", .virtualization = 9}));
  EXPECT_EQ(DecodeEndpointDetail(EncodeEndpointDetail({.os = "a\x1f"
                                                             "b"}))
                .os,
            "a b");
}

}  // namespace
}  // namespace cqd::model
