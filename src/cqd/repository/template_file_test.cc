// Promises: a template in the published form is read into a tree, every mistake names its field,
// and no template makes work or trees without end.
#include "repository/template_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "repository/item.h"

namespace cqd::repository {
namespace {

std::string Entry(int id, const std::string& content = "{}") {
  return fmt::format(
      R"({{"ItemId":{},"UserId":0,"UserName":null,"Content":"{}","Type":"Query","SubItemIds":null,"SubItems":null}})",
      id, content);
}
std::string Relation(int parent, int child) {
  return fmt::format(R"({{"ParentItemId":{},"ChildItemId":{}}})", parent, child);
}
std::string Template(int root, const std::string& items, const std::string& relations) {
  return fmt::format(R"({{"RootItemId":{},"Items":[{}],"ItemRelations":[{}]}})", root, items,
                     relations);
}

std::vector<std::int64_t> Ids(const TemplateTree& tree) {
  std::vector<std::int64_t> ids;
  for (const TemplateItem& item : tree.items) ids.push_back(item.id);
  return ids;
}

TEST(TemplateFile, TheTreeIsReadInTheOrderOfItsRelations) {
  const std::string text = Template(1,
                                    Entry(3) + "," + Entry(1, R"({\"Title\":\"x\"})") + "," +
                                        Entry(2) + "," + Entry(4) + "," + Entry(9),
                                    Relation(1, 4) + "," + Relation(2, 3) + "," + Relation(1, 2));
  for (const std::string& form : {text, "\xEF\xBB\xBF" + text}) {
    const auto tree = ReadTemplate(form);
    ASSERT_TRUE(tree.ok()) << tree.error().ToString();
    EXPECT_THAT(Ids(*tree), testing::ElementsAre(1, 4, 2, 3));
    EXPECT_EQ(tree->items[0].content, R"({"Title":"x"})");
    EXPECT_EQ(tree->items[3].parent, 2U);
    EXPECT_EQ(tree->unreachable, 1);
  }
}

TEST(TemplateFile, WrittenAndReadAgainItIsTheSame) {
  const std::vector<TemplateItem> items = {
      {.id = 5,
       .parent = 0,
       .content = R"({"Title":"a \"b\" \\ /","Query":{}})",
       .type = "application/json"},
      {.id = 7, .parent = 0, .content = "{\"Title\":\"\xC3\xA4\"}", .type = "application/json"}};
  const std::string text = WriteTemplate(items);
  EXPECT_THAT(text, testing::StartsWith(R"({"RootItemId":5,"Items":[{"ItemId":5,"UserId":0,)"
                                        R"("UserName":null,"Content":"{\"Title\":)"));
  EXPECT_THAT(text, testing::HasSubstr(R"("Type":"Query","SubItemIds":null,"SubItems":null},)"));
  EXPECT_THAT(text, testing::HasSubstr(R"("Type":"ReportSet")"));
  EXPECT_THAT(text, testing::EndsWith(R"("ItemRelations":[{"ParentItemId":5,"ChildItemId":7}]})"));
  const auto tree = ReadTemplate(text);
  ASSERT_TRUE(tree.ok());
  ASSERT_EQ(tree->items.size(), 2U);
  for (std::size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(tree->items[i].content, items[i].content);
  }
  EXPECT_EQ(WriteTemplate(tree->items), text);
}

TEST(TemplateFile, EveryMistakeNamesItsField) {
  const std::string one = Entry(1);
  const std::pair<std::string, const char*> mistakes[] = {
      {"", "body"},
      {"[]", "body"},
      {R"({"RootItemId":1,"ItemRelations":[]})", "Items"},
      {R"({"RootItemId":1,"Items":[]})", "ItemRelations"},
      {Template(2, one, ""), "RootItemId"},
      {R"({"RootItemId":"1","Items":[],"ItemRelations":[]})", "RootItemId"},
      {Template(1, one + "," + one, ""), "Items[1].ItemId"},
      {Template(1, "3", ""), "Items[0]"},
      {Template(1, R"({"ItemId":1})", ""), "Items[0].Content"},
      {Template(1, R"({"ItemId":1.5,"Content":"{}"})", ""), "Items[0].ItemId"},
      {Template(1, one, "7"), "ItemRelations[0]"},
      {Template(1, one, Relation(1, 8)), "ItemRelations[0].ChildItemId"},
      {Template(1, one, Relation(8, 1)), "ItemRelations[0].ParentItemId"},
      {Template(1, one + "," + Entry(2), Relation(1, 2) + "," + Relation(2, 1)), "ItemRelations"},
      {Template(1, one, Relation(1, 1)), "ItemRelations"},
  };
  for (const auto& [text, field] : mistakes) {
    const auto tree = ReadTemplate(text);
    ASSERT_FALSE(tree.ok()) << text;
    EXPECT_EQ(tree.error().code, ErrorCode::kInvalidArgument) << text;
    EXPECT_EQ(tree.error().field, field) << text;
  }
}

TEST(TemplateFile, NoTemplateUnfoldsWithoutEnd) {
  // Each item is twice below the one before: two to the power of its level.
  std::string items = Entry(0), relations;
  for (int i = 1; i < 30; ++i) {
    items += "," + Entry(i);
    relations += (i > 1 ? "," : "") + Relation(i - 1, i) + "," + Relation(i - 1, i);
  }
  const auto wide = ReadTemplate(Template(0, items, relations));
  EXPECT_EQ(wide.error().code, ErrorCode::kResourceExhausted);
  items = Entry(0), relations.clear();
  for (int i = 1; i <= static_cast<int>(kLevelsMax); ++i) {
    items += "," + Entry(i);
    relations += (i > 1 ? "," : "") + Relation(i - 1, i);
  }
  EXPECT_EQ(ReadTemplate(Template(0, items, relations)).error().code,
            ErrorCode::kResourceExhausted);
}

TEST(TemplateFile, ReportsHaveAQuery) {
  EXPECT_TRUE(IsReport(R"({"query":{}})"));
  for (const char* content : {R"({"Title":"Query"})", "[]", "{", ""}) {
    EXPECT_FALSE(IsReport(content)) << content;
  }
  EXPECT_EQ(TitleOf(R"({"title":"a"})"), "a");
  for (const char* content : {R"({"Title":3})", "[]", "{", ""}) EXPECT_EQ(TitleOf(content), "");
}

}  // namespace
}  // namespace cqd::repository
