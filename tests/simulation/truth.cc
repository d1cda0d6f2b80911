#include "simulation/truth.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>

namespace cqd::simulation {
namespace {

using std::chrono::hours;

bool Failed(const TrueRun& run) {
  // "an interrupted run is a failure", and a run with a failed source is not a success either.
  return run.state == RunState::kFailed || run.state == RunState::kPartial ||
         run.state == RunState::kInterrupted;
}
bool Succeeded(const TrueRun& run) {
  return run.state == RunState::kSucceeded;
}

const TrueRun* Newest(std::span<const TrueRun> runs, Stage stage,
                      const std::function<bool(const TrueRun&)>& wanted) {
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (run->stage == stage && wanted(*run)) return &*run;
  }
  return nullptr;
}

std::string SeqOf(const TrueRun* run) {
  return run == nullptr ? "null" : std::to_string(run->seq);
}

/// The value at rank q of the sorted list, ranks rounded to the nearest.
std::string Rank(std::vector<std::int64_t> values, int percent) {
  if (values.empty()) return "null";
  std::sort(values.begin(), values.end());
  const std::size_t last = values.size() - 1;
  return std::to_string(values[(last * static_cast<std::size_t>(percent) + 50) / 100]);
}

std::string Severity(int level) {
  return level == 0 ? "pass" : level == 1 ? "warn" : "fail";
}

/// A stage as it must be shown, and what it adds to the reasons.
class StageTruth {
 public:
  StageTruth(const Truth& truth, Stage stage)
      : truth_(truth), stage_(stage), name_(integration::StageName(stage)) {
    success_ = Newest(truth.Known(), stage, Succeeded);
    failure_ = Newest(truth.Known(), stage, Failed);
    ended_ =
        Newest(truth.Known(), stage, [](const TrueRun& r) { return Failed(r) || Succeeded(r); });
    running_ = Newest(truth.Known(), stage, Is(RunState::kRunning));
    queued_ = Newest(truth.Known(), stage, Is(RunState::kQueued));
  }

  void Add(Facts& facts, std::vector<std::string>& reasons, int& worst) {
    const auto set = [&](const char* field, const std::string& value) {
      facts[name_ + "." + field] = value;
    };
    set("state", State());
    set("outcome", Outcome());
    set("current", SeqOf(running_ != nullptr ? running_ : queued_));
    set("last_success", SeqOf(success_));
    set("last_failure", SeqOf(failure_));
    const bool planned = stage_ == Stage::kArchive && !truth_.paused_since;
    set("next_at", Text(planned ? truth_.archive_next_at : std::nullopt));
    set("data_through", truth_.data_through_uncertain ? "*" : Text(DataThrough()));
    AddOutage(facts, reasons, worst);
    AddDurations(facts);
    AddVerdict(facts, reasons, worst);
    AddSlowness(reasons, worst);
    AddQuarantined(reasons, worst);
    AddReliability(facts, reasons, worst);
  }

 private:
  static std::function<bool(const TrueRun&)> Is(RunState state) {
    return [state](const TrueRun& run) { return run.state == state; };
  }

  std::string State() const {
    if (running_ != nullptr) return "running";
    if (queued_ != nullptr) return "queued";
    const TrueRules& rules = stage_ == Stage::kArchive ? truth_.archive : truth_.cube;
    if (!rules.scheduled) return "disabled";
    if (truth_.paused_since) return "paused";
    return ended_ != nullptr ? "idle" : "never_run";
  }

  /// Whatever brought it stays: late records, failures and cancelled runs make nothing older.
  std::optional<UtcTime> DataThrough() const {
    std::optional<UtcTime> newest;
    for (const TrueRun& run : truth_.Known()) {
      if (run.stage == stage_ && run.data_through && run.finished_at)
        newest = std::max(newest.value_or(*run.data_through), *run.data_through);
    }
    return newest;
  }

  std::string Outcome() const {
    if (ended_ == nullptr) return "none";
    if (ended_->state == RunState::kPartial) return "partial";
    if (ended_->state == RunState::kFailed) return "failed";
    if (ended_->state == RunState::kInterrupted) return "interrupted";
    return stage_ == Stage::kArchive && ended_->rows.read == 0 ? "ok_empty" : "ok";
  }

