#include "integration/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/log.h"
#include "integration/replay.h"

namespace cqd::integration {
namespace {

std::int64_t Millis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// One step of a run: there while it runs, closed with its outcome.
class StepScope {
 public:
  StepScope(RunRecord& run, std::string name, const Clock& clock, const RunObserver& observe)
      : run_(run),
        clock_(clock),
        observe_(observe),
        started_(clock.Monotonic()),
        index_(run.steps.size()) {
    run_.steps.push_back({std::move(name), RunState::kRunning, clock.Now(), 0, 0});
    run_.progress.changed_at = clock.Now();
    observe_(run_);
  }
  RunStep& step() { return run_.steps[index_]; }
  void Close(const Status& status, std::int64_t rows) {
    step().ms = Millis(clock_.Monotonic() - started_);
    step().rows = rows;
    step().state = status.ok()                                    ? RunState::kSucceeded
                   : status.error().code == ErrorCode::kCancelled ? RunState::kCancelled
                                                                  : RunState::kFailed;
    observe_(run_);
  }

 private:
  RunRecord& run_;
  const Clock& clock_;
  const RunObserver& observe_;
  const Duration started_;
  const std::size_t index_;
};

/// Notes how far a run is; a run that moves not at all is one that hangs.
void NoteProgress(std::int64_t done, std::optional<std::int64_t> total, std::string unit,
                  const Clock& clock, RunProgress& progress) {
  const bool moved = done != progress.done || unit != progress.unit;
  const auto changed_at = moved || !progress.changed_at ? clock.Now() : progress.changed_at;
  progress = {done, total, std::move(unit), changed_at};
}

/// Rows written between two looks at the cancel token: some hundred milliseconds at the most.
constexpr std::size_t kRowsPerCheck = 16'384;

/// Feeds one source's batches to the archive and keeps count.
class SourceRun {
 public:
  SourceRun(archive::Archive& archive, source::Source& source, RunRecord& run,
            const CancelToken& cancel, const Clock& clock, const RunObserver& observe)
      : archive_(archive),
        source_(source),
        run_(run),
        cancel_(cancel),
        clock_(clock),
        observe_(observe) {}

  Status Run(model::SourceId id) {
    CQD_ASSIGN_OR_RETURN(const auto watermark, archive_.ReadWatermark(id));
    CQD_ASSIGN_OR_RETURN(writer_, archive_.BeginWrite());
    at_source_ = true;
    const source::ProgressSink progress = [this](const source::ReadProgress& now) {
      NoteProgress(now.done, now.total, now.unit, clock_, run_.progress);
      observe_(run_);
    };
    const source::ReadContext context{id, archive_.interner(), cancel_, progress};
    std::optional<std::string> text;
    if (watermark) text = watermark->text;
    CQD_ASSIGN_OR_RETURN(Replay replay, Replay::Begin(archive_, source_, id, text));
    Status status = source_.Read(replay.watermark(), context, [&](source::Batch&& batch) -> Status {
      at_source_ = false;
      replay.Note(batch);
      CQD_RETURN_IF_ERROR(Take(id, std::move(batch)));
      at_source_ = true;
      return OkStatus();
    });
    if (status.ok()) {
      at_source_ = false;
      status = EndReplay(replay);
    }
    // What was committed before an error is in the archive and counts; what was not is read again
    // next time.
    for (const auto& [month, rows] : committed_months_) AddPartition(month, rows);
    AddRows();
    AddRejectReasons();
    AddInput();
    return status;
  }
  std::int64_t rows() const { return committed_.read(); }
  std::int64_t handed_out() const { return handed_out_; }
  /// Whether an error came from the other side, and not from our own archive.
  bool at_source() const { return at_source_; }

 private:
  Status EndReplay(Replay& replay) {
    CQD_ASSIGN_OR_RETURN(const auto counts, replay.End(archive_));
    if (!counts) return OkStatus();
    run_.warnings.push_back(
        {"replayed", counts->stored + counts->refused + counts->missing,
         fmt::format("replay of source {}: {} records stored, {} refused again, {} no longer there",
                     source_.name(), counts->stored, counts->refused, counts->missing)});
    return OkStatus();
  }

