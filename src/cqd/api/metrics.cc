#include "api/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
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

/// From an answer out of the cache to the longest a query may take.
const prometheus::Histogram::BucketBoundaries kQueryBuckets = {0.001, 0.005, 0.02, 0.1,
                                                               0.5,   2,     10,   60};
/// From a run that finds nothing to the first one over a year of data.
const prometheus::Histogram::BucketBoundaries kRunBuckets = {0.1, 0.5, 2,   10,   30,
                                                             60,  300, 900, 3600, 14'400};

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
  prometheus::Family<prometheus::Histogram>& query =
      prometheus::BuildHistogram()
          .Name("cqd_query_duration_seconds")
          .Help("Time of RunQuery inside the server, by where the answer came from and ErrorType.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& run =
      prometheus::BuildHistogram()
          .Name("cqd_run_duration_seconds")
          .Help("Time of runs that ended since start, by stage and outcome.")
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

void Metrics::NoteQuery(const cube::QueryOutcome& query) {
  state_->query
      .Add({{"cache", query.from_cache ? "hit" : "miss"},
            {"error_type", std::to_string(static_cast<int>(query.error_type))}},
           kQueryBuckets)
      .Observe(Seconds(query.elapsed));
}

void Metrics::NoteRun(const integration::RunRecord& run) {
  if (!run.duration_ms) return;
  state_->run
      .Add({{"stage", std::string(integration::StageName(run.stage))},
            {"outcome", std::string(integration::RunStateName(run.state))}},
           kRunBuckets)
      .Observe(static_cast<double>(*run.duration_ms) / 1000);
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
  void SetTotal(const char* name, const char* help, const prometheus::Labels& labels,
                std::int64_t value) {
    prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels).Increment(
        static_cast<double>(value));
  }
  std::vector<prometheus::MetricFamily> Collect() const { return registry_.Collect(); }

 private:
  prometheus::Registry registry_{prometheus::Registry::InsertBehavior::Merge};
};

using integration::RunState;
using integration::StageStatus;

prometheus::Labels With(prometheus::Labels labels, const std::string& name,
                        std::string_view value) {
  labels[name] = std::string(value);
  return labels;
}

/// Finish of the newest run of each outcome, as far as runs are remembered.
void AddFinishes(Scrape& scrape, const StageStatus& stage, const prometheus::Labels& labels) {
  std::map<std::string_view, UtcTime> newest;
  const auto note = [&](const integration::RunRecord& run) {
    if (!run.finished_at) return;
    UtcTime& known =
        newest.try_emplace(integration::RunStateName(run.state), *run.finished_at).first->second;
    known = std::max(known, *run.finished_at);
  };
  for (const auto& run : stage.history) note(*run);
  if (stage.last_success) note(*stage.last_success);
  if (stage.last_failure) note(*stage.last_failure);
  for (const auto& [outcome, time] : newest) {
    scrape.Set("cqd_run_last_finish_timestamp_seconds",
               "Finish of the newest run of an outcome, Unix time.",
               With(labels, "outcome", outcome), Seconds(time));
  }
  if (stage.last_success && stage.last_success->finished_at) {
    scrape.Set("cqd_run_last_success_timestamp_seconds",
               "Finish of the newest successful run, Unix time.", labels,
               Seconds(*stage.last_success->finished_at));
  }
}

void AddCurrentRun(Scrape& scrape, const StageStatus& stage, const prometheus::Labels& labels,
                   UtcTime now) {
  const bool running = stage.state == integration::NowState::kRunning;
  scrape.Set("cqd_run_running", "1 while a run of the stage is under way.", labels,
             running ? 1 : 0);
  if (!running || !stage.current) return;
  if (stage.current->heartbeat_at) {
    scrape.Set("cqd_run_heartbeat_age_seconds",
               "Time since the running run last said that it is alive.", labels,
               Seconds(std::max(now - *stage.current->heartbeat_at, Duration::zero())));
  }
  const integration::RunProgress& progress = stage.current->progress;
  if (progress.total && *progress.total > 0) {
    scrape.Set("cqd_run_progress_ratio",
               "Share of the running run that is done, where it is known.", labels,
               static_cast<double>(progress.done) / static_cast<double>(*progress.total));
  }
}

void AddFreshness(Scrape& scrape, const StageStatus& stage, const prometheus::Labels& labels,
                  UtcTime now) {
  if (stage.age) {
    scrape.Set("cqd_data_age_seconds",
               "Age of the stage's data: time since its last successful run finished.", labels,
               Seconds(*stage.age));
  }
  if (stage.data_through) {
    scrape.Set("cqd_data_record_age_seconds",
               "Age of the newest record in the stage's output, by the source's trusted time.",
               labels, Seconds(std::max(now - *stage.data_through, Duration::zero())));
  }
  for (const auto& [level, limit] :
       {std::pair("warn", stage.rules.warn_after), std::pair("error", stage.rules.error_after)}) {
    scrape.Set("cqd_data_age_limit_seconds",
               "Age of the data at which the verdict becomes late (warn) or stale (error).",
               With(labels, "level", level), Seconds(limit));
  }
  scrape.Set("cqd_stage_verdict", "0 on time, 1 late, 2 stale.", labels,
             static_cast<double>(stage.verdict));
  if (!stage.slo || !stage.slo->budget_left) return;
  const double allowed = (1 - stage.slo->target) * Seconds(stage.slo->window);
  if (allowed > 0) {
    scrape.Set("cqd_slo_budget_remaining_ratio",
               "Share of the allowed time out of the limit that is left; negative: overspent.",
               labels, Seconds(*stage.slo->budget_left) / allowed);
  }
}

void AddStage(Scrape& scrape, const StageStatus& stage, UtcTime now) {
  const prometheus::Labels labels{{"stage", std::string(integration::StageName(stage.stage))}};
  AddFinishes(scrape, stage, labels);
  AddCurrentRun(scrape, stage, labels, now);
  AddFreshness(scrape, stage, labels, now);
  if (stage.last_ms) {
    scrape.Set("cqd_run_last_duration_seconds", "Duration of the newest successful run.", labels,
               static_cast<double>(*stage.last_ms) / 1000);
  }
  scrape.Set("cqd_run_consecutive_failures", "Failed runs since the last success.", labels,
             stage.consecutive_failures);
  if (stage.backlog.rows) {
    scrape.Set("cqd_backlog_rows", "Records that wait for the stage.", labels,
               static_cast<double>(*stage.backlog.rows));
  }
  const auto& last = stage.last_success;
  if (!last) return;
  for (const auto& [fate, rows] :
       {std::pair("inserted", last->rows.inserted), std::pair("updated", last->rows.updated),
        std::pair("duplicate", last->rows.duplicate),
        std::pair("quarantined", last->rows.quarantined)}) {
    scrape.Set("cqd_run_rows", "Rows of the newest successful run by what became of them.",
               With(labels, "fate", fate), static_cast<double>(rows));
  }
}

/// Sums over all runs ever, from the log: they do not begin anew with the process.
void AddTotals(Scrape& scrape, integration::Stage stage, const integration::StageTotals& totals) {
  const prometheus::Labels labels{{"stage", std::string(integration::StageName(stage))}};
  for (const RunState state : {RunState::kSucceeded, RunState::kPartial, RunState::kFailed,
                               RunState::kCancelled, RunState::kInterrupted, RunState::kSkipped}) {
    scrape.SetTotal("cqd_runs_total", "Runs that have ended, by outcome.",
                    With(labels, "outcome", integration::RunStateName(state)),
                    totals.RunsEnded(state));
  }
  for (const auto& [fate, rows] :
       {std::pair("inserted", totals.rows.inserted), std::pair("updated", totals.rows.updated),
        std::pair("duplicate", totals.rows.duplicate),
        std::pair("quarantined", totals.rows.quarantined),
        std::pair("expired", totals.rows.expired)}) {
    scrape.SetTotal("cqd_rows_total", "Rows of all runs by what became of them.",
                    With(labels, "fate", fate), rows);
  }
}

void AddSource(Scrape& scrape, const integration::SourceStatus& source) {
  const prometheus::Labels labels{{"source", source.name}};
  if (source.reachable) {
    scrape.Set("cqd_source_up", "1 when the source answered at the last contact.", labels,
               *source.reachable ? 1 : 0);
  }
  if (source.clock_skew_ms) {
    scrape.Set("cqd_source_clock_skew_seconds", "Source clock minus ours.", labels,
               static_cast<double>(*source.clock_skew_ms) / 1000);
  }
  if (source.last_record_at) {
    scrape.Set("cqd_source_last_record_timestamp_seconds",
               "Newest record that the source has, Unix time.", labels,
               Seconds(*source.last_record_at));
  }
  if (source.backlog) {
    scrape.Set("cqd_source_backlog_rows", "Records that wait in the source.", labels,
               static_cast<double>(*source.backlog));
  }
}

void AddReasons(Scrape& scrape, const integration::StatusView& view) {
  scrape.Set("cqd_health", "0 pass, 1 warn, 2 fail: the lamp of the status.", {},
             static_cast<double>(view.health));
  for (const integration::Reason& reason : view.reasons) {
    prometheus::Labels labels{{"code", reason.code},
                              {"severity", std::string(integration::HealthName(reason.severity))}};
    if (reason.stage) labels["stage"] = std::string(integration::StageName(*reason.stage));
    if (!reason.source.empty()) labels["source"] = reason.source;
    scrape.Set("cqd_reason", "1 for each reason of the status, by code.", labels, 1);
  }
}

void SetCount(Scrape& scrape, const char* name, const char* help,
              const std::optional<std::int64_t>& value) {
  if (value) scrape.Set(name, help, {}, static_cast<double>(*value));
}

void AddStorage(Scrape& scrape, const integration::StatusView& view) {
  SetCount(scrape, "cqd_archive_bytes", "Bytes of the archive's files.",
           view.storage.archive_bytes);
  SetCount(scrape, "cqd_archive_streams", "Streams in the archive.", view.storage.rows);
  SetCount(scrape, "cqd_disk_free_bytes", "Free bytes on the file system of the data directory.",
           view.storage.disk_free_bytes);
  scrape.Set("cqd_disk_days_until_full",
             "Days until the disk is full at the pace of the last two weeks.", {},
             view.storage.days_until_full);
  SetCount(scrape, "cqd_unmapped_streams", "Streams with an end in no known network.",
           view.mapping.unmapped_streams);
  SetCount(scrape, "cqd_unmapped_subnets", "Subnets in no known network.",
           view.mapping.unmapped_subnets);
}

void AddCubeAndCache(Scrape& scrape, Services& services) {
  if (const auto snapshot = services.cube.snapshot()) {
    scrape.Set("cqd_cube_bytes", "Bytes of the cube's files.", {},
               static_cast<double>(snapshot->bytes_on_disk()));
    scrape.Set("cqd_cube_streams", "Streams visible to queries.", {},
               static_cast<double>(snapshot->row_count()));
    scrape.Set("cqd_data_version", "Version of the data that queries see.", {},
               static_cast<double>(snapshot->data_version()));
  }
  const cube::MadeColumns made = services.cube.made_columns();
  scrape.Set("cqd_made_columns_bytes", "Memory of columns that queries have made and keep.", {},
             static_cast<double>(made.bytes));
  scrape.Set("cqd_made_columns_limit_bytes", "Most memory such columns may take.", {},
             static_cast<double>(made.bytes_max));
  const cube::QueryStatistics cache = services.queries.statistics();
  scrape.SetTotal("cqd_cache_hits_total", "Queries answered from the cache since start.", {},
                  cache.hits);
  scrape.SetTotal("cqd_cache_misses_total", "Queries computed since start.", {}, cache.misses);
  scrape.SetTotal("cqd_cache_clearings_total", "Times the cache was cleared since start.", {},
                  cache.clearings);
  scrape.SetTotal("cqd_cache_shared_total",
                  "Queries answered by an equal one that ran at the same time, since start.", {},
                  cache.shared);
  scrape.Set("cqd_queries_computing", "Queries and searches that compute now.", {},
             cache.computing);
  scrape.Set("cqd_queries_waiting", "Queries that wait for their turn to compute.", {},
             cache.waiting);
  scrape.Set("cqd_cache_entries", "Answers kept.", {}, static_cast<double>(cache.entries));
  scrape.Set("cqd_cache_bytes", "Memory of kept answers.", {}, static_cast<double>(cache.bytes));
}

}  // namespace

