// A query turned into sets of codes and numbers of members.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "column/kernels.h"
#include "cube/internal/columnar_groups.h"
#include "cube/internal/columnar_index.h"
#include "cube/query.h"

namespace cqd::cube {

class QueryMemory;

/// One filter: the members that pass.
struct PlannedFilter {
  std::shared_ptr<const AttributeIndex> index;
  std::vector<column::Mask> passes;  ///< by member
};
/// Filters of which one must pass.
using AnyOf = std::vector<PlannedFilter>;

/// Days since 1970, both inclusive.
struct DayWindow {
  model::Value first = 0;
  model::Value last = 0;
};

/// A sum over one column of the streams that pass a test.
struct PlannedSum {
  model::CubeColumn column = model::CubeColumn::kFacts;
  std::size_t test = 0;  ///< in Plan::tests
  bool operator==(const PlannedSum&) const = default;
};
/// Distinct values of one column, or of two together, of the streams that pass a test.
struct PlannedDistinct {
  model::CubeColumn first = model::CubeColumn::kFacts;
  std::optional<model::CubeColumn> second;
  std::size_t test = 0;  ///< in Plan::tests
  bool operator==(const PlannedDistinct&) const = default;
  /// Calls never cross months: they are counted month by month.
  bool is_of_calls() const { return first == model::CubeColumn::kCall; }
};
/// How often each value of a column occurs in the streams that pass a test.
struct PlannedHistogram {
  model::CubeColumn column = model::CubeColumn::kFacts;
  std::size_t test = 0;  ///< in Plan::tests
  std::shared_ptr<const ColumnIndex> index;
  std::vector<std::uint32_t> rank_of;  ///< by number of the value; kNoRank for null
  std::vector<model::Value> values;    ///< by rank
  static constexpr std::uint32_t kNoRank = 0xffff'ffff;
};

/// A what-if question: what stands in Plan::class_of_facts is then the number of the facts without
/// what other limits replace, and class_of tells the class for each state of a stream.
struct PlannedWhatIf {
  model::Classifier classifier;
  std::array<bool, model::kMediaTypeCount>
      wanted{};                         ///< media whose classes matter, by model::MediaType
  std::vector<std::uint32_t> class_of;  ///< by such a number x kWhatIfStates + state
};

/// Where a measure's accumulator comes from.
struct PlannedMeasure {
  std::optional<std::size_t> sum;        ///< in Plan::sums: kAverage, kSum
  std::size_t test = 0;                  ///< in Plan::tests: the counts
  std::optional<std::size_t> of;         ///< in Plan::tests
  std::optional<std::size_t> distinct;   ///< in Plan::distincts
  std::optional<std::size_t> histogram;  ///< in Plan::histograms
  int percent = 0;
};

/// Everything a scan needs; immutable while threads scan.
///
/// A stream's class is the set of tests that it passes. Streams are counted by group and class, one
/// count a row however many measures are asked for; the counts of the tests follow at the end.
struct Plan {
  std::vector<AnyOf> all_of;
  std::optional<DayWindow> window;
  std::vector<std::shared_ptr<const AttributeIndex>> dimensions;
  GroupShape shape{std::vector<std::uint64_t>{}};
  std::vector<model::FactTest> tests;
  std::vector<PlannedSum> sums;
  std::vector<PlannedDistinct> distincts;
  std::vector<PlannedHistogram> histograms;
  std::vector<PlannedMeasure> measures;
  std::optional<PlannedWhatIf> what_if;
  std::shared_ptr<const ColumnIndex> facts;
  std::vector<std::uint32_t> class_of_facts;  ///< by number of the facts word
  /// passes[test][class].
  std::vector<std::vector<column::Mask>> passes;
  std::size_t class_count = 1;
  /// The class of all streams of a medium (by model::MediaType), where no measure tells them apart;
  /// none of a what-if question.
  std::array<std::optional<std::uint32_t>, model::kMediaTypeCount> class_of_medium;
  /// The class of streams that pass no test: they matter only for which groups there are, so a scan
  /// may leave out those of groups that it has met. None where that would change an answer.
  std::optional<std::uint32_t> class_uncounted;
  std::uint64_t groups_max = ~std::uint64_t{0};  ///< in each thread; see query_memory.h
  std::size_t group_bytes = 0;                   ///< of the query's memory for each of them
  Duration made_in{0};                           ///< time it took to make

  /// Numbers of rows of each facts word are enough.
  bool counts_only() const { return sums.empty() && is_additive(); }
  /// Counts and sums of parts of the streams add up to those of all.
  bool is_additive() const { return distincts.empty() && histograms.empty() && !what_if; }
  /// All segments of a month are one thread's.
  bool is_by_month() const {
    return what_if || std::any_of(distincts.begin(), distincts.end(),
                                  [](const PlannedDistinct& d) { return d.is_of_calls(); });
  }
};

/// Errors: kInvalidArgument (MemberTest::Make), kCancelled, kDeadlineExceeded, kResourceExhausted
/// (tables of percentiles and of a what-if question; `limits` are those of `memory`).
Result<Plan> MakePlan(const CubeQuery& query, const QueryLimits& limits, const Indexes& indexes,
                      const StopCheck& stop, QueryMemory& memory);

}  // namespace cqd::cube
