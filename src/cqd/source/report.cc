#include "source/report.h"

#include "base/text.h"
#include "source/ms_qoe.h"
#include "source/sdn.h"
#include "source/vq_rtcpxr.h"

namespace cqd::source {

std::span<const ReportFormat* const> ReportFormats() {
  // SDN first: its documents quote nothing of the others, while the others may be part of a log.
  static const std::array<const ReportFormat*, 3> kFormats = {&SdnFormat(), &MsQoeFormat(),
                                                              &VqRtcpXrFormat()};
  return kFormats;
}

const ReportFormat* FindFormat(std::string_view content_type, std::string_view body) {
  for (const ReportFormat* format : ReportFormats()) {
    if (format->Recognises(body)) return format;
  }
  const std::string type = ToLower(Trim(content_type.substr(0, content_type.find(';'))));
  for (const ReportFormat* format : ReportFormats()) {
    if (format->IsContentType(type)) return format;
  }
  return nullptr;
}

const ReportFormat* FormatByName(std::string_view name) {
  for (const ReportFormat* format : ReportFormats()) {
    if (format->name() == name) return format;
  }
  return nullptr;
}

}  // namespace cqd::source
