// Rollups: streams counted once by the attributes that a kind of query asks for, so that the next
// query of that kind looks at tuples instead of rows, whatever members its filters name.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "cube/internal/columnar_scan.h"

namespace cqd::cube {

/// When rollups are made.
struct RollupOptions {
  /// Smaller segments are always scanned: they are folded soon.
  std::int64_t segment_rows_min = 32'768;
  /// Queries that look at fewer rows are left as they are.
  std::int64_t rows_min = 1'000'000;
  /// A rollup has at most one tuple for so many rows, else it is not kept.
  std::int64_t rows_per_tuple_min = 8;
};

/// The streams of some segments of one month by tuples of members. Immutable once made.
struct RollupPart {
  struct Covered {
    std::weak_ptr<const CubeSegment> segment;
    std::shared_ptr<const DeadRows> dead;  ///< rows that are not counted
  };
  std::vector<Covered> covered;
  std::int64_t rows = 0;
  std::size_t tuple_count = 0;
  std::size_t class_count = 1;
  std::vector<std::vector<std::uint32_t>> members;  ///< by attribute of the shape, by tuple
  std::vector<std::uint32_t> counts;                ///< by tuple x class
  std::vector<std::vector<std::int64_t>> sums;      ///< by planned sum, by tuple
  std::vector<std::vector<std::int64_t>> numbers;
  /// What its numbers were given by; numbers of their continuations are the same.
  std::vector<std::shared_ptr<const AttributeIndex>> attributes;
  std::shared_ptr<const ColumnIndex> facts;
  std::unique_ptr<Lease> lease;
};

/// A part that a query uses.
struct RollupPiece {
  std::shared_ptr<const RollupPart> part;
  std::vector<std::size_t> segments;  ///< places in the snapshot of what it covers
  /// Rows that died since it was made, as segments in which only they live; by place in the
  /// snapshot. To be subtracted.
  std::vector<std::pair<std::size_t, VisibleSegment>> died;
};

/// What a query may use instead of scanning.
struct RollupUse {
  std::string shape;  ///< empty: the query is of no kind that rollups help
  /// The plan's filters, and those that its window means for the month.
  std::vector<AnyOf> all_of;
  std::vector<RollupPiece> pieces;
  std::vector<std::uint8_t> covered;  ///< by segment: 1 when a piece has its rows; empty: none has
  bool Covers(std::size_t segment) const { return !covered.empty() && covered[segment] != 0; }
};

/// The rollups of one snapshot. Threads: any.
class Rollups {
 public:
  /// `previous`: those of an earlier snapshot whose numbers `indexes` continues, or nullptr.
  /// `budget` bounds the bytes of all parts; nullptr: without a bound. The others outlive it.
  Rollups(std::span<const VisibleSegment> segments, const Indexes& indexes,
          const RollupOptions& options, std::shared_ptr<MemoryBudget> budget,
          const Rollups* previous);

  /// What there is for the query. When queries of its kind were costly before, one more part is
  /// made first, so that no query waits for more than that. Errors: those of `stop`.
  Result<RollupUse> Choose(const CubeQuery& query, const Plan& plan, const StopCheck& stop);
  /// What scanning beside the rollups cost.
  void Note(const RollupUse& use, std::int64_t rows_scanned);

 private:
  struct Piece {
    RollupPiece use;
    bool failed = false;  ///< not worth it, or no memory
    bool making = false;  ///< a query is at it
  };
  struct Shape {
    std::int64_t rows_scanned = 0;  ///< of the costliest query
    std::uint64_t used_at = 0;
    std::vector<Piece> pieces;
  };
  void TakeOver(const Rollups& previous);
  bool TakeOver(const RollupPart& part, RollupPiece& piece) const;
  void AddPieces(Shape& shape) const;
  Shape& ShapeOf(const std::string& key);
  Status MakePart(const Plan& rolled, const RollupUse& use, std::size_t place,
                  const StopCheck& stop);
  /// nullptr: too many tuples.
  Result<std::shared_ptr<RollupPart>> Count(const Plan& rolled,
                                            const std::vector<std::size_t>& places,
                                            const StopCheck& stop) const;
  std::unique_ptr<Lease> TakeMemory(std::size_t bytes, const std::string& shape);
  bool IsInWindow(const RollupPiece& piece, const Plan& plan) const;

  std::span<const VisibleSegment> segments_;
  const Indexes& indexes_;
  const RollupOptions options_;
  const std::shared_ptr<MemoryBudget> budget_;
  std::map<const CubeSegment*, std::size_t> place_of_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, Shape> shapes_;
  std::uint64_t uses_ = 0;
};

/// Counts what passes of a part of `use`, as Scanner::Scan does of a segment.
void AddRollup(const Plan& plan, const RollupUse& use, const RollupPart& part, Tally& tally);

}  // namespace cqd::cube
