#include "simulate/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "simulate/calls.h"
#include "simulate/internal/lookups.h"
#include "simulate/internal/session_writer.h"

namespace cqd::simulate {
namespace {

constexpr double kCallsPerWeekMax = 100e6;
constexpr std::int64_t kStreamsPerCommitDefault = 100'000;
/// A progress call every so many slots: a few milliseconds of work in quiet hours, 0.1 s in busy
/// ones.
constexpr std::int64_t kSlotsPerProgress = 6;

/// What a database text can hold: whole milliseconds.
UtcTime FloorToMillis(UtcTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time);
}

/// One run over [state.written_until, until).
class Run {
 public:
  Run(const SimulationState& state, std::int64_t streams_per_commit, QoeSink& sink,
      const CancelToken& cancel, const Progress& progress)
      : org_(MakeOrganisation(state.seed, state.user_count)),
        streams_per_commit_(streams_per_commit),
        sink_(sink),
        cancel_(cancel),
        progress_(progress),
        from_(state.written_until),
        rows_before_(sink.rows_written()),
        writer_(org_, sink, report_) {
    report_.state = state;
  }

  Status Prepare() {
    CQD_RETURN_IF_ERROR(sink_.CreateSchema());
    CQD_RETURN_IF_ERROR(WriteLookups(org_, sink_));
    return sink_.Commit(report_.state);
  }

  Result<SimulateReport> Go(UtcTime until) {
    until = FloorToMillis(until);
    if (until <= from_) return report_;
    CQD_RETURN_IF_ERROR(CompleteEarlier(until));
    std::int64_t committed_streams = 0;
    for (std::int64_t slot = SlotOf(from_); SlotBegin(slot) < until; ++slot) {
      CQD_RETURN_IF_ERROR(cancel_.Check());
      CQD_RETURN_IF_ERROR(WriteSlot(slot, until));
      if (report_.streams() - committed_streams >= streams_per_commit_) {
        CQD_RETURN_IF_ERROR(sink_.Commit(report_.state));
        committed_streams = report_.streams();
      }
      if (slot % kSlotsPerProgress == 0) Tell(until);
    }
    CQD_RETURN_IF_ERROR(sink_.Commit(report_.state));
    Tell(until);
    return report_;
  }

 private:
  /// A slot has the same plan whenever it is made, so what it depends on is kept with the data.
  SlotPlan PlanOf(std::int64_t slot) const {
    const SimulationState& state = report_.state;
    const bool live = SlotBegin(slot) >= state.live_from;
    return PlanSlot(org_, slot, state.calls_per_week, live ? state.live_calls_per_slot : 0);
  }

  /// Second reports that came since for sessions that are in the database already.
  Status CompleteEarlier(UtcTime until) {
    const std::int64_t last = SlotOf(from_);
    const std::int64_t first = SlotOf(from_ - kSecondReportDelayMax);
    for (std::int64_t slot = first; slot <= last; ++slot) {
      const SlotPlan plan = PlanOf(slot);
      for (const PlannedSession& session : plan.sessions) {
        if (session.received < report_.state.begin || session.received >= from_) continue;
        if (session.second_at < from_ || session.second_at >= until) continue;
        CQD_RETURN_IF_ERROR(writer_.Complete(session));
      }
    }
    return OkStatus();
  }

  Status WriteSlot(std::int64_t slot, UtcTime until) {
    SimulationState& state = report_.state;
    const SlotPlan plan = PlanOf(slot);
    if (state.conference_keys_before_slot + plan.conference_count >
        std::numeric_limits<std::int32_t>::max()) {
      return Fail(ErrorCode::kResourceExhausted,
                  "the simulation is too large: conference keys have 31 bits");
    }
    writer_.BeginSlot(plan, slot, state.conference_keys_before_slot,
                      state.correlation_keys_before_slot, SlotBegin(slot) < from_);
    for (const PlannedSession& session : plan.sessions) {
      if (session.received < from_ || session.received >= until) continue;
      CQD_RETURN_IF_ERROR(writer_.WriteNew(session, until));
    }
    state.written_until = std::min(SlotBegin(slot + 1), until);
    if (state.written_until == SlotBegin(slot + 1)) {
      state.conference_keys_before_slot += plan.conference_count;
      state.correlation_keys_before_slot += plan.correlation_count;
    }
    report_.rows = sink_.rows_written() - rows_before_;
    return OkStatus();
  }

