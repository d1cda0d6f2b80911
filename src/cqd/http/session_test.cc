// Sessions of browsers, and changes of users that must not lock everybody out.
#include <gtest/gtest.h>

#include "http/auth.h"
#include "http/internal/base64.h"
#include "http/internal/session_table.h"
#include "http/internal/sign_in_throttle.h"
#include "http/internal/test_support.h"

namespace cqd::http {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr PasswordCost kCheap{64, 1};
constexpr const char* kHere = "192.0.2.1";

Request WithCookie(const std::string& value) {
  Request request;
  request.headers.Add("Cookie", value);
  return request;
}
Request WithSession(const std::string& token) {
  return WithCookie("theme=dark; cqd_session=" + token + "; other=1");
}

class BrowserSession : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(AddUser(path_, "anna", Role::kAuthor, "secret12", false, kCheap).ok());
    ASSERT_TRUE(AddUser(path_, "root", Role::kAdministrator, "rootroot", false, kCheap).ok());
    basic_ = *MakeBasicAuthenticator({.password_file = path_}, clock_);
  }
  ErrorCode CodeOf(const Request& request) {
    const auto result = basic_->Authenticate(request);
    return result.ok() ? ErrorCode::kInternal : result.error().code;
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.File("users");
  SimulatedClock clock_{FromMicros(0)};
  std::unique_ptr<Authenticator> basic_;
};

TEST_F(BrowserSession, StandsForTheCredentialsUntilItIsOver) {
  const auto wrong = basic_->BeginSession("anna", "Secret12", kHere);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kUnauthenticated);
  const auto anna = basic_->BeginSession("anna", "secret12", kHere);
  ASSERT_TRUE(anna.ok());
  EXPECT_EQ(anna->token.size(), 64U);
  EXPECT_EQ(anna->principal.role, Role::kAuthor);
  const Request request = WithSession(anna->token);
  EXPECT_TRUE(basic_->HasSession(request));
  EXPECT_EQ((*basic_->AuthenticateFast(request))->name, "anna");
  clock_.Advance(seconds(31));
  EXPECT_FALSE(basic_->AuthenticateFast(request).has_value()) << "the file is asked again";
  EXPECT_EQ(basic_->Authenticate(request)->name, "anna");
  EXPECT_TRUE(basic_->AuthenticateFast(request).has_value());
  clock_.Advance(hours(8));
  EXPECT_EQ(CodeOf(request), ErrorCode::kUnauthenticated);
  EXPECT_FALSE(basic_->HasSession(request));
}

TEST_F(BrowserSession, EndsWhenAskedAndForUnknownTokens) {
  const auto anna = basic_->BeginSession("anna", "secret12", kHere);
  ASSERT_TRUE(anna.ok());
  basic_->EndSession(WithSession(anna->token));
  EXPECT_EQ(CodeOf(WithSession(anna->token)), ErrorCode::kUnauthenticated);
  for (const char* cookie :
       {"", "cqd_session", "cqd_session=", "cqd_session=0;", "x=y", "cqd_session = a"}) {
    const auto fast = basic_->AuthenticateFast(WithCookie(cookie));
    ASSERT_TRUE(fast.has_value()) << cookie;
    EXPECT_FALSE(fast->ok()) << cookie;
    EXPECT_EQ(CodeOf(WithCookie(cookie)), ErrorCode::kUnauthenticated) << cookie;
  }
}

TEST_F(BrowserSession, FollowsTheUserFile) {
  const auto anna = basic_->BeginSession("anna", "secret12", kHere);
  const auto again = basic_->BeginSession("anna", "secret12", kHere);
  ASSERT_TRUE(anna.ok() && again.ok());
  EXPECT_NE(anna->token, again->token);
  ASSERT_TRUE(ChangeRole(path_, "anna", Role::kReader).ok());
  basic_->ForgetUsers();
  EXPECT_FALSE(basic_->AuthenticateFast(WithSession(anna->token)).has_value());
  EXPECT_EQ(basic_->Authenticate(WithSession(anna->token))->role, Role::kReader);
  ASSERT_TRUE(ChangePassword(path_, "anna", "other123", kCheap).ok());
  basic_->ForgetUsers();
  EXPECT_EQ(CodeOf(WithSession(anna->token)), ErrorCode::kUnauthenticated) << "another password";
  const auto other = basic_->BeginSession("anna", "other123", kHere);
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(RemoveUser(path_, "anna").ok());
  clock_.Advance(seconds(31));
  EXPECT_EQ(CodeOf(WithSession(other->token)), ErrorCode::kUnauthenticated) << "removed";
}

