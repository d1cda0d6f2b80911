// What keys mean at one moment: the building of a subnet, the access point of a BSSID, the kind of
// a user agent. Everything here is a function of a key, so a change of buildings changes small
// arrays, not streams.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/customer.h"
#include "model/key_space.h"

namespace cqd::model {

/// What is known of a user agent. Source: UserAgentDef, reference/qoe-metrics-schema.md 2; servers
/// and mobile clients reference/cube-model.md 2.4, 2.5.
struct AgentInfo {
  std::int32_t type = 0;      ///< UAType, 0 unknown
  std::string_view name;      ///< UAName, "" unknown
  std::string_view category;  ///< UACategory, "" unknown
  bool is_server = false;
  bool is_mobile = false;
};
/// The whole published content of UserAgentDef: 39 rows, by type; types 64 and 512 stand twice.
std::span<const AgentInfo> AgentDefinitions();
/// By type; for types with several names the one that occurs in `agent` (the agent string).
AgentInfo AgentOfType(std::int32_t type, std::string_view agent);
/// Recognises a type from the agent string alone (collected reports of Microsoft clients); type 0
/// otherwise.
AgentInfo AgentOfText(std::string_view agent);

/// Finds the network with the longest prefix that contains an address. IPv4 and IPv6.
/// Cost: at most 33 (129) hash lookups. Threads: const methods from any.
class NetworkMap {
 public:
  NetworkMap();
  NetworkMap(NetworkMap&&) noexcept;
  NetworkMap& operator=(NetworkMap&&) noexcept;
  ~NetworkMap();
  /// `index` is handed back by Find. False when `address` is no address or `prefix_bits` out of
  /// range; the later of two equal rows wins. A row with host bits set (172.16.254.1/24) counts as
  /// its network.
  bool Add(std::string_view address, int prefix_bits, std::size_t index);
  /// The index of the longest match, nullopt when none or `address` is no address.
  std::optional<std::size_t> Find(std::string_view address) const;
  /// As Add, but an equal network that is there stays: its index, or `index` when it is new;
  /// nullopt where Add gives false.
  std::optional<std::size_t> FindOrAdd(std::string_view address, int prefix_bits,
                                       std::size_t index);
  /// The indexes of all networks that contain an address, longest prefix first.
  std::vector<std::size_t> FindAll(std::string_view address) const;

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

/// Resolved for all keys known when it was made. Immutable; threads: any.
///
/// What a subnet means may depend on when a stream started: rows of CqdNetwork have validity dates,
/// and later tables may hold for later streams only (layers). A *place* is a subnet at such a time:
/// the subnet's key while its meaning never changes, else the key with the number of the part of
/// time above its 32 bits. Wherever a subnet is taken below, a place may stand; a bare key means
/// the earliest part.
class Mapping {
 public:
  /// Cost: one lookup a dictionary entry. `keys` must outlive the mapping.
  Mapping(const KeyReader& keys, CustomerTables tables);
  /// Each layer holds from its `from_s` to that of the next; the first from the beginning of time.
  /// What is no subnet's (access points) is that of the last layer for all streams. Precondition:
  /// at least one layer, `from_s` ascending.
  Mapping(std::vector<MappingLayer> layers, const KeyReader& keys);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  const KeyReader& keys() const;
  /// Those of the last layer.
  const CustomerTables& tables() const;
  /// The place of a subnet for a stream that started in that second of the reporting zone's wall
  /// clock; null (negative) stays.
  std::int64_t PlaceOf(std::int64_t subnet, std::int64_t start_s) const;
  /// Whether PlaceOf depends on the time.
  bool IsDated(std::int64_t subnet) const;
  /// The subnet of a place; null stays.
  static std::int64_t SubnetOf(std::int64_t place);
  /// Equal when rows derived before, with keys of the first `subnet_count` subnets, need not be
  /// derived again: same places, and inside or outside alike.
  std::uint64_t PlaceHash(std::uint32_t subnet_count) const;
  /// Entry behind a key; empty texts for kNoKey, null (negative) and keys newer than this mapping.
  KeyEntry Entry(KeySpace space, std::int64_t key) const;
  const AgentInfo& Agent(std::int64_t user_agent) const;
  /// Building 0 "Unknown" when nothing matches.
  const Building& BuildingOf(std::int64_t subnet) const;
  /// nullptr when nothing matches.
  const Network* NetworkOf(std::int64_t subnet) const;
  const AccessPoint* AccessPointOf(std::int64_t bssid) const;
  /// Building's InsideCorp where the subnet maps to a building that says so; nullopt otherwise.
  std::optional<bool> InsideCorp(std::int64_t subnet) const;
  /// Changes when any subnet's InsideCorp changed: rows derived before are then stale.
  std::uint64_t inside_corp_hash() const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace cqd::model
