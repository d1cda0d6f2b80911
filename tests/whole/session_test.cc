// Promise: a browser signs in by a session that nothing but the server can read; users are managed
// over HTTP without a password ever coming back; whoever is not an administrator manages nothing.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Finished;
using test::Installation;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kQuiet =
    "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = "
    "604800\n";

using Headers = std::vector<std::pair<std::string, std::string>>;

class Sessions : public testing::Test {
 protected:
  void SetUp() override {
    cqd_.Configure(std::string(kQuiet) + "[auth]\nmode = \"basic\"\npassword_file = \"users\"\n");
    for (const std::string role : {"reader", "administrator"}) {
      std::ofstream(cqd_.Path("new-password")) << "secret of " << role << "\n";
      const Finished added = cqd_.Cqd(
          {"user", "add", role, "--role", role, "--password-file", cqd_.Path("new-password")});
      ASSERT_EQ(added.exit_code, 0) << added.output;
    }
    cqd_.Serve();
  }
  http::ClientResponse Begin(const std::string& name, const std::string& password) {
    return cqd_.Send("POST", "/api/v1/session", {{"Content-Type", "application/json"}},
                     json::serialize(json::object{{"name", name}, {"password", password}}));
  }
  /// The cookie field of a browser that signed in.
  Headers SignIn(const std::string& name, const std::string& password) {
    const auto answer = Begin(name, password);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const std::string cookie(answer.Header("Set-Cookie").value_or(""));
    return {{"Cookie", cookie.substr(0, cookie.find(';'))}};
  }
  json::value Body(const http::ClientResponse& answer) { return json::parse(answer.body); }

  Installation cqd_;
};

TEST_F(Sessions, StandForThePasswordUntilSignedOut) {
  const json::value ways = cqd_.GetJson("/api/v1/session");
  EXPECT_EQ(ways.at("mode").as_string(), "basic");
  EXPECT_EQ(ways.at("methods").at(0).as_string(), "session");
  EXPECT_EQ(cqd_.Get("/api/v1/me").status, 401);
  const auto wrong = Begin("reader", "wrong");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_THAT(std::string(wrong.Header("WWW-Authenticate").value_or("")), HasSubstr("Session"));
  EXPECT_FALSE(wrong.Header("Set-Cookie").has_value());
  EXPECT_EQ(Begin("", "").status, 401);
  EXPECT_EQ(cqd_.Post("/api/v1/session", "[]").status, 400);
  EXPECT_EQ(cqd_.Post("/api/v1/session", R"({"user":"reader"})").status, 400);

  const auto answer = Begin("reader", "secret of reader");
  EXPECT_THAT(std::string(answer.Header("Set-Cookie").value_or("")),
              AllOf(HasSubstr("cqd_session="), HasSubstr("HttpOnly"), HasSubstr("SameSite=Strict"),
                    HasSubstr("Max-Age=28800"), Not(HasSubstr("Secure"))));
  EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
  EXPECT_EQ(Body(answer).at("role").as_string(), "reader");
  const Headers cookie = SignIn("reader", "secret of reader");
  const json::value me = Body(cqd_.Send("GET", "/api/v1/me", cookie));
  EXPECT_EQ(me.at("name").as_string(), "reader");
  EXPECT_EQ(me.at("time_zone").as_string(), "UTC");
  EXPECT_TRUE(me.at("authentication").at("session").as_bool());
  EXPECT_FALSE(me.at("server").at("version").as_string().empty());
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/status", cookie).status, 200);
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/users", cookie).status, 403);

  const auto out = cqd_.Send("DELETE", "/api/v1/session", cookie);
  EXPECT_EQ(out.status, 204);
  EXPECT_THAT(std::string(out.Header("Set-Cookie").value_or("")), HasSubstr("Max-Age=0"));
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/me", cookie).status, 401) << "the server has forgotten it";
}

TEST_F(Sessions, AreNotForPagesOfOtherOrigins) {
  Headers foreign = SignIn("administrator", "secret of administrator");
  foreign.emplace_back("Sec-Fetch-Site", "cross-site");
  foreign.emplace_back("Origin", "https://evil.example");
  EXPECT_EQ(cqd_.Send("POST", "/api/v1/runs", foreign, R"({"stage":"cube"})").status, 403);
  EXPECT_EQ(cqd_.Send("DELETE", "/api/v1/users/reader", foreign).status, 403);
  EXPECT_EQ(cqd_.Send("POST", "/api/v1/session", foreign, "{}").status, 403);
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/me", {{"X-Requested-With", "OpenCQD"}})
                .Header("WWW-Authenticate")
                .value_or(""),
            "Session realm=\"OpenCQD\"");
}

