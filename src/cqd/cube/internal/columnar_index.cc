#include "cube/internal/columnar_index.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace cqd::cube {
namespace {

bool HasNarrowCodes(const column::ColumnView& view) {
  return view.width <= 2;
}

/// Gives the codes that were left out the entry of the code before them (or of the first known).
void FillGaps(std::vector<std::uint32_t>& table) {
  constexpr auto kGap = column::GroupTable::kMissing;
  const auto first = std::find_if(table.begin(), table.end(), [](auto n) { return n != kGap; });
  if (first == table.end()) return;
  std::fill(table.begin(), first, *first);
  std::uint32_t last = *first;
  for (auto at = first; at != table.end(); ++at) {
    if (*at == kGap) {
      *at = last;
    } else {
      last = *at;
    }
  }
}

/// Calls function(k, number) with the value number of each selected row.
template <typename Function>
void ForNumbers(const ColumnIndex& index, const column::ColumnView& view, std::size_t segment,
                std::size_t first_row, const std::uint16_t* selection, std::size_t count,
                Function&& function) {
  const std::vector<std::uint32_t>& table = index.Table(segment);
  if (view.width == 0) {
    for (std::size_t k = 0; k < count; ++k) function(k, table[0]);
    return;
  }
  column::WithCodes(view, [&](const auto* codes) {
    const auto* block = codes + first_row;
    if (!table.empty()) {
      for (std::size_t k = 0; k < count; ++k) function(k, table[block[selection[k]]]);
    } else {
      for (std::size_t k = 0; k < count; ++k) {
        function(k, index.NumberOf(view.ValueOf(block[selection[k]])));
      }
    }
  });
}

// Codes of members replace stored ones when they are at most one in so many: a table of them stays
// in the first level of the cache, where that of the stored codes would not.
constexpr std::size_t kNarrowShare = 4;
constexpr std::size_t kNarrowMax = 65'536;
// Numbering starts over when more than one in so many rows belong to segments that are gone.
constexpr std::int64_t kGoneShareMax = 4;

/// What is known of the segments that are still there.
template <typename T>
std::map<const CubeSegment*, T> KnownParts(const std::vector<T>& parts) {
  std::map<const CubeSegment*, T> known;
  for (const T& part : parts) {
    if (const auto segment = part->segment.lock()) known.emplace(segment.get(), part);
  }
  return known;
}

std::vector<std::uint32_t> DistinctNumbers(std::vector<std::uint32_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

}  // namespace

Result<std::shared_ptr<const ColumnIndex>> ColumnIndex::Make(const IndexSource<ColumnIndex>& source,
                                                             model::CubeColumn column,
                                                             const StopCheck& stop) {
  std::shared_ptr<ColumnIndex> index(new ColumnIndex(column));
  std::map<const CubeSegment*, std::shared_ptr<const Part>> known;
  if (source.previous != nullptr) {
    index->numbers_ = source.previous->numbers_;
    index->lineage_ = source.previous->lineage_;
    known = KnownParts(source.previous->parts_);
  } else {
    index->numbers_ = std::make_shared<const column::GroupTable>();
    index->lineage_ = std::make_shared<const char>();
  }
  std::shared_ptr<column::GroupTable> grown;  // a copy, made for the first value that is new
  for (const VisibleSegment& visible : source.segments) {
    auto& place = index->parts_.emplace_back();
    if (const auto found = known.find(visible.segment.get()); found != known.end()) {
      place = found->second;
      continue;
    }
    CQD_RETURN_IF_ERROR(stop());
    const column::ColumnView& view = visible.segment->Column(column);
    auto part = std::make_shared<Part>();
    part->segment = visible.segment;
    auto& table = part->table;
    if (HasNarrowCodes(view)) table.assign(view.code_max() + 1, column::GroupTable::kMissing);
    for (const model::Value value : visible.segment->Distinct(column)) {
      const auto key = static_cast<std::uint64_t>(value);
      std::uint32_t number = index->numbers_->Find(key);
      if (number == column::GroupTable::kMissing) {
        if (grown == nullptr) {
          grown = std::make_shared<column::GroupTable>(*index->numbers_);
          index->numbers_ = grown;
        }
        number = grown->NumberOf(key);
      }
      if (!table.empty()) table[view.CodeOf(value)] = number;
    }
    FillGaps(table);
    place = std::move(part);
  }
  return std::shared_ptr<const ColumnIndex>(std::move(index));
}

void MemberList::Add(model::Member member) {
  if (size_ % kChunk == 0) {
    open_ = std::make_shared<Chunk>();
    chunks_.push_back(open_);
  } else if (open_ == nullptr) {
    open_ = std::make_shared<Chunk>(*chunks_.back());
    chunks_.back() = open_;
  }
  open_->push_back(std::move(member));
  ++size_;
}

void AttributeIndex::TakeOver(const AttributeIndex& previous,
                              std::span<const VisibleSegment> segments) {
  lineage_ = previous.lineage_;
  is_short_.store(previous.is_short(), std::memory_order_relaxed);
  members_.Share(previous.members_);
  member_by_hash_ = previous.member_by_hash_;
  member_by_number_ = previous.member_by_number_;
  pairs_ = previous.pairs_;
  previous_ranks_ = previous.has_ranks_.load() ? previous.ranks_ : previous.previous_ranks_;
  const auto known = KnownParts(previous.slots_);
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const auto found = known.find(segments[s].segment.get());
    if (found != known.end()) slots_[s] = found->second;
  }
}

