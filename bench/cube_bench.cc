// How fast the archive becomes a cube, and the cube answers.
//   cube_bench FOLDER [streams=2000000] [months=7] [threads=2] [seed=1] [query=all]
// With a query (Q3) only that one runs, 400 times.
// FOLDER is made and kept: a second start with the same folder skips the loading and measures the
// restart. Queries Q1 to Q8 follow reference/performance-anchors.md: month trend, trend with
// filters, building by month, subnets of one month, agent by codec by connection, members, averages
// by day, building at either end.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "cube/cube.h"
#include "cube_queries.h"

namespace {

using namespace cqd;
using namespace cqd::bench;

void Load(archive::Archive& archive, model::SourceId source, std::int64_t streams, int months,
          std::uint64_t seed) {
  const auto start = std::chrono::steady_clock::now();
  Generator generator(MakeKeys(archive.interner()), source, seed);
  auto writer = OrStop(archive.BeginWrite());
  const std::int64_t begin = ToMicros(Month(2015, 1).begin());
  const std::int64_t step =
      (ToMicros(Month(2015, 1).Plus(months).begin()) - begin) / std::max<std::int64_t>(1, streams);
  std::vector<model::StreamRow> rows;
  for (std::int64_t i = 0; i < streams; i += 2) {
    generator.Session(FromMicros(begin + i * step), i, rows);
    if (rows.size() < 2'000 && i + 2 < streams) continue;
    OrStop(writer->Upsert(rows));
    rows.clear();
  }
  OrStop(writer->Commit(source, "loaded"));
  const double seconds = Seconds(start);
  fmt::print("load archive: {:.1f} s, {:.0f} k streams/s\n", seconds,
             static_cast<double>(streams) / seconds / 1e3);
}

void Measure(const cube::Snapshot& snapshot, const std::string& only) {
  const int runs = only.empty() ? 41 : 401;
  fmt::print("query  first ms   least ms  median ms  cpu ms  groups\n");
  for (const Named& named : Queries()) {
    if (!only.empty() && only != named.name) continue;
    std::vector<double> times;
    double cpu = 0;
    std::size_t groups = 0;
    // Processors are counted over the second half: what is made once is made by then.
    for (int run = 0; run < runs; ++run) {
      if (run == runs - runs / 2) cpu = CpuSeconds();
      const auto start = std::chrono::steady_clock::now();
      groups = OrStop(snapshot.Answer(named.query, {})).rows.size();
      times.push_back(Seconds(start) * 1e3);
    }
    const double first = times.front();
    std::sort(times.begin(), times.end());
    fmt::print("{:5}  {:8.2f}  {:9.3f}  {:9.3f}  {:6.3f}  {}\n", named.name, first, times.front(),
               times[static_cast<std::size_t>(runs / 2)], (CpuSeconds() - cpu) * 1e3 / (runs / 2),
               groups);
  }
}

void Process(cube::Cube& cube, const char* what) {
  const auto start = std::chrono::steady_clock::now();
  const double cpu = CpuSeconds();
  const auto report = OrStop(cube.Process({}, CancelToken(), {}));
  const double seconds = Seconds(start);
  fmt::print("{}: {:.3f} s ({:.3f} s of processors), read {} rows ({:.0f} k/s), {} visible\n", what,
             seconds, CpuSeconds() - cpu, report.rows_read,
             static_cast<double>(report.rows_read) / seconds / 1e3, report.rows_total);
}

/// New and updated streams on top of what is there: from the first row handed to the archive to the
/// published state whose common reports are ready.
void Increments(archive::Archive& archive, cube::Cube& cube, model::SourceId source,
                std::uint64_t seed, int months) {
  const Keys keys = MakeKeys(archive.interner());
  const UtcTime last = Month(2015, 1).Plus(months).begin() - std::chrono::hours(1);
  const auto sessions = [&](UtcTime time, std::int64_t stamp, std::uint64_t with_seed, int count,
                            std::vector<model::StreamRow>& rows) {
    Generator generator(keys, source, with_seed);
    for (int i = 0; i < count; ++i) generator.Session(time, stamp + i, rows);
  };
  const std::int64_t stamp = ToMicros(SystemClock().Now());
  const auto add = [&](const char* what, const std::vector<model::StreamRow>& rows) {
    const auto start = std::chrono::steady_clock::now();
    auto writer = OrStop(archive.BeginWrite());
    OrStop(writer->Upsert(rows));
    OrStop(writer->Commit(source, "more"));
    fmt::print("archive {} rows: {:.3f} s; ", rows.size(), Seconds(start));
    Process(cube, what);
    fmt::print("  the whole way: {:.3f} s\n", Seconds(start));
  };
  const auto cpu = CpuSeconds();
  std::vector<model::StreamRow> rows;
  sessions(last, stamp, seed + 1, 5'000, rows);
  // In the first month too, so that the later updates meet a month that is long closed.
  sessions(Month(2015, 1).begin(), stamp, seed + 2, 250, rows);
  add("process 10,500 new", rows);
  for (int round = 1; round <= 5; ++round) {
    rows.clear();
    sessions(last, stamp + 10'000 * round, seed + 10 + static_cast<std::uint64_t>(round), 5'000,
             rows);
    // The same streams again, with other metrics.
    std::vector<model::StreamRow> again;
    sessions(last, stamp, seed + 1, 250, again);
    sessions(Month(2015, 1).begin(), stamp, seed + 2, 250, again);
    for (model::StreamRow& row : again) {
      if (row.Has(Field::kJitter)) row.Set(Field::kJitter, row.Get(Field::kJitter) + round);
    }
    rows.insert(rows.end(), again.begin(), again.end());
    add("process 10,000 new and 1,000 updated", rows);
  }
  fmt::print("processors: {:.3f} s for the six\n", CpuSeconds() - cpu);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "cube_bench FOLDER [streams] [months] [threads] [seed]\n");
    return 2;
  }
  const std::string folder = argv[1];
  const auto number = [&](int at, std::int64_t missing) {
    return argc > at ? std::atoll(argv[at]) : missing;
  };
  const std::int64_t streams = number(2, 2'000'000);
  const int months = static_cast<int>(number(3, 7));
  const auto seed = static_cast<std::uint64_t>(number(5, 1));
  const SystemClock clock;
  auto archive = OrStop(archive::Archive::Open({.folder = folder + "/archive"}, clock));
  const model::SourceId source = OrStop(archive->RegisterSource("bench", "bench"));
  if (OrStop(archive->Months()).empty()) {
    FillCustomerTables(folder + "/archive");
    Load(*archive, source, streams, months, seed);
  }
  const cube::CubeOptions options{.folder = folder + "/cube",
                                  .threads = static_cast<int>(number(4, 2))};
  auto start = std::chrono::steady_clock::now();
  auto cube = OrStop(cube::Cube::Open(options, *archive, clock));
  fmt::print("open: {:.3f} s\n", Seconds(start));
  Process(*cube, "process");
  fmt::print("on disk: {:.1f} bytes a stream\n",
             static_cast<double>(cube->snapshot()->bytes_on_disk()) /
                 static_cast<double>(std::max<std::int64_t>(1, cube->snapshot()->row_count())));
  start = std::chrono::steady_clock::now();
  cube = OrStop(cube::Cube::Open(options, *archive, clock));
  fmt::print("restart: {:.3f} s\n", Seconds(start));
  const std::string only = argc > 6 ? argv[6] : "";
  // What a kind of query costs that nobody asked before, then what it costs when it is asked often.
  cube::CubeOptions scanning = options;
  scanning.rollup_rows_min.reset();
  const auto scanned = OrStop(cube::Cube::Open(scanning, *archive, clock));
  fmt::print("scans:\n");
  Measure(*scanned->snapshot(), only);
  fmt::print("with rollups:\n");
  Measure(*cube->snapshot(), only);
  if (!only.empty()) return 0;

  Increments(*archive, *cube, source, seed, months);
  Measure(*cube->snapshot(), only);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("peak memory: {} MB\n", usage.ru_maxrss / 1024);
  return 0;
}
