#include "simulate/internal/time_text.h"

#include <chrono>

namespace cqd::simulate {
namespace {

void PutDigits(char* at, int digits, unsigned value) {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

std::string_view TimeText::Format(std::int64_t micros) {
  constexpr std::int64_t kDayMicros = 86'400'000'000;
  if (micros == micros_ && day_ != INT64_MIN) return {text_, 23};
  const std::int64_t day =
      micros >= 0 ? micros / kDayMicros : -((-micros + kDayMicros - 1) / kDayMicros);
  if (day != day_) {
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    PutDigits(text_, 4, static_cast<unsigned>(static_cast<int>(date.year())));
    text_[4] = '-';
    PutDigits(text_ + 5, 2, static_cast<unsigned>(date.month()));
    text_[7] = '-';
    PutDigits(text_ + 8, 2, static_cast<unsigned>(date.day()));
    text_[10] = ' ';
    day_ = day;
  }
  const auto milli = static_cast<unsigned>((micros - day * kDayMicros) / 1000);
  PutDigits(text_ + 11, 2, milli / 3'600'000);
  text_[13] = ':';
  PutDigits(text_ + 14, 2, milli / 60'000 % 60);
  text_[16] = ':';
  PutDigits(text_ + 17, 2, milli / 1000 % 60);
  text_[19] = '.';
  PutDigits(text_ + 20, 3, milli % 1000);
  micros_ = micros;
  return {text_, 23};
}

}  // namespace cqd::simulate
