// Every stored field of a stream, once. The archive's columns, the ODBC reader, the report formats
// and the cube's columns are all made from this list.
//
// CQD_STREAM_FIELDS: F(enumerator, column, type, scale, min, max, unit, source)
//   a field of the stream or of the whole call.
// CQD_SIDE_FIELDS: S(enumerator, column, type, scale, min, max, unit, source)
//   a field of each endpoint: becomes kCaller<enumerator> / kCallee<enumerator> (caller_<column>
//   ...).
//
// type: Key(space), Integer, Decimal (stored as integer, value x 10^scale), Flag (0/1), Mask, Time
// (UTC microseconds). min, max: in units of the value (not scaled), both inclusive; a metric
// outside is not a measurement and is dropped with a repair mark. Ranges of ratios, MOS and levels
// are those of reference/qoe-metrics-schema.md 3 and ingest-formats.md 1; the limit of an hour for
// delays and durations of bursts is ours: no longer value can be a delay within a call. source: the
// QoEMetrics column(s), reference/qoe-metrics-schema.md 3.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/key_space.h"

namespace cqd::model {

// clang-format off
#define CQD_STREAM_FIELDS(F)                                                                                    \
  F(StartTime,            start_time,               Time,    0, 0, 0, "UTC us", "Session.StartTime")            \
  F(EndTime,              end_time,                 Time,    0, 0, 0, "UTC us", "Session.EndTime")              \
  F(Conference,           conference,               Key(KeySpace::kConference), 0, 0, 0, "", "Session.ConferenceKey") \
  F(DialogCategory,       dialog_category,          Flag,    0, 0, 1, "", "Session.DialogCategory")             \
  F(MediationBypass,      mediation_bypass,         Flag,    0, 0, 1, "", "Session.MediationServerBypassFlag")  \
  F(BypassWarning,        bypass_warning,           Mask,    0, 0, 4294967295, "", "Session.MediaBypassWarningFlag") \
  F(SessionMedia,         session_media,            Mask,    0, 0, 15, "bit 0 audio, 1 video, 2 sharing, 3 VbSS", "labels of the session") \
  F(Transport,            transport,                Integer, 0, 0, 255, "0 UDP, 1 TCP", "MediaLine.Transport")  \
  F(Security,             security,                 Integer, 0, 0, 255, "0 none, 1 SRTP, 2 V1", "MediaLine.Security") \
  F(ConversationalMos,    conversational_mos,       Decimal, 3, 1, 5, "MOS", "MediaLine.ConversationalMOS")     \
  F(BandwidthLimit,       bandwidth_limit_bps,      Integer, 0, 0, 1e13, "bit/s", "MediaLine.AppliedBandwidthLimit") \
  F(BandwidthSource,      bandwidth_source,         Key(KeySpace::kBandwidthSource), 0, 0, 0, "", "MediaLine.AppliedBandwidthSourceKey") \
  F(MidCallReport,        mid_call_report,          Flag,    0, 0, 1, "", "MediaLine.MidCallReport")            \
  F(ClassifiedPoor,       classified_poor,          Flag,    0, 0, 1, "", "MediaLine.ClassifiedPoorCall")       \
  F(SenderIsCaller,       sender_is_caller,         Flag,    0, 0, 1, "", "AudioStream.SenderIsCallerPAI")      \
  F(Inbound,              inbound,                  Flag,    0, 0, 1, "receiver's data present", "AudioStream.Inbound") \
  F(Outbound,             outbound,                 Flag,    0, 0, 1, "sender's data present", "AudioStream.Outbound") \
  F(Codec,                codec,                    Key(KeySpace::kCodec), 0, 0, 0, "", "AudioStream.AudioPayloadDescription") \
  F(SampleRate,           sample_rate_hz,           Integer, 0, 0, 1e6, "Hz", "AudioStream.AudioSampleRate")    \
  F(FecUsed,              fec_used,                 Flag,    0, 0, 1, "", "AudioStream.AudioFECUsed")           \
  F(Jitter,               jitter_ms,                Decimal, 3, 0, 3.6e6, "ms", "AudioStream.JitterInterArrival") \
  F(JitterMax,            jitter_ms_max,            Decimal, 3, 0, 3.6e6, "ms", "AudioStream.JitterInterArrivalMax") \
  F(PacketLoss,           packet_loss_ratio,        Decimal, 6, 0, 1, "ratio", "AudioStream.PacketLossRate")    \
  F(PacketLossMax,        packet_loss_ratio_max,    Decimal, 6, 0, 1, "ratio", "AudioStream.PacketLossRateMax") \
  F(Discard,              discard_ratio,            Decimal, 6, 0, 1, "ratio", "none (RFC 6035 JDR)")           \
  F(BurstDensity,         burst_density_ratio,      Decimal, 6, 0, 1, "ratio", "AudioStream.BurstDensity")      \
  F(BurstDuration,        burst_duration_ms,        Decimal, 3, 0, 3.6e6, "ms", "AudioStream.BurstDuration")    \
  F(GapDensity,           gap_density_ratio,        Decimal, 6, 0, 1, "ratio", "AudioStream.BurstGapDensity")   \
  F(GapDuration,          gap_duration_ms,          Decimal, 3, 0, 8.64e7, "ms", "AudioStream.BurstGapDuration") \
  F(Packets,              packets,                  Integer, 0, 0, 1e12, "packets", "AudioStream.PacketUtilization") \
  F(BandwidthEstimate,    bandwidth_estimate_bps,   Integer, 0, 0, 1e13, "bit/s", "AudioStream.BandwidthEst")   \
  F(Degradation,          degradation_mos,          Decimal, 3, 0, 5, "MOS points", "AudioStream.DegradationAvg") \
  F(DegradationMax,       degradation_mos_max,      Decimal, 3, 0, 5, "MOS points", "AudioStream.DegradationMax") \
  F(DegradationJitter,    degradation_jitter_ratio, Decimal, 3, 0, 5, "share of degradation", "AudioStream.DegradationJitterAvg") \
  F(DegradationLoss,      degradation_loss_ratio,   Decimal, 3, 0, 5, "share of degradation", "AudioStream.DegradationPacketLossAvg") \
  F(RoundTrip,            round_trip_ms,            Decimal, 3, 0, 3.6e6, "ms", "AudioStream.RoundTrip")        \
  F(RoundTripMax,         round_trip_ms_max,        Decimal, 3, 0, 3.6e6, "ms", "AudioStream.RoundTripMax")     \
  F(NetworkMos,           network_mos,              Decimal, 3, 1, 5, "MOS", "AudioStream.OverallAvgNetworkMOS") \
  F(NetworkMosMin,        network_mos_min,          Decimal, 3, 1, 5, "MOS", "AudioStream.OverallMinNetworkMOS") \
  F(SendListenMos,        send_listen_mos,          Decimal, 3, 1, 5, "MOS", "AudioStream.SendListenMOS")       \
  F(SendListenMosMin,     send_listen_mos_min,      Decimal, 3, 1, 5, "MOS", "AudioStream.SendListenMOSMin")    \
  F(RecvListenMos,        recv_listen_mos,          Decimal, 3, 1, 5, "MOS", "AudioStream.RecvListenMOS")       \
  F(RecvListenMosMin,     recv_listen_mos_min,      Decimal, 3, 1, 5, "MOS", "AudioStream.RecvListenMOSMin")    \
  F(Concealed,            concealed_ratio,          Decimal, 6, 0, 1, "ratio", "AudioStream.RatioConcealedSamplesAvg") \
  F(ConcealedMax,         concealed_ratio_max,      Decimal, 6, 0, 1, "ratio", "AudioStream.ConcealRatioMax")   \
  F(Stretched,            stretched_ratio,          Decimal, 6, 0, 1, "ratio", "AudioStream.RatioStretchedSamplesAvg") \
  F(Compressed,           compressed_ratio,         Decimal, 6, 0, 1, "ratio", "AudioStream.RatioCompressedSamplesAvg") \
  F(HealerDrop,           healer_drop_ratio,        Decimal, 6, 0, 1, "ratio", "AudioStream.HealerPacketDropRatio") \
  F(RelativeOneWay,       relative_one_way_s,       Decimal, 6, 0, 3600, "s", "AppSharingStream.RelativeOneWayAverage") \
  F(PostFecLoss,          post_fec_loss_ratio,      Decimal, 6, 0, 1, "ratio", "VideoStream.VideoPostFECPLR, AudioStream.AudioPostFECPLR") \
  F(VideoPacketLoss,      video_packet_loss_ratio,  Decimal, 6, 0, 1, "ratio", "VideoStream.VideoPacketLossRate") \
  F(LocalFrameLoss,       local_frame_loss_percent, Decimal, 4, 0, 100, "%", "VideoStream.VideoLocalFrameLossPercentageAvg") \
  F(FrameLoss,            frame_loss_percent,       Decimal, 4, 0, 100, "%", "VideoStream.VideoFrameLossRate")  \
  F(RecvFrameRate,        recv_frame_rate_fps,      Decimal, 4, 0, 1000, "frames/s", "VideoStream.RecvFrameRateAverage") \
  F(InboundFrameRate,     inbound_frame_rate_fps,   Decimal, 4, 0, 1000, "frames/s", "VideoStream.InboundVideoFrameRateAvg") \
  F(OutboundFrameRate,    outbound_frame_rate_fps,  Decimal, 4, 0, 1000, "frames/s", "VideoStream.OutboundVideoFrameRateAvg") \
  F(LowFrameRate,         low_frame_rate_percent,   Decimal, 4, 0, 100, "%", "VideoStream.LowFrameRateCallPercent") \
  F(LowResolution,        low_resolution_percent,   Decimal, 4, 0, 100, "%", "VideoStream.LowResolutionCallPercent") \
  F(DynamicCapability,    dynamic_capability_percent, Decimal, 4, 0, 100, "%", "VideoStream.DynamicCapabilityPercent") \
  F(BitRate,              bit_rate_bps,             Integer, 0, 0, 1e13, "bit/s", "VideoStream.VideoBitRateAvg") \
  F(BitRateMax,           bit_rate_bps_max,         Integer, 0, 0, 1e13, "bit/s", "VideoStream.VideoBitRateMax") \
  F(Resolution,           resolution,               Key(KeySpace::kResolution), 0, 0, 0, "", "VideoStream.VideoResolution") \
  F(SpoiledTile,          spoiled_tile_percent,     Decimal, 4, 0, 100, "%", "AppSharingStream.SpoiledTilePercentTotal") \
  F(TileLatency,          tile_latency_ms,          Decimal, 3, 0, 3.6e6, "ms", "AppSharingStream.RDPTileProcessingLatencyAverage") \
  F(SharingType,          sharing_type,             Key(KeySpace::kSharingType), 0, 0, 0, "", "AppSharingStream.ApplicationSharingType") \
  F(LegClass,             leg_class,                Integer, 0, 0, 2, "QualityClass of the whole leg", "derived, model/classification.h") \
  F(LegClassJpdr,         leg_class_jpdr,           Integer, 0, 0, 2, "QualityClass, audio without concealment", "derived, model/classification.h") \
  F(Repairs,              repairs,                  Mask,    0, 0, 4294967295, "model/repair.h", "derived")     \
  F(Estimated,            estimated,                Mask,    0, 0, 4294967295, "model/repair.h", "derived")

#define CQD_SIDE_FIELDS(S)                                                                                      \
  S(Reported,             reported,                 Flag,    0, 0, 1, "its report arrived", "MediaLine.Caller / Callee") \
  S(User,                 user,                     Key(KeySpace::kUser), 0, 0, 0, "", "Session.CallerURI")     \
  S(UserAgent,            user_agent,               Key(KeySpace::kUserAgent), 0, 0, 0, "", "Session.CallerUserAgent") \
  S(Endpoint,             endpoint,                 Key(KeySpace::kEndpoint), 0, 0, 0, "", "Session.CallerEndpoint") \
  S(Pool,                 pool,                     Key(KeySpace::kPool), 0, 0, 0, "", "Session.CallerPool")    \
  S(Address,              address,                  Key(KeySpace::kAddress), 0, 0, 0, "", "MediaLine.CallerIPAddr") \
  S(Port,                 port,                     Integer, 0, 0, 65535, "", "MediaLine.CallerPort")           \
  S(Subnet,               subnet,                   Key(KeySpace::kSubnet), 0, 0, 0, "", "MediaLine.CallerSubnet") \
  S(Inside,               inside,                   Flag,    0, 0, 1, "1 inside", "MediaLine.CallerInside")     \
  S(Mac,                  mac,                      Key(KeySpace::kMac), 0, 0, 0, "", "MediaLine.CallerMacAddress") \
  S(RelayAddress,         relay_address,            Key(KeySpace::kAddress), 0, 0, 0, "", "MediaLine.CallerRelayIPAddr") \
  S(RelayPort,            relay_port,               Integer, 0, 0, 65535, "", "MediaLine.CallerRelayPort")      \
  S(ReflexiveAddress,     reflexive_address,        Key(KeySpace::kAddress), 0, 0, 0, "", "MediaLine.CallerReflexiveLocalIPAddr") \
  S(CaptureDevice,        capture_device,           Key(KeySpace::kDevice), 0, 0, 0, "", "MediaLine.CallerCaptureDev") \
  S(RenderDevice,         render_device,            Key(KeySpace::kDevice), 0, 0, 0, "", "MediaLine.CallerRenderDev") \
  S(CaptureDriver,        capture_driver,           Key(KeySpace::kDriver), 0, 0, 0, "", "MediaLine.CallerCaptureDevDriver") \
  S(RenderDriver,         render_driver,            Key(KeySpace::kDriver), 0, 0, 0, "", "MediaLine.CallerRenderDevDriver") \
  S(Connection,           connection,               Key(KeySpace::kConnection), 0, 0, 0, "", "MediaLine.CallerNetworkConnectionType") \
  S(Bssid,                bssid,                    Key(KeySpace::kBssid), 0, 0, 0, "", "MediaLine.CallerBssid") \
  S(Vpn,                  vpn,                      Flag,    0, 0, 1, "1 VPN", "MediaLine.CallerVPN")           \
  S(LinkSpeed,            link_speed_bps,           Integer, 0, 0, 1e13, "bit/s", "MediaLine.CallerLinkSpeed")  \
  S(Ice,                  ice,                      Integer, 0, 0, 255, "1 DIRECT, 2 RELAY, 4 HTTP, 8 FAILED", "MediaLine.CallerConnectivityICE") \
  S(IceWarnings,          ice_warnings,             Mask,    0, 0, 4294967295, "", "MediaLine.CallerIceWarningFlags") \
  S(WifiDriver,           wifi_driver,              Key(KeySpace::kDriver), 0, 0, 0, "", "MediaLine.CallerWiFiDriverDevicesDesc") \
  S(WifiDriverVersion,    wifi_driver_version,      Key(KeySpace::kDriver), 0, 0, 0, "", "MediaLine.CallerWiFiDriverVersion") \
  S(WifiRadio,            wifi_radio,               Key(KeySpace::kWifiRadio), 0, 0, 0, "", "none (MS-QoE WifiRadioType)") \
  S(WifiChannel,          wifi_channel,             Integer, 0, 0, 65535, "", "none (MS-QoE WifiChannel)")      \
  S(WifiSignal,           wifi_signal_percent,      Decimal, 2, 0, 100, "%", "none (MS-QoE WifiRSSI)")          \
  S(SendSignal,           send_signal_db,           Decimal, 2, -200, 200, "dB", "AudioSignal.SendSignalLevel") \
  S(RecvSignal,           recv_signal_db,           Decimal, 2, -200, 200, "dB", "AudioSignal.RecvSignalLevel") \
  S(SendNoise,            send_noise_db,            Decimal, 2, -200, 200, "dB", "AudioSignal.SendNoiseLevel")  \
  S(RecvNoise,            recv_noise_db,            Decimal, 2, -200, 200, "dB", "AudioSignal.RecvNoiseLevel")  \
  S(EchoReturn,           echo_return_db,           Decimal, 2, -200, 200, "dB", "AudioSignal.EchoReturn")      \
  S(SpeakerGlitches,      speaker_glitches,         Decimal, 2, 0, 1e9, "per 5 min", "AudioSignal.AudioSpeakerGlitchRate") \
  S(MicGlitches,          mic_glitches,             Decimal, 2, 0, 1e9, "per 5 min", "AudioSignal.AudioMicGlitchRate") \
  S(EchoMicIn,            echo_mic_in_percent,      Decimal, 2, 0, 100, "%", "AudioSignal.EchoPercentMicIn")    \
  S(EchoSend,             echo_send_percent,        Decimal, 2, 0, 100, "%", "AudioSignal.EchoPercentSend")     \
  S(EchoCauses,           echo_causes,              Mask,    0, 0, 255, "reference/qoe-metrics-schema.md 2", "AudioSignal.EchoEventCauses") \
  S(NetworkSendEvent,     network_send_event,       Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.NetworkSendQualityEventRatio") \
  S(NetworkReceiveEvent,  network_receive_event,    Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.NetworkReceiveQualityEventRatio") \
  S(NetworkDelayEvent,    network_delay_event,      Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.NetworkDelayEventRatio") \
  S(BandwidthLowEvent,    bandwidth_low_event,      Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.NetworkBandwidthLowEventRatio") \
  S(CpuEvent,             cpu_event,                Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.CPUInsufficientEventRatio") \
  S(HalfDuplexEvent,      half_duplex_event,        Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.DeviceHalfDuplexAECEventRatio") \
  S(RenderBrokenEvent,    render_broken_event,      Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.DeviceRenderNotFunctioningEventRatio") \
  S(CaptureBrokenEvent,   capture_broken_event,     Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.DeviceCaptureNotFunctioningEventRatio") \
  S(GlitchesEvent,        glitches_event,           Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.DeviceGlitchesEventRatio") \
  S(LowSnrEvent,          low_snr_event,            Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.DeviceLowSNREventRatio") \
  S(LowSpeechEvent,       low_speech_event,         Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.DeviceLowSpeechLevelEventRatio") \
  S(ClippingEvent,        clipping_event,           Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.DeviceClippingEventRatio") \
  S(EchoEvent,            echo_event,               Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.DeviceEchoEventRatio") \
  S(NearEndEchoEvent,     near_end_echo_event,      Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.DeviceNearEndToEchoRatioEventRatio") \
  S(ZeroVolumeEvent,      zero_volume_event,        Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.DeviceRenderZeroVolumeEventRatio") \
  S(MuteEvent,            mute_event,               Decimal, 4, 0, 100, "share of the session", "AudioClientEvent.DeviceRenderMuteEventRatio") \
  S(EndpointsEvents,      endpoints_events,         Integer, 0, 0, 1e9, "count", "AudioClientEvent.DeviceMultipleEndpointsEventCount") \
  S(HowlingEvents,        howling_events,           Integer, 0, 0, 1e9, "count", "AudioClientEvent.DeviceHowlingEventCount") \
  S(Rating,               rating,                   Integer, 0, 0, 5, "1..5, 1 worst; 0 shown, not answered", "CallQualityFeedback.Rating") \
  S(FeedbackTokens,       feedback_tokens,          Key(KeySpace::kFeedbackTokens), 0, 0, 0, "", "CallQualityFeedbackToken") \
  S(FeedbackIssues,       feedback_issues,          Mask,    0, 0, 3, "bit 0 audio, 1 video issue", "CallQualityFeedbackToken")
// clang-format on

/// A stored field of a stream. Side fields come as neighbours: caller, then callee.
enum class Field : std::uint8_t {
#define F(name, ...) k##name,
#define S(name, ...) kCaller##name, kCallee##name,
  CQD_STREAM_FIELDS(F) CQD_SIDE_FIELDS(S)
#undef F
#undef S
};

#define F(...) +1
#define S(...) +2
inline constexpr int kFieldCount = 0 CQD_STREAM_FIELDS(F) CQD_SIDE_FIELDS(S);
inline constexpr int kStreamFieldCount = 0 CQD_STREAM_FIELDS(F);
#undef F
#undef S
static_assert(kFieldCount <= 255);

enum class FieldType : std::uint8_t { kKey, kInteger, kDecimal, kFlag, kMask, kTime };

/// What is known of a field at compile time.
struct FieldInfo {
  Field field;
  std::string_view column;  ///< SQL column name in the archive; stable
  FieldType type;
  KeySpace space;  ///< only for kKey
  int scale;       ///< stored integer = value x 10^scale
  double min;      ///< smallest value, unscaled, inclusive
  double max;      ///< largest value, unscaled, inclusive
  std::string_view unit;
  std::string_view source;
};

const FieldInfo& InfoOf(Field field);
/// All fields in the order of the enumeration.
const std::array<FieldInfo, kFieldCount>& AllFields();
/// The field with that archive column name.
std::optional<Field> FindField(std::string_view column);

/// The two ends of a call as the source names them.
enum class Side : std::uint8_t { kCaller, kCallee };
constexpr Side Other(Side side) {
  return side == Side::kCaller ? Side::kCallee : Side::kCaller;
}

/// True for a field that exists for each side.
constexpr bool IsSideField(Field field) {
  return static_cast<int>(field) >= kStreamFieldCount;
}
/// The field of `side`, given the caller's: Of(Field::kCallerUser, Side::kCallee) is kCalleeUser.
constexpr Field Of(Field caller_field, Side side) {
  return static_cast<Field>(static_cast<int>(caller_field) + (side == Side::kCallee ? 1 : 0));
}

}  // namespace cqd::model
