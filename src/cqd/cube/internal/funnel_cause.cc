#include "cube/internal/funnel_cause.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "cube/internal/member_text.h"
#include "cube/members.h"

namespace cqd::cube {
namespace {

using model::AttributeType;
using model::CubeColumn;

std::string Short(const std::string& value) {
  return value.size() <= 64 ? value : value.substr(0, 61) + "...";
}

EmptyReason Reason(EmptyCause cause, std::string message) {
  return {cause, std::nullopt, std::move(message)};
}

/// "2015-01 to 2015-03", or the one month.
std::string MonthsText(const std::map<Month, std::int64_t>& months) {
  if (months.empty()) return "no month";
  const Month first = months.begin()->first;
  const Month last = months.rbegin()->first;
  if (first == last) return first.ToString();
  return fmt::format("{} to {}", first.ToString(), last.ToString());
}

bool IsStartDate(const model::Attribute& attribute) {
  return attribute.type == AttributeType::kDate && attribute.inputs[0] == CubeColumn::kStartDay;
}

bool IsBuildingName(const model::Attribute& attribute) {
  const bool of_subnet = attribute.inputs[0] == CubeColumn::kFirstSubnet ||
                         attribute.inputs[0] == CubeColumn::kSecondSubnet;
  return of_subnet && attribute.input_count == 1 && attribute.name.ends_with("Building Name");
}

EmptyReason OutsideData(std::int64_t first, std::int64_t last, std::int64_t data_first,
                        std::int64_t data_last, const std::string& asked, const std::string& has) {
  const EmptyCause cause = last < data_first   ? EmptyCause::kBeforeData
                           : first > data_last ? EmptyCause::kAfterData
                                               : EmptyCause::kGapInData;
  const std::string_view where = cause == EmptyCause::kBeforeData  ? "lies before all streams"
                                 : cause == EmptyCause::kAfterData ? "lies after all streams"
                                                                   : "lies in a gap of the data";
  return Reason(cause, fmt::format("{} {}; there are streams of {}", asked, where, has));
}

/// A date that no stream started on; nullopt when the values are no dates or the data has none.
std::optional<EmptyReason> DateReason(const Filter& filter,
                                      const std::vector<model::Member>& members) {
  std::vector<std::int64_t> asked, has;
  for (const std::string& value : filter.values) {
    if (const auto at = ParseDateKey(value)) asked.push_back(*at);
  }
  const model::Member* newest = nullptr;
  const model::Member* oldest = nullptr;
  for (const model::Member& member : members) {
    const auto at = member.blank ? std::nullopt : ParseDateKey(member.key);
    if (!at) continue;
    if (has.empty() || *at < *std::min_element(has.begin(), has.end())) oldest = &member;
    if (has.empty() || *at > *std::max_element(has.begin(), has.end())) newest = &member;
    has.push_back(*at);
  }
  if (asked.empty() || has.empty()) return std::nullopt;
  const auto [asked_first, asked_last] = std::minmax_element(asked.begin(), asked.end());
  const auto [has_first, has_last] = std::minmax_element(has.begin(), has.end());
  return OutsideData(*asked_first, *asked_last, *has_first, *has_last,
                     fmt::format("{} {}", filter.attribute->name, Short(filter.values.front())),
                     oldest == newest ? oldest->caption
                                      : fmt::format("{} to {}", oldest->caption, newest->caption));
}

/// The building is in the customer's tables although no stream has it.
std::optional<EmptyReason> BuildingReason(const std::string& value, const model::Mapping& mapping) {
  const model::CustomerTables& tables = mapping.tables();
  for (const model::Building& building : tables.buildings) {
    if (FoldCase(building.name) != FoldCase(value)) continue;
    const bool has_network =
        std::any_of(tables.networks.begin(), tables.networks.end(),
                    [&](const model::Network& n) { return n.building_key == building.key; });
    if (!has_network) {
      return Reason(EmptyCause::kBuildingWithoutNetwork,
                    fmt::format("no row of CqdNetwork leads to the building {}", building.name));
    }
    return Reason(EmptyCause::kMemberWithoutStreams,
                  fmt::format("no stream came from a network of the building {}", building.name));
  }
  return std::nullopt;
}

bool IsFixedMember(const model::Attribute& attribute, const std::string& value) {
  if (attribute.member_source != model::MemberSource::kFixed) return false;
  const std::string key = NormalKey(attribute.type, value);
  const std::vector<model::Member> members = attribute.fixed_members();
  return std::any_of(members.begin(), members.end(), [&](const model::Member& m) {
    return !m.blank && NormalKey(attribute.type, m.key) == key;
  });
}

const model::Member* FindByCaption(const std::vector<model::Member>& members,
                                   const std::string& value) {
  const std::string folded = FoldCase(Trim(value));
  const auto found = std::find_if(members.begin(), members.end(), [&](const model::Member& m) {
    return !m.blank && FoldCase(Trim(m.caption)) == folded;
  });
  return found == members.end() ? nullptr : &*found;
}

/// No member is equal to a value of the filter.
EmptyReason EqualsReason(const FunnelCondition& condition,
                         const std::vector<model::Member>& members, const model::Mapping& mapping) {
  const Filter& filter = condition.filter;
  const std::string& value = filter.values.front();
  const std::string name = filter.attribute->data_model_name;
  if (IsBlankValue(value)) {
    return Reason(EmptyCause::kNoBlank,
                  fmt::format("every stream has a value of {}; none is blank", name));
  }
  if (IsStartDate(*filter.attribute)) {
    if (auto reason = DateReason(filter, members)) return *std::move(reason);
  }
  if (const model::Member* member = FindByCaption(members, value)) {
    return Reason(EmptyCause::kCaptionNotKey,
                  fmt::format("'{}' is the caption of a member of {}; its key is [{}]",
                              Short(value), name, member->key));
  }
  if (IsBuildingName(*filter.attribute)) {
    if (auto reason = BuildingReason(value, mapping)) return *std::move(reason);
  }
  if (IsFixedMember(*filter.attribute, value)) {
    return Reason(EmptyCause::kMemberWithoutStreams,
                  fmt::format("no stream has the member [{}] of {}", Short(value), name));
  }
  std::string near;
  if (!condition.unknown.empty()) {
    for (const model::Member& member : condition.unknown.front().near) {
      near += fmt::format("{}[{}]", near.empty() ? "; near names: " : ", ", member.key);
    }
  }
  return Reason(EmptyCause::kUnknownMember,
                fmt::format("no member of {} is called [{}]{}", name, Short(value), near));
}

/// Why no stream at all passes a condition.
EmptyReason ConditionReason(const FunnelCondition& condition,
                            const std::vector<model::Member>& members,
                            const model::Mapping& mapping) {
  const Filter& filter = condition.filter;
  const std::string& name = filter.attribute->data_model_name;
  const std::string value = Short(filter.values.front());
  switch (filter.operand) {
    case Operand::kEquals:
      return EqualsReason(condition, members, mapping);
    case Operand::kNotEquals:
    case Operand::kNotContains:
    case Operand::kNotBeginsWith:
      return Reason(EmptyCause::kExcludesAll,
                    fmt::format("the negated filter on {} takes every member of the data", name));
    case Operand::kContains:
    case Operand::kBeginsWith:
      return Reason(
          EmptyCause::kNoMatch,
          fmt::format("no member of {} {} '{}'", name,
                      filter.operand == Operand::kContains ? "contains" : "begins with", value));
    case Operand::kGreater:
    case Operand::kGreaterOrEqual:
    case Operand::kLess:
    case Operand::kLessOrEqual: {
      const auto first = std::find_if(members.begin(), members.end(),
                                      [](const model::Member& m) { return !m.blank; });
      const std::string range =
          first == members.end()
              ? "no stream has a value"
              : fmt::format("its members run from {} to {}", first->caption,
                            members.back().blank ? first->caption : members.back().caption);
      return Reason(EmptyCause::kOutOfRange,
                    fmt::format("no member of {} lies on that side of {}; {}", name, value, range));
    }
  }
  return Reason(EmptyCause::kNoMatch, name);
}

Result<EmptyReason> WindowReason(const FunnelStep& step, FunnelCounter& counter) {
  CQD_ASSIGN_OR_RETURN(const auto months, counter.CountByMonth({}));
  if (months.empty()) {
    return Reason(EmptyCause::kGapInData, "no stream has a date; a window leaves none of them");
  }
  return OutsideData(step.window->first.index(), step.window->last.index(),
                     months.begin()->first.index(), months.rbegin()->first.index(),
                     fmt::format("the window {} to {}", step.window->first.ToString(),
                                 step.window->last.ToString()),
                     MonthsText(months));
}

std::string NameOf(const FunnelStep& step) {
  if (step.window) return "the window";
  return "the filter on " + step.conditions.front().filter.attribute->data_model_name;
}

/// The step alone leaves streams; the steps before it have taken just these.
Result<EmptyReason> CombinationReason(const Funnel& funnel, std::size_t at,
                                      FunnelCounter& counter) {
  const FunnelStep& step = funnel.steps[at];
  for (std::size_t earlier = 0; earlier < at; ++earlier) {
    const FunnelStep& other = funnel.steps[earlier];
    std::vector<Filter> both = FiltersOf(other);
    const std::vector<Filter> own = FiltersOf(step);
    both.insert(both.end(), own.begin(), own.end());
    CQD_ASSIGN_OR_RETURN(const std::int64_t left, counter.Count(both, other.window));
    if (left > 0) continue;
    if (other.window) {
      CQD_ASSIGN_OR_RETURN(const auto months, counter.CountByMonth(own));
      return Reason(EmptyCause::kNotInWindow,
                    fmt::format("{} streams pass {}, but in {}, outside the window {} to {}",
                                step.alone, NameOf(step), MonthsText(months),
                                other.window->first.ToString(), other.window->last.ToString()));
    }
    return Reason(EmptyCause::kCombination,
                  fmt::format("{} leaves {} streams and {} leaves {}, but no stream passes both",
                              NameOf(other), other.alone, NameOf(step), step.alone));
  }
  return Reason(EmptyCause::kCombination,
                fmt::format("{} leaves {} streams, but none of the {} that the steps before it "
                            "leave together",
                            NameOf(step), step.alone, step.before));
}

}  // namespace

Result<std::int64_t> FunnelCounter::CountFacts(model::FactTest test,
                                               const std::vector<Filter>& filters,
                                               const std::optional<MonthWindow>& window) {
  model::Measure measure;
  measure.test = test;
  CubeQuery query;
  query.measures = {&measure};
  query.filters = filters;
  query.window = window;
  CQD_ASSIGN_OR_RETURN(const Groups groups, snapshot_.Run(query, limits_));
  return groups.empty() ? 0 : groups.front().values.front().numerator;
}

Result<std::int64_t> FunnelCounter::Count(const std::vector<Filter>& filters,
                                          const std::optional<MonthWindow>& window) {
  return CountFacts({}, filters, window);
}

Result<std::map<Month, std::int64_t>> FunnelCounter::CountByMonth(
    const std::vector<Filter>& filters) {
  static const model::Attribute* const kMonth = model::FindAttribute("[StartDate].[Month]");
  model::Measure measure;
  CubeQuery query;
  query.dimensions = {kMonth};
  query.measures = {&measure};
  query.filters = filters;
  CQD_ASSIGN_OR_RETURN(const Groups groups, snapshot_.Run(query, limits_));
  std::map<Month, std::int64_t> months;
  for (const Group& group : groups) {
    const auto at = ParseDateKey(group.members.front().key);
    if (at) months[Month::Of(FromMicros(*at))] += group.values.front().numerator;
  }
  return months;
}

Result<const std::vector<model::Member>*> FunnelCounter::Members(
    const model::Attribute& attribute) {
  const auto [at, is_new] = members_.try_emplace(&attribute);
  if (is_new) {
    // Those of the data, also where the registry lists more.
    CubeQuery query;
    query.dimensions = {&attribute};
    CQD_ASSIGN_OR_RETURN(Groups groups, snapshot_.Run(query, limits_));
    for (Group& group : groups) at->second.push_back(std::move(group.members.front()));
    std::sort(at->second.begin(), at->second.end(),
              [](const model::Member& a, const model::Member& b) {
                return std::tie(a.order, a.caption, a.key) < std::tie(b.order, b.caption, b.key);
              });
  }
  return &at->second;
}

std::vector<Filter> FiltersOf(const FunnelStep& step) {
  std::vector<Filter> filters;
  for (const FunnelCondition& condition : step.conditions) filters.push_back(condition.filter);
  return filters;
}

Result<EmptyReason> FindReason(const CubeQuery&, const Funnel& funnel, FunnelCounter& counter) {
  // A step that leaves nothing by itself explains more than the one that happened to come last.
  const auto dead = std::find_if(funnel.steps.begin(), funnel.steps.end(),
                                 [](const FunnelStep& step) { return step.alone == 0; });
  const auto last = std::find_if(funnel.steps.begin(), funnel.steps.end(),
                                 [](const FunnelStep& step) { return step.left == 0; });
  const auto at =
      static_cast<std::size_t>((dead != funnel.steps.end() ? dead : last) - funnel.steps.begin());
  const FunnelStep& step = funnel.steps[at];
  EmptyReason reason;
  if (step.alone > 0) {
    CQD_ASSIGN_OR_RETURN(reason, CombinationReason(funnel, at, counter));
  } else if (step.window) {
    CQD_ASSIGN_OR_RETURN(reason, WindowReason(step, counter));
  } else {
    const FunnelCondition& condition = step.conditions.front();
    CQD_ASSIGN_OR_RETURN(const auto* members, counter.Members(*condition.filter.attribute));
    reason = ConditionReason(condition, *members, counter.snapshot().mapping());
  }
  reason.step = at;
  return reason;
}

Result<EmptyReason> NothingMeasured(const CubeQuery& query, const Funnel& funnel,
                                    FunnelCounter& counter) {
  using model::Fact;
  static constexpr std::array<std::pair<Fact, std::string_view>, 5> kMedia = {
      {{Fact::kAudio, "audio"},
       {Fact::kVideo, "video"},
       {Fact::kAppSharing, "application sharing"},
       {Fact::kVbss, "screen sharing by video"},
       {Fact::kOtherMedia, "other media"}}};
  std::string media;
  for (const auto& [fact, name] : kMedia) {
    CQD_ASSIGN_OR_RETURN(const std::int64_t count,
                         counter.CountFacts(model::AllOf(fact), query.filters, query.window));
    if (count > 0) media += fmt::format("{}{} {}", media.empty() ? "" : ", ", count, name);
  }
  return Reason(EmptyCause::kNothingMeasured,
                fmt::format("{} streams are left ({}), but none of them counts in the measurements "
                            "asked for",
                            funnel.left, media));
}

}  // namespace cqd::cube
