// Promises: the published Repository API answers in the published shapes; every default report runs
// on our cube; two editors do not overwrite each other; what was acknowledged survives kill -9; who
// may not, may not. Shapes: reference/repository-api.md 3.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <thread>

#include "sqlite/database.h"
#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Installation;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kQuiet =
    "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = "
    "604800\n";
constexpr const char* kTrusted = "https://portal.example.org";
const std::string kRoot = "/QoERepositoryService/repository";

std::vector<std::string> Keys(const json::value& object) {
  std::vector<std::string> keys;
  for (const auto& member : object.as_object()) keys.emplace_back(member.key());
  return keys;
}
std::string Text(const json::value& value) {
  return std::string(value.as_string());
}
std::string Number(const json::value& value) {
  return std::to_string(value.as_int64());
}

/// Calls below the repository's root.
class RepositoryApi : public testing::Test {
 protected:
  http::ClientResponse Call(const std::string& method, const std::string& path,
                            const std::string& body = {}, Fields fields = {}) {
    if (!body.empty()) fields.emplace_back("Content-Type", "application/json;charset=utf-8");
    return cqd_.Send(method, kRoot + path, std::move(fields), body);
  }
  json::value Get(const std::string& path) {
    const http::ClientResponse answer = Call("GET", path);
    EXPECT_EQ(answer.status, 200) << path << ": " << answer.body;
    return json::parse(answer.body);
  }
  /// Asks and wants this refusal, in the form of all refusals.
  void Refused(int status, const std::string& field, const std::string& method,
               const std::string& path, const std::string& body = {}, Fields fields = {}) {
    const http::ClientResponse answer = Call(method, path, body, std::move(fields));
    EXPECT_EQ(answer.status, status) << method << " " << path << " " << body << answer.body;
    if (answer.status < 400) return;
    EXPECT_EQ(answer.Header("Content-Type"), "application/problem+json");
    const json::value problem = json::parse(answer.body);
    const json::value* named = problem.as_object().if_contains("field");
    EXPECT_EQ(named == nullptr ? "" : Text(*named), field) << answer.body;
  }
  static std::string Content(const std::string& title) {
    return json::serialize(
        json::object{{"content", "{\"Title\":\"" + title + "\"}"}, {"type", "application/json"}});
  }
  std::string DefaultItem() { return Number(Get("/user/default").at("defaultItemId")); }
  /// Makes an item below the default one; gives its number.
  std::string Create(const std::string& title) {
    const http::ClientResponse made =
        Call("POST", "/item/" + DefaultItem() + "/subitem", Content(title));
    EXPECT_EQ(made.status, 201) << made.body;
    return Number(json::parse(made.body).at("itemId"));
  }
  std::string Tag(const std::string& item) {
    return std::string(Call("GET", "/item/" + item).Header("ETag").value_or(""));
  }

  Installation cqd_;
};

/// One server without authentication for the tests that only look and add.
class OpenRepository : public RepositoryApi {
 protected:
  OpenRepository() {
    cqd_.Configure(std::string(kQuiet) +
                   fmt::format("[data_api]\ncors_trusted_origins = [\"{}\"]\n", kTrusted));
    cqd_.Serve();
  }
};

