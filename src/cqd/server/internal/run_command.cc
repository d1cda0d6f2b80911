#include "server/internal/run_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "server/command_line.h"
#include "server/internal/console.h"

namespace cqd::server {
namespace {

namespace json = boost::json;

/// Between two looks at a run on the server.
constexpr auto kLookEvery = std::chrono::milliseconds(200);

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

int RunAndTell(Application& application, integration::RunRequest request, const Clock& clock) {
  return Tell(RunHere(application, std::move(request), clock));
}

int IntegrateHere(Application& application, const Clock& clock) {
  const auto archive = RunHere(application, {.stage = integration::Stage::kArchive}, clock);
  const int archive_code = Tell(archive);
  // What is in the archive is worth seeing, also when a source failed.
  if (!archive.ok() ||
      (archive_code != kExitOk && archive->state != integration::RunState::kPartial))
    return archive_code;
  const int cube_code = RunAndTell(
      application, {.stage = integration::Stage::kCube, .caused_by = archive->seq}, clock);
  return std::max(archive_code, cube_code);
}

int RunOnServer(ServerClient& server, const json::object& request, const Clock& clock) {
  const auto run = server.Call("POST", "/api/v1/runs", json::serialize(request));
  if (!run.ok()) return Complain(run.error());
  return WaitOnServer(server, std::string(run->at("run_id").as_string()), clock);
}

int WaitOnServer(ServerClient& server, const std::string& run_id, const Clock& clock) {
  ProgressLine progress(clock);
  for (;;) {
    const auto run = server.Call("GET", "/api/v1/runs/" + run_id);
    if (!run.ok()) return Complain(run.error());
    const std::string state(run->at("state").as_string());
    if (state != "queued" && state != "running") {
      fmt::print("{} {}\n", run_id, state);
      for (const json::value& warning : run->at("warnings").as_array())
        fmt::print("  warning: {}\n", std::string(warning.at("message").as_string()));
      return state == "succeeded" ? kExitOk : kExitFailed;
    }
    progress.Show(
        fmt::format("{} {}: {}", run_id, state, run->at("progress").at("done").as_int64()));
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace cqd::server
