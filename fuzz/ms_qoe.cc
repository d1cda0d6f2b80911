// Links: source
// Any bytes a sender of this format may send.
#include "source/ms_qoe.h"

#include "report_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cqd::fuzz::RunReport(cqd::source::MsQoeFormat(), data, size);
  return 0;
}
