#include "source/sdn.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "model/endpoint.h"
#include "model/stream.h"
#include "source/internal/labels.h"
#include "source/internal/text_forms.h"
#include "source/internal/xml.h"

namespace cqd::source {
namespace {

using internal::Child;
using internal::ChildText;
using model::Field;

constexpr std::string_view kName = "sdn";
constexpr std::string_view kRoot = "LyncDiagnostics";

/// Whose figure a property is.
enum class Owner : std::uint8_t { kStream, kFrom, kTo };

struct Property {
  std::string_view element;
  Owner owner;
  Field field;
};

/// Elements of QualityUpdate/Properties with their field; units are the same
/// (reference/ingest-formats.md 4). What is captured, sent or seen by the microphone belongs to the
/// sending end, the rest to the receiving one.
constexpr std::array kProperties = {
    Property{"JitterInterArrival", Owner::kStream, Field::kJitter},
    Property{"JitterInterArrivalMax", Owner::kStream, Field::kJitterMax},
    Property{"RoundTrip", Owner::kStream, Field::kRoundTrip},
    Property{"RoundTripMax", Owner::kStream, Field::kRoundTripMax},
    Property{"PacketUtilization", Owner::kStream, Field::kPackets},
    Property{"PacketLossRate", Owner::kStream, Field::kPacketLoss},
    Property{"PacketLossRateMax", Owner::kStream, Field::kPacketLossMax},
    Property{"BurstDensity", Owner::kStream, Field::kBurstDensity},
    Property{"BurstDuration", Owner::kStream, Field::kBurstDuration},
    Property{"BurstGapDensity", Owner::kStream, Field::kGapDensity},
    Property{"BurstGapDuration", Owner::kStream, Field::kGapDuration},
    Property{"BandwidthEst", Owner::kStream, Field::kBandwidthEstimate},
    Property{"DegradationAvg", Owner::kStream, Field::kDegradation},
    Property{"DegradationMax", Owner::kStream, Field::kDegradationMax},
    Property{"DegradationJitterAvg", Owner::kStream, Field::kDegradationJitter},
    Property{"DegradationPacketLossAvg", Owner::kStream, Field::kDegradationLoss},
    Property{"OverallAvgNetworkMOS", Owner::kStream, Field::kNetworkMos},
    Property{"OverallMinNetworkMOS", Owner::kStream, Field::kNetworkMosMin},
    Property{"SendListenMOS", Owner::kStream, Field::kSendListenMos},
    Property{"SendListenMOSMin", Owner::kStream, Field::kSendListenMosMin},
    Property{"RecvListenMOS", Owner::kStream, Field::kRecvListenMos},
    Property{"RecvListenMOSMin", Owner::kStream, Field::kRecvListenMosMin},
    Property{"ConversationalMOS", Owner::kStream, Field::kConversationalMos},
    Property{"RatioConcealedSamplesAvg", Owner::kStream, Field::kConcealed},
    Property{"ConcealRatioMax", Owner::kStream, Field::kConcealedMax},
    Property{"RatioStretchedSamplesAvg", Owner::kStream, Field::kStretched},
    Property{"RatioCompressedSamplesAvg", Owner::kStream, Field::kCompressed},
    Property{"HealerPacketDropRatio", Owner::kStream, Field::kHealerDrop},
    Property{"RelativeOneWayAverage", Owner::kStream, Field::kRelativeOneWay},
    Property{"AudioPostFECPLR", Owner::kStream, Field::kPostFecLoss},
    Property{"VideoPostFECPLR", Owner::kStream, Field::kPostFecLoss},
    Property{"AppliedBandwidthLimit", Owner::kStream, Field::kBandwidthLimit},
    Property{"VideoPacketLossRate", Owner::kStream, Field::kVideoPacketLoss},
    Property{"VideoFrameLossRate", Owner::kStream, Field::kFrameLoss},
    Property{"VideoLocalFrameLossPercentageAvg", Owner::kStream, Field::kLocalFrameLoss},
    Property{"RecvFrameRateAverage", Owner::kStream, Field::kRecvFrameRate},
    Property{"InboundVideoFrameRateAvg", Owner::kStream, Field::kInboundFrameRate},
    Property{"OutboundVideoFrameRateAvg", Owner::kStream, Field::kOutboundFrameRate},
    Property{"LowFrameRateCallPercent", Owner::kStream, Field::kLowFrameRate},
    Property{"LowResolutionCallPercent", Owner::kStream, Field::kLowResolution},
    Property{"DynamicCapabilityPercent", Owner::kStream, Field::kDynamicCapability},
    Property{"BitRateAvg", Owner::kStream, Field::kBitRate},
    Property{"BitRateMax", Owner::kStream, Field::kBitRateMax},
    Property{"SpoiledTilePercentTotal", Owner::kStream, Field::kSpoiledTile},
    Property{"RDPTileProcessingLatencyAverage", Owner::kStream, Field::kTileLatency},
    Property{"RecvSignalLevel", Owner::kTo, Field::kCallerRecvSignal},
    Property{"RecvNoiseLevel", Owner::kTo, Field::kCallerRecvNoise},
    Property{"SpeakerGlitchRate", Owner::kTo, Field::kCallerSpeakerGlitches},
    Property{"SendSignalLevel", Owner::kFrom, Field::kCallerSendSignal},
    Property{"SendNoiseLevel", Owner::kFrom, Field::kCallerSendNoise},
    Property{"MicGlitchRate", Owner::kFrom, Field::kCallerMicGlitches},
    Property{"EchoPercentMicIn", Owner::kFrom, Field::kCallerEchoMicIn},
    Property{"EchoPercentSend", Owner::kFrom, Field::kCallerEchoSend},
    Property{"EchoReturn", Owner::kFrom, Field::kCallerEchoReturn},
    Property{"NetworkSendQualityEventRatio", Owner::kFrom, Field::kCallerNetworkSendEvent},
    Property{"NetworkReceiveQualityEventRatio", Owner::kTo, Field::kCallerNetworkReceiveEvent},
    Property{"NetworkDelayEventRatio", Owner::kTo, Field::kCallerNetworkDelayEvent},
    Property{"NetworkBandwidthLowEventRatio", Owner::kTo, Field::kCallerBandwidthLowEvent},
    Property{"CPUInsufficientEventRatio", Owner::kTo, Field::kCallerCpuEvent},
    Property{"DeviceHalfDuplexAECEventRatio", Owner::kFrom, Field::kCallerHalfDuplexEvent},
    Property{"DeviceRenderNotFunctioningEventRatio", Owner::kTo, Field::kCallerRenderBrokenEvent},
    Property{"DeviceCaptureNotFunctioningEventRatio", Owner::kFrom,
             Field::kCallerCaptureBrokenEvent},
    Property{"DeviceGlitchesEventRatio", Owner::kFrom, Field::kCallerGlitchesEvent},
    Property{"DeviceLowSNREventRatio", Owner::kFrom, Field::kCallerLowSnrEvent},
    Property{"DeviceLowSpeechLevelEventRatio", Owner::kFrom, Field::kCallerLowSpeechEvent},
    Property{"DeviceClippingEventRatio", Owner::kFrom, Field::kCallerClippingEvent},
    Property{"DeviceEchoEventRatio", Owner::kFrom, Field::kCallerEchoEvent},
    Property{"DeviceNearEndToEchoRatioEventRatio", Owner::kFrom, Field::kCallerNearEndEchoEvent},
    Property{"DeviceRenderZeroVolumeEventRatio", Owner::kTo, Field::kCallerZeroVolumeEvent},
    Property{"DeviceRenderMuteEventRatio", Owner::kTo, Field::kCallerMuteEvent},
    Property{"DeviceMultipleEndpointsEventCount", Owner::kFrom, Field::kCallerEndpointsEvents},
    Property{"DeviceHowlingEventCount", Owner::kFrom, Field::kCallerHowlingEvents},
};

std::string EndpointDetailOf(const pugi::xml_node& end) {
  const model::EndpointDetail detail{
      ChildText(end, "OS"), ChildText(end, "CPUName"), ParseInt(ChildText(end, "CPUNumberOfCores")),
      ParseInt(ChildText(end, "CPUProcessorSpeed")),
      internal::VirtualizationFlags(ChildText(end, "Virtualization"))};
  return model::EncodeEndpointDetail(detail);
}

/// HostIP is the machine's own interface; IP may be a relay or the outside of a NAT.
std::string OwnAddress(const pugi::xml_node& end) {
  std::string address = internal::AddressForm(ChildText(end, "HostIP"));
  return address.empty() ? internal::AddressForm(ChildText(end, "IP")) : address;
}

ReportedEnd EndOf(const pugi::xml_node& node) {
  ReportedEnd end;
  const std::string id = ChildText(node, "Id");
  const std::string user = internal::UserForm(ChildText(node, "URI"));
  if (!id.empty()) end.names.push_back("tag:" + id);
  if (!user.empty()) end.names.push_back("user:" + user);
  FieldValues& values = end.values;
  values.SetText(Field::kCallerUser, user);
  const pugi::xml_node agent = Child(node, "UserAgent");
  values.SetText(Field::kCallerUserAgent, internal::TextOf(agent),
                 internal::Attribute(agent, "Type"));
  const bool described = Child(node, "OS") || Child(node, "CPUName");
  // The messages carry no machine name; the endpoint id keeps what is known of the machine.
  if (described)
    values.SetText(Field::kCallerEndpoint, ToLower(ChildText(node, "EPId")),
                   EndpointDetailOf(node));
  if (described || Child(node, "MACAddr") || Child(node, "LinkSpeed")) {
    values.SetNumber(Field::kCallerReported, 1);  // only its own report knows these
  }
  return end;
}

FieldValues LineEndOf(const pugi::xml_node& node) {
  FieldValues values;
  values.SetText(Field::kCallerAddress, OwnAddress(node));
  const auto host_port = internal::PortOf(ChildText(node, "HostPort"));
  values.SetNumber(Field::kCallerPort,
                   host_port ? host_port : internal::PortOf(ChildText(node, "Port")));
  values.SetNumber(Field::kCallerInside, internal::FlagOf(ChildText(node, "Inside")));
  values.SetNumber(Field::kCallerVpn, internal::FlagOf(ChildText(node, "VPN")));
  values.SetText(Field::kCallerConnection, ChildText(node, "Connection"));
  values.SetText(Field::kCallerBssid, internal::MacForm(ChildText(node, "BSSID")));
  values.SetText(Field::kCallerMac, internal::MacForm(ChildText(node, "MACAddr")));
  values.SetNumber(Field::kCallerLinkSpeed, internal::LinkSpeedOf(ChildText(node, "LinkSpeed")));
  values.SetText(Field::kCallerRelayAddress, internal::AddressForm(ChildText(node, "Relay")));
  values.SetNumber(Field::kCallerRelayPort, internal::PortOf(ChildText(node, "RelayPort")));
  values.SetText(Field::kCallerReflexiveAddress,
                 internal::AddressForm(ChildText(node, "ReflexiveIP")));
  values.SetText(Field::kCallerWifiDriver, ChildText(node, "WifiDriverDeviceDesc"));
  values.SetText(Field::kCallerWifiDriverVersion, ChildText(node, "WifiDriverVersion"));
  return values;
}

/// Receiver's and sender's data are merged before they reach us; these figures tell which were
/// there.
void MarkObservers(FieldValues& values) {
  const auto any = [&](std::initializer_list<Field> fields) {
    return std::any_of(fields.begin(), fields.end(),
                       [&](Field field) { return values.numbers.contains(field); });
  };
  if (any({Field::kJitter, Field::kJitterMax, Field::kPacketLoss, Field::kDegradation,
           Field::kConcealed, Field::kNetworkMos, Field::kRecvListenMos, Field::kRelativeOneWay,
           Field::kHealerDrop})) {
    values.SetNumber(Field::kInbound, 1);
  }
  if (any({Field::kRoundTrip, Field::kRoundTripMax, Field::kSendListenMos,
           Field::kBandwidthEstimate})) {
    values.SetNumber(Field::kOutbound, 1);
  }
}

/// "SILKWIDE/16000" and "G722/8000/2" end in the sample rate (and channels).
std::optional<double> RateOf(std::string_view codec) {
  const auto parts = Split(codec, '/');
  if (parts.size() < 2) return std::nullopt;
  const auto rate = ParseInt(parts[1]);
  return rate && *rate > 0 ? std::optional<double>(static_cast<double>(*rate)) : std::nullopt;
}

ReportedStream StreamOf(const pugi::xml_node& update, std::string leg) {
  ReportedStream stream;
  stream.media_label = internal::LabelOf(internal::Attribute(update, "Type"));
  stream.leg = std::move(leg);
  stream.sender = 0;
  stream.observer = Observer::kBoth;
  stream.ends = {LineEndOf(Child(update, "From")), LineEndOf(Child(update, "To"))};
  const pugi::xml_node properties = Child(update, "Properties");
  for (const Property& property : kProperties) {
    const auto value = internal::NumberOf(ChildText(properties, property.element));
    if (property.owner == Owner::kStream) stream.values.SetNumber(property.field, value);
    if (property.owner == Owner::kFrom) stream.ends[0].SetNumber(property.field, value);
    if (property.owner == Owner::kTo) stream.ends[1].SetNumber(property.field, value);
  }
  MarkObservers(stream.values);
  const std::string codec = internal::Attribute(Child(properties, "Codec"), "Name");
  stream.values.SetText(Field::kCodec, codec);
  if (stream.media_label == model::kLabelAudio)
    stream.values.SetNumber(Field::kSampleRate, RateOf(codec));
  stream.values.SetNumber(Field::kTransport,
                          internal::TransportOf(ChildText(properties, "Protocol")));
  stream.ends[0].SetText(Field::kCallerCaptureDevice, ChildText(properties, "CaptureDevice"));
  stream.ends[0].SetText(Field::kCallerCaptureDriver, ChildText(properties, "CaptureDeviceDriver"));
  stream.ends[1].SetText(Field::kCallerRenderDevice, ChildText(properties, "RenderDevice"));
  stream.ends[1].SetText(Field::kCallerRenderDriver, ChildText(properties, "RenderDeviceDriver"));
  stream.extras["StreamQuality"] = ChildText(properties, "StreamQuality");
  const auto packets = stream.values.numbers.find(Field::kPackets);
  if (packets != stream.values.numbers.end() && packets->second > 0 &&
      !stream.values.numbers.contains(Field::kPacketLoss)) {
    // Zeros are left out by the sender of these messages; in this format only
    // (reference/ingest-formats.md 4).
    stream.values.SetNumber(Field::kPacketLoss, 0);
    stream.packet_loss_inferred = true;
  }
  return stream;
}

/// What every message says of its call.
Report CallOf(const pugi::xml_node& root) {
  const pugi::xml_node info = Child(root, "ConnectionInfo");
  Report report;
  report.reporter_is_end = false;
  report.call_key = fmt::format("{}:{}", kName, ChildText(info, "CallId").substr(0, 512));
  report.document_time = internal::TimeOf(ChildText(info, "TimeStamp"));
  report.start = internal::TimeOf(ChildText(info, "StartTime"));
  report.end = internal::TimeOf(ChildText(info, "EndTime"));
  const std::string conference = ChildText(info, "ConferenceURI");
  report.call.SetText(
      Field::kConference,
      internal::ConferenceForm(conference.empty() ? ChildText(info, "ConferenceId") : conference));
  report.call.SetNumber(Field::kMediationBypass, internal::FlagOf(ChildText(info, "MediaBypass")));
  const std::string leg = ChildText(info, "MediationServerLegPosition");
  if (EqualsIgnoreCase(leg, "BeforeMedServer")) report.call.SetNumber(Field::kDialogCategory, 0);
  if (EqualsIgnoreCase(leg, "AfterMedServer")) report.call.SetNumber(Field::kDialogCategory, 1);
  const std::string ice = ChildText(info, "Connectivity");
  // The pool is given for the call, not for an end: both ends get it only when there is one pool.
  const std::string pools = ToLower(ChildText(info, "Pools"));
  const bool one_pool = !pools.empty() && pools.find_first_of(",; ") == std::string::npos;
  for (ReportedEnd& end : report.ends) {
    end.values.SetNumber(Field::kCallerIce, internal::IceOf(ice));
    if (one_pool) end.values.SetText(Field::kCallerPool, pools);
  }
  return report;
}

void SetEnds(const pugi::xml_node& from, const pugi::xml_node& to, Report& report) {
  const std::array<ReportedEnd, 2> ends = {EndOf(from), EndOf(to)};
  for (std::size_t i = 0; i < 2; ++i) {
    report.ends[i].names = ends[i].names;
    report.ends[i].values.numbers.insert(ends[i].values.numbers.begin(),
                                         ends[i].values.numbers.end());
    report.ends[i].values.texts.insert(ends[i].values.texts.begin(), ends[i].values.texts.end());
  }
  if (!report.call.texts.contains(Field::kConference)) {
    for (const pugi::xml_node& node : {from, to}) {
      const std::string uri = ChildText(node, "URI");
      if (internal::IsConferenceUri(uri)) {
        report.call.SetText(Field::kConference, internal::ConferenceForm(uri));
      }
    }
  }
}

Report QualityOf(const pugi::xml_node& root, const pugi::xml_node& update) {
  const pugi::xml_node from = Child(update, "From");
  const pugi::xml_node to = Child(update, "To");
  Report report = CallOf(root);
  report.kind = ReportKind::kSession;
  report.times_missing = !report.start;
  SetEnds(from, to, report);
  std::array<std::string, 2> ids = {ChildText(from, "Id"), ChildText(to, "Id")};
  report.reporter = fmt::format("{}>{}", ids[0], ids[1]);
  std::sort(ids.begin(), ids.end());
  report.streams.push_back(StreamOf(update, ids[0] + "|" + ids[1]));
  return report;
}

/// Invite, Start, Update, Ended, Bye: who takes part, and with what.
void AddCallInfo(const pugi::xml_node& root, const pugi::xml_node& event,
                 std::vector<Report>& reports) {
  Report report = CallOf(root);
  report.kind = ReportKind::kCallInfo;
  const bool invite = internal::LocalName(event.name()) == "Invite";
  const pugi::xml_node first = Child(event, invite ? "Caller" : "From");
  const pugi::xml_node second = Child(event, invite ? "Callee" : "To");
  if (invite) report.caller = 0;
  if (first || second) SetEnds(first, second, report);
  reports.push_back(std::move(report));
}

Result<std::vector<Report>> ReadDocument(const pugi::xml_node& root) {
  if (ChildText(Child(root, "ConnectionInfo"), "CallId").empty()) {
    return Fail(ErrorCode::kFailedPrecondition,
                "ConnectionInfo has no CallId: the message belongs to no call", {}, "CallId");
  }
  std::vector<Report> reports;
  for (const pugi::xml_node& event : root.children()) {
    if (event.type() != pugi::node_element) continue;
    const std::string_view name = internal::LocalName(event.name());
    if (name == "QualityUpdate") {
      reports.push_back(QualityOf(root, event));
    } else if (name == "InCallQuality") {
      // A momentary warning: like an alert it makes no stream of its own.
      Report report = CallOf(root);
      report.kind = ReportKind::kAlert;
      reports.push_back(std::move(report));
    } else if (name != "ConnectionInfo" && name != "RawSDP") {
      AddCallInfo(root, event, reports);
    }
  }
  if (reports.empty()) {
    Report report = CallOf(root);
    report.kind = ReportKind::kCallInfo;
    reports.push_back(std::move(report));
  }
  return reports;
}

class Sdn final : public ReportFormat {
 public:
  std::string_view name() const override { return kName; }
  int reader_version() const override { return 1; }

