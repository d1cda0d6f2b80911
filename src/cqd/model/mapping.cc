#include "model/mapping.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <unordered_map>

#include "base/text.h"

namespace cqd::model {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// Shown where nothing matches. Source: reference/cube-model.md 2.6 (building 0).
const Building& UnknownBuilding() {
  static const Building kUnknown = [] {
    Building building;
    building.name = "Unknown";
    return building;
  }();
  return kUnknown;
}

/// "00-1A-2b-..", "00:1a:2B:..", "001a.2b.." are one access point.
std::string PlainBssid(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c)) != 0) plain += c;
  }
  return ToLower(plain);
}

/// FNV-1a, 64 bits. It only tells states of the tables apart on one machine.
class Hash {
 public:
  void Add(std::string_view bytes) {
    for (const char c : bytes) AddByte(static_cast<unsigned char>(c));
    AddByte(0);
  }
  void AddByte(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001b3ULL; }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

AgentInfo AgentOf(const KeyEntry& entry) {
  const std::optional<std::int64_t> type = ParseInt(entry.detail);
  if (type.has_value() && *type > 0 && *type <= std::numeric_limits<std::int32_t>::max()) {
    return AgentOfType(static_cast<std::int32_t>(*type), entry.text);
  }
  return AgentOfText(entry.text);
}

}  // namespace

struct Mapping::State {
  const KeyReader* keys = nullptr;
  CustomerTables tables;
  std::array<KeyId, kKeySpaceCount> sizes{};
  // Indexed by key; [0] is "no value".
  std::vector<AgentInfo> agents;
  std::vector<std::size_t> network_of_subnet;    ///< index in tables.networks or kNone
  std::vector<std::size_t> access_point_of;      ///< index in tables.access_points or kNone
  std::vector<std::size_t> building_of_network;  ///< index in tables.buildings or kNone
  std::size_t unknown_building = kNone;
  std::uint64_t inside_corp_hash = 0;

  KeyId Size(KeySpace space) const { return sizes[static_cast<std::size_t>(space)]; }
  /// 1..size, or 0 for everything else.
  std::size_t Known(KeySpace space, std::int64_t key) const {
    return key >= 1 && key <= static_cast<std::int64_t>(Size(space)) ? static_cast<std::size_t>(key)
                                                                     : 0;
  }
  std::optional<bool> InsideCorpOfNetwork(std::size_t network) const {
    const std::size_t building = building_of_network[network];
    return building == kNone ? std::nullopt : tables.buildings[building].inside_corp;
  }

  void ReadSizes();
  void ResolveAgents();
  void ResolveBuildings();
  void ResolveSubnets();
  void ResolveAccessPoints();
  void HashInsideCorp();
};

void Mapping::State::ReadSizes() {
  for (std::size_t space = 0; space < sizes.size(); ++space) {
    sizes[space] = keys->size(static_cast<KeySpace>(space));
  }
}

void Mapping::State::ResolveAgents() {
  agents.resize(std::size_t{Size(KeySpace::kUserAgent)} + 1);
  for (KeyId key = 1; key < agents.size(); ++key) {
    agents[key] = AgentOf(keys->Entry(KeySpace::kUserAgent, key));
  }
}

void Mapping::State::ResolveBuildings() {
  std::unordered_map<std::int64_t, std::size_t> by_key;
  for (std::size_t i = 0; i < tables.buildings.size(); ++i) by_key[tables.buildings[i].key] = i;
  if (const auto unknown = by_key.find(0); unknown != by_key.end()) {
    unknown_building = unknown->second;
  }
  building_of_network.assign(tables.networks.size(), kNone);
  for (std::size_t i = 0; i < tables.networks.size(); ++i) {
    const auto found = by_key.find(tables.networks[i].building_key);
    if (found != by_key.end()) building_of_network[i] = found->second;
  }
}

void Mapping::State::ResolveSubnets() {
  NetworkMap map;
  for (std::size_t i = 0; i < tables.networks.size(); ++i) {
    map.Add(tables.networks[i].address, tables.networks[i].prefix_bits, i);
  }
  network_of_subnet.assign(std::size_t{Size(KeySpace::kSubnet)} + 1, kNone);
  for (KeyId key = 1; key < network_of_subnet.size(); ++key) {
    const auto found = map.Find(keys->Entry(KeySpace::kSubnet, key).text);
    if (found.has_value()) network_of_subnet[key] = *found;
  }
}

