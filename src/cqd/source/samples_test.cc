// Promise: the reports of real devices give the streams that were worked out by hand.
// Oracle: reference/ingest-formats.md 21 and the notes of the samples folder.
#include <set>

#include "source/internal/call_testing.h"

namespace cqd::source {
namespace {

using model::Field;
using testing::Number;
using testing::Sample;
using testing::TestInterner;

struct Call {
  std::vector<CallReport> reports;
  std::vector<model::StreamRow> rows;
  TestInterner keys;
};

std::optional<Call> Load(std::initializer_list<const char*> names) {
  std::vector<std::string> documents;
  for (const char* name : names) {
    auto text = Sample(name);
    if (!text) return std::nullopt;
    documents.push_back(std::move(*text));
  }
  Call call;
  call.reports = testing::ReadAll(documents);
  call.rows = testing::Merge(call.reports, call.keys);
  return call;
}

TEST(Samples, PolyEdgeRfc6035) {
  auto call = Load({"vq-rtcpxr/poly-edge-e350-rfc6035.sip"});
  if (!call) return;
  ASSERT_EQ(call->rows.size(), 1U);
  const model::StreamRow& row = call->rows[0];
  EXPECT_EQ(row.Get(Field::kSenderIsCaller), 0);
  EXPECT_EQ(row.Get(Field::kInbound), 1);
  EXPECT_EQ(call->keys.Text(row, Field::kCodec), "G.711 A-Law");
  EXPECT_EQ(Number(row, Field::kPacketLoss), 0.0);
  EXPECT_EQ(Number(row, Field::kDiscard), 0.0);
  EXPECT_EQ(Number(row, Field::kJitter), 0.0);
  EXPECT_FALSE(row.Has(Field::kRoundTrip));
  EXPECT_EQ(Number(row, Field::kGapDuration), 39850.0);
  EXPECT_EQ(Number(row, Field::kRecvListenMos), 4.1);
  EXPECT_EQ(Number(row, Field::kConversationalMos), 4.1);
  EXPECT_FALSE(row.Has(Field::kCallerEchoReturn));
  EXPECT_EQ(row.Get(Field::kEndTime) - row.Get(Field::kStartTime), 39'000'000);
  EXPECT_EQ(call->keys.Text(row, Field::kCallerAddress), "10.0.0.139");
  EXPECT_EQ(row.Get(Field::kCallerPort), 2224);
  EXPECT_EQ(call->keys.Text(row, Field::kCallerUser), "+15550100001@voip.example.net");
  EXPECT_EQ(call->keys.Text(row, Field::kCalleeUser), "1571@voip.example.net");
  EXPECT_EQ(call->keys.Text(row, Field::kCallerUserAgent), "PolyEdge-Edge_E350-UA/8.6.0.1321");
  EXPECT_EQ(call->keys.Text(row, Field::kCallerMac), "48-25-67-0a-0b-0c");
  EXPECT_EQ(call->keys.Text(row, Field::kCallerSubnet), "10.0.0.139|address");
  EXPECT_FALSE(row.Has(Field::kEstimated));
  const ReportedStream& stream = call->reports[0].report.streams[0];
  EXPECT_EQ(stream.ssrc[0], 3744842397U);
  EXPECT_EQ(stream.extras.at("RLQ"), "93");
}

TEST(Samples, PolycomVvx600BadCall) {
  auto call = Load({"vq-rtcpxr/polycom-vvx600-rfc6035.sip"});
  if (!call) return;
  ASSERT_EQ(call->rows.size(), 1U);
  const model::StreamRow& row = call->rows[0];
  EXPECT_EQ(Number(row, Field::kPacketLoss), 0.0);
  EXPECT_EQ(Number(row, Field::kDiscard), 0.062);
  EXPECT_EQ(Number(row, Field::kBurstDensity), 0.48);
  EXPECT_EQ(Number(row, Field::kBurstDuration), 1550.0);
  EXPECT_EQ(Number(row, Field::kRoundTrip), 66.0);
  EXPECT_EQ(Number(row, Field::kRecvListenMos), 3.3);
  EXPECT_EQ(Number(row, Field::kConversationalMos), 3.2);
  EXPECT_EQ(call->keys.Text(row, Field::kCodec), "G722");
  EXPECT_EQ(row.Get(Field::kCallerReported), 1);
  EXPECT_FALSE(row.Has(Field::kCalleeReported));
}

TEST(Samples, SnomGluedFields) {
  auto call = Load({"vq-rtcpxr/snom821-glued-fields.sip"});
  if (!call) return;
  ASSERT_EQ(call->rows.size(), 1U);
  const model::StreamRow& row = call->rows[0];
  EXPECT_EQ(Number(row, Field::kPacketLoss), 0.03);
  EXPECT_EQ(Number(row, Field::kDiscard), 0.03);
  EXPECT_EQ(Number(row, Field::kJitter), 11.0);
  EXPECT_FALSE(row.Has(Field::kRoundTrip));
  EXPECT_EQ(call->keys.Text(row, Field::kCallerUserAgent), "snom821/873_19_20130321");
  const ReportedStream& stream = call->reports[0].report.streams[0];
  EXPECT_EQ(stream.extras.at("JBM"), "20");
  EXPECT_EQ(stream.extras.at("JBX"), "240");
  EXPECT_EQ(stream.ssrc[0], 21930593U);
}

TEST(Samples, YealinkIntervalWithoutIdentities) {
  auto call = Load({"vq-rtcpxr/yealink-t41p-interval.sip"});
  if (!call) return;
  ASSERT_EQ(call->rows.size(), 1U);
  const model::StreamRow& row = call->rows[0];
  EXPECT_EQ(Number(row, Field::kPacketLoss), 0.0);
  EXPECT_FALSE(row.Has(Field::kRoundTrip));
  EXPECT_FALSE(row.Has(Field::kCallerRecvSignal));
  EXPECT_EQ(Number(row, Field::kCallerRecvNoise), -84.0);
  EXPECT_FALSE(row.Has(Field::kGapDuration));
  EXPECT_FALSE(row.Has(Field::kCallerUser));
  EXPECT_FALSE(row.Has(Field::kCalleeUser));
  EXPECT_EQ(row.Get(Field::kEstimated), static_cast<model::Value>(2));
  EXPECT_EQ(call->keys.Text(row, Field::kCodec), "PCMU");
  const ReportedStream& stream = call->reports[0].report.streams[0];
  EXPECT_EQ(stream.ssrc[1], 0U);
  EXPECT_EQ(stream.extras.at("RCQ"), "92");
  EXPECT_EQ(call->reports[0].report.kind, ReportKind::kInterval);
}

TEST(Samples, AudioCodesBothDirections) {
  auto call = Load({"vq-rtcpxr/audiocodes-session.sip"});
  if (!call) return;
  EXPECT_EQ(call->reports[0].report.call_key, "vq_rtcpxr:20328634741612201520943@172.17.116.201");
  ASSERT_EQ(call->rows.size(), 2U);
  const model::StreamRow& to_callee = call->rows[0];  // far end's figures, as they came back
  const model::StreamRow& to_caller = call->rows[1];
  EXPECT_EQ(to_caller.Get(Field::kSenderIsCaller), 0);
  EXPECT_EQ(to_callee.Get(Field::kSenderIsCaller), 1);
  EXPECT_EQ(Number(to_caller, Field::kRecvListenMos), 4.1);
  EXPECT_EQ(Number(to_caller, Field::kConversationalMos), 4.1);
  EXPECT_EQ(Number(to_caller, Field::kCallerEchoReturn), 17.0);
  EXPECT_EQ(Number(to_caller, Field::kCallerRecvSignal), -34.0);
  EXPECT_EQ(Number(to_callee, Field::kPacketLoss), 0.0);
  EXPECT_FALSE(to_callee.Has(Field::kRecvListenMos));
  EXPECT_EQ(call->keys.Text(to_caller, Field::kCallerMac), "00-90-8f-57-d9-71");
}

TEST(Samples, PolycomAlertAndSessionAreOneCall) {
  for (const bool alert_first : {true, false}) {
    auto call = alert_first ? Load({"vq-rtcpxr/polycom-alert-prestandard.sip",
                                    "vq-rtcpxr/polycom-session-of-alert.sip"})
                            : Load({"vq-rtcpxr/polycom-session-of-alert.sip",
                                    "vq-rtcpxr/polycom-alert-prestandard.sip"});
    if (!call) return;
    ASSERT_EQ(call->rows.size(), 1U);
    const model::StreamRow& row = call->rows[0];
    EXPECT_EQ(Number(row, Field::kRoundTrip), 3.0);
    EXPECT_EQ(Number(row, Field::kConversationalMos), 3.4);
    EXPECT_EQ(call->keys.Text(row, Field::kCallerUser), "2012@sip.example.net");
    EXPECT_EQ(call->keys.Text(row, Field::kCalleeUser), "2087@sip.example.net");
    EXPECT_FALSE(row.Has(Field::kGapDuration));
    const Report& alert = call->reports[alert_first ? 0 : 1].report;
    EXPECT_EQ(alert.kind, ReportKind::kAlert);
  }
  auto alone = Load({"vq-rtcpxr/polycom-alert-prestandard.sip"});
  if (!alone) return;
  EXPECT_TRUE(alone->rows.empty());
}

TEST(Samples, HepgenInterval) {
  auto call = Load({"vq-rtcpxr/minimal-interval-opus.sip"});
  if (!call) return;
  ASSERT_EQ(call->rows.size(), 1U);
  const model::StreamRow& row = call->rows[0];
  EXPECT_EQ(Number(row, Field::kPacketLoss), 0.08);
  EXPECT_EQ(Number(row, Field::kJitter), 93.0);
  EXPECT_EQ(call->keys.Text(row, Field::kCodec), "opus");
  EXPECT_EQ(Number(row, Field::kSampleRate), 48000.0);
  EXPECT_EQ(call->keys.Text(row, Field::kCallerAddress), "192.168.1.55");
  EXPECT_EQ(row.Get(Field::kCallerPort), 30539);
  EXPECT_EQ(call->keys.Text(row, Field::kCalleeMac), "99-72-b9-28-c2-82");
}

TEST(Samples, SdnPeerToPeer) {
  auto call = Load({"sfb-sdn/p2p-call-schema-d.xml"});
  if (!call) return;
  ASSERT_EQ(call->rows.size(), 2U);
  const model::StreamRow& forth = call->rows[0];  // q2site1 (who called) -> q1site1
  const model::StreamRow& back = call->rows[1];
  EXPECT_EQ(call->keys.Text(forth, Field::kCallerUser), "q2site1@sfb.example");
  EXPECT_EQ(call->keys.Text(forth, Field::kCalleeUser), "q1site1@sfb.example");
  EXPECT_EQ(forth.Get(Field::kSenderIsCaller), 1);
  EXPECT_EQ(call->keys.Text(forth, Field::kCodec), "SILKWIDE/16000");
  EXPECT_EQ(call->keys.Text(back, Field::kCodec), "SILKWIDE/16000");
  EXPECT_EQ(forth.Get(Field::kPackets), 5202);
  EXPECT_EQ(Number(forth, Field::kJitter), 1.0);
  EXPECT_EQ(Number(forth, Field::kJitterMax), 2.0);
  EXPECT_EQ(Number(forth, Field::kRoundTrip), 1.0);
  EXPECT_EQ(Number(forth, Field::kRoundTripMax), 3.0);
  EXPECT_NEAR(*Number(forth, Field::kDegradation), 0.053, 0.001);
  EXPECT_NEAR(*Number(forth, Field::kConcealed), 0.003, 0.00001);
  EXPECT_EQ(Number(forth, Field::kPacketLoss), 0.0);
  EXPECT_EQ(forth.Get(Field::kEstimated), 1);
  EXPECT_EQ(back.Get(Field::kPackets), 11465);
  EXPECT_FALSE(back.Has(Field::kJitter));
  EXPECT_EQ(Number(back, Field::kDegradation), 0.0);
  EXPECT_EQ(back.Get(Field::kEndTime) - back.Get(Field::kStartTime), 241'009'000);
  EXPECT_EQ(call->keys.Text(back, Field::kCallerUserAgent),
            "UCCAPI/15.0.4763.1001 OC/15.0.4763.1001 (Skype for Business)|4");
  EXPECT_EQ(call->keys.Text(back, Field::kCallerConnection), "Ethernet");
  EXPECT_EQ(back.Get(Field::kCallerInside), 1);
  EXPECT_EQ(back.Get(Field::kCallerVpn), 0);
}

TEST(Samples, SdnStreamOfMessages) {
  auto call = Load({"sfb-sdn/message-stream-1.xmlstream"});
  if (!call) return;
  EXPECT_EQ(call->rows.size(), 16U);
  std::set<std::int64_t> sessions;
  for (const model::StreamRow& row : call->rows) {
    sessions.insert(row.key.session_seq);
    EXPECT_TRUE(row.Has(Field::kSenderIsCaller));
    EXPECT_EQ(row.Get(Field::kEstimated) & 2, 0) << "who called is told by the Invite messages";
    EXPECT_NE(call->keys.Text(row, Field::kCallerMac), "00-0c-29-0a-0b-6d-00-00")
        << "cut to six bytes";
  }
  EXPECT_EQ(sessions.size(), 8U);
  std::set<std::string> calls;
  for (const CallReport& report : call->reports) calls.insert(report.report.call_key);
  EXPECT_EQ(calls.size(), 9U);
  std::string whole = *Sample("sfb-sdn/message-stream-1.xmlstream");
  EXPECT_EQ(FormatByName("sdn")->Split(whole).size(), 45U);
}

TEST(Samples, MsQoeBothReports) {
  for (const bool caller_first : {true, false}) {
    auto call =
        caller_first
            ? Load({"ms-qoe/constructed-caller-report.xml", "ms-qoe/constructed-callee-report.xml"})
            : Load(
                  {"ms-qoe/constructed-callee-report.xml", "ms-qoe/constructed-caller-report.xml"});
    if (!call) return;
    ASSERT_EQ(call->rows.size(), 2U);
    const model::StreamRow& to_boris = call->rows[0];
    const model::StreamRow& to_anna = call->rows[1];
    EXPECT_EQ(to_anna.Get(Field::kSenderIsCaller), 0);
    EXPECT_EQ(call->keys.Text(to_anna, Field::kCallerUser), "anna@contoso.example");
    EXPECT_EQ(call->keys.Text(to_anna, Field::kCalleeUser), "boris@contoso.example");
    EXPECT_EQ(Number(to_anna, Field::kPacketLoss), 0.0112);
    EXPECT_EQ(Number(to_anna, Field::kPacketLossMax), 0.0874);
    EXPECT_EQ(Number(to_anna, Field::kJitter), 4.0);
    EXPECT_EQ(Number(to_anna, Field::kJitterMax), 31.0);
    EXPECT_EQ(Number(to_anna, Field::kDegradation), 0.72);
    EXPECT_EQ(Number(to_anna, Field::kConcealed), 0.0381);
    EXPECT_EQ(Number(to_anna, Field::kRoundTrip), 41.0);
    EXPECT_EQ(Number(to_anna, Field::kRoundTripMax), 188.0);
    EXPECT_EQ(Number(to_boris, Field::kRoundTrip), 38.0);
    EXPECT_EQ(Number(to_boris, Field::kRoundTripMax), 212.0);
    EXPECT_EQ(Number(to_boris, Field::kPacketLoss), 0.0);
    for (const model::StreamRow& row : call->rows) {
      EXPECT_EQ(row.Get(Field::kInbound), 1);
      EXPECT_EQ(row.Get(Field::kOutbound), 1);
      EXPECT_EQ(row.Get(Field::kCallerReported), 1);
      EXPECT_EQ(row.Get(Field::kCalleeReported), 1);
      EXPECT_EQ(call->keys.Text(row, Field::kCallerSubnet), "10.20.4.0");
      EXPECT_EQ(call->keys.Text(row, Field::kCalleeSubnet), "10.31.6.0");
      EXPECT_EQ(call->keys.Text(row, Field::kCallerConnection), "WiFi");
      EXPECT_EQ(call->keys.Text(row, Field::kCalleeConnection), "Ethernet");
      EXPECT_EQ(call->keys.Text(row, Field::kCallerBssid), "ac-86-74-0a-0b-1f");
      EXPECT_EQ(call->keys.Text(row, Field::kCalleeBssid), "-");
      EXPECT_EQ(call->keys.Text(row, Field::kCallerUserAgent),
                "UCCAPI/16.0.4849.1000 OC/16.0.4849.1000 (Skype for Business)");
      EXPECT_EQ(call->keys.Text(row, Field::kCallerCaptureDevice),
                "Headset Microphone (USB Headset)");
      EXPECT_EQ(row.Get(Field::kSecurity), 1);
      EXPECT_EQ(row.Get(Field::kTransport), 0);
      EXPECT_EQ(row.Get(Field::kCallerIce), 1);
      EXPECT_FALSE(row.Has(Field::kRepairs));
      EXPECT_FALSE(row.Has(Field::kEstimated));
    }
  }
}

TEST(Samples, MsQoeLogExcerptWithLostEndTags) {
  auto call = Load({"ms-qoe/constructed-uccapilog-excerpt.log"});
  if (!call) return;
  ASSERT_EQ(call->reports.size(), 2U) << "both copies are readable";
  EXPECT_EQ(call->rows.size(), 2U) << "and are one call";
}

}  // namespace
}  // namespace cqd::source
