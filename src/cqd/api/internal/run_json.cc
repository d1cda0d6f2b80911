#include "api/internal/run_json.h"

#include <cmath>

namespace cqd::api {
namespace {

namespace json = boost::json;
using integration::RunRecord;

json::object RowsJson(const integration::RunRows& rows) {
  return {{"read", rows.read},
          {"inserted", rows.inserted},
          {"updated", rows.updated},
          {"duplicate", rows.duplicate},
          {"quarantined", rows.quarantined},
          // Nothing is thrown away: what cannot be stored is quarantined.
          {"rejected", 0},
          {"repaired", rows.repaired},
          {"late", rows.late},
          {"expired", rows.expired}};
}

json::value ErrorJson(const std::optional<integration::RunError>& error, bool administrator) {
  if (!error) return nullptr;
  json::object out{{"code", error->code},
                   {"class", integration::ErrorClassName(error->error_class)},
                   {"message", error->message},
                   {"step", error->step},
                   {"first_run", IntJson(error->first_run)},
                   {"occurrences", error->occurrences},
                   {"retryable", error->retryable},
                   {"hint", error->hint}};
  if (administrator) {
    out["detail"] = error->detail;
    out["record_ref"] = TextJson(error->record_ref);
  }
  return out;
}

json::array PartitionsJson(const RunRecord& run) {
  json::array out;
  for (const auto& part : run.partitions) {
    out.push_back(
        {{"month", part.month}, {"rows", part.rows}, {"ms", part.ms}, {"state", part.state}});
  }
  return out;
}

json::array StepsJson(const RunRecord& run) {
  json::array out;
  for (const auto& step : run.steps) {
    out.push_back({{"name", step.name},
                   {"state", integration::RunStateName(step.state)},
                   {"started_at", TimeJson(step.started_at)},
                   {"ms", step.ms},
                   {"rows", step.rows}});
  }
  return out;
}

json::array WarningsJson(const RunRecord& run) {
  json::array out;
  for (const auto& warning : run.warnings) {
    out.push_back({{"code", warning.code}, {"count", warning.count}, {"message", warning.message}});
  }
  return out;
}

json::array InputJson(const RunRecord& run) {
  json::array out;
  for (const auto& input : run.inputs) {
    out.push_back(
        {{"source", input.source}, {"from", TimeJson(input.from)}, {"to", TimeJson(input.to)}});
  }
  return out;
}

json::array RejectReasonsJson(const RunRecord& run, bool administrator) {
  json::array out;
  for (const auto& reason : run.reject_reasons) {
    json::object one{{"code", reason.code}, {"count", reason.count}};
    if (administrator) one["sample_ref"] = IntJson(reason.sample_id);
    out.push_back(std::move(one));
  }
  return out;
}

json::object ProgressJson(const RunRecord& run, const std::optional<UtcTime>& now) {
  const integration::RunProgress& progress = run.progress;
  json::value fraction = nullptr, rate = nullptr, eta = nullptr;
  if (progress.total && *progress.total > 0) {
    fraction = static_cast<double>(progress.done) / static_cast<double>(*progress.total);
  }
  // The pace of the step that is under way; nothing is known in its first second.
  if (now && run.state == integration::RunState::kRunning && !run.steps.empty()) {
    const Duration spent = *now - run.steps.back().started_at;
    if (spent >= std::chrono::seconds(1) && progress.done > 0) {
      const double per_s =
          static_cast<double>(progress.done) * 1e6 / static_cast<double>(spent.count());
      rate = std::round(per_s * 10) / 10;
      if (progress.total && *progress.total >= progress.done) {
        const double left = static_cast<double>(*progress.total - progress.done) / per_s;
        // Ten years: what is further away is no forecast.
        if (left < 3e8) eta = TimeJson(*now + std::chrono::seconds(std::llround(left)));
      }
    }
  }
  return {{"done", progress.done},
          {"total", IntJson(progress.total)},
          {"unit", progress.unit},
          {"fraction", std::move(fraction)},
          {"rate_per_s", std::move(rate)},
          {"eta_at", std::move(eta)},
          {"changed_at", TimeJson(progress.changed_at)}};
}

json::object ContextJson(const integration::RunContext& context, bool administrator) {
  json::object out{{"version", TextJson(context.version)},
                   {"config_hash", TextJson(context.config_hash)},
                   {"rule_version", IntJson(context.rule_version)},
                   {"map_version", IntJson(context.map_version)}};
  if (administrator) out["host"] = TextJson(context.host);
  return out;
}

}  // namespace

json::value TimeJson(const std::optional<UtcTime>& time) {
  if (!time) return nullptr;
  return json::value(FormatRfc3339(*time));
}

json::value IntJson(const std::optional<std::int64_t>& value) {
  if (!value) return nullptr;
  return *value;
}

json::value TextJson(const std::string& text) {
  if (text.empty()) return nullptr;
  return json::value(text);
}

json::object RunJson(const RunRecord& run, bool administrator, std::optional<UtcTime> now) {
  const auto known = [&](std::int64_t value) { return value > 0 ? json::value(value) : nullptr; };
  json::object out{
      {"run_id", run.run_id},
      {"seq", run.seq},
      {"stage", integration::StageName(run.stage)},
      {"kind", integration::RunKindName(run.kind)},
      {"month", TextJson(run.month)},
      {"trigger", integration::TriggerName(run.trigger)},
      {"caused_by", IntJson(run.caused_by)},
      {"retry_of", IntJson(run.retry_of)},
      {"attempt", run.attempt},
      {"state", integration::RunStateName(run.state)},
      {"scheduled_at", TimeJson(run.scheduled_at)},
      {"queued_at", TimeJson(run.queued_at)},
      {"started_at", TimeJson(run.started_at)},
      {"heartbeat_at", TimeJson(run.heartbeat_at)},
      {"finished_at", TimeJson(run.finished_at)},
      {"duration_ms", IntJson(run.duration_ms)},
      {"wait_ms", IntJson(run.wait_ms)},
      {"input", InputJson(run)},
      {"rows", RowsJson(run.rows)},
      {"reject_reasons", RejectReasonsJson(run, administrator)},
      {"bytes", {{"read", known(run.bytes_read)}, {"written", IntJson(run.bytes_written)}}},
      {"partitions", PartitionsJson(run)},
      {"steps", StepsJson(run)},
      {"progress", ProgressJson(run, now)},
      {"output",
       {{"data_version", IntJson(run.data_version)},
        {"rows_total", IntJson(run.rows_total)},
        {"data_through", TimeJson(run.data_through)},
        {"checksum", TextJson(run.checksum)}}},
      {"error", ErrorJson(run.error, administrator)},
      {"warnings", WarningsJson(run)},
      {"resources",
       {{"cpu_ms", IntJson(run.resources.cpu_ms)},
        {"peak_rss_bytes", IntJson(run.resources.peak_rss_bytes)},
        {"read_bytes", IntJson(run.resources.read_bytes)},
        {"write_bytes", IntJson(run.resources.write_bytes)}}},
      {"context", ContextJson(run.context, administrator)},
      {"ledger", nullptr}};
  if (run.ledger) out["ledger"] = {{"prev", run.ledger->prev}, {"hash", run.ledger->hash}};
  if (administrator) out["requested_by"] = TextJson(run.requested_by);
  return out;
}

}  // namespace cqd::api
