#include "model/classifier.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "model/internal/limits.h"

namespace cqd::model {
namespace {

constexpr RuleStep Step(const Limit& limit, Fact due = Fact::kAudio) {
  return {limit.id, limit.field, due};
}

constexpr RuleStep kAudioSteps[] = {
    Step(kAudioDegradation, Fact::kDueToDegradation), Step(kAudioRoundTrip, Fact::kDueToRoundTrip),
    Step(kAudioPacketLoss, Fact::kDueToLoss), Step(kAudioJitter, Fact::kDueToJitter),
    Step(kAudioConcealed, Fact::kDueToConcealed)};
constexpr RuleStep kVideoSteps[] = {Step(kVideoPostFec, Fact::kDueToPostFec),
                                    Step(kVideoLocalFrameLoss, Fact::kDueToLocalFrameLoss),
                                    Step(kVideoRecvFrameRate, Fact::kDueToFrameRate),
                                    Step(kVideoLowFrameRate),
                                    Step(kVideoPacketLoss),
                                    Step(kVideoInboundFrameRate, Fact::kDueToFrameRate),
                                    Step(kVideoOutboundFrameRate, Fact::kDueToFrameRate),
                                    Step(kVideoDynamicCapability)};
constexpr RuleStep kSharingSteps[] = {Step(kSharingSpoiledTile, Fact::kDueToSpoiledTile),
                                      Step(kSharingTileLatency, Fact::kDueToTileLatency),
                                      Step(kSharingRelativeOneWay, Fact::kDueToRelativeOneWay)};
constexpr RuleStep kVbssSteps[] = {Step(kVbssLocalFrameLoss, Fact::kDueToLocalFrameLoss),
                                   Step(kVbssInboundFrameRate, Fact::kDueToFrameRate),
                                   Step(kVbssRecvFrameRate, Fact::kDueToFrameRate),
                                   Step(kVbssOutboundFrameRate, Fact::kDueToFrameRate),
                                   Step(kVbssPostFec, Fact::kDueToPostFec)};

struct Named {
  Limit limit;
  std::string_view medium;
  std::string_view metric;
};
// By LimitId.
constexpr Named kNamed[] = {
    {kAudioDegradation, "Audio", "DegradationAvg"},
    {kAudioRoundTrip, "Audio", "RoundTrip"},
    {kAudioPacketLoss, "Audio", "PacketLossRate"},
    {kAudioJitter, "Audio", "JitterInterArrival"},
    {kAudioConcealed, "Audio", "RatioConcealedSamplesAvg"},
    {kVideoPostFec, "Video", "VideoPostFECPLR"},
    {kVideoLocalFrameLoss, "Video", "VideoLocalFrameLossPercentageAvg"},
    {kVideoRecvFrameRate, "Video", "RecvFrameRateAverage"},
    {kVideoLowFrameRate, "Video", "LowFrameRateCallPercent"},
    {kVideoPacketLoss, "Video", "VideoPacketLossRate"},
    {kVideoInboundFrameRate, "Video", "InboundVideoFrameRateAvg"},
    {kVideoOutboundFrameRate, "Video", "OutboundVideoFrameRateAvg"},
    {kVideoDynamicCapability, "Video", "DynamicCapabilityPercent"},
    {kSharingSpoiledTile, "AppSharing", "SpoiledTilePercentTotal"},
    {kSharingTileLatency, "AppSharing", "RDPTileProcessingLatencyAverage"},
    {kSharingRelativeOneWay, "AppSharing", "RelativeOneWayAverage"},
    {kVbssLocalFrameLoss, "VBSS", "VideoLocalFrameLossPercentageAvg"},
    {kVbssInboundFrameRate, "VBSS", "VideoFrameRateAvg"},
    {kVbssPostFec, "VBSS", "VideoPostFECPLR"},
};
static_assert(std::size(kNamed) == kLimitCount);

constexpr Classifier MakePublished() {
  Classifier classifier{};
  for (std::size_t i = 0; i < kLimitCount; ++i) classifier.limits[i] = kNamed[i].limit.limit;
  return classifier;
}
constexpr Classifier kPublished = MakePublished();

std::vector<LimitInfo> MakeInfos() {
  std::vector<LimitInfo> infos;
  for (const Named& named : kNamed) {
    const LimitId id = named.limit.id;
    CQD_CHECK(static_cast<std::size_t>(id) == infos.size());
    const bool in_jpdr = std::any_of(kAudioJpdrLimits.begin(), kAudioJpdrLimits.end(),
                                     [id](const Limit& limit) { return limit.id == id; });
    infos.push_back({id, named.medium, named.metric, named.limit.field,
                     named.limit.poor_when == Limit::PoorWhen::kAbove, in_jpdr});
  }
  return infos;
}

}  // namespace

const Classifier& PublishedClassifier() {
  return kPublished;
}

std::span<const LimitInfo> Limits() {
  static const auto* const kInfos = new std::vector<LimitInfo>(MakeInfos());
  return *kInfos;
}

const LimitInfo* FindLimit(std::string_view medium, std::string_view metric) {
  for (const LimitInfo& info : Limits()) {
    if (EqualsIgnoreCase(info.medium, medium) && EqualsIgnoreCase(info.metric, metric)) {
      return &info;
    }
  }
  return nullptr;
}

bool BreaksLimit(const Classifier& classifier, LimitId id, Field field, Value stored) {
  const Limit& limit = kNamed[static_cast<std::size_t>(id)].limit;
  const double value = ToDouble(field, stored);
  return limit.poor_when == Limit::PoorWhen::kAbove ? value > classifier.Of(id)
                                                    : value < classifier.Of(id);
}

std::span<const MediumRule> MediumRules() {
  static constexpr MediumRule kRules[] = {
      {MediaType::kAudio, Fact::kAudio, false, kAudioSteps},
      {MediaType::kVideo, Fact::kVideo, false, kVideoSteps},
      {MediaType::kAppSharing, Fact::kAppSharing, false, kSharingSteps},
      {MediaType::kVbss, Fact::kVbss, true, kVbssSteps},
  };
  return kRules;
}

}  // namespace cqd::model
