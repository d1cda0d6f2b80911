// Scanning one segment after the other for a plan.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "column/kernels.h"
#include "cube/explain.h"
#include "cube/internal/columnar_plan.h"
#include "cube/internal/columnar_sets.h"
#include "cube/internal/what_if.h"

namespace cqd::cube {

/// What one thread has counted. Arrays by group number, grown as groups appear.
struct Tally {
  /// `memory`: of the query, outlives it; nullptr: without an account.
  explicit Tally(const Plan& plan, QueryMemory* memory = nullptr);
  /// Makes room for all groups seen.
  void Resize(const Plan& plan);
  /// Room in `small` for `rows` more; what is there may move to `counts`.
  void MakeRoom(std::size_t rows);
  /// Moves what stands in `small` to `counts`.
  void Settle();
  /// The query's memory had no more: what was counted since is wrong.
  bool IsRefused() const;
  /// Refused, or more groups than one thread may form.
  bool IsOver(const Plan& plan) const { return groups.size() > plan.groups_max || IsRefused(); }
  /// To be called after each segment: clears sets of doubles.
  void SettleSets();
  /// Whether the group holds a stream, settled or not. Precondition: an array of groups.
  bool Holds(const Plan& plan, std::uint32_t group) const;
  /// All streams of a month are in: its calls are counted.
  void FinishMonth(const Plan& plan);
  /// All streams are in: sets are counted, values ranked.
  void FinishSets(const Plan& plan);
  /// What the query holds now, this tally included.
  std::int64_t held() const { return group_share.held_by_all(); }

  GroupNumbers groups;
  std::vector<std::int64_t> counts;  ///< by group x class
  /// Part of the counts of an array of groups, in numbers that need half the cache; twice over when
  /// that still fits it (column::CountByCode).
  std::vector<std::uint32_t> small, small_other;
  std::size_t small_rows = 0;                               ///< counted there: below 2^32
  std::vector<std::vector<std::int64_t>> sums;              ///< by planned sum, by group
  std::vector<std::vector<std::int64_t>> numbers;           ///< values in each sum
  std::vector<DistinctSet> distincts;                       ///< by planned one
  std::vector<std::vector<std::int64_t>> distinct_numbers;  ///< counted of them, by group
  std::vector<Histogram> histograms;                        ///< by planned one
  MemoryShare group_share;                                  ///< what groups take
  bool refused = false;                                     ///< memory for groups
  ScanCounts scanned;

 private:
  void MakeSets(const Plan& plan, QueryMemory* memory);
};

/// Moves sets and histograms of `from`, whose group g is `place[g]` in `to` (empty: g).
void MergeSets(Tally& from, std::span<const std::uint32_t> place, Tally& to);

/// Adds `from` `times` (1, or -1 to take it off) to `to`, group by group; both are settled. Sets
/// and histograms are moved, and cannot be taken off.
void Merge(const Plan& plan, Tally& from, Tally& to, std::int64_t times = 1);

/// Scratch of one thread for one plan. Threads: one at a time.
class Scanner {
 public:
  explicit Scanner(const Plan& plan);
  /// Counts the visible streams of a segment that pass; `segment` is its place in the snapshot,
  /// `states` of a what-if question are by row, else empty.
  void Scan(const VisibleSegment& visible, std::size_t segment, std::span<const WhatIfState> states,
            Tally& tally);
  /// False when no stream of the segment can pass.
  bool MayPass(const VisibleSegment& visible, std::size_t segment) {
    return Prepare(visible, segment);
  }

 private:
  /// How many rows of a block pass, by its zone.
  enum class Share : std::uint8_t { kNone, kSome, kAll };
  /// A filter on a segment: by codes of one column, or row by row.
  struct SegmentFilter {
    const column::ColumnView* view = nullptr;  ///< null: by members
    column::CodeSet set;
    std::vector<column::Mask> table;
    const PlannedFilter* filter = nullptr;
    std::vector<Share> shares;  ///< by block; empty: kSome for all
    Share ShareOf(std::size_t block) const { return shares.empty() ? Share::kSome : shares[block]; }
  };
  struct SegmentAnyOf {
    bool always = false;
    std::vector<SegmentFilter> filters;
    Share ShareOf(std::size_t block) const;
  };
  static void FindShares(SegmentFilter& filter);

