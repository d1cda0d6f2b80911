// What one quality report says, in one form for all formats, and the interface of a format. Adding
// a format is one small module and one line in ReportFormats().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/fields.h"

namespace cqd::source {

/// What a document is about. Only session and interval reports make streams.
enum class ReportKind : std::uint8_t {
  kSession,   ///< totals of a finished session; replaces intervals
  kInterval,  ///< a part of a session, or the session so far
  kAlert,     ///< a threshold was crossed; never a stream
  kFeedback,  ///< what the user thought of the call
  kCallInfo,  ///< who called whom; completes the ends of other reports
};

/// A text with its detail, as model/key_space.h defines them for the field's space.
struct ReportedText {
  std::string text;
  std::string detail;
  bool operator==(const ReportedText&) const = default;
};

/// Values by stored field, as the report gives them. Side fields stand under the caller's
/// enumerator (Field::kCallerUser means "the user of this end"). A field that was not reported is
/// not there.
struct FieldValues {
  /// In the unit of the field; NaN stands for "present, but not a number".
  std::map<model::Field, double> numbers;
  std::map<model::Field, ReportedText> texts;

  void SetNumber(model::Field field, std::optional<double> value) {
    if (value) numbers[field] = *value;
  }
  /// An empty text is no value.
  void SetText(model::Field field, std::string text, std::string detail = {}) {
    if (!text.empty()) texts[field] = {std::move(text), std::move(detail)};
  }
  bool empty() const { return numbers.empty() && texts.empty(); }
  bool operator==(const FieldValues&) const = default;
};

/// One end of a call, as a report names it.
struct ReportedEnd {
  /// What this end is called, strongest first, each with its kind ("tag:...", "user:...",
  /// "address:ip:port", "ssrc:n"): finds the same end in another report.
  std::vector<std::string> names;
  FieldValues values;
};

/// Who measured a stream.
enum class Observer : std::uint8_t {
  kReceiver,  ///< the receiving end reports what it got
  kSender,    ///< the sending end reports what it sent, and round trips
  kBoth,      ///< already merged by the sender of the report
  kRelayed,   ///< the receiver's figures as they came back to the sender (RemoteMetrics)
};

/// What a report says of one direction of one media line.
struct ReportedStream {
  int media_label = 0;  ///< model/stream.h kLabel...
  /// Tells parallel legs of a line apart (SDN: the ids of both ends); "" where a line has one leg.
  std::string leg;
  /// RTP sources of end 0 and end 1; 0 = unknown. They tell legs apart too.
  std::array<std::uint32_t, 2> ssrc = {0, 0};
  int sender = 0;  ///< index of the sending end, 0 or 1
  Observer observer = Observer::kReceiver;
  bool packet_loss_inferred =
      false;           ///< a loss of 0 that was not written, but follows from the format
  FieldValues values;  ///< stream fields
  std::array<FieldValues, 2> ends;  ///< side fields that hold for this line only
  /// Figures without a stored field (R values, jitter buffer), under the format's own names.
  std::map<std::string, std::string> extras;
};

/// What one end's user said of the call.
struct ReportedFeedback {
  std::string user;  ///< text form of KeySpace::kUser
  FieldValues values;
};

/// What one document (or one part of it) says of one call.
struct Report {
  std::string call_key;  ///< equal for all reports of a call; starts with the format's name
  ReportKind kind = ReportKind::kSession;
  /// Who sent it among the ends of the call: a newer report of the same reporter replaces the
  /// older.
  std::string reporter;
  /// Time the report itself carries (end of the period, time stamp); orders reports of one
  /// reporter.
  std::optional<UtcTime> document_time;
  std::optional<UtcTime> start, end;
  /// True when the format has start and end but this report did not fill them.
  bool times_missing = false;
  /// End 0 is the reporter (SDN: From), end 1 the other one.
  std::array<ReportedEnd, 2> ends;
  std::optional<int> caller;    ///< index of the end that started the call, when it is told
  bool reporter_is_end = true;  ///< end 0 sent this report itself (not a server about both)
  FieldValues call;             ///< stream fields that hold for the whole call
  std::vector<ReportedStream> streams;
  std::optional<ReportedFeedback> feedback;
};

/// How much of an input is read. Sources: reference/ingest-formats.md 3 (413 above 300 kB), 18
/// (depth, size).
struct ParseLimits {
  std::size_t report_bytes_max = 300'000;       ///< one report of an end point
  std::size_t document_bytes_max = 16U << 20U;  ///< a stream of messages, a log
  int depth_max = 64;                           ///< nesting of XML elements
  std::size_t reports_max = 10'000;             ///< reports in one document
};

/// One format. Threads: any; formats have no state.
class ReportFormat {
 public:
  virtual ~ReportFormat() = default;
  /// Stable name, stored with every report: "vq_rtcpxr".
  virtual std::string_view name() const = 0;
  /// Grows when the reader changes in a way that gives other streams.
  virtual int reader_version() const = 0;
  /// True when `body` looks like this format, whatever its label says. Cost: a search in the head
  /// of the body.
  virtual bool Recognises(std::string_view body) const = 0;
  /// True when `content_type` (lower-case, without parameters) names this format and no other.
  virtual bool IsContentType(std::string_view content_type) const = 0;
  /// Longest single document, in bytes.
  virtual std::size_t DocumentBytesMax(const ParseLimits& limits) const = 0;
  /// The documents in `bytes`, each readable alone; one element when there is nothing to split.
  /// Never loses a document: what cannot be told apart stays in one piece.
  virtual std::vector<std::string> Split(std::string_view bytes) const = 0;
  /// Reads one document. Errors: kInvalidArgument (not readable; the message says what and where),
  /// kFailedPrecondition (readable, but without any identity), kResourceExhausted (a limit, named).
  virtual Result<std::vector<Report>> Parse(std::string_view bytes,
                                            const ParseLimits& limits) const = 0;
};

/// Every format there is.
std::span<const ReportFormat* const> ReportFormats();
/// By looking first, then by content type; nullptr when nobody knows it.
const ReportFormat* FindFormat(std::string_view content_type, std::string_view body);
/// The format called `name`, or nullptr.
const ReportFormat* FormatByName(std::string_view name);

}  // namespace cqd::source
