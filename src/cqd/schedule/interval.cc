#include "schedule/interval.h"

namespace cqd::schedule {

Result<Interval> Interval::Make(Duration every) {
  if (every < std::chrono::seconds(1) || every > std::chrono::hours(24 * 7)) {
    return Fail(ErrorCode::kInvalidArgument, "an interval lies between 1 second and 7 days");
  }
  return Interval(every);
}

UtcTime Interval::NextAfter(UtcTime after) const {
  const auto since_epoch = after.time_since_epoch();
  auto periods = since_epoch / every_;
  // Division truncates towards zero; before 1970 that is one period too late.
  if (since_epoch < Duration::zero() && since_epoch % every_ != Duration::zero()) --periods;
  return UtcTime((periods + 1) * every_);
}

}  // namespace cqd::schedule
