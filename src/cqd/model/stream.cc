#include "model/stream.h"

#include <cmath>

#include "base/check.h"
#include "model/repair.h"

namespace cqd::model {
namespace {

constexpr std::array<double, 8> kPowersOfTen = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};

}  // namespace

Value ToStored(Field field, double value) {
  const FieldInfo& info = InfoOf(field);
  if (!std::isfinite(value) || value < info.min || value > info.max) return kNull;
  return static_cast<Value>(
      std::llround(value * kPowersOfTen[static_cast<std::size_t>(info.scale)]));
}

double ToDouble(Field field, Value stored) {
  CQD_CHECK(stored != kNull);
  return static_cast<double>(stored) / kPowersOfTen[static_cast<std::size_t>(InfoOf(field).scale)];
}

bool SetMetric(StreamRow& row, Field field, double value) {
  const Value stored = ToStored(field, value);
  row.Set(field, stored);
  if (stored != kNull) return true;
  MarkRepair(row, Repair::kMetricOutOfRange);
  return false;
}

std::string_view RejectReasonName(RejectReason reason) {
  switch (reason) {
    case RejectReason::kSessionTimeMissing:
      return "session_time_missing";
    case RejectReason::kSessionTimeAbsurd:
      return "session_time_absurd";
    case RejectReason::kKeyPartMissing:
      return "key_part_missing";
    case RejectReason::kNoSession:
      return "no_session";
    case RejectReason::kUnreadable:
      return "unreadable";
    case RejectReason::kUnknownFormat:
      return "unknown_format";
    case RejectReason::kNoIdentity:
      return "no_identity";
    case RejectReason::kTooLarge:
      return "too_large";
  }
  return "unknown";
}

}  // namespace cqd::model
