#include "cube/internal/columnar_plan.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "cube/internal/query_memory.h"
#include "cube/internal/what_if.h"

namespace cqd::cube {
namespace {

Result<PlannedFilter> PlanFilter(const Filter& filter, const Indexes& indexes,
                                 const StopCheck& stop) {
  CQD_ASSIGN_OR_RETURN(const MemberTest test, MemberTest::Make(filter));
  PlannedFilter planned;
  CQD_ASSIGN_OR_RETURN(planned.index, indexes.Of(*filter.attribute, stop));
  planned.passes.reserve(planned.index->members().size());
  const MemberList& members = planned.index->members();
  for (std::size_t number = 0; number < members.size(); ++number) {
    if (number % 4096 == 0) CQD_RETURN_IF_ERROR(stop());
    planned.passes.push_back(test.Matches(members[number]) ? 1 : 0);
  }
  return planned;
}

Status PlanFilters(const CubeQuery& query, const Indexes& indexes, const StopCheck& stop,
                   Plan& plan) {
  std::map<std::string_view, std::size_t> unions;
  for (const Filter& filter : query.filters) {
    CQD_ASSIGN_OR_RETURN(PlannedFilter planned, PlanFilter(filter, indexes, stop));
    std::size_t place = plan.all_of.size();
    if (!filter.union_group.empty()) {
      place = unions.emplace(filter.union_group, place).first->second;
    }
    if (place == plan.all_of.size()) plan.all_of.emplace_back();
    plan.all_of[place].push_back(std::move(planned));
  }
  return OkStatus();
}

std::size_t PlaceOf(std::vector<model::FactTest>& tests, model::FactTest test) {
  const auto found = std::find(tests.begin(), tests.end(), test);
  if (found != tests.end()) return static_cast<std::size_t>(found - tests.begin());
  tests.push_back(test);
  return tests.size() - 1;
}

/// The place of `wanted` in `list`, where it is put when it is not there.
template <typename T>
std::size_t PlaceIn(std::vector<T>& list, T wanted) {
  const auto found = std::find(list.begin(), list.end(), wanted);
  const auto place = static_cast<std::size_t>(found - list.begin());
  if (found == list.end()) list.push_back(std::move(wanted));
  return place;
}

std::size_t PlanHistogram(model::CubeColumn column, std::size_t test, Plan& plan) {
  for (std::size_t h = 0; h < plan.histograms.size(); ++h) {
    if (plan.histograms[h].column == column && plan.histograms[h].test == test) return h;
  }
  plan.histograms.push_back({column, test, nullptr, {}, {}});
  return plan.histograms.size() - 1;
}

/// Puts the values of a column in order. False: the memory does not have the tables.
Result<bool> FinishHistogram(const Indexes& indexes, const StopCheck& stop, MemoryUse use,
                             QueryMemory& memory, PlannedHistogram& histogram) {
  CQD_ASSIGN_OR_RETURN(histogram.index, indexes.OfColumn(histogram.column, stop));
  const std::size_t count = histogram.index->size();
  const std::size_t order_bytes = count * sizeof(std::uint32_t);
  const std::size_t table_bytes = count * (sizeof(std::uint32_t) + sizeof(model::Value));
  if (!memory.Take(use, order_bytes + table_bytes)) return false;
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return histogram.index->ValueOf(a) < histogram.index->ValueOf(b);
  });
  CQD_RETURN_IF_ERROR(stop());
  histogram.rank_of.assign(count, PlannedHistogram::kNoRank);
  histogram.values.reserve(count);
  for (const std::uint32_t number : order) {
    const model::Value value = histogram.index->ValueOf(number);
    if (value == model::kNull) continue;
    histogram.rank_of[number] = static_cast<std::uint32_t>(histogram.values.size());
    histogram.values.push_back(value);
  }
  memory.Give(use, order_bytes);
  return true;
}

