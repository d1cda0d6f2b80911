// What a person on call asks: is the data fresh, what broke, what must I do? Computed at request
// time from the run log and the clock; no run is needed to notice lateness. Source:
// reference/status-api.md 3, 4.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "integration/run_log.h"

namespace cqd::integration {

/// What happens now.
enum class NowState : std::uint8_t { kNeverRun, kIdle, kQueued, kRunning, kPaused, kDisabled };
/// What happened last; a new start does not change it.
enum class Outcome : std::uint8_t { kNone, kOk, kOkEmpty, kPartial, kFailed, kInterrupted };
/// Should I worry?
enum class Verdict : std::uint8_t { kOnTime, kLate, kStale };
/// The lamp.
enum class Health : std::uint8_t { kPass, kWarn, kFail };

std::string_view NowStateName(NowState state);
std::string_view OutcomeName(Outcome outcome);
std::string_view VerdictName(Verdict verdict);
std::string_view HealthName(Health health);

/// When a stage is due and when its silence becomes a reason to worry.
struct StageRules {
  Duration every{};        ///< distance of scheduled runs; zero: only on demand, then never late
  Duration warn_after{};   ///< age of the last success that makes it late
  Duration error_after{};  ///< ... stale
};

/// How reliably a stage was fresh: the share of the window in which the age of the last success was
/// within the limit. The server being down counts as not fresh.
struct SloStatus {
  double target = 0;                    ///< wanted share, 0 to 1
  Duration window{};                    ///< looked back on
  std::optional<double> met;            ///< share reached; nullopt: less than a day of history
  std::optional<Duration> budget_left;  ///< allowed time out of limit that is left, may be negative
};

/// What waits. Late because slow, or because stopped?
struct Backlog {
  std::optional<std::int64_t> rows;
  std::optional<UtcTime> oldest_at;
};

struct StageStatus {
  Stage stage = Stage::kArchive;
  NowState state = NowState::kNeverRun;
  Outcome outcome = Outcome::kNone;
  Verdict verdict = Verdict::kOnTime;
  std::optional<RunRecord> current, last_success, last_failure;
  int consecutive_failures = 0;
  std::optional<UtcTime> failing_since;
  StageRules rules;
  std::optional<UtcTime> next_at;
  std::optional<UtcTime> data_through;     ///< newest trusted record time in this stage's output
  std::optional<Duration> age;             ///< now - finish of the last success
  std::optional<UtcTime> late_since;       ///< when the verdict left on_time
  std::optional<UtcTime> expected_by;      ///< when fresh data should be there: half of all times
  std::optional<UtcTime> expected_by_p95;  ///< ... 19 of 20 times
  std::optional<SloStatus> slo;            ///< nullopt: no target is set
  Backlog backlog;
  std::optional<std::int64_t> last_ms, p50_ms, p95_ms;
  std::int64_t durations_n = 0;
  /// Newest fifth of the durations against all, as a ratio of medians: above 1 gets slower.
  std::optional<double> durations_trend;
  std::string paused_by, paused_reason;
  std::vector<std::shared_ptr<const RunRecord>> history;  ///< newest first
};

/// One thing that is not as it should be, with the next step. Codes are stable, docs/operations.md
/// explains each.
struct Reason {
  std::string code;                 ///< one of ReasonCodes()
  Health severity = Health::kWarn;  ///< kPass: worth knowing, and nothing to do about at once
  std::optional<Stage> stage;
  std::string source;  ///< name of the source it is about, or ""
  std::optional<UtcTime> since;
  std::string message;
  std::string action;
};

struct SourceStatus {
  std::string name, kind;
  Verdict verdict = Verdict::kOnTime;
  std::optional<UtcTime> quiet_since;   ///< set when the newest record is older than the limit
  std::optional<Duration> quiet_after;  ///< limit; nullopt: silence is normal for this source
  std::optional<UtcTime> credential_expires_at;
  std::optional<bool> reachable;
  std::optional<UtcTime> last_contact_at, last_record_at;
  std::optional<std::string> watermark;
  std::optional<std::int64_t> backlog;         ///< records that wait there
  std::optional<std::int64_t> backlog_before;  ///< ... at the look before
  std::optional<std::int64_t> clock_skew_ms;
  std::optional<std::string> error;  ///< safe text of the last failure
  std::vector<std::string> remarks;
};

/// Room, and how long it lasts.
struct StorageStatus {
  std::optional<std::int64_t> disk_free_bytes, archive_bytes, cube_bytes, rows;
  std::optional<UtcTime> oldest_at, newest_at;  ///< of the months kept
  std::optional<double> days_until_full;        ///< nullopt: not growing, or less than a day known
};

struct CacheStatus {
  std::int64_t epoch = 0;  ///< grows with each clearing and each data version
  std::int64_t entries = 0;
  std::optional<double> hit_ratio;  ///< since start; nullopt before the first query
  std::optional<UtcTime> cleared_at;
  std::string cleared_by;
};

struct RetentionStatus {
  std::optional<std::int64_t> personal_days, row_days;  ///< nullopt: kept for ever
  std::optional<std::string> last_purge_run;
  std::optional<UtcTime> next_purge_at;
  std::optional<std::int64_t> rows_due;
};

/// Building data: does it apply yet?
struct MappingStatus {
  std::optional<std::int64_t> map_version;
  std::optional<UtcTime> applied_through;
  std::optional<std::int64_t> unmapped_subnets, unmapped_streams;
};

/// An outage somebody was told of. Filled by module alert.
struct AlertStatus {
  std::string id, rule;
  UtcTime since;
  std::optional<UtcTime> last_sent_at;
  std::string acked_by;
};

struct StatusView {
  UtcTime generated_at;
  UtcTime started_at;  ///< of this process
  Health health = Health::kPass;
  std::string summary;  ///< one sentence a manager can read
  std::vector<Reason> reasons;
  std::vector<StageStatus> stages;
  std::vector<SourceStatus> sources;
  StorageStatus storage;
  std::optional<CacheStatus> cache;
  RetentionStatus retention;
  MappingStatus mapping;
  std::vector<AlertStatus> alerts;
};

/// Limits of the verdicts. Where they are no settings, docs/operations.md "Limits" has the reasons.
struct StatusLimits {
  /// A run says that it is alive this often. Source: reference/status-api.md 4 rule 2.
  Duration heartbeat = std::chrono::seconds(10);
  /// A run that has not moved for this long hangs; zero: never said. Setting
  /// integration.hung_after_s.
  Duration hung_after = std::chrono::minutes(30);
  /// Wanted share of time in the limit, 0 to 1; zero: no target. Setting
  /// integration.slo_target_percent.
  double slo_target = 0.99;
  Duration slo_window = std::chrono::hours(24 * 30);
  /// Less free room than this is an alarm. Setting storage.disk_free_bytes_min.
  std::int64_t disk_free_bytes_min = std::int64_t{1} << 30;
  /// A disk that is full sooner than this is a warning. Setting storage.warn_days.
  Duration disk_full_warn = std::chrono::hours(24 * 7);
};

/// What the service knows of a stage beside the log: above all how long ago something was by the
/// monotonic clock, which nobody can set. nullopt: it was in an earlier process, or never.
struct StageFacts {
  std::optional<Duration> success_age;  ///< since the last success ended
  std::optional<Duration> running_for;  ///< since the current run started
  std::optional<Duration> unmoved_for;  ///< since the current run last moved forward
};

/// The wall clock moved against the monotonic one.
struct ClockStep {
  Duration by{};  ///< negative: set back
  UtcTime noticed_at;
};

struct StatusInputs {
  UtcTime now;
  UtcTime process_started_at;
  /// Monotonic age of the process; nullopt: taken from the wall clock.
  std::optional<Duration> uptime;
  /// Since the service last looked after its runs; nullopt: it was never started.
  std::optional<Duration> beat_age;
  StageRules archive, cube;
  std::optional<UtcTime> archive_next_at;  ///< by schedule or as a retry
  std::optional<UtcTime> cube_next_at;     ///< as a retry; else it follows the archive
  std::array<StageFacts, kStageCount> facts;
  StatusLimits limits;
  std::vector<SourceStatus> sources;
  StorageStatus storage;
  std::optional<CacheStatus> cache;
  RetentionStatus retention;
  MappingStatus mapping;
  std::vector<std::string> damage;        ///< what the cube found damaged
  std::optional<ClockStep> clock_step;    ///< of the last hour
  std::optional<UtcTime> log_unwritable;  ///< since when the log could not be written
  const StageFacts& FactsOf(Stage stage) const { return facts[static_cast<std::size_t>(stage)]; }
};

/// Pure: the same log and the same moment give the same answer.
StatusView MakeStatus(const LogSummary& summary, const StatusInputs& inputs);

/// Every code a reason may have; each has an anchor in docs/operations.md.
std::span<const std::string_view> ReasonCodes();

}  // namespace cqd::integration
