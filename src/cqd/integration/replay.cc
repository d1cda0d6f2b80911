#include "integration/replay.h"

#include <algorithm>

namespace cqd::integration {

using source::ReplayProof;

Result<Replay> Replay::Begin(const archive::Archive& archive, source::Source& source,
                             model::SourceId id, const std::optional<std::string>& watermark) {
  Replay replay;
  replay.watermark_ = watermark;
  CQD_ASSIGN_OR_RETURN(auto wishes, archive.quarantine().Requested(source.name()));
  if (wishes.empty()) return replay;
  std::vector<std::string> keys;
  keys.reserve(wishes.size());
  for (const auto& wish : wishes) keys.push_back(wish.record_key);
  CQD_ASSIGN_OR_RETURN(source::Rewound rewound, source.Rewind(id, keys, watermark));
  replay.watermark_ = std::move(rewound.watermark);
  replay.records_.reserve(wishes.size());
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    const ReplayProof& proof = rewound.proofs[i];
    if (proof.kind == ReplayProof::Kind::kStream) replay.by_stream_.emplace_back(proof.stream, i);
    replay.by_key_.emplace(std::move(keys[i]), i);
    replay.reasons_.push_back(std::move(wishes[i].reason));
    replay.records_.push_back({.id = wishes[i].id, .proof = proof});
  }
  std::sort(replay.by_stream_.begin(), replay.by_stream_.end());
  return replay;
}

void Replay::Note(const source::Batch& batch) {
  if (records_.empty()) return;
  if (!by_stream_.empty()) {
    for (const model::StreamRow& row : batch.rows) {
      auto found = std::lower_bound(by_stream_.begin(), by_stream_.end(),
                                    std::pair(row.key, std::size_t{0}));
      for (; found != by_stream_.end() && found->first == row.key; ++found)
        records_[found->second].handed_out = true;
    }
  }
  for (const model::RejectedRecord& rejected : batch.rejected) {
    const auto [begin, end] = by_key_.equal_range(rejected.record_key);
    for (auto found = begin; found != end; ++found) {
      const bool same = reasons_[found->second] == model::RejectReasonName(rejected.reason);
      (same ? records_[found->second].refused : records_[found->second].superseded) = true;
    }
  }
}

Result<std::optional<ReplayCounts>> Replay::End(archive::Archive& archive) {
  if (records_.empty()) return std::optional<ReplayCounts>();
  archive::ReplayOutcome outcome;
  for (const Record& record : records_) {
    // What was refused first and handed out later, or the other way round, is met again: it stays.
    if (record.refused) {
      outcome.refused.push_back(record.id);
    } else if (record.superseded) {
      outcome.superseded.push_back(record.id);
    } else if (record.handed_out || record.proof.kind == ReplayProof::Kind::kUnlessRefused) {
      outcome.stored.push_back(record.id);
    } else {
      outcome.missing.push_back(record.id);
    }
  }
  const auto count = [](const std::vector<std::int64_t>& ids) {
    return static_cast<std::int64_t>(ids.size());
  };
  CQD_RETURN_IF_ERROR(archive.quarantine().EndReplay(outcome));
  return std::optional(ReplayCounts{.stored = count(outcome.stored),
                                    .refused = count(outcome.refused) + count(outcome.superseded),
                                    .missing = count(outcome.missing)});
}

}  // namespace cqd::integration
