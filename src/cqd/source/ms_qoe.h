// Quality reports of Lync and Skype for Business end points (VQReportEvent) and Rate My Call
// answers (CallQualityFeedbackReport), also out of a client log. Rules: reference/ingest-formats.md
// 3, docs/formats/ms-qoe.md.
#pragma once

#include "source/report.h"

namespace cqd::source {

/// The format "ms_qoe". Threads: any.
const ReportFormat& MsQoeFormat();

}  // namespace cqd::source
