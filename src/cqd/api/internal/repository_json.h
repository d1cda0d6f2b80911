// The bodies of the Repository API. Shapes: reference/repository-api.md 3; ours beside them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "repository/repository.h"

namespace cqd::api {

std::string UserJson(const repository::User& user);
std::string SettingJson(const repository::Setting& setting);
std::string ItemRowJson(const repository::ItemRow& row);
std::string ItemJson(const repository::Item& item);
std::string AncestorJson(const repository::Ancestor& ancestor);
std::string DeletionJson(const repository::Deletion& deletion);
std::string RevisionJson(const repository::Revision& revision, bool with_content);
std::string ImportedJson(const repository::Imported& imported);

/// "[...]" of what `make` gives for each.
template <typename Things, typename Make>
std::string JsonList(const Things& things, Make make) {
  std::string out = "[";
  for (const auto& thing : things) {
    if (out.size() > 1) out.push_back(',');
    out += make(thing);
  }
  return out + "]";
}

/// A strong tag (RFC 9110 section 8.8.3): "\"17-3-2\"".
std::string EntityTag(repository::ItemId item, const repository::ItemVersion& version);
/// Reads If-Match of a call about `item`. Tags that are weak or not its own match nothing.
/// Errors: kInvalidArgument (no list of tags).
Result<repository::Precondition> ParseIfMatch(std::string_view text, repository::ItemId item);
/// True when a tag of If-None-Match is `tag`, by weak comparison.
bool MatchesTag(std::string_view text, std::string_view tag);

/// Body of create and update. Names in any case (reference/repository-api.md 5.4), others ignored.
struct ItemBody {
  repository::NewItem item;  ///< type may be empty
  std::optional<std::size_t> position;
};
/// Errors of all: kInvalidArgument with the field.
Result<ItemBody> ParseItemBody(std::string_view text);
Result<std::string> ParseSettingBody(std::string_view text);

/// Body of move and clone.
struct PlaceBody {
  std::optional<repository::ItemId> parent;
  std::optional<std::size_t> position;
  bool deep = true;
};
Result<PlaceBody> ParsePlaceBody(std::string_view text);
/// Body of reorder: the list itself, or an object with subItemIds.
Result<std::vector<repository::ItemId>> ParseOrderBody(std::string_view text);

}  // namespace cqd::api
