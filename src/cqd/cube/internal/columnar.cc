#include "cube/internal/columnar.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <new>
#include <optional>
#include <system_error>
#include <thread>

#include "cube/internal/columnar_collect.h"
#include "cube/internal/leg_classes.h"
#include "cube/internal/query_memory.h"

namespace cqd::cube {
namespace {

Error OutOfMemory() {
  return Fail(ErrorCode::kResourceExhausted, "the query needs more memory than there is");
}

/// Segments [begin, end) that one thread takes at once.
struct Unit {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// One segment each, or all of a month.
std::vector<Unit> CutUnits(std::span<const VisibleSegment> segments, bool by_month) {
  std::vector<Unit> units;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    if (by_month && s > 0 && segments[s].month == segments[s - 1].month) {
      units.back().end = s + 1;
    } else {
      units.push_back({s, s + 1});
    }
  }
  return units;
}

/// Scans of one query, shared by its threads: each takes the next rollup or unit until none is left
/// or one of them failed.
class SharedScan {
 public:
  SharedScan(const Plan& plan, const CubeQuery& query, const RollupUse& rollups,
             std::span<const VisibleSegment> segments, const QueryLimits& limits,
             const StopCheck& stop, QueryMemory& memory)
      : plan_(plan),
        query_(query),
        rollups_(rollups),
        segments_(segments),
        units_(CutUnits(segments, plan.is_by_month())),
        limits_(limits),
        stop_(stop),
        memory_(memory) {}

  Status Run(Tally& tally) {
    Scanner scanner(plan_);
    std::optional<LegClasses> legs;
    if (plan_.what_if) legs.emplace(plan_.what_if->classifier, plan_.what_if->wanted, memory_);
    while (!failed_.load(std::memory_order_relaxed)) {
      const std::size_t task = next_.fetch_add(1, std::memory_order_relaxed);
      if (task >= rollups_.pieces.size() + units_.size()) break;
      CQD_RETURN_IF_ERROR(stop_());
      if (task < rollups_.pieces.size()) {
        AddRollup(plan_, rollups_, *rollups_.pieces[task].part, tally);
        CQD_RETURN_IF_ERROR(CheckSize(tally));
      } else {
        CQD_RETURN_IF_ERROR(RunUnit(units_[task - rollups_.pieces.size()], scanner, legs, tally));
      }
    }
    return OkStatus();
  }

  /// Run for a thread of its own: nothing is thrown out of it.
  Status RunGuarded(Tally& tally) {
    Status status;
    try {
      status = Run(tally);
    } catch (const std::bad_alloc&) {
      status = OutOfMemory();
    }
    if (!status.ok()) failed_.store(true, std::memory_order_relaxed);
    return status;
  }

 private:
  Status CheckSize(Tally& tally) const {
    if (tally.groups.size() > plan_.groups_max) return TooMuchMemory(plan_, query_, limits_);
    tally.SettleSets();
    if (tally.IsOver(plan_)) return memory_.Refusal(plan_, query_, limits_);
    if (!plan_.shape.is_array() &&
        static_cast<std::int64_t>(tally.groups.size()) > limits_.groups_max) {
      return Fail(ErrorCode::kResourceExhausted,
                  "too many groups: the limit is " + std::to_string(limits_.groups_max));
    }
    return OkStatus();
  }

  Status RunUnit(Unit unit, Scanner& scanner, std::optional<LegClasses>& legs, Tally& tally) {
    if (legs) {
      bool any = false;
      for (std::size_t s = unit.begin; s < unit.end && !any; ++s) {
        any = scanner.MayPass(segments_[s], s);
      }
      if (!any) {
        tally.scanned.segments += static_cast<std::int64_t>(unit.end - unit.begin);
        tally.scanned.segments_skipped += static_cast<std::int64_t>(unit.end - unit.begin);
        return OkStatus();
      }
      CQD_ASSIGN_OR_RETURN(const bool fits,
                           legs->Make(segments_.subspan(unit.begin, unit.end - unit.begin), stop_));
      if (!fits) return memory_.Refusal(plan_, query_, limits_);
    }
    for (std::size_t s = unit.begin; s < unit.end; ++s) {
      if (s != unit.begin) CQD_RETURN_IF_ERROR(stop_());
      if (rollups_.Covers(s)) {
        ++tally.scanned.segments;
        ++tally.scanned.segments_from_rollups;
        continue;
      }
      scanner.Scan(segments_[s], s,
                   legs ? legs->StatesOf(s - unit.begin) : std::span<const WhatIfState>(), tally);
      CQD_RETURN_IF_ERROR(CheckSize(tally));
    }
    if (!plan_.is_by_month()) return OkStatus();
    tally.FinishMonth(plan_);
    return CheckSize(tally);
  }

