// A segment of the cube in memory, and how one is made from archive rows.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "base/cancel.h"
#include "base/result.h"
#include "base/time_zone.h"
#include "column/recode.h"
#include "column/segment.h"
#include "model/derived.h"
#include "model/mapping.h"

namespace cqd::cube {

/// Row ids of a base segment, and most rows of any: a segment is made by one thread and holds its
/// columns at 8 bytes a row while it is made, some 60 of them for few fields and 205 at most, so
/// this bounds the memory of a build to 130 to 430 MB a thread.
inline constexpr std::int64_t kSegmentRows = 262'144;

/// Row ids (after, up_to] of a month.
struct RowRange {
  archive::RowId after;
  archive::RowId up_to;
  bool operator==(const RowRange&) const = default;
};

/// Raise when model::Derive gives other values for the same row, or segments are laid out
/// otherwise: stored segments are then rebuilt.
inline constexpr int kDefinitionVersion = 3;
/// Changes with kDefinitionVersion and with the columns that are stored.
std::uint64_t DefinitionHash();
/// The columns a segment stores: model::ColumnsInUse() and what every query needs.
const std::vector<model::CubeColumn>& StoredColumns();

/// Bounds the memory of what is made from segments while queries run. Threads: any.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::int64_t bytes_max) : bytes_max_(bytes_max) {}
  /// False when so much is not left.
  bool Take(std::int64_t bytes);
  void GiveBack(std::int64_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::int64_t taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
  const std::int64_t bytes_max_;
  std::atomic<std::int64_t> taken_{0};
};
/// A part of a budget, given back at the end.
class Lease {
 public:
  /// nullptr when the budget does not have it. `budget` may be nullptr: without a bound.
  static std::unique_ptr<Lease> Take(std::shared_ptr<MemoryBudget> budget, std::size_t bytes);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  Lease(std::shared_ptr<MemoryBudget> budget, std::int64_t bytes)
      : budget_(std::move(budget)), bytes_(bytes) {}
  std::shared_ptr<MemoryBudget> budget_;
  std::int64_t bytes_;
};

/// The tuples of a segment's columns, kept in memory.
struct KeptTuples {
  column::Tuples tuples;
  std::unique_ptr<Lease> lease;  ///< null: not within the budget, so not kept
};
/// Codes of an attribute's members in one segment: fewer, and so narrower, than the stored ones.
struct MemberCodes {
  std::vector<std::uint32_t> code_of;  ///< by stored code
  column::MadeCodes codes;
  std::unique_ptr<Lease> lease;
};

/// One stored segment. Immutable; threads: any.
class CubeSegment {
 public:
  /// Errors: kCorruption, kUnimplemented.
  static Result<std::shared_ptr<const CubeSegment>> Open(std::span<const std::byte> bytes,
                                                         std::shared_ptr<const void> owner);
  static Result<std::shared_ptr<const CubeSegment>> OpenFile(const std::string& path);

  /// The same rows with the columns model::PlaceOutputs() of `patch`. Errors: kCorruption.
  Result<std::shared_ptr<const CubeSegment>> WithPatch(
      std::shared_ptr<const column::Segment> patch) const;

  std::size_t row_count() const { return data_->row_count(); }
  const column::Segment& data() const { return *data_; }
  /// Precondition: the column is one of StoredColumns().
  const column::ColumnView& Column(model::CubeColumn column) const;
  RowRange range() const;
  /// Newest session time of the rows.
  UtcTime session_time_max() const;
  /// The row with that id; nullopt when it is not here. Cost: one binary search.
  std::optional<std::size_t> FindRow(archive::RowId id) const;
  /// Distinct values of a column, kept after the first call.
  const std::vector<model::Value>& Distinct(model::CubeColumn column) const;
  /// Tuples of two columns, or of one; kept after the first call when the budget allows.
  std::shared_ptr<const KeptTuples> TuplesOf(model::CubeColumn first,
                                             std::optional<model::CubeColumn> second,
                                             const std::shared_ptr<MemoryBudget>& budget) const;
  /// The rows of `from` in the `count` codes of `code_of`; kept under `name` until asked with
  /// another `code_of`. nullptr when the budget does not allow it.
  std::shared_ptr<const MemberCodes> MembersIn(const column::ColumnView& from, int name,
                                               std::vector<std::uint32_t> code_of,
                                               std::uint32_t count,
                                               const std::shared_ptr<MemoryBudget>& budget) const;

