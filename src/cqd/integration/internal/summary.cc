#include "integration/internal/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "integration/internal/run_store.h"

namespace cqd::integration::internal {
namespace {

constexpr std::size_t kDurationsKept = 100;

/// Inserts `time` into a list that is newest first, and keeps the newest ones.
void Insert(std::vector<UtcTime>& newest_first, UtcTime time) {
  newest_first.insert(
      std::upper_bound(newest_first.begin(), newest_first.end(), time, std::greater<>()), time);
  if (newest_first.size() > kPublishedEntries) newest_first.resize(kPublishedEntries);
}

/// Forgets what is older than kSuccessTimesAge before the newest, and what is too much.
void Shorten(std::vector<UtcTime>& oldest_first) {
  if (oldest_first.empty()) return;
  auto keep = std::lower_bound(oldest_first.begin(), oldest_first.end(),
                               oldest_first.back() - kSuccessTimesAge);
  if (static_cast<std::size_t>(oldest_first.end() - keep) > kSuccessTimesMax)
    keep = oldest_first.end() - static_cast<std::ptrdiff_t>(kSuccessTimesMax);
  oldest_first.erase(oldest_first.begin(), keep);
}

void NoteHistory(const RunRecord& run, StageSummary& stage) {
  auto shared = std::make_shared<const RunRecord>(run);
  auto& history = stage.history;
  const auto place = std::find_if(
      history.begin(), history.end(),
      [&](const std::shared_ptr<const RunRecord>& kept) { return kept->seq <= run.seq; });
  if (place != history.end() && (*place)->seq == run.seq) {
    *place = shared;
  } else {
    history.insert(place, shared);
  }
  if (history.size() > kHistoryRuns) history.pop_back();
  if (IsFinal(run.state)) stage.newest_ended = std::move(shared);
}

void NoteEnd(const RunRecord& run, StageSummary& stage) {
  stage.last_finished = run;
  if (!IsSuccess(run.state)) {
    Insert(stage.failures, *run.finished_at);
    stage.last_failure = run;
    if (stage.consecutive_failures++ == 0) stage.failing_since = run.finished_at;
    return;
  }
  Insert(stage.successes, *run.finished_at);
  stage.last_success = run;
  stage.consecutive_failures = 0;
  stage.failing_since.reset();
  if (run.duration_ms) {
    stage.durations_ms.insert(stage.durations_ms.begin(), *run.duration_ms);
    if (stage.durations_ms.size() > kDurationsKept) stage.durations_ms.pop_back();
  }
}

void NoteSuccessTime(UtcTime time, StageSummary& stage) {
  auto times = std::make_shared<std::vector<UtcTime>>(*stage.success_times);
  times->insert(std::upper_bound(times->begin(), times->end(), time), time);
  Shorten(*times);
  stage.success_times = std::move(times);
}

Status LoadSuccessTimes(sqlite::Database& database, Stage stage, StageSummary& summary) {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database.Prepare("SELECT finished_at FROM run INDEXED BY run_success WHERE stage=? AND "
                       "state='succeeded' ORDER BY seq DESC LIMIT ?"));
  statement.BindText(1, StageName(stage)).BindInt(2, static_cast<std::int64_t>(kSuccessTimesMax));
  auto times = std::make_shared<std::vector<UtcTime>>();
  UtcTime newest = UtcTime::min();
  // Runs that ended one after the other are mostly in order; one that is too old ends the search
  // only when the clock had not been set meanwhile, so some more are looked at.
  constexpr int kTooOldMax = 100;
  for (int too_old = 0; too_old < kTooOldMax;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) break;
    const UtcTime time = FromMicros(statement.Int(0));
    newest = std::max(newest, time);
    if (time < newest - kSuccessTimesAge) ++too_old;
    times->push_back(time);
  }
  std::sort(times->begin(), times->end());
  Shorten(*times);
  summary.success_times = std::move(times);
  return OkStatus();
}

