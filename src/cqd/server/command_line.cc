#include "server/command_line.h"

#include <signal.h>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>

#include "base/clock.h"
#include "base/log.h"
#include "server/application.h"
#include "server/commands.h"
#include "server/internal/console.h"
#include "server/internal/status_line.h"
#include "sqlite/database.h"

namespace cqd::server {
namespace {

/// What every command takes.
struct Common {
  std::string config_file;
  std::string data_dir;
  std::optional<std::int64_t> port;
  std::string server, user, password_file, ca_file;

  Result<Config> Load() const {
    Config config;
    if (!config_file.empty()) {
      CQD_ASSIGN_OR_RETURN(config, ReadConfig(config_file));
    }
    if (!data_dir.empty()) config.data_dir = data_dir;
    if (port) config.port = *port;
    config.remote_server = server;
    if (!user.empty()) config.client_user = user;
    if (!password_file.empty()) config.client_password_file = password_file;
    if (!ca_file.empty()) config.client_ca_file = ca_file;
    return config;
  }
};

using Action = std::function<int(const Config&)>;

class CommandLine {
 public:
  CommandLine() : app_("OpenCQD: an open Call Quality Dashboard server", "cqd") {
    app_.set_version_flag("--version", std::string(Version()));
    app_.require_subcommand(1);
    app_.footer(
        "Exit codes: 0 done, 1 failed, 2 wrong arguments or settings, 3 busy or no answer.\n"
        "'cqd status' keeps the convention of monitoring plugins: 0 fine, 1 warn, 2 fail, 3 "
        "unknown.\n"
        "CQD_CONFIG and CQD_DATA_DIR stand in for --config and --data-dir.");
    AddRunning();
    AddAsking();
    AddFilling();
    AddManaging();
  }

  int Run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const int code = app_.exit(error);
      return code == 0 ? kExitOk : UsageCode();
    }
    auto config = common_.Load();
    if (!config.ok()) {
      Complain(config.error());
      return UsageCode();
    }
    // Commands other than the server keep their standard error for their own words.
    StartLog(serving_ ? ParseLogLevel(config->log_level) : LogLevel::kError,
             serving_ ? config->log_file : "");
    return action_(*config);
  }

 private:
  /// A monitoring system must not take a wrong argument for a broken cube.
  int UsageCode() const {
    return app_.got_subcommand("status") ? static_cast<int>(kStatusUnknown)
                                         : static_cast<int>(kExitUsage);
  }

  /// For commands that may ask a running server.
  void AddClientOptions(CLI::App* command) {
    command->add_option("--server", common_.server,
                        "Ask the server at this URL instead of the one of the data directory");
    command->add_option("--user", common_.user, "User to sign in as (auth.mode = \"basic\")");
    command->add_option("--password-file", common_.password_file,
                        "File whose first line is that user's password");
    command->add_option("--ca-file", common_.ca_file,
                        "PEM file of authorities to trust besides the system's");
  }

  CLI::App* Add(const std::string& name, const std::string& help, Action action) {
    CLI::App* command = app_.add_subcommand(name, help);
    command->add_option("--config", common_.config_file, "Configuration file (TOML)")
        ->envname("CQD_CONFIG");
    command
        ->add_option("--data-dir", common_.data_dir,
                     "Folder of all data; goes before the configuration")
        ->envname("CQD_DATA_DIR");
    command->callback([this, action = std::move(action)] { action_ = action; });
    return command;
  }

  void AddRunning() {
    CLI::App* serve = Add("serve", "Serve the APIs and run the schedule until stopped",
                          [this](const Config& c) { return Serve(c, clock_); });
    serve->add_option("--port", common_.port, "Port to listen on; goes before the configuration")
        ->check(CLI::Range(0, 65535));
    serve->callback([this] {
      serving_ = true;
      action_ = [this](const Config& c) { return Serve(c, clock_); };
    });
    AddClientOptions(Add("integrate", "Run archiving once, and cube processing after it",
                         [this](const Config& c) { return Integrate(c, clock_); }));
    CLI::App* process = Add("process", "Run cube processing once",
                            [this](const Config& c) { return Process(c, run_, clock_); });
    process->add_flag("--full", run_.full, "Rebuild every month from the archive");
    process->add_option("--month", run_.month, "Rebuild one month, for example 2015-03")
        ->excludes("--full");
    AddClientOptions(process);
    AddStatus();
    Add("check", "Look at configuration, data and sources; say what to mend",
        [this](const Config& c) { return Check(c, clock_); });
  }

