#include "archive/internal/quarantine_store.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

namespace cqd::archive::internal {
namespace {

using sqlite::Statement;

/// Records changed by one transaction: about 50 ms, so that a run that wants to commit never waits
/// for a drop of a million records.
constexpr std::size_t kPiece = 5000;

/// All columns of an entry but the payload.
constexpr std::string_view kColumns =
    "q.id, s.name, q.reason, q.record_key, q.detail, q.run_seq, q.first_at, q.last_at, "
    "q.occurrences, q.replay";

ReplayState ParseReplayState(std::string_view name) {
  for (const ReplayState state :
       {ReplayState::kRequested, ReplayState::kRefused, ReplayState::kMissing}) {
    if (name == ReplayStateName(state)) return state;
  }
  return ReplayState::kNone;
}

QuarantineEntry EntryOf(const Statement& row) {
  QuarantineEntry entry;
  entry.id = row.Int(0);
  entry.source = row.Text(1);
  entry.reason = row.Text(2);
  entry.record_key = row.Text(3);
  entry.detail = row.Text(4);
  entry.run_seq = row.Int(5);
  entry.first_at = FromMicros(row.Int(6));
  entry.last_at = FromMicros(row.Int(7));
  entry.occurrences = row.Int(8);
  entry.replay = ParseReplayState(row.Text(9));
  return entry;
}

/// The index that gives the filter's records in the order of their ids. Named, because the planner
/// without statistics may prefer to sort a million records.
std::string_view IndexFor(const QuarantineFilter& filter) {
  if (filter.run_seq) return "INDEXED BY quarantine_run";
  if (filter.reason) return "INDEXED BY quarantine_reason";
  if (filter.source) return "INDEXED BY quarantine_source";
  return "NOT INDEXED";
}

/// Parameters 1 to 3: see BindFilter.
std::string Condition(const QuarantineFilter& filter) {
  std::string sql = "1";
  if (filter.source) sql += " AND q.source_id = (SELECT id FROM source WHERE name = ?1)";
  if (filter.reason) sql += " AND q.reason = ?2";
  if (filter.run_seq) sql += " AND q.run_seq = ?3";
  return sql;
}

void BindFilter(const QuarantineFilter& filter, Statement& statement) {
  if (filter.source) statement.BindText(1, *filter.source);
  if (filter.reason) statement.BindText(2, *filter.reason);
  if (filter.run_seq) statement.BindInt(3, *filter.run_seq);
}

Result<std::vector<std::int64_t>> ReadIds(Statement& select) {
  std::vector<std::int64_t> ids;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return ids;
    ids.push_back(select.Int(0));
  }
}

}  // namespace

Result<std::vector<QuarantineEntry>> QuarantineStore::List(const QuarantineFilter& filter,
                                                           std::size_t most,
                                                           std::int64_t before_id) const {
  const std::lock_guard lock(reader_mutex_);
  CQD_ASSIGN_OR_RETURN(
      Statement select,
      reader_.Prepare(fmt::format(
          "SELECT {} FROM quarantine q {} CROSS JOIN source s ON s.id = q.source_id WHERE {} AND "
          "q.id < ?4 ORDER BY q.id DESC LIMIT ?5",
          kColumns, IndexFor(filter), Condition(filter))));
  BindFilter(filter, select);
  select.BindInt(4, before_id > 0 ? before_id : INT64_MAX)
      .BindInt(5, static_cast<std::int64_t>(std::min<std::size_t>(most, INT64_MAX)));
  std::vector<QuarantineEntry> entries;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return entries;
    entries.push_back(EntryOf(select));
  }
}

Result<QuarantineEntry> QuarantineStore::Find(std::int64_t id) const {
  const std::lock_guard lock(reader_mutex_);
  CQD_ASSIGN_OR_RETURN(
      Statement select,
      reader_.Prepare(fmt::format("SELECT {}, q.payload FROM quarantine q JOIN source s ON s.id = "
                                  "q.source_id WHERE q.id = ?1",
                                  kColumns)));
  select.BindInt(1, id);
  CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
  if (!row)
    return Fail(ErrorCode::kNotFound, fmt::format("there is no quarantined record {}", id), {},
                "id");
  QuarantineEntry entry = EntryOf(select);
  entry.payload = select.Blob(10);
  return entry;
}

