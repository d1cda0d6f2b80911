// The limits that make a stream poor, each with its source. Shared by the classes of streams
// (classification.cc) and the "poor due to" facts (derived.cc), so that the two cannot disagree.
#pragma once

#include <array>
#include <optional>

#include "model/classifier.h"
#include "model/stream.h"

namespace cqd::model {

/// A limit of one metric. A value exactly at the limit is good.
struct Limit {
  enum class PoorWhen : std::uint8_t { kAbove, kBelow };
  LimitId id;
  Field field;
  double limit;  ///< the published one, in the field's unit
  PoorWhen poor_when;
};

/// True when the row carries the metric.
inline bool Measured(const StreamRow& row, const Limit& limit) {
  return row.Has(limit.field);
}
/// True when the row carries the metric and it is worse than the limit. Exact at the limit: the
/// stored decimal and the limit's literal are both the double nearest to the same decimal.
inline bool Breaks(const StreamRow& row, const Limit& limit, const Classifier& classifier) {
  if (!Measured(row, limit)) return false;
  const double value = ToDouble(limit.field, row.Get(limit.field));
  const double border = classifier.Of(limit.id);
  return limit.poor_when == Limit::PoorWhen::kAbove ? value > border : value < border;
}
/// By the published limit.
inline bool Breaks(const StreamRow& row, const Limit& limit) {
  return Breaks(row, limit, PublishedClassifier());
}

// Audio. Source: reference/cube-model.md 3.1 "Audio, on-premises", qoe-metrics-schema.md 7.
inline constexpr Limit kAudioDegradation{LimitId::kAudioDegradation, Field::kDegradation, 1.0,
                                         Limit::PoorWhen::kAbove};
inline constexpr Limit kAudioRoundTrip{LimitId::kAudioRoundTrip, Field::kRoundTrip, 500,
                                       Limit::PoorWhen::kAbove};
inline constexpr Limit kAudioPacketLoss{LimitId::kAudioPacketLoss, Field::kPacketLoss, 0.1,
                                        Limit::PoorWhen::kAbove};
inline constexpr Limit kAudioJitter{LimitId::kAudioJitter, Field::kJitter, 30,
                                    Limit::PoorWhen::kAbove};
/// QoEMetrics stores two decimals, so from there this means 0.08 and up.
inline constexpr Limit kAudioConcealed{LimitId::kAudioConcealed, Field::kConcealed, 0.07,
                                       Limit::PoorWhen::kAbove};

/// The four of "JPDR": jitter, packet loss, degradation, round trip.
inline constexpr std::array kAudioJpdrLimits = {kAudioJitter, kAudioPacketLoss, kAudioDegradation,
                                                kAudioRoundTrip};

// Video. Source: reference/cube-model.md 3.1 "Video, Lync 2013 / SfB Server"; the numbers are the
// "acceptable" defaults of VideoMetricsThreshold, qoe-metrics-schema.md 5.
inline constexpr Limit kVideoPostFec{LimitId::kVideoPostFec, Field::kPostFecLoss, 0.1,
                                     Limit::PoorWhen::kAbove};
inline constexpr Limit kVideoLocalFrameLoss{LimitId::kVideoLocalFrameLoss, Field::kLocalFrameLoss,
                                            10, Limit::PoorWhen::kAbove};
inline constexpr Limit kVideoRecvFrameRate{LimitId::kVideoRecvFrameRate, Field::kRecvFrameRate, 7,
                                           Limit::PoorWhen::kBelow};
inline constexpr Limit kVideoInboundFrameRate{LimitId::kVideoInboundFrameRate,
                                              Field::kInboundFrameRate, 7, Limit::PoorWhen::kBelow};
inline constexpr Limit kVideoOutboundFrameRate{
    LimitId::kVideoOutboundFrameRate, Field::kOutboundFrameRate, 7, Limit::PoorWhen::kBelow};
inline constexpr Limit kVideoLowFrameRate{LimitId::kVideoLowFrameRate, Field::kLowFrameRate, 10,
                                          Limit::PoorWhen::kAbove};
inline constexpr Limit kVideoPacketLoss{LimitId::kVideoPacketLoss, Field::kVideoPacketLoss, 0.1,
                                        Limit::PoorWhen::kAbove};
inline constexpr Limit kVideoDynamicCapability{
    LimitId::kVideoDynamicCapability, Field::kDynamicCapability, 10, Limit::PoorWhen::kAbove};
inline constexpr std::array kVideoLimits = {
    kVideoPostFec,    kVideoLocalFrameLoss,   kVideoRecvFrameRate,     kVideoLowFrameRate,
    kVideoPacketLoss, kVideoInboundFrameRate, kVideoOutboundFrameRate, kVideoDynamicCapability};

// Application sharing. Source: reference/cube-model.md 3.1 "Application sharing"; 36 % and 1.75 s
// are AppSharingMetricsThreshold's "acceptable" defaults, 400 ms is the later product's.
inline constexpr Limit kSharingSpoiledTile{LimitId::kSharingSpoiledTile, Field::kSpoiledTile, 36,
                                           Limit::PoorWhen::kAbove};
inline constexpr Limit kSharingTileLatency{LimitId::kSharingTileLatency, Field::kTileLatency, 400,
                                           Limit::PoorWhen::kAbove};
inline constexpr Limit kSharingRelativeOneWay{
    LimitId::kSharingRelativeOneWay, Field::kRelativeOneWay, 1.75, Limit::PoorWhen::kAbove};
inline constexpr std::array kSharingLimits = {kSharingSpoiledTile, kSharingTileLatency,
                                              kSharingRelativeOneWay};

// Video-based screen sharing: a ladder, the first metric that is there decides.
// Source: reference/cube-model.md 3.1 "VBSS, online" (the ladder of "Video, online 2018+" with
// frame rate 2). What the ladder calls the frame rate is the received one; where only the sender
// reported, its own rate stands for it.
inline constexpr Limit kVbssLocalFrameLoss{LimitId::kVbssLocalFrameLoss, Field::kLocalFrameLoss, 50,
                                           Limit::PoorWhen::kAbove};
inline constexpr Limit kVbssInboundFrameRate{LimitId::kVbssFrameRate, Field::kInboundFrameRate, 2,
                                             Limit::PoorWhen::kBelow};
inline constexpr Limit kVbssRecvFrameRate{LimitId::kVbssFrameRate, Field::kRecvFrameRate, 2,
                                          Limit::PoorWhen::kBelow};
inline constexpr Limit kVbssOutboundFrameRate{LimitId::kVbssFrameRate, Field::kOutboundFrameRate, 2,
                                              Limit::PoorWhen::kBelow};
inline constexpr Limit kVbssPostFec{LimitId::kVbssPostFec, Field::kPostFecLoss, 0.15,
                                    Limit::PoorWhen::kAbove};
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
