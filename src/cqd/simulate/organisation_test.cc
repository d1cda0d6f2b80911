#include "simulate/organisation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "simulate/internal/catalogue.h"

namespace cqd::simulate {
namespace {

template <typename Items>
void ExpectUnique(const Items& items, const char* what) {
  std::set<std::string> seen;
  for (const auto& item : items) EXPECT_TRUE(seen.insert(item).second) << what << ": " << item;
}

TEST(Organisation, LookupTextsAreUnique) {
  const Organisation org = MakeOrganisation(11, 2000);
  ExpectUnique(org.addresses, "address");
  ExpectUnique(org.macs, "mac");
  ExpectUnique(org.drivers, "driver");
  ExpectUnique(org.uris, "uri");
  ExpectUnique(org.codecs, "codec");
  std::set<std::string> endpoints;
  for (const Endpoint& endpoint : org.endpoints) {
    EXPECT_TRUE(endpoints.insert(endpoint.name).second) << endpoint.name;
  }
  EXPECT_EQ(org.codecs.size(), static_cast<std::size_t>(kCodecCount));
  EXPECT_EQ(org.employee_count, 2000);
}

TEST(Organisation, HasEveryKindOfAgent) {
  const Organisation org = MakeOrganisation(11, 3000);
  std::set<int> types;
  for (const User& user : org.users) {
    types.insert(org.agents[static_cast<std::size_t>(user.desktop_agent)].ua_type);
    if (user.second_agent >= 0) {
      types.insert(org.agents[static_cast<std::size_t>(user.second_agent)].ua_type);
    }
  }
  for (const ServerMachine& server : org.servers) {
    types.insert(org.agents[static_cast<std::size_t>(server.agent)].ua_type);
  }
  for (const int type :
       {1,     2,     4,     8,     16,    64,    128,   256,   512,   1024,  1032,
        16386, 16393, 16397, 16398, 16399, 16400, 16401, 16402, 16403, 16405, 32769}) {
    EXPECT_TRUE(types.contains(type)) << type;
  }
}

TEST(Organisation, FaultsAreAtTheirNamedPlacesForEverySeed) {
  for (const std::uint64_t seed : {1ULL, 2ULL, ~0ULL}) {
    const Organisation org = MakeOrganisation(seed, 50);
    EXPECT_EQ(org.buildings[static_cast<std::size_t>(org.bad_building)].name, kBadBuildingName);
    EXPECT_EQ(org.access_points[static_cast<std::size_t>(org.bad_access_point)].name,
              kBadAccessPointName);
    EXPECT_EQ(org.sites[static_cast<std::size_t>(org.congested_site)].name, kCongestedSiteName);
  }
}

TEST(Organisation, SubnetsDoNotOverlap) {
  const Organisation org = MakeOrganisation(1, 50);
  for (const Subnet& a : org.subnets) {
    const std::uint32_t mask = ~std::uint32_t{0} << (32 - a.prefix_bits);
    EXPECT_EQ(a.address & mask, a.address) << AddressText(a.address);
    for (const Subnet& b : org.subnets) {
      if (&a == &b) continue;
      EXPECT_NE(b.address & mask, a.address) << AddressText(a.address);
    }
  }
}

TEST(CustomerTables, EveryLineHasTheColumnsOfItsHeader) {
  const Organisation org = MakeOrganisation(1, 50);
  const CustomerTableTexts texts = CustomerTablesOf(org);
  const auto check = [](const std::string& text, std::size_t columns, std::size_t lines) {
    const auto parts = Split(text, '\n');
    EXPECT_EQ(parts.size(), lines + 1);
    EXPECT_EQ(parts.back(), "");
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      EXPECT_EQ(Split(parts[i], ',').size(), columns) << parts[i];
    }
  };
  check(texts.building_types, 2, 4);
  check(texts.ownership_types, 4, 3);
  check(texts.buildings, 14, org.buildings.size() + 1);
  check(texts.network_names, 3, org.subnets.size() + 1);
  check(texts.networks, 5, org.subnets.size() + 1);
  check(texts.access_points, 5, org.access_points.size() + 1);
  check(texts.building_file, 15, org.subnets.size());
  check(texts.coordinates, 4, org.buildings.size() + 1);
  // Buildings are numbered in the order in which the building file names them.
  std::vector<std::string_view> names, in_file;
  for (const std::string_view line : Split(texts.coordinates, '\n')) {
    const auto parts = Split(line, ',');
    if (parts.size() == 4 && parts[0] != "BuildingKey") names.push_back(parts[1]);
  }
  for (const std::string_view line : Split(texts.building_file, '\n')) {
    const auto parts = Split(line, ',');
    if (parts.size() != 15 || parts[3].empty()) continue;
    if (std::find(in_file.begin(), in_file.end(), parts[3]) == in_file.end())
      in_file.push_back(parts[3]);
  }
  EXPECT_EQ(names, in_file);
}

// Widths of reference/cube-model.md 2.6.
TEST(CustomerTables, TextsFitTheirColumns) {
  const Organisation org = MakeOrganisation(1, 50);
  for (const Building& building : org.buildings) {
    EXPECT_LE(building.name.size(), 80U);
    EXPECT_LE(building.short_name.size(), 10U);
  }
  for (const Site& site : org.sites) {
    EXPECT_LE(site.name.size(), 30U);
    EXPECT_LE(site.country.size(), 2U);
    EXPECT_LE(site.state.size(), 3U);
  }
}

}  // namespace
}  // namespace cqd::simulate
