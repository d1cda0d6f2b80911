#include "http/address.h"

#include <arpa/inet.h>

#include <optional>
#include <string>

#include "base/text.h"

namespace cqd::http {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

struct ParsedAddress {
  Bytes bytes{};
  bool is_v4 = false;
};

std::optional<ParsedAddress> ParseAddress(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  ParsedAddress parsed;
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) {
    parsed.is_v4 = true;
    parsed.bytes[10] = parsed.bytes[11] = 0xFF;
    const std::uint32_t host = ntohl(v4.s_addr);
    for (std::size_t i = 0; i < 4; ++i) {
      parsed.bytes[12 + i] = static_cast<std::uint8_t>(host >> (24 - 8 * i));
    }
    return parsed;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), parsed.bytes.data()) == 1) return parsed;
  return std::nullopt;
}

bool SamePrefix(const Bytes& a, const Bytes& b, int bits) {
  for (std::size_t i = 0; i < a.size() && bits > 0; ++i, bits -= 8) {
    const int mask = bits >= 8 ? 0xFF : (0xFF << (8 - bits)) & 0xFF;
    if (((a[i] ^ b[i]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace

Result<IpRange> IpRange::Parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto parsed = ParseAddress(text.substr(0, slash));
  const Error error = Fail(ErrorCode::kInvalidArgument,
                           "not an address or address/prefix: \"" + std::string(text) + "\"");
  if (!parsed.has_value()) return error;
  const int family_bits = parsed->is_v4 ? 32 : 128;
  int bits = family_bits;
  if (slash != std::string_view::npos) {
    const auto number = ParseInt(text.substr(slash + 1));
    if (!number.has_value() || *number < 0 || *number > family_bits) return error;
    bits = static_cast<int>(*number);
  }
  IpRange range;
  range.bytes_ = parsed->bytes;
  range.prefix_bits_ = parsed->is_v4 ? bits + 96 : bits;
  return range;
}

bool IpRange::Contains(std::string_view address) const {
  const auto parsed = ParseAddress(address);
  return parsed.has_value() && SamePrefix(bytes_, parsed->bytes, prefix_bits_);
}

bool IsLoopback(std::string_view address) {
  if (EqualsIgnoreCase(address, "localhost") || address == "::1") return true;
  const auto v4 = IpRange::Parse("127.0.0.0/8");
  return v4.ok() && v4->Contains(address);
}

}  // namespace cqd::http
