// Promise: `cqd status` is what a monitoring system needs: one line by the Nagios plugin convention
// and its exit codes, with a server, without one, and when nobody can tell; and the commands sign
// in where a server wants it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sqlite/database.h"
#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
using test::Finished;
using test::Installation;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

constexpr const char* kQuiet =
    "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = "
    "604800\n";

std::string FirstLine(const Finished& done) {
  return done.output.substr(0, done.output.find('\n'));
}

void Integrated(Installation& cqd) {
  cqd.Simulate(300, 2);
  cqd.ConfigureWithDatabase(kQuiet);
  const Finished run = cqd.Cqd({"integrate"});
  ASSERT_EQ(run.exit_code, 0) << run.output;
}

TEST(StatusCommand, SpeaksThePluginConventionWithAServerAndWithout) {
  Installation cqd;
  Integrated(cqd);
  const Finished alone = cqd.Cqd({"status"});
  EXPECT_EQ(alone.exit_code, 0) << alone.output;
  EXPECT_THAT(FirstLine(alone),
              MatchesRegex("CQD OK - no server runs; cube [0-9]+ s old, archive [0-9]+ s old \\| "
                           "cube_age=[0-9]+s;604800;604800;0 archive_age=[0-9]+s;604800;604800;0 "
                           "reasons=0;;;0.*"));
  cqd.Serve();
  const Finished served = cqd.Cqd({"status", "--verbose"});
  EXPECT_EQ(served.exit_code, 0) << served.output;
  EXPECT_THAT(FirstLine(served), StartsWith("CQD OK - cube "));
  EXPECT_THAT(served.output, HasSubstr("last success"));
  EXPECT_THAT(served.output, HasSubstr("source qoe"));
  const Finished document = cqd.Cqd({"status", "--json"});
  EXPECT_EQ(json::parse(document.output).at("status").as_string(), "pass");
  const Finished named = cqd.Run({"status", "--server", cqd.base()});
  EXPECT_EQ(named.exit_code, 0) << "another machine's server, no data here: " << named.output;
  cqd.StopServer();
}

TEST(StatusCommand, FailureIsTwoAndSaysWhatToDo) {
  Installation cqd;
  Integrated(cqd);
  std::filesystem::rename(cqd.database(), cqd.Path("gone.sqlite"));
  for (int i = 0; i < 3; ++i) EXPECT_NE(cqd.Cqd({"integrate"}).exit_code, 0);
  const Finished status = cqd.Cqd({"status"});
  EXPECT_THAT(status.exit_code, testing::AnyOf(1, 2)) << status.output;
  EXPECT_THAT(FirstLine(status), ContainsRegex("CQD (WARNING|CRITICAL) - no server runs; .+ \\| "));
  EXPECT_THAT(status.output, HasSubstr("(archive_failing)"));
  const json::value document = json::parse(cqd.Cqd({"status", "--json"}).output);
  EXPECT_EQ(status.exit_code, document.at("status").as_string() == "fail" ? 2 : 1);
}

TEST(StatusCommand, UnknownIsThree) {
  Installation cqd;
  cqd.Configure(kQuiet);
  const Finished nothing = cqd.Cqd({"status"});
  EXPECT_EQ(nothing.exit_code, 3) << nothing.output;
  EXPECT_THAT(FirstLine(nothing), StartsWith("CQD UNKNOWN - "));
  EXPECT_FALSE(std::filesystem::exists(cqd.data_dir())) << "a look makes nothing";
  EXPECT_EQ(json::parse(cqd.Cqd({"status", "--json"}).output).at("status").as_string(), "unknown");
  EXPECT_EQ(cqd.Cqd({"status", "--what"}).exit_code, 3) << "no wrong argument reads as a failure";
  EXPECT_EQ(cqd.Run({"status", "--server", "http://127.0.0.1:1"}).exit_code, 3);
  EXPECT_EQ(cqd.Run({"status", "--server", "nonsense"}).exit_code, 3);
  EXPECT_EQ(cqd.Cqd({"integrate", "--what"}).exit_code, 2) << "other commands keep their codes";

  // A server that hangs: the answer comes in time, and it is "we cannot tell".
  cqd.Serve();
  cqd.server().Signal(SIGSTOP);
  const Finished hangs = cqd.Cqd({"status", "--timeout", "1"});
  EXPECT_EQ(hangs.exit_code, 3) << hangs.output;
  EXPECT_THAT(FirstLine(hangs), StartsWith("CQD UNKNOWN - "));
  cqd.server().Signal(SIGCONT);
  EXPECT_EQ(cqd.StopServer(), 0);
}

TEST(StatusCommand, AServerThatDiedIsAtLeastAWarning) {
  Installation cqd;
  Integrated(cqd);
  cqd.Serve();
  cqd.server().Signal(SIGKILL);
  cqd.server().Wait();
  const Finished status = cqd.Cqd({"status"});
  EXPECT_GE(status.exit_code, 1) << status.output;
  EXPECT_THAT(FirstLine(status), HasSubstr("the server has died"));
}

