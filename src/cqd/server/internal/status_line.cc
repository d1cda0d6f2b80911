#include "server/internal/status_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace cqd::server {
namespace {

namespace json = boost::json;

const json::value* Find(const json::value& value, std::string_view name) {
  return value.is_object() ? value.get_object().if_contains(name) : nullptr;
}

std::string TextOf(const json::value& value, std::string_view name) {
  const json::value* found = Find(value, name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

std::optional<std::int64_t> IntOf(const json::value& value, std::string_view name) {
  const json::value* found = Find(value, name);
  if (found == nullptr || !found->is_int64()) return std::nullopt;
  return found->get_int64();
}

const json::array& ListOf(const json::object& object, std::string_view name) {
  static const json::array empty;
  const json::value* found = object.if_contains(name);
  return found != nullptr && found->is_array() ? found->get_array() : empty;
}

const json::value& FreshnessOf(const json::value& stage) {
  static const json::value none;
  const json::value* found = Find(stage, "freshness");
  return found != nullptr ? *found : none;
}

/// In the largest unit that still tells two ages apart.
std::string AgeText(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 120 * 60) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} d", seconds / 86'400);
}

/// A bar begins the performance data and a line feed ends the line.
std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

std::string Number(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "";
}

std::string PerformanceData(const json::object& status) {
  std::string out;
  // The cube first: it is what people see.
  for (const std::string_view wanted : {"cube", "archive"}) {
    for (const json::value& stage : ListOf(status, "stages")) {
      if (TextOf(stage, "stage") != wanted) continue;
      const json::value& freshness = FreshnessOf(stage);
      const auto age = IntOf(freshness, "age_s");
      out += fmt::format(" {}_age={};{};{};0", wanted, age ? fmt::format("{}s", *age) : "U",
                         Number(IntOf(freshness, "warn_after_s")),
                         Number(IntOf(freshness, "error_after_s")));
    }
  }
  if (status.contains("reasons"))
    out += fmt::format(" reasons={};;;0", ListOf(status, "reasons").size());
  if (const json::value* storage = status.if_contains("storage")) {
    if (const auto free = IntOf(*storage, "disk_free_bytes"))
      out += fmt::format(" disk_free={}B;;;0", *free);
  }
  return out;
}

std::string AgesText(const json::object& status) {
  std::string out;
  for (const std::string_view wanted : {"cube", "archive"}) {
    for (const json::value& stage : ListOf(status, "stages")) {
      if (TextOf(stage, "stage") != wanted) continue;
      const auto age = IntOf(FreshnessOf(stage), "age_s");
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", wanted,
                         age ? AgeText(*age) + " old" : "never built");
    }
  }
  return out;
}

std::string RunText(const json::value& stage, std::string_view name, std::string_view label) {
  const json::value* run = Find(stage, name);
  if (run == nullptr || !run->is_object()) return {};
  std::string out = fmt::format("  {} {} {} {}", label, TextOf(*run, "run_id"),
                                TextOf(*run, "state"), TextOf(*run, "finished_at"));
  if (const json::value* error = Find(*run, "error"); error != nullptr && error->is_object())
    out += ": " + TextOf(*error, "message");
  return OneLine(out) + "\n";
}

}  // namespace

std::string_view StatusWord(StatusCode code) {
  switch (code) {
    case kStatusOk:
      return "OK";
    case kStatusWarning:
      return "WARNING";
    case kStatusCritical:
      return "CRITICAL";
    case kStatusUnknown:
      return "UNKNOWN";
  }
  return "UNKNOWN";
}

StatusCode StatusCodeOf(const json::object& status) {
  const std::string health = TextOf(status, "status");
  if (health == "pass") return kStatusOk;
  if (health == "warn") return kStatusWarning;
  return health == "fail" ? kStatusCritical : kStatusUnknown;
}

std::string StatusLine(const json::object& status, StatusCode code, const std::string& remark) {
  std::string text = remark;
  // When something is wrong its summary matters; when all is well the ages do.
  const std::string rest =
      StatusCodeOf(status) == kStatusOk ? AgesText(status) : TextOf(status, "summary");
  if (!rest.empty()) text += (text.empty() ? "" : "; ") + rest;
  const std::string data = PerformanceData(status);
  return fmt::format("CQD {} - {}{}{}", StatusWord(code), OneLine(text), data.empty() ? "" : " |",
                     data);
}

std::string StatusDetails(const json::object& status, bool verbose) {
  std::string out;
  for (const json::value& stage : ListOf(status, "stages")) {
    out += OneLine(fmt::format("{:8} {:10} last {:12} {}", TextOf(stage, "stage"),
                               TextOf(stage, "state"), TextOf(stage, "outcome"),
                               TextOf(stage, "verdict"))) +
           "\n";
    if (!verbose) continue;
    const std::string through = TextOf(FreshnessOf(stage), "data_through");
    if (!through.empty()) out += "  data through " + OneLine(through) + "\n";
    out += RunText(stage, "current", "runs now    ");
    out += RunText(stage, "last_success", "last success");
    out += RunText(stage, "last_failure", "last failure");
  }
  for (const json::value& reason : ListOf(status, "reasons")) {
    out += OneLine(fmt::format("{}: {} ({})", TextOf(reason, "severity"), TextOf(reason, "message"),
                               TextOf(reason, "code"))) +
           "\n";
    if (const std::string action = TextOf(reason, "action"); !action.empty())
      out += "  " + OneLine(action) + "\n";
  }
  if (!verbose) return out;
  for (const json::value& source : ListOf(status, "sources")) {
    const json::value* reachable = Find(source, "reachable");
    const bool known = reachable != nullptr && reachable->is_bool();
    out += OneLine(fmt::format("source {} ({}) {} {}", TextOf(source, "id"), TextOf(source, "kind"),
                               !known ? "not asked yet"
                               : reachable->get_bool()
                                   ? "answers, last record " + TextOf(source, "last_record_at")
                                   : "does not answer:",
                               TextOf(source, "error"))) +
           "\n";
  }
  return out;
}

}  // namespace cqd::server
