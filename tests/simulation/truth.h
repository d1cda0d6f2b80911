// The independent model: what is true, from the full list of what happened. It keeps everything,
// remembers nothing derived and looks at all of it for every answer; slow and plain on purpose. It
// is written from reference/status-api.md and shares no rule with the product.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "integration/run.h"
#include "simulation/facts.h"

namespace cqd::simulation {

using integration::RunState;
using integration::Stage;

/// What truly happened to one run.
struct TrueRun {
  std::int64_t seq = 0;
  Stage stage = Stage::kArchive;
  RunState state = RunState::kQueued;
  UtcTime queued_at;
  std::optional<UtcTime> started_at, heartbeat_at, finished_at;
  std::optional<std::int64_t> duration_ms, wait_ms;
  /// True time since the beginning, whatever clocks showed, and the process it was in.
  Duration started_after{}, ended_after{};
  int boot = 0;
  integration::RunRows rows;
  std::optional<UtcTime> data_through;  ///< newest in the output that was not ahead of the clock
  bool data_through_uncertain = false;
  std::string error_class;  ///< "" without an error

  /// What the stored run must say of itself.
  Facts Stored() const;
};

/// When a stage is worth a worry; reference/status-api.md 3, freshness.
struct TrueRules {
  bool scheduled = true;
  Duration warn_after{}, error_after{};
};

/// The limits of docs/operations.md, "Limits".
inline constexpr Duration kHungAfter = std::chrono::minutes(30);
inline constexpr double kSloTarget = 0.99;
inline constexpr Duration kSloWindow = std::chrono::hours(24 * 30);
inline constexpr Duration kQuietAfter = std::chrono::hours(72);

/// What the product can know of a source, and no more.
struct TrueSource {
  std::string name;
  std::optional<bool> reachable;
  std::optional<UtcTime> last_contact_at, last_record_at;
  std::optional<std::int64_t> watermark, clock_skew_ms;
  std::string error = "null";
  bool may_be_quiet = true;
};

/// What is true now.
struct Truth {
  UtcTime now;
  Duration elapsed{};  ///< true time since the beginning
  UtcTime process_started_at;
  Duration booted_after{};  ///< true time of the newest start
  int boot = 0;
  /// When the clock was last set in this process, by its new time and by true time.
  std::optional<std::pair<UtcTime, Duration>> clock_set;
  TrueRules archive, cube;
  std::optional<UtcTime> archive_next_at;
  std::optional<UtcTime> paused_since;  ///< somebody holds the schedule
  std::vector<TrueSource> sources;
  /// A killed run left rows whose times nobody can know of: since then nothing newer came.
  bool data_through_uncertain = false;
  std::string zone = "UTC";
  std::vector<TrueRun> runs;  ///< all there ever were, by seq
  /// Retention has removed older ones, and a start since then has forgotten them: at least 1,000
  /// runs or 90 days are kept (reference/status-api.md 4 rule 6).
  std::int64_t oldest_known = 1;
  std::span<const TrueRun> Known() const {
    return std::span(runs).subspan(
        std::min(runs.size(), static_cast<std::size_t>(oldest_known - 1)));
  }

  TrueRun& Run(std::int64_t seq);
  /// The run of the stage that waits, or runs; nullptr when there is none.
  TrueRun* Queued(Stage stage);
  TrueRun* Running(Stage stage);

  /// What the status must say.
  Facts Status() const;
  /// What the published call must answer, to the letter.
  std::string Published() const;
};

/// Civil time in "UTC", "Asia/Kolkata" or "Europe/Paris", as "MM/DD/YYYY HH:MM:SS", by the laws of
/// these zones and without the machine's database.
std::string PublishedTime(UtcTime time, const std::string& zone);

}  // namespace cqd::simulation
