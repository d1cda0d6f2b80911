#include "model/mapping.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <set>
#include <unordered_map>

#include "base/text.h"

namespace cqd::model {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kBeginOfTime = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kEndOfTime = std::numeric_limits<std::int64_t>::max();
// Places: keys have 32 bits, the part of time stands above them.
constexpr int kPartShift = 32;
constexpr std::int64_t kKeyMask = (std::int64_t{1} << kPartShift) - 1;

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
  /// A subnet from a moment on.
  struct Part {
    std::int64_t from_s = kBeginOfTime;
    std::size_t network = kNone;
  };

  const KeyReader* keys = nullptr;
  std::vector<MappingLayer> layers;
  // Of all layers, one behind the other.
  std::vector<Building> buildings;
  std::vector<Network> networks;
  std::array<KeyId, kKeySpaceCount> sizes{};
  // Indexed by key; [0] is "no value".
  std::vector<AgentInfo> agents;
  std::vector<std::size_t> network_of_subnet;    ///< of the earliest part, or kNone
  std::vector<std::size_t> access_point_of;      ///< index in the tables' access_points or kNone
  std::vector<std::size_t> building_of_network;  ///< index in buildings or kNone
  std::unordered_map<KeyId, std::vector<Part>> parts;  ///< of subnets with more than one
  std::size_t unknown_building = kNone;
  std::uint64_t inside_corp_hash = 0;

  const CustomerTables& tables() const { return layers.back().tables; }
  KeyId Size(KeySpace space) const { return sizes[static_cast<std::size_t>(space)]; }
  /// 1..size, or 0 for everything else.
  std::size_t Known(KeySpace space, std::int64_t key) const {
    return key >= 1 && key <= static_cast<std::int64_t>(Size(space)) ? static_cast<std::size_t>(key)
                                                                     : 0;
  }
  std::optional<bool> InsideCorpOfNetwork(std::size_t network) const {
    const std::size_t building = network == kNone ? kNone : building_of_network[network];
    return building == kNone ? std::nullopt : buildings[building].inside_corp;
  }
  /// Index in networks or kNone.
  std::size_t NetworkAt(std::int64_t place) const;

  void ReadSizes();
  void ResolveAgents();
  void ResolveBuildings();
  void ResolveSubnets();
  void ResolveAccessPoints();
  void HashInsideCorp();
  bool MeansTheSame(std::size_t a, std::size_t b) const;
};

namespace {

/// The networks of one layer, by address; equal networks with different dates are one group.
class LayerNetworks {
 public:
  /// `first` is the place of the layer's first network among those of all layers.
  LayerNetworks(const std::vector<Network>& networks, std::size_t first) : first_(first) {
    networks_ = &networks;
    for (std::size_t i = 0; i < networks.size(); ++i) {
      const auto group =
          map_.FindOrAdd(networks[i].address, networks[i].prefix_bits, groups_.size());
      if (!group) continue;
      if (*group == groups_.size()) groups_.emplace_back();
      groups_[*group].push_back(i);
    }
  }

  /// Calls part(from_s, network) in order of time for [begin_s, end_s).
  template <typename AddPart>
  void ForParts(std::string_view address, std::int64_t begin_s, std::int64_t end_s,
                const AddPart& part) const {
    const std::vector<std::size_t> found = map_.FindAll(address);
    std::set<std::int64_t> moments = {begin_s};
    for (const std::size_t group : found) {
      if (!AddMoments(groups_[group], moments)) break;
    }
    for (const std::int64_t moment : moments) {
      if (moment >= begin_s && moment < end_s) part(moment, NetworkAt(found, moment));
    }
  }

 private:
  static std::int64_t BeginOf(const Network& n) {
    return n.valid_from_day ? *n.valid_from_day * kSecondsPerDay : kBeginOfTime;
  }
  static std::int64_t EndOf(const Network& n) {
    return n.valid_until_day ? *n.valid_until_day * kSecondsPerDay : kEndOfTime;
  }
  /// False when a row of the group is always valid: shorter prefixes then never count.
  bool AddMoments(const std::vector<std::size_t>& group, std::set<std::int64_t>& moments) const {
    bool dated = true;
    for (const std::size_t i : group) {
      const Network& network = (*networks_)[i];
      dated = dated && (network.valid_from_day || network.valid_until_day);
      moments.insert(BeginOf(network));
      moments.insert(EndOf(network));
    }
    return dated;
  }
  std::size_t NetworkAt(const std::vector<std::size_t>& found, std::int64_t moment) const {
    for (const std::size_t group : found) {
      // Of equal rows the later one wins.
      for (auto i = groups_[group].rbegin(); i != groups_[group].rend(); ++i) {
        const Network& network = (*networks_)[*i];
        if (BeginOf(network) <= moment && moment < EndOf(network)) return first_ + *i;
      }
    }
    return kNone;
  }

