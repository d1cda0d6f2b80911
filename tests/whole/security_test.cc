// Promise: only who may call, may call; nothing secret is in any reply; a server that would be open
// to the network refuses to start.
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
constexpr const char* kCount =
    R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})";
/// Where the source database of these tests is said to lie, with what must not be shown.
constexpr const char* kSecretSource =
    "[[source]]\nname = \"hidden\"\nconnection_string = "
    "\"Driver=SQLite3;Database=/very/secret/place.sqlite;PWD=pass-in-string-77\"\n";
constexpr const char* kPassword = "correct horse: battery, stäple";

Finished Shell(Installation& cqd, const std::string& line) {
  return test::RunToEnd({"/bin/sh", "-c", line}, cqd.Path("shell-out"));
}

/// A server with basic authentication and one user of each role; passwords are
/// kPassword + the role's name.
class BasicAuth : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    cqd_ = std::make_unique<Installation>();
    cqd_->Configure(std::string(kQuiet) + kSecretSource +
                    "[auth]\nmode = \"basic\"\npassword_file = \"users\"\n");
    for (const std::string role : {"reader", "author", "administrator"}) {
      std::ofstream(cqd_->Path("new-password")) << kPassword << role << "\nsecond line\n";
      const Finished added = cqd_->Cqd({"user", "add", role + "-user", "--role", role,
                                        "--password-file", cqd_->Path("new-password")});
      ASSERT_EQ(added.exit_code, 0) << added.output;
      EXPECT_THAT(added.output, Not(HasSubstr(kPassword)));
    }
    cqd_->Serve();
  }
  static void TearDownTestSuite() { cqd_.reset(); }
  static http::ClientResponse As(const std::string& role, const std::string& method,
                                 const std::string& path, const std::string& body = {}) {
    if (role.empty()) {
      cqd_->client.credentials.reset();
    } else {
      cqd_->client.credentials = {role + "-user", kPassword + role};
    }
    return cqd_->Send(method, path, {}, body);
  }

  static inline std::unique_ptr<Installation> cqd_;
};

TEST_F(BasicAuth, EachRoleMayWhatItMay) {
  const std::string start = R"({"stage":"cube"})";
  struct Call {
    const char* method;
    const char* path;
    std::string body;
    int anonymous, reader, author, administrator;
  };
  const std::vector<Call> calls = {
      {"GET", "/QoEDataService/CubeStructure", "", 401, 200, 200, 200},
      {"POST", "/QoEDataService/RunQuery", kCount, 401, 200, 200, 200},
      {"POST", "/data/RunQuery", kCount, 401, 200, 200, 200},
      {"POST", "/QoEDataService/DimensionMembers",
       R"({"DataModelName":"[StreamType].[StreamType]"})", 401, 200, 200, 200},
      {"POST", "/QoEDataService/ClearCache", "", 401, 200, 200, 200},
      {"GET", "/QoEDataService/IntegrationLog/Status", "", 401, 200, 200, 200},
      {"GET", "/QoEDataService/IntegrationLog", "", 401, 200, 200, 200},
      {"GET", "/api/v1/status", "", 401, 200, 200, 200},
      {"GET", "/api/v1/runs", "", 401, 200, 200, 200},
      {"GET", "/api/v1/runs/none", "", 401, 404, 404, 404},
      {"GET", "/metrics", "", 401, 200, 200, 200},
      {"POST", "/api/v1/runs", "{", 401, 403, 403, 400},
      {"POST", "/api/v1/runs/none/cancel", "", 401, 403, 403, 404},
      {"GET", "/livez", "", 200, 200, 200, 200},
      {"GET", "/readyz", "", 503, 503, 503, 503},
      {"POST", "/api/v1/reports", "no report", 202, 202, 202, 202},
  };
  for (const Call& call : calls) {
    for (const auto& [role, status] :
         {std::pair("", call.anonymous), std::pair("reader", call.reader),
          std::pair("author", call.author), std::pair("administrator", call.administrator)}) {
      const http::ClientResponse answer = As(role, call.method, call.path, call.body);
      EXPECT_EQ(answer.status, status) << call.path << " as " << role << ": " << answer.body;
      EXPECT_EQ(answer.Header("WWW-Authenticate").has_value(), status == 401) << call.path;
      if (status >= 400 && status != 503) {
        EXPECT_EQ(answer.Header("Content-Type").value_or(""), "application/problem+json");
      }
    }
  }
}

