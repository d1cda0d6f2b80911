#include "integration/internal/run_watch.h"

namespace cqd::integration::internal {
namespace {

/// Time servers slew by less than this between two looks. Our decision, docs/operations.md
/// "Limits".
constexpr Duration kStepMin = std::chrono::minutes(5);
/// How long a step stays among the reasons.
constexpr Duration kStepShown = std::chrono::hours(1);

}  // namespace

RunWatch::RunWatch(const Clock& clock)
    : clock_(clock), began_(clock.Monotonic()), offset_(Offset()) {}

Duration RunWatch::Offset() const {
  return clock_.Now().time_since_epoch() - clock_.Monotonic();
}

void RunWatch::Started(const RunRecord& run) {
  const std::lock_guard guard(mutex_);
  StageTimes& times = Of(run);
  times.started = times.moved = clock_.Monotonic();
  times.steps = 0;
  times.done = times.read = 0;
}

void RunWatch::Moved(const RunRecord& run) {
  const std::lock_guard guard(mutex_);
  StageTimes& times = Of(run);
  if (run.steps.size() == times.steps && run.progress.done == times.done &&
      run.rows.read == times.read)
    return;
  times.steps = run.steps.size();
  times.done = run.progress.done;
  times.read = run.rows.read;
  times.moved = clock_.Monotonic();
}

void RunWatch::Ended(const RunRecord& run) {
  const std::lock_guard guard(mutex_);
  StageTimes& times = Of(run);
  if (IsSuccess(run.state)) times.success = clock_.Monotonic();
  times.started.reset();
  times.moved.reset();
}

void RunWatch::Beat() {
  const std::lock_guard guard(mutex_);
  beat_ = clock_.Monotonic();
  const Duration offset = Offset();
  if (std::chrono::abs(offset - offset_) >= kStepMin) {
    step_ = ClockStep{offset - offset_, clock_.Now()};
    step_at_ = *beat_;
  }
  offset_ = offset;
}

bool RunWatch::log_unwritable() const {
  const std::lock_guard guard(mutex_);
  return unwritable_.has_value();
}

void RunWatch::LogWritten(bool well) {
  const std::lock_guard guard(mutex_);
  if (well) {
    unwritable_.reset();
  } else if (!unwritable_) {
    unwritable_ = clock_.Now();
  }
}

void RunWatch::Fill(StatusInputs& inputs) const {
  const std::lock_guard guard(mutex_);
  const Duration now = clock_.Monotonic();
  inputs.uptime = now - began_;
  if (beat_) inputs.beat_age = now - *beat_;
  if (step_ && now - step_at_ <= kStepShown) inputs.clock_step = step_;
  inputs.log_unwritable = unwritable_;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const StageTimes& times = stages_[i];
    StageFacts& facts = inputs.facts[i];
    if (times.success) facts.success_age = now - *times.success;
    if (times.started) facts.running_for = now - *times.started;
    if (times.moved) facts.unmoved_for = now - *times.moved;
  }
}

}  // namespace cqd::integration::internal