Result<std::shared_ptr<const AttributeIndex>> AttributeIndex::Make(
    const IndexSource<AttributeIndex>& source, const model::Attribute& attribute,
    const model::Mapping& mapping, std::shared_ptr<const ColumnIndex> first,
    std::shared_ptr<const ColumnIndex> second, std::shared_ptr<MemoryBudget> budget,
    const StopCheck& stop) {
  std::shared_ptr<AttributeIndex> index(new AttributeIndex());
  index->attribute_ = &attribute;
  index->budget_ = std::move(budget);
  index->first_ = std::move(first);
  index->second_ = std::move(second);
  index->slots_.resize(source.segments.size());
  index->lineage_ = std::make_shared<const char>();
  if (source.previous != nullptr && index->first_->Continues(*source.previous->first_) &&
      (index->second_ == nullptr || index->second_->Continues(*source.previous->second_))) {
    index->TakeOver(*source.previous, source.segments);
  }
  CQD_RETURN_IF_ERROR(index->second_ ? index->AddPairs(source.segments, mapping, stop)
                                     : index->AddSingles(source.segments, mapping, stop));
  return std::shared_ptr<const AttributeIndex>(std::move(index));
}

std::uint32_t AttributeIndex::Intern(model::Value a, model::Value b,
                                     const model::Mapping& mapping) {
  model::Member member = attribute_->member(a, b, mapping);
  // Two keys of one hash stand at hashes that follow one another.
  for (std::uint64_t hash = XXH3_64bits(member.key.data(), member.key.size());; ++hash) {
    const std::uint32_t number = member_by_hash_.NumberOf(hash);
    if (number == members_.size()) {
      members_.Add(std::move(member));
      return number;
    }
    if (members_[number].key == member.key) return number;
  }
}

void AttributeIndex::SetSlot(Slot& slot, const column::ColumnView& view,
                             std::vector<std::uint32_t> table) {
  slot.known = true;
  slot.table = std::move(table);
  const bool one_member =
      std::all_of(slot.table.begin(), slot.table.end(),
                  [&slot](std::uint32_t member) { return member == slot.table.front(); });
  slot.by_code = {one_member ? nullptr : &view, slot.table};
}

void AttributeIndex::SetSlot(Slot& slot, std::shared_ptr<const KeptTuples> tuples,
                             std::vector<std::uint32_t> table) {
  slot.occurring = DistinctNumbers(table);
  if (tuples->lease == nullptr) return;  // not kept: the members are known, the rows' are not
  SetSlot(slot, tuples->tuples.codes.view(), std::move(table));
  slot.tuples = std::move(tuples);
}

