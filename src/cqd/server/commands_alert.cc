// alert: outages, deliveries, and a test of the receivers.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include "server/alert_targets.h"
#include "server/application.h"
#include "server/command_line.h"
#include "server/commands.h"
#include "server/internal/console.h"

namespace cqd::server {
namespace {

std::string TimeText(const std::optional<UtcTime>& time) {
  return time ? FormatRfc3339(std::chrono::floor<std::chrono::seconds>(*time)) : "";
}

/// The file may be read beside a running server.
Result<std::unique_ptr<alert::Store>> OpenStore(const Config& config) {
  return alert::Store::OpenForReading(DataPath(config, "alerts.sqlite"));
}

int ListOutages(const Config& config, std::int64_t most) {
  auto store = OpenStore(config);
  if (!store.ok() && store.error().code == ErrorCode::kNotFound) {
    fmt::print("no alert so far\n");
    return kExitOk;
  }
  if (!store.ok()) return Complain(store.error());
  const auto outages = (*store)->ListOutages({.most = static_cast<std::size_t>(most)});
  if (!outages.ok()) return Complain(outages.error());
  if (outages->empty()) {
    fmt::print("no alert so far\n");
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"Id", "State", "Severity", "Since", "Ended", "Acknowledged", "Why"}};
  for (const alert::Outage& outage : *outages) {
    rows.push_back({outage.id, std::string(alert::OutageStateName(outage.state)),
                    std::string(integration::HealthName(outage.severity)), TimeText(outage.since),
                    TimeText(outage.ended_at), outage.acked_by,
                    outage.reasons.empty() ? "" : outage.reasons.front().message});
  }
  PrintTable(rows);
  return kExitOk;
}

int ListDeliveries(const Config& config, const AlertCommand& command) {
  auto store = OpenStore(config);
  if (!store.ok() && store.error().code == ErrorCode::kNotFound) {
    fmt::print("nothing was sent so far\n");
    return kExitOk;
  }
  if (!store.ok()) return Complain(store.error());
  const auto deliveries = (*store)->ListDeliveries(
      {.target = command.target, .most = static_cast<std::size_t>(command.most)});
  if (!deliveries.ok()) return Complain(deliveries.error());
  if (deliveries->empty()) {
    fmt::print("nothing was sent so far\n");
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"Id", "Target", "Event", "Outage", "State", "Tries", "Last try", "Next try", "Error"}};
  for (const alert::Delivery& one : *deliveries) {
    const bool waits = one.state == alert::DeliveryState::kWaiting;
    rows.push_back({std::to_string(one.id), one.target, std::string(alert::EventName(one.event)),
                    one.outage_id, std::string(alert::DeliveryStateName(one.state)),
                    std::to_string(one.attempts), TimeText(one.last_try_at),
                    waits ? TimeText(one.next_try_at) : "", one.error});
  }
  PrintTable(rows);
  return kExitOk;
}

int Test(const Config& config, const std::string& name, const Clock& clock) {
  Config chosen = config;
  if (!name.empty()) {
    std::erase_if(chosen.alert_targets, [&](const auto& target) { return target.name != name; });
  }
  if (chosen.alert_targets.empty()) {
    return Complain(Fail(ErrorCode::kInvalidArgument,
                         name.empty() ? "no [[alert.target]] is configured; see docs/alerts.md"
                                      : "there is no alert target of that name"));
  }
  const auto targets = MakeAlertTargets(chosen);
  if (!targets.ok()) return Complain(targets.error());
  char host[256] = {};
  const CancelToken cancel;
  const auto results = alert::SendTest(
      *targets, AlertIdentity(config, gethostname(host, sizeof host - 1) == 0 ? host : ""), clock,
      cancel);
  bool all = true;
  for (const alert::TestResult& result : results) {
    all = all && result.status.ok();
    fmt::print("{}: {} ({} ms)\n", result.target,
               result.status.ok() ? "taken" : result.status.error().message, result.ms);
  }
  return all ? kExitOk : kExitFailed;
}

}  // namespace

int Alert(const Config& config, const AlertCommand& command, const Clock& clock) {
  if (command.action == "list") return ListOutages(config, command.most);
  if (command.action == "deliveries") return ListDeliveries(config, command);
  signal(SIGPIPE, SIG_IGN);  // a receiver that breaks off must not end the command
  return Test(config, command.target, clock);
}

}  // namespace cqd::server
