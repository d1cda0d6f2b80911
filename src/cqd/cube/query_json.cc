// The body of RunQuery. Source: reference/cube-model.md 4.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/text.h"
#include "cube/internal/lenient_json.h"
#include "cube/internal/value_list.h"
#include "cube/internal/what_if.h"
#include "cube/query.h"

namespace cqd::cube {
namespace {

namespace json = boost::json;

// Our limits. The largest published report has 6 filters, 9 dimensions and 8 measures
// (reference/cube-model.md 6); a script that unites subnets sends hundreds of filters.
constexpr std::size_t kFiltersMax = 1000;
constexpr std::size_t kValuesMax = 20'000;
constexpr std::size_t kDimensionsMax = 32;
constexpr std::size_t kMeasuresMax = 256;
/// Fifty years; the cube's own month list has 493 members (reference/cube-model.md 2.1).
constexpr std::int64_t kSpanCountMax = 600;

Error Invalid(std::string message, std::string field) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, std::move(field));
}
Error TooMany(std::string_view what, std::size_t most, std::string field) {
  return Fail(ErrorCode::kResourceExhausted, fmt::format("at most {} {} are allowed", most, what),
              {}, std::move(field));
}

std::string DidYouMean(std::string_view name, std::span<const std::string_view> names) {
  const std::vector<std::string> near = NearestNames(name, names);
  if (near.empty()) return {};
  return fmt::format("; near names: {}", fmt::join(near, ", "));
}

Result<const model::Attribute*> ResolveAttribute(const std::string& name,
                                                 const std::string& field) {
  if (const model::Attribute* attribute = model::FindAttribute(name)) return attribute;
  const std::string shown = name.substr(0, 128);
  if (model::FindMeasure(name) != nullptr) {
    return Invalid(fmt::format("{} is a measurement, not a dimension", shown), field);
  }
  return Invalid(
      fmt::format("no dimension is called {}{}", shown, DidYouMean(shown, model::AttributeNames())),
      field);
}

Result<const model::Measure*> ResolveMeasure(const std::string& name, const std::string& field) {
  if (const model::Measure* measure = model::FindMeasure(name)) return measure;
  const std::string shown = name.substr(0, 128);
  if (model::FindAttribute(name) != nullptr) {
    return Invalid(fmt::format("{} is a dimension, not a measurement", shown), field);
  }
  return Invalid(
      fmt::format("no measurement is called {}{}", shown, DidYouMean(shown, model::MeasureNames())),
      field);
}

/// The element as an object, and its DataModelName.
Result<std::string> ReadDataModelName(const json::value& element, const std::string& path) {
  if (!element.is_object()) {
    return Invalid(
        fmt::format("{} must be an object with a DataModelName, not {}", path, KindOfJson(element)),
        path);
  }
  const std::string field = path + ".DataModelName";
  CQD_ASSIGN_OR_RETURN(const auto name, TextProperty(element.get_object(), "DataModelName", field));
  if (!name || Trim(*name).empty()) return Invalid(field + " is missing", field);
  return std::string(Trim(*name));
}

/// A list of named things: Dimensions or Measurements.
template <typename T, typename Resolve>
Status ReadNames(const json::object& body, std::string_view list, std::size_t most,
                 const Resolve& resolve, std::vector<const T*>& out) {
  CQD_ASSIGN_OR_RETURN(const json::array* array, ArrayProperty(body, list, std::string(list)));
  if (array == nullptr) return OkStatus();
  if (array->size() > most) return TooMany(ToLower(list), most, std::string(list));
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::string path = fmt::format("{}[{}]", list, i);
    CQD_ASSIGN_OR_RETURN(const std::string name, ReadDataModelName((*array)[i], path));
    CQD_ASSIGN_OR_RETURN(const T* found, resolve(name, path + ".DataModelName"));
    out.push_back(found);
  }
  return OkStatus();
}

