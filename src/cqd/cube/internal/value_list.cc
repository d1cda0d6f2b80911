#include "cube/internal/value_list.h"

#include <optional>

#include "base/text.h"

namespace cqd::cube {
namespace {

/// Reads "[...]" at `at` with its escapes and moves `at` behind it; nullopt when it does not close.
std::optional<std::string> ReadBracketed(std::string_view text, std::size_t& at) {
  std::string inner;
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] != ']') {
      inner.push_back(text[i]);
    } else if (i + 1 < text.size() && text[i + 1] == ']') {
      inner.push_back(']');
      ++i;
    } else {
      at = i + 1;
      return inner;
    }
  }
  return std::nullopt;
}

/// "[x]" -> "x"; "[x] &amp; [y]" -> "[x]&[y]"; nullopt when `item` is neither.
std::optional<std::string> ReadKey(std::string_view item) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  const auto skip_blanks = [&] {
    while (at < item.size() && item[at] == ' ') ++at;
  };
  for (;;) {
    if (at >= item.size() || item[at] != '[') return std::nullopt;
    std::optional<std::string> part = ReadBracketed(item, at);
    if (!part) return std::nullopt;
    parts.push_back(*std::move(part));
    skip_blanks();
    if (at == item.size()) break;
    if (item.substr(at).starts_with("&amp;")) {
      at += 5;
    } else if (item[at] == '&') {
      at += 1;
    } else {
      return std::nullopt;
    }
    skip_blanks();
  }
  if (parts.size() == 1) return parts.front();
  std::string key;
  for (const std::string& part : parts) {
    if (!key.empty()) key.push_back('&');
    key.append(1, '[').append(part).append(1, ']');
  }
  return key;
}

/// True when `key` is what ReadKey makes of a composite: "[..]&[..]".
bool IsComposite(std::string_view key) {
  return key.starts_with('[') && key.ends_with(']') && key.find("]&[") != std::string_view::npos;
}

/// End of the item that starts at `begin`: the comma that follows a closing bracket, or the end.
std::size_t ItemEnd(std::string_view text, std::size_t begin) {
  bool inside = false;
  bool just_closed = false;
  for (std::size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (inside) {
      if (c != ']') continue;
      if (i + 1 < text.size() && text[i + 1] == ']') {
        ++i;
      } else {
        inside = false;
        just_closed = true;
      }
    } else if (c == '[') {
      inside = true;
      just_closed = false;
    } else if (c == ',' && just_closed) {
      return i;
    } else if (c != ' ') {
      just_closed = false;
    }
  }
  return text.size();
}

}  // namespace

std::vector<std::string> SplitValues(std::string_view text) {
  std::vector<std::string> values;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = ItemEnd(text, begin);
    const std::string_view item = Trim(text.substr(begin, end - begin));
    if (!item.empty()) {
      std::optional<std::string> key = ReadKey(item);
      values.push_back(key ? *std::move(key) : std::string(item));
    }
    begin = end + 1;
  }
  return values;
}

std::string BracketKey(std::string_view key) {
  if (IsComposite(key)) return std::string(key);
  std::string out = "[";
  for (const char c : key) {
    out.push_back(c);
    if (c == ']') out.push_back(c);
  }
  out.push_back(']');
  return out;
}

}  // namespace cqd::cube
