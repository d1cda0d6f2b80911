// Turns planned sessions into rows of the fact tables.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "simulate/calls.h"
#include "simulate/internal/columns.h"
#include "simulate/internal/quality.h"
#include "simulate/simulate.h"
#include "simulate/writer.h"

namespace cqd::simulate {

using LineKey = std::array<Cell, 3>;

/// Everything about a session that its rows need; made anew from its seed whenever needed.
struct SessionFacts {
  const PlannedSession* plan = nullptr;
  Party caller, callee;
  PathQuality path;
  bool caller_reported = false, callee_reported = false;
  bool measured = true;  ///< false: too short, or a client without metrics: unclassified
  bool mid_call = false;
  bool absurd_clock = false;
  UtcTime start, end;  ///< on the client's clock
  bool has_video = false, has_panorama = false, has_sharing = false, has_vbss = false;
  bool has_audio = true;
};

/// Builds the facts; `until`: reports that arrived before this time are known.
SessionFacts MakeFacts(const Organisation& organisation, const PlannedSession& plan, UtcTime until);

class SessionWriter {
 public:
  SessionWriter(const Organisation& organisation, QoeSink& sink, SimulateReport& report)
      : org_(organisation), sink_(sink), report_(report) {}

  /// Keys of the slot's conferences and correlations follow these numbers. `resumed`: a part of the
  /// slot is in the database already, and with it some of these rows.
  void BeginSlot(const SlotPlan& plan, std::int64_t slot, std::int64_t conference_base,
                 std::int64_t correlation_base, bool resumed);
  /// All rows of a session, as known at `until`.
  Status WriteNew(const PlannedSession& plan, UtcTime until);
  /// The rows that the second report completes.
  Status Complete(const PlannedSession& plan);

 private:
  Status Put(Table table, std::span<const Cell> row, bool replace) {
    return replace ? sink_.Replace(table, row) : sink_.Write(table, row);
  }
  /// A row of a line: it may be there already when a second report completes the session.
  Status PutLineRow(Table table, std::span<const Cell> row) { return Put(table, row, completing_); }
  Status WriteDialogAndSession(const SessionFacts& facts);
  Status WriteConference(const PlannedSession& plan);
  Status WriteCorrelation(const PlannedSession& plan);
  Status WriteFeedback(const SessionFacts& facts, bool from_caller);
  Status WriteLines(const SessionFacts& facts);
  Status WriteAudioLine(const SessionFacts& facts);
  Status WriteVideoLine(const SessionFacts& facts, int label);
  Status WriteSharingLine(const SessionFacts& facts);
  /// `poor`: 1, 0, or -1 for unknown.
  Status WriteMediaLine(const SessionFacts& facts, int label, int poor);
  Status WriteAudioSignal(const SessionFacts& facts, bool from_caller);
  Status WriteAudioEvents(const SessionFacts& facts, bool from_caller);
  Status WriteVideoEvents(const SessionFacts& facts, int label, bool from_caller);

  const Organisation& org_;
  QoeSink& sink_;
  SimulateReport& report_;
  std::int64_t slot_ = 0, conference_base_ = 0, correlation_base_ = 0;
  bool resumed_ = false, completing_ = false;
  std::vector<bool> conference_written_, correlation_written_;
  std::string dialog_id_, text_;
};

}  // namespace cqd::simulate
