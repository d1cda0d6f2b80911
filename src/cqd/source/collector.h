// The source behind the report doors: what lies in the inbox becomes streams.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "source/inbox.h"
#include "source/source.h"

namespace cqd::source {

/// Reads new reports by their place in the queue (the watermark is that number as text), and makes
/// the streams of every call they touch again from all of its stored reports: a late report of the
/// other end completes the rows of the call, which keep their keys. Reports that cannot be read are
/// handed out as rejected records with the report id as key. Reading the same reports again gives
/// the same rows.
class CollectorSource final : public Source {
 public:
  /// `inbox` and `clock` must outlive it.
  /// `keep`: how long raw reports stay after they were integrated, so that a late report of a call
  /// still finds the earlier ones.
  CollectorSource(std::string name, Inbox& inbox, const Clock& clock,
                  Duration keep = std::chrono::hours(24 * 90))
      : name_(std::move(name)), inbox_(inbox), clock_(clock), keep_(keep) {}

  const std::string& name() const override { return name_; }
  std::string_view kind() const override { return "collector"; }
  /// `backlog_records`: reports after the last one handed out by this object.
  Result<Probe> LookAt() override;
  /// Errors: kInvalidArgument (a watermark that is no number), kCancelled, those of Inbox, and what
  /// `sink` returns. Reports that arrive meanwhile wait for the next run.
  Status Read(const std::optional<std::string>& watermark, const ReadContext& context,
              const BatchSink& sink) override;

  /// Puts the reports at the end of the queue; the position stays.
  Result<Rewound> Rewind(model::SourceId id, std::span<const std::string> record_keys,
                         const std::optional<std::string>& watermark) override;

  /// Deletes the reports of calls that were integrated and are older than `keep`.
  Status Tidy(const std::string& watermark) override;

  /// Position in the queue that a watermark stands for; 0 for none. Errors: kInvalidArgument.
  static Result<std::int64_t> PositionOf(const std::optional<std::string>& watermark);

 private:
  std::string name_;
  Inbox& inbox_;
  const Clock& clock_;
  const Duration keep_;
  std::atomic<std::int64_t> handed_out_{0};
};

}  // namespace cqd::source
