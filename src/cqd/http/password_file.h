// The users of basic authentication: lines "name:role:argon2id-hash" in one file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace cqd::http {

/// One line of the file.
struct UserEntry {
  std::string name;
  Role role = Role::kReader;
  /// "$argon2id$v=19$m=...,t=...,p=...$salt$hash" (the encoding of the Argon2 reference code).
  std::string password_hash;
};

/// What one verification costs. Defaults: OWASP Password Storage Cheat Sheet, Argon2id
/// (19 MiB, 2 passes, 1 lane); the form of the hash is RFC 9106.
struct PasswordCost {
  std::uint32_t memory_kib = 19 * 1024;
  std::uint32_t passes = 2;
};

/// Shortest password that can be set, in characters. Source: NIST SP 800-63B section 5.1.1.2.
inline constexpr std::size_t kPasswordCharactersMin = 8;
/// Longest password taken, in bytes: a bound of ours on work before authentication.
inline constexpr std::size_t kPasswordBytesMax = 1024;
/// Longest user name, in bytes: a bound of ours.
inline constexpr std::size_t kUserNameBytesMax = 128;

/// Names: 1 to kUserNameBytesMax bytes, printable UTF-8 without ':' (RFC 7617 section 2 forbids
/// it). Errors: kInvalidArgument.
Status CheckUserName(std::string_view name);

/// The one rule for passwords that are set, whoever sets them; those that are there already go on.
/// Errors: kInvalidArgument (field "password"; the text says what is allowed).
Status CheckNewPassword(std::string_view password);

/// Blank lines and lines that begin with '#' are skipped.
/// Errors: kNotFound (no file; `detail` has the path), kUnavailable (cannot be read),
/// kInvalidArgument (a bad line, by number, never by content).
Result<std::vector<UserEntry>> ReadPasswordFile(const std::string& path);

/// Adds a user; makes the file (mode 0600) when there is none. The file is replaced as a whole by
/// rename, under a lock, so that a reader sees the old or the new one; comments are kept.
/// `replace`: changes a user who is there already.
/// Errors: kAlreadyExists, kInvalidArgument (name, role kNone, CheckNewPassword), as
/// ReadPasswordFile, kDiskFull, kUnavailable. Cost: one Argon2 hash.
Status AddUser(const std::string& path, std::string_view name, Role role, std::string_view password,
               bool replace = false, PasswordCost cost = {});

/// What becomes of the last administrator: somebody at the machine may do anything, somebody at a
/// browser must not lock everybody out.
enum class LastAdministrator : std::uint8_t { kMayGo, kStays };

/// Changes a user's role and keeps the password. Errors: kNotFound (no such user or file),
/// kFailedPrecondition (the last administrator, who stays), as AddUser.
Status ChangeRole(const std::string& path, std::string_view name, Role role,
                  LastAdministrator last = LastAdministrator::kMayGo);

/// Gives a user another password and keeps the role. Errors: kNotFound (no such user or file), as
/// AddUser. Cost: one Argon2 hash.
Status ChangePassword(const std::string& path, std::string_view name, std::string_view password,
                      PasswordCost cost = {});

/// Errors: kNotFound (no such user or file), kFailedPrecondition (the last administrator, who
/// stays), as AddUser.
Status RemoveUser(const std::string& path, std::string_view name,
                  LastAdministrator last = LastAdministrator::kMayGo);

/// Errors: kInvalidArgument (password empty or too long), kInternal.
Result<std::string> HashPassword(std::string_view password, PasswordCost cost = {});
/// Cost: as the hash was made, tens of milliseconds by default.
bool VerifyPassword(const std::string& password_hash, std::string_view password);

/// Looks the user up and verifies. An unknown name costs as much as a known one.
/// Errors: kUnauthenticated.
Result<Principal> CheckPassword(const std::vector<UserEntry>& users, std::string_view name,
                                std::string_view password);

}  // namespace cqd::http