  /// One outage: all failures since the last success.
  void AddOutage(Facts& facts, std::vector<std::string>& reasons, int& worst) const {
    int count = 0;
    const TrueRun* first = nullptr;
    for (const TrueRun& run : truth_.Known()) {
      if (run.stage != stage_ || !Failed(run)) continue;
      if (success_ != nullptr && run.seq < success_->seq) continue;
      if (count++ == 0) first = &run;
    }
    const std::string since = first == nullptr ? "null" : Text(first->finished_at);
    facts[name_ + ".consecutive_failures"] = std::to_string(count);
    facts[name_ + ".failing_since"] = since;
    if (count == 0) return;
    const std::string outcome = Outcome();
    const int level = count == 1 ? 1 : 2;
    reasons.push_back(fmt::format("{}_{}({},{})", name_, outcome == "failed" ? "failing" : outcome,
                                  Severity(level), since));
    worst = std::max(worst, level);
  }

  /// Of the newest hundred successes, newest first.
  std::vector<std::int64_t> Durations() const {
    std::vector<std::int64_t> newest_first;
    for (auto run = truth_.Known().rbegin(); run != truth_.Known().rend(); ++run) {
      if (run->stage == stage_ && Succeeded(*run) && run->duration_ms && newest_first.size() < 100)
        newest_first.push_back(*run->duration_ms);
    }
    return newest_first;
  }

  void AddDurations(Facts& facts) const {
    const std::vector<std::int64_t> newest_first = Durations();
    facts[name_ + ".durations_n"] = std::to_string(newest_first.size());
    facts[name_ + ".last_ms"] =
        newest_first.empty() ? "null" : std::to_string(newest_first.front());
    facts[name_ + ".p50_ms"] = Rank(newest_first, 50);
    facts[name_ + ".p95_ms"] = Rank(newest_first, 95);
  }

  /// From the clocks alone; no run is needed to notice lateness. The wall clock may have been set:
  /// then nothing is younger than by the clock that nobody can set.
  void AddVerdict(Facts& facts, std::vector<std::string>& reasons, int& worst) const {
    const TrueRules& rules = stage_ == Stage::kArchive ? truth_.archive : truth_.cube;
    Duration age = truth_.elapsed - truth_.booted_after;
    if (success_ != nullptr) {
      if (success_->boot == truth_.boot) age = truth_.elapsed - success_->ended_after;
      age = std::max<Duration>(age, truth_.now - *success_->finished_at);
    }
    facts[name_ + ".age_us"] = success_ == nullptr ? "null" : std::to_string(age.count());
    std::string verdict = "on_time", late_since = "null";
    if (rules.scheduled && age > rules.warn_after) {
      verdict = age > rules.error_after ? "stale" : "late";
      late_since = FormatRfc3339(truth_.now - age + rules.warn_after);
      const int level = verdict == "late" ? 1 : 2;
      reasons.push_back(fmt::format("{}_{}({},{})", name_,
                                    success_ == nullptr ? "never_succeeded" : verdict,
                                    Severity(level), late_since));
      worst = std::max(worst, level);
    }
    facts[name_ + ".verdict"] = verdict;
    facts[name_ + ".late_since"] = late_since;
  }

  /// A run that does not move hangs; one that takes three times as long as 19 of 20 is slow.
  void AddSlowness(std::vector<std::string>& reasons, int& worst) const {
    if (running_ == nullptr) return;
    const Duration running = truth_.elapsed - running_->started_after;
    if (running > kHungAfter) {
      reasons.push_back(
          fmt::format("{}_hung(fail,{})", name_, FormatRfc3339(truth_.now - running)));
      worst = 2;
      return;
    }
    const std::vector<std::int64_t> durations = Durations();
    if (durations.size() < 10) return;
    const Duration limit = std::max<Duration>(
        3 * std::chrono::milliseconds(std::stoll(Rank(durations, 95))), std::chrono::minutes(1));
    if (running <= limit) return;
    reasons.push_back(
        fmt::format("{}_slow(warn,{})", name_, FormatRfc3339(truth_.now - running + limit)));
    worst = std::max(worst, 1);
  }

