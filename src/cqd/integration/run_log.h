// The integration log: every run of both stages and what happened in it, in integration.sqlite.
//
// From these rows alone come the published status call, our own status, the metrics and the health
// page, so they can never disagree. Format: docs/formats/integration.md.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "integration/event_log.h"
#include "integration/run.h"
#include "sqlite/database.h"

namespace cqd::integration {

/// How many finish times the published call lists. Source: reference/status-api.md 1.
inline constexpr std::size_t kPublishedEntries = 5;

/// What is known of one stage, from its runs.
struct StageSummary {
  std::vector<UtcTime> successes;  ///< finish times, newest first, at most kPublishedEntries
  std::vector<UtcTime> failures;   ///< the same
  /// Newest run that has started and is not skipped or cancelled; runs now, or ended.
  std::optional<RunRecord> newest;
  std::optional<RunRecord> current;  ///< runs now
  std::optional<RunRecord> queued;   ///< waits, perhaps behind the one that runs
  std::optional<RunRecord> last_success, last_failure;
  /// Newest finished run that was neither skipped nor cancelled.
  std::optional<RunRecord> last_finished;
  /// The same, but it had started: one that only waited when the process died never did.
  std::optional<RunRecord> last_worked;
  /// Newest trusted record time in the stage's output, by all runs: also a partial or cancelled one
  /// brings data, and late records do not make it older.
  std::optional<UtcTime> data_through;
  int consecutive_failures = 0;
  std::optional<UtcTime> failing_since;    ///< finish of the first failure after the last success
  std::vector<std::int64_t> durations_ms;  ///< of the newest successes, newest first, at most 100
};

/// Everything status needs, immutable; replaced as a whole with every change, so that an answer is
/// of one moment.
struct LogSummary {
  std::int64_t version = 0;  ///< grows with every change
  std::array<StageSummary, kStageCount> stages;
  std::vector<LogEntry> entries;  ///< newest last, bounded
  const StageSummary& Of(Stage stage) const { return stages[static_cast<std::size_t>(stage)]; }
};

struct RunFilter {
  std::optional<Stage> stage;
  std::optional<RunState> state;
  std::optional<std::int64_t> before_seq;  ///< cursor: only older ones
  std::size_t most = 50;                   ///< 1..500
};

struct RunLogOptions {
  std::string path;
  std::string boot_id;             ///< of this process start
  std::string version;             ///< of the program
  std::size_t entries_max = 1000;  ///< log lines kept in memory for the published log call
};

/// Threads: any.
class RunLog {
 public:
  /// Opens or makes the log; runs of another boot that were not finished are closed as interrupted,
  /// finished now. Errors: kCorruption, kUnimplemented, kDiskFull, kPermissionDenied.
  static Result<std::unique_ptr<RunLog>> Open(const RunLogOptions& options, const Clock& clock);

  /// Stores a new run in state kQueued (or kSkipped, at once final) and gives it its number and id.
  Result<RunRecord> Add(RunRecord run);
  /// Stores the run as it is now: start, heartbeat, progress, end. The end is stored durably before
  /// it is shown.
  Status Update(const RunRecord& run);
  /// Notes that a run is alive; nothing when it has ended meanwhile.
  Status Heartbeat(std::int64_t run_seq);
  /// Adds a line to the log.
  Status Append(std::string category, std::string description,
                std::optional<std::int64_t> run_seq = {});

  /// Stores an event that belongs to no run's change, and shows it.
  Status AppendEvent(std::string_view type, std::string data);
  const EventLog& events() const { return events_; }

  /// From memory; never waits for a write. Cost: an atomic load.
  std::shared_ptr<const LogSummary> summary() const;
  Result<std::vector<RunRecord>> List(const RunFilter& filter) const;
  /// Errors: kNotFound.
  Result<RunRecord> Find(std::string_view run_id) const;
  /// Lines of one run, oldest first.
  Result<std::vector<LogEntry>> EntriesOf(std::int64_t run_seq) const;
  /// Deletes runs finished before `before`, but keeps the newest `keep` (reference/status-api.md 4,
  /// rule 6).
  Status Trim(UtcTime before, std::int64_t keep);

 private:
  RunLog(RunLogOptions options, const Clock& clock, sqlite::Database database)
      : options_(std::move(options)), clock_(clock), database_(std::move(database)) {}
  Status CloseOrphans();
  Status Load();
  Status Store(const RunRecord& run);
  Status AppendLocked(std::string category, std::string description,
                      std::optional<std::int64_t> run_seq);
  /// Brings the in-memory summary up to date with `run`.
  void Note(const RunRecord& run);
  void Publish();

  const RunLogOptions options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable sqlite::Database database_;
  EventLog events_;
  LogSummary working_;
  std::shared_ptr<const LogSummary> summary_;
};

}  // namespace cqd::integration
