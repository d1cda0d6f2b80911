// The cube: what the archive holds, in columns, by month, ready to be asked.
//
// A processing run turns what changed in the archive since the last run into segment files and
// publishes an immutable Snapshot with a new version. Readers hold a snapshot as long as they like;
// they never wait and never see half a run. Format: docs/formats/segment.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/time_zone.h"
#include "cube/explain.h"
#include "cube/mapping_change.h"
#include "cube/query.h"
#include "model/mapping.h"

namespace cqd::cube {

/// One published state. Immutable; threads: any.
class Snapshot : public Executor {
 public:
  virtual std::int64_t data_version() const = 0;  ///< grows by one with each publish
  virtual UtcTime published_at() const = 0;
  virtual std::optional<UtcTime> data_through()
      const = 0;  ///< newest session time in it (trusted); nullopt when empty
  virtual std::int64_t row_count() const = 0;
  virtual std::int64_t bytes_on_disk() const = 0;
  virtual const model::Mapping& mapping() const = 0;
  virtual const TimeZone& zone() const = 0;
  /// What would change for the streams if they were read by `candidate`. Errors: kCancelled,
  /// kDeadlineExceeded, kUnimplemented (a snapshot without segments).
  virtual Result<MappingChange> CompareMapping(const model::Mapping& candidate,
                                               const QueryLimits& limits) const;
  /// Answers the query and tells what that touched. Errors: those of Answer; kUnimplemented.
  virtual Result<QueryExplanation> Explain(const CubeQuery& query, const QueryLimits& limits) const;
};

/// What the archive says is in force (or would be), as a mapping; dates of layers in `zone`.
/// `archive` outlives it.
std::shared_ptr<const model::Mapping> MakeMapping(const archive::Archive& archive,
                                                  const archive::MappingInForce& in_force,
                                                  const TimeZone& zone);

struct ProcessRequest {
  bool full = false;           ///< rebuild every month from the archive
  std::optional<Month> month;  ///< rebuild this month from the archive
};

/// What a processing run did to one month.
struct PartitionReport {
  Month month;
  std::int64_t rows = 0;       ///< rows now visible
  std::int64_t rows_read = 0;  ///< rows read from the archive
  std::int64_t ms = 0;
  std::string state;  ///< "unchanged", "retagged", "extended", "compacted", "rebuilt", "repaired",
                      ///< "dropped"
};

struct ProcessReport {
  std::int64_t data_version = 0;
  std::int64_t rows_total = 0;
  std::int64_t rows_read = 0;
  std::int64_t rows_added = 0;
  std::int64_t rows_replaced = 0;
  std::int64_t bytes_written = 0;  ///< of new segment files
  std::string checksum;  ///< of the published manifest, 16 hex digits; names the data served
  std::vector<PartitionReport> partitions;
  std::vector<std::string> warnings;  ///< damage found and repaired, in words for an operator
};

struct CubeOptions {
  std::string folder;
  TimeZone zone;    ///< reporting zone of dates
  int threads = 2;  ///< for building and for one query
  /// Streams that a query must look at for each thread it has, at least 1; nullopt: 100,000, below
  /// which another thread costs more than it saves.
  std::optional<std::int64_t> rows_per_thread;
  /// Delta segments of a month before they are folded into one; larger: cheaper runs, slower
  /// queries.
  int deltas_max = 16;
  /// Published states kept for questions "as of", the newest included, at least 1. Larger: further
  /// back; the disk space of months that were built again meanwhile is free that much later.
  int versions_max = 4;
  /// Memory for columns that queries make and keep (members of an attribute by row), in bytes.
  /// Larger: more attributes answer at full speed; the others are slower, never wrong.
  std::int64_t made_bytes_max = std::int64_t{1} << 30;
  /// Queries that look at this many streams or more are counted into rollups, with a quarter of
  /// made_bytes_max besides; nullopt: never. Smaller: more kinds of queries have some.
  std::optional<std::int64_t> rollup_rows_min = 1'000'000;
  /// Segments with fewer streams are not counted into rollups, at least 1.
  std::int64_t rollup_segment_rows_min = 32'768;
  /// A rollup that has not this many streams for each of its tuples is not kept, at least 1.
  std::int64_t rollup_rows_per_tuple_min = 8;
};

struct ProcessProgress {
  std::int64_t rows_done = 0;
  std::optional<std::int64_t> rows_total;
};

/// Memory of columns that queries have made and keep, and its bound.
struct MadeColumns {
  std::int64_t bytes = 0;
  std::int64_t bytes_max = 0;  ///< CubeOptions::made_bytes_max
};

/// Version of the rules by which stored columns are derived and classified; with another one all
/// months are rebuilt.
std::int64_t DefinitionVersion();

/// Threads: snapshot() from any thread; Process by one at a time.
class Cube {
 public:
  virtual ~Cube() = default;
  /// Opens stored segments without reprocessing. Damaged or missing ones are noted and rebuilt by
  /// the next Process; until then the other months answer. Errors: kUnimplemented (newer format),
  /// kPermissionDenied, kDiskFull. `archive` and `clock` outlive the cube and its snapshots.
  static Result<std::unique_ptr<Cube>> Open(const CubeOptions& options, archive::Archive& archive,
                                            const Clock& clock);
  /// The newest published state; nullptr before the first processing run.
  virtual std::shared_ptr<const Snapshot> snapshot() const = 0;
  /// The published states that are kept, newest first, at most CubeOptions::versions_max. They
  /// outlive a restart; but one whose files are damaged, whose mapping is not known any more, or
  /// that another version of the program has made is forgotten then.
  virtual std::vector<std::shared_ptr<const Snapshot>> versions() const = 0;
  virtual MadeColumns made_columns() const = 0;
  /// What Open found damaged, in words; empty when all is well.
  virtual std::vector<std::string> damage() const = 0;
  /// Brings the cube up to what the archive holds and publishes. After an error or a cancel the old
  /// snapshot stays, on disk too.
  virtual Result<ProcessReport> Process(
      const ProcessRequest& request, const CancelToken& cancel,
      const std::function<void(const ProcessProgress&)>& progress) = 0;
};

}  // namespace cqd::cube
