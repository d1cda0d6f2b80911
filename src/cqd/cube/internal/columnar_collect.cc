#include "cube/internal/columnar_collect.h"

#include <algorithm>
#include <limits>
#include <string>

#include "cube/internal/query_memory.h"

namespace cqd::cube {
namespace {

bool HoldsStreams(const Plan& plan, const Tally& tally, std::uint32_t group) {
  const std::int64_t* counts = tally.counts.data() + group * plan.class_count;
  return std::any_of(counts, counts + plan.class_count, [](auto n) { return n != 0; });
}

Error TooManyGroups(std::int64_t groups_max) {
  return Fail(ErrorCode::kResourceExhausted,
              "too many groups: the limit is " + std::to_string(groups_max));
}

/// The accumulators of one group after the other.
class Values {
 public:
  Values(const Plan& plan, const Tally& tally)
      : plan_(plan), tally_(tally), passed_(plan.tests.size()) {}

  void Go(std::uint32_t group) {
    group_ = group;
    const std::int64_t* counts = tally_.counts.data() + group * plan_.class_count;
    for (std::size_t t = 0; t < passed_.size(); ++t) {
      passed_[t] = 0;
      for (std::size_t c = 0; c < plan_.class_count; ++c) {
        if (plan_.passes[t][c] != 0) passed_[t] += counts[c];
      }
    }
  }
  Accumulator Of(const PlannedMeasure& measure) const {
    if (measure.sum) {
      return {tally_.sums[*measure.sum][group_], tally_.numbers[*measure.sum][group_]};
    }
    if (measure.distinct) return {tally_.distinct_numbers[*measure.distinct][group_], 0};
    if (measure.histogram) {
      const auto ranked = tally_.histograms[*measure.histogram].At(group_, measure.percent);
      if (ranked.count == 0) return {};
      return {plan_.histograms[*measure.histogram].values[ranked.value], ranked.count};
    }
    return {passed_[measure.test], measure.of ? passed_[*measure.of] : 0};
  }

