#include "model/repair.h"

#include <array>

namespace cqd::model {
namespace {

constexpr std::array<RejectReasonText, 8> kTexts = {{
    {RejectReason::kSessionTimeMissing, "the record carries no session time, so it has no key",
     "look at the record; when its source can be corrected, correct it there and replay"},
    {RejectReason::kSessionTimeAbsurd,
     "the session time lies before 1990 or more than a day in the future: the clock of the server "
     "that stored it was wrong",
     "set that server's clock; correct the record in its database or wait until its time has come, "
     "and replay"},
    {RejectReason::kKeyPartMissing, "a part of the key (sequence, label or stream id) is missing",
     "correct the record in the source's database and replay"},
    {RejectReason::kNoSession, "a stream without its session or its media line",
     "see that the account may read all of Session and MediaLine, and that a copied database was "
     "copied whole; then replay"},
    {RejectReason::kUnreadable, "the report cannot be parsed; the detail names the place",
     "look at the report and at the device that sent it; after an update of OpenCQD that reads it, "
     "replay"},
    {RejectReason::kUnknownFormat, "nobody knows this kind of report",
     "find out who sends it here; drop it, or replay after an update of OpenCQD that knows it"},
    {RejectReason::kNoIdentity,
     "the report names no call, no dialog and no addresses: it cannot belong to a call",
     "correct the configuration of the device that sent it; drop the report"},
    {RejectReason::kTooLarge, "the report is over the size limit of its format",
     "look what sends so much; drop the report"},
}};

}  // namespace

std::span<const RejectReasonText> RejectReasonTexts() {
  return kTexts;
}

std::optional<RejectReason> ParseRejectReason(std::string_view name) {
  for (const RejectReasonText& text : kTexts) {
    if (RejectReasonName(text.reason) == name) return text.reason;
  }
  return std::nullopt;
}

}  // namespace cqd::model
