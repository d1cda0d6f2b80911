// Promises: the proven names are there exactly; every name is unique and described; members are
// total over any values; published members come out as published.
#include "model/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <set>

#include "base/text.h"
#include "model/endpoint.h"
#include "model/internal/fake_keys.h"

namespace cqd::model {
namespace {

// reference/cube-model.md 2.1.
constexpr const char* kProvenAttributes[] = {
    "[StartDate].[Month]",
    "[Scenarios].[ScenarioPair]",
    "[StreamType].[StreamType]",
    "[First Is Server].[Agent]",
    "[Second Is Server].[Agent]",
    "[First User Agent].[User Agent Type]",
    "[Second User Agent].[User Agent Type]",
    "[First Network Connection Type].[Network Connection Detail]",
    "[Second Network Connection Type].[Network Connection Detail]",
    "[Access Location Pair].[Location Pair]",
    "[Audio Bandwidth Est].[Metric]",
};
// reference/cube-model.md 3.2.
constexpr const char* kProvenMeasures[] = {
    "[Measures].[Audio Streams Count]",
    "[Measures].[Audio Good Streams Count]",
    "[Measures].[Audio UnClassified Streams Count]",
    "[Measures].[Audio Poor Streams Count]",
    "[Measures].[AudioPoorPercentage]",
    "[Measures].[Audio Good Streams JPDR Count]",
    "[Measures].[Audio Poor Streams JPDR Count]",
    "[Measures].[AudioPoorJPDRPercentage]",
};

TEST(Registry, ProvenNamesAreExact) {
  for (const char* name : kProvenAttributes) {
    const Attribute* const attribute = FindAttribute(name);
    ASSERT_NE(attribute, nullptr) << name;
    EXPECT_EQ(attribute->data_model_name, name);
    EXPECT_TRUE(attribute->proven) << name;
    EXPECT_TRUE(attribute->listed) << name;
  }
  EXPECT_EQ(std::count_if(Attributes().begin(), Attributes().end(),
                          [](const Attribute& a) { return a.proven; }),
            static_cast<std::ptrdiff_t>(std::size(kProvenAttributes)));
  for (const char* name : kProvenMeasures) {
    const Measure* const measure = FindMeasure(name);
    ASSERT_NE(measure, nullptr) << name;
    EXPECT_EQ(measure->data_model_name, name);
    EXPECT_TRUE(measure->proven) << name;
  }
  EXPECT_EQ(std::count_if(Measures().begin(), Measures().end(),
                          [](const Measure& m) { return m.proven; }),
            static_cast<std::ptrdiff_t>(std::size(kProvenMeasures)));
}

TEST(Registry, OtherSpellingsFindTheSame) {
  // reference/cube-model.md 2.1, 3.2: names of another build and of the later product.
  const std::pair<const char*, const char*> attributes[] = {
      {"[AudioStream].[Full Month]", "[StartDate].[Month]"},
      {"[AllStreams].[Full Month]", "[StartDate].[Month]"},
      {"[AudioStream].[Month Year]", "[AllStreams].[Month Year]"},
      {"[AllStreams].[Date]", "[StartDate].[Date]"},
      {"[AllStreams].[Start Time]", "[StartDate].[Time]"},
      {"[AllStreams].[Inside Corp Pair]", "[Access Location Pair].[Location Pair]"},
      {"[AllStreams].[Second Network Connection Detail]",
       "[Second Network Connection Type].[Network Connection Detail]"},
      {"[FirstTenantDataBuilding].[First City]", "[First Building].[City]"},
      {"[SecondTenantDataBuilding].[Second Network]", "[Second Network].[Network]"},
  };
  for (const auto& [alias, name] : attributes) {
    EXPECT_EQ(FindAttribute(alias), FindAttribute(name)) << alias;
    EXPECT_NE(FindAttribute(alias), nullptr) << alias;
  }
  const std::pair<const char*, const char*> measures[] = {
      {"[Measures].[Audio Good Stream Count]", "[Measures].[Audio Good Streams Count]"},
      {"[Measures].[Audio Unclassified Stream Count]",
       "[Measures].[Audio UnClassified Streams Count]"},
      {"[Measures].[Audio Poor Stream Count]", "[Measures].[Audio Poor Streams Count]"},
      {"[Measures].[Audio Poor Percentage]", "[Measures].[AudioPoorPercentage]"},
      {"[Measures].[Video Poor Percentage]", "[Measures].[VideoPoorPercentage]"},
      {"[Measures].[VBSS Stream Count]", "[Measures].[VBSS Streams Count]"},
  };
  for (const auto& [alias, name] : measures) {
    EXPECT_EQ(FindMeasure(alias), FindMeasure(name)) << alias;
    EXPECT_NE(FindMeasure(alias), nullptr) << alias;
  }
}

TEST(Registry, LookupIgnoresCaseAndOuterBlanks) {
  const Attribute* const month = FindAttribute("[StartDate].[Month]");
  EXPECT_EQ(FindAttribute(" [startdate] . [MONTH] "), month);
  EXPECT_EQ(FindMeasure("[MEASURES].[audio unclassified streams count]"),
            FindMeasure("[Measures].[Audio UnClassified Streams Count]"));
  for (const char* name : {"", "Month", "[StartDate].[Mon th]", "[StartDate]", "[].[]", "["}) {
    EXPECT_EQ(FindAttribute(name), nullptr) << name;
    EXPECT_EQ(FindMeasure(name), nullptr) << name;
  }
}

// What a file to pass on must not hold unasked: a new attribute that tells of a person belongs
// here.
TEST(Registry, PersonalAttributesAreThese) {
  std::set<std::string> personal;
  for (const Attribute& attribute : Attributes()) {
    if (attribute.personal) personal.insert(attribute.data_model_name);
  }
  std::set<std::string> expected{"[Conference].[Conference Id]"};
  for (const std::string end : {"First", "Second"}) {
    expected.insert("[" + end + " User].[URI]");
    expected.insert("[" + end + " Endpoint].[Name]");
    expected.insert("[" + end + " Network Address].[IP Address]");
    expected.insert("[" + end + " Network Address].[Reflexive Local IP]");
    expected.insert("[" + end + " Network Address].[Mac Address]");
  }
  EXPECT_EQ(personal, expected);
}

TEST(Registry, NamesAreUniqueAndEverythingIsDescribed) {
  std::set<std::string> names;
  std::size_t count = 0;
  const auto add = [&](std::string_view name) {
    ++count;
    EXPECT_TRUE(names.insert(ToLower(name)).second) << name;
  };
  for (const Attribute& attribute : Attributes()) {
    SCOPED_TRACE(attribute.data_model_name);
    add(attribute.data_model_name);
    for (const std::string& alias : attribute.aliases) add(alias);
    EXPECT_EQ(&Attributes()[static_cast<std::size_t>(attribute.id)], &attribute);
    EXPECT_FALSE(attribute.description.empty());
    EXPECT_TRUE(attribute.source.starts_with("reference/"));
    EXPECT_TRUE(attribute.member != nullptr);
    EXPECT_EQ(attribute.fixed_members != nullptr, attribute.member_source == MemberSource::kFixed);
    EXPECT_TRUE(attribute.input_count == 1 || attribute.input_count == 2);
    EXPECT_TRUE(attribute.type != AttributeType::kBand || !attribute.unit.empty());
  }
  for (const Measure& measure : Measures()) {
    SCOPED_TRACE(measure.data_model_name);
    add(measure.data_model_name);
    for (const std::string& alias : measure.aliases) add(alias);
    EXPECT_EQ(&Measures()[static_cast<std::size_t>(measure.id)], &measure);
    EXPECT_FALSE(measure.description.empty());
    EXPECT_FALSE(measure.unit.empty());
    EXPECT_FALSE(measure.group.empty());
    EXPECT_TRUE(measure.source.starts_with("reference/") || measure.source.starts_with("docs/"));
  }
  EXPECT_EQ(AttributeNames().size() + MeasureNames().size(), count);
}

TEST(Registry, OrderIsThatOfTheCubeStructure) {
  EXPECT_TRUE(std::is_sorted(
      Attributes().begin(), Attributes().end(),
      [](const Attribute& a, const Attribute& b) { return a.category < b.category; }));
  EXPECT_EQ(Attributes().front().data_model_name, "[Access Location Pair].[Location Pair]");
  EXPECT_EQ(Measures()[0].name, "Audio Streams Count");
  EXPECT_EQ(Measures()[1].name, "Audio Good Streams JPDR Count");
}

TEST(Registry, MeasuresMeasureColumnsTheyUse) {
  const auto in_use = ColumnsInUse();
  const std::set<CubeColumn> columns(in_use.begin(), in_use.end());
  EXPECT_TRUE(columns.contains(CubeColumn::kFacts));
  for (const Measure& measure : Measures()) {
    const bool has_metric =
        measure.kind == MeasureKind::kAverage || measure.kind == MeasureKind::kSum ||
        measure.kind == MeasureKind::kPercentile || measure.kind == MeasureKind::kDistinct;
    EXPECT_EQ(has_metric, measure.metric != CubeColumn::kFacts) << measure.name;
    EXPECT_TRUE(columns.contains(measure.metric)) << measure.name;
    EXPECT_EQ(measure.kind == MeasureKind::kPercentile, measure.percent != 0) << measure.name;
    const bool counts_values = measure.kind == MeasureKind::kDistinct;
    if (has_metric && !counts_values && IsFieldColumn(measure.metric)) {
      const auto field = static_cast<Field>(measure.metric);
      EXPECT_DOUBLE_EQ(measure.factor, ToDouble(field, 1)) << measure.name;
    }
    // A share is one of the streams it is a share of.
    if (measure.kind == MeasureKind::kPercent || measure.kind == MeasureKind::kRatio) {
      EXPECT_EQ(measure.test.value & measure.of.mask & ~measure.of.value, 0U) << measure.name;
    }
  }
}

class RegistryMembers : public testing::Test {
 protected:
  /// Made at the first use: texts interned later are unknown to it.
  const Mapping& mapping() {
    if (mapping_ == nullptr) mapping_ = std::make_unique<Mapping>(keys_, tables_);
    return *mapping_;
  }
  Member Of(std::string_view name, Value a, Value b = kNull) {
    const Attribute* const attribute = FindAttribute(name);
    EXPECT_NE(attribute, nullptr) << name;
    return attribute == nullptr ? Member{} : attribute->member(a, b, mapping());
  }
  std::string Key(std::string_view name, Value a, Value b = kNull) { return Of(name, a, b).key; }
  bool Blank(std::string_view name, Value a, Value b = kNull) { return Of(name, a, b).blank; }

