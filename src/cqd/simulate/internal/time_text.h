// "2015-03-01 10:28:29.123" fast: this text is written several times for every row.
#pragma once

#include <cstdint>
#include <string_view>

namespace cqd::simulate {

/// Remembers the last time it wrote: rows of one session share their first key column.
/// Threads: one at a time.
class TimeText {
 public:
  /// `micros`: UTC microseconds, years 0 to 9999. The text lives until the next call; 23 bytes.
  std::string_view Format(std::int64_t micros);

 private:
  std::int64_t micros_ = -1;
  std::int64_t day_ = INT64_MIN;
  char text_[24] = "                       ";
};

}  // namespace cqd::simulate