Result<Filter> ReadFilter(const json::value& element, const std::string& path) {
  CQD_ASSIGN_OR_RETURN(const std::string name, ReadDataModelName(element, path));
  const json::object& object = element.get_object();
  Filter filter;
  CQD_ASSIGN_OR_RETURN(filter.attribute, ResolveAttribute(name, path + ".DataModelName"));

  const std::string operand_field = path + ".Operand";
  CQD_ASSIGN_OR_RETURN(const auto operand, IntegerProperty(object, "Operand", operand_field));
  if (operand.value_or(0) < 0 || operand.value_or(0) > 9) {
    return Invalid(
        fmt::format("operand {} is unknown: 0 equals, 1 not equals, 2 contains, 3 begins "
                    "with, 4 >, 5 >=, 6 <, 7 <=, 8 does not contain, 9 does not begin "
                    "with",
                    *operand),
        operand_field);
  }
  filter.operand = static_cast<Operand>(operand.value_or(0));

  CQD_ASSIGN_OR_RETURN(const auto value, TextProperty(object, "Value", path + ".Value"));
  filter.values = SplitValues(value.value_or(""));
  CQD_ASSIGN_OR_RETURN(const auto group, TextProperty(object, "UnionGroup", path + ".UnionGroup"));
  filter.union_group = std::string(Trim(group.value_or("")));

  const Result<MemberTest> test = MemberTest::Make(filter);
  if (!test.ok()) {
    Error error = test.error();
    error.field = path + "." + error.field;
    return error;
  }
  return filter;
}

Status ReadFilters(const json::object& body, CubeQuery& query) {
  CQD_ASSIGN_OR_RETURN(const json::array* array, ArrayProperty(body, "Filters", "Filters"));
  if (array == nullptr) return OkStatus();
  if (array->size() > kFiltersMax) return TooMany("filters", kFiltersMax, "Filters");
  std::size_t values = 0;
  for (std::size_t i = 0; i < array->size(); ++i) {
    CQD_ASSIGN_OR_RETURN(Filter filter, ReadFilter((*array)[i], fmt::format("Filters[{}]", i)));
    values += filter.values.size();
    if (values > kValuesMax) return TooMany("filter values", kValuesMax, "Filters");
    query.filters.push_back(std::move(filter));
  }
  return OkStatus();
}

Result<MonthWindow> ReadWindow(const json::object& trend) {
  CQD_ASSIGN_OR_RETURN(const auto type, IntegerProperty(trend, "Type", "Trend.Type"));
  if (type.value_or(0) != 0) {
    return Invalid(fmt::format("trend type {} is unknown: only 0 (months) exists", *type),
                   "Trend.Type");
  }
  CQD_ASSIGN_OR_RETURN(const auto span, IntegerProperty(trend, "SpanCount", "Trend.SpanCount"));
  if (!span || *span < 1 || *span > kSpanCountMax) {
    return Invalid(
        fmt::format("Trend.SpanCount must be a number of months, 1 to {}", kSpanCountMax),
        "Trend.SpanCount");
  }
  CQD_ASSIGN_OR_RETURN(const auto date, TextProperty(trend, "TrendDate", "Trend.TrendDate"));
  const Result<Month> last = Month::Parse(Trim(date.value_or("")));
  if (!last.ok()) {
    return Invalid(fmt::format("Trend.TrendDate '{}' is not a month like 2015-3 or 2015-03",
                               date.value_or("").substr(0, 64)),
                   "Trend.TrendDate");
  }
  return MonthWindow{last->Plus(1 - static_cast<int>(*span)), *last};
}

/// True for the attributes whose members are the months of the start date: their filters do not
/// restrict a trend. Source: reference/cube-model.md 4.4.
bool IsStartMonth(const model::Attribute& attribute) {
  return attribute.type == model::AttributeType::kDate && attribute.input_count >= 1 &&
         attribute.inputs[0] == model::CubeColumn::kStartDay &&
         (EqualsIgnoreCase(attribute.name, "Month") ||
          EqualsIgnoreCase(attribute.name, "Month Year") ||
          EqualsIgnoreCase(attribute.name, "Full Month"));
}

