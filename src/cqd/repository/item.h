// The vocabulary of the repository: users, items, settings, and what may be said about them.
// Source: reference/repository-api.md 1, 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/strong_id.h"
#include "base/time.h"

namespace cqd::repository {

using UserId = StrongId<struct UserIdTag>;
/// Never given twice, so that a link to a report set cannot lead to another one some day.
using ItemId = StrongId<struct ItemIdTag>;

/// The owner of the set everybody begins with (reference/repository-api.md 1, samples).
inline constexpr UserId kSystemUser{0};
inline constexpr std::string_view kSystemLogin = "system";
/// What report sets and reports have as their type.
inline constexpr std::string_view kJsonType = "application/json";

/// Bounds of ours against stores and answers without end. The largest published template has a few
/// hundred items of at most some ten kilobytes, eight levels deep (reference/cube-model.md 6).
inline constexpr std::size_t kContentBytesMax = 256 * 1024;
inline constexpr std::size_t kTypeBytesMax = 128;
/// Nesting of the JSON in a content, and of items below a default item.
inline constexpr std::size_t kContentDepthMax = 32;
inline constexpr std::size_t kLevelsMax = 32;
inline constexpr std::size_t kChildrenMax = 1000;
/// Living items of one user; as many deleted ones are kept for undelete.
inline constexpr std::size_t kItemsPerUserMax = 10'000;
/// Older contents kept of one item: so many, and so many bytes together.
inline constexpr std::size_t kRevisionsMax = 50;
inline constexpr std::size_t kRevisionBytesMax = 2 * 1024 * 1024;
inline constexpr std::size_t kSettingsPerUserMax = 200;
inline constexpr std::size_t kSettingKeyBytesMax = 128;
inline constexpr std::size_t kSettingValueBytesMax = 4096;
/// How long deleted items can be had back.
inline constexpr std::chrono::days kDeletedKept{90};

struct User {
  UserId id;
  std::string login_name;  ///< `system` for the system user
  ItemId default_item;     ///< everything the user owns is reachable from it
};

struct Setting {
  UserId user;  ///< the owner: kSystemUser for a global one
  std::string key, value;
};

/// What lists of items show.
struct ItemRow {
  ItemId id;
  UserId owner;
  std::string type;
};

/// Grows with every change: `content` with the item's own text, `children` with the list of its
/// children. Both together are the item's entity tag.
struct ItemVersion {
  std::int64_t content = 1;
  std::int64_t children = 1;
  bool operator==(const ItemVersion&) const = default;
};

struct Item {
  ItemId id;
  UserId owner;
  std::string content;  ///< byte for byte as it was given
  std::string type;
  std::vector<ItemId> children;  ///< in their order
  ItemVersion version;
};

struct Ancestor {
  ItemId id;
  int distance = 0;  ///< 0: the immediate parent
  std::string title;
};

/// Content and type of an item that is to be.
struct NewItem {
  std::string content, type;
};

/// Where an item goes: before the child that has this position now, counted from 0; no position, or
/// one past the end: last.
struct Place {
  ItemId parent;
  std::optional<std::size_t> position;
};

/// What must not have changed since the caller looked (RFC 9110 section 13.1.1).
struct Precondition {
  bool any = true;                    ///< whatever it is now
  std::vector<ItemVersion> versions;  ///< else: one of these
};

/// One state an item's content had or has.
struct Revision {
  std::int64_t version = 0;  ///< ItemVersion::content
  UtcTime at;                ///< since when
  std::string action;        ///< created, cloned, imported, updated, restored, system
  std::string type, title, content;
  bool current = false;
};

/// Items that were deleted together and can be had back together.
struct Deletion {
  ItemId item;  ///< the topmost
  UtcTime at;
  std::string title;
  std::int64_t items = 0;
  bool by_reset = false;
};

/// Checks content and type of an item. Errors: kInvalidArgument (not UTF-8, NUL; JSON that cannot
/// be read when `type` is application/json), kResourceExhausted (size, depth); field "content" or
/// "type".
Status CheckNewItem(const NewItem& item);

/// The `Title` of a JSON content, without regard to case; empty when there is none.
std::string TitleOf(std::string_view content);

}  // namespace cqd::repository
