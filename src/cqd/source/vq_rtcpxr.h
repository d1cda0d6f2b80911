// RFC 6035 voice quality reports and their pre-standard draft form (application/vq-rtcpxr): a bare
// body, a whole SIP PUBLISH or NOTIFY, a body wrapped in CDATA. Rules: reference/ingest-formats.md
// 5, docs/formats/vq-rtcpxr.md.
#pragma once

#include "source/report.h"

namespace cqd::source {

/// The format "vq_rtcpxr". Threads: any.
const ReportFormat& VqRtcpXrFormat();

}  // namespace cqd::source
