// How fast streams come out of a QoEMetrics database over ODBC.
//   qoe_read_bench fill FOLDER [streams=1000000]        tab-separated files of a simulated
//   organisation, for psql -f load.sql qoe_read_bench read CONNECTION_STRING [PASSWORD]    reads
//   everything, on one connection and on two
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <string>
#include <unordered_map>

#include "simulate/simulate.h"
#include "source/qoe_metrics.h"
#include "sqlite/database.h"

namespace {

using namespace cqd;

/// CPU time of this process, all threads.
double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

/// Dictionaries in memory: the archive's part of the work is measured elsewhere.
class MemoryInterner final : public model::KeyInterner {
 public:
  model::KeyId Intern(model::KeySpace space, std::string_view text,
                      std::string_view detail) override {
    if (text.empty()) return model::kNoKey;
    auto& keys = keys_[static_cast<std::size_t>(space)];
    return keys
        .emplace(fmt::format("{}\x1e{}", text, detail), static_cast<model::KeyId>(keys.size() + 1))
        .first->second;
  }

 private:
  std::array<std::unordered_map<std::string, model::KeyId>, model::kKeySpaceCount> keys_;
};

int Fill(const std::string& folder, std::int64_t streams) {
  auto sink = simulate::OpenTsvSink(folder);
  if (!sink.ok()) return fmt::print("{}\n", sink.error().ToString()), 1;
  const CancelToken never;
  const SystemClock clock;
  const auto report = simulate::Simulate({.range = simulate::DefaultRange(clock.Now()),
                                          .target_streams = streams,
                                          .calls_per_week = std::nullopt},
                                         **sink, never);
  if (!report.ok()) return fmt::print("{}\n", report.error().ToString()), 1;
  fmt::print("{} streams, {} rows\n", report->streams(), report->rows);
  return 0;
}

int Read(const std::string& connection_string, const std::string& password) {
  // As the server does: two threads must not wait for each other's memory statistics.
  sqlite::ConfigureProcess();
  const SystemClock clock;
  for (const int connections : {1, 2}) {
    source::QoeMetricsOptions options;
    options.connection_string = connection_string;
    options.password = password;
    options.connections = connections;
    auto source = source::QoeMetricsSource::Create(options, clock);
    if (!source.ok()) return fmt::print("{}\n", source.error().ToString()), 1;
    MemoryInterner interner;
    const CancelToken never;
    const source::ProgressSink silent = [](const source::ReadProgress&) {};
    std::int64_t streams = 0;
    std::int64_t rows = 0;
    const auto start = std::chrono::steady_clock::now();
    const double cpu_start = CpuSeconds();
    const Status status = (*source)->Read(
        std::nullopt,
        {.id = model::SourceId(1), .interner = interner, .cancel = never, .progress = silent},
        [&](source::Batch&& batch) {
          streams += static_cast<std::int64_t>(batch.rows.size());
          rows += batch.source_rows_read;
          return OkStatus();
        });
    if (!status.ok()) return fmt::print("{}\n", status.error().ToString()), 1;
    const double seconds = Seconds(start);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const double cpu_us = (CpuSeconds() - cpu_start) * 1e6 / static_cast<double>(streams);
    fmt::print(
        "{} connection(s): {} streams, {} table rows in {:.2f} s: {:.0f} streams/s, {:.0f} rows/s, "
        "{:.1f} us CPU a stream, peak {} MB\n",
        connections, streams, rows, seconds, static_cast<double>(streams) / seconds,
        static_cast<double>(rows) / seconds, cpu_us, usage.ru_maxrss / 1024);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 2 ? argv[1] : "";
  if (command == "fill") return Fill(argv[2], argc > 3 ? std::atoll(argv[3]) : 1'000'000);
  if (command == "read") return Read(argv[2], argc > 3 ? argv[3] : "");
  fmt::print("qoe_read_bench fill FOLDER [streams] | read CONNECTION_STRING [PASSWORD]\n");
  return 2;
}
