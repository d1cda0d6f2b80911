// What was mended in a record (marks in Field::kRepairs), what was estimated (Field::kEstimated),
// and why a record was set aside (quarantine reasons).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/stream.h"

namespace cqd::model {

/// Bits of Field::kRepairs.
enum class Repair : std::uint32_t {
  kMetricOutOfRange = 1,  ///< a metric was outside its range and was dropped
  kClockReplaced = 2,     ///< start or end was more than 2 days off the session time; session time
                          ///< used (reference/ingest-formats.md 17)
  kEndBeforeStart = 4,    ///< end lay before start; the duration is unknown
  kTextCleaned = 8,       ///< a text was not UTF-8 or too long
  kDanglingKey = 16,      ///< a key of the source pointed to no dictionary row
  kTimestampsMissing = 32,  ///< the report carried no times; the receive time was used
};

/// Bits of Field::kEstimated.
enum class Estimated : std::uint32_t {
  kPacketLossZero = 1,  ///< absent packet loss read as 0 (SDN, reference/ingest-formats.md 4)
  kDirection = 2,       ///< who called was not told; the reporter is taken as the caller
};

inline void MarkRepair(StreamRow& row, Repair repair) {
  const Value old = row.Has(Field::kRepairs) ? row.Get(Field::kRepairs) : 0;
  row.Set(Field::kRepairs, old | static_cast<Value>(repair));
}
inline void MarkEstimated(StreamRow& row, Estimated estimated) {
  const Value old = row.Has(Field::kEstimated) ? row.Get(Field::kEstimated) : 0;
  row.Set(Field::kEstimated, old | static_cast<Value>(estimated));
}

/// Why a record cannot be stored. The names are stable (stored, shown, documented in
/// docs/operations.md).
enum class RejectReason : std::uint8_t {
  kSessionTimeMissing,  ///< no session time, so no key
  kSessionTimeAbsurd,   ///< session time before 1990 or more than a day in the future
  kKeyPartMissing,      ///< sequence, label or stream id missing
  kNoSession,           ///< stream without its session or media line
  kUnreadable,          ///< the report cannot be parsed
  kUnknownFormat,       ///< nobody knows this kind of report
  kNoIdentity,          ///< no call id, dialog id or addresses: cannot belong to a call
  kTooLarge,            ///< over the size limit of its format
};
std::string_view RejectReasonName(RejectReason reason);
std::optional<RejectReason> ParseRejectReason(std::string_view name);

/// A reason in words for people: one sentence each, without a full stop.
struct RejectReasonText {
  RejectReason reason;
  std::string_view meaning;
  std::string_view action;  ///< the next thing to do
};
/// One text a reason, in the order of the enumeration.
std::span<const RejectReasonText> RejectReasonTexts();

/// A record set aside: kept whole, counted, shown, replayable.
struct RejectedRecord {
  SourceId source;
  RejectReason reason;
  std::string record_key;  ///< natural key or report id as text, "" when there is none
  std::string detail;      ///< what exactly was wrong
  std::string payload;     ///< the record as it came: report bytes, or JSON of the source's columns
};

}  // namespace cqd::model
