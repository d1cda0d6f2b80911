#include "source/normalise.h"

#include <algorithm>

#include "base/text.h"
#include "model/classification.h"

namespace cqd::source {
namespace {

using model::Field;
using model::Repair;

constexpr UtcTime kOldestSessionTime{std::chrono::sys_days{std::chrono::year{1990} / 1 / 1}};
constexpr Duration kFutureTolerance = std::chrono::days(1);

bool IsOff(UtcTime time, UtcTime session_time) {
  return time < session_time - kClockTolerance || time > session_time + kClockTolerance;
}

std::optional<UtcTime> TimeOf(const model::StreamRow& row, Field field) {
  if (!row.Has(field)) return std::nullopt;
  return FromMicros(row.Get(field));
}

void SetTime(model::StreamRow& row, Field field, std::optional<UtcTime> time) {
  row.Set(field, time ? ToMicros(*time) : model::kNull);
}

void CheckTimes(model::StreamRow& row) {
  const UtcTime session_time = row.key.session_time;
  auto start = TimeOf(row, Field::kStartTime);
  auto end = TimeOf(row, Field::kEndTime);
  const bool start_off = start && IsOff(*start, session_time);
  const bool end_off = end && IsOff(*end, session_time);
  if (start_off || end_off) model::MarkRepair(row, Repair::kClockReplaced);
  if (start_off && end_off) {
    const Duration lasted = *end - *start;
    const bool believable = lasted >= Duration(0) && lasted <= kClockTolerance;
    start = believable ? session_time - lasted : session_time;
    end = believable ? std::optional(session_time) : std::nullopt;
  } else if (start_off) {
    start = session_time;
    end = std::nullopt;
  } else if (end_off) {
    end = std::nullopt;
  }
  if (start && end && *end < *start) {
    model::MarkRepair(row, Repair::kEndBeforeStart);
    end = std::nullopt;
  }
  if (!start) {
    model::MarkRepair(row, Repair::kTimestampsMissing);
    start = end.value_or(session_time);
  }
  SetTime(row, Field::kStartTime, start);
  SetTime(row, Field::kEndTime, end);
}

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

std::optional<model::RejectReason> CheckSessionTime(std::optional<UtcTime> session_time,
                                                    UtcTime now) {
  if (!session_time) return model::RejectReason::kSessionTimeMissing;
  if (*session_time < kOldestSessionTime || *session_time > now + kFutureTolerance) {
    return model::RejectReason::kSessionTimeAbsurd;
  }
  return std::nullopt;
}

void FinishSession(std::span<model::StreamRow> rows) {
  for (model::StreamRow& row : rows) CheckTimes(row);
  model::ClassifySession(rows);
}

std::string NormaliseUri(std::string_view uri) {
  uri = Trim(uri);
  for (const std::string_view scheme : {"sip:", "sips:"}) {
    if (StartsWithIgnoreCase(uri, scheme)) {
      uri.remove_prefix(scheme.size());
      break;
    }
  }
  return ToLower(uri);
}

std::string NormaliseMac(std::string_view mac) {
  std::string lower = ToLower(Trim(mac));
  std::string digits;
  for (const char c : lower) {
    if (IsHex(c)) {
      digits += c;
    } else if (c != ':' && c != '-' && c != '.') {
      return lower;
    }
  }
  if (digits.size() != 12) return lower;
  if (digits.find_first_not_of('0') == std::string::npos) return {};
  std::string text;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    if (i != 0) text += '-';
    text += digits.substr(i, 2);
  }
  return text;
}

model::Value FeedbackIssueOf(std::int64_t token_id) {
  if ((token_id >= 0 && token_id < 20) || (token_id >= 101 && token_id <= 199)) return 1;
  if ((token_id >= 21 && token_id <= 99) || (token_id >= 201 && token_id <= 299)) return 2;
  return 0;
}

}  // namespace cqd::source
