// Promises: order, place, copies and deletions of whole trees are as asked for, all or nothing;
// what was deleted can be had back for ninety days; a template comes back as it went.
#include <map>
#include <random>

#include "base/text.h"
#include "repository/internal/test_repository.h"
#include "repository/system_set.h"

namespace cqd::repository {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class TreesTest : public RepositoryTest {
 protected:
  TreesTest() {
    user_ = Enter("mira");
    set_ = Add(user_, user_.default_item, Set("set"));
    a_ = Add(user_, set_, Report("a"));
    b_ = Add(user_, set_, Report("b"));
    c_ = Add(user_, set_, Report("c"));
    below_a_ = Add(user_, a_, Set("below a"));
    leaf_ = Add(user_, below_a_, Report("leaf"));
  }
  std::vector<ItemId> Children(ItemId item) { return Get(item).children; }

  User user_;
  ItemId set_, a_, b_, c_, below_a_, leaf_;
  const Precondition any_;
};

TEST_F(TreesTest, AncestorsGoFromTheParentUp) {
  const auto above = *repository_->ListAncestors(leaf_);
  ASSERT_THAT(above, SizeIs(4));
  EXPECT_EQ(above[0].id, below_a_);
  EXPECT_EQ(above[0].distance, 0);
  EXPECT_EQ(above[0].title, "below a");
  EXPECT_EQ(above[3].id, user_.default_item);
  EXPECT_EQ(above[3].distance, 3);
  EXPECT_EQ(above[3].title, "All Audio Streams");
  EXPECT_THAT(*repository_->ListAncestors(user_.default_item), IsEmpty());
}

TEST_F(TreesTest, PlacesAreCountedFromZero) {
  const ItemId first = repository_->Create(user_.id, {set_, 0}, Json("{}"))->id;
  const ItemId third = repository_->Create(user_.id, {set_, 2}, Json("{}"))->id;
  const ItemId last = repository_->Create(user_.id, {set_, 99}, Json("{}"))->id;
  EXPECT_THAT(Children(set_), ElementsAre(first, a_, third, b_, c_, last));
}

TEST_F(TreesTest, Reorder) {
  const ItemVersion seen = Get(set_).version;
  const ItemVersion now = *repository_->Reorder(user_.id, set_, {c_, a_, b_}, If(seen));
  EXPECT_THAT(Children(set_), ElementsAre(c_, a_, b_));
  EXPECT_FALSE(now == seen);
  EXPECT_EQ(FieldOf(repository_->Reorder(user_.id, set_, {a_, b_, c_}, If(seen))), "If-Match");
  for (const std::vector<ItemId>& wrong :
       {std::vector<ItemId>{a_, b_}, {a_, a_, b_}, {a_, b_, leaf_}, {a_, b_, c_, kNoItem}}) {
    const auto refused = repository_->Reorder(user_.id, set_, wrong, any_);
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
    EXPECT_EQ(FieldOf(refused), "subItemIds");
  }
  EXPECT_THAT(Children(set_), ElementsAre(c_, a_, b_));
}

TEST_F(TreesTest, Move) {
  ASSERT_TRUE(repository_->Move(user_.id, c_, {below_a_, 0}, any_).ok());
  EXPECT_THAT(Children(below_a_), ElementsAre(c_, leaf_));
  EXPECT_THAT(Children(set_), ElementsAre(a_, b_));
  ASSERT_TRUE(repository_->Move(user_.id, b_, {set_, 0}, any_).ok());
  EXPECT_THAT(Children(set_), ElementsAre(b_, a_));
  for (const ItemId below : {a_, below_a_, leaf_}) {
    EXPECT_EQ(repository_->Move(user_.id, a_, {below, 0}, any_).error().code,
              ErrorCode::kFailedPrecondition);
  }
  EXPECT_EQ(repository_->Move(user_.id, user_.default_item, {set_, 0}, any_).error().code,
            ErrorCode::kFailedPrecondition);
  EXPECT_EQ(repository_->Move(user_.id, a_, {kNoItem, 0}, any_).error().code, ErrorCode::kNotFound);
}

TEST_F(TreesTest, CloneCopiesEverythingBelowBehindTheOriginal) {
  const Item copy = *repository_->Clone(user_.id, a_, std::nullopt, true);
  EXPECT_THAT(Children(set_), ElementsAre(a_, copy.id, b_, c_));
  EXPECT_EQ(Contents(copy.id), Contents(a_));
  EXPECT_NE(Children(copy.id), Children(a_));
  const Item flat = *repository_->Clone(user_.id, a_, Place{b_, 0}, false);
  EXPECT_THAT(flat.children, IsEmpty());
  EXPECT_EQ(flat.content, Report("a"));
  const Item inside = *repository_->Clone(user_.id, set_, Place{leaf_, std::nullopt}, true);
  EXPECT_EQ(Contents(inside.id).size(), 10U) << "a copy below itself is of what was there before";
}

TEST_F(TreesTest, AnybodysItemIsClonedIntoTheOwnTree) {
  const User noah = Enter("noah");
  const Item copy = *repository_->Clone(noah.id, set_, std::nullopt, true);
  EXPECT_EQ(copy.owner, noah.id);
  EXPECT_EQ(Children(noah.default_item).back(), copy.id);
  EXPECT_EQ(Contents(copy.id), Contents(set_));
  ASSERT_TRUE(repository_->Update(noah.id, copy.id, Json("{}"), any_).ok());
  EXPECT_EQ(Get(set_).content, Set("set"));
}

TEST_F(TreesTest, DeleteAndUndelete) {
  const std::vector<std::string> before = Contents(set_);
  ASSERT_TRUE(repository_->Delete(user_.id, a_, any_).ok());
  for (const ItemId gone : {a_, below_a_, leaf_}) EXPECT_FALSE(IsThere(gone));
  EXPECT_THAT(Children(set_), ElementsAre(b_, c_));
  EXPECT_EQ(repository_->Delete(user_.id, a_, any_).error().code, ErrorCode::kNotFound);
  const auto deletions = *repository_->ListDeletions(user_.id);
  ASSERT_THAT(deletions, SizeIs(1));
  EXPECT_EQ(deletions[0].item, a_);
  EXPECT_EQ(deletions[0].items, 3);
  EXPECT_EQ(deletions[0].title, "a");
  EXPECT_EQ(repository_->Undelete(user_.id, leaf_).error().code, ErrorCode::kNotFound)
      << "it went with another one";
  EXPECT_EQ(repository_->Undelete(Enter("noah").id, a_).error().code, ErrorCode::kNotFound);
  Reopen();
  ASSERT_TRUE(repository_->Undelete(user_.id, a_).ok());
  EXPECT_THAT(Children(set_), ElementsAre(b_, c_, a_));
  EXPECT_EQ(Get(leaf_).content, Report("leaf"));
  EXPECT_THAT(*repository_->ListDeletions(user_.id), IsEmpty());
}

TEST_F(TreesTest, UndeleteWithoutItsParentGoesBelowTheDefaultItem) {
  ASSERT_TRUE(repository_->Delete(user_.id, below_a_, any_).ok());
  ASSERT_TRUE(repository_->Delete(user_.id, set_, any_).ok());
  ASSERT_TRUE(repository_->Undelete(user_.id, below_a_).ok());
  EXPECT_EQ(Children(user_.default_item).back(), below_a_);
  ASSERT_TRUE(repository_->Undelete(user_.id, set_).ok());
  EXPECT_THAT(Children(a_), IsEmpty());
}

TEST_F(TreesTest, DeletedItemsAreForgottenAfterNinetyDays) {
  ASSERT_TRUE(repository_->Delete(user_.id, a_, any_).ok());
  clock_.Advance(kDeletedKept - std::chrono::hours(1));
  ASSERT_TRUE(repository_->Delete(user_.id, b_, any_).ok());
  EXPECT_THAT(*repository_->ListDeletions(user_.id), SizeIs(2));
  clock_.Advance(std::chrono::hours(2));
  ASSERT_TRUE(repository_->Delete(user_.id, c_, any_).ok());
  EXPECT_THAT(*repository_->ListDeletions(user_.id), SizeIs(2));
  EXPECT_EQ(repository_->Undelete(user_.id, a_).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(repository_->Undelete(user_.id, b_).ok());
}

TEST_F(TreesTest, TheDefaultItemStays) {
  EXPECT_EQ(repository_->Delete(user_.id, user_.default_item, any_).error().code,
            ErrorCode::kFailedPrecondition);
}

TEST_F(TreesTest, ResetGivesTheSystemSetAndCanBeTakenBack) {
  const std::vector<std::string> before = Contents(user_.default_item);
  const User fresh = *repository_->Reset(user_.id);
  EXPECT_NE(fresh.default_item, user_.default_item);
  EXPECT_EQ(Enter("mira").default_item, fresh.default_item);
  EXPECT_FALSE(IsThere(set_));
  EXPECT_EQ(Contents(fresh.default_item),
            Contents(repository_->GetUser(kSystemUser)->default_item));
  const ItemId added = Add(fresh, fresh.default_item, Set("after the reset"));

  EXPECT_EQ(repository_->Undelete(user_.id, user_.default_item)->id, user_.default_item);
  EXPECT_EQ(Enter("mira").default_item, user_.default_item);
  EXPECT_EQ(Contents(user_.default_item), before);
  EXPECT_FALSE(IsThere(added));
  Reopen();
  EXPECT_EQ(Enter("mira").default_item, user_.default_item);
  EXPECT_TRUE(repository_->Undelete(user_.id, fresh.default_item).ok()) << "and back again";
  EXPECT_TRUE(IsThere(added));
}

TEST_F(TreesTest, ATemplateComesBackAsItWent) {
  ASSERT_TRUE(repository_->Create(user_.id, {leaf_, 0}, {"no JSON", "text/plain"}).ok());
  const std::string exported = *repository_->Export(a_);
  const Imported imported = *repository_->Import(user_.id, set_, exported);
  ASSERT_THAT(imported.items, SizeIs(1));
  EXPECT_EQ(imported.item_count, 4);
  EXPECT_EQ(Children(set_).back(), imported.items[0]);
  EXPECT_EQ(Contents(imported.items[0]), Contents(a_));
  EXPECT_EQ(Get(imported.items[0]).type, kJsonType);
  EXPECT_EQ(*repository_->Export(Children(set_)[0]), exported) << "the same each time";
}

TEST_F(TreesTest, ASetsTemplateInASetAddsItsReports) {
  const User noah = Enter("noah");
  const ItemId empty = Add(noah, noah.default_item, Set("empty"));
  const Imported imported = *repository_->Import(noah.id, empty, *repository_->Export(set_));
  EXPECT_EQ(imported.items, Children(empty));
  EXPECT_EQ(imported.item_count, 5);
  std::vector<std::string> wanted = Contents(set_);
  wanted.front() = Set("empty");
  EXPECT_EQ(Contents(empty), wanted);
}

TEST_F(TreesTest, AReportTakesOneSetAndNoReport) {
  const std::string report = *repository_->Export(b_), set = *repository_->Export(below_a_);
  EXPECT_EQ(repository_->Import(user_.id, c_, report).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_TRUE(repository_->Import(user_.id, c_, set).ok());
  EXPECT_EQ(repository_->Import(user_.id, c_, set).error().code, ErrorCode::kFailedPrecondition);
}

// Promise: any sequence of calls leaves trees: every living item has one living parent and leads to
// its owner's default item, children lists and ancestors agree, nobody's clone changes another's.
TEST_F(RepositoryTest, AnySequenceOfCallsLeavesTrees) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<User> users = {Enter("a"), Enter("b")};
  std::vector<ItemId> seen = {users[0].default_item, users[1].default_item};
  const auto pick = [&] { return seen[random() % seen.size()]; };
  for (int i = 0; i < 300; ++i) {
    const UserId by = users[random() % 2].id;
    const Place place{pick(), random() % 4};
    switch (random() % 7) {
      case 0:
      case 1:
        if (auto made = repository_->Create(by, place, Json(Set(std::to_string(i)))); made.ok())
          seen.push_back(made->id);
        break;
      case 2:
        if (auto made = repository_->Clone(by, pick(), place, random() % 2 == 0); made.ok())
          seen.push_back(made->id);
        break;
      case 3:
        (void)repository_->Move(by, pick(), place, {}).ok();
        break;
      case 4:
        (void)repository_->Delete(by, pick(), {}).ok();
        break;
      case 5:
        (void)repository_->Undelete(by, pick()).ok();
        break;
      default:
        if (random() % 8 == 0) seen.push_back(repository_->Reset(by)->default_item);
    }
  }
  std::map<ItemId, UserId> owners;
  ASSERT_TRUE(
      repository_->ForEachItem([&](const ItemRow& row) { owners[row.id] = row.owner; }).ok());
  const auto all_users = *repository_->ListUsers();
  std::size_t reached = 0;
  for (const User& user : all_users) {
    std::vector<ItemId> todo{user.default_item};
    for (std::size_t i = 0; i < todo.size(); ++i) {
      ASSERT_EQ(owners.count(todo[i]), 1U) << todo[i].value;
      EXPECT_EQ(owners[todo[i]], user.id);
      for (const ItemId child : Get(todo[i]).children) {
        EXPECT_EQ(repository_->ListAncestors(child)->front().id, todo[i]);
        todo.push_back(child);
      }
    }
    reached += todo.size();
  }
  EXPECT_EQ(reached, owners.size()) << "everything a user owns is reachable";
}

}  // namespace
}  // namespace cqd::repository