  bool Recognises(std::string_view body) const override {
    return internal::FindElement(internal::ToUtf8(body.substr(0, 64U << 10U)), kRoot) !=
           std::string::npos;
  }
  bool IsContentType(std::string_view) const override { return false; }  // text/xml says nothing
  std::size_t DocumentBytesMax(const ParseLimits& limits) const override {
    return limits.report_bytes_max;
  }

  std::vector<std::string> Split(std::string_view bytes) const override {
    return internal::SplitElements(bytes, {kRoot});
  }

  Result<std::vector<Report>> Parse(std::string_view bytes,
                                    const ParseLimits& limits) const override {
    if (bytes.size() > limits.document_bytes_max) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("the document is larger than {} bytes", limits.document_bytes_max));
    }
    std::vector<Report> reports;
    for (const std::string& piece : Split(bytes)) {
      if (piece.size() > limits.report_bytes_max) {
        return Fail(ErrorCode::kResourceExhausted,
                    fmt::format("a message is larger than {} bytes", limits.report_bytes_max));
      }
      CQD_ASSIGN_OR_RETURN(const auto document, internal::ParseXml(piece, limits.depth_max, {}));
      const pugi::xml_node root = Child(*document, kRoot);
      if (!root) return Fail(ErrorCode::kInvalidArgument, "XML: no LyncDiagnostics element");
      CQD_ASSIGN_OR_RETURN(std::vector<Report> more, ReadDocument(root));
      std::move(more.begin(), more.end(), std::back_inserter(reports));
      if (reports.size() > limits.reports_max) {
        return Fail(ErrorCode::kResourceExhausted,
                    fmt::format("more than {} reports in one document", limits.reports_max));
      }
    }
    return reports;
  }
};

}  // namespace

const ReportFormat& SdnFormat() {
  static const Sdn kFormat;
  return kFormat;
}

}  // namespace cqd::source
