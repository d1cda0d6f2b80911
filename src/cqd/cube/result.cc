#include "cube/result.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <tuple>

#include "base/text.h"

namespace cqd::cube {
namespace {

using model::Measure;
using model::MeasureKind;

__extension__ using Wide = __int128;

Cell IntegerCell(std::int64_t value) {
  return {Cell::Kind::kInteger, value, 0};
}
/// A decimal from thousandths, so that equal fractions give equal doubles on every path.
Cell ThousandthsCell(Wide thousandths) {
  return {Cell::Kind::kDecimal, 0, static_cast<double>(thousandths) / 1000.0};
}

/// a / b rounded to the nearest whole number, half away from zero. Precondition: b > 0.
Wide DivideRounded(Wide a, Wide b) {
  const bool negative = a < 0;
  const Wide magnitude = negative ? -a : a;
  const Wide quotient = (2 * magnitude + b) / (2 * b);
  return negative ? -quotient : quotient;
}

/// thousandths of numerator / denominator x factor. Exact when the factor is a whole number or one
/// divided by a whole number, as all units are (10^-scale, 1 / 60).
Cell ScaledCell(std::int64_t numerator, std::int64_t denominator, double factor) {
  const double inverse = std::round(1 / factor);
  if (factor >= 1 && factor == std::round(factor) && factor < 1e9) {
    return ThousandthsCell(DivideRounded(
        static_cast<Wide>(numerator) * 1000 * static_cast<Wide>(factor), denominator));
  }
  if (factor > 0 && inverse < 1e12 && std::abs(inverse * factor - 1) < 1e-9) {
    return ThousandthsCell(
        DivideRounded(static_cast<Wide>(numerator) * 1000,
                      static_cast<Wide>(denominator) * static_cast<Wide>(inverse)));
  }
  const double value = static_cast<double>(numerator) / static_cast<double>(denominator) * factor;
  return {Cell::Kind::kDecimal, 0, std::round(value * 1000) / 1000};
}

/// Members in the order (order, caption, key) of each dimension, the first dimension first.
bool Before(const Group& a, const Group& b) {
  for (std::size_t i = 0; i < a.members.size(); ++i) {
    const model::Member& x = a.members[i];
    const model::Member& y = b.members[i];
    const auto order = std::tie(x.order, x.caption, x.key) <=> std::tie(y.order, y.caption, y.key);
    if (order != 0) return order < 0;
  }
  return false;
}

void AppendInteger(std::string& out, std::int64_t value) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, end.ptr);
}

void AppendDecimal(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out.append("null");
    return;
  }
  // Beyond this the thousandths do not fit an integer; a double has no three decimals there either.
  if (std::abs(value) >= 9e15) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
    out.append(buffer, end.ptr);
    return;
  }
  const std::int64_t thousandths = std::llround(value * 1000);
  const std::int64_t magnitude = std::abs(thousandths);
  if (thousandths < 0) out.push_back('-');
  AppendInteger(out, magnitude / 1000);
  int rest = static_cast<int>(magnitude % 1000);
  if (rest == 0) return;
  out.push_back('.');
  for (int unit = 100; rest > 0; unit /= 10) {
    out.push_back(static_cast<char>('0' + rest / unit));
    rest %= unit;
  }
}

}  // namespace

