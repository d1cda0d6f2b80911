#include "cube/internal/columnar_scan.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "base/check.h"

namespace cqd::cube {
namespace {

using column::kBlockRows;

/// Sums are exact as long as they fit; beyond that they wrap on every path alike.
void AddTo(std::int64_t& sum, std::int64_t value) {
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                  static_cast<std::uint64_t>(value));
}

std::int64_t Times(std::int64_t times, std::int64_t sum) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(times) *
                                   static_cast<std::uint64_t>(sum));
}

/// Codes of the values in [first, last].
column::CodeSet CodesBetween(const column::ColumnView& view, model::Value first,
                             model::Value last) {
  column::CodeSet set;
  if (view.max < view.min || last < view.min || first > view.max) return set;
  const bool whole = first <= view.min && last >= view.max && view.null_count == 0;
  if (whole) {
    set.kind = column::CodeSet::Kind::kAll;
    return set;
  }
  const auto low = std::max(first, view.min), high = std::min(last, view.max);
  if (low > high) return set;
  if (view.encoding == column::Encoding::kDictionary) {
    const auto begin = view.dictionary.begin(), end = view.dictionary.end();
    const auto from = std::lower_bound(begin, end, low), to = std::upper_bound(begin, end, high);
    if (from == to) return set;
    set.intervals.push_back(
        {static_cast<std::uint64_t>(from - begin), static_cast<std::uint64_t>(to - begin) - 1});
  } else {
    const auto base = static_cast<std::uint64_t>(view.base);
    set.intervals.push_back(
        {static_cast<std::uint64_t>(low) - base, static_cast<std::uint64_t>(high) - base});
  }
  set.kind = column::CodeSet::Kind::kIntervals;
  return set;
}

// Both copies together stay in the first level of the cache.
constexpr std::size_t kTwiceMax = 4096;

/// A set that is looked up by wide codes, row by row: worth waiting for what other filters leave.
bool IsLate(const column::ColumnView* view, const column::CodeSet& set) {
  return view != nullptr && view->width > 1 && set.kind == column::CodeSet::Kind::kTable;
}

}  // namespace

Tally::Tally(const Plan& plan, QueryMemory* memory)
    : groups(plan.shape), group_share(memory, {MemoryUse::Kind::kGroups}) {
  MakeSets(plan, memory);
  Resize(plan);
  if (!plan.shape.is_array()) return;
  small.resize(counts.size());
  if (counts.size() <= kTwiceMax) small_other.resize(counts.size());
}

void Tally::MakeRoom(std::size_t rows) {
  if (small_rows + rows > std::numeric_limits<std::uint32_t>::max()) Settle();
  small_rows += rows;
}

void Tally::Settle() {
  if (small_rows == 0) return;
  for (auto* part : {&small, &small_other}) {
    for (std::size_t i = 0; i < part->size(); ++i) counts[i] += (*part)[i];
    std::fill(part->begin(), part->end(), 0U);
  }
  small_rows = 0;
}

bool Tally::Holds(const Plan& plan, std::uint32_t group) const {
  const std::size_t begin = group * plan.class_count, end = begin + plan.class_count;
  for (std::size_t i = begin; i < end; ++i) {
    if (counts[i] != 0 || small[i] != 0 || (!small_other.empty() && small_other[i] != 0)) {
      return true;
    }
  }
  return false;
}

void Tally::Resize(const Plan& plan) {
  counts.resize(groups.size() * plan.class_count);
  sums.resize(plan.sums.size());
  numbers.resize(plan.sums.size());
  for (auto& by_group : sums) by_group.resize(groups.size());
  for (auto& by_group : numbers) by_group.resize(groups.size());
  distinct_numbers.resize(plan.distincts.size());
  for (auto& by_group : distinct_numbers) by_group.resize(groups.size());
  for (Histogram& histogram : histograms) histogram.Resize(groups.size());
  if (!group_share.Resize(groups.size() * plan.group_bytes)) refused = true;
}

