// Who calls: nobody asked, a password file, or a proxy in front that has asked already.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "http/password_file.h"

namespace cqd::http {

/// Name of the cookie that carries a browser's session.
inline constexpr std::string_view kSessionCookie = "cqd_session";
/// Value of the field `X-Requested-With` by which our own pages ask not to be answered with a
/// challenge that makes the browser open its sign-in window: they have one themselves.
inline constexpr std::string_view kPortalRequest = "OpenCQD";

/// A browser that has just signed in.
struct NewSession {
  Principal principal;
  std::string token;  ///< secret; goes into the cookie and nowhere else
  Duration time_max{0};
};

/// How many guesses of a password are free, and how long one waits after them.
struct GuessLimits {
  /// Wrong passwords for one name before there is a wait. Larger: more slips of the finger, and
  /// more guesses.
  std::int64_t free_of_name = 5;
  /// The same from one address, whatever the names: an office may stand behind one. Our decision.
  std::int64_t free_of_address = 50;
  /// The longest wait; 0: nobody waits. With one minute, fewer than 70 passwords of a name are
  /// looked at in an hour: OWASP ASVS 4.0.3, 2.2.1 allows 100.
  Duration wait_max = std::chrono::minutes(1);
};

/// Passwords looked at since the start.
struct SignInCounts {
  std::int64_t right = 0, wrong = 0;
  std::int64_t held_back = 0;  ///< refused unlooked at, for they came too soon
};

/// Decides who a request is from. Threads: every method may be called from any thread.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// What can be told at once (no file, no hash of tens of milliseconds); nullopt: ask
  /// Authenticate on a worker thread. Errors: kUnauthenticated, kPermissionDenied.
  virtual std::optional<Result<Principal>> AuthenticateFast(const Request& request) = 0;
  /// The whole check. May block. Errors: kUnauthenticated, kPermissionDenied,
  /// kUnavailable, kResourceExhausted (too many wrong ones, see RefusedSignIn).
  virtual Result<Principal> Authenticate(const Request& request) = 0;
  /// What `WWW-Authenticate` says on a 401 (RFC 9110 section 11.6.1).
  virtual std::string_view challenge() const = 0;
  /// The same for one request: a page of ours that shows its own sign-in form is not told of Basic,
  /// as long as there are sessions.
  std::string_view ChallengeFor(const Request& request) const;
  /// Signs a browser in that calls from `address`. Cost: as one password. Errors:
  /// kFailedPrecondition (this kind of authentication has no sessions, or they are switched off),
  /// kUnauthenticated, kResourceExhausted (too many wrong ones, see RefusedSignIn), kUnavailable.
  virtual Result<NewSession> BeginSession(std::string_view name, std::string_view password,
                                          std::string_view address);
  /// Verifies the password of who is signed in already, before something that a window left open
  /// should not allow. Errors: as BeginSession.
  virtual Status CheckAgain(const Request& request, std::string_view password);
  /// Ends the session of the request's cookie, when there is one.
  virtual void EndSession(const Request& request);
  /// True when browsers can begin sessions.
  virtual bool has_sessions() const { return false; }
  /// True when the request is let in by its session cookie.
  virtual bool HasSession(const Request& request);
  /// For who has changed the users: a removed one is out at once, not after `cache_time`.
  virtual void ForgetUsers() {}
  /// Passwords looked at; nullopt where there are none.
  virtual std::optional<SignInCounts> sign_in_counts() const { return std::nullopt; }
  /// True when it lets everybody in: then only loopback may be bound, see CheckBinding.
  virtual bool is_open() const { return false; }
};

/// What a refused sign-in is answered: as Problem, but 429 with Retry-After for kResourceExhausted,
/// whose `detail` holds the whole seconds to wait (RFC 6585 section 4).
Response RefusedSignIn(const Error& error);

/// Everybody is administrator. Refuses (kPermissionDenied) a request whose Host is neither an
/// address nor localhost, against pages that rebind a name of theirs to this machine.
std::unique_ptr<Authenticator> MakeOpenAuthenticator();

struct BasicOptions {
  /// See password_file.h.
  std::string password_file;
  /// How long a verified password is believed without Argon2, and so how long a removed user may
  /// still get in. Longer: less work for each caller. 0: verify each time.
  Duration cache_time = std::chrono::seconds(30);
  /// How long a browser stays signed in, whatever it does; 0: no sessions. Longer: less typing, and
  /// a browser left open is open for longer. Default: the upper end of what the OWASP Session
  /// Management Cheat Sheet gives for a day of office work.
  Duration session_time = std::chrono::hours(8);
  GuessLimits guesses = {};
};

/// HTTP Basic (RFC 7617) over the password file. The file is read again when it changed.
/// Browsers may begin a session; its cookie then stands for the credentials, as long as the file
/// has the user with that password. What is remembered is a SHA-256 over a random salt and the
/// credentials, never a password. Errors: as ReadPasswordFile.
Result<std::unique_ptr<Authenticator>> MakeBasicAuthenticator(BasicOptions options,
                                                              const Clock& clock);

struct ProxyOptions {
  /// The field that carries the user name, for example "X-Remote-User".
  std::string user_header;
  /// The field that carries the role; empty, or absent in a request: `default_role`.
  std::string role_header;
  Role default_role = Role::kReader;
  /// Addresses and CIDR ranges of the proxies; a request from anywhere else is 401, whatever it
  /// carries.
  std::vector<std::string> trusted_addresses;
};

/// Errors: kInvalidArgument (no user header, no or a bad address).
Result<std::unique_ptr<Authenticator>> MakeProxyAuthenticator(const ProxyOptions& options);

/// Refuses a server that anybody on the network could call without being asked.
/// Errors: kFailedPrecondition with the remedy, unless `address` is loopback or authentication is
/// on.
Status CheckBinding(std::string_view address, const Authenticator& authenticator);

}  // namespace cqd::http
