// Items with everything below them: delete and undelete, order, move, clone, reset, templates.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "repository/internal/state.h"
#include "repository/template_file.h"

namespace cqd::repository {
namespace {

Error IsDefaultItem(std::string_view what) {
  return Fail(ErrorCode::kFailedPrecondition,
              fmt::format("the default item cannot be {}; reset brings the system set back", what),
              {}, "itemId");
}

}  // namespace

Result<ItemId> Repository::State::Copy(const std::vector<StoredItem>& rows, UserId owner,
                                       std::optional<ItemId> parent) {
  const UtcTime now = clock.Now();
  std::unordered_map<ItemId, ItemId> copies;
  for (const StoredItem& row : rows) {
    const bool top = copies.empty();
    const auto under = top ? parent : std::optional<ItemId>(copies.at(*row.parent));
    CQD_ASSIGN_OR_RETURN(
        copies[row.id],
        store.Insert({owner, under, row.position, row.type, row.content, "cloned"}, now));
  }
  return copies.at(rows.front().id);
}

Result<ItemId> Repository::State::CopySystemSet(UserId owner) {
  CQD_ASSIGN_OR_RETURN(const std::vector<User> known, store.Users());
  CQD_ASSIGN_OR_RETURN(const std::vector<StoredItem> rows,
                       store.Subtree(known.front().default_item));
  CQD_ASSIGN_OR_RETURN(const ItemId root, Copy(rows, owner, std::nullopt));
  CQD_RETURN_IF_ERROR(store.SetDefaultItem(owner, root));
  return root;
}

Status Repository::State::PurgeDeleted(UserId user) {
  return store.Purge(user, clock.Now() - kDeletedKept, static_cast<std::int64_t>(kItemsPerUserMax));
}

Status Repository::Delete(UserId by, ItemId item, const Precondition& if_is) {
  return state_->Change([&]() -> Status {
    CQD_ASSIGN_OR_RETURN(const StoredItem found, state_->FindOwn(by, item, if_is));
    if (!found.parent) return IsDefaultItem("deleted");
    CQD_ASSIGN_OR_RETURN(const std::int64_t gone,
                         state_->store.Delete(item, by, false, state_->clock.Now()));
    CQD_CHECK(gone > 0);
    CQD_RETURN_IF_ERROR(state_->store.TouchChildren(*found.parent));
    return state_->PurgeDeleted(by);
  });
}

Result<ItemVersion> Repository::Reorder(UserId by, ItemId item, const std::vector<ItemId>& order,
                                        const Precondition& if_is) {
  return state_->Change([&]() -> Result<ItemVersion> {
    CQD_ASSIGN_OR_RETURN(const StoredItem found, state_->FindOwn(by, item, if_is));
    CQD_ASSIGN_OR_RETURN(const std::vector<ItemId> now, state_->store.ChildIds(item));
    if (order == now) return found.version;
    if (!std::is_permutation(order.begin(), order.end(), now.begin(), now.end())) {
      return Fail(ErrorCode::kConflict, "the list must name every sub-item of the item once", {},
                  "subItemIds");
    }
    CQD_RETURN_IF_ERROR(state_->PutAll(order, item));
    return state_->VersionOf(item);
  });
}

Result<ItemVersion> Repository::Move(UserId by, ItemId item, const Place& to,
                                     const Precondition& if_is) {
  return state_->Change([&]() -> Result<ItemVersion> {
    CQD_ASSIGN_OR_RETURN(const StoredItem found, state_->FindOwn(by, item, if_is));
    if (!found.parent) return IsDefaultItem("moved");
    CQD_ASSIGN_OR_RETURN(const StoredItem parent, state_->FindOwn(by, to.parent));
    CQD_ASSIGN_OR_RETURN(const std::vector<StoredItem> above, state_->store.Ancestors(parent.id));
    const bool below_itself =
        parent.id == item || std::any_of(above.begin(), above.end(),
                                         [&](const StoredItem& one) { return one.id == item; });
    if (below_itself) {
      return Fail(ErrorCode::kFailedPrecondition, "an item cannot be moved below itself", {},
                  "parentItemId");
    }
    if (parent.id != *found.parent) {
      CQD_ASSIGN_OR_RETURN(const std::int64_t levels, state_->store.Levels(item));
      CQD_RETURN_IF_ERROR(state_->CheckRoom(by, parent.id, 0, static_cast<std::size_t>(levels), 1));
      CQD_RETURN_IF_ERROR(state_->store.TouchChildren(*found.parent));
    }
    CQD_RETURN_IF_ERROR(state_->PutInOrder(item, to));
    return state_->VersionOf(item);
  });
}

Result<Item> Repository::Clone(UserId by, ItemId item, const std::optional<Place>& place,
                               bool deep) {
  return state_->Change([&]() -> Result<Item> {
    CQD_ASSIGN_OR_RETURN(StoredItem found, state_->store.Find(item));
    CQD_ASSIGN_OR_RETURN(const User user, state_->FindUser(by));
    Place to{user.default_item, std::nullopt};
    if (place) {
      to = *place;
    } else if (found.owner == by && found.parent) {
      CQD_ASSIGN_OR_RETURN(const std::vector<ItemId> siblings,
                           state_->store.ChildIds(*found.parent));
      const auto at = std::find(siblings.begin(), siblings.end(), item);
      to = {*found.parent, static_cast<std::size_t>(at - siblings.begin()) + 1};
    }
    CQD_RETURN_IF_ERROR(state_->FindOwn(by, to.parent));
    std::vector<StoredItem> rows;
    std::int64_t levels = 1;
    if (deep) {
      CQD_ASSIGN_OR_RETURN(rows, state_->store.Subtree(item));
      CQD_ASSIGN_OR_RETURN(levels, state_->store.Levels(item));
    } else {
      rows.push_back(std::move(found));
    }
    CQD_RETURN_IF_ERROR(
        state_->CheckRoom(by, to.parent, rows.size(), static_cast<std::size_t>(levels), 1));
    CQD_ASSIGN_OR_RETURN(const ItemId copy, state_->Copy(rows, by, to.parent));
    CQD_RETURN_IF_ERROR(state_->PutInOrder(copy, to));
    return state_->Whole(copy);
  });
}

Result<User> Repository::Reset(UserId by) {
  const auto reset = [&]() -> Result<User> {
    CQD_ASSIGN_OR_RETURN(User user, state_->FindUser(by));
    CQD_RETURN_IF_ERROR(state_->FindOwn(by, user.default_item));
    CQD_ASSIGN_OR_RETURN(const std::int64_t gone,
                         state_->store.Delete(user.default_item, by, true, state_->clock.Now()));
    CQD_CHECK(gone > 0);
    CQD_ASSIGN_OR_RETURN(user.default_item, state_->CopySystemSet(by));
    CQD_RETURN_IF_ERROR(state_->PurgeDeleted(by));
    return user;
  };
  return state_->Change(reset, [&](const Result<User>& user) { state_->Note(*user); });
}

Result<std::vector<Deletion>> Repository::ListDeletions(UserId by) const {
  return state_->Read([&] { return state_->store.Deletions(by); });
}

Result<Item> Repository::Undelete(UserId by, ItemId item) {
  std::optional<User> changed;  // the user, when the default item is another one
  const auto undelete = [&]() -> Result<Item> {
    CQD_ASSIGN_OR_RETURN(const std::vector<Deletion> deletions, state_->store.Deletions(by));
    const auto found = std::find_if(deletions.begin(), deletions.end(),
                                    [&](const Deletion& one) { return one.item == item; });
    if (found == deletions.end()) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("you have no deleted item {}, or it is no longer kept", item.value),
                  {}, "itemId");
    }
    CQD_ASSIGN_OR_RETURN(const StoredItem row, state_->store.FindAlsoDeleted(item));
    CQD_ASSIGN_OR_RETURN(User user, state_->FindUser(by));
    if (found->by_reset) {
      CQD_ASSIGN_OR_RETURN(const std::int64_t gone,
                           state_->store.Delete(user.default_item, by, true, state_->clock.Now()));
      CQD_CHECK(gone > 0);
    }
    CQD_RETURN_IF_ERROR(state_->store.Undelete(item));
    if (found->by_reset) {
      CQD_RETURN_IF_ERROR(state_->store.SetDefaultItem(by, item));
      user.default_item = item;
      changed = user;
      return state_->Whole(item);
    }
    const bool parent_lives = row.parent && state_->store.Find(*row.parent).ok();
    const ItemId parent = parent_lives ? *row.parent : user.default_item;
    CQD_ASSIGN_OR_RETURN(const std::int64_t levels, state_->store.Levels(item));
    // Its items count already, and below its old parent the item itself, too.
    CQD_RETURN_IF_ERROR(
        state_->CheckRoom(by, parent, 0, static_cast<std::size_t>(levels), parent_lives ? 0 : 1));
    CQD_RETURN_IF_ERROR(state_->PutInOrder(item, {parent, std::nullopt}));
    return state_->Whole(item);
  };
  return state_->Change(undelete, [&](const Result<Item>&) {
    if (changed) state_->Note(*changed);
  });
}