void Merge(const Plan& plan, Tally& from, Tally& to, std::int64_t times) {
  if (plan.shape.is_array()) {
    MergeSets(from, {}, to);
    for (std::size_t i = 0; i < to.counts.size(); ++i) to.counts[i] += times * from.counts[i];
    for (std::size_t s = 0; s < plan.sums.size(); ++s) {
      for (std::size_t g = 0; g < to.sums[s].size(); ++g) {
        AddTo(to.sums[s][g], Times(times, from.sums[s][g]));
        to.numbers[s][g] += times * from.numbers[s][g];
      }
    }
    return;
  }
  std::vector<std::uint32_t> tuple(plan.dimensions.size());
  std::vector<std::uint32_t> place(from.groups.size());
  for (std::uint32_t g = 0; g < place.size(); ++g) {
    from.groups.TupleOf(g, tuple);
    place[g] = to.groups.NumberOf(tuple);
  }
  to.Resize(plan);
  MergeSets(from, place, to);
  for (std::size_t g = 0; g < place.size(); ++g) {
    const std::int64_t* counts = from.counts.data() + g * plan.class_count;
    std::int64_t* target = to.counts.data() + place[g] * plan.class_count;
    for (std::size_t c = 0; c < plan.class_count; ++c) target[c] += times * counts[c];
    for (std::size_t s = 0; s < plan.sums.size(); ++s) {
      AddTo(to.sums[s][place[g]], Times(times, from.sums[s][g]));
      to.numbers[s][place[g]] += times * from.numbers[s][g];
    }
  }
}

Scanner::Scanner(const Plan& plan)
    : plan_(plan),
      all_rows_(kBlockRows),
      selection_(kBlockRows),
      mask_(kBlockRows),
      any_mask_(kBlockRows),
      passing_rows_(kBlockRows),
      passing_groups_(kBlockRows),
      keys_(kBlockRows),
      groups_(kBlockRows),
      classes_(kBlockRows),
      members_(kBlockRows) {
  std::iota(all_rows_.begin(), all_rows_.end(), std::uint16_t{0});
}

bool Scanner::PrepareWindow(const CubeSegment& segment) {
  window_.reset();
  if (!plan_.window) return true;
  const column::ColumnView& day = segment.Column(model::CubeColumn::kStartDay);
  const column::CodeSet set = CodesBetween(day, plan_.window->first, plan_.window->last);
  if (set.kind == column::CodeSet::Kind::kAll) return true;
  window_ = set;
  return set.kind != column::CodeSet::Kind::kNone;
}

Scanner::SegmentAnyOf Scanner::PrepareAnyOf(const AnyOf& any_of, const VisibleSegment& visible,
                                            std::size_t segment) const {
  SegmentAnyOf prepared;
  for (const PlannedFilter& filter : any_of) {
    SegmentFilter one;
    one.filter = &filter;
    if (const AttributeIndex::ByCode* by_code = filter.index->NarrowByCode(visible, segment)) {
      if (by_code->view == nullptr) {
        if (filter.passes[by_code->member[0]] != 0) prepared.always = true;
        continue;
      }
      one.view = by_code->view;
      one.table.resize(by_code->member.size());
      for (std::size_t code = 0; code < one.table.size(); ++code) {
        one.table[code] = filter.passes[by_code->member[code]];
      }
      one.set = column::SimplestSet(one.table);
      if (one.set.kind == column::CodeSet::Kind::kAll) prepared.always = true;
      if (one.set.kind == column::CodeSet::Kind::kNone) continue;
      FindShares(one);
    }
    prepared.filters.push_back(std::move(one));
  }
  return prepared;
}

/// What the zones of the filter's column say of each block.
void Scanner::FindShares(SegmentFilter& filter) {
  const column::ColumnView& view = *filter.view;
  if (view.zones.empty()) return;
  // passing[n]: codes below n that pass.
  std::vector<std::uint32_t> passing(filter.table.size() + 1);
  for (std::size_t code = 0; code < filter.table.size(); ++code) {
    passing[code + 1] = passing[code] + filter.table[code];
  }
  for (const column::Zone& zone : view.zones) {
    const bool has_values = zone.min <= zone.max;
    const std::uint64_t last = has_values ? view.CodeOf(zone.max) : 0;
    const std::uint64_t first = zone.null_count > 0 || !has_values ? 0 : view.CodeOf(zone.min);
    const std::uint64_t pass = passing[last + 1] - passing[first];
    filter.shares.push_back(pass == 0                  ? Share::kNone
                            : pass == last - first + 1 ? Share::kAll
                                                       : Share::kSome);
  }
}

Scanner::Share Scanner::SegmentAnyOf::ShareOf(std::size_t block) const {
  auto share = Share::kNone;
  for (const SegmentFilter& filter : filters) share = std::max(share, filter.ShareOf(block));
  return share;
}

