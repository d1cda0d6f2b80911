// Promise: SDN and MS-QoE documents are read by what they say, whatever prefix or order they are
// written in; hostile XML is refused before it costs anything.
#include <chrono>
#include <cmath>

#include "model/repair.h"
#include "source/internal/call_testing.h"
#include "source/internal/qoe_documents_testing.h"
#include "source/ms_qoe.h"
#include "source/sdn.h"

namespace cqd::source {
namespace {

using model::Field;
using testing::Number;
using testing::QoeReport;
using testing::SdnQuality;
using testing::TestInterner;

ErrorCode CodeOf(const ReportFormat& format, const std::string& text) {
  const auto parsed = format.Parse(text, {});
  EXPECT_FALSE(parsed.ok()) << text.substr(0, 100);
  return parsed.ok() ? ErrorCode::kInternal : parsed.error().code;
}

TEST(MsQoe, NamespacePrefixesAndUnknownElementsDoNotMatter) {
  QoeReport report;
  report.prefix = "q:";
  report.extra = "<v9:Separator9/><v5:Future a='b'><x/></v5:Future>";
  TestInterner keys;
  const auto rows = testing::Merge(testing::ReadAll({report.Text()}), keys);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(Number(rows[1], Field::kPacketLoss), 0.02);
  EXPECT_EQ(rows[1].Get(Field::kInbound), 1);
  EXPECT_FALSE(rows[0].Has(Field::kInbound)) << "the callee has not reported";
  EXPECT_EQ(keys.Text(rows[0], Field::kCallerEndpoint),
            "PC-1|Windows 10\x1f"
            "CPU\x1f"
            "4\x1f"
            "2400\x1f"
            "1");
}

TEST(MsQoe, CallerIsFoundByAddressWhenItIsNotTold) {
  QoeReport report;
  report.caller_element = "";
  EXPECT_EQ(MsQoeFormat().Parse(report.Text(), {})->front().caller, 0);
  report.local = "sip:b@x.example";
  report.remote = "sip:a@x.example";
  EXPECT_EQ(MsQoeFormat().Parse(report.Text(), {})->front().caller, 1);
}

TEST(MsQoe, ScientificNumbersAndFlags) {
  QoeReport report;
  report.loss = "5.182891E-005";
  report.warning_flags = "0x10";
  TestInterner keys;
  const auto rows = testing::Merge(testing::ReadAll({report.Text()}), keys);
  EXPECT_EQ(rows[1].Get(Field::kPacketLoss), 52) << "at six decimals";
  EXPECT_EQ(rows[1].Get(Field::kCallerIceWarnings), 16);
}

TEST(MsQoe, ConferenceCategoryBypassAndVideo) {
  QoeReport report;
  report.label = "main-video";
  report.dialog_extra =
      "<ConfURI>sip:c@x.example;gruu;opaque=app:conf:audio-video:id:AB12</"
      "ConfURI><DialogCategory>Trunk</DialogCategory>"
      "<v2:MediationServerBypassFlag>true</v2:MediationServerBypassFlag>";
  report.payload =
      "<Video><Resolution>640x480</Resolution><v3:LowFrameRateCallPercent>7.5</"
      "v3:LowFrameRateCallPercent></Video>";
  TestInterner keys;
  const auto rows = testing::Merge(testing::ReadAll({report.Text()}), keys);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].key.media_label, model::kLabelVideo);
  EXPECT_EQ(keys.Text(rows[1], Field::kConference),
            "c@x.example;gruu;opaque=app:conf:audio-video:id:ab12");
  EXPECT_EQ(rows[1].Get(Field::kDialogCategory), 1);
  EXPECT_EQ(rows[1].Get(Field::kMediationBypass), 1);
  EXPECT_EQ(keys.Text(rows[1], Field::kResolution), "640x480");
  EXPECT_EQ(Number(rows[1], Field::kLowFrameRate), 7.5);
}

