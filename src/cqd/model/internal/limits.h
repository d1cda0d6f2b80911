// The limits that make a stream poor, each with its source. Shared by the classes of streams
// (classification.cc) and the "poor due to" facts (derived.cc), so that the two cannot disagree.
#pragma once

#include <array>
#include <optional>

#include "model/stream.h"

namespace cqd::model {

/// A limit of one metric. A value exactly at the limit is good.
struct Limit {
  enum class PoorWhen : std::uint8_t { kAbove, kBelow };
  Field field;
  double limit;  ///< in the field's unit
  PoorWhen poor_when;
};

/// True when the row carries the metric.
inline bool Measured(const StreamRow& row, const Limit& limit) {
  return row.Has(limit.field);
}
/// True when the row carries the metric and it is worse than the limit. Exact at the limit: the
/// stored decimal and the limit's literal are both the double nearest to the same decimal.
inline bool Breaks(const StreamRow& row, const Limit& limit) {
  if (!Measured(row, limit)) return false;
  const double value = ToDouble(limit.field, row.Get(limit.field));
  return limit.poor_when == Limit::PoorWhen::kAbove ? value > limit.limit : value < limit.limit;
}

// Audio. Source: reference/cube-model.md 3.1 "Audio, on-premises", qoe-metrics-schema.md 7.
inline constexpr Limit kAudioDegradation{Field::kDegradation, 1.0, Limit::PoorWhen::kAbove};
inline constexpr Limit kAudioRoundTrip{Field::kRoundTrip, 500, Limit::PoorWhen::kAbove};
inline constexpr Limit kAudioPacketLoss{Field::kPacketLoss, 0.1, Limit::PoorWhen::kAbove};
inline constexpr Limit kAudioJitter{Field::kJitter, 30, Limit::PoorWhen::kAbove};
/// QoEMetrics stores two decimals, so from there this means 0.08 and up.
inline constexpr Limit kAudioConcealed{Field::kConcealed, 0.07, Limit::PoorWhen::kAbove};

/// The four of "JPDR": jitter, packet loss, degradation, round trip.
inline constexpr std::array kAudioJpdrLimits = {kAudioJitter, kAudioPacketLoss, kAudioDegradation,
                                                kAudioRoundTrip};

// Video. Source: reference/cube-model.md 3.1 "Video, Lync 2013 / SfB Server"; the numbers are the
// "acceptable" defaults of VideoMetricsThreshold, qoe-metrics-schema.md 5.
inline constexpr Limit kVideoPostFec{Field::kPostFecLoss, 0.1, Limit::PoorWhen::kAbove};
inline constexpr Limit kVideoLocalFrameLoss{Field::kLocalFrameLoss, 10, Limit::PoorWhen::kAbove};
inline constexpr Limit kVideoRecvFrameRate{Field::kRecvFrameRate, 7, Limit::PoorWhen::kBelow};
inline constexpr Limit kVideoInboundFrameRate{Field::kInboundFrameRate, 7, Limit::PoorWhen::kBelow};
inline constexpr Limit kVideoOutboundFrameRate{Field::kOutboundFrameRate, 7,
                                               Limit::PoorWhen::kBelow};
inline constexpr Limit kVideoLowFrameRate{Field::kLowFrameRate, 10, Limit::PoorWhen::kAbove};
inline constexpr Limit kVideoPacketLoss{Field::kVideoPacketLoss, 0.1, Limit::PoorWhen::kAbove};
inline constexpr Limit kVideoDynamicCapability{Field::kDynamicCapability, 10,
                                               Limit::PoorWhen::kAbove};
inline constexpr std::array kVideoLimits = {
    kVideoPostFec,    kVideoLocalFrameLoss,   kVideoRecvFrameRate,     kVideoLowFrameRate,
    kVideoPacketLoss, kVideoInboundFrameRate, kVideoOutboundFrameRate, kVideoDynamicCapability};

// Application sharing. Source: reference/cube-model.md 3.1 "Application sharing"; 36 % and 1.75 s
// are AppSharingMetricsThreshold's "acceptable" defaults, 400 ms is the later product's.
inline constexpr Limit kSharingSpoiledTile{Field::kSpoiledTile, 36, Limit::PoorWhen::kAbove};
inline constexpr Limit kSharingTileLatency{Field::kTileLatency, 400, Limit::PoorWhen::kAbove};
inline constexpr Limit kSharingRelativeOneWay{Field::kRelativeOneWay, 1.75,
                                              Limit::PoorWhen::kAbove};
inline constexpr std::array kSharingLimits = {kSharingSpoiledTile, kSharingTileLatency,
                                              kSharingRelativeOneWay};

// Video-based screen sharing: a ladder, the first metric that is there decides.
// Source: reference/cube-model.md 3.1 "VBSS, online" (the ladder of "Video, online 2018+" with
// frame rate 2). What the ladder calls the frame rate is the received one; where only the sender
// reported, its own rate stands for it.
inline constexpr Limit kVbssLocalFrameLoss{Field::kLocalFrameLoss, 50, Limit::PoorWhen::kAbove};
inline constexpr Limit kVbssInboundFrameRate{Field::kInboundFrameRate, 2, Limit::PoorWhen::kBelow};
inline constexpr Limit kVbssRecvFrameRate{Field::kRecvFrameRate, 2, Limit::PoorWhen::kBelow};
inline constexpr Limit kVbssOutboundFrameRate{Field::kOutboundFrameRate, 2,
                                              Limit::PoorWhen::kBelow};
inline constexpr Limit kVbssPostFec{Field::kPostFecLoss, 0.15, Limit::PoorWhen::kAbove};
inline constexpr std::array kVbssLadder = {kVbssLocalFrameLoss, kVbssInboundFrameRate,
                                           kVbssRecvFrameRate, kVbssOutboundFrameRate,
                                           kVbssPostFec};

/// The step of the ladder that decides this row; nullptr when the row carries none of its metrics.
inline const Limit* VbssDecidingLimit(const StreamRow& row) {
  for (const Limit& limit : kVbssLadder) {
    if (Measured(row, limit)) return &limit;
  }
  return nullptr;
}

}  // namespace cqd::model
