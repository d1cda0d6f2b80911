// Promises: the longest prefix wins for IPv4 and IPv6; text that is no address never matches; keys
// resolve to buildings, networks and access points; only a change of inside flags changes the hash.
#include "model/mapping.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "model/endpoint.h"
#include "model/internal/fake_keys.h"
#include "model/stream.h"

namespace cqd::model {
namespace {

TEST(NetworkMap, LongestPrefixWins) {
  NetworkMap map;
  EXPECT_TRUE(map.Add("10.0.0.0", 8, 1));
  EXPECT_TRUE(map.Add("10.1.0.0", 16, 2));
  EXPECT_TRUE(map.Add("10.1.2.0", 23, 3));
  EXPECT_TRUE(map.Add("10.1.2.7", 32, 4));
  EXPECT_EQ(map.Find("10.9.9.9"), 1U);
  EXPECT_EQ(map.Find("10.1.9.9"), 2U);
  EXPECT_EQ(map.Find("10.1.3.255"), 3U);
  EXPECT_EQ(map.Find("10.1.4.0"), 2U);
  EXPECT_EQ(map.Find("10.1.2.7"), 4U);
  EXPECT_EQ(map.Find("11.0.0.0"), std::nullopt);
}

TEST(NetworkMap, PrefixesFromNothingToEverything) {
  NetworkMap map;
  EXPECT_TRUE(map.Add("0.0.0.0", 0, 7));
  EXPECT_EQ(map.Find("255.255.255.255"), 7U);
  EXPECT_EQ(map.Find("::1"), std::nullopt);
  EXPECT_TRUE(map.Add("::", 0, 8));
  EXPECT_EQ(map.Find("::1"), 8U);
  EXPECT_EQ(map.Find("1.2.3.4"), 7U);
}

TEST(NetworkMap, IPv6) {
  NetworkMap map;
  EXPECT_TRUE(map.Add("2001:db8::", 32, 1));
  EXPECT_TRUE(map.Add("2001:DB8:1::", 49, 2));
  EXPECT_TRUE(map.Add("2001:db8:1::5", 128, 3));
  EXPECT_EQ(map.Find("2001:db8:ffff::"), 1U);
  EXPECT_EQ(map.Find("2001:db8:1:7fff::1"), 2U);
  EXPECT_EQ(map.Find("2001:db8:1:8000::1"), 1U);
  EXPECT_EQ(map.Find("2001:0db8:0001:0:0:0:0:5"), 3U);
  EXPECT_TRUE(map.Add("fe80::", 10, 4));
  EXPECT_EQ(map.Find("fe80::1%4"), 4U);
}

TEST(NetworkMap, IPv4WrittenAsIPv6IsIPv4) {
  NetworkMap map;
  EXPECT_TRUE(map.Add("10.0.0.0", 8, 1));
  EXPECT_EQ(map.Find("::ffff:10.1.2.3"), 1U);
}

TEST(NetworkMap, HostBitsAreIgnoredAndTheLaterRowWins) {
  NetworkMap map;
  EXPECT_TRUE(map.Add("172.16.254.1", 24, 1));
  EXPECT_EQ(map.Find("172.16.254.200"), 1U);
  EXPECT_TRUE(map.Add("172.16.254.0", 24, 2));
  EXPECT_EQ(map.Find("172.16.254.200"), 2U);
}

TEST(NetworkMap, RefusesWhatIsNoNetwork) {
  NetworkMap map;
  for (const char* text : {"", " ", "10.0.0", "10.0.0.256", "10.0.0.0/8", "host", ":::", "1:2"}) {
    EXPECT_FALSE(map.Add(text, 8, 1)) << text;
    EXPECT_EQ(map.Find(text), std::nullopt) << text;
  }
  EXPECT_FALSE(map.Add("10.0.0.0", 33, 1));
  EXPECT_FALSE(map.Add("10.0.0.0", -1, 1));
  EXPECT_FALSE(map.Add("::", 129, 1));
  EXPECT_FALSE(map.Add(std::string(1000, '1'), 8, 1));
  EXPECT_TRUE(map.Add(" 10.0.0.0 ", 8, 1));
}

// Method: a linear search over the rows is the truth.
TEST(NetworkMap, AgreesWithALinearSearch) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const auto text_of = [](std::uint32_t a) {
    return std::to_string(a >> 24) + "." + std::to_string((a >> 16) & 255) + "." +
           std::to_string((a >> 8) & 255) + "." + std::to_string(a & 255);
  };
  struct Row {
    std::uint32_t address;
    int bits;
  };
  std::vector<Row> rows;
  NetworkMap map;
  for (std::size_t i = 0; i < 200; ++i) {
    // Few leading bits vary, so that networks nest.
    rows.push_back(
        {static_cast<std::uint32_t>(random()) & 0x0303ff0fU, static_cast<int>(random() % 33)});
    ASSERT_TRUE(map.Add(text_of(rows[i].address), rows[i].bits, i));
  }
  for (int n = 0; n < 2000; ++n) {
    const std::uint32_t address = static_cast<std::uint32_t>(random()) & 0x0303ff0fU;
    std::optional<std::size_t> expected;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const int bits = rows[i].bits;
      const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
      if ((address & mask) != (rows[i].address & mask)) continue;
      if (!expected.has_value() || bits >= rows[*expected].bits) expected = i;
    }
    ASSERT_EQ(map.Find(text_of(address)), expected) << text_of(address);
  }
}

