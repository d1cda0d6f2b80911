// The streams of a session and what its ends measured.

#include <algorithm>
#include <cmath>
#include <iterator>

#include "simulate/internal/session_writer.h"

namespace cqd::simulate {
namespace {

/// Three decimals, so that texts and numbers agree in every database.
Cell Real3(double value) {
  return Cell::Real(std::floor(value * 1000 + 0.5) / 1000);
}
Cell Real4(double value) {
  return Cell::Real(std::floor(value * 10000 + 0.5) / 10000);
}

template <typename Row>
void SetLineKey(Row& row, const PlannedSession& plan, int label, int fourth) {
  row[0] = Cell::Time(plan.received);
  row[1] = Cell::Int(plan.session_seq);
  row[2] = Cell::Int(label);
  row[3] = Cell::Int(fourth);
}

/// Whose report tells about the direction: the receiver counts losses, the sender what it sent.
struct Reports {
  bool from_caller, receiver, sender;
};
Reports ReportsOf(const SessionFacts& facts, bool from_caller) {
  return {from_caller, from_caller ? facts.callee_reported : facts.caller_reported,
          from_caller ? facts.caller_reported : facts.callee_reported};
}

/// Good, poor or unknown after the limits of reference/qoe-metrics-schema.md 7, -1 for unknown.
struct Verdict {
  int value = -1;
  void Add(bool poor) { value = std::max(value, poor ? 1 : 0); }
};

int PickAudioCodec(const SessionFacts& facts, Random& random) {
  switch (facts.plan->kind) {
    case SessionKind::kPeer:
      return random.Chance(0.85) ? kSilkWide : kSirenSeven;
    case SessionKind::kConference:
    case SessionKind::kSharing:
      return random.Chance(0.8) ? kG722 : kSirenSeven;
    case SessionKind::kPstnClient:
    case SessionKind::kService:
      return random.Chance(0.7) ? kSirenSeven : kPcmu;
    case SessionKind::kPstnGateway:
    case SessionKind::kPstnBypass:
      return random.Chance(0.6) ? kPcma : kPcmu;
  }
  return kSilkWide;
}

using Audio = AudioStreamColumn;
using AudioRow = std::array<Cell, Audio::kCount>;

/// What the receiver measured.
void FillAudioReceived(AudioRow& row, const AudioQuality& q, Random& random) {
  const double spread = random.Uniform();
  row[Audio::kJitterInterArrival] = Cell::Int(q.jitter_ms);
  row[Audio::kJitterInterArrivalMax] = Cell::Int(q.jitter_ms_max);
  row[Audio::kJitterInterArrivalSD] = Real3(q.jitter_ms * (0.2 + 0.4 * spread));
  row[Audio::kPacketLossRate] = Cell::Decimal(q.loss_e4, 4);
  row[Audio::kPacketLossRateMax] = Cell::Decimal(q.loss_e4_max, 4);
  if (q.loss_e4 > 0) {
    row[Audio::kBurstDensity] = Cell::Decimal(std::min(q.loss_e4 * 3 + 800, 10'000), 4);
    row[Audio::kBurstDuration] = Cell::Int(40 + random.Below(400));
    row[Audio::kBurstGapDensity] = Cell::Decimal(q.loss_e4 / 4, 4);
    row[Audio::kBurstGapDuration] = Cell::Int(2000 + random.Below(60'000));
  }
  row[Audio::kDegradationAvg] = Cell::Decimal(q.degradation_e2, 2);
  row[Audio::kDegradationMax] = Cell::Decimal(q.degradation_e2_max, 2);
  const int jitter_share = 10 + static_cast<int>(40 * spread);
  row[Audio::kDegradationJitterAvg] = Cell::Decimal(jitter_share, 2);
  row[Audio::kDegradationPacketLossAvg] = Cell::Decimal(100 - jitter_share, 2);
  row[Audio::kOverallAvgNetworkMOS] = Cell::Decimal(q.network_mos_e2, 2);
  row[Audio::kOverallMinNetworkMOS] = Cell::Decimal(q.network_mos_e2_min, 2);
  row[Audio::kRatioConcealedSamplesAvg] = Cell::Decimal(q.concealed_e2, 2);
  row[Audio::kRatioStretchedSamplesAvg] = Cell::Decimal(random.Below(5), 2);
  row[Audio::kRatioCompressedSamplesAvg] = Cell::Decimal(random.Below(4), 2);
  row[Audio::kConcealRatioMax] = Real3(std::min(0.02 + q.concealed_e2 * 0.025, 1.0));
  row[Audio::kConcealRatioSD] = Real3(q.concealed_e2 * 0.004);
  row[Audio::kHealerPacketDropRatio] = Real4(q.loss_e4 * 0.00002);
  row[Audio::kAudioPostFECPLR] = Real4(q.loss_e4 * 0.00006);
  row[Audio::kRelativeOneWayAverage] = Real4(q.round_trip_ms * 0.0005);
  row[Audio::kRelativeOneWayMax] = Real4(q.round_trip_ms_max * 0.0006);
}

/// What the sender knows.
void FillAudioSent(AudioRow& row, const Party& sender, Random& random) {
  const int level = random.Below(40);
  const int bandwidth = 400'000 + random.Below(8'000'000);
  row[Audio::kBandwidthEst] = Cell::Int(bandwidth);
  if (sender.is_server() || sender.kind == AgentKind::kDeskPhone) return;
  row[Audio::kSendListenMOS] = Cell::Decimal(380 + level, 2);
  row[Audio::kSendListenMOSMin] = Cell::Decimal(340 + level, 2);
  row[Audio::kBandwidthEstMin] = Cell::Int(bandwidth / 4);
  row[Audio::kBandwidthEstMax] = Cell::Int(bandwidth / 2 * 3);
  row[Audio::kBandwidthEstAvge] = Cell::Int(bandwidth / 8 * 7);
  row[Audio::kAudioFECUsed] = Cell::Int(random.Chance(0.12) ? 1 : 0);
}

using Video = VideoStreamColumn;
using VideoRow = std::array<Cell, Video::kCount>;

struct Picture {
  std::string_view text;
  int width, height;
};
Picture PickPicture(int label, Random& random) {
  if (label == 2) return {"1056x144", 1056, 144};
  if (label == 16) return {"1920x1080", 1920, 1080};
  constexpr Picture kPictures[] = {
      {"1280x720", 1280, 720}, {"640x360", 640, 360}, {"640x480", 640, 480}, {"424x240", 424, 240}};
  return kPictures[random.Below(4)];
}

void FillVideoReceived(VideoRow& row, const VideoQuality& q, const Picture& picture, int bit_rate,
                       Random& random) {
  row[Video::kJitterInterArrival] = Cell::Int(q.jitter_ms);
  row[Video::kJitterInterArrivalMax] = Cell::Int(q.jitter_ms * 3);
  row[Video::kPacketLossRate] = Cell::Decimal(q.loss_e4, 4);
  row[Video::kPacketLossRateMax] = Cell::Decimal(std::min(2 * q.loss_e4, 10'000), 4);
  row[Video::kInboundVideoFrameRateAvg] =
      Cell::Decimal(static_cast<std::int64_t>(q.frame_rate * 1e4), 4);
  row[Video::kVideoFrameLossRate] = Cell::Decimal(q.local_frame_loss_e4 / 2, 4);
  row[Video::kVideoLocalFrameLossPercentageAvg] = Cell::Decimal(q.local_frame_loss_e4, 4);
  row[Video::kVideoPacketLossRate] = Cell::Decimal(q.loss_e4, 4);
  row[Video::kVideoPostFECPLR] = Real4(q.post_fec_loss);
  row[Video::kRecvResolutionWidth] = Cell::Int(picture.width);
  row[Video::kRecvResolutionHeight] = Cell::Int(picture.height);
  row[Video::kRecvFrameRateAverage] = Real3(q.frame_rate);
  row[Video::kRecvBitRateAverage] = Cell::Int(bit_rate);
  row[Video::kRecvBitRateMaximum] = Cell::Int(bit_rate * 2);
  row[Video::kLowFrameRateCallPercent] = Real3(q.low_frame_rate_percent);
  row[Video::kLowBitRateCallPercent] = Real3(2 * random.Uniform());
  row[Video::kLowResolutionCallPercent] = Real3(5 * random.Uniform());
  row[Video::kDynamicCapabilityPercent] = Real3(q.dynamic_capability_percent);
}

/// After the limits for video of reference/qoe-metrics-schema.md 7.
bool IsPoor(const VideoQuality& q) {
  return q.post_fec_loss > 0.1 || q.local_frame_loss_e4 > 100'000 || q.frame_rate < 7 ||
         q.low_frame_rate_percent > 10 || q.loss_e4 > 1000 || q.dynamic_capability_percent > 10;
}
bool IsPoorReceived(const AudioQuality& q) {
  return q.degradation_e2 > 100 || q.loss_e4 > 1000 || q.jitter_ms > 30 || q.concealed_e2 > 7;
}

using Sharing = AppSharingStreamColumn;
using SharingRow = std::array<Cell, Sharing::kCount>;

/// The nine columns of one metric, from its mean. They follow each other in the table.
void FillNine(SharingRow& row, int total_column, double mean, int duration_s, bool bursts,
              Random& random) {
  const auto at = [&row, total_column](int offset) -> Cell& {
    return row[static_cast<std::size_t>(total_column + offset)];
  };
  at(0) = Real3(mean * std::max(duration_s, 1));
  at(1) = Real3(mean);
  at(2) = Real3(mean * (1.2 + random.Uniform()));
  if (!bursts) return;
  at(3) = Cell::Int(random.Below(6));
  at(4) = Real3(mean * 1.4);
  at(5) = Real3(2 + 8 * random.Uniform());
  at(6) = Cell::Int(random.Below(6));
  at(7) = Real3(mean * 0.6);
  at(8) = Real3(20 + 100 * random.Uniform());
}

}  // namespace

Status SessionWriter::WriteAudioLine(const SessionFacts& facts) {
  const PlannedSession& plan = *facts.plan;
  std::array<AudioRow, 2> rows{};
  Verdict verdict;
  Random codec_random(Mix(plan.seed, 0x43));
  const int codec = PickAudioCodec(facts, codec_random);
  for (const bool from_caller : {true, false}) {
    AudioRow& row = rows[from_caller ? 0 : 1];
    Random random(Mix(plan.seed, 0x41, from_caller ? 1 : 0));
    const Reports reports = ReportsOf(facts, from_caller);
    SetLineKey(row, plan, 0, from_caller ? 1 : 2);
    row[Audio::kSenderIsCallerPAI] = Cell::Int(from_caller ? 1 : 0);
    row[Audio::kInbound] = Cell::Int(reports.receiver ? 1 : 0);
    row[Audio::kOutbound] = Cell::Int(reports.sender ? 1 : 0);
    row[Audio::kAudioPayloadDescription] = Cell::Int(codec + 1);
    row[Audio::kAudioSampleRate] = Cell::Int(codec <= kSirenSeven ? 16'000 : 8'000);
    row[Audio::kPacketUtilization] = Cell::Int(plan.duration_s * 50 + random.Below(50));
    if (!facts.measured) continue;
    const AudioQuality q = DrawAudio(
        facts.path, from_caller ? facts.path.from_caller : facts.path.from_callee, random);
    // The round trip is in both reports.
    row[Audio::kRoundTrip] = Cell::Int(q.round_trip_ms);
    row[Audio::kRoundTripMax] = Cell::Int(q.round_trip_ms_max);
    verdict.Add(q.round_trip_ms > 500);
    const int listen = random.Below(40);
    if (reports.receiver) {
      FillAudioReceived(row, q, random);
      row[Audio::kRecvListenMOS] = Cell::Decimal(q.network_mos_e2 - listen, 2);
      row[Audio::kRecvListenMOSMin] =
          Cell::Decimal(std::max(q.network_mos_e2_min - listen, 100), 2);
      verdict.Add(IsPoorReceived(q));
    }
    Random sender_random(Mix(plan.seed, 0x53, from_caller ? 1 : 0));
    if (reports.sender) {
      FillAudioSent(row, from_caller ? facts.caller : facts.callee, sender_random);
    }
  }
  CQD_RETURN_IF_ERROR(WriteMediaLine(facts, 0, verdict.value));
  for (const AudioRow& row : rows) CQD_RETURN_IF_ERROR(PutLineRow(Table::kAudioStream, row));
  if (!completing_) report_.audio_streams += 2;
  if (facts.caller_reported) {
    CQD_RETURN_IF_ERROR(WriteAudioSignal(facts, true));
    CQD_RETURN_IF_ERROR(WriteAudioEvents(facts, true));
  }
  if (facts.callee_reported) {
    CQD_RETURN_IF_ERROR(WriteAudioSignal(facts, false));
    CQD_RETURN_IF_ERROR(WriteAudioEvents(facts, false));
  }
  return OkStatus();
}

Status SessionWriter::WriteVideoLine(const SessionFacts& facts, int label) {
  const PlannedSession& plan = *facts.plan;
  std::array<VideoRow, 2> rows{};
  Verdict verdict;
  const auto salt = static_cast<std::uint64_t>(label) << 8;
  for (const bool from_caller : {true, false}) {
    VideoRow& row = rows[from_caller ? 0 : 1];
    Random random(Mix(plan.seed, 0x56, salt + (from_caller ? 1 : 0)));
    const Reports reports = ReportsOf(facts, from_caller);
    const int codec = random.Chance(0.8) ? kH264 : kRtVideo;
    const Picture picture = PickPicture(label, random);
    const int bit_rate = picture.width * picture.height + random.Below(200'000);
    SetLineKey(row, plan, label, from_caller ? 1 : 2);
    row[Video::kVideoPayloadDescription] = Cell::Int(codec + 1);
    row[Video::kSenderIsCallerPAI] = Cell::Int(from_caller ? 1 : 0);
    row[Video::kInbound] = Cell::Int(reports.receiver ? 1 : 0);
    row[Video::kOutbound] = Cell::Int(reports.sender ? 1 : 0);
    row[Video::kVideoResolution] = Cell::Text(picture.text);
    row[Video::kPacketUtilization] = Cell::Int(plan.duration_s * 90 + random.Below(90));
    row[Video::kDurationSeconds] = Cell::Real(plan.duration_s);
    row[Video::kIsAggregatedData] = Cell::Int(0);
    if (!facts.measured) continue;
    const VideoQuality q = DrawVideo(
        facts.path, from_caller ? facts.path.from_caller : facts.path.from_callee, random);
    row[Video::kRoundTrip] = Cell::Int(q.round_trip_ms);
    row[Video::kRoundTripMax] = Cell::Int(q.round_trip_ms * 2);
    Random received(Mix(plan.seed, 0x52, salt + (from_caller ? 1 : 0)));
    if (reports.receiver) {
      FillVideoReceived(row, q, picture, bit_rate, received);
      row[Video::kRecvCodecTypes] = Cell::Int(codec == kH264 ? 1 : 2);
      verdict.Add(IsPoor(q));
    }
    if (!reports.sender) continue;
    // 15 to 30: a sender with a frame rate below 7 would be poor by itself.
    const double sent_rate = 15 + 15 * received.Uniform();
    row[Video::kOutboundVideoFrameRateAvg] =
        Cell::Decimal(static_cast<std::int64_t>(sent_rate * 1e4), 4);
    row[Video::kVideoBitRateAvg] = Cell::Int(bit_rate);
    row[Video::kVideoBitRateMax] = Cell::Int(bit_rate * 2);
    row[Video::kBandwidthEst] = Cell::Int(bit_rate * 3);
    row[Video::kSendCodecTypes] = Cell::Int(codec == kH264 ? 1 : 2);
    row[Video::kSendResolutionWidth] = Cell::Int(picture.width);
    row[Video::kSendResolutionHeight] = Cell::Int(picture.height);
    row[Video::kSendFrameRateAverage] = Real3(sent_rate);
    row[Video::kSendBitRateAverage] = Cell::Int(bit_rate);
    row[Video::kSendBitRateMaximum] = Cell::Int(bit_rate * 2);
  }
  CQD_RETURN_IF_ERROR(WriteMediaLine(facts, label, verdict.value));
  for (const VideoRow& row : rows) CQD_RETURN_IF_ERROR(PutLineRow(Table::kVideoStream, row));
  if (!completing_) report_.video_streams += 2;
  Random twice(Mix(plan.seed, 0x54, salt));
  if (twice.Chance(0.01)) {
    // The codec changed during the call: the payload is part of the key, so one stream has two
    // rows.
    VideoRow second = rows[0];
    const bool was_h264 = second[Video::kVideoPayloadDescription].integer == kH264 + 1;
    second[Video::kVideoPayloadDescription] = Cell::Int(was_h264 ? kRtVideo + 1 : kH264 + 1);
    CQD_RETURN_IF_ERROR(PutLineRow(Table::kVideoStream, second));
  }
  if (facts.caller_reported) CQD_RETURN_IF_ERROR(WriteVideoEvents(facts, label, true));
  if (facts.callee_reported) CQD_RETURN_IF_ERROR(WriteVideoEvents(facts, label, false));
  return OkStatus();
}

Status SessionWriter::WriteSharingLine(const SessionFacts& facts) {
  const PlannedSession& plan = *facts.plan;
  std::array<SharingRow, 2> rows{};
  Verdict verdict;
  for (const bool from_caller : {true, false}) {
    SharingRow& row = rows[from_caller ? 0 : 1];
    Random random(Mix(plan.seed, 0x44, from_caller ? 1 : 0));
    const Reports reports = ReportsOf(facts, from_caller);
    const int d = plan.duration_s;
    SetLineKey(row, plan, 3, from_caller ? 1 : 2);
    row[Sharing::kSenderIsCallerPAI] = Cell::Int(from_caller ? 1 : 0);
    row[Sharing::kInbound] = Cell::Int(reports.receiver ? 1 : 0);
    row[Sharing::kOutbound] = Cell::Int(reports.sender ? 1 : 0);
    row[Sharing::kAppSharingPayloadDescription] = Cell::Int(kRdp + 1);
    row[Sharing::kPacketUtilization] = Cell::Int(d * 20 + random.Below(20));
    row[Sharing::kApplicationSharingType] =
        Cell::Text(from_caller ? "Sharer/Desktop" : "Viewer/Desktop");
    if (!facts.measured) continue;
    const SharingQuality q = DrawSharing(
        facts.path, from_caller ? facts.path.from_caller : facts.path.from_callee, random);
    row[Sharing::kRoundTrip] = Cell::Int(q.round_trip_ms);
    row[Sharing::kRoundTripMax] = Cell::Int(q.round_trip_ms * 2);
    row[Sharing::kJitterInterArrival] = Cell::Int(q.jitter_ms);
    row[Sharing::kJitterInterArrivalMax] = Cell::Int(q.jitter_ms * 3);
    row[Sharing::kBandwidthEst] = Cell::Int(1'000'000 + random.Below(5'000'000));
    Random received(Mix(plan.seed, 0x45, from_caller ? 1 : 0));
    if (reports.receiver) {
      row[Sharing::kPacketLossRate] = Real4(q.loss);
      row[Sharing::kPacketLossRateMax] = Real4(std::min(q.loss * 2, 1.0));
      FillNine(row, Sharing::kRelativeOneWayTotal, q.relative_one_way_s, d, true, received);
      FillNine(row, Sharing::kRDPTileProcessingLatencyTotal, q.tile_latency_ms, d, true, received);
      FillNine(row, Sharing::kIncomingTileRateTotal, 6, d, false, received);
      FillNine(row, Sharing::kIncomingFrameRateTotal, 8, d, false, received);
      // Total of a percentage is the percentage over the whole call, not a sum.
      FillNine(row, Sharing::kSpoiledTilePercentTotal, q.spoiled_percent, d, true, received);
      row[Sharing::kSpoiledTilePercentTotal] = Real3(q.spoiled_percent);
      row[Sharing::kSpoiledTilePercentMax] = Real3(std::min(q.spoiled_percent * 1.5, 100.0));
      verdict.Add(q.spoiled_percent > 36 || q.tile_latency_ms > 400 || q.relative_one_way_s > 1.75);
    }
    if (!reports.sender) continue;
    FillNine(row, Sharing::kCaptureTileRateTotal, 10, d, false, received);
    FillNine(row, Sharing::kScrapingFrameRateTotal, 9, d, false, received);
    FillNine(row, Sharing::kOutgoingTileRateTotal, 7, d, false, received);
    FillNine(row, Sharing::kOutgoingFrameRateTotal, 8, d, false, received);
    row[Sharing::kAverageRectangleHeight] = Cell::Int(80 + received.Below(200));
    row[Sharing::kAverageRectangleWidth] = Cell::Int(120 + received.Below(300));
  }
  CQD_RETURN_IF_ERROR(WriteMediaLine(facts, 3, verdict.value));
  for (const SharingRow& row : rows) {
    CQD_RETURN_IF_ERROR(PutLineRow(Table::kAppSharingStream, row));
  }
  if (!completing_) report_.sharing_streams += 2;
  return OkStatus();
}

Status SessionWriter::WriteAudioSignal(const SessionFacts& facts, bool from_caller) {
  using Col = AudioSignalColumn;
  const Party& party = from_caller ? facts.caller : facts.callee;
  if (!facts.measured) return OkStatus();
  if (party.is_server() && party.role != ServerRole::kMediation) return OkStatus();
  std::array<Cell, Col::kCount> row;
  SetLineKey(row, *facts.plan, 0, from_caller ? 1 : 0);
  Random random(Mix(facts.plan->seed, 0x47, from_caller ? 1 : 0));
  if (party.is_server()) {
    row[Col::kRxAGCSignalLevel] = Cell::Int(-18 - random.Below(12));
    row[Col::kRxAGCNoiseLevel] = Cell::Int(-52 - random.Below(20));
    row[Col::kRxAvgAGCGain] = Cell::Int(random.Below(6));
    return PutLineRow(Table::kAudioSignal, row);
  }
  if (party.kind != AgentKind::kDeskPhone) {
    row[Col::kSendSignalLevel] = Cell::Int(-14 - random.Below(16));
    row[Col::kSendNoiseLevel] = Cell::Int(-38 - random.Below(40));
  }
  row[Col::kRecvSignalLevel] = Cell::Int(-14 - random.Below(16));
  row[Col::kRecvNoiseLevel] = Cell::Int(-40 - random.Below(40));
  if (party.kind == AgentKind::kDesktop || party.kind == AgentKind::kMac) {
    const bool echo = random.Chance(0.04);
    row[Col::kEchoReturn] = Cell::Int(echo ? 5 + random.Below(8) : 18 + random.Below(20));
    row[Col::kAudioSpeakerGlitchRate] = Cell::Int(random.Chance(0.1) ? random.Below(20) : 0);
    const int glitches = random.Below(40);
    // The bad driver stalls in half of all calls, also in those that stay good.
    const bool stalls = random.Chance(0.5) && party.has_bad_driver;
    row[Col::kAudioMicGlitchRate] = Cell::Int(stalls ? 60 + glitches : glitches == 0 ? 3 : 0);
    row[Col::kAudioTimestampDriftRateMic] = Cell::Decimal(random.Below(400) - 200, 2);
    row[Col::kAudioTimestampDriftRateSpk] = Cell::Decimal(random.Below(400) - 200, 2);
    row[Col::kAudioTimestampErrorMicMs] = Cell::Decimal(random.Below(300), 2);
    row[Col::kAudioTimestampErrorSpkMs] = Cell::Decimal(random.Below(300), 2);
    row[Col::kVsEntryCauses] = Cell::Int(random.Chance(0.02) ? 2 : 0);
    row[Col::kEchoEventCauses] = Cell::Int(echo ? 0x02 | (random.Below(2) << 2) : 0);
    row[Col::kEchoPercentMicIn] =
        Cell::Decimal(echo ? 2000 + random.Below(5000) : random.Below(500), 2);
    row[Col::kEchoPercentSend] = Cell::Decimal(echo ? random.Below(2000) : 0, 2);
    row[Col::kInitialSignalLevelRMS] = Real3(100 + 900 * random.Uniform());
  }
  return PutLineRow(Table::kAudioSignal, row);
}

Status SessionWriter::WriteAudioEvents(const SessionFacts& facts, bool from_caller) {
  using Col = AudioClientEventColumn;
  const Party& party = from_caller ? facts.caller : facts.callee;
  if (party.is_server() || party.kind == AgentKind::kDeskPhone || !facts.measured)
    return OkStatus();
  std::array<Cell, Col::kCount> row;
  SetLineKey(row, *facts.plan, 0, from_caller ? 1 : 0);
  Random random(Mix(facts.plan->seed, 0x48, from_caller ? 1 : 0));
  const bool hears_poor =
      (from_caller ? facts.path.from_callee : facts.path.from_caller) != Flaw::kNone;
  const bool sends_poor =
      (from_caller ? facts.path.from_caller : facts.path.from_callee) != Flaw::kNone;
  // Percent with two decimals: usually nothing, sometimes a little, much when the path was poor.
  const auto share = [&random](bool much, double little_chance) {
    const int large = 500 + random.Below(5000);
    const int small = random.Below(300);
    const bool little = random.Chance(little_chance);
    return Cell::Decimal(much ? large : little ? small : 0, 2);
  };
  row[Col::kNetworkSendQualityEventRatio] = share(sends_poor, 0.05);
  row[Col::kNetworkReceiveQualityEventRatio] = share(hears_poor, 0.05);
  row[Col::kNetworkDelayEventRatio] = share(facts.path.from_caller == Flaw::kRoundTrip, 0.03);
  row[Col::kNetworkBandwidthLowEventRatio] = share(false, 0.02);
  row[Col::kCPUInsufficientEventRatio] = share(false, 0.03);
  row[Col::kDeviceHalfDuplexAECEventRatio] = share(false, 0.02);
  row[Col::kDeviceRenderNotFunctioningEventRatio] = share(false, 0.005);
  row[Col::kDeviceCaptureNotFunctioningEventRatio] = share(false, 0.005);
  const bool stalls = random.Chance(0.5) && party.has_bad_driver;
  row[Col::kDeviceGlitchesEventRatio] = share(stalls, 0.03);
  row[Col::kDeviceLowSNREventRatio] = share(false, 0.06);
  row[Col::kDeviceLowSpeechLevelEventRatio] = share(false, 0.04);
  row[Col::kDeviceClippingEventRatio] = share(false, 0.01);
  row[Col::kDeviceEchoEventRatio] = share(false, 0.03);
  row[Col::kDeviceNearEndToEchoRatioEventRatio] = share(false, 0.02);
  row[Col::kDeviceMultipleEndpointsEventCount] = Cell::Int(random.Chance(0.01) ? 1 : 0);
  row[Col::kDeviceHowlingEventCount] = Cell::Int(random.Chance(0.005) ? 1 : 0);
  row[Col::kDeviceRenderZeroVolumeEventRatio] = share(false, 0.01);
  row[Col::kDeviceRenderMuteEventRatio] = share(false, 0.01);
  return PutLineRow(Table::kAudioClientEvent, row);
}

Status SessionWriter::WriteVideoEvents(const SessionFacts& facts, int label, bool from_caller) {
  using Col = VideoClientEventColumn;
  const Party& party = from_caller ? facts.caller : facts.callee;
  if (party.is_server() || !facts.measured) return OkStatus();
  std::array<Cell, Col::kCount> row;
  SetLineKey(row, *facts.plan, label, from_caller ? 1 : 0);
  Random random(
      Mix(facts.plan->seed, 0x49, static_cast<std::uint64_t>(label * 2 + (from_caller ? 1 : 0))));
  const int bandwidth = random.Below(300);
  const int receive = random.Below(2000);
  row[Col::kNetworkBandwidthLowEventRatio] = Cell::Decimal(bandwidth, 2);
  row[Col::kNetworkReceiveQualityEventRatio] =
      Cell::Decimal(facts.path.poor() ? receive : receive / 20, 2);
  return PutLineRow(Table::kVideoClientEvent, row);
}

}  // namespace cqd::simulate
