// All measures. Source: reference/cube-model.md 3.2 (proven), 3.3.
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "model/internal/catalog.h"

namespace cqd::model {
namespace {

constexpr const char* kProvenSource = "reference/cube-model.md 3.2";
constexpr const char* kSource = "reference/cube-model.md 3.3";
constexpr const char* kOwnSource = "docs/api-query.md, Distinct counts";

constexpr FactTest kEveryStream{};
/// Streams of the medium that have a class: what a poor percentage is a share of.
constexpr FactTest Classified(Fact medium, Fact unclassified) {
  return {BitOf(medium) | BitOf(unclassified), BitOf(medium)};
}
constexpr FactTest Without(Fact fact) {
  return {BitOf(fact), 0};
}

class MeasureList {
 public:
  /// Everything that follows belongs to this category of the grouped list.
  void Group(std::string group) { group_ = std::move(group); }

  Measure& Count(std::string name, FactTest test, std::string description) {
    Measure& measure = Add(std::move(name), MeasureKind::kCount, test, std::move(description));
    measure.unit = "streams";
    return measure;
  }
  Measure& Percent(std::string name, FactTest test, FactTest of, std::string description) {
    Measure& measure = Add(std::move(name), MeasureKind::kPercent, test, std::move(description));
    measure.of = of;
    measure.unit = "%";
    return measure;
  }
  Measure& Ratio(std::string name, FactTest test, FactTest of, std::string description) {
    Measure& measure = Add(std::move(name), MeasureKind::kRatio, test, std::move(description));
    measure.of = of;
    measure.unit = "ratio";
    return measure;
  }
  Measure& Average(std::string name, CubeColumn metric, std::string unit, std::string description,
                   FactTest test = kEveryStream) {
    Measure& measure = Add(std::move(name), MeasureKind::kAverage, test, std::move(description));
    measure.metric = metric;
    measure.factor = FactorOf(metric);
    measure.unit = std::move(unit);
    return measure;
  }
  Measure& Average(std::string name, Field metric, std::string description,
                   FactTest test = kEveryStream) {
    return Average(std::move(name), AsColumn(metric), std::string(InfoOf(metric).unit),
                   std::move(description), test);
  }
  Measure& Sum(std::string name, CubeColumn metric, double factor, std::string unit, FactTest test,
               std::string description) {
    Measure& measure = Add(std::move(name), MeasureKind::kSum, test, std::move(description));
    measure.metric = metric;
    measure.factor = factor;
    measure.unit = std::move(unit);
    return measure;
  }
  /// The average of a metric, and its percentiles.
  Measure& Spread(const std::string& name, CubeColumn metric, double factor, std::string unit,
                  const std::string& words, FactTest test = kEveryStream) {
    for (const int percent : {50, 90, 95, 99}) {
      Measure& measure = Add(
          "P" + std::to_string(percent) + " " + name, MeasureKind::kPercentile, test,
          "Value that " + std::to_string(percent) + " % of the streams do not exceed: " + words);
      measure.metric = metric;
      measure.percent = percent;
      measure.factor = factor;
      measure.unit = unit;
      measure.source = kOwnSource;
    }
    return measures_.back();
  }
  Measure& Distinct(std::string name, CubeColumn metric, std::optional<CubeColumn> second,
                    std::string unit, std::string description, FactTest test = kEveryStream) {
    Measure& measure = Add(std::move(name), MeasureKind::kDistinct, test, std::move(description));
    measure.metric = metric;
    measure.second_metric = second;
    measure.unit = std::move(unit);
    measure.source = kOwnSource;
    return measure;
  }
  const std::vector<Measure>& measures() const { return measures_; }
  std::vector<Measure> Take() { return std::move(measures_); }

 private:
  Measure& Add(std::string name, MeasureKind kind, FactTest test, std::string description) {
    Measure& measure = measures_.emplace_back();
    measure.data_model_name = "[Measures].[" + name + "]";
    measure.name = std::move(name);
    measure.group = group_;
    measure.kind = kind;
    measure.test = test;
    measure.description = std::move(description);
    measure.source = kSource;
    return measure;
  }