/// False when no row of the segment can pass.
bool Scanner::Prepare(const VisibleSegment& visible, std::size_t segment) {
  if (visible.live_rows() == 0 || !PrepareWindow(*visible.segment)) return false;
  filters_.clear();
  late_filters_.clear();
  for (const AnyOf& any_of : plan_.all_of) {
    SegmentAnyOf prepared = PrepareAnyOf(any_of, visible, segment);
    if (prepared.always) continue;
    if (prepared.filters.empty()) return false;
    if (prepared.filters.size() == 1 && IsLate(prepared.filters[0].view, prepared.filters[0].set)) {
      late_filters_.push_back(std::move(prepared.filters[0]));
    } else {
      filters_.push_back(std::move(prepared));
    }
  }
  filtered_ = window_.has_value() || !filters_.empty() || !late_filters_.empty();
  class_by_code_ = plan_.facts->Table(segment);
  for (std::uint32_t& entry : class_by_code_) entry = plan_.class_of_facts[entry];
  return true;
}

/// When nothing is filtered and every dimension has one member in the segment, the occurrences in
/// the dictionary of the facts are the answer, less the dead rows: no other row is read.
bool Scanner::CountFromTotals(const VisibleSegment& visible, std::size_t segment, Tally& tally) {
  const column::ColumnView& facts = visible.segment->Column(model::CubeColumn::kFacts);
  if (filtered_ || !plan_.counts_only() || facts.encoding == column::Encoding::kFrame) return false;
  std::vector<std::uint32_t> tuple;
  for (const auto& dimension : plan_.dimensions) {
    const AttributeIndex::ByCode* by_code = dimension->FindByCode(segment);
    if (by_code == nullptr || by_code->view != nullptr) return false;
    tuple.push_back(by_code->member[0]);
  }
  const std::size_t group = tally.groups.NumberOf(tuple);
  tally.Resize(plan_);
  std::int64_t* counts = tally.counts.data() + group * plan_.class_count;
  if (facts.encoding == column::Encoding::kConstant) {
    counts[class_by_code_[0]] += visible.live_rows();
    return true;
  }
  for (std::size_t code = 0; code < facts.occurrences.size(); ++code) {
    counts[class_by_code_[code]] += facts.occurrences[code];
  }
  if (visible.dead == nullptr) return true;
  for (std::size_t w = 0; w < visible.dead->bits.size(); ++w) {
    for (std::uint64_t word = visible.dead->bits[w]; word != 0; word &= word - 1) {
      const auto row = w * 64 + static_cast<std::size_t>(std::countr_zero(word));
      --counts[class_by_code_[facts.CodeAt(row)]];
    }
  }
  return true;
}

void Scanner::ApplyFilter(const SegmentFilter& filter, const VisibleSegment& visible,
                          std::size_t segment, std::size_t first, std::size_t count, bool is_or,
                          column::Mask* mask) {
  if (filter.view != nullptr) {
    column::WithCodes(*filter.view, [&](const auto* codes) {
      if (is_or) {
        column::OrSet(codes + first, count, filter.set, mask);
      } else {
        column::AndSet(codes + first, count, filter.set, mask);
      }
    });
    return;
  }
  filter.filter->index->MembersOf(visible, segment, first, all_rows_.data(), count,
                                  members_.data());
  const column::Mask* passes = filter.filter->passes.data();
  for (std::size_t i = 0; i < count; ++i) {
    const column::Mask bit = passes[members_[i]];
    mask[i] = static_cast<column::Mask>(is_or ? mask[i] | bit : mask[i] & bit);
  }
}

/// True when no row of the block can pass.
bool Scanner::SkipsBlock(std::size_t block) const {
  const auto is_none = [block](const auto& filter) {
    return filter.ShareOf(block) == Share::kNone;
  };
  return std::any_of(filters_.begin(), filters_.end(), is_none) ||
         std::any_of(late_filters_.begin(), late_filters_.end(), is_none);
}

