#include "simulation/outside.h"

#include <algorithm>

#include "base/text.h"

namespace cqd::simulation {
namespace {

/// Rejected records of one batch; a million do not fit into one.
constexpr int kRejectsPerBatch = 10'000;

class OutsideSource final : public source::Source {
 public:
  explicit OutsideSource(std::shared_ptr<Outside> outside) : outside_(std::move(outside)) {}
  const std::string& name() const override { return outside_->name(); }
  std::string_view kind() const override { return "scripted"; }
  Result<source::Probe> LookAt() override { return outside_->LookAt(); }
  Status Read(const std::optional<std::string>& watermark, const source::ReadContext& context,
              const source::BatchSink& sink) override {
    return outside_->Read(watermark, context, sink);
  }

 private:
  const std::shared_ptr<Outside> outside_;
};

void Put(const OutsideRecord& record, model::SourceId id, source::Batch& batch) {
  model::StreamRow row;
  row.key = {id, record.session_time, record.session_seq, model::kLabelAudio, 0};
  row.Set(model::Field::kJitter, record.jitter);
  row.Set(model::Field::kLegClass, 1);
  batch.rows.push_back(row);
}

Status PutRejects(const OutsideRecord& record, model::SourceId id, const source::BatchSink& sink) {
  for (int copy = 0; copy < record.copies;) {
    source::Batch batch;
    for (; copy < record.copies && batch.rejected.size() < kRejectsPerBatch; ++copy) {
      batch.rejected.push_back({id, *record.reject,
                                std::to_string(record.session_seq) + "/" + std::to_string(copy),
                                "as the simulation wants it", "{}"});
    }
    CQD_RETURN_IF_ERROR(sink(std::move(batch)));
  }
  return OkStatus();
}

}  // namespace

void Outside::Arrive(OutsideRecord record) {
  const std::lock_guard guard(mutex_);
  records_.push_back(record);
}

void Outside::SetPlan(ReadPlan plan) {
  const std::lock_guard guard(mutex_);
  plan_ = std::move(plan);
}

void Outside::SetProbe(std::optional<Duration> clock_skew, std::optional<Error> failure) {
  const std::lock_guard guard(mutex_);
  clock_skew_ = clock_skew;
  probe_failure_ = std::move(failure);
}

bool Outside::held() const {
  const std::lock_guard guard(mutex_);
  return holding_ > 0;
}

void Outside::Release() {
  const std::lock_guard guard(mutex_);
  ++releases_;
  changed_.notify_all();
}

std::size_t Outside::size() const {
  const std::lock_guard guard(mutex_);
  return records_.size();
}

OutsideRecord Outside::At(std::size_t index) const {
  const std::lock_guard guard(mutex_);
  return records_.at(index);
}

std::vector<Outside::Part> Outside::PartsOf(const ReadPlan& plan, std::size_t watermark,
                                            std::size_t size) {
  std::vector<Part> parts;
  const auto margin = static_cast<std::size_t>(plan.margin);
  const auto batches = static_cast<std::size_t>(std::max(plan.batches, 0));
  std::size_t from = watermark - std::min(watermark, margin);
  for (std::size_t i = 0; i < batches; ++i) {
    // Whole at the end; a read that fails or hangs leaves the rest for the next one.
    const bool last = i + 1 == batches && !plan.failure;
    const std::size_t to = last ? size : from + (size - from) / (batches + 1);
    parts.push_back({from, to});
    from = to;
  }
  return parts;
}

Status Outside::Read(const std::optional<std::string>& watermark,
                     const source::ReadContext& context, const source::BatchSink& sink) {
  std::unique_lock lock(mutex_);
  const ReadPlan plan = plan_;
  const auto begin = static_cast<std::size_t>(ParseInt(watermark.value_or("0")).value_or(0));
  const std::vector<Part> parts = PartsOf(plan, begin, records_.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (plan.hold && i + 1 == parts.size()) {
      const std::int64_t before = releases_;
      ++holding_;
      while (releases_ == before && !context.cancel.cancelled())
        changed_.wait_for(lock, std::chrono::milliseconds(1));
      --holding_;
      CQD_RETURN_IF_ERROR(context.cancel.Check());
    }
    source::Batch batch;
    std::vector<OutsideRecord> rejects;
    for (std::size_t j = parts[i].from; j < parts[i].to; ++j) {
      if (records_[j].reject) {
        rejects.push_back(records_[j]);
      } else {
        Put(records_[j], context.id, batch);
      }
    }
    batch.watermark = std::to_string(std::max(parts[i].to, begin));
    lock.unlock();
    for (const OutsideRecord& reject : rejects)
      CQD_RETURN_IF_ERROR(PutRejects(reject, context.id, sink));
    CQD_RETURN_IF_ERROR(sink(std::move(batch)));
    lock.lock();
  }
  if (plan.failure) return *plan.failure;
  return OkStatus();
}

Result<source::Probe> Outside::LookAt() const {
  const std::lock_guard guard(mutex_);
  if (probe_failure_) return *probe_failure_;
  source::Probe probe;
  probe.at = clock_.Now();
  probe.clock_skew = clock_skew_;
  for (const OutsideRecord& record : records_) {
    if (record.reject || record.session_time > probe.at) continue;
    probe.last_record_at =
        std::max(probe.last_record_at.value_or(record.session_time), record.session_time);
  }
  return probe;
}

std::unique_ptr<source::Source> MakeSource(const std::shared_ptr<Outside>& outside) {
  return std::make_unique<OutsideSource>(outside);
}

}  // namespace cqd::simulation
