#include "repository/item.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "repository/internal/json_text.h"
#include "repository/template_file.h"

namespace cqd::repository {

namespace json = boost::json;

namespace {

Error TooLong(std::string_view field, std::size_t bytes_max) {
  return Fail(ErrorCode::kResourceExhausted,
              fmt::format("{} has at most {} bytes", field, bytes_max), {}, std::string(field));
}

Status CheckText(std::string_view text, std::size_t bytes_max, std::string_view field) {
  if (text.size() > bytes_max) return TooLong(field, bytes_max);
  // Cleaning leaves good text as it is.
  if (CleanUtf8(text, text.size()) != text) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} must be UTF-8 without the character U+0000", field), {},
                std::string(field));
  }
  return OkStatus();
}

std::optional<json::value> ReadContent(std::string_view content) {
  auto value = ReadJson(content, kContentDepthMax, "content");
  if (!value.ok() || !value->is_object()) return std::nullopt;
  return *std::move(value);
}

}  // namespace

Result<json::value> ReadJson(std::string_view text, std::size_t depth_max, std::string_view field) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = depth_max;
  json::value value = json::parse(text, failed, {}, options);
  if (failed == json::error::too_deep) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("{} is nested deeper than {} levels", field, depth_max), {},
                std::string(field));
  }
  if (failed) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} is not JSON: {}", field, failed.message()), {}, std::string(field));
  }
  return value;
}

const json::value* FindMember(const json::object& object, std::string_view name) {
  if (const json::value* exact = object.if_contains(name)) return exact;
  for (const auto& member : object) {
    if (EqualsIgnoreCase(member.key(), name)) return &member.value();
  }
  return nullptr;
}

Status CheckNewItem(const NewItem& item) {
  CQD_RETURN_IF_ERROR(CheckText(item.type, kTypeBytesMax, "type"));
  CQD_RETURN_IF_ERROR(CheckText(item.content, kContentBytesMax, "content"));
  // What calls itself JSON is read by pages that stop at anything else.
  if (!EqualsIgnoreCase(item.type, kJsonType)) return OkStatus();
  auto value = ReadJson(item.content, kContentDepthMax, "content");
  if (!value.ok()) return std::move(value).error();
  return OkStatus();
}

std::string TitleOf(std::string_view content) {
  const auto value = ReadContent(content);
  if (!value) return {};
  const json::value* title = FindMember(value->get_object(), "Title");
  if (title == nullptr || !title->is_string()) return {};
  return std::string(title->get_string());
}

bool IsReport(std::string_view content) {
  const auto value = ReadContent(content);
  return value && FindMember(value->get_object(), "Query") != nullptr;
}

}  // namespace cqd::repository
