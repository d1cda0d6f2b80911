// /api/v1/customer-tables, /api/v1/mapping/unmapped: buildings, networks and access points for an
// administrator's page, and which subnets still lack a building.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "api/internal/arguments.h"
#include "api/internal/customer_json.h"
#include "api/internal/status_json.h"
#include "api/services.h"
#include "archive/customer_rows.h"
#include "base/text.h"
#include "http/problem.h"
#include "http/target.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using archive::CustomerTable;
using http::Request;
using http::Response;

constexpr std::int64_t kPageMax = 1000;
constexpr std::int64_t kPageDefault = 100;
constexpr std::int64_t kUnmappedMax = 1000;
constexpr std::int64_t kMonthsMax = 120;
constexpr std::size_t kSearchBytesMax = 200;

Result<json::array> TableList(const Services& services) {
  CQD_ASSIGN_OR_RETURN(auto main, archive::OpenForReading(services.archive_folder));
  json::array list;
  for (const CustomerTable& table : archive::CustomerTableList()) {
    CQD_ASSIGN_OR_RETURN(const auto page, ReadCustomerPage(main, table, {.most = 0}));
    list.push_back({{"id", table.id},
                    {"table", table.table},
                    {"rows", page.total},
                    {"columns", json::value_from(page.columns)}});
  }
  return list;
}

Response ListTables(const Request&, Services& services) {
  auto tables = TableList(services);
  if (!tables.ok()) return http::Problem(tables.error());
  return Response::Json(200, json::serialize(json::object{{"tables", *std::move(tables)}}));
}

Result<archive::CustomerPageRequest> ParsePage(const Request& request) {
  archive::CustomerPageRequest page{.most = kPageDefault};
  for (const auto& [name, value] : request.query) {
    if (name == "q") {
      if (value.size() > kSearchBytesMax || !http::IsUtf8(value))
        return BadField("q", fmt::format("a text of at most {} bytes", kSearchBytesMax));
      page.search = value;
    } else if (name == "n") {
      CQD_ASSIGN_OR_RETURN(page.most, WholeNumber("n", value, 1, kPageMax));
    } else if (name == "cursor") {
      CQD_ASSIGN_OR_RETURN(page.offset, WholeNumber("cursor", value, 0, INT32_MAX));
    } else {
      return BadField(name, "one of: q, n, cursor");
    }
  }
  return page;
}

Result<json::object> PageJson(const Request& request, Services& services) {
  CQD_ASSIGN_OR_RETURN(const CustomerTable* table, CustomerTableOf(request));
  CQD_ASSIGN_OR_RETURN(const auto wanted, ParsePage(request));
  CQD_ASSIGN_OR_RETURN(auto main, archive::OpenForReading(services.archive_folder));
  CQD_ASSIGN_OR_RETURN(const auto page, ReadCustomerPage(main, *table, wanted));
  json::array rows, key;
  for (const std::string_view column : archive::KeyColumnsOf(*table))
    key.emplace_back(boost::json::string_view(column.data(), column.size()));
  for (const auto& row : page.rows) {
    json::array& cells = rows.emplace_back(json::array()).get_array();
    for (const auto& cell : row)
      cells.push_back(cell ? json::value(CleanUtf8(*cell, cell->size())) : json::value(nullptr));
  }
  const std::int64_t next = wanted.offset + static_cast<std::int64_t>(page.rows.size());
  return json::object{{"table", table->id},
                      {"columns", json::value_from(page.columns)},
                      {"own_columns", page.own_columns},
                      {"key", std::move(key)},
                      {"rows", std::move(rows)},
                      {"versions", json::value_from(page.versions)},
                      {"total", page.total},
                      {"matching", page.matching},
                      {"next_cursor", next < page.matching ? json::value(std::to_string(next))
                                                           : json::value(nullptr)}};
}

Response ReadTable(const Request& request, Services& services) {
  const auto page = PageJson(request, services);
  if (!page.ok()) return http::Problem(page.error());
  return Response::Json(200, json::serialize(*page));
}

Result<Response> Export(const Request& request, Services& services) {
  CQD_ASSIGN_OR_RETURN(const CustomerTable* table, CustomerTableOf(request));
  CQD_ASSIGN_OR_RETURN(auto main, archive::OpenForReading(services.archive_folder));
  Response response;
  CQD_ASSIGN_OR_RETURN(response.body, ExportCustomerTable(main, *table));
  response.content_type = "text/csv; charset=utf-8";
  return std::move(response).WithHeader("Content-Disposition",
                                        fmt::format("attachment; filename=\"{}.csv\"", table->id));
}

