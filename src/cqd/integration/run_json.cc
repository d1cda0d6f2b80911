#include "integration/run_json.h"

#include <boost/json.hpp>

namespace cqd::integration {
namespace {

namespace json = boost::json;

json::value TimeValue(const std::optional<UtcTime>& time) {
  if (!time) return nullptr;
  return ToMicros(*time);
}

std::int64_t IntOf(const json::object& object, std::string_view name, std::int64_t otherwise = 0) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
}

std::optional<std::int64_t> OptionalInt(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

std::string TextOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string());
}

/// Calls `each` for every object of the array `name`.
template <typename Each>
void ForEach(const json::object& object, std::string_view name, Each each) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return;
  for (const json::value& item : value->get_array()) {
    if (item.is_object()) each(item.get_object());
  }
}

std::optional<UtcTime> TimeOf(const json::object& object, std::string_view name) {
  const auto micros = OptionalInt(object, name);
  if (!micros) return std::nullopt;
  return FromMicros(*micros);
}

/// The object called `name`, or an empty one.
const json::object& ObjectOf(const json::object& object, std::string_view name) {
  static const json::object kEmpty;
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : kEmpty;
}

/// Unknown is left out, so that it comes back as unknown.
void Put(json::object& object, std::string_view name, const std::optional<std::int64_t>& value) {
  if (value) object[name] = *value;
}

void Put(json::object& object, std::string_view name, const std::string& value) {
  if (!value.empty()) object[name] = value;
}

json::object EncodeRows(const RunRows& rows) {
  return {
      {"read", rows.read},           {"inserted", rows.inserted},       {"updated", rows.updated},
      {"duplicate", rows.duplicate}, {"quarantined", rows.quarantined}, {"repaired", rows.repaired},
      {"late", rows.late},           {"expired", rows.expired}};
}

void DecodeRows(const json::object& from, RunRows& rows) {
  rows = {.read = IntOf(from, "read"),
          .inserted = IntOf(from, "inserted"),
          .updated = IntOf(from, "updated"),
          .duplicate = IntOf(from, "duplicate"),
          .quarantined = IntOf(from, "quarantined"),
          .repaired = IntOf(from, "repaired"),
          .late = IntOf(from, "late"),
          .expired = IntOf(from, "expired")};
}

void DecodeError(const json::object& from, RunRecord& run) {
  RunError error{.code = TextOf(from, "code"),
                 .message = TextOf(from, "message"),
                 .detail = TextOf(from, "detail"),
                 .step = TextOf(from, "step"),
                 .hint = TextOf(from, "hint")};
  const std::string name = TextOf(from, "class");
  for (const ErrorClass known : {ErrorClass::kSource, ErrorClass::kData, ErrorClass::kDisk,
                                 ErrorClass::kConfig, ErrorClass::kInternal}) {
    if (ErrorClassName(known) == name) error.error_class = known;
  }
  error.retryable = IntOf(from, "retryable", 1) != 0;
  error.record_ref = TextOf(from, "record_ref");
  error.first_run = OptionalInt(from, "first_run");
  error.occurrences = IntOf(from, "occurrences", 1);
  run.error = std::move(error);
}

json::object EncodeError(const RunError& error) {
  json::object out = {{"code", error.code},
                      {"class", ErrorClassName(error.error_class)},
                      {"message", error.message},
                      {"detail", error.detail},
                      {"step", error.step},
                      {"hint", error.hint},
                      {"retryable", error.retryable ? 1 : 0},
                      {"occurrences", error.occurrences}};
  Put(out, "record_ref", error.record_ref);
  Put(out, "first_run", error.first_run);
  return out;
}

void EncodeProvenance(const RunRecord& run, json::object& out) {
  json::array inputs;
  for (const RunInput& input : run.inputs) {
    inputs.push_back(
        {{"source", input.source}, {"from", TimeValue(input.from)}, {"to", TimeValue(input.to)}});
  }
  if (!inputs.empty()) out["inputs"] = std::move(inputs);
  json::array reasons;
  for (const RejectReason& reason : run.reject_reasons) {
    json::object one = {{"code", reason.code}, {"count", reason.count}};
    Put(one, "sample_id", reason.sample_id);
    reasons.push_back(std::move(one));
  }
  if (!reasons.empty()) out["reject_reasons"] = std::move(reasons);
  json::object resources;
  Put(resources, "cpu_ms", run.resources.cpu_ms);
  Put(resources, "peak_rss_bytes", run.resources.peak_rss_bytes);
  Put(resources, "read_bytes", run.resources.read_bytes);
  Put(resources, "write_bytes", run.resources.write_bytes);
  if (!resources.empty()) out["resources"] = std::move(resources);
  json::object context;
  Put(context, "config_hash", run.context.config_hash);
  Put(context, "rule_version", run.context.rule_version);
  Put(context, "map_version", run.context.map_version);
  Put(context, "host", run.context.host);
  if (!context.empty()) out["context"] = std::move(context);
}

void DecodeProvenance(const json::object& from, RunRecord& run) {
  ForEach(from, "inputs", [&](const json::object& input) {
    run.inputs.push_back({TextOf(input, "source"), TimeOf(input, "from"), TimeOf(input, "to")});
  });
  ForEach(from, "reject_reasons", [&](const json::object& reason) {
    run.reject_reasons.push_back(
        {TextOf(reason, "code"), IntOf(reason, "count"), OptionalInt(reason, "sample_id")});
  });
  const json::object& resources = ObjectOf(from, "resources");
  run.resources = {OptionalInt(resources, "cpu_ms"), OptionalInt(resources, "peak_rss_bytes"),
                   OptionalInt(resources, "read_bytes"), OptionalInt(resources, "write_bytes")};
  const json::object& context = ObjectOf(from, "context");
  run.context.config_hash = TextOf(context, "config_hash");
  run.context.rule_version = OptionalInt(context, "rule_version");
  run.context.map_version = OptionalInt(context, "map_version");
  run.context.host = TextOf(context, "host");
}

