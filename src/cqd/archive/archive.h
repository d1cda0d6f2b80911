// The archive: every stream ever reported, by month, and what the streams' keys mean.
//
//   archive/main.sqlite             what is shared by all months: dictionaries, customer tables,
//                                   sources and watermarks, quarantine
//   archive/streams-YYYY-MM.sqlite  the streams whose session time lies in that UTC month
//
// Format: docs/formats/archive.md. Order of durability: dictionary entries, then month rows, then
// watermark; a crash in between repeats work and loses or doubles nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/mapping_versions.h"
#include "archive/quarantine.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/customer.h"
#include "model/fields.h"
#include "model/key_space.h"
#include "model/repair.h"
#include "model/stream.h"

namespace cqd::archive {

struct RowTag {};
/// Number of a stored row within its month: grows with every insert and every update (an update
/// gives the row a new number), never reused. "What changed since" is "row id greater than".
using RowId = StrongId<RowTag>;

/// What became of each record of a batch. The counts of a run add up:
/// read = inserted + updated + duplicate + quarantined.
struct WriteCounts {
  std::int64_t inserted = 0;     ///< new natural key
  std::int64_t updated = 0;      ///< known key, other content
  std::int64_t duplicate = 0;    ///< known key, same content
  std::int64_t quarantined = 0;  ///< set aside
  std::int64_t repaired = 0;     ///< of inserted and updated: rows that carry a repair mark
  std::int64_t late = 0;         ///< of inserted: rows whose month was over when they came
  std::int64_t read() const { return inserted + updated + duplicate + quarantined; }
  WriteCounts& operator+=(const WriteCounts& other);
};

/// A stored stream and its place in the month's sequence of changes.
struct StoredRow {
  RowId id;
  model::StreamRow row;
};

/// Most rows of a batch: 96 kB, which stay in the near caches between the archive and whoever takes
/// them.
inline constexpr std::size_t kScanBatchRows = 64;
/// Takes a batch of at least one row. What it returns as an error ends the scan.
using RowSink = std::function<Status(std::span<const StoredRow>)>;

/// A row whose place was taken by a newer version of the same stream.
struct Superseded {
  RowId row;  ///< the row that is no more
  RowId at;   ///< the row that replaced it: its position in the month's sequence of changes
};

/// What a month holds now.
struct MonthInfo {
  Month month;
  std::int64_t row_count = 0;
  RowId last_row_id;  ///< greatest row id ever given in this month
  /// Other after the month was dropped and made again: forget all row ids.
  std::int64_t incarnation = 0;
  std::int64_t file_bytes = 0;
};

/// A source's position. `text` is the source's own (a session time, an inbox number); opaque here.
struct Watermark {
  std::string text;
  UtcTime updated_at;
};

/// One writer at a time; it must go before its Archive. Rows become durable and visible at the
/// latest at Commit: after rows_per_transaction rows of a month all months are committed, and a
/// source that starts over from its watermark repeats them. Within a month a reader sees whole
/// transactions.
class Writer {
 public:
  virtual ~Writer() = default;
  /// Inserts, updates or recognises each row by its natural key. Rows may belong to any months.
  /// The row replaces the stored one as a whole; of two rows with one key the later one counts.
  /// Session times outside the years 1990 to 9999 go to the quarantine.
  /// Errors: kDiskFull, kUnavailable, kCorruption, kInvalidArgument (unknown source); after any
  /// error every call but the destructor gives kFailedPrecondition. Cost: 4 to 5 us a new row in
  /// key order, 11 us an update, 1 us a duplicate.
  virtual Status Upsert(std::span<const model::StreamRow> rows) = 0;
  /// Sets a record aside with its reason. A record with the same source, key and reason is kept
  /// once, without a key the same payload. Errors: as Upsert.
  virtual Status Quarantine(const model::RejectedRecord& record, std::int64_t run_seq) = 0;
  /// Makes everything since Begin or the last Commit durable, in the order dictionary, months,
  /// watermark. After an error nothing newer than the last good Commit may be assumed; the caller
  /// starts over from the watermark.
  virtual Status Commit(model::SourceId source, const std::string& watermark) = 0;
  /// Counts since Begin, by what is certain only after Commit.
  virtual const WriteCounts& counts() const = 0;
  /// Months touched since Begin with rows written.
  virtual std::vector<std::pair<Month, std::int64_t>> months() const = 0;
};

/// The dictionaries. Entries are only added; a read snapshot stays valid for the life of the
/// archive.
class Dictionaries : public model::KeyReader {
 public:
  /// The key of an exact (text, detail), or kNoKey.
  virtual model::KeyId Find(model::KeySpace space, std::string_view text,
                            std::string_view detail) const = 0;
};

struct ArchiveOptions {
  std::string folder;
  /// Rows of a month written per transaction, at least 1; larger: fewer flushes in bulk loads, a
  /// larger log beside the month's file (about 0.6 kB a row), longer to the first durable row.
  int rows_per_transaction = 50'000;
  /// Quarantined records kept, at least 1; over it the oldest go, and only their number stays.
  /// Larger: more to look at and to replay after a bad night, 1 to 4 kB of disk a record.
  std::int64_t quarantine_entries_max = 1'000'000;
  /// When a change of the customer tables takes effect.
  MappingMode mapping_mode = MappingMode::kAutomatic;
  /// Versions of the customer tables kept for undo, at least 2; larger: further back, the size of
  /// the tables each.
  int mapping_versions_max = 20;
};

/// Threads: all methods from any thread, except that one Writer exists at a time.
class Archive {
 public:
  virtual ~Archive() = default;
  /// Opens or makes the archive. Errors: kCorruption, kUnimplemented (newer format), kDiskFull,
  /// kPermissionDenied.
  static Result<std::unique_ptr<Archive>> Open(const ArchiveOptions& options, const Clock& clock);