TEST_F(OpenRepository, ThePublishedCallsHaveThePublishedShapes) {
  const json::value user = Get("/user/default");
  EXPECT_THAT(Keys(user), ElementsAre("userId", "loginName", "defaultItemId"));
  const json::value system = Get("/user/system");
  EXPECT_EQ(system.at("userId").as_int64(), 0);
  EXPECT_EQ(Text(system.at("loginName")), "system");
  EXPECT_EQ(Get("/user/0"), system);
  EXPECT_EQ(Get("/user/" + Number(user.at("userId"))), user);
  EXPECT_EQ(Get("/user"), json::value(json::array{system, user}));

  const std::string root = Number(user.at("defaultItemId"));
  const json::value item = Get("/item/" + root);
  EXPECT_THAT(Keys(item), ElementsAre("itemId", "userId", "content", "type", "subItemIds"));
  EXPECT_EQ(Text(item.at("type")), "application/json");
  EXPECT_EQ(Text(json::parse(Text(item.at("content"))).at("Title")), "All Audio Streams");
  const json::array subitems = Get("/item/" + root + "/subitem").as_array();
  ASSERT_EQ(subitems.size(), item.at("subItemIds").as_array().size());
  for (std::size_t i = 0; i < subitems.size(); ++i) {
    EXPECT_THAT(Keys(subitems[i]), ElementsAre("itemId", "userId", "type"));
    EXPECT_EQ(subitems[i].at("itemId"), item.at("subItemIds").at(i));
    EXPECT_EQ(subitems[i].at("userId"), user.at("userId"));
  }
  const json::array all = Get("/item").as_array();
  EXPECT_THAT(Keys(all[0]), ElementsAre("itemId", "userId", "type"));
  const json::value report = Get("/item/" + Number(subitems[0].at("itemId")));
  const json::value set = Get("/item/" + Number(report.at("subItemIds").at(0)));
  const json::value leaf = Get("/item/" + Number(set.at("subItemIds").at(0)));
  EXPECT_EQ(Get("/itemAncestors/" + Number(leaf.at("itemId"))),
            json::value(json::array{
                json::object{{"item1", set.at("itemId")},
                             {"item2", 0},
                             {"item3", "Managed vs Unmanaged Audio Streams"}},
                json::object{{"item1", report.at("itemId")},
                             {"item2", 1},
                             {"item3", "Audio Streams Monthly Trend"}},
                json::object{
                    {"item1", item.at("itemId")}, {"item2", 2}, {"item3", "All Audio Streams"}}}));
  EXPECT_EQ(Get("/itemAncestors/" + root), json::value(json::array()));

  const std::string item_path = "/item/" + root;
  const http::ClientResponse put =
      Call("PUT", item_path,
           R"({"content":"{\"Title\":\"Branch audio, wired\"}","type":"application/json"})");
  EXPECT_EQ(put.status, 204);
  EXPECT_TRUE(put.body.empty());
  EXPECT_EQ(Text(Get(item_path).at("content")), R"({"Title":"Branch audio, wired"})");
}

TEST_F(OpenRepository, SettingsAreReadAndWritten) {
  EXPECT_EQ(Get("/user/default/setting"), json::value(json::array()));
  const json::array effective = Get("/user/default/setting?effective=true").as_array();
  ASSERT_EQ(effective.size(), 2U);
  EXPECT_THAT(Keys(effective[0]), ElementsAre("userId", "key", "value"));
  EXPECT_EQ(effective[0].at("userId").as_int64(), 0);
  EXPECT_EQ(Get("/user/system/setting?effective=true"), Get("/user/system/setting"));

  EXPECT_EQ(Call("PUT", "/user/default/setting/ShowTimeStamps", R"({"Value":"true"})").status, 204);
  const json::value user = Get("/user/default");
  const json::object own{
      {"userId", user.at("userId")}, {"key", "ShowTimeStamps"}, {"value", "true"}};
  EXPECT_EQ(Get("/user/default/setting/ShowTimeStamps"), json::value(own));
  EXPECT_EQ(Get("/user/default/setting"), json::value(json::array{own}));
  EXPECT_EQ(Text(Get("/user/system/setting/ShowTimeStamps").at("value")), "false");
  EXPECT_EQ(Call("DELETE", "/user/default/setting/ShowTimeStamps").status, 204);
  Refused(404, "key", "GET", "/user/default/setting/ShowTimeStamps");
  EXPECT_EQ(Text(Get("/user/default/setting/ShowTimeStamps?effective=true").at("value")), "false");
  Refused(403, "userId", "PUT", "/user/system/setting/ShowTimeStamps", R"({"value":"true"})");
  Refused(400, "value", "PUT", "/user/default/setting/a", R"({"value":true})");
  Refused(400, "effective", "GET", "/user/default/setting?effective=perhaps");
}