  /// The share of the window in which the last success was young enough. Successes are remembered
  /// for 35 days before the newest one.
  void AddReliability(Facts& facts, std::vector<std::string>& reasons, int& worst) const {
    facts[name_ + ".slo"] = "null";
    const TrueRules& rules = stage_ == Stage::kArchive ? truth_.archive : truth_.cube;
    std::vector<UtcTime> times;
    for (const TrueRun& run : truth_.Known()) {
      if (run.stage == stage_ && Succeeded(run)) times.push_back(*run.finished_at);
    }
    if (!rules.scheduled || times.empty()) return;
    std::sort(times.begin(), times.end());
    const UtcTime remembered = times.back() - hours(24 * 35);
    std::erase_if(times, [&](UtcTime time) { return time < remembered; });
    const UtcTime begin = std::max(truth_.now - kSloWindow, times.front());
    if (truth_.now - begin < hours(24)) return;
    Duration late{0};
    UtcTime fresh_until = begin;
    for (const UtcTime time : times) {
      if (time > truth_.now) break;
      if (time > fresh_until) late += time - fresh_until;
      fresh_until = std::max(fresh_until, time + rules.warn_after);
    }
    if (truth_.now > fresh_until) late += truth_.now - fresh_until;
    const Duration measured = truth_.now - begin;
    const Duration allowed(
        std::llround((1 - kSloTarget) * static_cast<double>(kSloWindow.count())));
    facts[name_ + ".slo"] = SloText(
        static_cast<double>((measured - late).count()) / static_cast<double>(measured.count()),
        allowed - late);
    if (late <= allowed) return;
    reasons.push_back("slo_missed(warn,null)");
    worst = std::max(worst, 1);
  }

  /// More than a hundredth of the last run's records were set aside.
  void AddQuarantined(std::vector<std::string>& reasons, int& worst) const {
    if (ended_ == nullptr) return;
    const integration::RunRows& rows = ended_->rows;
    if (rows.quarantined < 10 || rows.quarantined * 100 <= rows.read) return;
    reasons.push_back("rows_quarantined(warn," + Text(ended_->finished_at) + ")");
    worst = std::max(worst, 1);
  }

  const Truth& truth_;
  const Stage stage_;
  const std::string name_;
  const TrueRun *success_, *failure_, *ended_, *running_, *queued_;
};

void AddSource(const Truth& truth, const TrueSource& source, std::vector<std::string>& reasons,
               int& worst) {
  const auto add = [&](const std::string& code, int level, const std::string& since) {
    reasons.push_back(fmt::format("{}({},{})", code, Severity(level), since));
    worst = std::max(worst, level);
  };
  if (source.reachable == false || source.error != "null") {
    // Out of reach for longer than the archive may be old: that is not one bad day any more.
    const UtcTime since = source.last_contact_at.value_or(truth.process_started_at);
    const bool stale = truth.archive.scheduled && truth.now - since > truth.archive.error_after;
    add(source.reachable == false ? "source_unreachable" : "source_failing", stale ? 2 : 1,
        Text(source.last_contact_at));
  }
  if (!source.may_be_quiet && source.last_record_at &&
      truth.now - *source.last_record_at > kQuietAfter)
    add("source_quiet", 1, FormatRfc3339(*source.last_record_at + kQuietAfter));
  if (source.clock_skew_ms && std::abs(*source.clock_skew_ms) > 60'000)
    add("source_clock_skew", 1, "null");
}

/// The last Sunday of a month of 31 days, at 01:00 UTC: when Europe changes its clocks.
UtcTime EuropeChanges(int year, unsigned month) {
  using namespace std::chrono;
  const sys_days last =
      sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(31));
  return last - days(weekday(last).c_encoding()) + hours(1);
}

}  // namespace

Facts TrueRun::Stored() const {
  const std::string name = fmt::format("run.{}.", seq);
  Facts facts = {{name + "stage", stage == Stage::kArchive ? "archive" : "cube"},
                 {name + "state", std::string(RunStateName(state))},
                 {name + "queued_at", FormatRfc3339(queued_at)},
                 {name + "started_at", Text(started_at)},
                 {name + "heartbeat_at", Text(heartbeat_at)},
                 {name + "finished_at", Text(finished_at)},
                 {name + "duration_ms", Text(duration_ms)},
                 {name + "wait_ms", Text(wait_ms)},
                 {name + "data_through", Text(data_through)},
                 {name + "error", error_class}};
  AddRows(name, rows, facts);
  if (data_through_uncertain) facts[name + "data_through"] = "*";
  if (stage == Stage::kCube) {
    // A cube run may build a month anew; then it reads again what it had.
    facts[name + "rows.read"] = facts[name + "rows.duplicate"] = "*";
    facts[name + "rows add up"] = "yes";
  }
  if (state == RunState::kRunning || state == RunState::kInterrupted) {
    // How far a run is gets stored now and then, at most once a second.
    for (auto& [field, value] : facts) {
      if (field.find(".rows") != std::string::npos || field.ends_with("data_through")) value = "*";
    }
  }
  return facts;
}

