#include "integration/run_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "integration/internal/ledger_chain.h"
#include "integration/internal/run_store.h"
#include "integration/internal/summary.h"
#include "integration/run_json.h"

namespace cqd::integration {
namespace {

using internal::kSelectRuns;
using internal::ReadRuns;

/// How often the progress of a stage's run becomes an event, at most. Source:
/// reference/status-api.md 5.
constexpr Duration kProgressEvery = std::chrono::seconds(1);

}  // namespace

Result<std::unique_ptr<RunLog>> RunLog::Open(const RunLogOptions& options, const Clock& clock) {
  CQD_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(options.path));
  CQD_RETURN_IF_ERROR(internal::MigrateLog(database));
  std::unique_ptr<RunLog> log(new RunLog(options, clock, std::move(database)));
  CQD_RETURN_IF_ERROR(log->events_.Load(log->database_));
  CQD_ASSIGN_OR_RETURN(LogSummary summary,
                       internal::LoadSummary(log->database_, options.entries_max));
  summary.version = 1;
  log->summary_ = std::make_shared<const LogSummary>(std::move(summary));
  CQD_RETURN_IF_ERROR(log->CloseOrphans());
  return log;
}

Status RunLog::Write(const std::function<Status(LogSummary& next)>& change) {
  const std::lock_guard guard(mutex_);
  LogSummary next = *summary();
  ++next.version;
  const auto write = [&]() -> Status {
    CQD_ASSIGN_OR_RETURN(sqlite::Transaction transaction, sqlite::Transaction::Begin(database_));
    CQD_RETURN_IF_ERROR(change(next));
    return transaction.Commit();
  };
  Status written = write();
  if (!written.ok()) {
    events_.Discard();
    return written;
  }
  // Who reads an event finds what it tells in the summary.
  std::atomic_store(&summary_, std::make_shared<const LogSummary>(std::move(next)));
  events_.Publish();
  return OkStatus();
}

Status RunLog::CloseOrphans() {
  std::vector<RunRecord> orphans;
  {
    CQD_ASSIGN_OR_RETURN(
        sqlite::Statement statement,
        database_.Prepare(fmt::format(
            "{} WHERE stage IN ('archive','cube') AND state IN ('queued','running') AND boot_id<>? "
            "ORDER BY seq",  // with the stages, the index finds them among any number of runs
            kSelectRuns)));
    statement.BindText(1, options_.boot_id);
    CQD_ASSIGN_OR_RETURN(orphans, ReadRuns(statement));
  }
  if (orphans.empty()) return OkStatus();
  return Write([&](LogSummary& next) -> Status {
    for (RunRecord& run : orphans) {
      run.state = RunState::kInterrupted;
      run.finished_at = clock_.Now();
      const std::string step =
          run.steps.empty() ? "before its first step" : "in step " + run.steps.back().name;
      run.error = RunError{
          .code = "interrupted",
          .error_class = ErrorClass::kInternal,
          .message = "the process ended while the run was under way, " + step,
          .detail = {},
          .step = run.steps.empty() ? "" : run.steps.back().name,
          .hint = "Nothing is lost: the next run continues from the last position that was safe.",
          .retryable = true,
          .record_ref = {},
          .first_run = run.seq};
      for (RunStep& unfinished : run.steps) {
        if (unfinished.state == RunState::kRunning) unfinished.state = RunState::kInterrupted;
      }
      const std::string line = fmt::format("Run {} was interrupted {}", run.run_id, step);
      CQD_RETURN_IF_ERROR(UpdateLocked(run, next));
      CQD_RETURN_IF_ERROR(AppendLocked(
          {0, clock_.Now(), std::string(LogCategoryOf(run.stage)), line, run.seq}, next));
    }
    return OkStatus();
  });
}

