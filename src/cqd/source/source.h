// What comes in. A source hands out finished streams and the position up to which it is complete;
// the integration run writes both. A source never writes to the archive itself.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/key_space.h"
#include "model/repair.h"
#include "model/stream.h"

namespace cqd::source {

/// A batch of finished streams. Whole sessions only: all streams of a session stand in one batch,
/// classified (Field::kLegClass) and checked.
struct Batch {
  std::vector<model::StreamRow> rows;
  std::vector<model::RejectedRecord> rejected;
  /// When set: everything up to here has been handed out; safe to continue after it. The last batch
  /// of a read has one: what follows the last watermark is not stored.
  std::optional<std::string> watermark;
  std::int64_t source_rows_read = 0;  ///< rows or reports fetched for this batch
  std::int64_t bytes_read = 0;        ///< 0 when unknown
};

/// How far a read is: `total` only when it is known, never invented.
struct ReadProgress {
  std::int64_t done = 0;
  std::optional<std::int64_t> total;
  std::string unit;  ///< "streams", "reports", "windows"
};

/// What a look at the source found.
struct Probe {
  UtcTime at;
  /// Newest record there, by the source's trusted time; nullopt when it is empty.
  std::optional<UtcTime> last_record_at;
  std::optional<Duration> clock_skew;  ///< source clock minus ours
  std::optional<std::int64_t> backlog_records;
  std::vector<std::string> remarks;  ///< missing tables and columns, in words for an operator
};

/// How it shows that a record which was set aside has been stored after all.
struct ReplayProof {
  enum class Kind : std::uint8_t {
    kNone,           ///< never: the source no longer has it, or its key does not name a stream
    kStream,         ///< the stream with this key is handed out
    kUnlessRefused,  ///< it is handed out, and not as a rejected record
  };
  Kind kind = Kind::kNone;
  model::StreamKey stream = {};  ///< for kStream
};

/// Where a source must be read from so that it hands out records again.
struct Rewound {
  std::optional<std::string> watermark;  ///< at or before the one it stands at
  std::vector<ReplayProof> proofs;       ///< one a record, in order
};

/// Receives batches in order; an error stops the read and is returned by it.
using BatchSink = std::function<Status(Batch&&)>;
using ProgressSink = std::function<void(const ReadProgress&)>;

struct ReadContext {
  model::SourceId id;
  model::KeyInterner& interner;
  const CancelToken& cancel;
  const ProgressSink& progress;
};

/// One configured source. Threads: one call at a time.
class Source {
 public:
  virtual ~Source() = default;
  virtual const std::string& name() const = 0;
  /// "qoe_metrics" or "collector".
  virtual std::string_view kind() const = 0;
  /// Errors: kUnavailable (not reachable), kUnauthenticated (wrong password), kFailedPrecondition
  /// (not the database that was expected; the message names what is missing).
  virtual Result<Probe> LookAt() = 0;
  /// The same; a source whose other side may be slow to answer gives up within 2 s of a cancel.
  /// Errors: also kCancelled.
  virtual Result<Probe> LookAtUnless(const CancelToken& cancel) {
    CQD_RETURN_IF_ERROR(cancel.Check());
    return LookAt();
  }
  /// Hands out everything after `watermark` (nullopt: from the beginning), a margin behind it
  /// again. Errors: as LookAt, kCancelled, and what `sink` returns. What was handed out before an
  /// error stays valid.
  virtual Status Read(const std::optional<std::string>& watermark, const ReadContext& context,
                      const BatchSink& sink) = 0;
  /// Makes the next Read from the position it gives hand out the records with these keys
  /// (RejectedRecord::record_key) again, as far as the source still has them. `watermark` is where
  /// it stands. Rewinding twice does no harm. Errors: as LookAt, kInvalidArgument (watermark).
  virtual Result<Rewound> Rewind(model::SourceId id, std::span<const std::string> record_keys,
                                 const std::optional<std::string>& watermark) {
    (void)id;
    return Rewound{watermark, std::vector<ReplayProof>(record_keys.size())};
  }
  /// Lets go of what is no longer needed once everything up to `watermark` is durable in the
  /// archive. Called after each read that went well. Errors: as LookAt.
  virtual Status Tidy(const std::string& watermark) {
    (void)watermark;
    return OkStatus();
  }
};

}  // namespace cqd::source