TrueRun& Truth::Run(std::int64_t seq) {
  return runs.at(static_cast<std::size_t>(seq - 1));
}

TrueRun* Truth::Queued(Stage stage) {
  for (TrueRun& run : runs) {
    if (run.stage == stage && run.state == RunState::kQueued) return &run;
  }
  return nullptr;
}

TrueRun* Truth::Running(Stage stage) {
  for (TrueRun& run : runs) {
    if (run.stage == stage && run.state == RunState::kRunning) return &run;
  }
  return nullptr;
}

Facts Truth::Status() const {
  Facts facts;
  std::vector<std::string> reasons;
  int worst = 0;
  facts["generated_at"] = FormatRfc3339(now);
  for (const Stage stage : {Stage::kArchive, Stage::kCube})
    StageTruth(*this, stage).Add(facts, reasons, worst);
  for (const TrueSource& source : sources) {
    const std::string name = "source." + source.name + ".";
    facts[name + "reachable"] = !source.reachable ? "null" : *source.reachable ? "true" : "false";
    facts[name + "last_contact_at"] = Text(source.last_contact_at);
    facts[name + "last_record_at"] = Text(source.last_record_at);
    facts[name + "watermark"] = Text(source.watermark);
    facts[name + "clock_skew_ms"] = Text(source.clock_skew_ms);
    facts[name + "error"] = source.error;
    AddSource(*this, source, reasons, worst);
  }
  if (paused_since) {
    reasons.push_back("archive_paused(warn," + FormatRfc3339(*paused_since) + ")");
    worst = std::max(worst, 1);
  }
  if (clock_set && elapsed - clock_set->second <= hours(1)) {
    reasons.push_back("clock_stepped(warn," + FormatRfc3339(clock_set->first) + ")");
    worst = std::max(worst, 1);
  }
  facts["status"] = Severity(worst);
  std::sort(reasons.begin(), reasons.end());
  std::string& text = facts["reasons"];
  for (const std::string& reason : reasons) text += (text.empty() ? "" : " ") + reason;
  return facts;
}

std::string Truth::Published() const {
  const auto list = [&](Stage stage, bool good) {
    std::vector<UtcTime> times;
    for (const TrueRun& run : Known()) {
      if (run.stage == stage && (good ? Succeeded(run) : Failed(run)))
        times.push_back(*run.finished_at);
    }
    std::sort(times.begin(), times.end(), std::greater<>());
    if (times.size() > 5) times.resize(5);
    std::string text;
    for (const UtcTime time : times)
      text += (text.empty() ? "\"" : ",\"") + PublishedTime(time, zone) + "\"";
    return "[" + text + "]";
  };
  const auto start = [&](Stage stage) -> std::string {
    const TrueRun* newest = Newest(Known(), stage, [](const TrueRun& run) {
      return run.started_at && run.state != RunState::kCancelled &&
             run.state != RunState::kSkipped && run.state != RunState::kQueued;
    });
    if (newest == nullptr || Succeeded(*newest)) return "null";
    return "\"" + PublishedTime(*newest->started_at, zone) + "\"";
  };
  return "{\"LastSuccessIntegrations\":" + list(Stage::kArchive, true) +
         ",\"LastSuccessCubeProcessings\":" + list(Stage::kCube, true) +
         ",\"LastFailedIntegrations\":" + list(Stage::kArchive, false) +
         ",\"LastFailedCubeProcessings\":" + list(Stage::kCube, false) +
         ",\"LastDataIntegrationStart\":" + start(Stage::kArchive) +
         ",\"LastCubeProcessingStart\":" + start(Stage::kCube) + "}";
}

std::string PublishedTime(UtcTime time, const std::string& zone) {
  using namespace std::chrono;
  if (zone == "Asia/Kolkata") time += hours(5) + minutes(30);
  if (zone == "Europe/Paris") {
    const int year = static_cast<int>(year_month_day(floor<days>(time)).year());
    const bool summer = time >= EuropeChanges(year, 3) && time < EuropeChanges(year, 10);
    time += hours(summer ? 2 : 1);
  }
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  return fmt::format("{:02}/{:02}/{:04} {:02}:{:02}:{:02}", static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace cqd::simulation
