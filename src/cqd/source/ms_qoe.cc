#include "source/ms_qoe.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>

#include "base/text.h"
#include "model/endpoint.h"
#include "model/stream.h"
#include "source/internal/feedback.h"
#include "source/internal/labels.h"
#include "source/internal/qoe_elements.h"
#include "source/internal/text_forms.h"
#include "source/internal/xml.h"

namespace cqd::source {
namespace {

using internal::Attribute;
using internal::Child;
using internal::ChildText;
using model::Field;

constexpr std::string_view kName = "ms_qoe";
constexpr std::string_view kEvent = "VQReportEvent";
constexpr std::string_view kFeedback = "CallQualityFeedbackReport";
constexpr std::string_view kMacMedia = "QoE media:";

/// What all reports of a dialog share: Call-ID and both tags, in either order.
std::string DialogKey(std::string_view call_id, std::string_view from_tag,
                      std::string_view to_tag) {
  std::array<std::string_view, 2> tags = {Trim(from_tag), Trim(to_tag)};
  std::sort(tags.begin(), tags.end());
  return fmt::format("{}:{};{};{}", kName, Trim(call_id).substr(0, 512), tags[0].substr(0, 256),
                     tags[1].substr(0, 256));
}

void ReadEndpoint(const pugi::xml_node& endpoint, FieldValues& values) {
  if (!endpoint) return;
  const model::EndpointDetail detail{
      Attribute(endpoint, "OS"), Attribute(endpoint, "CPUName"),
      ParseInt(Attribute(endpoint, "CPUNumberOfCores")),
      ParseInt(Attribute(endpoint, "CPUProcessorSpeed")),
      internal::VirtualizationFlags(Attribute(endpoint, "VirtualizationFlag"))};
  values.SetText(Field::kCallerEndpoint, Attribute(endpoint, "Name"),
                 model::EncodeEndpointDetail(detail));
}

void ReadNetwork(const pugi::xml_node& description, FieldValues& local) {
  const pugi::xml_node info = Child(description, "NetworkConnectivityInfo");
  std::string connection = ChildText(info, "NetworkConnectionDetails");
  if (connection.empty()) {
    // Older clients know two words only; they become the texts of the newer element.
    const std::string kind = ChildText(info, "NetworkConnection");
    connection = EqualsIgnoreCase(kind, "wired")  ? "Wired"
                 : EqualsIgnoreCase(kind, "wifi") ? "WiFi"
                                                  : kind;
  }
  local.SetText(Field::kCallerConnection, connection);
  local.SetNumber(Field::kCallerVpn, internal::FlagOf(ChildText(info, "VPN")));
  local.SetNumber(Field::kCallerLinkSpeed, internal::LinkSpeedOf(ChildText(info, "LinkSpeed")));
  local.SetText(Field::kCallerBssid, internal::MacForm(ChildText(info, "BSSID")));
  local.SetText(Field::kCallerWifiDriver, ChildText(info, "WifiDriverDeviceDesc"));
  local.SetText(Field::kCallerWifiDriverVersion, ChildText(info, "WifiDriverVersion"));
}

void ReadWifi(const pugi::xml_node& description, FieldValues& local) {
  // Newer extensions stand below the description or below the connectivity info, by release.
  for (const pugi::xml_node& node : {description, Child(description, "NetworkConnectivityInfo")}) {
    const std::string radio = ChildText(node, "WifiRadioType");
    if (!radio.empty()) local.SetText(Field::kCallerWifiRadio, radio);
    if (const auto channel = internal::NumberOf(ChildText(node, "WifiChannel"))) {
      local.SetNumber(Field::kCallerWifiChannel, channel);
    }
    // A negative number is a level in dBm, which has no percentage.
    const auto signal = internal::NumberOf(ChildText(node, "WifiRSSI"));
    if (signal && *signal >= 0) local.SetNumber(Field::kCallerWifiSignal, signal);
  }
}

void ReadAddresses(const pugi::xml_node& description, FieldValues& local, FieldValues& remote) {
  const pugi::xml_node here = Child(description, "LocalAddr");
  const pugi::xml_node there = Child(description, "RemoteAddr");
  const auto read = [](const pugi::xml_node& node, FieldValues& values) {
    values.SetText(Field::kCallerAddress, internal::AddressForm(ChildText(node, "IPAddr")));
    values.SetNumber(Field::kCallerPort, internal::PortOf(ChildText(node, "Port")));
    values.SetNumber(Field::kCallerInside, internal::FlagOf(ChildText(node, "Inside")));
  };
  read(here, local);
  read(there, remote);
  local.SetText(Field::kCallerSubnet,
                internal::SubnetForm(ChildText(here, "IPAddr"), ChildText(here, "SubnetMask")));
  local.SetText(Field::kCallerMac, internal::MacForm(ChildText(here, "MACAddr")));
  local.SetText(Field::kCallerReflexiveAddress,
                internal::AddressForm(ChildText(description, "ReflexiveLocalIPAddress")));
  const pugi::xml_node relay = Child(Child(description, "Connectivity"), "RelayAddress");
  local.SetText(Field::kCallerRelayAddress, internal::AddressForm(ChildText(relay, "IPAddr")));
  local.SetNumber(Field::kCallerRelayPort, internal::PortOf(ChildText(relay, "Port")));
}

/// Decimal in the schema; a public reader takes it as hexadecimal, so "0x" is accepted.
std::optional<double> WarningFlags(std::string_view text) {
  text = Trim(text);
  if (!StartsWithIgnoreCase(text, "0x")) return internal::NumberOf(text);
  return text.size() > 2 ? std::optional<double>(internal::SsrcOf(text)) : std::nullopt;
}

/// The facts of a media line that hold for both of its directions.
struct Line {
  FieldValues values;
  std::array<FieldValues, 2> ends;  // 0 = reporter
};

Line LineOf(const pugi::xml_node& media) {
  Line line;
  const pugi::xml_node description = Child(media, "Description");
  const pugi::xml_node connectivity = Child(description, "Connectivity");
  FieldValues& local = line.ends[0];
  local.SetNumber(Field::kCallerIce, internal::IceOf(ChildText(connectivity, "Ice")));
  local.SetNumber(Field::kCallerIceWarnings,
                  WarningFlags(ChildText(connectivity, "IceWarningFlags")));
  line.values.SetNumber(Field::kTransport,
                        internal::TransportOf(ChildText(description, "Transport")));
  line.values.SetNumber(Field::kSecurity, internal::SecurityOf(ChildText(description, "Security")));
  line.values.SetNumber(Field::kMidCallReport,
                        internal::FlagOf(ChildText(description, "MidCallReport")));
  ReadNetwork(description, local);
  ReadWifi(description, local);
  ReadAddresses(description, local, line.ends[1]);
  const pugi::xml_node capture = Child(description, "CaptureDev");
  const pugi::xml_node render = Child(description, "RenderDev");
  local.SetText(Field::kCallerCaptureDevice, ChildText(capture, "Name"));
  local.SetText(Field::kCallerCaptureDriver, ChildText(capture, "Driver"));
  local.SetText(Field::kCallerRenderDevice, ChildText(render, "Name"));
  local.SetText(Field::kCallerRenderDriver, ChildText(render, "Driver"));
  const auto mos = internal::NumberOf(ChildText(media, "LocalConversationalMOS"));
  line.values.SetNumber(
      Field::kConversationalMos,
      mos ? mos : internal::NumberOf(ChildText(media, "RemoteConversationalMOS")));
  line.values.SetNumber(Field::kBandwidthLimit,
                        internal::NumberOf(ChildText(media, "AppliedBandwidthLimit")));
  line.values.SetText(Field::kBandwidthSource, ChildText(media, "AppliedBandwidthSource"));
  internal::ReadClientEvents(Child(media, "LocalClientEvent"), line.ends[0]);
  internal::ReadClientEvents(Child(media, "RemoteClientEvent"), line.ends[1]);
  return line;
}

void ReadMedia(const pugi::xml_node& media, Report& report) {
  const Line line = LineOf(media);
  const int label = internal::LabelOf(Attribute(media, "Label"));
  for (const pugi::xml_node& block : media.children()) {
    if (block.type() != pugi::node_element) continue;
    const std::string_view name = internal::LocalName(block.name());
    const bool inbound = name == "InboundStream";
    if (!inbound && name != "OutboundStream") continue;
    ReportedStream stream;
    stream.media_label = label;
    stream.sender = inbound ? 1 : 0;
    stream.observer = inbound ? Observer::kReceiver : Observer::kSender;
    stream.ends = line.ends;
    stream.values = line.values;
    internal::ReadStreamBlock(block, inbound, stream);
    stream.extras["Id"] = Attribute(block, "Id");
    // A block without a single figure says nothing of quality: no stream.
    if (stream.values.numbers.contains(inbound ? Field::kInbound : Field::kOutbound)) {
      report.streams.push_back(std::move(stream));
    }
  }
}

/// The element first, then the attribute of the session report: "callid;from-tag=..;to-tag=..".
struct DialogIds {
  std::string call_id, from_tag, to_tag;
};

DialogIds IdsOf(const pugi::xml_node& session, const pugi::xml_node& dialog) {
  DialogIds ids{Attribute(dialog, "CallId"), Attribute(dialog, "FromTag"),
                Attribute(dialog, "ToTag")};
  if (!ids.call_id.empty()) return ids;
  const std::string session_id = Attribute(session, "SessionId");
  const auto parts = Split(session_id, ';');
  ids.call_id = std::string(Trim(parts[0]));
  for (const std::string_view part : parts) {
    if (StartsWithIgnoreCase(part, "from-tag=")) ids.from_tag = part.substr(9);
    if (StartsWithIgnoreCase(part, "to-tag=")) ids.to_tag = part.substr(7);
  }
  return ids;
}

/// The element Caller, else the address that equals FromURI. nullopt when neither tells.
std::optional<bool> ReporterCalls(const pugi::xml_node& dialog) {
  if (const auto caller = internal::FlagOf(ChildText(dialog, "Caller"))) return *caller == 1;
  const std::string from = internal::UserForm(ChildText(dialog, "FromURI"));
  const std::string to = internal::UserForm(ChildText(dialog, "ToURI"));
  for (const std::string_view name : {"LocalPAI", "LocalContactURI"}) {
    const std::string local = internal::UserForm(ChildText(dialog, name));
    if (local.empty() || from == to) continue;
    if (local == from) return true;
    if (local == to) return false;
  }
  return std::nullopt;
}

void ReadParties(const pugi::xml_node& dialog, const DialogIds& ids, Report& report) {
  const auto calls = ReporterCalls(dialog);
  if (calls) report.caller = *calls ? 0 : 1;
  const bool as_caller = calls.value_or(true);
  const std::string from = internal::UserForm(ChildText(dialog, "FromURI"));
  const std::string to = internal::UserForm(ChildText(dialog, "ToURI"));
  const std::array<std::string, 2> tags = {as_caller ? ids.from_tag : ids.to_tag,
                                           as_caller ? ids.to_tag : ids.from_tag};
  const std::array<std::string, 2> uris = {as_caller ? from : to, as_caller ? to : from};
  const std::array<std::string_view, 2> prefixes = {"Local", "Remote"};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto child = [&](std::string_view suffix) {
      return ChildText(dialog, std::string(prefixes[i]) + std::string(suffix));
    };
    ReportedEnd& end = report.ends[i];
    std::string user = uris[i];
    if (user.empty()) user = internal::UserForm(child("PAI"));
    if (user.empty()) user = internal::UserForm(child("ContactURI"));
    if (calls && !tags[i].empty()) end.names.push_back("tag:" + tags[i]);
    if (!user.empty()) end.names.push_back("user:" + user);
    end.values.SetText(Field::kCallerUser, user);
    end.values.SetText(Field::kCallerUserAgent, child("UserAgent"));
  }
  if (calls) {
    report.reporter = as_caller ? "caller" : "callee";
  } else {
    report.reporter = internal::UserForm(ChildText(dialog, "LocalPAI"));
    if (report.reporter.empty())
      report.reporter = internal::UserForm(ChildText(dialog, "LocalContactURI"));
  }
}

Result<Report> SessionOf(const pugi::xml_node& session, ReportKind kind) {
  const pugi::xml_node dialog = Child(session, "DialogInfo");
  const DialogIds ids = IdsOf(session, dialog);
  if (ids.call_id.empty()) {
    return Fail(ErrorCode::kFailedPrecondition,
                "DialogInfo has no CallId: the report belongs to no call", {}, "CallId");
  }
  Report report;
  report.kind = kind;
  report.call_key = DialogKey(ids.call_id, ids.from_tag, ids.to_tag);
  report.start = internal::TimeOf(Attribute(dialog, "Start"));
  report.end = internal::TimeOf(Attribute(dialog, "End"));
  report.times_missing = !report.start;
  report.document_time = report.end ? report.end : report.start;
  ReadParties(dialog, ids, report);
  const std::string conference = ChildText(dialog, "ConfURI");
  report.call.SetText(Field::kConference, internal::ConferenceForm(conference));
  const std::string category = ChildText(dialog, "DialogCategory");
  if (EqualsIgnoreCase(category, "OCS")) report.call.SetNumber(Field::kDialogCategory, 0);
  if (EqualsIgnoreCase(category, "Trunk")) report.call.SetNumber(Field::kDialogCategory, 1);
  report.call.SetNumber(Field::kMediationBypass,
                        internal::FlagOf(ChildText(dialog, "MediationServerBypassFlag")));
  report.call.SetNumber(Field::kBypassWarning,
                        internal::NumberOf(ChildText(dialog, "MediaBypassWarningFlag")));
  FieldValues& self = report.ends[0].values;
  self.SetText(Field::kCallerPool, ToLower(ChildText(Child(session, "LocationProfile"), "Pool")));
  self.SetText(Field::kCallerPool, ToLower(ChildText(session, "Pool")));
  ReadEndpoint(Child(session, "Endpoint"), self);
  for (const pugi::xml_node& media : session.children()) {
    if (internal::LocalName(media.name()) == "MediaLine") ReadMedia(media, report);
  }
  return report;
}

Result<std::vector<Report>> EventOf(const pugi::xml_node& event) {
  std::vector<Report> reports;
  for (const pugi::xml_node& session : event.children()) {
    const std::string_view name = internal::LocalName(session.name());
    const bool interval = name == "VQSessionIntervalReport";
    if (!interval && name != "VQSessionReport") continue;
    CQD_ASSIGN_OR_RETURN(
        Report report, SessionOf(session, interval ? ReportKind::kInterval : ReportKind::kSession));
    reports.push_back(std::move(report));
  }
  if (reports.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "VQReportEvent holds no session report", {},
                "VQSessionReport");
  }
  return reports;
}