Status LoadStage(sqlite::Database& database, Stage stage, LogSummary& whole) {
  // The newest runs are enough for durations and the open outage; the five newest of each kind may
  // lie further back.
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database.Prepare(fmt::format("{} WHERE seq IN ("
                                   "SELECT seq FROM (SELECT seq FROM run WHERE stage=?1 ORDER "
                                   "BY seq DESC LIMIT 50) UNION "
                                   "SELECT seq FROM (SELECT seq FROM run WHERE stage=?1 AND "
                                   "state='succeeded' ORDER BY seq DESC LIMIT 100) UNION "
                                   "SELECT seq FROM (SELECT seq FROM run WHERE stage=?1 AND "
                                   "state='failed' ORDER BY seq DESC LIMIT 5) UNION "
                                   "SELECT seq FROM (SELECT seq FROM run WHERE stage=?1 AND "
                                   "state='partial' ORDER BY seq DESC LIMIT 5) UNION "
                                   "SELECT seq FROM (SELECT seq FROM run WHERE stage=?1 AND "
                                   "state='interrupted' ORDER BY seq DESC LIMIT 5)) ORDER BY seq",
                                   kSelectRuns)));
  statement.BindText(1, StageName(stage));
  CQD_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, ReadRuns(statement));
  StageSummary& summary = whole.stages[static_cast<std::size_t>(stage)];
  for (const RunRecord& run : runs) NoteRun(run, whole);
  CQD_RETURN_IF_ERROR(LoadSuccessTimes(database, stage, summary));
  // An outage longer than the runs loaded: count it where all of it is. Its first run by number,
  // not by time: the clock may have been set back meanwhile, and the start of an outage must not
  // change with a restart (alerts know it by that).
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement outage,
      database.Prepare("SELECT total, finished_at FROM run JOIN (SELECT count(*) AS total, "
                       "min(seq) AS first FROM run WHERE stage=? AND seq>? AND state IN "
                       "('failed','partial','interrupted')) ON seq=first"));
  outage.BindText(1, StageName(stage));
  outage.BindInt(2, summary.last_success ? summary.last_success->seq : 0);
  CQD_ASSIGN_OR_RETURN(const bool failing, outage.Step());
  summary.consecutive_failures = failing ? static_cast<int>(outage.Int(0)) : 0;
  summary.failing_since = failing ? TimeAt(outage, 1) : std::nullopt;
  CQD_ASSIGN_OR_RETURN(summary.totals, ReadTotals(database, stage));
  return OkStatus();
}

Status LoadEntries(sqlite::Database& database, std::size_t most, LogSummary& summary) {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement entries,
      database.Prepare(
          "SELECT id, at, category, description, run_seq FROM entry ORDER BY id DESC LIMIT ?"));
  entries.BindInt(1, static_cast<std::int64_t>(most));
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, entries.Step());
    if (!row) break;
    summary.entries.push_back(ReadEntry(entries));
  }
  std::reverse(summary.entries.begin(), summary.entries.end());
  return OkStatus();
}

}  // namespace

void NoteRun(const RunRecord& run, LogSummary& summary) {
  StageSummary& stage = summary.stages[static_cast<std::size_t>(run.stage)];
  const auto forget = [&](std::optional<RunRecord>& kept) {
    if (kept && kept->seq == run.seq) kept.reset();
  };
  forget(stage.queued);
  forget(stage.current);
  if (run.state == RunState::kQueued) stage.queued = run;
  if (run.state == RunState::kRunning) stage.current = run;
  NoteHistory(run, stage);
  const bool counts = run.state != RunState::kQueued && run.state != RunState::kSkipped &&
                      run.state != RunState::kCancelled;
  if (counts && IsFinal(run.state) && run.started_at) stage.last_worked = run;
  // A cancelled run stops being the newest one that matters; the one before it is.
  stage.newest = stage.current ? stage.current : stage.last_worked;
  if (run.data_through) {
    stage.data_through =
        std::max(stage.data_through.value_or(*run.data_through), *run.data_through);
  }
  if (!counts || !IsFinal(run.state)) return;
  NoteEnd(run, stage);
  if (IsSuccess(run.state)) NoteSuccessTime(*run.finished_at, stage);
}

void CountRun(const RunRecord& run, StageTotals& totals) {
  ++totals.runs[static_cast<std::size_t>(run.state)];
  totals.ms += run.duration_ms.value_or(0);
  totals.rows.read += run.rows.read;
  totals.rows.inserted += run.rows.inserted;
  totals.rows.updated += run.rows.updated;
  totals.rows.duplicate += run.rows.duplicate;
  totals.rows.quarantined += run.rows.quarantined;
  totals.rows.repaired += run.rows.repaired;
  totals.rows.late += run.rows.late;
  totals.rows.expired += run.rows.expired;
}

Result<LogSummary> LoadSummary(sqlite::Database& database, std::size_t entries_max) {
  LogSummary summary;
  for (int index = 0; index < kStageCount; ++index)
    CQD_RETURN_IF_ERROR(LoadStage(database, static_cast<Stage>(index), summary));
  CQD_RETURN_IF_ERROR(LoadEntries(database, entries_max, summary));
  {
    CQD_ASSIGN_OR_RETURN(sqlite::Statement pause,
                         database.Prepare("SELECT since, paused_by, reason FROM schedule_pause"));
    CQD_ASSIGN_OR_RETURN(const bool row, pause.Step());
    if (row) {
      summary.pause = SchedulePause{FromMicros(pause.Int(0)), std::string(pause.Text(1)),
                                    std::string(pause.Text(2))};
    }
  }
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement link,
      database.Prepare("SELECT prev, hash FROM ledger ORDER BY position DESC LIMIT 1"));
  CQD_ASSIGN_OR_RETURN(const bool row, link.Step());
  if (row) summary.ledger = LedgerMark{std::string(link.Text(0)), std::string(link.Text(1))};
  return summary;
}

}  // namespace cqd::integration::internal