  Status Take(model::SourceId id, source::Batch&& batch) {
    CQD_RETURN_IF_ERROR(cancel_.Check());
    // Counted before they are stored: rows that no watermark ever commits must not go unnoticed.
    handed_out_ += static_cast<std::int64_t>(batch.rows.size() + batch.rejected.size());
    CQD_RETURN_IF_ERROR(Upsert(batch.rows));
    for (const model::RejectedRecord& rejected : batch.rejected) {
      CQD_RETURN_IF_ERROR(writer_->Quarantine(rejected, run_.seq));
      ++rejects_[rejected.reason];
    }
    run_.bytes_read += batch.bytes_read;
    NoteTimes(batch.rows);
    if (!batch.watermark) return OkStatus();
    CQD_RETURN_IF_ERROR(writer_->Commit(id, *batch.watermark));
    committed_ = writer_->counts();
    committed_rejects_ = rejects_;
    committed_months_ = writer_->months();
    return OkStatus();
  }

  /// In pieces, so that a stop is noticed in time however large a batch is.
  Status Upsert(std::span<const model::StreamRow> rows) {
    while (!rows.empty()) {
      CQD_RETURN_IF_ERROR(cancel_.Check());
      const std::size_t count = std::min(rows.size(), kRowsPerCheck);
      CQD_RETURN_IF_ERROR(writer_->Upsert(rows.first(count)));
      rows = rows.subspan(count);
    }
    return OkStatus();
  }

  /// Data reaches as far as the newest session time that is not in the future: one absurd clock
  /// changes nothing.
  void NoteTimes(std::span<const model::StreamRow> rows) {
    const UtcTime now = clock_.Now();
    for (const model::StreamRow& row : rows) {
      const UtcTime time = row.key.session_time;
      if (time > now) continue;
      from_ = std::min(from_.value_or(time), time);
      to_ = std::max(to_.value_or(time), time);
    }
    if (to_) run_.data_through = std::max(run_.data_through.value_or(*to_), *to_);
  }

  void AddRejectReasons() {
    std::int64_t unnamed = committed_.quarantined;
    for (const auto& [reason, count] : committed_rejects_) unnamed -= count;
    // What the source let through and the archive has no month for.
    if (unnamed > 0) committed_rejects_[model::RejectReason::kSessionTimeAbsurd] += unnamed;
    for (const auto& [reason, count] : committed_rejects_) {
      const std::string_view code = model::RejectReasonName(reason);
      const auto known =
          std::find_if(run_.reject_reasons.begin(), run_.reject_reasons.end(),
                       [&](const RejectReason& listed) { return listed.code == code; });
      if (known != run_.reject_reasons.end()) {
        known->count += count;
      } else {
        run_.reject_reasons.push_back({std::string(code), count, {}});
      }
    }
  }

  void AddInput() {
    auto& inputs = run_.inputs;
    const auto known = std::find_if(inputs.begin(), inputs.end(), [&](const RunInput& input) {
      return input.source == source_.name();
    });
    RunInput& input =
        known != inputs.end() ? *known : inputs.emplace_back(RunInput{source_.name(), {}, {}});
    if (!from_) return;
    input.from = std::min(input.from.value_or(*from_), *from_);
    input.to = std::max(input.to.value_or(*to_), *to_);
  }

  void AddPartition(Month month, std::int64_t rows) {
    const std::string name = month.ToString();
    auto found = std::find_if(run_.partitions.begin(), run_.partitions.end(),
                              [&](const RunPartition& part) { return part.month == name; });
    if (found == run_.partitions.end()) {
      run_.partitions.push_back({name, rows, 0, "extended"});
    } else {
      found->rows += rows;
    }
  }