  std::string group_;
  std::vector<Measure> measures_;
};

void Alias(Measure& measure, std::initializer_list<std::string> names) {
  for (const std::string& name : names) measure.aliases.push_back("[Measures].[" + name + "]");
}
void Proven(Measure& measure, std::initializer_list<std::string> aliases) {
  measure.proven = true;
  measure.source = kProvenSource;
  Alias(measure, aliases);
}

// The order is that of the published list: the count, then JPDR, then the classes.
void AddAudioClasses(MeasureList& list) {
  list.Group("Audio Quality");
  Proven(list.Count("Audio Streams Count", AllOf(Fact::kAudio), "Audio streams"),
         {"Audio Stream Count"});
  Proven(list.Count("Audio Good Streams JPDR Count", AllOf(Fact::kAudio, Fact::kJpdrGood),
                    "Audio streams of good legs, judged by jitter, packet loss, degradation and "
                    "round trip alone"),
         {});
  Proven(list.Count("Audio Poor Streams JPDR Count", AllOf(Fact::kAudio, Fact::kJpdrPoor),
                    "Audio streams of poor legs, judged by jitter, packet loss, degradation and "
                    "round trip alone"),
         {});
  list.Count("Audio UnClassified Streams JPDR Count", AllOf(Fact::kAudio, Fact::kJpdrUnclassified),
             "Audio streams of legs without jitter, packet loss, degradation and round trip")
      .source = kProvenSource;
  Proven(list.Percent("AudioPoorJPDRPercentage", AllOf(Fact::kAudio, Fact::kJpdrPoor),
                      Classified(Fact::kAudio, Fact::kJpdrUnclassified),
                      "Share of poor audio streams among good and poor ones, judged by jitter, "
                      "packet loss, degradation and round trip alone"),
         {"Audio Poor JPDR Percentage"});
  Proven(list.Count("Audio Good Streams Count", AllOf(Fact::kAudio, Fact::kGood),
                    "Audio streams of good legs"),
         {"Audio Good Stream Count", "Audio Good Call Stream Count"});
  Proven(list.Count("Audio UnClassified Streams Count", AllOf(Fact::kAudio, Fact::kUnclassified),
                    "Audio streams of legs without quality metrics"),
         {"Audio Unclassified Stream Count", "Audio Unclassified Call Stream Count"});
  Proven(list.Count("Audio Poor Streams Count", AllOf(Fact::kAudio, Fact::kPoor),
                    "Audio streams of poor legs"),
         {"Audio Poor Stream Count", "Audio Poor Call Stream Count"});
  Proven(list.Percent("AudioPoorPercentage", AllOf(Fact::kAudio, Fact::kPoor),
                      Classified(Fact::kAudio, Fact::kUnclassified),
                      "Share of poor audio streams among good and poor ones"),
         {"Audio Poor Percentage", "Audio Poor Call Percentage"});
}

/// The same for another medium, by the pattern of the audio names.
void AddClasses(MeasureList& list, const std::string& medium, const std::string& words, Fact fact) {
  list.Group(medium + " Quality");
  Alias(list.Count(medium + " Streams Count", AllOf(fact), words + " streams"),
        {medium + " Stream Count"});
  Alias(list.Count(medium + " Good Streams Count", AllOf(fact, Fact::kGood),
                   words + " streams of good legs"),
        {medium + " Good Stream Count"});
  Alias(list.Count(medium + " UnClassified Streams Count", AllOf(fact, Fact::kUnclassified),
                   words + " streams of legs without quality metrics"),
        {medium + " Unclassified Stream Count"});
  Alias(list.Count(medium + " Poor Streams Count", AllOf(fact, Fact::kPoor),
                   words + " streams of poor legs"),
        {medium + " Poor Stream Count"});
  Alias(list.Percent(medium + "PoorPercentage", AllOf(fact, Fact::kPoor),
                     Classified(fact, Fact::kUnclassified),
                     "Share of poor " + words + " streams among good and poor ones"),
        {medium + " Poor Percentage"});
}

void AddReasons(MeasureList& list) {
  struct Reason {
    const char* medium;
    const char* name;
    Fact medium_fact;
    Fact fact;
    const char* words;
  };
  const Reason reasons[] = {
      {"Audio", "Jitter", Fact::kAudio, Fact::kDueToJitter, "jitter above 30 ms"},
      {"Audio", "PacketLoss", Fact::kAudio, Fact::kDueToLoss, "packet loss above 10 %"},
      {"Audio", "Degradation", Fact::kAudio, Fact::kDueToDegradation, "degradation above 1 MOS"},
      {"Audio", "RoundTrip", Fact::kAudio, Fact::kDueToRoundTrip, "round trip above 500 ms"},
      {"Audio", "ConcealedRatio", Fact::kAudio, Fact::kDueToConcealed,
       "concealed samples above 7 %"},
      {"Video", "VideoPostFecplr", Fact::kVideo, Fact::kDueToPostFec,
       "loss after error correction above 10 %"},
      {"Video", "VideoLocalFrameLossPercentageAvg", Fact::kVideo, Fact::kDueToLocalFrameLoss,
       "frame loss above 10 %"},
      {"Video", "VideoFrameRateAvg", Fact::kVideo, Fact::kDueToFrameRate,
       "a frame rate below 7 frames/s"},
      {"VBSS", "VideoPostFecplr", Fact::kVbss, Fact::kDueToPostFec,
       "loss after error correction above 15 %"},
      {"VBSS", "VideoLocalFrameLossPercentageAvg", Fact::kVbss, Fact::kDueToLocalFrameLoss,
       "frame loss above 50 %"},
      {"VBSS", "VideoFrameRateAvg", Fact::kVbss, Fact::kDueToFrameRate,
       "a frame rate below 2 frames/s"},
      {"AppSharing", "SpoiledTilePercentTotal", Fact::kAppSharing, Fact::kDueToSpoiledTile,
       "spoiled tiles above 36 %"},
      {"AppSharing", "RelativeOneWayAverage", Fact::kAppSharing, Fact::kDueToRelativeOneWay,
       "one-way delay above 1.75 s"},
      {"AppSharing", "RDPTileProcessingLatencyAverage", Fact::kAppSharing, Fact::kDueToTileLatency,
       "tile latency above 400 ms"},
  };
  list.Group("Poor Reasons");
  for (const Reason& reason : reasons) {
    list.Count(std::string(reason.medium) + " Poor Due To " + reason.name + " Count",
               AllOf(reason.medium_fact, reason.fact),
               std::string(reason.medium) + " streams with " + reason.words +
                   "; a stream may count for several reasons");
  }
  list.Count("Audio OnePercent PacketLoss Count", AllOf(Fact::kAudio, Fact::kLossAboveOnePercent),
             "Audio streams that lost more than one percent of their packets");
  list.Percent("Audio OnePercent PacketLoss Percentage",
               AllOf(Fact::kAudio, Fact::kLossAboveOnePercent), AllOf(Fact::kAudio),
               "Share of audio streams that lost more than one percent of their packets");
}

void AddTotals(MeasureList& list) {
  list.Group("Totals");
  Alias(list.Count("Total Stream Count", kEveryStream, "Streams of all media"), {"Streams Count"});
  list.Average("Avg Call Duration", CubeColumn::kDurationMs, "s", "Mean length of a stream")
      .factor = 1e-3;
  list.Sum("Total Audio Stream Duration (Minutes)", CubeColumn::kDurationMs, 1.0 / 60000, "min",
           AllOf(Fact::kAudio), "Length of all audio streams together");
  list.Count("Total QoE Available Stream Count", AllOf(Fact::kReportAvailable),
             "Streams of which a quality report of at least one end arrived");
  list.Count("Total Call Setup Failed Stream Count", AllOf(Fact::kIceFailed),
             "Streams whose media path never came up");
  list.Count("Total Call Setup Succeeded Stream Count", Without(Fact::kIceFailed),
             "Streams whose media path came up");
  list.Percent("Total Call Setup Failure Percentage", AllOf(Fact::kIceFailed), kEveryStream,
               "Share of streams whose media path never came up");
  list.Ratio("Total Answer Seizure Ratio", AllOf(Fact::kDurationUpTo5s), kEveryStream,
             "Streams of at most 5 seconds against all streams, as the measure is published");
  list.Percent("Total Short Call Percentage", AllOf(Fact::kDurationUnder60s), kEveryStream,
               "Share of streams shorter than one minute");
}

void AddFeedback(MeasureList& list) {
  list.Group("Feedback");
  for (const Role& role : BothRoles()) {
    const auto fact = [&role](Fact first) {
      return static_cast<Fact>(static_cast<int>(first) + (role.is_second ? 1 : 0));
    };
    const FactTest rated = AllOf(fact(Fact::kFirstRated));
    const FactTest rated_poor = AllOf(fact(Fact::kFirstRatedPoor));
    list.Average(role.With("Feedback Rating Avg"), role.Of(CubeColumn::kFirstRating), "1-5",
                 "Mean of the ratings 1 to 5 given at " + role.End(), rated);
    list.Count(role.With("Feedback Rating Count"), rated,
               "Streams with a rating 1 to 5 given at " + role.End());
    list.Count(role.With("Feedback Rating Poor Count"), rated_poor,
               "Streams with a rating 1 or 2 given at " + role.End());
    list.Percent(role.With("Feedback Rating Poor Percentage"), rated_poor, rated,
                 "Share of ratings 1 and 2 among those given at " + role.End());
    list.Count(role.With("Feedback Token Audio Issue Count"), AllOf(fact(Fact::kFirstAudioIssue)),
               "Streams for which the user at " + role.End() + " named an audio problem");
    list.Count(role.With("Feedback Token Video Issue Count"), AllOf(fact(Fact::kFirstVideoIssue)),
               "Streams for which the user at " + role.End() + " named a video problem");
  }
}

void AddSignals(MeasureList& list) {
  list.Group("Devices and Signals");
  const std::pair<const char*, CubeColumn> signals[] = {
      {"Audio Send Signal Level", CubeColumn::kFirstSendSignal},
      {"Audio Recv Signal Level", CubeColumn::kFirstRecvSignal},
      {"Audio Send Noise Level", CubeColumn::kFirstSendNoise},
      {"Audio Recv Noise Level", CubeColumn::kFirstRecvNoise},
      {"Echo Percent Mic In", CubeColumn::kFirstEchoMicIn},
      {"Echo Percent Send", CubeColumn::kFirstEchoSend},
      {"Device Capture Not Functioning Event Ratio", CubeColumn::kFirstCaptureBrokenEvent},
      {"Device Render Not Functioning Event Ratio", CubeColumn::kFirstRenderBrokenEvent}};
  const char* const causes[] = {"BAD_TIMESTAMP", "POSTAEC_ECHO", "EVENT_ANLP",
                                "EVENT_DNLP",    "MIC_CLIPPING", "BAD_STATE"};
  for (const Role& role : BothRoles()) {
    for (const auto& [name, first] : signals) {
      const CubeColumn column = role.Of(first);
      list.Average("Avg " + role.With(name), column,
                   std::string(InfoOf(static_cast<Field>(column)).unit),
                   std::string("Mean of ") + name + " at " + role.End());
    }
    int fact = static_cast<int>(role.is_second ? Fact::kSecondEchoBadTimestamp
                                               : Fact::kFirstEchoBadTimestamp);
    for (const char* cause : causes) {
      list.Count(role.With(std::string("Audio Echo ") + cause + " Count"),
                 AllOf(static_cast<Fact>(fact++)), "Streams with this echo event at " + role.End());
    }
  }
}

void AddAverages(MeasureList& list) {
  // Metrics that audio carries too: of video is meant everything that is not audio.
  constexpr FactTest kNotAudio = Without(Fact::kAudio);
  list.Group("Network Averages");
  list.Average("Avg Jitter", Field::kJitter, "Mean of the streams' average jitter");
  list.Average("Avg Jitter Max", Field::kJitterMax, "Mean of the streams' largest jitter");
  list.Average("Avg Round Trip", Field::kRoundTrip, "Mean of the streams' average round trip time");
  list.Average("Avg Round Trip Max", Field::kRoundTripMax,
               "Mean of the streams' largest round trip time");
  list.Average("Avg Packet Loss Rate", Field::kPacketLoss, "Mean share of packets lost");
  list.Average("Avg Packet Loss Rate Max", Field::kPacketLossMax,
               "Mean of the streams' largest share of packets lost");
  list.Average("Avg Packet Utilization", Field::kPackets, "Mean number of packets");
  list.Average("Avg Bandwidth Est", Field::kBandwidthEstimate, "Mean of the estimated bandwidth");
  list.Group("Audio Averages");
  list.Average("Avg Audio Degradation", Field::kDegradation, "Mean loss of network MOS");
  list.Average("Avg Overall Avg Network MOS", Field::kNetworkMos, "Mean network MOS");
  list.Average("Avg Send Listen MOS", Field::kSendListenMos, "Mean listening MOS of sent audio");
  list.Average("Avg Recv Listen MOS", Field::kRecvListenMos,
               "Mean listening MOS of received audio");
  list.Average("Avg Conversational MOS", Field::kConversationalMos, "Mean conversational MOS");
  list.Average("Avg Ratio Concealed Samples", Field::kConcealed, "Mean share of concealed samples");
  list.Average("Avg Ratio Stretched Samples", Field::kStretched, "Mean share of stretched samples");
  list.Group("Video Averages");
  list.Average("Avg Video Post FECPLR", Field::kPostFecLoss,
               "Mean share of video packets lost after error correction", kNotAudio);
  list.Average("Avg Video Packet Loss Rate", Field::kVideoPacketLoss,
               "Mean share of video packets lost");
  list.Average("Avg Video Local Frame Loss Percentage", Field::kLocalFrameLoss,
               "Mean share of video frames lost as shown");
  list.Average("Avg Video Recv Frame Rate Average", Field::kRecvFrameRate,
               "Mean frame rate received");
  list.Average("Avg Video Frame Rate", Field::kInboundFrameRate, "Mean frame rate, receiving end");
  list.Average("Avg Video Low Frame Rate Call Percent", Field::kLowFrameRate,
               "Mean share of the call below 7.5 frames/s");
  list.Average("Avg Video Dynamic Capability Percent", Field::kDynamicCapability,
               "Mean share of time below 70 % of the expected video capability");
  list.Group("AppSharing Averages");
  list.Average("Avg AppSharing Spoiled Tile Percent Total", Field::kSpoiledTile,
               "Mean share of shared content thrown away before it reached the viewer");
  Alias(list.Average("Avg AppSharing Relative OneWay", Field::kRelativeOneWay,
                     "Mean one-way delay between the ends"),
        {"Avg Relative OneWay"});
  list.Average("Avg AppSharing RDP Tile Processing Latency", Field::kTileLatency,
               "Mean time from encoding to decoding of a tile");
}

void AddDistinctCounts(MeasureList& list) {
  list.Group("Distinct Counts");
  list.Distinct("Total Call Count", CubeColumn::kCall, {}, "calls",
                "Calls with a stream here; each participant of a conference is a call of its own. "
                "Told apart by 63 bits: two of a month's 100 million are taken for one with a "
                "chance below one in a thousand");
  const std::tuple<const char*, const char*, Fact> media[] = {
      {"Audio", "audio", Fact::kAudio},
      {"Video", "video", Fact::kVideo},
      {"AppSharing", "application sharing", Fact::kAppSharing},
      {"VBSS", "video-based screen sharing", Fact::kVbss}};
  for (const auto& [name, words, fact] : media) {
    list.Distinct(std::string(name) + " Call Count", CubeColumn::kCall, {}, "calls",
                  std::string("Calls with a stream of ") + words + " here", AllOf(fact));
  }
  list.Distinct("Total Conference Count", AsColumn(Field::kConference), {}, "conferences",
                "Conferences with a stream here");
  list.Distinct("Total User Count", CubeColumn::kFirstUser, CubeColumn::kSecondUser, "users",
                "Users at either end of the streams");
  list.Distinct("First User Count", CubeColumn::kFirstUser, {}, "users",
                "Users at the first end of the streams");
  list.Distinct("Second User Count", CubeColumn::kSecondUser, {}, "users",
                "Users at the second end of the streams");
}

void AddDurations(MeasureList& list) {
  constexpr double kMinutes = 1.0 / 60000;
  list.Group("Durations");
  list.Sum("Total Stream Duration (Minutes)", CubeColumn::kDurationMs, kMinutes, "min",
           kEveryStream, "Length of all streams together");
  list.Sum("Total Video Stream Duration (Minutes)", CubeColumn::kDurationMs, kMinutes, "min",
           AllOf(Fact::kVideo), "Length of all video streams together");
  list.Sum("Total AppSharing Stream Duration (Minutes)", CubeColumn::kDurationMs, kMinutes, "min",
           AllOf(Fact::kAppSharing), "Length of all application sharing streams together");
  list.Sum("Total VBSS Stream Duration (Minutes)", CubeColumn::kDurationMs, kMinutes, "min",
           AllOf(Fact::kVbss), "Length of all video-based screen sharing streams together");
  list.Sum("Audio Poor Stream Duration (Minutes)", CubeColumn::kDurationMs, kMinutes, "min",
           AllOf(Fact::kAudio, Fact::kPoor), "Length of the audio streams of poor legs together");
  list.Spread("Call Duration", CubeColumn::kDurationMs, 1e-3, "s", "length of a stream");
}

/// For each metric that has an average.
void AddPercentiles(MeasureList& list) {
  const std::vector<Measure> averages = list.measures();
  for (const Measure& average : averages) {
    if (average.kind != MeasureKind::kAverage || !average.group.ends_with(" Averages")) continue;
    list.Group(average.group.substr(0, average.group.find(' ')) + " Percentiles");
    const std::string name = average.name.substr(std::string_view("Avg ").size());
    list.Spread(name, average.metric, average.factor, average.unit, name, average.test);
  }
}

}  // namespace

std::vector<Measure> MakeMeasures() {
  MeasureList list;
  AddAudioClasses(list);
  AddClasses(list, "Video", "video", Fact::kVideo);
  AddClasses(list, "AppSharing", "application sharing", Fact::kAppSharing);
  AddClasses(list, "VBSS", "video-based screen sharing", Fact::kVbss);
  AddReasons(list);
  AddTotals(list);
  AddFeedback(list);
  AddSignals(list);
  AddAverages(list);
  AddDistinctCounts(list);
  AddDurations(list);
  AddPercentiles(list);
  return list.Take();
}

}  // namespace cqd::model