Status AttributeIndex::AddSingles(std::span<const VisibleSegment> segments,
                                  const model::Mapping& mapping, const StopCheck& stop) {
  for (auto number = static_cast<std::uint32_t>(member_by_number_.size()); number < first_->size();
       ++number) {
    if (number % 4096 == 0) CQD_RETURN_IF_ERROR(stop());
    member_by_number_.push_back(Intern(first_->ValueOf(number), model::kNull, mapping));
  }
  for (std::size_t s = 0; s < segments.size(); ++s) {
    if (slots_[s] != nullptr) continue;
    const auto slot = NewSlot(s, segments[s]);
    const CubeSegment& segment = *segments[s].segment;
    std::vector<std::uint32_t> table = first_->Table(s);
    if (!table.empty()) {
      for (std::uint32_t& entry : table) entry = member_by_number_[entry];
      slot->occurring = DistinctNumbers(table);
      SetSlot(*slot, segment.Column(first_->column()), std::move(table));
      continue;
    }
    CQD_RETURN_IF_ERROR(stop());
    auto kept = segment.TuplesOf(first_->column(), std::nullopt, budget_);
    if (kept->lease == nullptr) is_short_.store(true, std::memory_order_relaxed);
    for (const auto& tuple : kept->tuples.values) {
      table.push_back(member_by_number_[first_->NumberOf(tuple[0])]);
    }
    SetSlot(*slot, std::move(kept), std::move(table));
  }
  return OkStatus();
}

Status AttributeIndex::AddPairs(std::span<const VisibleSegment> segments,
                                const model::Mapping& mapping, const StopCheck& stop) {
  for (std::size_t s = 0; s < segments.size(); ++s) {
    if (slots_[s] != nullptr) continue;
    CQD_RETURN_IF_ERROR(stop());
    const auto slot = NewSlot(s, segments[s]);
    auto kept = segments[s].segment->TuplesOf(first_->column(), second_->column(), budget_);
    if (kept->lease == nullptr) is_short_.store(true, std::memory_order_relaxed);
    std::vector<std::uint32_t> table;
    table.reserve(kept->tuples.values.size());
    for (const auto& tuple : kept->tuples.values) {
      const std::uint64_t key = PairKey(first_->NumberOf(tuple[0]), second_->NumberOf(tuple[1]));
      const std::uint32_t number = pairs_.NumberOf(key);
      if (number == member_by_number_.size()) {
        member_by_number_.push_back(Intern(tuple[0], tuple[1], mapping));
      }
      table.push_back(member_by_number_[number]);
    }
    SetSlot(*slot, std::move(kept), std::move(table));
  }
  return OkStatus();
}

std::shared_ptr<AttributeIndex::Slot> AttributeIndex::NewSlot(std::size_t segment,
                                                              const VisibleSegment& visible) {
  auto slot = std::make_shared<Slot>();
  slot->segment = visible.segment;
  slots_[segment] = slot;
  return slot;
}

const AttributeIndex::ByCode* AttributeIndex::NarrowByCode(const VisibleSegment& visible,
                                                           std::size_t segment) const {
  Slot& slot = *slots_[segment];
  if (!slot.known) return nullptr;
  if (slot.by_code.view == nullptr || slot.by_code.view->width == 1) return &slot.by_code;
  std::call_once(slot.narrow_once, [&] { MakeNarrow(visible, slot); });
  return slot.is_narrow ? &slot.narrow : &slot.by_code;
}

void AttributeIndex::MakeNarrow(const VisibleSegment& visible, Slot& slot) const {
  constexpr auto kNone = column::GroupTable::kMissing;
  const std::size_t count_max = std::min(kNarrowMax, slot.table.size() / kNarrowShare);
  // Numbered in the order of the codes: the same members get the same codes in every snapshot.
  std::vector<std::uint32_t> narrow_of(members_.size(), kNone);
  std::vector<std::uint32_t> members, code_of;
  code_of.reserve(slot.table.size());
  for (const std::uint32_t member : slot.table) {
    if (narrow_of[member] == kNone) {
      if (members.size() == count_max) return;
      narrow_of[member] = static_cast<std::uint32_t>(members.size());
      members.push_back(member);
    }
    code_of.push_back(narrow_of[member]);
  }
  slot.narrow_codes =
      visible.segment->MembersIn(*slot.by_code.view, attribute_->id, std::move(code_of),
                                 static_cast<std::uint32_t>(members.size()), budget_);
  if (slot.narrow_codes == nullptr) {
    is_short_.store(true, std::memory_order_relaxed);
    return;
  }
  slot.narrow_table = std::move(members);
  slot.narrow = {&slot.narrow_codes->codes.view(), slot.narrow_table};
  slot.is_narrow = true;
}

const AttributeIndex::Ranks& AttributeIndex::ranks() const {
  std::call_once(ranks_once_, [this] {
    ranks_ = MakeRanks();
    has_ranks_.store(true);
  });
  return *ranks_;
}