  void AddStatus() {
    CLI::App* status = Add("status", "Is the data fresh, what broke, what to do",
                           [this](const Config& c) { return ShowStatus(c, status_, clock_); });
    status->footer(
        "The first line is for monitoring systems (Nagios plugin convention), the rest for "
        "people.\nExit codes: 0 fine, 1 warn, 2 fail, 3 unknown (no data, no answer in time, "
        "wrong arguments).");
    status->add_flag("--json", status_.json, "The whole answer of /api/v1/status");
    status->add_flag("--verbose,-v", status_.verbose, "Sources and last runs too");
    CLI::Option* verify = status->add_flag("--verify", status_.verify,
                                           "Prove that no run of the log was altered or removed");
    status
        ->add_option("--head", status_.known_head,
                     "With --verify: a head noted earlier, which must be part of the log")
        ->needs(verify);
    status
        ->add_option("--timeout", status_.timeout_s,
                     "Seconds to wait for the server; later: unknown")
        ->capture_default_str()
        ->check(CLI::Range(1, 3600));
    AddClientOptions(status);
  }

  void AddAsking() {
    CLI::App* query = Add("query", "Run a query (the body of RunQuery) and print a table",
                          [this](const Config& c) { return Query(c, query_, clock_); });
    query->add_option("file", query_.file, "JSON file; - is standard input")->required();
    query->add_flag("--json", query_.json, "Print the published answer instead of a table");
    query->add_flag("--explain", query_.explain,
                    "Print what answering touched: choice, segments, rows, bytes, times");
    AddClientOptions(query);
    CLI::App* sql = Add("sql", "Run SQL over the archive; CqdPartitionedStreamView has the streams",
                        [this](const Config& c) { return Sql(c, file_, write_, csv_, months_); });
    sql->add_option("sql", file_, "Statements; - or none: standard input");
    sql->add_flag("--write", write_, "Allow changes of the customer tables (CqdBuilding ...)");
    sql->add_flag("--csv", csv_, "Comma-separated values");
    sql->add_option("--month", months_, "Months to see, for example 2015-03 (default: the newest)");
    CLI::App* describe =
        Add("describe", "Print the configuration's settings, the registry, or the cube's structure",
            [this](const Config&) { return Describe(file_); });
    describe->add_option("what", file_, "configuration, registry or structure")->required();
  }