Response ExportTable(const Request& request, Services& services) {
  auto answer = Export(request, services);
  return answer.ok() ? *std::move(answer) : http::Problem(answer.error());
}

json::object ReportJson(const CustomerTable& table, bool dry_run,
                        const archive::ImportReport& report) {
  json::array tables;
  for (const archive::ImportCounts& counts : report.tables) {
    tables.push_back({{"table", counts.table},
                      {"added", counts.added},
                      {"changed", counts.changed},
                      {"unchanged", counts.unchanged}});
  }
  return {{"table", table.id},
          {"dry_run", dry_run},
          {"applied", report.applied},
          {"rows_read", report.rows_read},
          {"tables", std::move(tables)},
          {"problems", ProblemsJson(report.problems)},
          {"problem_count", report.problem_count},
          {"overlaps", OverlapsJson(report.overlaps)},
          {"overlap_count", report.overlap_count},
          {"overlaps_new", report.overlaps_new}};
}

Result<bool> DryRun(const Request& request) {
  bool dry_run = false;
  for (const auto& [name, value] : request.query) {
    if (name != "dry_run") return BadField(name, "left out; there is dry_run");
    if (value != "true" && value != "false") return BadField("dry_run", "true or false");
    dry_run = value == "true";
  }
  return dry_run;
}

Result<json::object> Import(const Request& request, Services& services) {
  CQD_ASSIGN_OR_RETURN(const CustomerTable* table, CustomerTableOf(request));
  CQD_ASSIGN_OR_RETURN(const bool dry_run, DryRun(request));
  CQD_ASSIGN_OR_RETURN(auto main, archive::OpenForImport(services.archive_folder));
  CQD_ASSIGN_OR_RETURN(
      const auto report,
      ImportCustomerTable(main, *table, request.body,
                          {.dry_run = dry_run,
                           .now = services.clock.Now(),
                           .find_overlaps = table->id == "buildings" || table->id == "networks"}));
  if (report.applied && services.note) {
    std::string counts;
    for (const auto& one : report.tables)
      counts += fmt::format(", {}: {} added, {} changed", one.table, one.added, one.changed);
    services.note(
        fmt::format("{} were imported by {}{}", table->id, request.principal.name, counts));
  }
  return ReportJson(*table, dry_run, report);
}

Response ImportTable(const Request& request, Services& services) {
  const auto report = Import(request, services);
  if (!report.ok()) return http::Problem(report.error());
  return Response::Json(200, json::serialize(*report));
}

Response ListOverlaps(const Request&, Services& services) {
  auto main = archive::OpenForReading(services.archive_folder);
  if (!main.ok()) return http::Problem(main.error());
  auto overlaps = archive::FindNetworkOverlaps(*main);
  if (!overlaps.ok()) return http::Problem(overlaps.error());
  const std::size_t count = overlaps->size();
  if (count > static_cast<std::size_t>(kPageMax)) overlaps->resize(kPageMax);
  return Response::Json(200, json::serialize(json::object{{"overlaps", OverlapsJson(*overlaps)},
                                                          {"overlap_count", count}}));
}

/// Streams that have an end in a subnet; one with both ends there counts twice.
struct Traffic {
  std::int64_t ends = 0;
  std::int64_t poor_ends = 0;
};
using SubnetTraffic = std::map<std::string, Traffic, std::less<>>;

/// What is asked of the unmapped subnets.
struct UnmappedRequest {
  std::int64_t most = kPageDefault;
  std::int64_t months = 3;  ///< a quarter: guests of long ago need no building
};

Result<UnmappedRequest> ParseUnmapped(const Request& request) {
  UnmappedRequest wanted;
  for (const auto& [name, value] : request.query) {
    if (name == "n") {
      CQD_ASSIGN_OR_RETURN(wanted.most, WholeNumber("n", value, 1, kUnmappedMax));
    } else if (name == "months") {
      CQD_ASSIGN_OR_RETURN(wanted.months, WholeNumber("months", value, 1, kMonthsMax));
    } else {
      return BadField(name, "one of: n, months");
    }
  }
  return wanted;
}

Status AddTraffic(std::string_view dimension, const cube::MonthWindow& window,
                  const Request& request, Services& services, SubnetTraffic& traffic) {
  cube::CubeQuery query;
  query.dimensions = {model::FindAttribute(dimension)};
  query.measures = {model::FindMeasure("[Measures].[Total Stream Count]"),
                    model::FindMeasure("[Measures].[Audio Poor Streams Count]")};
  query.window = window;
  const cube::QueryOutcome outcome = services.queries.RunQuery(query, request.cancel);
  if (outcome.error) return *outcome.error;
  for (const auto& row : outcome.table->rows) {
    Traffic& subnet = traffic[row.captions[0]];
    subnet.ends += row.cells[0].integer;
    subnet.poor_ends += row.cells[1].integer;
  }
  return OkStatus();
}