Result<std::vector<Report>> FeedbackOf(const pugi::xml_node& node) {
  const auto value = [&](std::string_view name) {
    std::string text = Attribute(node, name);
    return text.empty() ? ChildText(node, name) : text;
  };
  const std::string call_id = value("CallId");
  if (call_id.empty()) {
    return Fail(ErrorCode::kFailedPrecondition, "the feedback has no CallId: it belongs to no call",
                {}, "CallId");
  }
  Report report;
  report.kind = ReportKind::kFeedback;
  report.call_key = DialogKey(call_id, value("FromTag"), value("ToTag"));
  report.document_time = internal::TimeOf(value("End"));
  report.feedback = internal::ReadFeedback(node);
  report.reporter = "feedback:" + report.feedback->user;
  return std::vector<Report>{std::move(report)};
}

std::string Fingerprint(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

/// The Mac client logs media lines and its endpoint, but no dialog: both addresses are all the
/// identity there is, and nothing can be merged with it, so each line is a call of its own.
Result<std::vector<Report>> MacFragments(const std::string& text, const ParseLimits& limits) {
  std::vector<Report> reports;
  FieldValues machine;
  for (const std::string& piece : internal::SplitElements(text, {"Endpoint", "MediaLine"})) {
    CQD_ASSIGN_OR_RETURN(const auto document, internal::ParseXml(piece, limits.depth_max, {}));
    ReadEndpoint(Child(*document, "Endpoint"), machine);
    const pugi::xml_node media = Child(*document, "MediaLine");
    if (!media) continue;
    Report report;
    ReadMedia(media, report);
    const auto address = [&](std::size_t end) -> std::string {
      if (report.streams.empty()) return {};
      const auto& texts = report.streams[0].ends[end].texts;
      const auto found = texts.find(Field::kCallerAddress);
      return found == texts.end() ? "" : found->second.text;
    };
    if (address(0).empty() || address(1).empty()) {
      return Fail(ErrorCode::kFailedPrecondition,
                  "a logged media line without both addresses belongs to no call");
    }
    report.call_key =
        fmt::format("{}:@{}|{}|{}", kName, address(0), address(1), Fingerprint(piece));
    report.reporter = address(0);
    report.times_missing = true;
    reports.push_back(std::move(report));
  }
  for (Report& report : reports)
    report.ends[0].values.texts.insert(machine.texts.begin(), machine.texts.end());
  if (reports.empty()) return Fail(ErrorCode::kInvalidArgument, "the log holds no media line");
  return reports;
}

class MsQoe final : public ReportFormat {
 public:
  std::string_view name() const override { return kName; }
  int reader_version() const override { return 1; }

  bool Recognises(std::string_view body) const override {
    // Logs may have much text before the first report, so all of it is searched.
    const std::string text = internal::ToUtf8(body);
    return internal::FindElement(text, kEvent) != std::string::npos ||
           internal::FindElement(text, kFeedback) != std::string::npos ||
           text.find(kMacMedia) != std::string::npos;
  }

  bool IsContentType(std::string_view type) const override {
    return type == "application/vq-rtcpxr+xml" || type == "application/ms-rtcp-metrics+xml" ||
           type == "application/ms-cqf+xml";
  }
  std::size_t DocumentBytesMax(const ParseLimits& limits) const override {
    return limits.report_bytes_max;
  }

  std::vector<std::string> Split(std::string_view bytes) const override {
    return internal::SplitElements(bytes, {kEvent, kFeedback});
  }

  Result<std::vector<Report>> Parse(std::string_view bytes,
                                    const ParseLimits& limits) const override {
    if (bytes.size() > limits.document_bytes_max) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("the document is larger than {} bytes", limits.document_bytes_max));
    }
    std::vector<Report> reports;
    for (const std::string& piece : Split(bytes)) {
      CQD_ASSIGN_OR_RETURN(std::vector<Report> more, ParsePiece(piece, limits));
      std::move(more.begin(), more.end(), std::back_inserter(reports));
      if (reports.size() > limits.reports_max) {
        return Fail(ErrorCode::kResourceExhausted,
                    fmt::format("more than {} reports in one document", limits.reports_max));
      }
    }
    return reports;
  }

 private:
  static Result<std::vector<Report>> ParsePiece(const std::string& piece,
                                                const ParseLimits& limits) {
    if (piece.size() > limits.report_bytes_max) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("the report is larger than {} bytes", limits.report_bytes_max));
    }
    if (piece.find(kMacMedia) != std::string::npos &&
        internal::FindElement(piece, kEvent) == std::string::npos) {
      return MacFragments(piece, limits);
    }
    // What public log viewers append: log lines may lose the outer end tags, never the inner ones.
    static const std::vector<std::string_view> kMayBeOpen = {kEvent, "VQSessionReport",
                                                             "VQSessionIntervalReport", kFeedback};
    CQD_ASSIGN_OR_RETURN(const auto document,
                         internal::ParseXml(piece, limits.depth_max, kMayBeOpen));
    if (const pugi::xml_node event = Child(*document, kEvent)) return EventOf(event);
    if (const pugi::xml_node feedback = Child(*document, kFeedback)) return FeedbackOf(feedback);
    return Fail(ErrorCode::kInvalidArgument,
                "XML: no VQReportEvent and no CallQualityFeedbackReport element");
  }
};

}  // namespace

const ReportFormat& MsQoeFormat() {
  static const MsQoe kFormat;
  return kFormat;
}

}  // namespace cqd::source