Result<std::vector<std::int64_t>> QuarantineStore::Unknown(
    std::span<const std::int64_t> ids) const {
  const std::lock_guard lock(reader_mutex_);
  CQD_ASSIGN_OR_RETURN(Statement select, reader_.Prepare("SELECT 1 FROM quarantine WHERE id = ?1"));
  std::vector<std::int64_t> unknown;
  for (const std::int64_t id : ids) {
    select.BindInt(1, id);
    CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) unknown.push_back(id);
    select.Reset();
  }
  return unknown;
}

Result<std::vector<QuarantineTotal>> QuarantineStore::Totals() const {
  const std::lock_guard lock(reader_mutex_);
  CQD_ASSIGN_OR_RETURN(
      Statement select,
      reader_.Prepare(
          "SELECT s.name, t.reason, t.entries, t.refusals, t.evicted, t.first_at, t.last_at "
          "FROM quarantine_total t JOIN source s ON s.id = t.source_id ORDER BY 1, 2"));
  std::vector<QuarantineTotal> totals;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) break;
    totals.push_back({std::string(select.Text(0)),
                      std::string(select.Text(1)),
                      select.Int(2),
                      select.Int(3),
                      select.Int(4),
                      FromMicros(select.Int(5)),
                      FromMicros(select.Int(6)),
                      {}});
  }
  for (QuarantineTotal& total : totals) {
    CQD_ASSIGN_OR_RETURN(total.sample_ids, Samples(total));
  }
  return totals;
}

Result<std::vector<std::int64_t>> QuarantineStore::Samples(const QuarantineTotal& total) const {
  const QuarantineFilter filter{total.source, total.reason, std::nullopt};
  CQD_ASSIGN_OR_RETURN(Statement select,
                       reader_.Prepare(fmt::format(
                           "SELECT q.id FROM quarantine q {} WHERE {} ORDER BY q.id DESC LIMIT {}",
                           IndexFor(filter), Condition(filter), kSamplesMax)));
  BindFilter(filter, select);
  return ReadIds(select);
}

Result<std::int64_t> QuarantineStore::CountDeleted(Statement& statement, Changes& changes) {
  std::int64_t deleted = 0;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) break;
    ++deleted;
    --changes[{statement.Int(0), std::string(statement.Text(1))}].entries;
  }
  statement.Reset();
  return deleted;
}

Status QuarantineStore::DeleteIds(std::span<const std::int64_t> ids, std::int64_t& deleted) {
  while (!ids.empty()) {
    const auto piece = ids.first(std::min(ids.size(), kPiece));
    ids = ids.subspan(piece.size());
    const std::lock_guard lock(main_mutex_);
    CQD_ASSIGN_OR_RETURN(sqlite::Transaction transaction, sqlite::Transaction::Begin(main_));
    Changes changes;
    {
      CQD_ASSIGN_OR_RETURN(
          Statement remove,
          main_.Prepare("DELETE FROM quarantine WHERE id = ?1 RETURNING source_id, reason"));
      for (const std::int64_t id : piece) {
        remove.BindInt(1, id);
        CQD_ASSIGN_OR_RETURN(const std::int64_t count, CountDeleted(remove, changes));
        deleted += count;
      }
    }
    CQD_RETURN_IF_ERROR(AddChanges(changes, {}));
    CQD_RETURN_IF_ERROR(transaction.Commit());
  }
  return OkStatus();
}

Result<std::vector<std::int64_t>> QuarantineStore::NextIds(const QuarantineFilter& filter,
                                                           std::int64_t after) const {
  const std::lock_guard lock(reader_mutex_);
  CQD_ASSIGN_OR_RETURN(
      Statement select,
      reader_.Prepare(fmt::format(
          "SELECT q.id FROM quarantine q {} WHERE {} AND q.id > ?4 ORDER BY q.id LIMIT {}",
          IndexFor(filter), Condition(filter), kPiece)));
  BindFilter(filter, select);
  select.BindInt(4, after);
  return ReadIds(select);
}

