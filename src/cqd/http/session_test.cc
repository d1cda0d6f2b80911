// Sessions of browsers, and changes of users that must not lock everybody out.
#include <gtest/gtest.h>

#include "http/auth.h"
#include "http/internal/base64.h"
#include "http/internal/session_table.h"
#include "http/internal/test_support.h"

namespace cqd::http {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr PasswordCost kCheap{64, 1};

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
    ASSERT_TRUE(AddUser(path_, "anna", Role::kAuthor, "secret", false, kCheap).ok());
    ASSERT_TRUE(AddUser(path_, "root", Role::kAdministrator, "root", false, kCheap).ok());
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
  const auto wrong = basic_->BeginSession("anna", "Secret");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kUnauthenticated);
  const auto anna = basic_->BeginSession("anna", "secret");
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
  const auto anna = basic_->BeginSession("anna", "secret");
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
  const auto anna = basic_->BeginSession("anna", "secret");
  const auto again = basic_->BeginSession("anna", "secret");
  ASSERT_TRUE(anna.ok() && again.ok());
  EXPECT_NE(anna->token, again->token);
  ASSERT_TRUE(ChangeRole(path_, "anna", Role::kReader).ok());
  basic_->ForgetUsers();
  EXPECT_FALSE(basic_->AuthenticateFast(WithSession(anna->token)).has_value());
  EXPECT_EQ(basic_->Authenticate(WithSession(anna->token))->role, Role::kReader);
  ASSERT_TRUE(ChangePassword(path_, "anna", "other", kCheap).ok());
  basic_->ForgetUsers();
  EXPECT_EQ(CodeOf(WithSession(anna->token)), ErrorCode::kUnauthenticated) << "another password";
  const auto other = basic_->BeginSession("anna", "other");
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(RemoveUser(path_, "anna").ok());
  clock_.Advance(seconds(31));
  EXPECT_EQ(CodeOf(WithSession(other->token)), ErrorCode::kUnauthenticated) << "removed";
}

TEST_F(BrowserSession, IsOffWhereNobodyTypesAPassword) {
  const auto off = MakeBasicAuthenticator({.password_file = path_, .session_time = {}}, clock_);
  ASSERT_TRUE(off.ok());
  EXPECT_EQ((*off)->BeginSession("anna", "secret").error().code, ErrorCode::kFailedPrecondition);
  Request ours;
  ours.headers.Add("X-Requested-With", "OpenCQD");
  EXPECT_TRUE((*off)->ChallengeFor(ours).starts_with("Basic")) << "then the browser has to ask";
  EXPECT_EQ(MakeOpenAuthenticator()->BeginSession("anna", "secret").error().code,
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
  ASSERT_TRUE(AddUser(path, "root", Role::kAdministrator, "x", false, kCheap).ok());
  ASSERT_TRUE(AddUser(path, "anna", Role::kReader, "y", false, kCheap).ok());
  constexpr auto kStays = LastAdministrator::kStays;
  EXPECT_EQ(RemoveUser(path, "root", kStays).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(ChangeRole(path, "root", Role::kReader, kStays).error().code,
            ErrorCode::kFailedPrecondition);
  EXPECT_TRUE(ChangeRole(path, "root", Role::kAdministrator, kStays).ok());
  EXPECT_EQ(ChangeRole(path, "nobody", Role::kReader).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ChangeRole(path, "anna", Role::kNone).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ChangePassword(path, "nobody", "x", kCheap).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ChangePassword(path, "anna", "", kCheap).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(ChangeRole(path, "anna", Role::kAdministrator).ok());
  EXPECT_EQ(CheckPassword(*ReadPasswordFile(path), "anna", "y")->role, Role::kAdministrator)
      << "the password is kept";
  ASSERT_TRUE(ChangePassword(path, "anna", "z", kCheap).ok());
  EXPECT_EQ(CheckPassword(*ReadPasswordFile(path), "anna", "z")->role, Role::kAdministrator)
      << "the role is kept";
  EXPECT_TRUE(RemoveUser(path, "root", kStays).ok());
}

}  // namespace
}  // namespace cqd::http
