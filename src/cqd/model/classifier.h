// The limits of the classifiers as data: the published ones, and others to ask "what if".
// Source of every number: reference/cube-model.md 3.1, reference/qoe-metrics-schema.md 5, 7.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/classification.h"
#include "model/facts.h"
#include "model/fields.h"

namespace cqd::model {

/// A limit that makes a stream poor; place in Classifier::limits.
enum class LimitId : std::uint8_t {
  kAudioDegradation,
  kAudioRoundTrip,
  kAudioPacketLoss,
  kAudioJitter,
  kAudioConcealed,
  kVideoPostFec,
  kVideoLocalFrameLoss,
  kVideoRecvFrameRate,
  kVideoLowFrameRate,
  kVideoPacketLoss,
  kVideoInboundFrameRate,
  kVideoOutboundFrameRate,
  kVideoDynamicCapability,
  kSharingSpoiledTile,
  kSharingTileLatency,
  kSharingRelativeOneWay,
  kVbssLocalFrameLoss,
  kVbssFrameRate,  ///< of whichever frame rate decides
  kVbssPostFec,
};
inline constexpr std::size_t kLimitCount = 19;
static_assert(static_cast<std::size_t>(LimitId::kVbssPostFec) + 1 == kLimitCount);

/// Limits in the unit of their fields. A value exactly at its limit is good.
struct Classifier {
  std::array<double, kLimitCount> limits;
  double Of(LimitId id) const { return limits[static_cast<std::size_t>(id)]; }
  bool operator==(const Classifier&) const = default;
};
/// What everything but a what-if question goes by; never changes.
const Classifier& PublishedClassifier();

/// What people may know and say of a limit.
struct LimitInfo {
  LimitId id;
  std::string_view medium;  ///< "Audio", "Video", "AppSharing", "VBSS"
  std::string_view metric;  ///< as published: "JitterInterArrival"
  Field field;              ///< its unit and range; of several fields the first that decides
  bool poor_above;          ///< else poor below
  bool in_jpdr;
};
/// All, by LimitId.
std::span<const LimitInfo> Limits();
/// By names in any case; nullptr when there is none.
const LimitInfo* FindLimit(std::string_view medium, std::string_view metric);

/// Whether a stored value is worse than its limit. Exact at the limit: the stored decimal and the
/// limit are both the double nearest to the same decimal.
bool BreaksLimit(const Classifier& classifier, LimitId id, Field field, Value stored);

/// One step of a medium's rule. `due`: the fact it gives a stream, kAudio for none.
struct RuleStep {
  LimitId limit;
  Field field;
  Fact due;
};
/// How a medium is judged: any broken step makes a stream poor, any measured one classifies it; in
/// a ladder the first step whose metric is there decides alone.
struct MediumRule {
  MediaType medium;
  Fact fact;  ///< of the medium
  bool is_ladder;
  std::span<const RuleStep> steps;
};
/// Of the four media that have one.
std::span<const MediumRule> MediumRules();

}  // namespace cqd::model