std::shared_ptr<const AttributeIndex::Ranks> AttributeIndex::MakeRanks() const {
  const std::size_t ranked = previous_ranks_ == nullptr ? 0 : previous_ranks_->at.size();
  if (ranked == members_.size() && ranked != 0) return previous_ranks_;
  const auto before = [this](std::uint32_t a, std::uint32_t b) {
    const model::Member& x = members_[a];
    const model::Member& y = members_[b];
    return std::tie(x.order, x.caption, x.key) < std::tie(y.order, y.caption, y.key);
  };
  std::vector<std::uint32_t> added(members_.size() - ranked);
  std::iota(added.begin(), added.end(), static_cast<std::uint32_t>(ranked));
  std::sort(added.begin(), added.end(), before);
  auto ranks = std::make_shared<Ranks>();
  if (ranked == 0) {
    ranks->at = std::move(added);
  } else {
    // Each of the few new ones is put where it belongs among the many old ones.
    const auto& old = previous_ranks_->at;
    ranks->at.reserve(members_.size());
    auto from = old.begin();
    for (const std::uint32_t member : added) {
      const auto to = std::upper_bound(from, old.end(), member, before);
      ranks->at.insert(ranks->at.end(), from, to);
      ranks->at.push_back(member);
      from = to;
    }
    ranks->at.insert(ranks->at.end(), from, old.end());
  }
  ranks->rank_of.resize(members_.size());
  for (std::uint32_t rank = 0; rank < ranks->at.size(); ++rank) {
    ranks->rank_of[ranks->at[rank]] = rank;
  }
  return ranks;
}

/// Sets occurs[member] for the members of the living rows.
void AttributeIndex::MarkLiving(const VisibleSegment& visible, std::size_t segment,
                                std::vector<std::uint8_t>& occurs) const {
  if (visible.live_rows() == 0) return;
  Slot& slot = *slots_[segment];
  const bool one_member = slot.known && slot.by_code.view == nullptr;
  if (visible.dead == nullptr || one_member) {
    for (const std::uint32_t member : slot.occurring) occurs[member] = 1;
    return;
  }
  const std::size_t rows = visible.segment->row_count();
  if (!slot.known) {  // row by row: there is no column of codes
    std::uint16_t row_in_block = 0;
    std::uint32_t member = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      if ((visible.dead->bits[row / 64] >> (row % 64) & 1) != 0) continue;
      MembersOf(visible, segment, row, &row_in_block, 1, &member);
      occurs[member] = 1;
    }
    return;
  }
  const column::ColumnView& view = *slot.by_code.view;
  std::call_once(slot.rows_once, [&] {
    slot.rows_of_code.assign(slot.table.size(), 0);
    column::WithCodes(view, [&](const auto* codes) {
      for (std::size_t row = 0; row < rows; ++row) ++slot.rows_of_code[codes[row]];
    });
  });
  std::vector<std::uint32_t> living = slot.rows_of_code;
  for (std::size_t w = 0; w < visible.dead->bits.size(); ++w) {
    for (std::uint64_t word = visible.dead->bits[w]; word != 0; word &= word - 1) {
      --living[view.CodeAt(w * 64 + static_cast<std::size_t>(std::countr_zero(word)))];
    }
  }
  for (std::size_t code = 0; code < living.size(); ++code) {
    if (living[code] != 0) occurs[slot.table[code]] = 1;
  }
}

const std::vector<std::uint32_t>& AttributeIndex::OccurringInOrder(
    std::span<const VisibleSegment> segments) const {
  std::call_once(occurring_once_, [&] {
    std::vector<std::uint8_t> occurs(members_.size());
    for (std::size_t s = 0; s < segments.size(); ++s) MarkLiving(segments[s], s, occurs);
    for (const std::uint32_t member : ranks().at) {
      if (occurs[member] != 0) occurring_.push_back(member);
    }
  });
  return occurring_;
}

void AttributeIndex::MembersOf(const VisibleSegment& visible, std::size_t segment,
                               std::size_t first_row, const std::uint16_t* selection,
                               std::size_t count, std::uint32_t* out) const {
  const column::ColumnView& first = visible.segment->Column(first_->column());
  ForNumbers(*first_, first, segment, first_row, selection, count,
             [out](std::size_t k, std::uint32_t number) { out[k] = number; });
  if (second_) {
    const column::ColumnView& second = visible.segment->Column(second_->column());
    ForNumbers(*second_, second, segment, first_row, selection, count,
               [&](std::size_t k, std::uint32_t b) { out[k] = pairs_.Find(PairKey(out[k], b)); });
  }
  for (std::size_t k = 0; k < count; ++k) out[k] = member_by_number_[out[k]];
}

