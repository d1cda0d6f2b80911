// serve, integrate, process.
#include <fmt/format.h>
#include <signal.h>

#include <boost/json.hpp>

#include "base/log.h"
#include "file/io.h"
#include "server/application.h"
#include "server/command_line.h"
#include "server/commands.h"
#include "server/internal/console.h"
#include "server/internal/run_command.h"
#include "server/internal/server_client.h"

namespace cqd::server {
namespace {

namespace json = boost::json;

/// Waits for Ctrl-C or a service manager's stop. The signals must be blocked in all threads.
void WaitForStop(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  LogInfo("stopping on signal {}", signal);
}

}  // namespace

int Serve(const Config& config, const Clock& clock) {
  // Blocked before any thread starts, so that only WaitForStop gets them. A client that goes away
  // must not end the server.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  auto application = Application::Open(config, clock);
  if (!application.ok()) return Complain(application.error());
  if (const Status started = (*application)->StartServing(); !started.ok())
    return Complain(started.error());
  const std::string base = fmt::format(
      "{}://{}:{}", config.tls_certificate_file.empty() ? "http" : "https",
      config.address.find(':') == std::string::npos ? config.address : "[" + config.address + "]",
      (*application)->port());
  if (const Status written = file::WriteDurably(DataPath(config, kServerFile), base);
      !written.ok()) {
    LogWarning("{}", written.error().ToString());
  }
  fmt::print(
      "OpenCQD {} serves {}\n\n  Portal     {}/CQD/\n  Status     {}/api/v1/status\n  Last runs  "
      "{}/QoEDataService/IntegrationLog/Status\n"
      "  Structure  {}/QoEDataService/CubeStructure\n\n"
      "Good, unclassified and poor audio streams by month:\n\n"
      "  curl -s {}/QoEDataService/RunQuery -H 'Content-Type: application/json' -d '\n"
      "  {{\"Dimensions\":[{{\"DataModelName\":\"[StartDate].[Month]\"}}],\n"
      "   \"Measurements\":[{{\"DataModelName\":\"[Measures].[Audio Good Streams Count]\"}},\n"
      "                   {{\"DataModelName\":\"[Measures].[Audio UnClassified Streams "
      "Count]\"}},\n"
      "                   {{\"DataModelName\":\"[Measures].[Audio Poor Streams Count]\"}},\n"
      "                   {{\"DataModelName\":\"[Measures].[AudioPoorPercentage]\"}}]}}'\n\nCtrl-C "
      "stops.\n",
      Version(), base, base, base, base, base, base);
  std::fflush(stdout);
  WaitForStop(signals);
  (*application)->StopServing();
  (void)file::RemoveDurably(DataPath(config, kServerFile)).ok();
  return kExitOk;
}

int Integrate(const Config& config, const Clock& clock) {
  auto client = ServerClient::Open(config, clock);
  if (!client.ok()) return Complain(client.error());
  if (client->application() == nullptr) return RunOnServer(*client, {{"stage", "archive"}}, clock);
  return IntegrateHere(*client->application(), clock);
}

int Process(const Config& config, const RunOptions& options, const Clock& clock) {
  integration::RunRequest request{.stage = integration::Stage::kCube};
  if (options.full) request.kind = integration::RunKind::kFull;
  if (!options.month.empty()) {
    request.kind = integration::RunKind::kMonth;
    request.month = options.month;
  }
  auto client = ServerClient::Open(config, clock);
  if (!client.ok()) return Complain(client.error());
  if (client->application() == nullptr) {
    json::object body{{"stage", "cube"}, {"kind", integration::RunKindName(request.kind)}};
    if (!request.month.empty()) body["month"] = request.month;
    return RunOnServer(*client, body, clock);
  }
  return RunAndTell(*client->application(), std::move(request), clock);
}

}  // namespace cqd::server
