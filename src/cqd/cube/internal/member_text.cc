#include "cube/internal/member_text.h"

#include "base/text.h"
#include "base/time.h"

namespace cqd::cube {
namespace {

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The lower-case letter for a two-byte UTF-8 letter, or itself.
char32_t FoldLetter(char32_t c) {
  if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 0x20;
  // Latin Extended-A: pairs of upper and lower; the parity turns twice.
  const bool even_pairs = (c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14A && c <= 0x177);
  const bool odd_pairs = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
  if (even_pairs) return c | 1;
  if (odd_pairs) return c + (c & 1);
  if (c >= 0x391 && c <= 0x3A9) return c + 0x20;
  if (c >= 0x400 && c <= 0x40F) return c + 0x50;
  if (c >= 0x410 && c <= 0x42F) return c + 0x20;
  return c;
}

/// "2015-3-1" -> the day; the parts may lack leading zeros.
std::optional<std::int64_t> ParseDay(std::string_view text) {
  const auto parts = Split(text, '-');
  if (parts.size() != 3 || parts[0].size() != 4) return std::nullopt;
  CivilTime civil;
  for (const auto& part : parts) {
    if (!IsDigits(part) || part.size() > 4) return std::nullopt;
  }
  civil.year = static_cast<int>(*ParseInt(parts[0]));
  civil.month = static_cast<int>(*ParseInt(parts[1]));
  civil.day = static_cast<int>(*ParseInt(parts[2]));
  const auto time = FromCivil(civil);
  if (!time.ok()) return std::nullopt;
  return ToMicros(*time);
}

}  // namespace

std::string FoldCase(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte >= 'A' && byte <= 'Z') {
      out.push_back(static_cast<char>(byte + 0x20));
    } else if (byte >= 0xC3 && byte <= 0xD0 && i + 1 < utf8.size() &&
               (utf8[i + 1] & 0xC0) == 0x80) {
      const auto next = static_cast<unsigned char>(utf8[++i]);
      const char32_t folded = FoldLetter((static_cast<char32_t>(byte & 0x1F) << 6) | (next & 0x3F));
      out.push_back(static_cast<char>(0xC0 | (folded >> 6)));
      out.push_back(static_cast<char>(0x80 | (folded & 0x3F)));
    } else {
      out.push_back(utf8[i]);
    }
  }
  return out;
}

bool IsBlankValue(std::string_view value) {
  return EqualsIgnoreCase(value, "(Blank)");
}

std::optional<std::int64_t> ParseDateKey(std::string_view text) {
  text = Trim(text);
  if (text.size() < 6 || text.size() > 40 || !IsDigits(text.substr(0, 4)) || text[4] != '-') {
    return std::nullopt;
  }
  if (text.size() <= 7) {
    const auto month = Month::Parse(text);
    if (month.ok()) return ToMicros(month->begin());
    return std::nullopt;
  }
  if (text.find_first_of("T :") == std::string_view::npos) return ParseDay(text);
  const auto time = ParseTime(text);
  if (!time.ok()) return std::nullopt;
  return ToMicros(*time);
}

std::string_view BandOrderKey(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view head = Trim(text.substr(0, colon));
  return IsDigits(head) ? head : text;
}

std::string NormalKey(model::AttributeType type, std::string_view text) {
  switch (type) {
    case model::AttributeType::kText:
      break;
    case model::AttributeType::kInteger:
      if (const auto number = ParseInt(Trim(text))) return std::to_string(*number);
      break;
    case model::AttributeType::kBoolean:
      if (text == "1" || EqualsIgnoreCase(text, "true")) return "true";
      if (text == "0" || EqualsIgnoreCase(text, "false")) return "false";
      break;
    case model::AttributeType::kBand:
      return FoldCase(BandOrderKey(text));
    case model::AttributeType::kDate:
      if (const auto micros = ParseDateKey(text)) return std::to_string(*micros);
      break;
  }
  return FoldCase(text);
}

}  // namespace cqd::cube
