// What attributes mean in the codes of a snapshot's segments: computed once per attribute and
// snapshot, so that a query touches codes only.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
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

/// The segments an index is made of, in their order, and the index of the same thing before:
/// numbers that were given once stay, and what is known of a segment is not found out again.
/// Precondition of `previous`: it was made with a mapping that gives the same members.
template <typename Index>
struct IndexSource {
  std::span<const VisibleSegment> segments;
  const Index* previous = nullptr;  ///< null: nothing was before
};

/// Numbers for the distinct values of one column over all segments, and of segments that were there
/// before. A value keeps its number from snapshot to snapshot.
class ColumnIndex {
 public:
  /// Cost: one pass over the column the first time a segment is seen, then over its distinct
  /// values; of segments that `previous` knows, nothing.
  static Result<std::shared_ptr<const ColumnIndex>> Make(const IndexSource<ColumnIndex>& source,
                                                         model::CubeColumn column,
                                                         const StopCheck& stop);
  model::CubeColumn column() const { return column_; }
  std::size_t size() const { return numbers_->size(); }
  model::Value ValueOf(std::uint32_t number) const {
    return static_cast<model::Value>(numbers_->keys()[number]);
  }
  /// Number by code in a segment; empty when its codes are wider than two bytes. Codes that do not
  /// occur have the number of a neighbour, so that sets of codes stay intervals.
  const std::vector<std::uint32_t>& Table(std::size_t segment) const {
    return parts_[segment]->table;
  }
  /// The number of a value that occurs.
  std::uint32_t NumberOf(model::Value value) const {
    return numbers_->Find(static_cast<std::uint64_t>(value));
  }
  /// Whether the numbers of `other` are among these.
  bool Continues(const ColumnIndex& other) const { return lineage_ == other.lineage_; }

 private:
  struct Part {
    std::weak_ptr<const CubeSegment> segment;
    std::vector<std::uint32_t> table;
  };
  explicit ColumnIndex(model::CubeColumn column) : column_(column) {}
  model::CubeColumn column_;
  std::shared_ptr<const column::GroupTable> numbers_;
  std::shared_ptr<const char> lineage_;             // shared by those that continue one another
  std::vector<std::shared_ptr<const Part>> parts_;  // by segment
};

/// Members by number.
class MemberList {
 public:
  /// Begins with the members of another list, without copying them. Precondition: empty.
  void Share(const MemberList& other) {
    chunks_ = other.chunks_;
    size_ = other.size_;
  }
  std::size_t size() const { return size_; }
  const model::Member& operator[](std::size_t number) const {
    return (*chunks_[number / kChunk])[number % kChunk];
  }
  void Add(model::Member member);

 private:
  static constexpr std::size_t kChunk = 1024;
  using Chunk = std::vector<model::Member>;
  std::vector<std::shared_ptr<const Chunk>> chunks_;
  std::shared_ptr<Chunk> open_;  // the last of them, while only this list has it
  std::size_t size_ = 0;
};

/// The members of one attribute, numbered, and the member of every row. Some members may have
/// occurred in segments that are gone: OccurringInOrder tells which are there.
class AttributeIndex {
 public:
  /// `budget` bounds the codes made for it, here and later; with too little of it queries are
  /// slower, not wrong. Precondition: `first` and `second` continue those of source.previous.
  static Result<std::shared_ptr<const AttributeIndex>> Make(
      const IndexSource<AttributeIndex>& source, const model::Attribute& attribute,
      const model::Mapping& mapping, std::shared_ptr<const ColumnIndex> first,
      std::shared_ptr<const ColumnIndex> second, std::shared_ptr<MemoryBudget> budget,
      const StopCheck& stop);

