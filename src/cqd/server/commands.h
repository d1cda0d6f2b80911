// What each command of the command line does. Each returns an exit code (command_line.h) and writes
// its result to standard output, its errors and progress to standard error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/config.h"

namespace cqd::server {

int Serve(const Config& config, const Clock& clock);

struct RunOptions {
  bool full = false;
  std::string month;
};
/// One archive run and the cube run after it; through the running server when one owns the data
/// directory.
int Integrate(const Config& config, const Clock& clock);
int Process(const Config& config, const RunOptions& options, const Clock& clock);

struct StatusOptions {
  bool json = false;     ///< the whole document instead of lines
  bool verbose = false;  ///< sources and last runs too
  std::int64_t timeout_s = 10;
  bool verify = false;     ///< prove the ledger instead
  std::string known_head;  ///< a head noted earlier that the ledger must still contain
};
/// One line by the convention of Nagios plugins, then details for people. Its exit codes are those
/// of the convention: 0 fine, 1 warn, 2 fail, 3 unknown.
int ShowStatus(const Config& config, const StatusOptions& options, const Clock& clock);

struct QueryCommand {
  std::string file;  ///< "-" is standard input
  bool json = false;
  bool explain = false;
};
/// Prints the answer as a table or as published (`json`); with `explain` what it touched instead of
/// the table, and within the JSON.
int Query(const Config& config, const QueryCommand& command, const Clock& clock);
int Describe(const std::string& what);
int Check(const Config& config, const Clock& clock);
int Sql(const Config& config, const std::string& text, bool write, bool csv,
        const std::vector<std::string>& months);

/// `what` is buildings, networks, names or bssids.
int Import(const Config& config, const std::string& what, const std::string& file, bool dry_run,
           const Clock& clock);
int ImportReports(const Config& config, const std::vector<std::string>& files, const Clock& clock);

struct QuarantineOptions {
  std::string action;  ///< list, reasons, show, replay, drop
  std::vector<std::int64_t> ids;
  std::string reason, source, run;  ///< filters; "": any
  bool all = false;                 ///< replay or drop everything
  bool later = false;               ///< only ask for the replay; the next run does it
  bool payload = false;             ///< show only the bytes as they came
  std::int64_t most = 50;
};
int Quarantine(const Config& config, const QuarantineOptions& options, const Clock& clock);

struct RetagOptions {
  std::string action;        ///< versions, preview, apply, undo
  std::int64_t version = 0;  ///< for undo; 0: the one before
  std::string note;
};
int Retag(const Config& config, const RetagOptions& options, const Clock& clock);

struct SimulateCommand {
  std::string database;    ///< a SQLite file
  std::string odbc;        ///< or an ODBC connection string
  std::string tsv_folder;  ///< or a folder of COPY files
  std::uint64_t seed = 1;
  std::int64_t streams = 200'000;
  std::int64_t months = 7;
  std::int64_t users = 3000;
  double live_calls_per_minute = 0;
  std::string customer_tables;  ///< folder for the files of buildings, networks and access points
  bool follow = false;
  std::int64_t every_s = 60;
};
int RunSimulate(const SimulateCommand& command, const Clock& clock);

struct AlertCommand {
  std::string action;  ///< list, test, deliveries
  std::string target;  ///< for test; empty: all
  std::int64_t most = 20;
};
/// Beside a running server or without one.
int Alert(const Config& config, const AlertCommand& command, const Clock& clock);

struct UserCommand {
  std::string action;  ///< add, remove, list
  std::string name, role = "reader";
  std::string
      password_file;  ///< where the password is read from; empty: asked for, or standard input
};
int ManageUsers(const Config& config, const UserCommand& command);

}  // namespace cqd::server
