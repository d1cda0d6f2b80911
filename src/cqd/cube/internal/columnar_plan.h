// A query turned into sets of codes and numbers of members.
#pragma once

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
/// Where a measure's accumulator comes from.
struct PlannedMeasure {
  std::optional<std::size_t> sum;  ///< in Plan::sums: kAverage, kSum
  std::size_t test = 0;            ///< in Plan::tests: the counts
  std::optional<std::size_t> of;   ///< in Plan::tests
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
  std::vector<PlannedMeasure> measures;
  std::shared_ptr<const ColumnIndex> facts;
  std::vector<std::uint32_t> class_of_facts;  ///< by number of the facts word
  /// passes[test][class].
  std::vector<std::vector<column::Mask>> passes;
  std::size_t class_count = 1;
  std::uint64_t groups_max = ~std::uint64_t{0};  ///< in each thread; see query_memory.h
  Duration made_in{0};  ///< time it took to make
};

/// Errors: kInvalidArgument (MemberTest::Make), kCancelled, kDeadlineExceeded.
Result<Plan> MakePlan(const CubeQuery& query, const Indexes& indexes, const StopCheck& stop);

}  // namespace cqd::cube
