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

json::object EncodeRows(const RunRows& rows) {
  return {
      {"read", rows.read},           {"inserted", rows.inserted},       {"updated", rows.updated},
      {"duplicate", rows.duplicate}, {"quarantined", rows.quarantined}, {"repaired", rows.repaired},
      {"expired", rows.expired}};
}

void DecodeRows(const json::object& from, RunRows& rows) {
  rows = {.read = IntOf(from, "read"),
          .inserted = IntOf(from, "inserted"),
          .updated = IntOf(from, "updated"),
          .duplicate = IntOf(from, "duplicate"),
          .quarantined = IntOf(from, "quarantined"),
          .repaired = IntOf(from, "repaired"),
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
  run.error = std::move(error);
}

}  // namespace

std::string EncodeRunDetails(const RunRecord& run) {
  json::object out;
  out["rows"] = EncodeRows(run.rows);
  out["bytes_read"] = run.bytes_read;
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
  if (run.progress.total) out["progress"].as_object()["total"] = *run.progress.total;
  if (run.data_version) out["data_version"] = *run.data_version;
  if (run.rows_total) out["rows_total"] = *run.rows_total;
  out["data_through"] = TimeValue(run.data_through);
  if (run.error) {
    out["error"] = {{"code", run.error->code},
                    {"class", ErrorClassName(run.error->error_class)},
                    {"message", run.error->message},
                    {"detail", run.error->detail},
                    {"step", run.error->step},
                    {"hint", run.error->hint},
                    {"retryable", run.error->retryable ? 1 : 0}};
  }
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
  if (const json::value* rows = from.if_contains("rows"); rows != nullptr && rows->is_object()) {
    DecodeRows(rows->get_object(), run.rows);
  }
  run.bytes_read = IntOf(from, "bytes_read");
  ForEach(from, "partitions", [&](const json::object& part) {
    run.partitions.push_back(
        {TextOf(part, "month"), IntOf(part, "rows"), IntOf(part, "ms"), TextOf(part, "state")});
  });
  ForEach(from, "steps", [&](const json::object& step) {
    run.steps.push_back(
        {TextOf(step, "name"), ParseRunState(TextOf(step, "state")).value_or(RunState::kFailed),
         FromMicros(IntOf(step, "started_at")), IntOf(step, "ms"), IntOf(step, "rows")});
  });
  if (const json::value* progress = from.if_contains("progress");
      progress != nullptr && progress->is_object()) {
    const json::object& object = progress->get_object();
    run.progress = {IntOf(object, "done"), OptionalInt(object, "total"), TextOf(object, "unit")};
  }
  run.data_version = OptionalInt(from, "data_version");
  run.rows_total = OptionalInt(from, "rows_total");
  if (const auto through = OptionalInt(from, "data_through"))
    run.data_through = FromMicros(*through);
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

}  // namespace cqd::integration