TEST(MsQoe, EventsOfBothEnds) {
  QoeReport report;
  report.media_extra =
      "<v2:LocalClientEvent><DeviceHowlingEventCount>3</DeviceHowlingEventCount></"
      "v2:LocalClientEvent>"
      "<v2:RemoteClientEvent><CPUInsufficientEventRatio>0.5</CPUInsufficientEventRatio></"
      "v2:RemoteClientEvent>"
      "<v2:AppliedBandwidthLimit>150000</v2:AppliedBandwidthLimit><v2:AppliedBandwidthSource>TURN</"
      "v2:AppliedBandwidthSource>";
  TestInterner keys;
  const auto rows = testing::Merge(testing::ReadAll({report.Text()}), keys);
  EXPECT_EQ(rows[0].Get(Field::kCallerHowlingEvents), 3);
  EXPECT_EQ(Number(rows[0], Field::kCalleeCpuEvent), 0.5);
  EXPECT_EQ(rows[0].Get(Field::kBandwidthLimit), 150000);
  EXPECT_EQ(keys.Text(rows[0], Field::kBandwidthSource), "TURN");
}

TEST(MsQoe, OnlyOuterEndTagsMayBeLost) {
  const std::string whole = QoeReport().Text();
  const auto cut_at = [&](std::string_view tag) { return whole.substr(0, whole.find(tag)); };
  EXPECT_TRUE(
      MsQoeFormat().Parse("log line: " + cut_at("</VQSessionReport>") + "\nnext line", {}).ok());
  for (const std::string_view tag : {"</MediaLine>", "</Network>", "<LossRate>", "ssRate>"}) {
    EXPECT_EQ(CodeOf(MsQoeFormat(), cut_at(tag)), ErrorCode::kInvalidArgument) << tag;
  }
}

TEST(MsQoe, LogOfTheMacClient) {
  const std::string whole = QoeReport().Text();
  const auto from = whole.find("<MediaLine");
  const std::string media = whole.substr(from, whole.find("</MediaLine>") + 12 - from);
  const std::string log =
      "10:01 QoE endpoint: <Endpoint Name=\"Mac-1\" v2:OS=\"Mac OS\"/>\n10:02 QoE media: " + media +
      "\n";
  TestInterner keys;
  ASSERT_TRUE(MsQoeFormat().Recognises(log));
  const auto rows = testing::Merge(testing::ReadAll({log}), keys);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_TRUE(rows[0].Get(Field::kEstimated) & static_cast<int>(model::Estimated::kDirection));
  EXPECT_TRUE(rows[0].Get(Field::kRepairs) & static_cast<int>(model::Repair::kTimestampsMissing));
  EXPECT_EQ(keys.Text(rows[0], Field::kCallerEndpoint).substr(0, 5), "Mac-1");
  EXPECT_EQ(CodeOf(MsQoeFormat(), "QoE media: <MediaLine Label=\"main-audio\"/>"),
            ErrorCode::kFailedPrecondition);
}