std::string Metrics::Text(Services& services) {
  Scrape scrape;
  const integration::StatusView view = services.integration.status();
  for (const auto& stage : view.stages) AddStage(scrape, stage, view.generated_at);
  for (const auto& source : view.sources) AddSource(scrape, source);
  const auto log = services.integration.summary();
  for (const auto stage : {integration::Stage::kArchive, integration::Stage::kCube})
    AddTotals(scrape, stage, log->Of(stage).totals);
  AddReasons(scrape, view);
  AddStorage(scrape, view);
  scrape.Set("cqd_build_info", "1, with the version of the program.",
             {{"version", services.version}}, 1);
  scrape.Set("cqd_start_timestamp_seconds", "Start of the process, Unix time.", {},
             Seconds(view.started_at));
  if (const auto totals = services.archive.quarantine().Totals(); totals.ok()) {
    std::map<std::string, std::int64_t> counts;
    for (const auto& total : *totals) counts[total.reason] += total.entries;
    for (const auto& [reason, count] : counts) {
      scrape.Set("cqd_quarantine_records", "Records set aside, by reason.", {{"reason", reason}},
                 static_cast<double>(count));
    }
  }
  AddCubeAndCache(scrape, services);
  std::vector<prometheus::MetricFamily> families = state_->registry.Collect();
  for (auto& family : scrape.Collect()) families.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace cqd::api
