#include "archive/internal/month_file.h"

#include <fmt/format.h>
#include <sqlite3.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <filesystem>
#include <random>
#include <set>

#include "base/check.h"
#include "file/io.h"

namespace cqd::archive::internal {
namespace {

using model::AllFields;
using model::FieldInfo;
using model::StreamKey;
using model::StreamRow;
using sqlite::Database;
using sqlite::Statement;

constexpr std::string_view kPrefix = "streams-";
constexpr std::string_view kSuffix = ".sqlite";
/// reference/performance-anchors.md, Archive: 16 KiB pages write fastest.
constexpr int kPageBytes = 16 * 1024;
/// Parameters of the insert in front of the fields: row id, five key parts, content hash.
constexpr int kLeadingParameters = 7;

std::string CreateTables(Month month) {
  // A number that no other file of this month ever had: time would repeat when clocks are set back.
  std::random_device random;
  const std::uint64_t incarnation = (static_cast<std::uint64_t>(random()) << 32 | random()) >> 1;
  std::string columns;
  for (const FieldInfo& info : AllFields()) columns += fmt::format(",\n  {} INTEGER", info.column);
  return fmt::format(
      "CREATE TABLE meta(name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;\n"
      "INSERT INTO meta VALUES('month', '{}'), ('incarnation', {}), ('row_count', 0), "
      "('last_row_id', 0);\n"
      "CREATE TABLE stream(\n"
      "  row_id INTEGER PRIMARY KEY,\n"
      "  source_id INTEGER NOT NULL,\n"
      "  session_time INTEGER NOT NULL,\n"
      "  session_seq INTEGER NOT NULL,\n"
      "  media_label INTEGER NOT NULL,\n"
      "  stream_id INTEGER NOT NULL,\n"
      "  content_hash INTEGER NOT NULL{});\n"
      "CREATE UNIQUE INDEX stream_key ON stream(source_id, session_time, session_seq, media_label, "
      "stream_id);\n"
      "CREATE TABLE superseded(at INTEGER PRIMARY KEY, row INTEGER NOT NULL);\n",
      month.ToString(), incarnation, columns);
}

Result<std::set<std::string>> ColumnsOf(Database& database) {
  CQD_ASSIGN_OR_RETURN(Statement info,
                       database.Prepare("SELECT name FROM pragma_table_info('stream')"));
  std::set<std::string> columns;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, info.Step());
    if (!row) return columns;
    columns.emplace(info.Text(0));
  }
}

/// The list of fields grows from release to release; a file of an older one lacks columns.
Status AddMissingColumns(Database& database) {
  CQD_ASSIGN_OR_RETURN(const std::set<std::string> columns, ColumnsOf(database));
  std::string sql;
  for (const FieldInfo& info : AllFields()) {
    if (columns.contains(std::string(info.column))) continue;
    sql += fmt::format("ALTER TABLE stream ADD COLUMN {} INTEGER;", info.column);
  }
  if (sql.empty()) return OkStatus();
  CQD_ASSIGN_OR_RETURN(sqlite::Transaction transaction, sqlite::Transaction::Begin(database));
  CQD_RETURN_IF_ERROR(database.Execute(sql));
  return transaction.Commit();
}

Status CheckMonth(Database& database, Month month) {
  CQD_ASSIGN_OR_RETURN(Statement meta,
                       database.Prepare("SELECT value FROM meta WHERE name = 'month'"));
  CQD_ASSIGN_OR_RETURN(const bool row, meta.Step());
  if (row && meta.Text(0) == month.ToString()) return OkStatus();
  return Fail(ErrorCode::kCorruption,
              fmt::format("the archive file of {} says it holds another month; was it renamed?",
                          month.ToString()),
              database.path());
}

std::string PathOf(const std::string& folder, Month month) {
  return folder + "/" + MonthFileName(month);
}

std::uint64_t HashOfName(std::string_view name) {
  return XXH3_64bits(name.data(), name.size());
}

}  // namespace

std::string MonthFileName(Month month) {
  return fmt::format("{}{}{}", kPrefix, month.ToString(), kSuffix);
}

std::optional<Month> MonthOfFileName(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  if (name.size() < kPrefix.size() + kSuffix.size()) return std::nullopt;
  const auto month =
      Month::Parse(name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size()));
  if (!month.ok() || MonthFileName(*month) != name) return std::nullopt;
  return *month;
}