Result<RunRecord> RunLog::Add(RunRecord run) {
  run.boot_id = options_.boot_id;
  run.context.version = options_.version;
  Status stored = Write([&](LogSummary& next) -> Status {
    run.queued_at = clock_.Now();
    if (IsFinal(run.state)) run.finished_at = run.queued_at;
    CQD_ASSIGN_OR_RETURN(const auto newest,
                         database_.QueryInt("SELECT seq FROM sqlite_sequence WHERE name='run'"));
    run.seq = newest.value_or(0) + 1;
    const CivilTime c = ToCivil(run.queued_at);
    run.run_id = fmt::format("{}-{:04}{:02}{:02}T{:02}{:02}{:02}-{:06}", StageName(run.stage),
                             c.year, c.month, c.day, c.hour, c.minute, c.second, run.seq);
    CQD_RETURN_IF_ERROR(internal::StoreRun(database_, run));
    if (IsFinal(run.state)) CQD_RETURN_IF_ERROR(End(run, next));
    CQD_RETURN_IF_ERROR(events_.Add(database_, clock_.Now(),
                                    IsFinal(run.state) ? "run.finished" : "run.queued",
                                    EncodeRunEvent(run)));
    internal::NoteRun(run, next);
    return OkStatus();
  });
  if (!stored.ok()) return std::move(stored).error();
  return run;
}

Status RunLog::Update(const RunRecord& run) {
  return Write([&](LogSummary& next) { return UpdateLocked(run, next); });
}

Status RunLog::Update(const RunRecord& run, std::string description) {
  return Write([&](LogSummary& next) -> Status {
    CQD_RETURN_IF_ERROR(UpdateLocked(run, next));
    return AppendLocked(
        {0, clock_.Now(), std::string(LogCategoryOf(run.stage)), std::move(description), run.seq},
        next);
  });
}

Status RunLog::UpdateLocked(RunRecord run, LogSummary& next) {
  CQD_ASSIGN_OR_RETURN(const auto before, internal::StoredState(database_, run.seq));
  if (!before) return Fail(ErrorCode::kNotFound, "there is no run of that number");
  if (IsFinal(*before))
    return Fail(ErrorCode::kFailedPrecondition, "the run has ended already", run.run_id);
  if (IsFinal(run.state) && !run.finished_at) run.finished_at = clock_.Now();
  CQD_RETURN_IF_ERROR(internal::StoreRun(database_, run));
  if (IsFinal(run.state)) CQD_RETURN_IF_ERROR(End(run, next));
  CQD_RETURN_IF_ERROR(AddEvents(run, *before));
  internal::NoteRun(run, next);
  return OkStatus();
}

Status RunLog::End(RunRecord& run, LogSummary& next) {
  CQD_ASSIGN_OR_RETURN(run.ledger,
                       internal::AppendLink(database_, run.seq, internal::kLinkedAtEnd));
  next.ledger = run.ledger;
  CQD_RETURN_IF_ERROR(internal::AddToTotals(database_, run));
  internal::CountRun(run, next.stages[static_cast<std::size_t>(run.stage)].totals);
  return OkStatus();
}

Status RunLog::AddEvents(const RunRecord& run, RunState before) {
  const UtcTime now = clock_.Now();
  std::string_view type = "run.progress";
  if (IsFinal(run.state)) {
    type = "run.finished";
  } else if (run.state == RunState::kQueued) {
    return OkStatus();
  } else if (before == RunState::kQueued) {
    type = "run.started";
  } else {
    auto& newest = progress_at_[static_cast<std::size_t>(run.stage)];
    const Duration moment = clock_.Monotonic();
    if (newest && moment - *newest < kProgressEvery) return OkStatus();
    newest = moment;
  }
  CQD_RETURN_IF_ERROR(events_.Add(database_, now, type, EncodeRunEvent(run)));
  const auto known = summary();
  const auto& last = known->Of(run.stage).last_success;
  const bool published = run.stage == Stage::kCube && IsSuccess(run.state) && run.data_version &&
                         (!last || last->data_version != run.data_version);
  if (published) return events_.Add(database_, now, "data.published", EncodePublishedEvent(run));
  return OkStatus();
}