TEST_F(Sessions, AdministratorsManageUsers) {
  const Headers admin = SignIn("administrator", "secret of administrator");
  const Headers reader = SignIn("reader", "secret of reader");
  const auto add = [&](const char* body) {
    return cqd_.Send("POST", "/api/v1/users", admin, body);
  };
  EXPECT_EQ(add(R"({"name":"Änne","role":"author","password":"eight888"})").status, 201);
  EXPECT_EQ(add(R"({"name":"Änne","role":"author","password":"eight888"})").status, 409);
  for (const char* bad :
       {R"({"name":"x:y","role":"author","password":"eight888"})",
        R"({"name":"x","role":"king","password":"eight888"})",
        R"({"name":"x","role":"none","password":"eight888"})",
        R"({"name":"x","role":"reader","password":""})", R"({"name":"x","role":"reader"})",
        R"({"role":"reader","password":"eight888"})",
        R"({"name":"x","role":"reader","password":"eight888","hash":"h"})", "x"}) {
    EXPECT_EQ(add(bad).status, 400) << bad;
  }
  for (const auto& refused :
       {add(R"({"name":"x","role":"reader","password":"seven77"})"),
        cqd_.Send("PUT", "/api/v1/users/reader", admin, R"({"password":"seven77"})")}) {
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(Body(refused).at("field").as_string(), "password");
    EXPECT_THAT(refused.body, AllOf(HasSubstr("8 characters"), Not(HasSubstr("seven77"))));
  }
  const auto list = cqd_.Send("GET", "/api/v1/users", admin);
  EXPECT_THAT(list.body, AllOf(Not(HasSubstr("argon")), Not(HasSubstr("secret"))));
  EXPECT_EQ(Body(list).at("users").as_array().size(), 3u);

  // A role that changes is another role at once, also in a session that lives.
  EXPECT_EQ(cqd_.Send("PUT", "/api/v1/users/reader", admin, R"({"role":"administrator"})").status,
            204);
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/users", reader).status, 200);
  EXPECT_EQ(cqd_.Send("PUT", "/api/v1/users/reader", admin, R"({"role":"reader"})").status, 204);
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/users", reader).status, 403);
  EXPECT_EQ(cqd_.Send("PUT", "/api/v1/users/reader", admin, R"({"password":"new for you"})").status,
            204);
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/me", reader).status, 401) << "its password is another";
  EXPECT_EQ(Begin("reader", "new for you").status, 200);
  EXPECT_EQ(cqd_.Send("PUT", "/api/v1/users/reader", admin, "{}").status, 400);
  EXPECT_EQ(cqd_.Send("PUT", "/api/v1/users/nobody", admin, R"({"role":"reader"})").status, 404);

  EXPECT_EQ(cqd_.Send("DELETE", "/api/v1/users/administrator", admin).status, 409)
      << "the last one stays";
  EXPECT_EQ(cqd_.Send("PUT", "/api/v1/users/administrator", admin, R"({"role":"reader"})").status,
            409);
  const Headers anne = SignIn("Änne", "eight888");
  EXPECT_EQ(cqd_.Send("DELETE", "/api/v1/users/%C3%84nne", admin).status, 204);
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/me", anne).status, 401);
  EXPECT_EQ(cqd_.Send("DELETE", "/api/v1/users/%C3%84nne", admin).status, 404);
}

