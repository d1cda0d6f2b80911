// The part of a scan that counts distinct values, ranks values, and judges by other limits.
#include <algorithm>

#include "cube/internal/columnar_scan.h"

namespace cqd::cube {
namespace {

/// Calls function(k, value) for the passing rows with a value.
template <typename Function>
void ForValues(const column::ColumnView& view, std::size_t first, const std::uint16_t* rows,
               std::size_t count, Function&& function) {
  if (view.width == 0) {
    if (view.base == model::kNull) return;
    for (std::size_t k = 0; k < count; ++k) function(k, view.base);
    return;
  }
  column::WithCodes(view, [&](const auto* codes) {
    for (std::size_t k = 0; k < count; ++k) {
      const model::Value value = view.ValueOf(codes[first + rows[k]]);
      if (value != model::kNull) function(k, value);
    }
  });
}

}  // namespace

/// Empty ones.
void Tally::MakeSets(const Plan& plan, QueryMemory* memory) {
  for (std::size_t d = 0; d < plan.distincts.size(); ++d) {
    distincts.emplace_back(MemoryShare(memory, {MemoryUse::Kind::kDistinct, d}));
  }
  for (std::size_t h = 0; h < plan.histograms.size(); ++h) {
    histograms.emplace_back(plan.histograms[h].values.size(),
                            MemoryShare(memory, {MemoryUse::Kind::kHistogram, h}));
  }
}

bool Tally::IsRefused() const {
  const auto is_refused = [](const auto& part) { return part.refused(); };
  return refused || std::any_of(distincts.begin(), distincts.end(), is_refused) ||
         std::any_of(histograms.begin(), histograms.end(), is_refused);
}

void Tally::SettleSets() {
  for (DistinctSet& distinct : distincts) distinct.Settle();
}

void Tally::FinishMonth(const Plan& plan) {
  for (std::size_t d = 0; d < distincts.size(); ++d) {
    if (plan.distincts[d].is_of_calls()) distincts[d].CountInto(distinct_numbers[d]);
  }
}

void Tally::FinishSets(const Plan& plan) {
  Resize(plan);
  for (std::size_t d = 0; d < distincts.size(); ++d) {
    distincts[d].CountInto(distinct_numbers[d]);
    refused = refused || distincts[d].refused();
  }
  distincts.clear();  // their memory is for the rows now
  for (Histogram& histogram : histograms) histogram.Finish();
}

void MergeSets(Tally& from, std::span<const std::uint32_t> place, Tally& to) {
  for (std::size_t d = 0; d < from.distincts.size(); ++d) {
    to.distincts[d].Append(from.distincts[d], place);
    for (std::size_t g = 0; g < from.distinct_numbers[d].size(); ++g) {
      to.distinct_numbers[d][place.empty() ? g : place[g]] += from.distinct_numbers[d][g];
    }
  }
  for (std::size_t h = 0; h < from.histograms.size(); ++h) {
    to.histograms[h].Append(from.histograms[h], place);
  }
}

/// classes_, so far numbers of facts, become classes by the states of the rows.
void Scanner::ClassifyAgain(std::size_t first, std::size_t selected) {
  const std::uint32_t* class_of = plan_.what_if->class_of.data();
  const WhatIfState* states = states_.data() + first;
  for (std::size_t k = 0; k < selected; ++k) {
    classes_[k] = class_of[classes_[k] * kWhatIfStates + states[selection_[k]]];
  }
}

void Scanner::AddToHistogram(const PlannedHistogram& planned, const column::ColumnView& view,
                             std::size_t segment, std::size_t first, std::size_t passing,
                             Histogram& histogram) const {
  if (histogram.refused()) return;  // there may be no room for the groups
  const std::vector<std::uint32_t>& table = planned.index->Table(segment);
  const auto add = [&](std::size_t k, std::uint32_t number) {
    const std::uint32_t rank = planned.rank_of[number];
    if (rank != PlannedHistogram::kNoRank) histogram.Add(passing_groups_[k], rank);
  };
  if (view.width == 0 || table.empty()) {
    ForValues(view, first, passing_rows_.data(), passing,
              [&](std::size_t k, model::Value value) { add(k, planned.index->NumberOf(value)); });
    return;
  }
  column::WithCodes(view, [&](const auto* codes) {
    for (std::size_t k = 0; k < passing; ++k) add(k, table[codes[first + passing_rows_[k]]]);
  });
}

void Scanner::AddSets(const VisibleSegment& visible, std::size_t segment, std::size_t first,
                      std::size_t selected, Tally& tally) {
  for (std::size_t d = 0; d < plan_.distincts.size(); ++d) {
    const PlannedDistinct& planned = plan_.distincts[d];
    const std::size_t passing = KeepPassing(planned.test, selected);
    DistinctSet& set = tally.distincts[d];
    const auto add = [&](std::size_t k, model::Value value) {
      set.Add(passing_groups_[k], static_cast<std::uint64_t>(value));
    };
    for (const auto& column : {std::optional(planned.first), planned.second}) {
      if (!column) continue;
      ForValues(visible.segment->Column(*column), first, passing_rows_.data(), passing, add);
    }
  }
  for (std::size_t h = 0; h < plan_.histograms.size(); ++h) {
    const PlannedHistogram& planned = plan_.histograms[h];
    const std::size_t passing = KeepPassing(planned.test, selected);
    AddToHistogram(planned, visible.segment->Column(planned.column), segment, first, passing,
                   tally.histograms[h]);
  }
}

}  // namespace cqd::cube
