// JSON strings without a JSON library, for the few fixed shapes this module writes itself.
#pragma once

#include <string>
#include <string_view>

namespace cqd::http {

/// Appends `text` as a JSON string with its quotes (RFC 8259 section 7). Bytes that are not UTF-8
/// become U+FFFD, so that the result is always valid JSON.
void AppendJsonString(std::string& out, std::string_view text);
std::string JsonString(std::string_view text);

}  // namespace cqd::http