/// Fills selection_; returns how many rows of the block passed.
std::size_t Scanner::FilterBlock(const VisibleSegment& visible, std::size_t segment,
                                 std::size_t first, std::size_t count) {
  const std::size_t block = first / kBlockRows;
  const column::ColumnView& day = visible.segment->Column(model::CubeColumn::kStartDay);
  bool in_window = true;  // the whole block
  if (window_) {
    const column::Zone& zone = day.zones[block];
    skipped_ = zone.max < plan_.window->first || zone.min > plan_.window->last;
    if (skipped_) return 0;
    in_window =
        zone.null_count == 0 && zone.min >= plan_.window->first && zone.max <= plan_.window->last;
  }
  skipped_ =
      SkipsBlock(block) || (visible.dead && column::AreAllDead(visible.dead->bits, first, count));
  if (skipped_) return 0;
  std::fill_n(mask_.data(), count, column::Mask{1});
  bool all = visible.dead == nullptr && in_window;
  bool untouched = all;  // the mask
  if (visible.dead) column::ClearDead(visible.dead->bits, first, count, mask_.data());
  if (!in_window) {
    column::WithCodes(day, [&](const auto* codes) {
      column::AndSet(codes + first, count, *window_, mask_.data());
    });
  }
  for (const SegmentAnyOf& any_of : filters_) {
    if (any_of.ShareOf(block) == Share::kAll) continue;
    all = false;
    if (any_of.filters.size() == 1) {
      ApplyFilter(any_of.filters[0], visible, segment, first, count, false, mask_.data());
      untouched = false;
      continue;
    }
    // While all rows are wanted, those of the first filters are simply what they say.
    column::Mask* any = untouched ? mask_.data() : any_mask_.data();
    std::fill_n(any, count, column::Mask{0});
    for (const SegmentFilter& filter : any_of.filters) {
      ApplyFilter(filter, visible, segment, first, count, true, any);
    }
    if (!untouched) column::AndMask(any, count, mask_.data());
    untouched = false;
  }
  if (all) {
    std::copy_n(all_rows_.data(), count, selection_.data());
    return FilterSelection(first, count);
  }
  return FilterSelection(first, column::Select(mask_.data(), count, selection_.data()));
}

std::size_t Scanner::FilterSelection(std::size_t first, std::size_t selected) {
  for (const SegmentFilter& filter : late_filters_) {
    if (filter.ShareOf(first / kBlockRows) == Share::kAll) continue;
    column::WithCodes(*filter.view, [&](const auto* codes) {
      selected = column::KeepSelected(codes + first, filter.set.table, selected, selection_.data());
    });
  }
  return selected;
}

/// Fills groups_ with the group number of each selected row.
void Scanner::NumberGroups(const VisibleSegment& visible, std::size_t segment, std::size_t first,
                           std::size_t selected, Tally& tally) {
  std::fill_n(groups_.data(), selected, 0U);
  for (std::size_t s = 0; s < plan_.shape.stages().size(); ++s) {
    const GroupShape::Stage& stage = plan_.shape.stages()[s];
    for (std::size_t k = 0; k < selected; ++k) keys_[k] = groups_[k] * stage.base;
    for (std::size_t i = 0; i < stage.dimension_count; ++i) {
      const AttributeIndex& dimension = *plan_.dimensions[stage.first_dimension + i];
      const std::uint64_t stride = stage.strides[i];
      const AttributeIndex::ByCode* by_code = dimension_codes_[stage.first_dimension + i];
      if (by_code == nullptr) {
        dimension.MembersOf(visible, segment, first, selection_.data(), selected, members_.data());
        for (std::size_t k = 0; k < selected; ++k) keys_[k] += members_[k] * stride;
      } else if (by_code->view == nullptr) {
        const std::uint64_t digit = by_code->member[0] * stride;
        for (std::size_t k = 0; k < selected; ++k) keys_[k] += digit;
      } else {
        column::WithCodes(*by_code->view, [&](const auto* codes) {
          column::AddGathered(codes + first, selection_.data(), selected, by_code->member.data(),
                              stride, keys_.data());
        });
      }
    }
    tally.groups.Number(s, {keys_.data(), selected}, groups_.data());
  }
  if (!plan_.shape.is_array()) tally.Resize(plan_);
}