// --- Templates ---------------------------------------------------------------------------------

Result<std::string> Repository::Export(ItemId item) const {
  return state_->Read([&]() -> Result<std::string> {
    CQD_RETURN_IF_ERROR(state_->store.Find(item));
    CQD_ASSIGN_OR_RETURN(const std::vector<StoredItem> rows, state_->store.Subtree(item));
    std::vector<TemplateItem> items;
    std::unordered_map<ItemId, std::size_t> index;
    for (const StoredItem& row : rows) {
      const std::size_t parent = items.empty() ? 0 : index.at(*row.parent);
      index[row.id] = items.size();
      items.push_back(
          {.id = row.id.value, .parent = parent, .content = row.content, .type = row.type});
    }
    return WriteTemplate(items);
  });
}

namespace {

Status CheckContents(const TemplateTree& tree) {
  for (const TemplateItem& item : tree.items) {
    const Status fit = CheckNewItem({item.content, item.type});
    if (fit.ok()) continue;
    Error error = fit.error();
    error.message = fmt::format("item {}: {}", item.id, error.message);
    error.field = "Items";
    return error;
  }
  return OkStatus();
}

/// Number of levels and of topmost items of a template, with or without its root.
struct Shape {
  std::size_t levels = 0, tops = 0;
};
Shape ShapeOf(const TemplateTree& tree, bool without_root) {
  Shape shape;
  std::vector<std::size_t> level(tree.items.size(), 1);
  for (std::size_t i = 0; i < tree.items.size(); ++i) {
    if (i > 0) level[i] = level[tree.items[i].parent] + 1;
    shape.levels = std::max(shape.levels, level[i] - (without_root ? 1 : 0));
    if (without_root ? (i > 0 && tree.items[i].parent == 0) : i == 0) ++shape.tops;
  }
  return shape;
}

}  // namespace

