// The published content of UserAgentDef, and how an agent string is recognised.
// Source: reference/qoe-metrics-schema.md 2 (table), reference/cube-model.md 2.4 (mobile clients),
// 2.5 (servers), 2.7 (agent categories seen).
#include <cctype>

#include "base/text.h"
#include "model/mapping.h"

namespace cqd::model {
namespace {

enum class Kind : std::uint8_t { kClient, kServer, kMobile };

struct AgentDef {
  std::int32_t type;
  std::string_view name;
  std::string_view category;
  Kind kind = Kind::kClient;
};

constexpr AgentDef kAgents[] = {
    {1, "MediationServer", "MediationServer", Kind::kServer},
    {2, "AV-MCU", "AV-MCU", Kind::kServer},
    {4, "OC", "OC"},
    {8, "OCPhone", "OCPhone"},
    {16, "LMC", "LMC"},
    {32, "DVT", "DVT"},
    {64, "MM", "MM"},
    {64, "MC", "MM"},
    {128, "Attendant", "Attendant"},
    {256, "Conferencing_Announcement_Service_1.0", "CAS", Kind::kServer},
    {512, "Conferencing_Attendant_1.0", "CAA", Kind::kServer},
    {512, "Conference_Auto_Attendant_1.0", "CAA", Kind::kServer},
    {1024, "Response_Group_Service", "RGS", Kind::kServer},
    {1032, "Call_Park_Service_1.0", "CPS", Kind::kServer},
    {1040, "Response_Group_Service Announcement_Service", "AS", Kind::kServer},
    {2048, "Microsoft.Rtc.Applications.Ccs", "CCS", Kind::kServer},
    {16386, "CoMo", "CoMo", Kind::kMobile},
    {16387, "CWA", "CWA"},
    {16388, "InboundRouting", "InboundRouting", Kind::kServer},
    {16389, "ComoSvc", "ComoSvc"},
    {16393, "MSExchangeUM", "ExUM", Kind::kServer},
    {16395, "ArchivingAgent", "ARCHAGENT", Kind::kServer},
    {16396, "ST", "ST"},
    {16397, "applicationsharing", "ASMCU", Kind::kServer},
    {16398, "WPLync", "WPLync", Kind::kMobile},
    {16399, "iPhoneLync", "iPhoneLync", Kind::kMobile},
    {16400, "AndroidLync", "AndroidLync", Kind::kMobile},
    {16401, "iPadLync", "iPadLync", Kind::kMobile},
    {16402, "NokiaLync", "NokiaLync", Kind::kMobile},
    {16403, "LyncImm", "LyncImm"},
    {16404, "PCS", "PCS"},
    {16405, "LWA", "LWA"},
    {16406, "OWA", "OWA"},
    {16407, "AOC", "AOC"},
    {16408, "GCC", "GCC"},
    {16409, "IMMCU", "IMMCU", Kind::kServer},
    {16410, "XmppTGW", "XmppGateway", Kind::kServer},
    {32769, "Gateway", "Gateway", Kind::kServer},
    {32770, "GatewayMediationServerPair", "GatewayMediationServerPair", Kind::kServer},
};

/// Seen as a category of its own (reference/cube-model.md 2.7); a Mediation Server for the rest.
constexpr AgentDef kCloudConnectorMediationServer = {1, "MediationServer", "CCE-MediationServer",
                                                     Kind::kServer};
constexpr std::string_view kCloudConnectorText = "CCE-MediationServer";

/// Names this short are words or parts of foreign product names, so they count only as a product in
/// the original case: "OC/15.0".
constexpr std::size_t kShortNameCharactersMax = 3;

AgentInfo InfoFrom(const AgentDef& def) {
  return {.type = def.type,
          .name = def.name,
          .category = def.category,
          .is_server = def.kind == Kind::kServer,
          .is_mobile = def.kind == Kind::kMobile};
}

bool IsWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// True when `name` stands in `agent` as a word.
bool NamesAgent(std::string_view agent, std::string_view name) {
  const bool is_short = name.size() <= kShortNameCharactersMax;
  for (std::size_t at = 0; at + name.size() <= agent.size(); ++at) {
    const std::string_view part = agent.substr(at, name.size());
    if (is_short ? part != name : !EqualsIgnoreCase(part, name)) continue;
    if (at > 0 && IsWordCharacter(agent[at - 1])) continue;
    const std::size_t end = at + name.size();
    if (is_short ? end < agent.size() && agent[end] == '/'
                 : end == agent.size() || !IsWordCharacter(agent[end])) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::span<const AgentInfo> AgentDefinitions() {
  static const std::vector<AgentInfo> kDefinitions = [] {
    std::vector<AgentInfo> definitions;
    for (const AgentDef& def : kAgents) definitions.push_back(InfoFrom(def));
    return definitions;
  }();
  return kDefinitions;
}

AgentInfo AgentOfType(std::int32_t type, std::string_view agent) {
  const AgentDef* first = nullptr;
  for (const AgentDef& def : kAgents) {
    if (def.type != type) continue;
    if (first == nullptr) first = &def;
    if (NamesAgent(agent, def.name)) return InfoFrom(def);
  }
  if (first != nullptr) return InfoFrom(*first);
  AgentInfo unknown;
  unknown.type = type;
  return unknown;
}

AgentInfo AgentOfText(std::string_view agent) {
  if (NamesAgent(agent, kCloudConnectorText)) return InfoFrom(kCloudConnectorMediationServer);
  // The longest name wins: "Conferencing_Attendant_1.0" is not the Attendant.
  const AgentDef* best = nullptr;
  for (const AgentDef& def : kAgents) {
    if (best != nullptr && def.name.size() <= best->name.size()) continue;
    if (NamesAgent(agent, def.name)) best = &def;
  }
  return best != nullptr ? InfoFrom(*best) : AgentInfo{};
}

}  // namespace cqd::model
