// Points in time are UTC microseconds; months are the unit of partitioning; intervals are
// half-open.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cqd {

using Duration = std::chrono::microseconds;
/// A point in time: UTC, microseconds since 1970-01-01. Every time we store is one.
using UtcTime = std::chrono::sys_time<Duration>;

constexpr std::int64_t ToMicros(UtcTime time) {
  return time.time_since_epoch().count();
}
constexpr UtcTime FromMicros(std::int64_t micros) {
  return UtcTime(Duration(micros));
}

/// Half-open interval [begin, end).
struct TimeRange {
  UtcTime begin;
  UtcTime end;
  bool operator==(const TimeRange&) const = default;
};

/// A calendar month in UTC: the unit of an archive file and of a cube partition.
class Month {
 public:
  constexpr Month() = default;
  /// `month` is 1..12.
  constexpr Month(int year, int month) : index_(year * 12 + month - 1) {}
  static Month Of(UtcTime time);
  /// Accepts "2015-3", "2015-03". Errors: kInvalidArgument.
  static Result<Month> Parse(std::string_view text);

  constexpr int year() const { return index_ >= 0 ? index_ / 12 : (index_ - 11) / 12; }
  constexpr int month() const { return index_ - year() * 12 + 1; }
  UtcTime begin() const;
  UtcTime end() const { return Next().begin(); }
  constexpr Month Plus(int months) const { return FromIndex(index_ + months); }
  constexpr Month Next() const { return Plus(1); }
  /// Months since year 0; consecutive months differ by 1.
  constexpr int index() const { return index_; }
  static constexpr Month FromIndex(int index) {
    Month m;
    m.index_ = index;
    return m;
  }
  /// "2015-03".
  std::string ToString() const;
  constexpr auto operator<=>(const Month&) const = default;

 private:
  int index_ = 1970 * 12;
};

struct CivilTime {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  int micros = 0;
};

CivilTime ToCivil(UtcTime time);
/// Errors: kInvalidArgument when a part is out of range (month 13, February 30, hour 24).
Result<UtcTime> FromCivil(const CivilTime& civil);

/// RFC 3339 with seconds or microseconds and "Z": "2015-03-01T10:28:29Z", "...29.100000Z".
std::string FormatRfc3339(UtcTime time);
/// "2015-03-01 10:28:29.123": the text form databases understand; always three decimals.
std::string FormatSql(UtcTime time);

/// Accepts RFC 3339 and the forms databases print: 'T' or blank, 0 to 9 fraction digits (cut to
/// microseconds), "Z", an offset, or none (then UTC). Errors: kInvalidArgument.
Result<UtcTime> ParseTime(std::string_view text);

}  // namespace cqd
