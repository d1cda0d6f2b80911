// How good a session was, from the path between its ends; and which flaw hit it.
#pragma once

#include "base/time.h"
#include "simulate/internal/party.h"
#include "simulate/internal/random.h"

namespace cqd::simulate {

/// What is wrong with one direction of a session.
enum class Flaw { kNone, kLoss, kJitter, kRoundTrip, kConcealment, kDegradation };

/// The whole session: typical values and the flaw of each direction.
struct PathQuality {
  double round_trip_ms = 0;
  double jitter_ms = 0;
  double loss_ratio = 0;
  Flaw from_caller = Flaw::kNone;
  Flaw from_callee = Flaw::kNone;
  bool poor() const { return from_caller != Flaw::kNone || from_callee != Flaw::kNone; }
};

/// Probabilities of the planted faults: a call through the fault is poor with this probability, on
/// top of what it would be without. docs/simulate.md states them; the tests measure them.
inline constexpr double kBadBuildingPoor = 0.32;
inline constexpr double kBadAccessPointPoor = 0.50;
inline constexpr double kBadDriverPoor = 0.40;
inline constexpr double kCongestionPoor = 0.55;

/// Draws the path of a session received at `at`.
PathQuality DrawPath(const Organisation& organisation, const Party& caller, const Party& callee,
                     std::uint64_t seed, UtcTime at);

/// One direction of audio, as drawn. Good unless `flaw` says otherwise: then exactly one or two of
/// the limits of reference/cube-model.md 3.1 are broken. Integers in the scale of their columns.
struct AudioQuality {
  int jitter_ms = 0, jitter_ms_max = 0;
  int loss_e4 = 0, loss_e4_max = 0;  ///< ratio x 10^4
  int round_trip_ms = 0, round_trip_ms_max = 0;
  int degradation_e2 = 0, degradation_e2_max = 0;  ///< MOS x 10^2
  int concealed_e2 = 0;                            ///< ratio x 10^2
  int network_mos_e2 = 0, network_mos_e2_min = 0;
};
AudioQuality DrawAudio(const PathQuality& path, Flaw flaw, Random& random);

/// One direction of video or video-based sharing.
struct VideoQuality {
  int jitter_ms = 0, round_trip_ms = 0, loss_e4 = 0;
  double post_fec_loss = 0;     ///< ratio
  int local_frame_loss_e4 = 0;  ///< percent x 10^4
  double frame_rate = 0;        ///< received
  double low_frame_rate_percent = 0, dynamic_capability_percent = 0;
};
VideoQuality DrawVideo(const PathQuality& path, Flaw flaw, Random& random);

/// One direction of application sharing.
struct SharingQuality {
  int jitter_ms = 0, round_trip_ms = 0;
  double loss = 0, spoiled_percent = 0, relative_one_way_s = 0, tile_latency_ms = 0;
};
SharingQuality DrawSharing(const PathQuality& path, Flaw flaw, Random& random);

}  // namespace cqd::simulate
