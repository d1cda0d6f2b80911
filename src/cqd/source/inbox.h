// Where reports wait: every accepted report lies on disk, byte for byte, before its sender hears
// "accepted".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "source/report.h"

namespace cqd::source {

/// What became of one document.
enum class ReceiptStatus : std::uint8_t {
  kAccepted,   ///< stored; the next integration run makes streams of it
  kDuplicate,  ///< the same document, or the same SIP transaction within 32 s, is here already: its
               ///< id is given
  kRejected,   ///< stored, but not readable: the next integration run puts it into quarantine with
               ///< the reason
  kRefused,    ///< not stored: over a size limit
};
/// "accepted", "duplicate", "rejected", "refused".
std::string_view ReceiptStatusName(ReceiptStatus status);

/// One document of what was sent.
struct Receipt {
  std::int64_t id = 0;  ///< stable number of the stored report; 0 when refused
  ReceiptStatus status = ReceiptStatus::kAccepted;
  std::string format;  ///< "vq_rtcpxr"; "" when nobody knows it
  std::string reason;  ///< why rejected or refused, safe to show
};

/// A stored report.
struct StoredReport {
  std::int64_t id = 0;
  std::int64_t position = 0;  ///< its place in the queue; a requeued report gets a new one
  UtcTime received_at;
  std::string remote;  ///< who sent it, as the door knows it ("10.0.0.7", a file name)
  std::string content_type;
  std::string format;  ///< reader that knew it when it arrived
  std::string body;
};

/// A call as the inbox numbers it: both numbers never change, whatever comes later.
struct StoredCall {
  std::int64_t seq = 0;  ///< stable number, StreamKey::session_seq
  UtcTime session_time;  ///< receive time of the call's first report
  std::string key;
};

/// One report belongs to one call: what the collector found when it read it.
struct CallOfReport {
  std::int64_t report_id = 0;
  UtcTime received_at;
  std::string call_key;
};

struct InboxOptions {
  ParseLimits limits;
  /// A SIP sender repeats an unanswered request for this long. Source: RFC 3261 section 17.1.2.2,
  /// timer F (64 x T1 of 500 ms).
  Duration retransmission_window = std::chrono::seconds(32);
};

/// Reports of one call that are looked at. Ours: an interval report every 5 seconds for half a day;
/// more is an attack, and would make every new report of the call dearer than the one before.
inline constexpr std::int64_t kReportsPerCallMax = 10'000;

/// Durable store of raw reports. Threads: all methods from any thread.
class Inbox {
 public:
  /// Opens or makes `path`. Errors: kUnimplemented (written by a newer version), kCorruption,
  /// kDiskFull, kNotFound (no folder).
  static Result<std::unique_ptr<Inbox>> Open(const std::string& path,
                                             const InboxOptions& options = {});
  virtual ~Inbox() = default;
  /// How much of a report is read: the same when it arrives and when streams are made of it.
  virtual const ParseLimits& limits() const = 0;

  /// Takes what a sender sent: one receipt a document (a body may hold several). When it returns,
  /// everything that was accepted or rejected is on disk (synchronous=FULL); calls at the same time
  /// share one write. Errors: kResourceExhausted (over the size limit, or a single document over
  /// the limit of its format; the message names it), kInvalidArgument (empty body), kDiskFull,
  /// kUnavailable. Nothing is stored then. Cost: reading the report plus a share of one disk write.
  virtual Result<std::vector<Receipt>> Accept(std::string_view bytes, std::string_view content_type,
                                              std::string_view remote, UtcTime received_at) = 0;

  /// Reports with a position greater than `after`, in order: at most `most`, and at most 16 MiB of
  /// bodies (but at least one).
  virtual Result<std::vector<StoredReport>> ReadQueue(std::int64_t after, std::size_t most) = 0;
  /// Greatest position given so far; 0 for a new inbox.
  virtual Result<std::int64_t> LastPosition() = 0;
  /// Numbers the calls of these reports, durably; known calls keep their number and time. Returns
  /// one call for each element, in its order.
  virtual Result<std::vector<StoredCall>> AssignCalls(std::span<const CallOfReport> reports) = 0;
  /// Stored reports of a call, newest first, at most kReportsPerCallMax.
  virtual Result<std::vector<StoredReport>> ReportsOfCall(std::int64_t call_seq) = 0;
  /// Errors: kNotFound.
  virtual Result<StoredReport> ReadReport(std::int64_t id) = 0;

  /// Reports after that position.
  virtual Result<std::int64_t> CountPending(std::int64_t after) = 0;
  /// When the oldest report after that position was received; nullopt when there is none.
  virtual Result<std::optional<UtcTime>> OldestPending(std::int64_t after) = 0;
  /// When the newest report was received.
  virtual Result<std::optional<UtcTime>> NewestReceived() = 0;

  /// Puts reports at the end of the queue again (after a reader was corrected). Unknown ids are
  /// left out; returns those that were there, ascending.
  virtual Result<std::vector<std::int64_t>> Requeue(std::span<const std::int64_t> ids) = 0;
  /// Deletes calls whose reports were all received before `before` and lie at or before position
  /// `integrated`, with their reports, and unreadable reports of that age. A call with one newer
  /// report stays whole, so that its streams can be made again. Returns how many reports went.
  virtual Result<std::int64_t> DropReceivedBefore(UtcTime before, std::int64_t integrated) = 0;
};

}  // namespace cqd::source
