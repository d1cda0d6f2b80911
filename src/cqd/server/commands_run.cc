// serve, integrate, process, status.
#include <fmt/format.h>
#include <signal.h>

#include <boost/json.hpp>
#include <filesystem>
#include <thread>

#include "base/log.h"
#include "file/io.h"
#include "http/client.h"
#include "server/application.h"
#include "server/command_line.h"
#include "server/commands.h"
#include "server/internal/console.h"

namespace cqd::server {
namespace {

namespace json = boost::json;

/// Holds the address of the server that owns a data directory, so that the other commands find it.
constexpr std::string_view kServerFile = "SERVER";
constexpr std::uint64_t kServerFileBytesMax = 1024;

std::optional<std::string> RunningServer(const Config& config) {
  auto url = file::ReadWhole(DataPath(config, kServerFile), kServerFileBytesMax);
  if (!url.ok() || url->empty()) return std::nullopt;
  return *url;
}

bool IsOwned(const Error& error) {
  return error.code == ErrorCode::kFailedPrecondition && error.field.empty();
}

/// Waits for Ctrl-C or a service manager's stop. The signals must be blocked in all threads.
void WaitForStop(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  LogInfo("stopping on signal {}", signal);
}

std::string ProgressText(const integration::RunRecord& run) {
  if (run.steps.empty())
    return fmt::format("{} run {}", integration::StageName(run.stage),
                       integration::RunStateName(run.state));
  const std::string& step = run.steps.back().name;
  if (run.progress.total && *run.progress.total > 0) {
    return fmt::format("{}: {} of {} {}", step, run.progress.done, *run.progress.total,
                       run.progress.unit);
  }
  return fmt::format("{}: {} {}", step, run.progress.done, run.progress.unit);
}

Result<json::object> Call(const std::string& method, const std::string& url, std::string body) {
  http::ClientRequest request{.method = method, .url = url, .headers = {}, .body = std::move(body)};
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  CQD_ASSIGN_OR_RETURN(const http::ClientResponse response, http::Send(request));
  boost::system::error_code failed;
  const json::value value = json::parse(response.body, failed);
  if (response.status >= 400 || failed || !value.is_object()) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("the running server answered {} to {}", response.status, url),
                response.body.substr(0, 500));
  }
  return value.get_object();
}

