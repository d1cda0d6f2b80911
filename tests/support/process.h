// A child process of a test: the real binary, with its output, its end, and kill -9.
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"

extern char** environ;

namespace cqd::test {

/// Runs until it ends or is killed; killed at the latest with this object. Output goes to a file.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, std::string output_file)
      : output_file_(std::move(output_file)) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output_file_.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    const int failed = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    CQD_CHECK(failed == 0);
  }
  ~Process() {
    if (pid_ > 0) {
      Signal(SIGKILL);
      Wait();
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Signal(int signal) { kill(pid_, signal); }
  /// Exit code; 128 + signal when a signal ended it.
  int Wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  /// True once it has ended; Wait() must not be called after that.
  bool Ended() {
    if (pid_ <= 0) return true;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
    pid_ = -1;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
  }
  int exit_code() const { return exit_code_; }
  pid_t pid() const { return pid_; }
  std::string Output() const {
    std::ifstream file(output_file_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  std::string output_file_;
  pid_t pid_ = -1;
  int exit_code_ = -1;
};

struct Finished {
  int exit_code;
  std::string output;
};

/// Runs to the end.
inline Finished RunToEnd(const std::vector<std::string>& arguments,
                         const std::string& output_file) {
  Process process(arguments, output_file);
  const int code = process.Wait();
  return {code, process.Output()};
}

}  // namespace cqd::test
