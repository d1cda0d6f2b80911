#include "cube/reference.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "model/classification.h"
#include "model/derived.h"

namespace cqd::cube {
namespace {

using model::Attribute;
using model::CubeColumn;
using model::DerivedRow;
using model::kNull;
using model::Measure;
using model::MeasureKind;
using model::Member;
using model::StreamRow;
using model::Value;

Value At(const DerivedRow& row, CubeColumn column) {
  return row[static_cast<std::size_t>(column)];
}

Member MemberOf(const Attribute& attribute, const DerivedRow& row, const model::Mapping& mapping) {
  const Value a = At(row, attribute.inputs[0]);
  const Value b = attribute.input_count == 2 ? At(row, attribute.inputs[1]) : kNull;
  return attribute.member(a, b, mapping);
}

/// The filters of a query: groups of which one must match, and all groups must.
class RowFilter {
 public:
  static Result<RowFilter> Make(const CubeQuery& query) {
    RowFilter made;
    std::map<std::string, std::size_t> group_of;
    for (const Filter& filter : query.filters) {
      CQD_ASSIGN_OR_RETURN(MemberTest test, MemberTest::Make(filter));
      std::size_t group = made.groups_.size();
      if (!filter.union_group.empty()) {
        group = group_of.try_emplace(filter.union_group, group).first->second;
      }
      if (group == made.groups_.size()) made.groups_.emplace_back();
      made.groups_[group].push_back({filter.attribute, std::move(test)});
    }
    made.window_ = query.window;
    return made;
  }

  bool Matches(const DerivedRow& row, const model::Mapping& mapping) const {
    if (window_ && !InWindow(At(row, CubeColumn::kStartDay))) return false;
    for (const std::vector<Condition>& group : groups_) {
      bool any = false;
      for (const Condition& condition : group) {
        any = any || condition.test.Matches(MemberOf(*condition.attribute, row, mapping));
      }
      if (!any) return false;
    }
    return true;
  }

 private:
  struct Condition {
    const Attribute* attribute;
    MemberTest test;
  };

  bool InWindow(Value start_day) const {
    if (start_day == kNull) return false;
    const Month month = Month::Of(UtcTime(std::chrono::days(start_day)));
    return window_->first <= month && month <= window_->last;
  }

  std::vector<std::vector<Condition>> groups_;
  std::optional<MonthWindow> window_;
};

// Sums wrap around like the machine's integers: they cannot overflow with real calls, and records
// with absurd values must not stop the process.
void AddTo(std::int64_t& sum, std::int64_t value) {
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                  static_cast<std::uint64_t>(value));
}

/// All values that a distinct count or a percentile is made of.
using Values = std::vector<Value>;

Accumulator Accumulated(const Measure& measure, Values& values) {
  std::sort(values.begin(), values.end());
  const auto count = std::ssize(values);
  if (measure.kind == MeasureKind::kDistinct) {
    return {std::unique(values.begin(), values.end()) - values.begin(), 0};
  }
  if (count == 0) return {};
  return {values[static_cast<std::size_t>((measure.percent * count + 99) / 100 - 1)], count};
}

void Accumulate(const Measure& measure, const DerivedRow& row, Accumulator& into, Values& values) {
  const auto facts = static_cast<model::Facts>(At(row, CubeColumn::kFacts));
  switch (measure.kind) {
    case MeasureKind::kCount:
      if (measure.test(facts)) ++into.numerator;
      return;
    case MeasureKind::kPercent:
    case MeasureKind::kRatio:
      if (measure.test(facts)) ++into.numerator;
      if (measure.of(facts)) ++into.denominator;
      return;
    case MeasureKind::kAverage:
    case MeasureKind::kSum: {
      const Value metric = At(row, measure.metric);
      if (!measure.test(facts) || metric == kNull) return;
      AddTo(into.numerator, metric);
      ++into.denominator;
      return;
    }
    case MeasureKind::kDistinct:
    case MeasureKind::kPercentile: {
      if (!measure.test(facts)) return;
      if (const Value value = At(row, measure.metric); value != kNull) values.push_back(value);
      if (!measure.second_metric) return;
      if (const Value value = At(row, *measure.second_metric); value != kNull) {
        values.push_back(value);
      }
      return;
    }
  }
}

auto SessionKey(const StreamRow& row) {
  return std::tie(row.key.source, row.key.session_time, row.key.session_seq);
}

void SortBySession(std::vector<StreamRow>& rows) {
  std::sort(rows.begin(), rows.end(),
            [](const StreamRow& a, const StreamRow& b) { return a.key < b.key; });
}

void ClassifyAll(const model::Classifier& classifier, std::vector<StreamRow>& rows) {
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin + 1;
    while (end < rows.size() && SessionKey(rows[end]) == SessionKey(rows[begin])) ++end;
    model::ClassifySession(std::span(rows).subspan(begin, end - begin), classifier);
    begin = end;
  }
}

