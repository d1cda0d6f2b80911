#include "http/internal/sign_in_throttle.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "http/password_file.h"

namespace cqd::http {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// Guesses are forgotten after an hour without one: the time in which ASVS counts.
constexpr Duration kForgetAfter = hours(1);
/// A pair that signed in is known for as long as NIST SP 800-63B section 4.1.3 lets a sign-in last.
constexpr Duration kKnownFor = hours(24 * 30);

std::string PairOf(std::string_view name, std::string_view address) {
  // No name has a line end, see CheckUserName.
  return fmt::format("{}\n{}", name, address);
}

}  // namespace

std::string GuesserKey(std::string_view name) {
  if (name.size() <= kUserNameBytesMax) return std::string(name);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest.data());
  return fmt::format("\n{:02x}", fmt::join(digest, ""));
}

std::vector<SignInThrottle::Place> SignInThrottle::PlacesOf(std::string_view typed,
                                                            std::string_view address) {
  std::string name = GuesserKey(typed);
  std::string pair = PairOf(name, address);
  const auto known = pairs_.find(pair);
  if (known != pairs_.end() && clock_.Monotonic() - known->second.touched < kKnownFor)
    return {{&pairs_, std::move(pair), limits_.free_of_name}};
  return {{&names_, std::move(name), limits_.free_of_name},
          {&addresses_, std::string(address), limits_.free_of_address}};
}

Duration SignInThrottle::WaitAfter(std::int64_t wrong, std::int64_t free) const {
  if (wrong <= free) return Duration(0);
  // 2^30 seconds is more than any limit, and fits.
  const Duration wait = seconds(std::int64_t{1} << std::min<std::int64_t>(wrong - free - 1, 30));
  return std::min(wait, limits_.wait_max);
}

void SignInThrottle::Shrink(Table& table) const {
  if (table.size() < kGuessersMax) return;
  table.erase(std::min_element(table.begin(), table.end(), [](const auto& a, const auto& b) {
    return a.second.touched < b.second.touched;
  }));
}

Status SignInThrottle::Begin(std::string_view name, std::string_view address) {
  if (limits_.wait_max <= Duration(0)) return OkStatus();
  const std::lock_guard lock(mutex_);
  const Duration now = clock_.Monotonic();
  const auto places = PlacesOf(name, address);
  Duration wait(0);
  for (const Place& place : places) {
    const auto known = place.table->find(place.key);
    if (known == place.table->end()) continue;
    if (now - known->second.touched > kForgetAfter) known->second.wrong = 0;
    wait = std::max(wait, known->second.until - now);
  }
  if (wait > Duration(0)) {
    ++counts_.held_back;
    const auto whole = std::chrono::ceil<seconds>(wait).count();
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("too many wrong passwords; try again in {} s", whole),
                std::to_string(whole));
  }
  for (const Place& place : places) {
    const auto known = place.table->find(place.key);
    if (known != place.table->end())
      known->second.until = now + WaitAfter(known->second.wrong + 1, place.free);
  }
  return OkStatus();
}

void SignInThrottle::Failed(std::string_view name, std::string_view address) {
  const std::lock_guard lock(mutex_);
  ++counts_.wrong;
  if (limits_.wait_max <= Duration(0)) return;
  const Duration now = clock_.Monotonic();
  for (const Place& place : PlacesOf(name, address)) {
    auto known = place.table->find(place.key);
    if (known == place.table->end()) {
      Shrink(*place.table);
      known = place.table->emplace(place.key, Guesses{}).first;
    }
    Guesses& guesses = known->second;
    guesses.touched = now;
    guesses.until = now + WaitAfter(++guesses.wrong, place.free);
  }
}

void SignInThrottle::Succeeded(std::string_view name, std::string_view address) {
  const std::lock_guard lock(mutex_);
  ++counts_.right;
  if (limits_.wait_max <= Duration(0)) return;
  names_.erase(std::string(name));
  // Its count stays: one good account must not pay for guesses of others from there. But the wait
  // that this guess began ends.
  if (const auto known = addresses_.find(address); known != addresses_.end())
    known->second.until = Duration(0);
  const std::string pair = PairOf(name, address);
  if (!pairs_.contains(pair)) Shrink(pairs_);
  pairs_[pair] = {0, Duration(0), clock_.Monotonic()};
}

SignInCounts SignInThrottle::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace cqd::http
