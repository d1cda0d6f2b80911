// For tests: documents with the parts that matter, each of them replaceable.
#pragma once

#include <string>
#include <utility>

namespace cqd::source::testing {

/// A VQReportEvent of one audio line. The reporter hears 2 % loss and sends with 30 ms round trip.
struct QoeReport {
  std::string prefix, extra, dialog_extra, media_extra;
  std::string report_element = "VQSessionReport";
  std::string call_id = "c1", from_tag = "f", to_tag = "t";
  std::string start = "2016-05-23T07:58:00.1234567Z", end = "2016-05-23T07:59:30Z";
  std::string caller_element = "<Caller>true</Caller>";
  std::string local = "sip:a@x.example", remote = "sip:b@x.example";
  std::string local_ip = "10.1.1.9", remote_ip = "10.2.2.9";
  std::string label = "main-audio", loss = "0.02", jitter = "8", round_trip = "30",
              warning_flags = "0";
  std::string payload = "<Audio><PayloadDescription>SIREN</PayloadDescription></Audio>";

  std::string Text() const {
    const auto open = [&](const std::string& name) { return "<" + prefix + name; };
    const auto close = [&](const std::string& name) { return "</" + prefix + name + ">"; };
    return open("VQReportEvent") + " Version=\"3.0\">" + extra + open(report_element) + ">" +
           "<Endpoint Name=\"PC-1\" v2:OS=\"Windows 10\" v2:CPUName=\"CPU\" "
           "v2:CPUNumberOfCores=\"4\""
           " v2:CPUProcessorSpeed=\"2400\" v2:VirtualizationFlag=\"1\"/>"
           "<DialogInfo CallId=\"" +
           call_id + "\" FromTag=\"" + from_tag + "\" ToTag=\"" + to_tag + "\" Start=\"" + start +
           "\" End=\"" + end +
           "\"><FromURI>sip:a@x.example</FromURI><ToURI>sip:b@x.example</ToURI>" + caller_element +
           "<LocalPAI>" + local + "</LocalPAI><RemotePAI>" + remote + "</RemotePAI>" +
           dialog_extra + "</DialogInfo>" + "<MediaLine Label=\"" + label +
           "\"><Description><Connectivity><Ice>RELAY</Ice><IceWarningFlags>" + warning_flags +
           "</IceWarningFlags></Connectivity><LocalAddr><IPAddr>" + local_ip +
           "</IPAddr><Port>5000</Port><SubnetMask>255.255.255.0</SubnetMask></"
           "LocalAddr><RemoteAddr><IPAddr>" +
           remote_ip + "</IPAddr><Port>6000</Port></RemoteAddr></Description>" + media_extra +
           "<InboundStream Id=\"1\"><Network><PacketLoss><LossRate>" + loss +
           "</LossRate></PacketLoss><Jitter><InterArrival>" + jitter +
           "</InterArrival></Jitter></Network><Payload>" + payload + "</Payload></InboundStream>" +
           "<OutboundStream Id=\"2\"><Network><Delay><RoundTrip>" + round_trip +
           "</RoundTrip></Delay></Network></OutboundStream></MediaLine>" + close(report_element) +
           close("VQReportEvent");
  }
};

/// A LyncDiagnostics message with one QualityUpdate.
struct SdnQuality {
  std::string call_id = "s1", time = "2016-05-23T07:59:31Z", type = "audio";
  std::string from_id = "tag-a", from = "sip:a@x.example", to_id = "tag-b", to = "sip:b@x.example";
  std::string properties =
      "<PacketUtilization>500</PacketUtilization><JitterInterArrival>3</JitterInterArrival>";

  std::string Text() const {
    return "<LyncDiagnostics Version=\"D\"><ConnectionInfo><CallId>" + call_id +
           "</CallId><TimeStamp>" + time +
           "</TimeStamp><StartTime>2016-05-23T07:58:00Z</StartTime><EndTime>2016-05-23T07:59:30Z</"
           "EndTime>"
           "</ConnectionInfo><QualityUpdate Type=\"" +
           type + "\"><From><Id>" + from_id + "</Id><URI>" + from +
           "</URI><IP>10.1.1.9</IP></From><To><Id>" + to_id + "</Id><URI>" + to +
           "</URI><IP>10.2.2.9</IP></To><Properties>" + properties +
           "</Properties></QualityUpdate></LyncDiagnostics>";
  }
};

inline std::string SdnInvite(const std::string& id, const std::string& uri,
                             const std::string& call_id = "s1") {
  return "<LyncDiagnostics Version=\"D\"><ConnectionInfo><CallId>" + call_id +
         "</CallId><TimeStamp>2016-05-23T07:58:00Z</TimeStamp></"
         "ConnectionInfo><Invite><Caller><Id>" +
         id + "</Id><URI>" + uri +
         "</URI></Caller><Callee><URI>sip:b@x.example</URI></Callee></Invite><RawSDP/></"
         "LyncDiagnostics>";
}

/// A vq-rtcpxr body of one end.
struct VqReport {
  std::string heading = "VQSessionReport", call_id = "v1";
  std::string local = "sip:701@x.example", remote = "sip:702@x.example",
              origin = "sip:701@x.example";
  std::string local_address = "192.0.2.1", remote_address = "192.0.2.2", local_ssrc = "11",
              remote_ssrc = "22";
  std::string start = "2016-05-23T07:58:00Z", stop = "2016-05-23T07:59:30Z";
  std::string loss = "1.0", remote_metrics;

  std::string Text() const {
    const auto id = [](const std::string& name, const std::string& value) {
      return value.empty() ? std::string() : name + ":<" + value + ">\n";
    };
    return heading + "\nCallID:" + call_id + "\n" + id("LocalID", local) + id("RemoteID", remote) +
           id("OrigID", origin) + "LocalAddr:IP=" + local_address +
           " PORT=4000 SSRC=" + local_ssrc + "\nRemoteAddr:IP=" + remote_address +
           " PORT=4000 SSRC=" + remote_ssrc + "\nLocalMetrics:\nTimestamps:START=" + start +
           " STOP=" + stop + "\nPacketLoss:NLR=" + loss + " JDR=0\nDelay:RTD=20 IAJ=3\n" +
           remote_metrics;
  }
  /// The same call as the other end sees it.
  VqReport OtherEnd() const {
    VqReport other = *this;
    std::swap(other.local, other.remote);
    std::swap(other.local_address, other.remote_address);
    std::swap(other.local_ssrc, other.remote_ssrc);
    other.loss = "3.0";
    return other;
  }
};

}  // namespace cqd::source::testing
