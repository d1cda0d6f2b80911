// Any text as a time and as a month: what is read prints as a text that reads as the same.
// Links: base
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/time.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto time = cqd::ParseTime(text); time.ok()) {
    const int year = cqd::ToCivil(*time).year;
    // An offset may push the first or last day out of the four-digit years.
    if (year >= 0 && year <= 9999) {
      const auto again = cqd::ParseTime(cqd::FormatRfc3339(*time));
      CQD_CHECK(again.ok() && *again == *time);
    }
  }
  if (const auto month = cqd::Month::Parse(text); month.ok()) {
    const auto again = cqd::Month::Parse(month->ToString());
    CQD_CHECK(again.ok() && *again == *month);
  }
  return 0;
}