Indexes::Indexes(std::span<const VisibleSegment> segments, const model::Mapping& mapping,
                 std::shared_ptr<MemoryBudget> budget, const Indexes* previous)
    : segments_(segments), mapping_(mapping), budget_(std::move(budget)) {
  if (previous == nullptr) return;
  // What is gone still has numbers. When that is much, numbering starts over.
  std::set<const CubeSegment*> there;
  std::int64_t rows = 0;
  for (const VisibleSegment& visible : segments) {
    there.insert(visible.segment.get());
    rows += static_cast<std::int64_t>(visible.segment->row_count());
  }
  rows_gone_ = previous->rows_gone_;
  for (const VisibleSegment& visible : previous->segments_) {
    if (there.contains(visible.segment.get())) continue;
    rows_gone_ += static_cast<std::int64_t>(visible.segment->row_count());
  }
  if (rows_gone_ * kGoneShareMax > rows) {
    rows_gone_ = 0;
    return;
  }
  continues_ = true;
  // The attributes first: what they were made of is then found among the columns.
  TakeOver(*previous, previous->attributes_, attributes_);
  TakeOver(*previous, previous->columns_, columns_);
}

template <typename K, typename T>
void Indexes::TakeOver(const Indexes& previous, Slots<K, T>& from, Slots<K, T>& to) {
  const std::lock_guard lock(previous.mutex_);
  for (auto& [key, slot] : from) {
    const std::lock_guard slot_lock(slot.mutex);
    to[key].before = slot.made != nullptr ? slot.made : slot.before;
  }
}

Result<std::shared_ptr<const ColumnIndex>> Indexes::OfColumn(model::CubeColumn column,
                                                             const StopCheck& stop) const {
  auto& slot = SlotOf(columns_, column);
  const std::lock_guard lock(slot.mutex);
  if (!slot.made) {
    const IndexSource<ColumnIndex> source{segments_, slot.before.get()};
    CQD_ASSIGN_OR_RETURN(slot.made, ColumnIndex::Make(source, column, stop));
    slot.before = nullptr;
  }
  return slot.made;
}

Result<std::shared_ptr<const AttributeIndex>> Indexes::Of(const model::Attribute& attribute,
                                                          const StopCheck& stop) const {
  auto& slot = SlotOf(attributes_, &attribute);
  std::unique_lock lock(slot.mutex);
  slot.used_before = std::exchange(slot.used, ++uses_);
  if (slot.made && slot.made->is_short()) {
    const std::int64_t before = slot.used_before;
    lock.unlock();  // see TakeOver: first all, then the slot
    const bool has_room = Forget(before);
    lock.lock();
    if (has_room) slot.made = nullptr;
  }
  if (slot.made) return slot.made;
  CQD_ASSIGN_OR_RETURN(auto first, OfColumn(attribute.inputs[0], stop));
  std::shared_ptr<const ColumnIndex> second;
  if (attribute.input_count == 2) {
    CQD_ASSIGN_OR_RETURN(second, OfColumn(attribute.inputs[1], stop));
  }
  const IndexSource<AttributeIndex> source{segments_, slot.before.get()};
  CQD_ASSIGN_OR_RETURN(slot.made,
                       AttributeIndex::Make(source, attribute, mapping_, std::move(first),
                                            std::move(second), budget_, stop));
  slot.before = nullptr;
  return slot.made;
}

bool Indexes::Forget(std::int64_t before) const {
  // Asked for twice since the other was: among attributes that take turns none is forgotten.
  const std::lock_guard lock(mutex_);
  Slot<AttributeIndex>* oldest = nullptr;
  std::unique_lock<std::mutex> oldest_lock;
  for (auto& [attribute, slot] : attributes_) {
    std::unique_lock slot_lock(slot.mutex, std::try_to_lock);  // who is made now is in use
    if (!slot_lock || (slot.made == nullptr && slot.before == nullptr)) continue;
    if (slot.used >= before || (oldest != nullptr && slot.used >= oldest->used)) continue;
    oldest = &slot;
    oldest_lock = std::move(slot_lock);
  }
  if (oldest == nullptr) return false;
  oldest->made = nullptr;
  oldest->before = nullptr;
  oldest_lock.unlock();
  for (const VisibleSegment& visible : segments_) visible.segment->ForgetUnused();
  return true;
}

}  // namespace cqd::cube
