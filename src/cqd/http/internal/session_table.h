// Who is signed in by a browser. In memory alone: a restart of the server signs everybody out.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace cqd::http {

/// Sessions at once; over it the one that ends first goes. A bound of ours on memory.
inline constexpr std::size_t kSessionsMax = 10'000;

/// What is known of one session.
struct Session {
  Principal principal;
  /// Of the password it was begun with: with another one the session is over.
  std::string password_hash;
  Duration until{0};          ///< on Clock::Monotonic
  Duration checked_until{0};  ///< until then the user file need not be asked
};

/// Threads: every method from any thread. Tokens are kept as SHA-256 only.
class SessionTable {
 public:
  explicit SessionTable(const Clock& clock) : clock_(clock) {}
  /// A new token: 256 random bits in hexadecimal digits (OWASP Session Management Cheat Sheet asks
  /// for 64 and more). Errors: kInternal (no random numbers).
  Result<std::string> Begin(Session session);
  /// nullopt: unknown, ended or over.
  std::optional<Session> Find(std::string_view token);
  /// The user file was asked and still knows the user, now as `principal`.
  void NoteChecked(std::string_view token, const Principal& principal, Duration until);
  void End(std::string_view token);
  /// Every session asks the user file again before its next answer.
  void CheckAll();

 private:
  using Key = std::array<unsigned char, 32>;
  static Key KeyOf(std::string_view token);
  void MakeRoom();

  const Clock& clock_;
  std::mutex mutex_;
  std::map<Key, Session> sessions_;
};

}  // namespace cqd::http
