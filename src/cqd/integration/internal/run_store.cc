#include "integration/internal/run_store.h"

#include <fmt/format.h>

#include "integration/internal/ledger_chain.h"
#include "integration/run_json.h"

namespace cqd::integration::internal {
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
  origin TEXT NOT NULL,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL);
-- The last link that retention removed: the chain that is left begins behind it. Its position is
-- how many runs are gone by retention. old_runs: runs of the version before wait for their links.
CREATE TABLE ledger_anchor(
  only INTEGER PRIMARY KEY CHECK(only=1),
  position INTEGER NOT NULL,
  run_seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  old_runs INTEGER NOT NULL);
INSERT INTO ledger_anchor VALUES(1,
  ifnull((SELECT seq FROM sqlite_sequence WHERE name='run'), 0) - (SELECT count(*) FROM run),
  0, '0000000000000000000000000000000000000000000000000000000000000000', 1);
CREATE TABLE total(
  stage TEXT NOT NULL,
  name TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY(stage, name)) WITHOUT ROWID;
CREATE TABLE schedule_pause(
  only INTEGER PRIMARY KEY CHECK(only=1),
  since INTEGER NOT NULL,
  paused_by TEXT NOT NULL,
  reason TEXT NOT NULL);
CREATE INDEX run_success ON run(stage, seq, finished_at) WHERE state='succeeded';
CREATE INDEX run_by_seq ON run(stage, seq);
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
    "scheduled_at, queued_at, started_at, heartbeat_at, finished_at, duration_ms, wait_ms, "
    "version, "
    "details, retry_of, attempt, idempotency_key";

/// A sum that the table `total` keeps of each stage.
struct RowSum {
  std::string_view name;
  std::int64_t RunRows::*member;
};
constexpr RowSum kRowSums[] = {{"rows.read", &RunRows::read},
                               {"rows.inserted", &RunRows::inserted},
                               {"rows.updated", &RunRows::updated},
                               {"rows.duplicate", &RunRows::duplicate},
                               {"rows.quarantined", &RunRows::quarantined},
                               {"rows.repaired", &RunRows::repaired},
                               {"rows.late", &RunRows::late},
                               {"rows.expired", &RunRows::expired}};
constexpr std::string_view kWorkedMs = "worked_ms";

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
  run.retry_of = IntAt(row, 19);
  run.attempt = static_cast<int>(row.Int(20));
  run.idempotency_key = row.Text(21);
  if (!row.IsNull(23))
    run.ledger = LedgerMark{std::string(row.Text(22)), std::string(row.Text(23))};
  CQD_RETURN_IF_ERROR(DecodeRunDetails(row.Text(18), run));
  return run;
}

void BindTime(sqlite::Statement& statement, int parameter, const std::optional<UtcTime>& time) {
  if (time) statement.BindInt(parameter, ToMicros(*time));
}

void BindOptional(sqlite::Statement& statement, int parameter,
                  const std::optional<std::int64_t>& value) {
  if (value) statement.BindInt(parameter, *value);
}

/// Links and sums of the runs that a version without them left.
Status TakeOverOldRuns(sqlite::Database& database) {
  CQD_ASSIGN_OR_RETURN(const auto waiting, database.QueryInt("SELECT old_runs FROM ledger_anchor"));
  if (waiting.value_or(0) == 0) return OkStatus();
  CQD_ASSIGN_OR_RETURN(sqlite::Transaction transaction, sqlite::Transaction::Begin(database));
  CQD_RETURN_IF_ERROR(LinkOldRuns(database));
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database.Prepare(fmt::format("{} WHERE state NOT IN ('queued','running')", kSelectRuns)));
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) break;
    CQD_ASSIGN_OR_RETURN(const RunRecord run, ReadRun(statement));
    CQD_RETURN_IF_ERROR(AddToTotals(database, run));
  }
  CQD_RETURN_IF_ERROR(database.Execute("UPDATE ledger_anchor SET old_runs=0"));
  return transaction.Commit();
}

}  // namespace