Result<std::int64_t> QuarantineStore::Drop(std::span<const std::int64_t> ids) {
  std::int64_t deleted = 0;
  CQD_RETURN_IF_ERROR(DeleteIds(ids, deleted));
  return deleted;
}

Result<std::int64_t> QuarantineStore::Drop(const QuarantineFilter& filter) {
  std::int64_t deleted = 0;
  for (std::int64_t after = 0;;) {
    CQD_ASSIGN_OR_RETURN(const auto ids, NextIds(filter, after));
    if (ids.empty()) break;
    CQD_RETURN_IF_ERROR(DeleteIds(ids, deleted));
    after = ids.back();
  }
  if (filter.run_seq) return deleted;
  const std::lock_guard lock(main_mutex_);
  CQD_ASSIGN_OR_RETURN(
      Statement forget,
      main_.Prepare(fmt::format("DELETE FROM quarantine_total AS q WHERE {} AND q.entries = 0",
                                Condition(filter))));
  BindFilter(filter, forget);
  CQD_RETURN_IF_ERROR(forget.Run());
  return deleted;
}

Status QuarantineStore::MarkIds(std::span<const std::int64_t> ids, ReplayState state,
                                std::int64_t& marked) {
  while (!ids.empty()) {
    const auto piece = ids.first(std::min(ids.size(), kPiece));
    ids = ids.subspan(piece.size());
    const std::lock_guard lock(main_mutex_);
    CQD_ASSIGN_OR_RETURN(sqlite::Transaction transaction, sqlite::Transaction::Begin(main_));
    CQD_ASSIGN_OR_RETURN(Statement mark,
                         main_.Prepare("UPDATE quarantine SET replay = ?2 WHERE id = ?1"));
    for (const std::int64_t id : piece) {
      mark.BindInt(1, id).BindText(2, ReplayStateName(state));
      CQD_RETURN_IF_ERROR(mark.Run());
      marked += main_.changes();
    }
    CQD_RETURN_IF_ERROR(transaction.Commit());
  }
  return OkStatus();
}

Result<std::int64_t> QuarantineStore::RequestReplay(std::span<const std::int64_t> ids) {
  std::int64_t marked = 0;
  CQD_RETURN_IF_ERROR(MarkIds(ids, ReplayState::kRequested, marked));
  return marked;
}

Result<std::int64_t> QuarantineStore::RequestReplay(const QuarantineFilter& filter) {
  std::int64_t marked = 0;
  for (std::int64_t after = 0;;) {
    CQD_ASSIGN_OR_RETURN(const auto ids, NextIds(filter, after));
    if (ids.empty()) return marked;
    CQD_RETURN_IF_ERROR(MarkIds(ids, ReplayState::kRequested, marked));
    after = ids.back();
  }
}

Result<std::vector<ReplayRecord>> QuarantineStore::Requested(const std::string& source) const {
  const std::lock_guard lock(reader_mutex_);
  CQD_ASSIGN_OR_RETURN(
      Statement select,
      reader_.Prepare("SELECT id, reason, record_key FROM quarantine INDEXED BY quarantine_replay "
                      "WHERE replay = 'requested' AND source_id = (SELECT id FROM source WHERE "
                      "name = ?1) ORDER BY id"));
  select.BindText(1, source);
  std::vector<ReplayRecord> records;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return records;
    records.push_back({select.Int(0), std::string(select.Text(1)), std::string(select.Text(2))});
  }
}

Status QuarantineStore::EndReplay(const ReplayOutcome& outcome) {
  std::int64_t changed = 0;
  CQD_RETURN_IF_ERROR(DeleteIds(outcome.stored, changed));
  CQD_RETURN_IF_ERROR(DeleteIds(outcome.superseded, changed));
  CQD_RETURN_IF_ERROR(MarkIds(outcome.refused, ReplayState::kRefused, changed));
  return MarkIds(outcome.missing, ReplayState::kMissing, changed);
}

