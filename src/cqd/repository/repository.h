// Users, their reports and settings: what the Repository API and the portal work on.
// Format: docs/formats/repository.md. Rules: reference/repository-api.md 1.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "repository/item.h"

namespace cqd::repository {

/// What an import brought.
struct Imported {
  std::vector<ItemId> items;     ///< the topmost of the new items, in order
  std::int64_t item_count = 0;   ///< with everything below
  std::int64_t unreachable = 0;  ///< items of the template that hang on nothing; left out
};

/// The repository of one data directory.
///
/// Everybody may read every item. What belongs to the system user is read-only, everything else is
/// its owner's to change; the owner is the `by` of each call. A call that changes something is one
/// transaction, on disk when it returns.
/// Errors of every call: kNotFound (no such user, item, setting; field), kPermissionDenied (not the
/// owner), kConflict with field "If-Match" (Precondition), kResourceExhausted (a limit of item.h),
/// kDiskFull, kUnavailable, kCorruption.
/// Threads: any; one call at a time works, the others wait some tens of microseconds each.
class Repository {
 public:
  /// Makes or migrates the file, and brings the system user's items to the set of this version of
  /// the program; they keep their ids. Errors: kUnimplemented (written by a newer version).
  static Result<std::unique_ptr<Repository>> Open(const std::string& path, const Clock& clock);
  ~Repository();

  /// The user of that login, made with a clone of the system set when it is the first contact.
  /// Errors: kPermissionDenied ("system" is nobody's login).
  Result<User> Enter(std::string_view login_name);
  Result<std::vector<User>> ListUsers() const;
  Result<User> GetUser(UserId user) const;

  /// By key. `effective`: global settings under the user's own.
  Result<std::vector<Setting>> ListSettings(UserId user, bool effective) const;
  Result<Setting> GetSetting(UserId user, std::string_view key, bool effective) const;
  Status PutSetting(UserId by, UserId user, std::string_view key, std::string_view value);
  Status DeleteSetting(UserId by, UserId user, std::string_view key);

  /// Every item of everybody, by id.
  Status ForEachItem(const std::function<void(const ItemRow&)>& each) const;
  Result<Item> GetItem(ItemId item) const;
  Result<std::vector<ItemRow>> ListChildren(ItemId item) const;
  /// Nearest first, without the item itself.
  Result<std::vector<Ancestor>> ListAncestors(ItemId item) const;

  Result<Item> Create(UserId by, const Place& place, const NewItem& item);
  /// An empty `type` keeps the type it has.
  Result<ItemVersion> Update(UserId by, ItemId item, const NewItem& now, const Precondition& if_is);
  /// With everything below; Undelete brings it back for kDeletedKept.
  /// Errors: kFailedPrecondition (a default item).
  Status Delete(UserId by, ItemId item, const Precondition& if_is);
  /// `order` names every child of `item` once. Errors: kConflict when it does not.
  Result<ItemVersion> Reorder(UserId by, ItemId item, const std::vector<ItemId>& order,
                              const Precondition& if_is);
  /// Errors: kFailedPrecondition (a default item; a place below itself).
  Result<ItemVersion> Move(UserId by, ItemId item, const Place& to, const Precondition& if_is);
  /// A copy of anybody's item, with everything below when `deep`. No place: behind the original
  /// when that is the caller's own and not the default item, else last below the caller's default
  /// item.
  Result<Item> Clone(UserId by, ItemId item, const std::optional<Place>& place, bool deep);
  /// Drops all the user's items and clones the system set again; Undelete of the old default item
  /// takes that back.
  Result<User> Reset(UserId by);

  /// Newest first, without contents. Errors: kPermissionDenied for other people's items.
  Result<std::vector<Revision>> ListRevisions(UserId by, ItemId item) const;
  Result<Revision> GetRevision(UserId by, ItemId item, std::int64_t version) const;
  /// Makes an older content the newest one; what stood there becomes history.
  Result<ItemVersion> Restore(UserId by, ItemId item, std::int64_t version,
                              const Precondition& if_is);
  /// What Undelete can bring back, newest first.
  Result<std::vector<Deletion>> ListDeletions(UserId by) const;
  /// Back where it was, last; below the default item when its parent is gone. An old default item
  /// becomes the default item again, and the present one goes the way of a reset.
  Result<Item> Undelete(UserId by, ItemId item);

  /// The item and everything below as a template (template_file.h).
  Result<std::string> Export(ItemId item) const;
  /// Adds a template below `parent`, last. A template of a report set put into a report set adds
  /// its reports, because sets and reports alternate (reference/cube-model.md 5).
  /// Errors: as ReadTemplate; contents that are not fit for an item, by number.
  Result<Imported> Import(UserId by, ItemId parent, std::string_view text);

 private:
  struct State;
  explicit Repository(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cqd::repository