  void AddRows() {
    run_.rows.read += committed_.read();
    run_.rows.inserted += committed_.inserted;
    run_.rows.updated += committed_.updated;
    run_.rows.duplicate += committed_.duplicate;
    run_.rows.quarantined += committed_.quarantined;
    run_.rows.repaired += committed_.repaired;
    run_.rows.late += committed_.late;
  }

  archive::Archive& archive_;
  source::Source& source_;
  RunRecord& run_;
  const CancelToken& cancel_;
  const Clock& clock_;
  const RunObserver& observe_;
  std::unique_ptr<archive::Writer> writer_;
  archive::WriteCounts committed_;
  std::vector<std::pair<Month, std::int64_t>> committed_months_;
  std::int64_t handed_out_ = 0;
  bool at_source_ = false;
  std::map<model::RejectReason, std::int64_t> rejects_, committed_rejects_;
  std::optional<UtcTime> from_, to_;  ///< session times handed out
};

/// `at_source` tells whether a failure is the source's: a collector's is our own, its reports lie
/// on our disk.
Status IntegrateSource(archive::Archive& archive, source::Source& source, const Clock& clock,
                       const CancelToken& cancel, const RunObserver& observe, RunRecord& run,
                       SourceStatus& learnt, bool& at_source) {
  at_source = false;
  CQD_ASSIGN_OR_RETURN(const model::SourceId id,
                       archive.RegisterSource(source.name(), std::string(source.kind())));
  StepScope step(run, "integrate " + source.name(), clock, observe);
  SourceRun reader(archive, source, run, cancel, clock, observe);
  Status status = reader.Run(id);
  at_source = reader.at_source() && source.kind() != "collector";
  if (status.ok() && reader.handed_out() != reader.rows()) {
    status = Fail(ErrorCode::kInternal,
                  fmt::format("row counts do not add up: {} handed out, {} accounted for",
                              reader.handed_out(), reader.rows()));
  }
  step.Close(status, reader.rows());
  if (status.ok()) {
    learnt.reachable = true;
    learnt.last_contact_at = clock.Now();
    learnt.error.reset();
  } else if (at_source && status.error().code != ErrorCode::kCancelled) {
    learnt.error = status.error().message;
    if (status.error().code == ErrorCode::kUnavailable ||
        status.error().code == ErrorCode::kUnauthenticated) {
      learnt.reachable = false;
    }
  }
  if (const auto watermark = archive.ReadWatermark(id); watermark.ok() && *watermark)
    learnt.watermark = (*watermark)->text;
  return status;
}

void LookAtSource(source::Source& source, const Clock& clock, const CancelToken& cancel,
                  SourceStatus& learnt) {
  auto probe = source.LookAtUnless(cancel);
  if (!probe.ok()) return;
  learnt.reachable = true;
  learnt.last_contact_at = clock.Now();
  learnt.last_record_at = probe->last_record_at;
  learnt.backlog_before = learnt.backlog;
  learnt.backlog = probe->backlog_records;
  if (probe->clock_skew) learnt.clock_skew_ms = Millis(*probe->clock_skew);
  learnt.remarks = probe->remarks;
}

/// Whether the source says that there is something behind the position that was reached. A record
/// dated ahead of the clock says nothing: its time has not come.
bool HasMore(const SourceStatus& learnt, UtcTime now) {
  if (learnt.backlog.value_or(0) > 0) return true;
  if (!learnt.last_record_at || *learnt.last_record_at > now) return false;
  if (!learnt.watermark) return true;
  const auto position = ParseTime(*learnt.watermark);
  return position.ok() && *learnt.last_record_at >= *position;
}

Status ApplyRetention(const ArchiveJobOptions& options, archive::Archive& archive,
                      const Clock& clock, const RunObserver& observe, RunRecord& run) {
  if (options.retention_months <= 0) return OkStatus();
  StepScope step(run, "retention", clock, observe);
  const Month oldest = Month::Of(clock.Now()).Plus(1 - options.retention_months);
  auto dropped = archive.DropMonthsBefore(oldest);
  std::int64_t rows = 0;
  if (dropped.ok()) {
    for (const archive::MonthInfo& month : *dropped) {
      rows += month.row_count;
      run.partitions.push_back({month.month.ToString(), month.row_count, 0, "dropped"});
    }
    run.rows.expired += rows;
  }
  Status status = dropped.ok() ? OkStatus() : Status(dropped.error());
  step.Close(status, rows);
  return status;
}

/// The sources of one archive run, one after the other.
class ArchiveJob {
 public:
  ArchiveJob(archive::Archive& archive, const Clock& clock, const CancelToken& cancel,
             const RunObserver& observe, RunRecord& run)
      : archive_(archive), clock_(clock), cancel_(cancel), observe_(observe), run_(run) {}