  const std::vector<Network>* networks_;
  std::size_t first_;
  NetworkMap map_;
  std::vector<std::vector<std::size_t>> groups_;
};

}  // namespace

std::size_t Mapping::State::NetworkAt(std::int64_t place) const {
  const std::size_t subnet = Known(KeySpace::kSubnet, SubnetOf(place));
  const auto part = static_cast<std::size_t>(place > 0 ? place >> kPartShift : 0);
  if (part == 0) return network_of_subnet[subnet];
  const auto found = parts.find(static_cast<KeyId>(subnet));
  if (found == parts.end() || part >= found->second.size()) return network_of_subnet[subnet];
  return found->second[part].network;
}

bool Mapping::State::MeansTheSame(std::size_t a, std::size_t b) const {
  if (a == b) return true;
  if (a == kNone || b == kNone) return false;
  Network other = networks[b];  // dates are no part of the meaning
  other.valid_from_day = networks[a].valid_from_day;
  other.valid_until_day = networks[a].valid_until_day;
  if (networks[a] != other) return false;
  const std::size_t x = building_of_network[a];
  const std::size_t y = building_of_network[b];
  if (x == kNone || y == kNone) return x == y;
  return buildings[x] == buildings[y];
}

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
  for (const MappingLayer& layer : layers) {
    std::unordered_map<std::int64_t, std::size_t> by_key;
    for (const Building& building : layer.tables.buildings) {
      by_key[building.key] = buildings.size();
      buildings.push_back(building);
    }
    for (const Network& network : layer.tables.networks) {
      const auto found = by_key.find(network.building_key);
      building_of_network.push_back(found == by_key.end() ? kNone : found->second);
      networks.push_back(network);
    }
    const auto unknown = by_key.find(0);
    unknown_building = unknown == by_key.end() ? kNone : unknown->second;
  }
}

void Mapping::State::ResolveSubnets() {
  std::vector<LayerNetworks> by_layer;
  std::size_t first = 0;
  for (const MappingLayer& layer : layers) {
    by_layer.emplace_back(layer.tables.networks, first);
    first += layer.tables.networks.size();
  }
  network_of_subnet.assign(std::size_t{Size(KeySpace::kSubnet)} + 1, kNone);
  std::vector<Part> of_subnet;
  for (KeyId key = 1; key < network_of_subnet.size(); ++key) {
    const KeyEntry entry = keys->Entry(KeySpace::kSubnet, key);
    of_subnet.clear();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::int64_t begin_s = i == 0 ? kBeginOfTime : layers[i].from_s;
      const std::int64_t end_s = i + 1 < layers.size() ? layers[i + 1].from_s : kEndOfTime;
      by_layer[i].ForParts(
          entry.text, begin_s, end_s, [&](std::int64_t from_s, std::size_t network) {
            if (of_subnet.empty() || !MeansTheSame(of_subnet.back().network, network))
              of_subnet.push_back({from_s, network});
          });
    }
    network_of_subnet[key] = of_subnet.front().network;
    if (of_subnet.size() > 1) parts[key] = of_subnet;
  }
}

