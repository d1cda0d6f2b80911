// Attributes of the verdict: class, reasons, ratings by users. Source: reference/cube-model.md 2.7
// "Quality flags", "Feedback".
#include "model/internal/catalog.h"
#include "model/internal/limits.h"

namespace cqd::model {
namespace {

constexpr const char* kSource = "reference/cube-model.md 2.7";

bool Has(Value facts, Fact fact) {
  return (static_cast<Facts>(facts) & BitOf(fact)) != 0;
}

Member ClassMember(Value leg_class, Value, const Mapping&) {
  switch (leg_class) {
    case static_cast<Value>(QualityClass::kGood):
      return TextMember("Good", 0);
    case static_cast<Value>(QualityClass::kPoor):
      return TextMember("Poor", 2);
    default:
      return TextMember("Unclassified", 1);
  }
}

void AddClasses(Catalog& catalog) {
  const CubeColumn leg_class = AsColumn(Field::kLegClass);
  catalog.Add({.category = "Quality",
               .name = "Class",
               .input = leg_class,
               .member = ClassMember,
               .fixed_members =
                   [] {
                     return std::vector<Member>{TextMember("Good", 0),
                                                TextMember("Unclassified", 1),
                                                TextMember("Poor", 2)};
                   },
               .description = "Good, Poor or Unclassified: the class of the whole leg",
               .source = "reference/cube-model.md 3.1"});
  const std::pair<const char*, QualityClass> flags[] = {
      {"Good", QualityClass::kGood},
      {"Poor", QualityClass::kPoor},
      {"Unclassified", QualityClass::kUnclassified}};
  for (const auto& [name, quality] : flags) {
    catalog.Add({.category = "Quality",
                 .name = name,
                 .aliases = {AllStreams(name)},
                 .type = AttributeType::kInteger,
                 .input = leg_class,
                 .member =
                     [quality = quality](Value value, Value, const Mapping&) {
                       // A stream that was never classified is unclassified.
                       const Value known = value == kNull ? 0 : value;
                       return IntegerMember(known == static_cast<Value>(quality) ? 1 : 0);
                     },
                 .fixed_members =
                     [] {
                       return std::vector<Member>{IntegerMember(0), IntegerMember(1)};
                     },
                 .description = std::string("1 when the class of the leg is ") + name + ", else 0",
                 .source = kSource});
  }
  catalog.Add({.category = "Quality",
               .name = "Classified Poor Call",
               .aliases = {AllStreams("ClassifiedPoorCall")},
               .type = AttributeType::kBoolean,
               .input = AsColumn(Field::kClassifiedPoor),
               .member = BooleanOfColumn(),
               .fixed_members = BooleanMembers(),
               .description = "The verdict that came with the data; the class itself is computed",
               .source = kSource});
  catalog.Add({.category = "Quality",
               .name = "OnePercent PacketLoss",
               .aliases = {AllStreams("OnePercent PacketLoss")},
               .type = AttributeType::kBoolean,
               .input = AsColumn(Field::kPacketLoss),
               .member =
                   [](Value loss, Value, const Mapping&) {
                     if (loss == kNull) return BlankMember();
                     return BooleanMember(ToDouble(Field::kPacketLoss, loss) > 0.01);
                   },
               .fixed_members = BooleanMembers(),
               .description = "More than one percent of the packets were lost",
               .source = kSource});
}

/// Reasons in the order of Fact. The names are those of the measures.
constexpr std::pair<Fact, std::string_view> kReasons[] = {
    {Fact::kDueToJitter, "Jitter"},
    {Fact::kDueToLoss, "PacketLoss"},
    {Fact::kDueToDegradation, "Degradation"},
    {Fact::kDueToRoundTrip, "RoundTrip"},
    {Fact::kDueToConcealed, "ConcealedRatio"},
    {Fact::kDueToPostFec, "VideoPostFecplr"},
    {Fact::kDueToLocalFrameLoss, "VideoLocalFrameLossPercentageAvg"},
    {Fact::kDueToFrameRate, "VideoFrameRateAvg"},
    {Fact::kDueToSpoiledTile, "SpoiledTilePercentTotal"},
    {Fact::kDueToRelativeOneWay, "RelativeOneWayAverage"},
    {Fact::kDueToTileLatency, "RDPTileProcessingLatencyAverage"},
};

Member PoorReasonMember(Value facts, Value, const Mapping&) {
  std::string text;
  for (const auto& [fact, name] : kReasons) {
    if (!Has(facts, fact)) continue;
    if (!text.empty()) text += " | ";
    text += name;
  }
  return TextMember(text);
}

/// True or False by the limit; blank when the metric is missing or the stream is of another medium.
MemberFunction BrokenLimit(Limit limit, MediaType media) {
  return [limit, media](Value value, Value type, const Mapping&) {
    if (value == kNull || type != static_cast<Value>(media)) return BlankMember();
    StreamRow row;
    row.Set(limit.field, value);
    return BooleanMember(Breaks(row, limit));
  };
}

struct SingleLimit {
  const char* name;
  Limit limit;
  MediaType media;
};
constexpr SingleLimit kSingleLimits[] = {
    {"Audio Poor Due To Jitter", kAudioJitter, MediaType::kAudio},
    {"Audio Poor Due To RoundTrip", kAudioRoundTrip, MediaType::kAudio},
    {"Audio Poor Due To Packet Loss", kAudioPacketLoss, MediaType::kAudio},
    {"Audio Poor Due To Degradation", kAudioDegradation, MediaType::kAudio},
    {"Audio Poor Due To Concealed Ratio", kAudioConcealed, MediaType::kAudio},
    {"Video Poor Due To VideoPostFecplr", kVideoPostFec, MediaType::kVideo},
    {"Video Poor Due To VideoLocalFrameLossPercentageAvg", kVideoLocalFrameLoss, MediaType::kVideo},
    {"AppSharing Poor Due To Spoiled Tile Percent Total", kSharingSpoiledTile,
     MediaType::kAppSharing},
    {"AppSharing Poor Due To Relative OneWay Average", kSharingRelativeOneWay,
     MediaType::kAppSharing},
    {"AppSharing Poor Due To RDP Tile Processing Latency Average", kSharingTileLatency,
     MediaType::kAppSharing},
};

/// Reasons that need several metrics (any frame rate; the ladder of VbSS) come from the facts;
/// blank for other media and for legs without a class.
struct FactReason {
  const char* name;
  Fact media;
  Fact reason;
};
constexpr FactReason kFactReasons[] = {
    {"Video Poor Due To VideoFrameRateAvg", Fact::kVideo, Fact::kDueToFrameRate},
    {"VBSS Poor Due To VideoPostFecplr", Fact::kVbss, Fact::kDueToPostFec},
    {"VBSS Poor Due To VideoLocalFrameLossPercentageAvg", Fact::kVbss, Fact::kDueToLocalFrameLoss},
    {"VBSS Poor Due To VideoFrameRateAvg", Fact::kVbss, Fact::kDueToFrameRate},
};

void AddReasons(Catalog& catalog) {
  catalog.Add({.category = "Quality",
               .name = "Poor Reason",
               .aliases = {AllStreams("Poor Reason")},
               .input = CubeColumn::kFacts,
               .member = PoorReasonMember,
               .description = "All limits that the stream itself breaks",
               .source = kSource});
  for (const SingleLimit& reason : kSingleLimits) {
    catalog.Add({.category = "Poor Due To",
                 .name = reason.name,
                 .aliases = {AllStreams(reason.name)},
                 .type = AttributeType::kBoolean,
                 .input = AsColumn(reason.limit.field),
                 .second_input = CubeColumn::kMediaType,
                 .member = BrokenLimit(reason.limit, reason.media),
                 .fixed_members = BooleanMembers(),
                 .description = "The stream itself breaks this limit",
                 .source = kSource});
  }
  for (const FactReason& reason : kFactReasons) {
    catalog.Add({.category = "Poor Due To",
                 .name = reason.name,
                 .aliases = {AllStreams(reason.name)},
                 .type = AttributeType::kBoolean,
                 .input = CubeColumn::kFacts,
                 .member =
                     [reason](Value facts, Value, const Mapping&) {
                       if (facts == kNull || !Has(facts, reason.media)) return BlankMember();
                       if (Has(facts, reason.reason)) return BooleanMember(true);
                       return Has(facts, Fact::kUnclassified) ? BlankMember()
                                                              : BooleanMember(false);
                     },
                 .fixed_members = BooleanMembers(),
                 .description = "The stream itself breaks this limit",
                 .source = kSource});
  }
}

void AddFeedback(Catalog& catalog, const Role& role) {
  catalog.Add({.category = role.With("Feedback"),
               .name = "Rating",
               .aliases = {AllStreams(role.With("Feedback Rating"))},
               .type = AttributeType::kInteger,
               .input = role.Of(CubeColumn::kFirstRating),
               .member = IntegerOfColumn(),
               .description = "Rating given at " + role.End() +
                              ": 1 (worst) to 5, 0 asked and not answered, blank never asked",
               .source = kSource});
  catalog.Add({.category = role.With("Feedback"),
               .name = "Tokens",
               .aliases = {AllStreams(role.With("Feedback Tokens"))},
               .input = role.Of(CubeColumn::kFirstFeedbackTokens),
               .member = EntryText(KeySpace::kFeedbackTokens),
               .description = "What the user at " + role.End() + " ticked",
               .source = kSource});
  const std::pair<const char*, Value> issues[] = {{"Has Audio Issue", 1}, {"Has Video Issue", 2}};
  for (const auto& [name, bit] : issues) {
    catalog.Add({.category = role.With("Feedback"),
                 .name = name,
                 .aliases = {AllStreams(role.With(std::string("Feedback ") + name))},
                 .type = AttributeType::kBoolean,
                 .input = role.Of(CubeColumn::kFirstFeedbackIssues),
                 .member =
                     [bit = bit](Value mask, Value, const Mapping&) {
                       return mask == kNull ? BlankMember() : BooleanMember((mask & bit) != 0);
                     },
                 .fixed_members = BooleanMembers(),
                 .description = std::string("The user at ") + role.End() + " named " +
                                (bit == 1 ? "an audio" : "a video") + " problem",
                 .source = kSource});
  }
}

}  // namespace

void AddQualityAttributes(Catalog& catalog) {
  AddClasses(catalog);
  AddReasons(catalog);
  for (const Role& role : BothRoles()) AddFeedback(catalog, role);
}

}  // namespace cqd::model