Result<json::object> Unmapped(const Request& request, Services& services) {
  CQD_ASSIGN_OR_RETURN(const UnmappedRequest wanted, ParseUnmapped(request));
  const auto snapshot = services.cube.snapshot();
  if (snapshot == nullptr)
    return Fail(ErrorCode::kUnavailable, "no cube yet: run processing first");
  const Month last = Month::Of(snapshot->data_through().value_or(services.clock.Now()));
  const cube::MonthWindow window{last.Plus(1 - static_cast<int>(wanted.months)), last};
  SubnetTraffic traffic;
  for (const char* dimension : {"[First Subnet].[Subnet]", "[Second Subnet].[Subnet]"})
    CQD_RETURN_IF_ERROR(AddTraffic(dimension, window, request, services, traffic));
  std::vector<std::pair<std::string, Traffic>> without;
  std::int64_t ends = 0;
  for (auto& [subnet, count] : traffic) {
    const auto key = services.archive.dictionaries().Find(model::KeySpace::kSubnet, subnet, "");
    // Streams that report no subnet have nothing that a network could be made for.
    if (key == model::kNoKey || snapshot->mapping().BuildingOf(key).key != 0) continue;
    ends += count.ends;
    without.emplace_back(subnet, count);
  }
  std::stable_sort(without.begin(), without.end(),
                   [](const auto& a, const auto& b) { return a.second.ends > b.second.ends; });
  json::array list;
  for (const auto& [subnet, count] : without) {
    if (list.size() >= static_cast<std::size_t>(wanted.most)) break;
    list.push_back({{"subnet", CleanUtf8(subnet, subnet.size())},
                    {"stream_ends", count.ends},
                    {"audio_poor_stream_ends", count.poor_ends}});
  }
  return json::object{{"from", window.first.ToString()},
                      {"to", window.last.ToString()},
                      {"subnets", std::move(list)},
                      {"subnet_count", without.size()},
                      {"stream_ends", ends},
                      {"data_version", snapshot->data_version()}};
}

Response ListUnmapped(const Request& request, Services& services) {
  const auto found = Unmapped(request, services);
  if (!found.ok()) return http::Problem(found.error());
  return Response::Json(200, json::serialize(*found));
}

}  // namespace

Result<const CustomerTable*> CustomerTableOf(const Request& request) {
  const CustomerTable* table = archive::FindCustomerTable(request.Capture("table"));
  if (table != nullptr) return table;
  std::string names;
  for (const CustomerTable& one : archive::CustomerTableList())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", one.id);
  return Fail(ErrorCode::kNotFound, "there is no such table; there are " + names, {}, "table");
}

json::array OverlapsJson(const std::vector<archive::NetworkOverlap>& overlaps) {
  json::array list;
  for (const archive::NetworkOverlap& overlap : overlaps) {
    list.push_back(
        {{"network", fmt::format("{}/{}", overlap.network, overlap.range)},
         {"building", overlap.building},
         {"outer_network", fmt::format("{}/{}", overlap.outer_network, overlap.outer_range)},
         {"outer_building", overlap.outer_building}});
  }
  return list;
}

json::array ProblemsJson(const std::vector<archive::ImportProblem>& problems) {
  json::array list;
  for (const archive::ImportProblem& problem : problems) {
    list.push_back({{"line", problem.line},
                    {"column", problem.column},
                    {"value", problem.value},
                    {"allowed", problem.allowed}});
  }
  return list;
}

void AddCustomerApi(http::Router& router, Services& services) {
  const auto with = [&services](Response (*handler)(const Request&, Services&)) {
    return [&services, handler](const Request& request) { return handler(request, services); };
  };
  router.Get("/api/v1/customer-tables", with(ListTables));
  router.Get("/api/v1/customer-tables/overlaps", with(ListOverlaps));
  router.Get("/api/v1/customer-tables/{table}", with(ReadTable));
  router.Get("/api/v1/customer-tables/{table}/export", with(ExportTable));
  router.Post("/api/v1/customer-tables/{table}", with(ImportTable),
              {.role_min = http::Role::kAdministrator, .body_bytes_max = archive::kImportBytesMax});
  AddCustomerRowsApi(router, services);
  router.Get("/api/v1/mapping/unmapped", with(ListUnmapped));
}

}  // namespace cqd::api
