#include "api/internal/arguments.h"

#include <fmt/format.h>

#include "base/text.h"

namespace cqd::api {

namespace json = boost::json;

Error BadField(std::string field, std::string_view what) {
  std::string message = fmt::format("{} must be {}", field, what);
  return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, std::move(field));
}

Result<json::object> ReadObject(const http::Request& request, std::string_view example) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 8;
  const json::value value = json::parse(request.body, failed, {}, options);
  if (failed || !value.is_object())
    return BadField("body", fmt::format("a JSON object like {}", example));
  return value.get_object();
}

Result<std::string> TextMember(const json::object& body, std::string_view name,
                               std::string_view otherwise) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string(otherwise);
  if (!value->is_string()) return BadField(std::string(name), "a text");
  return std::string(value->get_string());
}

Result<std::int64_t> WholeNumber(std::string_view field, std::string_view text, std::int64_t least,
                                 std::int64_t most) {
  const auto value = ParseInt(text);
  if (!value || *value < least || *value > most)
    return BadField(std::string(field), fmt::format("a whole number from {} to {}", least, most));
  return *value;
}

}  // namespace cqd::api
