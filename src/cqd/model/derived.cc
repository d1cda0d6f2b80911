#include "model/derived.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/check.h"
#include "model/internal/limits.h"

namespace cqd::model {
namespace {

constexpr Value kMicrosPerSecond = 1'000'000;
constexpr Value kSecondsPerDay = 86'400;
// Years 1 to 9999, what a calendar date can show. Times outside are not times.
constexpr Value kFirstTimeMicros = -62'135'596'800 * kMicrosPerSecond;
constexpr Value kLastTimeMicros = 253'402'300'799 * kMicrosPerSecond;
// Source: names of the measures, reference/cube-model.md 2.7, 3.3.
constexpr Value kVeryShortMsMax = 5'000;
constexpr Value kLongMsMin = 60'000;
constexpr Value kIceFailed = 8;             // reference/qoe-metrics-schema.md 2
constexpr Value kPoorRatingMax = 2;         // reference/cube-model.md 3.3
constexpr double kLossNoticedRatio = 0.01;  // "OnePercent", reference/cube-model.md 2.7
constexpr int kEchoCauseCount = 6;          // reference/qoe-metrics-schema.md 2

constexpr std::string_view kColumnNames[] = {
#define F(name, column, ...) #column,
#define S(name, column, ...) "first_" #column, "second_" #column,
    CQD_STREAM_FIELDS(F) CQD_SIDE_FIELDS(S)
#undef F
#undef S
        "media_type",
    "media_label",
    "first_is_caller",
    "first_is_server",
    "second_is_server",
    "first_inside_corp",
    "second_inside_corp",
    "first_link",
    "second_link",
    "scenario",
    "invalid",
    "from_first",
    "duration_ms",
    "start_day",
    "start_second",
    "end_day",
    "end_second",
    "facts",
    "call",
};
static_assert(std::size(kColumnNames) == kCubeColumnCount);

Value& At(DerivedRow& row, CubeColumn column) {
  return row[static_cast<std::size_t>(column)];
}

/// One end of the stream.
struct End {
  AgentInfo agent;
  std::optional<ConnectionClass> link;
};

End EndOf(const StreamRow& row, Side side, const Mapping& mapping) {
  const auto value = [&row, side](Field caller_field) { return row.Get(Of(caller_field, side)); };
  End end;
  end.agent = mapping.Agent(value(Field::kCallerUserAgent));
  if (end.agent.is_server) {
    // Servers stand in the plant, whatever their report says: reference/cube-model.md 2.4.
    end.link = ConnectionClass::kWired;
    return end;
  }
  const KeyEntry connection = mapping.Entry(KeySpace::kConnection, value(Field::kCallerConnection));
  if (!connection.text.empty()) end.link = ConnectionClassOf(connection.text);
  return end;
}

/// Fields, with caller and callee put into their roles.
void CopyFields(const StreamRow& row, bool first_is_caller, DerivedRow& out) {
  std::copy(row.values.begin(), row.values.end(), out.begin());
  if (first_is_caller) return;
  for (std::size_t i = kStreamFieldCount; i < kFieldCount; i += 2) std::swap(out[i], out[i + 1]);
}

Value FlagOf(bool flag) {
  return flag ? 1 : 0;
}
Value LinkValue(const std::optional<ConnectionClass>& link) {
  return link.has_value() ? static_cast<Value>(*link) : kNull;
}

/// Where an end is, known from its building or its report.
Value InsideOf(bool is_server, Value place, Value reported, const Mapping& mapping) {
  if (is_server) return 1;
  if (const std::optional<bool> inside = mapping.InsideCorp(place)) return FlagOf(*inside);
  return reported == kNull ? kNull : FlagOf(reported != 0);
}

/// Null while nobody knows where an end is: "outside" would be an accusation. An unknown link has a
/// member of its own, Other.
Value ScenarioOf(const DerivedRow& row) {
  const auto value = [&row](CubeColumn column) { return row[static_cast<std::size_t>(column)]; };
  const Value first_inside = value(CubeColumn::kFirstInsideCorp);
  const Value second_inside = value(CubeColumn::kSecondInsideCorp);
  if (first_inside == kNull || second_inside == kNull) return kNull;
  const auto link = [&value](CubeColumn column) {
    const Value stored = value(column);
    return stored == kNull ? ConnectionClass::kOther : static_cast<ConnectionClass>(stored);
  };
  const Scenario scenario = {.first_is_server = value(CubeColumn::kFirstIsServer) == 1,
                             .second_is_server = value(CubeColumn::kSecondIsServer) == 1,
                             .first_inside = first_inside != 0,
                             .second_inside = second_inside != 0,
                             .first_link = link(CubeColumn::kFirstLink),
                             .second_link = link(CubeColumn::kSecondLink)};
  return scenario.Pack();
}

/// Source: reference/cube-model.md 2.4 (proposal: mobile clients and mobile broadband).
bool IsInvalidEnd(const End& end) {
  return end.agent.is_mobile || end.link == ConnectionClass::kMobileBroadband;
}

void DeriveEnds(const End& first, const End& second, DerivedRow& out) {
  At(out, CubeColumn::kFirstIsServer) = FlagOf(first.agent.is_server);
  At(out, CubeColumn::kSecondIsServer) = FlagOf(second.agent.is_server);
  At(out, CubeColumn::kFirstLink) = LinkValue(first.link);
  At(out, CubeColumn::kSecondLink) = LinkValue(second.link);
  At(out, CubeColumn::kInvalid) = FlagOf(IsInvalidEnd(first) || IsInvalidEnd(second));
}

Value FromFirst(const StreamRow& row, bool first_is_caller) {
  const Value sender_is_caller = row.Get(Field::kSenderIsCaller);
  if (sender_is_caller == kNull) return kNull;
  return FlagOf((sender_is_caller != 0) == first_is_caller);
}

/// Nullopt for null and for what no calendar shows.
std::optional<UtcTime> TimeOf(Value micros) {
  if (micros < kFirstTimeMicros || micros > kLastTimeMicros) return std::nullopt;
  return FromMicros(micros);
}

Value FloorDivide(Value value, Value divisor) {
  const Value quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

void DeriveDayAndSecond(const std::optional<UtcTime>& time, const TimeZone& zone, Value& day,
                        Value& second) {
  day = second = kNull;
  if (!time.has_value()) return;
  const Value seconds = FloorDivide(ToMicros(zone.ToLocal(*time)), kMicrosPerSecond);
  day = FloorDivide(seconds, kSecondsPerDay);
  second = seconds - day * kSecondsPerDay;
}

void DeriveTimes(const StreamRow& row, const TimeZone& zone, DerivedRow& out) {
  const std::optional<UtcTime> start = TimeOf(row.Get(Field::kStartTime));
  const std::optional<UtcTime> end = TimeOf(row.Get(Field::kEndTime));
  At(out, CubeColumn::kDurationMs) = start.has_value() && end.has_value() && *end >= *start
                                         ? (*end - *start).count() / 1000
                                         : kNull;
  DeriveDayAndSecond(start.has_value() ? start : TimeOf(ToMicros(row.key.session_time)), zone,
                     At(out, CubeColumn::kStartDay), At(out, CubeColumn::kStartSecond));
  DeriveDayAndSecond(end, zone, At(out, CubeColumn::kEndDay), At(out, CubeColumn::kEndSecond));
}

/// Collects facts.
struct FactSet {
  Facts bits = 0;
  void Set(Fact fact, bool holds = true) { bits |= holds ? BitOf(fact) : 0; }
};

QualityClass ClassFrom(Value stored) {
  return stored == static_cast<Value>(QualityClass::kGood)   ? QualityClass::kGood
         : stored == static_cast<Value>(QualityClass::kPoor) ? QualityClass::kPoor
                                                             : QualityClass::kUnclassified;
}

void AddClassFacts(const StreamRow& row, MediaType media, FactSet& facts) {
  switch (ClassFrom(row.Get(Field::kLegClass))) {
    case QualityClass::kUnclassified:
      facts.Set(Fact::kUnclassified);
      break;
    case QualityClass::kGood:
      facts.Set(Fact::kGood);
      break;
    case QualityClass::kPoor:
      facts.Set(Fact::kPoor);
      break;
  }
  if (media != MediaType::kAudio) return;
  switch (ClassFrom(row.Get(Field::kLegClassJpdr))) {
    case QualityClass::kUnclassified:
      facts.Set(Fact::kJpdrUnclassified);
      break;
    case QualityClass::kGood:
      facts.Set(Fact::kJpdrGood);
      break;
    case QualityClass::kPoor:
      facts.Set(Fact::kJpdrPoor);
      break;
  }
}

/// Of the ladder only the metric that decides can make a stream poor.
void AddVbssFacts(const StreamRow& row, const Classifier& by, FactSet& facts) {
  const Limit* const deciding = VbssDecidingLimit(row);
  if (deciding == nullptr || !Breaks(row, *deciding, by)) return;
  if (deciding->field == Field::kLocalFrameLoss) {
    facts.Set(Fact::kDueToLocalFrameLoss);
  } else if (deciding->field == Field::kPostFecLoss) {
    facts.Set(Fact::kDueToPostFec);
  } else {
    facts.Set(Fact::kDueToFrameRate);
  }
}

/// Medium and the stream's own broken limits.
void AddMediaFacts(const StreamRow& row, MediaType media, const Classifier& by, FactSet& facts) {
  const auto breaks = [&row, &by](const Limit& limit) { return Breaks(row, limit, by); };
  switch (media) {
    case MediaType::kAudio:
      facts.Set(Fact::kAudio);
      facts.Set(Fact::kDueToJitter, breaks(kAudioJitter));
      facts.Set(Fact::kDueToLoss, breaks(kAudioPacketLoss));
      facts.Set(Fact::kDueToDegradation, breaks(kAudioDegradation));
      facts.Set(Fact::kDueToRoundTrip, breaks(kAudioRoundTrip));
      facts.Set(Fact::kDueToConcealed, breaks(kAudioConcealed));
      break;
    case MediaType::kVideo:
      facts.Set(Fact::kVideo);
      facts.Set(Fact::kDueToPostFec, breaks(kVideoPostFec));
      facts.Set(Fact::kDueToLocalFrameLoss, breaks(kVideoLocalFrameLoss));
      facts.Set(Fact::kDueToFrameRate, breaks(kVideoRecvFrameRate) ||
                                           breaks(kVideoInboundFrameRate) ||
                                           breaks(kVideoOutboundFrameRate));
      break;
    case MediaType::kAppSharing:
      facts.Set(Fact::kAppSharing);
      facts.Set(Fact::kDueToSpoiledTile, breaks(kSharingSpoiledTile));
      facts.Set(Fact::kDueToRelativeOneWay, breaks(kSharingRelativeOneWay));
      facts.Set(Fact::kDueToTileLatency, breaks(kSharingTileLatency));
      break;
    case MediaType::kVbss:
      facts.Set(Fact::kVbss);
      AddVbssFacts(row, by, facts);
      break;
    case MediaType::kOther:
      facts.Set(Fact::kOtherMedia);
      break;
  }
}

/// `second` is the second end's twin of a fact of the first end: the next bit.
Fact InRole(Fact first, bool second) {
  return static_cast<Fact>(static_cast<int>(first) + (second ? 1 : 0));
}

void AddEndFacts(const DerivedRow& row, bool second, FactSet& facts) {
  const auto value = [&row, second](CubeColumn first) {
    return row[static_cast<std::size_t>(second ? SecondOf(first) : first)];
  };
  const Value rating = value(CubeColumn::kFirstRating);
  facts.Set(InRole(Fact::kFirstRated, second), rating >= 1);
  facts.Set(InRole(Fact::kFirstRatedPoor, second), rating >= 1 && rating <= kPoorRatingMax);
  if (const Value issues = value(CubeColumn::kFirstFeedbackIssues); issues != kNull) {
    facts.Set(InRole(Fact::kFirstAudioIssue, second), (issues & 1) != 0);
    facts.Set(InRole(Fact::kFirstVideoIssue, second), (issues & 2) != 0);
  }
  if (const Value causes = value(CubeColumn::kFirstEchoCauses); causes != kNull) {
    const int base =
        static_cast<int>(second ? Fact::kSecondEchoBadTimestamp : Fact::kFirstEchoBadTimestamp);
    for (int bit = 0; bit < kEchoCauseCount; ++bit) {
      facts.Set(static_cast<Fact>(base + bit), ((causes >> bit) & 1) != 0);
    }
  }
  facts.Set(Fact::kIceFailed, value(CubeColumn::kFirstIce) == kIceFailed);
  facts.Set(Fact::kReportAvailable, value(CubeColumn::kFirstReported) == 1);
}

void AddDurationFacts(Value duration_ms, FactSet& facts) {
  if (duration_ms == kNull) return;
  facts.Set(Fact::kDurationUpTo5s, duration_ms <= kVeryShortMsMax);
  facts.Set(Fact::kDurationFrom60s, duration_ms >= kLongMsMin);
  facts.Set(Fact::kDurationUnder60s, duration_ms < kLongMsMin);
}

}  // namespace

Facts FactsBy(const Classifier& classifier, const StreamRow& row, const DerivedRow& derived) {
  const auto media =
      static_cast<MediaType>(derived[static_cast<std::size_t>(CubeColumn::kMediaType)]);
  FactSet facts;
  AddClassFacts(row, media, facts);
  AddMediaFacts(row, media, classifier, facts);
  const Value loss = row.Get(Field::kPacketLoss);
  facts.Set(Fact::kLossAboveOnePercent,
            loss != kNull && ToDouble(Field::kPacketLoss, loss) > kLossNoticedRatio);
  AddEndFacts(derived, false, facts);
  AddEndFacts(derived, true, facts);
  AddDurationFacts(derived[static_cast<std::size_t>(CubeColumn::kDurationMs)], facts);
  return facts.bits;
}

Value CallOf(const StreamKey& key) {
  // The finaliser of splitmix64 (S. Vigna, public domain), chained.
  const auto mix = [](std::uint64_t x) {
    x += 0x9e37'79b9'7f4a'7c15;
    x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
    x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11eb;
    return x ^ (x >> 31);
  };
  std::uint64_t hash = mix(static_cast<std::uint64_t>(key.source.value));
  hash = mix(hash ^ static_cast<std::uint64_t>(ToMicros(key.session_time)));
  hash = mix(hash ^ static_cast<std::uint64_t>(key.session_seq));
  return static_cast<Value>(hash >> 1);
}

std::string_view CubeColumnName(CubeColumn column) {
  const auto index = static_cast<std::size_t>(column);
  CQD_CHECK(index < std::size(kColumnNames));
  return kColumnNames[index];
}

bool FirstIsCaller(const AgentInfo& caller, const AgentInfo& callee) {
  if (caller.is_server != callee.is_server) return caller.is_server;
  const auto rank = [](const AgentInfo& agent) {
    return agent.name.empty() ? std::numeric_limits<std::int32_t>::max() : agent.type;
  };
  return rank(caller) <= rank(callee);
}

void Derive(const StreamRow& row, const Mapping& mapping, const TimeZone& zone, DerivedRow& out) {
  const End caller = EndOf(row, Side::kCaller, mapping);
  const End callee = EndOf(row, Side::kCallee, mapping);
  const bool first_is_caller = FirstIsCaller(caller.agent, callee.agent);
  CopyFields(row, first_is_caller, out);

  const MediaType media = MediaTypeOf(row);
  At(out, CubeColumn::kMediaType) = static_cast<Value>(media);
  At(out, CubeColumn::kMediaLabel) = row.key.media_label;
  At(out, CubeColumn::kFirstIsCaller) = FlagOf(first_is_caller);
  DeriveEnds(first_is_caller ? caller : callee, first_is_caller ? callee : caller, out);
  At(out, CubeColumn::kFromFirst) = FromFirst(row, first_is_caller);
  DeriveTimes(row, zone, out);
  DerivePlaces(mapping, out);
  At(out, CubeColumn::kFacts) = static_cast<Value>(FactsBy(PublishedClassifier(), row, out));
  At(out, CubeColumn::kCall) = CallOf(row.key);
}

void DerivePlaces(const Mapping& mapping, DerivedRow& row) {
  const Value day = At(row, CubeColumn::kStartDay);
  const Value start_s = day == kNull ? 0 : day * kSecondsPerDay + At(row, CubeColumn::kStartSecond);
  Value& first = At(row, CubeColumn::kFirstSubnet);
  Value& second = At(row, CubeColumn::kSecondSubnet);
  first = mapping.PlaceOf(Mapping::SubnetOf(first), start_s);
  second = mapping.PlaceOf(Mapping::SubnetOf(second), start_s);
  At(row, CubeColumn::kFirstInsideCorp) = InsideOf(At(row, CubeColumn::kFirstIsServer) == 1, first,
                                                   At(row, CubeColumn::kFirstInside), mapping);
  At(row, CubeColumn::kSecondInsideCorp) =
      InsideOf(At(row, CubeColumn::kSecondIsServer) == 1, second,
               At(row, CubeColumn::kSecondInside), mapping);
  At(row, CubeColumn::kScenario) = ScenarioOf(row);
}

std::span<const CubeColumn> PlaceInputs() {
  static constexpr std::array kColumns = {
      CubeColumn::kFirstSubnet,  CubeColumn::kSecondSubnet,  CubeColumn::kFirstInside,
      CubeColumn::kSecondInside, CubeColumn::kFirstIsServer, CubeColumn::kSecondIsServer,
      CubeColumn::kFirstLink,    CubeColumn::kSecondLink,    CubeColumn::kStartDay,
      CubeColumn::kStartSecond,
  };
  return kColumns;
}

std::span<const CubeColumn> PlaceOutputs() {
  static constexpr std::array kColumns = {
      CubeColumn::kFirstSubnet,      CubeColumn::kSecondSubnet, CubeColumn::kFirstInsideCorp,
      CubeColumn::kSecondInsideCorp, CubeColumn::kScenario,
  };
  return kColumns;
}

}  // namespace cqd::model