  const model::Attribute& attribute() const { return *attribute_; }
  /// Whether the numbers of the members of `other` mean the same here.
  bool Continues(const AttributeIndex& other) const { return lineage_ == other.lineage_; }
  const MemberList& members() const { return members_; }
  /// True when the budget did not have what its codes would take: queries by it are slower.
  bool is_short() const { return is_short_.load(std::memory_order_relaxed); }
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
    return slots_[segment]->known ? &slots_[segment]->by_code : nullptr;
  }
  /// By codes of the members themselves where these are much fewer than the stored codes: made when
  /// first asked for (about 1 ns a row) and kept with the segment, also for later snapshots.
  const ByCode* NarrowByCode(const VisibleSegment& visible, std::size_t segment) const;
  /// Members of the selected rows of a block. Works for every segment.
  void MembersOf(const VisibleSegment& visible, std::size_t segment, std::size_t first_row,
                 const std::uint16_t* selection, std::size_t count, std::uint32_t* out) const;
  /// Members with at least one living row, in the order of rows. `segments` are those it was made
  /// of. Cost: the first call looks at the rows of segments with dead rows, once for each.
  const std::vector<std::uint32_t>& OccurringInOrder(
      std::span<const VisibleSegment> segments) const;

 private:
  struct Slot {
    std::weak_ptr<const CubeSegment> segment;
    bool known = false;
    ByCode by_code;
    std::vector<std::uint32_t> table;
    std::shared_ptr<const KeptTuples> tuples;  ///< the column of by_code, where it is made
    std::vector<std::uint32_t> occurring;      ///< members, in no order, each once

    std::once_flag narrow_once;  // guards what follows
    bool is_narrow = false;
    ByCode narrow;
    std::vector<std::uint32_t> narrow_table;
    std::shared_ptr<const MemberCodes> narrow_codes;

    std::once_flag rows_once;  // guards what follows
    std::vector<std::uint32_t> rows_of_code;
  };
  AttributeIndex() = default;
  std::uint32_t Intern(model::Value a, model::Value b, const model::Mapping& mapping);
  Status AddSingles(std::span<const VisibleSegment> segments, const model::Mapping& mapping,
                    const StopCheck& stop);
  Status AddPairs(std::span<const VisibleSegment> segments, const model::Mapping& mapping,
                  const StopCheck& stop);
  void TakeOver(const AttributeIndex& previous, std::span<const VisibleSegment> segments);
  std::shared_ptr<Slot> NewSlot(std::size_t segment, const VisibleSegment& visible);
  static void SetSlot(Slot& slot, const column::ColumnView& view, std::vector<std::uint32_t> table);
  static void SetSlot(Slot& slot, std::shared_ptr<const KeptTuples> tuples,
                      std::vector<std::uint32_t> table);
  std::shared_ptr<const Ranks> MakeRanks() const;
  void MakeNarrow(const VisibleSegment& visible, Slot& slot) const;
  void MarkLiving(const VisibleSegment& visible, std::size_t segment,
                  std::vector<std::uint8_t>& occurs) const;
  std::uint64_t PairKey(std::uint32_t a, std::uint32_t b) const {
    return (std::uint64_t{a} << 32) | b;
  }

  const model::Attribute* attribute_ = nullptr;
  std::shared_ptr<const char> lineage_;  // shared by those that continue one another
  mutable std::atomic<bool> is_short_{false};
  std::shared_ptr<MemoryBudget> budget_;
  std::shared_ptr<const ColumnIndex> first_;
  std::shared_ptr<const ColumnIndex> second_;  // null: an attribute of one column
  MemberList members_;
  column::GroupTable member_by_hash_;            // numbers are those of members_
  std::vector<std::uint32_t> member_by_number_;  // of first_, or of pairs_
  column::GroupTable pairs_;
  std::vector<std::shared_ptr<Slot>> slots_;  // by segment; shared with later indexes
  std::shared_ptr<const Ranks> previous_ranks_;
  mutable std::once_flag ranks_once_;
  mutable std::shared_ptr<const Ranks> ranks_;
  mutable std::atomic<bool> has_ranks_{false};
  mutable std::once_flag occurring_once_;
  mutable std::vector<std::uint32_t> occurring_;
};

/// All indexes of one snapshot, made when first asked for. Threads: any; two attributes are made
/// side by side, the same one once.
class Indexes {
 public:
  /// `budget` may be nullptr: without a bound. `previous`: indexes of an earlier snapshot whose
  /// mapping gives the same members, or nullptr; what it knows of unchanged segments is taken over.
  Indexes(std::span<const VisibleSegment> segments, const model::Mapping& mapping,
          std::shared_ptr<MemoryBudget> budget, const Indexes* previous);
  /// Whether numbers were taken over; else all are given anew.
  bool continues() const { return continues_; }
  Result<std::shared_ptr<const ColumnIndex>> OfColumn(model::CubeColumn column,
                                                      const StopCheck& stop) const;
  Result<std::shared_ptr<const AttributeIndex>> Of(const model::Attribute& attribute,
                                                   const StopCheck& stop) const;

 private:
  template <typename T>
  struct Slot {
    std::mutex mutex;
    std::shared_ptr<const T> made;
    std::shared_ptr<const T> before;  ///< of an earlier snapshot
    std::int64_t used = 0;            ///< place of its newest use among those of all
    std::int64_t used_before = 0;     ///< of the one before
  };
  template <typename K, typename T>
  using Slots = std::map<K, Slot<T>>;
  template <typename K, typename T>
  Slot<T>& SlotOf(Slots<K, T>& slots, K key) const {
    const std::lock_guard lock(mutex_);
    return slots[key];
  }
  /// Forgets the attribute not used for longest, if that was before `before`, and what only it kept
  /// of the segments; false when there is none.
  bool Forget(std::int64_t before) const;
  template <typename K, typename T>
  static void TakeOver(const Indexes& previous, Slots<K, T>& from, Slots<K, T>& to);

  std::span<const VisibleSegment> segments_;
  const model::Mapping& mapping_;
  const std::shared_ptr<MemoryBudget> budget_;
  bool continues_ = false;
  std::int64_t rows_gone_ = 0;  ///< of segments whose values are still numbered
  mutable std::mutex mutex_;
  mutable Slots<model::CubeColumn, ColumnIndex> columns_;
  mutable Slots<const model::Attribute*, AttributeIndex> attributes_;
  mutable std::atomic<std::int64_t> uses_{0};
};

}  // namespace cqd::cube