TEST(MsQoe, ReportsWithoutIdentityOrSession) {
  EXPECT_EQ(CodeOf(MsQoeFormat(), "<VQReportEvent/>"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(MsQoeFormat(), "<VQReportEvent><VQSessionReport/></VQReportEvent>"),
            ErrorCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(MsQoeFormat(), "<CallQualityFeedbackReport/>"), ErrorCode::kFailedPrecondition);
}

TEST(MsQoe, SchemaOfTheFeedback) {
  const std::string text =
      "<CallQualityFeedbackReport xmlns='ms-cqf' CallId='c1' FromTag='f' "
      "ToTag='t'><ReportingUserURI>sip:B@x.example"
      "</ReportingUserURI><Rating>2</Rating><Tokens><Token Id='103' "
      "Value='1'/><Token><Id>201</Id><Value>0</Value></Token>"
      "<Token>FrozenVideo</Token></Tokens></CallQualityFeedbackReport>";
  const Report report = MsQoeFormat().Parse(text, {})->front();
  EXPECT_EQ(report.kind, ReportKind::kFeedback);
  EXPECT_EQ(report.feedback->user, "b@x.example");
  EXPECT_EQ(report.feedback->values.numbers.at(Field::kCallerRating), 2);
  EXPECT_EQ(report.feedback->values.texts.at(Field::kCallerFeedbackTokens).text,
            "{FrozenVideo:1; Audio_Echo:1; Video_NoLocalVideo:0;}");
  EXPECT_EQ(report.feedback->values.numbers.at(Field::kCallerFeedbackIssues), 3);
}

TEST(Sdn, ZeroLossIsInferredOnlyWithPackets) {
  TestInterner keys;
  SdnQuality quality;
  quality.properties = "<PacketUtilization>100</PacketUtilization>";
  auto rows = testing::Merge(testing::ReadAll({quality.Text()}), keys);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(Number(rows[0], Field::kPacketLoss), 0.0);
  EXPECT_TRUE(rows[0].Get(Field::kEstimated) & static_cast<int>(model::Estimated::kPacketLossZero));
  quality.properties = "<RoundTrip>5</RoundTrip>";
  rows = testing::Merge(testing::ReadAll({quality.Text()}), keys);
  EXPECT_FALSE(rows[0].Has(Field::kPacketLoss));
  quality.properties =
      "<PacketUtilization>100</PacketUtilization><BurstDensity>10000</BurstDensity>";
  rows = testing::Merge(testing::ReadAll({quality.Text()}), keys);
  EXPECT_FALSE(rows[0].Has(Field::kBurstDensity)) << "fixed point, not a share";
  EXPECT_TRUE(rows[0].Get(Field::kRepairs) & static_cast<int>(model::Repair::kMetricOutOfRange));
}

TEST(Sdn, LatestTimeStampWinsInWhateverOrder) {
  SdnQuality first, second;
  first.time = "2016-05-23T09:00:01.1234567+02:00";
  first.properties = "<JitterInterArrival>5</JitterInterArrival>";
  second.time = "2016-05-23T07:00:02Z";
  second.properties = "<JitterInterArrival>9</JitterInterArrival>";
  for (const auto& documents :
       {std::vector{first.Text(), second.Text()}, std::vector{second.Text(), first.Text()}}) {
    TestInterner keys;
    const auto rows = testing::Merge(testing::ReadAll(documents), keys);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(Number(rows[0], Field::kJitter), 9.0);
  }
}

TEST(Sdn, InviteTellsWhoCalled) {
  SdnQuality quality;
  quality.from_id = "callee-tag";
  quality.from = "sip:B@x.example";
  quality.to_id = "caller-tag";
  quality.to = "sip:A@X.example";
  TestInterner keys;
  const auto rows = testing::Merge(
      testing::ReadAll({quality.Text(), testing::SdnInvite("caller-tag", "sip:a@x.example")}),
      keys);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].Get(Field::kSenderIsCaller), 0);
  EXPECT_EQ(keys.Text(rows[0], Field::kCallerUser), "a@x.example");
  EXPECT_FALSE(rows[0].Get(Field::kEstimated) != model::kNull &&
               (rows[0].Get(Field::kEstimated) & static_cast<int>(model::Estimated::kDirection)));
  EXPECT_TRUE(
      testing::Merge(testing::ReadAll({testing::SdnInvite("caller-tag", "sip:a@x.example")}), keys)
          .empty());
}

TEST(Sdn, SplitsStreamsAndWrappers) {
  const std::string one = SdnQuality().Text();
  EXPECT_EQ(SdnFormat().Split(one + "\n" + one + one).size(), 3U);
  EXPECT_EQ(SdnFormat()
                .Split("<SfbReplay><Description>LyncDiagnostics</Description>" + one + one +
                       "</SfbReplay>")
                .size(),
            2U);
  const auto pieces = SdnFormat().Split(one + one.substr(0, 60));
  ASSERT_EQ(pieces.size(), 2U) << "a cut message stands alone and harms nobody";
  EXPECT_TRUE(SdnFormat().Parse(pieces[0], {}).ok());
  EXPECT_EQ(CodeOf(SdnFormat(), pieces[1]), ErrorCode::kInvalidArgument);
}

