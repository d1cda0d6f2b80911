#include "api/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>

#include "api/services.h"

namespace cqd::api {
namespace {

double Seconds(UtcTime time) {
  return static_cast<double>(ToMicros(time)) / 1e6;
}
double Seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

/// From a millisecond to the longest a request may take.
const prometheus::Histogram::BucketBoundaries kRequestBuckets = {0.001, 0.005, 0.02, 0.1,
                                                                 0.5,   2,     10,   60};

}  // namespace

/// Families that grow with requests live as long as the process; what is read at scrape time is
/// made for each scrape, so that a value that is unknown is absent and not 0.
struct Metrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Histogram>& duration =
      prometheus::BuildHistogram()
          .Name("cqd_request_duration_seconds")
          .Help(
              "Time from the head of a request to the last byte of its answer, by route and "
              "status.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& bytes = prometheus::BuildCounter()
                                                       .Name("cqd_response_bytes_total")
                                                       .Help("Bytes sent in answers, by route.")
                                                       .Register(registry);
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::NoteRequest(const http::RequestSummary& request) {
  const std::string route = request.route.empty() ? "none" : std::string(request.route);
  state_->duration
      .Add({{"route", route}, {"status", std::to_string(request.status)}}, kRequestBuckets)
      .Observe(Seconds(request.duration));
  state_->bytes.Add({{"route", route}}).Increment(static_cast<double>(request.bytes_sent));
}

namespace {

/// Gauges of one scrape.
class Scrape {
 public:
  void Set(const char* name, const char* help, const prometheus::Labels& labels,
           std::optional<double> value) {
    if (!value) return;
    // Adding a family that is there already gives the same one.
    prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels).Set(*value);
  }
  /// A count since the start that is kept elsewhere.
  void SetTotal(const char* name, const char* help, double value) {
    prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add({}).Increment(value);
  }
  std::vector<prometheus::MetricFamily> Collect() const { return registry_.Collect(); }

 private:
  prometheus::Registry registry_{prometheus::Registry::InsertBehavior::Merge};
};

void AddStage(Scrape& scrape, const integration::StageStatus& stage, UtcTime now) {
  const prometheus::Labels labels{{"stage", std::string(integration::StageName(stage.stage))}};
  const auto time_of =
      [](const std::optional<integration::RunRecord>& run) -> std::optional<double> {
    if (!run || !run->finished_at) return std::nullopt;
    return Seconds(*run->finished_at);
  };
  scrape.Set("cqd_run_last_success_timestamp_seconds",
             "Finish of the newest successful run, Unix time.", labels,
             time_of(stage.last_success));
  scrape.Set("cqd_run_last_failure_timestamp_seconds",
             "Finish of the newest failed run, Unix time.", labels, time_of(stage.last_failure));
  scrape.Set("cqd_run_running", "1 while a run of the stage is under way.", labels,
             stage.state == integration::NowState::kRunning ? 1 : 0);
  if (stage.current && stage.current->heartbeat_at) {
    scrape.Set("cqd_run_heartbeat_age_seconds",
               "Time since the running run last said that it is alive.", labels,
               Seconds(now - *stage.current->heartbeat_at));
  }
  if (stage.current && stage.current->progress.total && *stage.current->progress.total > 0) {
    scrape.Set("cqd_run_progress_ratio",
               "Share of the running run that is done, where it is known.", labels,
               static_cast<double>(stage.current->progress.done) /
                   static_cast<double>(*stage.current->progress.total));
  }
  if (stage.last_ms) {
    scrape.Set("cqd_run_last_duration_seconds", "Duration of the newest successful run.", labels,
               static_cast<double>(*stage.last_ms) / 1000);
  }
  scrape.Set("cqd_run_consecutive_failures", "Failed runs since the last success.", labels,
             stage.consecutive_failures);
  if (stage.data_through) {
    scrape.Set("cqd_data_age_seconds",
               "Age of the newest record in the stage's output, by the source's trusted time.",
               labels, Seconds(now - *stage.data_through));
  }
  for (const auto& [level, limit] :
       {std::pair("warn", stage.rules.warn_after), std::pair("error", stage.rules.error_after)}) {
    prometheus::Labels with_level = labels;
    with_level["level"] = level;
    scrape.Set("cqd_success_age_limit_seconds",
               "Age of the last success at which the verdict becomes late (warn) or stale (error).",
               with_level, Seconds(limit));
  }
  if (stage.age)
    scrape.Set("cqd_success_age_seconds", "Time since the last successful run finished.", labels,
               Seconds(*stage.age));
  const auto& last = stage.last_success;
  if (last) {
    for (const auto& [fate, rows] :
         {std::pair("inserted", last->rows.inserted), std::pair("updated", last->rows.updated),
          std::pair("duplicate", last->rows.duplicate),
          std::pair("quarantined", last->rows.quarantined)}) {
      prometheus::Labels with_fate = labels;
      with_fate["fate"] = fate;
      scrape.Set("cqd_run_rows", "Rows of the newest successful run by what became of them.",
                 with_fate, static_cast<double>(rows));
    }
  }
}

void AddStorageAndCache(Scrape& scrape, Services& services) {
  if (const auto bytes = services.archive.StorageBytes(); bytes.ok()) {
    scrape.Set("cqd_archive_bytes", "Bytes of the archive's files.", {},
               static_cast<double>(bytes->first));
    scrape.Set("cqd_disk_free_bytes", "Free bytes on the file system of the data directory.", {},
               static_cast<double>(bytes->second));
  }
  if (const auto snapshot = services.cube.snapshot()) {
    scrape.Set("cqd_cube_bytes", "Bytes of the cube's files.", {},
               static_cast<double>(snapshot->bytes_on_disk()));
    scrape.Set("cqd_cube_streams", "Streams visible to queries.", {},
               static_cast<double>(snapshot->row_count()));
    scrape.Set("cqd_data_version", "Version of the data that queries see.", {},
               static_cast<double>(snapshot->data_version()));
  }
  const cube::QueryStatistics cache = services.queries.statistics();
  scrape.SetTotal("cqd_cache_hits_total", "Queries answered from the cache since start.",
                  static_cast<double>(cache.hits));
  scrape.SetTotal("cqd_cache_misses_total", "Queries computed since start.",
                  static_cast<double>(cache.misses));
  scrape.Set("cqd_cache_bytes", "Memory of kept answers.", {}, static_cast<double>(cache.bytes));
}

}  // namespace

std::string Metrics::Text(Services& services) {
  Scrape scrape;
  const integration::StatusView view = services.integration.status();
  for (const auto& stage : view.stages) AddStage(scrape, stage, view.generated_at);
  for (const auto& source : services.integration.sources()) {
    const prometheus::Labels labels{{"source", source.name}};
    if (source.reachable)
      scrape.Set("cqd_source_up", "1 when the source answered at the last contact.", labels,
                 *source.reachable ? 1 : 0);
    if (source.clock_skew_ms) {
      scrape.Set("cqd_source_clock_skew_seconds", "Source clock minus ours.", labels,
                 static_cast<double>(*source.clock_skew_ms) / 1000);
    }
  }
  if (const auto totals = services.archive.quarantine().Totals(); totals.ok()) {
    std::map<std::string, std::int64_t> counts;
    for (const auto& total : *totals) counts[total.reason] += total.entries;
    for (const auto& [reason, count] : counts) {
      scrape.Set("cqd_quarantine_records", "Records set aside, by reason.", {{"reason", reason}},
                 static_cast<double>(count));
    }
  }
  AddStorageAndCache(scrape, services);
  std::vector<prometheus::MetricFamily> families = state_->registry.Collect();
  for (auto& family : scrape.Collect()) families.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace cqd::api