TEST_F(BrowserSession, IsOffWhereNobodyTypesAPassword) {
  const auto off = MakeBasicAuthenticator({.password_file = path_, .session_time = {}}, clock_);
  ASSERT_TRUE(off.ok());
  EXPECT_EQ((*off)->BeginSession("anna", "secret12", kHere).error().code,
            ErrorCode::kFailedPrecondition);
  Request ours;
  ours.headers.Add("X-Requested-With", "OpenCQD");
  EXPECT_TRUE((*off)->ChallengeFor(ours).starts_with("Basic")) << "then the browser has to ask";
  EXPECT_EQ(MakeOpenAuthenticator()->BeginSession("anna", "secret12", kHere).error().code,
            ErrorCode::kFailedPrecondition);
  EXPECT_FALSE(MakeOpenAuthenticator()->HasSession(WithSession("0")));
}

TEST_F(BrowserSession, OurPagesAreNotAskedByTheBrowser) {
  Request request;
  EXPECT_TRUE(basic_->ChallengeFor(request).starts_with("Basic"));
  request.headers.Add("X-Requested-With", "OpenCQD");
  EXPECT_TRUE(basic_->ChallengeFor(request).starts_with("Session"));
  Request stream;
  stream.headers.Add("Accept", "text/event-stream");
  EXPECT_TRUE(basic_->ChallengeFor(stream).starts_with("Basic")) << "no browser";
  stream.headers.Add("Sec-Fetch-Dest", "empty");
  EXPECT_TRUE(basic_->ChallengeFor(stream).starts_with("Session"));
}

/// Wrong passwords until one is held back; how many were looked at.
int GuessUntilHeldBack(SignInThrottle& throttle, const std::string& name, const std::string& from) {
  for (int i = 0; i < 1000; ++i) {
    if (!throttle.Begin(name, from).ok()) return i;
    throttle.Failed(name, from);
  }
  return 1000;
}

TEST(SignInThrottle, WaitsGrowAndAreNotLengthenedByThoseWhoDoNotWait) {
  SimulatedClock clock(FromMicros(0));
  SignInThrottle throttle({.free_of_name = 3, .free_of_address = 100}, clock);
  EXPECT_EQ(GuessUntilHeldBack(throttle, "anna", kHere), 4);
  for (const int wait : {1, 2, 4, 8, 16, 32, 60, 60}) {
    const Status held = throttle.Begin("anna", kHere);
    ASSERT_FALSE(held.ok()) << wait;
    EXPECT_EQ(held.error().code, ErrorCode::kResourceExhausted);
    EXPECT_EQ(held.error().detail, std::to_string(wait));
    clock.Advance(seconds(wait) - std::chrono::milliseconds(1));
    EXPECT_EQ(throttle.Begin("anna", kHere).error().detail, "1") << "of a second begun";
    clock.Advance(std::chrono::milliseconds(1));
    ASSERT_TRUE(throttle.Begin("anna", kHere).ok());
    EXPECT_FALSE(throttle.Begin("anna", kHere).ok()) << "two at once are no way around";
    throttle.Failed("anna", kHere);
  }
  EXPECT_TRUE(throttle.Begin("bela", kHere).ok()) << "others are let alone";
  EXPECT_EQ(throttle.counts().wrong, 4 + 8);
  EXPECT_EQ(throttle.counts().held_back, 1 + 3 * 8);
  clock.Advance(hours(1) + seconds(1));
  EXPECT_EQ(GuessUntilHeldBack(throttle, "anna", kHere), 4) << "forgotten";
}

