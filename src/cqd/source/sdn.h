// Skype for Business SDN interface messages (LyncDiagnostics, schemas B, C, D): one document,
// several without a common root, or wrapped. Rules: reference/ingest-formats.md 4,
// docs/formats/sdn.md.
#pragma once

#include "source/report.h"

namespace cqd::source {

/// The format "sdn". Threads: any.
const ReportFormat& SdnFormat();

}  // namespace cqd::source