Status RunLog::Heartbeat(std::int64_t run_seq) {
  return Write([&](LogSummary& next) -> Status {
    const UtcTime now = clock_.Now();
    CQD_ASSIGN_OR_RETURN(
        sqlite::Statement statement,
        database_.Prepare("UPDATE run SET heartbeat_at=? WHERE seq=? AND state='running'"));
    statement.BindInt(1, ToMicros(now)).BindInt(2, run_seq);
    CQD_RETURN_IF_ERROR(statement.Run());
    for (StageSummary& stage : next.stages) {
      if (stage.current && stage.current->seq == run_seq) stage.current->heartbeat_at = now;
    }
    return OkStatus();
  });
}

Status RunLog::Append(std::string category, std::string description,
                      std::optional<std::int64_t> run_seq) {
  return Write([&](LogSummary& next) {
    return AppendLocked({0, clock_.Now(), std::move(category), std::move(description), run_seq},
                        next);
  });
}

Status RunLog::AppendLocked(LogEntry entry, LogSummary& next) {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement insert,
      database_.Prepare("INSERT INTO entry(at, category, description, run_seq) VALUES(?,?,?,?)"));
  insert.BindInt(1, ToMicros(entry.at)).BindText(2, entry.category).BindText(3, entry.description);
  if (entry.run_seq) insert.BindInt(4, *entry.run_seq);
  CQD_RETURN_IF_ERROR(insert.Run());
  entry.id = database_.last_insert_rowid();
  next.entries.push_back(std::move(entry));
  if (next.entries.size() > options_.entries_max) next.entries.erase(next.entries.begin());
  return OkStatus();
}

Status RunLog::SetPause(std::optional<SchedulePause> pause) {
  return Write([&](LogSummary& next) -> Status {
    CQD_RETURN_IF_ERROR(database_.Execute("DELETE FROM schedule_pause"));
    std::string line = "The schedule goes on";
    if (pause) {
      CQD_ASSIGN_OR_RETURN(
          sqlite::Statement insert,
          database_.Prepare(
              "INSERT INTO schedule_pause(only, since, paused_by, reason) VALUES(1,?,?,?)"));
      insert.BindInt(1, ToMicros(pause->since));
      insert.BindText(2, pause->by).BindText(3, pause->reason);
      CQD_RETURN_IF_ERROR(insert.Run());
      line = fmt::format("The schedule was paused by {}: {}", pause->by, pause->reason);
    }
    next.pause = pause;
    return AppendLocked({0, clock_.Now(), "System", line, {}}, next);
  });
}

Status RunLog::AppendEvent(std::string_view type, std::string data) {
  return Write(
      [&](LogSummary&) { return events_.Add(database_, clock_.Now(), type, std::move(data)); });
}

Status RunLog::StoreSourceStates(const std::vector<std::pair<std::string, std::string>>& states) {
  return Write([&](LogSummary&) -> Status {
    CQD_ASSIGN_OR_RETURN(
        sqlite::Statement insert,
        database_.Prepare("INSERT INTO source_state(name, details) VALUES(?,?) ON CONFLICT(name) "
                          "DO UPDATE SET details=excluded.details"));
    for (const auto& [name, details] : states) {
      insert.BindText(1, name).BindText(2, details);
      CQD_RETURN_IF_ERROR(insert.Run());
    }
    return OkStatus();
  });
}

Result<std::vector<std::pair<std::string, std::string>>> RunLog::SourceStates() const {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(sqlite::Statement statement,
                       database_.Prepare("SELECT name, details FROM source_state ORDER BY name"));
  std::vector<std::pair<std::string, std::string>> states;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return states;
    states.emplace_back(statement.Text(0), statement.Text(1));
  }
}

void RunLog::RaiseVersion() {
  const std::lock_guard guard(mutex_);
  LogSummary next = *summary();
  ++next.version;
  std::atomic_store(&summary_, std::make_shared<const LogSummary>(std::move(next)));
}

std::shared_ptr<const LogSummary> RunLog::summary() const {
  return std::atomic_load(&summary_);
}

