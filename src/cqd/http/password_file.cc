#include "http/password_file.h"

#include <argon2.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>

#include "base/text.h"
#include "http/target.h"

namespace cqd::http {
namespace {

// Sizes of RFC 9106 section 4: 128-bit salt, 256-bit tag.
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kFileBytesMax = 16 * 1024 * 1024;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Error SystemError(std::string message, const std::string& path) {
  const int number = errno;
  const ErrorCode code = number == ENOENT                       ? ErrorCode::kNotFound
                         : number == ENOSPC || number == EDQUOT ? ErrorCode::kDiskFull
                                                                : ErrorCode::kUnavailable;
  return Fail(code, std::move(message), path + ": " + std::strerror(number));
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<std::string> ReadText(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError("the password file cannot be opened", path);
  std::string text;
  std::array<char, 16384> block;
  for (;;) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("the password file cannot be read", path);
    if (got == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(got));
    if (text.size() > kFileBytesMax) {
      return Fail(ErrorCode::kInvalidArgument, "the password file is larger than 16 MiB", path);
    }
  }
}

Status WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SystemError("the password file cannot be written", path);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(fd) != 0) return SystemError("the password file cannot be written", path);
  return OkStatus();
}

// The new text comes into place by rename: after a crash the file is the old one or the new one.
Status ReplaceText(const std::string& path, std::string_view text, int directory) {
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  {
    const FileDescriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (file.get() < 0) return SystemError("the password file cannot be written", temporary);
    Status written = WriteAll(file.get(), text, temporary);
    if (!written.ok()) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const Error error = SystemError("the password file cannot be replaced", path);
    ::unlink(temporary.c_str());
    return error;
  }
  ::fsync(directory);
  return OkStatus();
}

// Reads, lets `edit` change the lines, and writes, with the directory locked against other editors.
Status EditLines(const std::string& path,
                 const std::function<Status(std::vector<std::string>& lines)>& edit) {
  const std::string directory = DirectoryOf(path);
  const FileDescriptor lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.get() < 0) return SystemError("the directory of the password file is missing", path);
  if (::flock(lock.get(), LOCK_EX) != 0) {
    return SystemError("the password file cannot be locked", path);
  }
  std::vector<std::string> lines;
  Result<std::string> text = ReadText(path);
  if (text.ok()) {
    for (const std::string_view line : Split(*text, '\n')) lines.emplace_back(line);
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
  } else if (text.error().code != ErrorCode::kNotFound) {
    return std::move(text).error();
  }
  CQD_RETURN_IF_ERROR(edit(lines));
  std::string joined;
  for (const std::string& line : lines) joined += line + "\n";
  return ReplaceText(path, joined, lock.get());
}

bool IsEntryOf(std::string_view line, std::string_view name) {
  line = Trim(line);
  return line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':';
}

/// The role in "name:role:hash"; nullopt for comments and broken lines.
std::optional<Role> RoleIn(std::string_view line) {
  line = Trim(line);
  if (line.empty() || line.front() == '#') return std::nullopt;
  const std::vector<std::string_view> parts = Split(line, ':');
  return parts.size() == 3 ? ParseRole(parts[1]) : std::nullopt;
}

/// Finds the line of a user. Errors: kNotFound, kFailedPrecondition.
Result<std::string*> FindLine(std::vector<std::string>& lines, std::string_view name,
                              const std::string& path) {
  for (std::string& line : lines) {
    if (!IsEntryOf(line, name)) continue;
    if (Split(Trim(line), ':').size() != 3) break;
    return &line;
  }
  return Fail(ErrorCode::kNotFound, "there is no such user", path, "name");
}

/// Refuses what would leave the lines without an administrator other than `line`.
Status CheckLastAdministrator(const std::vector<std::string>& lines, std::string_view line,
                              LastAdministrator last) {
  if (last == LastAdministrator::kMayGo || RoleIn(line) != Role::kAdministrator) return OkStatus();
  const auto administrators =
      std::count_if(lines.begin(), lines.end(),
                    [](const std::string& other) { return RoleIn(other) == Role::kAdministrator; });
  if (administrators > 1) return OkStatus();
  return Fail(ErrorCode::kFailedPrecondition,
              "this is the last administrator: make somebody else administrator first", {}, "name");
}

