// The two things that are needed of a cryptographic library.
#pragma once

#include <string>
#include <string_view>

namespace cqd::alert {

/// HMAC-SHA256 (RFC 2104) as 64 lower-case hex digits.
std::string HmacSha256Hex(std::string_view key, std::string_view text);
/// Base64 with padding (RFC 4648 section 4), one line.
std::string Base64(std::string_view bytes);

}  // namespace cqd::alert