Result<std::vector<RunRecord>> RunLog::List(const RunFilter& filter) const {
  const std::lock_guard guard(mutex_);
  std::string sql = fmt::format("{} WHERE seq<?1", kSelectRuns);
  if (filter.stage) sql += " AND stage=?2";
  if (filter.state) sql += " AND state=?3";
  if (filter.from) sql += " AND queued_at>=?5";
  if (filter.to) sql += " AND queued_at<?6";
  sql += " ORDER BY seq DESC LIMIT ?4";
  CQD_ASSIGN_OR_RETURN(sqlite::Statement statement, database_.Prepare(sql));
  statement.BindInt(1, filter.before_seq.value_or(INT64_MAX));
  if (filter.stage) statement.BindText(2, StageName(*filter.stage));
  if (filter.state) statement.BindText(3, RunStateName(*filter.state));
  statement.BindInt(4, static_cast<std::int64_t>(std::clamp<std::size_t>(filter.most, 1, 500)));
  if (filter.from) statement.BindInt(5, ToMicros(*filter.from));
  if (filter.to) statement.BindInt(6, ToMicros(*filter.to));
  return ReadRuns(statement);
}

Result<RunRecord> RunLog::Find(std::string_view run_id) const {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(sqlite::Statement statement,
                       database_.Prepare(fmt::format("{} WHERE run_id=?", kSelectRuns)));
  statement.BindText(1, run_id);
  CQD_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, ReadRuns(statement));
  if (runs.empty()) return Fail(ErrorCode::kNotFound, "there is no run of that id");
  return std::move(runs.front());
}

Result<std::optional<RunRecord>> RunLog::FindByKey(std::string_view idempotency_key,
                                                   UtcTime since) const {
  if (idempotency_key.empty()) return std::optional<RunRecord>();
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database_.Prepare(fmt::format("{} WHERE idempotency_key=? AND idempotency_key<>'' AND "
                                    "queued_at>=? ORDER BY seq DESC LIMIT 1",
                                    kSelectRuns)));
  statement.BindText(1, idempotency_key).BindInt(2, ToMicros(since));
  CQD_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, ReadRuns(statement));
  if (runs.empty()) return std::optional<RunRecord>();
  return std::optional<RunRecord>(std::move(runs.front()));
}

Result<std::vector<LogEntry>> RunLog::EntriesOf(std::int64_t run_seq) const {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(sqlite::Statement statement,
                       database_.Prepare("SELECT id, at, category, description, run_seq FROM entry "
                                         "WHERE run_seq=? ORDER BY id LIMIT 1000"));
  statement.BindInt(1, run_seq);
  std::vector<LogEntry> entries;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return entries;
    entries.push_back(internal::ReadEntry(statement));
  }
}

Status RunLog::Trim(UtcTime before, std::int64_t keep) {
  const std::lock_guard guard(mutex_);
  // What a clock that was set wrong dated far ahead would otherwise hold everything after it.
  const UtcTime believable = clock_.Now() + std::chrono::days(1);
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database_.Prepare("SELECT min((SELECT ifnull(max(position), 0) FROM ledger) - ?1, "
                        "ifnull((SELECT position - 1 FROM ledger JOIN run ON seq=run_seq WHERE "
                        "finished_at>=?2 AND finished_at<?3 ORDER BY position LIMIT 1), "
                        "9223372036854775807)), (SELECT min(position) FROM ledger)"));
  statement.BindInt(1, keep).BindInt(2, ToMicros(before)).BindInt(3, ToMicros(believable));
  CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row || statement.IsNull(1) || statement.Int(0) < statement.Int(1)) return OkStatus();
  const std::int64_t position = statement.Int(0);
  statement.Reset();
  CQD_ASSIGN_OR_RETURN(sqlite::Transaction transaction, sqlite::Transaction::Begin(database_));
  CQD_RETURN_IF_ERROR(internal::CutLedger(database_, position));
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement entries,
      database_.Prepare("DELETE FROM entry WHERE at<? AND id<=(SELECT max(id) FROM entry)-?"));
  entries.BindInt(1, ToMicros(before)).BindInt(2, static_cast<std::int64_t>(options_.entries_max));
  CQD_RETURN_IF_ERROR(entries.Run());
  return transaction.Commit();
}

Result<LedgerReport> RunLog::Verify(std::string_view known_head) const {
  return VerifyLedger(options_.path, known_head);
}

}  // namespace cqd::integration
