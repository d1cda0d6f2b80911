#include "integration/run_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "integration/run_json.h"

namespace cqd::integration {
namespace {

constexpr sqlite::Migration kMigrations[] = {{1, R"sql(
CREATE TABLE run(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  stage TEXT NOT NULL,
  kind TEXT NOT NULL,
  month TEXT NOT NULL DEFAULT '',
  trigger TEXT NOT NULL,
  requested_by TEXT NOT NULL DEFAULT '',
  caused_by INTEGER,
  state TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  scheduled_at INTEGER,
  queued_at INTEGER NOT NULL,
  started_at INTEGER,
  heartbeat_at INTEGER,
  finished_at INTEGER,
  duration_ms INTEGER,
  wait_ms INTEGER,
  version TEXT NOT NULL DEFAULT '',
  details TEXT NOT NULL DEFAULT '{}');
CREATE INDEX run_by_stage ON run(stage, state, seq);
CREATE TABLE entry(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  category TEXT NOT NULL,
  description TEXT NOT NULL,
  run_seq INTEGER);
CREATE INDEX entry_by_run ON entry(run_seq);
)sql"},
                                             {2, R"sql(
ALTER TABLE run ADD COLUMN retry_of INTEGER;
ALTER TABLE run ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE run ADD COLUMN idempotency_key TEXT NOT NULL DEFAULT '';
CREATE INDEX run_by_idempotency_key ON run(idempotency_key) WHERE idempotency_key<>'';
-- Ended runs in the order of their ends; each hash covers the one before it.
CREATE TABLE ledger(
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  run_seq INTEGER NOT NULL UNIQUE,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL);
-- The last link that retention removed: the chain that is left begins behind it.
CREATE TABLE ledger_anchor(
  only INTEGER PRIMARY KEY CHECK(only=1),
  position INTEGER NOT NULL,
  run_seq INTEGER NOT NULL,
  hash TEXT NOT NULL);
CREATE TABLE event(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL);
CREATE TABLE storage_sample(
  at INTEGER PRIMARY KEY,
  disk_free_bytes INTEGER NOT NULL,
  archive_bytes INTEGER NOT NULL,
  cube_bytes INTEGER NOT NULL,
  rows INTEGER NOT NULL);
CREATE TABLE source_state(
  name TEXT PRIMARY KEY,
  details TEXT NOT NULL);
)sql"}};

constexpr std::string_view kColumns =
    "seq, run_id, stage, kind, month, trigger, requested_by, caused_by, state, boot_id, "
    "scheduled_at, "
    "queued_at, started_at, heartbeat_at, finished_at, duration_ms, wait_ms, version, details";

std::optional<UtcTime> TimeAt(const sqlite::Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return FromMicros(row.Int(column));
}

std::optional<std::int64_t> IntAt(const sqlite::Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Int(column);
}

Result<RunRecord> ReadRun(const sqlite::Statement& row) {
  RunRecord run;
  run.seq = row.Int(0);
  run.run_id = row.Text(1);
  const auto stage = ParseStage(row.Text(2));
  const auto kind = ParseRunKind(row.Text(3));
  const auto trigger = ParseTrigger(row.Text(5));
  const auto state = ParseRunState(row.Text(8));
  if (!stage || !kind || !trigger || !state) {
    return Fail(ErrorCode::kCorruption, "a stored run cannot be read",
                "run " + std::to_string(run.seq));
  }
  run.stage = *stage, run.kind = *kind, run.trigger = *trigger, run.state = *state;
  run.month = row.Text(4);
  run.requested_by = row.Text(6);
  run.caused_by = IntAt(row, 7);
  run.boot_id = row.Text(9);
  run.scheduled_at = TimeAt(row, 10);
  run.queued_at = FromMicros(row.Int(11));
  run.started_at = TimeAt(row, 12);
  run.heartbeat_at = TimeAt(row, 13);
  run.finished_at = TimeAt(row, 14);
  run.duration_ms = IntAt(row, 15);
  run.wait_ms = IntAt(row, 16);
  run.context.version = row.Text(17);
  CQD_RETURN_IF_ERROR(DecodeRunDetails(row.Text(18), run));
  return run;
}

Result<std::vector<RunRecord>> ReadRuns(sqlite::Statement& statement) {
  std::vector<RunRecord> runs;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return runs;
    CQD_ASSIGN_OR_RETURN(RunRecord run, ReadRun(statement));
    runs.push_back(std::move(run));
  }
}

void BindTime(sqlite::Statement& statement, int parameter, const std::optional<UtcTime>& time) {
  if (time) statement.BindInt(parameter, ToMicros(*time));
}

void BindOptional(sqlite::Statement& statement, int parameter,
                  const std::optional<std::int64_t>& value) {
  if (value) statement.BindInt(parameter, *value);
}

/// Inserts `time` into a list that is newest first, and keeps the newest ones.
void Insert(std::vector<UtcTime>& newest_first, UtcTime time) {
  newest_first.insert(
      std::upper_bound(newest_first.begin(), newest_first.end(), time, std::greater<>()), time);
  if (newest_first.size() > kPublishedEntries) newest_first.resize(kPublishedEntries);
}

constexpr std::size_t kDurationsKept = 100;

}  // namespace

Result<std::unique_ptr<RunLog>> RunLog::Open(const RunLogOptions& options, const Clock& clock) {
  CQD_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(options.path));
  CQD_RETURN_IF_ERROR(sqlite::Migrate(database, kMigrations, "integration.sqlite"));
  std::unique_ptr<RunLog> log(new RunLog(options, clock, std::move(database)));
  CQD_RETURN_IF_ERROR(log->events_.Load(log->database_));
  CQD_RETURN_IF_ERROR(log->CloseOrphans());
  CQD_RETURN_IF_ERROR(log->Load());
  return log;
}