void Mapping::State::ResolveAccessPoints() {
  std::unordered_map<std::string, std::size_t> by_bssid;
  for (std::size_t i = 0; i < tables().access_points.size(); ++i) {
    std::string plain = PlainBssid(tables().access_points[i].bssid);
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
  std::vector<std::size_t> order(networks.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto place = [this](std::size_t i) {
    return std::pair<std::string_view, int>(networks[i].address, networks[i].prefix_bits);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&place](std::size_t a, std::size_t b) { return place(a) < place(b); });
  Hash hash;
  bool any = false;
  for (const std::size_t i : order) {
    const std::optional<bool> inside = InsideCorpOfNetwork(i);
    any = any || inside.has_value();
    hash.Add(networks[i].address);
    hash.Add(std::to_string(networks[i].prefix_bits));
    hash.AddByte(inside.has_value() ? (*inside ? 1 : 0) : 2);
  }
  inside_corp_hash = any ? hash.value() : 0;
}

namespace {

std::vector<MappingLayer> OneLayer(CustomerTables tables) {
  std::vector<MappingLayer> layers(1);
  layers.front().tables = std::move(tables);
  return layers;
}

}  // namespace

Mapping::Mapping(const KeyReader& keys, CustomerTables tables)
    : Mapping(OneLayer(std::move(tables)), keys) {}

Mapping::Mapping(std::vector<MappingLayer> layers, const KeyReader& keys) {
  auto state = std::make_unique<State>();
  state->keys = &keys;
  state->layers = std::move(layers);
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
  return state_->tables();
}

std::int64_t Mapping::SubnetOf(std::int64_t place) {
  return place <= 0 ? place : place & kKeyMask;
}

bool Mapping::IsDated(std::int64_t subnet) const {
  return subnet > 0 && state_->parts.contains(static_cast<KeyId>(subnet));
}

std::int64_t Mapping::PlaceOf(std::int64_t subnet, std::int64_t start_s) const {
  if (state_->parts.empty() || subnet <= 0) return subnet;
  const auto found = state_->parts.find(static_cast<KeyId>(subnet));
  if (found == state_->parts.end()) return subnet;
  const auto& parts = found->second;
  const auto after = std::partition_point(
      parts.begin(), parts.end(), [start_s](const auto& part) { return part.from_s <= start_s; });
  // The first part begins with time itself.
  const std::int64_t part = after == parts.begin() ? 0 : after - parts.begin() - 1;
  return subnet | part << kPartShift;
}

std::uint64_t Mapping::PlaceHash(std::uint32_t subnet_count) const {
  Hash hash;
  const auto add_inside = [&](std::size_t network) {
    const std::optional<bool> inside = state_->InsideCorpOfNetwork(network);
    hash.AddByte(inside.has_value() ? (*inside ? 1 : 0) : 2);
  };
  for (std::uint32_t subnet = 1; subnet <= subnet_count; ++subnet) {
    const auto parts = state_->parts.find(subnet);
    if (parts == state_->parts.end()) {
      add_inside(subnet < state_->network_of_subnet.size() ? state_->network_of_subnet[subnet]
                                                           : kNone);
      continue;
    }
    for (const State::Part& part : parts->second) {
      hash.Add(std::to_string(part.from_s));
      add_inside(part.network);
    }
    hash.AddByte(3);
  }
  return hash.value();
}

KeyEntry Mapping::Entry(KeySpace space, std::int64_t key) const {
  if (space == KeySpace::kSubnet) key = SubnetOf(key);
  const std::size_t known = state_->Known(space, key);
  return known == 0 ? KeyEntry{} : state_->keys->Entry(space, static_cast<KeyId>(known));
}

const AgentInfo& Mapping::Agent(std::int64_t user_agent) const {
  return state_->agents[state_->Known(KeySpace::kUserAgent, user_agent)];
}

const Network* Mapping::NetworkOf(std::int64_t subnet) const {
  const std::size_t network = state_->NetworkAt(subnet);
  return network == kNone ? nullptr : &state_->networks[network];
}

const Building& Mapping::BuildingOf(std::int64_t subnet) const {
  const std::size_t network = state_->NetworkAt(subnet);
  std::size_t building = network == kNone ? kNone : state_->building_of_network[network];
  if (building == kNone) building = state_->unknown_building;
  return building == kNone ? UnknownBuilding() : state_->buildings[building];
}

const AccessPoint* Mapping::AccessPointOf(std::int64_t bssid) const {
  const std::size_t found = state_->access_point_of[state_->Known(KeySpace::kBssid, bssid)];
  return found == kNone ? nullptr : &state_->tables().access_points[found];
}

std::optional<bool> Mapping::InsideCorp(std::int64_t subnet) const {
  return state_->InsideCorpOfNetwork(state_->NetworkAt(subnet));
}

std::uint64_t Mapping::inside_corp_hash() const {
  return state_->inside_corp_hash;
}

}  // namespace cqd::model
