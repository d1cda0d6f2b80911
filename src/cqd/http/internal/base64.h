// Base64 (RFC 4648 section 4), strict: padding required, no blanks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cqd::http {

std::string Base64Encode(std::string_view bytes);
/// nullopt for anything that Base64Encode would not have made.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace cqd::http