/// What an event says of its run, for everybody.
json::object EventOf(const RunRecord& run) {
  json::object out = {{"run_id", run.run_id},
                      {"seq", run.seq},
                      {"stage", StageName(run.stage)},
                      {"kind", RunKindName(run.kind)},
                      {"trigger", TriggerName(run.trigger)},
                      {"state", RunStateName(run.state)}};
  Put(out, "caused_by", run.caused_by);
  Put(out, "retry_of", run.retry_of);
  return out;
}

json::object EventProgress(const RunProgress& progress) {
  json::object out = {{"done", progress.done}, {"unit", progress.unit}};
  out["total"] = nullptr;
  Put(out, "total", progress.total);
  return out;
}

}  // namespace

std::string EncodeRunDetails(const RunRecord& run) {
  json::object out;
  out["rows"] = EncodeRows(run.rows);
  out["bytes_read"] = run.bytes_read;
  Put(out, "bytes_written", run.bytes_written);
  json::array partitions;
  for (const RunPartition& part : run.partitions) {
    partitions.push_back(
        {{"month", part.month}, {"rows", part.rows}, {"ms", part.ms}, {"state", part.state}});
  }
  out["partitions"] = std::move(partitions);
  json::array steps;
  for (const RunStep& step : run.steps) {
    steps.push_back({{"name", step.name},
                     {"state", RunStateName(step.state)},
                     {"started_at", ToMicros(step.started_at)},
                     {"ms", step.ms},
                     {"rows", step.rows}});
  }
  out["steps"] = std::move(steps);
  out["progress"] = {{"done", run.progress.done}, {"unit", run.progress.unit}};
  json::object& progress = out["progress"].as_object();
  Put(progress, "total", run.progress.total);
  if (run.progress.changed_at) progress["changed_at"] = ToMicros(*run.progress.changed_at);
  Put(out, "data_version", run.data_version);
  Put(out, "rows_total", run.rows_total);
  Put(out, "checksum", run.checksum);
  EncodeProvenance(run, out);
  out["data_through"] = TimeValue(run.data_through);
  if (run.error) out["error"] = EncodeError(*run.error);
  json::array warnings;
  for (const RunWarning& warning : run.warnings) {
    warnings.push_back(
        {{"code", warning.code}, {"count", warning.count}, {"message", warning.message}});
  }
  out["warnings"] = std::move(warnings);
  return json::serialize(out);
}

Status DecodeRunDetails(std::string_view text, RunRecord& run) {
  boost::system::error_code failed;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !value.is_object()) {
    return Fail(ErrorCode::kCorruption, "a stored run cannot be read",
                "run " + std::to_string(run.seq));
  }
  const json::object& from = value.get_object();
  DecodeRows(ObjectOf(from, "rows"), run.rows);
  run.bytes_read = IntOf(from, "bytes_read");
  run.bytes_written = OptionalInt(from, "bytes_written");
  ForEach(from, "partitions", [&](const json::object& part) {
    run.partitions.push_back(
        {TextOf(part, "month"), IntOf(part, "rows"), IntOf(part, "ms"), TextOf(part, "state")});
  });
  ForEach(from, "steps", [&](const json::object& step) {
    run.steps.push_back(
        {TextOf(step, "name"), ParseRunState(TextOf(step, "state")).value_or(RunState::kFailed),
         FromMicros(IntOf(step, "started_at")), IntOf(step, "ms"), IntOf(step, "rows")});
  });
  const json::object& progress = ObjectOf(from, "progress");
  run.progress = {IntOf(progress, "done"), OptionalInt(progress, "total"), TextOf(progress, "unit"),
                  TimeOf(progress, "changed_at")};
  run.data_version = OptionalInt(from, "data_version");
  run.rows_total = OptionalInt(from, "rows_total");
  run.checksum = TextOf(from, "checksum");
  run.data_through = TimeOf(from, "data_through");
  DecodeProvenance(from, run);
  if (const json::value* error = from.if_contains("error");
      error != nullptr && error->is_object()) {
    DecodeError(error->get_object(), run);
  }
  ForEach(from, "warnings", [&](const json::object& warning) {
    run.warnings.push_back(
        {TextOf(warning, "code"), IntOf(warning, "count", 1), TextOf(warning, "message")});
  });
  return OkStatus();
}

std::string EncodeRunEvent(const RunRecord& run) {
  json::object out = EventOf(run);
  if (run.state == RunState::kRunning) out["progress"] = EventProgress(run.progress);
  if (run.state == RunState::kRunning && !run.steps.empty()) out["step"] = run.steps.back().name;
  if (IsFinal(run.state)) {
    out["rows"] = EncodeRows(run.rows);
    Put(out, "duration_ms", run.duration_ms);
    Put(out, "data_version", run.data_version);
    if (run.error) {
      out["error"] = {{"code", run.error->code},
                      {"class", ErrorClassName(run.error->error_class)},
                      {"message", run.error->message}};
    }
    if (run.ledger) out["ledger"] = run.ledger->hash;
  }
  return json::serialize(out);
}

std::string EncodePublishedEvent(const RunRecord& run) {
  json::object out = {{"run_id", run.run_id}, {"seq", run.seq}};
  Put(out, "data_version", run.data_version);
  Put(out, "rows_total", run.rows_total);
  out["data_as_of"] = nullptr;
  if (run.data_through) out["data_as_of"] = FormatRfc3339(*run.data_through);
  return json::serialize(out);
}

}  // namespace cqd::integration