  bool Prepare(const VisibleSegment& visible, std::size_t segment);
  bool PrepareWindow(const CubeSegment& segment);
  SegmentAnyOf PrepareAnyOf(const AnyOf& any_of, const VisibleSegment& visible,
                            std::size_t segment) const;
  bool CountFromTotals(const VisibleSegment& visible, std::size_t segment, Tally& tally);
  void ScanBlock(const VisibleSegment& visible, std::size_t segment, std::size_t block,
                 Tally& tally);
  std::optional<std::uint32_t> ClassOfBlock(const CubeSegment& segment, std::size_t block) const;
  void FindGroups();
  bool HasAllGroups(const Tally& tally);
  std::size_t FilterBlock(const VisibleSegment& visible, std::size_t segment, std::size_t first,
                          std::size_t count);
  bool SkipsBlock(std::size_t block) const;
  std::int64_t BytesOfRow(const CubeSegment& segment) const;
  std::size_t FilterSelection(std::size_t first, std::size_t selected);
  void ApplyFilter(const SegmentFilter& filter, const VisibleSegment& visible, std::size_t segment,
                   std::size_t first, std::size_t count, bool is_or, column::Mask* mask);
  void NumberGroups(const VisibleSegment& visible, std::size_t segment, std::size_t first,
                    std::size_t selected, Tally& tally);
  std::uint32_t IndexGroups(const VisibleSegment& visible, std::size_t segment, std::size_t first,
                            std::size_t selected);
  void CountSmall(const column::ColumnView& facts, std::size_t first, std::size_t selected,
                  std::uint32_t fixed, Tally& tally);
  void AddSums(const VisibleSegment& visible, std::size_t first, std::size_t selected,
               Tally& tally);
  void AddSets(const VisibleSegment& visible, std::size_t segment, std::size_t first,
               std::size_t selected, Tally& tally);
  void AddToHistogram(const PlannedHistogram& planned, const column::ColumnView& view,
                      std::size_t segment, std::size_t first, std::size_t passing,
                      Histogram& histogram) const;
  void ClassifyAgain(std::size_t first, std::size_t selected);
  std::size_t KeepPassing(std::size_t test, std::size_t selected);
  void CountBlock(const VisibleSegment& visible, std::size_t segment, std::size_t first,
                  std::size_t selected, Tally& tally);

  const Plan& plan_;
  std::span<const WhatIfState> states_;
  std::vector<SegmentAnyOf> filters_;
  std::vector<SegmentFilter> late_filters_;  ///< of all_of too; cheaper on what the others leave
  std::optional<column::CodeSet> window_;
  std::vector<std::uint32_t> class_by_code_;
  std::vector<const AttributeIndex::ByCode*> dimension_codes_;  ///< by dimension
  std::vector<std::uint32_t> code_counts_;                      ///< scratch of column::CountCodes
  std::optional<std::uint32_t> block_class_;  ///< of all rows of the block, where they have one
  std::vector<std::size_t> uncounted_;        ///< blocks of streams that no measure counts
  std::vector<std::uint32_t> missing_;        ///< groups of the segment that hold no stream yet
  std::optional<bool> few_groups_;            ///< so that missing_ is kept; none: not looked yet
  std::int64_t bytes_of_row_ = 0;             ///< BytesOfRow of the segment
  bool skipped_ = false;                      ///< the block, by its zones
  bool one_group_ = false;                    ///< all selected rows of the block are of one group
  bool filtered_ = false;  ///< by the window or a filter; rows may be dead besides
  std::vector<std::uint16_t> all_rows_, selection_;
  const std::uint16_t* selected_rows_ = nullptr;  ///< null: the whole block
  std::vector<column::Mask> mask_, any_mask_;
  std::vector<std::uint16_t> passing_rows_;    ///< of selection_, those a sum's test lets pass
  std::vector<std::uint32_t> passing_groups_;  ///< their groups
  std::vector<column::GroupRun> runs_;
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint32_t> groups_, classes_, members_;
};

}  // namespace cqd::cube
