// Reasons that sources, storage and the server itself give, and the sentence that sums up.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "integration/internal/reasons.h"

namespace cqd::integration {
namespace {

constexpr std::array<std::string_view, 34> kCodes = {
    "archive_failing",
    "archive_hung",
    "archive_interrupted",
    "archive_late",
    "archive_never_succeeded",
    "archive_not_started",
    "archive_partial",
    "archive_paused",
    "archive_slow",
    "archive_stale",
    "clock_stepped",
    "cube_damaged",
    "cube_failing",
    "cube_hung",
    "cube_interrupted",
    "cube_late",
    "cube_never_succeeded",
    "cube_not_started",
    "cube_slow",
    "cube_stale",
    "disk_full_soon",
    "disk_low",
    "empty_but_source_has_more",
    "log_unwritable",
    "rows_quarantined",
    "slo_missed",
    "source_behind",
    "source_clock_skew",
    "source_credential_expired",
    "source_credential_expires",
    "source_failing",
    "source_quiet",
    "source_unreachable",
    "unmapped_streams",
};

}  // namespace

std::span<const std::string_view> ReasonCodes() {
  return kCodes;
}

}  // namespace cqd::integration

namespace cqd::integration::internal {
namespace {

/// Our decisions, docs/operations.md "Limits".
constexpr std::int64_t kClockSkewMaxMs = 60'000;
constexpr Duration kCredentialWarn = std::chrono::hours(24 * 14);
constexpr Duration kDiskFullFail = std::chrono::hours(24);
constexpr double kUnmappedShareMax = 0.5;

constexpr double kDaySeconds = 86'400;

bool IsLateness(std::string_view code) {
  return code.ends_with("_late") || code.ends_with("_stale") || code.ends_with("_never_succeeded");
}

void AddContact(const SourceStatus& source, std::vector<Reason>& reasons) {
  const bool unreachable = source.reachable == false;
  if (!unreachable && !source.error) return;
  reasons.push_back(
      {.code = unreachable ? "source_unreachable" : "source_failing",
       .severity = source.verdict == Verdict::kStale ? Health::kFail : Health::kWarn,
       .stage = Stage::kArchive,
       .source = source.name,
       .since = source.last_contact_at,
       .message = fmt::format("Source {} cannot be read: {}", source.name,
                              source.error.value_or("no answer")),
       .action = unreachable
                     ? "Check that the source is up and reachable, and its account and password."
                     : "See the error of the last run under stages[].last_failure; 'cqd check' "
                       "looks at the source."});
}

void AddCredential(const SourceStatus& source, UtcTime now, std::vector<Reason>& reasons) {
  if (!source.credential_expires_at) return;
  const Duration left = *source.credential_expires_at - now;
  if (left > kCredentialWarn) return;
  const bool expired = left <= Duration::zero();
  reasons.push_back(
      {.code = expired ? "source_credential_expired" : "source_credential_expires",
       .severity = expired ? Health::kFail : Health::kWarn,
       .stage = Stage::kArchive,
       .source = source.name,
       .since = expired ? source.credential_expires_at : std::nullopt,
       .message = expired ? fmt::format("The password of source {} has expired", source.name)
                          : fmt::format("The password of source {} expires in {}", source.name,
                                        AgeText(left)),
       .action = "Change it, put the new one in source.password_file, set "
                 "source.credential_expires_on, and restart."});
}

}  // namespace

std::string AgeText(Duration age) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86'400);
}

void AddSourceReasons(const SourceStatus& source, const StatusInputs& inputs,
                      std::vector<Reason>& reasons) {
  AddContact(source, reasons);
  AddCredential(source, inputs.now, reasons);
  if (source.quiet_since) {
    reasons.push_back(
        {.code = "source_quiet",
         .severity = Health::kWarn,
         .stage = Stage::kArchive,
         .source = source.name,
         .since = source.quiet_since,
         .message = fmt::format("Source {}: the newest record is {} old", source.name,
                                AgeText(inputs.now - *source.last_record_at)),
         .action = "See whether calls are still reported there; if silence is normal, raise "
                   "source.quiet_after_s or set it to 0."});
  }
  if (source.clock_skew_ms && std::abs(*source.clock_skew_ms) > kClockSkewMaxMs) {
    const Duration skew = std::chrono::milliseconds(std::abs(*source.clock_skew_ms));
    reasons.push_back(
        {.code = "source_clock_skew",
         .severity = Health::kWarn,
         .stage = Stage::kArchive,
         .source = source.name,
         .since = std::nullopt,
         .message = fmt::format("The clock of source {} is {} {} ours", source.name, AgeText(skew),
                                *source.clock_skew_ms > 0 ? "ahead of" : "behind"),
         .action = "Set both machines' clocks by the same time server."});
  }
  if (source.backlog && source.backlog_before && *source.backlog_before > 0 &&
      *source.backlog > *source.backlog_before) {
    reasons.push_back(
        {.code = "source_behind",
         .severity = Health::kWarn,
         .stage = Stage::kArchive,
         .source = source.name,
         .since = std::nullopt,
         .message =
             fmt::format("Source {} has {} records waiting, {} more than a run before", source.name,
                         *source.backlog, *source.backlog - *source.backlog_before),
         .action = "Runs bring in less than arrives: look at stages[].durations, raise "
                   "source.rows_per_second, or run more often."});
  }
}

