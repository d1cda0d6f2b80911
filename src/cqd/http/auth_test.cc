#include "http/auth.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "http/address.h"
#include "http/internal/base64.h"
#include "http/internal/test_support.h"

namespace cqd::http {
namespace {

/// As cheap as Argon2 gets: these tests are about the file and the decisions.
constexpr PasswordCost kCheap{64, 1};

Request WithBasic(const std::string& name, const std::string& password) {
  Request request;
  request.headers.Add("Authorization", "Basic " + Base64Encode(name + ":" + password));
  return request;
}

ErrorCode CodeOf(const Result<Principal>& result) {
  EXPECT_FALSE(result.ok());
  return result.ok() ? ErrorCode::kInternal : result.error().code;
}

TEST(Base64, RoundTripsAndIsStrict) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)), bytes);
    bytes.push_back(static_cast<char>(i * 37));
  }
  EXPECT_EQ(Base64Encode("fooba"), "Zm9vYmE=");  // RFC 4648 section 10
  for (const char* bad : {"Zg", "Zg=", "Zh==", "Z===", "Zm=v", "Zm 9v", "Zm9v\n", "===="}) {
    EXPECT_EQ(Base64Decode(bad), std::nullopt) << bad;
  }
}

TEST(PasswordFile, UsersComeAndGo) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("users");
  EXPECT_EQ(ReadPasswordFile(path).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(AddUser(path, "anna", Role::kAuthor, "secret12", false, kCheap).ok());
  ASSERT_TRUE(AddUser(path, "bert", Role::kReader, "other123", false, kCheap).ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);

  EXPECT_EQ(AddUser(path, "anna", Role::kReader, "xxxxxxxx", false, kCheap).error().code,
            ErrorCode::kAlreadyExists);
  const auto users = ReadPasswordFile(path);
  ASSERT_TRUE(users.ok());
  ASSERT_EQ(users->size(), 2U);
  EXPECT_EQ(users->front().name, "anna");
  EXPECT_EQ(CheckPassword(*users, "anna", "secret12")->role, Role::kAuthor);
  EXPECT_EQ(CodeOf(CheckPassword(*users, "anna", "Secret12")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(CheckPassword(*users, "anna", "")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(CheckPassword(*users, "carl", "secret12")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(CheckPassword(*users, "anna", std::string(kPasswordBytesMax + 1, 'x'))),
            ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(CheckPassword({}, "anna", "secret12")), ErrorCode::kUnauthenticated);

  ASSERT_TRUE(AddUser(path, "anna", Role::kAdministrator, "new passwort", true, kCheap).ok());
  ASSERT_TRUE(RemoveUser(path, "bert").ok());
  EXPECT_EQ(RemoveUser(path, "bert").error().code, ErrorCode::kNotFound);
  const auto changed = ReadPasswordFile(path);
  ASSERT_EQ(changed->size(), 1U);
  EXPECT_EQ(CheckPassword(*changed, "anna", "new passwort")->role, Role::kAdministrator);
}

TEST(PasswordFile, NamesAndPasswordsOutOfRangeAreRefused) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("users");
  for (const std::string& name : {std::string(), std::string("a:b"), std::string("a\nb"),
                                  std::string("#a"), std::string(" a"), std::string(129, 'a')}) {
    EXPECT_EQ(AddUser(path, name, Role::kReader, "xxxxxxxx", false, kCheap).error().code,
              ErrorCode::kInvalidArgument);
  }
  // Seven characters in 14 bytes; eight in nine.
  for (const std::string& bad : {std::string(), std::string("seven77"), std::string("äöüäöüä"),
                                 std::string(kPasswordBytesMax + 1, 'x')}) {
    const Status refused = AddUser(path, "a", Role::kReader, bad, false, kCheap);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(refused.error().field, "password");
  }
  EXPECT_TRUE(AddUser(path, "a", Role::kReader, "eight88ä", false, kCheap).ok());
  EXPECT_EQ(AddUser(path, "a", Role::kNone, "xxxxxxxx", false, kCheap).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(
      AddUser(directory.File("no/such/dir/users"), "a", Role::kReader, "xxxxxxxx", false, kCheap)
          .error()
          .code,
      ErrorCode::kNotFound);
}

TEST(PasswordFile, CommentsStayAndBadLinesAreToldByNumber) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("users");
  std::ofstream(path) << "# who may do what\n\n";
  ASSERT_TRUE(AddUser(path, "anna", Role::kReader, "secret12", false, kCheap).ok());
  EXPECT_EQ(ReadPasswordFile(path)->size(), 1U);
  std::ifstream file(path);
  std::string first;
  std::getline(file, first);
  EXPECT_EQ(first, "# who may do what");
  for (const char* bad : {"anna", "anna:reader", "anna:reader:plaintext", "anna:king:$argon2id$x",
                          "anna:none:$argon2id$x", "a:b:reader:$argon2id$x"}) {
    std::ofstream(path) << "# comment\n" << bad << "\n";
    const auto users = ReadPasswordFile(path);
    ASSERT_FALSE(users.ok()) << bad;
    EXPECT_EQ(users.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(users.error().message.find("line 2"), std::string::npos);
    EXPECT_EQ(users.error().message.find("plaintext"), std::string::npos);
  }
}

// Promise: editors at the same time lose nobody's change.
TEST(PasswordFile, ParallelEditsAllCount) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("users");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 5; ++k) {
        const std::string name = "user" + std::to_string(i) + "_" + std::to_string(k);
        EXPECT_TRUE(AddUser(path, name, Role::kReader, "xxxxxxxx", false, kCheap).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ReadPasswordFile(path)->size(), 20U);
}

TEST(BasicAuthenticator, VerifiesAndRemembersForAWhile) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("users");
  ASSERT_TRUE(AddUser(path, "anna", Role::kAuthor, "sec:ret1", false, kCheap).ok());
  ASSERT_TRUE(AddUser(path, "bert", Role::kReader, "xxxxxxxx", false, kCheap).ok());
  SimulatedClock clock(FromMicros(0));
  auto basic = MakeBasicAuthenticator({path, std::chrono::seconds(30)}, clock);
  ASSERT_TRUE(basic.ok());
  const Request anna = WithBasic("anna", "sec:ret1");
  EXPECT_FALSE((*basic)->AuthenticateFast(anna).has_value());
  EXPECT_EQ((*basic)->Authenticate(anna)->role, Role::kAuthor);
  ASSERT_TRUE((*basic)->AuthenticateFast(anna).has_value());
  EXPECT_EQ((*(*basic)->AuthenticateFast(anna))->name, "anna");
  EXPECT_FALSE((*basic)->AuthenticateFast(WithBasic("anna", "sec")).has_value());
  clock.Advance(std::chrono::seconds(31));
  EXPECT_FALSE((*basic)->AuthenticateFast(anna).has_value());
  // A changed file is noticed at the next verification and ends every remembered one.
  EXPECT_TRUE((*basic)->Authenticate(anna).ok());
  ASSERT_TRUE(RemoveUser(path, "anna").ok());
  EXPECT_TRUE((*basic)->Authenticate(WithBasic("bert", "xxxxxxxx")).ok());
  EXPECT_FALSE((*basic)->AuthenticateFast(anna).has_value());
  EXPECT_EQ(CodeOf((*basic)->Authenticate(anna)), ErrorCode::kUnauthenticated);
  // A file that became unreadable lets nobody in.
  std::ofstream(path) << "nonsense\n";
  EXPECT_EQ(CodeOf((*basic)->Authenticate(WithBasic("bert", "xxxxxxxx"))), ErrorCode::kUnavailable);
}

TEST(BasicAuthenticator, MalformedCredentialsAreRefused) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("users");
  ASSERT_TRUE(AddUser(path, "anna", Role::kAuthor, "secret12", false, kCheap).ok());
  SystemClock clock;
  auto basic = MakeBasicAuthenticator({path}, clock);
  ASSERT_TRUE(basic.ok());
  EXPECT_EQ(CodeOf(*(*basic)->AuthenticateFast(Request())), ErrorCode::kUnauthenticated);
  for (const char* field : {"", "Basic", "Basic ", "Basic !!", "Bearer abc", "Basic YQ=="}) {
    Request request;
    request.headers.Add("Authorization", field);
    EXPECT_EQ(CodeOf((*basic)->Authenticate(request)), ErrorCode::kUnauthenticated) << field;
  }
  Request twice = WithBasic("anna", "secret12");
  twice.headers.Add("authorization", "Basic eDp5");
  EXPECT_EQ(CodeOf((*basic)->Authenticate(twice)), ErrorCode::kUnauthenticated);
  EXPECT_EQ(MakeBasicAuthenticator({directory.File("none")}, clock).error().code,
            ErrorCode::kNotFound);
}