Status RunLog::CloseOrphans() {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database_.Prepare(fmt::format(
          "SELECT {} FROM run WHERE state IN ('queued','running') AND boot_id<>? ORDER BY seq",
          kColumns)));
  statement.BindText(1, options_.boot_id);
  CQD_ASSIGN_OR_RETURN(std::vector<RunRecord> orphans, ReadRuns(statement));
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
        .retryable = true};
    for (RunStep& unfinished : run.steps) {
      if (unfinished.state == RunState::kRunning) unfinished.state = RunState::kInterrupted;
    }
    CQD_RETURN_IF_ERROR(Store(run));
    CQD_RETURN_IF_ERROR(AppendLocked(std::string(LogCategoryOf(run.stage)),
                                     fmt::format("Run {} was interrupted {}", run.run_id, step),
                                     run.seq));
  }
  return OkStatus();
}

Status RunLog::Load() {
  // The newest runs are enough for durations and the open outage; the five newest of each kind may
  // lie further back.
  for (int index = 0; index < kStageCount; ++index) {
    const auto stage = static_cast<Stage>(index);
    CQD_ASSIGN_OR_RETURN(
        sqlite::Statement statement,
        database_.Prepare(fmt::format("SELECT {0} FROM run WHERE seq IN ("
                                      "SELECT seq FROM (SELECT seq FROM run WHERE stage=?1 ORDER "
                                      "BY seq DESC LIMIT 200) UNION "
                                      "SELECT seq FROM (SELECT seq FROM run WHERE stage=?1 AND "
                                      "state='succeeded' ORDER BY seq DESC LIMIT 100) UNION "
                                      "SELECT seq FROM (SELECT seq FROM run WHERE stage=?1 AND "
                                      "state IN ('failed','partial','interrupted') "
                                      "ORDER BY seq DESC LIMIT 5)) ORDER BY seq",
                                      kColumns)));
    statement.BindText(1, StageName(stage));
    CQD_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, ReadRuns(statement));
    for (const RunRecord& run : runs) Note(run);
    // An outage longer than the runs loaded: count it where all of it is.
    StageSummary& summary = working_.stages[static_cast<std::size_t>(index)];
    const std::int64_t last_success = summary.last_success ? summary.last_success->seq : 0;
    CQD_ASSIGN_OR_RETURN(
        sqlite::Statement outage,
        // The first by number, not by time: the clock may have been set back during the outage, and
        // its start must not change with a restart (alerts know an outage by it).
        database_.Prepare(
            "SELECT total, finished_at FROM run JOIN (SELECT count(*) AS total, min(seq) AS first "
            "FROM run WHERE stage=? AND seq>? AND state IN ('failed','partial','interrupted')) "
            "ON seq=first"));
    outage.BindText(1, StageName(stage)).BindInt(2, last_success);
    CQD_ASSIGN_OR_RETURN(const bool failing, outage.Step());
    summary.consecutive_failures = failing ? static_cast<int>(outage.Int(0)) : 0;
    summary.failing_since = failing ? TimeAt(outage, 1) : std::nullopt;
  }
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement entries,
      database_.Prepare(
          "SELECT id, at, category, description, run_seq FROM entry ORDER BY id DESC LIMIT ?"));
  entries.BindInt(1, static_cast<std::int64_t>(options_.entries_max));
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, entries.Step());
    if (!row) break;
    working_.entries.push_back({entries.Int(0), FromMicros(entries.Int(1)),
                                std::string(entries.Text(2)), std::string(entries.Text(3)),
                                IntAt(entries, 4)});
  }
  std::reverse(working_.entries.begin(), working_.entries.end());
  Publish();
  return OkStatus();
}

