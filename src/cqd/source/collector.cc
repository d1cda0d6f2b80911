#include "source/collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "source/merge.h"

namespace cqd::source {
namespace {

/// Reports handed out at once; larger: fewer writes of the archive, more memory (a row has
/// about 1.5 kB).
constexpr std::size_t kReportsPerBatch = 1000;

model::RejectReason ReasonOf(ErrorCode code) {
  if (code == ErrorCode::kFailedPrecondition) return model::RejectReason::kNoIdentity;
  if (code == ErrorCode::kResourceExhausted) return model::RejectReason::kTooLarge;
  return model::RejectReason::kUnreadable;
}

/// Reads each stored report once per batch.
class ReportReader {
 public:
  explicit ReportReader(const ParseLimits& limits) : limits_(limits) {}

  /// The reader of today, which may know more than the one that stored the report.
  Result<const std::vector<Report>*> Read(const StoredReport& stored) {
    const auto known = reports_.find(stored.id);
    if (known != reports_.end()) return &known->second;
    const ReportFormat* format = FindFormat(stored.content_type, stored.body);
    if (format == nullptr) format = FormatByName(stored.format);
    if (format == nullptr) return Fail(ErrorCode::kNotFound, "nobody knows this kind of report");
    CQD_ASSIGN_OR_RETURN(auto parsed, format->Parse(stored.body, limits_));
    return &reports_.emplace(stored.id, std::move(parsed)).first->second;
  }

 private:
  const ParseLimits& limits_;
  std::map<std::int64_t, std::vector<Report>> reports_;
};

class BatchMaker {
 public:
  BatchMaker(Inbox& inbox, const ReadContext& context)
      : inbox_(inbox), context_(context), reader_(inbox.limits()) {}

  Result<Batch> Make(const std::vector<StoredReport>& reports) {
    Batch batch;
    std::vector<CallOfReport> of_reports;
    for (const StoredReport& stored : reports) {
      ++batch.source_rows_read;
      batch.bytes_read += static_cast<std::int64_t>(stored.body.size());
      const auto parsed = reader_.Read(stored);
      if (!parsed.ok()) {
        batch.rejected.push_back(RejectedOf(stored, parsed.error()));
        continue;
      }
      std::set<std::string> keys;
      for (const Report& report : **parsed) {
        if (keys.insert(report.call_key).second) {
          of_reports.push_back({stored.id, stored.received_at, report.call_key});
        }
      }
    }
    CQD_ASSIGN_OR_RETURN(const auto calls, inbox_.AssignCalls(of_reports));
    std::map<std::int64_t, const StoredCall*> touched;
    for (const StoredCall& call : calls) touched.emplace(call.seq, &call);
    for (const auto& [seq, call] : touched) {
      CQD_RETURN_IF_ERROR(context_.cancel.Check());
      CQD_RETURN_IF_ERROR(AddCall(*call, batch));
    }
    batch.watermark = fmt::format("{}", reports.back().position);
    return batch;
  }

 private:
  model::RejectedRecord RejectedOf(const StoredReport& stored, const Error& error) const {
    const auto reason = error.code == ErrorCode::kNotFound ? model::RejectReason::kUnknownFormat
                                                           : ReasonOf(error.code);
    return {context_.id, reason, fmt::format("{}", stored.id), error.message, stored.body};
  }

  Status AddCall(const StoredCall& call, Batch& batch) {
    CQD_ASSIGN_OR_RETURN(const auto stored, inbox_.ReportsOfCall(call.seq));
    std::vector<CallReport> reports;
    for (const StoredReport& one : stored) {
      const auto parsed = reader_.Read(one);
      if (!parsed.ok())
        continue;  // readable once, not by this reader: it is in the queue again or in quarantine
      int part = 0;
      for (const Report& report : **parsed) {
        if (report.call_key == call.key) reports.push_back({one.id, part, report});
        ++part;
      }
    }
    const auto rows =
        StreamsOfCall(reports, {context_.id, call.session_time, call.seq}, context_.interner);
    batch.rows.insert(batch.rows.end(), rows.begin(), rows.end());
    return OkStatus();
  }

  Inbox& inbox_;
  const ReadContext& context_;
  ReportReader reader_;
};

}  // namespace

Result<std::int64_t> CollectorSource::PositionOf(const std::optional<std::string>& watermark) {
  if (!watermark || watermark->empty()) return 0;
  const auto position = ParseInt(*watermark);
  if (!position || *position < 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "the watermark of a collector is the number of a report", *watermark);
  }
  return *position;
}

Result<Probe> CollectorSource::LookAt() {
  Probe probe;
  probe.at = clock_.Now();
  CQD_ASSIGN_OR_RETURN(probe.last_record_at, inbox_.NewestReceived());
  CQD_ASSIGN_OR_RETURN(probe.backlog_records, inbox_.CountPending(handed_out_.load()));
  return probe;
}

Result<Rewound> CollectorSource::Rewind(model::SourceId, std::span<const std::string> record_keys,
                                        const std::optional<std::string>& watermark) {
  std::vector<std::int64_t> ids;
  for (const std::string& key : record_keys) {
    if (const auto id = ParseInt(key)) ids.push_back(*id);
  }
  CQD_ASSIGN_OR_RETURN(const std::vector<std::int64_t> there, inbox_.Requeue(ids));
  Rewound rewound{watermark, {}};
  for (const std::string& key : record_keys) {
    const auto id = ParseInt(key);
    const bool found = id && std::binary_search(there.begin(), there.end(), *id);
    rewound.proofs.push_back(
        {found ? ReplayProof::Kind::kUnlessRefused : ReplayProof::Kind::kNone, {}});
  }
  return rewound;
}

Status CollectorSource::Tidy(const std::string& watermark) {
  CQD_ASSIGN_OR_RETURN(const std::int64_t integrated, PositionOf(watermark));
  CQD_RETURN_IF_ERROR(inbox_.DropReceivedBefore(clock_.Now() - keep_, integrated));
  return OkStatus();
}

Status CollectorSource::Read(const std::optional<std::string>& watermark,
                             const ReadContext& context, const BatchSink& sink) {
  CQD_ASSIGN_OR_RETURN(std::int64_t after, PositionOf(watermark));
  handed_out_ = after;
  CQD_ASSIGN_OR_RETURN(const std::int64_t last, inbox_.LastPosition());
  ReadProgress progress{0, std::nullopt, "reports"};
  CQD_ASSIGN_OR_RETURN(progress.total, inbox_.CountPending(after));
  while (after < last) {
    CQD_RETURN_IF_ERROR(context.cancel.Check());
    CQD_ASSIGN_OR_RETURN(std::vector<StoredReport> reports,
                         inbox_.ReadQueue(after, kReportsPerBatch));
    while (!reports.empty() && reports.back().position > last) reports.pop_back();
    if (reports.empty()) break;  // what was there has been dropped by the retention
    const std::int64_t position = reports.back().position;
    progress.done += static_cast<std::int64_t>(reports.size());
    BatchMaker maker(inbox_, context);
    CQD_ASSIGN_OR_RETURN(Batch batch, maker.Make(reports));
    CQD_RETURN_IF_ERROR(sink(std::move(batch)));
    after = position;
    handed_out_ = after;
    if (context.progress) context.progress(progress);
  }
  return OkStatus();
}

}  // namespace cqd::source