  /// The number of the source called `name`, made when new.
  virtual Result<model::SourceId> RegisterSource(const std::string& name,
                                                 const std::string& kind) = 0;
  virtual Result<std::optional<Watermark>> ReadWatermark(model::SourceId source) const = 0;

  virtual const Dictionaries& dictionaries() const = 0;
  /// Interns keys for rows that a Writer will store; entries become durable at its Commit.
  virtual model::KeyInterner& interner() = 0;
  /// Errors: kUnavailable while another Writer lives.
  virtual Result<std::unique_ptr<Writer>> BeginWrite() = 0;

  virtual Result<std::vector<MonthInfo>> Months() const = 0;
  /// Rows of `month` with row id in (after, up_to], in row id order, in batches of at most
  /// kScanBatchRows rows that are gone when `sink` returns. Sees one consistent state. Errors:
  /// kNotFound (no such month), kCancelled, kCorruption, and what `sink` returns. Cost: 0.5 us a
  /// row (bench/RESULTS.md, Parts); 3 us while somebody writes the month (docs/decisions/0009).
  virtual Status Scan(Month month, RowId after, RowId up_to, const CancelToken& cancel,
                      const RowSink& sink) const = 0;
  /// Rows replaced or deleted with `at` in (after, up_to], in `at` order.
  virtual Result<std::vector<Superseded>> ReadSuperseded(Month month, RowId after,
                                                         RowId up_to) const = 0;

  /// Customer tables as they are now, all of one moment. Cost: one pass over them; ask
  /// CustomerTablesVersion first.
  virtual Result<model::CustomerTables> ReadCustomerTables() const = 0;
  /// Grows with every change of a customer table, also by plain SQL.
  virtual Result<std::int64_t> CustomerTablesVersion() const = 0;

  /// Which state of the customer tables is in force.
  virtual MappingVersions& mapping() = 0;
  virtual const MappingVersions& mapping() const = 0;

  /// The records that could not be stored.
  virtual Quarantine& quarantine() = 0;
  virtual const Quarantine& quarantine() const = 0;

  /// Deletes the month files older than `oldest` (exclusive); returns what was dropped. A crash
  /// leaves each month whole or gone. Errors: kUnavailable while a Writer lives, kPermissionDenied.
  virtual Result<std::vector<MonthInfo>> DropMonthsBefore(Month oldest) = 0;
  /// Bytes of all files, and free bytes on the file system.
  virtual Result<std::pair<std::int64_t, std::int64_t>> StorageBytes() const = 0;
};

}  // namespace cqd::archive
