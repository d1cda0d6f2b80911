#include "http/auth.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "base/log.h"
#include "base/text.h"
#include "http/address.h"
#include "http/internal/base64.h"
#include "http/internal/session_table.h"
#include "http/internal/sign_in_throttle.h"
#include "http/problem.h"

namespace cqd::http {
namespace {

Error Unauthenticated(std::string message) {
  return Fail(ErrorCode::kUnauthenticated, std::move(message));
}

bool IsAddressOrLocalhost(std::string_view host) {
  if (host.starts_with('[')) {
    host = host.substr(1, std::min(host.find(']'), host.size()) - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  const bool local = EqualsIgnoreCase(host, "localhost") || ToLower(host).ends_with(".localhost");
  return local || (host.find('/') == std::string_view::npos && IpRange::Parse(host).ok());
}

class OpenAuthenticator final : public Authenticator {
 public:
  std::optional<Result<Principal>> AuthenticateFast(const Request& request) override {
    return Authenticate(request);
  }
  Result<Principal> Authenticate(const Request& request) override {
    // A page elsewhere can make its own host name mean 127.0.0.1 (DNS rebinding) and would then be
    // of the same origin; a browser that was given an address or "localhost" cannot be led so.
    if (!IsAddressOrLocalhost(request.headers.Find("Host").value_or("localhost"))) {
      return Fail(ErrorCode::kPermissionDenied,
                  "without authentication this server answers only to localhost or an address, "
                  "not to another host name",
                  {}, "Host");
    }
    return Principal{"anonymous", Role::kAdministrator};
  }
  std::string_view challenge() const override { return {}; }
  bool is_open() const override { return true; }
};

struct Credentials {
  std::string name;
  std::string password;
};

// RFC 7617 section 2: "Basic" and base64 of name:password, in UTF-8.
std::optional<Credentials> ParseBasic(std::string_view field) {
  if (!StartsWithIgnoreCase(field, "basic ")) return std::nullopt;
  const auto decoded = Base64Decode(Trim(field.substr(6)));
  if (!decoded.has_value()) return std::nullopt;
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

/// The value of the session cookie (RFC 6265 section 4.2.1: "a=1; b=2"), of the first of that name.
std::optional<std::string_view> SessionTokenOf(const Request& request) {
  const auto field = request.headers.Find("Cookie");
  if (!field.has_value()) return std::nullopt;
  for (const std::string_view part : Split(*field, ';')) {
    const std::string_view pair = Trim(part);
    const std::size_t equal = pair.find('=');
    if (equal != std::string_view::npos && pair.substr(0, equal) == kSessionCookie)
      return pair.substr(equal + 1);
  }
  return std::nullopt;
}

Error NotSignedIn() {
  return Unauthenticated("this needs a user name and a password");
}

class BasicAuthenticator final : public Authenticator {
 public:
  BasicAuthenticator(BasicOptions options, const Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        sessions_(clock),
        throttle_(options_.guesses, clock) {}

  Status Open() {
    if (RAND_bytes(salt_.data(), static_cast<int>(salt_.size())) != 1) {
      return Fail(ErrorCode::kInternal, "no random numbers");
    }
    const std::lock_guard lock(mutex_);
    stamp_ = ReadStamp();
    CQD_ASSIGN_OR_RETURN(users_, ReadPasswordFile(options_.password_file));
    if ((stamp_.mode & (S_IRWXG | S_IRWXO)) != 0) {
      LogWarning("password file {}: others than its owner may use it; run: chmod 600 {}",
                 options_.password_file, options_.password_file);
    }
    return OkStatus();
  }

  std::optional<Result<Principal>> AuthenticateFast(const Request& request) override {
    if (request.headers.Count("Authorization") == 0) return SessionFast(request);
    if (request.headers.Count("Authorization") != 1) return Result<Principal>(NotSignedIn());
    const auto field = request.headers.Find("Authorization");
    const Key key = KeyOf(*field);
    const std::lock_guard lock(mutex_);
    const auto known = verified_.find(key);
    if (known == verified_.end() || clock_.Monotonic() >= known->second.until) return std::nullopt;
    return Result<Principal>(known->second.principal);
  }

  Result<Principal> Authenticate(const Request& request) override {
    if (request.headers.Count("Authorization") == 0) return CheckSession(request);
    if (request.headers.Count("Authorization") != 1) return NotSignedIn();
    const auto field = request.headers.Find("Authorization");
    const auto credentials = ParseBasic(*field);
    if (!credentials.has_value()) {
      return Unauthenticated("the Authorization field is not Basic credentials");
    }
    CQD_ASSIGN_OR_RETURN(const std::vector<UserEntry> users, CurrentUsers());
    CQD_ASSIGN_OR_RETURN(Principal principal, Guess(users, credentials->name, credentials->password,
                                                    request.remote_address));
    if (options_.cache_time.count() > 0) Remember(KeyOf(*field), principal);
    return principal;
  }

  std::string_view challenge() const override {
    return "Basic realm=\"OpenCQD\", charset=\"UTF-8\"";
  }

  Result<NewSession> BeginSession(std::string_view name, std::string_view password,
                                  std::string_view address) override {
    if (!has_sessions()) {
      return Fail(ErrorCode::kFailedPrecondition, "sessions are switched off on this server");
    }
    CQD_ASSIGN_OR_RETURN(const std::vector<UserEntry> users, CurrentUsers());
    CQD_ASSIGN_OR_RETURN(Principal principal, Guess(users, name, password, address));
    const UserEntry* user = FindUser(users, principal.name);
    const Duration now = clock_.Monotonic();
    CQD_ASSIGN_OR_RETURN(std::string token,
                         sessions_.Begin({principal, user == nullptr ? "" : user->password_hash,
                                          now + options_.session_time, now + options_.cache_time}));
    return NewSession{std::move(principal), std::move(token), options_.session_time};
  }

  Status CheckAgain(const Request& request, std::string_view password) override {
    CQD_ASSIGN_OR_RETURN(const std::vector<UserEntry> users, CurrentUsers());
    const auto again = Guess(users, request.principal.name, password, request.remote_address);
    return again.ok() ? OkStatus() : Status(again.error());
  }

  std::optional<SignInCounts> sign_in_counts() const override { return throttle_.counts(); }

  bool has_sessions() const override { return options_.session_time.count() > 0; }

  void EndSession(const Request& request) override {
    if (const auto token = SessionTokenOf(request)) sessions_.End(*token);
  }

  bool HasSession(const Request& request) override {
    const auto token = SessionTokenOf(request);
    return request.headers.Count("Authorization") == 0 && token && sessions_.Find(*token);
  }

  void ForgetUsers() override {
    sessions_.CheckAll();
    const std::lock_guard lock(mutex_);
    verified_.clear();
  }

 private:
  using Key = std::array<unsigned char, 32>;
  struct Verified {
    Principal principal;
    Duration until{0};
  };
  // Changes whenever the file is replaced or edited.
  struct Stamp {
    std::int64_t inode = 0, size = 0, seconds = 0, nanoseconds = 0;
    unsigned mode = 0;
    bool operator==(const Stamp&) const = default;
  };

  Result<Principal> Guess(const std::vector<UserEntry>& users, std::string_view name,
                          std::string_view password, std::string_view address) {
    CQD_RETURN_IF_ERROR(throttle_.Begin(name, address));
    Result<Principal> principal = CheckPassword(users, name, password);
    if (principal.ok()) {
      throttle_.Succeeded(name, address);
    } else {
      throttle_.Failed(name, address);
    }
    return principal;
  }

  /// The last one of a name counts, as in CheckPassword.
  static const UserEntry* FindUser(const std::vector<UserEntry>& users, std::string_view name) {
    const UserEntry* found = nullptr;
    for (const UserEntry& user : users) {
      if (user.name == name) found = &user;
    }
    return found;
  }

  std::optional<Result<Principal>> SessionFast(const Request& request) {
    const auto token = SessionTokenOf(request);
    const auto session = token ? sessions_.Find(*token) : std::nullopt;
    if (!session) return Result<Principal>(NotSignedIn());
    if (clock_.Monotonic() >= session->checked_until) return std::nullopt;
    return Result<Principal>(session->principal);
  }

  Result<Principal> CheckSession(const Request& request) {
    const auto token = SessionTokenOf(request);
    const auto session = token ? sessions_.Find(*token) : std::nullopt;
    if (!session) return NotSignedIn();
    CQD_ASSIGN_OR_RETURN(const std::vector<UserEntry> users, CurrentUsers());
    const UserEntry* user = FindUser(users, session->principal.name);
    if (user == nullptr || user->password_hash != session->password_hash) {
      sessions_.End(*token);
      return NotSignedIn();
    }
    Principal principal{user->name, user->role};
    sessions_.NoteChecked(*token, principal, clock_.Monotonic() + options_.cache_time);
    return principal;
  }

  Stamp ReadStamp() const {
    struct stat info {};
    if (::stat(options_.password_file.c_str(), &info) != 0) return {};
    return {static_cast<std::int64_t>(info.st_ino), info.st_size, info.st_mtim.tv_sec,
            info.st_mtim.tv_nsec, info.st_mode};
  }

  Result<std::vector<UserEntry>> CurrentUsers() {
    const std::lock_guard lock(mutex_);
    const Stamp now = ReadStamp();
    if (now == stamp_) return users_;
    // A broken edit must not lock everybody out in silence, nor let removed users in: it is said
    // and nobody new gets in until it is mended.
    Result<std::vector<UserEntry>> users = ReadPasswordFile(options_.password_file);
    if (!users.ok()) {
      LogError("password file: {}", users.error().ToString());
      return Fail(ErrorCode::kUnavailable, "the users cannot be read", users.error().ToString());
    }
    users_ = *std::move(users);
    stamp_ = now;
    verified_.clear();
    return users_;
  }

  Key KeyOf(std::string_view field) const {
    Key key{};
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
    EVP_DigestUpdate(context, salt_.data(), salt_.size());
    EVP_DigestUpdate(context, field.data(), field.size());
    EVP_DigestFinal_ex(context, key.data(), nullptr);
    EVP_MD_CTX_free(context);
    return key;
  }

  void Remember(const Key& key, const Principal& principal) {
    constexpr std::size_t kVerifiedMax = 4096;
    const std::lock_guard lock(mutex_);
    const Duration now = clock_.Monotonic();
    if (verified_.size() >= kVerifiedMax) {
      std::erase_if(verified_, [&](const auto& entry) { return now >= entry.second.until; });
    }
    if (verified_.size() >= kVerifiedMax) verified_.clear();
    verified_[key] = {principal, now + options_.cache_time};
  }

  const BasicOptions options_;
  const Clock& clock_;
  std::array<unsigned char, 32> salt_{};
  std::mutex mutex_;
  Stamp stamp_;
  std::vector<UserEntry> users_;
  std::map<Key, Verified> verified_;
  SessionTable sessions_;
  SignInThrottle throttle_;
};

class ProxyAuthenticator final : public Authenticator {
 public:
  ProxyAuthenticator(ProxyOptions options, std::vector<IpRange> trusted)
      : options_(std::move(options)), trusted_(std::move(trusted)) {}

  std::optional<Result<Principal>> AuthenticateFast(const Request& request) override {
    return Authenticate(request);
  }

  Result<Principal> Authenticate(const Request& request) override {
    if (!IsTrusted(request.remote_address)) {
      return Unauthenticated("this address is not one of the proxies that may name the user");
    }
    // Twice the same field: the proxy passed on one that the client made up.
    if (request.headers.Count(options_.user_header) != 1) {
      return Unauthenticated("the proxy must name the user exactly once");
    }
    const std::string_view name = Trim(*request.headers.Find(options_.user_header));
    if (!CheckUserName(name).ok()) return Unauthenticated("the proxy gave no usable user name");
    Role role = options_.default_role;
    if (!options_.role_header.empty() && request.headers.Count(options_.role_header) > 0) {
      const auto given = ParseRole(Trim(*request.headers.Find(options_.role_header)));
      if (!given.has_value() || request.headers.Count(options_.role_header) != 1) {
        return Unauthenticated("the proxy gave no known role");
      }
      role = *given;
    }
    return Principal{std::string(name), role};
  }

  std::string_view challenge() const override { return "Proxy realm=\"OpenCQD\""; }

 private:
  bool IsTrusted(std::string_view address) const {
    for (const IpRange& range : trusted_) {
      if (range.Contains(address)) return true;
    }
    return false;
  }

  const ProxyOptions options_;
  const std::vector<IpRange> trusted_;
};

}  // namespace

std::string_view Authenticator::ChallengeFor(const Request& request) const {
  const std::string_view usual = challenge();
  const bool ours = request.headers.Find("X-Requested-With") == kPortalRequest;
  // An event source cannot send fields of its own; browsers say what it is for.
  const bool stream = request.headers.Find("Sec-Fetch-Dest").has_value() &&
                      request.headers.Find("Accept") == "text/event-stream";
  // RFC 9110 section 15.5.2 wants a challenge on every 401; browsers pass over unknown schemes.
  if (has_sessions() && (ours || stream)) return "Session realm=\"OpenCQD\"";
  return usual;
}

Result<NewSession> Authenticator::BeginSession(std::string_view, std::string_view,
                                               std::string_view) {
  return Fail(ErrorCode::kFailedPrecondition,
              "nobody signs in here: who calls is decided elsewhere, or not asked at all");
}

Status Authenticator::CheckAgain(const Request&, std::string_view) {
  return Fail(ErrorCode::kFailedPrecondition,
              "passwords are not kept here: who calls is decided elsewhere, or not asked at all");
}

Response RefusedSignIn(const Error& error) {
  if (error.code != ErrorCode::kResourceExhausted) return Problem(error);
  return Problem(429, error).WithHeader("Retry-After", error.detail);
}

void Authenticator::EndSession(const Request&) {}

bool Authenticator::HasSession(const Request&) {
  return false;
}

std::unique_ptr<Authenticator> MakeOpenAuthenticator() {
  return std::make_unique<OpenAuthenticator>();
}

Result<std::unique_ptr<Authenticator>> MakeBasicAuthenticator(BasicOptions options,
                                                              const Clock& clock) {
  auto made = std::make_unique<BasicAuthenticator>(std::move(options), clock);
  CQD_RETURN_IF_ERROR(made->Open());
  return std::unique_ptr<Authenticator>(std::move(made));
}

Result<std::unique_ptr<Authenticator>> MakeProxyAuthenticator(const ProxyOptions& options) {
  if (Trim(options.user_header).empty()) {
    return Fail(ErrorCode::kInvalidArgument, "name the header that carries the user", {},
                "user_header");
  }
  if (options.trusted_addresses.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "list the addresses of the proxies", {},
                "trusted_addresses");
  }
  std::vector<IpRange> trusted;
  for (const std::string& text : options.trusted_addresses) {
    Result<IpRange> range = IpRange::Parse(text);
    if (!range.ok()) {
      Error error = std::move(range).error();
      error.field = "trusted_addresses";
      return error;
    }
    trusted.push_back(*range);
  }
  return std::unique_ptr<Authenticator>(
      std::make_unique<ProxyAuthenticator>(options, std::move(trusted)));
}

Status CheckBinding(std::string_view address, const Authenticator& authenticator) {
  if (!authenticator.is_open() || IsLoopback(address)) return OkStatus();
  return Fail(ErrorCode::kFailedPrecondition,
              "without authentication only a loopback address may be bound, not " +
                  std::string(address) +
                  ": choose basic or proxy authentication, or bind 127.0.0.1",
              {}, "address");
}

}  // namespace cqd::http
