#include "simulate/internal/quality.h"

#include <algorithm>

namespace cqd::simulate {
namespace {

/// What an access adds to a path, and how often it alone spoils a call.
struct AccessQuality {
  double round_trip_ms, jitter_ms, loss_ratio, poor;
};
AccessQuality QualityOf(Access access) {
  switch (access) {
    case Access::kServer:
      return {0.5, 0.3, 0.00002, 0.003};
    case Access::kOfficeWired:
      return {1.5, 1.0, 0.0001, 0.012};
    case Access::kOfficeWifi:
      return {5, 4, 0.001, 0.034};
    case Access::kVpn:
      return {35, 5, 0.002, 0.050};
    case Access::kHomeWired:
      return {28, 3, 0.001, 0.030};
    case Access::kHomeWifi:
      return {34, 6, 0.003, 0.060};
    case Access::kCellular:
      return {75, 11, 0.006, 0.110};
  }
  return {};
}

double DistanceMs(const Party& a, const Party& b) {
  if (a.region != b.region) {
    // EMEA - AMER, EMEA - APAC, AMER - APAC.
    return a.region + b.region == 1 ? 95 : a.region + b.region == 2 ? 165 : 210;
  }
  return a.site >= 0 && a.site == b.site ? 2 : 22;
}

Flaw AnyFlaw(Random& random) {
  const double kind = random.Uniform();
  return kind < 0.35   ? Flaw::kJitter
         : kind < 0.55 ? Flaw::kLoss
         : kind < 0.68 ? Flaw::kRoundTrip
         : kind < 0.88 ? Flaw::kConcealment
                       : Flaw::kDegradation;
}

bool CrossesWan(const Organisation& org, const Party& a, const Party& b) {
  return (a.site == org.congested_site) != (b.site == org.congested_site);
}

}  // namespace

PathQuality DrawPath(const Organisation& org, const Party& caller, const Party& callee,
                     std::uint64_t seed, UtcTime at) {
  Random random(seed);
  const AccessQuality a = QualityOf(caller.access);
  const AccessQuality b = QualityOf(callee.access);
  PathQuality path;
  const double stretch = 0.8 + 0.4 * random.Exponential();
  const double shake = 0.6 + 0.5 * random.Exponential();
  const double drop = random.Exponential();
  path.round_trip_ms = (a.round_trip_ms + b.round_trip_ms + DistanceMs(caller, callee)) * stretch;
  path.jitter_ms = (a.jitter_ms + b.jitter_ms) * shake;
  path.loss_ratio = (a.loss_ratio + b.loss_ratio) * drop;

  // Every cause takes its own numbers, so that one more cause changes nothing else.
  const bool by_chance = random.Chance(a.poor + b.poor);
  const Flaw chance_flaw = AnyFlaw(random);
  const double direction = random.Uniform();
  const bool by_building =
      random.Chance(kBadBuildingPoor) &&
      (caller.building == org.bad_building || callee.building == org.bad_building);
  const bool by_access_point = random.Chance(kBadAccessPointPoor) &&
                               (caller.at_bad_access_point || callee.at_bad_access_point);
  const bool by_driver = random.Chance(kBadDriverPoor);
  const bool congested = random.Chance(kCongestionPoor) && CrossesWan(org, caller, callee) &&
                         IsCongestedWeek(at) &&
                         IsWorkingTime(org.sites[static_cast<std::size_t>(org.congested_site)], at);

  if (by_chance) {
    if (direction < 0.7) path.from_caller = chance_flaw;
    if (direction > 0.4) path.from_callee = chance_flaw;
  }
  if (by_driver && caller.has_bad_driver) path.from_caller = Flaw::kJitter;
  if (by_driver && callee.has_bad_driver) path.from_callee = Flaw::kJitter;
  if (by_access_point) path.from_caller = path.from_callee = Flaw::kJitter;
  if (by_building) path.from_caller = path.from_callee = Flaw::kLoss;
  if (congested) path.from_caller = path.from_callee = Flaw::kRoundTrip;
  return path;
}

AudioQuality DrawAudio(const PathQuality& path, Flaw flaw, Random& random) {
  AudioQuality q;
  // Good values stay under the limits with a margin: what is poor is poor by a flaw.
  const double jitter = std::min(path.jitter_ms * (0.7 + 0.6 * random.Uniform()), 28.0);
  const double loss = std::min(path.loss_ratio * (0.5 + random.Uniform()), 0.05);
  const double round_trip = std::min(path.round_trip_ms * (0.95 + 0.1 * random.Uniform()), 480.0);
  const double own_degradation = 0.05 + 0.10 * random.Uniform();
  const double excess = random.Exponential();
  const double peak = random.Exponential();
  q.jitter_ms = static_cast<int>(jitter + 0.5);
  q.loss_e4 = static_cast<int>(loss * 1e4 + 0.5);
  q.round_trip_ms = static_cast<int>(round_trip + 0.5);
  q.concealed_e2 = static_cast<int>(std::min(loss * 0.8 + jitter * 0.0005, 0.06) * 100 + 0.5);
  double degradation = std::min(own_degradation + loss * 7 + jitter * 0.012, 0.95);
  switch (flaw) {
    case Flaw::kNone:
      break;
    case Flaw::kLoss:
      q.loss_e4 = static_cast<int>(std::min(0.11 + 0.06 * excess, 0.6) * 1e4);
      degradation = 1.1 + std::min(0.5 * excess, 1.9);
      break;
    case Flaw::kJitter:
      q.jitter_ms = 32 + static_cast<int>(std::min(22 * excess, 400.0));
      degradation = std::max(degradation, 0.6);
      break;
    case Flaw::kRoundTrip:
      q.round_trip_ms = 520 + static_cast<int>(std::min(180 * excess, 3000.0));
      break;
    case Flaw::kConcealment:
      q.concealed_e2 = 8 + static_cast<int>(std::min(5 * excess, 60.0));
      break;
    case Flaw::kDegradation:
      degradation = 1.05 + std::min(0.4 * excess, 1.9);
      break;
  }
  q.jitter_ms_max = q.jitter_ms + static_cast<int>(q.jitter_ms * (0.5 + peak));
  q.loss_e4_max = std::min(q.loss_e4 * 2 + static_cast<int>(30 * peak), 10'000);
  q.round_trip_ms_max = q.round_trip_ms + static_cast<int>(q.round_trip_ms * (0.1 + 0.5 * peak));
  q.degradation_e2 = static_cast<int>(degradation * 100 + 0.5);
  q.degradation_e2_max = std::min(q.degradation_e2 + 10 + static_cast<int>(60 * peak), 340);
  q.network_mos_e2 = 440 - q.degradation_e2;
  q.network_mos_e2_min = std::max(440 - q.degradation_e2_max, 100);
  return q;
}

VideoQuality DrawVideo(const PathQuality& path, Flaw flaw, Random& random) {
  VideoQuality q;
  const double excess = random.Exponential();
  const double kind = random.Uniform();
  q.jitter_ms = static_cast<int>(std::min(path.jitter_ms * (0.9 + random.Uniform()), 60.0) + 0.5);
  q.round_trip_ms = static_cast<int>(std::min(path.round_trip_ms, 480.0) + 0.5);
  const double loss = std::min(path.loss_ratio * (0.5 + random.Uniform()), 0.05);
  q.loss_e4 = static_cast<int>(loss * 1e4 + 0.5);
  q.post_fec_loss = loss * 0.3;
  q.local_frame_loss_e4 = static_cast<int>(std::min(loss * 100, 5.0) * 1e4);
  q.frame_rate = 15 + 15 * random.Uniform();
  q.low_frame_rate_percent = 3 * random.Uniform();
  q.dynamic_capability_percent = 4 * random.Uniform();
  if (flaw == Flaw::kNone) return q;
  if (kind < 0.4) {
    q.local_frame_loss_e4 = static_cast<int>(std::min(12 + 18 * excess, 95.0) * 1e4);
  } else if (kind < 0.75) {
    q.frame_rate = 6.5 / (1 + 0.3 * excess);
    q.low_frame_rate_percent = std::min(15 + 30 * excess, 100.0);
  } else {
    q.loss_e4 = static_cast<int>(std::min(0.12 + 0.06 * excess, 0.7) * 1e4);
    q.post_fec_loss = std::min(0.105 + 0.04 * excess, 0.6);
  }
  return q;
}

SharingQuality DrawSharing(const PathQuality& path, Flaw flaw, Random& random) {
  SharingQuality q;
  const double excess = random.Exponential();
  const double kind = random.Uniform();
  q.jitter_ms = static_cast<int>(std::min(path.jitter_ms, 60.0) + 0.5);
  q.round_trip_ms = static_cast<int>(std::min(path.round_trip_ms, 480.0) + 0.5);
  q.loss = std::min(path.loss_ratio, 0.05);
  q.spoiled_percent = 20 * random.Uniform();
  q.relative_one_way_s = 0.05 + path.round_trip_ms * 0.0006 + 0.3 * random.Uniform();
  q.tile_latency_ms = 40 + 140 * random.Uniform();
  if (flaw == Flaw::kNone) return q;
  if (kind < 0.5) {
    q.spoiled_percent = std::min(38 + 15 * excess, 98.0);
  } else if (kind < 0.8) {
    q.relative_one_way_s = 1.8 + 0.9 * excess;
  } else {
    q.tile_latency_ms = 420 + 200 * excess;
  }
  return q;
}

}  // namespace cqd::simulate