Result<Database> OpenMonthForWriting(const std::string& folder, Month month) {
  const std::string path = PathOf(folder, month);
  CQD_ASSIGN_OR_RETURN(Database database, Database::Open(path, {.page_size_bytes = kPageBytes}));
  // A larger log than SQLite's default (1000 pages) is copied back less often; 16 MiB of cache keep
  // the end of the table and of its index in memory. secure_delete would write every freed page.
  CQD_RETURN_IF_ERROR(
      database.Execute("PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=33554432; "
                       "PRAGMA cache_size=-16384; PRAGMA secure_delete=OFF"));
  const std::string create = CreateTables(month);
  const sqlite::Migration migrations[] = {{1, create}};
  CQD_RETURN_IF_ERROR(sqlite::Migrate(database, migrations,
                                      fmt::format("The archive file of {}", month.ToString())));
  CQD_RETURN_IF_ERROR(CheckMonth(database, month));
  CQD_RETURN_IF_ERROR(AddMissingColumns(database));
  CQD_RETURN_IF_ERROR(file::SyncFolder(folder));
  return database;
}

Result<Database> OpenMonthForReading(const std::string& folder, Month month) {
  CQD_ASSIGN_OR_RETURN(Database database, Database::Open(PathOf(folder, month),
                                                         {.mode = sqlite::OpenMode::kReadOnly}));
  CQD_RETURN_IF_ERROR(database.Execute("PRAGMA cache_size=-4096"));
  return database;
}

void FoldMonthLog(const std::string& folder, Month month) {
  const std::string path = PathOf(folder, month);
  std::error_code error;
  const auto log_bytes = std::filesystem::file_size(path + "-wal", error);
  if (error || log_bytes == 0) return;
  auto database =
      Database::Open(path, {.mode = sqlite::OpenMode::kReadWrite, .busy_timeout_ms = 0});
  if (database.ok()) (void)database->Execute("PRAGMA wal_checkpoint(TRUNCATE)").ok();
}

Result<MonthState> ReadMonthState(Database& database) {
  CQD_ASSIGN_OR_RETURN(Statement meta, database.Prepare("SELECT name, value FROM meta"));
  MonthState state;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, meta.Step());
    if (!row) return state;
    const std::string_view name = meta.Text(0);
    if (name == "row_count") state.row_count = meta.Int(1);
    if (name == "last_row_id") state.last_row_id = meta.Int(1);
    if (name == "incarnation") state.incarnation = meta.Int(1);
  }
}

std::uint64_t ContentHash(const StreamRow& row) {
  static const auto* const kSeeds = [] {
    auto* seeds = new std::array<std::uint64_t, model::kFieldCount>();
    for (std::size_t i = 0; i < seeds->size(); ++i) (*seeds)[i] = HashOfName(AllFields()[i].column);
    return seeds;
  }();
  // A sum, so that the order of the fields does not matter either.
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (row.values[i] == model::kNull) continue;
    sum += XXH3_64bits_withSeed(&row.values[i], sizeof row.values[i], (*kSeeds)[i]);
  }
  return sum;
}

Result<std::unique_ptr<MonthWriter>> MonthWriter::Open(const std::string& folder, Month month) {
  CQD_ASSIGN_OR_RETURN(Database database, OpenMonthForWriting(folder, month));
  std::unique_ptr<MonthWriter> writer(new MonthWriter(std::move(database), month));
  CQD_ASSIGN_OR_RETURN(writer->committed_, ReadMonthState(writer->database_));
  writer->state_ = writer->committed_;
  CQD_RETURN_IF_ERROR(writer->Prepare());
  return writer;
}

Status MonthWriter::Prepare() {
  std::string columns =
      "row_id, source_id, session_time, session_seq, media_label, stream_id, content_hash";
  std::string marks = "?1, ?2, ?3, ?4, ?5, ?6, ?7";
  int parameter = kLeadingParameters;
  for (const FieldInfo& info : AllFields()) {
    columns += fmt::format(", {}", info.column);
    marks += fmt::format(", ?{}", ++parameter);
  }
  CQD_ASSIGN_OR_RETURN(
      insert_, database_.Prepare(fmt::format("INSERT INTO stream({}) VALUES({})", columns, marks)));
  CQD_ASSIGN_OR_RETURN(
      find_, database_.Prepare("SELECT row_id, content_hash FROM stream WHERE source_id = ? AND "
                               "session_time = ? AND session_seq = ? AND media_label = ? AND "
                               "stream_id = ?"));
  CQD_ASSIGN_OR_RETURN(
      greatest_,
      database_.Prepare("SELECT session_time, session_seq, media_label, stream_id FROM stream "
                        "WHERE source_id = ? ORDER BY session_time DESC, session_seq DESC, "
                        "media_label DESC, stream_id DESC LIMIT 1"));
  CQD_ASSIGN_OR_RETURN(delete_, database_.Prepare("DELETE FROM stream WHERE row_id = ?"));
  CQD_ASSIGN_OR_RETURN(supersede_,
                       database_.Prepare("INSERT INTO superseded(at, row) VALUES(?, ?)"));
  return OkStatus();
}