TEST(HostileXml, DeclarationsAreRefused) {
  const std::string bombs[] = {
      "<!DOCTYPE a [<!ENTITY b \"&c;&c;\"><!ENTITY c \"lol\">]>",
      "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>",
      "<!DOCTYPE a SYSTEM \"http://192.0.2.1/x.dtd\">",
  };
  for (const std::string& bomb : bombs) {
    EXPECT_EQ(CodeOf(SdnFormat(), bomb + SdnQuality().Text()), ErrorCode::kInvalidArgument);
    EXPECT_EQ(CodeOf(MsQoeFormat(), bomb + QoeReport().Text()), ErrorCode::kInvalidArgument);
  }
  QoeReport report;
  report.local = "&x;";
  EXPECT_TRUE(MsQoeFormat().Parse(report.Text(), {}).ok()) << "an undeclared entity is only text";
}

TEST(HostileXml, DeepNestingEndsAtTheLimit) {
  std::string deep = "<LyncDiagnostics><ConnectionInfo><CallId>1</CallId></ConnectionInfo>";
  for (int i = 0; i < 20'000; ++i) deep += "<a>";
  EXPECT_EQ(CodeOf(SdnFormat(), deep), ErrorCode::kResourceExhausted);
  for (int i = 0; i < 20'000; ++i) deep += "</a>";
  EXPECT_EQ(CodeOf(SdnFormat(), deep + "</LyncDiagnostics>"), ErrorCode::kResourceExhausted);
}

TEST(HostileXml, EveryTruncationIsAnAnswer) {
  for (const std::string& whole : {SdnQuality().Text(), QoeReport().Text()}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      for (const ReportFormat* format : ReportFormats())
        (void)format->Parse(whole.substr(0, length), {}).ok();
    }
  }
}

TEST(HostileXml, ManyOpenTagsAreNotQuadratic) {
  std::string text;
  while (text.size() < (4U << 20U)) text += "<VQReportEvent ><LyncDiagnostics >";
  const auto before = std::chrono::steady_clock::now();
  for (const ReportFormat* format : ReportFormats()) {
    (void)format->Split(text);
    (void)format->Parse(text, {}).ok();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
}

TEST(HostileXml, WrongEncodingIsReadOrRefusedButKept) {
  std::string wide = "\xFF\xFE";
  for (const char c : QoeReport().Text()) {
    wide += c;
    wide += '\0';
  }
  ASSERT_TRUE(MsQoeFormat().Recognises(wide));
  EXPECT_TRUE(MsQoeFormat().Parse(wide, {}).ok());
  QoeReport latin;
  latin.local = "sip:ren\xE9@x.example";
  TestInterner keys;
  const auto rows = testing::Merge(testing::ReadAll({latin.Text()}), keys);
  ASSERT_EQ(rows.size(), 2U);
}

TEST(Formats, AreToldApartByLookingThenByContentType) {
  EXPECT_EQ(FindFormat("text/xml", SdnQuality().Text()), &SdnFormat());
  EXPECT_EQ(FindFormat("application/octet-stream", QoeReport().Text()), &MsQoeFormat());
  EXPECT_EQ(FindFormat("application/vq-rtcpxr+xml; charset=utf-8", "broken"), &MsQoeFormat());
  EXPECT_EQ(FindFormat("Application/VQ-RTCPXR", "broken")->name(), "vq_rtcpxr");
  EXPECT_EQ(FindFormat("text/xml", "<other/>"), nullptr);
  EXPECT_EQ(FormatByName("sdn"), &SdnFormat());
  EXPECT_EQ(FormatByName("none"), nullptr);
}

}  // namespace
}  // namespace cqd::source
