// What attributes mean in the codes of a snapshot's segments: computed once per attribute and
// snapshot, so that a query touches codes only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "column/group_table.h"
#include "cube/internal/cube_segment.h"
#include "model/registry.h"

namespace cqd::cube {

/// Checked between segments while an index is made and while a query runs.
/// Errors: kCancelled, kDeadlineExceeded.
using StopCheck = std::function<Status()>;

/// Numbers for the distinct values of one column over all segments.
class ColumnIndex {
 public:
  /// Cost: one pass over the column the first time a segment is seen, then over its distinct
  /// values.
  static Result<std::shared_ptr<const ColumnIndex>> Make(std::span<const VisibleSegment> segments,
                                                         model::CubeColumn column,
                                                         const StopCheck& stop);
  model::CubeColumn column() const { return column_; }
  std::size_t size() const { return numbers_.size(); }
  model::Value ValueOf(std::uint32_t number) const {
    return static_cast<model::Value>(numbers_.keys()[number]);
  }
  /// Number by code in a segment; empty when its codes are wider than two bytes. Codes that do not
  /// occur have the number of a neighbour, so that sets of codes stay intervals.
  const std::vector<std::uint32_t>& Table(std::size_t segment) const { return tables_[segment]; }
  /// The number of a value that occurs.
  std::uint32_t NumberOf(model::Value value) const {
    return numbers_.Find(static_cast<std::uint64_t>(value));
  }

 private:
  ColumnIndex(model::CubeColumn column) : column_(column) {}
  model::CubeColumn column_;
  column::GroupTable numbers_;
  std::vector<std::vector<std::uint32_t>> tables_;
};

/// The members of one attribute, numbered, and the member of every row.
class AttributeIndex {
 public:
  /// `budget` bounds the codes made for it, here and later; with too little of it queries are
  /// slower, not wrong.
  static Result<std::shared_ptr<const AttributeIndex>> Make(
      std::span<const VisibleSegment> segments, const model::Attribute& attribute,
      const model::Mapping& mapping, std::shared_ptr<const ColumnIndex> first,
      std::shared_ptr<const ColumnIndex> second, std::shared_ptr<MemoryBudget> budget,
      const StopCheck& stop);

  const std::vector<model::Member>& members() const { return members_; }
  /// The order of rows: members by (order, caption, key). Made at first call.
  struct Ranks {
    std::vector<std::uint32_t> rank_of;  ///< by member
    std::vector<std::uint32_t> at;       ///< member by rank
  };
  const Ranks& ranks() const;
  /// Member by code of one column of a segment; nullptr when there is no such column within the
  /// budget: then MembersOf.
  struct ByCode {
    const column::ColumnView* view = nullptr;  ///< nullptr: one member in the whole segment
    std::span<const std::uint32_t> member;
  };
  /// By the codes that are there.
  const ByCode* FindByCode(std::size_t segment) const {
    return slots_[segment].known ? &slots_[segment].by_code : nullptr;
  }
  /// By codes of the members themselves where these are much fewer than the stored codes: made when
  /// first asked for (about 1 ns a row) and kept with the segment, also for later snapshots.
  const ByCode* NarrowByCode(const VisibleSegment& visible, std::size_t segment) const;
  /// Members of the selected rows of a block. Works for every segment.
  void MembersOf(const VisibleSegment& visible, std::size_t segment, std::size_t first_row,
                 const std::uint16_t* selection, std::size_t count, std::uint32_t* out) const;

 private:
  struct Slot {
    bool known = false;
    ByCode by_code;
    std::vector<std::uint32_t> table;
    std::shared_ptr<const KeptTuples> tuples;  ///< the column of by_code, where it is made

    std::once_flag narrow_once;  // guards what follows
    bool is_narrow = false;
    ByCode narrow;
    std::vector<std::uint32_t> narrow_table;
    std::shared_ptr<const MemberCodes> narrow_codes;
  };
  AttributeIndex() = default;
  std::uint32_t Intern(model::Value a, model::Value b, const model::Mapping& mapping);
  Status AddSingles(std::span<const VisibleSegment> segments, const model::Mapping& mapping,
                    const StopCheck& stop);
  Status AddPairs(std::span<const VisibleSegment> segments, const model::Mapping& mapping,
                  const StopCheck& stop);
  void SetSlot(std::size_t segment, const column::ColumnView& view,
               std::vector<std::uint32_t> table);
  void SetSlot(std::size_t segment, std::shared_ptr<const KeptTuples> tuples,
               std::vector<std::uint32_t> table);
  void MakeNarrow(const VisibleSegment& visible, Slot& slot) const;
  std::uint64_t PairKey(std::uint32_t a, std::uint32_t b) const {
    return (std::uint64_t{a} << 32) | b;
  }

  const model::Attribute* attribute_ = nullptr;
  std::shared_ptr<MemoryBudget> budget_;
  std::shared_ptr<const ColumnIndex> first_;
  std::shared_ptr<const ColumnIndex> second_;  // null: an attribute of one column
  std::vector<model::Member> members_;
  std::unordered_map<std::string, std::uint32_t> member_by_key_;
  std::vector<std::uint32_t> member_by_number_;  // of first_, or of pairs_
  column::GroupTable pairs_;
  mutable std::deque<Slot> slots_;
  mutable std::once_flag ranks_once_;
  mutable Ranks ranks_;
};

/// All indexes of one snapshot, made when first asked for. Threads: any; two attributes are made
/// side by side, the same one once.
class Indexes {
 public:
  /// `budget` may be nullptr: without a bound.
  Indexes(std::span<const VisibleSegment> segments, const model::Mapping& mapping,
          std::shared_ptr<MemoryBudget> budget)
      : segments_(segments), mapping_(mapping), budget_(std::move(budget)) {}
  Result<std::shared_ptr<const ColumnIndex>> OfColumn(model::CubeColumn column,
                                                      const StopCheck& stop) const;
  Result<std::shared_ptr<const AttributeIndex>> Of(const model::Attribute& attribute,
                                                   const StopCheck& stop) const;

 private:
  template <typename T>
  struct Slot {
    std::mutex mutex;
    std::shared_ptr<const T> made;
  };
  template <typename K, typename T>
  Slot<T>& SlotOf(std::map<K, Slot<T>>& slots, K key) const {
    const std::lock_guard lock(mutex_);
    return slots[key];
  }

  std::span<const VisibleSegment> segments_;
  const model::Mapping& mapping_;
  const std::shared_ptr<MemoryBudget> budget_;
  mutable std::mutex mutex_;
  mutable std::map<model::CubeColumn, Slot<ColumnIndex>> columns_;
  mutable std::map<const model::Attribute*, Slot<AttributeIndex>> attributes_;
};

}  // namespace cqd::cube
