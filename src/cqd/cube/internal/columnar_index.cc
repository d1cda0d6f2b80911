#include "cube/internal/columnar_index.h"

#include <algorithm>

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

/// Places 0, 1, 2 ... of a whole block.
const std::vector<std::uint16_t>& AllRows() {
  static const auto* const kRows = [] {
    auto* rows = new std::vector<std::uint16_t>(column::kBlockRows);
    for (std::size_t i = 0; i < rows->size(); ++i) (*rows)[i] = static_cast<std::uint16_t>(i);
    return rows;
  }();
  return *kRows;
}

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
    std::shared_ptr<const ColumnIndex> second, const StopCheck& stop) {
  std::shared_ptr<AttributeIndex> index(new AttributeIndex());
  index->first_ = std::move(first);
  index->second_ = std::move(second);
  index->by_code_.resize(segments.size());
  CQD_RETURN_IF_ERROR(index->second_ ? index->AddPairs(segments, attribute, mapping, stop)
                                     : index->AddSingles(segments, attribute, mapping, stop));
  return std::shared_ptr<const AttributeIndex>(std::move(index));
}

std::uint32_t AttributeIndex::Intern(const model::Attribute& attribute, model::Value a,
                                     model::Value b, const model::Mapping& mapping) {
  model::Member member = attribute.member(a, b, mapping);
  const auto next = static_cast<std::uint32_t>(members_.size());
  const auto [at, added] = member_by_key_.emplace(member.key, next);
  if (added) members_.push_back(std::move(member));
  return at->second;
}

void AttributeIndex::SetSlot(std::size_t segment, const column::ColumnView& view,
                             std::vector<std::uint32_t> table) {
  Slot& slot = by_code_[segment];
  slot.known = true;
  slot.table = std::move(table);
  const bool one_member =
      std::all_of(slot.table.begin(), slot.table.end(),
                  [&slot](std::uint32_t member) { return member == slot.table.front(); });
  slot.by_code = {one_member ? nullptr : &view, slot.table};
}

Status AttributeIndex::AddSingles(std::span<const VisibleSegment> segments,
                                  const model::Attribute& attribute, const model::Mapping& mapping,
                                  const StopCheck& stop) {
  for (std::uint32_t number = 0; number < first_->size(); ++number) {
    if (number % 4096 == 0) CQD_RETURN_IF_ERROR(stop());
    member_by_number_.push_back(Intern(attribute, first_->ValueOf(number), model::kNull, mapping));
  }
  for (std::size_t s = 0; s < segments.size(); ++s) {
    std::vector<std::uint32_t> table = first_->Table(s);
    if (table.empty()) continue;
    for (std::uint32_t& entry : table) entry = member_by_number_[entry];
    SetSlot(s, segments[s].segment->Column(first_->column()), std::move(table));
  }
  return OkStatus();
}

Status AttributeIndex::AddPairs(std::span<const VisibleSegment> segments,
                                const model::Attribute& attribute, const model::Mapping& mapping,
                                const StopCheck& stop) {
  std::vector<std::uint32_t> a(column::kBlockRows);
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const CubeSegment& segment = *segments[s].segment;
    const column::ColumnView& first = segment.Column(first_->column());
    const column::ColumnView& second = segment.Column(second_->column());
    for (std::size_t row = 0; row < segment.row_count(); row += column::kBlockRows) {
      if (row % (8 * column::kBlockRows) == 0) CQD_RETURN_IF_ERROR(stop());
      const std::size_t count = std::min(column::kBlockRows, segment.row_count() - row);
      const std::uint16_t* all = AllRows().data();
      ForNumbers(*first_, first, s, row, all, count,
                 [&a](std::size_t k, std::uint32_t number) { a[k] = number; });
      ForNumbers(*second_, second, s, row, all, count, [&](std::size_t k, std::uint32_t b) {
        if (pairs_.NumberOf(PairKey(a[k], b)) != member_by_number_.size()) return;
        member_by_number_.push_back(
            Intern(attribute, first_->ValueOf(a[k]), second_->ValueOf(b), mapping));
      });
    }
    // One of the two does not vary here: the other's codes decide alone.
    const bool by_first = second.width == 0;
    if (!by_first && first.width != 0) continue;
    std::vector<std::uint32_t> table = by_first ? first_->Table(s) : second_->Table(s);
    if (table.empty()) continue;
    const std::uint32_t fixed = by_first ? second_->Table(s)[0] : first_->Table(s)[0];
    for (std::uint32_t& entry : table) {
      entry =
          member_by_number_[pairs_.Find(by_first ? PairKey(entry, fixed) : PairKey(fixed, entry))];
    }
    SetSlot(s, by_first ? first : second, std::move(table));
  }
  return OkStatus();
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
  CQD_ASSIGN_OR_RETURN(slot.made, AttributeIndex::Make(segments_, attribute, mapping_,
                                                       std::move(first), std::move(second), stop));
  return slot.made;
}

}  // namespace cqd::cube