Status ReadTrend(const json::object& body, CubeQuery& query) {
  const json::value* value = FindProperty(body, "Trend");
  if (value == nullptr) return OkStatus();
  if (!value->is_object()) {
    return Invalid(fmt::format("Trend must be an object, not {}", KindOfJson(*value)), "Trend");
  }
  const json::object& trend = value->get_object();
  CQD_ASSIGN_OR_RETURN(const auto enabled,
                       BooleanProperty(trend, "EnableTrend", "Trend.EnableTrend"));
  // A switched-off trend keeps stale values in stored reports; they mean nothing.
  if (!enabled.value_or(false)) return OkStatus();
  CQD_ASSIGN_OR_RETURN(query.window, ReadWindow(trend));
  std::erase_if(query.filters, [](const Filter& f) { return IsStartMonth(*f.attribute); });
  return OkStatus();
}

Status ReadRowLimit(const json::object& body, CubeQuery& query) {
  const std::string field = "LimitResultRowsCount";
  CQD_ASSIGN_OR_RETURN(query.row_limit, IntegerProperty(body, field, field));
  if (query.row_limit && *query.row_limit < 1) {
    return Invalid(field + " must be 1 or more", field);
  }
  return OkStatus();
}

Status ReadOrder(const json::object& body, CubeQuery& query) {
  const json::value* value = FindProperty(body, "OrderBy");
  if (value == nullptr || value->is_null()) return OkStatus();
  if (!value->is_object()) {
    return Invalid(fmt::format("OrderBy must be an object like {{\"DataModelName\": "
                               "\"[Measures].[Audio Poor Streams Count]\"}}, not {}",
                               KindOfJson(*value)),
                   "OrderBy");
  }
  const std::string field = "OrderBy.DataModelName";
  CQD_ASSIGN_OR_RETURN(const auto name, TextProperty(value->get_object(), "DataModelName", field));
  if (!name) return Invalid(field + " names one of the Measurements", field);
  CQD_ASSIGN_OR_RETURN(const model::Measure* measure, ResolveMeasure(*name, field));
  const auto at = std::find(query.measures.begin(), query.measures.end(), measure);
  if (at == query.measures.end()) {
    return Invalid(field + " must be one of the query's Measurements", field);
  }
  CQD_ASSIGN_OR_RETURN(const auto descending,
                       BooleanProperty(value->get_object(), "Descending", "OrderBy.Descending"));
  query.order =
      RowOrder{static_cast<std::size_t>(at - query.measures.begin()), descending.value_or(true)};
  return OkStatus();
}

}  // namespace

Result<CubeQuery> ParseCubeQuery(std::string_view text) {
  CQD_ASSIGN_OR_RETURN(const json::object body, ParseLenientObject(text));
  CubeQuery query;
  CQD_RETURN_IF_ERROR(ReadNames<model::Attribute>(body, "Dimensions", kDimensionsMax,
                                                  ResolveAttribute, query.dimensions));
  CQD_RETURN_IF_ERROR(ReadNames<model::Measure>(body, "Measurements", kMeasuresMax, ResolveMeasure,
                                                query.measures));
  if (query.measures.empty()) {
    return Invalid(
        "Measurements needs at least one measurement, for example "
        "{\"DataModelName\": \"[Measures].[Audio Streams Count]\"}; the members of a "
        "dimension are listed by DimensionMembers",
        "Measurements");
  }
  CQD_RETURN_IF_ERROR(ReadFilters(body, query));
  CQD_RETURN_IF_ERROR(ReadTrend(body, query));
  CQD_RETURN_IF_ERROR(ReadOrder(body, query));
  CQD_RETURN_IF_ERROR(ReadRowLimit(body, query));
  CQD_ASSIGN_OR_RETURN(query.what_if, ReadWhatIf(body));
  return query;
}

}  // namespace cqd::cube