Result<RunRecord> RunLog::Add(RunRecord run) {
  const std::lock_guard guard(mutex_);
  run.boot_id = options_.boot_id;
  run.context.version = options_.version;
  run.queued_at = clock_.Now();
  if (run.state == RunState::kSkipped) run.finished_at = run.queued_at;
  CQD_ASSIGN_OR_RETURN(const auto newest,
                       database_.QueryInt("SELECT seq FROM sqlite_sequence WHERE name='run'"));
  run.seq = newest.value_or(0) + 1;
  const CivilTime c = ToCivil(run.queued_at);
  run.run_id = fmt::format("{}-{:04}{:02}{:02}T{:02}{:02}{:02}-{:06}", StageName(run.stage), c.year,
                           c.month, c.day, c.hour, c.minute, c.second, run.seq);
  CQD_RETURN_IF_ERROR(Store(run));
  Note(run);
  Publish();
  return run;
}

Status RunLog::Update(const RunRecord& run) {
  const std::lock_guard guard(mutex_);
  CQD_RETURN_IF_ERROR(Store(run));
  Note(run);
  Publish();
  return OkStatus();
}

Status RunLog::Heartbeat(std::int64_t run_seq) {
  const std::lock_guard guard(mutex_);
  const UtcTime now = clock_.Now();
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database_.Prepare("UPDATE run SET heartbeat_at=? WHERE seq=? AND state='running'"));
  statement.BindInt(1, ToMicros(now)).BindInt(2, run_seq);
  CQD_RETURN_IF_ERROR(statement.Run());
  for (StageSummary& stage : working_.stages) {
    if (stage.current && stage.current->seq == run_seq) stage.current->heartbeat_at = now;
  }
  Publish();
  return OkStatus();
}

Status RunLog::Append(std::string category, std::string description,
                      std::optional<std::int64_t> run_seq) {
  const std::lock_guard guard(mutex_);
  CQD_RETURN_IF_ERROR(AppendLocked(std::move(category), std::move(description), run_seq));
  Publish();
  return OkStatus();
}

Status RunLog::AppendEvent(std::string_view type, std::string data) {
  const std::lock_guard guard(mutex_);
  CQD_RETURN_IF_ERROR(events_.Add(database_, clock_.Now(), type, std::move(data)));
  events_.Publish();
  return OkStatus();
}

Status RunLog::AppendLocked(std::string category, std::string description,
                            std::optional<std::int64_t> run_seq) {
  LogEntry entry{0, clock_.Now(), std::move(category), std::move(description), run_seq};
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement insert,
      database_.Prepare("INSERT INTO entry(at, category, description, run_seq) VALUES(?,?,?,?)"));
  insert.BindInt(1, ToMicros(entry.at)).BindText(2, entry.category).BindText(3, entry.description);
  BindOptional(insert, 4, run_seq);
  CQD_RETURN_IF_ERROR(insert.Run());
  entry.id = database_.last_insert_rowid();
  working_.entries.push_back(std::move(entry));
  if (working_.entries.size() > options_.entries_max)
    working_.entries.erase(working_.entries.begin());
  return OkStatus();
}

Status RunLog::Store(const RunRecord& run) {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database_.Prepare(fmt::format(
          "INSERT INTO run({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
          "ON CONFLICT(seq) DO UPDATE SET state=excluded.state, started_at=excluded.started_at, "
          "heartbeat_at=excluded.heartbeat_at, finished_at=excluded.finished_at, "
          "duration_ms=excluded.duration_ms, wait_ms=excluded.wait_ms, details=excluded.details",
          kColumns)));
  const std::string details = EncodeRunDetails(run);
  statement.BindInt(1, run.seq).BindText(2, run.run_id).BindText(3, StageName(run.stage));
  statement.BindText(4, RunKindName(run.kind))
      .BindText(5, run.month)
      .BindText(6, TriggerName(run.trigger));
  statement.BindText(7, run.requested_by);
  BindOptional(statement, 8, run.caused_by);
  statement.BindText(9, RunStateName(run.state)).BindText(10, run.boot_id);
  BindTime(statement, 11, run.scheduled_at);
  statement.BindInt(12, ToMicros(run.queued_at));
  BindTime(statement, 13, run.started_at);
  BindTime(statement, 14, run.heartbeat_at);
  BindTime(statement, 15, run.finished_at);
  BindOptional(statement, 16, run.duration_ms);
  BindOptional(statement, 17, run.wait_ms);
  statement.BindText(18, run.context.version).BindText(19, details);
  return statement.Run();
}

