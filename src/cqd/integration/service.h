// Runs the stages: on schedule, at start, on demand; the cube after the archive; never two runs of
// a stage at once.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "archive/archive.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "cube/cube.h"
#include "integration/job.h"
#include "integration/run_log.h"
#include "integration/status.h"
#include "schedule/interval.h"
#include "source/source.h"

namespace cqd::integration {

namespace internal {
class DataWatch;
class RunWatch;
}  // namespace internal

/// What is expected of a source; settings of its table [[source]].
struct SourceRules {
  std::string name;
  std::optional<Duration> quiet_after;  ///< nullopt: silence is normal
  std::optional<UtcTime> credential_expires_at;
};

struct ServiceOptions {
  std::optional<schedule::Interval> every;  ///< nullopt: no schedule, runs on request alone
  StageRules archive_rules, cube_rules;
  StatusLimits limits;  ///< its heartbeat is overwritten by the one below
  std::vector<SourceRules> source_rules;
  ArchiveJobOptions archive_job;
  /// Called with every run that has ended, in the thread that ran it.
  std::function<void(const RunRecord&)> on_ended;
  bool run_at_start = true;
  /// How long after a failure that may pass by itself the run is tried again; doubled with every
  /// failure of the outage, at most the distance of the schedule. Zero: never.
  Duration retry_after = std::chrono::seconds(60);
  /// What every run is made with: config_hash and host.
  RunContext context;
  /// How often a running run says that it is alive. Source: a lease of three of them,
  /// reference/status-api.md 4 rule 2.
  Duration heartbeat = std::chrono::seconds(10);
  /// History kept: at least this many runs, and all younger than `history_age`. Source:
  /// reference/status-api.md 4 rule 6.
  std::int64_t history_runs = 1000;
  Duration history_age = std::chrono::hours(24 * 90);
};

/// What is asked for when a run is requested.
struct RunRequest {
  Stage stage = Stage::kArchive;
  RunKind kind = RunKind::kIncremental;
  std::string month;  ///< for kMonth, "2015-03"
  RunTrigger trigger = RunTrigger::kApi;
  std::string requested_by;
  std::optional<std::int64_t> caused_by;
  /// Names the request: the same key within kIdempotencyAge gives the run of the first one. At most
  /// kIdempotencyKeyBytes of printable ASCII; "" names nothing.
  std::string idempotency_key;
  std::optional<std::int64_t> retry_of;  ///< for kRetry
  int attempt = 1;
  std::optional<UtcTime> scheduled_at;  ///< for kSchedule
};
inline constexpr Duration kIdempotencyAge = std::chrono::hours(24);
inline constexpr std::size_t kIdempotencyKeyBytes = 200;

/// Threads: any. The referenced parts must outlive the service.
class Service {
 public:
  Service(const ServiceOptions& options, RunLog& log, archive::Archive& archive, cube::Cube& cube,
          std::vector<std::unique_ptr<source::Source>> sources, const Clock& clock);
  ~Service();

  /// Starts the schedule and one worker a stage.
  void Start();
  /// Cancels what runs, waits until it has stopped whole, ends the threads. Runs that waited are
  /// cancelled.
  void Stop();

  /// Queues a run; it starts at once when its stage is free. At most one run waits a stage: a
  /// further request gets kConflict naming the waiting run. A request whose key is known gets the
  /// run of that key, whatever became of it; kConflict when it asked for something else. Errors:
  /// kInvalidArgument (month, idempotency_key), kFailedPrecondition (stopped).
  Result<RunRecord> Request(RunRequest request);
  /// Asks a queued or running run to stop. Errors: kNotFound, kFailedPrecondition (it has ended).
  Status Cancel(std::string_view run_id);
  /// Stops the schedule and retries, also over a restart; runs on request still work. Errors:
  /// kInvalidArgument (no reason, or one longer than 500 characters), kFailedPrecondition (there is
  /// no schedule).
  Status Pause(std::string by, std::string reason);
  /// Lets the schedule go on; nothing when it does.
  Status Resume();
  /// Runs one stage in the calling thread, for the command line; the service must not be started.
  Result<RunRecord> RunNow(RunRequest request, const CancelToken& cancel,
                           const RunObserver& observe);

  /// The full picture at this moment.
  StatusView status() const;
  std::vector<SourceStatus> sources() const;
  /// Whether the stage's worker waits for work: its last run has ended and all that follows from
  /// it has been done. False before Start.
  bool idle(Stage stage) const;
  const RunLog& log() const { return log_; }
  /// The log's summary, with the ends that it could not take yet: what every answer about runs is
  /// made from, so that no two disagree. Cost: an atomic load, unless the log cannot be written.
  std::shared_ptr<const LogSummary> summary() const;

 private:
  /// A run to be tried again.
  struct Retry {
    UtcTime at;
    RunRequest request;
  };
  struct Worker {
    std::optional<RunRecord> queued;
    Duration queued_at{};  ///< monotonic
    std::optional<RunRecord> running;
    std::optional<Retry> retry;
    std::shared_ptr<CancelToken> cancel;
    bool waits = false;  ///< in WorkLoop, with nothing to do
    std::thread thread;
  };
  void WorkLoop(Stage stage);
  /// `last_seen`: the time by which the first due time was reckoned.
  void ScheduleLoop(UtcTime last_seen);
  void Beat();
  void Due(UtcTime scheduled_at);
  /// Runs `run` to its end and stores every change; `queued_at` is monotonic.
  RunRecord Perform(RunRecord run, Duration queued_at, const CancelToken& cancel,
                    const RunObserver& observe);
  /// The work itself.
  void Work(RunRecord& run, const CancelToken& cancel, const RunObserver& show);
  void StoreEnd(const RunRecord& run);
  /// Ends that could not be stored when they came.
  void StoreUnsavedEnds();
  void LoadSourceStates();
  void StoreSourceStates(const std::vector<SourceStatus>& learnt);
  /// Plans what a failure asks for. Called with the lock.
  void PlanRetry(const RunRecord& run);
  /// Starts what is to be tried again at `now`. Called with the lock.
  void RetryDue(UtcTime now);
  UtcTime NextMoment(UtcTime next_beat) const;
  Result<RunRecord> RequestLocked(RunRequest request);
  /// Tells readers of events which verdicts have changed since the last time.
  void NoteVerdicts();
  void AfterRun(const RunRecord& run);
  Worker& Of(Stage stage) { return workers_[static_cast<std::size_t>(stage)]; }

  const ServiceOptions options_;
  RunLog& log_;
  archive::Archive& archive_;
  cube::Cube& cube_;
  const std::vector<std::unique_ptr<source::Source>> sources_;
  const Clock& clock_;
  const UtcTime started_at_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool started_ = false;
  std::array<Worker, kStageCount> workers_;
  std::thread scheduler_;
  std::optional<UtcTime> next_at_;
  std::vector<SourceStatus> source_status_;
  std::unique_ptr<internal::RunWatch> watch_;
  std::unique_ptr<internal::DataWatch> data_watch_;
  /// Ended runs that the log could not take, with their lines: it is shown as it is stored, so they
  /// are stored as soon as it can.
  mutable std::mutex unsaved_mutex_;  ///< guards unsaved_ends_; taken after mutex_
  std::vector<std::pair<RunRecord, std::string>> unsaved_ends_;
  std::atomic<bool> has_unsaved_{false};  ///< to ask without the lock
  std::mutex verdict_mutex_;              ///< guards verdicts_, and keeps their events in order
  std::array<std::optional<Verdict>, kStageCount> verdicts_;
};

}  // namespace cqd::integration
