// Promises: everybody begins with a clone of the system set and owns it alone; what was
// acknowledged is there after a restart; a write on an old state is refused; older contents can be
// had back; files of version 1 keep everything.
#include "repository/repository.h"

#include <algorithm>
#include <thread>

#include "repository/internal/schema.h"
#include "repository/internal/test_repository.h"
#include "repository/system_set.h"

namespace cqd::repository {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(RepositoryTest, FirstContactMakesAUserWithACloneOfTheSystemSet) {
  const User mira = Enter("CONTOSO\\mira");
  const User again = Enter("CONTOSO\\mira");
  EXPECT_EQ(again.id, mira.id);
  EXPECT_EQ(again.default_item, mira.default_item);
  const User system = *repository_->GetUser(kSystemUser);
  EXPECT_EQ(system.login_name, "system");
  EXPECT_NE(mira.default_item, system.default_item);
  EXPECT_EQ(Contents(mira.default_item), Contents(system.default_item));
  EXPECT_EQ(Contents(mira.default_item).size(), SystemItems().size());
  const auto users = *repository_->ListUsers();
  ASSERT_EQ(users.size(), 2U);
  EXPECT_EQ(users[0].id, kSystemUser);
  EXPECT_EQ(users[1].login_name, "CONTOSO\\mira");
  std::size_t mine = 0, all = 0;
  ASSERT_TRUE(repository_
                  ->ForEachItem([&](const ItemRow& row) {
                    ++all;
                    if (row.owner == mira.id) ++mine;
                    EXPECT_EQ(row.type, "application/json");
                  })
                  .ok());
  EXPECT_EQ(mine, SystemItems().size());
  EXPECT_EQ(all, 2 * mine);
}

TEST_F(RepositoryTest, TheSystemsNameIsNobodysLogin) {
  for (const char* login : {"system", "System", ""}) {
    EXPECT_EQ(repository_->Enter(login).error().code, ErrorCode::kPermissionDenied);
  }
}

TEST_F(RepositoryTest, ManyAtOnceEnterOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { Enter("all"); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(repository_->ListUsers()->size(), 2U);
}

TEST_F(RepositoryTest, EverythingIsThereAfterARestart) {
  const User user = Enter("mira");
  const std::string odd = "{\"Title\": \"\xC3\xA4 \\u00e4\",  \"x\":[1.50,1e3] }\r\n";
  const ItemId item = Add(user, user.default_item, odd);
  ASSERT_TRUE(repository_->PutSetting(user.id, user.id, "ShowTimeStamps", "true").ok());
  const Item before = Get(item);
  const std::vector<std::string> contents = Contents(user.default_item);
  Reopen();
  EXPECT_EQ(Enter("mira").id, user.id);
  EXPECT_EQ(Get(item).content, odd) << "byte for byte";
  EXPECT_EQ(Get(item).version, before.version);
  EXPECT_EQ(Contents(user.default_item), contents);
  EXPECT_EQ(repository_->GetSetting(user.id, "ShowTimeStamps", false)->value, "true");
}

TEST_F(RepositoryTest, OnlyTheOwnerWrites) {
  const User mira = Enter("mira"), noah = Enter("noah");
  const ItemId item = Add(mira, mira.default_item, Set("Mine"));
  const ItemId system = repository_->GetUser(kSystemUser)->default_item;
  const Precondition any;
  for (const ItemId other : {item, system}) {
    const auto denied = ErrorCode::kPermissionDenied;
    EXPECT_EQ(repository_->Update(noah.id, other, Json("{}"), any).error().code, denied);
    EXPECT_EQ(repository_->Delete(noah.id, other, any).error().code, denied);
    EXPECT_EQ(repository_->Reorder(noah.id, other, {}, any).error().code, denied);
    EXPECT_EQ(repository_->Move(noah.id, other, {noah.default_item, 0}, any).error().code, denied);
    EXPECT_EQ(repository_->Create(noah.id, {other, 0}, Json("{}")).error().code, denied);
    EXPECT_EQ(repository_->Clone(noah.id, item, Place{other, 0}, true).error().code, denied);
    EXPECT_EQ(repository_->ListRevisions(noah.id, other).error().code, denied);
    EXPECT_EQ(repository_->GetRevision(noah.id, other, 1).error().code, denied);
    EXPECT_EQ(repository_->Restore(noah.id, other, 1, any).error().code, denied);
    EXPECT_EQ(repository_->Import(noah.id, other, *repository_->Export(item)).error().code, denied);
  }
  EXPECT_EQ(repository_->Update(kSystemUser, system, Json("{}"), any).error().code,
            ErrorCode::kPermissionDenied)
      << "nobody is the system";
  EXPECT_EQ(repository_->PutSetting(noah.id, mira.id, "a", "b").error().code,
            ErrorCode::kPermissionDenied);
  EXPECT_EQ(repository_->DeleteSetting(noah.id, kSystemUser, "ShowTimeStamps").error().code,
            ErrorCode::kPermissionDenied);
  EXPECT_EQ(Get(item).content, Set("Mine")) << "reading is for everybody";
}

TEST_F(RepositoryTest, TheUnknownIsNotFound) {
  const User user = Enter("mira");
  const auto missing = ErrorCode::kNotFound;
  EXPECT_EQ(repository_->GetUser(UserId(77)).error().code, missing);
  EXPECT_EQ(repository_->ListSettings(UserId(77), false).error().code, missing);
  EXPECT_EQ(repository_->GetSetting(user.id, "No", true).error().code, missing);
  EXPECT_EQ(repository_->DeleteSetting(user.id, user.id, "No").error().code, missing);
  EXPECT_EQ(repository_->GetItem(kNoItem).error().code, missing);
  EXPECT_EQ(repository_->ListChildren(kNoItem).error().code, missing);
  EXPECT_EQ(repository_->ListAncestors(kNoItem).error().code, missing);
  EXPECT_EQ(repository_->Update(user.id, kNoItem, Json("{}"), {}).error().code, missing);
  EXPECT_EQ(repository_->Export(kNoItem).error().code, missing);
  EXPECT_EQ(repository_->Undelete(user.id, kNoItem).error().code, missing);
  EXPECT_EQ(repository_->GetRevision(user.id, user.default_item, 2).error().code, missing);
}

TEST_F(RepositoryTest, SettingsLieOverTheGlobalOnes) {
  const User user = Enter("mira");
  EXPECT_THAT(*repository_->ListSettings(user.id, false), IsEmpty());
  const auto global = *repository_->ListSettings(kSystemUser, false);
  ASSERT_EQ(global.size(), 2U);
  EXPECT_EQ(global[0].key, "ShowDescriptions");
  EXPECT_EQ(global[1].key, "ShowTimeStamps");
  ASSERT_TRUE(repository_->PutSetting(user.id, user.id, "ShowTimeStamps", "true").ok());
  ASSERT_TRUE(repository_->PutSetting(user.id, user.id, "Mine", "").ok());
  const auto effective = *repository_->ListSettings(user.id, true);
  ASSERT_EQ(effective.size(), 3U);
  EXPECT_EQ(effective[0].key, "Mine");
  EXPECT_EQ(effective[1].user, kSystemUser) << "ShowDescriptions is the system's";
  EXPECT_EQ(effective[2].user, user.id);
  EXPECT_EQ(effective[2].value, "true");
  ASSERT_TRUE(repository_->DeleteSetting(user.id, user.id, "ShowTimeStamps").ok());
  EXPECT_EQ(repository_->GetSetting(user.id, "ShowTimeStamps", true)->value, "false");
  EXPECT_EQ(repository_->GetSetting(user.id, "ShowTimeStamps", false).error().code,
            ErrorCode::kNotFound);
}

TEST_F(RepositoryTest, TwoEditorsDoNotOverwriteEachOther) {
  const User user = Enter("mira");
  const ItemId item = Add(user, user.default_item, Set("A"));
  const ItemVersion seen = Get(item).version;
  const ItemVersion first = *repository_->Update(user.id, item, Json(Set("B")), If(seen));
  EXPECT_FALSE(first == seen);
  const auto second = repository_->Update(user.id, item, Json(Set("C")), If(seen));
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_EQ(FieldOf(second), "If-Match");
  EXPECT_EQ(Get(item).content, Set("B"));
  EXPECT_EQ(repository_->Delete(user.id, item, If(seen)).error().code, ErrorCode::kConflict);
  EXPECT_EQ(*repository_->Update(user.id, item, Json(Set("B")), If(first)), first)
      << "nothing new is no new version";
  Add(user, item, Report("child"));
  EXPECT_FALSE(Get(item).version == first) << "the list of children is part of the item";
}

TEST_F(RepositoryTest, HistoryKeepsAndGivesBack) {
  const User user = Enter("mira");
  const ItemId item = Add(user, user.default_item, Set("one"));
  clock_.Advance(std::chrono::hours(1));
  ASSERT_TRUE(repository_->Update(user.id, item, Json(Set("two")), {}).ok());
  ASSERT_TRUE(repository_->Update(user.id, item, {"plain", "text/plain"}, {}).ok());
  auto history = *repository_->ListRevisions(user.id, item);
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history[0].version, 3);
  EXPECT_TRUE(history[0].current);
  EXPECT_EQ(history[2].action, "created");
  EXPECT_EQ(history[2].title, "one");
  EXPECT_EQ(history[1].at - history[2].at, std::chrono::hours(1));
  EXPECT_EQ(repository_->GetRevision(user.id, item, 1)->content, Set("one"));
  ASSERT_TRUE(repository_->Restore(user.id, item, 1, {}).ok());
  EXPECT_EQ(Get(item).content, Set("one"));
  EXPECT_EQ(Get(item).type, kJsonType);
  history = *repository_->ListRevisions(user.id, item);
  EXPECT_EQ(history[0].action, "restored");
  EXPECT_EQ(history[1].type, "text/plain") << "what stood there is history";
}

TEST_F(RepositoryTest, HistoryForgetsTheOldestFirst) {
  const User user = Enter("mira");
  const ItemId item = Add(user, user.default_item, Set("0"));
  const auto changes = static_cast<int>(kRevisionsMax) + 5;
  for (int i = 1; i <= changes; ++i) {
    ASSERT_TRUE(repository_->Update(user.id, item, Json(Set(std::to_string(i))), {}).ok());
  }
  const auto history = *repository_->ListRevisions(user.id, item);
  ASSERT_EQ(history.size(), kRevisionsMax + 1);
  EXPECT_EQ(history.front().title, std::to_string(changes));
  EXPECT_EQ(history.back().title, "5");
}

TEST_F(RepositoryTest, HistoryHasSoManyBytes) {
  const User user = Enter("mira");
  const ItemId item = Add(user, user.default_item, "{}");
  for (std::size_t i = 0; i < 2 * kRevisionBytesMax / kContentBytesMax; ++i) {
    std::string large(kContentBytesMax, ' ');
    large.back() = static_cast<char>('a' + i);
    ASSERT_TRUE(repository_->Update(user.id, item, {large, "text/plain"}, {}).ok());
  }
  EXPECT_EQ(repository_->ListRevisions(user.id, item)->size(),
            kRevisionBytesMax / kContentBytesMax + 1);
}

TEST_F(RepositoryTest, LimitsNameTheirField) {
  const User user = Enter("mira");
  const auto create = [&](NewItem item) {
    return repository_->Create(user.id, {user.default_item, std::nullopt}, item);
  };
  const std::string large(kContentBytesMax + 1, ' ');
  EXPECT_EQ(create({large, "text/plain"}).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(create({large, "text/plain"})), "content");
  EXPECT_EQ(FieldOf(create({"{}", std::string(kTypeBytesMax + 1, 'x')})), "type");
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  EXPECT_EQ(create(Json(deep)).error().code, ErrorCode::kResourceExhausted);
  for (const std::string& bad : {std::string("{"), std::string(), std::string("{\"a\":1,}"),
                                 std::string("\"\xFF\""), std::string("\"\\ud800\"")}) {
    EXPECT_EQ(create(Json(bad)).error().code, ErrorCode::kInvalidArgument) << bad;
    EXPECT_EQ(FieldOf(create(Json(bad))), "content") << bad;
  }
  EXPECT_EQ(FieldOf(create({std::string("a\0b", 3), "text/plain"})), "content");
  EXPECT_TRUE(create({"not JSON", "text/plain"}).ok()) << "the content is the application's";

  ItemId at = user.default_item;
  for (std::size_t level = 2; level <= kLevelsMax; ++level) at = Add(user, at, "{}");
  const auto deeper = repository_->Create(user.id, {at, std::nullopt}, Json("{}"));
  EXPECT_EQ(deeper.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(deeper), "parentItemId");

  const std::string long_key(kSettingKeyBytesMax + 1, 'k');
  EXPECT_EQ(FieldOf(repository_->PutSetting(user.id, user.id, long_key, "")), "key");
  EXPECT_EQ(FieldOf(repository_->PutSetting(user.id, user.id, "k",
                                            std::string(kSettingValueBytesMax + 1, 'v'))),
            "value");
  for (std::size_t i = 0; i < kSettingsPerUserMax; ++i) {
    ASSERT_TRUE(repository_->PutSetting(user.id, user.id, std::to_string(i), "").ok());
  }
  EXPECT_EQ(repository_->PutSetting(user.id, user.id, "one more", "").error().code,
            ErrorCode::kResourceExhausted);
  EXPECT_TRUE(repository_->PutSetting(user.id, user.id, "0", "changed").ok());
}

TEST_F(RepositoryTest, AnItemHasSoManySubItems) {
  const User user = Enter("mira");
  const ItemId parent = Add(user, user.default_item, Set("wide"));
  for (std::size_t i = 0; i < 10; ++i) Add(user, parent, "{}");
  const std::string text = *repository_->Export(parent);
  // A hundred times ten, and ten of its own: over the limit at the hundredth.
  Status status = OkStatus();
  int imports = 0;
  for (; status.ok(); ++imports) {
    auto imported = repository_->Import(user.id, parent, text);
    if (!imported.ok()) status = imported.error();
  }
  EXPECT_EQ(imports, 100);
  EXPECT_EQ(status.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(status), "subItemIds");
  EXPECT_EQ(Get(parent).children.size(), kChildrenMax) << "nothing of the last import is there";
}

TEST_F(RepositoryTest, TheSystemSetIsBroughtToThisVersionAndKeepsItsIds) {
  const User user = Enter("mira");
  const ItemId root = repository_->GetUser(kSystemUser)->default_item;
  const std::vector<ItemId> children = Get(root).children;
  repository_.reset();
  {
    // As an older version of the program could have left it.
    auto database = *sqlite::Database::Open(folder_.Path("repository.sqlite"));
    ASSERT_TRUE(database
                    .Execute("UPDATE item SET content='{\"Title\":\"old\"}', title='old' WHERE "
                             "system_key='trend'; UPDATE item SET system_key='gone' WHERE "
                             "system_key='server-server'; UPDATE item SET position=9-position "
                             "WHERE system_key IN ('trend','ratings')")
                    .ok());
  }
  Reopen();
  EXPECT_EQ(repository_->GetUser(kSystemUser)->default_item, root);
  EXPECT_EQ(Get(root).children, children);
  const std::vector<std::string> contents = Contents(root);
  EXPECT_EQ(contents.size(), SystemItems().size());
  for (const SystemItem& item : SystemItems()) {
    EXPECT_EQ(std::count(contents.begin(), contents.end(), item.content), 1) << item.key;
  }
  EXPECT_EQ(Contents(user.default_item).size(), SystemItems().size()) << "clones stay as they are";
}

/// A file as the first version of the format had it.
void WriteVersion1(const std::string& path) {
  auto database = *sqlite::Database::Open(path);
  ASSERT_TRUE(sqlite::Migrate(database, std::span(kMigrations).first(1), "test").ok());
  ASSERT_TRUE(database
                  .Execute(R"sql(
INSERT INTO user VALUES(0, 'system', 1, 10), (1, 'mira', 2, 20);
INSERT INTO item(item_id, user_id, parent_id, position, type, content, title, version,
                 children_version, changed_at, system_key) VALUES
  (1, 0, NULL, 0, 'application/json', '{"Title":"old root"}', 'old root', 1, 1, 10, 'all'),
  (2, 1, NULL, 0, 'application/json', '{"Title":"mine"}', 'mine', 4, 2, 30, NULL),
  (3, 1, 2, 1, 'text/plain', 'second', '', 1, 1, 40, NULL),
  (7, 1, 2, 0, 'application/json', '{"Title":"first"}', 'first', 1, 1, 40, NULL);
INSERT INTO setting VALUES(1, 'ShowTimeStamps', 'true');
)sql")
                  .ok());
}

TEST_F(RepositoryTest, AFileOfVersion1KeepsEverything) {
  repository_.reset();
  file::TemporaryFolder folder;
  const std::string path = folder.Path("old.sqlite");
  WriteVersion1(path);
  repository_ = *Repository::Open(path, clock_);
  const User user = Enter("mira");
  EXPECT_EQ(user.id, UserId(1));
  EXPECT_EQ(user.default_item, ItemId(2));
  EXPECT_THAT(Get(ItemId(2)).children, ElementsAre(ItemId(7), ItemId(3)));
  EXPECT_EQ(Get(ItemId(2)).version, (ItemVersion{4, 2}));
  EXPECT_EQ(Get(ItemId(3)).content, "second");
  EXPECT_EQ(repository_->GetSetting(user.id, "ShowTimeStamps", false)->value, "true");
  const auto history = *repository_->ListRevisions(user.id, ItemId(2));
  ASSERT_EQ(history.size(), 1U) << "history begins with the first change";
  EXPECT_EQ(history[0].version, 4);
  ASSERT_TRUE(repository_->Update(user.id, ItemId(2), Json("{}"), {}).ok());
  EXPECT_EQ(repository_->GetRevision(user.id, ItemId(2), 4)->content, R"({"Title":"mine"})");
  EXPECT_EQ(repository_->GetUser(kSystemUser)->default_item, ItemId(1));
  EXPECT_EQ(Contents(ItemId(1)).size(), SystemItems().size());
}

TEST_F(RepositoryTest, AFileOfANewerVersionIsRefused) {
  repository_.reset();
  const std::string path = folder_.Path("repository.sqlite");
  ASSERT_TRUE(sqlite::Database::Open(path)->Execute("PRAGMA user_version=99").ok());
  EXPECT_EQ(Repository::Open(path, clock_).error().code, ErrorCode::kUnimplemented);
}

}  // namespace
}  // namespace cqd::repository