CustomerTables SampleTables() {
  CustomerTables tables;
  Building unknown;
  unknown.name = "Unknown";
  Building north;
  north.key = 1;
  north.name = "North";
  north.inside_corp = true;
  Building cafe;
  cafe.key = 2;
  cafe.name = "Cafe";
  cafe.inside_corp = false;
  Building plain;
  plain.key = 3;
  plain.name = "Plain";
  tables.buildings = {unknown, north, cafe, plain};
  const auto network = [](const char* address, int bits, std::int64_t building) {
    Network row;
    row.address = address;
    row.prefix_bits = bits;
    row.building_key = building;
    return row;
  };
  tables.networks = {network("10.1.0.0", 16, 1), network("10.1.9.0", 24, 2),
                     network("10.3.0.0", 16, 3), network("10.4.0.0", 16, 99)};
  tables.access_points = {{"00-1a-2B-3c-4d-5e", "controller", "bgn", "ap-7", "North-3"}};
  return tables;
}

TEST(Mapping, ResolvesSubnetsToBuildings) {
  FakeKeys keys;
  const KeyId north = keys.Intern(KeySpace::kSubnet, "10.1.2.0");
  const KeyId by_address = keys.Intern(KeySpace::kSubnet, "10.1.2.77", "address");
  const KeyId cafe = keys.Intern(KeySpace::kSubnet, "10.1.9.0");
  const KeyId plain = keys.Intern(KeySpace::kSubnet, "10.3.1.0");
  const KeyId without_building = keys.Intern(KeySpace::kSubnet, "10.4.1.0");
  const KeyId elsewhere = keys.Intern(KeySpace::kSubnet, "192.168.1.0");
  const KeyId garbage = keys.Intern(KeySpace::kSubnet, "no address");
  const Mapping mapping(keys, SampleTables());

  EXPECT_EQ(mapping.BuildingOf(north).name, "North");
  EXPECT_EQ(mapping.BuildingOf(by_address).name, "North");
  EXPECT_EQ(mapping.BuildingOf(cafe).name, "Cafe");
  ASSERT_NE(mapping.NetworkOf(cafe), nullptr);
  EXPECT_EQ(mapping.NetworkOf(cafe)->prefix_bits, 24);
  EXPECT_EQ(mapping.InsideCorp(north), true);
  EXPECT_EQ(mapping.InsideCorp(cafe), false);
  EXPECT_EQ(mapping.InsideCorp(plain), std::nullopt);
  EXPECT_EQ(mapping.BuildingOf(without_building).name, "Unknown");
  EXPECT_NE(mapping.NetworkOf(without_building), nullptr);
  for (const std::int64_t key :
       {std::int64_t{elsewhere}, std::int64_t{garbage}, std::int64_t{0}, std::int64_t{-5},
        std::int64_t{1000}, std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(mapping.BuildingOf(key).name, "Unknown") << key;
    EXPECT_EQ(mapping.NetworkOf(key), nullptr) << key;
    EXPECT_EQ(mapping.InsideCorp(key), std::nullopt) << key;
  }
}

TEST(Mapping, WithoutTablesEverythingIsUnknown) {
  FakeKeys keys;
  const KeyId subnet = keys.Intern(KeySpace::kSubnet, "10.1.2.0");
  const Mapping mapping(keys, {});
  EXPECT_EQ(mapping.BuildingOf(subnet).name, "Unknown");
  EXPECT_EQ(mapping.BuildingOf(subnet).key, 0);
  EXPECT_EQ(mapping.inside_corp_hash(), 0U);
}

TEST(Mapping, AccessPointsMatchInAnySpelling) {
  FakeKeys keys;
  const KeyId dashes = keys.Intern(KeySpace::kBssid, "00-1A-2b-3C-4d-5e");
  const KeyId colons = keys.Intern(KeySpace::kBssid, "00:1a:2b:3c:4d:5e");
  const KeyId plain = keys.Intern(KeySpace::kBssid, "001a2b3c4d5e");
  const KeyId other = keys.Intern(KeySpace::kBssid, "00-1a-2b-3c-4d-5f");
  const KeyId words = keys.Intern(KeySpace::kBssid, "-:-");
  const Mapping mapping(keys, SampleTables());
  for (const KeyId key : {dashes, colons, plain}) {
    ASSERT_NE(mapping.AccessPointOf(key), nullptr);
    EXPECT_EQ(mapping.AccessPointOf(key)->ap_name, "ap-7");
  }
  EXPECT_EQ(mapping.AccessPointOf(other), nullptr);
  EXPECT_EQ(mapping.AccessPointOf(words), nullptr);
  EXPECT_EQ(mapping.AccessPointOf(0), nullptr);
}

TEST(Mapping, AgentsByTypeElseByText) {
  FakeKeys keys;
  const KeyId typed = keys.Intern(KeySpace::kUserAgent, "whatever", "16400");
  const KeyId untyped = keys.Intern(KeySpace::kUserAgent, "RTCC/5.0.0.0 AV-MCU/5.0.8308.920");
  const KeyId zero = keys.Intern(KeySpace::kUserAgent, "UCCAPI/16.0 OC/16.0", "0");
  const KeyId bad = keys.Intern(KeySpace::kUserAgent, "a", "99999999999999");
  const Mapping mapping(keys, {});
  EXPECT_EQ(mapping.Agent(typed).name, "AndroidLync");
  EXPECT_EQ(mapping.Agent(untyped).name, "AV-MCU");
  EXPECT_EQ(mapping.Agent(zero).name, "OC");
  EXPECT_EQ(mapping.Agent(bad).type, 0);
  EXPECT_EQ(mapping.Agent(0).type, 0);
  EXPECT_EQ(mapping.Agent(-1).type, 0);
}

TEST(Mapping, EntryIsEmptyForUnknownKeys) {
  FakeKeys keys;
  const KeyId codec = keys.Intern(KeySpace::kCodec, "SILKWide");
  const Mapping mapping(keys, {});
  EXPECT_EQ(mapping.Entry(KeySpace::kCodec, codec).text, "SILKWide");
  const KeyId newer = keys.Intern(KeySpace::kCodec, "x-msrta");
  EXPECT_EQ(mapping.Entry(KeySpace::kCodec, newer).text, "");
  EXPECT_EQ(mapping.Entry(KeySpace::kCodec, 0).text, "");
  EXPECT_EQ(mapping.Entry(KeySpace::kCodec, -1).text, "");
}

TEST(Mapping, HashChangesWithInsideFlagsAlone) {
  FakeKeys keys;
  keys.Intern(KeySpace::kSubnet, "10.1.2.0");
  const std::uint64_t before = Mapping(keys, SampleTables()).inside_corp_hash();

  keys.Intern(KeySpace::kSubnet, "10.1.3.0");
  CustomerTables renamed = SampleTables();
  renamed.version = 9;
  renamed.buildings[1].name = "South";
  std::reverse(renamed.networks.begin(), renamed.networks.end());
  EXPECT_EQ(Mapping(keys, renamed).inside_corp_hash(), before);

  CustomerTables outside = SampleTables();
  outside.buildings[1].inside_corp = false;
  EXPECT_NE(Mapping(keys, outside).inside_corp_hash(), before);
  CustomerTables moved = SampleTables();
  moved.networks[0].building_key = 2;
  EXPECT_NE(Mapping(keys, moved).inside_corp_hash(), before);
  CustomerTables fewer = SampleTables();
  fewer.networks.pop_back();
  fewer.networks.erase(fewer.networks.begin());
  EXPECT_NE(Mapping(keys, fewer).inside_corp_hash(), before);
}

TEST(EndpointDetail, SurvivesTheWayThereAndBack) {
  const EndpointDetail full = {"Windows 6.1.7601 SP: 1.0", "Intel(R) Core(TM) i7", 8, 2600, 1};
  EXPECT_EQ(DecodeEndpointDetail(EncodeEndpointDetail(full)), full);
  EXPECT_EQ(EncodeEndpointDetail({}), "");
  EXPECT_EQ(DecodeEndpointDetail(""), EndpointDetail{});
  EndpointDetail some;
  some.cpu_mhz = 0;
  EXPECT_EQ(DecodeEndpointDetail(EncodeEndpointDetail(some)), some);
  EXPECT_EQ(DecodeEndpointDetail("os\x1f"
                                 "cpu\x1fmany")
                .cpu_cores,
            std::nullopt);
  EXPECT_EQ(EncodeEndpointDetail({"a\x1f"
                                  "b",
                                  "",
                                  {},
                                  {},
                                  {}}),
            "a b\x1f\x1f\x1f\x1f");
}

constexpr std::int64_t kDay = 86'400;

/// One network by several rows.
Network DatedNetwork(std::int64_t building, std::optional<std::int64_t> from_day,
                     std::optional<std::int64_t> until_day, int prefix_bits = 24) {
  Network network;
  network.address = "10.1.2.0";
  network.prefix_bits = prefix_bits;
  network.building_key = building;
  network.valid_from_day = from_day;
  network.valid_until_day = until_day;
  return network;
}

CustomerTables ThreeBuildings(std::vector<Network> networks) {
  CustomerTables tables;
  for (const char* name : {"Unknown", "A", "B", "C"}) {
    Building building;
    building.key = static_cast<std::int64_t>(tables.buildings.size());
    building.name = name;
    if (building.key == 2) building.inside_corp = true;
    tables.buildings.push_back(building);
  }
  tables.networks = std::move(networks);
  return tables;
}

TEST(MappingDates, ASubnetMeansWhatIsValidWhenTheStreamStarted) {
  FakeKeys keys;
  const KeyId subnet = keys.Intern(KeySpace::kSubnet, "10.1.2.0");
  const KeyId other = keys.Intern(KeySpace::kSubnet, "10.9.0.0");
  // A until day 100, nothing of its own until day 200 (then the wider network C), B from 200 on.
  const Mapping mapping(keys, ThreeBuildings({DatedNetwork(1, {}, 100), DatedNetwork(2, 200, {}),
                                              DatedNetwork(3, {}, {}, 16)}));
  const auto at = [&](std::int64_t second) { return mapping.PlaceOf(subnet, second); };
  EXPECT_EQ(mapping.BuildingOf(at(-5 * kDay)).name, "A");
  EXPECT_EQ(mapping.BuildingOf(at(100 * kDay - 1)).name, "A");
  EXPECT_EQ(mapping.BuildingOf(at(100 * kDay)).name, "C");
  EXPECT_EQ(mapping.BuildingOf(at(200 * kDay - 1)).name, "C");
  EXPECT_EQ(mapping.BuildingOf(at(200 * kDay)).name, "B");
  EXPECT_EQ(mapping.InsideCorp(at(200 * kDay)), true);
  EXPECT_EQ(mapping.InsideCorp(at(0)), std::nullopt);
  EXPECT_EQ(mapping.NetworkOf(at(150 * kDay))->prefix_bits, 16);
  EXPECT_EQ(mapping.Entry(KeySpace::kSubnet, at(300 * kDay)).text, "10.1.2.0");
  EXPECT_EQ(Mapping::SubnetOf(at(300 * kDay)), static_cast<std::int64_t>(subnet));
  EXPECT_EQ(mapping.PlaceOf(other, 0), static_cast<std::int64_t>(other));
  EXPECT_EQ(mapping.PlaceOf(kNull, 0), kNull);
  EXPECT_EQ(mapping.BuildingOf(kNull).key, 0);
  EXPECT_EQ(Mapping::SubnetOf(kNull), kNull);
}

TEST(MappingDates, LaterLayersHoldForLaterStreams) {
  FakeKeys keys;
  const KeyId subnet = keys.Intern(KeySpace::kSubnet, "10.1.2.0");
  std::vector<MappingLayer> layers(3);
  layers[0].tables = ThreeBuildings({DatedNetwork(1, {}, {})});
  layers[1] = {ThreeBuildings({DatedNetwork(1, {}, {})}), 1000};  // means the same
  layers[2] = {ThreeBuildings({DatedNetwork(2, {}, {})}), 2000};
  layers[2].tables.buildings[2].name = "B renamed";
  const Mapping mapping(layers, keys);
  EXPECT_EQ(mapping.PlaceOf(subnet, 0), mapping.PlaceOf(subnet, 1999));
  EXPECT_EQ(mapping.BuildingOf(mapping.PlaceOf(subnet, 1999)).name, "A");
  EXPECT_EQ(mapping.BuildingOf(mapping.PlaceOf(subnet, 2000)).name, "B renamed");
  EXPECT_EQ(mapping.tables().buildings[2].name, "B renamed");
}

TEST(MappingDates, TheHashKnowsWhatRowsDependOn) {
  FakeKeys keys;
  keys.Intern(KeySpace::kSubnet, "10.1.2.0");
  const auto hash = [&](std::vector<Network> networks) {
    return Mapping(keys, ThreeBuildings(std::move(networks))).PlaceHash(1);
  };
  const std::uint64_t plain = hash({DatedNetwork(1, {}, {})});
  EXPECT_EQ(plain, hash({DatedNetwork(3, {}, {})}));  // neither says inside or outside
  EXPECT_NE(plain, hash({DatedNetwork(2, {}, {})}));
  const std::uint64_t dated = hash({DatedNetwork(1, {}, 100), DatedNetwork(3, 100, {})});
  EXPECT_NE(plain, dated);
  EXPECT_NE(dated, hash({DatedNetwork(1, {}, 101), DatedNetwork(3, 101, {})}));
}

}  // namespace
}  // namespace cqd::model
