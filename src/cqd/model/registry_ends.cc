// Attributes of each end that do not depend on the customer's tables: role, agent, machine,
// devices, addresses. Source: reference/cube-model.md 2.1, 2.5, 2.7.
#include <fmt/format.h>

#include <cctype>

#include "base/text.h"
#include "model/endpoint.h"
#include "model/internal/agent_text.h"
#include "model/internal/catalog.h"

namespace cqd::model {
namespace {

constexpr const char* kProvenSource = "reference/cube-model.md 2.1";
constexpr const char* kSource = "reference/cube-model.md 2.7";

MemberFunction FlagOfColumn(std::string caption_1, std::string caption_0) {
  return [=](Value flag, Value, const Mapping&) {
    return flag == kNull ? BlankMember() : FlagMember(flag != 0, caption_1, caption_0);
  };
}
MemberList FlagMembers(std::string caption_1, std::string caption_0) {
  return [=] {
    return std::vector<Member>{FlagMember(false, caption_1, caption_0),
                               FlagMember(true, caption_1, caption_0)};
  };
}
/// The later product keys the same flag by its caption.
MemberFunction WordOfColumn(std::string word_1, std::string word_0) {
  return [=](Value flag, Value, const Mapping&) {
    return flag == kNull ? BlankMember() : TextMember(flag != 0 ? word_1 : word_0);
  };
}

void AddRole(Catalog& catalog, const Role& role) {
  const CubeColumn is_server = role.Of(CubeColumn::kFirstIsServer);
  const CubeColumn inside = role.Of(CubeColumn::kFirstInsideCorp);
  catalog.Add({.category = role.With("Is Server"),
               .name = "Agent",
               .input = is_server,
               .member = FlagOfColumn("Server", "Client"),
               .fixed_members = FlagMembers("Server", "Client"),
               .proven = true,
               .description = "Whether " + role.End() + " is a server or a client",
               .source = kProvenSource});
  catalog.Add({.category = "AllStreams",
               .name = role.With("Is Server"),
               .input = is_server,
               .member = WordOfColumn("Server", "Client"),
               .listed = false,
               .description = "Server or Client: the role of " + role.End(),
               .source = kSource});
  catalog.Add({.category = role.With("Inside"),
               .name = "Inside",
               .input = inside,
               .member = FlagOfColumn("Inside", "Outside"),
               .fixed_members = FlagMembers("Inside", "Outside"),
               .description = "Whether " + role.End() +
                              " was inside the company network: by its building, else as reported",
               .source = "reference/cube-model.md 2.5"});
  catalog.Add({.category = "AllStreams",
               .name = role.With("Inside Corp"),
               .input = inside,
               .member = WordOfColumn("Inside", "Outside"),
               .listed = false,
               .description = "Inside or Outside: the place of " + role.End(),
               .source = "reference/cube-model.md 2.6"});
  catalog.Add(
      {.category = role.With("Network Connection Type"),
       .name = "Network Connection Detail",
       .aliases = {AllStreams(role.With("Network Connection Detail"))},
       .input = role.Of(CubeColumn::kFirstLink),
       .member =
           [](Value link, Value, const Mapping&) {
             return link < 0 ? BlankMember()
                             : TextMember(
                                   ConnectionClassName(static_cast<ConnectionClass>(link & 0xff)));
           },
       .proven = true,
       .description = "How " + role.End() +
                      " was connected: Wired, Wifi, MobileBB, Tunnel or Other; servers Wired",
       .source = kProvenSource});
}

Member AgentTypeMember(Value agent, Value, const Mapping& mapping) {
  const AgentInfo& info = mapping.Agent(agent);
  if (!info.name.empty()) return TextMember(info.name);
  return info.type == 0 ? BlankMember() : TextMember(std::to_string(info.type));
}

void AddAgent(Catalog& catalog, const Role& role) {
  const auto add = [&](const char* name, std::vector<std::string> aliases, MemberFunction member,
                       std::string description, bool proven = false) {
    catalog.Add({.category = role.With("User Agent"),
                 .name = name,
                 .aliases = std::move(aliases),
                 .input = role.Of(CubeColumn::kFirstUserAgent),
                 .member = std::move(member),
                 .proven = proven,
                 .description = std::move(description) + " of " + role.End(),
                 .source = proven ? kProvenSource : kSource});
  };
  add("User Agent Type", {}, AgentTypeMember, "Name of the kind of software or server", true);
  add(
      "User Agent Category", {AllStreams(role.With("User Agent Category"))},
      [](Value agent, Value, const Mapping& mapping) {
        return TextMember(mapping.Agent(agent).category);
      },
      "Category of the software or server");
  add("User Agent", {AllStreams(role.With("User Agent"))}, EntryText(KeySpace::kUserAgent),
      "Agent string");
  add(
      "Client App Version", {AllStreams(role.With("Client App Version"))},
      [](Value agent, Value, const Mapping& mapping) {
        return TextMember(VersionOfAgent(mapping.Entry(KeySpace::kUserAgent, agent).text,
                                         mapping.Agent(agent).name));
      },
      "Version of the software, taken from the agent string");
}

void AddUser(Catalog& catalog, const Role& role) {
  const CubeColumn user = role.Of(CubeColumn::kFirstUser);
  catalog.Add({.category = role.With("User"),
               .name = "URI",
               .aliases = {AllStreams(role.With("UPN"))},
               .input = user,
               .member = EntryText(KeySpace::kUser),
               .personal = true,
               .description = "Address of the user or telephone at " + role.End(),
               .source = "reference/cube-model.md 4.3"});
  catalog.Add({.category = role.With("User"),
               .name = "Domain",
               .aliases = {AllStreams(role.With("Domain"))},
               .input = user,
               .member =
                   [](Value key, Value, const Mapping& mapping) {
                     return TextMember(DomainOfUri(mapping.Entry(KeySpace::kUser, key).text));
                   },
               .description = "Domain part of the address at " + role.End(),
               .source = kSource});
  catalog.Add({.category = role.With("Pool"),
               .name = "Pool",
               .aliases = {AllStreams(role.With("Pool"))},
               .input = role.Of(CubeColumn::kFirstPool),
               .member = EntryText(KeySpace::kPool),
               .description = "Front End pool of " + role.End(),
               .source = kSource});
}

/// A function of the machine's details.
template <typename F>
MemberFunction OfDetail(F member) {
  return [member](Value key, Value, const Mapping& mapping) {
    return member(DecodeEndpointDetail(mapping.Entry(KeySpace::kEndpoint, key).detail));
  };
}
Member OptionalInteger(const std::optional<std::int64_t>& number) {
  return number.has_value() ? IntegerMember(*number) : BlankMember();
}

/// Source of the flags: reference/qoe-metrics-schema.md 2.
Member VirtualizationMember(const EndpointDetail& detail) {
  if (!detail.virtualization.has_value()) return BlankMember();
  constexpr std::pair<std::int64_t, std::string_view> kFlags[] = {
      {1, "Hyper-V"}, {2, "VMware"}, {4, "Virtual PC"}, {8, "Xen"}};
  std::string text;
  for (const auto& [flag, name] : kFlags) {
    if ((*detail.virtualization & flag) == 0) continue;
    if (!text.empty()) text += " | ";
    text += name;
  }
  return {.key = std::to_string(*detail.virtualization),
          .caption = text.empty() ? "None" : text,
          .order = *detail.virtualization};
}

void AddEndpoint(Catalog& catalog, const Role& role) {
  const auto add = [&](const char* name, const char* alias, MemberFunction member,
                       std::string description, AttributeType type = AttributeType::kText,
                       const char* unit = "") {
    catalog.Add({.category = role.With("Endpoint"),
                 .name = name,
                 .aliases = {AllStreams(role.With(alias))},
                 .type = type,
                 .input = role.Of(CubeColumn::kFirstEndpoint),
                 .member = std::move(member),
                 .personal = std::string_view(name) == "Name",
                 .unit = unit,
                 .description = std::move(description) + " of " + role.End(),
                 .source = kSource});
  };
  add("Name", "Endpoint", EntryText(KeySpace::kEndpoint), "Machine name");
  add("OS", "OS", OfDetail([](const EndpointDetail& d) { return TextMember(d.os); }),
      "Operating system as reported");
  add("OS Filtered", "OS Filtered",
      OfDetail([](const EndpointDetail& d) { return TextMember(FilteredOs(d.os)); }),
      "Operating system, name with major and minor version");
  add("OS Architecture", "OS Architecture",
      OfDetail([](const EndpointDetail& d) { return TextMember(ArchitectureOfOs(d.os)); }),
      "Processor architecture the operating system was built for");
  add("CPU Name", "CPU Name",
      OfDetail([](const EndpointDetail& d) { return TextMember(d.cpu_name); }), "Processor");
  add("CPU Number Of Cores", "CPU Number Of Cores",
      OfDetail([](const EndpointDetail& d) { return OptionalInteger(d.cpu_cores); }),
      "Number of processor cores", AttributeType::kInteger);
  add("CPU Processor Speed", "CPU Processor Speed",
      OfDetail([](const EndpointDetail& d) { return OptionalInteger(d.cpu_mhz); }),
      "Processor speed", AttributeType::kInteger, "MHz");
  add("Virtualization Flag", "Virtualization Flag", OfDetail(VirtualizationMember),
      "Virtual machine monitor");
}

void AddDevices(Catalog& catalog, const Role& role) {
  const auto add = [&](const char* category, const char* name, const char* alias, KeySpace space,
                       CubeColumn column, std::string description) {
    catalog.Add({.category = role.With(category),
                 .name = name,
                 .aliases = {AllStreams(role.With(alias))},
                 .input = role.Of(column),
                 .member = EntryText(space),
                 .description = std::move(description) + " of " + role.End(),
                 .source = kSource});
  };
  add("Capture Device", "Device", "Capture Dev", KeySpace::kDevice, CubeColumn::kFirstCaptureDevice,
      "Microphone or camera");
  add("Capture Device", "Driver", "Capture Dev Driver", KeySpace::kDriver,
      CubeColumn::kFirstCaptureDriver, "Driver of the microphone or camera");
  add("Render Device", "Device", "Render Dev", KeySpace::kDevice, CubeColumn::kFirstRenderDevice,
      "Loudspeaker or headset");
  add("Render Device", "Driver", "Render Dev Driver", KeySpace::kDriver,
      CubeColumn::kFirstRenderDriver, "Driver of the loudspeaker or headset");
}

void AddAddresses(Catalog& catalog, const Role& role) {
  const auto add = [&](const char* name, const char* alias, CubeColumn column,
                       MemberFunction member, std::string description,
                       AttributeType type = AttributeType::kText, const char* unit = "",
                       bool personal = false) {
    catalog.Add({.category = role.With("Network Address"),
                 .name = name,
                 .aliases = {AllStreams(role.With(alias))},
                 .type = type,
                 .input = role.Of(column),
                 .member = std::move(member),
                 .personal = personal,
                 .unit = unit,
                 .description = std::move(description) + " of " + role.End(),
                 .source = kSource});
  };
  add("IP Address", "IP Address", CubeColumn::kFirstAddress, EntryText(KeySpace::kAddress),
      "Media address", AttributeType::kText, "", true);
  add("Port", "Port", CubeColumn::kFirstPort, IntegerOfColumn(), "Media port",
      AttributeType::kInteger);
  add("Mac Address", "Mac Address", CubeColumn::kFirstMac, EntryText(KeySpace::kMac),
      "Network adapter address", AttributeType::kText, "", true);
  add("Reflexive Local IP", "Reflexive Local IP", CubeColumn::kFirstReflexiveAddress,
      EntryText(KeySpace::kAddress), "Address seen from behind the NAT", AttributeType::kText, "",
      true);
  add("Relay IP", "Relay IP", CubeColumn::kFirstRelayAddress, EntryText(KeySpace::kAddress),
      "Address on the relay (Edge server)");
  add("Relay Port", "Relay Port", CubeColumn::kFirstRelayPort, IntegerOfColumn(),
      "Port on the relay", AttributeType::kInteger);
  add("Link Speed", "Link Speed", CubeColumn::kFirstLinkSpeed, IntegerOfColumn(),
      "Speed of the network link", AttributeType::kInteger, "bit/s");
}

/// Source of the codes: reference/qoe-metrics-schema.md 2; unknown numbers stay visible.
Member IceMember(Value ice, Value, const Mapping&) {
  const std::string_view name = IceName(ice);
  if (!name.empty()) return TextMember(name, ice);
  return ice == kNull ? BlankMember() : IntegerMember(ice);
}

Member IceWarningMember(Value flags, Value, const Mapping&) {
  if (flags == kNull) return BlankMember();
  const std::string text = fmt::format("0x{:X}", flags);
  return {.key = text, .caption = text, .order = flags};
}

void AddConnectivity(Catalog& catalog, const Role& role) {
  catalog.Add({.category = role.With("Connectivity"),
               .name = "Ice",
               .aliases = {AllStreams(role.With("Connectivity Ice"))},
               .input = role.Of(CubeColumn::kFirstIce),
               .member = IceMember,
               .description = "Media path of " + role.End() + ": DIRECT, RELAY, HTTP or FAILED",
               .source = kSource});
  catalog.Add(
      {.category = role.With("Connectivity"),
       .name = "Ice Warning Flags",
       .input = role.Of(CubeColumn::kFirstIceWarnings),
       .member = IceWarningMember,
       .description = "What went wrong on the way to a media path at " + role.End() + ", as flags",
       .source = "reference/qoe-metrics-schema.md 2"});
}

}  // namespace

void AddEndAttributes(Catalog& catalog) {
  for (const Role& role : BothRoles()) {
    AddRole(catalog, role);
    AddAgent(catalog, role);
    AddUser(catalog, role);
    AddEndpoint(catalog, role);
    AddDevices(catalog, role);
    AddAddresses(catalog, role);
    AddConnectivity(catalog, role);
  }
}

}  // namespace cqd::model