/// Fills groups_ for an array of groups, less the part that is the same for the whole segment,
/// which is returned; one_group_ is set and groups_ left alone when that is all.
std::uint32_t Scanner::IndexGroups(const VisibleSegment& visible, std::size_t segment,
                                   std::size_t first, std::size_t selected) {
  using column::Into;
  Into into = Into::kSet;
  std::uint32_t fixed = 0;  // of the dimensions with one member in the segment
  const GroupShape::Stage& stage = plan_.shape.stages()[0];
  for (std::size_t d = 0; d < plan_.dimensions.size(); ++d) {
    const auto stride = static_cast<std::uint32_t>(stage.strides[d]);
    const AttributeIndex::ByCode* by_code = dimension_codes_[d];
    if (by_code != nullptr && by_code->view == nullptr) {
      fixed += by_code->member[0] * stride;
      continue;
    }
    if (by_code != nullptr) {
      column::WithCodes(*by_code->view, [&](const auto* codes) {
        column::IndexGathered(codes + first, selected_rows_, selected, by_code->member.data(),
                              stride, into, groups_.data());
      });
    } else {
      if (into == Into::kSet) std::fill_n(groups_.data(), selected, 0U);
      plan_.dimensions[d]->MembersOf(visible, segment, first, selection_.data(), selected,
                                     members_.data());
      for (std::size_t k = 0; k < selected; ++k) groups_[k] += members_[k] * stride;
    }
    into = Into::kAdd;
  }
  one_group_ = into == Into::kSet;
  return fixed;
}

/// Fills passing_rows_ and passing_groups_; returns how many pass.
std::size_t Scanner::KeepPassing(std::size_t test, std::size_t selected) {
  const column::Mask* passes = plan_.passes[test].data();
  if (block_class_) {
    if (passes[*block_class_] == 0) return 0;
    std::copy_n(selection_.data(), selected, passing_rows_.data());
    std::copy_n(groups_.data(), selected, passing_groups_.data());
    return selected;
  }
  std::size_t passing = 0;
  for (std::size_t k = 0; k < selected; ++k) {
    passing_rows_[passing] = selection_[k];
    passing_groups_[passing] = groups_[k];
    passing += passes[classes_[k]];
  }
  return passing;
}

void Scanner::AddSums(const VisibleSegment& visible, std::size_t first, std::size_t selected,
                      Tally& tally) {
  std::size_t passing = 0;
  bool in_runs = false;
  for (std::size_t s = 0; s < plan_.sums.size(); ++s) {
    const PlannedSum& sum = plan_.sums[s];
    if (s == 0 || sum.test != plan_.sums[s - 1].test) {
      passing = KeepPassing(sum.test, selected);
      in_runs = column::FindRuns(passing_groups_.data(), passing, runs_);
    }
    const column::ColumnView& values = visible.segment->Column(sum.column);
    std::int64_t* sums = tally.sums[s].data();
    std::int64_t* numbers = tally.numbers[s].data();
    if (in_runs) {
      column::AddRuns(values, first, passing_rows_.data(), runs_, sums, numbers);
    } else {
      column::AddValues(values, first, passing_rows_.data(), passing, passing_groups_.data(), sums,
                        numbers);
    }
  }
}

/// Counts the selected rows of an array of groups by the codes of the facts.
void Scanner::CountSmall(const column::ColumnView& facts, std::size_t first, std::size_t selected,
                         std::uint32_t fixed, Tally& tally) {
  const auto class_count = static_cast<std::uint32_t>(plan_.class_count);
  tally.MakeRoom(selected);
  const std::size_t offset = std::size_t{fixed} * class_count;
  std::uint32_t* counts = tally.small.data() + offset;
  std::uint32_t* other = tally.small_other.empty() ? counts : tally.small_other.data() + offset;
  column::WithCodes(facts, [&](const auto* codes) {
    if (one_group_) {
      column::CountCodes(codes + first, selected_rows_, selected, class_by_code_, code_counts_,
                         counts);
    } else {
      column::CountByCode(codes + first, selected_rows_, selected, groups_.data(),
                          class_by_code_.data(), class_count, counts, other);
    }
  });
}

void Scanner::CountBlock(const VisibleSegment& visible, std::size_t segment, std::size_t first,
                         std::size_t selected, Tally& tally) {
  const column::ColumnView& facts = visible.segment->Column(model::CubeColumn::kFacts);
  if (plan_.shape.is_array()) {
    const std::uint32_t fixed = IndexGroups(visible, segment, first, selected);
    if (plan_.counts_only() && facts.width != 0 && !class_by_code_.empty()) {
      return CountSmall(facts, first, selected, fixed, tally);
    }
    if (one_group_) {
      std::fill_n(groups_.data(), selected, fixed);
    } else if (fixed != 0) {
      for (std::size_t k = 0; k < selected; ++k) groups_[k] += fixed;
    }
  } else {
    NumberGroups(visible, segment, first, selected, tally);
  }
  if (block_class_) {
    std::fill_n(classes_.data(), selected, *block_class_);
  } else if (facts.width == 0) {
    std::fill_n(classes_.data(), selected, class_by_code_[0]);
  } else {
    column::WithCodes(facts, [&](const auto* codes) {
      if (!class_by_code_.empty()) {
        column::Gather(codes + first, selection_.data(), selected, class_by_code_.data(),
                       classes_.data());
        return;
      }
      for (std::size_t k = 0; k < selected; ++k) {
        const model::Value word = facts.ValueOf(codes[first + selection_[k]]);
        classes_[k] = plan_.class_of_facts[plan_.facts->NumberOf(word)];
      }
    });
  }
  if (plan_.what_if) ClassifyAgain(first, selected);
  column::CountClasses(groups_.data(), classes_.data(), selected,
                       static_cast<std::uint32_t>(plan_.class_count), tally.counts.data());
  AddSums(visible, first, selected, tally);
  if (!plan_.distincts.empty() || !plan_.histograms.empty()) {
    AddSets(visible, segment, first, selected, tally);
  }
}

