// The body of POST /api/v1/causes.
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "cube/causes.h"
#include "cube/internal/lenient_json.h"
#include "cube/internal/member_text.h"

namespace cqd::cube {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMostMax = 100;
constexpr std::int64_t kStreamsMinMax = 1'000'000'000;

Error Invalid(std::string message, std::string field) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, std::move(field));
}

/// A day of a window as a filter on the start date.
Result<Filter> DayFilter(const json::object& window, const std::string& path, const char* name,
                         Operand operand) {
  static const model::Attribute* const kDate = model::FindAttribute("[StartDate].[Date]");
  const std::string field = path + "." + name;
  CQD_ASSIGN_OR_RETURN(const auto day, TextProperty(window, name, field));
  if (!day || !ParseDateKey(Trim(*day))) {
    return Invalid(fmt::format("{} must be {}", field, kDateForms), field);
  }
  return Filter{kDate, operand, {std::string(Trim(*day))}, ""};
}

/// {"From": first day, "To": the first day after it}.
Result<std::vector<Filter>> ReadWindow(const json::object& body, const std::string& name) {
  const json::value* value = FindProperty(body, name);
  if (value == nullptr || !value->is_object()) {
    return Invalid(
        fmt::format("{} must be an object like {{\"From\":\"2015-03-01\",\"To\":\"2015-03-08\"}}",
                    name),
        name);
  }
  const json::object& window = value->get_object();
  CQD_ASSIGN_OR_RETURN(Filter from, DayFilter(window, name, "From", Operand::kGreaterOrEqual));
  CQD_ASSIGN_OR_RETURN(Filter to, DayFilter(window, name, "To", Operand::kLess));
  if (*ParseDateKey(from.values[0]) >= *ParseDateKey(to.values[0])) {
    return Invalid(fmt::format("{}.To must lie after {}.From", name, name), name + ".To");
  }
  return std::vector<Filter>{std::move(from), std::move(to)};
}

Result<std::int64_t> ReadNumber(const json::object& body, const std::string& name,
                                std::int64_t least, std::int64_t most, std::int64_t otherwise) {
  CQD_ASSIGN_OR_RETURN(const auto number, IntegerProperty(body, name, name));
  if (!number) return otherwise;
  if (*number < least || *number > most) {
    return Invalid(fmt::format("{} must be {} to {}", name, least, most), name);
  }
  return *number;
}

}  // namespace

Result<CausesRequest> ParseCausesRequest(std::string_view text) {
  CQD_ASSIGN_OR_RETURN(const json::object body, ParseLenientObject(text));
  CausesRequest request;
  if (FindProperty(body, "Before") != nullptr) {
    CQD_ASSIGN_OR_RETURN(request.before, ReadWindow(body, "Before"));
  }
  CQD_ASSIGN_OR_RETURN(request.after, ReadWindow(body, "After"));
  CQD_ASSIGN_OR_RETURN(const auto media, TextProperty(body, "Media", "Media"));
  const std::string medium(Trim(media.value_or("Audio")));
  request.poor = model::FindMeasure(fmt::format("[Measures].[{} Poor Streams Count]", medium));
  request.good = model::FindMeasure(fmt::format("[Measures].[{} Good Streams Count]", medium));
  if (request.poor == nullptr || request.good == nullptr) {
    return Invalid("Media must be Audio, Video, AppSharing or VBSS", "Media");
  }
  // Filters and attributes are those of a query; its parser names what is wrong with them.
  json::object query{{"Measurements", {{{"DataModelName", request.poor->data_model_name}}}}};
  if (const json::value* filters = FindProperty(body, "Filters")) query["Filters"] = *filters;
  if (const json::value* names = FindProperty(body, "Attributes")) query["Dimensions"] = *names;
  auto parsed = ParseCubeQuery(json::serialize(query));
  if (!parsed.ok()) {
    Error error = std::move(parsed).error();
    if (error.field.starts_with("Dimensions")) error.field.replace(0, 10, "Attributes");
    return error;
  }
  request.filters = std::move(parsed->filters);
  request.attributes = std::move(parsed->dimensions);
  CQD_ASSIGN_OR_RETURN(const auto depth, ReadNumber(body, "Depth", 1, 2, 2));
  if (depth == 1) request.attributes_in_pairs = 0;
  CQD_ASSIGN_OR_RETURN(request.streams_min, ReadNumber(body, "MinStreams", 1, kStreamsMinMax, 50));
  CQD_ASSIGN_OR_RETURN(const auto most, ReadNumber(body, "Most", 1, kMostMax, 10));
  request.most = static_cast<std::size_t>(most);
  return request;
}

}  // namespace cqd::cube
