#include "api/internal/repository_json.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using repository::ItemId;
using repository::ItemVersion;

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonText(out, text);
  return out;
}

Error BadField(std::string field, std::string_view what) {
  std::string message = field + " must be " + std::string(what);
  return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, std::move(field));
}

/// Members of a body have no reason to be nested deeper.
constexpr std::size_t kBodyDepthMax = 16;

Result<json::value> ReadBody(std::string_view text) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = kBodyDepthMax;
  json::value value = json::parse(text, failed, {}, options);
  if (failed) return BadField("body", fmt::format("JSON ({})", failed.message()));
  return value;
}

Result<json::object> ReadObject(std::string_view text, std::string_view example) {
  CQD_ASSIGN_OR_RETURN(json::value value, ReadBody(text));
  if (!value.is_object()) return BadField("body", fmt::format("a JSON object like {}", example));
  return std::move(value.get_object());
}

/// The member of that name in any case; nullptr when it is missing or null.
const json::value* Find(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  for (const auto& member : object) {
    if (found == nullptr && EqualsIgnoreCase(member.key(), name)) found = &member.value();
  }
  return found == nullptr || found->is_null() ? nullptr : found;
}

Result<std::optional<std::string>> TextOf(const json::object& body, std::string_view name) {
  const json::value* value = Find(body, name);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) return BadField(std::string(name), "a text");
  return std::optional<std::string>(std::string(value->get_string()));
}

Result<std::optional<std::int64_t>> NumberOf(const json::object& body, std::string_view name) {
  const json::value* value = Find(body, name);
  if (value == nullptr) return std::optional<std::int64_t>();
  if (!value->is_int64() || value->get_int64() < 0) {
    return BadField(std::string(name), "a whole number from 0");
  }
  return std::optional<std::int64_t>(value->get_int64());
}

Result<std::optional<std::size_t>> PositionOf(const json::object& body) {
  CQD_ASSIGN_OR_RETURN(const auto position, NumberOf(body, "position"));
  if (!position) return std::optional<std::size_t>();
  return std::optional<std::size_t>(static_cast<std::size_t>(*position));
}

/// The tags of a list, as written but for blanks; nullopt when it is none.
std::optional<std::vector<std::string_view>> SplitTags(std::string_view text) {
  std::vector<std::string_view> tags;
  text = Trim(text);
  while (!text.empty()) {
    const std::size_t open = text.find('"');
    if (open == std::string_view::npos || (open != 0 && text.substr(0, open) != "W/"))
      return std::nullopt;
    const std::size_t close = text.find('"', open + 1);
    if (close == std::string_view::npos) return std::nullopt;
    tags.push_back(text.substr(0, close + 1));
    text = Trim(text.substr(close + 1));
    if (text.empty()) break;
    if (text.front() != ',') return std::nullopt;
    text = Trim(text.substr(1));
  }
  return tags;
}

}  // namespace

std::string UserJson(const repository::User& user) {
  return fmt::format(R"({{"userId":{},"loginName":{},"defaultItemId":{}}})", user.id.value,
                     Quoted(user.login_name), user.default_item.value);
}

std::string SettingJson(const repository::Setting& setting) {
  return fmt::format(R"({{"userId":{},"key":{},"value":{}}})", setting.user.value,
                     Quoted(setting.key), Quoted(setting.value));
}

std::string ItemRowJson(const repository::ItemRow& row) {
  return fmt::format(R"({{"itemId":{},"userId":{},"type":{}}})", row.id.value, row.owner.value,
                     Quoted(row.type));
}

std::string ItemJson(const repository::Item& item) {
  const auto number = [](ItemId id) { return std::to_string(id.value); };
  return fmt::format(R"({{"itemId":{},"userId":{},"content":{},"type":{},"subItemIds":{}}})",
                     item.id.value, item.owner.value, Quoted(item.content), Quoted(item.type),
                     JsonList(item.children, number));
}

std::string AncestorJson(const repository::Ancestor& ancestor) {
  return fmt::format(R"({{"item1":{},"item2":{},"item3":{}}})", ancestor.id.value,
                     ancestor.distance, Quoted(ancestor.title));
}

std::string DeletionJson(const repository::Deletion& deletion) {
  return fmt::format(
      R"({{"itemId":{},"title":{},"deletedAt":"{}","keptUntil":"{}","itemCount":{},"byReset":{}}})",
      deletion.item.value, Quoted(deletion.title), FormatRfc3339(deletion.at),
      FormatRfc3339(deletion.at + repository::kDeletedKept), deletion.items, deletion.by_reset);
}