namespace {

void AddStorageReasons(const StatusView& view, const StatusInputs& inputs,
                       std::vector<Reason>& reasons) {
  const StorageStatus& storage = view.storage;
  const std::string room =
      "Make room on the disk of the data directory, or keep less: archive.retention_months.";
  if (storage.disk_free_bytes && *storage.disk_free_bytes < inputs.limits.disk_free_bytes_min) {
    reasons.push_back({.code = "disk_low",
                       .severity = Health::kFail,
                       .stage = std::nullopt,
                       .source = {},
                       .since = std::nullopt,
                       .message = fmt::format("{} MiB are free on the disk, limit {} MiB",
                                              *storage.disk_free_bytes >> 20,
                                              inputs.limits.disk_free_bytes_min >> 20),
                       .action = room});
  }
  if (!storage.days_until_full) return;
  const Duration left(
      static_cast<std::int64_t>(std::min(*storage.days_until_full, 36'500.0) * kDaySeconds * 1e6));
  if (left >= inputs.limits.disk_full_warn) return;
  reasons.push_back(
      {.code = "disk_full_soon",
       .severity = left < kDiskFullFail ? Health::kFail : Health::kWarn,
       .stage = std::nullopt,
       .source = {},
       .since = std::nullopt,
       .message = fmt::format("The disk is full in {} if it goes on like this", AgeText(left)),
       .action = room});
}

void AddMappingReason(const StatusView& view, std::vector<Reason>& reasons) {
  if (!view.mapping.unmapped_streams || !view.storage.rows || *view.storage.rows <= 0) return;
  const double share =
      static_cast<double>(*view.mapping.unmapped_streams) / static_cast<double>(*view.storage.rows);
  if (share <= kUnmappedShareMax) return;
  reasons.push_back({.code = "unmapped_streams",
                     .severity = Health::kPass,
                     .stage = Stage::kCube,
                     .source = {},
                     .since = std::nullopt,
                     .message = fmt::format(
                         "{:.0f} % of all streams have an end in no known building", share * 100),
                     .action = "Complete the building data: 'cqd import buildings FILE'."});
}

}  // namespace

void AddSystemReasons(const StatusView& view, const StatusInputs& inputs,
                      std::vector<Reason>& reasons) {
  AddStorageReasons(view, inputs, reasons);
  for (const std::string& damage : inputs.damage) {
    reasons.push_back(
        {.code = "cube_damaged",
         .severity = Health::kFail,
         .stage = Stage::kCube,
         .source = {},
         .since = std::nullopt,
         .message = damage,
         .action =
             "The next cube run rebuilds it from the archive; start one with 'cqd process'."});
  }
  if (inputs.log_unwritable) {
    reasons.push_back({.code = "log_unwritable",
                       .severity = Health::kFail,
                       .stage = std::nullopt,
                       .source = {},
                       .since = inputs.log_unwritable,
                       .message = "The integration log cannot be written: what runs now is not "
                                  "recorded",
                       .action = "Look at the disk of the data directory and the server's log."});
  }
  if (inputs.clock_step) {
    const Duration by = std::chrono::abs(inputs.clock_step->by);
    reasons.push_back(
        {.code = "clock_stepped",
         .severity = Health::kWarn,
         .stage = std::nullopt,
         .source = {},
         .since = inputs.clock_step->noticed_at,
         .message = fmt::format(
             "This machine's clock was set {} by {}{}",
             inputs.clock_step->by < Duration::zero() ? "back" : "forward", AgeText(by),
             inputs.clock_step->by < Duration::zero() ? "" : ", or the machine was suspended"),
         .action = "Let a time server keep the clock. Times of runs before the step are off by as "
                   "much; ages are counted on a clock that cannot be set."});
  }
  AddMappingReason(view, reasons);
}

std::string Summarize(const StatusView& view) {
  const auto worst = std::max_element(
      view.reasons.begin(), view.reasons.end(), [](const Reason& a, const Reason& b) {
        return static_cast<int>(a.severity) < static_cast<int>(b.severity);
      });
  if (worst == view.reasons.end() || worst->severity == Health::kPass) {
    for (const StageStatus& stage : view.stages) {
      if (stage.stage == Stage::kCube && stage.age)
        return fmt::format("All is well; the cube was processed {} ago", AgeText(*stage.age));
    }
    return "All is well; the first run has not finished yet";
  }
  // How old, then why: "Cube 22 min old, limit 20 min; the last 2 runs failed: disk full".
  for (const StageStatus& stage : view.stages) {
    if (worst->stage != stage.stage || stage.verdict == Verdict::kOnTime) continue;
    const auto late =
        std::find_if(view.reasons.begin(), view.reasons.end(), [&](const Reason& reason) {
          return reason.stage == stage.stage && IsLateness(reason.code);
        });
    if (late == view.reasons.end()) break;
    if (stage.consecutive_failures == 0 || !stage.last_failure || !stage.last_failure->error)
      return late->message;
    const std::string runs = stage.consecutive_failures == 1
                                 ? "the last run"
                                 : fmt::format("the last {} runs", stage.consecutive_failures);
    return fmt::format("{}; {} failed: {}", late->message, runs,
                       stage.last_failure->error->message);
  }
  return worst->message;
}

}  // namespace cqd::integration::internal
