#include "integration/internal/ledger_chain.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <sqlite3.h>

#include <array>

namespace cqd::integration::internal {
namespace {

std::string Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  CQD_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) ==
            1);
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

char TypeLetter(int sqlite_type) {
  switch (sqlite_type) {
    case SQLITE_INTEGER:
      return 'i';
    case SQLITE_FLOAT:
      return 'r';
    case SQLITE_TEXT:
      return 't';
    case SQLITE_BLOB:
      return 'b';
    default:
      return 'n';
  }
}

/// Position and hash of the newest link, or of the beginning.
struct Head {
  std::int64_t position = 0;
  std::string hash;
};

Result<Head> ReadHead(sqlite::Database& database) {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement newest,
      database.Prepare("SELECT position, hash FROM (SELECT position, hash FROM ledger ORDER BY "
                       "position DESC LIMIT 1) UNION ALL SELECT position, hash FROM ledger_anchor "
                       "ORDER BY position DESC LIMIT 1"));
  CQD_ASSIGN_OR_RETURN(const bool row, newest.Step());
  // Somebody removed the beginning; verification tells, new runs are linked all the same.
  if (!row) return Head{0, std::string(kLedgerGenesis)};
  return Head{newest.Int(0), std::string(newest.Text(1))};
}

}  // namespace

const std::string_view kLedgerColumns =
    "run.seq, run.run_id, run.stage, run.kind, run.month, run.trigger, run.requested_by, "
    "run.caused_by, run.state, run.boot_id, run.scheduled_at, run.queued_at, run.started_at, "
    "run.heartbeat_at, run.finished_at, run.duration_ms, run.wait_ms, run.version, run.details, "
    "run.retry_of, run.attempt, run.idempotency_key";

std::string LinkHash(std::string_view prev, std::string_view origin, const sqlite::Statement& row,
                     int first) {
  std::string text = fmt::format("{}\n{}\n", prev, origin);
  for (int column = first; column < first + kLedgerColumnCount; ++column) {
    const char type = TypeLetter(sqlite3_column_type(row.handle(), column));
    text += type;
    if (type == 'n') continue;
    const std::string_view bytes = type == 'b' ? row.Blob(column) : row.Text(column);
    text += fmt::format("{}:", bytes.size());
    text += bytes;
  }
  return Sha256Hex(text);
}

Result<LedgerMark> AppendLink(sqlite::Database& database, std::int64_t run_seq,
                              std::string_view origin) {
  CQD_ASSIGN_OR_RETURN(const Head head, ReadHead(database));
  LedgerMark mark{head.hash, {}};
  {
    CQD_ASSIGN_OR_RETURN(
        sqlite::Statement run,
        database.Prepare(fmt::format("SELECT {} FROM run WHERE seq=?", kLedgerColumns)));
    run.BindInt(1, run_seq);
    CQD_ASSIGN_OR_RETURN(const bool row, run.Step());
    if (!row) return Fail(ErrorCode::kNotFound, "there is no run of that number");
    mark.hash = LinkHash(mark.prev, origin, run, 0);
  }
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement insert,
      database.Prepare(
          "INSERT INTO ledger(position, run_seq, origin, prev, hash) VALUES(?,?,?,?,?)"));
  insert.BindInt(1, head.position + 1).BindInt(2, run_seq).BindText(3, origin);
  insert.BindText(4, mark.prev).BindText(5, mark.hash);
  CQD_RETURN_IF_ERROR(insert.Run());
  return mark;
}

Status LinkOldRuns(sqlite::Database& database) {
  std::vector<std::int64_t> ended;
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement runs,
      database.Prepare("SELECT seq FROM run WHERE state NOT IN ('queued','running') AND seq NOT IN "
                       "(SELECT run_seq FROM ledger) ORDER BY seq"));
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, runs.Step());
    if (!row) break;
    ended.push_back(runs.Int(0));
  }
  for (const std::int64_t seq : ended)
    CQD_RETURN_IF_ERROR(AppendLink(database, seq, kLinkedAtUpgrade));
  return OkStatus();
}

Status CutLedger(sqlite::Database& database, std::int64_t position) {
  for (const std::string_view sql :
       {"UPDATE ledger_anchor SET (position, run_seq, hash) = (SELECT position, run_seq, hash FROM "
        "ledger WHERE position=?1)",
        "DELETE FROM run WHERE seq IN (SELECT run_seq FROM ledger WHERE position<=?1)",
        "DELETE FROM ledger WHERE position<=?1"}) {
    CQD_ASSIGN_OR_RETURN(sqlite::Statement statement, database.Prepare(sql));
    statement.BindInt(1, position);
    CQD_RETURN_IF_ERROR(statement.Run());
  }
  return OkStatus();
}

}  // namespace cqd::integration::internal
