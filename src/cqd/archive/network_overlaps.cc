#include "archive/network_overlaps.h"

#include <arpa/inet.h>

#include <array>
#include <compare>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace cqd::archive {
namespace {

/// An address cut to its first bits; ordered by family, address, length.
struct Prefix {
  int family = 0;
  std::array<unsigned char, 16> bytes{};
  int bits = 0;
  auto operator<=>(const Prefix&) const = default;
};

struct Row {
  std::string network;
  int range = 0;
  std::int64_t building_key = 0;
  std::string building;
};

Prefix Cut(Prefix prefix, int bits) {
  for (int bit = bits; bit < 128; ++bit) {
    prefix.bytes[static_cast<std::size_t>(bit / 8)] &=
        static_cast<unsigned char>(~(0x80U >> (bit % 8)));
  }
  prefix.bits = bits;
  return prefix;
}

std::optional<Prefix> PrefixOf(const Row& row) {
  for (const int family : {AF_INET, AF_INET6}) {
    Prefix prefix;
    prefix.family = family;
    if (inet_pton(family, row.network.c_str(), prefix.bytes.data()) != 1) continue;
    if (row.range < 0 || row.range > (family == AF_INET ? 32 : 128)) return std::nullopt;
    return Cut(prefix, row.range);
  }
  return std::nullopt;
}

Result<std::multimap<Prefix, Row>> ReadNetworks(sqlite::Database& main) {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement row,
      main.Prepare(
          "SELECT Network, coalesce(NetworkRange, CASE WHEN instr(Network, ':') THEN 128 ELSE 32 "
          "END), coalesce(CqdNetwork.BuildingKey, 0), CASE WHEN coalesce(CqdNetwork.BuildingKey, "
          "0) = 0 THEN '' ELSE BuildingName END FROM CqdNetwork LEFT JOIN CqdBuilding "
          "USING(BuildingKey)"));
  std::multimap<Prefix, Row> networks;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return networks;
    Row network{std::string(row.Text(0)), static_cast<int>(row.Int(1)), row.Int(2),
                std::string(row.Text(3))};
    if (const auto prefix = PrefixOf(network)) networks.emplace(*prefix, std::move(network));
  }
}

}  // namespace

Result<std::vector<NetworkOverlap>> FindNetworkOverlaps(sqlite::Database& main) {
  CQD_ASSIGN_OR_RETURN(const auto networks, ReadNetworks(main));
  std::set<std::pair<int, int>> lengths;  // of each family: few, however many networks there are
  for (const auto& [prefix, row] : networks) lengths.emplace(prefix.family, prefix.bits);
  std::vector<NetworkOverlap> overlaps;
  const Row* before = nullptr;
  const Prefix* before_prefix = nullptr;
  for (const auto& [prefix, row] : networks) {
    // Two spellings of one network (10.0.0.0/24 and 10.0.0.7/24, by plain SQL) stand side by side.
    const Row* outer = before_prefix != nullptr && *before_prefix == prefix ? before : nullptr;
    for (auto length = lengths.lower_bound({prefix.family, prefix.bits});
         outer == nullptr && length != lengths.begin();) {
      --length;
      if (length->first != prefix.family) break;
      const auto found = networks.find(Cut(prefix, length->second));
      if (found != networks.end()) outer = &found->second;
    }
    if (outer != nullptr && outer->building_key != row.building_key) {
      overlaps.push_back(
          {row.network, row.range, row.building, outer->network, outer->range, outer->building});
    }
    before = &row;
    before_prefix = &prefix;
  }
  return overlaps;
}

}  // namespace cqd::archive
