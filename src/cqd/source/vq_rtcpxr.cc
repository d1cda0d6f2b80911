#include "source/vq_rtcpxr.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/text.h"
#include "model/stream.h"
#include "source/internal/text_forms.h"
#include "source/internal/vq_lines.h"

namespace cqd::source {
namespace {

using internal::VqBody;
using internal::VqSection;
using model::Field;

constexpr std::string_view kName = "vq_rtcpxr";

/// Static payload types of RFC 3551 section 6 that phones use (reference/ingest-formats.md 5).
std::string_view StaticCodec(std::string_view payload_type) {
  struct Known {
    std::string_view number, codec;
  };
  static constexpr std::array<Known, 6> kKnown = {
      {{"0", "PCMU"}, {"3", "GSM"}, {"4", "G723"}, {"8", "PCMA"}, {"9", "G722"}, {"18", "G729"}}};
  for (const Known& known : kKnown) {
    if (known.number == payload_type) return known.codec;
  }
  return {};
}

std::string CodecOf(const VqSection& section) {
  std::string_view name = Trim(section.Get("PD"));
  if (StartsWithIgnoreCase(name, "audio/")) name.remove_prefix(6);
  if (!name.empty()) return std::string(name);
  return std::string(StaticCodec(Trim(section.Get("PT"))));
}

/// nullopt when the value is one of the sentinels that mean "not known".
std::optional<double> Unless(std::optional<double> value, std::initializer_list<double> sentinels) {
  if (!value) return value;
  if (std::find(sentinels.begin(), sentinels.end(), *value) != sentinels.end()) return std::nullopt;
  return value;
}

std::optional<double> Percent(std::optional<double> value) {
  if (value) *value /= 100;
  return value;
}

/// Units and sentinels: the table of reference/ingest-formats.md 5.
void ReadMetrics(const VqSection& section, ReportedStream& stream) {
  const auto number = [&](std::string_view key) { return internal::NumberOf(section.Get(key)); };
  FieldValues& values = stream.values;
  values.SetNumber(Field::kPacketLoss, Percent(number("NLR")));
  values.SetNumber(Field::kDiscard, Percent(number("JDR")));
  values.SetNumber(Field::kBurstDensity, Percent(number("BLD")));
  values.SetNumber(Field::kBurstDuration, number("BD"));
  values.SetNumber(Field::kGapDensity, Percent(number("GLD")));
  values.SetNumber(Field::kGapDuration, Unless(number("GD"), {65535}));
  values.SetNumber(Field::kRoundTrip, Unless(number("RTD"), {0, 65535}));
  const auto interarrival = number("IAJ");
  const auto mean_absolute = number("MAJ");
  const bool use_mean = !interarrival || (*interarrival == 0 && mean_absolute.value_or(0) > 0);
  values.SetNumber(Field::kJitter, Unless(use_mean ? mean_absolute : interarrival, {65535}));
  values.SetNumber(Field::kRecvListenMos, Unless(number("MOSLQ"), {0, 127}));
  values.SetNumber(Field::kConversationalMos, Unless(number("MOSCQ"), {0, 127}));
  values.SetNumber(Field::kSampleRate, Unless(number("SR"), {0}));
  values.SetText(Field::kCodec, CodecOf(section));
  FieldValues& receiver = stream.ends[1 - static_cast<std::size_t>(stream.sender)];
  receiver.SetNumber(Field::kCallerRecvSignal, Unless(number("SL"), {127}));
  receiver.SetNumber(Field::kCallerRecvNoise, Unless(number("NL"), {127}));
  receiver.SetNumber(Field::kCallerEchoReturn, Unless(number("RERL"), {127}));
  stream.extras = section.values;
}

/// Figures that say something of quality: a report without any has no stream.
bool HasQuality(const VqSection& section) {
  static constexpr std::array<std::string_view, 17> kQuality = {
      "NLR", "JDR", "BLD",   "BD",    "GLD",   "GD",    "RTD", "IAJ", "MAJ",
      "RLQ", "RCQ", "MOSLQ", "MOSCQ", "EXTRI", "EXTRO", "SL",  "NL"};
  return std::any_of(kQuality.begin(), kQuality.end(),
                     [&](std::string_view key) { return !Trim(section.Get(key)).empty(); });
}

void ReadEnd(const internal::VqAddress& address, std::string_view mac, const std::string& user,
             ReportedEnd& end) {
  end.values.SetText(Field::kCallerAddress, address.ip);
  end.values.SetNumber(Field::kCallerPort, address.port);
  end.values.SetText(Field::kCallerMac, internal::MacForm(mac));
  end.values.SetText(Field::kCallerUser, user);
  if (!user.empty()) end.names.push_back("user:" + user);
  if (!address.ip.empty()) {
    end.names.push_back(fmt::format("address:{}:{}", address.ip, address.port.value_or(0)));
  }
  if (address.ssrc != 0) end.names.push_back(fmt::format("ssrc:{}", address.ssrc));
}

/// The host a Call-ID ends in: the machine that started the call, where devices still write it.
std::string CallIdHost(std::string_view call_id) {
  const auto at = call_id.rfind('@');
  return at == std::string_view::npos ? "" : internal::AddressForm(call_id.substr(at + 1));
}

/// Which end is the reporter's user, and who called: users[0] is the reporter's.
struct Parties {
  std::array<std::string, 2> users;
  std::optional<int> caller;
};

Parties PartiesOf(const VqBody& body, const std::string& call_id, std::string_view sip_from) {
  Parties parties;
  const std::string from = internal::UserForm(body.Info("FROMID"));
  const std::string to = internal::UserForm(body.Info("TOID"));
  if (from.empty() && to.empty()) {
    parties.users = {internal::UserForm(body.Info("LOCALID")),
                     internal::UserForm(body.Info("REMOTEID"))};
    const std::string origin = internal::UserForm(body.Info("ORIGID"));
    if (!origin.empty() && parties.users[0] != parties.users[1]) {
      if (origin == parties.users[0]) parties.caller = 0;
      if (origin == parties.users[1]) parties.caller = 1;
    }
    return parties;
  }
  // Pre-standard: FromID called ToID, but nothing says which of them reports. The sender of the SIP
  // message does; else the host in the Call-ID is the caller's; else the direction stays open (the
  // caller is then estimated).
  const std::string sender = internal::UserForm(sip_from);
  const std::string host = CallIdHost(call_id);
  const std::string local_ip = body.Address("LOCALADDR").ip;
  const std::string remote_ip = body.Address("REMOTEADDR").ip;
  if (!sender.empty() && sender == from && sender != to) {
    parties.caller = 0;
  } else if (!sender.empty() && sender == to && sender != from) {
    parties.caller = 1;
  } else if (!host.empty() && local_ip != remote_ip && host == local_ip) {
    parties.caller = 0;
  } else if (!host.empty() && local_ip != remote_ip && host == remote_ip) {
    parties.caller = 1;
  }
  parties.users = parties.caller == 1 ? std::array{to, from} : std::array{from, to};
  return parties;
}

std::string CallIdOf(const VqBody& body) {
  std::string_view call_id = Trim(body.Info("CALLID"));
  if (call_id.empty() || EqualsIgnoreCase(call_id, "(null)")) {
    call_id = Trim(body.Info("DIALOGID"));
    call_id = Trim(call_id.substr(0, call_id.find(';')));
  }
  if (EqualsIgnoreCase(call_id, "(null)")) call_id = {};
  return std::string(call_id.substr(0, 512));
}

/// Reports without a call id still belong together when both addresses (and RTP sources) agree.
std::string AddressKey(const internal::VqAddress& local, const internal::VqAddress& remote) {
  if (local.ip.empty() || remote.ip.empty()) return {};
  std::array<std::string, 2> ends = {
      fmt::format("{}:{}/{}", local.ip, local.port.value_or(0), local.ssrc),
      fmt::format("{}:{}/{}", remote.ip, remote.port.value_or(0), remote.ssrc)};
  std::sort(ends.begin(), ends.end());
  return ends[0] + "|" + ends[1];
}

void AddStream(const VqSection& section, int sender, Observer observer,
               const std::array<std::uint32_t, 2>& ssrc, Report& report) {
  if (!HasQuality(section)) return;
  ReportedStream stream;
  stream.media_label = model::kLabelAudio;
  stream.ssrc = ssrc;
  stream.sender = sender;
  stream.observer = observer;
  ReadMetrics(section, stream);
  report.streams.push_back(std::move(stream));
}

Result<Report> ReportOf(const VqBody& body, const std::optional<internal::SipMessage>& sip) {
  Report report;
  const internal::VqAddress local = body.Address("LOCALADDR");
  const internal::VqAddress remote = body.Address("REMOTEADDR");
  const std::string call_id = CallIdOf(body);
  const std::string identity = call_id.empty() ? AddressKey(local, remote) : call_id;
  if (identity.empty()) {
    return Fail(
        ErrorCode::kFailedPrecondition,
        "no CallID, no DialogID and no pair of addresses: the report cannot belong to a call", {},
        "CallID");
  }
  report.call_key = fmt::format("{}:{}{}", kName, call_id.empty() ? "@" : "", identity);
  report.kind = body.kind;
  const Parties parties = PartiesOf(body, call_id, sip ? sip->Header("from") : std::string_view());
  report.caller = parties.caller;
  ReadEnd(local, body.Info("LOCALMAC"), parties.users[0], report.ends[0]);
  ReadEnd(remote, body.Info("REMOTEMAC"), parties.users[1], report.ends[1]);
  std::string agent(Trim(body.Info("X-USERAGENT")));
  if (agent.empty() && sip) agent = sip->Header("user-agent");
  report.ends[0].values.SetText(Field::kCallerUserAgent, std::move(agent));
  report.reporter =
      local.ip.empty() ? parties.users[0] : fmt::format("{}:{}", local.ip, local.port.value_or(0));
  for (const VqSection* section : {&body.local, &body.remote}) {
    if (!report.start) report.start = internal::TimeOf(section->Get("START"));
    if (!report.end) report.end = internal::TimeOf(section->Get("STOP"));
  }
  report.times_missing = !report.start;
  report.document_time = report.end ? report.end : report.start;
  if (report.kind == ReportKind::kAlert) return report;
  const std::array<std::uint32_t, 2> ssrc = {local.ssrc, remote.ssrc};
  AddStream(body.local, 1, Observer::kReceiver, ssrc, report);
  AddStream(body.remote, 0, Observer::kRelayed, ssrc, report);
  return report;
}

/// Starts of the lines that open a report, or of SIP request lines when there are any.
std::vector<std::size_t> PieceStarts(std::string_view text) {
  std::vector<std::size_t> sip, headings;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string_view line = Trim(text.substr(at, end - at));
    const bool request =
        StartsWithIgnoreCase(line, "PUBLISH ") || StartsWithIgnoreCase(line, "NOTIFY ");
    if (request && line.ends_with(" SIP/2.0")) sip.push_back(at);
    if (internal::VqHeading(line)) headings.push_back(at);
    at = end + 1;
  }
  return sip.empty() ? headings : sip;
}

class VqRtcpXr final : public ReportFormat {
 public:
  std::string_view name() const override { return kName; }
  int reader_version() const override { return 1; }

