#include "archive/internal/writer.h"

#include <fmt/format.h>

#include <algorithm>

namespace cqd::archive::internal {
namespace {

/// Month files open at once: each holds up to 16 MiB of cache. A run touches one or two months, a
/// first load goes through them in order.
constexpr std::size_t kOpenMonthsMax = 6;
/// Set-aside records kept in memory before they are written without waiting for Commit.
constexpr std::size_t kQuarantineBytesMax = 16 * 1024 * 1024;

/// A month file's name has four digits of year, and nothing is measured before RTP existed: the
/// same limit as RejectReason::kSessionTimeAbsurd (model/repair.h).
constexpr Month kFirstMonth(1990, 1);
constexpr Month kLastMonth(9999, 12);

std::string DescribeKey(const model::StreamKey& key) {
  return fmt::format("{}/{}/{}/{}", ToMicros(key.session_time), key.session_seq, key.media_label,
                     key.stream_id);
}

}  // namespace

WriterImpl::~WriterImpl() {
  // Closing a connection rolls its open transaction back.
  open_.clear();
  archive_.ReleaseWriter();
}

Status WriterImpl::Broken(Status status) {
  for (auto& [month, writer] : open_) writer->Rollback();
  open_.clear();
  newest_ = nullptr;
  quarantine_.clear();
  quarantine_bytes_ = 0;
  broken_ = true;
  return status;
}

Result<MonthWriter*> WriterImpl::WriterOf(Month month) {
  if (newest_ != nullptr && newest_->month() == month) return newest_;
  auto found = open_.find(month);
  if (found == open_.end()) {
    if (open_.size() >= kOpenMonthsMax) {
      CQD_RETURN_IF_ERROR(CommitMonths());
      open_.clear();
      newest_ = nullptr;
    }
    CQD_ASSIGN_OR_RETURN(auto writer, MonthWriter::Open(archive_.options().folder, month));
    found = open_.emplace(month, std::move(writer)).first;
  }
  newest_ = found->second.get();
  return newest_;
}

Status WriterImpl::UpsertOne(const model::StreamRow& row) {
  if (row.key.source != known_source_) {
    if (!archive_.KnowsSource(row.key.source)) {
      return Fail(ErrorCode::kInvalidArgument, "a stream of a source that is not registered",
                  fmt::format("source {}", row.key.source.value));
    }
    known_source_ = row.key.source;
  }
  // Before Month::Of: the calendar's arithmetic ends at the year 32767.
  if (row.key.session_time < kFirstMonth.begin() || row.key.session_time >= kLastMonth.end()) {
    return Quarantine({row.key.source, model::RejectReason::kSessionTimeAbsurd,
                       DescribeKey(row.key), "session time outside the years 1990 to 9999", ""},
                      0);
  }
  const Month month = Month::Of(row.key.session_time);
  CQD_ASSIGN_OR_RETURN(MonthWriter * writer, WriterOf(month));
  CQD_ASSIGN_OR_RETURN(const UpsertOutcome outcome, writer->Upsert(row));
  switch (outcome) {
    case UpsertOutcome::kInserted:
      ++counts_.inserted;
      if (month < this_month_) ++counts_.late;
      break;
    case UpsertOutcome::kUpdated:
      ++counts_.updated;
      break;
    case UpsertOutcome::kDuplicate:
      ++counts_.duplicate;
      return OkStatus();
  }
  ++written_[month];
  const model::Value repairs = row.Get(model::Field::kRepairs);
  if (repairs != model::kNull && repairs != 0) ++counts_.repaired;
  if (writer->pending() >= archive_.options().rows_per_transaction) return CommitMonths();
  return OkStatus();
}

Status WriterImpl::Upsert(std::span<const model::StreamRow> rows) {
  if (broken_) {
    return Fail(ErrorCode::kFailedPrecondition,
                "an earlier write failed; begin again from the watermark");
  }
  this_month_ = Month::Of(archive_.clock().Now());
  const auto by_key = [](const model::StreamRow& a, const model::StreamRow& b) {
    return a.key < b.key;
  };
  Status status;
  if (std::is_sorted(rows.begin(), rows.end(), by_key)) {
    for (const model::StreamRow& row : rows) {
      status = UpsertOne(row);
      if (!status.ok()) return Broken(std::move(status));
    }
    return OkStatus();
  }
  // In key order new rows need no search and the index grows at its end. Stable: of two rows with
  // one key the later one is the newer.
  std::vector<const model::StreamRow*> order;
  order.reserve(rows.size());
  for (const model::StreamRow& row : rows) order.push_back(&row);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->key < b->key; });
  for (const model::StreamRow* row : order) {
    status = UpsertOne(*row);
    if (!status.ok()) return Broken(std::move(status));
  }
  return OkStatus();
}

Status WriterImpl::Quarantine(const model::RejectedRecord& record, std::int64_t run_seq) {
  if (broken_) {
    return Fail(ErrorCode::kFailedPrecondition,
                "an earlier write failed; begin again from the watermark");
  }
  if (!archive_.KnowsSource(record.source)) {
    return Fail(ErrorCode::kInvalidArgument, "a record of a source that is not registered",
                fmt::format("source {}", record.source.value));
  }
  quarantine_.push_back({record, run_seq});
  quarantine_bytes_ += record.payload.size() + record.detail.size() + record.record_key.size() + 64;
  ++counts_.quarantined;
  if (quarantine_bytes_ > kQuarantineBytesMax) {
    Status status = FlushQuarantine();
    if (!status.ok()) return Broken(std::move(status));
  }
  return OkStatus();
}

Status WriterImpl::FlushQuarantine() {
  CQD_RETURN_IF_ERROR(archive_.CommitMain(quarantine_, {}, nullptr));
  quarantine_.clear();
  quarantine_bytes_ = 0;
  return OkStatus();
}

Status WriterImpl::CommitMonths() {
  CQD_RETURN_IF_ERROR(archive_.FlushDictionaries());
  for (auto& [month, writer] : open_) {
    if (!writer->open()) continue;
    const bool wrote = writer->pending() > 0;
    CQD_RETURN_IF_ERROR(writer->Commit());
    if (wrote) archive_.Publish(month, writer->committed());
  }
  return OkStatus();
}

Status WriterImpl::Commit(model::SourceId source, const std::string& watermark) {
  if (broken_) {
    return Fail(ErrorCode::kFailedPrecondition,
                "an earlier write failed; begin again from the watermark");
  }
  if (!archive_.KnowsSource(source)) {
    return Fail(ErrorCode::kInvalidArgument, "the watermark of a source that is not registered",
                fmt::format("source {}", source.value));
  }
  Status status = CommitMonths();
  if (status.ok()) status = archive_.CommitMain(quarantine_, source, &watermark);
  if (!status.ok()) return Broken(std::move(status));
  quarantine_.clear();
  quarantine_bytes_ = 0;
  return OkStatus();
}

std::vector<std::pair<Month, std::int64_t>> WriterImpl::months() const {
  return {written_.begin(), written_.end()};
}

}  // namespace cqd::archive::internal