Status MonthWriter::Begin() {
  CQD_RETURN_IF_ERROR(database_.Execute("BEGIN IMMEDIATE"));
  // What the file says now that nobody else can write.
  CQD_ASSIGN_OR_RETURN(committed_, ReadMonthState(database_));
  state_ = committed_;
  greatest_keys_.clear();
  return OkStatus();
}

Result<bool> MonthWriter::MayExist(const StreamKey& key) {
  const auto [known, added] = greatest_keys_.try_emplace(key.source);
  auto& greatest = known->second;
  if (added) {
    greatest_->BindInt(1, key.source.value);
    CQD_ASSIGN_OR_RETURN(const bool row, greatest_->Step());
    if (row) {
      greatest = StreamKey{key.source, FromMicros(greatest_->Int(0)), greatest_->Int(1),
                           static_cast<std::int32_t>(greatest_->Int(2)), greatest_->Int(3)};
    }
    greatest_->Reset();
  }
  if (greatest && key <= *greatest) return true;
  greatest = key;
  return false;
}

Status MonthWriter::Insert(const StreamRow& row, std::uint64_t hash) {
  Statement& insert = *insert_;
  insert.BindInt(1, state_.last_row_id + 1)
      .BindInt(2, row.key.source.value)
      .BindInt(3, ToMicros(row.key.session_time))
      .BindInt(4, row.key.session_seq)
      .BindInt(5, row.key.media_label)
      .BindInt(6, row.key.stream_id)
      .BindInt(7, static_cast<std::int64_t>(hash));
  // Most fields of most rows are null, so only what differs from null now or before is bound, and
  // the bindings are kept from row to row.
  sqlite3_stmt* const handle = insert.handle();
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    const model::Value value = row.values[i];
    const int parameter = kLeadingParameters + 1 + static_cast<int>(i);
    if (value != model::kNull) {
      sqlite3_bind_int64(handle, parameter, value);
      bound_[i] = true;
    } else if (bound_[i]) {
      sqlite3_bind_null(handle, parameter);
      bound_[i] = false;
    }
  }
  const auto stepped = insert.Step();
  sqlite3_reset(handle);
  if (!stepped.ok()) return stepped.error();
  ++state_.last_row_id;
  ++state_.row_count;
  ++pending_;
  return OkStatus();
}

Status MonthWriter::Replace(std::int64_t old_row_id) {
  delete_->BindInt(1, old_row_id);
  CQD_RETURN_IF_ERROR(delete_->Run());
  --state_.row_count;
  supersede_->BindInt(1, state_.last_row_id + 1).BindInt(2, old_row_id);
  return supersede_->Run();
}

Result<UpsertOutcome> MonthWriter::Upsert(const StreamRow& row) {
  if (!database_.in_transaction()) CQD_RETURN_IF_ERROR(Begin());
  const std::uint64_t hash = ContentHash(row);
  auto outcome = UpsertOutcome::kInserted;
  CQD_ASSIGN_OR_RETURN(const bool may_exist, MayExist(row.key));
  if (may_exist) {
    find_->BindInt(1, row.key.source.value)
        .BindInt(2, ToMicros(row.key.session_time))
        .BindInt(3, row.key.session_seq)
        .BindInt(4, row.key.media_label)
        .BindInt(5, row.key.stream_id);
    CQD_ASSIGN_OR_RETURN(const bool found, find_->Step());
    const std::int64_t old_row_id = found ? find_->Int(0) : 0;
    const bool same = found && static_cast<std::uint64_t>(find_->Int(1)) == hash;
    find_->Reset();
    if (same) return UpsertOutcome::kDuplicate;
    if (found) {
      CQD_RETURN_IF_ERROR(Replace(old_row_id));
      outcome = UpsertOutcome::kUpdated;
    }
  }
  CQD_RETURN_IF_ERROR(Insert(row, hash));
  return outcome;
}

Status MonthWriter::Commit() {
  if (!database_.in_transaction()) return OkStatus();
  // A transaction that met only duplicates wrote nothing and needs no disk.
  if (pending_ > 0) {
    CQD_RETURN_IF_ERROR(
        database_.Execute(fmt::format("UPDATE meta SET value = {} WHERE name = 'row_count'; "
                                      "UPDATE meta SET value = {} WHERE name = 'last_row_id'",
                                      state_.row_count, state_.last_row_id)));
  }
  CQD_RETURN_IF_ERROR(database_.Execute("COMMIT"));
  committed_ = state_;
  pending_ = 0;
  return OkStatus();
}

void MonthWriter::Rollback() {
  // A full disk makes SQLite roll back by itself; then there is nothing to do.
  if (database_.in_transaction()) (void)database_.Execute("ROLLBACK").ok();
  state_ = committed_;
  greatest_keys_.clear();
  pending_ = 0;
}

}  // namespace cqd::archive::internal
