// Attributes of both ends together. Source: reference/cube-model.md 2.1, 2.7 "Pairs".
#include "model/endpoint.h"
#include "model/internal/agent_text.h"
#include "model/internal/catalog.h"

namespace cqd::model {
namespace {

constexpr const char* kSource = "reference/cube-model.md 2.7";

/// One side's text; "" when unknown.
using SideText = std::function<std::string(Value value, const Mapping& mapping)>;

MemberFunction PairOf(SideText text) {
  return [text = std::move(text)](Value a, Value b, const Mapping& mapping) {
    return PairMember(text(a, mapping), text(b, mapping));
  };
}

std::string FlagWord(Value flag, const char* word_1, const char* word_0) {
  return flag == kNull ? "" : flag != 0 ? word_1 : word_0;
}

std::string LinkText(Value link, const Mapping&) {
  if (link < 0) return {};
  return std::string(ConnectionClassName(static_cast<ConnectionClass>(link & 0xff)));
}

std::string IceText(Value ice, const Mapping&) {
  const std::string_view name = IceName(ice);
  return !name.empty() ? std::string(name) : ice == kNull ? "" : std::to_string(ice);
}

std::string OsText(Value endpoint, const Mapping& mapping) {
  return DecodeEndpointDetail(mapping.Entry(KeySpace::kEndpoint, endpoint).detail).os;
}

/// Blank in pairs where the later product would leave it blank.
std::string BuildingText(Value subnet, const Mapping& mapping) {
  const Building& building = mapping.BuildingOf(subnet);
  return building.key == 0 ? std::string() : building.name;
}

Member MediaRelayMember(Value first, Value second, const Mapping& mapping) {
  std::string_view a = mapping.Entry(KeySpace::kAddress, first).text;
  std::string_view b = mapping.Entry(KeySpace::kAddress, second).text;
  if (b < a) std::swap(a, b);
  if (a.empty() || a == b) return TextMember(b);
  return TextMember(std::string(a) + " + " + std::string(b));
}

/// "Client-Inside--Server-Inside-wifi": the ends in alphabetical order, then wifi when a client is
/// on Wi-Fi, else wired when all clients are wired, else other. Source: the example of
/// reference/cube-model.md 2.4, the rule for Wi-Fi of 2.5.
Member OnlineScenarioMember(Value packed, Value, const Mapping&) {
  if (packed < 0 || packed >= 1024) return BlankMember();
  const Scenario scenario = Scenario::Unpack(packed);
  const auto end = [](bool server, bool inside) {
    return std::string(server ? "Server-" : "Client-") + (inside ? "Inside" : "Outside");
  };
  std::string a = end(scenario.first_is_server, scenario.first_inside);
  std::string b = end(scenario.second_is_server, scenario.second_inside);
  if (b < a) std::swap(a, b);
  bool any_wifi = false;
  bool all_wired = true;
  const auto look = [&](bool server, ConnectionClass link) {
    if (server) return;
    any_wifi = any_wifi || link == ConnectionClass::kWifi;
    all_wired = all_wired && link == ConnectionClass::kWired;
  };
  look(scenario.first_is_server, scenario.first_link);
  look(scenario.second_is_server, scenario.second_link);
  return TextMember(a + "--" + b + (any_wifi ? "-wifi" : all_wired ? "-wired" : "-other"));
}

}  // namespace

void AddPairAttributes(Catalog& catalog) {
  const auto add = [&](const char* category, const char* name, const char* alias, CubeColumn first,
                       SideText text, const char* description, bool proven = false) {
    catalog.Add({.category = category,
                 .name = name,
                 .aliases = {AllStreams(alias)},
                 .input = first,
                 .second_input = SecondOf(first),
                 .member = PairOf(std::move(text)),
                 .proven = proven,
                 .description = description,
                 .source = proven ? "reference/cube-model.md 2.1" : kSource});
  };
  add(
      "Access Location Pair", "Location Pair", "Inside Corp Pair", CubeColumn::kFirstInsideCorp,
      [](Value inside, const Mapping&) { return FlagWord(inside, "Inside", "Outside"); },
      "Places of both ends, in alphabetical order", true);
  add("Network Connection Pair", "Network Connection Detail Pair", "Network Connection Detail Pair",
      CubeColumn::kFirstLink, LinkText, "Connections of both ends, in alphabetical order");
  add(
      "User Agent Pair", "User Agent Category Pair", "User Agent Category Pair",
      CubeColumn::kFirstUserAgent,
      [](Value agent, const Mapping& mapping) {
        return std::string(mapping.Agent(agent).category);
      },
      "Agent categories of both ends, in alphabetical order");
  add(
      "Is Server Pair", "Is Server Pair", "Is Server Pair", CubeColumn::kFirstIsServer,
      [](Value server, const Mapping&) { return FlagWord(server, "Server", "Client"); },
      "Roles of both ends, in alphabetical order");
  add("Connectivity Pair", "Connectivity Ice Pair", "Connectivity Ice Pair", CubeColumn::kFirstIce,
      IceText, "Media paths of both ends, in alphabetical order");
  add("OS Pair", "OS Pair", "OS Pair", CubeColumn::kFirstEndpoint, OsText,
      "Operating systems of both ends, in alphabetical order");
  add("Building Pair", "Building Name Pair", "Building Name Pair", CubeColumn::kFirstSubnet,
      BuildingText, "Buildings of both ends, in alphabetical order");
  catalog.Add({.category = "Media Relay",
               .name = "Media Relay",
               .aliases = {AllStreams("Media Relay")},
               .input = CubeColumn::kFirstRelayAddress,
               .second_input = CubeColumn::kSecondRelayAddress,
               .member = MediaRelayMember,
               .description = "Addresses of the relays that carried the stream",
               .source = kSource});
  catalog.Add({.category = "AllStreams",
               .name = "Scenario Pair",
               .input = CubeColumn::kScenario,
               .member = OnlineScenarioMember,
               .listed = false,
               .description = "Role and place of both ends and whether a client was on Wi-Fi",
               .source = "reference/cube-model.md 2.4"});
}

}  // namespace cqd::model
