#include "api/internal/status_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using integration::RunRecord;
using integration::StageStatus;

json::value SecondsJson(const std::optional<Duration>& duration) {
  if (!duration) return nullptr;
  return std::chrono::duration_cast<std::chrono::seconds>(*duration).count();
}

json::value NumberJson(const std::optional<double>& value) {
  if (!value) return nullptr;
  return *value;
}

json::value RunOrNull(const std::optional<RunRecord>& run, bool administrator, UtcTime now) {
  if (!run) return nullptr;
  return RunJson(*run, administrator, now);
}

json::value SloJson(const std::optional<integration::SloStatus>& slo) {
  if (!slo) return nullptr;
  return {{"target", slo->target},
          {"window", SecondsJson(slo->window)},
          {"met", NumberJson(slo->met)},
          {"budget_left_s", SecondsJson(slo->budget_left)}};
}

json::object FreshnessJson(const StageStatus& stage, UtcTime now) {
  std::optional<Duration> data_age;
  if (stage.data_through) data_age = std::max(now - *stage.data_through, Duration::zero());
  return {{"data_through", TimeJson(stage.data_through)},
          {"data_age_s", SecondsJson(data_age)},
          {"age_s", SecondsJson(stage.age)},
          {"warn_after_s", SecondsJson(stage.rules.warn_after)},
          {"error_after_s", SecondsJson(stage.rules.error_after)},
          {"late_since", TimeJson(stage.late_since)},
          {"expected_by", TimeJson(stage.expected_by)},
          {"expected_by_p95", TimeJson(stage.expected_by_p95)},
          {"slo", SloJson(stage.slo)}};
}

json::object StageJson(const StageStatus& stage, UtcTime now, bool administrator,
                       std::size_t history) {
  json::object schedule{{"every_s", SecondsJson(stage.rules.every)},
                        {"tz", "UTC"},
                        {"next_at", TimeJson(stage.next_at)},
                        {"paused_reason", TextJson(stage.paused_reason)}};
  if (administrator) schedule["paused_by"] = TextJson(stage.paused_by);
  json::object durations{{"last_ms", IntJson(stage.last_ms)},
                         {"p50_ms", IntJson(stage.p50_ms)},
                         {"p95_ms", IntJson(stage.p95_ms)},
                         {"n", stage.durations_n},
                         {"trend", NumberJson(stage.durations_trend)}};
  json::array runs;
  for (const auto& run : stage.history) {
    if (runs.size() == history) break;
    runs.push_back(RunJson(*run, administrator, now));
  }
  return {
      {"stage", integration::StageName(stage.stage)},
      {"state", integration::NowStateName(stage.state)},
      {"outcome", integration::OutcomeName(stage.outcome)},
      {"verdict", integration::VerdictName(stage.verdict)},
      {"current", RunOrNull(stage.current, administrator, now)},
      {"last_success", RunOrNull(stage.last_success, administrator, now)},
      {"last_failure", RunOrNull(stage.last_failure, administrator, now)},
      {"consecutive_failures", stage.consecutive_failures},
      {"failing_since", TimeJson(stage.failing_since)},
      {"schedule", std::move(schedule)},
      {"freshness", FreshnessJson(stage, now)},
      {"backlog",
       {{"rows", IntJson(stage.backlog.rows)}, {"oldest_at", TimeJson(stage.backlog.oldest_at)}}},
      {"durations", std::move(durations)},
      {"history", std::move(runs)}};
}

json::object ReasonJson(const integration::Reason& reason) {
  return {{"code", reason.code},
          {"severity", integration::HealthName(reason.severity)},
          {"stage", reason.stage ? json::value(integration::StageName(*reason.stage))
                                 : json::value(nullptr)},
          {"source", TextJson(reason.source)},
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
          {"verdict", integration::VerdictName(source.verdict)},
          {"reachable", source.reachable ? json::value(*source.reachable) : json::value(nullptr)},
          {"last_contact_at", TimeJson(source.last_contact_at)},
          {"last_record_at", TimeJson(source.last_record_at)},
          {"quiet_since", TimeJson(source.quiet_since)},
          {"quiet_after_s", SecondsJson(source.quiet_after)},
          {"watermark", source.watermark ? json::value(*source.watermark) : json::value(nullptr)},
          {"backlog_rows", IntJson(source.backlog)},
          {"clock_skew_s", source.clock_skew_ms
                               ? json::value(static_cast<double>(*source.clock_skew_ms) / 1000)
                               : json::value(nullptr)},
          {"credential_expires_at", TimeJson(source.credential_expires_at)},
          {"error", source.error ? json::value(*source.error) : json::value(nullptr)},
          {"remarks", std::move(remarks)}};
}

json::value CacheJson(const std::optional<integration::CacheStatus>& cache, bool administrator) {
  if (!cache) return nullptr;
  json::object out{{"epoch", cache->epoch},
                   {"entries", cache->entries},
                   {"hit_ratio", NumberJson(cache->hit_ratio)},
                   {"cleared_at", TimeJson(cache->cleared_at)}};
  if (administrator) out["cleared_by"] = TextJson(cache->cleared_by);
  return out;
}

