// Mail by libcurl: docs/decisions/0005-mail-by-libcurl.md.
#pragma once

#include <string>

#include "alert/sender.h"
#include "alert/target.h"

namespace cqd::alert {

/// Hands `mail` (whole, CRLF) to the target's mail server. Errors: as Deliver.
Delivered SendMail(const Target& target, const std::string& mail, const CancelToken& cancel);

}  // namespace cqd::alert
