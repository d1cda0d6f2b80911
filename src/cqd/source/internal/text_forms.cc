#include "source/internal/text_forms.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/text.h"

namespace cqd::source::internal {
namespace {

void AppendUtf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t b) { out += static_cast<char>(b); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3F));
    byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
  }
}

std::string FromUtf16(std::string_view bytes, bool big_endian) {
  std::string out;
  out.reserve(bytes.size() / 2);
  const auto unit = [&](std::size_t i) {
    const auto a = static_cast<unsigned char>(bytes[i]);
    const auto b = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<std::uint32_t>(big_endian ? a << 8 | b : b << 8 | a);
  };
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < bytes.size()) {
      const std::uint32_t low = unit(i + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        i += 2;
      }
    }
    AppendUtf8(out, c >= 0xD800 && c < 0xE000 ? 0xFFFD : c);
  }
  return out;
}

bool IsHexText(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

/// The address inside <...>, or the text itself; without quotes around it.
std::string_view BareUri(std::string_view text) {
  text = Trim(text);
  const auto open = text.rfind('<');
  if (open != std::string_view::npos) {
    text.remove_prefix(open + 1);
    text = text.substr(0, text.find('>'));
  }
  return Trim(text);
}

std::string_view WithoutScheme(std::string_view uri) {
  for (const std::string_view scheme : {"sips:", "sip:", "tel:"}) {
    if (StartsWithIgnoreCase(uri, scheme)) return uri.substr(scheme.size());
  }
  return uri;
}

struct AddressBytes {
  int family = 0;  // AF_INET, AF_INET6, 0 = none
  std::array<unsigned char, 16> bytes{};
  std::size_t size() const { return family == AF_INET ? 4 : 16; }
};

AddressBytes ParseAddress(std::string_view text) {
  text = Trim(text);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  const std::string host(text.substr(0, text.find('%')));
  AddressBytes address;
  if (inet_pton(AF_INET, host.c_str(), address.bytes.data()) == 1) {
    address.family = AF_INET;
  } else if (inet_pton(AF_INET6, host.c_str(), address.bytes.data()) == 1) {
    address.family = AF_INET6;
  }
  return address;
}

std::string PrintAddress(const AddressBytes& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.family == 0 ||
      inet_ntop(address.family, address.bytes.data(), text.data(), text.size()) == nullptr) {
    return {};
  }
  return text.data();
}

/// Spells out the compact header names of RFC 3261 section 7.3.3.
std::string HeaderName(std::string_view name) {
  std::string lower = ToLower(Trim(name));
  if (lower.size() != 1) return lower;
  switch (lower[0]) {
    case 'i':
      return "call-id";
    case 'f':
      return "from";
    case 't':
      return "to";
    case 'c':
      return "content-type";
    case 'l':
      return "content-length";
    case 'v':
      return "via";
    case 'o':
      return "event";
    default:
      return lower;
  }
}

}  // namespace

std::string ToUtf8(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) return std::string(bytes.substr(3));
  if (bytes.starts_with("\xFF\xFE")) return FromUtf16(bytes.substr(2), false);
  if (bytes.starts_with("\xFE\xFF")) return FromUtf16(bytes.substr(2), true);
  // An XML document in UTF-16 without a mark: every other byte of its ASCII head is zero.
  if (bytes.size() >= 4 && bytes[0] == '<' && bytes[1] == '\0') return FromUtf16(bytes, false);
  if (bytes.size() >= 4 && bytes[0] == '\0' && bytes[1] == '<') return FromUtf16(bytes, true);
  const std::string head = ToLower(bytes.substr(0, 128));
  if (head.find("<?xml") != std::string::npos && (head.find("iso-8859-1") != std::string::npos ||
                                                  head.find("windows-1252") != std::string::npos)) {
    std::string out;
    for (const char c : bytes) AppendUtf8(out, static_cast<unsigned char>(c));
    return out;
  }
  return std::string(bytes);
}