PlannedMeasure PlanMeasure(const model::Measure& measure, Plan& plan) {
  PlannedMeasure planned;
  planned.test = PlaceOf(plan.tests, measure.test);
  switch (measure.kind) {
    case model::MeasureKind::kCount:
      break;
    case model::MeasureKind::kPercent:
    case model::MeasureKind::kRatio:
      planned.of = PlaceOf(plan.tests, measure.of);
      break;
    case model::MeasureKind::kAverage:
    case model::MeasureKind::kSum: {
      planned.sum = PlaceIn(plan.sums, PlannedSum{measure.metric, planned.test});
      break;
    }
    case model::MeasureKind::kDistinct:
      planned.distinct = PlaceIn(
          plan.distincts, PlannedDistinct{measure.metric, measure.second_metric, planned.test});
      break;
    case model::MeasureKind::kPercentile:
      planned.histogram = PlanHistogram(measure.metric, planned.test, plan);
      planned.percent = measure.percent;
      break;
  }
  return planned;
}

constexpr model::Facts kMediaFacts =
    model::BitOf(model::Fact::kAudio) | model::BitOf(model::Fact::kVideo) |
    model::BitOf(model::Fact::kAppSharing) | model::BitOf(model::Fact::kVbss) |
    model::BitOf(model::Fact::kOtherMedia);

void SetClasses(const std::map<std::vector<column::Mask>, std::uint32_t>& classes, Plan& plan) {
  plan.class_count = std::max<std::size_t>(1, classes.size());
  plan.passes.assign(plan.tests.size(), std::vector<column::Mask>(plan.class_count, 0));
  for (const auto& [passed_tests, number] : classes) {
    for (std::size_t t = 0; t < passed_tests.size(); ++t) plan.passes[t][number] = passed_tests[t];
  }
}

/// Finds the classes that are all of a medium's, and the one that nobody counts.
void PlanClassesOfMedia(Plan& plan) {
  std::array<bool, model::kMediaTypeCount> differ{};
  for (std::uint32_t number = 0; number < plan.facts->size(); ++number) {
    const auto facts = static_cast<model::Facts>(plan.facts->ValueOf(number));
    if ((facts & kMediaFacts) == 0) {  // no facts at all, see PlanClasses: of any medium
      plan.class_of_medium = {};
      return;
    }
    for (std::size_t medium = 0; medium < differ.size(); ++medium) {
      if ((facts & model::BitOf(model::FactOf(static_cast<model::MediaType>(medium)))) == 0) {
        continue;
      }
      std::optional<std::uint32_t>& only = plan.class_of_medium[medium];
      differ[medium] = differ[medium] || (only && *only != plan.class_of_facts[number]);
      only = plan.class_of_facts[number];
    }
  }
  for (std::size_t medium = 0; medium < differ.size(); ++medium) {
    if (differ[medium]) plan.class_of_medium[medium].reset();
  }
  for (std::uint32_t c = 0; c < plan.class_count; ++c) {
    const bool is_counted =
        std::any_of(plan.passes.begin(), plan.passes.end(),
                    [c](const std::vector<column::Mask>& passes) { return passes[c] != 0; });
    if (!is_counted) plan.class_uncounted = c;
  }
}

/// Numbers the sets of tests that occur among the facts words of the snapshot.
void PlanClasses(Plan& plan) {
  std::map<std::vector<column::Mask>, std::uint32_t> classes;
  std::vector<column::Mask> passed(plan.tests.size());
  for (std::uint32_t number = 0; number < plan.facts->size(); ++number) {
    const model::Value word = plan.facts->ValueOf(number);
    // A stream always has its facts; a null could only come from a fault and passes no test.
    const auto facts = static_cast<model::Facts>(word == model::kNull ? 0 : word);
    for (std::size_t t = 0; t < passed.size(); ++t) passed[t] = plan.tests[t](facts) ? 1 : 0;
    const auto next = static_cast<std::uint32_t>(classes.size());
    plan.class_of_facts.push_back(classes.emplace(passed, next).first->second);
  }
  SetClasses(classes, plan);
  PlanClassesOfMedia(plan);
}

/// Whether streams of the medium may pass the test, by facts that other limits replace.
bool DependsOnLimits(model::FactTest test, model::Fact medium) {
  const bool may_pass = (model::BitOf(medium) & test.mask) == (test.value & kMediaFacts);
  return may_pass && (test.mask & ReplacedFacts()) != 0;
}

