#include "base/time_zone.h"

#include <date/tz.h>

#include <stdexcept>

namespace cqd {

Result<TimeZone> TimeZone::Find(std::string_view name) {
  if (name.empty() || name == "UTC" || name == "Etc/UTC") return TimeZone();
  try {
    TimeZone zone;
    zone.zone_ = date::locate_zone(std::string(name));
    zone.name_ = std::string(name);
    return zone;
  } catch (const std::runtime_error& error) {
    return Fail(ErrorCode::kInvalidArgument,
                "'" + std::string(name.substr(0, 64)) +
                    "' is not a time zone of the IANA database, for example Europe/Paris",
                error.what());
  }
}

UtcTime TimeZone::ToLocal(UtcTime time) const {
  if (zone_ == nullptr) return time;
  const auto* zone = static_cast<const date::time_zone*>(zone_);
  return UtcTime(
      zone->to_local(date::sys_time<Duration>(time.time_since_epoch())).time_since_epoch());
}

UtcTime TimeZone::FromLocal(UtcTime local) const {
  if (zone_ == nullptr) return local;
  const auto* zone = static_cast<const date::time_zone*>(zone_);
  return UtcTime(
      zone->to_sys(date::local_time<Duration>(local.time_since_epoch()), date::choose::earliest)
          .time_since_epoch());
}

}  // namespace cqd
