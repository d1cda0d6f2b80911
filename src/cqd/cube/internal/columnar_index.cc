#include "cube/internal/columnar_index.h"

#include <algorithm>
#include <numeric>
#include <tuple>

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

}  // namespace

Result<std::shared_ptr<const ColumnIndex>> ColumnIndex::Make(
    std::span<const VisibleSegment> segments, model::CubeColumn column, const StopCheck& stop) {
  std::shared_ptr<ColumnIndex> index(new ColumnIndex(column));
  for (const VisibleSegment& visible : segments) {
    CQD_RETURN_IF_ERROR(stop());
    const column::ColumnView& view = visible.segment->Column(column);
    auto& table = index->tables_.emplace_back();
    if (HasNarrowCodes(view)) table.assign(view.code_max() + 1, column::GroupTable::kMissing);
    for (const model::Value value : visible.segment->Distinct(column)) {
      const std::uint32_t number = index->numbers_.NumberOf(static_cast<std::uint64_t>(value));
      if (!table.empty()) table[view.CodeOf(value)] = number;
    }
    FillGaps(table);
  }
  return std::shared_ptr<const ColumnIndex>(std::move(index));
}

Result<std::shared_ptr<const AttributeIndex>> AttributeIndex::Make(
    std::span<const VisibleSegment> segments, const model::Attribute& attribute,
    const model::Mapping& mapping, std::shared_ptr<const ColumnIndex> first,
    std::shared_ptr<const ColumnIndex> second, std::shared_ptr<MemoryBudget> budget,
    const StopCheck& stop) {
  std::shared_ptr<AttributeIndex> index(new AttributeIndex());
  index->attribute_ = &attribute;
  index->budget_ = std::move(budget);
  index->first_ = std::move(first);
  index->second_ = std::move(second);
  index->slots_.resize(segments.size());
  CQD_RETURN_IF_ERROR(index->second_ ? index->AddPairs(segments, mapping, stop)
                                     : index->AddSingles(segments, mapping, stop));
  return std::shared_ptr<const AttributeIndex>(std::move(index));
}

std::uint32_t AttributeIndex::Intern(model::Value a, model::Value b,
                                     const model::Mapping& mapping) {
  model::Member member = attribute_->member(a, b, mapping);
  const auto next = static_cast<std::uint32_t>(members_.size());
  const auto [at, added] = member_by_key_.emplace(member.key, next);
  if (added) members_.push_back(std::move(member));
  return at->second;
}

void AttributeIndex::SetSlot(std::size_t segment, const column::ColumnView& view,
                             std::vector<std::uint32_t> table) {
  Slot& slot = slots_[segment];
  slot.known = true;
  slot.table = std::move(table);
  const bool one_member =
      std::all_of(slot.table.begin(), slot.table.end(),
                  [&slot](std::uint32_t member) { return member == slot.table.front(); });
  slot.by_code = {one_member ? nullptr : &view, slot.table};
}

void AttributeIndex::SetSlot(std::size_t segment, std::shared_ptr<const KeptTuples> tuples,
                             std::vector<std::uint32_t> table) {
  if (tuples->lease == nullptr) return;  // not kept: the members are known, the rows' are not
  SetSlot(segment, tuples->tuples.codes.view(), std::move(table));
  slots_[segment].tuples = std::move(tuples);
}

Status AttributeIndex::AddSingles(std::span<const VisibleSegment> segments,
                                  const model::Mapping& mapping, const StopCheck& stop) {
  for (std::uint32_t number = 0; number < first_->size(); ++number) {
    if (number % 4096 == 0) CQD_RETURN_IF_ERROR(stop());
    member_by_number_.push_back(Intern(first_->ValueOf(number), model::kNull, mapping));
  }
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const CubeSegment& segment = *segments[s].segment;
    std::vector<std::uint32_t> table = first_->Table(s);
    if (!table.empty()) {
      for (std::uint32_t& entry : table) entry = member_by_number_[entry];
      SetSlot(s, segment.Column(first_->column()), std::move(table));
      continue;
    }
    CQD_RETURN_IF_ERROR(stop());
    auto kept = segment.TuplesOf(first_->column(), std::nullopt, budget_);
    for (const auto& tuple : kept->tuples.values) {
      table.push_back(member_by_number_[first_->NumberOf(tuple[0])]);
    }
    SetSlot(s, std::move(kept), std::move(table));
  }
  return OkStatus();
}

Status AttributeIndex::AddPairs(std::span<const VisibleSegment> segments,
                                const model::Mapping& mapping, const StopCheck& stop) {
  for (std::size_t s = 0; s < segments.size(); ++s) {
    CQD_RETURN_IF_ERROR(stop());
    auto kept = segments[s].segment->TuplesOf(first_->column(), second_->column(), budget_);
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
    SetSlot(s, std::move(kept), std::move(table));
  }
  return OkStatus();
}

const AttributeIndex::ByCode* AttributeIndex::NarrowByCode(const VisibleSegment& visible,
                                                           std::size_t segment) const {
  Slot& slot = slots_[segment];
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
  if (slot.narrow_codes == nullptr) return;
  slot.narrow_table = std::move(members);
  slot.narrow = {&slot.narrow_codes->codes.view(), slot.narrow_table};
  slot.is_narrow = true;
}

const AttributeIndex::Ranks& AttributeIndex::ranks() const {
  std::call_once(ranks_once_, [this] {
    ranks_.at.resize(members_.size());
    std::iota(ranks_.at.begin(), ranks_.at.end(), 0U);
    std::sort(ranks_.at.begin(), ranks_.at.end(), [this](std::uint32_t a, std::uint32_t b) {
      const model::Member& x = members_[a];
      const model::Member& y = members_[b];
      return std::tie(x.order, x.caption, x.key) < std::tie(y.order, y.caption, y.key);
    });
    ranks_.rank_of.resize(members_.size());
    for (std::uint32_t rank = 0; rank < ranks_.at.size(); ++rank) {
      ranks_.rank_of[ranks_.at[rank]] = rank;
    }
  });
  return ranks_;
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

Result<std::shared_ptr<const ColumnIndex>> Indexes::OfColumn(model::CubeColumn column,
                                                             const StopCheck& stop) const {
  auto& slot = SlotOf(columns_, column);
  const std::lock_guard lock(slot.mutex);
  if (!slot.made) {
    CQD_ASSIGN_OR_RETURN(slot.made, ColumnIndex::Make(segments_, column, stop));
  }
  return slot.made;
}

Result<std::shared_ptr<const AttributeIndex>> Indexes::Of(const model::Attribute& attribute,
                                                          const StopCheck& stop) const {
  auto& slot = SlotOf(attributes_, &attribute);
  const std::lock_guard lock(slot.mutex);
  if (slot.made) return slot.made;
  CQD_ASSIGN_OR_RETURN(auto first, OfColumn(attribute.inputs[0], stop));
  std::shared_ptr<const ColumnIndex> second;
  if (attribute.input_count == 2) {
    CQD_ASSIGN_OR_RETURN(second, OfColumn(attribute.inputs[1], stop));
  }
  CQD_ASSIGN_OR_RETURN(slot.made,
                       AttributeIndex::Make(segments_, attribute, mapping_, std::move(first),
                                            std::move(second), budget_, stop));
  return slot.made;
}

}  // namespace cqd::cube
