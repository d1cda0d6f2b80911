// The executors every query test runs on.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cube/internal/test_corpus.h"
#include "cube/query.h"
#include "cube/reference.h"
#include "cube/snapshot.h"

namespace cqd::cube::testing {

/// Another way to the same answers: rows are derived once, filters decided once per input value,
/// months compared as text, and each measure computed from the row list of its group.
class PlainExecutor final : public Executor {
 public:
  explicit PlainExecutor(const Corpus& corpus) : corpus_(corpus), mapping_(corpus.MakeMapping()) {
    rows_.resize(corpus.rows.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      model::Derive(corpus.rows[i], *mapping_, corpus.zone, rows_[i]);
    }
  }

  Result<Groups> Run(const CubeQuery& query, const QueryLimits& limits) const override {
    if (query.what_if) {
      // The classes are the reference's: one more way to them would be the same code again.
      return ReferenceExecutor(corpus_.rows, mapping_, corpus_.zone).Run(query, limits);
    }
    std::vector<std::size_t> rows;
    CQD_ASSIGN_OR_RETURN(rows, Passing(query));
    std::unordered_map<std::string, std::vector<std::size_t>> lists;
    for (const std::size_t row : rows) lists[KeyOf(query, row)].push_back(row);
    if (static_cast<std::int64_t>(lists.size()) > limits.groups_max) {
      return Fail(ErrorCode::kResourceExhausted, "too many groups");
    }
    Groups groups;
    for (const auto& [key, list] : lists) {
      Group group;
      for (const auto* dimension : query.dimensions) {
        group.members.push_back(MemberOf(*dimension, list.front()));
      }
      for (const auto* measure : query.measures) group.values.push_back(Sum(*measure, list));
      groups.push_back(std::move(group));
    }
    return groups;
  }

 private:
  model::Value At(std::size_t row, model::CubeColumn column) const {
    return rows_[row][static_cast<std::size_t>(column)];
  }
  model::Facts FactsOf(std::size_t row) const {
    return static_cast<model::Facts>(At(row, model::CubeColumn::kFacts));
  }
  std::pair<model::Value, model::Value> Inputs(const model::Attribute& attribute,
                                               std::size_t row) const {
    return {At(row, attribute.inputs[0]),
            attribute.input_count == 2 ? At(row, attribute.inputs[1]) : model::kNull};
  }
  model::Member MemberOf(const model::Attribute& attribute, std::size_t row) const {
    const auto [a, b] = Inputs(attribute, row);
    return attribute.member(a, b, *mapping_);
  }
  std::string KeyOf(const CubeQuery& query, std::size_t row) const {
    std::string key;
    for (const auto* dimension : query.dimensions) {
      const std::string part = MemberOf(*dimension, row).key;
      key += std::to_string(part.size()) + ":" + part;
    }
    return key;
  }

  Result<std::vector<bool>> Decide(const Filter& filter) const {
    CQD_ASSIGN_OR_RETURN(const MemberTest test, MemberTest::Make(filter));
    std::map<std::pair<model::Value, model::Value>, bool> decided;
    std::vector<bool> passes(rows_.size());
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      const auto inputs = Inputs(*filter.attribute, row);
      const auto [at, is_new] = decided.try_emplace(inputs, false);
      if (is_new) at->second = test.Matches(MemberOf(*filter.attribute, row));
      passes[row] = at->second;
    }
    return passes;
  }

  Result<std::vector<std::size_t>> Passing(const CubeQuery& query) const {
    std::vector<bool> passes(rows_.size(), true);
    std::map<std::string, std::vector<bool>> unions;
    for (const Filter& filter : query.filters) {
      CQD_ASSIGN_OR_RETURN(const std::vector<bool> decided, Decide(filter));
      std::vector<bool>* into = &passes;
      if (!filter.union_group.empty()) {
        into = &unions.try_emplace(filter.union_group, rows_.size(), false).first->second;
      }
      for (std::size_t row = 0; row < rows_.size(); ++row) {
        (*into)[row] = filter.union_group.empty() ? (*into)[row] && decided[row]
                                                  : (*into)[row] || decided[row];
      }
    }
    std::vector<std::size_t> out;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      const bool in_unions =
          std::all_of(unions.begin(), unions.end(), [&](const auto& u) { return u.second[row]; });
      if (passes[row] && in_unions && InWindow(query, row)) out.push_back(row);
    }
    return out;
  }

  bool InWindow(const CubeQuery& query, std::size_t row) const {
    if (!query.window) return true;
    static const model::Attribute& month = *model::FindAttribute("[StartDate].[Month]");
    const model::Member member = MemberOf(month, row);
    return !member.blank && query.window->first.ToString() <= member.key.substr(0, 7) &&
           member.key.substr(0, 7) <= query.window->last.ToString();
  }

  Accumulator Ranked(const model::Measure& measure, const std::vector<std::size_t>& rows) const {
    std::map<model::Value, std::int64_t> times;
    std::int64_t count = 0;
    for (const std::size_t row : rows) {
      if (!measure.test(FactsOf(row))) continue;
      for (const auto& column : {std::optional(measure.metric), measure.second_metric}) {
        if (!column || At(row, *column) == model::kNull) continue;
        ++times[At(row, *column)];
        ++count;
      }
    }
    if (measure.kind == model::MeasureKind::kDistinct) return {std::ssize(times), 0};
    std::int64_t below = 0;
    for (const auto& [value, number] : times) {
      below += number;
      if (below * 100 >= measure.percent * count) return {value, count};
    }
    return {};
  }

  Accumulator Sum(const model::Measure& measure, const std::vector<std::size_t>& rows) const {
    const auto count = [&](const model::FactTest& test) {
      return std::count_if(rows.begin(), rows.end(),
                           [&](std::size_t row) { return test(FactsOf(row)); });
    };
    switch (measure.kind) {
      case model::MeasureKind::kCount:
        return {count(measure.test), 0};
      case model::MeasureKind::kPercent:
      case model::MeasureKind::kRatio:
        return {count(measure.test), count(measure.of)};
      case model::MeasureKind::kAverage:
      case model::MeasureKind::kSum:
        break;
      case model::MeasureKind::kDistinct:
      case model::MeasureKind::kPercentile:
        return Ranked(measure, rows);
    }
    Accumulator sum;
    for (const std::size_t row : rows) {
      const model::Value value = At(row, measure.metric);
      if (value == model::kNull || !measure.test(FactsOf(row))) continue;
      sum.numerator += value;
      sum.denominator += 1;
    }
    return sum;
  }

  const Corpus& corpus_;
  std::shared_ptr<const model::Mapping> mapping_;
  std::vector<model::DerivedRow> rows_;
};

struct ExecutorKind {
  const char* name;
  /// The corpus outlives the executor.
  std::function<std::shared_ptr<const Executor>(const Corpus&)> make;
};

/// One line an executor; the first is the one the others are held against.
inline std::vector<ExecutorKind> ExecutorsUnderTest() {
  return {
      {"reference",
       [](const Corpus& corpus) {
         return std::make_shared<ReferenceExecutor>(corpus.rows, corpus.MakeMapping(), corpus.zone);
       }},
      {"plain", [](const Corpus& c) { return std::make_shared<PlainExecutor>(c); }},
      {"columnar", [](const Corpus& c) { return MakeSnapshot(c.rows, c.MakeMapping(), c.zone); }},
      {"columnar, small segments",
       [](const Corpus& c) {
         return MakeSnapshot(c.rows, c.MakeMapping(), c.zone, {.threads = 1, .segment_rows = 7});
       }},
  };
}

}  // namespace cqd::cube::testing