  const Plan& plan_;
  const CubeQuery& query_;
  const RollupUse& rollups_;
  std::span<const VisibleSegment> segments_;
  const std::vector<Unit> units_;
  const QueryLimits& limits_;
  const StopCheck& stop_;
  QueryMemory& memory_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
};

/// Threads beside the own one.
std::size_t HelpersFor(const ColumnarData& data, const RollupUse& rollups) {
  std::int64_t rows = 0;
  for (std::size_t s = 0; s < data.segments.size(); ++s) {
    if (!rollups.Covers(s)) rows += data.segments[s].live_rows();
  }
  for (const RollupPiece& piece : rollups.pieces) {
    rows += static_cast<std::int64_t>(piece.part->tuple_count);
  }
  const auto most = static_cast<std::int64_t>(std::min<std::size_t>(
      data.segments.size(), static_cast<std::size_t>(std::max(1, data.threads))));
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(rows / std::max<std::int64_t>(1, data.rows_per_thread), 1,
                               std::max<std::int64_t>(1, most)) -
      1);
}

/// The members of one attribute, of which only those of a list may be asked, need no segment: the
/// index knows which occur.
bool IsAboutMembers(const Plan& plan) {
  if (plan.dimensions.size() != 1 || !plan.measures.empty() || plan.window) return false;
  return std::all_of(plan.all_of.begin(), plan.all_of.end(), [&plan](const AnyOf& any_of) {
    return std::all_of(any_of.begin(), any_of.end(), [&plan](const PlannedFilter& filter) {
      return filter.index == plan.dimensions[0];
    });
  });
}

Tally TallyMembers(const Plan& plan, std::span<const VisibleSegment> segments,
                   QueryMemory& memory) {
  Tally tally(plan, &memory);
  tally.scanned.segments = std::ssize(segments);
  tally.scanned.segments_from_members = std::ssize(segments);
  std::vector<std::uint32_t> groups;
  for (const std::uint32_t member : plan.dimensions[0]->OccurringInOrder(segments)) {
    const bool passes =
        std::all_of(plan.all_of.begin(), plan.all_of.end(), [member](const AnyOf& any_of) {
          return std::any_of(any_of.begin(), any_of.end(), [member](const PlannedFilter& filter) {
            return filter.passes[member] != 0;
          });
        });
    if (passes) groups.push_back(tally.groups.NumberOf({&member, 1}));
  }
  tally.Resize(plan);
  for (const std::uint32_t group : groups) tally.counts[group * plan.class_count] = 1;
  return tally;
}

/// Takes off what died since the rollups were made.
Status SubtractDied(const Plan& plan, const CubeQuery& query, const QueryLimits& limits,
                    const RollupUse& rollups, QueryMemory& memory, Tally& tally) {
  Tally died(plan, &memory);
  Scanner scanner(plan);
  for (const RollupPiece& piece : rollups.pieces) {
    for (const auto& [place, only] : piece.died) scanner.Scan(only, place, {}, died);
  }
  if (died.IsOver(plan)) return TooMuchMemory(plan, query, limits);
  died.Settle();
  Merge(plan, died, tally, -1);
  return OkStatus();
}

/// Settled.
Result<Tally> ScanAll(Plan& plan, const CubeQuery& query, const ColumnarData& data,
                      const QueryLimits& limits, const StopCheck& stop, QueryMemory& memory) {
  plan.group_bytes = static_cast<std::size_t>(BytesOfGroup(plan));
  if (IsAboutMembers(plan)) {
    Tally tally = TallyMembers(plan, data.segments, memory);
    if (tally.refused) return memory.Refusal(plan, query, limits);
    return tally;
  }
  Rollups* const kept = limits.with_rollups ? data.rollups : nullptr;
  RollupUse rollups;
  if (kept != nullptr) {
    CQD_ASSIGN_OR_RETURN(rollups, kept->Choose(query, plan, stop));
  }
  // A group of a rollup may be gone when what died since is taken off.
  if (!rollups.pieces.empty()) plan.class_uncounted.reset();
  const std::size_t helpers = HelpersFor(data, rollups);
  plan.groups_max = GroupsAllowed(plan, limits, static_cast<int>(helpers) + 1);
  if (plan.shape.is_array() && plan.shape.array_size() > plan.groups_max) {
    return TooMuchMemory(plan, query, limits);
  }
  if (helpers != 0) plan.group_bytes *= 2;  // for adding up
  std::vector<Tally> tallies;
  for (std::size_t i = 0; i <= helpers; ++i) tallies.emplace_back(plan, &memory);
  std::vector<Status> statuses(helpers + 1);
  SharedScan scan(plan, query, rollups, data.segments, limits, stop, memory);
  std::vector<std::thread> running;
  for (std::size_t i = 1; i <= helpers; ++i) {
    try {
      running.emplace_back([&, i] { statuses[i] = scan.RunGuarded(tallies[i]); });
    } catch (const std::system_error&) {
      break;  // no thread to be had: the others do its part
    }
  }
  statuses[0] = scan.RunGuarded(tallies[0]);
  for (std::thread& thread : running) thread.join();
  for (Status& status : statuses) CQD_RETURN_IF_ERROR(std::move(status));
  if (helpers != 0) plan.group_bytes /= 2;
  for (Tally& tally : tallies) {
    tally.Settle();
    tally.Resize(plan);
  }
  for (std::size_t i = 1; i <= helpers; ++i) {
    Merge(plan, tallies[i], tallies[0]);
    tallies[0].scanned.Add(tallies[i].scanned);
    tallies[0].SettleSets();
  }
  tallies[0].FinishSets(plan);
  if (tallies[0].IsRefused()) return memory.Refusal(plan, query, limits);
  const bool any_died = std::any_of(rollups.pieces.begin(), rollups.pieces.end(),
                                    [](const RollupPiece& piece) { return !piece.died.empty(); });
  if (any_died) {
    CQD_RETURN_IF_ERROR(SubtractDied(plan, query, limits, rollups, memory, tallies[0]));
  }
  tallies[0].scanned.threads = static_cast<int>(helpers) + 1;
  if (kept != nullptr) kept->Note(rollups, tallies[0].scanned.rows_scanned);
  return std::move(tallies[0]);
}

/// Plans, scans and gives `collect` the plan and the settled tally.
template <typename T, typename CollectInto>
Result<T> RunWith(const CubeQuery& query, const QueryLimits& limits, const ColumnarData& data,
                  CollectInto collect) {
  try {
    const StopCheck stop = MakeStopCheck(limits);
    CQD_RETURN_IF_ERROR(stop());
    const auto begin = std::chrono::steady_clock::now();
    QueryMemory memory(limits, query.measures.size());
    CQD_ASSIGN_OR_RETURN(Plan plan, MakePlan(query, limits, data.indexes, stop, memory));
    plan.made_in = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begin);
    CQD_ASSIGN_OR_RETURN(const Tally tally, ScanAll(plan, query, data, limits, stop, memory));
    return collect(plan, tally);
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  }
}

}  // namespace