  void AddFilling() {
    CLI::App* import =
        Add("import", "Load buildings, networks, network names or access points",
            [this](const Config& c) { return Import(c, what_, file_, dry_run_, clock_); });
    import->add_option("what", what_, "buildings, networks, names or bssids")
        ->required()
        ->check(CLI::IsMember({"buildings", "networks", "names", "bssids"}));
    import
        ->add_option("file", file_,
                     "CSV with the public column names, or the published 14/15-column building "
                     "file; - is standard input")
        ->required();
    import->add_flag("--dry-run", dry_run_, "Check only");
    CLI::App* reports = Add("import-reports", "Put quality reports from files into the inbox",
                            [this](const Config& c) { return ImportReports(c, files_, clock_); });
    reports->add_option("files", files_, "Files of any known format; - is standard input")
        ->required();
    CLI::App* simulate = Add("simulate", "Fill a QoEMetrics database with a simulated organisation",
                             [this](const Config&) { return RunSimulate(simulate_, clock_); });
    simulate->add_option("--database", simulate_.database, "SQLite file to fill");
    simulate->add_option("--odbc", simulate_.odbc, "... or a database by ODBC connection string");
    simulate->add_option("--tsv", simulate_.tsv_folder,
                         "... or a folder of files for PostgreSQL's COPY");
    simulate->add_option("--seed", simulate_.seed, "Same seed and range: same rows")
        ->capture_default_str();
    simulate->add_option("--streams", simulate_.streams, "Streams, about")
        ->capture_default_str()
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
    simulate->add_option("--months", simulate_.months, "Months, the current one included")
        ->capture_default_str()
        ->check(CLI::Range(1, 240));
    simulate->add_option("--users", simulate_.users, "Employees")
        ->capture_default_str()
        ->check(CLI::Range(50, 1'000'000));
    simulate
        ->add_option("--live-calls-per-minute", simulate_.live_calls_per_minute,
                     "Least new calls a minute in the last day and while following, at night too")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 10'000.0));
    simulate->add_option(
        "--customer-tables", simulate_.customer_tables,
        "Folder for buildings.txt, coordinates.csv (of these buildings) and bssids.csv, "
        "for 'cqd import', in this order");
    simulate->add_flag("--follow", simulate_.follow,
                       "Go on where the database stands, as time passes, until stopped");
    simulate->add_option("--every", simulate_.every_s, "With --follow: seconds between additions")
        ->capture_default_str()
        ->check(CLI::Range(1, 86'400));
  }

  void AddManaging() {
    CLI::App* quarantine =
        Add("quarantine", "Records that were set aside: list, reasons, show, replay, drop",
            [this](const Config& c) { return Quarantine(c, quarantine_, clock_); });
    quarantine->add_option("action", quarantine_.action, "list, reasons, show, replay or drop")
        ->required()
        ->check(CLI::IsMember({"list", "reasons", "show", "replay", "drop"}));
    quarantine->add_option("ids", quarantine_.ids, "Ids from the list");
    quarantine->add_option("-n", quarantine_.most, "Most records to list")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
    quarantine->add_option("--reason", quarantine_.reason, "Only records of this reason");
    quarantine->add_option("--source", quarantine_.source, "Only records of this source");
    quarantine->add_option("--run", quarantine_.run,
                           "List only records that this run set aside (id or number)");
    quarantine->add_flag("--all", quarantine_.all, "Replay or drop every record");
    quarantine->add_flag("--later", quarantine_.later,
                         "Replay with the next archive run instead of at once");
    quarantine->add_flag("--payload", quarantine_.payload,
                         "Show only the record's bytes, as they came");
    AddClientOptions(quarantine);
    CLI::App* retag = Add("retag", "Buildings and networks of all streams: preview, apply, undo",
                          [this](const Config& c) { return Retag(c, retag_, clock_); });
    retag
        ->add_option("action", retag_.action,
                     "preview: what the customer tables as they are now would change; apply: put "
                     "them in force for all streams; undo: back to an earlier version; versions")
        ->required()
        ->check(CLI::IsMember({"preview", "apply", "undo", "versions"}));
    retag->add_option("--version", retag_.version, "undo: to this version; none: the one before")
        ->check(CLI::PositiveNumber);
    retag->add_option("--note", retag_.note, "Why, for the list of versions");
    AddClientOptions(retag);
    CLI::App* alert =
        Add("alert", "Outages that were told, and the receivers: list, test, deliveries",
            [this](const Config& c) { return Alert(c, alert_, clock_); });
    alert->add_option("action", alert_.action, "list, test or deliveries")
        ->required()
        ->check(CLI::IsMember({"list", "test", "deliveries"}));
    alert->add_option("target", alert_.target,
                      "test: name of the receiver; none: all. deliveries: only of this one");
    alert->add_option("-n", alert_.most, "Most lines to list")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
    CLI::App* user = Add("user", "Users of auth.mode = \"basic\": add, remove, list",
                         [this](const Config& c) { return ManageUsers(c, user_); });
    user->add_option("action", user_.action, "add, remove or list")
        ->required()
        ->check(CLI::IsMember({"add", "remove", "list"}));
    user->add_option("name", user_.name, "User name");
    user->add_option("--role", user_.role, "reader, author or administrator")
        ->capture_default_str();
    user->add_option("--password-file", user_.password_file,
                     "Read the password from the first line of a file instead of asking");
  }

  SystemClock clock_;
  CLI::App app_;
  Common common_;
  Action action_;
  bool serving_ = false;
  RunOptions run_;
  StatusOptions status_;
  QueryCommand query_;
  bool write_ = false, csv_ = false, dry_run_ = false;
  std::string file_, what_;
  std::vector<std::string> files_, months_;
  SimulateCommand simulate_;
  QuarantineOptions quarantine_;
  RetagOptions retag_;
  AlertCommand alert_;
  UserCommand user_;
};

}  // namespace

int Main(int argc, char** argv) {
  // A limit on the size of files is an error like a full disk, not the end of the process.
  signal(SIGXFSZ, SIG_IGN);
  sqlite::ConfigureProcess();
  return CommandLine().Run(argc, argv);
}

}  // namespace cqd::server
