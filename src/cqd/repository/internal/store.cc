#include "repository/internal/store.h"

#include <fmt/format.h>

#include "repository/internal/schema.h"

namespace cqd::repository {
namespace {

using sqlite::Statement;

constexpr std::string_view kItemColumns =
    "item_id, user_id, parent_id, position, type, content, title, version, children_version, "
    "changed_at, action, deletion";

std::optional<ItemId> IdAt(const Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return ItemId(row.Int(column));
}

StoredItem ReadItem(const Statement& row) {
  return {.id = ItemId(row.Int(0)),
          .owner = UserId(row.Int(1)),
          .parent = IdAt(row, 2),
          .position = row.Int(3),
          .type = std::string(row.Text(4)),
          .content = std::string(row.Text(5)),
          .title = std::string(row.Text(6)),
          .version = {row.Int(7), row.Int(8)},
          .changed_at = FromMicros(row.Int(9)),
          .action = std::string(row.Text(10)),
          .deletion = IdAt(row, 11)};
}

/// Every row of a statement, as `read` makes it.
template <typename Read>
auto ReadAll(Statement& statement, Read read)
    -> Result<std::vector<decltype(read(std::declval<const Statement&>()))>> {
  std::vector<decltype(read(std::declval<const Statement&>()))> rows;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return rows;
    rows.push_back(read(statement));
  }
}

Error NoSuchItem(ItemId item) {
  return Fail(ErrorCode::kNotFound, fmt::format("there is no item {}", item.value), {}, "itemId");
}

}  // namespace

Result<Store> Store::Open(const std::string& path) {
  CQD_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(path));
  CQD_RETURN_IF_ERROR(sqlite::Migrate(database, kMigrations, "repository.sqlite"));
  return Store(std::move(database));
}

// --- Users -------------------------------------------------------------------------------------

Result<std::vector<User>> Store::Users() {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare("SELECT user_id, login_name, default_item_id FROM user ORDER BY user_id"));
  return ReadAll(statement, [](const Statement& row) {
    return User{UserId(row.Int(0)), std::string(row.Text(1)), ItemId(row.Int(2))};
  });
}

Result<UserId> Store::InsertUser(std::string_view login_name, UtcTime now) {
  CQD_ASSIGN_OR_RETURN(Statement statement,
                       database_.Prepare("INSERT INTO user(user_id, login_name, created_at) VALUES("
                                         "(SELECT max(user_id) + 1 FROM user), ?, ?)"));
  CQD_RETURN_IF_ERROR(statement.BindText(1, login_name).BindInt(2, ToMicros(now)).Run());
  return UserId(database_.last_insert_rowid());
}

Status Store::InsertSystemUser(UtcTime now) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare(
          "INSERT OR IGNORE INTO user(user_id, login_name, created_at) VALUES(?, ?, ?)"));
  return statement.BindInt(1, kSystemUser.value)
      .BindText(2, kSystemLogin)
      .BindInt(3, ToMicros(now))
      .Run();
}

Status Store::SetDefaultItem(UserId user, ItemId item) {
  CQD_ASSIGN_OR_RETURN(Statement statement,
                       database_.Prepare("UPDATE user SET default_item_id=? WHERE user_id=?"));
  return statement.BindInt(1, item.value).BindInt(2, user.value).Run();
}

// --- Settings ----------------------------------------------------------------------------------

Result<std::vector<Setting>> Store::Settings(UserId user) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare("SELECT key, value FROM setting WHERE user_id=? ORDER BY key"));
  statement.BindInt(1, user.value);
  return ReadAll(statement, [user](const Statement& row) {
    return Setting{user, std::string(row.Text(0)), std::string(row.Text(1))};
  });
}

Status Store::PutSetting(UserId user, std::string_view key, std::string_view value) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare("INSERT INTO setting(user_id, key, value) VALUES(?, ?, ?) "
                        "ON CONFLICT(user_id, key) DO UPDATE SET value=excluded.value"));
  return statement.BindInt(1, user.value).BindText(2, key).BindText(3, value).Run();
}

