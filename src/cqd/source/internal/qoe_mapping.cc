#include "source/internal/qoe_mapping.h"

#include "base/check.h"

namespace cqd::source::internal {
namespace {

using model::Field;
using D = QoeDictionary;

// clang-format off
constexpr ColumnMapping kSession[] = {
    {{"StartTime"}, Field::kStartTime},
    {{"EndTime"}, Field::kEndTime},
    {{"ConferenceKey"}, Field::kConference, D::kConference},
    {{"DialogCategory"}, Field::kDialogCategory},
    {{"MediationServerBypassFlag"}, Field::kMediationBypass},
    {{"MediaBypassWarningFlag"}, Field::kBypassWarning},
    {{"CallerURI", "CallerUri"}, Field::kCallerUser, D::kUser},
    {{"CallerPAI"}, Field::kCallerUser, D::kUser, true},
    {{"CallerUserAgent"}, Field::kCallerUserAgent, D::kUserAgent},
    {{"CallerEndpoint"}, Field::kCallerEndpoint, D::kEndpoint},
    {{"CallerPool"}, Field::kCallerPool, D::kPool},
    {{"CalleeURI", "CalleeUri"}, Field::kCalleeUser, D::kUser},
    {{"CalleePAI"}, Field::kCalleeUser, D::kUser, true},
    {{"CalleeUserAgent"}, Field::kCalleeUserAgent, D::kUserAgent},
    {{"CalleeEndpoint"}, Field::kCalleeEndpoint, D::kEndpoint},
    {{"CalleePool"}, Field::kCalleePool, D::kPool},
};

constexpr ColumnMapping kMediaLine[] = {
    {{"Transport"}, Field::kTransport},
    {{"Security"}, Field::kSecurity},
    {{"ConversationalMOS"}, Field::kConversationalMos},
    {{"AppliedBandwidthLimit"}, Field::kBandwidthLimit},
    {{"AppliedBandwidthSourceKey"}, Field::kBandwidthSource, D::kBandwidthSource},
    {{"MidCallReport"}, Field::kMidCallReport},
    {{"ClassifiedPoorCall"}, Field::kClassifiedPoor},
    {{"Caller"}, Field::kCallerReported},
    {{"CallerIPAddr"}, Field::kCallerAddress, D::kIpAddress},
    {{"CallerPort"}, Field::kCallerPort},
    {{"CallerSubnet"}, Field::kCallerSubnet, D::kIpAddress},
    {{"CallerInside"}, Field::kCallerInside},
    {{"CallerMacAddress"}, Field::kCallerMac, D::kMacAddress},
    {{"CallerRelayIPAddr"}, Field::kCallerRelayAddress, D::kIpAddress},
    {{"CallerRelayPort"}, Field::kCallerRelayPort},
    {{"CallerReflexiveLocalIPAddr", "CallerReflexiveIPAddr"}, Field::kCallerReflexiveAddress, D::kIpAddress},
    {{"CallerCaptureDev"}, Field::kCallerCaptureDevice, D::kDevice},
    {{"CallerRenderDev"}, Field::kCallerRenderDevice, D::kDevice},
    {{"CallerCaptureDevDriver"}, Field::kCallerCaptureDriver, D::kDeviceDriver},
    {{"CallerRenderDevDriver", "CallerRenderDriver"}, Field::kCallerRenderDriver, D::kDeviceDriver},
    {{"CallerNetworkConnectionType", "CallerNetworkConnectionDetail"}, Field::kCallerConnection, D::kNetworkConnection},
    {{"CallerBssid"}, Field::kCallerBssid, D::kMacAddress},
    {{"CallerVPN"}, Field::kCallerVpn},
    {{"CallerLinkSpeed"}, Field::kCallerLinkSpeed},
    {{"CallerConnectivityICE"}, Field::kCallerIce},
    {{"ConnectivityIce"}, Field::kCallerIce, D::kNone, true},
    {{"CallerIceWarningFlags"}, Field::kCallerIceWarnings},
    {{"CallerWiFiDriverDevicesDesc", "CallerWifiDriverDeviceDesc", "CallerWiFiDriverDeviceDesc"}, Field::kCallerWifiDriver, D::kDeviceDriver},
    {{"CallerWiFiDriverVersion"}, Field::kCallerWifiDriverVersion, D::kDeviceDriver},
    {{"Callee"}, Field::kCalleeReported},
    {{"CalleeIPAddr"}, Field::kCalleeAddress, D::kIpAddress},
    {{"CalleePort"}, Field::kCalleePort},
    {{"CalleeSubnet"}, Field::kCalleeSubnet, D::kIpAddress},
    {{"CalleeInside"}, Field::kCalleeInside},
    {{"CalleeMacAddress"}, Field::kCalleeMac, D::kMacAddress},
    {{"CalleeRelayIPAddr"}, Field::kCalleeRelayAddress, D::kIpAddress},
    {{"CalleeRelayPort"}, Field::kCalleeRelayPort},
    {{"CalleReflexiveLocalIPAddr", "CalleeReflexiveLocalIPAddr", "CalleeReflexiveIPAddr"}, Field::kCalleeReflexiveAddress, D::kIpAddress},
    {{"CalleeCaptureDev"}, Field::kCalleeCaptureDevice, D::kDevice},
    {{"CalleeRenderDev"}, Field::kCalleeRenderDevice, D::kDevice},
    {{"CalleeCaptureDevDriver"}, Field::kCalleeCaptureDriver, D::kDeviceDriver},
    {{"CalleeRenderDevDriver", "CalleeRenderDriver"}, Field::kCalleeRenderDriver, D::kDeviceDriver},
    {{"CalleeNetworkConnectionType", "CalleeNetworkConnectionDetail"}, Field::kCalleeConnection, D::kNetworkConnection},
    {{"CalleeBssid"}, Field::kCalleeBssid, D::kMacAddress},
    {{"CalleeVPN"}, Field::kCalleeVpn},
    {{"CalleeLinkSpeed"}, Field::kCalleeLinkSpeed},
    {{"CalleeConnectivityICE"}, Field::kCalleeIce},
    {{"ConnectivityIce"}, Field::kCalleeIce, D::kNone, true},
    {{"CalleeIceWarningFlags"}, Field::kCalleeIceWarnings},
    {{"CalleeWiFiDriverDevicesDesc", "CalleeWifiDriverDeviceDesc", "CalleeWiFiDriverDeviceDesc"}, Field::kCalleeWifiDriver, D::kDeviceDriver},
    {{"CalleeWiFiDriverVersion"}, Field::kCalleeWifiDriverVersion, D::kDeviceDriver},
};

constexpr ColumnMapping kAudioStream[] = {
    {{"SenderIsCallerPAI"}, Field::kSenderIsCaller},
    {{"Inbound"}, Field::kInbound},
    {{"Outbound"}, Field::kOutbound},
    {{"JitterInterArrival"}, Field::kJitter},
    {{"JitterInterArrivalMax"}, Field::kJitterMax},
    {{"PacketLossRate"}, Field::kPacketLoss},
    {{"PacketLossRateMax"}, Field::kPacketLossMax},
    {{"PacketUtilization"}, Field::kPackets},
    {{"BandwidthEst"}, Field::kBandwidthEstimate},
    {{"RoundTrip"}, Field::kRoundTrip},
    {{"RoundTripMax"}, Field::kRoundTripMax},
    {{"RelativeOneWayAverage"}, Field::kRelativeOneWay},
    {{"AudioPayloadDescription"}, Field::kCodec, D::kPayload},
    {{"AudioSampleRate"}, Field::kSampleRate},
    {{"AudioFECUsed"}, Field::kFecUsed},
    {{"BurstDensity"}, Field::kBurstDensity},
    {{"BurstDuration"}, Field::kBurstDuration},
    {{"BurstGapDensity"}, Field::kGapDensity},
    {{"BurstGapDuration"}, Field::kGapDuration},
    {{"DegradationAvg"}, Field::kDegradation},
    {{"DegradationMax"}, Field::kDegradationMax},
    {{"DegradationJitterAvg"}, Field::kDegradationJitter},
    {{"DegradationPacketLossAvg"}, Field::kDegradationLoss},
    {{"OverallAvgNetworkMOS"}, Field::kNetworkMos},
    {{"OverallMinNetworkMOS"}, Field::kNetworkMosMin},
    {{"SendListenMOS"}, Field::kSendListenMos},
    {{"SendListenMOSMin"}, Field::kSendListenMosMin},
    {{"RecvListenMOS"}, Field::kRecvListenMos},
    {{"RecvListenMOSMin"}, Field::kRecvListenMosMin},
    {{"RatioConcealedSamplesAvg"}, Field::kConcealed},
    {{"ConcealRatioMax"}, Field::kConcealedMax},
    {{"RatioStretchedSamplesAvg"}, Field::kStretched},
    {{"RatioCompressedSamplesAvg"}, Field::kCompressed},
    {{"HealerPacketDropRatio"}, Field::kHealerDrop},
    {{"AudioPostFECPLR"}, Field::kPostFecLoss},
};

constexpr ColumnMapping kVideoStream[] = {
    {{"SenderIsCallerPAI"}, Field::kSenderIsCaller},
    {{"Inbound"}, Field::kInbound},
    {{"Outbound"}, Field::kOutbound},
    {{"JitterInterArrival"}, Field::kJitter},
    {{"JitterInterArrivalMax"}, Field::kJitterMax},
    {{"PacketLossRate"}, Field::kPacketLoss},
    {{"PacketLossRateMax"}, Field::kPacketLossMax},
    {{"PacketUtilization"}, Field::kPackets},
    {{"BandwidthEst"}, Field::kBandwidthEstimate},
    {{"RoundTrip"}, Field::kRoundTrip},
    {{"RoundTripMax"}, Field::kRoundTripMax},
    {{"RelativeOneWayAverage"}, Field::kRelativeOneWay},
    {{"VideoPayloadDescription"}, Field::kCodec, D::kPayload},
    {{"VideoPostFECPLR"}, Field::kPostFecLoss},
    {{"VideoPacketLossRate"}, Field::kVideoPacketLoss},
    {{"VideoLocalFrameLossPercentageAvg", "VideoLocalFrameLostPercentageAvg"}, Field::kLocalFrameLoss},
    {{"VideoFrameLossRate"}, Field::kFrameLoss},
    {{"RecvFrameRateAverage"}, Field::kRecvFrameRate},
    {{"InboundVideoFrameRateAvg"}, Field::kInboundFrameRate},
    {{"OutboundVideoFrameRateAvg"}, Field::kOutboundFrameRate},
    {{"LowFrameRateCallPercent"}, Field::kLowFrameRate},
    {{"LowResolutionCallPercent"}, Field::kLowResolution},
    {{"DynamicCapabilityPercent"}, Field::kDynamicCapability},
    {{"VideoBitRateAvg"}, Field::kBitRate},
    {{"VideoBitRateMax", "ViideoBitRateMax"}, Field::kBitRateMax},
    {{"VideoResolution"}, Field::kResolution},
};

constexpr ColumnMapping kAppSharingStream[] = {
    {{"SenderIsCallerPAI"}, Field::kSenderIsCaller},
    {{"Inbound"}, Field::kInbound},
    {{"Outbound"}, Field::kOutbound},
    {{"JitterInterArrival"}, Field::kJitter},
    {{"JitterInterArrivalMax"}, Field::kJitterMax},
    {{"PacketLossRate"}, Field::kPacketLoss},
    {{"PacketLossRateMax"}, Field::kPacketLossMax},
    {{"PacketUtilization"}, Field::kPackets},
    {{"BandwidthEst"}, Field::kBandwidthEstimate},
    {{"RoundTrip"}, Field::kRoundTrip},
    {{"RoundTripMax"}, Field::kRoundTripMax},
    {{"RelativeOneWayAverage"}, Field::kRelativeOneWay},
    {{"AppSharingPayloadDescription"}, Field::kCodec, D::kPayload},
    {{"SpoiledTilePercentTotal"}, Field::kSpoiledTile},
    {{"RDPTileProcessingLatencyAverage"}, Field::kTileLatency},
    {{"ApplicationSharingType"}, Field::kSharingType},
};

constexpr ColumnMapping kAudioSignal[] = {
    {{"SendSignalLevel"}, Field::kCallerSendSignal},
    {{"RecvSignalLevel"}, Field::kCallerRecvSignal},
    {{"SendNoiseLevel"}, Field::kCallerSendNoise},
    {{"RecvNoiseLevel"}, Field::kCallerRecvNoise},
    {{"EchoReturn"}, Field::kCallerEchoReturn},
    {{"AudioSpeakerGlitchRate"}, Field::kCallerSpeakerGlitches},
    {{"AudioMicGlitchRate"}, Field::kCallerMicGlitches},
    {{"EchoPercentMicIn"}, Field::kCallerEchoMicIn},
    {{"EchoPercentSend"}, Field::kCallerEchoSend},
    {{"EchoEventCauses"}, Field::kCallerEchoCauses},
};

constexpr ColumnMapping kAudioClientEvent[] = {
    {{"NetworkSendQualityEventRatio"}, Field::kCallerNetworkSendEvent},
    {{"NetworkReceiveQualityEventRatio"}, Field::kCallerNetworkReceiveEvent},
    {{"NetworkDelayEventRatio"}, Field::kCallerNetworkDelayEvent},
    {{"NetworkBandwidthLowEventRatio"}, Field::kCallerBandwidthLowEvent},
    {{"CPUInsufficientEventRatio"}, Field::kCallerCpuEvent},
    {{"DeviceHalfDuplexAECEventRatio"}, Field::kCallerHalfDuplexEvent},
    {{"DeviceRenderNotFunctioningEventRatio"}, Field::kCallerRenderBrokenEvent},
    {{"DeviceCaptureNotFunctioningEventRatio"}, Field::kCallerCaptureBrokenEvent},
    {{"DeviceGlitchesEventRatio"}, Field::kCallerGlitchesEvent},
    {{"DeviceLowSNREventRatio"}, Field::kCallerLowSnrEvent},
    {{"DeviceLowSpeechLevelEventRatio"}, Field::kCallerLowSpeechEvent},
    {{"DeviceClippingEventRatio"}, Field::kCallerClippingEvent},
    {{"DeviceEchoEventRatio"}, Field::kCallerEchoEvent},
    {{"DeviceNearEndToEchoRatioEventRatio"}, Field::kCallerNearEndEchoEvent},
    {{"DeviceRenderZeroVolumeEventRatio"}, Field::kCallerZeroVolumeEvent},
    {{"DeviceRenderMuteEventRatio"}, Field::kCallerMuteEvent},
    {{"DeviceMultipleEndpointsEventCount"}, Field::kCallerEndpointsEvents},
    {{"DeviceHowlingEventCount"}, Field::kCallerHowlingEvents},
};

constexpr ColumnMapping kVideoClientEvent[] = {
    {{"NetworkReceiveQualityEventRatio"}, Field::kCallerNetworkReceiveEvent},
    {{"NetworkBandwidthLowEventRatio"}, Field::kCallerBandwidthLowEvent},
};

constexpr ColumnMapping kFeedback[] = {
    {{"Rating"}, Field::kCallerRating},
};

constexpr std::array<TableMapping, kQoeTableCount> kTables = {{
    {QoeTable::kSession, "Session", {}, {{{"CallerPAI"}, {"CalleePAI"}}}, kSession, false},
    {QoeTable::kMediaLine, "MediaLine", {{{"MediaLineLabel"}}}, {}, kMediaLine, false},
    {QoeTable::kAudioStream, "AudioStream", {{{"MediaLineLabel"}, {"StreamID"}}}, {}, kAudioStream, false},
    {QoeTable::kVideoStream, "VideoStream", {{{"MediaLineLabel"}, {"StreamID"}}}, {{{"IsAggregatedData"}}}, kVideoStream, false},
    {QoeTable::kAppSharingStream, "AppSharingStream", {{{"MediaLineLabel"}, {"StreamID"}}}, {}, kAppSharingStream, false},
    {QoeTable::kAudioSignal, "AudioSignal", {{{"MediaLineLabel"}, {"FromCaller"}}}, {}, kAudioSignal, true},
    {QoeTable::kAudioClientEvent, "AudioClientEvent", {{{"MediaLineLabel"}, {"FromCaller"}}}, {}, kAudioClientEvent, true},
    {QoeTable::kVideoClientEvent, "VideoClientEvent", {{{"MediaLineLabel"}, {"FromCaller"}}}, {}, kVideoClientEvent, true},
    {QoeTable::kFeedback, "CallQualityFeedback", {{{"FromURI"}}}, {}, kFeedback, false},
    {QoeTable::kFeedbackToken, "CallQualityFeedbackToken", {{{"FromURI"}}}, {{{"TokenId"}, {"TokenValue"}}}, {}, false},
}};

constexpr std::array<DictionaryMapping, kQoeDictionaryCount> kDictionaries = {{
    {D::kUser, "User", {"UserKey"}, {"URI"}, {}},
    {D::kUserAgent, "UserAgent", {"UserAgentKey"}, {"UserAgent"}, {{{"UAType"}}}},
    {D::kEndpoint, "Endpoint", {"EndpointKey"}, {"Name"},
     {{{"OS"}, {"CPUName"}, {"CPUNumberOfCores"}, {"CPUProcessorSpeed"}, {"VirtualizationFlag"}}}},
    {D::kPool, "Pool", {"PoolKey"}, {"PoolName"}, {}},
    {D::kConference, "Conference", {"ConferenceKey"}, {"ConfURI"}, {}},
    {D::kIpAddress, "IPAddress", {"IPAddressKey"}, {"IPAddress"}, {}},
    {D::kMacAddress, "MacAddress", {"MacAddressKey"}, {"MacAddress"}, {}},
    {D::kDevice, "Device", {"DeviceKey"}, {"DeviceName"}, {}},
    {D::kDeviceDriver, "DeviceDriver", {"DeviceDriverKey"}, {"DeviceDriver"}, {}},
    {D::kNetworkConnection, "NetworkConnectionDetail", {"NetworkConnectionDetailKey"}, {"NetworkConnectionDetail"}, {}},
    {D::kPayload, "PayloadDescription", {"PayloadDescriptionKey"}, {"PayloadDescription"}, {}},
    {D::kBandwidthSource, "AppliedBandwidthSource", {"AppliedBandwidthSourceKey"}, {"AppliedBandwidthSource"}, {}},
    {D::kTokenDef, "CallQualityFeedbackTokenDef", {"TokenId"}, {"TokenDescription"}, {}},
}};
// clang-format on

}  // namespace

const TableMapping& MappingOf(QoeTable table) {
  const TableMapping& mapping = kTables[static_cast<std::size_t>(table)];
  CQD_CHECK(mapping.table == table);
  return mapping;
}

const DictionaryMapping& MappingOf(QoeDictionary dictionary) {
  const DictionaryMapping& mapping = kDictionaries[static_cast<std::size_t>(dictionary)];
  CQD_CHECK(mapping.dictionary == dictionary);
  return mapping;
}

}  // namespace cqd::source::internal
