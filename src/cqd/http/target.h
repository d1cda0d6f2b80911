// From the bytes of a request line to a path and parameters. Pure functions, safe on any input.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cqd::http {

/// One decoded name=value of a query string.
struct QueryParameter {
  std::string name;
  std::string value;
  bool operator==(const QueryParameter&) const = default;
};

/// A request target taken apart.
struct Target {
  /// Begins with '/', percent-decoded, valid UTF-8; runs of '/' are one '/'. "*" for OPTIONS *.
  std::string path;
  std::vector<QueryParameter> query;
};

/// Longest target that is looked at, in bytes; RFC 9110 section 4.1 asks for at least 8000.
inline constexpr std::size_t kTargetBytesMax = 8192;
/// Most parameters in one query string; a bound of ours against work without end.
inline constexpr std::size_t kQueryParametersMax = 256;

/// Takes origin form ("/a?b=c"), absolute form ("http://host/a") and "*" (RFC 9112 section 3.2).
/// Refuses what could mean two different paths: "." and ".." segments (also encoded), encoded '/'
/// and '\', NUL and other control characters, bytes that are not UTF-8, '#'.
/// In the query '+' is a blank (as HTML forms send) and a name without '=' has an empty value.
/// Errors: kInvalidArgument. Cost: one pass.
Result<Target> ParseTarget(std::string_view target);

/// As ParseTarget, but reuses the memory of `out`; its content is unspecified after an error.
Status ParseTargetInto(std::string_view target, std::string& path,
                       std::vector<QueryParameter>& query);

/// Replaces every %XX. `plus_is_blank` as in query strings.
/// Errors: kInvalidArgument for a '%' without two hexadecimal digits.
Result<std::string> PercentDecode(std::string_view text, bool plus_is_blank = false);

/// Encodes everything but the unreserved characters of RFC 3986 section 2.3.
std::string PercentEncode(std::string_view text);

/// True for well-formed UTF-8 (no overlong form, no surrogate, at most U+10FFFF; RFC 3629).
bool IsUtf8(std::string_view text);

}  // namespace cqd::http