const std::string_view kSelectRuns =
    "SELECT seq, run_id, stage, kind, month, trigger, requested_by, caused_by, state, boot_id, "
    "scheduled_at, queued_at, started_at, heartbeat_at, finished_at, duration_ms, wait_ms, "
    "version, "
    "details, retry_of, attempt, idempotency_key, ledger.prev, ledger.hash FROM run LEFT JOIN "
    "ledger ON ledger.run_seq=run.seq";

Status MigrateLog(sqlite::Database& database) {
  CQD_RETURN_IF_ERROR(sqlite::Migrate(database, kMigrations, "integration.sqlite"));
  return TakeOverOldRuns(database);
}

std::optional<UtcTime> TimeAt(const sqlite::Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return FromMicros(row.Int(column));
}

std::optional<std::int64_t> IntAt(const sqlite::Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Int(column);
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

Status StoreRun(sqlite::Database& database, const RunRecord& run) {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database.Prepare(fmt::format(
          "INSERT INTO run({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
          "ON CONFLICT(seq) DO UPDATE SET state=excluded.state, started_at=excluded.started_at, "
          "heartbeat_at=excluded.heartbeat_at, finished_at=excluded.finished_at, "
          "duration_ms=excluded.duration_ms, wait_ms=excluded.wait_ms, details=excluded.details",
          kColumns)));
  const std::string details = EncodeRunDetails(run);
  statement.BindInt(1, run.seq).BindText(2, run.run_id).BindText(3, StageName(run.stage));
  statement.BindText(4, RunKindName(run.kind)).BindText(5, run.month);
  statement.BindText(6, TriggerName(run.trigger)).BindText(7, run.requested_by);
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
  BindOptional(statement, 20, run.retry_of);
  statement.BindInt(21, run.attempt).BindText(22, run.idempotency_key);
  return statement.Run();
}

Result<std::optional<RunState>> StoredState(sqlite::Database& database, std::int64_t run_seq) {
  CQD_ASSIGN_OR_RETURN(sqlite::Statement statement,
                       database.Prepare("SELECT state FROM run WHERE seq=?"));
  statement.BindInt(1, run_seq);
  CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return std::optional<RunState>();
  return ParseRunState(statement.Text(0));
}

Status AddToTotals(sqlite::Database& database, const RunRecord& run) {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database.Prepare("INSERT INTO total(stage, name, value) VALUES(?,?,?) ON CONFLICT(stage, "
                       "name) DO UPDATE SET value=value+excluded.value"));
  const auto add = [&](std::string_view name, std::int64_t value) -> Status {
    if (value == 0) return OkStatus();
    statement.BindText(1, StageName(run.stage)).BindText(2, name).BindInt(3, value);
    return statement.Run();
  };
  CQD_RETURN_IF_ERROR(add(RunStateName(run.state), 1));
  CQD_RETURN_IF_ERROR(add(kWorkedMs, run.duration_ms.value_or(0)));
  for (const RowSum& sum : kRowSums) CQD_RETURN_IF_ERROR(add(sum.name, run.rows.*sum.member));
  return OkStatus();
}

Result<StageTotals> ReadTotals(sqlite::Database& database, Stage stage) {
  StageTotals totals;
  CQD_ASSIGN_OR_RETURN(sqlite::Statement statement,
                       database.Prepare("SELECT name, value FROM total WHERE stage=?"));
  statement.BindText(1, StageName(stage));
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return totals;
    const std::string_view name = statement.Text(0);
    if (const auto state = ParseRunState(name))
      totals.runs[static_cast<std::size_t>(*state)] = statement.Int(1);
    if (name == kWorkedMs) totals.ms = statement.Int(1);
    for (const RowSum& sum : kRowSums) {
      if (sum.name == name) totals.rows.*sum.member = statement.Int(1);
    }
  }
}

LogEntry ReadEntry(const sqlite::Statement& row) {
  return LogEntry{row.Int(0), FromMicros(row.Int(1)), std::string(row.Text(2)),
                  std::string(row.Text(3)), IntAt(row, 4)};
}

}  // namespace cqd::integration::internal
