#include "cube/funnel.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/text.h"
#include "cube/internal/funnel_cause.h"
#include "cube/internal/member_text.h"
#include "cube/internal/value_list.h"
#include "cube/members.h"

namespace cqd::cube {
namespace {

/// Unknown values told of one condition; scripts send hundreds of subnets.
constexpr std::size_t kUnknownMax = 20;
/// Members compared for near names: the comparison costs their number times the square of their
/// length, and nobody reads three names out of more.
constexpr std::size_t kNearCandidatesMax = 20'000;

std::vector<model::Member> NearMembers(const std::string& value,
                                       const std::vector<model::Member>& members) {
  std::vector<std::string_view> names;
  for (const model::Member& member : members) {
    if (member.blank || names.size() >= kNearCandidatesMax) continue;
    names.push_back(member.key);
    if (member.caption != member.key) names.push_back(member.caption);
  }
  std::vector<model::Member> near;
  for (const std::string& name : NearestNames(value.substr(0, 128), names)) {
    const auto found =
        std::find_if(members.begin(), members.end(), [&name](const model::Member& m) {
          return !m.blank && (m.key == name || m.caption == name);
        });
    if (found == members.end()) continue;
    if (std::none_of(near.begin(), near.end(),
                     [&](const model::Member& m) { return m.key == found->key; })) {
      near.push_back(*found);
    }
  }
  return near;
}

/// Values of an equality that no member has.
std::vector<UnknownValue> UnknownValues(const Filter& filter,
                                        const std::vector<model::Member>& members) {
  if (filter.operand != Operand::kEquals && filter.operand != Operand::kNotEquals) return {};
  const model::AttributeType type = filter.attribute->type;
  std::unordered_set<std::string> known;
  bool has_blank = false;
  for (const model::Member& member : members) {
    has_blank = has_blank || member.blank;
    known.insert(NormalKey(type, member.key));
  }
  std::vector<UnknownValue> unknown;
  for (const std::string& value : filter.values) {
    const bool is_known = IsBlankValue(value) ? has_blank : known.contains(NormalKey(type, value));
    if (is_known || unknown.size() >= kUnknownMax) continue;
    unknown.push_back(
        {value, IsBlankValue(value) ? std::vector<model::Member>() : NearMembers(value, members)});
  }
  return unknown;
}

Result<FunnelCondition> MakeCondition(const Filter& filter, FunnelCounter& counter) {
  CQD_ASSIGN_OR_RETURN(const auto* members, counter.Members(*filter.attribute));
  CQD_ASSIGN_OR_RETURN(const MemberTest test, MemberTest::Make(filter));
  FunnelCondition condition;
  condition.filter = filter;
  condition.members_passing =
      std::count_if(members->begin(), members->end(),
                    [&test](const model::Member& m) { return test.Matches(m); });
  condition.unknown = UnknownValues(filter, *members);
  return condition;
}

/// The window, then each filter or union group where its first filter stands.
Result<std::vector<FunnelStep>> MakeSteps(const CubeQuery& query, FunnelCounter& counter) {
  std::vector<FunnelStep> steps;
  if (query.window) steps.emplace_back().window = query.window;
  std::map<std::string_view, std::size_t> groups;
  for (const Filter& filter : query.filters) {
    CQD_ASSIGN_OR_RETURN(FunnelCondition condition, MakeCondition(filter, counter));
    std::size_t place = steps.size();
    if (!filter.union_group.empty())
      place = groups.emplace(filter.union_group, place).first->second;
    if (place == steps.size()) steps.emplace_back();
    steps[place].conditions.push_back(std::move(condition));
  }
  return steps;
}

/// Runs the query step by step. Once nothing is left nothing can come back.
Status CountSteps(FunnelCounter& counter, Funnel& funnel) {
  std::vector<Filter> filters;
  std::optional<MonthWindow> window;
  funnel.left = funnel.loaded;
  for (FunnelStep& step : funnel.steps) {
    step.before = funnel.left;
    if (step.window) window = step.window;
    const std::vector<Filter> own = FiltersOf(step);
    filters.insert(filters.end(), own.begin(), own.end());
    if (step.before > 0) {
      CQD_ASSIGN_OR_RETURN(step.left, counter.Count(filters, window));
    }
    const bool is_first = &step == &funnel.steps.front();
    step.alone = step.left;
    if (!is_first) {
      CQD_ASSIGN_OR_RETURN(step.alone, counter.Count(own, step.window));
    }
    funnel.left = step.left;
  }
  return OkStatus();
}

bool IsEmpty(const ResultTable& table) {
  const auto counts_nothing = [](const Cell& cell) {
    switch (cell.kind) {
      case Cell::Kind::kNull:
        return true;
      case Cell::Kind::kInteger:
        return cell.integer == 0;
      case Cell::Kind::kDecimal:
        return cell.decimal == 0;
    }
    return false;
  };
  return std::all_of(table.rows.begin(), table.rows.end(), [&](const ResultTable::Row& row) {
    return std::all_of(row.cells.begin(), row.cells.end(), counts_nothing);
  });
}

EmptyReason ReasonWithoutStreams(const ArchiveCounts& archive) {
  if (archive.streams > 0) {
    return {EmptyCause::kNotProcessed, std::nullopt,
            fmt::format("the archive holds {} streams, but the cube has none of them yet; the next "
                        "processing run brings them",
                        archive.streams)};
  }
  if (archive.quarantined > 0) {
    return {EmptyCause::kAllQuarantined, std::nullopt,
            fmt::format("no stream could be stored; {} records are set aside in the quarantine",
                        archive.quarantined)};
  }
  return {EmptyCause::kNothingArchived, std::nullopt, "no stream has been archived yet"};
}

void AppendCondition(std::string& out, const FunnelCondition& condition) {
  std::string value;
  for (const std::string& text : condition.filter.values) {
    if (!value.empty()) value += ',';
    value += BracketKey(text);
  }
  out += "{\"DataModelName\":";
  AppendJsonText(out, condition.filter.attribute->data_model_name);
  out += fmt::format(",\"Operand\":{},\"Value\":", static_cast<int>(condition.filter.operand));
  AppendJsonText(out, value);
  out += fmt::format(",\"Members\":{},\"Unknown\":[", condition.members_passing);
  for (const UnknownValue& unknown : condition.unknown) {
    out += "{\"Value\":";
    AppendJsonText(out, BracketKey(unknown.value));
    out += ",\"Near\":[";
    for (const model::Member& member : unknown.near) {
      out += '[';
      AppendJsonText(out, BracketKey(member.key));
      out += ',';
      AppendJsonText(out, member.caption);
      out += "],";
    }
    if (out.back() == ',') out.pop_back();
    out += "]},";
  }
  if (out.back() == ',') out.pop_back();
  out += "]}";
}

void AppendStep(std::string& out, const FunnelStep& step) {
  if (step.window) {
    out += fmt::format("{{\"Kind\":\"Window\",\"From\":\"{}\",\"To\":\"{}\"",
                       step.window->first.ToString(), step.window->last.ToString());
  } else {
    out += "{\"Kind\":\"Filter\",\"UnionGroup\":";
    AppendJsonText(out, step.conditions.front().filter.union_group);
  }
  out += fmt::format(",\"Before\":{},\"Removed\":{},\"Left\":{},\"Alone\":{}", step.before,
                     step.before - step.left, step.left, step.alone);
  if (!step.window) {
    out += ",\"Conditions\":[";
    for (const FunnelCondition& condition : step.conditions) {
      if (out.back() == '}') out += ',';
      AppendCondition(out, condition);
    }
    out += ']';
  }
  out += '}';
}

}  // namespace

std::string_view EmptyCauseName(EmptyCause cause) {
  switch (cause) {
    case EmptyCause::kNotProcessed:
      return "NotProcessed";
    case EmptyCause::kNothingArchived:
      return "NothingArchived";
    case EmptyCause::kAllQuarantined:
      return "AllQuarantined";
    case EmptyCause::kBeforeData:
      return "BeforeData";
    case EmptyCause::kAfterData:
      return "AfterData";
    case EmptyCause::kGapInData:
      return "GapInData";
    case EmptyCause::kUnknownMember:
      return "UnknownMember";
    case EmptyCause::kCaptionNotKey:
      return "CaptionNotKey";
    case EmptyCause::kMemberWithoutStreams:
      return "MemberWithoutStreams";
    case EmptyCause::kBuildingWithoutNetwork:
      return "BuildingWithoutNetwork";
    case EmptyCause::kNoBlank:
      return "NoBlank";
    case EmptyCause::kNoMatch:
      return "NoMatch";
    case EmptyCause::kOutOfRange:
      return "OutOfRange";
    case EmptyCause::kExcludesAll:
      return "ExcludesAll";
    case EmptyCause::kNotInWindow:
      return "NotInWindow";
    case EmptyCause::kCombination:
      return "Combination";
    case EmptyCause::kNothingMeasured:
      return "NothingMeasured";
  }
  return "";
}

Result<Funnel> MakeFunnel(const Snapshot* snapshot, const CubeQuery& query,
                          const ResultTable* table, const ArchiveCounts& archive,
                          const QueryLimits& limits) {
  Funnel funnel;
  funnel.archive = archive;
  if (snapshot == nullptr) {
    funnel.empty = ReasonWithoutStreams(archive);
    return funnel;
  }
  FunnelCounter counter(*snapshot, limits);
  CQD_ASSIGN_OR_RETURN(funnel.loaded, counter.Count({}));
  CQD_ASSIGN_OR_RETURN(funnel.steps, MakeSteps(query, counter));
  CQD_RETURN_IF_ERROR(CountSteps(counter, funnel));
  if (funnel.loaded == 0) {
    funnel.empty = ReasonWithoutStreams(archive);
  } else if (funnel.left == 0) {
    CQD_ASSIGN_OR_RETURN(funnel.empty, FindReason(query, funnel, counter));
  } else if (table != nullptr && IsEmpty(*table)) {
    CQD_ASSIGN_OR_RETURN(funnel.empty, NothingMeasured(query, funnel, counter));
  }
  return funnel;
}

std::string FunnelJson(const Funnel& funnel) {
  std::string out = fmt::format("{{\"Archived\":{},\"Quarantined\":{},\"Loaded\":{},\"Steps\":[",
                                funnel.archive.streams, funnel.archive.quarantined, funnel.loaded);
  for (const FunnelStep& step : funnel.steps) {
    if (out.back() == '}') out += ',';
    AppendStep(out, step);
  }
  out += fmt::format("],\"Left\":{},\"Empty\":", funnel.left);
  if (!funnel.empty) return out + "null}";
  out += fmt::format(
      "{{\"Cause\":\"{}\",\"Step\":{},\"Message\":", EmptyCauseName(funnel.empty->cause),
      funnel.empty->step ? std::to_string(*funnel.empty->step) : "null");
  AppendJsonText(out, funnel.empty->message);
  return out + "}}";
}

}  // namespace cqd::cube
