// Runs started by commands: here, or on the server that owns the data directory.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "base/clock.h"
#include "server/application.h"
#include "server/internal/server_client.h"

namespace cqd::server {

/// Runs one stage in this process with progress, prints the run, gives the exit code.
int RunAndTell(Application& application, integration::RunRequest request, const Clock& clock);
/// Archiving and the cube after it, in this process.
int IntegrateHere(Application& application, const Clock& clock);
/// Starts a run on the server, waits for its end, prints what became of it, gives the exit code.
int RunOnServer(ServerClient& server, const boost::json::object& request, const Clock& clock);
/// The same for a run that was started already.
int WaitOnServer(ServerClient& server, const std::string& run_id, const Clock& clock);

}  // namespace cqd::server