Cell MakeCell(const Measure& measure, const Accumulator& sum) {
  switch (measure.kind) {
    case MeasureKind::kCount:
      return IntegerCell(sum.numerator);
    case MeasureKind::kPercent:
      // The published scorecard page calls toFixed on the cell, so an empty percentage is the
      // number 0 (reference/cube-model.md 3.2).
      if (sum.denominator == 0) return ThousandthsCell(0);
      return ThousandthsCell(
          DivideRounded(static_cast<Wide>(sum.numerator) * 100'000, sum.denominator));
    case MeasureKind::kRatio:
      if (sum.denominator == 0) return {};
      return ThousandthsCell(
          DivideRounded(static_cast<Wide>(sum.numerator) * 1000, sum.denominator));
    case MeasureKind::kAverage:
      if (sum.denominator == 0) return {};
      return ScaledCell(sum.numerator, sum.denominator, measure.factor);
    case MeasureKind::kSum:
      if (measure.factor == 1) return IntegerCell(sum.numerator);
      return ScaledCell(sum.numerator, 1, measure.factor);
    case MeasureKind::kDistinct:
      return IntegerCell(sum.numerator);
    case MeasureKind::kPercentile:
      if (sum.denominator == 0) return {};
      if (measure.factor == 1) return IntegerCell(sum.numerator);
      return ScaledCell(sum.numerator, 1, measure.factor);
  }
  return {};
}

bool ComesBefore(const RowOrder& order, const Cell& a, const Cell& b) {
  const bool a_null = a.kind == Cell::Kind::kNull, b_null = b.kind == Cell::Kind::kNull;
  if (a_null || b_null) return b_null && !a_null;
  const Cell& first = order.descending ? b : a;
  const Cell& second = order.descending ? a : b;
  if (first.kind == Cell::Kind::kInteger && second.kind == Cell::Kind::kInteger) {
    return first.integer < second.integer;
  }
  return first.decimal < second.decimal;  // the cells of a measure are of one kind, or null
}

ResultTable Finish(const CubeQuery& query, Groups groups) {
  std::sort(groups.begin(), groups.end(), Before);
  if (query.order) {
    const std::size_t m = query.order->measure;
    std::stable_sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
      return ComesBefore(*query.order, MakeCell(*query.measures[m], a.values[m]),
                         MakeCell(*query.measures[m], b.values[m]));
    });
  }
  ResultTable table;
  std::size_t row_count = groups.size();
  table.rows_before_limit = static_cast<std::int64_t>(row_count);
  if (query.row_limit && static_cast<std::size_t>(*query.row_limit) < row_count) {
    row_count = static_cast<std::size_t>(*query.row_limit);
    table.truncated = true;
  }
  table.rows.reserve(row_count);
  for (std::size_t i = 0; i < row_count; ++i) {
    ResultTable::Row row;
    row.captions.reserve(query.dimensions.size());
    for (model::Member& member : groups[i].members)
      row.captions.push_back(std::move(member.caption));
    row.cells.reserve(query.measures.size());
    for (std::size_t m = 0; m < query.measures.size(); ++m) {
      row.cells.push_back(MakeCell(*query.measures[m], groups[i].values[m]));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Result<ResultTable> Executor::Answer(const CubeQuery& query, const QueryLimits& limits) const {
  CQD_ASSIGN_OR_RETURN(Groups groups, Run(query, limits));
  return Finish(query, std::move(groups));
}

ErrorType ErrorTypeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
    case ErrorCode::kUnimplemented:
      return ErrorType::kInvalidQuery;
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kDeadlineExceeded:
      return ErrorType::kScopeTooLarge;
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kConflict:
    case ErrorCode::kFailedPrecondition:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kDiskFull:
    case ErrorCode::kDiskFailed:
    case ErrorCode::kUnavailable:
    case ErrorCode::kCancelled:
    case ErrorCode::kCorruption:
    case ErrorCode::kInternal:
      return ErrorType::kCubeUnavailable;
  }
  return ErrorType::kCubeUnavailable;
}

std::string FormatExecutionTime(Duration time) {
  const std::int64_t micros = std::max<std::int64_t>(time.count(), 0);
  const std::int64_t seconds = micros / 1'000'000;
  const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  // .NET prints seven digits, units of 100 ns; ours are microseconds.
  std::string fraction = std::to_string(micros % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  return two(seconds / 3600) + ':' + two(seconds / 60 % 60) + ':' + two(seconds % 60) + '.' +
         fraction + '0';
}

void AppendCell(std::string& out, const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::kNull:
      out.append("null");
      return;
    case Cell::Kind::kInteger:
      AppendInteger(out, cell.integer);
      return;
    case Cell::Kind::kDecimal:
      AppendDecimal(out, cell.decimal);
      return;
  }
}

void AppendRow(std::string& out, const ResultTable::Row& row) {
  out.push_back('[');
  for (const std::string& caption : row.captions) {
    AppendJsonText(out, caption);
    out.push_back(',');
  }
  for (const Cell& cell : row.cells) {
    AppendCell(out, cell);
    out.push_back(',');
  }
  if (out.back() == ',') out.pop_back();
  out.push_back(']');
}

}  // namespace cqd::cube
