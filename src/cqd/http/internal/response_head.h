// The bytes of an answer's head.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/message.h"
#include "http/server.h"

namespace cqd::http {

/// The fields that every answer has, prepared once a second (Date) instead of for each answer.
class CommonFields {
 public:
  CommonFields(const SecurityHeaders& security, bool tls);
  /// Rebuilds the block when the second changed.
  void SetTime(UtcTime now);
  /// Server and Date, then every security field: whole lines with CRLF.
  const std::string& block() const { return block_; }
  /// For an answer that sets some of them itself: appends the others only.
  void AppendOthers(std::string& out, const Response& response) const;
  /// True when `response` sets one of the fields of the block.
  bool IsOverridden(const Response& response) const;

 private:
  std::vector<std::pair<std::string, std::string>> security_;
  std::string date_;
  std::int64_t second_ = -1;
  std::string block_;
};

/// How the body goes over the wire.
struct Framing {
  enum class Body { kNone, kLength, kChunked, kUntilClose };
  Body body = Body::kLength;
  std::size_t body_bytes = 0;
  bool keep_alive = true;
  /// The client speaks HTTP/1.0, where keeping the connection must be said.
  bool http_1_0 = false;
};

/// Appends status line, fields and the empty line. Fields with CR, LF or NUL in them are left out:
/// no text of a handler can begin a field or an answer of its own.
void AppendHead(std::string& out, const Response& response, const Framing& framing,
                const CommonFields& common);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7).
std::string FormatHttpDate(UtcTime time);

}  // namespace cqd::http
