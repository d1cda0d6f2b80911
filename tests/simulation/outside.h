// The world outside: sources whose records, faults and delays the simulation decides. Only this is
// scripted; all behind it is the product.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "source/source.h"

namespace cqd::simulation {

/// One record as a source holds it.
struct OutsideRecord {
  UtcTime session_time;
  std::int64_t session_seq = 0;
  int jitter = 0;
  /// When set the record cannot be stored; equal keys are the same record.
  std::optional<model::RejectReason> reject;
  int copies = 1;  ///< handed out so many times, each reject with a key of its own
};

/// How the next reads of a source go.
struct ReadPlan {
  /// Batches that are committed before `failure`, and before the hold.
  int batches = 1;
  std::optional<Error> failure;
  bool hold = false;  ///< stays before its last batch until Release, or until its run is cancelled
  /// Rows of the last read that are handed out once more.
  int margin = 0;
};

/// A database or collector somewhere. Outlives restarts of the product. Threads: any.
class Outside {
 public:
  Outside(std::string name, const Clock& clock) : name_(std::move(name)), clock_(clock) {}
  const std::string& name() const { return name_; }

  void Arrive(OutsideRecord record);
  void SetPlan(ReadPlan plan);
  void SetProbe(std::optional<Duration> clock_skew, std::optional<Error> failure);

  /// Whether a read stands in its hold now.
  bool held() const;
  /// Lets the read that is held now go on; the next one does as planned.
  void Release();

  std::size_t size() const;
  OutsideRecord At(std::size_t index) const;
  /// What the next read will do when it begins after `watermark`: records [from, to) of each batch.
  struct Part {
    std::size_t from = 0, to = 0;
  };
  static std::vector<Part> PartsOf(const ReadPlan& plan, std::size_t watermark, std::size_t size);

  Status Read(const std::optional<std::string>& watermark, const source::ReadContext& context,
              const source::BatchSink& sink);
  Result<source::Probe> LookAt() const;

 private:
  const std::string name_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<OutsideRecord> records_;
  ReadPlan plan_;
  std::optional<Duration> clock_skew_;
  std::optional<Error> probe_failure_;
  int holding_ = 0;
  std::int64_t releases_ = 0;
};

/// The product's view of it.
std::unique_ptr<source::Source> MakeSource(const std::shared_ptr<Outside>& outside);

}  // namespace cqd::simulation
