// Any bytes as a request target, an origin and a URL: read or refused, never a crash; what was read
// is normal. Links: http
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "http/client.h"
#include "http/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto target = cqd::http::ParseTarget(text); target.ok()) {
    // "*" asks about the server as a whole (RFC 9112 section 3.2.4).
    CQD_CHECK(target->path.starts_with('/') || target->path == "*");
    CQD_CHECK(target->path.find("/../") == std::string::npos);
    CQD_CHECK(target->path.find('\0') == std::string::npos);
  }
  (void)cqd::http::PercentDecode(text, true).ok();
  (void)cqd::http::ParseUrl(text).ok();
  return 0;
}
