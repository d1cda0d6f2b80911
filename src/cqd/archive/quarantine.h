// What could not be stored: kept whole, with a reason, until it is read again or dropped.
//
// Tables `quarantine` and `quarantine_total` of main.sqlite, docs/formats/archive.md. A replay goes
// in three steps: somebody asks for it (RequestReplay, at any time), the next archive run reads the
// records again (integration/replay.h), and tells what became of them (EndReplay). The wish is on
// disk, so it survives a crash and a restart between the steps.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace cqd::archive {

/// Where a record stands on its way back.
enum class ReplayState : std::uint8_t {
  kNone,       ///< nobody asked
  kRequested,  ///< the next archive run reads it again
  kRefused,    ///< read again, and still not right
  kMissing,    ///< its source no longer has it: what is here is the last copy
};
/// "", "requested", "refused", "missing".
std::string_view ReplayStateName(ReplayState state);

/// A quarantined record as listed.
struct QuarantineEntry {
  std::int64_t id = 0;
  std::string source;
  std::string reason;
  std::string record_key;
  std::string detail;
  std::string payload;       ///< the record as it came; only from Find
  std::int64_t run_seq = 0;  ///< the newest run that set it aside
  UtcTime first_at, last_at;
  std::int64_t occurrences = 1;  ///< how often it was met
  ReplayState replay = ReplayState::kNone;
};

/// Only records of this source, reason, run; nullopt: of all.
struct QuarantineFilter {
  std::optional<std::string> source, reason;
  std::optional<std::int64_t> run_seq;
};

/// All records of one source that were set aside for one reason.
struct QuarantineTotal {
  std::string source, reason;
  std::int64_t entries = 0;   ///< records there now
  std::int64_t refusals = 0;  ///< how often such a record was set aside, repetitions counted
  std::int64_t evicted = 0;   ///< records that had to go for want of room
  UtcTime first_at, last_at;  ///< of the first and the newest refusal
  std::vector<std::int64_t> sample_ids;  ///< newest first, at most kSamplesMax
};
inline constexpr std::size_t kSamplesMax = 3;

/// A record whose replay was asked for.
struct ReplayRecord {
  std::int64_t id = 0;
  std::string reason, record_key;
};

/// What became of the records of a replay, by id. Stored ones leave the quarantine; so do
/// superseded ones, which were refused again for another reason and stand there under it.
struct ReplayOutcome {
  std::vector<std::int64_t> stored, superseded, refused, missing;
};

/// Threads: any; work on many records is done in pieces, so that runs and queries never wait for
/// long. Errors of all: kUnavailable, kCorruption, kDiskFull (what changes something).
class Quarantine {
 public:
  virtual ~Quarantine() = default;
  /// Newest first, at most `most`, without payloads; `before_id` 0 starts at the newest, else only
  /// older ones. Cost: by index, independent of how many there are.
  virtual Result<std::vector<QuarantineEntry>> List(const QuarantineFilter& filter,
                                                    std::size_t most,
                                                    std::int64_t before_id) const = 0;
  /// One record with its payload. Errors: kNotFound.
  virtual Result<QuarantineEntry> Find(std::int64_t id) const = 0;
  /// Which of these ids do not exist.
  virtual Result<std::vector<std::int64_t>> Unknown(std::span<const std::int64_t> ids) const = 0;
  /// By source and reason, in the order of their names. Cost: independent of how many there are.
  virtual Result<std::vector<QuarantineTotal>> Totals() const = 0;

  /// Forgets these records and returns how many there were. With a filter of source and reason (or
  /// of nothing) the count of evicted ones is forgotten too.
  virtual Result<std::int64_t> Drop(std::span<const std::int64_t> ids) = 0;
  virtual Result<std::int64_t> Drop(const QuarantineFilter& filter) = 0;

  /// Marks records so that the next archive run reads them again; returns how many are marked.
  virtual Result<std::int64_t> RequestReplay(std::span<const std::int64_t> ids) = 0;
  virtual Result<std::int64_t> RequestReplay(const QuarantineFilter& filter) = 0;
  /// The marked records of a source, oldest first. Memory: about 150 bytes a record.
  virtual Result<std::vector<ReplayRecord>> Requested(const std::string& source) const = 0;
  /// Takes what became of them; ids that do not exist any more are fine.
  virtual Status EndReplay(const ReplayOutcome& outcome) = 0;
};

}  // namespace cqd::archive
