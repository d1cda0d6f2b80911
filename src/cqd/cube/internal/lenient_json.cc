#include "cube/internal/lenient_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/stream_parser.hpp>
#include <cmath>

#include "base/text.h"

namespace cqd::cube {
namespace {

namespace json = boost::json;

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool IsNamePart(char c) {
  return IsNameStart(c) || (c >= '0' && c <= '9');
}
bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Puts quotes around names that stand where a property name belongs; copies everything else. The
/// parser below knows comments and trailing commas itself.
class NameQuoter {
 public:
  explicit NameQuoter(std::string_view in) : in_(in) { out_.reserve(in.size() + 64); }

  std::string Run() {
    while (at_ < in_.size()) Step();
    return std::move(out_);
  }

 private:
  void Step() {
    const char c = in_[at_];
    if (c == '"') {
      CopyString();
      name_may_follow_ = false;
    } else if (c == '/' && at_ + 1 < in_.size() && (in_[at_ + 1] == '/' || in_[at_ + 1] == '*')) {
      SkipComment();
    } else if (name_may_follow_ && IsNameStart(c)) {
      QuoteName();
    } else {
      if (c == '{' || c == ',') {
        name_may_follow_ = true;
      } else if (!IsBlank(c)) {
        name_may_follow_ = false;
      }
      out_.push_back(c);
      ++at_;
    }
  }

  void CopyString() {
    const std::size_t begin = at_++;
    while (at_ < in_.size() && in_[at_] != '"') at_ += in_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, in_.size());
    out_.append(in_.substr(begin, at_ - begin));
  }

  void SkipComment() {
    const bool line = in_[at_ + 1] == '/';
    const std::size_t end = line ? in_.find('\n', at_) : in_.find("*/", at_ + 2);
    at_ = end == std::string_view::npos ? in_.size() : end + (line ? 0 : 2);
    out_.push_back(' ');
  }

  // A word is a name only before a colon: in an array the same place holds true, false and null.
  void QuoteName() {
    std::size_t end = at_;
    while (end < in_.size() && IsNamePart(in_[end])) ++end;
    std::size_t next = end;
    while (next < in_.size() && IsBlank(in_[next])) ++next;
    const std::string_view word = in_.substr(at_, end - at_);
    if (next < in_.size() && in_[next] == ':') {
      out_.append(1, '"').append(word).append(1, '"');
    } else {
      out_.append(word);
    }
    at_ = end;
    name_may_follow_ = false;
  }

  std::string_view in_;
  std::size_t at_ = 0;
  std::string out_;
  bool name_may_follow_ = false;
};

Error WrongType(const json::value& value, std::string_view wanted, const std::string& path) {
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("{} must be {}, not {}", path, wanted, KindOfJson(value)), {}, path);
}

}  // namespace

std::string_view KindOfJson(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a text";
    case json::kind::array:
      return "an array";
    case json::kind::object:
      return "an object";
  }
  return "unknown";
}

Result<json::object> ParseLenientObject(std::string_view body) {
  if (body.size() > kBodyBytesMax) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("the body has more than {} bytes", kBodyBytesMax));
  }
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  const std::string text = NameQuoter(body).Run();

  json::parse_options options;
  options.max_depth = kBodyDepthMax;
  options.allow_comments = true;
  options.allow_trailing_commas = true;
  json::stream_parser parser(json::storage_ptr(), options);
  json::error_code error;
  const std::size_t consumed = parser.write(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  if (error == json::error::too_deep) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("the body is nested more than {} levels deep", kBodyDepthMax));
  }
  if (error) {
    const std::size_t at = std::min(consumed, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the body is not JSON: {} near line {}", error.message(), line));
  }
  json::value value = parser.release();
  if (!value.is_object()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the body must be a JSON object, not {}", KindOfJson(value)));
  }
  return std::move(value.as_object());
}

const json::value* FindProperty(const json::object& object, std::string_view name) {
  const json::value* found = nullptr;
  for (const auto& [key, value] : object) {
    if (EqualsIgnoreCase(std::string_view(key.data(), key.size()), name)) found = &value;
  }
  return found != nullptr && found->is_null() ? nullptr : found;
}

Result<std::optional<std::string>> TextProperty(const json::object& object, std::string_view name,
                                                const std::string& path) {
  const json::value* value = FindProperty(object, name);
  if (value == nullptr) return std::optional<std::string>();
  switch (value->kind()) {
    case json::kind::string:
      return std::optional(std::string(value->get_string().data(), value->get_string().size()));
    case json::kind::bool_:
      return std::optional<std::string>(value->get_bool() ? "true" : "false");
    case json::kind::int64:
      return std::optional(std::to_string(value->get_int64()));
    case json::kind::uint64:
      return std::optional(std::to_string(value->get_uint64()));
    case json::kind::double_:
      return std::optional(fmt::format("{}", value->get_double()));
    case json::kind::null:
    case json::kind::array:
    case json::kind::object:
      break;
  }
  return WrongType(*value, "a text", path);
}

Result<std::optional<std::int64_t>> IntegerProperty(const json::object& object,
                                                    std::string_view name,
                                                    const std::string& path) {
  const json::value* value = FindProperty(object, name);
  if (value == nullptr) return std::optional<std::int64_t>();
  if (value->is_int64()) return std::optional(value->get_int64());
  // 2^53: above it a double cannot tell neighbouring whole numbers apart.
  if (value->is_double() && std::trunc(value->get_double()) == value->get_double() &&
      std::abs(value->get_double()) < 9007199254740992.0) {
    return std::optional(static_cast<std::int64_t>(value->get_double()));
  }
  if (value->is_string()) {
    const auto& text = value->get_string();
    if (const auto number = ParseInt(Trim({text.data(), text.size()}))) {
      return std::optional(*number);
    }
  }
  return WrongType(*value, "a whole number", path);
}

Result<std::optional<bool>> BooleanProperty(const json::object& object, std::string_view name,
                                            const std::string& path) {
  const json::value* value = FindProperty(object, name);
  if (value == nullptr) return std::optional<bool>();
  if (value->is_bool()) return std::optional(value->get_bool());
  if (value->is_int64() && (value->get_int64() == 0 || value->get_int64() == 1)) {
    return std::optional(value->get_int64() == 1);
  }
  if (value->is_string()) {
    const std::string_view text(value->get_string().data(), value->get_string().size());
    if (EqualsIgnoreCase(text, "true") || text == "1") return std::optional(true);
    if (EqualsIgnoreCase(text, "false") || text == "0") return std::optional(false);
  }
  return WrongType(*value, "true or false", path);
}

Result<const json::array*> ArrayProperty(const json::object& object, std::string_view name,
                                         const std::string& path) {
  const json::value* value = FindProperty(object, name);
  if (value == nullptr) return static_cast<const json::array*>(nullptr);
  if (!value->is_array()) return WrongType(*value, "an array", path);
  return &value->get_array();
}

}  // namespace cqd::cube
