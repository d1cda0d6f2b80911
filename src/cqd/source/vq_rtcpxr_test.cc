// Promise: a voice quality report is read whatever dialect it is written in, and says nothing that
// was not in it.
#include "source/vq_rtcpxr.h"

#include <cmath>

#include "model/repair.h"

#include "source/internal/call_testing.h"
#include "source/internal/text_forms.h"
#include "source/internal/vq_lines.h"

namespace cqd::source {
namespace {

using model::Field;
using testing::Number;
using testing::TestInterner;

/// The traps of the field in one body: a blank after "IP=", a codec name with blanks, glued fields,
/// a metric on a line of its own, "=" after the first word, sentinels everywhere.
constexpr std::string_view kTraps =
    "VQSessionReport: CallTerm\r\n"
    "CallID=trap-1@198.51.100.7\r\n"
    "LocalID: \"Desk \\ 7\" <sip:701@PBX.example.org:5060;user=phone>\r\n"
    "RemoteID: <sip:702@pbx.example.org>\r\n"
    "OrigID: <sip:702@pbx.example.org>\r\n"
    "LocalAddr:IP= 198.51.100.7 PORT=4000 SSRC=0xBADC0DE1\r\n"
    "LocalMAC: 00085d1a2b3c\r\n"
    "RemoteAddr:IP=[2001:db8::2]:4002 SSRC=dead10cc\r\n"
    "x-UserAgent:TestPhone 1.0\r\n"
    "  LocalMetrics:\r\n"
    "\tTimeStamps:START=2016-05-23T07:00:00.250Z STOP=2016-05-23T07:01:00Z\r\n"
    "SessionDesc:PT=97 PD=AMR wide band SR=16000 FMTP=\"a=1;NLR=9\" PLC=3 SSUP=offFPP=1\r\n"
    "JitterBuffer:JBA=3 JBN=40JBM=60JBX=65535\r\n"
    "PacketLoss:NLR=2.5 JDR=0.5\r\n"
    "BurstGapLoss:BLD=12 BD=340 GLD=0.1 GD=65535 GMIN=16\r\n"
    "Delay:RTD=0 ESD=20 IAJ=0 MAJ=7\r\n"
    "Signal:SL=127 NL=-60 RERL=127\r\n"
    "QualityEst:RLQ=80 MOSLQ=0\r\n"
    "MOSCQ=3.9\r\n"
    "Vendor-Extra: something=else\r\n";

Result<std::vector<Report>> Parse(std::string_view text) {
  return VqRtcpXrFormat().Parse(text, {});
}

TEST(VqRtcpXr, ReadsTheTrapsOfTheField) {
  const auto reports = Parse(kTraps);
  ASSERT_TRUE(reports.ok()) << reports.error().ToString();
  ASSERT_EQ(reports->size(), 1U);
  const Report& report = reports->front();
  EXPECT_EQ(report.call_key, "vq_rtcpxr:trap-1@198.51.100.7");
  EXPECT_EQ(report.caller, 1);
  EXPECT_EQ(report.ends[0].values.texts.at(Field::kCallerUser).text, "701@pbx.example.org");
  EXPECT_EQ(report.ends[0].values.texts.at(Field::kCallerMac).text, "00-08-5d-1a-2b-3c");
  EXPECT_EQ(report.ends[0].values.texts.at(Field::kCallerUserAgent).text, "TestPhone 1.0");
  EXPECT_EQ(report.ends[1].values.texts.at(Field::kCallerAddress).text, "2001:db8::2");
  EXPECT_EQ(report.ends[1].values.numbers.at(Field::kCallerPort), 4002);
  EXPECT_EQ(*report.end - *report.start, std::chrono::milliseconds(59'750));
  ASSERT_EQ(report.streams.size(), 1U);
  const ReportedStream& stream = report.streams[0];
  EXPECT_EQ(stream.ssrc, (std::array<std::uint32_t, 2>{0xBADC0DE1U, 0xDEAD10CCU}));
  EXPECT_EQ(stream.sender, 1);
  const auto& numbers = stream.values.numbers;
  EXPECT_DOUBLE_EQ(numbers.at(Field::kPacketLoss), 0.025) << "not the NLR inside the quotes";
  EXPECT_DOUBLE_EQ(numbers.at(Field::kDiscard), 0.005);
  EXPECT_DOUBLE_EQ(numbers.at(Field::kBurstDensity), 0.12);
  EXPECT_DOUBLE_EQ(numbers.at(Field::kJitter), 7) << "MAJ where IAJ says 0";
  EXPECT_DOUBLE_EQ(numbers.at(Field::kConversationalMos), 3.9);
  EXPECT_FALSE(numbers.contains(Field::kGapDuration));
  EXPECT_FALSE(numbers.contains(Field::kRoundTrip));
  EXPECT_FALSE(numbers.contains(Field::kRecvListenMos));
  EXPECT_FALSE(stream.ends[0].numbers.contains(Field::kCallerRecvSignal));
  EXPECT_DOUBLE_EQ(stream.ends[0].numbers.at(Field::kCallerRecvNoise), -60);
  EXPECT_EQ(stream.values.texts.at(Field::kCodec).text, "AMR wide band");
  EXPECT_EQ(stream.extras.at("JBM"), "60");
  EXPECT_EQ(stream.extras.at("JBX"), "65535");
  EXPECT_EQ(stream.extras.at("SSUP"), "off");
  EXPECT_EQ(stream.extras.at("FPP"), "1");
  EXPECT_EQ(stream.extras.at("SOMETHING"), "else") << "unknown lines are kept";
}

TEST(VqRtcpXr, LineEndsAndWrappingDoNotMatter) {
  const auto expected = Parse(kTraps);
  std::string lf;
  for (const char c : kTraps) {
    if (c != '\r') lf += c;
  }
  const std::string sip =
      "PUBLISH sip:collector@198.51.100.1 SIP/2.0\r\nCall-ID: t1\r\nCSeq: 1 PUBLISH\r\nf: "
      "<sip:701@pbx.example.org>;tag=x\r\n"
      "Event: vq-rtcpxr\r\nContent-Length: 3\r\n\r\n";
  std::string sip_lf = "NOTIFY sip:c SIP/2.0\nCall-ID: t1\nCSeq: 1 NOTIFY\n\n" + lf;
  for (const std::string& form :
       {lf, sip + std::string(kTraps), sip_lf, "<r><![CDATA[" + lf + "]]></r>", "\xEF\xBB\xBF" + lf,
        "junk before\n\n" + lf}) {
    EXPECT_TRUE(VqRtcpXrFormat().Recognises(form)) << form.substr(0, 60);
    const auto reports = Parse(form);
    ASSERT_TRUE(reports.ok()) << form.substr(0, 60) << reports.error().ToString();
    EXPECT_EQ(reports->front().call_key, expected->front().call_key);
    EXPECT_EQ(reports->front().streams[0].values, expected->front().streams[0].values);
  }
}

TEST(VqRtcpXr, PreStandardCallerIsFoundBySenderThenByHost) {
  const std::string body =
      "VQSessionReport\nLocalMetrics:\nCallID:9@192.0.2.9\nFromID:<sip:a@x.example>\nToID:<sip:b@x."
      "example>\n"
      "LocalAddr:IP=192.0.2.8 PORT=1 SSRC=1\nRemoteAddr:IP=192.0.2.9 PORT=2 "
      "SSRC=2\nPacketLoss:NLR=1\n";
  auto report = Parse(body)->front();
  EXPECT_EQ(report.caller, 1) << "the host in the Call-ID is the remote one";
  EXPECT_EQ(report.ends[0].values.texts.at(Field::kCallerUser).text, "b@x.example");
  report = Parse("PUBLISH sip:c SIP/2.0\nFrom: <sip:a@x.example>;tag=1\n\n" + body)->front();
  EXPECT_EQ(report.caller, 0) << "the sender of the message is the caller";
  EXPECT_EQ(report.ends[0].values.texts.at(Field::kCallerUser).text, "a@x.example");
}

TEST(VqRtcpXr, PartialReportsWithoutIdentity) {
  // Mid-call reports of one soft phone: "(null)" identities and empty times.
  const std::string linphone =
      "VQIntervalReport\nCallID: l1\nLocalID: (null)\nRemoteID: (null)\nLocalAddr:IP=0.0.0.0 "
      "PORT=0 SSRC=0\n"
      "LocalMetrics:\nTimestamps:START= STOP=\nPacketLoss:NLR=4.0\n";
  const Report report = Parse(linphone)->front();
  EXPECT_TRUE(report.times_missing);
  EXPECT_TRUE(report.ends[0].values.texts.empty());
  EXPECT_EQ(report.streams.size(), 1U);

  const auto nobody = Parse("VQSessionReport\nLocalMetrics:\nPacketLoss:NLR=1.0\n");
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.error().code, ErrorCode::kFailedPrecondition);
  const auto addresses = Parse(
      "VQSessionReport\nLocalAddr:IP=192.0.2.1 PORT=5 SSRC=7\nRemoteAddr:IP=192.0.2.2 PORT=6 "
      "SSRC=8\n"
      "LocalMetrics:\nPacketLoss:NLR=1.0\n");
  const auto other_end = Parse(
      "VQSessionReport\nLocalAddr:IP=192.0.2.2 PORT=6 SSRC=8\nRemoteAddr:IP=192.0.2.1 PORT=5 "
      "SSRC=7\n"
      "LocalMetrics:\nPacketLoss:NLR=1.0\n");
  ASSERT_TRUE(addresses.ok());
  EXPECT_EQ(addresses->front().call_key, other_end->front().call_key);
}

TEST(VqRtcpXr, ReportsWithoutFiguresMakeNoStream) {
  EXPECT_TRUE(Parse("VQSessionReport\nCallID:1\nLocalMetrics:\nSessionDesc:PT=0\n")
                  ->front()
                  .streams.empty());
  EXPECT_TRUE(Parse("VQSessionReport\nCallID:1\nRemoteMetrics:\n")->front().streams.empty());
}

TEST(VqRtcpXr, NotAReport) {
  for (const std::string_view text :
       {"", "hello", "<VQReportEvent/>", "VQSessionReportX", "\xFF\xFE\xFF"}) {
    EXPECT_FALSE(VqRtcpXrFormat().Recognises(text)) << text;
    const auto reports = Parse(text);
    ASSERT_FALSE(reports.ok());
    EXPECT_EQ(reports.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(VqRtcpXr, AbsurdNumbersAreDroppedWithAMark) {
  for (const char* loss : {"NaN", "-1", "300", "1e999", "inf", "99999999999999999999", "abc"}) {
    const std::string text =
        std::string("VQSessionReport\nCallID:n\nLocalMetrics:\nPacketLoss:NLR=") + loss +
        "\nDelay:IAJ=4\n";
    TestInterner keys;
    const auto rows = testing::Merge(testing::ReadAll({text}), keys);
    ASSERT_EQ(rows.size(), 1U) << loss;
    EXPECT_FALSE(rows[0].Has(Field::kPacketLoss)) << loss;
    EXPECT_EQ(Number(rows[0], Field::kJitter), 4.0);
    EXPECT_TRUE(rows[0].Get(Field::kRepairs) & static_cast<int>(model::Repair::kMetricOutOfRange))
        << loss;
  }
}

TEST(VqRtcpXr, SplitsFilesOfSeveralReports) {
  const std::string one =
      "PUBLISH sip:c SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 "
      "PUBLISH\r\n\r\nVQSessionReport\r\nCallID:1\r\n";
  EXPECT_EQ(VqRtcpXrFormat().Split(one + one + one).size(), 3U);
  EXPECT_EQ(
      VqRtcpXrFormat().Split("VQSessionReport\nCallID:1\n\nVQIntervalReport\nCallID:2\n").size(),
      2U);
  EXPECT_EQ(VqRtcpXrFormat().Split("nothing").size(), 1U);
}

TEST(TextForms, BringTextsToOneForm) {
  using namespace internal;
  EXPECT_EQ(UserForm("\"A <b>\" <sips:Anna@Contoso.example;transport=tls>"),
            "anna@contoso.example");
  EXPECT_EQ(UserForm("sip:bot@x.example;gruu;opaque=srvr:Bot"),
            "bot@x.example;gruu;opaque=srvr:bot");
  EXPECT_EQ(UserForm("tel:+15550100;ext=7"), "+15550100");
  EXPECT_EQ(UserForm(" (null) "), "");
  EXPECT_EQ(MacForm("00-0C-29-0A-0B-6D-00-00"), "00-0c-29-0a-0b-6d");
  EXPECT_EQ(MacForm("0c:29:6d"), "");
  EXPECT_EQ(MacForm("00:00:00:00:00:00"), "");
  EXPECT_EQ(AddressForm("[2001:DB8:0::1]"), "2001:db8::1");
  EXPECT_EQ(AddressForm("x.x.x.x"), "");
  EXPECT_EQ(AddressForm("0.0.0.0"), "");
  EXPECT_EQ(SubnetForm("10.31.7.90", "255.255.254.0"), "10.31.6.0");
  EXPECT_EQ(SubnetForm("10.31.7.90", "23"), "10.31.6.0");
  EXPECT_EQ(SubnetForm("2001:db8:1:2:3::9", "64"), "2001:db8:1:2::");
  EXPECT_EQ(SubnetForm("10.0.0.1", "40"), "");
  EXPECT_EQ(SubnetForm("10.0.0.1", ""), "");
  EXPECT_FALSE(LinkSpeedOf("4.2949673E+09").has_value());
  EXPECT_EQ(LinkSpeedOf("1E+09"), 1e9);
  EXPECT_EQ(SsrcOf("0x014EA261"), 21930593U);
  EXPECT_EQ(SsrcOf("99999999999"), 0U);
  EXPECT_FALSE(TimeOf("0").has_value());
  EXPECT_FALSE(TimeOf("1601-01-01T00:00:00Z").has_value());
  EXPECT_TRUE(std::isnan(*NumberOf("n/a")));
  EXPECT_FALSE(NumberOf("  ").has_value());
  EXPECT_EQ(NumberOf("5.182891E-005"), 5.182891e-5);
}

TEST(TextForms, Utf16BecomesUtf8) {
  std::string wide = "\xFF\xFE";
  for (const char c : std::string("VQ\xE9")) {
    wide += c;
    wide += '\0';
  }
  EXPECT_EQ(internal::ToUtf8(wide), "VQ\xC3\xA9");
  EXPECT_EQ(internal::ToUtf8(std::string("\xFF\xFE\x3D\xD8\x00\xDE", 6)), "\xF0\x9F\x98\x80");
  EXPECT_EQ(internal::ToUtf8(std::string("\xFF\xFE\x3D\xD8", 4)), "\xEF\xBF\xBD")
      << "half of a pair";
}

}  // namespace
}  // namespace cqd::source
