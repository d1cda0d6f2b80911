// Who guesses passwords waits, longer with each guess. In memory alone: a restart forgets.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/auth.h"

namespace cqd::http {

/// Names, addresses and pairs of both remembered, each; over it the one that was used longest ago
/// goes. A bound of ours on memory: with the longest keys (GuesserKey) all three tables take less
/// than 8 MiB.
inline constexpr std::size_t kGuessersMax = 10'000;

/// What is remembered of a name that somebody typed: itself, at most kUserNameBytesMax bytes. A
/// longer one, which no user has, is counted like any other unknown name, but by its SHA-256, 65
/// bytes that begin with a line end, which no name has (CheckUserName).
std::string GuesserKey(std::string_view name);

/// Counts wrong passwords by name and by address. After the free ones each further guess doubles
/// the wait, from one second to `wait_max`; a guess during a wait is refused unlooked at and does
/// not lengthen it. A name that has once signed in from an address is counted for that address by
/// itself: what strangers guess elsewhere, or others behind the same proxy, does not keep its owner
/// out. Sessions and verified credentials never come here.
/// Threads: every method from any thread. Cost: some map look-ups.
class SignInThrottle {
 public:
  SignInThrottle(const GuessLimits& limits, const Clock& clock) : limits_(limits), clock_(clock) {}
  /// To be asked before a password is verified. Once the free guesses are gone the next wait begins
  /// here and not when the guess was wrong, so that many at the same moment are no way around.
  /// Errors: kResourceExhausted (`detail`: whole seconds to wait, at least 1).
  Status Begin(std::string_view name, std::string_view address);
  /// How a guess ended that Begin let through.
  void Failed(std::string_view name, std::string_view address);
  void Succeeded(std::string_view name, std::string_view address);
  SignInCounts counts() const;

 private:
  struct Guesses {
    std::int64_t wrong = 0;
    Duration until{0};    ///< no guess before
    Duration touched{0};  ///< of the last guess
  };
  using Table = std::map<std::string, Guesses, std::less<>>;

  /// The tables that a guess is looked up in, with its key and the free guesses there.
  struct Place {
    Table* table;
    std::string key;
    std::int64_t free;
  };
  std::vector<Place> PlacesOf(std::string_view typed, std::string_view address);
  /// How long to wait after that many wrong guesses.
  Duration WaitAfter(std::int64_t wrong, std::int64_t free) const;
  void Shrink(Table& table) const;

  const GuessLimits limits_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  Table names_, addresses_;
  Table pairs_;  ///< only those that have signed in once
  SignInCounts counts_;
};

}  // namespace cqd::http