/// Looks at the limits now and then while rows go by.
class Watch {
 public:
  explicit Watch(const QueryLimits& limits) : limits_(limits), start_(Now()) {}
  Status Check(std::size_t row) const {
    if (row % 256 != 0) return OkStatus();
    if (limits_.cancel != nullptr) CQD_RETURN_IF_ERROR(limits_.cancel->Check());
    if (limits_.time_max && Now() - start_ > *limits_.time_max) {
      return Fail(ErrorCode::kDeadlineExceeded,
                  "the query took longer than allowed; ask for a shorter time or fewer dimensions");
    }
    return OkStatus();
  }

 private:
  static std::chrono::steady_clock::time_point Now() { return std::chrono::steady_clock::now(); }
  const QueryLimits& limits_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

ReferenceExecutor::ReferenceExecutor(std::vector<StreamRow> rows,
                                     std::shared_ptr<const model::Mapping> mapping, TimeZone zone)
    : rows_(std::move(rows)), mapping_(std::move(mapping)), zone_(std::move(zone)) {
  SortBySession(rows_);
  ClassifyAll(model::PublishedClassifier(), rows_);
}

Result<std::unique_ptr<ReferenceExecutor>> ReferenceExecutor::FromArchive(
    const archive::Archive& archive, std::shared_ptr<const model::Mapping> mapping, TimeZone zone,
    const CancelToken& cancel) {
  std::vector<StreamRow> rows;
  CQD_ASSIGN_OR_RETURN(const std::vector<archive::MonthInfo> months, archive.Months());
  for (const archive::MonthInfo& month : months) {
    CQD_RETURN_IF_ERROR(archive.Scan(month.month, archive::RowId(0), month.last_row_id, cancel,
                                     [&rows](std::span<const archive::StoredRow> batch) {
                                       for (const auto& stored : batch) rows.push_back(stored.row);
                                       return OkStatus();
                                     }));
  }
  return std::make_unique<ReferenceExecutor>(std::move(rows), std::move(mapping), std::move(zone));
}

Result<Groups> ReferenceExecutor::Run(const CubeQuery& query, const QueryLimits& limits) const {
  CQD_ASSIGN_OR_RETURN(const RowFilter filter, RowFilter::Make(query));
  const Watch watch(limits);
  std::map<std::vector<std::string>, Group> groups;
  std::map<const Group*, std::vector<Values>> values;  // by measure
  std::vector<StreamRow> judged;                       // by other limits
  if (query.what_if) {
    judged = rows_;
    ClassifyAll(*query.what_if, judged);
  }
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    CQD_RETURN_IF_ERROR(watch.Check(r));
    DerivedRow row;
    model::Derive(rows_[r], *mapping_, zone_, row);
    if (!filter.Matches(row, *mapping_)) continue;

    std::vector<Member> members;
    std::vector<std::string> keys;
    for (const Attribute* dimension : query.dimensions) {
      members.push_back(MemberOf(*dimension, row, *mapping_));
      keys.push_back(members.back().key);
    }
    auto [at, is_new] = groups.try_emplace(std::move(keys));
    Group& group = at->second;
    if (is_new) {
      if (static_cast<std::int64_t>(groups.size()) > limits.groups_max) {
        return Fail(ErrorCode::kResourceExhausted,
                    "too many groups: ask for fewer dimensions, more filters or a shorter time");
      }
      group.members = std::move(members);
      group.values.resize(query.measures.size());
      values[&group].resize(query.measures.size());
    }
    if (query.what_if) {
      const model::Facts facts = model::FactsBy(*query.what_if, judged[r], row);
      row[static_cast<std::size_t>(CubeColumn::kFacts)] = static_cast<Value>(facts);
    }
    for (std::size_t m = 0; m < query.measures.size(); ++m) {
      Accumulate(*query.measures[m], row, group.values[m], values[&group][m]);
    }
  }
  Groups out;
  out.reserve(groups.size());
  for (auto& [keys, group] : groups) {
    for (std::size_t m = 0; m < query.measures.size(); ++m) {
      const MeasureKind kind = query.measures[m]->kind;
      if (kind != MeasureKind::kDistinct && kind != MeasureKind::kPercentile) continue;
      group.values[m] = Accumulated(*query.measures[m], values[&group][m]);
    }
    out.push_back(std::move(group));
  }
  return out;
}

}  // namespace cqd::cube
