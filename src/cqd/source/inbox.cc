#include "source/inbox.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <set>

#include "base/text.h"
#include "source/internal/text_forms.h"
#include "sqlite/database.h"

namespace cqd::source {
namespace {

/// docs/sources/collector.md describes these tables.
constexpr std::array<sqlite::Migration, 1> kMigrations = {{{1, R"sql(
CREATE TABLE report(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  received_at INTEGER NOT NULL,    -- UTC microseconds
  remote TEXT NOT NULL,
  content_type TEXT NOT NULL,
  format TEXT NOT NULL,            -- '' when nobody knew it
  reader_version INTEGER NOT NULL, -- of that format when it arrived
  hash BLOB NOT NULL,              -- SHA-256 of body without blanks around it
  transport TEXT,                  -- SIP Call-ID, CSeq, tag; NULL without SIP
  body BLOB NOT NULL);
CREATE UNIQUE INDEX report_hash ON report(hash);
CREATE INDEX report_transport ON report(transport, received_at) WHERE transport IS NOT NULL;
CREATE INDEX report_received ON report(received_at);
CREATE TABLE queue(
  position INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: the watermark counts in it
  report_id INTEGER NOT NULL REFERENCES report(id) ON DELETE CASCADE);
CREATE INDEX queue_report ON queue(report_id);
CREATE TABLE call(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  session_time INTEGER NOT NULL);
CREATE TABLE call_report(
  call_seq INTEGER NOT NULL REFERENCES call(seq) ON DELETE CASCADE,
  report_id INTEGER NOT NULL REFERENCES report(id) ON DELETE CASCADE,
  PRIMARY KEY(call_seq, report_id)) WITHOUT ROWID;
CREATE INDEX call_report_report ON call_report(report_id);
)sql"}}};

constexpr std::size_t kQueueBytesMax = 16U << 20U;
constexpr std::size_t kTextMax = 1024;  // of remote and content type

std::string HashOf(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
}

/// A document on its way to disk.
struct Entry {
  Receipt receipt;
  std::string body, hash, transport;
  int reader_version = 0;
};

/// One Accept call that waits for its write.
struct Pending {
  std::vector<Entry> entries;
  std::string content_type, remote;
  UtcTime received_at;
  Status status;
  bool done = false;
};

class SqliteInbox final : public Inbox {
 public:
  SqliteInbox(sqlite::Database writer, sqlite::Database reader, const InboxOptions& options)
      : writer_(std::move(writer)), reader_(std::move(reader)), options_(options) {}

  const ParseLimits& limits() const override { return options_.limits; }

  Result<std::vector<Receipt>> Accept(std::string_view bytes, std::string_view content_type,
                                      std::string_view remote, UtcTime received_at) override {
    Pending pending;
    CQD_ASSIGN_OR_RETURN(pending.entries, Prepare(bytes, content_type));
    pending.content_type = CleanUtf8(content_type, kTextMax);
    pending.remote = CleanUtf8(remote, kTextMax);
    pending.received_at = received_at;
    CQD_RETURN_IF_ERROR(WriteWithOthers(pending));
    std::vector<Receipt> receipts;
    for (Entry& entry : pending.entries) receipts.push_back(std::move(entry.receipt));
    return receipts;
  }

  Result<std::vector<StoredReport>> ReadQueue(std::int64_t after, std::size_t most) override {
    const std::lock_guard lock(reader_mutex_);
    CQD_ASSIGN_OR_RETURN(
        auto select,
        reader_.Prepare(
            "SELECT r.id, q.position, r.received_at, r.remote, r.content_type, r.format, r.body "
            "FROM queue q JOIN report r ON r.id = q.report_id "
            "WHERE q.position > ?1 ORDER BY q.position LIMIT ?2"));
    select.BindInt(1, after).BindInt(2, static_cast<std::int64_t>(most));
    return ReadReports(select, kQueueBytesMax);
  }

  Result<std::int64_t> LastPosition() override {
    const std::lock_guard lock(reader_mutex_);
    CQD_ASSIGN_OR_RETURN(const auto last,
                         reader_.QueryInt("SELECT seq FROM sqlite_sequence WHERE name = 'queue'"));
    return last.value_or(0);
  }

  Result<std::vector<StoredCall>> AssignCalls(std::span<const CallOfReport> reports) override {
    const std::lock_guard lock(writer_mutex_);
    CQD_ASSIGN_OR_RETURN(auto transaction, sqlite::Transaction::Begin(writer_));
    CQD_ASSIGN_OR_RETURN(
        auto add,
        writer_.Prepare(
            "INSERT INTO call(key, session_time) VALUES(?1, ?2) ON CONFLICT(key) DO NOTHING"));
    CQD_ASSIGN_OR_RETURN(auto find,
                         writer_.Prepare("SELECT seq, session_time FROM call WHERE key = ?1"));
    CQD_ASSIGN_OR_RETURN(auto link,
                         writer_.Prepare("INSERT OR IGNORE INTO call_report VALUES(?1, ?2)"));
    std::vector<StoredCall> calls;
    for (const CallOfReport& report : reports) {
      add.BindText(1, report.call_key).BindInt(2, ToMicros(report.received_at));
      CQD_RETURN_IF_ERROR(add.Run());
      find.BindText(1, report.call_key);
      CQD_ASSIGN_OR_RETURN(const bool found, find.Step());
      CQD_CHECK(found);
      calls.push_back({find.Int(0), FromMicros(find.Int(1)), report.call_key});
      find.Reset();
      link.BindInt(1, calls.back().seq).BindInt(2, report.report_id);
      CQD_RETURN_IF_ERROR(link.Run());
    }
    CQD_RETURN_IF_ERROR(transaction.Commit());
    return calls;
  }

  Result<std::vector<StoredReport>> ReportsOfCall(std::int64_t call_seq) override {
    const std::lock_guard lock(reader_mutex_);
    CQD_ASSIGN_OR_RETURN(
        auto select,
        reader_.Prepare("SELECT r.id, 0, r.received_at, r.remote, r.content_type, r.format, r.body "
                        "FROM call_report c JOIN report r ON r.id = c.report_id "
                        "WHERE c.call_seq = ?1 ORDER BY r.id DESC LIMIT ?2"));
    select.BindInt(1, call_seq).BindInt(2, kReportsPerCallMax);
    return ReadReports(select, SIZE_MAX);
  }

  Result<StoredReport> ReadReport(std::int64_t id) override {
    const std::lock_guard lock(reader_mutex_);
    CQD_ASSIGN_OR_RETURN(
        auto select,
        reader_.Prepare("SELECT id, 0, received_at, remote, content_type, format, body "
                        "FROM report WHERE id = ?1"));
    select.BindInt(1, id);
    CQD_ASSIGN_OR_RETURN(auto reports, ReadReports(select, SIZE_MAX));
    if (reports.empty()) return Fail(ErrorCode::kNotFound, fmt::format("no report {}", id));
    return std::move(reports.front());
  }

  Result<std::int64_t> CountPending(std::int64_t after) override {
    const std::lock_guard lock(reader_mutex_);
    CQD_ASSIGN_OR_RETURN(
        const auto count,
        reader_.QueryInt(fmt::format("SELECT count(*) FROM queue WHERE position > {}", after)));
    return count.value_or(0);
  }

  Result<std::optional<UtcTime>> OldestPending(std::int64_t after) override {
    return TimeFrom(
        fmt::format("SELECT r.received_at FROM queue q JOIN report r ON r.id = q.report_id WHERE "
                    "q.position > {} "
                    "ORDER BY q.position LIMIT 1",
                    after));
  }

  Result<std::optional<UtcTime>> NewestReceived() override {
    return TimeFrom("SELECT max(received_at) FROM report");
  }

  Result<std::vector<std::int64_t>> Requeue(std::span<const std::int64_t> ids) override {
    const std::lock_guard lock(writer_mutex_);
    CQD_ASSIGN_OR_RETURN(auto transaction, sqlite::Transaction::Begin(writer_));
    CQD_ASSIGN_OR_RETURN(
        auto add,
        writer_.Prepare("INSERT INTO queue(report_id) SELECT id FROM report WHERE id = ?1"));
    std::vector<std::int64_t> there;
    for (const std::int64_t id : std::set<std::int64_t>(ids.begin(), ids.end())) {
      add.BindInt(1, id);
      CQD_RETURN_IF_ERROR(add.Run());
      if (writer_.changes() > 0) there.push_back(id);
    }
    CQD_RETURN_IF_ERROR(transaction.Commit());
    return there;
  }

  Result<std::int64_t> DropReceivedBefore(UtcTime before, std::int64_t integrated) override {
    std::int64_t dropped = 0;
    // In pieces, so that Accept never waits for long.
    for (;;) {
      CQD_ASSIGN_OR_RETURN(const Dropped piece, DropPiece(before, integrated));
      if (piece.calls == 0 && piece.reports == 0) return dropped;
      dropped += piece.reports;
    }
  }

 private:
  /// Splits, reads and hashes: everything that can be done before the lock is taken.
  Result<std::vector<Entry>> Prepare(std::string_view bytes, std::string_view content_type) const {
    if (bytes.empty()) return Fail(ErrorCode::kInvalidArgument, "the report is empty");
    if (bytes.size() > options_.limits.document_bytes_max) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("a body may have at most {} bytes, this one has {}",
                              options_.limits.document_bytes_max, bytes.size()));
    }
    const ReportFormat* format = FindFormat(content_type, bytes);
    const std::vector<std::string> pieces =
        format == nullptr ? std::vector<std::string>{std::string(bytes)} : format->Split(bytes);
    std::vector<Entry> entries;
    for (const std::string& piece : pieces) {
      entries.push_back(PrepareOne(format, piece));
      if (entries.back().receipt.status == ReceiptStatus::kRefused && pieces.size() == 1) {
        return Fail(ErrorCode::kResourceExhausted, entries.back().receipt.reason);
      }
    }
    return entries;
  }

  Entry PrepareOne(const ReportFormat* format, const std::string& piece) const {
    Entry entry;
    const std::size_t bytes_max = format == nullptr ? options_.limits.report_bytes_max
                                                    : format->DocumentBytesMax(options_.limits);
    if (format != nullptr) {
      entry.receipt.format = format->name();
      entry.reader_version = format->reader_version();
    }
    if (piece.size() > bytes_max) {
      entry.receipt.status = ReceiptStatus::kRefused;
      entry.receipt.reason = fmt::format("a report may have at most {} bytes, this one has {}",
                                         bytes_max, piece.size());
      return entry;
    }
    if (format == nullptr) {
      entry.receipt.status = ReceiptStatus::kRejected;
      entry.receipt.reason = "unknown kind of report";
    } else if (auto parsed = format->Parse(piece, options_.limits); !parsed.ok()) {
      entry.receipt.status = ReceiptStatus::kRejected;
      entry.receipt.reason = parsed.error().message;
    }
    // Blank lines at the ends come and go on the way; they do not make another report.
    entry.hash = HashOf(Trim(piece));
    entry.transport = internal::SipTransaction(piece);
    entry.body = piece;
    return entry;
  }

  /// Group commit: whoever finds nobody writing writes for all who wait.
  Status WriteWithOthers(Pending& pending) {
    std::unique_lock lock(queue_mutex_);
    waiting_.push_back(&pending);
    written_.wait(lock, [&] { return pending.done || !writing_; });
    if (pending.done) return pending.status;
    writing_ = true;
    std::vector<Pending*> group;
    group.swap(waiting_);
    lock.unlock();
    Status status = WriteGroup(group);
    lock.lock();
    writing_ = false;
    for (Pending* member : group) {
      member->status = status;
      member->done = true;
    }
    written_.notify_all();
    return status;
  }

  Status WriteGroup(const std::vector<Pending*>& group) {
    const std::lock_guard lock(writer_mutex_);
    CQD_RETURN_IF_ERROR(PrepareStatements());
    CQD_ASSIGN_OR_RETURN(auto transaction, sqlite::Transaction::Begin(writer_));
    for (Pending* pending : group) {
      for (Entry& entry : pending->entries) {
        if (entry.receipt.status == ReceiptStatus::kRefused) continue;
        Status status = WriteOne(*pending, entry);
        if (!status.ok()) {
          for (auto* statement : {&*by_hash_, &*by_transport_, &*insert_, &*enqueue_})
            statement->Reset();
          return status;
        }
      }
    }
    return transaction.Commit();
  }

  Status PrepareStatements() {
    if (enqueue_) return OkStatus();
    CQD_ASSIGN_OR_RETURN(by_hash_, writer_.Prepare("SELECT id FROM report WHERE hash = ?1"));
    CQD_ASSIGN_OR_RETURN(
        by_transport_,
        writer_.Prepare(
            "SELECT id FROM report WHERE transport = ?1 AND received_at BETWEEN ?2 AND ?3 "
            "ORDER BY received_at DESC LIMIT 1"));
    CQD_ASSIGN_OR_RETURN(
        insert_,
        writer_.Prepare(
            "INSERT INTO report(received_at, remote, content_type, format, reader_version, "
            "hash, transport, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    CQD_ASSIGN_OR_RETURN(enqueue_, writer_.Prepare("INSERT INTO queue(report_id) VALUES(?1)"));
    return OkStatus();
  }

  Status WriteOne(const Pending& pending, Entry& entry) {
    CQD_ASSIGN_OR_RETURN(const std::int64_t known, FindDuplicate(pending, entry));
    if (known != 0) {
      entry.receipt.id = known;
      // A repeated unreadable report stays "rejected": its sender should hear why.
      if (entry.receipt.status == ReceiptStatus::kAccepted)
        entry.receipt.status = ReceiptStatus::kDuplicate;
      return OkStatus();
    }
    insert_->BindInt(1, ToMicros(pending.received_at))
        .BindText(2, pending.remote)
        .BindText(3, pending.content_type)
        .BindText(4, entry.receipt.format)
        .BindInt(5, entry.reader_version)
        .BindBlob(6, entry.hash)
        .BindBlob(8, entry.body);
    if (entry.transport.empty()) {
      insert_->BindNull(7);
    } else {
      insert_->BindText(7, entry.transport);
    }
    CQD_RETURN_IF_ERROR(insert_->Run());
    entry.receipt.id = writer_.last_insert_rowid();
    enqueue_->BindInt(1, entry.receipt.id);
    return enqueue_->Run();
  }

  /// Id of the report that this one repeats; 0 when it is new.
  Result<std::int64_t> FindDuplicate(const Pending& pending, const Entry& entry) {
    std::int64_t known = 0;
    by_hash_->BindBlob(1, entry.hash);
    CQD_ASSIGN_OR_RETURN(const bool same_bytes, by_hash_->Step());
    if (same_bytes) known = by_hash_->Int(0);
    by_hash_->Reset();
    if (known != 0 || entry.transport.empty()) return known;
    const std::int64_t window = options_.retransmission_window.count();
    const std::int64_t at = ToMicros(pending.received_at);
    by_transport_->BindText(1, entry.transport).BindInt(2, at - window).BindInt(3, at + window);
    CQD_ASSIGN_OR_RETURN(const bool same_request, by_transport_->Step());
    if (same_request) known = by_transport_->Int(0);
    by_transport_->Reset();
    return known;
  }

  struct Dropped {
    std::int64_t calls = 0, reports = 0;
  };
  Result<Dropped> DropPiece(UtcTime before, std::int64_t integrated) {
    const std::lock_guard lock(writer_mutex_);
    CQD_ASSIGN_OR_RETURN(auto transaction, sqlite::Transaction::Begin(writer_));
    const auto old = [&](std::string_view alias) {
      return fmt::format(
          "({0}.received_at < {1} AND NOT EXISTS (SELECT 1 FROM queue q "
          "WHERE q.report_id = {0}.id AND q.position > {2}))",
          alias, ToMicros(before), integrated);
    };
    CQD_RETURN_IF_ERROR(
        writer_.Execute(fmt::format("DELETE FROM call WHERE seq IN (SELECT c.seq FROM call c WHERE "
                                    "c.session_time < {} AND NOT EXISTS ("
                                    "SELECT 1 FROM call_report cr JOIN report r ON r.id = "
                                    "cr.report_id WHERE cr.call_seq = c.seq AND NOT {}) "
                                    "LIMIT 2000)",
                                    ToMicros(before), old("r"))));
    const std::int64_t calls = writer_.changes();
    CQD_RETURN_IF_ERROR(writer_.Execute(fmt::format(
        "DELETE FROM report WHERE id IN (SELECT r.id FROM report r WHERE {} AND NOT EXISTS ("
        "SELECT 1 FROM call_report cr WHERE cr.report_id = r.id) LIMIT 5000)",
        old("r"))));
    const Dropped dropped{calls, writer_.changes()};
    CQD_RETURN_IF_ERROR(transaction.Commit());
    return dropped;
  }

  static Result<std::vector<StoredReport>> ReadReports(sqlite::Statement& select,
                                                       std::size_t bytes_max) {
    std::vector<StoredReport> reports;
    std::size_t bytes = 0;
    for (;;) {
      CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) return reports;
      StoredReport report;
      report.id = select.Int(0);
      report.position = select.Int(1);
      report.received_at = FromMicros(select.Int(2));
      report.remote = select.Text(3);
      report.content_type = select.Text(4);
      report.format = select.Text(5);
      report.body = select.Blob(6);
      bytes += report.body.size();
      if (bytes > bytes_max && !reports.empty()) return reports;
      reports.push_back(std::move(report));
    }
  }

  Result<std::optional<UtcTime>> TimeFrom(const std::string& sql) {
    const std::lock_guard lock(reader_mutex_);
    CQD_ASSIGN_OR_RETURN(const auto micros, reader_.QueryInt(sql));
    return micros ? std::optional<UtcTime>(FromMicros(*micros)) : std::nullopt;
  }

  std::mutex writer_mutex_, reader_mutex_;  // one thread at a time on each connection
  sqlite::Database writer_, reader_;
  const InboxOptions options_;
  std::optional<sqlite::Statement> by_hash_, by_transport_, insert_, enqueue_;

  std::mutex queue_mutex_;
  std::condition_variable written_;
  std::vector<Pending*> waiting_;
  bool writing_ = false;
};

}  // namespace

std::string_view ReceiptStatusName(ReceiptStatus status) {
  switch (status) {
    case ReceiptStatus::kAccepted:
      return "accepted";
    case ReceiptStatus::kDuplicate:
      return "duplicate";
    case ReceiptStatus::kRejected:
      return "rejected";
    case ReceiptStatus::kRefused:
      return "refused";
  }
  return "unknown";
}

Result<std::unique_ptr<Inbox>> Inbox::Open(const std::string& path, const InboxOptions& options) {
  CQD_ASSIGN_OR_RETURN(auto writer, sqlite::Database::Open(path));
  CQD_RETURN_IF_ERROR(sqlite::Migrate(writer, kMigrations, "the inbox"));
  sqlite::OpenOptions read_only;
  read_only.mode = sqlite::OpenMode::kReadOnly;
  CQD_ASSIGN_OR_RETURN(auto reader, sqlite::Database::Open(path, read_only));
  return std::unique_ptr<Inbox>(
      std::make_unique<SqliteInbox>(std::move(writer), std::move(reader), options));
}

}  // namespace cqd::source