TEST_F(OpenRepository, WrongCallsAreRefusedByName) {
  const std::string root = DefaultItem(), system = Number(Get("/user/system").at("defaultItemId"));
  Refused(404, "userId", "GET", "/user/77");
  Refused(400, "userId", "GET", "/user/mira");
  Refused(404, "itemId", "GET", "/item/99999");
  Refused(400, "itemId", "GET", "/item/first");
  Refused(404, "itemId", "GET", "/item/99999/subitem");
  Refused(404, "itemId", "GET", "/itemAncestors/99999");
  Refused(404, "itemId", "PUT", "/item/99999", Content("x"));
  Refused(404, "itemId", "POST", "/item/99999/subitem", Content("x"));
  Refused(403, "itemId", "PUT", "/item/" + system, Content("x"));
  Refused(403, "itemId", "POST", "/item/" + system + "/subitem", Content("x"));
  Refused(403, "userId", "POST", "/user/system/reset");
  Refused(409, "itemId", "DELETE", "/item/" + root, "", {{"If-Match", "*"}});
  for (const char* body : {"{", "[]", "3", "{content:\"{}\"}"}) {
    Refused(400, "body", "PUT", "/item/" + root, body);
  }
  Refused(400, "content", "PUT", "/item/" + root, R"({"content":{"Title":"x"}})");
  Refused(400, "content", "PUT", "/item/" + root, R"({"content":"{"})");
  Refused(400, "content", "PUT", "/item/" + root, "{}");
  Refused(400, "type", "PUT", "/item/" + root, R"({"content":"{}","type":7})");
  Refused(400, "position", "POST", "/item/" + root + "/subitem",
          R"({"content":"{}","position":-1})");
  Refused(422, "content", "PUT", "/item/" + root,
          json::serialize(json::object{{"content", std::string(300 * 1024, ' ')}, {"type", "x"}}));
  Refused(
      422, "content", "PUT", "/item/" + root,
      json::serialize(json::object{{"content", std::string(100, '[') + std::string(100, ']')}}));
  EXPECT_EQ(
      cqd_.Send("PUT", kRoot + "/item/" + root, {{"Content-Type", "text/xml"}}, "<a/>").status,
      415);
  EXPECT_EQ(cqd_.Send("PUT", kRoot + "/item/" + root, {{"Content-Type", "application/json"}},
                      std::string(3 * 1024 * 1024, ' '))
                .status,
            413);
  EXPECT_EQ(cqd_.Send("PATCH", kRoot + "/item/" + root, {}, "").status, 405);
  EXPECT_EQ(Text(json::parse(Text(Get("/item/" + root).at("content"))).at("Title")),
            "All Audio Streams")
      << "nothing of all this changed anything";
}

TEST_F(OpenRepository, TwoEditorsAtOnceDoNotOverwriteEachOther) {
  const std::string item = Create("start");
  const std::string path = "/item/" + item;
  const std::string seen = Tag(item);
  EXPECT_FALSE(seen.empty());
  const http::ClientResponse first = Call("PUT", path, Content("first"), {{"If-Match", seen}});
  EXPECT_EQ(first.status, 204);
  EXPECT_EQ(first.Header("ETag"), Tag(item)) << "the writer goes on without reading";
  Refused(412, "If-Match", "PUT", path, Content("second"), {{"If-Match", seen}});
  Refused(412, "If-Match", "DELETE", path, "", {{"If-Match", seen}});
  Refused(428, "If-Match", "DELETE", path);
  Refused(428, "If-Match", "PUT", path + "/subitem", "[]");
  Refused(400, "If-Match", "PUT", path, Content("x"), {{"If-Match", "17"}});
  Refused(412, "If-Match", "PUT", path, Content("x"), {{"If-Match", "W/" + Tag(item)}});
  EXPECT_EQ(Call("GET", path, "", {{"If-None-Match", Tag(item)}}).status, 304);
  EXPECT_EQ(Call("GET", path, "", {{"If-None-Match", seen}}).status, 200);

  // Eight editors add a letter each; whoever was overtaken reads again.
  constexpr int kEditors = 8;
  std::atomic<int> overtaken = 0;
  std::vector<std::thread> editors;
  for (int i = 0; i < kEditors; ++i) {
    editors.emplace_back([&] {
      for (int status = 0; status != 204;) {
        const http::ClientResponse now = Call("GET", path);
        const std::string title =
            Text(json::parse(Text(json::parse(now.body).at("content"))).at("Title"));
        status = Call("PUT", path, Content(title + "+"),
                      {{"If-Match", std::string(now.Header("ETag").value_or(""))}})
                     .status;
        ASSERT_TRUE(status == 204 || status == 412) << status;
        if (status == 412) ++overtaken;
      }
    });
  }
  for (std::thread& editor : editors) editor.join();
  EXPECT_EQ(Text(Get(path).at("content")),
            "{\"Title\":\"first" + std::string(kEditors, '+') + "\"}")
      << overtaken << " were overtaken";
}

TEST_F(OpenRepository, OrderPlaceAndCopies) {
  const std::string set = Create("set"), a = Create("a"), b = Create("b");
  for (const std::string& item : {a, b}) {
    EXPECT_EQ(Call("POST", "/item/" + item + "/move", fmt::format(R"({{"parentItemId":{}}})", set))
                  .status,
              204);
  }
  const auto children = [&] { return json::serialize(Get("/item/" + set).at("subItemIds")); };
  EXPECT_EQ(children(), fmt::format("[{},{}]", a, b));
  EXPECT_EQ(Call("PUT", "/item/" + set + "/subitem", fmt::format("[{},{}]", b, a),
                 {{"If-Match", Tag(set)}})
                .status,
            204);
  EXPECT_EQ(children(), fmt::format("[{},{}]", b, a));
  Refused(409, "subItemIds", "PUT", "/item/" + set + "/subitem", fmt::format("[{}]", b),
          {{"If-Match", "*"}});
  const http::ClientResponse copy = Call("POST", "/item/" + b + "/clone");
  EXPECT_EQ(copy.status, 201);
  const std::string copied = Number(json::parse(copy.body).at("itemId"));
  EXPECT_EQ(children(), fmt::format("[{},{},{}]", b, copied, a));
  EXPECT_EQ(copy.Header("Location"), kRoot + "/item/" + copied);
  Refused(409, "parentItemId", "POST", "/item/" + set + "/move",
          fmt::format(R"({{"parentItemId":{}}})", a));
  Refused(400, "parentItemId", "POST", "/item/" + set + "/move", "{}");
  // The system's set, copied whole below one's own.
  const std::string system = Number(Get("/user/system").at("defaultItemId"));
  const std::size_t before = Get("/item").as_array().size();
  EXPECT_EQ(Call("POST", "/item/" + system + "/clone", "{}").status, 201);
  EXPECT_EQ(Get("/item").as_array().size(), before + 21);
}

TEST_F(OpenRepository, HistoryDeletionAndResetCanBeTakenBack) {
  const std::string item = Create("one");
  const std::string path = "/item/" + item;
  EXPECT_EQ(Call("PUT", path, Content("two")).status, 204);
  const json::array history = Get(path + "/history").as_array();
  ASSERT_EQ(history.size(), 2U);
  EXPECT_THAT(Keys(history[0]), ElementsAre("version", "at", "action", "current", "title", "type"));
  EXPECT_EQ(Text(history[1].at("title")), "one");
  EXPECT_EQ(Text(Get(path + "/history/1").at("content")), R"({"Title":"one"})");
  Refused(404, "version", "GET", path + "/history/9");
  Refused(428, "If-Match", "POST", path + "/history/1/restore");
  EXPECT_EQ(Call("POST", path + "/history/1/restore", "", {{"If-Match", Tag(item)}}).status, 204);
  EXPECT_EQ(Text(Get(path).at("content")), R"({"Title":"one"})");

  EXPECT_EQ(Call("DELETE", path, "", {{"If-Match", Tag(item)}}).status, 204);
  Refused(404, "itemId", "GET", path);
  const json::array deleted = Get("/user/default/deleted").as_array();
  ASSERT_EQ(deleted.size(), 1U);
  EXPECT_EQ(Number(deleted[0].at("itemId")), item);
  EXPECT_EQ(Call("POST", path + "/undelete").status, 200);
  EXPECT_EQ(Text(Get(path).at("content")), R"({"Title":"one"})");

  const std::string old = DefaultItem();
  EXPECT_EQ(Call("POST", "/user/default/reset").status, 204);
  EXPECT_NE(DefaultItem(), old);
  Refused(404, "itemId", "GET", path);
  EXPECT_EQ(Call("POST", "/item/" + old + "/undelete").status, 200);
  EXPECT_EQ(DefaultItem(), old);
  EXPECT_EQ(Text(Get(path).at("content")), R"({"Title":"one"})");
}

TEST_F(OpenRepository, ATemplateGoesOutAndComesIn) {
  const std::string root = DefaultItem();
  const std::string trend = Number(Get("/item/" + root).at("subItemIds").at(0));
  const http::ClientResponse exported = Call("GET", "/item/" + trend + "/export");
  EXPECT_THAT(std::string(exported.Header("Content-Disposition").value_or("")),
              HasSubstr("filename=\"Audio Streams Monthly Trend.cqdx\""));
  const json::value form = json::parse(exported.body);
  EXPECT_THAT(Keys(form), ElementsAre("RootItemId", "Items", "ItemRelations"));
  EXPECT_THAT(Keys(form.at("Items").at(0)), ElementsAre("ItemId", "UserId", "UserName", "Content",
                                                        "Type", "SubItemIds", "SubItems"));
  EXPECT_EQ(form.at("Items").at(0).at("Content"), Get("/item/" + trend).at("content"));
  const std::string set = Create("imported");
  const http::ClientResponse imported = Call("POST", "/item/" + set + "/import", exported.body);
  ASSERT_EQ(imported.status, 201) << imported.body;
  const json::value done = json::parse(imported.body);
  EXPECT_EQ(done.at("itemCount").as_int64(),
            static_cast<std::int64_t>(form.at("Items").as_array().size()));
  EXPECT_EQ(done.at("itemIds"), Get("/item/" + set).at("subItemIds"));
  json::value again =
      json::parse(Call("GET", "/item/" + Number(done.at("itemIds").at(0)) + "/export").body);
  ASSERT_EQ(again.at("Items").as_array().size(), form.at("Items").as_array().size());
  for (std::size_t i = 0; i < form.at("Items").as_array().size(); ++i) {
    EXPECT_EQ(again.at("Items").at(i).at("Content"), form.at("Items").at(i).at("Content"));
    EXPECT_EQ(again.at("Items").at(i).at("Type"), form.at("Items").at(i).at("Type"));
  }
  Refused(400, "RootItemId", "POST", "/item/" + set + "/import",
          R"({"RootItemId":9,"Items":[],"ItemRelations":[]})");
  Refused(400, "Items", "POST", "/item/" + set + "/import",
          R"({"RootItemId":9,"Items":[{"ItemId":9,"Content":"{"}],"ItemRelations":[]})");
  Refused(409, "itemId", "POST", "/item/" + trend + "/import", exported.body);
}

TEST_F(OpenRepository, TrustedPagesOfOtherOriginsMayWorkHere) {
  const std::string item = Create("x");
  const Fields trusted = {{"Origin", kTrusted}};
  const http::ClientResponse got = Call("GET", "/item/" + item, "", trusted);
  EXPECT_EQ(got.Header("Access-Control-Allow-Origin"), kTrusted);
  EXPECT_THAT(std::string(got.Header("Access-Control-Expose-Headers").value_or("")),
              HasSubstr("ETag"));
  const http::ClientResponse preflight =
      Call("OPTIONS", "/item/" + item, "",
           {{"Origin", kTrusted},
            {"Access-Control-Request-Method", "PUT"},
            {"Access-Control-Request-Headers", "content-type, if-match"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_THAT(std::string(preflight.Header("Access-Control-Allow-Methods").value_or("")),
              HasSubstr("PUT"));
  EXPECT_THAT(std::string(preflight.Header("Access-Control-Allow-Headers").value_or("")),
              HasSubstr("if-match"));
  EXPECT_EQ(Call("PUT", "/item/" + item, Content("y"), trusted).status, 204);
  EXPECT_EQ(Call("PUT", "/item/" + item, Content("z"), {{"Origin", "https://evil.example"}}).status,
            403);
  EXPECT_EQ(Text(Get("/item/" + item).at("content")), R"({"Title":"y"})");
}

// Method: one client writes 1, 2, 3, ... into an item as fast as it can; the server is killed at
// some moment of that; what it then has is the last acknowledged number or the one after it.
TEST_F(OpenRepository, WhatWasAcknowledgedSurvivesAKill) {
  const std::string user = json::serialize(Get("/user/default"));
  const std::string item = Create("0");
  int next = 1;
  for (int round = 0; round < 3; ++round) {
    std::atomic<int> acknowledged = next - 1;
    const int first = next;
    std::thread writer([&] {
      for (;; ++next) {
        const auto answer = http::Send({.method = "PUT",
                                        .url = cqd_.base() + kRoot + "/item/" + item,
                                        .headers = {{"Content-Type", "application/json"}},
                                        .body = Content(std::to_string(next))},
                                       cqd_.client);
        if (!answer.ok() || answer->status != 204) return;
        acknowledged = next;
      }
    });
    while (acknowledged < first + 9) test::Breathe();
    EXPECT_EQ(cqd_.StopServer(SIGKILL), 128 + SIGKILL);
    writer.join();
    cqd_.Serve();
    EXPECT_EQ(json::serialize(Get("/user/default")), user);
    const int stored =
        std::stoi(Text(json::parse(Text(Get("/item/" + item).at("content"))).at("Title")));
    EXPECT_GE(stored, acknowledged);
    EXPECT_LE(stored, acknowledged + 1);
    const json::array history = Get("/item/" + item + "/history").as_array();
    EXPECT_EQ(Text(history[0].at("title")), std::to_string(stored));
    EXPECT_EQ(Text(history[1].at("title")), std::to_string(stored - 1));
    next = stored + 1;
  }
}

/// The first version of the format, word for word as it was; never to be changed.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE user(
  user_id INTEGER PRIMARY KEY,
  login_name TEXT NOT NULL UNIQUE,
  default_item_id INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL);
CREATE TABLE item(
  item_id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL REFERENCES user(user_id),
  parent_id INTEGER REFERENCES item(item_id) ON DELETE SET NULL,
  position INTEGER NOT NULL,
  type TEXT NOT NULL,
  content TEXT NOT NULL,
  title TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  children_version INTEGER NOT NULL DEFAULT 1,
  changed_at INTEGER NOT NULL,
  system_key TEXT);
CREATE INDEX item_by_parent ON item(parent_id, position);
CREATE INDEX item_by_user ON item(user_id);
CREATE UNIQUE INDEX item_by_system_key ON item(system_key) WHERE system_key IS NOT NULL;
CREATE TABLE setting(
  user_id INTEGER NOT NULL REFERENCES user(user_id),
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(user_id, key)) WITHOUT ROWID;
INSERT INTO user VALUES(0, 'system', 83, 10), (1, 'anonymous', 90, 20);
INSERT INTO item(item_id, user_id, parent_id, position, type, content, title, changed_at,
                 system_key) VALUES
  (83, 0, NULL, 0, 'application/json', '{"Title":"old root"}', 'old root', 10, 'all'),
  (90, 1, NULL, 0, 'application/json', '{"Title":"mine"}', 'mine', 30, NULL),
  (91, 1, 90, 0, 'application/json', '{ "Title" : "report" }', 'report', 40, NULL);
INSERT INTO setting VALUES(1, 'ShowTimeStamps', 'true');
PRAGMA user_version=1;
)sql";

TEST_F(RepositoryApi, AFileOfVersion1IsUpgraded) {
  cqd_.Configure(kQuiet);
  std::filesystem::create_directories(cqd_.data_dir());
  {
    auto file = *sqlite::Database::Open(cqd_.data_dir() + "/repository.sqlite");
    const Status written = file.Execute(kVersion1);
    ASSERT_TRUE(written.ok()) << written.error().ToString();
  }
  cqd_.Serve();
  EXPECT_EQ(DefaultItem(), "90") << "links go on to lead where they led";
  EXPECT_EQ(Text(Get("/item/91").at("content")), R"({ "Title" : "report" })");
  EXPECT_EQ(Text(Get("/user/default/setting/ShowTimeStamps").at("value")), "true");
  EXPECT_EQ(Call("PUT", "/item/91", Content("new")).status, 204);
  EXPECT_EQ(Text(Get("/item/91/history/1").at("content")), R"({ "Title" : "report" })");
  EXPECT_EQ(Number(Get("/user/system").at("defaultItemId")), "83");
  EXPECT_EQ(Get("/item/83").at("subItemIds").as_array().size(), 2U) << "the set of this version";
}

// --- Who may what --------------------------------------------------------------------------------

class RepositoryRoles : public RepositoryApi {
 protected:
  RepositoryRoles() {
    cqd_.Configure(std::string(kQuiet) + "[auth]\nmode = \"basic\"\npassword_file = \"users\"\n");
    for (const std::string name : {"reader", "author", "administrator", "system"}) {
      std::ofstream(cqd_.Path("new-password")) << "a long password of " << name << "\n";
      const std::string role = name == "system" ? "author" : name;
      const test::Finished added = cqd_.Cqd(
          {"user", "add", name, "--role", role, "--password-file", cqd_.Path("new-password")});
      EXPECT_EQ(added.exit_code, 0) << added.output;
    }
    cqd_.Serve();
  }
  void As(const std::string& name) {
    cqd_.client.credentials = {name, "a long password of " + name};
  }
};

TEST_F(RepositoryRoles, ReadersReadAuthorsWriteTheirOwnNobodyWritesOthers) {
  cqd_.client.credentials.reset();
  EXPECT_EQ(Call("GET", "/user").status, 401);
  EXPECT_EQ(Call("PUT", "/item/1", Content("x")).status, 401);
  As("reader");
  const std::string readers = DefaultItem();
  EXPECT_EQ(Text(Get("/user/default").at("loginName")), "reader");
  EXPECT_EQ(Call("PUT", "/item/" + readers, Content("x")).status, 403);
  EXPECT_EQ(Call("POST", "/item/" + readers + "/subitem", Content("x")).status, 403);
  EXPECT_EQ(Call("DELETE", "/item/" + readers, "", {{"If-Match", "*"}}).status, 403);
  EXPECT_EQ(Call("POST", "/user/default/reset").status, 403);
  EXPECT_EQ(Call("PUT", "/user/default/setting/ShowTimeStamps", R"({"value":"true"})").status, 204)
      << "how a page looks is each reader's own";
  As("author");
  const std::string item = Create("mine");
  EXPECT_EQ(Get("/user/default/setting"), json::value(json::array()));
  const std::string reader_id = Number(Get("/item/" + readers).at("userId"));
  EXPECT_EQ(Get("/user/" + reader_id + "/setting").as_array().size(), 1U) << "readable by all";
  Refused(403, "itemId", "PUT", "/item/" + readers, Content("x"));
  Refused(403, "userId", "PUT", "/user/" + reader_id + "/setting/a", R"({"value":"b"})");
  Refused(403, "userId", "DELETE", "/user/" + reader_id + "/setting/ShowTimeStamps");
  Refused(403, "userId", "POST", "/user/" + reader_id + "/reset");
  Refused(403, "userId", "GET", "/user/" + reader_id + "/deleted");
  Refused(403, "itemId", "GET", "/item/" + readers + "/history");
  As("administrator");
  Refused(403, "itemId", "PUT", "/item/" + item, Content("x"));
  Refused(403, "itemId", "DELETE", "/item/" + item, "", {{"If-Match", "*"}});
  EXPECT_EQ(Text(Get("/item/" + item).at("content")), R"({"Title":"mine"})");
  EXPECT_EQ(Call("POST", "/item/" + item + "/clone").status, 201);
  As("system");
  EXPECT_EQ(Call("GET", "/user/default").status, 403) << "that name is the repository's own";
}

// --- The system set on a simulated organisation --------------------------------------------------

class SystemReports : public RepositoryApi {
 protected:
  SystemReports() {
    cqd_.Simulate(20'000, 3);
    cqd_.ConfigureWithDatabase(kQuiet);
    const test::Finished run = cqd_.Cqd({"integrate"});
    EXPECT_EQ(run.exit_code, 0) << run.output;
    cqd_.Serve();
    month_ = NewestMonth();
  }
  std::string NewestMonth() {
    const json::value answer = cqd_.Ask(
        R"({"Dimensions":[{"DataModelName":"[StartDate].[Year]"},{"DataModelName":"[AllStreams].[Month Year]"}],"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})");
    return Text(answer.at("DataResult").as_array().back().at(1));
  }
  /// The report's query with the month of the page, as the portal sends it
  /// (reference/cube-model.md 4.4).
  json::array Run(const json::value& content) {
    json::value query = content.at("Query");
    for (json::value& filter : query.at("Filters").as_array()) {
      if (Text(filter.at("DataModelName")) == "[StartDate].[Month]") {
        filter.at("Value") = "[" + month_ + "-01T00:00:00]";
      }
    }
    query.at("Trend").at("TrendDate") = month_;
    const json::value answer = cqd_.Ask(json::serialize(query));
    EXPECT_EQ(answer.at("ErrorType").as_int64(), 0) << json::serialize(query) << "\n"
                                                    << json::serialize(answer);
    return answer.at("DataResult").as_array();
  }
  /// Streams of a chart by month, the three classes together, over all months.
  static std::int64_t Streams(const json::array& rows) {
    std::int64_t sum = 0;
    for (const json::value& row : rows) {
      const std::size_t first = row.as_array().size() - 4;
      for (std::size_t i = first; i < first + 3; ++i) sum += row.at(i).as_int64();
    }
    return sum;
  }
  /// Runs every report below an item; rows by title.
  void RunAll(const std::string& item, std::map<std::string, json::array>& rows) {
    const json::value found = Get("/item/" + item);
    const json::value content = json::parse(Text(found.at("content")));
    if (content.as_object().contains("Query")) {
      EXPECT_TRUE(rows.emplace(Text(content.at("Title")), Run(content)).second);
    }
    for (const json::value& child : found.at("subItemIds").as_array()) RunAll(Number(child), rows);
  }
  std::string month_;
};

TEST_F(SystemReports, EveryReportRunsAndTheNumbersFitTogether) {
  std::map<std::string, json::array> rows;
  RunAll(Number(Get("/user/system").at("defaultItemId")), rows);
  EXPECT_EQ(rows.size(), 16U);
  std::map<std::string, std::int64_t> streams;
  for (const auto& [title, answer] : rows) {
    if (title.starts_with("User-reported")) continue;
    streams[title] = Streams(answer);
    RecordProperty(title, static_cast<int>(streams[title]));
  }
  EXPECT_EQ(rows["Audio Streams Monthly Trend"].size(), 3U) << "one row a month";
  EXPECT_GT(streams["Audio Streams Monthly Trend"], 1000);
  EXPECT_EQ(streams["Managed Audio Streams Monthly Trend"] +
                streams["Unmanaged Audio Streams Monthly Trend"],
            streams["Audio Streams Monthly Trend"])
      << "managed and unmanaged are everything";
  EXPECT_EQ(streams["Server-Client by User Agent Type"],
            streams["Other Audio Streams Monthly Trend"]);
  for (const char* title : {"Server-Server", "Server-Wired-Inside", "Wired-Wired-Inside",
                            "Server-WiFi-Inside", "Other Unmanaged Calls"}) {
    EXPECT_GT(streams[title], 0) << title;
  }
  const std::int64_t outside = [&] {
    const json::value answer = cqd_.Ask(
        R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}],"Filters":[)"
        R"({"DataModelName":"[Scenarios].[ScenarioPair]","Value":"[0]&[0]&[0]&[0]&[Wired]&[Wired]"},)"
        R"({"DataModelName":"[StreamType].[StreamType]","Value":"[False]"}]})");
    const json::array& result = answer.at("DataResult").as_array();
    return result.empty() ? 0 : result[0].at(0).as_int64();
  }();
  EXPECT_GT(outside, 0) << "the simulated organisation has such calls";
  EXPECT_EQ(streams["Wired-Wired-Outside-Direct"] + streams["Wired-Wired-Outside-Relay"] +
                streams["Wired-Wired-Outside-Other"],
            outside)
      << "the three ways are all ways";
  const json::array& ratings = rows["User-reported Call Quality Rating Histogram"];
  ASSERT_FALSE(ratings.empty());
  for (const json::value& row : ratings) {
    EXPECT_THAT(Text(row.at(0)), testing::MatchesRegex("[1-5]"));
    EXPECT_GE(row.at(1).as_int64(), 0);
  }
}

}  // namespace
}  // namespace cqd