 private:
  const Plan& plan_;
  const Tally& tally_;
  std::vector<std::int64_t> passed_;
  std::uint32_t group_ = 0;
};

/// Groups that hold a stream, in the order of the rows, at most `rows_max` of them; `total` is the
/// number of all.
std::vector<std::uint32_t> OrderedOfArray(const Plan& plan, const Tally& tally,
                                          std::size_t rows_max, std::int64_t& total) {
  // Counting up the ranks, the last dimension fastest, visits the groups in their order.
  const std::vector<std::uint64_t>& strides = plan.shape.stages()[0].strides;
  const std::size_t dimension_count = plan.dimensions.size();
  std::vector<std::uint32_t> rank(dimension_count, 0);
  std::vector<std::uint32_t> groups;
  for (bool done = false; !done;) {
    std::uint64_t group = 0;
    for (std::size_t d = 0; d < dimension_count; ++d) {
      const auto& at = plan.dimensions[d]->ranks().at;
      if (at.empty()) return {};  // no member, no stream
      group += at[rank[d]] * strides[d];
    }
    if (HoldsStreams(plan, tally, static_cast<std::uint32_t>(group))) {
      if (groups.size() < rows_max) groups.push_back(static_cast<std::uint32_t>(group));
      ++total;
    }
    done = true;
    for (std::size_t d = dimension_count; done && d-- > 0;) {
      done = ++rank[d] == plan.dimensions[d]->members().size();
      if (done) rank[d] = 0;
    }
  }
  return groups;
}

std::vector<std::uint32_t> OrderedOfTables(const Plan& plan, const Tally& tally,
                                           std::size_t rows_max, std::int64_t& total) {
  const std::size_t width = plan.dimensions.size();
  std::vector<std::uint32_t> groups;
  std::vector<std::uint32_t> ranks;  // by place in `found`, `width` each
  std::vector<std::uint32_t> found;
  std::vector<std::uint32_t> tuple(width);
  for (std::uint32_t g = 0; g < tally.groups.size(); ++g) {
    if (!HoldsStreams(plan, tally, g)) continue;
    tally.groups.TupleOf(g, tuple);
    found.push_back(g);
    for (std::size_t d = 0; d < width; ++d) {
      ranks.push_back(plan.dimensions[d]->ranks().rank_of[tuple[d]]);
    }
  }
  total = static_cast<std::int64_t>(found.size());
  std::vector<std::uint32_t> order(found.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto before = [&ranks, width](std::uint32_t a, std::uint32_t b) {
    const auto begin = ranks.begin();
    const auto x = begin + static_cast<std::ptrdiff_t>(a * width);
    const auto y = begin + static_cast<std::ptrdiff_t>(b * width);
    const auto end = static_cast<std::ptrdiff_t>(width);
    return std::lexicographical_compare(x, x + end, y, y + end);
  };
  const std::size_t kept = std::min(rows_max, order.size());
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(kept);
  std::partial_sort(order.begin(), kept == order.size() ? order.end() : middle, order.end(),
                    before);
  for (auto at = order.begin(); at != middle; ++at) groups.push_back(found[*at]);
  return groups;
}

/// A cell to order by, and its group's place in member order.
struct Placed {
  Cell cell;
  std::uint32_t place;
};

/// Leaves the first `rows_max` groups by the cells of a measure, without sorting the others.
void KeepFirst(const CubeQuery& query, const Plan& plan, const Tally& tally, std::size_t rows_max,
               std::vector<std::uint32_t>& groups) {
  const std::size_t m = query.order->measure;
  Values values(plan, tally);
  std::vector<Placed> placed;
  placed.reserve(groups.size());
  for (const std::uint32_t group : groups) {
    values.Go(group);
    placed.push_back({MakeCell(*query.measures[m], values.Of(plan.measures[m])),
                      static_cast<std::uint32_t>(placed.size())});
  }
  const auto middle =
      placed.begin() + static_cast<std::ptrdiff_t>(std::min(rows_max, placed.size()));
  const auto before = [&](const Placed& a, const Placed& b) {
    if (ComesBefore(*query.order, a.cell, b.cell)) return true;
    return !ComesBefore(*query.order, b.cell, a.cell) && a.place < b.place;
  };
  if (middle == placed.end()) {
    std::sort(placed.begin(), placed.end(), before);
  } else {
    std::partial_sort(placed.begin(), middle, placed.end(), before);
  }
  std::vector<std::uint32_t> kept;
  kept.reserve(static_cast<std::size_t>(middle - placed.begin()));
  for (auto at = placed.begin(); at != middle; ++at) kept.push_back(groups[at->place]);
  groups = std::move(kept);
}

}  // namespace

Result<Groups> Collect(const CubeQuery& query, const Plan& plan, const Tally& tally,
                       const QueryLimits& limits) {
  RowBytes bytes(limits, tally.held());
  const std::size_t group_bytes = sizeof(Group) + plan.dimensions.size() * sizeof(model::Member) +
                                  plan.measures.size() * sizeof(Accumulator);
  Groups groups;
  Values values(plan, tally);
  std::vector<std::uint32_t> tuple(plan.dimensions.size());
  for (std::uint32_t g = 0; g < tally.groups.size(); ++g) {
    if (!HoldsStreams(plan, tally, g)) continue;
    if (static_cast<std::int64_t>(groups.size()) >= limits.groups_max) {
      return TooManyGroups(limits.groups_max);
    }
    if (!bytes.Take(group_bytes)) return TooMuchMemory(plan, query, limits);
    Group& group = groups.emplace_back();
    tally.groups.TupleOf(g, tuple);
    for (std::size_t d = 0; d < tuple.size(); ++d) {
      group.members.push_back(plan.dimensions[d]->members()[tuple[d]]);
    }
    values.Go(g);
    for (const PlannedMeasure& measure : plan.measures) group.values.push_back(values.Of(measure));
  }
  return groups;
}

Result<ResultTable> CollectTable(const CubeQuery& query, const Plan& plan, const Tally& tally,
                                 const QueryLimits& limits) {
  ResultTable table;
  const auto rows_max =
      static_cast<std::size_t>(query.row_limit.value_or(std::numeric_limits<std::int64_t>::max()));
  const std::size_t ordered_max = query.order ? std::numeric_limits<std::size_t>::max() : rows_max;
  std::vector<std::uint32_t> groups =
      plan.shape.is_array() ? OrderedOfArray(plan, tally, ordered_max, table.rows_before_limit)
                            : OrderedOfTables(plan, tally, ordered_max, table.rows_before_limit);
  if (table.rows_before_limit > limits.groups_max) return TooManyGroups(limits.groups_max);
  if (query.order) {
    if (!RowBytes(limits, tally.held()).Take(groups.size() * sizeof(Placed))) {
      return TooMuchMemory(plan, query, limits);
    }
    KeepFirst(query, plan, tally, rows_max, groups);
  }
  table.truncated = table.rows_before_limit > static_cast<std::int64_t>(groups.size());
  RowBytes bytes(limits, tally.held());
  const std::size_t row_bytes = sizeof(ResultTable::Row) +
                                plan.dimensions.size() * sizeof(std::string) +
                                plan.measures.size() * sizeof(Cell);
  if (!bytes.Take(groups.size() * row_bytes)) return TooMuchMemory(plan, query, limits);
  table.rows.resize(groups.size());
  Values values(plan, tally);
  std::vector<std::uint32_t> tuple(plan.dimensions.size());
  for (std::size_t r = 0; r < groups.size(); ++r) {
    ResultTable::Row& row = table.rows[r];
    tally.groups.TupleOf(groups[r], tuple);
    row.captions.reserve(tuple.size());
    for (std::size_t d = 0; d < tuple.size(); ++d) {
      row.captions.push_back(plan.dimensions[d]->members()[tuple[d]].caption);
      if (!bytes.Take(row.captions.back().size())) return TooMuchMemory(plan, query, limits);
    }
    values.Go(groups[r]);
    row.cells.reserve(plan.measures.size());
    for (std::size_t m = 0; m < plan.measures.size(); ++m) {
      row.cells.push_back(MakeCell(*query.measures[m], values.Of(plan.measures[m])));
    }
  }
  return table;
}

}  // namespace cqd::cube