  bool Recognises(std::string_view body) const override {
    const std::string text = internal::ToUtf8(body.substr(0, 64U << 10U));
    for (std::string_view rest = text; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      std::string_view line = Trim(rest.substr(0, end));
      const auto wrapped = line.find("<![CDATA[");
      if (wrapped != std::string_view::npos) line = Trim(line.substr(wrapped + 9));
      if (internal::VqHeading(line)) return true;
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
    return false;
  }

  bool IsContentType(std::string_view content_type) const override {
    return content_type == "application/vq-rtcpxr";
  }

  std::size_t DocumentBytesMax(const ParseLimits& limits) const override {
    return limits.report_bytes_max;
  }

  std::vector<std::string> Split(std::string_view bytes) const override {
    const std::string text = internal::ToUtf8(bytes);
    if (text.find("<![CDATA[") != std::string::npos) return {std::string(bytes)};
    const std::vector<std::size_t> starts = PieceStarts(text);
    if (starts.size() < 2) return {std::string(bytes)};
    std::vector<std::string> pieces;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const std::size_t begin =
          i == 0 ? 0 : starts[i];  // what stands before the first one stays with it
      const std::size_t end = i + 1 < starts.size() ? starts[i + 1] : text.size();
      pieces.push_back(text.substr(begin, end - begin));
    }
    return pieces;
  }

