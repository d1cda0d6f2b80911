// The rows of repository.sqlite: reading and writing them, without rules, locks or transactions.
// Format: docs/formats/repository.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "repository/item.h"
#include "sqlite/database.h"

namespace cqd::repository {

/// A row of `item`.
struct StoredItem {
  ItemId id;
  UserId owner;
  std::optional<ItemId> parent;
  std::int64_t position = 0;
  std::string type, content, title;
  ItemVersion version;
  UtcTime changed_at;
  std::string action;
  std::optional<ItemId> deletion;  ///< topmost item it was deleted with
};

/// A row to be.
struct InsertedItem {
  UserId owner;
  std::optional<ItemId> parent;
  std::int64_t position = 0;
  std::string_view type, content;
  std::string_view action;
};

/// Threads: one at a time.
class Store {
 public:
  /// Errors: as sqlite::Database::Open and sqlite::Migrate.
  static Result<Store> Open(const std::string& path);

  Result<sqlite::Transaction> Begin() { return sqlite::Transaction::Begin(database_); }

  // Users.
  Result<std::vector<User>> Users();
  Result<UserId> InsertUser(std::string_view login_name, UtcTime now);
  Status InsertSystemUser(UtcTime now);
  Status SetDefaultItem(UserId user, ItemId item);

  // Settings.
  Result<std::vector<Setting>> Settings(UserId user);
  Status PutSetting(UserId user, std::string_view key, std::string_view value);
  /// False when there was none.
  Result<bool> DeleteSetting(UserId user, std::string_view key);

  // Items that live; deleted ones where it says so.
  /// Errors: kNotFound with field "itemId".
  Result<StoredItem> Find(ItemId item);
  Result<StoredItem> FindAlsoDeleted(ItemId item);
  Status ForEach(const std::function<void(const ItemRow&)>& each);
  Result<std::vector<ItemId>> ChildIds(ItemId parent);
  Result<std::vector<ItemRow>> Children(ItemId parent);
  /// The item and everything below, levels in turn, children in their order.
  Result<std::vector<StoredItem>> Subtree(ItemId item);
  /// Levels of the subtree; 1 for an item without children.
  Result<std::int64_t> Levels(ItemId item);
  /// From the parent upwards.
  Result<std::vector<StoredItem>> Ancestors(ItemId item);
  Result<std::int64_t> CountItems(UserId user);

  Result<ItemId> Insert(const InsertedItem& item, UtcTime now);
  /// A new content; the old one becomes a revision, and the oldest revisions go.
  Status Rewrite(const StoredItem& item, const NewItem& content, std::string_view action,
                 UtcTime now);
  /// `order` becomes the list of children of `parent`.
  Status Arrange(const std::vector<ItemId>& order, ItemId parent);
  /// The list of children changed: a new version of it.
  Status TouchChildren(ItemId parent);

  // Revisions.
  Result<std::vector<Revision>> Revisions(ItemId item, bool with_contents);

  // Deletions.
  /// Marks the subtree; gives the number of items.
  Result<std::int64_t> Delete(ItemId item, UserId user, bool by_reset, UtcTime now);
  Result<std::vector<Deletion>> Deletions(UserId user);
  Status Undelete(ItemId item);
  /// Forgets deletions from before `before`, and the oldest while more than `items_max` items are
  /// kept.
  Status Purge(UserId user, UtcTime before, std::int64_t items_max);

  // The system set.
  /// Key and id of the items of the system set.
  Result<std::vector<std::pair<std::string, ItemId>>> SystemKeys();
  Status SetSystemKey(ItemId item, std::optional<std::string_view> key);

 private:
  explicit Store(sqlite::Database database) : database_(std::move(database)) {}
  Result<StoredItem> FindRow(ItemId item);
  Status PruneRevisions(ItemId item);

  sqlite::Database database_;
};

}  // namespace cqd::repository