TEST(SignInThrottle, FewerThanAHundredGuessesAnHour) {
  SimulatedClock clock(FromMicros(0));
  SignInThrottle throttle(GuessLimits{}, clock);
  for (int second = 0; second < 3600; ++second) {
    // From ever another address.
    const std::string from = "198.51.100." + std::to_string(second % 250);
    if (throttle.Begin("anna", from).ok()) throttle.Failed("anna", from);
    clock.Advance(seconds(1));
  }
  EXPECT_LT(throttle.counts().wrong, 100) << "OWASP ASVS 4.0.3, 2.2.1";
}

TEST(SignInThrottle, AnAddressIsHeldWhateverTheNames) {
  SimulatedClock clock(FromMicros(0));
  SignInThrottle throttle({.free_of_name = 3, .free_of_address = 10}, clock);
  int looked_at = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "user" + std::to_string(i);
    if (!throttle.Begin(name, kHere).ok()) continue;
    throttle.Failed(name, kHere);
    ++looked_at;
  }
  EXPECT_EQ(looked_at, 11);
  EXPECT_TRUE(throttle.Begin("user1", "203.0.113.5").ok()) << "not from elsewhere";
}

TEST(SignInThrottle, NobodyIsKeptOutOfTheirOwnPlaceByStrangers) {
  SimulatedClock clock(FromMicros(0));
  SignInThrottle throttle({.free_of_name = 3, .free_of_address = 10}, clock);
  ASSERT_TRUE(throttle.Begin("anna", kHere).ok());
  throttle.Succeeded("anna", kHere);
  EXPECT_EQ(GuessUntilHeldBack(throttle, "anna", "203.0.113.5"), 4);
  for (int i = 0; i < 20; ++i) {
    const std::string name = "user" + std::to_string(i);
    if (throttle.Begin(name, kHere).ok()) throttle.Failed(name, kHere);
  }
  EXPECT_FALSE(throttle.Begin("bela", kHere).ok()) << "one proxy for all: strangers there wait";
  EXPECT_TRUE(throttle.Begin("anna", kHere).ok());
  EXPECT_EQ(GuessUntilHeldBack(throttle, "anna", kHere), 4) << "but is counted too";
}

TEST(SignInThrottle, IsBoundedAndCanBeOff) {
  SimulatedClock clock(FromMicros(0));
  SignInThrottle throttle({.free_of_name = 1, .free_of_address = 1'000'000}, clock);
  EXPECT_EQ(GuessUntilHeldBack(throttle, "first", kHere), 2);
  for (std::size_t i = 0; i < kGuessersMax; ++i) {
    clock.Advance(std::chrono::milliseconds(1));
    const std::string name = "user" + std::to_string(i);
    ASSERT_TRUE(throttle.Begin(name, kHere).ok());
    throttle.Failed(name, kHere);
  }
  EXPECT_EQ(GuessUntilHeldBack(throttle, "first", kHere), 2) << "made room";
  SignInThrottle off({.wait_max = Duration(0)}, clock);
  EXPECT_EQ(GuessUntilHeldBack(off, "anna", kHere), 1000);
  EXPECT_EQ(off.counts().wrong, 1000);
}

// Promise: names from strangers take bounded memory, and one that no user can have is counted as
// any other that does not exist.
TEST(SignInThrottle, LongNamesAreCountedAndNotKept) {
  SimulatedClock clock(FromMicros(0));
  SignInThrottle throttle({.free_of_name = 3, .free_of_address = 100}, clock);
  const std::string longest(kUserNameBytesMax, 'a');
  EXPECT_EQ(GuesserKey(longest), longest);
  const std::string one(16 * 1024, 'a');
  const std::string other = std::string(16 * 1024 - 1, 'a') + 'b';
  EXPECT_EQ(GuesserKey(one).size(), 65U);
  EXPECT_NE(GuesserKey(one), GuesserKey(other));
  EXPECT_NE(GuesserKey(one), GuesserKey(longest + 'a'));
  for (const std::string& name : {std::string("nobody"), longest, longest + 'a', one, other}) {
    EXPECT_EQ(GuessUntilHeldBack(throttle, name, kHere), 4) << name.size();
    EXPECT_EQ(throttle.Begin(name, kHere).error().detail, "1") << name.size();
  }
}

