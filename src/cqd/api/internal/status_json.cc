#include "api/internal/status_json.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using integration::RunRecord;
using integration::StageStatus;

json::value SecondsJson(const std::optional<Duration>& duration) {
  if (!duration) return nullptr;
  return std::chrono::duration_cast<std::chrono::seconds>(*duration).count();
}

json::object RowsJson(const integration::RunRows& rows) {
  return {
      {"read", rows.read},           {"inserted", rows.inserted},       {"updated", rows.updated},
      {"duplicate", rows.duplicate}, {"quarantined", rows.quarantined}, {"repaired", rows.repaired},
      {"expired", rows.expired}};
}

json::value ErrorJson(const std::optional<integration::RunError>& error, bool administrator) {
  if (!error) return nullptr;
  json::object out{
      {"code", error->code},           {"class", integration::ErrorClassName(error->error_class)},
      {"message", error->message},     {"step", error->step},
      {"retryable", error->retryable}, {"hint", error->hint}};
  if (administrator) out["detail"] = error->detail;
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

json::object ProgressJson(const integration::RunProgress& progress) {
  json::value fraction = nullptr;
  if (progress.total && *progress.total > 0) {
    fraction = static_cast<double>(progress.done) / static_cast<double>(*progress.total);
  }
  return {{"done", progress.done},
          {"total", IntJson(progress.total)},
          {"unit", progress.unit},
          {"fraction", fraction}};
}

json::value RunOrNull(const std::optional<RunRecord>& run, bool administrator) {
  if (!run) return nullptr;
  return RunJson(*run, administrator);
}

json::object StageJson(const StageStatus& stage, UtcTime now, bool administrator) {
  json::object schedule{{"every_s", SecondsJson(stage.rules.every)},
                        {"tz", "UTC"},
                        {"next_at", TimeJson(stage.next_at)}};
  json::object freshness{{"data_through", TimeJson(stage.data_through)},
                         {"data_age_s", stage.data_through ? SecondsJson(now - *stage.data_through)
                                                           : json::value(nullptr)},
                         {"age_s", SecondsJson(stage.age)},
                         {"warn_after_s", SecondsJson(stage.rules.warn_after)},
                         {"error_after_s", SecondsJson(stage.rules.error_after)},
                         {"late_since", TimeJson(stage.late_since)}};
  json::object durations{{"last_ms", IntJson(stage.last_ms)},
                         {"p50_ms", IntJson(stage.p50_ms)},
                         {"p95_ms", IntJson(stage.p95_ms)},
                         {"n", stage.durations_n}};
  return {{"stage", integration::StageName(stage.stage)},
          {"state", integration::NowStateName(stage.state)},
          {"outcome", integration::OutcomeName(stage.outcome)},
          {"verdict", integration::VerdictName(stage.verdict)},
          {"current", RunOrNull(stage.current, administrator)},
          {"last_success", RunOrNull(stage.last_success, administrator)},
          {"last_failure", RunOrNull(stage.last_failure, administrator)},
          {"consecutive_failures", stage.consecutive_failures},
          {"failing_since", TimeJson(stage.failing_since)},
          {"schedule", std::move(schedule)},
          {"freshness", std::move(freshness)},
          {"durations", std::move(durations)}};
}

json::object ReasonJson(const integration::Reason& reason) {
  return {{"code", reason.code},
          {"severity", integration::HealthName(reason.severity)},
          {"stage", reason.stage ? json::value(integration::StageName(*reason.stage))
                                 : json::value(nullptr)},
          {"since", TimeJson(reason.since)},
          {"message", reason.message},
          {"action", reason.action},
          {"doc", "docs/operations.md#" + reason.code}};
}

json::object SourceJson(const integration::SourceStatus& source) {
  json::array remarks;
  for (const std::string& remark : source.remarks) remarks.emplace_back(remark);
  return {{"id", source.name},
          {"kind", source.kind},
          {"reachable", source.reachable ? json::value(*source.reachable) : json::value(nullptr)},
          {"last_contact_at", TimeJson(source.last_contact_at)},
          {"last_record_at", TimeJson(source.last_record_at)},
          {"watermark", source.watermark ? json::value(*source.watermark) : json::value(nullptr)},
          {"backlog_rows", IntJson(source.backlog)},
          {"clock_skew_s", source.clock_skew_ms
                               ? json::value(static_cast<double>(*source.clock_skew_ms) / 1000)
                               : json::value(nullptr)},
          {"error", source.error ? json::value(*source.error) : json::value(nullptr)},
          {"remarks", std::move(remarks)}};
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

json::object RunJson(const RunRecord& run, bool administrator) {
  json::object out{{"run_id", run.run_id},
                   {"seq", run.seq},
                   {"stage", integration::StageName(run.stage)},
                   {"kind", integration::RunKindName(run.kind)},
                   {"month", run.month.empty() ? json::value(nullptr) : json::value(run.month)},
                   {"trigger", integration::TriggerName(run.trigger)},
                   {"caused_by", IntJson(run.caused_by)},
                   {"state", integration::RunStateName(run.state)},
                   {"scheduled_at", TimeJson(run.scheduled_at)},
                   {"queued_at", TimeJson(run.queued_at)},
                   {"started_at", TimeJson(run.started_at)},
                   {"heartbeat_at", TimeJson(run.heartbeat_at)},
                   {"finished_at", TimeJson(run.finished_at)},
                   {"duration_ms", IntJson(run.duration_ms)},
                   {"wait_ms", IntJson(run.wait_ms)},
                   {"rows", RowsJson(run.rows)},
                   {"partitions", PartitionsJson(run)},
                   {"steps", StepsJson(run)},
                   {"progress", ProgressJson(run.progress)},
                   {"output",
                    {{"data_version", IntJson(run.data_version)},
                     {"rows_total", IntJson(run.rows_total)},
                     {"data_through", TimeJson(run.data_through)}}},
                   {"error", ErrorJson(run.error, administrator)},
                   {"warnings", WarningsJson(run)},
                   {"context", {{"version", run.context.version}}}};
  if (administrator)
    out["requested_by"] =
        run.requested_by.empty() ? json::value(nullptr) : json::value(run.requested_by);
  return out;
}

json::object StatusJson(const integration::StatusView& view,
                        const std::vector<integration::SourceStatus>& sources,
                        const Envelope& envelope, bool administrator) {
  json::object out{{"schema_version", "1.0"},
                   {"generated_at", TimeJson(view.generated_at)},
                   {"server",
                    {{"id", envelope.server_id},
                     {"version", envelope.version},
                     {"boot_id", envelope.boot_id},
                     {"started_at", TimeJson(view.started_at)}}},
                   {"status", integration::HealthName(view.health)},
                   {"summary", view.summary}};
  json::array reasons, stages, source_list;
  for (const auto& reason : view.reasons) reasons.push_back(ReasonJson(reason));
  for (const auto& stage : view.stages)
    stages.push_back(StageJson(stage, view.generated_at, administrator));
  for (const auto& source : sources) source_list.push_back(SourceJson(source));
  out["reasons"] = std::move(reasons);
  out["stages"] = std::move(stages);
  out["sources"] = std::move(source_list);
  return out;
}

}  // namespace cqd::api
