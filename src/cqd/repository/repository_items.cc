// Items: reading, writing, their history.
#include <fmt/format.h>

#include <algorithm>

#include "repository/internal/state.h"

namespace cqd::repository {

// --- Rules -------------------------------------------------------------------------------------

Result<StoredItem> Repository::State::FindOwn(UserId by, ItemId item) {
  CQD_ASSIGN_OR_RETURN(StoredItem found, store.Find(item));
  if (found.owner == kSystemUser) {
    return Fail(ErrorCode::kPermissionDenied, "the system's items are read-only; clone it", {},
                "itemId");
  }
  if (found.owner != by) {
    return Fail(ErrorCode::kPermissionDenied, "only its owner may change an item; clone it", {},
                "itemId");
  }
  return found;
}

Result<StoredItem> Repository::State::FindOwn(UserId by, ItemId item, const Precondition& if_is) {
  CQD_ASSIGN_OR_RETURN(StoredItem found, FindOwn(by, item));
  if (!if_is.any && std::find(if_is.versions.begin(), if_is.versions.end(), found.version) ==
                        if_is.versions.end()) {
    return Fail(ErrorCode::kConflict, "the item was changed meanwhile; read it again", {},
                "If-Match");
  }
  return found;
}

Result<ItemVersion> Repository::State::VersionOf(ItemId item) {
  CQD_ASSIGN_OR_RETURN(const StoredItem now, store.Find(item));
  return now.version;
}

Result<Item> Repository::State::Whole(ItemId item) {
  CQD_ASSIGN_OR_RETURN(StoredItem found, store.Find(item));
  CQD_ASSIGN_OR_RETURN(std::vector<ItemId> children, store.ChildIds(item));
  return Item{.id = item,
              .owner = found.owner,
              .content = std::move(found.content),
              .type = std::move(found.type),
              .children = std::move(children),
              .version = found.version};
}

Status Repository::State::CheckRoom(UserId user, ItemId parent, std::size_t items,
                                    std::size_t levels, std::size_t children) {
  const auto refuse = [](std::string message, std::string field) {
    return Fail(ErrorCode::kResourceExhausted, std::move(message), {}, std::move(field));
  };
  CQD_ASSIGN_OR_RETURN(const std::int64_t have, store.CountItems(user));
  if (static_cast<std::size_t>(have) + items > kItemsPerUserMax) {
    return refuse(fmt::format("a user has at most {} items", kItemsPerUserMax), "items");
  }
  CQD_ASSIGN_OR_RETURN(const std::vector<ItemId> siblings, store.ChildIds(parent));
  if (siblings.size() + children > kChildrenMax) {
    return refuse(fmt::format("an item has at most {} sub-items", kChildrenMax), "subItemIds");
  }
  CQD_ASSIGN_OR_RETURN(const std::vector<StoredItem> above, store.Ancestors(parent));
  if (above.size() + 1 + levels > kLevelsMax) {
    return refuse(fmt::format("items lie at most {} levels deep", kLevelsMax), "parentItemId");
  }
  return OkStatus();
}

Status Repository::State::PutInOrder(ItemId item, const repository::Place& place) {
  CQD_ASSIGN_OR_RETURN(std::vector<ItemId> order, store.ChildIds(place.parent));
  std::erase(order, item);
  const std::size_t at = std::min(place.position.value_or(order.size()), order.size());
  order.insert(order.begin() + static_cast<std::ptrdiff_t>(at), item);
  return PutAll(order, place.parent);
}

Status Repository::State::PutAll(const std::vector<ItemId>& order, ItemId parent) {
  CQD_RETURN_IF_ERROR(store.Arrange(order, parent));
  return store.TouchChildren(parent);
}

// --- Reading -----------------------------------------------------------------------------------

Status Repository::ForEachItem(const std::function<void(const ItemRow&)>& each) const {
  return state_->Read([&] { return state_->store.ForEach(each); });
}

Result<Item> Repository::GetItem(ItemId item) const {
  return state_->Read([&] { return state_->Whole(item); });
}

Result<std::vector<ItemRow>> Repository::ListChildren(ItemId item) const {
  return state_->Read([&]() -> Result<std::vector<ItemRow>> {
    CQD_RETURN_IF_ERROR(state_->store.Find(item));
    return state_->store.Children(item);
  });
}

Result<std::vector<Ancestor>> Repository::ListAncestors(ItemId item) const {
  return state_->Read([&]() -> Result<std::vector<Ancestor>> {
    CQD_ASSIGN_OR_RETURN(const std::vector<StoredItem> above, state_->store.Ancestors(item));
    std::vector<Ancestor> ancestors;
    for (const StoredItem& one : above) {
      ancestors.push_back({one.id, static_cast<int>(ancestors.size()), one.title});
    }
    return ancestors;
  });
}

// --- Writing -----------------------------------------------------------------------------------

Result<Item> Repository::Create(UserId by, const Place& place, const NewItem& item) {
  CQD_RETURN_IF_ERROR(CheckNewItem(item));
  return state_->Change([&]() -> Result<Item> {
    CQD_ASSIGN_OR_RETURN(const StoredItem parent, state_->FindOwn(by, place.parent));
    CQD_RETURN_IF_ERROR(state_->CheckRoom(by, parent.id, 1, 1, 1));
    CQD_ASSIGN_OR_RETURN(const ItemId id, state_->store.Insert({by, parent.id, 0, item.type,
                                                                item.content, "created"},
                                                               state_->clock.Now()));
    CQD_RETURN_IF_ERROR(state_->PutInOrder(id, place));
    return state_->Whole(id);
  });
}

Result<ItemVersion> Repository::Update(UserId by, ItemId item, const NewItem& now,
                                       const Precondition& if_is) {
  return state_->Change([&]() -> Result<ItemVersion> {
    CQD_ASSIGN_OR_RETURN(const StoredItem old, state_->FindOwn(by, item, if_is));
    const NewItem next{now.content, now.type.empty() ? old.type : now.type};
    CQD_RETURN_IF_ERROR(CheckNewItem(next));
    // Saving without a change is no new version: the history stays worth reading.
    if (next.content == old.content && next.type == old.type) return old.version;
    CQD_RETURN_IF_ERROR(state_->store.Rewrite(old, next, "updated", state_->clock.Now()));
    return state_->VersionOf(item);
  });
}

// --- History -----------------------------------------------------------------------------------

Result<std::vector<Revision>> Repository::ListRevisions(UserId by, ItemId item) const {
  return state_->Read([&]() -> Result<std::vector<Revision>> {
    CQD_RETURN_IF_ERROR(state_->FindOwn(by, item));
    return state_->store.Revisions(item, false);
  });
}

Result<Revision> Repository::GetRevision(UserId by, ItemId item, std::int64_t version) const {
  return state_->Read([&]() -> Result<Revision> {
    CQD_RETURN_IF_ERROR(state_->FindOwn(by, item));
    CQD_ASSIGN_OR_RETURN(std::vector<Revision> revisions, state_->store.Revisions(item, true));
    for (Revision& revision : revisions) {
      if (revision.version == version) return std::move(revision);
    }
    return Fail(
        ErrorCode::kNotFound,
        fmt::format("item {} has no version {}, or it is no longer kept", item.value, version), {},
        "version");
  });
}

Result<ItemVersion> Repository::Restore(UserId by, ItemId item, std::int64_t version,
                                        const Precondition& if_is) {
  CQD_ASSIGN_OR_RETURN(const Revision wanted, GetRevision(by, item, version));
  return state_->Change([&]() -> Result<ItemVersion> {
    CQD_ASSIGN_OR_RETURN(const StoredItem old, state_->FindOwn(by, item, if_is));
    if (wanted.content == old.content && wanted.type == old.type) return old.version;
    CQD_RETURN_IF_ERROR(
        state_->store.Rewrite(old, {wanted.content, wanted.type}, "restored", state_->clock.Now()));
    return state_->VersionOf(item);
  });
}

}  // namespace cqd::repository
