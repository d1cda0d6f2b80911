// Fills a QoEMetrics database with the calls of a believable organisation, all at once or as time
// goes by. What is in it, and what reports must find: docs/simulate.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/cancel.h"
#include "base/result.h"
#include "base/time.h"
#include "simulate/organisation.h"
#include "simulate/writer.h"

namespace cqd::simulate {

struct SimulateOptions {
  /// Another seed: other people and other calls at the same places.
  std::uint64_t seed = 1;
  /// Server time, half-open; begin not before 1990, end not after 2100.
  TimeRange range;
  /// Streams to reach over the range, about (3 % for large counts). Ignored when calls_per_week is
  /// set.
  std::int64_t target_streams = 200'000;
  /// Calls begun in an average week; a call gives about kStreamsPerCall streams. Use it instead of
  /// the target when two runs over different ranges must agree.
  std::optional<double> calls_per_week;
  /// Calls begun in ten minutes at least, from a day before the range's end on and in all that
  /// follows, whatever the hour: so that a demo shows new calls at night too. 0 to 100,000.
  double live_calls_per_slot = 0;
  /// Employees, 50 to 1,000,000; larger: more distinct users, machines and addresses.
  std::int32_t user_count = 3000;
  /// Streams between two commits; larger: faster, more to repeat after a stop.
  std::int64_t streams_per_commit = 100'000;
};

/// Seven months that end at `now`: what the portal shows at most (reference/cube-model.md 1).
TimeRange DefaultRange(UtcTime now);

/// What a run wrote.
struct SimulateReport {
  SimulationState state;  ///< where the database stands now
  std::int64_t sessions = 0;
  std::int64_t audio_streams = 0, video_streams = 0, sharing_streams = 0;
  std::int64_t completed_sessions = 0;      ///< earlier sessions whose second report came now
  std::int64_t half_reported_sessions = 0;  ///< new sessions of which one report is known so far
  std::int64_t absurd_clocks = 0, mid_call_sessions = 0, feedbacks = 0;
  std::int64_t rows = 0;  ///< of all tables
  std::int64_t streams() const { return audio_streams + video_streams + sharing_streams; }
};

/// Called about every 200 ms of work with the share done, 0 to 1, and the counts so far.
using Progress = std::function<void(double share, const SimulateReport& so_far)>;

/// Creates the schema, the lookup tables and all calls of the range. A report that arrived before
/// the end of the range is in; one that is still under way is not. Errors: kInvalidArgument (range,
/// counts; names the field), kAlreadyExists (the database holds a simulation: go on with
/// SimulateFollow), kCancelled (what was committed stays; SimulateFollow goes on from there), and
/// those of the sink.
Result<SimulateReport> Simulate(const SimulateOptions& options, QoeSink& sink,
                                const CancelToken& cancel, const Progress& progress = {});

/// Adds what was received between the stored state and `now`: new calls, and the second reports of
/// earlier ones. The seed and the intensity come from the database, so that pieces and one long
/// run give the same rows. Call it again and again for a source that lives; a `now` before the
/// stored state changes nothing.
/// Errors: kFailedPrecondition (the database holds no simulation), otherwise as Simulate.
Result<SimulateReport> SimulateFollow(QoeSink& sink, UtcTime now, const CancelToken& cancel,
                                      const Progress& progress = {});

}  // namespace cqd::simulate