  FakeKeys keys_;
  CustomerTables tables_;
  std::unique_ptr<Mapping> mapping_;
};

TEST_F(RegistryMembers, TotalOverAnyValues) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  keys_.Intern(KeySpace::kUserAgent, "x", "4");
  keys_.Intern(KeySpace::kEndpoint, "pc", "\x1f\x1f\x1f");
  std::vector<Value> values = {
      kNull, kNull + 1, -1, 0, 1, 2, 1023, 1024, std::numeric_limits<Value>::max()};
  for (int i = 0; i < 60; ++i) {
    values.push_back(static_cast<Value>(random()) >> (random() % 64));
  }
  for (const Attribute& attribute : Attributes()) {
    SCOPED_TRACE(attribute.data_model_name);
    for (const Value a : values) {
      for (const Value b : {kNull, Value{0}, Value{1}, values[random() % values.size()]}) {
        const Member member = attribute.member(a, b, mapping());
        EXPECT_EQ(member.blank, member.key.empty());
        EXPECT_EQ(member.blank, member.caption.empty());
        EXPECT_TRUE(!member.blank || member.order == 0);
      }
    }
  }
}

TEST_F(RegistryMembers, FixedListsHoldEveryMemberOnce) {
  for (const Attribute& attribute : Attributes()) {
    if (attribute.member_source != MemberSource::kFixed) continue;
    SCOPED_TRACE(attribute.data_model_name);
    const std::vector<Member> members = attribute.fixed_members();
    std::set<std::string> keys;
    for (std::size_t i = 0; i < members.size(); ++i) {
      EXPECT_TRUE(keys.insert(members[i].key).second);
      if (i > 0) {
        EXPECT_LE(members[i - 1].order, members[i].order);
      }
    }
    // The published months end in 2031; data may go on.
    if (attribute.type == AttributeType::kDate) continue;
    for (Value a = -1; a < 20; ++a) {
      for (Value b = 0; b < 2; ++b) {
        const Member member = attribute.member(a, b, mapping());
        EXPECT_TRUE(member.blank || keys.contains(member.key)) << member.key;
      }
    }
  }
}

TEST_F(RegistryMembers, Months) {
  const Attribute* const month = FindAttribute("[StartDate].[Month]");
  const std::vector<Member> months = month->fixed_members();
  ASSERT_EQ(months.size(), 493U);
  EXPECT_EQ(months.front().key, "1990-01-01T00:00:00");
  EXPECT_EQ(months.back().key, "2031-01-01T00:00:00");
  const Member march = Of("[StartDate].[Month]", 16495);  // 2015-03-01
  EXPECT_EQ(march.key, "2015-03-01T00:00:00");
  EXPECT_EQ(march.caption, "March 2015");
  EXPECT_EQ(Of("[StartDate].[Month]", 16494).caption, "February 2015");
  EXPECT_EQ(Of("[StartDate].[Month]", 16314).caption, "September 2014");
  EXPECT_LT(Of("[StartDate].[Month]", 16314).order, march.order);
}

TEST_F(RegistryMembers, DatesOfTheLaterProduct) {
  const Value thursday = 17563;  // 2018-02-01
  ASSERT_EQ(Key("[AllStreams].[Date]", thursday), "2018-02-01");
  EXPECT_EQ(Key("[AllStreams].[Day Of Week]", thursday - 1), "Wednesday");
  EXPECT_EQ(Key("[AllStreams].[Day Number Of Week]", thursday - 1), "3");
  EXPECT_EQ(Key("[AllStreams].[Week]", thursday), "2018-01-28");  // a Sunday
  EXPECT_EQ(Key("[AllStreams].[Week]", thursday - 4), "2018-01-28");
  EXPECT_EQ(Key("[AllStreams].[Day Of Year]", thursday), "32");
  EXPECT_EQ(Key("[AllStreams].[Month]", thursday), "2");
  EXPECT_EQ(Key("[AllStreams].[Year]", thursday), "2018");
  EXPECT_EQ(Key("[AllStreams].[Day]", thursday), "1");
  EXPECT_EQ(Key("[AllStreams].[Month Year]", thursday), "2018-02");
  EXPECT_EQ(Key("[AllStreams].[Hour]", 3600 + 30 * 60 + 12), "1");
  EXPECT_EQ(Key("[AllStreams].[Minute]", 3600 + 30 * 60 + 12), "30");
  EXPECT_EQ(Key("[AllStreams].[Second]", 3600 + 30 * 60 + 12), "12");
  EXPECT_EQ(Key("[AllStreams].[Start Time]", thursday, 5412), "2018-02-01T01:30:12");
  EXPECT_EQ(Key("[EndDate].[Date]", -1), "1969-12-31");
  EXPECT_EQ(Key("[StartDate].[Day Of Week]", -1), "Wednesday");
}

TEST_F(RegistryMembers, RolesAndPlaces) {
  EXPECT_EQ(Key("[First Is Server].[Agent]", 1), "1");
  EXPECT_EQ(Of("[First Is Server].[Agent]", 1).caption, "Server");
  EXPECT_EQ(Of("[Second Is Server].[Agent]", 0).caption, "Client");
  EXPECT_EQ(Key("[AllStreams].[Second Is Server]", 0), "Client");
  EXPECT_EQ(Key("[StreamType].[StreamType]", 0), "False");
  EXPECT_EQ(Of("[StreamType].[StreamType]", 0).caption, "Valid");
  EXPECT_EQ(Key("[StreamType].[StreamType]", 1), "True");
  EXPECT_EQ(Of("[StreamType].[StreamType]", 1).caption, "Invalid");
  EXPECT_EQ(Of("[First Inside].[Inside]", 1).caption, "Inside");
  EXPECT_TRUE(Blank("[First Inside].[Inside]", kNull));
  const auto link = static_cast<Value>(ConnectionClass::kMobileBroadband);
  EXPECT_EQ(Key("[Second Network Connection Type].[Network Connection Detail]", link), "MobileBB");
}

TEST_F(RegistryMembers, ScenarioKeyAndCaption) {
  Scenario scenario;
  scenario.first_is_server = scenario.first_inside = true;
  scenario.first_link = ConnectionClass::kWired;
  scenario.second_link = ConnectionClass::kWifi;
  const Member member = Of("[Scenarios].[ScenarioPair]", scenario.Pack());
  EXPECT_EQ(member.key, "[1]&[0]&[1]&[0]&[Wired]&[Wifi]");
  EXPECT_EQ(member.caption, "Server-Inside-wired,Client-Outside-wifi");
  scenario = Scenario();
  scenario.first_inside = scenario.second_inside = true;
  scenario.second_link = ConnectionClass::kWifi;
  EXPECT_EQ(Key("[AllStreams].[Scenario Pair]", scenario.Pack()),
            "Client-Inside--Client-Inside-wifi");
}

TEST_F(RegistryMembers, PairsAreInAlphabeticalOrder) {
  EXPECT_EQ(Key("[Access Location Pair].[Location Pair]", 0, 1), "Inside : Outside");
  EXPECT_EQ(Key("[Access Location Pair].[Location Pair]", 1, 0), "Inside : Outside");
  EXPECT_EQ(Key("[AllStreams].[Is Server Pair]", 1, 0), "Client : Server");
  EXPECT_EQ(Key("[AllStreams].[Connectivity Ice Pair]", 2, 1), "DIRECT : RELAY");
  const auto wifi = static_cast<Value>(ConnectionClass::kWifi);
  EXPECT_EQ(Key("[AllStreams].[Network Connection Detail Pair]", wifi, kNull), " : Wifi");
  EXPECT_TRUE(Blank("[AllStreams].[Network Connection Detail Pair]", kNull, kNull));
}

TEST_F(RegistryMembers, Agents) {
  const Value oc = keys_.Intern(
      KeySpace::kUserAgent, "UCCAPI/15.0.4753.1000 OC/15.0.4753.1000 (Skype for Business)", "4");
  const Value mcu = keys_.Intern(KeySpace::kUserAgent, "RTCC/5.0.0.0 AV-MCU/5.0.8308.920", "2");
  const Value exchange = keys_.Intern(KeySpace::kUserAgent, "RTCC/6.0 MSExchangeUM", "16393");
  const Value phone = keys_.Intern(KeySpace::kUserAgent, "Yealink SIP-T41P 36.80.0.95");
  const Value odd = keys_.Intern(KeySpace::kUserAgent, "odd", "777");
  EXPECT_EQ(Key("[Second User Agent].[User Agent Type]", oc), "OC");
  EXPECT_EQ(Key("[First User Agent].[User Agent Type]", exchange), "MSExchangeUM");
  EXPECT_EQ(Key("[First User Agent].[User Agent Category]", exchange), "ExUM");
  EXPECT_TRUE(Blank("[First User Agent].[User Agent Type]", phone));
  EXPECT_EQ(Key("[First User Agent].[User Agent Type]", odd), "777");
  EXPECT_EQ(Key("[First User Agent].[Client App Version]", oc), "15.0.4753.1000");
  EXPECT_EQ(Key("[First User Agent].[Client App Version]", mcu), "5.0.8308.920");
  EXPECT_EQ(Key("[First User Agent].[Client App Version]", exchange), "6.0");
  EXPECT_EQ(Key("[First User Agent].[Client App Version]", phone), "36.80.0.95");
  EXPECT_EQ(Key("[AllStreams].[User Agent Category Pair]", oc, mcu), "AV-MCU : OC");
}

TEST_F(RegistryMembers, Machines) {
  const Value pc = keys_.Intern(
      KeySpace::kEndpoint, "PC-7",
      EncodeEndpointDetail({"Windows 6.1.7601 SP: 1.0 Type: 1(Workstation) Arch: x64 WOW64: False",
                            "i7", 8, 2600, 3}));
  const Value mac = keys_.Intern(KeySpace::kEndpoint, "mac",
                                 EncodeEndpointDetail({"Mac OS X 10.11.2", "", {}, {}, 0}));
  EXPECT_EQ(Key("[First Endpoint].[Name]", pc), "PC-7");
  EXPECT_EQ(Key("[First Endpoint].[OS Filtered]", pc), "Windows 6.1");
  EXPECT_EQ(Key("[First Endpoint].[OS Architecture]", pc), "x64");
  EXPECT_EQ(Key("[First Endpoint].[OS Filtered]", mac), "Mac OS X 10.11");
  EXPECT_TRUE(Blank("[First Endpoint].[OS Architecture]", mac));
  EXPECT_EQ(Key("[First Endpoint].[CPU Number Of Cores]", pc), "8");
  EXPECT_EQ(Of("[First Endpoint].[Virtualization Flag]", pc).caption, "Hyper-V | VMware");
  EXPECT_EQ(Of("[First Endpoint].[Virtualization Flag]", mac).caption, "None");
}

TEST_F(RegistryMembers, CallsAndUsers) {
  const Value conference = keys_.Intern(
      KeySpace::kConference, "sip:a@contoso.com;gruu;opaque=app:conf:audio-video:id:QX7");
  const Value focus = keys_.Intern(KeySpace::kConference, "sip:a@b;opaque=app:conf:focus");
  const Value dialog = keys_.Intern(KeySpace::kConference, "0af1;from-tag=1");
  const Value user = keys_.Intern(KeySpace::kUser, "sip:alice@Contoso.com:5061;user=phone");
  const Value number = keys_.Intern(KeySpace::kUser, "tel:+15550100");
  EXPECT_EQ(Key("[Conference].[Conference Type]", conference), "conf:audio-video");
  EXPECT_EQ(Key("[Conference].[Conference Type]", focus), "conf:focus");
  EXPECT_TRUE(Blank("[Conference].[Conference Type]", dialog));
  EXPECT_EQ(Key("[First User].[Domain]", user), "contoso.com");
  EXPECT_TRUE(Blank("[First User].[Domain]", number));
  EXPECT_EQ(Key("[Media Type].[Media Type]", static_cast<Value>(MediaType::kVbss)), "VBSS");
  EXPECT_EQ(Key("[Transport].[Transport]", 0), "UDP");
  EXPECT_EQ(Key("[Transport].[Transport]", 9), "Unrecognized");
  EXPECT_EQ(Key("[First Connectivity].[Ice]", 2), "RELAY");
  EXPECT_EQ(Key("[First Connectivity].[Ice]", 3), "3");
  EXPECT_EQ(Key("[Stream Direction].[Stream Direction]", 1), "First-to-Second");
  EXPECT_EQ(Key("[Audio And Video Call].[Audio And Video Call]", 3), "True");
  EXPECT_EQ(Key("[Audio And Video Call].[Audio And Video Call]", 1), "False");
  EXPECT_EQ(Key("[Reports].[QoE Record Available]", kNull, 1), "True");
  EXPECT_EQ(Key("[Reports].[QoE Record Available]", kNull, 0), "False");
}

TEST_F(RegistryMembers, BuildingsNetworksAndAccessPoints) {
  Building unknown;
  unknown.name = "Unknown";
  unknown.building_type = "Unknown";
  Building north;
  north.key = 4;
  north.name = "North";
  north.city = "Oslo";
  north.inside_corp = false;
  tables_.buildings = {unknown, north};
  Network network;
  network.address = "10.4.0.0";
  network.prefix_bits = 16;
  network.building_key = 4;
  network.vpn = true;
  tables_.networks = {network};
  tables_.access_points = {{"aa-bb-cc-dd-ee-ff", "device", "bgn", "ap-3", "controller"}};
  const Value home = keys_.Intern(KeySpace::kSubnet, "10.4.7.0");
  const Value elsewhere = keys_.Intern(KeySpace::kSubnet, "192.168.0.0");
  const Value address = keys_.Intern(KeySpace::kSubnet, "10.4.7.9", "address");
  const Value bssid = keys_.Intern(KeySpace::kBssid, "AA:BB:CC:DD:EE:FF");
  const Value foreign = keys_.Intern(KeySpace::kBssid, "00-00-00-00-00-01");

  EXPECT_EQ(Key("[First Building].[Building Name]", home), "North");
  EXPECT_EQ(Key("[First Building].[Building Name]", address), "North");
  EXPECT_EQ(Key("[First Building].[Building Name]", elsewhere), "Unknown");
  EXPECT_EQ(Key("[First Building].[Building Name]", kNull), "Unknown");
  EXPECT_TRUE(Blank("[FirstTenantDataBuilding].[First Building Name]", elsewhere));
  EXPECT_EQ(Key("[FirstTenantDataBuilding].[First City]", home), "Oslo");
  EXPECT_EQ(Key("[First Building].[Inside Corp]", home), "False");
  EXPECT_TRUE(Blank("[First Building].[Inside Corp]", elsewhere));
  EXPECT_EQ(Key("[First Network].[Network Range]", home), "16");
  EXPECT_TRUE(Blank("[First Network].[Network Name]", home));
  EXPECT_EQ(Key("[First Subnet].[Subnet]", home), "10.4.7.0");
  EXPECT_TRUE(Blank("[First Subnet].[Subnet]", address));
  EXPECT_EQ(Key("[First VPN].[VPN]", 0, home), "True");
  EXPECT_EQ(Key("[First VPN].[VPN]", 0, elsewhere), "False");
  EXPECT_TRUE(Blank("[First VPN].[VPN]", kNull, elsewhere));
  EXPECT_EQ(Key("[AllStreams].[Building Name Pair]", home, elsewhere), " : North");
  EXPECT_EQ(Key("[First Bssid].[Ap Name]", bssid), "ap-3");
  EXPECT_EQ(Key("[First Bssid].[Controller]", bssid), "controller");
  EXPECT_EQ(Key("[First Bssid].[Device]", bssid), "device");
  EXPECT_EQ(Key("[First Bssid].[Radio]", bssid), "bgn");
  EXPECT_TRUE(Blank("[First Bssid].[Ap Name]", foreign));
  EXPECT_EQ(Key("[First Bssid].[Bssid]", foreign), "00-00-00-00-00-01");
  EXPECT_EQ(Key("[First Wifi].[Band]", 6), "2.4 Ghz");
  EXPECT_EQ(Key("[First Wifi].[Band]", 36), "5.0 Ghz");
}

TEST_F(RegistryMembers, BandsInTheUnitOfTheField) {
  const auto audio = static_cast<Value>(MediaType::kAudio);
  const auto video = static_cast<Value>(MediaType::kVideo);
  EXPECT_EQ(Key("[AllStreams].[Jitter]", ToStored(Field::kJitter, 1)), "064: [1 - 2)");
  EXPECT_EQ(Key("[AllStreams].[Round Trip]", ToStored(Field::kRoundTrip, 17)), "070: [15 - 20)");
  EXPECT_EQ(Key("[AllStreams].[Packet Loss Rate]", ToStored(Field::kPacketLoss, 0.01)),
            "015: [0.01 - 0.02)");
  EXPECT_EQ(Key("[AllStreams].[Overall Avg Network MOS]", ToStored(Field::kNetworkMos, 4.4)),
            "076: [4.4 - 4.5)");
  EXPECT_EQ(
      Key("[First Audio Signal].[Send Signal Level]", ToStored(Field::kCallerSendSignal, -47)),
      "048: [-50 - -45)");
  EXPECT_EQ(Key("[Audio Bandwidth Est].[Metric]", 265000, audio), "026: [260000 - 270000)");
  EXPECT_TRUE(Blank("[Audio Bandwidth Est].[Metric]", 265000, video));
  EXPECT_EQ(Key("[Video Jitter].[Metric]", 0, video), "062: [0 - 0)");
  EXPECT_EQ(Key("[AllStreams].[Duration (Seconds)]", 1500), "064: [1 - 2)");
  // Ordering below "065" selects less than two minutes, reference/cube-model.md 2.8.
  EXPECT_EQ(Key("[AllStreams].[Duration (Minutes)]", 119'999), "064: [1 - 2)");
  EXPECT_EQ(Key("[AllStreams].[Duration (Minutes)]", 120'000), "065: [2 - 3)");
}

TEST_F(RegistryMembers, QualityAndFeedback) {
  const auto audio = static_cast<Value>(MediaType::kAudio);
  const auto video = static_cast<Value>(MediaType::kVideo);
  EXPECT_EQ(Key("[Quality].[Class]", kNull), "Unclassified");
  EXPECT_EQ(Key("[AllStreams].[Poor]", static_cast<Value>(QualityClass::kPoor)), "1");
  EXPECT_EQ(Key("[AllStreams].[Unclassified]", kNull), "1");
  const char* const jitter = "[AllStreams].[Audio Poor Due To Jitter]";
  EXPECT_EQ(Key(jitter, ToStored(Field::kJitter, 30.001), audio), "True");
  EXPECT_EQ(Key(jitter, ToStored(Field::kJitter, 30), audio), "False");
  EXPECT_TRUE(Blank(jitter, kNull, audio));
  EXPECT_TRUE(Blank(jitter, ToStored(Field::kJitter, 90), video));
  const auto facts = [](auto... fact) { return static_cast<Value>(AllOf(fact...).value); };
  EXPECT_EQ(Key("[Quality].[Poor Reason]", facts(Fact::kDueToJitter, Fact::kDueToRoundTrip)),
            "Jitter | RoundTrip");
  EXPECT_TRUE(Blank("[Quality].[Poor Reason]", facts(Fact::kAudio, Fact::kGood)));
  const char* const rate = "[AllStreams].[VBSS Poor Due To VideoFrameRateAvg]";
  EXPECT_EQ(Key(rate, facts(Fact::kVbss, Fact::kPoor, Fact::kDueToFrameRate)), "True");
  EXPECT_EQ(Key(rate, facts(Fact::kVbss, Fact::kGood)), "False");
  EXPECT_TRUE(Blank(rate, facts(Fact::kVbss, Fact::kUnclassified)));
  EXPECT_TRUE(Blank(rate, facts(Fact::kVideo, Fact::kDueToFrameRate)));
  EXPECT_EQ(Key("[First Feedback].[Rating]", 0), "0");
  EXPECT_TRUE(Blank("[First Feedback].[Rating]", kNull));
  EXPECT_EQ(Key("[Second Feedback].[Has Video Issue]", 2), "True");
  EXPECT_EQ(Key("[Second Feedback].[Has Audio Issue]", 2), "False");
  EXPECT_EQ(Key("[AllStreams].[First Echo Event Causes]", 0x12), "POSTAEC_ECHO | MIC_CLIPPING");
  EXPECT_TRUE(Blank("[AllStreams].[First Echo Event Causes]", 0));
}

// The share is of good and poor streams; the cube computes 100 * test / of.
TEST(Measures, PoorPercentageLeavesOutUnclassified) {
  for (const char* medium : {"Audio", "Video", "AppSharing", "VBSS"}) {
    SCOPED_TRACE(medium);
    const std::string prefix = std::string("[Measures].[") + medium;
    const Measure* const percent = FindMeasure(prefix + "PoorPercentage]");
    ASSERT_NE(percent, nullptr);
    const Facts fact = FindMeasure(prefix + " Streams Count]")->test.value;
    EXPECT_TRUE(percent->test(fact | BitOf(Fact::kPoor)));
    EXPECT_FALSE(percent->test(fact | BitOf(Fact::kGood)));
    EXPECT_TRUE(percent->of(fact | BitOf(Fact::kPoor)));
    EXPECT_TRUE(percent->of(fact | BitOf(Fact::kGood)));
    EXPECT_FALSE(percent->of(fact | BitOf(Fact::kUnclassified)));
    EXPECT_FALSE(percent->of(BitOf(Fact::kOtherMedia) | BitOf(Fact::kGood)));
  }
}

TEST(Measures, PublishedOnlineNamesWithASourceExist) {
  for (const char* name : {"Total Stream Count",
                           "Avg Call Duration",
                           "Avg Jitter",
                           "Avg Jitter Max",
                           "Avg Packet Loss Rate",
                           "Avg Packet Loss Rate Max",
                           "Avg Round Trip",
                           "Avg Round Trip Max",
                           "Avg Audio Degradation",
                           "Avg Overall Avg Network MOS",
                           "Avg Send Listen MOS",
                           "Avg Ratio Concealed Samples",
                           "Avg Ratio Stretched Samples",
                           "Avg Video Post FECPLR",
                           "Avg Video Packet Loss Rate",
                           "Avg Video Local Frame Loss Percentage",
                           "Avg Video Low Frame Rate Call Percent",
                           "Avg Video Dynamic Capability Percent",
                           "Avg Video Recv Frame Rate Average",
                           "Avg Video Frame Rate",
                           "Avg AppSharing Spoiled Tile Percent Total",
                           "Avg AppSharing Relative OneWay",
                           "Avg AppSharing RDP Tile Processing Latency",
                           "First Feedback Rating Avg",
                           "Second Feedback Rating Poor Percentage",
                           "First Feedback Token Audio Issue Count",
                           "Avg First Echo Percent Mic In",
                           "Avg Second Audio Recv Noise Level",
                           "First Audio Echo BAD_TIMESTAMP Count",
                           "Second Audio Echo BAD_STATE Count",
                           "Avg First Device Capture Not Functioning Event Ratio",
                           "Audio OnePercent PacketLoss Count",
                           "Audio OnePercent PacketLoss Percentage",
                           "Audio Poor Due To ConcealedRatio Count",
                           "VBSS Poor Due To VideoFrameRateAvg Count",
                           "AppSharing Poor Due To RDPTileProcessingLatencyAverage Count",
                           "Total Short Call Percentage",
                           "Total Answer Seizure Ratio",
                           "Total Audio Stream Duration (Minutes)",
                           "Avg Packet Utilization"}) {
    EXPECT_NE(FindMeasure("[Measures].[" + std::string(name) + "]"), nullptr) << name;
  }
}

}  // namespace
}  // namespace cqd::model