void AddData(const integration::StatusView& view, bool administrator, json::object& out) {
  out["storage"] = {{"disk_free_bytes", IntJson(view.storage.disk_free_bytes)},
                    {"archive_bytes", IntJson(view.storage.archive_bytes)},
                    {"cube_bytes", IntJson(view.storage.cube_bytes)},
                    {"rows", IntJson(view.storage.rows)},
                    {"oldest_at", TimeJson(view.storage.oldest_at)},
                    {"newest_at", TimeJson(view.storage.newest_at)},
                    {"days_until_full", NumberJson(view.storage.days_until_full)}};
  out["cache"] = CacheJson(view.cache, administrator);
  out["retention"] = {{"personal_days", IntJson(view.retention.personal_days)},
                      {"row_days", IntJson(view.retention.row_days)},
                      {"last_purge_run", TextJson(view.retention.last_purge_run.value_or(""))},
                      {"next_purge_at", TimeJson(view.retention.next_purge_at)},
                      {"rows_due", IntJson(view.retention.rows_due)}};
  out["mapping"] = {{"map_version", IntJson(view.mapping.map_version)},
                    {"applied_through", TimeJson(view.mapping.applied_through)},
                    {"unmapped_subnets", IntJson(view.mapping.unmapped_subnets)},
                    {"unmapped_streams", IntJson(view.mapping.unmapped_streams)}};
  json::array alerts;
  for (const integration::AlertStatus& alert : view.alerts) {
    json::object one{{"id", alert.id},
                     {"rule", alert.rule},
                     {"since", TimeJson(alert.since)},
                     {"last_sent_at", TimeJson(alert.last_sent_at)},
                     {"acked", !alert.acked_by.empty()}};
    if (administrator) one["acked_by"] = TextJson(alert.acked_by);
    alerts.push_back(std::move(one));
  }
  out["alerts"] = std::move(alerts);
}

/// What changes while nothing happens: ages, forecasts, signs of life. Sorted.
constexpr std::array<std::string_view, 13> kVolatile = {
    "age_s",       "budget_left_s",   "data_age_s",   "days_until_full", "eta_at",
    "expected_by", "expected_by_p95", "generated_at", "heartbeat_at",    "met",
    "rate_per_s",  "row_days",        "summary"};

/// FNV-1a, 64 bits: an entity tag guards against stale copies, not against attackers.
class Fingerprint {
 public:
  void AddText(std::string_view text) {
    for (const char c : text) {
      hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
    }
  }
  void Add(const json::value& value, bool reason = false) {
    if (const json::object* object = value.if_object()) {
      AddText("{");
      for (const auto& [key, member] : *object) {
        if (std::binary_search(kVolatile.begin(), kVolatile.end(), std::string_view(key))) continue;
        // The words of a reason carry ages; its code and its moment do not.
        if (reason && key == "message") continue;
        AddText(std::string_view(key));
        Add(member, key == "reasons");
      }
      AddText("}");
    } else if (const json::array* array = value.if_array()) {
      AddText("[");
      for (const json::value& item : *array) Add(item, reason);
      AddText("]");
    } else if (const json::string* text = value.if_string()) {
      AddText(std::string_view(*text));
    } else {
      AddText(json::serialize(value));
    }
    AddText(";");
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 14'695'981'039'346'656'037U;
};

}  // namespace

json::object StatusJson(const integration::StatusView& view, const Envelope& envelope,
                        bool administrator, std::size_t history) {
  json::object out{{"schema_version", "1.1"},
                   {"generated_at", TimeJson(view.generated_at)},
                   {"server",
                    {{"id", administrator ? TextJson(envelope.server_id) : json::value(nullptr)},
                     {"version", envelope.version},
                     {"boot_id", TextJson(envelope.boot_id)},
                     {"started_at", TimeJson(view.started_at)}}},
                   {"status", integration::HealthName(view.health)},
                   {"summary", view.summary}};
  json::array reasons, stages, sources;
  for (const auto& reason : view.reasons) reasons.push_back(ReasonJson(reason));
  for (const auto& stage : view.stages)
    stages.push_back(StageJson(stage, view.generated_at, administrator, history));
  for (const auto& source : view.sources) sources.push_back(SourceJson(source));
  out["reasons"] = std::move(reasons);
  out["stages"] = std::move(stages);
  out["sources"] = std::move(sources);
  AddData(view, administrator, out);
  return out;
}

std::string WeakTag(const json::object& document) {
  Fingerprint fingerprint;
  fingerprint.Add(json::value(document));
  return fmt::format("W/\"{:016x}\"", fingerprint.value());
}

bool NamesTag(std::string_view if_none_match, std::string_view tag) {
  const auto strong = [](std::string_view text) {
    return text.starts_with("W/") ? text.substr(2) : text;
  };
  for (const std::string_view item : Split(if_none_match, ',')) {
    const std::string_view one = Trim(item);
    if (one == "*" || strong(one) == strong(tag)) return true;
  }
  return false;
}

}  // namespace cqd::api
