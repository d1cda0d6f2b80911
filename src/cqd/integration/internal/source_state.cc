#include "integration/internal/source_state.h"

#include <boost/json.hpp>

namespace cqd::integration::internal {
namespace {

namespace json = boost::json;

std::optional<std::int64_t> IntOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

std::optional<UtcTime> TimeOf(const json::object& object, std::string_view name) {
  const auto micros = IntOf(object, name);
  if (!micros) return std::nullopt;
  return FromMicros(*micros);
}

std::optional<std::string> TextOf(const json::value* value) {
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

}  // namespace

std::string EncodeSourceState(const SourceStatus& source) {
  json::object out;
  if (source.reachable) out["reachable"] = *source.reachable;
  if (source.last_contact_at) out["last_contact_at"] = ToMicros(*source.last_contact_at);
  if (source.last_record_at) out["last_record_at"] = ToMicros(*source.last_record_at);
  if (source.watermark) out["watermark"] = *source.watermark;
  if (source.backlog) out["backlog"] = *source.backlog;
  if (source.clock_skew_ms) out["clock_skew_ms"] = *source.clock_skew_ms;
  if (source.error) out["error"] = *source.error;
  json::array remarks;
  for (const std::string& remark : source.remarks) remarks.emplace_back(remark);
  out["remarks"] = std::move(remarks);
  return json::serialize(out);
}

void DecodeSourceState(std::string_view text, SourceStatus& source) {
  boost::system::error_code failed;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !value.is_object()) return;
  const json::object& from = value.get_object();
  if (const json::value* reachable = from.if_contains("reachable");
      reachable != nullptr && reachable->is_bool()) {
    source.reachable = reachable->get_bool();
  }
  source.last_contact_at = TimeOf(from, "last_contact_at");
  source.last_record_at = TimeOf(from, "last_record_at");
  source.watermark = TextOf(from.if_contains("watermark"));
  source.backlog = IntOf(from, "backlog");
  source.clock_skew_ms = IntOf(from, "clock_skew_ms");
  source.error = TextOf(from.if_contains("error"));
  const json::value* remarks = from.if_contains("remarks");
  if (remarks == nullptr || !remarks->is_array()) return;
  for (const json::value& remark : remarks->get_array()) {
    if (auto known = TextOf(&remark)) source.remarks.push_back(std::move(*known));
  }
}

}  // namespace cqd::integration::internal
