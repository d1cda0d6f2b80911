// From a window of fact rows to finished streams.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/repair.h"
#include "model/stream.h"
#include "source/internal/qoe_dictionary.h"
#include "source/internal/qoe_schema.h"
#include "source/internal/qoe_window.h"

namespace cqd::source::internal {

/// Streams and records set aside; whole sessions only.
struct Joined {
  std::vector<model::StreamRow> rows;
  std::vector<model::RejectedRecord> rejected;
};

/// Rows of a joined batch, at most about this many (a session is never split).
inline constexpr std::size_t kBatchRows = 4096;

/// Joins Session, MediaLine, the stream tables, signals, events and feedback by key. Threads: one
/// at a time.
class Joiner {
 public:
  /// `now`: session times more than a day later are absurd.
  Joiner(const Schema& schema, DictionaryCache& dictionaries, model::SourceId source, UtcTime now);

  /// Source keys of the window that the dictionaries do not know yet, each list non-empty.
  std::vector<std::pair<QoeDictionary, std::vector<std::int64_t>>> UnknownKeys(
      const Window& window) const;

  /// Joins the window and hands out batches of about kBatchRows rows; the last one may be empty.
  /// Precondition: UnknownKeys were loaded. Errors: those of `sink`.
  Status Join(const Window& window, const std::function<Status(Joined&&, bool last)>& sink);

 private:
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool empty() const { return begin == end; }
  };
  using Spans = std::array<Span, kQoeTableCount>;

  /// Moves every table's span to the rows of the next session that has a stream; false at the end.
  bool NextSession(const Window& window, Spans& spans) const;
  void JoinSession(const Window& window, const Spans& spans, Joined& out);
  void AddStream(const Window& window, const Spans& spans, QoeTable table, std::size_t row,
                 Joined& out);
  /// Place of the column that becomes `field`, -1 when there is none.
  int PlaceOf(QoeTable table, model::Field field) const;
  std::size_t PickPayload(QoeTable table, const TableRows& rows, std::size_t begin,
                          std::size_t end) const;
  void SetFields(QoeTable table, const TableRows& rows, std::size_t row, model::Side side,
                 model::StreamRow& out);
  void SetField(const ColumnMapping& column, model::Field field, const TableRows& rows,
                std::int64_t cell, model::StreamRow& out);
  void SetKey(const ColumnMapping& column, model::Field field, std::int64_t cell,
              model::StreamRow& out);
  void SetSubnets(const TableRows& rows, std::size_t row, model::StreamRow& out);
  void SetFeedback(const Window& window, const Spans& spans, model::StreamRow& out);
  void SetTokens(const Window& window, Span span, model::Side side, model::StreamRow& out);
  std::optional<model::Side> SideOf(std::int64_t user_key, const TableRows& sessions,
                                    std::size_t row, const model::StreamRow& out);
  void Reject(const Window& window, const Spans& spans, QoeTable table, std::size_t row,
              model::RejectReason reason, std::string detail, Joined& out) const;
  std::string JsonOf(QoeTable table, const TableRows& rows, std::size_t row) const;

  const Schema& schema_;
  DictionaryCache& dictionaries_;
  const model::SourceId source_;
  const UtcTime now_;
  /// The session's row with its media line, signals, events and feedback, by label: made once,
  /// copied for each stream.
  struct Line {
    std::int64_t label;
    model::StreamRow row;
  };
  std::vector<Line> lines_;
};

}  // namespace cqd::source::internal