Result<bool> Store::DeleteSetting(UserId user, std::string_view key) {
  CQD_ASSIGN_OR_RETURN(Statement statement,
                       database_.Prepare("DELETE FROM setting WHERE user_id=? AND key=?"));
  CQD_RETURN_IF_ERROR(statement.BindInt(1, user.value).BindText(2, key).Run());
  return database_.changes() > 0;
}

// --- Items -------------------------------------------------------------------------------------

Result<StoredItem> Store::FindRow(ItemId item) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare(fmt::format("SELECT {} FROM item WHERE item_id=?", kItemColumns)));
  statement.BindInt(1, item.value);
  CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return NoSuchItem(item);
  return ReadItem(statement);
}

Result<StoredItem> Store::Find(ItemId item) {
  CQD_ASSIGN_OR_RETURN(StoredItem found, FindRow(item));
  if (found.deletion) return NoSuchItem(item);
  return found;
}

Result<StoredItem> Store::FindAlsoDeleted(ItemId item) {
  return FindRow(item);
}

Status Store::ForEach(const std::function<void(const ItemRow&)>& each) {
  CQD_ASSIGN_OR_RETURN(Statement statement,
                       database_.Prepare("SELECT item_id, user_id, type FROM item WHERE deletion "
                                         "IS NULL ORDER BY item_id"));
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return OkStatus();
    each({ItemId(statement.Int(0)), UserId(statement.Int(1)), std::string(statement.Text(2))});
  }
}

Result<std::vector<ItemRow>> Store::Children(ItemId parent) {
  CQD_ASSIGN_OR_RETURN(Statement statement,
                       database_.Prepare("SELECT item_id, user_id, type FROM item WHERE "
                                         "parent_id=? AND deletion IS NULL ORDER BY position"));
  statement.BindInt(1, parent.value);
  return ReadAll(statement, [](const Statement& row) {
    return ItemRow{ItemId(row.Int(0)), UserId(row.Int(1)), std::string(row.Text(2))};
  });
}

Result<std::vector<ItemId>> Store::ChildIds(ItemId parent) {
  CQD_ASSIGN_OR_RETURN(const std::vector<ItemRow> children, Children(parent));
  std::vector<ItemId> ids;
  ids.reserve(children.size());
  for (const ItemRow& child : children) ids.push_back(child.id);
  return ids;
}

Result<std::vector<StoredItem>> Store::Subtree(ItemId item) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare(fmt::format(
          "WITH RECURSIVE tree(id, level) AS (SELECT ?1, 0 UNION ALL SELECT item.item_id, level + "
          "1 FROM item JOIN tree ON item.parent_id=tree.id WHERE deletion IS NULL AND level < {}) "
          "SELECT {} FROM tree JOIN item ON item_id=id ORDER BY level, parent_id, position",
          kLevelsMax, kItemColumns)));
  statement.BindInt(1, item.value);
  return ReadAll(statement, ReadItem);
}

Result<std::int64_t> Store::Levels(ItemId item) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare(fmt::format(
          "WITH RECURSIVE tree(id, level) AS (SELECT ?1, 1 UNION ALL SELECT item.item_id, level + "
          "1 FROM item JOIN tree ON item.parent_id=tree.id WHERE deletion IS NULL AND level <= {}) "
          "SELECT max(level) FROM tree",
          kLevelsMax)));
  statement.BindInt(1, item.value);
  CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? statement.Int(0) : 1;
}

Result<std::vector<StoredItem>> Store::Ancestors(ItemId item) {
  CQD_ASSIGN_OR_RETURN(StoredItem at, Find(item));
  std::vector<StoredItem> ancestors;
  // A damaged file could have a circle; the bound ends it.
  while (at.parent && ancestors.size() < 2 * kLevelsMax) {
    CQD_ASSIGN_OR_RETURN(at, Find(*at.parent));
    ancestors.push_back(at);
  }
  return ancestors;
}

Result<std::int64_t> Store::CountItems(UserId user) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare("SELECT count(*) FROM item WHERE user_id=? AND deletion IS NULL"));
  statement.BindInt(1, user.value);
  CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? statement.Int(0) : 0;
}

