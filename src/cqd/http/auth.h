// Who calls: nobody asked, a password file, or a proxy in front that has asked already.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "http/password_file.h"

namespace cqd::http {

/// Decides who a request is from. Threads: every method may be called from any thread.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// What can be told at once (no file, no hash of tens of milliseconds); nullopt: ask
  /// Authenticate on a worker thread. Errors: kUnauthenticated, kPermissionDenied.
  virtual std::optional<Result<Principal>> AuthenticateFast(const Request& request) = 0;
  /// The whole check. May block. Errors: kUnauthenticated, kPermissionDenied,
  /// kUnavailable.
  virtual Result<Principal> Authenticate(const Request& request) = 0;
  /// What `WWW-Authenticate` says on a 401 (RFC 9110 section 11.6.1).
  virtual std::string_view challenge() const = 0;
  /// True when it lets everybody in: then only loopback may be bound, see CheckBinding.
  virtual bool is_open() const { return false; }
};

/// Everybody is administrator. Refuses (kPermissionDenied) a request whose Host is neither an
/// address nor localhost, against pages that rebind a name of theirs to this machine.
std::unique_ptr<Authenticator> MakeOpenAuthenticator();

struct BasicOptions {
  /// See password_file.h.
  std::string password_file;
  /// How long a verified password is believed without Argon2, and so how long a removed user may
  /// still get in. Longer: less work for each caller. 0: verify each time.
  Duration cache_time = std::chrono::seconds(30);
};

/// HTTP Basic (RFC 7617) over the password file. The file is read again when it changed.
/// What is remembered is a SHA-256 over a random salt and the credentials, never a password.
/// Errors: as ReadPasswordFile.
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
