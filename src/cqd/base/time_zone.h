// Named time zones, by the machine's IANA database.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace cqd {

/// A zone of the IANA database ("UTC", "Europe/Paris"). Cheap to copy; safe from any thread.
class TimeZone {
 public:
  /// UTC.
  TimeZone() = default;
  /// Errors: kInvalidArgument (unknown name).
  static Result<TimeZone> Find(std::string_view name);

  const std::string& name() const { return name_; }
  /// What a wall clock in the zone shows at `time`, as if it were UTC: civil parts come from it.
  UtcTime ToLocal(UtcTime time) const;
  /// The point in time of a local wall clock reading; the earlier of two when it occurs twice, the
  /// moment of the jump when it does not occur.
  UtcTime FromLocal(UtcTime local) const;

 private:
  std::string name_ = "UTC";
  const void* zone_ = nullptr;  // date::time_zone, owned by the library for the life of the process
};

}  // namespace cqd
