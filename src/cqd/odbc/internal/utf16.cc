#include "odbc/internal/utf16.h"

#include <cstdint>
#include <cstring>

namespace cqd::odbc::internal {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

std::uint32_t UnitAt(std::string_view utf16, std::size_t index) {
  std::uint16_t unit = 0;
  std::memcpy(&unit, utf16.data() + index * sizeof unit, sizeof unit);
  return unit;
}

bool IsHigh(std::uint32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool IsLow(std::uint32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

void AppendCodePoint(std::uint32_t code, std::string& out) {
  const auto tail = [&](int shift) {
    out += static_cast<char>(0x80U | ((code >> static_cast<unsigned>(shift)) & 0x3FU));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | (code >> 6U));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | (code >> 12U));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0U | (code >> 18U));
    tail(12), tail(6), tail(0);
  }
}

}  // namespace

void AppendUtf16(std::string_view utf16, std::string& utf8) {
  const std::size_t units = utf16.size() / 2;
  for (std::size_t i = 0; i < units; ++i) {
    std::uint32_t code = UnitAt(utf16, i);
    if (IsHigh(code) && i + 1 < units && IsLow(UnitAt(utf16, i + 1))) {
      code = 0x10000 + ((code - 0xD800) << 10U) + (UnitAt(utf16, i + 1) - 0xDC00);
      ++i;
    } else if (IsHigh(code) || IsLow(code)) {
      code = kReplacement;
    }
    AppendCodePoint(code, utf8);
  }
}

}  // namespace cqd::odbc::internal