Status QuarantineStore::Insert(std::span<const PendingQuarantine> pending, UtcTime now) {
  if (pending.empty()) return OkStatus();
  Changes changes;
  {
    // What is refused again may have been changed meanwhile: its newest form is kept.
    CQD_ASSIGN_OR_RETURN(
        Statement insert,
        main_.Prepare("INSERT INTO quarantine(source_id, reason, record_key, content_hash, detail, "
                      "payload, run_seq, first_at, last_at) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?8) "
                      "ON CONFLICT(source_id, reason, record_key, content_hash) DO UPDATE SET "
                      "occurrences = occurrences + 1, last_at = excluded.last_at, run_seq = "
                      "excluded.run_seq, detail = excluded.detail, payload = excluded.payload "
                      "RETURNING occurrences"));
    for (const PendingQuarantine& one : pending)
      CQD_RETURN_IF_ERROR(InsertOne(insert, one, now, changes));
  }
  CQD_RETURN_IF_ERROR(AddChanges(changes, now));
  return Evict();
}

Status QuarantineStore::InsertOne(Statement& insert, const PendingQuarantine& pending, UtcTime now,
                                  Changes& changes) {
  const model::RejectedRecord& record = pending.record;
  // Records without a key are told apart by what they hold, or two unreadable reports would be one.
  const std::string_view content = record.payload.empty() ? record.detail : record.payload;
  const auto hash = record.record_key.empty()
                        ? static_cast<std::int64_t>(XXH3_64bits(content.data(), content.size()))
                        : 0;
  const std::string_view reason = model::RejectReasonName(record.reason);
  insert.BindInt(1, record.source.value)
      .BindText(2, reason)
      .BindText(3, record.record_key)
      .BindInt(4, hash)
      .BindText(5, record.detail)
      .BindBlob(6, record.payload)
      .BindInt(7, pending.run_seq)
      .BindInt(8, ToMicros(now));
  CQD_ASSIGN_OR_RETURN(const bool row, insert.Step());
  Change& change = changes[{record.source.value, std::string(reason)}];
  ++change.refusals;
  if (row && insert.Int(0) == 1) ++change.entries;
  insert.Reset();
  return OkStatus();
}

Status QuarantineStore::Evict() {
  CQD_ASSIGN_OR_RETURN(const auto total,
                       main_.QueryInt("SELECT sum(entries) FROM quarantine_total"));
  const std::int64_t over = total.value_or(0) - entries_max_;
  if (over <= 0) return OkStatus();
  Changes changes;
  {
    CQD_ASSIGN_OR_RETURN(
        Statement remove,
        main_.Prepare("DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine ORDER BY id "
                      "LIMIT ?1) RETURNING source_id, reason"));
    remove.BindInt(1, over);
    CQD_RETURN_IF_ERROR(CountDeleted(remove, changes));
  }
  for (auto& [key, change] : changes) change.evicted = -change.entries;
  return AddChanges(changes, {});
}

Status QuarantineStore::AddChanges(const Changes& changes, UtcTime now) {
  CQD_ASSIGN_OR_RETURN(
      Statement add,
      main_.Prepare("INSERT INTO quarantine_total(source_id, reason, entries, refusals, evicted, "
                    "first_at, last_at) VALUES(?1,?2,?3,?4,?5,?6,?6) "
                    "ON CONFLICT(source_id, reason) DO UPDATE SET entries = entries + "
                    "excluded.entries, refusals = refusals + excluded.refusals, evicted = evicted "
                    "+ excluded.evicted, last_at = max(last_at, excluded.last_at)"));
  for (const auto& [key, change] : changes) {
    add.BindInt(1, key.first)
        .BindText(2, key.second)
        .BindInt(3, change.entries)
        .BindInt(4, change.refusals)
        .BindInt(5, change.evicted)
        .BindInt(6, ToMicros(now));
    CQD_RETURN_IF_ERROR(add.Run());
  }
  return main_.Execute("DELETE FROM quarantine_total WHERE entries = 0 AND evicted = 0");
}

}  // namespace cqd::archive::internal
