#include "http/internal/session_table.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>

namespace cqd::http {

SessionTable::Key SessionTable::KeyOf(std::string_view token) {
  Key key{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), key.data());
  return key;
}

void SessionTable::MakeRoom() {
  if (sessions_.size() < kSessionsMax) return;
  const Duration now = clock_.Monotonic();
  std::erase_if(sessions_, [&](const auto& entry) { return now >= entry.second.until; });
  if (sessions_.size() < kSessionsMax) return;
  sessions_.erase(std::min_element(
      sessions_.begin(), sessions_.end(),
      [](const auto& a, const auto& b) { return a.second.until < b.second.until; }));
}

Result<std::string> SessionTable::Begin(Session session) {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return Fail(ErrorCode::kInternal, "no random numbers");
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string token;
  for (const unsigned char byte : bytes) {
    token += kDigits[byte / 16];
    token += kDigits[byte % 16];
  }
  const std::lock_guard lock(mutex_);
  MakeRoom();
  sessions_.emplace(KeyOf(token), std::move(session));
  return token;
}

std::optional<Session> SessionTable::Find(std::string_view token) {
  const Key key = KeyOf(token);
  const std::lock_guard lock(mutex_);
  const auto known = sessions_.find(key);
  if (known == sessions_.end()) return std::nullopt;
  if (clock_.Monotonic() < known->second.until) return known->second;
  sessions_.erase(known);
  return std::nullopt;
}

void SessionTable::NoteChecked(std::string_view token, const Principal& principal, Duration until) {
  const Key key = KeyOf(token);
  const std::lock_guard lock(mutex_);
  const auto known = sessions_.find(key);
  if (known == sessions_.end()) return;
  known->second.principal = principal;
  known->second.checked_until = until;
}

void SessionTable::End(std::string_view token) {
  const Key key = KeyOf(token);
  const std::lock_guard lock(mutex_);
  sessions_.erase(key);
}

void SessionTable::CheckAll() {
  const std::lock_guard lock(mutex_);
  for (auto& [key, session] : sessions_) session.checked_until = Duration(0);
}

}  // namespace cqd::http
