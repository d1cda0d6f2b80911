// The integration log: every run of both stages and what happened in it, in integration.sqlite.
//
// From these rows alone come the published status call, our own status, the metrics and the health
// page, so they can never disagree. Format: docs/formats/integration.md.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "integration/event_log.h"
#include "integration/ledger.h"
#include "integration/run.h"
#include "integration/storage.h"
#include "sqlite/database.h"

namespace cqd::integration {

/// How many finish times the published call lists. Source: reference/status-api.md 1.
inline constexpr std::size_t kPublishedEntries = 5;
/// Newest runs of a stage that stay in memory for `history`.
inline constexpr std::size_t kHistoryRuns = 20;
/// How far back the finish times of successes are known: a month of any length and some days.
inline constexpr Duration kSuccessTimesAge = std::chrono::hours(24 * 35);
/// ... and how many at most: one a minute for that time.
inline constexpr std::size_t kSuccessTimesMax = 50'400;

/// Sums over all runs of a stage that ever ended, also those that retention has removed: they only
/// grow.
struct StageTotals {
  std::array<std::int64_t, kRunStateCount> runs{};  ///< by final state
  RunRows rows;
  std::int64_t ms = 0;  ///< time worked
  std::int64_t RunsEnded(RunState state) const { return runs[static_cast<std::size_t>(state)]; }
};

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
  /// Newest runs by number, newest first, in whatever state; at most kHistoryRuns. Never null.
  std::vector<std::shared_ptr<const RunRecord>> history;
  /// Newest run that has ended in whatever way; null: none ever.
  std::shared_ptr<const RunRecord> newest_ended;
  /// Finish times of successes of the last kSuccessTimesAge before the newest one, oldest first.
  /// Never null.
  std::shared_ptr<const std::vector<UtcTime>> success_times =
      std::make_shared<const std::vector<UtcTime>>();
  StageTotals totals;
};

/// Somebody stopped the schedule; runs on request still work.
struct SchedulePause {
  UtcTime since;
  std::string by, reason;
};

/// Everything status needs, immutable; replaced as a whole with every change, so that an answer is
/// of one moment.
struct LogSummary {
  std::int64_t version = 0;  ///< grows with every change
  std::array<StageSummary, kStageCount> stages;
  std::vector<LogEntry> entries;  ///< newest last, bounded
  std::optional<SchedulePause> pause;
  std::optional<LedgerMark> ledger;  ///< of the run that ended last, nullopt: none ever
  const StageSummary& Of(Stage stage) const { return stages[static_cast<std::size_t>(stage)]; }
};

struct RunFilter {
  std::optional<Stage> stage;
  std::optional<RunState> state;
  std::optional<UtcTime> from, to;         ///< queued in [from, to)
  std::optional<std::int64_t> before_seq;  ///< cursor: only older ones
  std::size_t most = 50;                   ///< 1..500
};

struct RunLogOptions {
  std::string path;
  std::string boot_id;             ///< of this process start
  std::string version;             ///< of the program
  std::size_t entries_max = 1000;  ///< log lines kept in memory for the published log call
};

/// Every change is one transaction: the run as it is now, its log line, its events and, at its end,
/// its link of the ledger. Readers see it after the commit, all at once; after a failure they see
/// what they saw before. Threads: any.
class RunLog {
 public:
  /// Opens or makes the log; runs of another boot that were not finished are closed as interrupted,
  /// finished now. Errors: kCorruption, kUnimplemented, kDiskFull, kPermissionDenied. Cost: does
  /// not grow with the number of runs stored, but for those of the last kSuccessTimesAge.
  static Result<std::unique_ptr<RunLog>> Open(const RunLogOptions& options, const Clock& clock);

  /// Stores a new run in state kQueued (or kSkipped, at once final) and gives it its number and id.
  /// Events: run.queued, run.finished.
  Result<RunRecord> Add(RunRecord run);
  /// Stores the run as it is now: start, progress, end. Events: run.started, run.progress (at most
  /// one a second), run.finished, data.published. Errors: kNotFound, kFailedPrecondition (it has
  /// ended: an ended run never changes), kDiskFull ...
  Status Update(const RunRecord& run);
  /// The same with a line of the log, both or neither.
  Status Update(const RunRecord& run, std::string description);
  /// Notes that a run is alive; nothing when it has ended meanwhile.
  Status Heartbeat(std::int64_t run_seq);
  /// Adds a line to the log.
  Status Append(std::string category, std::string description,
                std::optional<std::int64_t> run_seq = {});
  /// Stops the schedule, or lets it go on (nullopt); with a line of the log.
  Status SetPause(std::optional<SchedulePause> pause);

  /// Stores an event that belongs to no run's change, and shows it.
  Status AppendEvent(std::string_view type, std::string data);
  const EventLog& events() const { return events_; }

  /// Keeps a sample of the room that is left, and forgets those older than kStorageHistory.
  Status AddStorageSample(const StorageSample& sample);
  /// All that are kept, oldest first.
  Result<std::vector<StorageSample>> StorageSamples() const;

  /// What is known of sources, so that it outlives the process: a text of the caller's for each
  /// name.
  Status StoreSourceStates(const std::vector<std::pair<std::string, std::string>>& states);
  Result<std::vector<std::pair<std::string, std::string>>> SourceStates() const;

  /// From memory; never waits for a write. Cost: an atomic load.
  std::shared_ptr<const LogSummary> summary() const;
  /// Raises the version of the summary: something is to be shown that the log could not take.
  void RaiseVersion();
  Result<std::vector<RunRecord>> List(const RunFilter& filter) const;
  /// Errors: kNotFound.
  Result<RunRecord> Find(std::string_view run_id) const;
  /// The newest run that was requested with this key, queued at or after `since`.
  Result<std::optional<RunRecord>> FindByKey(std::string_view idempotency_key, UtcTime since) const;
  /// Lines of one run, oldest first.
  Result<std::vector<LogEntry>> EntriesOf(std::int64_t run_seq) const;
  /// Deletes runs finished before `before`, but keeps the newest `keep` (reference/status-api.md 4,
  /// rule 6). They go in the order of their ends, so that the ledger stays one chain: what ended
  /// after a run that is kept is kept too.
  Status Trim(UtcTime before, std::int64_t keep);
  /// Checks the ledger on a connection of its own; integration/ledger.h.
  Result<LedgerReport> Verify(std::string_view known_head = {}) const;

 private:
  RunLog(RunLogOptions options, const Clock& clock, sqlite::Database database)
      : options_(std::move(options)), clock_(clock), database_(std::move(database)) {}
  /// Everything `change` does to the file and to the next summary, or nothing.
  Status Write(const std::function<Status(LogSummary& next)>& change);
  Status CloseOrphans();
  /// Stores the end of a run and its link, and counts it.
  Status End(RunRecord& run, LogSummary& next);
  Status UpdateLocked(RunRecord run, LogSummary& next);
  Status AddEvents(const RunRecord& run, RunState before);
  Status AppendLocked(LogEntry entry, LogSummary& next);

  const RunLogOptions options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable sqlite::Database database_;
  EventLog events_;
  /// When the newest run.progress of each stage was stored, monotonic.
  std::array<std::optional<Duration>, kStageCount> progress_at_;
  std::shared_ptr<const LogSummary> summary_ = std::make_shared<const LogSummary>();
};

}  // namespace cqd::integration
