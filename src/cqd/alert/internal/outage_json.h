// The part of a stored outage that nobody searches by.
#pragma once

#include <string>
#include <string_view>

#include "alert/outage.h"
#include "base/result.h"

namespace cqd::alert {

/// Reasons and who was told, as one JSON object.
std::string EncodeOutageDetails(const Outage& outage);
/// Errors: kCorruption.
Status DecodeOutageDetails(std::string_view text, Outage& outage);

}  // namespace cqd::alert
