#include "simulation/facts.h"

#include <fmt/format.h>

#include <set>

namespace cqd::simulation {
namespace {

std::string SeqOf(const std::optional<integration::RunRecord>& run) {
  return run ? std::to_string(run->seq) : "null";
}

void AddStage(const integration::StageStatus& stage, Facts& facts) {
  const std::string name = std::string(integration::StageName(stage.stage)) + ".";
  facts[name + "state"] = integration::NowStateName(stage.state);
  facts[name + "outcome"] = integration::OutcomeName(stage.outcome);
  facts[name + "verdict"] = integration::VerdictName(stage.verdict);
  facts[name + "current"] = SeqOf(stage.current);
  facts[name + "last_success"] = SeqOf(stage.last_success);
  facts[name + "last_failure"] = SeqOf(stage.last_failure);
  facts[name + "consecutive_failures"] = std::to_string(stage.consecutive_failures);
  facts[name + "failing_since"] = Text(stage.failing_since);
  facts[name + "next_at"] = Text(stage.next_at);
  facts[name + "data_through"] = Text(stage.data_through);
  facts[name + "age_us"] = stage.age ? std::to_string(stage.age->count()) : "null";
  facts[name + "late_since"] = Text(stage.late_since);
  facts[name + "last_ms"] = Text(stage.last_ms);
  facts[name + "p50_ms"] = Text(stage.p50_ms);
  facts[name + "p95_ms"] = Text(stage.p95_ms);
  facts[name + "slo"] = SloText(stage.slo ? stage.slo->met : std::nullopt,
                                stage.slo ? stage.slo->budget_left : std::nullopt);
  facts[name + "durations_n"] = std::to_string(stage.durations_n);
}

}  // namespace

std::string Text(const std::optional<UtcTime>& time) {
  return time ? FormatRfc3339(*time) : "null";
}

std::string SloText(std::optional<double> met, std::optional<Duration> left) {
  if (!met || !left) return "null";
  return fmt::format("met {:.9f}, {} us left", *met, left->count());
}

std::string Text(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "null";
}

void AddRows(const std::string& name, const integration::RunRows& rows, Facts& facts) {
  facts[name + "rows.read"] = std::to_string(rows.read);
  facts[name + "rows.inserted"] = std::to_string(rows.inserted);
  facts[name + "rows.updated"] = std::to_string(rows.updated);
  facts[name + "rows.duplicate"] = std::to_string(rows.duplicate);
  facts[name + "rows.quarantined"] = std::to_string(rows.quarantined);
  facts[name + "rows.late"] = std::to_string(rows.late);
  facts[name + "rows.expired"] = std::to_string(rows.expired);
  const bool adds_up =
      rows.read == rows.inserted + rows.updated + rows.duplicate + rows.quarantined;
  facts[name + "rows add up"] = adds_up ? "yes" : "no";
}

Facts FactsOf(const integration::StatusView& view) {
  Facts facts;
  facts["generated_at"] = FormatRfc3339(view.generated_at);
  facts["status"] = integration::HealthName(view.health);
  for (const integration::StageStatus& stage : view.stages) AddStage(stage, facts);
  std::multiset<std::string> reasons;
  for (const integration::Reason& reason : view.reasons) {
    // Worth knowing, but nothing is wrong.
    if (reason.severity == integration::Health::kPass) continue;
    reasons.insert(fmt::format("{}({},{})", reason.code, integration::HealthName(reason.severity),
                               Text(reason.since)));
    // A person must be able to act on it.
    if (reason.message.empty() || reason.action.empty())
      facts["reason without words"] = reason.code;
  }
  std::string& text = facts["reasons"];
  for (const std::string& reason : reasons) text += (text.empty() ? "" : " ") + reason;
  return facts;
}

Facts FactsOf(const std::vector<integration::SourceStatus>& sources) {
  Facts facts;
  for (const integration::SourceStatus& source : sources) {
    const std::string name = "source." + source.name + ".";
    facts[name + "reachable"] = !source.reachable ? "null" : *source.reachable ? "true" : "false";
    facts[name + "last_contact_at"] = Text(source.last_contact_at);
    facts[name + "last_record_at"] = Text(source.last_record_at);
    facts[name + "watermark"] = source.watermark.value_or("null");
    facts[name + "clock_skew_ms"] = Text(source.clock_skew_ms);
    facts[name + "error"] = source.error.value_or("null");
  }
  return facts;
}

Facts FactsOf(const integration::RunRecord& run) {
  const std::string name = fmt::format("run.{}.", run.seq);
  Facts facts;
  facts[name + "stage"] = integration::StageName(run.stage);
  facts[name + "state"] = integration::RunStateName(run.state);
  facts[name + "queued_at"] = FormatRfc3339(run.queued_at);
  facts[name + "started_at"] = Text(run.started_at);
  facts[name + "heartbeat_at"] = Text(run.heartbeat_at);
  facts[name + "finished_at"] = Text(run.finished_at);
  facts[name + "duration_ms"] = Text(run.duration_ms);
  facts[name + "wait_ms"] = Text(run.wait_ms);
  AddRows(name, run.rows, facts);
  facts[name + "data_through"] = Text(run.data_through);
  facts[name + "error"] =
      run.error ? integration::ErrorClassName(run.error->error_class) : std::string_view();
  return facts;
}

std::string Differences(const Facts& expected, const Facts& actual) {
  std::string out;
  for (const auto& [name, value] : expected) {
    const auto found = actual.find(name);
    const std::string seen = found == actual.end() ? "(absent)" : found->second;
    if (seen != value && value != "*")
      out += fmt::format("  {}: expected {}, but was {}\n", name, value, seen);
  }
  for (const auto& [name, value] : actual) {
    if (!expected.contains(name))
      out += fmt::format("  {}: not expected, but was {}\n", name, value);
  }
  return out;
}

}  // namespace cqd::simulation
