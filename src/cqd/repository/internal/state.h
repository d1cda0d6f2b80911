// What a Repository is made of, and the rules that its calls share. All of it under the mutex.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "repository/internal/store.h"
#include "repository/repository.h"

namespace cqd::repository {

struct Repository::State {
  State(Store opened, const Clock& time) : store(std::move(opened)), clock(time) {}

  /// Runs `work` under the lock.
  template <typename Work>
  auto Read(Work work) -> std::invoke_result_t<Work> {
    const std::lock_guard lock(mutex);
    return work();
  }
  /// The same as one transaction: all of it when `work` succeeds, else nothing. `committed` gets
  /// what came of it before anybody else can look.
  template <typename Work, typename Committed>
  auto Change(Work work, Committed committed) -> std::invoke_result_t<Work> {
    const std::lock_guard lock(mutex);
    CQD_ASSIGN_OR_RETURN(sqlite::Transaction transaction, store.Begin());
    auto result = work();
    if (!result.ok()) return result;
    CQD_RETURN_IF_ERROR(transaction.Commit());
    committed(result);
    return result;
  }
  template <typename Work>
  auto Change(Work work) -> std::invoke_result_t<Work> {
    return Change(std::move(work), [](const auto&) {});
  }

  Status LoadUsers();
  /// Brings the system user's items to SystemItems().
  Status BringSystemSet();
  Result<User> FindUser(UserId user) const;
  /// After a commit that made or changed the user.
  void Note(const User& user);

  /// An item that `by` may change. Errors: kNotFound, kPermissionDenied.
  Result<StoredItem> FindOwn(UserId by, ItemId item);
  /// The same, which must be as the caller saw it.
  Result<StoredItem> FindOwn(UserId by, ItemId item, const Precondition& if_is);
  Result<ItemVersion> VersionOf(ItemId item);
  Result<Item> Whole(ItemId item);
  /// Whether `items` more in `levels` levels fit below `parent`, `children` of them at once.
  Status CheckRoom(UserId user, ItemId parent, std::size_t items, std::size_t levels,
                   std::size_t children);
  /// Puts `item` among the children of `place.parent` and tells that parent.
  Status PutInOrder(ItemId item, const repository::Place& place);
  /// `order` becomes the children of `parent`, which is told.
  Status PutAll(const std::vector<ItemId>& order, ItemId parent);
  /// Copies rows of Subtree for `owner`; gives the copy of the first.
  Result<ItemId> Copy(const std::vector<StoredItem>& rows, UserId owner,
                      std::optional<ItemId> parent);
  Result<ItemId> CopySystemSet(UserId owner);
  Status PurgeDeleted(UserId user);

  mutable std::mutex mutex;
  Store store;
  const Clock& clock;
  std::map<UserId, User> users;
  std::map<std::string, UserId, std::less<>> by_login;
};

}  // namespace cqd::repository