  void Integrate(source::Source& source, SourceStatus& learnt) {
    learnt.name = source.name();
    learnt.kind = source.kind();
    std::int64_t rows = 0;
    if (!Read(source, learnt, rows)) return;
    // What came between the read and the look is no reason to worry; what a second read does not
    // bring either is.
    if (rows == 0 && HasMore(learnt, clock_.Now())) {
      if (!Read(source, learnt, rows)) return;
      if (rows == 0 && HasMore(learnt, clock_.Now())) {
        run_.warnings.push_back({"empty_but_source_has_more", 1,
                                 source.name() + ": nothing was read, but the source has newer "
                                                 "records than the archive"});
      }
    }
    // A collector that had nothing to do is no success beside a database that failed.
    if (source.kind() != "collector" || rows > 0) ++succeeded_;
    for (const std::string& remark : learnt.remarks)
      run_.warnings.push_back({"source_incomplete", 1, source.name() + ": " + remark});
  }

  /// A failure that is no source's.
  void NoteFailure(const Error& error, std::string_view step) {
    ++failed_;
    if (!run_.error) run_.error = MakeRunError(error, step, false);
  }

  bool cancelled() const { return cancelled_; }

  RunState state() const {
    if (cancelled_) return RunState::kCancelled;
    if (failed_ == 0) return RunState::kSucceeded;
    return succeeded_ > 0 ? RunState::kPartial : RunState::kFailed;
  }

 private:
  /// False: it failed or was cancelled.
  bool Read(source::Source& source, SourceStatus& learnt, std::int64_t& rows) {
    bool at_source = false;
    const Status status =
        IntegrateSource(archive_, source, clock_, cancel_, observe_, run_, learnt, at_source);
    if (status.ok()) {
      rows += run_.steps.back().rows;
      if (learnt.watermark) {
        const Status tidied = source.Tidy(*learnt.watermark);
        if (!tidied.ok())
          run_.warnings.push_back(
              {"source_untidy", 1, source.name() + ": " + tidied.error().message});
      }
      LookAtSource(source, clock_, cancel_, learnt);
      return true;
    }
    cancelled_ = status.error().code == ErrorCode::kCancelled;
    if (cancelled_) return false;
    ++failed_;
    LogError("source {}: {}", source.name(), status.error().ToString());
    // The first failure is the run's; the others stand in its warnings.
    if (!run_.error) {
      run_.error = MakeRunError(status.error(), "integrate " + source.name(), at_source);
    } else {
      run_.warnings.push_back({"source_failed", 1, source.name() + ": " + status.error().message});
    }
    return false;
  }