/// Bytes of codes that a query looks at for each row, when nothing stops it before.
std::int64_t Scanner::BytesOfRow(const CubeSegment& segment) const {
  const auto width = [](const column::ColumnView* view) {
    return view == nullptr ? 0 : view->width;
  };
  std::int64_t bytes = segment.Column(model::CubeColumn::kFacts).width;
  if (window_) bytes += segment.Column(model::CubeColumn::kStartDay).width;
  for (const SegmentAnyOf& any_of : filters_) {
    for (const SegmentFilter& filter : any_of.filters) bytes += width(filter.view);
  }
  for (const SegmentFilter& filter : late_filters_) bytes += width(filter.view);
  for (const auto* codes : dimension_codes_) bytes += codes == nullptr ? 0 : width(codes->view);
  for (const PlannedSum& sum : plan_.sums) bytes += segment.Column(sum.column).width;
  return bytes;
}

void Scanner::Scan(const VisibleSegment& visible, std::size_t segment,
                   std::span<const WhatIfState> states, Tally& tally) {
  states_ = states;
  ScanCounts& scanned = tally.scanned;
  ++scanned.segments;
  if (!Prepare(visible, segment)) {
    ++scanned.segments_skipped;
    return;
  }
  if (CountFromTotals(visible, segment, tally)) {
    ++scanned.segments_from_totals;
    return;
  }
  dimension_codes_.clear();
  for (const auto& dimension : plan_.dimensions) {
    dimension_codes_.push_back(dimension->NarrowByCode(visible, segment));
  }
  bytes_of_row_ = BytesOfRow(*visible.segment);
  uncounted_.clear();
  few_groups_.reset();
  const std::size_t blocks = (visible.segment->row_count() + kBlockRows - 1) / kBlockRows;
  for (std::size_t block = 0; block < blocks; ++block) {
    block_class_ = ClassOfBlock(*visible.segment, block);
    if (block_class_ && block_class_ == plan_.class_uncounted && plan_.shape.is_array()) {
      uncounted_.push_back(block);  // the others may make it needless
      continue;
    }
    ScanBlock(visible, segment, block, tally);
    if (tally.IsOver(plan_)) return;  // the caller sees that too
  }
  for (const std::size_t block : uncounted_) {
    if (HasAllGroups(tally)) {
      ++scanned.blocks;
      ++scanned.blocks_skipped;
      continue;
    }
    block_class_ = plan_.class_uncounted;
    ScanBlock(visible, segment, block, tally);
  }
}

void Scanner::ScanBlock(const VisibleSegment& visible, std::size_t segment, std::size_t block,
                        Tally& tally) {
  const std::size_t first = block * kBlockRows;
  const std::size_t count = std::min(kBlockRows, visible.segment->row_count() - first);
  std::size_t selected = count;
  skipped_ = false;
  if (filtered_ || visible.dead) selected = FilterBlock(visible, segment, first, count);
  ScanCounts& scanned = tally.scanned;
  ++scanned.blocks;
  if (skipped_) {
    ++scanned.blocks_skipped;
    return;
  }
  scanned.rows_scanned += static_cast<std::int64_t>(count);
  scanned.rows_passed += static_cast<std::int64_t>(selected);
  scanned.bytes_touched += bytes_of_row_ * static_cast<std::int64_t>(count);
  selected_rows_ = selected == count ? nullptr : selection_.data();
  if (selected == count) std::copy_n(all_rows_.data(), count, selection_.data());
  if (selected != 0) CountBlock(visible, segment, first, selected, tally);
}

}  // namespace cqd::cube
