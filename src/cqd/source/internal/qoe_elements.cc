#include "source/internal/qoe_elements.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "source/internal/text_forms.h"
#include "source/internal/xml.h"

namespace cqd::source::internal {
namespace {

using model::Field;

struct Element {
  std::string_view name;
  Field field;
};

/// Stream figures; units are those of the fields.
constexpr std::array kStreamElements = {
    Element{"InterArrival", Field::kJitter},
    Element{"InterArrivalMax", Field::kJitterMax},
    Element{"LossRate", Field::kPacketLoss},
    Element{"LossRateMax", Field::kPacketLossMax},
    Element{"BurstDensity", Field::kBurstDensity},
    Element{"BurstDuration", Field::kBurstDuration},
    Element{"GapDensity", Field::kGapDensity},
    Element{"GapDuration", Field::kGapDuration},
    Element{"RoundTrip", Field::kRoundTrip},
    Element{"RoundTripMax", Field::kRoundTripMax},
    Element{"Packets", Field::kPackets},
    Element{"BandwidthEst", Field::kBandwidthEstimate},
    Element{"RatioConcealedSamplesAvg", Field::kConcealed},
    Element{"ConcealRatioMax", Field::kConcealedMax},
    Element{"RatioStretchedSamplesAvg", Field::kStretched},
    Element{"RatioCompressedSamplesAvg", Field::kCompressed},
    Element{"HealerPacketDropRatio", Field::kHealerDrop},
    Element{"AudioPostFECPLR", Field::kPostFecLoss},
    Element{"VideoPostFECPLR", Field::kPostFecLoss},
    Element{"SampleRate", Field::kSampleRate},
    Element{"RecvListenMOS", Field::kRecvListenMos},
    Element{"RecvListenMOSMin", Field::kRecvListenMosMin},
    Element{"SendListenMOS", Field::kSendListenMos},
    Element{"SendListenMOSMin", Field::kSendListenMosMin},
    Element{"OverallAvg", Field::kNetworkMos},
    Element{"OverallMin", Field::kNetworkMosMin},
    Element{"DegradationAvg", Field::kDegradation},
    Element{"DegradationMax", Field::kDegradationMax},
    Element{"DegradationJitterAvg", Field::kDegradationJitter},
    Element{"DegradationPacketLossAvg", Field::kDegradationLoss},
    Element{"VideoBitRateAvg", Field::kBitRate},
    Element{"VideoBitRateMax", Field::kBitRateMax},
    Element{"VideoPacketLossRate", Field::kVideoPacketLoss},
    Element{"VideoFrameLossRate", Field::kFrameLoss},
    Element{"VideoLocalFrameLossPercentageAvg", Field::kLocalFrameLoss},
    Element{"RecvFrameRateAverage", Field::kRecvFrameRate},
    Element{"InboundVideoFrameRateAvg", Field::kInboundFrameRate},
    Element{"OutboundVideoFrameRateAvg", Field::kOutboundFrameRate},
    Element{"LowFrameRateCallPercent", Field::kLowFrameRate},
    Element{"LowResolutionCallPercent", Field::kLowResolution},
    Element{"DynamicCapabilityPercent", Field::kDynamicCapability},
    Element{"SpoiledTilePercentTotal", Field::kSpoiledTile},
    Element{"RDPTileProcessingLatencyAverage", Field::kTileLatency},
};

/// Figures of the reporter's sound devices; the same element means the other way in the other
/// block.
struct Signal {
  std::string_view name;
  Field inbound;
  Field outbound;
};
constexpr std::array kSignals = {
    Signal{"SignalLevel", Field::kCallerRecvSignal, Field::kCallerSendSignal},
    Signal{"NoiseLevel", Field::kCallerRecvNoise, Field::kCallerSendNoise},
    Signal{"RecvSignalLevel", Field::kCallerRecvSignal, Field::kCallerRecvSignal},
    Signal{"RecvNoiseLevel", Field::kCallerRecvNoise, Field::kCallerRecvNoise},
    Signal{"SendSignalLevel", Field::kCallerSendSignal, Field::kCallerSendSignal},
    Signal{"SendNoiseLevel", Field::kCallerSendNoise, Field::kCallerSendNoise},
    Signal{"SpeakerGlitchRate", Field::kCallerSpeakerGlitches, Field::kCallerSpeakerGlitches},
    Signal{"MicGlitchRate", Field::kCallerMicGlitches, Field::kCallerMicGlitches},
    Signal{"EchoReturn", Field::kCallerEchoReturn, Field::kCallerEchoReturn},
    Signal{"EchoPercentMicIn", Field::kCallerEchoMicIn, Field::kCallerEchoMicIn},
    Signal{"EchoPercentSend", Field::kCallerEchoSend, Field::kCallerEchoSend},
    Signal{"EchoEventCauses", Field::kCallerEchoCauses, Field::kCallerEchoCauses},
};

constexpr std::array kEvents = {
    Element{"NetworkSendQualityEventRatio", Field::kCallerNetworkSendEvent},
    Element{"NetworkReceiveQualityEventRatio", Field::kCallerNetworkReceiveEvent},
    Element{"NetworkDelayEventRatio", Field::kCallerNetworkDelayEvent},
    Element{"NetworkBandwidthLowEventRatio", Field::kCallerBandwidthLowEvent},
    Element{"CPUInsufficientEventRatio", Field::kCallerCpuEvent},
    Element{"DeviceHalfDuplexAECEventRatio", Field::kCallerHalfDuplexEvent},
    Element{"DeviceRenderNotFunctioningEventRatio", Field::kCallerRenderBrokenEvent},
    Element{"DeviceCaptureNotFunctioningEventRatio", Field::kCallerCaptureBrokenEvent},
    Element{"DeviceGlitchesEventRatio", Field::kCallerGlitchesEvent},
    Element{"DeviceLowSNREventRatio", Field::kCallerLowSnrEvent},
    Element{"DeviceLowSpeechLevelEventRatio", Field::kCallerLowSpeechEvent},
    Element{"DeviceClippingEventRatio", Field::kCallerClippingEvent},
    Element{"DeviceEchoEventRatio", Field::kCallerEchoEvent},
    Element{"DeviceNearEndToEchoRatioEventRatio", Field::kCallerNearEndEchoEvent},
    Element{"DeviceRenderZeroVolumeEventRatio", Field::kCallerZeroVolumeEvent},
    Element{"DeviceRenderMuteEventRatio", Field::kCallerMuteEvent},
    Element{"DeviceMultipleEndpointsEventCount", Field::kCallerEndpointsEvents},
    Element{"DeviceHowlingEventCount", Field::kCallerHowlingEvents},
};

template <typename Row, std::size_t N>
const Row* Find(const std::array<Row, N>& rows, std::string_view name) {
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

}  // namespace

void ReadStreamBlock(const pugi::xml_node& block, bool inbound, ReportedStream& stream) {
  bool any = false;
  ForEachLeaf(block, [&](std::string_view parent, const pugi::xml_node& leaf) {
    const std::string_view name = LocalName(leaf.name());
    const std::string text = TextOf(leaf);
    if (text.empty()) return;
    if (const Element* element = Find(kStreamElements, name)) {
      stream.values.SetNumber(element->field, NumberOf(text));
      any = true;
    } else if (const Signal* signal = Find(kSignals, name)) {
      stream.ends[0].SetNumber(inbound ? signal->inbound : signal->outbound, NumberOf(text));
    } else if (name == "Average" && parent == "RelativeOneWay") {
      stream.values.SetNumber(Field::kRelativeOneWay, NumberOf(text));
      any = true;
    } else if (name == "PayloadDescription") {
      stream.values.SetText(Field::kCodec, text);
    } else if (name == "Resolution") {
      stream.values.SetText(Field::kResolution, text);
    } else if (name == "AudioFECUsed") {
      stream.values.SetNumber(Field::kFecUsed, FlagOf(text));
    } else if (name == "ApplicationSharingType") {
      stream.values.SetText(Field::kSharingType, text);
    } else {
      stream.extras.emplace(name, text);
    }
  });
  if (any) stream.values.SetNumber(inbound ? Field::kInbound : Field::kOutbound, 1);
}

void ReadClientEvents(const pugi::xml_node& events, FieldValues& end) {
  for (const Element& event : kEvents) {
    end.SetNumber(event.field, NumberOf(ChildText(events, event.name)));
  }
}

}  // namespace cqd::source::internal
