// What every source does to a session before it is handed out: the same checks whatever the format.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/repair.h"
#include "model/stream.h"

namespace cqd::source {

/// A client's clock is believed only this near to the session time.
/// Source: reference/ingest-formats.md 17, clock rules.
inline constexpr Duration kClockTolerance = std::chrono::days(2);

/// Whether a session can be stored under this session time: kSessionTimeMissing, kSessionTimeAbsurd
/// (before 1990 or more than a day after `now`), or nullopt when it can. The bounds are ours: no
/// product wrote such records before 2005, and a server's clock is not a day ahead.
std::optional<model::RejectReason> CheckSessionTime(std::optional<UtcTime> session_time,
                                                    UtcTime now);

/// Finishes the rows of one session: checks kStartTime and kEndTime, which hold what the client
/// reported, then classifies (model::ClassifySession).
///   both off by more than kClockTolerance:  the call ended at the session time and lasted what the
///   client's clock says
///                                           (nothing when that is negative or over the tolerance);
///                                           kClockReplaced
///   start alone off:  the session time; the end, and so the duration, is unknown; kClockReplaced
///   end alone off:    unknown; kClockReplaced
///   end before start: the end is unknown; kEndBeforeStart
///   no start:         the end, or the session time when there is none; kTimestampsMissing
/// Precondition: equal source, session_time and session_seq in all rows.
void FinishSession(std::span<model::StreamRow> rows);

/// A URI as KeySpace::kUser wants it: trimmed, lower-case, without the scheme "sip:" or "sips:".
std::string NormaliseUri(std::string_view uri);

/// An adapter address or BSSID as KeySpace::kMac and kBssid want it: "00-1a-2b-3c-4d-5e". Takes
/// ':', '-', '.' or no delimiters; anything else is returned trimmed and lower-case. An address of
/// zeros only is no address: "".
std::string NormaliseMac(std::string_view mac);

/// Bits of Field::kCallerFeedbackIssues for one token that was ticked: 1 audio, 2 video, 0 neither.
/// Source: reference/qoe-metrics-schema.md 3, Rate My Call tables.
model::Value FeedbackIssueOf(std::int64_t token_id);

}  // namespace cqd::source