  /// Forgets the tuples and codes that nobody else holds.
  void ForgetUnused() const;

 private:
  explicit CubeSegment(std::shared_ptr<const column::Segment> data);
  std::shared_ptr<const column::Segment> data_;
  std::shared_ptr<const column::Segment> patch_;  // null: none
  std::vector<const column::ColumnView*> columns_;
  const column::ColumnView* row_ids_ = nullptr;
  const column::ColumnView* row_order_ = nullptr;
  mutable std::mutex mutex_;
  mutable std::map<model::CubeColumn, std::vector<model::Value>> distinct_;
  mutable std::mutex made_mutex_;  // guards what follows, also while it is made
  mutable std::map<std::pair<model::CubeColumn, std::optional<model::CubeColumn>>,
                   std::shared_ptr<const KeptTuples>>
      tuples_;
  mutable std::map<int, std::shared_ptr<const MemberCodes>> members_;
};

/// Rows of a segment that a newer version replaced. Immutable once shared.
struct DeadRows {
  std::vector<std::uint64_t> bits;  ///< by row
  std::int64_t count = 0;
};

/// A segment as a snapshot sees it. `dead` is null when all rows live.
struct VisibleSegment {
  std::shared_ptr<const CubeSegment> segment;
  std::shared_ptr<const DeadRows> dead;
  /// All streams of a call are in segments of one month, and these are neighbours.
  std::int32_t month = 0;
  std::int64_t live_rows() const {
    return static_cast<std::int64_t>(segment->row_count()) - (dead ? dead->count : 0);
  }
};

/// Memory of columns, passed on from one segment to the next that the same thread makes: pages that
/// the system has to clear are a tenth of the cost of a segment. Threads: one at a time.
class SpareColumns {
 public:
  /// Empty; with room for what it held last.
  std::vector<model::Value> Take();
  void Give(std::vector<model::Value>&& column);

 private:
  std::vector<std::vector<model::Value>> spare_;
};

/// Collects rows and makes the bytes of a segment. Threads: one at a time.
class SegmentBuilder {
 public:
  /// Takes memory from `spare` and gives it back in Finish.
  SegmentBuilder(const model::Mapping& mapping, const TimeZone& zone,
                 std::shared_ptr<SpareColumns> spare = std::make_shared<SpareColumns>());
  /// Precondition: ids ascend; at most column::kSegmentRowsMax rows.
  void Add(const model::StreamRow& row, archive::RowId id);
  std::size_t row_count() const { return row_ids_.size(); }
  /// Precondition: row_count() > 0. Rows are sorted by what reports filter on most, so that a
  /// filter finds its rows in few blocks. Source of the order: reference/performance-anchors.md
  /// "What the storage experiments say".
  std::vector<std::byte> Finish(RowRange range) &&;

 private:
  /// A column that has shown only one value so far keeps just that.
  struct Column {
    std::vector<model::Value> values;
    model::Value only = model::kNull;
  };
  /// Moves the buffered rows into the columns, one column after the other: the writes of a column
  /// stay together in the cache.
  void Flush();
  const Column& Of(model::CubeColumn column) const;
  std::vector<std::uint32_t> SortedRows() const;

  const model::Mapping& mapping_;
  const TimeZone& zone_;
  std::shared_ptr<SpareColumns> spare_;
  std::vector<Column> columns_;
  std::vector<std::int64_t> row_ids_;
  std::int64_t session_time_max_ = column::kNull;
  static constexpr std::size_t kBuffered = 64;
  std::vector<model::DerivedRow> buffer_;
  std::size_t buffered_ = 0;
};

/// Reads `range` of a month and makes its segment; no bytes when no row of it lives any more.
/// `rows_done` is called with the rows of each batch. Errors: those of Archive::Scan.
Result<std::vector<std::byte>> BuildRange(const archive::Archive& archive, Month month,
                                          RowRange range, const model::Mapping& mapping,
                                          const TimeZone& zone,
                                          const std::shared_ptr<SpareColumns>& spare,
                                          const CancelToken& cancel,
                                          const std::function<Status(std::int64_t)>& rows_done);

}  // namespace cqd::cube
