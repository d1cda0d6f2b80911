// A query as data: what the JSON body of the Data API says, with names resolved.
// Source: reference/cube-model.md 4.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "base/time.h"
#include "model/classifier.h"
#include "model/registry.h"

namespace cqd::cube {

/// Codes as published, reference/cube-model.md 4.1.
enum class Operand : std::uint8_t {
  kEquals = 0,
  kNotEquals = 1,
  kContains = 2,
  kBeginsWith = 3,
  kGreater = 4,
  kGreaterOrEqual = 5,
  kLess = 6,
  kLessOrEqual = 7,
  kNotContains = 8,
  kNotBeginsWith = 9,
};

/// A condition on the member of one attribute.
struct Filter {
  const model::Attribute* attribute = nullptr;
  Operand operand = Operand::kEquals;
  std::vector<std::string>
      values;  ///< member keys without their outer brackets; "(Blank)" is the blank member
  std::string union_group;  ///< equal non-empty groups are OR-ed; everything else is AND-ed
};

/// Months [first, last] of the start date, both inclusive, in the reporting zone.
struct MonthWindow {
  Month first;
  Month last;
  bool operator==(const MonthWindow&) const = default;
};

/// Rows by the cells of a measure; null last either way, equal cells in member order.
struct RowOrder {
  std::size_t measure = 0;  ///< in CubeQuery::measures
  bool descending = true;
  bool operator==(const RowOrder&) const = default;
};

struct CubeQuery {
  std::vector<const model::Attribute*> dimensions;
  std::vector<const model::Measure*> measures;
  std::vector<Filter> filters;            ///< without the month filters when a window stands
  std::optional<MonthWindow> window;      ///< the trend, when enabled
  std::optional<RowOrder> order;          ///< OrderBy; none: member order
  std::optional<std::int64_t> row_limit;  ///< LimitResultRowsCount
  /// Measures count by classes of other limits; filters and dimensions stay with the published.
  std::optional<model::Classifier> what_if;
};

/// Reads the body of RunQuery. Lenient where the original was: trailing commas, unquoted keys, any
/// case of property names, bare values, "&amp;", missing Caption, UnionGroup and Trend
/// (reference/cube-model.md 4.2, 4.5). Errors: kInvalidArgument with the field
/// ("Filters[1].Operand"), what is allowed and near names; kResourceExhausted for limits (depth,
/// filters, values, dimensions, measures, body size).
Result<CubeQuery> ParseCubeQuery(std::string_view json);

/// Equal for queries that mean the same; the key of the cache.
std::string CanonicalText(const CubeQuery& query);

/// Decides a filter for a member. Immutable; threads: any.
class MemberTest {
 public:
  /// Errors: kInvalidArgument (bad number, too large or costly expression).
  static Result<MemberTest> Make(const Filter& filter);
  MemberTest(MemberTest&&) noexcept;
  MemberTest& operator=(MemberTest&&) noexcept;
  ~MemberTest();
  bool Matches(const model::Member& member) const;

 private:
  struct State;
  explicit MemberTest(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

/// What one query may use.
struct QueryLimits {
  std::int64_t groups_max = 1'000'000;  ///< more: kResourceExhausted ("too many groups")
  std::optional<Duration> time_max;     ///< from the start of the run; more: kDeadlineExceeded
  const CancelToken* cancel = nullptr;
  /// Memory for groups, rows, sets, percentiles and what-if questions, over all threads, about
  /// (cube/internal/query_memory.h); more: kResourceExhausted. None: what there is.
  std::optional<std::int64_t> bytes_max = std::nullopt;
  /// False for who asks very many kinds once or twice: rollups are neither used nor made. Same
  /// answers.
  bool with_rollups = true;
};

/// Integer sums of one measure in one group; exact, so that every path gives equal results.
/// kCount: numerator. kPercent, kRatio: count(test), count(of). kAverage, kSum: sum of stored
/// integers, number of values. kDistinct: count. kPercentile: stored integer, number of values.
struct Accumulator {
  std::int64_t numerator = 0;
  std::int64_t denominator = 0;
  bool operator==(const Accumulator&) const = default;
};

/// A group: one member per dimension, one accumulator per measure, in the query's order.
struct Group {
  std::vector<model::Member> members;
  std::vector<Accumulator> values;
};

/// Only groups with at least one stream, in no particular order. Without dimensions: exactly one
/// group if any stream passes the filters, else none.
using Groups = std::vector<Group>;

/// A result cell: a whole number, a number with decimals, or null.
struct Cell {
  enum class Kind : std::uint8_t { kNull, kInteger, kDecimal } kind = Kind::kNull;
  std::int64_t integer = 0;
  double decimal = 0;
  bool operator==(const Cell&) const = default;
};

/// Rows in member order, first dimension first, or in the query's; cells in request order.
struct ResultTable {
  struct Row {
    std::vector<std::string> captions;
    std::vector<Cell> cells;
    bool operator==(const Row&) const = default;
  };
  std::vector<Row> rows;
  bool truncated = false;  ///< row_limit cut it
  std::int64_t rows_before_limit = 0;
};

/// Turns groups into rows: order, captions, percentages (three decimals, 0 when nothing is
/// classified).
ResultTable Finish(const CubeQuery& query, Groups groups);
/// One cell of it.
Cell MakeCell(const model::Measure& measure, const Accumulator& sum);
/// Whether a row with `a` comes before one with `b`. A strict weak order of the cells of one
/// measure.
bool ComesBefore(const RowOrder& order, const Cell& a, const Cell& b);

/// Runs queries over one fixed state of the data. Threads: Run from any thread.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual Result<Groups> Run(const CubeQuery& query, const QueryLimits& limits) const = 0;
  /// Finish(query, Run(query, limits)), where the executor can without making the groups.
  virtual Result<ResultTable> Answer(const CubeQuery& query, const QueryLimits& limits) const;
};

}  // namespace cqd::cube