std::string RevisionJson(const repository::Revision& revision, bool with_content) {
  std::string out =
      fmt::format(R"({{"version":{},"at":"{}","action":"{}","current":{},"title":{},"type":{})",
                  revision.version, FormatRfc3339(revision.at), revision.action, revision.current,
                  Quoted(revision.title), Quoted(revision.type));
  if (with_content) out += ",\"content\":" + Quoted(revision.content);
  return out + "}";
}

std::string ImportedJson(const repository::Imported& imported) {
  const auto number = [](ItemId id) { return std::to_string(id.value); };
  return fmt::format(R"({{"itemIds":{},"itemCount":{},"unreachableCount":{}}})",
                     JsonList(imported.items, number), imported.item_count, imported.unreachable);
}

std::string EntityTag(ItemId item, const ItemVersion& version) {
  return fmt::format("\"{}-{}-{}\"", item.value, version.content, version.children);
}

Result<repository::Precondition> ParseIfMatch(std::string_view text, ItemId item) {
  if (Trim(text) == "*") return repository::Precondition{};
  const auto tags = SplitTags(text);
  if (!tags) return BadField("If-Match", "an ETag in its quotes, several with commas, or *");
  repository::Precondition condition{.any = false, .versions = {}};
  for (const std::string_view tag : *tags) {
    if (tag.starts_with("W/")) continue;
    const auto parts = Split(tag.substr(1, tag.size() - 2), '-');
    if (parts.size() != 3) continue;
    const auto content = ParseInt(parts[1]), children = ParseInt(parts[2]);
    if (ParseInt(parts[0]) != item.value) continue;
    if (content && children) condition.versions.push_back({*content, *children});
  }
  return condition;
}

bool MatchesTag(std::string_view text, std::string_view tag) {
  if (Trim(text) == "*") return true;
  const auto tags = SplitTags(text);
  if (!tags) return false;
  for (std::string_view one : *tags) {
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag) return true;
  }
  return false;
}

Result<ItemBody> ParseItemBody(std::string_view text) {
  CQD_ASSIGN_OR_RETURN(
      const json::object body,
      ReadObject(text, R"({"content":"{\"Title\":\"...\"}","type":"application/json"})"));
  CQD_ASSIGN_OR_RETURN(auto content, TextOf(body, "content"));
  if (!content) return BadField("content", "a text: the JSON of the report, as one string");
  CQD_ASSIGN_OR_RETURN(auto type, TextOf(body, "type"));
  ItemBody item{.item = {*std::move(content), std::move(type).value_or("")}, .position = {}};
  CQD_ASSIGN_OR_RETURN(item.position, PositionOf(body));
  return item;
}

Result<std::string> ParseSettingBody(std::string_view text) {
  CQD_ASSIGN_OR_RETURN(const json::object body, ReadObject(text, R"({"value":"true"})"));
  CQD_ASSIGN_OR_RETURN(auto value, TextOf(body, "value"));
  if (!value) return BadField("value", "a text");
  return *std::move(value);
}

Result<PlaceBody> ParsePlaceBody(std::string_view text) {
  CQD_ASSIGN_OR_RETURN(const json::object body, ReadObject(text, R"({"parentItemId":240})"));
  PlaceBody place;
  CQD_ASSIGN_OR_RETURN(const auto parent, NumberOf(body, "parentItemId"));
  if (parent) place.parent = ItemId(*parent);
  CQD_ASSIGN_OR_RETURN(place.position, PositionOf(body));
  const json::value* deep = Find(body, "deep");
  if (deep != nullptr && !deep->is_bool()) return BadField("deep", "true or false");
  if (deep != nullptr) place.deep = deep->get_bool();
  if (place.position && !place.parent) {
    return BadField("position", "given together with parentItemId");
  }
  return place;
}

Result<std::vector<ItemId>> ParseOrderBody(std::string_view text) {
  CQD_ASSIGN_OR_RETURN(const json::value value, ReadBody(text));
  const json::value* list = value.is_object() ? Find(value.get_object(), "subItemIds") : &value;
  if (list == nullptr || !list->is_array()) {
    return BadField("subItemIds", "the list of all sub-items in their new order");
  }
  std::vector<ItemId> order;
  for (const json::value& one : list->get_array()) {
    if (!one.is_int64()) return BadField("subItemIds", "a list of numbers");
    order.push_back(ItemId(one.get_int64()));
  }
  return order;
}

}  // namespace cqd::api
