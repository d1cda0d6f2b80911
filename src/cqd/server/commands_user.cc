// user: the password file of auth.mode = "basic".
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "base/text.h"
#include "file/io.h"
#include "http/password_file.h"
#include "server/command_line.h"
#include "server/commands.h"
#include "server/internal/console.h"

namespace cqd::server {
namespace {

constexpr std::uint64_t kPasswordFileBytesMax = 64 * 1024;

/// From the file, else asked for on a terminal without showing it, else the first line of standard
/// input.
Result<std::string> ReadNewPassword(const UserCommand& command) {
  if (!command.password_file.empty()) {
    CQD_ASSIGN_OR_RETURN(const std::string text,
                         file::ReadWhole(command.password_file, kPasswordFileBytesMax));
    return std::string(Trim(Split(text, '\n').front()));
  }
  std::string line;
  const bool terminal = isatty(STDIN_FILENO) != 0;
  termios shown{};
  if (terminal) {
    fmt::print(stderr, "Password for {}: ", command.name);
    tcgetattr(STDIN_FILENO, &shown);
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  std::getline(std::cin, line);
  if (terminal) {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fmt::print(stderr, "\n");
  }
  return std::string(Trim(line));
}

int ListUsers(const std::string& path) {
  const auto users = http::ReadPasswordFile(path);
  if (!users.ok()) return Complain(users.error());
  std::vector<std::vector<std::string>> rows = {{"Name", "Role"}};
  for (const auto& user : *users)
    rows.push_back({user.name, std::string(http::RoleName(user.role))});
  PrintTable(rows);
  return kExitOk;
}

}  // namespace

int ManageUsers(const Config& config, const UserCommand& command) {
  if (config.password_file.empty()) {
    return Complain(
        Fail(ErrorCode::kInvalidArgument,
             "auth.password_file is not set: name the file in the configuration first"));
  }
  if (command.action == "list") return ListUsers(config.password_file);
  if (command.action == "remove") {
    const Status removed = http::RemoveUser(config.password_file, command.name);
    return removed.ok() ? static_cast<int>(kExitOk) : Complain(removed.error());
  }
  const auto role = http::ParseRole(command.role);
  if (!role || *role == http::Role::kNone) {
    return Complain(
        Fail(ErrorCode::kInvalidArgument, "--role is one of: reader, author, administrator"));
  }
  const auto password = ReadNewPassword(command);
  if (!password.ok()) return Complain(password.error());
  const Status added = http::AddUser(config.password_file, command.name, *role, *password, true);
  if (!added.ok()) return Complain(added.error());
  fmt::print("{} is {}\n", command.name, command.role);
  return kExitOk;
}

}  // namespace cqd::server
