#include "api/internal/event_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "api/internal/status_json.h"
#include "base/text.h"

namespace cqd::api {
namespace {

namespace json = boost::json;

/// Events looked at in one go; bounds the time one client's turn takes.
constexpr std::size_t kEventsAtOnce = 128;

json::value RunStub(const std::optional<integration::RunRecord>& run) {
  if (!run) return nullptr;
  return {{"run_id", run->run_id},
          {"seq", run->seq},
          {"kind", integration::RunKindName(run->kind)},
          {"state", integration::RunStateName(run->state)},
          {"started_at", TimeJson(run->started_at)},
          {"finished_at", TimeJson(run->finished_at)},
          {"progress",
           {{"done", run->progress.done},
            {"total", IntJson(run->progress.total)},
            {"unit", run->progress.unit}}}};
}

}  // namespace

const std::vector<std::string>& StreamEventTypes() {
  static const std::vector<std::string> types = {
      "run.queued",     "run.started",  "run.progress", "run.finished", "stage.verdict_changed",
      "data.published", "reject.sample"};
  return types;
}

bool StreamFilter::Passes(const integration::Event& event) const {
  if (!stage.empty() && !event.stage.empty() && event.stage != stage) return false;
  return types.empty() || std::find(types.begin(), types.end(), event.type) != types.end();
}

void AppendServerSentEvent(std::string& out, std::optional<std::int64_t> id, std::string_view type,
                           std::string_view data) {
  if (id) fmt::format_to(std::back_inserter(out), "id: {}\n", *id);
  fmt::format_to(std::back_inserter(out), "event: {}\n", type);
  for (std::size_t at = 0; at <= data.size();) {
    const std::size_t end = std::min(data.find_first_of("\r\n", at), data.size());
    fmt::format_to(std::back_inserter(out), "data: {}\n", data.substr(at, end - at));
    at = end + 1;
  }
  out += '\n';
}

std::string StreamSnapshot(const integration::StatusView& view, std::string_view boot_id,
                           std::string_view version, std::optional<std::int64_t> data_version) {
  json::array stages, reasons;
  for (const auto& stage : view.stages) {
    stages.push_back({{"stage", integration::StageName(stage.stage)},
                      {"state", integration::NowStateName(stage.state)},
                      {"outcome", integration::OutcomeName(stage.outcome)},
                      {"verdict", integration::VerdictName(stage.verdict)},
                      {"consecutive_failures", stage.consecutive_failures},
                      {"data_through", TimeJson(stage.data_through)},
                      {"current", RunStub(stage.current)},
                      {"last_success", RunStub(stage.last_success)}});
  }
  for (const auto& reason : view.reasons) {
    reasons.push_back(
        {{"code", reason.code},
         {"severity", integration::HealthName(reason.severity)},
         {"stage", reason.stage ? json::value(integration::StageName(*reason.stage)) : nullptr},
         {"since", TimeJson(reason.since)}});
  }
  return json::serialize(json::object{{"generated_at", TimeJson(view.generated_at)},
                                      {"server", {{"boot_id", boot_id}, {"version", version}}},
                                      {"status", integration::HealthName(view.health)},
                                      {"summary", view.summary},
                                      {"data_version", IntJson(data_version)},
                                      {"stages", std::move(stages)},
                                      {"reasons", std::move(reasons)}});
}

EventStream::EventStream(Options options, std::optional<std::string_view> last_event_id)
    : options_(std::move(options)), begun_at_(options_.clock.Monotonic()), sent_at_(begun_at_) {
  if (!last_event_id) {
    wants_snapshot_ = true;
    return;
  }
  const auto id = ParseInt(*last_event_id);
  wants_reset_ = !id.has_value();
  place_ = told_ = id.value_or(0);
}

bool EventStream::Produce(std::string& out) {
  const std::size_t before = out.size();
  const Duration now = options_.clock.Monotonic();
  if (is_new_) fmt::format_to(std::back_inserter(out), "retry: {}\n\n", kRetryMs);
  is_new_ = false;
  if (wants_snapshot_) StartAnew(out, "snapshot");
  if (wants_reset_) StartAnew(out, "reset");
  if (options_.events.newest_id() != place_) SendEvents(out);
  if (out.size() > before) sent_at_ = now;
  if (now - sent_at_ >= kHeartbeat) {
    SendHeartbeat(out);
    sent_at_ = now;
  }
  return now - begun_at_ < kLife;
}

// The number is taken before the state: what happens between the two is in the state and is told
// again as an event, and never the other way round.
void EventStream::StartAnew(std::string& out, std::string_view type) {
  wants_snapshot_ = wants_reset_ = false;
  place_ = told_ = options_.events.newest_id();
  AppendServerSentEvent(out, place_, type, options_.snapshot());
}

void EventStream::SendEvents(std::string& out) {
  const std::size_t bytes_max = out.size() + kChunkBytesMax;
  // Goes on while the filter leaves everything out: an empty piece means that there is nothing.
  for (const std::size_t before = out.size(); out.size() == before;) {
    const integration::EventPage page = options_.events.After(place_, kEventsAtOnce);
    if (page.reset) {
      StartAnew(out, "reset");
      return;
    }
    if (page.events.empty()) return;
    for (const auto& event : page.events) {
      if (out.size() >= bytes_max) return;
      place_ = event->id;
      if (!options_.filter.Passes(*event)) continue;
      AppendServerSentEvent(out, event->id, event->type, event->data);
      told_ = event->id;
    }
  }
}

void EventStream::SendHeartbeat(std::string& out) {
  // An event of an id alone is not shown to the client's code but moves its last id: without it, a
  // client whose filter lets little through would some day ask for what is long gone.
  if (told_ != place_) fmt::format_to(std::back_inserter(out), "id: {}\n\n", place_);
  told_ = place_;
  AppendServerSentEvent(
      out, std::nullopt, "heartbeat",
      json::serialize(json::object{{"at", TimeJson(options_.clock.Now())}, {"last_id", place_}}));
}

}  // namespace cqd::api
