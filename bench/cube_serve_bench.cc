// How fast the cube serves people: what-if classes, distinct counts, percentiles, the search for
// causes, and re-tagging.
//   cube_serve_bench FOLDER [threads=2] [runs=11]
// FOLDER is one that cube_bench has filled; its cube is brought up to date first, and its networks
// are moved to other buildings and back.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "archive/sql.h"
#include "cube/causes.h"
#include "cube/cube.h"
#include "cube_data.h"
#include "model/registry.h"

namespace {

using namespace cqd;
using namespace cqd::bench;

double Ms(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - since)
      .count();
}

std::string Body(const std::string& dimension, const std::vector<std::string>& measures,
                 const std::string& more = "") {
  std::string body = "{\"Dimensions\":[";
  if (!dimension.empty()) body += "{\"DataModelName\":\"" + dimension + "\"}";
  body += "],\"Measurements\":[";
  for (const std::string& name : measures) {
    body += "{\"DataModelName\":\"[Measures].[" + name + "]\"},";
  }
  return body + "]" + more + "}";
}

void Measure(const cube::Snapshot& snapshot, const char* what, const std::string& body, int runs) {
  const cube::CubeQuery query = OrStop(cube::ParseCubeQuery(body));
  std::vector<double> times;
  std::size_t rows = 0;
  for (int run = 0; run < runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    rows = OrStop(snapshot.Answer(query, {})).rows.size();
    times.push_back(Ms(start));
  }
  const double first = times.front();
  std::sort(times.begin(), times.end());
  fmt::print("{:44} first {:8.1f}  least {:8.1f}  median {:8.1f} ms  {} rows\n", what, first,
             times.front(), times[times.size() / 2], rows);
}

void Queries(const cube::Snapshot& snapshot, int runs) {
  const std::string month = "[StartDate].[Month]";
  const std::string building = "[First Building].[Building Name]";
  const std::vector<std::string> classes = {"Audio Good Streams Count",
                                            "Audio UnClassified Streams Count",
                                            "Audio Poor Streams Count", "AudioPoorPercentage"};
  const std::string strict =
      R"(,"WhatIf":{"Audio":{"JitterInterArrival":20,"PacketLossRate":0.02}})";
  const std::string harsh = R"(,"WhatIf":{"Audio":{"JitterInterArrival":1}})";
  Measure(snapshot, "published classes by month", Body(month, classes), runs);
  Measure(snapshot, "what if, by month", Body(month, classes, strict), runs);
  Measure(snapshot, "what if, by building", Body(building, classes, strict), runs);
  Measure(snapshot, "what if, one month by building",
          Body(building, classes,
               strict + R"(,"Trend":{"EnableTrend":true,"SpanCount":1,"TrendDate":"2015-3"})"),
          runs);
  Measure(snapshot, "what if most were poor, by month", Body(month, classes, harsh), runs);
  Measure(snapshot, "P95 of jitter by month", Body(month, {"P95 Jitter"}), runs);
  Measure(snapshot, "P95 of jitter by building", Body(building, {"P95 Jitter"}), runs);
  Measure(snapshot, "calls by month", Body(month, {"Total Call Count"}), runs);
  Measure(snapshot, "calls by building", Body(building, {"Total Call Count"}), runs);
  Measure(snapshot, "users, all", Body("", {"Total User Count"}), runs);
  Measure(snapshot, "users by building", Body(building, {"Total User Count"}), runs);
}

void Causes(const char* how, const cube::Snapshot& snapshot) {
  const auto request =
      OrStop(cube::ParseCausesRequest(R"({"Before":{"From":"2015-06-01","To":"2015-07-01"},)"
                                      R"("After":{"From":"2015-07-01","To":"2015-08-01"}})"));
  const auto whole =
      OrStop(cube::ParseCausesRequest(R"({"Before":{"From":"2015-01-01","To":"2015-04-16"},)"
                                      R"("After":{"From":"2015-04-16","To":"2015-08-01"}})"));
  for (int run = 0; run < 3; ++run) {
    auto start = std::chrono::steady_clock::now();
    const auto report = OrStop(cube::FindCauses(snapshot, request, {}));
    const double months = Ms(start);
    start = std::chrono::steady_clock::now();
    const auto all = OrStop(cube::FindCauses(snapshot, whole, {}));
    fmt::print("causes, {}: two months {:.0f} ms, {} groups; all streams {:.0f} ms, {} groups\n",
               how, months, report.groups_tested, Ms(start), all.groups_tested);
  }
}

void Retag(const std::string& folder, cube::Cube& cube, const char* what, const std::string& sql) {
  {
    auto connection = OrStop(
        archive::OpenForSql(folder + "/archive", {.write_customer_tables = true, .months = {}}));
    const Status status = connection.database.Execute(sql.c_str());
    if (!status.ok()) Stop(status.error());
  }
  const auto start = std::chrono::steady_clock::now();
  const auto report = OrStop(cube.Process({}, CancelToken(), {}));
  std::int64_t retagged = 0;
  for (const auto& partition : report.partitions) retagged += partition.state == "retagged";
  fmt::print("{:44} {:8.0f} ms, {} months, {:.0f} MB written\n", what, Ms(start), retagged,
             static_cast<double>(report.bytes_written) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "cube_serve_bench FOLDER [threads] [runs]\n");
    return 2;
  }
  const std::string folder = argv[1];
  const int threads = argc > 2 ? std::atoi(argv[2]) : 2;
  const int runs = argc > 3 ? std::max(1, std::atoi(argv[3])) : 11;
  const SystemClock clock;
  auto archive = OrStop(archive::Archive::Open({.folder = folder + "/archive"}, clock));
  auto cube =
      OrStop(cube::Cube::Open({.folder = folder + "/cube", .threads = threads}, *archive, clock));
  const auto start = std::chrono::steady_clock::now();
  const auto report = OrStop(cube->Process({}, CancelToken(), {}));
  fmt::print("process: {:.0f} ms, {} rows read, {} visible, {:.1f} bytes a stream\n", Ms(start),
             report.rows_read, report.rows_total,
             static_cast<double>(cube->snapshot()->bytes_on_disk()) /
                 static_cast<double>(std::max<std::int64_t>(1, report.rows_total)));
  Queries(*cube->snapshot(), runs);
  // Who is inside moves too: every tenth building lies outside.
  const std::string move = "UPDATE CqdNetwork SET BuildingKey = BuildingKey % 300 + 1";
  const std::string back = "UPDATE CqdNetwork SET BuildingKey = (BuildingKey + 298) % 300 + 1";
  Retag(folder, *cube, "re-tag: every network to the next building", move);
  Retag(folder, *cube, "and back", back);
  Retag(folder, *cube, "re-tag: one network",
        "UPDATE CqdNetwork SET BuildingKey = 10 WHERE Network = '10.0.4.0'");
  Retag(folder, *cube, "and back",
        "UPDATE CqdNetwork SET BuildingKey = 2 WHERE Network = '10.0.4.0'");
  Causes("with rollups", *cube->snapshot());
  cube::CubeOptions scanning{.folder = folder + "/cube", .threads = threads};
  scanning.rollup_rows_min.reset();
  cube = OrStop(cube::Cube::Open(scanning, *archive, clock));
  Causes("scans", *cube->snapshot());
  return 0;
}