/// Of UTF-8.
std::size_t CharactersIn(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

Status CheckUserName(std::string_view name) {
  const bool clean = IsUtf8(name) && std::none_of(name.begin(), name.end(), [](char c) {
                       const auto byte = static_cast<unsigned char>(c);
                       return c == ':' || byte < 0x20 || byte == 0x7F;
                     });
  if (name.empty() || name.size() > kUserNameBytesMax || !clean || name.front() == '#' ||
      Trim(name) != name) {
    return Fail(ErrorCode::kInvalidArgument,
                "a user name has 1 to 128 bytes of printable UTF-8 without ':', does not begin "
                "with '#' and has no blank at its ends",
                {}, "name");
  }
  return OkStatus();
}

Status CheckNewPassword(std::string_view password) {
  if (CharactersIn(password) >= kPasswordCharactersMin && password.size() <= kPasswordBytesMax)
    return OkStatus();
  return Fail(ErrorCode::kInvalidArgument,
              "a password has at least " + std::to_string(kPasswordCharactersMin) +
                  " characters and at most " + std::to_string(kPasswordBytesMax) +
                  " bytes; choose another one",
              {}, "password");
}

Result<std::vector<UserEntry>> ReadPasswordFile(const std::string& path) {
  CQD_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  std::vector<UserEntry> users;
  std::size_t number = 0;
  for (const std::string_view raw : Split(text, '\n')) {
    ++number;
    const std::string_view line = Trim(raw);
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string_view> parts = Split(line, ':');
    const auto role = parts.size() == 3 ? ParseRole(parts[1]) : std::nullopt;
    // The line itself may hold a secret typed into the wrong place: only its number is told.
    if (!role.has_value() || *role == Role::kNone || !parts[2].starts_with("$argon2id$") ||
        !CheckUserName(parts[0]).ok()) {
      return Fail(ErrorCode::kInvalidArgument,
                  "line " + std::to_string(number) +
                      " of the password file is not name:role:argon2id-hash with role reader, "
                      "author or administrator",
                  path);
    }
    users.push_back({std::string(parts[0]), *role, std::string(parts[2])});
  }
  return users;
}

Status AddUser(const std::string& path, std::string_view name, Role role, std::string_view password,
               bool replace, PasswordCost cost) {
  CQD_RETURN_IF_ERROR(CheckUserName(name));
  if (role == Role::kNone) {
    return Fail(ErrorCode::kInvalidArgument, "a role is reader, author or administrator", {},
                "role");
  }
  CQD_RETURN_IF_ERROR(CheckNewPassword(password));
  CQD_ASSIGN_OR_RETURN(const std::string hash, HashPassword(password, cost));
  const std::string line = std::string(name) + ":" + std::string(RoleName(role)) + ":" + hash;
  return EditLines(path, [&](std::vector<std::string>& lines) -> Status {
    const auto known = std::find_if(lines.begin(), lines.end(),
                                    [&](const std::string& l) { return IsEntryOf(l, name); });
    if (known == lines.end()) {
      lines.push_back(line);
    } else if (replace) {
      *known = line;
    } else {
      return Fail(ErrorCode::kAlreadyExists, "there is a user of this name already", path, "name");
    }
    return OkStatus();
  });
}

Status ChangeRole(const std::string& path, std::string_view name, Role role,
                  LastAdministrator last) {
  if (role == Role::kNone) {
    return Fail(ErrorCode::kInvalidArgument, "a role is reader, author or administrator", {},
                "role");
  }
  return EditLines(path, [&](std::vector<std::string>& lines) -> Status {
    CQD_ASSIGN_OR_RETURN(std::string* const line, FindLine(lines, name, path));
    if (role != Role::kAdministrator)
      CQD_RETURN_IF_ERROR(CheckLastAdministrator(lines, *line, last));
    const std::string hash(Split(Trim(*line), ':')[2]);
    *line = std::string(name) + ":" + std::string(RoleName(role)) + ":" + hash;
    return OkStatus();
  });
}

Status ChangePassword(const std::string& path, std::string_view name, std::string_view password,
                      PasswordCost cost) {
  CQD_RETURN_IF_ERROR(CheckNewPassword(password));
  CQD_ASSIGN_OR_RETURN(const std::string hash, HashPassword(password, cost));
  return EditLines(path, [&](std::vector<std::string>& lines) -> Status {
    CQD_ASSIGN_OR_RETURN(std::string* const line, FindLine(lines, name, path));
    const std::string role(Split(Trim(*line), ':')[1]);
    *line = std::string(name) + ":" + role + ":" + hash;
    return OkStatus();
  });
}

Status RemoveUser(const std::string& path, std::string_view name, LastAdministrator last) {
  return EditLines(path, [&](std::vector<std::string>& lines) -> Status {
    const auto known = std::find_if(lines.begin(), lines.end(),
                                    [&](const std::string& line) { return IsEntryOf(line, name); });
    if (known == lines.end())
      return Fail(ErrorCode::kNotFound, "there is no such user", path, "name");
    CQD_RETURN_IF_ERROR(CheckLastAdministrator(lines, *known, last));
    std::erase_if(lines, [&](const std::string& line) { return IsEntryOf(line, name); });
    return OkStatus();
  });
}

Result<std::string> HashPassword(std::string_view password, PasswordCost cost) {
  if (password.empty() || password.size() > kPasswordBytesMax)
    return Fail(ErrorCode::kInvalidArgument, "the password is empty or too long", {}, "password");
  std::array<unsigned char, kSaltBytes> salt;
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1) {
    return Fail(ErrorCode::kInternal, "no random numbers");
  }
  std::array<char, 256> encoded{};
  const int outcome =
      argon2id_hash_encoded(cost.passes, cost.memory_kib, 1, password.data(), password.size(),
                            salt.data(), salt.size(), kHashBytes, encoded.data(), encoded.size());
  if (outcome != ARGON2_OK) {
    return Fail(ErrorCode::kInternal, "the password cannot be hashed",
                argon2_error_message(outcome));
  }
  return std::string(encoded.data());
}

bool VerifyPassword(const std::string& password_hash, std::string_view password) {
  if (password.size() > kPasswordBytesMax) return false;
  return argon2id_verify(password_hash.c_str(), password.data(), password.size()) == ARGON2_OK;
}

Result<Principal> CheckPassword(const std::vector<UserEntry>& users, std::string_view name,
                                std::string_view password) {
  // For an unknown name some hash is verified all the same: that of the first user, so that the
  // cost is that of this file, else one of the default cost.
  static const std::string spare_hash = [] {
    const Result<std::string> hash = HashPassword("spare");
    return hash.ok() ? *hash : std::string();
  }();
  const UserEntry* found = nullptr;
  for (const UserEntry& user : users) {
    if (user.name == name) found = &user;
  }
  const std::string& hash = found != nullptr ? found->password_hash
                            : users.empty()  ? spare_hash
                                             : users.front().password_hash;
  const bool matches = VerifyPassword(hash, password);
  if (found == nullptr || !matches) {
    return Fail(ErrorCode::kUnauthenticated, "unknown user or wrong password");
  }
  return Principal{found->name, found->role};
}

}  // namespace cqd::http
