// Errors as application/problem+json (RFC 9457), and the one table from ErrorCode to HTTP status.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace cqd::http {

/// What a problem may tell beyond the error itself, for callers that can choose again.
struct ProblemExtras {
  /// Every value that would have been accepted.
  std::vector<std::string> allowed;
  /// Names near the one not found, best first.
  std::vector<std::string> nearest;
};

/// kResourceExhausted is 422, not 429: asking again does not help, asking for less does. (Too many
/// requests at once are the server's own 503.)
int HttpStatusOf(ErrorCode code);

/// {"type":"about:blank","title":...,"status":...,"detail":...,"code":...,"field":...} with
/// `allowed` and `nearest` when they are given. `title` is the status phrase, as RFC 9457 section
/// 4.2.1 asks for "about:blank"; `code` is ErrorCodeName; `field` is left out when empty.
/// Error::detail is for the log and never shown.
Response Problem(const Error& error, const ProblemExtras& extras = {});
/// The same with a status of HTTP's own (405, 413, 431).
Response Problem(int status, const Error& error, const ProblemExtras& extras = {});

}  // namespace cqd::http
