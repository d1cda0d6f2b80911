#include "integration/internal/forecast.h"

#include <algorithm>
#include <cmath>

namespace cqd::integration::internal {
namespace {

/// A trend needs two runs in its newest fifth; our decision, docs/operations.md "Limits".
constexpr std::size_t kTrendRunsMin = 10;
/// Less history says nothing about reliability; our decision, docs/operations.md "Limits".
constexpr Duration kSloHistoryMin = std::chrono::hours(24);

Duration Millis(std::int64_t ms) {
  return std::chrono::milliseconds(ms);
}

/// When the run that is under way, waits, or comes next should end.
std::optional<UtcTime> EndOfNext(const StageStatus& stage, std::optional<UtcTime> next_at,
                                 std::optional<std::int64_t> duration_ms, UtcTime now) {
  if (!duration_ms) return std::nullopt;
  if (stage.state == NowState::kRunning && stage.current && stage.current->started_at)
    return *stage.current->started_at + Millis(*duration_ms);
  if (stage.state == NowState::kQueued) return now + Millis(*duration_ms);
  if (!next_at) return std::nullopt;
  return std::max(*next_at, now) + Millis(*duration_ms);
}

}  // namespace

std::optional<std::int64_t> Quantile(std::vector<std::int64_t> values, double q) {
  if (values.empty()) return std::nullopt;
  const auto index = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

void FillDurations(StageStatus& status, const std::vector<std::int64_t>& durations_ms) {
  status.durations_n = static_cast<std::int64_t>(durations_ms.size());
  if (durations_ms.empty()) return;
  status.last_ms = durations_ms.front();
  status.p50_ms = Quantile(durations_ms, 0.50);
  status.p95_ms = Quantile(durations_ms, 0.95);
  if (durations_ms.size() < kTrendRunsMin || *status.p50_ms == 0) return;
  const auto fifth = static_cast<std::ptrdiff_t>(durations_ms.size() / 5);
  const auto newest = Quantile({durations_ms.begin(), durations_ms.begin() + fifth}, 0.50);
  status.durations_trend = static_cast<double>(*newest) / static_cast<double>(*status.p50_ms);
}

void FillExpectations(StageStatus& archive, StageStatus& cube, const StatusInputs& inputs) {
  const auto forecast = [&](std::optional<std::int64_t> StageStatus::*quantile,
                            std::optional<UtcTime> StageStatus::*expected) {
    archive.*expected = EndOfNext(archive, archive.next_at, archive.*quantile, inputs.now);
    // The cube is processed after the archive: half of all times both take half of all times. For
    // 19 of 20 times the sum of the two is on the safe side.
    cube.*expected = EndOfNext(cube, archive.*expected, cube.*quantile, inputs.now);
  };
  forecast(&StageStatus::p50_ms, &StageStatus::expected_by);
  forecast(&StageStatus::p95_ms, &StageStatus::expected_by_p95);
}

std::optional<SloStatus> MeasureSlo(const StageRules& rules, const std::vector<UtcTime>& times,
                                    const StatusLimits& limits, UtcTime now) {
  if (limits.slo_target <= 0 || rules.every == Duration::zero()) return std::nullopt;
  SloStatus slo{.target = limits.slo_target, .window = limits.slo_window};
  if (times.empty()) return slo;
  const UtcTime begin = std::max(now - limits.slo_window, times.front());
  if (now - begin < kSloHistoryMin) return slo;
  // Each success makes the next `warn_after` fresh, at most up to the one after it.
  Duration fresh{0};
  UtcTime covered = begin;
  for (const UtcTime success : times) {
    const UtcTime from = std::max(covered, success);
    const UtcTime to = std::min(now, success + rules.warn_after);
    if (to <= from) continue;
    fresh += to - from;
    covered = to;
  }
  const Duration measured = now - begin;
  slo.met = static_cast<double>(fresh.count()) / static_cast<double>(measured.count());
  const auto allowed = static_cast<std::int64_t>(
      std::llround((1 - limits.slo_target) * static_cast<double>(limits.slo_window.count())));
  slo.budget_left = Duration(allowed) - (measured - fresh);
  return slo;
}

Backlog CubeBacklog(const LogSummary& summary) {
  const auto& archived = summary.Of(Stage::kArchive).history;
  const auto& processed = summary.Of(Stage::kCube).last_success;
  if (archived.empty() || !processed || !processed->started_at) return {};
  Backlog backlog{.rows = 0, .oldest_at = std::nullopt};
  bool all_seen = archived.size() < kHistoryRuns;
  for (const auto& run : archived) {
    if (!run->finished_at) continue;
    if (*run->finished_at <= *processed->started_at) {
      all_seen = true;
      break;
    }
    const std::int64_t written = run->rows.inserted + run->rows.updated;
    if (written == 0) continue;
    *backlog.rows += written;
    backlog.oldest_at = run->finished_at;
  }
  // More runs than are remembered: how much waits is unknown.
  if (!all_seen) backlog.rows.reset();
  return backlog;
}

Backlog ArchiveBacklog(const std::vector<SourceStatus>& sources) {
  Backlog backlog;
  for (const SourceStatus& source : sources) {
    if (source.backlog) backlog.rows = backlog.rows.value_or(0) + *source.backlog;
  }
  return backlog;
}

}  // namespace cqd::integration::internal
