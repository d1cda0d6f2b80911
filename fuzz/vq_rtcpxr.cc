// Links: source
// Any bytes a sender of this format may send.
#include "source/vq_rtcpxr.h"

#include "report_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cqd::fuzz::RunReport(cqd::source::VqRtcpXrFormat(), data, size);
  return 0;
}