Result<Imported> Repository::Import(UserId by, ItemId parent, std::string_view text) {
  CQD_ASSIGN_OR_RETURN(const TemplateTree tree, ReadTemplate(text));
  CQD_RETURN_IF_ERROR(CheckContents(tree));
  return state_->Change([&]() -> Result<Imported> {
    CQD_ASSIGN_OR_RETURN(const StoredItem under, state_->FindOwn(by, parent));
    const bool into_report = IsReport(under.content);
    const bool root_is_report = IsReport(tree.items.front().content);
    CQD_ASSIGN_OR_RETURN(const std::vector<ItemId> children, state_->store.ChildIds(parent));
    if (into_report && (root_is_report || !children.empty())) {
      return Fail(ErrorCode::kFailedPrecondition,
                  "a report has one report set below it at most; import into a report set", {},
                  "itemId");
    }
    const bool without_root = !into_report && !root_is_report;
    const Shape shape = ShapeOf(tree, without_root);
    const std::size_t first = without_root ? 1 : 0;
    CQD_RETURN_IF_ERROR(
        state_->CheckRoom(by, parent, tree.items.size() - first, shape.levels, shape.tops));
    Imported imported{.item_count = static_cast<std::int64_t>(tree.items.size() - first),
                      .unreachable = tree.unreachable};
    std::vector<ItemId> order = children;
    std::vector<ItemId> ids(tree.items.size());
    for (std::size_t i = first; i < tree.items.size(); ++i) {
      const TemplateItem& item = tree.items[i];
      const bool top = i == 0 || (without_root && item.parent == 0);
      CQD_ASSIGN_OR_RETURN(ids[i], state_->store.Insert({by, top ? parent : ids[item.parent],
                                                         static_cast<std::int64_t>(i), item.type,
                                                         item.content, "imported"},
                                                        state_->clock.Now()));
      if (top) imported.items.push_back(ids[i]);
    }
    order.insert(order.end(), imported.items.begin(), imported.items.end());
    CQD_RETURN_IF_ERROR(state_->PutAll(order, parent));
    return imported;
  });
}

}  // namespace cqd::repository