Result<ItemId> Store::Insert(const InsertedItem& item, UtcTime now) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare("INSERT INTO item(user_id, parent_id, position, type, content, title, "
                        "changed_at, action) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"));
  const std::string title = TitleOf(item.content);
  statement.BindInt(1, item.owner.value).BindInt(3, item.position).BindText(4, item.type);
  if (item.parent) statement.BindInt(2, item.parent->value);
  statement.BindText(5, item.content).BindText(6, title).BindInt(7, ToMicros(now));
  CQD_RETURN_IF_ERROR(statement.BindText(8, item.action).Run());
  return ItemId(database_.last_insert_rowid());
}

Status Store::Rewrite(const StoredItem& item, const NewItem& content, std::string_view action,
                      UtcTime now) {
  CQD_ASSIGN_OR_RETURN(
      Statement keep,
      database_.Prepare("INSERT INTO revision(item_id, version, at, action, type, title, content) "
                        "SELECT item_id, version, changed_at, action, type, title, content FROM "
                        "item WHERE item_id=?"));
  CQD_RETURN_IF_ERROR(keep.BindInt(1, item.id.value).Run());
  CQD_ASSIGN_OR_RETURN(
      Statement rewrite,
      database_.Prepare("UPDATE item SET type=?, content=?, title=?, version=version+1, "
                        "changed_at=?, action=? WHERE item_id=?"));
  const std::string title = TitleOf(content.content);
  rewrite.BindText(1, content.type).BindText(2, content.content).BindText(3, title);
  rewrite.BindInt(4, ToMicros(now)).BindText(5, action).BindInt(6, item.id.value);
  CQD_RETURN_IF_ERROR(rewrite.Run());
  return PruneRevisions(item.id);
}

Status Store::PruneRevisions(ItemId item) {
  CQD_ASSIGN_OR_RETURN(
      Statement prune,
      database_.Prepare(
          "DELETE FROM revision WHERE item_id=?1 AND version IN (SELECT version FROM (SELECT "
          "version, row_number() OVER newest_first AS count, sum(length(CAST(content AS BLOB))) "
          "OVER newest_first AS bytes FROM revision WHERE item_id=?1 WINDOW newest_first AS (ORDER "
          "BY version DESC)) WHERE count > ?2 OR bytes > ?3)"));
  return prune.BindInt(1, item.value)
      .BindInt(2, static_cast<std::int64_t>(kRevisionsMax))
      .BindInt(3, static_cast<std::int64_t>(kRevisionBytesMax))
      .Run();
}

Status Store::Arrange(const std::vector<ItemId>& order, ItemId parent) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare("UPDATE item SET parent_id=?1, position=?2 WHERE item_id=?3 AND "
                        "(parent_id IS NOT ?1 OR position<>?2)"));
  for (std::size_t i = 0; i < order.size(); ++i) {
    CQD_RETURN_IF_ERROR(statement.BindInt(1, parent.value)
                            .BindInt(2, static_cast<std::int64_t>(i))
                            .BindInt(3, order[i].value)
                            .Run());
  }
  return OkStatus();
}

Status Store::TouchChildren(ItemId parent) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare("UPDATE item SET children_version=children_version+1 WHERE item_id=?"));
  return statement.BindInt(1, parent.value).Run();
}

// --- Revisions and deletions -------------------------------------------------------------------

Result<std::vector<Revision>> Store::Revisions(ItemId item, bool with_contents) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare(fmt::format(
          "SELECT version, at, action, type, title, {0}, 0 FROM revision WHERE item_id=?1 UNION "
          "ALL SELECT version, changed_at, action, type, title, {0}, 1 FROM item WHERE item_id=?1 "
          "ORDER BY 1 DESC",
          with_contents ? "content" : "''")));
  statement.BindInt(1, item.value);
  return ReadAll(statement, [](const Statement& row) {
    return Revision{.version = row.Int(0),
                    .at = FromMicros(row.Int(1)),
                    .action = std::string(row.Text(2)),
                    .type = std::string(row.Text(3)),
                    .title = std::string(row.Text(4)),
                    .content = std::string(row.Text(5)),
                    .current = row.Int(6) != 0};
  });
}