TEST_F(Sessions, EverybodyChangesTheirOwnPassword) {
  const Headers here = SignIn("reader", "secret of reader");
  const Headers elsewhere = SignIn("reader", "secret of reader");
  const auto change = [&](const Headers& who, const char* before, const char* after) {
    return cqd_.Send("PUT", "/api/v1/me/password", who,
                     json::serialize(json::object{{"old", before}, {"new", after}}));
  };
  EXPECT_EQ(change({}, "secret of reader", "another one").status, 401);
  EXPECT_EQ(change(here, "wrong", "another one").status, 403);
  EXPECT_EQ(change(here, "secret of reader", "seven77").status, 400);
  EXPECT_EQ(change(here, "secret of reader", "secret of reader").status, 400);
  EXPECT_EQ(cqd_.Send("PUT", "/api/v1/me/password", here, R"({"new":"x","name":"y"})").status, 400);
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/me", here).status, 200) << "nothing has happened yet";

  const auto changed = change(here, "secret of reader", "another one");
  EXPECT_EQ(changed.status, 204);
  const std::string cookie(changed.Header("Set-Cookie").value_or(""));
  EXPECT_THAT(cookie, AllOf(HasSubstr("cqd_session="), HasSubstr("HttpOnly")));
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/me", {{"Cookie", cookie.substr(0, cookie.find(';'))}}).status,
            200);
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/me", here).status, 401);
  EXPECT_EQ(cqd_.Send("GET", "/api/v1/me", elsewhere).status, 401);
  EXPECT_EQ(Begin("reader", "secret of reader").status, 401);
  EXPECT_EQ(Begin("reader", "another one").status, 200);
}

TEST(SessionsGuessed, WhoGuessesWaits) {
  Installation cqd;
  cqd.Configure(std::string(kQuiet) +
                "[auth]\nmode = \"basic\"\npassword_file = \"users\"\n"
                "wrong_passwords_free = 1\nwrong_password_wait_max_s = 3600\n");
  std::ofstream(cqd.Path("new-password")) << "right one\n";
  ASSERT_EQ(cqd.Cqd({"user", "add", "anna", "--role", "administrator", "--password-file",
                     cqd.Path("new-password")})
                .exit_code,
            0);
  cqd.Serve();
  const auto begin = [&](const char* name, const char* password) {
    return cqd.Post("/api/v1/session",
                    json::serialize(json::object{{"name", name}, {"password", password}}));
  };
  EXPECT_EQ(begin("bela", "wrong").status, 401);
  EXPECT_EQ(begin("bela", "wrong").status, 401);
  const auto held = begin("bela", "wrong");
  EXPECT_EQ(held.status, 429) << held.body;
  EXPECT_EQ(held.Header("Retry-After").value_or(""), "1");
  const auto anna = begin("anna", "right one");
  ASSERT_EQ(anna.status, 200) << "others are let alone";
  const std::string cookie(anna.Header("Set-Cookie").value_or(""));
  const auto metrics =
      cqd.Send("GET", "/metrics", {{"Cookie", cookie.substr(0, cookie.find(';'))}});
  EXPECT_THAT(metrics.body, AllOf(HasSubstr("cqd_sign_ins_total{result=\"right\"} 1"),
                                  HasSubstr("cqd_sign_ins_total{result=\"wrong\"} 2"),
                                  HasSubstr("cqd_sign_ins_total{result=\"held_back\"} 1")));
}

TEST(SessionsElsewhere, OpenServersAndProxiesHaveNone) {
  Installation cqd;
  cqd.Configure(kQuiet);
  cqd.Serve();
  const json::value me = cqd.GetJson("/api/v1/me");
  EXPECT_EQ(me.at("name").as_string(), "anonymous");
  EXPECT_EQ(me.at("role").as_string(), "administrator");
  EXPECT_EQ(me.at("authentication").at("mode").as_string(), "none");
  EXPECT_TRUE(me.at("authentication").at("methods").as_array().empty());
  EXPECT_EQ(cqd.Post("/api/v1/session", R"({"name":"a","password":"b"})").status, 409);
  EXPECT_EQ(cqd.Get("/api/v1/users").status, 409);
  EXPECT_EQ(cqd.Send("PUT", "/api/v1/me/password", {}, R"({"old":"a","new":"long enough"})").status,
            409);
  EXPECT_EQ(cqd.StopServer(), 0);
  cqd.Configure(std::string(kQuiet) +
                "[auth]\nmode = \"proxy\"\nproxy_user_header = \"X-User\"\nproxy_role_header = "
                "\"X-Role\"\nproxy_addresses = [\"127.0.0.1\"]\n");
  cqd.Serve();
  const auto answer = cqd.Send("GET", "/api/v1/me", {{"X-User", "anna"}, {"X-Role", "author"}});
  EXPECT_EQ(json::parse(answer.body).at("name").as_string(), "anna");
  EXPECT_EQ(cqd.Get("/api/v1/me").status, 401);
  EXPECT_EQ(cqd.GetJson("/api/v1/session").at("mode").as_string(), "proxy");
}

}  // namespace
}  // namespace cqd
