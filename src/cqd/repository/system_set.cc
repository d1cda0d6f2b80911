#include "repository/system_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <boost/json.hpp>
#include <span>
#include <string_view>

namespace cqd::repository {
namespace {

namespace json = boost::json;

// --- What the reports filter -------------------------------------------------------------------

/// Members of [Scenarios].[ScenarioPair] that the documentation uses
/// (reference/cube-model.md 2.4).
constexpr std::string_view kServerServer = "[1]&[1]&[1]&[1]&[Wired]&[Wired]";
constexpr std::string_view kServerWiredInside = "[1]&[0]&[1]&[1]&[Wired]&[Wired]";
constexpr std::string_view kWiredWiredInside = "[0]&[0]&[1]&[1]&[Wired]&[Wired]";
constexpr std::string_view kServerWifiInside = "[1]&[0]&[1]&[1]&[Wired]&[Wifi]";
constexpr std::string_view kServerWiredOutside = "[1]&[0]&[1]&[0]&[Wired]&[Wired]";
constexpr std::string_view kServerWifiOutside = "[1]&[0]&[1]&[0]&[Wired]&[Wifi]";
constexpr std::string_view kWiredWiredOutside = "[0]&[0]&[0]&[0]&[Wired]&[Wired]";

constexpr std::array kManaged = {kServerServer, kServerWiredInside, kWiredWiredInside};
/// Everything that a report of its own shows.
constexpr std::array kListed = {kServerServer,     kServerWiredInside,  kWiredWiredInside,
                                kServerWifiInside, kServerWiredOutside, kServerWifiOutside,
                                kWiredWiredOutside};

/// Members of [Connectivity Pair].[Connectivity Ice Pair]; the two ends in alphabetical order, a
/// blank where one end's path is not known (reference/cube-model.md 2.7).
constexpr std::array<std::string_view, 1> kDirect = {"[DIRECT : DIRECT]"};
constexpr std::array<std::string_view, 5> kRelay = {
    "[ : RELAY]", "[DIRECT : RELAY]", "[FAILED : RELAY]", "[HTTP : RELAY]", "[RELAY : RELAY]"};
constexpr std::array<std::string_view, 6> kDirectOrRelay = {"[DIRECT : DIRECT]", "[ : RELAY]",
                                                            "[DIRECT : RELAY]",  "[FAILED : RELAY]",
                                                            "[HTTP : RELAY]",    "[RELAY : RELAY]"};

constexpr std::array<std::string_view, 5> kRatings = {"[1]", "[2]", "[3]", "[4]", "[5]"};
constexpr std::array<std::string_view, 1> kServerEnd = {"[1]"};
constexpr std::array<std::string_view, 1> kClientEnd = {"[0]"};
constexpr std::array<std::string_view, 1> kValid = {"[False]"};

constexpr std::string_view kScenario = "[Scenarios].[ScenarioPair]";
constexpr std::string_view kIcePair = "[Connectivity Pair].[Connectivity Ice Pair]";
constexpr std::string_view kMonth = "[StartDate].[Month]";
constexpr std::string_view kRating = "[Second Feedback].[Rating]";

/// A condition of a report. Only the operands that stored reports of the original have: 0 equals,
/// 1 not equals (reference/cube-model.md 4.1).
struct Condition {
  std::string_view name;
  std::string_view caption;
  std::span<const std::string_view> values;
  int operand = 0;
};

constexpr Condition kOnlyValid = {"[StreamType].[StreamType]", "Valid", kValid};

template <std::size_t kCount>
constexpr Condition Is(const std::array<std::string_view, kCount>& scenarios) {
  return {kScenario, "", scenarios};
}

constexpr std::array kServerServerOnly = {kServerServer};
constexpr std::array kServerWiredInsideOnly = {kServerWiredInside};
constexpr std::array kWiredWiredInsideOnly = {kWiredWiredInside};
constexpr std::array kServerWifiInsideOnly = {kServerWifiInside};
constexpr std::array kServerWiredOutsideOnly = {kServerWiredOutside};
constexpr std::array kServerWifiOutsideOnly = {kServerWifiOutside};
constexpr std::array kWiredWiredOutsideOnly = {kWiredWiredOutside};

// --- The set -----------------------------------------------------------------------------------

enum class Shape {
  kSet,          ///< a report set
  kTrendChart,   ///< classes by month: stacked bars and the poor percentage as a line
  kRatingChart,  ///< streams by rating
  kAgentTable,   ///< classes by kind of user agent and month, with sparklines
};

struct Row {
  std::string_view key, parent;
  Shape shape;
  std::string_view title, description;
  Condition conditions[3] = {};  ///< those with a name; all must hold
};

constexpr Condition kOutside = Is(kWiredWiredOutsideOnly);

/// The whole set, parents first.
constexpr Row kRows[] = {
    {"all", "", Shape::kSet, "All Audio Streams",
     "The root of all reports. Each direction of an audio call is one stream, so a call usually "
     "counts as two. Every report set below shows a part of these streams."},
    {"trend", "all", Shape::kTrendChart, "Audio Streams Monthly Trend",
     "Audio streams by month for the last seven months: how many were good, poor or could not "
     "be classified, and the poor share of the classified ones. Nothing is filtered, so wireless "
     "and outside connections are in it. Click the title to see where the poor streams are."},
    {"managed-vs-unmanaged", "trend", Shape::kSet, "Managed vs Unmanaged Audio Streams",
     "Managed streams stay on the network that the organisation runs: servers, and clients on "
     "wires inside. Unmanaged streams take any other path."},
    {"managed",
     "managed-vs-unmanaged",
     Shape::kTrendChart,
     "Managed Audio Streams Monthly Trend",
     "Servers, and clients on wired connections inside. Few streams should be poor here, and "
     "every one is worth looking into. Click the title to see which.",
     {Is(kManaged)}},
    {"managed-set", "managed", Shape::kSet, "Managed Audio Streams",
     "The three managed paths. Look into them in this order: what is wrong between servers is "
     "wrong for everybody."},
    {"server-server",
     "managed-set",
     Shape::kTrendChart,
     "Server-Server",
     "Streams between servers, such as conferencing and mediation servers or gateways.",
     {Is(kServerServerOnly), kOnlyValid}},
    {"server-wired-inside",
     "managed-set",
     Shape::kTrendChart,
     "Server-Wired-Inside",
     "Streams between a server and a client on a wired connection inside.",
     {Is(kServerWiredInsideOnly), kOnlyValid}},
    {"wired-wired-inside",
     "managed-set",
     Shape::kTrendChart,
     "Wired-Wired-Inside",
     "Streams between two clients, both on wired connections inside.",
     {Is(kWiredWiredInsideOnly), kOnlyValid}},
    {"unmanaged",
     "managed-vs-unmanaged",
     Shape::kTrendChart,
     "Unmanaged Audio Streams Monthly Trend",
     "Clients on Wi-Fi, at home or on public networks. Some poor streams are to be expected; a "
     "share that grows while the number of such clients does not is worth looking into. Click "
     "the title to see which.",
     {{kScenario, "", kManaged, 1}}},
    {"unmanaged-set", "unmanaged", Shape::kSet, "Unmanaged Audio Streams",
     "The unmanaged paths by place, connection and way through the edge. If the organisation "
     "manages its Wi-Fi, the report about it may as well stand among the managed ones."},
    {"server-wifi-inside",
     "unmanaged-set",
     Shape::kTrendChart,
     "Server-WiFi-Inside",
     "Streams between a server and a client on Wi-Fi inside.",
     {Is(kServerWifiInsideOnly), kOnlyValid}},
    {"server-wired-outside",
     "unmanaged-set",
     Shape::kTrendChart,
     "Server-Wired-Outside",
     "Streams between a server and a client on a wired connection outside.",
     {Is(kServerWiredOutsideOnly), kOnlyValid}},
    {"server-wifi-outside",
     "unmanaged-set",
     Shape::kTrendChart,
     "Server-Wifi-Outside",
     "Streams between a server and a client on Wi-Fi outside.",
     {Is(kServerWifiOutsideOnly), kOnlyValid}},
    {"wired-wired-outside-direct",
     "unmanaged-set",
     Shape::kTrendChart,
     "Wired-Wired-Outside-Direct",
     "Streams between two clients on wired connections outside that reached each other directly.",
     {kOutside, kOnlyValid, {kIcePair, "", kDirect}}},
    {"wired-wired-outside-relay",
     "unmanaged-set",
     Shape::kTrendChart,
     "Wired-Wired-Outside-Relay",
     "Streams between two clients on wired connections outside that went through a relay.",
     {kOutside, kOnlyValid, {kIcePair, "", kRelay}}},
    {"wired-wired-outside-other",
     "unmanaged-set",
     Shape::kTrendChart,
     "Wired-Wired-Outside-Other",
     "Streams between two clients on wired connections outside whose path was neither direct nor "
     "through a relay, or is not known.",
     {kOutside, kOnlyValid, {kIcePair, "", kDirectOrRelay, 1}}},
    {"other-unmanaged",
     "unmanaged-set",
     Shape::kTrendChart,
     "Other Unmanaged Calls",
     "Streams on paths that no other report shows, such as two clients on Wi-Fi or an inside "
     "client with an outside one.",
     {{kScenario, "", kListed, 1}}},
    {"other",
     "managed-vs-unmanaged",
     Shape::kTrendChart,
     "Other Audio Streams Monthly Trend",
     "Streams between a server and a client of any kind, mobile ones included. Click the title "
     "to see them by user agent.",
     {{"[First Is Server].[Agent]", "Server", kServerEnd},
      {"[Second Is Server].[Agent]", "Client", kClientEnd}}},
    {"other-set", "other", Shape::kSet, "Other Audio Streams",
     "Streams between servers and clients, by the kind of the client."},
    {"server-client-agents",
     "other-set",
     Shape::kAgentTable,
     "Server-Client by User Agent Type",
     "Streams between a server and a client by the client's user agent. Sort by the last column "
     "to find the worst.",
     {{"[First Is Server].[Agent]", "Server", kServerEnd},
      {"[Second Is Server].[Agent]", "Client", kClientEnd}}},
    {"ratings",
     "all",
     Shape::kRatingChart,
     "User-reported Call Quality Rating Histogram",
     "Audio streams of one month by the rating that the user at the second end gave after the "
     "call: 1 is worst, 5 is best. Calls without a rating are left out.",
     {{kRating, "1 | 2 | 3 | 4 | 5", kRatings}}},
};

// --- Stored JSON: names, order and values as in reference/cube-model.md 5 ------------------------

/// A measure as a query asks for it and as a chart or table shows it.
struct Measure {
  std::string_view name, friendly_name, color;
  int yaxis = 1;
  bool stack = true;
  int chart_type = 0;  ///< 0 bar, 1 line
};

constexpr std::array kClasses = {
    Measure{"[Measures].[Audio Good Streams Count]", "Good", "#94DDF9"},
    Measure{"[Measures].[Audio UnClassified Streams Count]", "UnClassified", "#4CB5DB"},
    Measure{"[Measures].[Audio Poor Streams Count]", "Poor", "#F24CAE"},
    Measure{"[Measures].[AudioPoorPercentage]", "Poor%", "#FBD015", 2, false, 1}};
constexpr std::array kStreams = {
    Measure{"[Measures].[Audio Streams Count]", "Audio Streams", "#94DDF9", 1, false}};

struct Dimension {
  std::string_view name, friendly_name;
};

constexpr std::array kByMonth = {Dimension{kMonth, "Month"}};
constexpr std::array kByRating = {Dimension{kRating, "Rating"}};
// Sparklines need the month as the last dimension (reference/cube-model.md 4.4).
constexpr std::array kByAgent = {
    Dimension{"[Second User Agent].[User Agent Type]", "User Agent Type"},
    Dimension{kMonth, "Month"}};

/// What differs between the shapes.
struct Look {
  std::span<const Dimension> dimensions;
  std::span<const Measure> measures;
  bool table = false;
  bool trend = true;
  int width = 600;
};

Look LookOf(Shape shape) {
  switch (shape) {
    case Shape::kSet:
      return {};
    case Shape::kTrendChart:
      return {.dimensions = kByMonth, .measures = kClasses};
    case Shape::kRatingChart:
      return {.dimensions = kByRating, .measures = kStreams, .trend = false};
    case Shape::kAgentTable:
      return {.dimensions = kByAgent, .measures = kClasses, .table = true, .width = 1000};
  }
  return {};
}

json::array FiltersJson(const Row& row) {
  json::array filters;
  const auto add = [&](std::string_view name, std::string_view caption, std::string value,
                       int operand) {
    filters.push_back(json::object{{"DataModelName", name},
                                   {"Caption", caption},
                                   {"Value", std::move(value)},
                                   {"Operand", operand},
                                   {"UnionGroup", ""}});
  };
  // The month of the published samples; the page shows the month of its own address instead
  // (reference/cube-model.md 4.4).
  add(kMonth, "March 2015", "[2015-03-01T00:00:00]", 0);
  for (const Condition& condition : row.conditions) {
    if (condition.name.empty()) continue;
    add(condition.name, condition.caption, fmt::format("{}", fmt::join(condition.values, ",")),
        condition.operand);
  }
  return filters;
}

template <typename Things>
json::array NamesJson(const Things& things) {
  json::array names;
  for (const auto& thing : things) names.push_back(json::object{{"DataModelName", thing.name}});
  return names;
}

json::object QueryJson(const Row& row, const Look& look) {
  return {
      {"Filters", FiltersJson(row)},
      {"Dimensions", NamesJson(look.dimensions)},
      {"Measurements", NamesJson(look.measures)},
      {"Trend",
       json::object{
           {"EnableTrend", look.trend}, {"SpanCount", 7}, {"TrendDate", "2015-3"}, {"Type", 0}}}};
}

json::array AxesJson() {
  json::array axes;
  axes.push_back(json::object{{"axisLabel", "Count"}, {"position", "left"}, {"min", 0}});
  axes.push_back(json::object{
      {"axisLabel", "Percentage"}, {"position", "right"}, {"min", 0}, {"tickLength", 0}});
  return axes;
}

json::object PresentationJson(const Look& look) {
  json::array dimensions, measurements;
  for (const Dimension& dimension : look.dimensions) {
    dimensions.push_back(
        json::object{{"DataModelName", dimension.name}, {"friendlyName", dimension.friendly_name}});
  }
  for (const Measure& measure : look.measures) {
    measurements.push_back(json::object{{"DataModelName", measure.name},
                                        {"friendlyName", measure.friendly_name},
                                        {"yaxis", measure.yaxis},
                                        {"color", measure.color},
                                        {"stack", measure.stack},
                                        {"chartType", measure.chart_type},
                                        {"errorBar", false}});
  }
  return {
      {"presentationPlugin", look.table ? "dataTable" : "flotChart"},
      {"height", look.table ? 460 : 390},
      {"width", look.width},
      {"tableProperties", json::object{{"showFilter", true},
                                       {"columnSortIndex", 0},
                                       {"columnSortDesc", false},
                                       {"columnFilters", json::array()},
                                       {"trend", look.table}}},
      {"chartProperties",
       json::object{
           {"legend", true}, {"legendColumns", 4}, {"legendHeight", 30}, {"yaxes", AxesJson()}}},
      {"dimensions", std::move(dimensions)},
      {"measurements", std::move(measurements)},
      {"sparklineEnable", look.table}};
}

std::string ContentOf(const Row& row) {
  json::object content{{"Title", row.title}, {"Description", row.description}};
  if (row.shape == Shape::kSet) {
    content["MaxCalls"] = "Auto";
    content["MaxPercentage"] = "Auto";
  } else {
    const Look look = LookOf(row.shape);
    content["Presentation"] = PresentationJson(look);
    content["Query"] = QueryJson(row, look);
  }
  return json::serialize(content);
}

}  // namespace

std::vector<SystemItem> SystemItems() {
  std::vector<SystemItem> items;
  for (const Row& row : kRows) {
    items.push_back({std::string(row.key), std::string(row.parent), ContentOf(row)});
  }
  return items;
}

std::vector<std::pair<std::string, std::string>> GlobalSettings() {
  return {{"ShowDescriptions", "true"}, {"ShowTimeStamps", "false"}};
}

}  // namespace cqd::repository
