#include "base/time.h"

#include <fmt/format.h>

#include <charconv>

namespace cqd {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

/// Reads exactly `digits` digits at the head of `text` and drops them.
std::optional<int> TakeDigits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool TakeChar(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

Error BadTime(std::string_view text) {
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("'{}' is not a time of the form 2015-03-01T10:28:29Z", text.substr(0, 64)));
}

}  // namespace

Month Month::Of(UtcTime time) {
  const std::chrono::year_month_day ymd{floor<days>(time)};
  return {static_cast<int>(ymd.year()), static_cast<int>(static_cast<unsigned>(ymd.month()))};
}

Result<Month> Month::Parse(std::string_view text) {
  const auto dash = text.find('-');
  int year = 0;
  int month = 0;
  if (dash == 4) {
    const auto y = std::from_chars(text.data(), text.data() + 4, year);
    const auto m = std::from_chars(text.data() + 5, text.data() + text.size(), month);
    if (y.ec == std::errc() && y.ptr == text.data() + 4 && m.ec == std::errc() &&
        m.ptr == text.data() + text.size() && month >= 1 && month <= 12) {
      return Month(year, month);
    }
  }
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is not a month of the form 2015-03", text.substr(0, 64)));
}

UtcTime Month::begin() const {
  return UtcTime(
      sys_days(std::chrono::year(year()) / std::chrono::month(static_cast<unsigned>(month())) / 1)
          .time_since_epoch());
}

std::string Month::ToString() const {
  return fmt::format("{:04}-{:02}", year(), month());
}

CivilTime ToCivil(UtcTime time) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day ymd{day};
  const std::chrono::hh_mm_ss hms{time - day};
  return {.year = static_cast<int>(ymd.year()),
          .month = static_cast<int>(static_cast<unsigned>(ymd.month())),
          .day = static_cast<int>(static_cast<unsigned>(ymd.day())),
          .hour = static_cast<int>(hms.hours().count()),
          .minute = static_cast<int>(hms.minutes().count()),
          .second = static_cast<int>(hms.seconds().count()),
          .micros = static_cast<int>(hms.subseconds().count())};
}

Result<UtcTime> FromCivil(const CivilTime& c) {
  const std::chrono::year_month_day ymd{std::chrono::year(c.year),
                                        std::chrono::month(static_cast<unsigned>(c.month)),
                                        std::chrono::day(static_cast<unsigned>(c.day))};
  // A leap second (60) is legal in RFC 3339; it becomes the first second of the next minute.
  if (!ymd.ok() || c.hour < 0 || c.hour > 23 || c.minute < 0 || c.minute > 59 || c.second < 0 ||
      c.second > 60 || c.micros < 0 || c.micros > 999'999) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} does not exist", c.year, c.month,
                            c.day, c.hour, c.minute, c.second));
  }
  return UtcTime(sys_days(ymd).time_since_epoch() + hours(c.hour) + minutes(c.minute) +
                 seconds(c.second) + Duration(c.micros));
}

std::string FormatRfc3339(UtcTime time) {
  const CivilTime c = ToCivil(time);
  if (c.micros == 0) {
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour,
                       c.minute, c.second);
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", c.year, c.month, c.day, c.hour,
                     c.minute, c.second, c.micros);
}

std::string FormatSql(UtcTime time) {
  const CivilTime c = ToCivil(time);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", c.year, c.month, c.day, c.hour,
                     c.minute, c.second, c.micros / 1000);
}

Result<UtcTime> ParseTime(std::string_view text) {
  const std::string_view whole = text;
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  CivilTime c;
  const auto year = TakeDigits(text, 4);
  if (!year || !TakeChar(text, "-")) return BadTime(whole);
  const auto month = TakeDigits(text, 2);
  if (!month || !TakeChar(text, "-")) return BadTime(whole);
  const auto day = TakeDigits(text, 2);
  if (!day) return BadTime(whole);
  c.year = *year, c.month = *month, c.day = *day;
  Duration offset{0};
  if (!text.empty()) {
    if (!TakeChar(text, "Tt ")) return BadTime(whole);
    const auto hour = TakeDigits(text, 2);
    if (!hour || !TakeChar(text, ":")) return BadTime(whole);
    const auto minute = TakeDigits(text, 2);
    if (!minute) return BadTime(whole);
    c.hour = *hour, c.minute = *minute;
    if (TakeChar(text, ":")) {
      const auto second = TakeDigits(text, 2);
      if (!second) return BadTime(whole);
      c.second = *second;
      if (TakeChar(text, ".,")) {
        int scale = 100'000;
        if (text.empty() || text.front() < '0' || text.front() > '9') return BadTime(whole);
        for (int digits = 0; !text.empty() && text.front() >= '0' && text.front() <= '9';
             ++digits) {
          if (digits == 9) return BadTime(whole);
          c.micros += (text.front() - '0') * scale;
          scale /= 10;
          text.remove_prefix(1);
        }
      }
    }
    if (!text.empty() && !TakeChar(text, "Zz")) {
      const bool negative = text.front() == '-';
      if (!TakeChar(text, "+-")) return BadTime(whole);
      const auto offset_hours = TakeDigits(text, 2);
      if (!offset_hours || *offset_hours > 23) return BadTime(whole);
      TakeChar(text, ":");
      const auto offset_minutes = text.empty() ? std::optional<int>(0) : TakeDigits(text, 2);
      if (!offset_minutes || *offset_minutes > 59) return BadTime(whole);
      offset = hours(*offset_hours) + minutes(*offset_minutes);
      if (negative) offset = -offset;
    }
    if (!text.empty()) return BadTime(whole);
  }
  auto time = FromCivil(c);
  if (!time.ok()) return BadTime(whole);
  return *time - offset;
}

}  // namespace cqd