std::optional<double> NumberOf(std::string_view text) {
  text = Trim(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  const auto value = ParseDouble(text);
  return value ? *value : std::numeric_limits<double>::quiet_NaN();
}

std::optional<double> FlagOf(std::string_view text) {
  text = Trim(text);
  for (const std::string_view yes : {"true", "1", "yes"}) {
    if (EqualsIgnoreCase(text, yes)) return 1;
  }
  for (const std::string_view no : {"false", "0", "no"}) {
    if (EqualsIgnoreCase(text, no)) return 0;
  }
  return std::nullopt;
}

std::optional<UtcTime> TimeOf(std::string_view text) {
  text = Trim(text);
  if (text.empty()) return std::nullopt;
  const auto time = ParseTime(text);
  // 1990 is the limit for session times too (model/repair.h, kSessionTimeAbsurd).
  if (!time.ok() || *time < Month(1990, 1).begin()) return std::nullopt;
  return *time;
}

std::string UserForm(std::string_view text) {
  std::string_view uri = WithoutScheme(BareUri(text));
  if (uri.empty() || EqualsIgnoreCase(uri, "(null)") || EqualsIgnoreCase(uri, "null")) return {};
  std::string lower = ToLower(uri);
  const bool service = lower.find("opaque=app:") != std::string::npos ||
                       lower.find("opaque=srvr:") != std::string::npos;
  if (service) return lower;
  lower.resize(std::min(lower.size(), lower.find_first_of(";?")));
  const auto at = lower.rfind('@');
  const auto colon = lower.rfind(':');
  if (at != std::string::npos && colon != std::string::npos && colon > at &&
      ParseInt(std::string_view(lower).substr(colon + 1))) {
    lower.resize(colon);
  }
  return lower;
}

bool IsConferenceUri(std::string_view text) {
  return ToLower(text).find("app:conf:") != std::string::npos;
}

std::string ConferenceForm(std::string_view text) {
  return ToLower(WithoutScheme(BareUri(text)));
}

std::string MacForm(std::string_view text) {
  std::string digits;
  for (const char c : Trim(text)) {
    if (c == '-' || c == ':' || c == '.') continue;
    digits += c;
  }
  if (!IsHexText(digits) || (digits.size() != 12 && digits.size() != 16)) return {};
  digits = ToLower(digits.substr(0, 12));
  if (digits.find_first_not_of('0') == std::string::npos) return {};
  std::string mac;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    if (i > 0) mac += '-';
    mac += digits.substr(i, 2);
  }
  return mac;
}

std::string AddressForm(std::string_view text) {
  const AddressBytes address = ParseAddress(text);
  const auto all_zero = [&] {
    return std::all_of(address.bytes.begin(), address.bytes.end(),
                       [](unsigned char b) { return b == 0; });
  };
  if (address.family == 0 || all_zero()) return {};
  return PrintAddress(address);
}

std::string SubnetForm(std::string_view address, std::string_view mask) {
  AddressBytes subnet = ParseAddress(address);
  if (subnet.family == 0) return {};
  const AddressBytes bits = ParseAddress(mask);
  if (bits.family == subnet.family) {
    for (std::size_t i = 0; i < subnet.size(); ++i) subnet.bytes[i] &= bits.bytes[i];
    return PrintAddress(subnet);
  }
  std::string_view length = Trim(mask);
  if (length.starts_with('/')) length.remove_prefix(1);
  const auto prefix = ParseInt(length);
  const auto bit_count = static_cast<std::int64_t>(subnet.size() * 8);
  if (!prefix || *prefix < 1 || *prefix > bit_count) return {};
  for (std::int64_t i = *prefix; i < bit_count; ++i) {
    subnet.bytes[static_cast<std::size_t>(i / 8)] &=
        static_cast<unsigned char>(~(0x80U >> static_cast<unsigned>(i % 8)));
  }
  return PrintAddress(subnet);
}

std::optional<double> PortOf(std::string_view text) {
  const auto port = ParseInt(Trim(text));
  if (!port || *port < 1 || *port > 65535) return std::nullopt;
  return static_cast<double>(*port);
}

std::uint32_t SsrcOf(std::string_view text) {
  text = Trim(text);
  int base = 10;
  if (StartsWithIgnoreCase(text, "0x")) {
    text.remove_prefix(2);
    base = 16;
  } else if (text.find_first_of("abcdefABCDEF") != std::string_view::npos) {
    base = 16;
  }
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

std::optional<double> LinkSpeedOf(std::string_view text) {
  const auto speed = NumberOf(text);
  // 4.2949673E+09 is 2^32-1 in seven digits.
  if (!speed || *speed == 0 || (*speed >= 4294967000.0 && *speed <= 4294967800.0)) {
    return std::nullopt;
  }
  return speed;
}

std::string_view SipMessage::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::optional<SipMessage> ParseSip(std::string_view text) {
  while (!text.empty() && (text.front() == '\r' || text.front() == '\n')) text.remove_prefix(1);
  SipMessage message;
  bool first = true;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (first) {
      const std::string_view whole = Trim(line);
      if (!whole.ends_with(" SIP/2.0") && !whole.starts_with("SIP/2.0 ")) return std::nullopt;
      first = false;
      continue;
    }
    if (line.empty()) {
      message.body = text;
      return message;
    }
    if ((line.front() == ' ' || line.front() == '\t') && !message.headers.empty()) {
      message.headers.back().second += ' ';
      message.headers.back().second += Trim(line);
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    message.headers.emplace_back(HeaderName(line.substr(0, colon)),
                                 std::string(Trim(line.substr(colon + 1))));
  }
  if (first) return std::nullopt;
  return message;
}

std::string SipTransaction(std::string_view text) {
  const auto message = ParseSip(text.substr(0, 64U << 10U));
  if (!message) return {};
  const std::string_view call_id = message->Header("call-id");
  const std::string_view cseq = message->Header("cseq");
  if (call_id.empty() || cseq.empty()) return {};
  const std::string_view from = message->Header("from");
  const auto tag = from.find("tag=");
  std::string transaction(call_id);
  transaction += '\n';
  transaction += cseq;
  transaction += '\n';
  if (tag != std::string_view::npos) transaction += from.substr(tag + 4);
  return transaction;
}

}  // namespace cqd::source::internal
