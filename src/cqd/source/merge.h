// All reports of one call become its streams. Pure: the same reports give the same rows, in
// whatever order they are handed in. Rules: reference/ingest-formats.md 3, 4, 5 and 17.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "model/key_space.h"
#include "model/stream.h"
#include "source/report.h"

namespace cqd::source {

/// A report as it lies in the inbox.
struct CallReport {
  std::int64_t number = 0;  ///< inbox number of its document
  int part = 0;             ///< position within the document
  Report report;
};

/// Under which key the streams of a call are stored.
struct CallIdentity {
  model::SourceId source;
  UtcTime session_time;
  std::int64_t session_seq = 0;
};

/// The streams of a call, classified, in the order of their keys; empty when no report measured
/// anything.
///   - the newest report of a reporter counts; a session report replaces its interval reports
///   - a stream is what its receiver reported, completed by what its sender reported; figures the
///   far end only sent
///     back (RemoteMetrics) count while the far end has not reported itself
///   - facts of an end come from its own report first, then from its peer's, then from call
///   messages
///   - feedback attaches to the end of its user; alerts and call messages never make a stream
///   - who called is taken from the reports; when none of them tells, the reporter is taken as the
///   caller and marked
///     (model::Estimated::kDirection)
///   - further reporters of the same direction (a relay between the ends) give streams of their
///   own, they are not merged
/// Stream ids: (rank of the leg x 2 + direction), so that they stay the same when more reports
/// arrive. Precondition: all reports have the same call key. Cost: about 20 us for two reports.
std::vector<model::StreamRow> StreamsOfCall(std::span<const CallReport> reports,
                                            const CallIdentity& identity,
                                            model::KeyInterner& interner);

}  // namespace cqd::source