/// Starts a run on the server that owns the data directory and waits for its end.
int RunOnServer(const std::string& server, const json::object& request, const Clock& clock) {
  auto run = Call("POST", server + "/api/v1/runs", json::serialize(request));
  if (!run.ok()) return Complain(run.error());
  const std::string id(run->at("run_id").as_string());
  ProgressLine progress(clock);
  for (;;) {
    run = Call("GET", server + "/api/v1/runs/" + id, {});
    if (!run.ok()) return Complain(run.error());
    const std::string state(run->at("state").as_string());
    if (state != "queued" && state != "running") {
      fmt::print("{} {}\n", id, state);
      return state == "succeeded" ? kExitOk : kExitFailed;
    }
    progress.Show(fmt::format("{} {}: {}", id, state, run->at("progress").at("done").as_int64()));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

Result<integration::RunRecord> RunHere(Application& application, integration::RunRequest request,
                                       const Clock& clock) {
  ProgressLine progress(clock);
  const CancelToken cancel;
  request.trigger = integration::RunTrigger::kCommand;
  return application.integration().RunNow(
      std::move(request), cancel,
      [&](const integration::RunRecord& run) { progress.Show(ProgressText(run)); });
}

/// Prints the run and gives the exit code.
int Tell(const Result<integration::RunRecord>& run) {
  if (!run.ok()) return Complain(run.error());
  PrintRun(*run);
  return run->state == integration::RunState::kSucceeded ? kExitOk : kExitFailed;
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
      "OpenCQD {} serves {}\n\n  Status     {}/api/v1/status\n  Last runs  "
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
      Version(), base, base, base, base, base);
  std::fflush(stdout);
  WaitForStop(signals);
  (*application)->StopServing();
  (void)file::RemoveDurably(DataPath(config, kServerFile)).ok();
  return kExitOk;
}

int Integrate(const Config& config, const Clock& clock) {
  auto application = Application::Open(config, clock);
  if (!application.ok()) {
    const auto server = RunningServer(config);
    if (!IsOwned(application.error()) || !server) return Complain(application.error());
    return RunOnServer(*server, {{"stage", "archive"}}, clock);
  }
  const auto archive = RunHere(**application, {.stage = integration::Stage::kArchive}, clock);
  const int archive_code = Tell(archive);
  // What is in the archive is worth seeing, also when a source failed.
  if (!archive.ok() ||
      (archive_code != kExitOk && archive->state != integration::RunState::kPartial))
    return archive_code;
  const int cube_code = Tell(RunHere(
      **application, {.stage = integration::Stage::kCube, .caused_by = archive->seq}, clock));
  return std::max(archive_code, cube_code);
}

int Process(const Config& config, const RunOptions& options, const Clock& clock) {
  integration::RunRequest request{.stage = integration::Stage::kCube};
  if (options.full) request.kind = integration::RunKind::kFull;
  if (!options.month.empty()) {
    request.kind = integration::RunKind::kMonth;
    request.month = options.month;
  }
  auto application = Application::Open(config, clock);
  if (!application.ok()) {
    const auto server = RunningServer(config);
    if (!IsOwned(application.error()) || !server) return Complain(application.error());
    json::object body{{"stage", "cube"}, {"kind", integration::RunKindName(request.kind)}};
    if (!request.month.empty()) body["month"] = request.month;
    return RunOnServer(*server, body, clock);
  }
  return Tell(RunHere(**application, std::move(request), clock));
}

int ShowStatus(const Config& config, bool as_json, const Clock& clock) {
  if (const auto server = RunningServer(config)) {
    if (auto status = Call("GET", *server + "/api/v1/status", {}); status.ok()) {
      if (as_json) {
        fmt::print("{}\n", json::serialize(*status));
      } else {
        fmt::print("{}: {}\n", std::string(status->at("status").as_string()),
                   std::string(status->at("summary").as_string()));
        for (const json::value& stage : status->at("stages").as_array()) {
          fmt::print("  {:8} {:10} last {:12} {}\n", std::string(stage.at("stage").as_string()),
                     std::string(stage.at("state").as_string()),
                     std::string(stage.at("outcome").as_string()),
                     std::string(stage.at("verdict").as_string()));
        }
        for (const json::value& reason : status->at("reasons").as_array()) {
          fmt::print("  {}: {}\n    {}\n", std::string(reason.at("severity").as_string()),
                     std::string(reason.at("message").as_string()),
                     std::string(reason.at("action").as_string()));
        }
      }
      const std::string health(status->at("status").as_string());
      return health == "fail" ? kExitFailed : kExitOk;
    }
  }
  // No server answers: what the log says, with runs of a dead process closed.
  auto application = Application::Open(config, clock);
  if (!application.ok()) return Complain(application.error());
  const integration::StatusView view = (*application)->integration().status();
  const int exit_code = view.health == integration::Health::kFail ? kExitFailed : kExitOk;
  if (as_json) {
    fmt::print("{}\n", api::StatusDocument((*application)->integration(),
                                           {std::string(Version()), {}, {}}, true));
    return exit_code;
  }
  fmt::print("no server runs; last known: {}\n", view.summary);
  for (const auto& stage : view.stages) {
    fmt::print("  {:8} {:10} last {:12} {}\n", integration::StageName(stage.stage),
               integration::NowStateName(stage.state), integration::OutcomeName(stage.outcome),
               integration::VerdictName(stage.verdict));
    if (stage.last_success && stage.last_success->finished_at)
      fmt::print("    last success {}\n", FormatRfc3339(*stage.last_success->finished_at));
    if (stage.last_failure && stage.last_failure->finished_at)
      fmt::print("    last failure {}\n", FormatRfc3339(*stage.last_failure->finished_at));
  }
  return exit_code;
}

}  // namespace cqd::server
