// Promises: the published order of ends, the nine published scenarios, servers forced inside and
// wired, direction, duration, local days, and one fact for every rule.
#include "model/derived.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include "model/internal/fake_keys.h"

namespace cqd::model {
namespace {

/// A stream between two ends of given agents, as strings of the right kind.
class DeriveTest : public testing::Test {
 protected:
  DeriveTest() {
    row_.key.session_time = FromMicros(1'425'205'709'000'000);  // 2015-03-01T10:28:29Z
    row_.key.media_label = kLabelAudio;
  }
  void SetAgents(int caller_type, int callee_type) {
    row_.Set(Field::kCallerUserAgent, Agent(caller_type));
    row_.Set(Field::kCalleeUserAgent, Agent(callee_type));
  }
  void SetPlaces(bool caller_inside, bool callee_inside) {
    row_.Set(Field::kCallerInside, caller_inside ? 1 : 0);
    row_.Set(Field::kCalleeInside, callee_inside ? 1 : 0);
  }
  void SetLinks(std::string_view caller, std::string_view callee) {
    row_.Set(Field::kCallerConnection, keys_.Intern(KeySpace::kConnection, caller));
    row_.Set(Field::kCalleeConnection, keys_.Intern(KeySpace::kConnection, callee));
  }
  Value Agent(int type) {
    return keys_.Intern(KeySpace::kUserAgent, "agent " + std::to_string(type),
                        std::to_string(type));
  }
  DerivedRow Run(const TimeZone& zone = {}) {
    const Mapping mapping(keys_, tables_);
    DerivedRow out;
    Derive(row_, mapping, zone, out);
    return out;
  }
  static Value At(const DerivedRow& row, CubeColumn column) {
    return row[static_cast<std::size_t>(column)];
  }
  Value Get(CubeColumn column) { return At(Run(), column); }
  bool Holds(Fact fact) { return (static_cast<Facts>(Get(CubeColumn::kFacts)) & BitOf(fact)) != 0; }

  FakeKeys keys_;
  CustomerTables tables_;
  StreamRow row_;
};

constexpr int kMediation = 1, kMcu = 2, kOc = 4, kPhone = 8, kLwa = 16405, kAndroid = 16400;

TEST(CubeColumn, OrderAndNames) {
  EXPECT_EQ(static_cast<int>(CubeColumn::kCall) + 1, kCubeColumnCount);
  EXPECT_EQ(CubeColumnName(AsColumn(Field::kJitter)), "jitter_ms");
  EXPECT_EQ(CubeColumnName(CubeColumn::kFirstSubnet), "first_subnet");
  EXPECT_EQ(CubeColumnName(SecondOf(CubeColumn::kFirstSubnet)), "second_subnet");
  EXPECT_EQ(CubeColumnName(CubeColumn::kFacts), "facts");
  std::set<std::string_view> names;
  for (int i = 0; i < kCubeColumnCount; ++i) {
    names.insert(CubeColumnName(static_cast<CubeColumn>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kCubeColumnCount));
}

TEST(FirstIsCaller, PublishedPairs) {
  const auto first_is_caller = [](int caller, int callee) {
    return FirstIsCaller(AgentOfType(caller, ""), AgentOfType(callee, ""));
  };
  // reference/qoe-archive.md 4: the documented table, both directions.
  EXPECT_TRUE(first_is_caller(kMcu, kOc));
  EXPECT_FALSE(first_is_caller(kOc, kMcu));
  EXPECT_FALSE(first_is_caller(kMcu, kMediation));
  EXPECT_TRUE(first_is_caller(kMediation, kMcu));
  EXPECT_TRUE(first_is_caller(kOc, kOc));
  // The later product's order of categories.
  EXPECT_TRUE(first_is_caller(kOc, kPhone));
  EXPECT_FALSE(first_is_caller(kPhone, kOc));
  // Servers of great types before clients of small ones; unknown agents last; ties to the caller.
  EXPECT_FALSE(first_is_caller(kOc, 32769));
  EXPECT_FALSE(first_is_caller(0, kOc));
  EXPECT_TRUE(first_is_caller(kOc, 0));
  EXPECT_TRUE(first_is_caller(0, 0));
  EXPECT_TRUE(first_is_caller(0, 99999));
}

TEST(ConnectionClassOf, FoldsSpellings) {
  for (const char* text : {"Wired", "Ethernet", "wired", "ETHERNET"}) {
    EXPECT_EQ(ConnectionClassOf(text), ConnectionClass::kWired) << text;
  }
  for (const char* text : {"WiFi", "Wifi", "wifi", "Wi-Fi", "WI FI", "Wireless"}) {
    EXPECT_EQ(ConnectionClassOf(text), ConnectionClass::kWifi) << text;
  }
  EXPECT_EQ(ConnectionClassOf("MobileBB"), ConnectionClass::kMobileBroadband);
  EXPECT_EQ(ConnectionClassOf("Tunnel"), ConnectionClass::kTunnel);
  for (const char* text : {"Other", "", "token ring"}) {
    EXPECT_EQ(ConnectionClassOf(text), ConnectionClass::kOther) << text;
  }
}

struct ScenarioCase {
  const char* key;
  const char* caption;
  int caller, callee;
  bool caller_inside, callee_inside;
  const char* caller_link;
  const char* callee_link;
};

// reference/cube-model.md 2.4: all nine values the documentation uses.
const ScenarioCase kScenarios[] = {
    {"[1]&[1]&[1]&[1]&[Wired]&[Wired]", "Server-Inside-wired,Server-Inside-wired", kMediation, kMcu,
     true, true, "Ethernet", "Wired"},
    {"[1]&[0]&[1]&[1]&[Wired]&[Wired]", "Server-Inside-wired,Client-Inside-wired", kMcu, kOc, true,
     true, "Wired", "Ethernet"},
    {"[1]&[0]&[1]&[0]&[Wired]&[Wired]", "Server-Inside-wired,Client-Outside-wired", kMcu, kOc, true,
     false, "Wired", "Wired"},
    {"[0]&[0]&[1]&[1]&[Wired]&[Wired]", "Client-Inside-wired,Client-Inside-wired", kOc, kOc, true,
     true, "Wired", "Wired"},
    {"[0]&[0]&[0]&[0]&[Wired]&[Wired]", "Client-Outside-wired,Client-Outside-wired", kOc, kOc,
     false, false, "Wired", "Ethernet"},
    {"[1]&[0]&[1]&[1]&[Wired]&[Wifi]", "Server-Inside-wired,Client-Inside-wifi", kMcu, kOc, true,
     true, "Wired", "WiFi"},
    {"[1]&[0]&[1]&[0]&[Wired]&[Wifi]", "Server-Inside-wired,Client-Outside-wifi", kMcu, kOc, true,
     false, "Wired", "WiFi"},
    {"[0]&[0]&[1]&[1]&[Wifi]&[Wifi]", "Client-Inside-wifi,Client-Inside-wifi", kOc, kOc, true, true,
     "WiFi", "wifi"},
    {"[0]&[0]&[0]&[0]&[Wifi]&[Wifi]", "Client-Outside-wifi,Client-Outside-wifi", kOc, kOc, false,
     false, "WiFi", "Wifi"},
};

TEST_F(DeriveTest, PublishedScenarios) {
  for (const ScenarioCase& c : kScenarios) {
    SetAgents(c.caller, c.callee);
    SetPlaces(c.caller_inside, c.callee_inside);
    SetLinks(c.caller_link, c.callee_link);
    const Value packed = Get(CubeColumn::kScenario);
    EXPECT_EQ(Scenario::Unpack(packed).Key(), c.key);
    EXPECT_EQ(Scenario::Unpack(packed).Caption(), c.caption);
    EXPECT_EQ(Scenario::Unpack(packed).Pack(), packed);
  }
}

TEST(Scenario, EveryPackedValueIsReadable) {
  std::set<std::string> keys;
  for (Value packed = 0; packed < 1024; ++packed) {
    const Scenario scenario = Scenario::Unpack(packed);
    EXPECT_LT(scenario.Pack(), 1024);
    if (scenario.Pack() == packed) keys.insert(scenario.Key());
  }
  EXPECT_EQ(keys.size(), 16U * 5U * 5U);
}

TEST_F(DeriveTest, ServersAreInsideAndWiredWhateverTheyReport) {
  SetAgents(kOc, kMcu);  // the server is called, and still First
  SetPlaces(false, false);
  SetLinks("WiFi", "WiFi");
  EXPECT_EQ(Scenario::Unpack(Get(CubeColumn::kScenario)).Key(), "[1]&[0]&[1]&[0]&[Wired]&[Wifi]");
  EXPECT_EQ(Get(CubeColumn::kFirstIsCaller), 0);
  EXPECT_EQ(Get(CubeColumn::kFirstInsideCorp), 1);
  EXPECT_EQ(Get(CubeColumn::kSecondInsideCorp), 0);
}

TEST_F(DeriveTest, BuildingDecidesInsideBeforeTheReport) {
  SetAgents(kOc, kOc);
  SetPlaces(true, true);
  Building cafe;
  cafe.key = 5;
  cafe.inside_corp = false;
  tables_.buildings = {cafe};
  Network network;
  network.address = "10.2.0.0";
  network.prefix_bits = 16;
  network.building_key = 5;
  tables_.networks = {network};
  row_.Set(Field::kCalleeSubnet, keys_.Intern(KeySpace::kSubnet, "10.2.3.0"));
  EXPECT_EQ(Get(CubeColumn::kFirstInsideCorp), 1);
  EXPECT_EQ(Get(CubeColumn::kSecondInsideCorp), 0);
  tables_.buildings[0].inside_corp = std::nullopt;
  EXPECT_EQ(Get(CubeColumn::kSecondInsideCorp), 1);
}

TEST_F(DeriveTest, UnknownPlaceAndLinkStayUnknown) {
  SetAgents(kOc, kOc);
  EXPECT_EQ(Get(CubeColumn::kFirstInsideCorp), kNull);
  EXPECT_EQ(Get(CubeColumn::kFirstLink), kNull);
  EXPECT_EQ(Get(CubeColumn::kScenario), kNull);
  SetPlaces(true, false);
  EXPECT_EQ(Scenario::Unpack(Get(CubeColumn::kScenario)).Key(), "[0]&[0]&[1]&[0]&[Other]&[Other]");
}

TEST_F(DeriveTest, StreamTypeIsInvalidForMobileEnds) {
  SetAgents(kMcu, kOc);
  EXPECT_EQ(Get(CubeColumn::kInvalid), 0);
  for (const int mobile : {16386, 16398, 16399, 16400, 16401, 16402}) {
    SetAgents(kMcu, mobile);
    EXPECT_EQ(Get(CubeColumn::kInvalid), 1) << mobile;
    SetAgents(mobile, kOc);
    EXPECT_EQ(Get(CubeColumn::kInvalid), 1) << mobile;
  }
  SetAgents(kMcu, kLwa);
  EXPECT_EQ(Get(CubeColumn::kInvalid), 0);
  SetAgents(kOc, kOc);
  SetLinks("Wired", "MobileBB");
  EXPECT_EQ(Get(CubeColumn::kInvalid), 1);
}

TEST_F(DeriveTest, SidesChangePlacesTogether) {
  SetAgents(kOc, kMcu);
  for (const FieldInfo& info : AllFields()) {
    if (!IsSideField(info.field) || info.type == FieldType::kKey) continue;
    row_.Set(info.field, static_cast<Value>(info.field));
  }
  const DerivedRow out = Run();
  EXPECT_EQ(At(out, CubeColumn::kFirstPort), static_cast<Value>(Field::kCalleePort));
  EXPECT_EQ(At(out, CubeColumn::kSecondPort), static_cast<Value>(Field::kCallerPort));
  EXPECT_EQ(At(out, CubeColumn::kFirstHowlingEvents),
            static_cast<Value>(Field::kCalleeHowlingEvents));
  EXPECT_EQ(At(out, CubeColumn::kFirstUserAgent), row_.Get(Field::kCalleeUserAgent));
}

TEST_F(DeriveTest, Direction) {
  SetAgents(kMcu, kOc);
  EXPECT_EQ(Get(CubeColumn::kFromFirst), kNull);
  row_.Set(Field::kSenderIsCaller, 1);
  EXPECT_EQ(Get(CubeColumn::kFromFirst), 1);
  row_.Set(Field::kSenderIsCaller, 0);
  EXPECT_EQ(Get(CubeColumn::kFromFirst), 0);
  SetAgents(kOc, kMcu);
  EXPECT_EQ(Get(CubeColumn::kFromFirst), 1);
}

TEST_F(DeriveTest, DaysAndDurationInTheReportingZone) {
  // Without times of its own the stream is dated by the session.
  DerivedRow out = Run();
  EXPECT_EQ(At(out, CubeColumn::kStartDay), 16495);  // 2015-03-01
  EXPECT_EQ(At(out, CubeColumn::kStartSecond), 10 * 3600 + 28 * 60 + 29);
  EXPECT_EQ(At(out, CubeColumn::kEndDay), kNull);
  EXPECT_EQ(At(out, CubeColumn::kDurationMs), kNull);

  row_.Set(Field::kStartTime, ToMicros(ParseTime("2015-03-01T23:30:00.250Z").value()));
  row_.Set(Field::kEndTime, ToMicros(ParseTime("2015-03-02T00:00:01Z").value()));
  out = Run();
  EXPECT_EQ(At(out, CubeColumn::kStartDay), 16495);
  EXPECT_EQ(At(out, CubeColumn::kEndDay), 16496);
  EXPECT_EQ(At(out, CubeColumn::kEndSecond), 1);
  EXPECT_EQ(At(out, CubeColumn::kDurationMs), 1'800'750);
  out = Run(TimeZone::Find("Europe/Paris").value());
  EXPECT_EQ(At(out, CubeColumn::kStartDay), 16496);
  EXPECT_EQ(At(out, CubeColumn::kStartSecond), 1800);

  row_.Set(Field::kEndTime, ToMicros(ParseTime("2015-03-01T23:29:59Z").value()));
  EXPECT_EQ(Get(CubeColumn::kDurationMs), kNull);
  row_.Set(Field::kStartTime, ToMicros(ParseTime("1969-12-31T23:59:59Z").value()));
  out = Run();
  EXPECT_EQ(At(out, CubeColumn::kStartDay), -1);
  EXPECT_EQ(At(out, CubeColumn::kStartSecond), 86399);
}

TEST_F(DeriveTest, ExactlyOneMediumAndOneClass) {
  const std::pair<int, Fact> media[] = {{kLabelAudio, Fact::kAudio},
                                        {kLabelVideo, Fact::kVideo},
                                        {kLabelSharing, Fact::kAppSharing},
                                        {kLabelVbss, Fact::kVbss},
                                        {77, Fact::kOtherMedia}};
  for (const auto& [label, fact] : media) {
    row_.key.media_label = label;
    EXPECT_EQ(static_cast<Facts>(Get(CubeColumn::kFacts)) & 0x1f, BitOf(fact)) << label;
  }
  row_.key.media_label = kLabelAudio;
  EXPECT_TRUE(Holds(Fact::kUnclassified));
  EXPECT_TRUE(Holds(Fact::kJpdrUnclassified));
  row_.Set(Field::kLegClass, static_cast<Value>(QualityClass::kPoor));
  row_.Set(Field::kLegClassJpdr, static_cast<Value>(QualityClass::kGood));
  EXPECT_TRUE(Holds(Fact::kPoor) && !Holds(Fact::kGood) && !Holds(Fact::kUnclassified));
  EXPECT_TRUE(Holds(Fact::kJpdrGood) && !Holds(Fact::kJpdrPoor) && !Holds(Fact::kJpdrUnclassified));
  row_.key.media_label = kLabelVideo;
  EXPECT_FALSE(Holds(Fact::kJpdrGood) || Holds(Fact::kJpdrPoor) || Holds(Fact::kJpdrUnclassified));
}

struct FactCase {
  int media_label;
  Field field;
  double at_limit, beyond;
  Fact fact;
};

TEST_F(DeriveTest, FactsOfBrokenLimits) {
  const FactCase cases[] = {
      {kLabelAudio, Field::kPacketLoss, 0.01, 0.010001, Fact::kLossAboveOnePercent},
      {kLabelAudio, Field::kJitter, 30, 30.001, Fact::kDueToJitter},
      {kLabelAudio, Field::kPacketLoss, 0.1, 0.11, Fact::kDueToLoss},
      {kLabelAudio, Field::kDegradation, 1, 1.01, Fact::kDueToDegradation},
      {kLabelAudio, Field::kRoundTrip, 500, 501, Fact::kDueToRoundTrip},
      {kLabelAudio, Field::kConcealed, 0.07, 0.08, Fact::kDueToConcealed},
      {kLabelVideo, Field::kPostFecLoss, 0.1, 0.11, Fact::kDueToPostFec},
      {kLabelVideo, Field::kLocalFrameLoss, 10, 10.1, Fact::kDueToLocalFrameLoss},
      {kLabelVideo, Field::kRecvFrameRate, 7, 6.9, Fact::kDueToFrameRate},
      {kLabelVideo, Field::kInboundFrameRate, 7, 6.9, Fact::kDueToFrameRate},
      {kLabelVbss, Field::kPostFecLoss, 0.15, 0.16, Fact::kDueToPostFec},
      {kLabelVbss, Field::kLocalFrameLoss, 50, 50.1, Fact::kDueToLocalFrameLoss},
      {kLabelVbss, Field::kInboundFrameRate, 2, 1.9, Fact::kDueToFrameRate},
      {kLabelSharing, Field::kSpoiledTile, 36, 36.1, Fact::kDueToSpoiledTile},
      {kLabelSharing, Field::kRelativeOneWay, 1.75, 1.76, Fact::kDueToRelativeOneWay},
      {kLabelSharing, Field::kTileLatency, 400, 400.1, Fact::kDueToTileLatency},
  };
  for (const FactCase& c : cases) {
    SCOPED_TRACE(InfoOf(c.field).column);
    row_.key.media_label = c.media_label;
    SetMetric(row_, c.field, c.at_limit);
    EXPECT_FALSE(Holds(c.fact));
    SetMetric(row_, c.field, c.beyond);
    EXPECT_TRUE(Holds(c.fact));
    row_.Set(c.field, kNull);
    EXPECT_FALSE(Holds(c.fact));
  }
}

TEST_F(DeriveTest, FactsOfOneEndStayWithThatEnd) {
  SetAgents(kOc, kMcu);  // the callee is First
  row_.Set(Field::kCalleeRating, 2);
  row_.Set(Field::kCallerRating, 5);
  row_.Set(Field::kCalleeFeedbackIssues, 1);
  row_.Set(Field::kCallerFeedbackIssues, 2);
  row_.Set(Field::kCalleeEchoCauses, 0x21);
  row_.Set(Field::kCallerEchoCauses, 0x12);
  const auto facts = static_cast<Facts>(Get(CubeColumn::kFacts));
  for (const Fact fact :
       {Fact::kFirstRated, Fact::kSecondRated, Fact::kFirstRatedPoor, Fact::kFirstAudioIssue,
        Fact::kSecondVideoIssue, Fact::kFirstEchoBadTimestamp, Fact::kFirstEchoBadState,
        Fact::kSecondEchoPostAec, Fact::kSecondEchoMicClipping}) {
    EXPECT_TRUE((facts & BitOf(fact)) != 0) << static_cast<int>(fact);
  }
  for (const Fact fact : {Fact::kSecondRatedPoor, Fact::kSecondAudioIssue, Fact::kFirstVideoIssue,
                          Fact::kFirstEchoPostAec, Fact::kSecondEchoBadTimestamp}) {
    EXPECT_FALSE((facts & BitOf(fact)) != 0) << static_cast<int>(fact);
  }
  row_.Set(Field::kCalleeRating, 0);  // shown, not answered
  EXPECT_FALSE(Holds(Fact::kFirstRated) || Holds(Fact::kFirstRatedPoor));
}

TEST_F(DeriveTest, FactsOfDurationIceAndReports) {
  EXPECT_FALSE(Holds(Fact::kDurationUpTo5s) || Holds(Fact::kDurationFrom60s) ||
               Holds(Fact::kDurationUnder60s));
  row_.Set(Field::kStartTime, ToMicros(row_.key.session_time));
  const auto set_seconds = [this](double seconds) {
    row_.Set(Field::kEndTime,
             ToMicros(row_.key.session_time) + static_cast<Value>(seconds * 1'000'000));
  };
  set_seconds(5);
  EXPECT_TRUE(Holds(Fact::kDurationUpTo5s) && Holds(Fact::kDurationUnder60s));
  set_seconds(5.001);
  EXPECT_FALSE(Holds(Fact::kDurationUpTo5s));
  set_seconds(59.999);
  EXPECT_TRUE(Holds(Fact::kDurationUnder60s) && !Holds(Fact::kDurationFrom60s));
  set_seconds(60);
  EXPECT_TRUE(Holds(Fact::kDurationFrom60s) && !Holds(Fact::kDurationUnder60s));

  EXPECT_FALSE(Holds(Fact::kIceFailed) || Holds(Fact::kReportAvailable));
  row_.Set(Field::kCallerIce, 8);
  row_.Set(Field::kCalleeReported, 1);
  EXPECT_TRUE(Holds(Fact::kIceFailed) && Holds(Fact::kReportAvailable));
}

TEST_F(DeriveTest, TakesAnyValues) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  SetAgents(kOc, kMcu);
  const Mapping mapping(keys_, tables_);
  const TimeZone paris = TimeZone::Find("Europe/Paris").value();
  const Value extremes[] = {kNull, std::numeric_limits<Value>::max(), kNull + 1, -1, 0, 1};
  for (int n = 0; n < 2000; ++n) {
    for (Value& value : row_.values) {
      value = random() % 2 == 0 ? extremes[random() % std::size(extremes)]
                                : static_cast<Value>(random());
    }
    row_.key.media_label = static_cast<std::int32_t>(random());
    row_.key.session_time = FromMicros(static_cast<Value>(random()));
    DerivedRow out;
    Derive(row_, mapping, paris, out);
    const Value second = At(out, CubeColumn::kStartSecond);
    EXPECT_TRUE(second == kNull || (second >= 0 && second < 86400));
  }
}

}  // namespace
}  // namespace cqd::model