  void Tell(UtcTime until) const {
    if (!progress_) return;
    const double done = static_cast<double>((report_.state.written_until - from_).count()) /
                        static_cast<double>((until - from_).count());
    progress_(std::min(done, 1.0), report_);
  }

  const Organisation org_;
  const std::int64_t streams_per_commit_;
  QoeSink& sink_;
  const CancelToken& cancel_;
  const Progress& progress_;
  const UtcTime from_;
  const std::int64_t rows_before_;
  SimulateReport report_;
  SessionWriter writer_;
};

Status CheckOptions(const SimulateOptions& options) {
  const auto refuse = [](std::string message, const char* field) {
    return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, field);
  };
  if (options.range.begin >= options.range.end) {
    return refuse("the range must end after it begins", "range");
  }
  if (options.range.begin < Month(1990, 1).begin() || options.range.end > Month(2100, 1).begin()) {
    return refuse("the range must lie between 1990 and 2100", "range");
  }
  if (options.user_count < 50 || options.user_count > 1'000'000) {
    return refuse("the number of users must be 50 to 1,000,000", "user_count");
  }
  if (options.target_streams < 1)
    return refuse("the number of streams must be positive", "target_streams");
  if (!(options.live_calls_per_slot >= 0) || options.live_calls_per_slot > 100'000) {
    return refuse("live calls per slot: 0 to 100,000", "live_calls_per_slot");
  }
  if (options.streams_per_commit < 1) {
    return refuse("streams per commit must be positive", "streams_per_commit");
  }
  return OkStatus();
}

Result<double> CallsPerWeek(const SimulateOptions& options) {
  double calls = 0;
  if (options.calls_per_week) {
    calls = *options.calls_per_week;
  } else {
    // The rhythm does not depend on the seed: the sites are always the same.
    const Organisation org = MakeOrganisation(options.seed, 50);
    double weeks = 0;
    for (std::int64_t slot = SlotOf(options.range.begin); SlotBegin(slot) < options.range.end;
         ++slot) {
      const UtcTime begin = std::max(SlotBegin(slot), options.range.begin);
      const UtcTime end = std::min(SlotBegin(slot + 1), options.range.end);
      weeks += SlotWeight(org, slot) * static_cast<double>((end - begin).count()) /
               static_cast<double>(kSlotLength.count());
    }
    calls = static_cast<double>(options.target_streams) / kStreamsPerCall / weeks;
  }
  if (!(calls > 0) || calls > kCallsPerWeekMax) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{:.0f} calls a week: must be above 0 and at most {:.0f}", calls,
                            kCallsPerWeekMax),
                {}, options.calls_per_week ? "calls_per_week" : "target_streams");
  }
  return calls;
}

}  // namespace

TimeRange DefaultRange(UtcTime now) {
  // Six months back, and this one: the begin of the first month, so that it is whole.
  return {Month::Of(now).Plus(-6).begin(), now};
}

Result<SimulateReport> Simulate(const SimulateOptions& options, QoeSink& sink,
                                const CancelToken& cancel, const Progress& progress) {
  CQD_RETURN_IF_ERROR(CheckOptions(options));
  CQD_ASSIGN_OR_RETURN(const auto stored, sink.ReadState());
  if (stored) {
    return Fail(ErrorCode::kAlreadyExists,
                "the database holds a simulation already; let it follow, or take another one");
  }
  SimulationState state;
  state.seed = options.seed;
  state.user_count = options.user_count;
  CQD_ASSIGN_OR_RETURN(state.calls_per_week, CallsPerWeek(options));
  state.live_calls_per_slot = options.live_calls_per_slot;
  if (options.live_calls_per_slot > 0) {
    state.live_from = FloorToMillis(options.range.end - std::chrono::hours(24));
  }
  state.begin = state.written_until = FloorToMillis(options.range.begin);
  Run run(state, options.streams_per_commit, sink, cancel, progress);
  CQD_RETURN_IF_ERROR(run.Prepare());
  return run.Go(options.range.end);
}

Result<SimulateReport> SimulateFollow(QoeSink& sink, UtcTime now, const CancelToken& cancel,
                                      const Progress& progress) {
  CQD_ASSIGN_OR_RETURN(const auto stored, sink.ReadState());
  if (!stored) {
    return Fail(ErrorCode::kFailedPrecondition,
                "the database holds no simulation; simulate a range first");
  }
  Run run(*stored, kStreamsPerCommitDefault, sink, cancel, progress);
  return run.Go(now);
}

}  // namespace cqd::simulate