void RunLog::Note(const RunRecord& run) {
  StageSummary& stage = working_.stages[static_cast<std::size_t>(run.stage)];
  const auto forget = [&](std::optional<RunRecord>& kept) {
    if (kept && kept->seq == run.seq) kept.reset();
  };
  forget(stage.queued);
  forget(stage.current);
  if (run.state == RunState::kQueued) stage.queued = run;
  if (run.state == RunState::kRunning) stage.current = run;
  if ((IsSuccess(run.state) || IsFailure(run.state)) && run.started_at) stage.last_worked = run;
  // A cancelled run stops being the newest one that matters; the one before it is.
  stage.newest = stage.current ? stage.current : stage.last_worked;
  if (run.data_through)
    stage.data_through =
        std::max(stage.data_through.value_or(*run.data_through), *run.data_through);
  if (!IsFinal(run.state) || run.state == RunState::kSkipped) return;
  if (run.state == RunState::kCancelled) return;
  stage.last_finished = run;
  if (IsSuccess(run.state)) {
    Insert(stage.successes, *run.finished_at);
    stage.last_success = run;
    stage.consecutive_failures = 0;
    stage.failing_since.reset();
    if (run.duration_ms) {
      stage.durations_ms.insert(stage.durations_ms.begin(), *run.duration_ms);
      if (stage.durations_ms.size() > kDurationsKept) stage.durations_ms.pop_back();
    }
  } else {
    Insert(stage.failures, *run.finished_at);
    stage.last_failure = run;
    if (stage.consecutive_failures++ == 0) stage.failing_since = run.finished_at;
  }
}

void RunLog::Publish() {
  ++working_.version;
  std::atomic_store(&summary_, std::make_shared<const LogSummary>(working_));
}

std::shared_ptr<const LogSummary> RunLog::summary() const {
  return std::atomic_load(&summary_);
}

Result<std::vector<RunRecord>> RunLog::List(const RunFilter& filter) const {
  const std::lock_guard guard(mutex_);
  std::string sql = fmt::format("SELECT {} FROM run WHERE seq<?1", kColumns);
  if (filter.stage) sql += " AND stage=?2";
  if (filter.state) sql += " AND state=?3";
  sql += " ORDER BY seq DESC LIMIT ?4";
  CQD_ASSIGN_OR_RETURN(sqlite::Statement statement, database_.Prepare(sql));
  statement.BindInt(1, filter.before_seq.value_or(INT64_MAX));
  if (filter.stage) statement.BindText(2, StageName(*filter.stage));
  if (filter.state) statement.BindText(3, RunStateName(*filter.state));
  statement.BindInt(4, static_cast<std::int64_t>(std::clamp<std::size_t>(filter.most, 1, 500)));
  return ReadRuns(statement);
}

Result<RunRecord> RunLog::Find(std::string_view run_id) const {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database_.Prepare(fmt::format("SELECT {} FROM run WHERE run_id=?", kColumns)));
  statement.BindText(1, run_id);
  CQD_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, ReadRuns(statement));
  if (runs.empty()) return Fail(ErrorCode::kNotFound, "there is no run of that id");
  return std::move(runs.front());
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
    entries.push_back({statement.Int(0), FromMicros(statement.Int(1)),
                       std::string(statement.Text(2)), std::string(statement.Text(3)),
                       IntAt(statement, 4)});
  }
}

Status RunLog::Trim(UtcTime before, std::int64_t keep) {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(sqlite::Transaction transaction, sqlite::Transaction::Begin(database_));
  CQD_ASSIGN_OR_RETURN(const auto bound,
                       database_.QueryInt(fmt::format(
                           "SELECT seq FROM run ORDER BY seq DESC LIMIT 1 OFFSET {}", keep)));
  if (!bound) return OkStatus();
  CQD_ASSIGN_OR_RETURN(sqlite::Statement runs,
                       database_.Prepare("DELETE FROM run WHERE seq<=? AND finished_at<?"));
  runs.BindInt(1, *bound).BindInt(2, ToMicros(before));
  CQD_RETURN_IF_ERROR(runs.Run());
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement entries,
      database_.Prepare("DELETE FROM entry WHERE at<? AND id<=(SELECT max(id) FROM entry)-?"));
  entries.BindInt(1, ToMicros(before)).BindInt(2, static_cast<std::int64_t>(options_.entries_max));
  CQD_RETURN_IF_ERROR(entries.Run());
  return transaction.Commit();
}

}  // namespace cqd::integration