TEST(ProxyAuthenticator, BelievesOnlyListedAddresses) {
  auto proxy = MakeProxyAuthenticator(
      {"X-User", "X-Role", Role::kReader, {"10.1.0.0/16", "::1", "fd00::/8"}});
  ASSERT_TRUE(proxy.ok());
  const auto ask = [&](std::string_view address, std::string_view user, std::string_view role) {
    Request request;
    request.remote_address = address;
    if (!user.empty()) request.headers.Add("x-user", user);
    if (!role.empty()) request.headers.Add("x-role", role);
    return (*proxy)->Authenticate(request);
  };
  EXPECT_EQ(ask("10.1.2.3", "anna", "")->role, Role::kReader);
  EXPECT_EQ(ask("::1", "anna", "Administrator")->role, Role::kAdministrator);
  EXPECT_EQ(ask("::ffff:10.1.2.3", "anna", "author")->name, "anna");
  EXPECT_EQ(CodeOf(ask("10.2.0.1", "anna", "")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(ask("10.1.2.3", "", "")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(ask("10.1.2.3", "anna", "king")), ErrorCode::kUnauthenticated);
  Request twice;
  twice.remote_address = "10.1.2.3";
  twice.headers.Add("X-User", "anna");
  twice.headers.Add("X-User", "admin");
  EXPECT_EQ(CodeOf((*proxy)->Authenticate(twice)), ErrorCode::kUnauthenticated);
  EXPECT_EQ(MakeProxyAuthenticator({"X-User", "", Role::kReader, {}}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(MakeProxyAuthenticator({"X-User", "", Role::kReader, {"10.0.0.0/33"}}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(MakeProxyAuthenticator({"", "", Role::kReader, {"::1"}}).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(Address, RangesAndLoopback) {
  EXPECT_TRUE(IpRange::Parse("192.168.4.0/22")->Contains("192.168.7.255"));
  EXPECT_FALSE(IpRange::Parse("192.168.4.0/22")->Contains("192.168.8.0"));
  EXPECT_TRUE(IpRange::Parse("0.0.0.0/0")->Contains("8.8.8.8"));
  EXPECT_FALSE(IpRange::Parse("0.0.0.0/0")->Contains("2001:db8::1"));
  EXPECT_FALSE(IpRange::Parse("10.0.0.1")->Contains("10.0.0.2"));
  EXPECT_FALSE(IpRange::Parse("10.0.0.1")->Contains("nonsense"));
  for (const char* bad : {"", "/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "::/129", "x/8"}) {
    EXPECT_EQ(IpRange::Parse(bad).error().code, ErrorCode::kInvalidArgument) << bad;
  }
  EXPECT_TRUE(IsLoopback("127.3.2.1") && IsLoopback("::1") && IsLoopback("LocalHost"));
  EXPECT_FALSE(IsLoopback("0.0.0.0") || IsLoopback("10.0.0.1") || IsLoopback("::"));
}

TEST(OpenAuthenticator, AnswersToAddressesAndLocalhostOnly) {
  const auto open = MakeOpenAuthenticator();
  const auto ask = [&](std::string_view host) {
    Request request;
    request.headers.Add("Host", host);
    return open->Authenticate(request);
  };
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]",
                           "cqd.localhost:80", "10.1.2.3"}) {
    EXPECT_TRUE(ask(host).ok()) << host;
  }
  for (const char* host : {"evil.example.org", "evil.example.org:8080", "", "[", "localhost.evil",
                           "notlocalhost", "10.0.0.0/8"}) {
    EXPECT_EQ(CodeOf(ask(host)), ErrorCode::kPermissionDenied) << host;
  }
  EXPECT_EQ(open->Authenticate(Request())->role, Role::kAdministrator);
}

TEST(CheckBinding, OpenServersStayOnLoopback) {
  const auto open = MakeOpenAuthenticator();
  EXPECT_TRUE(CheckBinding("127.0.0.1", *open).ok());
  EXPECT_EQ(CheckBinding("0.0.0.0", *open).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(CheckBinding("::", *open).error().code, ErrorCode::kFailedPrecondition);
  const auto proxy = MakeProxyAuthenticator({"X-User", "", Role::kReader, {"::1"}});
  EXPECT_TRUE(CheckBinding("0.0.0.0", **proxy).ok());
}

}  // namespace
}  // namespace cqd::http