Result<std::int64_t> Store::Delete(ItemId item, UserId user, bool by_reset, UtcTime now) {
  CQD_ASSIGN_OR_RETURN(
      Statement mark,
      database_.Prepare(
          "WITH RECURSIVE tree(id) AS (SELECT ?1 UNION ALL SELECT item.item_id FROM item JOIN tree "
          "ON item.parent_id=tree.id WHERE deletion IS NULL) UPDATE item SET deletion=?1 WHERE "
          "item_id IN (SELECT id FROM tree)"));
  CQD_RETURN_IF_ERROR(mark.BindInt(1, item.value).Run());
  const std::int64_t items = database_.changes();
  CQD_ASSIGN_OR_RETURN(
      Statement note,
      database_.Prepare("INSERT INTO deletion(item_id, user_id, at, items, by_reset) "
                        "VALUES(?, ?, ?, ?, ?)"));
  note.BindInt(1, item.value).BindInt(2, user.value).BindInt(3, ToMicros(now));
  CQD_RETURN_IF_ERROR(note.BindInt(4, items).BindInt(5, by_reset ? 1 : 0).Run());
  return items;
}

Result<std::vector<Deletion>> Store::Deletions(UserId user) {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare("SELECT deletion.item_id, at, title, items, by_reset FROM deletion JOIN "
                        "item USING(item_id) WHERE deletion.user_id=? ORDER BY at DESC, 1 DESC"));
  statement.BindInt(1, user.value);
  return ReadAll(statement, [](const Statement& row) {
    return Deletion{.item = ItemId(row.Int(0)),
                    .at = FromMicros(row.Int(1)),
                    .title = std::string(row.Text(2)),
                    .items = row.Int(3),
                    .by_reset = row.Int(4) != 0};
  });
}

Status Store::Undelete(ItemId item) {
  CQD_ASSIGN_OR_RETURN(Statement mark,
                       database_.Prepare("UPDATE item SET deletion=NULL WHERE deletion=?"));
  CQD_RETURN_IF_ERROR(mark.BindInt(1, item.value).Run());
  CQD_ASSIGN_OR_RETURN(Statement forget, database_.Prepare("DELETE FROM deletion WHERE item_id=?"));
  return forget.BindInt(1, item.value).Run();
}

Status Store::Purge(UserId user, UtcTime before, std::int64_t items_max) {
  CQD_ASSIGN_OR_RETURN(const std::vector<Deletion> deletions, Deletions(user));
  CQD_ASSIGN_OR_RETURN(Statement items, database_.Prepare("DELETE FROM item WHERE deletion=?"));
  CQD_ASSIGN_OR_RETURN(Statement note, database_.Prepare("DELETE FROM deletion WHERE item_id=?"));
  std::int64_t kept = 0;
  for (const Deletion& deletion : deletions) {
    kept += deletion.items;
    // The newest one always stays: what was just deleted can be had back.
    if (deletion.at >= before && (kept <= items_max || kept == deletion.items)) continue;
    CQD_RETURN_IF_ERROR(items.BindInt(1, deletion.item.value).Run());
    CQD_RETURN_IF_ERROR(note.BindInt(1, deletion.item.value).Run());
  }
  return OkStatus();
}

// --- The system set ----------------------------------------------------------------------------

Result<std::vector<std::pair<std::string, ItemId>>> Store::SystemKeys() {
  CQD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.Prepare("SELECT system_key, item_id FROM item WHERE system_key IS NOT NULL"));
  return ReadAll(statement, [](const Statement& row) {
    return std::pair(std::string(row.Text(0)), ItemId(row.Int(1)));
  });
}

Status Store::SetSystemKey(ItemId item, std::optional<std::string_view> key) {
  CQD_ASSIGN_OR_RETURN(Statement statement,
                       database_.Prepare("UPDATE item SET system_key=? WHERE item_id=?"));
  if (key) statement.BindText(1, *key);
  return statement.BindInt(2, item.value).Run();
}

}  // namespace cqd::repository
