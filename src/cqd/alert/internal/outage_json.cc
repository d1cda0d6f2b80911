#include "alert/internal/outage_json.h"

#include <boost/json.hpp>

namespace cqd::alert {
namespace {

namespace json = boost::json;
using integration::Health;

std::string TextOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

std::optional<UtcTime> TimeOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return FromMicros(value->get_int64());
}

/// Calls `take` with each object of the array `name`; false when it is not one.
template <typename Take>
bool ForEach(const json::object& object, std::string_view name, Take take) {
  const json::value* list = object.if_contains(name);
  if (list == nullptr || !list->is_array()) return false;
  for (const json::value& item : list->get_array()) {
    if (!item.is_object() || !take(item.get_object())) return false;
  }
  return true;
}

}  // namespace

std::string EncodeOutageDetails(const Outage& outage) {
  json::array reasons;
  for (const MessageReason& reason : outage.reasons) {
    reasons.push_back(
        {{"code", reason.code},
         {"severity", integration::HealthName(reason.severity)},
         {"since", reason.since ? json::value(ToMicros(*reason.since)) : json::value(nullptr)},
         {"message", reason.message},
         {"action", reason.action}});
  }
  json::array told;
  for (const Told& one : outage.told) {
    told.push_back({{"target", one.target}, {"severity", integration::HealthName(one.severity)}});
  }
  return json::serialize(
      json::object{{"reasons", std::move(reasons)},
                   {"reasons_left_out", static_cast<std::int64_t>(outage.reasons_left_out)},
                   {"told", std::move(told)}});
}

Status DecodeOutageDetails(std::string_view text, Outage& outage) {
  boost::system::error_code failed;
  const json::value value = json::parse(text, failed);
  bool fine = !failed && value.is_object();
  if (fine) {
    const json::object& object = value.get_object();
    fine = ForEach(object, "reasons", [&](const json::object& item) {
      const auto severity = ParseHealth(TextOf(item, "severity"));
      if (!severity) return false;
      outage.reasons.push_back({.code = TextOf(item, "code"),
                                .severity = *severity,
                                .since = TimeOf(item, "since"),
                                .message = TextOf(item, "message"),
                                .action = TextOf(item, "action")});
      return true;
    });
    fine = fine && ForEach(object, "told", [&](const json::object& item) {
             const auto severity = ParseHealth(TextOf(item, "severity"));
             if (!severity) return false;
             outage.told.push_back({.target = TextOf(item, "target"), .severity = *severity});
             return true;
           });
    if (const json::value* left = object.if_contains("reasons_left_out");
        left != nullptr && left->is_int64() && left->get_int64() > 0) {
      outage.reasons_left_out = static_cast<std::size_t>(left->get_int64());
    }
  }
  if (!fine) return Fail(ErrorCode::kCorruption, "a stored outage cannot be read", outage.id);
  return OkStatus();
}

}  // namespace cqd::alert
