// A repository in a folder of the test's own, on simulated time.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "file/temporary_folder.h"
#include "repository/repository.h"

namespace cqd::repository {

inline constexpr ItemId kNoItem{999'999};

inline std::string Set(const std::string& title) {
  return R"({"Title":")" + title +
         R"(","Description":"","MaxCalls":"Auto","MaxPercentage":"Auto"})";
}
inline std::string Report(const std::string& title) {
  return R"({"Title":")" + title + R"(","Query":{"Measurements":[]}})";
}
inline NewItem Json(std::string content) {
  return {std::move(content), std::string(kJsonType)};
}
inline Precondition If(ItemVersion version) {
  return {.any = false, .versions = {version}};
}

template <typename T>
std::string FieldOf(const Result<T>& result) {
  return result.ok() ? "(fine)" : result.error().field;
}

class RepositoryTest : public testing::Test {
 protected:
  RepositoryTest() { Reopen(); }
  void Reopen() {
    repository_.reset();
    auto opened = Repository::Open(folder_.Path("repository.sqlite"), clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().ToString();
    repository_ = *std::move(opened);
  }
  User Enter(const std::string& login) {
    auto user = repository_->Enter(login);
    EXPECT_TRUE(user.ok()) << user.error().ToString();
    return *user;
  }
  ItemId Add(const User& user, ItemId parent, const std::string& content) {
    auto item = repository_->Create(user.id, {parent, std::nullopt}, Json(content));
    EXPECT_TRUE(item.ok()) << item.error().ToString();
    return item->id;
  }
  Item Get(ItemId item) {
    auto found = repository_->GetItem(item);
    EXPECT_TRUE(found.ok()) << found.error().ToString();
    return found.ok() ? *found : Item{};
  }
  bool IsThere(ItemId item) { return repository_->GetItem(item).ok(); }
  /// Contents of the item and everything below, each level in its order.
  std::vector<std::string> Contents(ItemId item) {
    std::vector<std::string> contents;
    std::vector<ItemId> todo{item};
    for (std::size_t i = 0; i < todo.size(); ++i) {
      const Item one = Get(todo[i]);
      contents.push_back(one.content);
      todo.insert(todo.end(), one.children.begin(), one.children.end());
    }
    return contents;
  }

  file::TemporaryFolder folder_;
  SimulatedClock clock_{Month(2015, 4).begin()};
  std::unique_ptr<Repository> repository_;
};

}  // namespace cqd::repository