void Mapping::State::ResolveAccessPoints() {
  std::unordered_map<std::string, std::size_t> by_bssid;
  for (std::size_t i = 0; i < tables.access_points.size(); ++i) {
    std::string plain = PlainBssid(tables.access_points[i].bssid);
    if (!plain.empty()) by_bssid[std::move(plain)] = i;
  }
  access_point_of.assign(std::size_t{Size(KeySpace::kBssid)} + 1, kNone);
  if (by_bssid.empty()) return;
  for (KeyId key = 1; key < access_point_of.size(); ++key) {
    const auto found = by_bssid.find(PlainBssid(keys->Entry(KeySpace::kBssid, key).text));
    if (found != by_bssid.end()) access_point_of[key] = found->second;
  }
}

// The hash is taken of the tables, not of the subnets seen: a subnet that turns up for the first
// time makes no row stale. While no building says anything, every state is the same.
void Mapping::State::HashInsideCorp() {
  std::vector<std::size_t> order(tables.networks.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto place = [this](std::size_t i) {
    return std::pair<std::string_view, int>(tables.networks[i].address,
                                            tables.networks[i].prefix_bits);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&place](std::size_t a, std::size_t b) { return place(a) < place(b); });
  Hash hash;
  bool any = false;
  for (const std::size_t i : order) {
    const std::optional<bool> inside = InsideCorpOfNetwork(i);
    any = any || inside.has_value();
    hash.Add(tables.networks[i].address);
    hash.Add(std::to_string(tables.networks[i].prefix_bits));
    hash.AddByte(inside.has_value() ? (*inside ? 1 : 0) : 2);
  }
  inside_corp_hash = any ? hash.value() : 0;
}

Mapping::Mapping(const KeyReader& keys, CustomerTables tables) {
  auto state = std::make_unique<State>();
  state->keys = &keys;
  state->tables = std::move(tables);
  state->ReadSizes();
  state->ResolveAgents();
  state->ResolveBuildings();
  state->ResolveSubnets();
  state->ResolveAccessPoints();
  state->HashInsideCorp();
  state_ = std::move(state);
}
Mapping::~Mapping() = default;

const KeyReader& Mapping::keys() const {
  return *state_->keys;
}
const CustomerTables& Mapping::tables() const {
  return state_->tables;
}

KeyEntry Mapping::Entry(KeySpace space, std::int64_t key) const {
  const std::size_t known = state_->Known(space, key);
  return known == 0 ? KeyEntry{} : state_->keys->Entry(space, static_cast<KeyId>(known));
}

const AgentInfo& Mapping::Agent(std::int64_t user_agent) const {
  return state_->agents[state_->Known(KeySpace::kUserAgent, user_agent)];
}

const Network* Mapping::NetworkOf(std::int64_t subnet) const {
  const std::size_t network = state_->network_of_subnet[state_->Known(KeySpace::kSubnet, subnet)];
  return network == kNone ? nullptr : &state_->tables.networks[network];
}

const Building& Mapping::BuildingOf(std::int64_t subnet) const {
  const std::size_t network = state_->network_of_subnet[state_->Known(KeySpace::kSubnet, subnet)];
  std::size_t building = network == kNone ? kNone : state_->building_of_network[network];
  if (building == kNone) building = state_->unknown_building;
  return building == kNone ? UnknownBuilding() : state_->tables.buildings[building];
}

const AccessPoint* Mapping::AccessPointOf(std::int64_t bssid) const {
  const std::size_t found = state_->access_point_of[state_->Known(KeySpace::kBssid, bssid)];
  return found == kNone ? nullptr : &state_->tables.access_points[found];
}

std::optional<bool> Mapping::InsideCorp(std::int64_t subnet) const {
  const std::size_t network = state_->network_of_subnet[state_->Known(KeySpace::kSubnet, subnet)];
  return network == kNone ? std::nullopt : state_->InsideCorpOfNetwork(network);
}

std::uint64_t Mapping::inside_corp_hash() const {
  return state_->inside_corp_hash;
}

}  // namespace cqd::model