TEST_F(BasicAuth, WrongCredentialsAreRefusedAlike) {
  As("", "GET", "/livez");
  cqd_->client.credentials = {"reader-user", "wrong"};
  const http::ClientResponse wrong_password = cqd_->Get("/api/v1/status");
  cqd_->client.credentials = {"nobody", "wrong"};
  const http::ClientResponse unknown = cqd_->Get("/api/v1/status");
  EXPECT_EQ(wrong_password.status, 401);
  EXPECT_EQ(wrong_password.body, unknown.body) << "a reply must not tell which names exist";
  cqd_->client.credentials.reset();
  for (const char* header : {"Basic", "Basic !!!", "Basic cmVhZGVy", "Bearer x", ""})
    EXPECT_EQ(cqd_->Send("GET", "/api/v1/status", {{"Authorization", header}}).status, 401)
        << header;
}

TEST_F(BasicAuth, DetailIsForAdministratorsAndNoReplyHoldsASecret) {
  ASSERT_EQ(As("administrator", "POST", "/api/v1/runs", R"({"stage":"archive"})").status, 202);
  const json::value run = cqd_->WaitForRun("archive");
  const std::string id(run.at("run_id").as_string());
  EXPECT_TRUE(run.at("error").as_object().contains("detail"));
  EXPECT_EQ(run.at("requested_by").as_string(), "administrator-user");
  for (const std::string& path :
       {"/api/v1/runs/" + id, std::string("/api/v1/runs"), std::string("/api/v1/status"),
        std::string("/metrics"), std::string("/QoEDataService/IntegrationLog"),
        std::string("/nowhere")}) {
    const std::string seen = As("reader", "GET", path).body;
    EXPECT_THAT(seen, Not(HasSubstr("/very/secret/place"))) << path;
    EXPECT_THAT(seen, Not(HasSubstr(cqd_->data_dir()))) << path;
    EXPECT_THAT(seen, Not(HasSubstr("\"detail\":\"/"))) << path;
    EXPECT_THAT(seen, Not(HasSubstr("administrator-user"))) << path;
    for (const std::string role : {"reader", "author", "administrator"}) {
      const std::string text = As(role, "GET", path).body;
      EXPECT_THAT(text, Not(HasSubstr("pass-in-string-77"))) << path << " as " << role;
      EXPECT_THAT(text, Not(HasSubstr("battery"))) << path;
      EXPECT_THAT(text, Not(HasSubstr("argon2"))) << path;
    }
  }
  const json::value as_reader = json::parse(As("reader", "GET", "/api/v1/runs/" + id).body);
  EXPECT_FALSE(as_reader.at("error").as_object().contains("detail"));
  EXPECT_FALSE(as_reader.as_object().contains("log"));
  const std::string log = cqd_->server().Output();
  EXPECT_THAT(log, Not(HasSubstr("pass-in-string-77")));
  EXPECT_THAT(log, Not(HasSubstr("battery")));
}

