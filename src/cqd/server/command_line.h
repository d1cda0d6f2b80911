// The command line: `cqd serve`, `cqd integrate` and so on. Exit codes: docs/operations.md.
#pragma once

namespace cqd::server {

/// Exit codes of every command.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,  ///< the work failed; the message says why
  kExitUsage = 2,   ///< wrong arguments or configuration
  kExitBusy = 3,    ///< another process owns the data directory, or the server does not answer
};

/// Runs one command and returns its exit code. Reads no environment but CQD_CONFIG and
/// CQD_DATA_DIR.
int Main(int argc, char** argv);

}  // namespace cqd::server
