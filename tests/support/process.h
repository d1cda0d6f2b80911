// A child process of a test: the real binary, with its output, its end, and kill -9.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <fstream>
#include <future>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"

extern char** environ;

namespace cqd::test {

/// Starts children that the kernel kills when this program ends, however it ends (kill -9 too).
/// PR_SET_PDEATHSIG acts when the *thread* that forked ends (prctl(2)), and tests start servers on
/// threads of their own; so all are forked by one thread that lives as long as the program.
class Forker {
 public:
  static Forker& Instance() {
    static auto* const forker = new Forker;  // never destroyed: its thread uses it to the end
    return *forker;
  }
  pid_t Start(char* const* argv, const char* output_file) {
    std::packaged_task<pid_t()> task([=] { return Fork(argv, output_file); });
    auto pid = task.get_future();
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
    return pid.get();
  }

 private:
  Forker() {
    std::thread([this] { Run(); }).detach();
  }
  void Run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return !tasks_.empty(); });
      std::packaged_task<pid_t()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }
  /// Between fork and exec only what is safe in a copy of a program with threads.
  static pid_t Fork(char* const* argv, const char* output_file) {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid != 0) return pid;
    // The parent may have ended before this was set.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(127);
    const int output = open(output_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (output < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
      _exit(127);
    execve(argv[0], argv, environ);
    _exit(127);
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::packaged_task<pid_t()>> tasks_;
};

/// Runs until it ends or is killed; killed at the latest with this object or this program. Output
/// goes to a file.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, std::string output_file)
      : output_file_(std::move(output_file)) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_ = Forker::Instance().Start(argv.data(), output_file_.c_str());
    CQD_CHECK(pid_ > 0);
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