StopCheck MakeStopCheck(const QueryLimits& limits) {
  const auto start = std::chrono::steady_clock::now();
  return [start, &limits]() -> Status {
    if (limits.cancel != nullptr) CQD_RETURN_IF_ERROR(limits.cancel->Check());
    if (limits.time_max && std::chrono::steady_clock::now() - start > *limits.time_max) {
      return Fail(ErrorCode::kDeadlineExceeded, "the query took longer than allowed");
    }
    return OkStatus();
  };
}

Result<Groups> RunColumnar(const CubeQuery& query, const QueryLimits& limits,
                           const ColumnarData& data) {
  return RunWith<Groups>(query, limits, data, [&](const Plan& plan, const Tally& tally) {
    return Collect(query, plan, tally, limits);
  });
}

Result<ResultTable> AnswerColumnar(const CubeQuery& query, const QueryLimits& limits,
                                   const ColumnarData& data) {
  return RunWith<ResultTable>(query, limits, data, [&](const Plan& plan, const Tally& tally) {
    return CollectTable(query, plan, tally, limits);
  });
}

Result<QueryExplanation> ExplainColumnar(const CubeQuery& query, const QueryLimits& limits,
                                         const ColumnarData& data) {
  const auto begin = std::chrono::steady_clock::now();
  const auto since = [](std::chrono::steady_clock::time_point time) {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - time);
  };
  const auto explain = [&](const Plan& plan, const Tally& tally) -> Result<QueryExplanation> {
    QueryExplanation explanation;
    const auto collecting = std::chrono::steady_clock::now();
    CQD_ASSIGN_OR_RETURN(const ResultTable table, CollectTable(query, plan, tally, limits));
    explanation.collect = since(collecting);
    explanation.plan = plan.made_in;
    explanation.scan_time = since(begin) - explanation.collect - explanation.plan;
    explanation.scan = tally.scanned;
    explanation.rows = table.rows_before_limit;
    explanation.groups_in_array = plan.shape.is_array();
    explanation.classes = static_cast<std::int64_t>(plan.class_count);
    explanation.threads = std::max(1, tally.scanned.threads);
    std::map<std::string_view, std::size_t> place_of_union;
    std::vector<std::size_t> taken(plan.all_of.size());
    std::size_t next = 0;
    for (const Filter& filter : query.filters) {
      std::size_t place = next;
      if (!filter.union_group.empty()) {
        place = place_of_union.emplace(filter.union_group, next).first->second;
      }
      if (place == next) ++next;
      const std::vector<column::Mask>& passes = plan.all_of[place][taken[place]++].passes;
      explanation.filters.push_back({filter.attribute->data_model_name, std::ssize(passes),
                                     std::count(passes.begin(), passes.end(), column::Mask{1}),
                                     filter.union_group});
    }
    for (std::size_t d = 0; d < plan.dimensions.size(); ++d) {
      const auto members = std::ssize(plan.dimensions[d]->members());
      explanation.dimensions.push_back(
          {query.dimensions[d]->data_model_name, members, members, {}});
    }
    return explanation;
  };
  return RunWith<QueryExplanation>(query, limits, data, explain);
}

}  // namespace cqd::cube
