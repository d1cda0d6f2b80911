// For tests of this module only: status views.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/status.h"
#include "support/http_receiver.h"

namespace cqd::alert {

using test::HttpReceiver;
using test::Mood;
using test::Received;

inline integration::Reason MakeReason(const std::string& code, integration::Health severity,
                                      std::optional<integration::Stage> stage) {
  integration::Reason reason;
  reason.code = code;
  reason.severity = severity;
  reason.stage = stage;
  reason.message = "Message of " + code;
  reason.action = "Mend " + code + ".";
  return reason;
}

inline integration::StatusView MakeView(UtcTime now, std::vector<integration::Reason> reasons) {
  integration::StatusView view;
  view.generated_at = now;
  view.reasons = std::move(reasons);
  for (const auto& reason : view.reasons) view.health = std::max(view.health, reason.severity);
  return view;
}

}  // namespace cqd::alert
