// IP addresses and ranges as text.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace cqd::http {

/// A range of addresses in CIDR form (RFC 4632, RFC 4291 section 2.3).
/// IPv4 is held as IPv4-mapped IPv6, so that "::ffff:10.0.0.1" lies in "10.0.0.0/8".
class IpRange {
 public:
  /// "10.0.0.0/8", "fd00::/8", or one address. Bits behind the prefix are ignored.
  /// Errors: kInvalidArgument naming the text.
  static Result<IpRange> Parse(std::string_view text);
  /// False for anything that is not an address.
  bool Contains(std::string_view address) const;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  int prefix_bits_ = 0;
};

/// True for 127.0.0.0/8, ::1 and "localhost"; false for every other text.
bool IsLoopback(std::string_view address);

}  // namespace cqd::http
