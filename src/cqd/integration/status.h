// What a person on call asks: is the data fresh, what broke, what must I do? Computed at request
// time from the run log and the clock; no run is needed to notice lateness. Source:
// reference/status-api.md 3, 4.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "integration/run_log.h"

namespace cqd::integration {

/// What happens now.
enum class NowState : std::uint8_t { kNeverRun, kIdle, kQueued, kRunning };
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
  std::optional<UtcTime> data_through;  ///< newest trusted record time in this stage's output
  std::optional<Duration> age;          ///< now - finish of the last success
  std::optional<UtcTime> late_since;    ///< when the verdict left on_time
  std::optional<std::int64_t> last_ms, p50_ms, p95_ms;
  std::int64_t durations_n = 0;
};

/// One thing that is not as it should be, with the next step. Codes are stable, docs/operations.md
/// explains each.
struct Reason {
  std::string code;
  Health severity = Health::kWarn;
  std::optional<Stage> stage;
  std::optional<UtcTime> since;
  std::string message;
  std::string action;
};

struct SourceStatus {
  std::string name, kind;
  std::optional<bool> reachable;
  std::optional<UtcTime> last_contact_at, last_record_at;
  std::optional<std::string> watermark;
  std::optional<std::int64_t> backlog;
  std::optional<std::int64_t> clock_skew_ms;
  std::optional<std::string> error;  ///< safe text of the last failure
  std::vector<std::string> remarks;
};

struct StatusView {
  UtcTime generated_at;
  UtcTime started_at;  ///< of this process
  Health health = Health::kPass;
  std::string summary;  ///< one sentence a manager can read
  std::vector<Reason> reasons;
  std::vector<StageStatus> stages;
};

struct StatusInputs {
  UtcTime now;
  UtcTime process_started_at;
  StageRules archive, cube;
  std::optional<UtcTime> archive_next_at;
  std::vector<SourceStatus> sources;
  std::vector<std::string> damage;  ///< what the cube found damaged
};

/// Pure: the same log and the same moment give the same answer.
StatusView MakeStatus(const LogSummary& summary, const StatusInputs& inputs);

}  // namespace cqd::integration
