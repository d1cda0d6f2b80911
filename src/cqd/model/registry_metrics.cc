// Metrics as range members. Source: reference/cube-model.md 2.1, 2.7 "Metrics as bands", "Signal
// and event bands"; the name pattern "[<medium> <metric>].[Metric]" is that of [Audio Bandwidth
// Est].
#include "model/internal/catalog.h"

namespace cqd::model {
namespace {

constexpr const char* kSource = "reference/cube-model.md 2.7";

/// Which media an attribute shows; streams of others are blank.
using MediaMask = unsigned;
constexpr MediaMask MaskOf(MediaType type) {
  return 1U << static_cast<unsigned>(type);
}
constexpr MediaMask kAudioOnly = MaskOf(MediaType::kAudio);
// Video-based screen sharing carries video metrics; Media Type tells the two apart.
constexpr MediaMask kVideoAndVbss = MaskOf(MediaType::kVideo) | MaskOf(MediaType::kVbss);
constexpr MediaMask kSharingOnly = MaskOf(MediaType::kAppSharing);

MemberFunction BandOfMedia(BandKind kind, CubeColumn column, MediaMask media) {
  return [kind, column, media](Value value, Value type, const Mapping&) {
    const bool shown =
        type >= 0 && type <= static_cast<Value>(MediaType::kOther) && (media >> type & 1U) != 0;
    return shown && value != kNull ? BandMember(kind, UnscaledValue(column, value)) : BlankMember();
  };
}

/// A metric that several media carry in the same column: one attribute for each medium, and one of
/// the later product's over all media.
struct SharedMetric {
  const char* audio;  ///< category of each medium; nullptr: not for this medium
  const char* video;
  const char* sharing;
  const char* online;  ///< name in the later product; nullptr: none
  Field field;
  BandKind kind;
  const char* unit;
  const char* description;
};

constexpr SharedMetric kSharedMetrics[] = {
    {"Audio Jitter", "Video Jitter", "AppSharing Jitter", "Jitter", Field::kJitter,
     BandKind::kInteger, "ms", "Average interarrival jitter"},
    {"Audio Jitter Max", "Video Jitter Max", "AppSharing Jitter Max", "Jitter Max",
     Field::kJitterMax, BandKind::kInteger, "ms", "Largest interarrival jitter"},
    {"Audio Packet Loss Rate", "Video Network Packet Loss Rate", "AppSharing Packet Loss Rate",
     "Packet Loss Rate", Field::kPacketLoss, BandKind::kRatio, "ratio", "Share of packets lost"},
    {"Audio Packet Loss Rate Max", "Video Network Packet Loss Rate Max",
     "AppSharing Packet Loss Rate Max", "Packet Loss Rate Max", Field::kPacketLossMax,
     BandKind::kRatio, "ratio", "Largest share of packets lost"},
    {"Audio Round Trip", "Video Round Trip", "AppSharing Round Trip", "Round Trip",
     Field::kRoundTrip, BandKind::kInteger, "ms", "Average round trip time"},
    {"Audio Round Trip Max", "Video Round Trip Max", "AppSharing Round Trip Max", "Round Trip Max",
     Field::kRoundTripMax, BandKind::kInteger, "ms", "Largest round trip time"},
    {"Audio Packet Utilization", "Video Packet Utilization", "AppSharing Packet Utilization",
     "Packet Utilization", Field::kPackets, BandKind::kInteger, "packets", "Packets of the stream"},
    {"Audio Bandwidth Est", "Video Bandwidth Est", "AppSharing Bandwidth Est", "Bandwidth Est",
     Field::kBandwidthEstimate, BandKind::kBandwidth, "bit/s", "Estimated bandwidth, one way"},
    {"Audio Post FECPLR", "Video Post FECPLR", nullptr, nullptr, Field::kPostFecLoss,
     BandKind::kRatio, "ratio", "Share of packets lost after error correction"},
};

void AddSharedMetrics(Catalog& catalog) {
  const auto add = [&](const char* category, const SharedMetric& metric, MediaMask media,
                       std::vector<std::string> aliases) {
    if (category == nullptr) return;
    const CubeColumn column = AsColumn(metric.field);
    const bool proven = std::string_view(category) == "Audio Bandwidth Est";
    catalog.Add({.category = category,
                 .name = "Metric",
                 .aliases = std::move(aliases),
                 .type = AttributeType::kBand,
                 .input = column,
                 .second_input = CubeColumn::kMediaType,
                 .member = BandOfMedia(metric.kind, column, media),
                 .proven = proven,
                 .unit = metric.unit,
                 .description = metric.description,
                 .source = proven ? "reference/cube-model.md 2.1" : kSource});
  };
  for (const SharedMetric& metric : kSharedMetrics) {
    add(metric.audio, metric, kAudioOnly, {});
    // The later product has this metric for video only, under the same name.
    add(metric.video, metric, kVideoAndVbss,
        metric.field == Field::kPostFecLoss
            ? std::vector<std::string>{AllStreams("Video Post FECPLR")}
            : std::vector<std::string>{});
    add(metric.sharing, metric, kSharingOnly, {});
    if (metric.online == nullptr) continue;
    catalog.Add({.category = "AllStreams",
                 .name = metric.online,
                 .type = AttributeType::kBand,
                 .input = AsColumn(metric.field),
                 .member = BandOfField(metric.kind, AsColumn(metric.field)),
                 .listed = false,
                 .unit = metric.unit,
                 .description = std::string(metric.description) + ", streams of all media",
                 .source = kSource});
  }
}

/// A metric that only one medium carries.
struct Metric {
  const char* category;
  const char* online;  ///< nullptr: none
  Field field;
  BandKind kind;
  const char* unit;
  const char* description;
};

constexpr Metric kMetrics[] = {
    {"Audio Degradation Avg", "Audio Degradation Avg", Field::kDegradation, BandKind::kMos,
     "MOS points", "Average loss of network MOS"},
    {"Audio Degradation Max", nullptr, Field::kDegradationMax, BandKind::kMos, "MOS points",
     "Largest loss of network MOS"},
    {"Audio Degradation Jitter Avg", nullptr, Field::kDegradationJitter, BandKind::kRatio, "ratio",
     "Share of the degradation that jitter caused"},
    {"Audio Degradation Packet Loss Avg", nullptr, Field::kDegradationLoss, BandKind::kRatio,
     "ratio", "Share of the degradation that packet loss caused"},
    {"Audio Overall Avg Network MOS", "Overall Avg Network MOS", Field::kNetworkMos, BandKind::kMos,
     "MOS", "Average network MOS"},
    {"Audio Overall Min Network MOS", nullptr, Field::kNetworkMosMin, BandKind::kMos, "MOS",
     "Smallest network MOS"},
    {"Audio Send Listen MOS", nullptr, Field::kSendListenMos, BandKind::kMos, "MOS",
     "Average listening MOS of the sent audio"},
    {"Audio Send Listen MOS Min", nullptr, Field::kSendListenMosMin, BandKind::kMos, "MOS",
     "Smallest listening MOS of the sent audio"},
    {"Audio Recv Listen MOS", nullptr, Field::kRecvListenMos, BandKind::kMos, "MOS",
     "Average listening MOS of the received audio"},
    {"Audio Recv Listen MOS Min", nullptr, Field::kRecvListenMosMin, BandKind::kMos, "MOS",
     "Smallest listening MOS of the received audio"},
    {"Audio Conversational MOS", nullptr, Field::kConversationalMos, BandKind::kMos, "MOS",
     "Conversational MOS of the media line"},
    {"Audio Ratio Concealed Samples Avg", "Ratio Concealed Samples Avg", Field::kConcealed,
     BandKind::kRatio, "ratio", "Share of samples that were concealed"},
    {"Audio Conceal Ratio Max", nullptr, Field::kConcealedMax, BandKind::kRatio, "ratio",
     "Largest share of samples that were concealed"},
    {"Audio Ratio Stretched Samples Avg", "Ratio Stretched Samples Avg", Field::kStretched,
     BandKind::kRatio, "ratio", "Share of samples that were stretched"},
    {"Audio Ratio Compressed Samples Avg", nullptr, Field::kCompressed, BandKind::kRatio, "ratio",
     "Share of samples that were compressed"},
    {"Audio Healer Packet Drop Ratio", nullptr, Field::kHealerDrop, BandKind::kRatio, "ratio",
     "Share of received packets that the healer dropped"},
    {"Audio Discard Rate", nullptr, Field::kDiscard, BandKind::kRatio, "ratio",
     "Share of packets discarded by the jitter buffer (RFC 6035)"},
    {"Audio Burst Density", nullptr, Field::kBurstDensity, BandKind::kRatio, "ratio",
     "Share of packets lost within bursts"},
    {"Audio Burst Duration", nullptr, Field::kBurstDuration, BandKind::kInteger, "ms",
     "Mean length of a loss burst"},
    {"Audio Burst Gap Density", nullptr, Field::kGapDensity, BandKind::kRatio, "ratio",
     "Share of packets lost between bursts"},
    {"Audio Burst Gap Duration", nullptr, Field::kGapDuration, BandKind::kInteger, "ms",
     "Mean time between loss bursts"},
    {"Video Local Frame Loss Percentage Avg", "Video Local Frame Loss Percentage Avg",
     Field::kLocalFrameLoss, BandKind::kFine, "%", "Share of video frames lost as shown"},
    {"Video Frame Loss Rate", nullptr, Field::kFrameLoss, BandKind::kFine, "%",
     "Share of video frames lost"},
    {"Video Recv Frame Rate Average", "Recv Frame Rate Average", Field::kRecvFrameRate,
     BandKind::kFine, "frames/s", "Average frame rate received"},
    {"Video Frame Rate Avg", "Video Frame Rate Avg", Field::kInboundFrameRate, BandKind::kFine,
     "frames/s", "Average frame rate, receiving end"},
    {"Video Outbound Frame Rate Avg", nullptr, Field::kOutboundFrameRate, BandKind::kFine,
     "frames/s", "Average frame rate, sending end"},
    {"Video Low Frame Rate Call Percent", "Low Frame Rate Call Percent", Field::kLowFrameRate,
     BandKind::kFine, "%", "Share of the call below 7.5 frames/s"},
    {"Video Low Resolution Call Percent", nullptr, Field::kLowResolution, BandKind::kFine, "%",
     "Share of the call at the lowest resolution"},
    {"Video Packet Loss Rate", "Video Packet Loss Rate", Field::kVideoPacketLoss, BandKind::kRatio,
     "ratio", "Share of video packets lost"},
    {"Video Dynamic Capability Percent", "Dynamic Capability Percent", Field::kDynamicCapability,
     BandKind::kFine, "%", "Share of time below 70 % of the expected video capability"},
    {"Video Bit Rate Avg", nullptr, Field::kBitRate, BandKind::kBandwidth, "bit/s",
     "Average video bit rate"},
    {"Video Bit Rate Max", nullptr, Field::kBitRateMax, BandKind::kBandwidth, "bit/s",
     "Largest video bit rate"},
    {"AppSharing Spoiled Tile Percent Total", "Spoiled Tile Percent Total", Field::kSpoiledTile,
     BandKind::kFine, "%", "Share of shared content thrown away before it reached the viewer"},
    {"AppSharing Relative OneWay Average", "AppSharing Relative OneWay Average",
     Field::kRelativeOneWay, BandKind::kRatio, "s", "Average one-way delay between the ends"},
    {"AppSharing RDP Tile Processing Latency Average",
     "AppSharing RDP Tile Processing Latency Average", Field::kTileLatency, BandKind::kFine, "ms",
     "Average time from encoding to decoding of a tile"},
};

void AddMetrics(Catalog& catalog) {
  for (const Metric& metric : kMetrics) {
    std::vector<std::string> aliases;
    if (metric.online != nullptr) aliases.push_back(AllStreams(metric.online));
    catalog.Add({.category = metric.category,
                 .name = "Metric",
                 .aliases = std::move(aliases),
                 .type = AttributeType::kBand,
                 .input = AsColumn(metric.field),
                 .member = BandOfField(metric.kind, AsColumn(metric.field)),
                 .unit = metric.unit,
                 .description = metric.description,
                 .source = kSource});
  }
}

void AddStreamProperties(Catalog& catalog) {
  catalog.Add({.category = "Audio FEC Used",
               .name = "Audio FEC Used",
               .aliases = {AllStreams("Audio FEC Used")},
               .type = AttributeType::kBoolean,
               .input = AsColumn(Field::kFecUsed),
               .member = BooleanOfColumn(),
               .fixed_members = BooleanMembers(),
               .description = "Forward error correction was used",
               .source = kSource});
  catalog.Add({.category = "Audio Sample Rate",
               .name = "Audio Sample Rate",
               .type = AttributeType::kInteger,
               .input = AsColumn(Field::kSampleRate),
               .member = IntegerOfColumn(),
               .unit = "Hz",
               .description = "Sampling rate of the audio",
               .source = "reference/qoe-metrics-schema.md 3"});
  catalog.Add({.category = "Video Resolution",
               .name = "Resolution",
               .input = AsColumn(Field::kResolution),
               .member = EntryText(KeySpace::kResolution),
               .description = "Width and height of the video in pixels",
               .source = "reference/qoe-metrics-schema.md 3"});
  catalog.Add({.category = "AppSharing Type",
               .name = "Application Sharing Type",
               .input = AsColumn(Field::kSharingType),
               .member = EntryText(KeySpace::kSharingType),
               .description = "Role and content of application sharing",
               .source = "reference/qoe-metrics-schema.md 3"});
}

/// A metric of one end; the attribute's name is also the later product's, with the role before it.
struct EndMetric {
  const char* category;
  const char* name;
  CubeColumn first;
  BandKind kind;
  const char* unit;
  const char* description;
};

constexpr const char* kSignal = "Audio Signal";
constexpr const char* kEvents = "Audio Events";
constexpr EndMetric kEndMetrics[] = {
    {kSignal, "Send Signal Level", CubeColumn::kFirstSendSignal, BandKind::kInteger, "dB",
     "Level of the sent speech"},
    {kSignal, "Recv Signal Level", CubeColumn::kFirstRecvSignal, BandKind::kInteger, "dB",
     "Level of the received speech"},
    {kSignal, "Send Noise Level", CubeColumn::kFirstSendNoise, BandKind::kInteger, "dB",
     "Level of the sent noise"},
    {kSignal, "Recv Noise Level", CubeColumn::kFirstRecvNoise, BandKind::kInteger, "dB",
     "Level of the received noise"},
    {kSignal, "Echo Return", CubeColumn::kFirstEchoReturn, BandKind::kInteger, "dB",
     "Echo return loss enhancement"},
    {kSignal, "Echo Percent Mic In", CubeColumn::kFirstEchoMicIn, BandKind::kInteger, "%",
     "Share of time with echo at the microphone"},
    {kSignal, "Echo Percent Send", CubeColumn::kFirstEchoSend, BandKind::kInteger, "%",
     "Share of time with echo in the sent audio"},
    {kSignal, "Speaker Glitch Rate", CubeColumn::kFirstSpeakerGlitches, BandKind::kInteger,
     "per 5 min", "Glitches while playing"},
    {kSignal, "Mic Glitch Rate", CubeColumn::kFirstMicGlitches, BandKind::kInteger, "per 5 min",
     "Glitches while recording"},
    {kEvents, "Network Send Quality Event Ratio", CubeColumn::kFirstNetworkSendEvent,
     BandKind::kRatio, "ratio", "Loss or jitter hurt the sent audio"},
    {kEvents, "Network Receive Quality Event Ratio", CubeColumn::kFirstNetworkReceiveEvent,
     BandKind::kRatio, "ratio", "Loss or jitter hurt the received audio"},
    {kEvents, "Network Delay Event Ratio", CubeColumn::kFirstNetworkDelayEvent, BandKind::kRatio,
     "ratio", "Delay hurt the conversation"},
    {kEvents, "Network Bandwidth Low Event Ratio", CubeColumn::kFirstBandwidthLowEvent,
     BandKind::kRatio, "ratio", "Too little bandwidth"},
    {kEvents, "CPU Insufficient Event Ratio", CubeColumn::kFirstCpuEvent, BandKind::kRatio, "ratio",
     "Too little processing power"},
    {kEvents, "Device Half Duplex AEC Event Ratio", CubeColumn::kFirstHalfDuplexEvent,
     BandKind::kRatio, "ratio", "Half duplex forced against echo"},
    {kEvents, "Device Render Not Functioning Event Ratio", CubeColumn::kFirstRenderBrokenEvent,
     BandKind::kRatio, "ratio", "Loudspeaker did not work"},
    {kEvents, "Device Capture Not Functioning Event Ratio", CubeColumn::kFirstCaptureBrokenEvent,
     BandKind::kRatio, "ratio", "Microphone did not work"},
    {kEvents, "Device Glitches Event Ratio", CubeColumn::kFirstGlitchesEvent, BandKind::kRatio,
     "ratio", "Glitches while playing"},
    {kEvents, "Device Low SNR Event Ratio", CubeColumn::kFirstLowSnrEvent, BandKind::kRatio,
     "ratio", "Noisy or distant microphone"},
    {kEvents, "Device Low Speech Level Event Ratio", CubeColumn::kFirstLowSpeechEvent,
     BandKind::kRatio, "ratio", "Speech too quiet"},
    {kEvents, "Device Clipping Event Ratio", CubeColumn::kFirstClippingEvent, BandKind::kRatio,
     "ratio", "Microphone overdriven"},
    {kEvents, "Device Echo Event Ratio", CubeColumn::kFirstEchoEvent, BandKind::kRatio, "ratio",
     "More echo than could be cancelled"},
    {kEvents, "Device Near End To Echo Ratio Event Ratio", CubeColumn::kFirstNearEndEchoEvent,
     BandKind::kRatio, "ratio", "Speech too quiet against the echo"},
    {kEvents, "Device Render Zero Volume Event Ratio", CubeColumn::kFirstZeroVolumeEvent,
     BandKind::kRatio, "ratio", "Loudspeaker at zero volume"},
    {kEvents, "Device Render Mute Event Ratio", CubeColumn::kFirstMuteEvent, BandKind::kRatio,
     "ratio", "Loudspeaker muted"},
    {kEvents, "Device Multiple Endpoints Event Count", CubeColumn::kFirstEndpointsEvents,
     BandKind::kInteger, "count", "Several devices of the call in one room"},
    {kEvents, "Device Howling Event Count", CubeColumn::kFirstHowlingEvents, BandKind::kInteger,
     "count", "Feedback loops"},
};

/// Source of the bits: reference/qoe-metrics-schema.md 2, names as reference/cube-model.md 2.7.
Member EchoCausesMember(Value causes, Value, const Mapping&) {
  constexpr std::string_view kNames[] = {"BAD_TIMESTAMP", "POSTAEC_ECHO", "EVENT_ANLP",
                                         "EVENT_DNLP",    "MIC_CLIPPING", "BAD_STATE"};
  if (causes == kNull) return BlankMember();
  std::string text;
  for (std::size_t bit = 0; bit < std::size(kNames); ++bit) {
    if ((causes >> bit & 1) == 0) continue;
    if (!text.empty()) text += " | ";
    text += kNames[bit];
  }
  return TextMember(text, causes);
}

void AddEndMetrics(Catalog& catalog, const Role& role) {
  for (const EndMetric& metric : kEndMetrics) {
    const CubeColumn column = role.Of(metric.first);
    catalog.Add({.category = role.With(metric.category),
                 .name = metric.name,
                 .aliases = {AllStreams(role.With(metric.name))},
                 .type = AttributeType::kBand,
                 .input = column,
                 .member = BandOfField(metric.kind, column),
                 .unit = metric.unit,
                 .description = std::string(metric.description) + ", " + role.End(),
                 .source = kSource});
  }
  catalog.Add({.category = role.With(kSignal),
               .name = "Echo Event Causes",
               .aliases = {AllStreams(role.With("Echo Event Causes"))},
               .input = role.Of(CubeColumn::kFirstEchoCauses),
               .member = EchoCausesMember,
               .description = "What the echo canceller had to deal with at " + role.End(),
               .source = kSource});
}

}  // namespace

void AddMetricAttributes(Catalog& catalog) {
  AddSharedMetrics(catalog);
  AddMetrics(catalog);
  AddStreamProperties(catalog);
  for (const Role& role : BothRoles()) AddEndMetrics(catalog, role);
}

}  // namespace cqd::model