TEST_F(BrowserSession, WrongPasswordsAreHeldBackEveryWay) {
  Request basic;
  basic.remote_address = kHere;
  basic.headers.Add("Authorization", "Basic " + Base64Encode("anna:wrong"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(CodeOf(basic), ErrorCode::kUnauthenticated);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(basic_->BeginSession("anna", "wrong", kHere).error().code,
              ErrorCode::kUnauthenticated);
  }
  EXPECT_EQ(CodeOf(basic), ErrorCode::kResourceExhausted);
  const auto right = basic_->BeginSession("anna", "secret12", kHere);
  ASSERT_FALSE(right.ok()) << "nobody learns by it that the password is right";
  const Response refused = RefusedSignIn(right.error());
  EXPECT_EQ(refused.status, 429);
  ASSERT_EQ(refused.headers.size(), 1U);
  EXPECT_EQ(refused.headers[0], std::pair(std::string("Retry-After"), std::string("1")));
  clock_.Advance(seconds(1));
  EXPECT_TRUE(basic_->BeginSession("anna", "secret12", kHere).ok());
  EXPECT_EQ(basic_->sign_in_counts()->right, 1);
  EXPECT_EQ(basic_->sign_in_counts()->wrong, 6);
  EXPECT_EQ(basic_->sign_in_counts()->held_back, 2);
}

TEST_F(BrowserSession, AsksAgainForThePassword) {
  Request request;
  request.remote_address = kHere;
  request.principal = {"anna", Role::kAuthor};
  EXPECT_TRUE(basic_->CheckAgain(request, "secret12").ok());
  EXPECT_EQ(basic_->CheckAgain(request, "root").error().code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(MakeOpenAuthenticator()->CheckAgain(request, "secret12").error().code,
            ErrorCode::kFailedPrecondition);
  EXPECT_FALSE(MakeOpenAuthenticator()->sign_in_counts().has_value());
}

TEST(SessionTable, IsBounded) {
  SimulatedClock clock(FromMicros(0));
  SessionTable table(clock);
  std::string first;
  for (std::size_t i = 0; i <= kSessionsMax; ++i) {
    const auto token = table.Begin({{}, "", hours(1) + seconds(static_cast<int>(i)), {}});
    ASSERT_TRUE(token.ok());
    if (i == 0) first = *token;
    EXPECT_TRUE(table.Find(*token).has_value());
  }
  EXPECT_FALSE(table.Find(first).has_value()) << "the one that ends first made room";
}

TEST(PasswordFile, TheLastAdministratorStays) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("users");
  ASSERT_TRUE(AddUser(path, "root", Role::kAdministrator, "xxxxxxxx", false, kCheap).ok());
  ASSERT_TRUE(AddUser(path, "anna", Role::kReader, "yyyyyyyy", false, kCheap).ok());
  constexpr auto kStays = LastAdministrator::kStays;
  EXPECT_EQ(RemoveUser(path, "root", kStays).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(ChangeRole(path, "root", Role::kReader, kStays).error().code,
            ErrorCode::kFailedPrecondition);
  EXPECT_TRUE(ChangeRole(path, "root", Role::kAdministrator, kStays).ok());
  EXPECT_EQ(ChangeRole(path, "nobody", Role::kReader).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ChangeRole(path, "anna", Role::kNone).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ChangePassword(path, "nobody", "xxxxxxxx", kCheap).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ChangePassword(path, "anna", "seven77", kCheap).error().code,
            ErrorCode::kInvalidArgument);
  ASSERT_TRUE(ChangeRole(path, "anna", Role::kAdministrator).ok());
  EXPECT_EQ(CheckPassword(*ReadPasswordFile(path), "anna", "yyyyyyyy")->role, Role::kAdministrator)
      << "the password is kept";
  ASSERT_TRUE(ChangePassword(path, "anna", "zzzzzzzz", kCheap).ok());
  EXPECT_EQ(CheckPassword(*ReadPasswordFile(path), "anna", "zzzzzzzz")->role, Role::kAdministrator)
      << "the role is kept";
  EXPECT_TRUE(RemoveUser(path, "root", kStays).ok());
}

}  // namespace
}  // namespace cqd::http