  archive::Archive& archive_;
  const Clock& clock_;
  const CancelToken& cancel_;
  const RunObserver& observe_;
  RunRecord& run_;
  std::size_t failed_ = 0, succeeded_ = 0;
  bool cancelled_ = false;
};

/// Bytes of the archive's files; nullopt when the system does not say.
std::optional<std::int64_t> BytesOf(const archive::Archive& archive) {
  const auto bytes = archive.StorageBytes();
  if (!bytes.ok()) return std::nullopt;
  return bytes->first;
}

}  // namespace

void RunArchiveJob(const ArchiveJobOptions& options, archive::Archive& archive,
                   const std::vector<std::unique_ptr<source::Source>>& sources, const Clock& clock,
                   const CancelToken& cancel, const RunObserver& observe, RunRecord& run,
                   std::vector<SourceStatus>& source_status) {
  source_status.resize(sources.size());
  const auto bytes_before = BytesOf(archive);
  ArchiveJob job(archive, clock, cancel, observe, run);
  for (std::size_t i = 0; i < sources.size() && !job.cancelled(); ++i)
    job.Integrate(*sources[i], source_status[i]);
  const auto bytes_after = BytesOf(archive);
  if (bytes_before && bytes_after)
    run.bytes_written = std::max<std::int64_t>(0, *bytes_after - *bytes_before);
  if (!job.cancelled()) {
    if (const Status status = ApplyRetention(options, archive, clock, observe, run); !status.ok())
      job.NoteFailure(status.error(), "retention");
  }
  for (RejectReason& reason : run.reject_reasons) {
    archive::QuarantineFilter filter;
    filter.reason = reason.code;
    filter.run_seq = run.seq;
    const auto newest = archive.quarantine().List(filter, 1, 0);
    if (newest.ok() && !newest->empty()) reason.sample_id = newest->front().id;
  }
  if (run.rows.quarantined > 0) {
    run.warnings.push_back({"quarantined", run.rows.quarantined,
                            fmt::format("{} records were set aside; see 'cqd quarantine list'",
                                        run.rows.quarantined)});
  }
  run.state = job.state();
  if (!run.rows.AddsUp() && !run.error) {
    run.error =
        MakeRunError(Fail(ErrorCode::kInternal, "row counts do not add up"), "check", false);
    if (!job.cancelled()) run.state = RunState::kFailed;
  }
}

void RunCubeJob(cube::Cube& cube, const Clock& clock, const CancelToken& cancel,
                const RunObserver& observe, RunRecord& run) {
  cube::ProcessRequest request;
  request.full = run.kind == RunKind::kFull;
  if (run.kind == RunKind::kMonth) {
    auto month = Month::Parse(run.month);
    if (!month.ok()) {
      run.error = MakeRunError(month.error(), "process", false);
      run.state = RunState::kFailed;
      return;
    }
    request.month = *month;
  }
  StepScope step(run, "process", clock, observe);
  auto report = cube.Process(request, cancel, [&](const cube::ProcessProgress& progress) {
    NoteProgress(progress.rows_done, progress.rows_total, "streams", clock, run.progress);
    observe(run);
  });
  if (!report.ok()) {
    step.Close(Status(report.error()), 0);
    if (report.error().code == ErrorCode::kCancelled) {
      run.state = RunState::kCancelled;
      return;
    }
    LogError("cube processing: {}", report.error().ToString());
    run.error = MakeRunError(report.error(), "process", false);
    run.state = RunState::kFailed;
    return;
  }
  step.Close(OkStatus(), report->rows_read);
  run.bytes_written = report->bytes_written;
  run.checksum = report->checksum;
  // Rows of a cube run: what was read from the archive is new in the cube, takes an older row's
  // place, or was there before (a month that is built anew reads all of its rows again).
  run.rows.read = report->rows_read;
  run.rows.updated = std::min(report->rows_replaced, report->rows_read);
  run.rows.inserted = std::clamp<std::int64_t>(report->rows_added - run.rows.updated, 0,
                                               report->rows_read - run.rows.updated);
  run.rows.duplicate = report->rows_read - run.rows.updated - run.rows.inserted;
  run.data_version = report->data_version;
  run.rows_total = report->rows_total;
  for (const cube::PartitionReport& part : report->partitions) {
    run.partitions.push_back({part.month.ToString(), part.rows, part.ms, part.state});
  }
  for (const std::string& warning : report->warnings)
    run.warnings.push_back({"cube_repaired", 1, warning});
  if (const auto snapshot = cube.snapshot()) run.data_through = snapshot->data_through();
  run.state = RunState::kSucceeded;
}

}  // namespace cqd::integration