/// As PlanClasses, for facts that other limits change. False: the memory does not have its tables.
Result<bool> PlanWhatIf(const model::Classifier& classifier, const StopCheck& stop,
                        QueryMemory& memory, Plan& plan) {
  constexpr MemoryUse kUse = {MemoryUse::Kind::kWhatIf};
  constexpr std::size_t kNodeBytes = 64;  // of std::map, with what malloc adds
  PlannedWhatIf what_if;
  what_if.classifier = classifier;
  model::Facts tested = 0;
  for (const model::FactTest& test : plan.tests) {
    tested |= test.mask;
    for (const model::MediumRule& rule : model::MediumRules()) {
      if (DependsOnLimits(test, rule.fact)) {
        what_if.wanted[static_cast<std::size_t>(rule.medium)] = true;
      }
    }
  }
  std::map<model::Facts, std::uint32_t> rests;
  for (std::uint32_t number = 0; number < plan.facts->size(); ++number) {
    const model::Value word = plan.facts->ValueOf(number);
    // The medium decides what a state means.
    const model::Facts kept = (tested | kMediaFacts | ReplacedFacts()) & ~RenewedFacts();
    const auto facts = static_cast<model::Facts>(word == model::kNull ? 0 : word) & kept;
    const auto next = static_cast<std::uint32_t>(rests.size());
    plan.class_of_facts.push_back(rests.emplace(facts, next).first->second);
  }
  const std::size_t entries = std::max<std::size_t>(1, rests.size()) * kWhatIfStates;
  if (!memory.Take(kUse, entries * sizeof(std::uint32_t) + rests.size() * kNodeBytes)) return false;
  what_if.class_of.resize(entries);
  std::map<model::Facts, std::uint32_t> known;  // by tested facts
  std::map<std::vector<column::Mask>, std::uint32_t> classes;
  std::vector<column::Mask> passed(plan.tests.size());
  for (const auto& [rest, place] : rests) {
    CQD_RETURN_IF_ERROR(stop());
    for (std::size_t state = 0; state < kWhatIfStates; ++state) {
      const model::Facts facts = WithState(rest, static_cast<WhatIfState>(state)) & tested;
      auto [at, is_new] = known.try_emplace(facts, 0);
      if (is_new) {
        if (!memory.Take(kUse, kNodeBytes)) return false;
        for (std::size_t t = 0; t < passed.size(); ++t) passed[t] = plan.tests[t](facts) ? 1 : 0;
        const auto next = static_cast<std::uint32_t>(classes.size());
        at->second = classes.emplace(passed, next).first->second;
      }
      what_if.class_of[place * kWhatIfStates + state] = at->second;
    }
  }
  SetClasses(classes, plan);
  plan.what_if = std::move(what_if);
  memory.Give(kUse, (rests.size() + known.size()) * kNodeBytes);
  return true;
}

model::Value DayOf(UtcTime time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

}  // namespace

Result<Plan> MakePlan(const CubeQuery& query, const QueryLimits& limits, const Indexes& indexes,
                      const StopCheck& stop, QueryMemory& memory) {
  Plan plan;
  CQD_RETURN_IF_ERROR(PlanFilters(query, indexes, stop, plan));
  // Local days count like UTC days: the months of a window need no zone any more.
  if (query.window) {
    plan.window = {DayOf(query.window->first.begin()), DayOf(query.window->last.end()) - 1};
  }
  std::vector<std::uint64_t> member_counts;
  for (const model::Attribute* attribute : query.dimensions) {
    CQD_ASSIGN_OR_RETURN(auto index, indexes.Of(*attribute, stop));
    member_counts.push_back(std::max<std::uint64_t>(1, index->members().size()));
    plan.dimensions.push_back(std::move(index));
  }
  plan.shape = GroupShape(std::move(member_counts));
  for (const model::Measure* measure : query.measures) {
    plan.measures.push_back(PlanMeasure(*measure, plan));
  }
  CQD_ASSIGN_OR_RETURN(plan.facts, indexes.OfColumn(model::CubeColumn::kFacts, stop));
  if (query.what_if) {
    CQD_ASSIGN_OR_RETURN(const bool fits, PlanWhatIf(*query.what_if, stop, memory, plan));
    if (!fits) return memory.Refusal(plan, query, limits);
  } else {
    PlanClasses(plan);
  }
  for (std::size_t h = 0; h < plan.histograms.size(); ++h) {
    CQD_ASSIGN_OR_RETURN(const bool fits,
                         FinishHistogram(indexes, stop, {MemoryUse::Kind::kHistogram, h}, memory,
                                         plan.histograms[h]));
    if (!fits) return memory.Refusal(plan, query, limits);
  }
  return plan;
}

}  // namespace cqd::cube
