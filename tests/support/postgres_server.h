// A PostgreSQL of the test's own: a cluster in a temporary folder, on a free loopback port, gone at
// the end.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace cqd::support {

/// One server process. Throws std::runtime_error when it cannot be had: then the test must fail,
/// not skip. The superuser is "cqd" with password(); the database "postgres" is there. fsync is
/// off: contents do not outlive a power failure. The server dies with the test program.
class PostgresServer {
 public:
  PostgresServer() : binaries_(FindBinaries()), port_(FreePort()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-pg-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    std::ofstream(folder_ / "password") << kPassword << "\n";
    if (geteuid() == 0) {
      const passwd* user = getpwnam("postgres");
      if (user == nullptr)
        throw std::runtime_error("there is no user postgres to run PostgreSQL as");
      for (const auto& path : {folder_, folder_ / "password"}) {
        if (chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("chown");
      }
    }
    RunToEnd({binaries_ / "initdb", "-D", Data(), "-U", "cqd", "--pwfile",
              (folder_ / "password").string(), "--auth-local=scram-sha-256",
              "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"});
    Start();
  }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer() {
    Kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  /// Starts the server (again) on the same port and waits until it takes connections.
  void Start() {
    int log[2];
    if (pipe2(log, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    pid_ = Spawn({binaries_ / "postgres",
                  "-D",
                  Data(),
                  "-p",
                  std::to_string(port_),
                  "-k",
                  folder_.string(),
                  "-h",
                  "127.0.0.1",
                  "-F",
                  "-c",
                  "synchronous_commit=on",
                  "-c",
                  "full_page_writes=off",
                  "-c",
                  "shared_buffers=128MB",
                  "-c",
                  "log_min_messages=log",
                  "-c",
                  "lc_messages=C"},
                 log[1]);
    close(log[1]);
    std::string text;
    char buffer[4096];
    for (;;) {
      const ssize_t got = read(log[0], buffer, sizeof buffer);
      if (got <= 0) throw std::runtime_error("PostgreSQL did not start: " + text);
      text.append(buffer, static_cast<std::size_t>(got));
      if (text.find("ready to accept connections") != std::string::npos) break;
    }
    // Somebody has to read on, or the server would wait for its own log one day.
    drain_ = std::thread([fd = log[0]] {
      char rest[4096];
      while (read(fd, rest, sizeof rest) > 0) {
      }
      close(fd);
    });
  }

  /// Ends it at once, as a crash would (SIGQUIT: no waiting for clients). Nothing when it does not
  /// run.
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGQUIT);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    drain_.join();
  }

  int port() const { return port_; }
  static std::string password() { return kPassword; }
  /// Without a password.
  std::string ConnectionString(const std::string& database = "postgres") const {
    return fmt::format("DRIVER={{PostgreSQL Unicode}};SERVER=127.0.0.1;PORT={};DATABASE={};UID=cqd",
                       port_, database);
  }
  /// Runs SQL through psql, for set-up and bulk loads. Throws when it fails.
  void Psql(const std::string& database, const std::string& sql) const {
    const std::filesystem::path script = folder_ / "script.sql";
    std::ofstream(script) << sql;
    if (chmod(script.c_str(), 0644) != 0) throw std::runtime_error("chmod");
    setenv("PGPASSWORD", kPassword, 1);
    RunToEnd({binaries_ / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
              std::to_string(port_), "-U", "cqd", "-d", database, "-f", script.string()});
  }
  /// A new empty database with a name of its own.
  std::string CreateDatabase() {
    std::string name = fmt::format("test_{}", ++databases_);
    Psql("postgres", fmt::format("CREATE DATABASE {};", name));
    return name;
  }

 private:
  static constexpr const char* kPassword = "top-secret;{1}";

  static std::filesystem::path FindBinaries() {
    std::vector<std::filesystem::path> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
      if (std::filesystem::exists(entry.path() / "bin" / "initdb"))
        found.push_back(entry.path() / "bin");
    }
    if (found.empty()) throw std::runtime_error("PostgreSQL's server is not installed");
    return *std::max_element(found.begin(), found.end());
  }

  static int FreePort() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (fd < 0 || bind(fd, generic, length) != 0 || getsockname(fd, generic, &length) != 0) {
      throw std::runtime_error("no free port");
    }
    close(fd);
    return ntohs(address.sin_port);
  }

  std::string Data() const { return (folder_ / "data").string(); }

  /// Starts a program, as user postgres when we are root; its output goes to `log`.
  static pid_t Spawn(std::vector<std::string> arguments, int log) {
    std::vector<std::string> command = {"setpriv", "--pdeathsig=QUIT"};
    if (geteuid() == 0)
      command.insert(command.end(), {"--reuid=postgres", "--regid=postgres", "--clear-groups"});
    command.insert(command.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& part : command) argv.push_back(part.data());
    argv.push_back(nullptr);
    const pid_t pid = fork();
    if (pid < 0) throw std::runtime_error("fork");
    if (pid == 0) {
      // The program's sanitizers are no matter of the server's.
      unsetenv("LD_PRELOAD");
      if (chdir("/") != 0) _exit(126);
      dup2(log, STDOUT_FILENO);
      dup2(log, STDERR_FILENO);
      execvp(argv[0], argv.data());
      _exit(127);
    }
    return pid;
  }

  static void RunToEnd(const std::vector<std::string>& arguments) {
    FILE* output = std::tmpfile();
    if (output == nullptr) throw std::runtime_error("no temporary file");
    const pid_t pid = Spawn(arguments, fileno(output));
    int status = 0;
    waitpid(pid, &status, 0);
    std::string text;
    if (status != 0) {
      std::rewind(output);
      char buffer[4096];
      for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, output)) > 0;)
        text.append(buffer, got);
    }
    std::fclose(output);
    if (status != 0) throw std::runtime_error(arguments.front() + " failed: " + text);
  }

  std::filesystem::path binaries_;
  std::filesystem::path folder_;
  int port_;
  pid_t pid_ = -1;
  int databases_ = 0;
  std::thread drain_;
};

/// One server for all tests of a program that do not kill it; started at first use.
inline PostgresServer& SharedPostgres() {
  static PostgresServer server;
  return server;
}

}  // namespace cqd::support