  Result<std::vector<Report>> Parse(std::string_view bytes,
                                    const ParseLimits& limits) const override {
    if (bytes.size() > limits.report_bytes_max) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("the report is larger than {} bytes", limits.report_bytes_max));
    }
    const std::string text = internal::ToUtf8(bytes);
    const auto sip = internal::ParseSip(text);
    std::string_view body = sip ? sip->body : std::string_view(text);
    if (const auto open = body.find("<![CDATA["); open != std::string_view::npos) {
      body.remove_prefix(open + 9);
      body = body.substr(0, body.find("]]>"));
    }
    const std::vector<VqBody> bodies = internal::ReadVqBodies(body);
    if (bodies.empty()) {
      return Fail(ErrorCode::kInvalidArgument,
                  "no VQSessionReport, VQIntervalReport or VQAlertReport line found");
    }
    std::vector<Report> reports;
    for (const VqBody& one : bodies) {
      CQD_ASSIGN_OR_RETURN(Report report, ReportOf(one, sip));
      reports.push_back(std::move(report));
      if (reports.size() > limits.reports_max) {
        return Fail(ErrorCode::kResourceExhausted,
                    fmt::format("more than {} reports in one document", limits.reports_max));
      }
    }
    return reports;
  }
};

}  // namespace

const ReportFormat& VqRtcpXrFormat() {
  static const VqRtcpXr kFormat;
  return kFormat;
}

}  // namespace cqd::source
