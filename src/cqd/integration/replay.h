// Reads quarantined records again, within an archive run: the middle step of a replay
// (archive/quarantine.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "archive/archive.h"
#include "base/result.h"
#include "source/source.h"

namespace cqd::integration {

/// How many records a replay stored, and how many stay.
struct ReplayCounts {
  std::int64_t stored = 0, refused = 0, missing = 0;
};

/// One source's replay in one run. Nothing is decided before everything that the source handed out
/// is durable: a run that fails, is cancelled or dies leaves every wish as it was, and the next run
/// begins again. A record leaves the quarantine only when it was seen to be stored, because it may
/// be the last copy. Threads: one.
class Replay {
 public:
  /// Takes the wishes of `source` and makes it hand those records out again. Without wishes it
  /// costs one look into an index. Errors: of the archive and of the source.
  static Result<Replay> Begin(const archive::Archive& archive, source::Source& source,
                              model::SourceId id, const std::optional<std::string>& watermark);
  /// Where the source is to be read from.
  const std::optional<std::string>& watermark() const { return watermark_; }
  /// Looks at what the source hands out.
  void Note(const source::Batch& batch);
  /// Stores what became of the records; nullopt when there was no wish. Call it when all batches
  /// have been committed.
  Result<std::optional<ReplayCounts>> End(archive::Archive& archive);

 private:
  struct Record {
    std::int64_t id = 0;
    source::ReplayProof proof;
    bool handed_out = false;
    bool refused = false;     ///< for the reason it stands there for
    bool superseded = false;  ///< for another reason
  };
  std::optional<std::string> watermark_;
  std::vector<Record> records_;
  /// Places in records_.
  std::vector<std::pair<model::StreamKey, std::size_t>> by_stream_;  ///< sorted
  std::unordered_multimap<std::string, std::size_t> by_key_;
  std::vector<std::string> reasons_;  ///< of records_
};

}  // namespace cqd::integration