TEST(StatusCommand, VerifyProvesTheLedger) {
  Installation cqd;
  Integrated(cqd);
  cqd.Serve();
  const Finished intact = cqd.Cqd({"status", "--verify"});
  EXPECT_EQ(intact.exit_code, 0) << intact.output;
  EXPECT_THAT(intact.output, ContainsRegex("CQD OK - ledger intact: [0-9]+ runs checked"));
  EXPECT_THAT(intact.output, ContainsRegex("\nhead [0-9a-f]+\n"));
  const std::string head = intact.output.substr(intact.output.find("\nhead ") + 6, 64);
  EXPECT_EQ(cqd.Cqd({"status", "--verify", "--head", head}).exit_code, 0);
  EXPECT_EQ(cqd.Cqd({"status", "--verify", "--head", std::string(64, 'a')}).exit_code, 2);
  cqd.StopServer();
  auto log = *sqlite::Database::Open(cqd.data_dir() + "/integration.sqlite");
  ASSERT_TRUE(log.Execute("UPDATE run SET state = 'failed' WHERE seq = 1").ok());
  const Finished altered = cqd.Cqd({"status", "--verify"});
  EXPECT_EQ(altered.exit_code, 2) << altered.output;
  EXPECT_THAT(altered.output, HasSubstr("altered_run"));
  const json::value document = json::parse(cqd.Cqd({"status", "--verify", "--json"}).output);
  EXPECT_FALSE(document.at("intact").as_bool());
}

/// A server that wants a password, with two users.
class SignIn : public testing::Test {
 protected:
  void SetUp() override {
    cqd_.Simulate(200, 2);
    Configure("");
    for (const std::string role : {"reader", "administrator"}) {
      std::ofstream(cqd_.Path(role + ".password")) << "pass of " << role << "\nsecond line\n";
      ASSERT_EQ(cqd_.Cqd({"user", "add", role, "--role", role, "--password-file",
                          cqd_.Path(role + ".password")})
                    .exit_code,
                0);
    }
    std::ofstream(cqd_.Path("wrong.password")) << "wrong\n";
    cqd_.Serve();
  }
  void Configure(const std::string& further) {
    cqd_.ConfigureWithDatabase(std::string(kQuiet) +
                               "[auth]\nmode = \"basic\"\npassword_file = \"users\"\n" + further);
  }
  Finished As(const std::string& user, const std::string& password,
              std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"--user", user, "--password-file", cqd_.Path(password + ".password")});
    return cqd_.Cqd(std::move(arguments));
  }
  Installation cqd_;
};

TEST_F(SignIn, CommandsSendTheNameAndThePassword) {
  std::ofstream(cqd_.Path("query.json"))
      << R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})";
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"integrate"},
                                             {"process"},
                                             {"status"},
                                             {"query", cqd_.Path("query.json")},
                                             {"quarantine", "list"},
                                             {"quarantine", "reasons"}}) {
    const Finished unknown = cqd_.Cqd(command);
    EXPECT_NE(unknown.exit_code, 0) << command[0];
    EXPECT_THAT(unknown.output, HasSubstr("--user")) << command[0] << " says what to give";
    EXPECT_NE(As("administrator", "wrong", command).exit_code, 0) << command[0];
    const Finished done = As("administrator", "administrator", command);
    EXPECT_EQ(done.exit_code, 0) << command[0] << ": " << done.output;
    EXPECT_THAT(done.output, Not(HasSubstr("pass of"))) << command[0];
  }
  EXPECT_EQ(cqd_.Cqd({"status"}).exit_code, 3) << "without a sign-in nobody can tell";
  EXPECT_EQ(As("reader", "reader", {"status"}).exit_code, 0);
  const Finished forbidden = As("reader", "reader", {"integrate"});
  EXPECT_EQ(forbidden.exit_code, 1) << forbidden.output;
  const Finished half = cqd_.Cqd({"quarantine", "list", "--user", "reader"});
  EXPECT_EQ(half.exit_code, 2) << half.output;
  EXPECT_THAT(half.output, HasSubstr("--password-file"));
  EXPECT_NE(
      cqd_.Cqd({"status", "--user", "reader", "--password-file", cqd_.Path("none")}).exit_code, 0);
}

TEST_F(SignIn, OrTheConfigurationSaysItOnce) {
  Configure("[client]\nuser = \"administrator\"\npassword_file = \"administrator.password\"\n");
  const Finished run = cqd_.Cqd({"integrate"});
  EXPECT_EQ(run.exit_code, 0) << run.output;
  EXPECT_EQ(cqd_.Cqd({"status"}).exit_code, 0);
  EXPECT_EQ(As("reader", "reader", {"integrate"}).exit_code, 1)
      << "the command line goes before the configuration";
}

}  // namespace
}  // namespace cqd
