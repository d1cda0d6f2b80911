#include "cube/internal/columnar_plan.h"

#include <algorithm>
#include <map>

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
      const PlannedSum sum{measure.metric, planned.test};
      const auto found = std::find(plan.sums.begin(), plan.sums.end(), sum);
      planned.sum = static_cast<std::size_t>(found - plan.sums.begin());
      if (found == plan.sums.end()) plan.sums.push_back(sum);
      break;
    }
  }
  return planned;
}

/// Numbers the sets of tests that occur among the facts words of the snapshot.
void PlanClasses(Plan& plan) {
  if (plan.tests.empty()) {
    plan.class_of_facts.assign(plan.facts->size(), 0);
    return;
  }
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
  plan.class_count = std::max<std::size_t>(1, classes.size());
  plan.passes.assign(plan.tests.size(), std::vector<column::Mask>(plan.class_count, 0));
  for (const auto& [passed_tests, number] : classes) {
    for (std::size_t t = 0; t < passed_tests.size(); ++t) plan.passes[t][number] = passed_tests[t];
  }
}

model::Value DayOf(UtcTime time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

}  // namespace

Result<Plan> MakePlan(const CubeQuery& query, const Indexes& indexes, const StopCheck& stop) {
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
  PlanClasses(plan);
  return plan;
}

}  // namespace cqd::cube
