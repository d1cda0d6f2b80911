// A run: one attempt of one stage to bring data forward. Every answer about freshness is derived
// from runs. Source of fields and rules: reference/status-api.md 3, 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace cqd::integration {

enum class Stage : std::uint8_t { kArchive, kCube };
inline constexpr int kStageCount = 2;

enum class RunKind : std::uint8_t { kIncremental, kFull, kMonth };

enum class RunTrigger : std::uint8_t { kSchedule, kStartUp, kApi, kCommand, kUpstream, kRetry };

enum class RunState : std::uint8_t {
  kQueued,
  kRunning,
  kSucceeded,
  kPartial,  ///< some sources failed, the others are in; counts as a failure in the published lists
  kFailed,
  kCancelled,    ///< neither success nor failure
  kInterrupted,  ///< the process died; a failure, finished when it was noticed
  kSkipped,      ///< due while the run before was still busy; neither
};

inline constexpr int kRunStateCount = 8;

std::string_view StageName(Stage stage);     ///< "archive", "cube"
std::string_view RunKindName(RunKind kind);  ///< "incremental", "full", "month"
std::string_view TriggerName(RunTrigger trigger);
std::string_view RunStateName(RunState state);
std::optional<Stage> ParseStage(std::string_view name);
std::optional<RunKind> ParseRunKind(std::string_view name);
std::optional<RunTrigger> ParseTrigger(std::string_view name);
std::optional<RunState> ParseRunState(std::string_view name);

/// True for states that will not change any more.
bool IsFinal(RunState state);
/// A success or a failure in the sense of the published call; skipped and cancelled runs are
/// neither.
bool IsSuccess(RunState state);
bool IsFailure(RunState state);

/// Whose fault it most likely is: decides the hint and who is called.
enum class ErrorClass : std::uint8_t { kSource, kData, kDisk, kConfig, kInternal };
std::string_view ErrorClassName(ErrorClass error_class);

struct RunError {
  std::string code;  ///< ErrorCodeName
  ErrorClass error_class = ErrorClass::kInternal;
  std::string message;  ///< safe for everybody
  std::string detail;   ///< administrators only
  std::string step;     ///< what was being done
  std::string hint;     ///< the next thing to do
  bool retryable = true;
  std::string record_ref;                 ///< the record it stumbled over, administrators only
  std::optional<std::int64_t> first_run;  ///< seq of the first run of this outage with this error
  std::int64_t occurrences = 1;           ///< runs of this outage that ended with this error
};
/// Classifies an error of a step; the hint tells the operator what to do.
RunError MakeRunError(const Error& error, std::string_view step, bool from_source);

/// inserted + updated + duplicate + quarantined == read, checked before a run may succeed.
struct RunRows {
  std::int64_t read = 0, inserted = 0, updated = 0, duplicate = 0, quarantined = 0;
  std::int64_t repaired = 0;  ///< within inserted and updated
  std::int64_t late = 0;      ///< within inserted: of a month that was over when they came
  std::int64_t expired = 0;   ///< removed by retention
  bool AddsUp() const { return read == inserted + updated + duplicate + quarantined; }
};

struct RunPartition {
  std::string month;
  std::int64_t rows = 0;
  std::int64_t ms = 0;
  std::string state;
};

struct RunStep {
  std::string name;
  RunState state = RunState::kRunning;
  UtcTime started_at;
  std::int64_t ms = 0;
  std::int64_t rows = 0;
};

struct RunProgress {
  std::int64_t done = 0;
  std::optional<std::int64_t> total;  ///< nullopt when unknown; never invented
  std::string unit;
  /// When `done` or the step last changed: a run that beats but does not move hangs.
  std::optional<UtcTime> changed_at;
};

/// The interval of data a run covered of one source, in its trusted time; not the time of work.
struct RunInput {
  std::string source;
  std::optional<UtcTime> from, to;
};

/// Why rows are missing.
struct RejectReason {
  std::string code;
  std::int64_t count = 0;
  std::optional<std::int64_t> sample_id;  ///< a quarantined record of this reason
};

/// What the process used while the run was under way; null when the system does not say.
struct RunResources {
  std::optional<std::int64_t> cpu_ms, peak_rss_bytes, read_bytes, write_bytes;
};

/// What the run was made with: "what changed since it worked?".
struct RunContext {
  std::string version;                       ///< of the program
  std::string config_hash;                   ///< of all settings but secrets
  std::optional<std::int64_t> rule_version;  ///< of derivation and classification
  std::optional<std::int64_t> map_version;   ///< of the customer tables
  std::string host;
};

/// Place in the hash chain of ended runs; reference/status-api.md 3.
struct LedgerMark {
  std::string prev;  ///< hash of the run that ended before it, 64 hex digits
  std::string hash;
};

struct RunWarning {
  std::string code;
  std::int64_t count = 1;
  std::string message;
};

struct RunRecord {
  std::int64_t seq = 0;  ///< 1, 2, 3 ...: gaps are visible
  std::string run_id;    ///< time-ordered, quotable: "archive-20150118T103013-000812"
  Stage stage = Stage::kArchive;
  RunKind kind = RunKind::kIncremental;
  std::string month;  ///< for kMonth
  RunTrigger trigger = RunTrigger::kSchedule;
  std::string requested_by;               ///< user or "", for kApi and kCommand
  std::optional<std::int64_t> caused_by;  ///< seq of the archive run that led to this cube run
  std::optional<std::int64_t> retry_of;   ///< seq of the failed run that this one tries again
  int attempt = 1;                        ///< 1 for a first try
  std::string idempotency_key;            ///< of the request, or ""
  RunState state = RunState::kQueued;
  std::string boot_id;
  std::optional<UtcTime> scheduled_at;
  UtcTime queued_at;
  std::optional<UtcTime> started_at, heartbeat_at, finished_at;
  std::optional<std::int64_t> duration_ms, wait_ms;  ///< monotonic clock
  RunRows rows;
  std::int64_t bytes_read = 0;
  std::optional<std::int64_t> bytes_written;
  std::vector<RunInput> inputs;
  std::vector<RejectReason> reject_reasons;
  std::vector<RunPartition> partitions;
  std::vector<RunStep> steps;
  RunProgress progress;
  std::optional<std::int64_t> data_version, rows_total;
  std::optional<UtcTime> data_through;  ///< newest trusted time now in the stage's output
  std::optional<RunError> error;
  std::string checksum;  ///< of the published output, or ""
  std::vector<RunWarning> warnings;
  RunResources resources;
  RunContext context;
  std::optional<LedgerMark> ledger;  ///< of an ended run
};

/// A line of the integration log. Categories: Integration, CubeProcessing, Retention, System
/// (reference/status-api.md 1).
struct LogEntry {
  std::int64_t id = 0;
  UtcTime at;
  std::string category;
  std::string description;
  std::optional<std::int64_t> run_seq;
};
std::string_view LogCategoryOf(Stage stage);
/// What became of an ended run, as a line of the log.
std::string DescribeRun(const RunRecord& run);

}  // namespace cqd::integration