TEST_F(BasicAuth, UsersAreManagedByTheCommand) {
  const Finished piped = Shell(*cqd_, fmt::format("echo 'from a pipe' | {} user add piped --role "
                                                  "author --config {}",
                                                  CQD_BINARY, cqd_->Path("cqd.toml")));
  ASSERT_EQ(piped.exit_code, 0) << piped.output;
  cqd_->client.credentials = {"piped", "from a pipe"};
  EXPECT_EQ(cqd_->Get("/api/v1/status").status, 200) << "the file is read again when it changed";
  EXPECT_THAT(cqd_->Cqd({"user", "list"}).output, testing::ContainsRegex("piped +author"));
  EXPECT_EQ(cqd_->Cqd({"user", "remove", "piped"}).exit_code, 0);
  EXPECT_THAT(cqd_->Cqd({"user", "list"}).output, Not(HasSubstr("piped")));
  EXPECT_NE(cqd_->Cqd({"user", "remove", "piped"}).exit_code, 0);
  std::ofstream(cqd_->Path("empty")) << "\n";
  std::ofstream(cqd_->Path("short")) << "seven77\n";
  EXPECT_THAT(cqd_->Cqd({"user", "add", "x", "--password-file", cqd_->Path("short")}).output,
              AllOf(HasSubstr("at least 8 characters"), Not(HasSubstr("seven77"))));
  for (std::vector<std::string> wrong :
       {std::vector<std::string>{"user", "add", "x:y", "--password-file", cqd_->Path("cqd.toml")},
        {"user", "add", "x", "--role", "king", "--password-file", cqd_->Path("cqd.toml")},
        {"user", "add", "x", "--password-file", cqd_->Path("empty")},
        {"user", "add", "x", "--password-file", cqd_->Path("short")},
        {"user", "add", "x", "--password-file", cqd_->Path("missing")},
        {"user", "add", "--password-file", cqd_->Path("cqd.toml")}})
    EXPECT_NE(cqd_->Cqd(wrong).exit_code, 0) << wrong[2];
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(cqd_->Path("users")).permissions() &
                (perms::group_all | perms::others_all),
            perms::none)
      << "hashes are for the owner alone";
}

TEST(Proxy, BelievesTheHeadersOfListedAddressesOnly) {
  for (const auto& [address, believed] :
       {std::pair("127.0.0.0/8", true), std::pair("10.1.2.3", false)}) {
    Installation cqd;
    cqd.Configure(
        fmt::format("{}[auth]\nmode = \"proxy\"\nproxy_user_header = \"X-Remote-User\"\n"
                    "proxy_role_header = \"X-Remote-Role\"\nproxy_addresses = [\"{}\"]\n",
                    kQuiet, address));
    cqd.Serve();
    const auto call = [&](const std::string& method, const std::string& path,
                          std::vector<std::pair<std::string, std::string>> headers) {
      return cqd.Send(method, path, std::move(headers), method == "POST" ? "{" : "").status;
    };
    EXPECT_EQ(call("GET", "/api/v1/status", {}), 401);
    EXPECT_EQ(call("GET", "/livez", {}), 200);
    EXPECT_EQ(call("GET", "/api/v1/status", {{"X-Remote-User", "eva"}}), believed ? 200 : 401);
    EXPECT_EQ(call("POST", "/api/v1/runs", {{"X-Remote-User", "eva"}}), believed ? 403 : 401);
    EXPECT_EQ(call("POST", "/api/v1/runs",
                   {{"X-Remote-User", "eva"}, {"X-Remote-Role", "administrator"}}),
              believed ? 400 : 401);
    EXPECT_EQ(call("GET", "/api/v1/status", {{"X-Remote-User", "eva"}, {"X-Remote-Role", "king"}}),
              401)
        << "a role nobody knows is no reader";
  }
}

TEST(Binding, IsRefusedWhereEverybodyCouldCall) {
  for (const char* address : {"0.0.0.0", "::"}) {
    Installation cqd;
    cqd.Configure(fmt::format("{}[server]\naddress = \"{}\"\n", kQuiet, address));
    const Finished refused = cqd.Cqd({"serve", "--port", "0"});
    EXPECT_EQ(refused.exit_code, 3) << refused.output;
    EXPECT_THAT(refused.output, HasSubstr("auth"));
    EXPECT_FALSE(std::filesystem::exists(cqd.data_dir() + "/SERVER"));
  }
  for (const char* wrong : {"[auth]\nmode = \"basic\"\n", "[auth]\nmode = \"proxy\"\n",
                            "[auth]\nmode = \"basic\"\npassword_file = \"not-there\"\n",
                            "[auth]\nmode = \"nobody\"\n", "[server]\ntls_key_file = \"x\"\n",
                            "[data_api]\ncors_trusted_origins = [\"portal.example.org\"]\n"}) {
    Installation cqd;
    cqd.Configure(std::string(kQuiet) + wrong);
    const Finished refused = cqd.Cqd({"serve", "--port", "0"});
    EXPECT_NE(refused.exit_code, 0) << wrong;
    EXPECT_THAT(refused.output, HasSubstr("cqd: ")) << wrong;
  }
}

}  // namespace
}  // namespace cqd
