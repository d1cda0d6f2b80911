#include "http/target.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace cqd::http {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

Error BadTarget(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, "target");
}

Status DecodeInto(std::string_view text, bool plus_is_blank, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      const int high = i + 1 < text.size() ? HexValue(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
      if (high < 0 || low < 0) return BadTarget("'%' must be followed by two hexadecimal digits");
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(c == '+' && plus_is_blank ? ' ' : c);
    }
  }
  return OkStatus();
}

// "http://host:80/a?b" -> "/a?b"; the authority has no meaning to a server that serves one name.
std::string_view StripAuthority(std::string_view target) {
  const std::size_t mark = target.find("://");
  std::string_view rest = target.substr(mark + 3);
  const std::size_t path = rest.find_first_of("/?");
  return path == std::string_view::npos ? std::string_view("/") : rest.substr(path);
}

Status AppendSegment(std::string_view raw, std::string& path) {
  path.push_back('/');
  const std::size_t begin = path.size();
  CQD_RETURN_IF_ERROR(DecodeInto(raw, false, path));
  const std::string_view segment = std::string_view(path).substr(begin);
  if (segment == "." || segment == "..") {
    return BadTarget("the path must not hold '.' or '..' segments");
  }
  for (const char c : segment) {
    if (IsControl(c)) return BadTarget("the path must not hold control characters");
    if (c == '/' || c == '\\') return BadTarget("the path must not hold an encoded '/' or a '\\'");
  }
  return OkStatus();
}

Status ParsePath(std::string_view raw, std::string& path) {
  std::size_t at = 0;
  bool ends_with_slash = false;
  while (at < raw.size()) {
    at = raw.find_first_not_of('/', at);
    if (at == std::string_view::npos) {
      ends_with_slash = true;
      break;
    }
    const std::size_t end = std::min(raw.find('/', at), raw.size());
    CQD_RETURN_IF_ERROR(AppendSegment(raw.substr(at, end - at), path));
    at = end;
  }
  if (path.empty() || ends_with_slash) path.push_back('/');
  if (!IsUtf8(path)) return BadTarget("the path must be UTF-8");
  return OkStatus();
}

Status ParseQuery(std::string_view raw, std::vector<QueryParameter>& query) {
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view part = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (part.empty()) continue;
    if (query.size() == kQueryParametersMax) {
      return BadTarget("the query has more than " + std::to_string(kQueryParametersMax) +
                       " parameters");
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    QueryParameter parameter;
    CQD_RETURN_IF_ERROR(DecodeInto(part.substr(0, equals), true, parameter.name));
    if (equals < part.size()) {
      CQD_RETURN_IF_ERROR(DecodeInto(part.substr(equals + 1), true, parameter.value));
    }
    for (const std::string* text : {&parameter.name, &parameter.value}) {
      if (text->find('\0') != std::string::npos) return BadTarget("the query must not hold NUL");
      if (!IsUtf8(*text)) return BadTarget("the query must be UTF-8");
    }
    query.push_back(std::move(parameter));
  }
  return OkStatus();
}

}  // namespace

bool IsUtf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || i + size > text.size()) return false;
    char32_t point = lead & (0x7Fu >> size);
    for (std::size_t k = 1; k < size; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0u) != 0x80u) return false;
      point = (point << 6) | (next & 0x3Fu);
    }
    constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[size] || point > 0x10FFFF) return false;
    if (point >= 0xD800 && point <= 0xDFFF) return false;
    i += size;
  }
  return true;
}

Result<std::string> PercentDecode(std::string_view text, bool plus_is_blank) {
  std::string out;
  CQD_RETURN_IF_ERROR(DecodeInto(text, plus_is_blank, out));
  return out;
}

std::string PercentEncode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

Status ParseTargetInto(std::string_view target, std::string& path,
                       std::vector<QueryParameter>& query) {
  path.clear();
  query.clear();
  if (target.size() > kTargetBytesMax) {
    return BadTarget("the target is longer than " + std::to_string(kTargetBytesMax) + " bytes");
  }
  if (target == "*") {
    path = "*";
    return OkStatus();
  }
  if (StartsWithIgnoreCase(target, "http://") || StartsWithIgnoreCase(target, "https://")) {
    target = StripAuthority(target);
  }
  // "http://host?x" has an empty path, which means "/".
  const bool path_is_empty = !target.empty() && target.front() == '?';
  if (target.empty() || (target.front() != '/' && !path_is_empty)) {
    return BadTarget("the target must begin with '/'");
  }
  for (const char c : target) {
    if (c == '#') return BadTarget("the target must not hold '#'");
    if (IsControl(c) || c == ' ') return BadTarget("the target must not hold control characters");
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  CQD_RETURN_IF_ERROR(ParsePath(target.substr(0, mark), path));
  if (mark == target.size()) return OkStatus();
  return ParseQuery(target.substr(mark + 1), query);
}

Result<Target> ParseTarget(std::string_view target) {
  Target out;
  CQD_RETURN_IF_ERROR(ParseTargetInto(target, out.path, out.query));
  return out;
}

}  // namespace cqd::http
