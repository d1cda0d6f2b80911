// When to run: at fixed distances, on the round times of the clock. Pure.
#pragma once

#include "base/result.h"
#include "base/time.h"

namespace cqd::schedule {

/// Due times every `every`, counted from 1970-01-01T00:00:00Z: every 15 minutes means :00, :15,
/// :30, :45.
class Interval {
 public:
  /// `every` 1 s to 7 days. Errors: kInvalidArgument.
  static Result<Interval> Make(Duration every);
  Duration every() const { return every_; }
  /// The first due time strictly after `after`. A step of the clock backwards gives the due times
  /// of the new time.
  UtcTime NextAfter(UtcTime after) const;

 private:
  explicit Interval(Duration every) : every_(every) {}
  Duration every_;
};

}  // namespace cqd::schedule
