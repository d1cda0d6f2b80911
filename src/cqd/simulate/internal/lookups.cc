#include "simulate/internal/lookups.h"

#include <fmt/format.h>

#include <array>

#include "model/mapping.h"
#include "simulate/internal/catalogue.h"
#include "simulate/internal/columns.h"

namespace cqd::simulate {
namespace {

/// A table of a key and a text.
Status WriteTexts(QoeSink& sink, Table table, const std::vector<std::string>& texts) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::array<Cell, 2> row = {Cell::Int(static_cast<std::int64_t>(i) + 1),
                                     Cell::Text(texts[i])};
    CQD_RETURN_IF_ERROR(sink.Write(table, row));
  }
  return OkStatus();
}

Cell TextOrNull(const std::string& text) {
  return text.empty() ? Cell() : Cell::Text(text);
}
Cell IntOrNull(std::int64_t value) {
  return value == 0 ? Cell() : Cell::Int(value);
}

Status WriteDefinitions(const Organisation& org, QoeSink& sink) {
  for (const model::AgentInfo& def : model::AgentDefinitions()) {
    const std::array<Cell, 3> row = {Cell::Int(def.type), Cell::Text(def.name),
                                     Cell::Text(def.category)};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kUserAgentDef, row));
  }
  for (const TokenDef& def : TokenDefs()) {
    const std::array<Cell, 2> row = {Cell::Int(def.id), Cell::Text(def.description)};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kFeedbackTokenDef, row));
  }
  // reference/qoe-metrics-schema.md 2, NetworkConnectionDetail.
  constexpr std::string_view kDetails[] = {"Wired",    "WiFi",  "Ethernet",
                                           "MobileBB", "Other", "Tunnel"};
  for (int i = 0; i < 6; ++i) {
    const std::array<Cell, 2> row = {Cell::Int(i), Cell::Text(kDetails[i])};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kConnectionDetail, row));
  }
  constexpr std::string_view kVideoCodecs[] = {"H264", "RTVideo"};
  for (int i = 0; i < 2; ++i) {
    const std::array<Cell, 2> row = {Cell::Int(i + 1), Cell::Text(kVideoCodecs[i])};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kCodecDescription, row));
  }
  for (std::size_t i = 0; i < org.agents.size(); ++i) {
    const std::array<Cell, 3> row = {Cell::Int(static_cast<std::int64_t>(i) + 1),
                                     Cell::Text(org.agents[i].text),
                                     Cell::Int(org.agents[i].ua_type)};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kUserAgent, row));
  }
  return OkStatus();
}

Status WriteUsers(const Organisation& org, QoeSink& sink) {
  for (std::size_t i = 0; i < org.uris.size(); ++i) {
    const std::string& uri = org.uris[i];
    // 2 user, 4 conference, 8 phone: reference/qoe-metrics-schema.md 2, URIType.
    const int type = uri.find("app:conf") != std::string::npos     ? 4
                     : uri.find("user=phone") != std::string::npos ? 8
                                                                   : 2;
    std::array<Cell, UserColumn::kCount> row;
    row[UserColumn::kUserKey] = Cell::Int(static_cast<std::int64_t>(i) + 1);
    row[UserColumn::kURI] = Cell::Text(uri);
    row[UserColumn::kURIType] = Cell::Int(type);
    CQD_RETURN_IF_ERROR(sink.Write(Table::kUser, row));
  }
  return OkStatus();
}

Status WriteMachines(const Organisation& org, QoeSink& sink) {
  for (std::size_t i = 0; i < org.devices.size(); ++i) {
    const std::array<Cell, 3> row = {Cell::Int(static_cast<std::int64_t>(i) + 1),
                                     Cell::Text(org.devices[i]),
                                     Cell::Int(org.device_is_capture[i] ? 1 : 0)};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kDevice, row));
  }
  for (std::size_t i = 0; i < org.endpoints.size(); ++i) {
    const Endpoint& endpoint = org.endpoints[i];
    const std::array<Cell, EndpointColumn::kCount> row = {
        Cell::Int(static_cast<std::int64_t>(i) + 1),
        Cell::Text(endpoint.name),
        TextOrNull(endpoint.os),
        TextOrNull(endpoint.cpu),
        IntOrNull(endpoint.cores),
        IntOrNull(endpoint.mhz),
        endpoint.os.empty() ? Cell() : Cell::Int(endpoint.virtualization)};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kEndpoint, row));
  }
  std::int64_t key = 0;
  for (const ServerMachine& server : org.servers) {
    // Server types of reference/qoe-metrics-schema.md 2; the others are not listed there.
    const int type = server.role == ServerRole::kMediation ? 1
                     : server.role == ServerRole::kAvMcu   ? 2
                     : server.role == ServerRole::kGateway ? 32769
                                                           : 0;
    if (type == 0) continue;
    const auto& name = org.endpoints[static_cast<std::size_t>(server.endpoint_key - 1)].name;
    const auto& pool = org.pools[static_cast<std::size_t>(server.pool_key - 1)];
    const std::array<Cell, ServerColumn::kCount> row = {
        Cell::Int(++key), Cell::Text(name), Cell::Int(type), type == 2 ? Cell::Text(pool) : Cell(),
        Cell()};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kServer, row));
  }
  return OkStatus();
}

/// The network configuration: regions, sites, subnets (as 32-bit integers with sign, as SQL stores
/// them).
Status WriteNetworkConfiguration(const Organisation& org, QoeSink& sink) {
  for (int region = 0; region < 3; ++region) {
    const std::array<Cell, 2> row = {Cell::Int(region + 1), Cell::Text(RegionName(region))};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kRegion, row));
    const std::array<Cell, 2> link = {Cell::Int(region == 2 ? 1 : region + 1),
                                      Cell::Int(region == 2 ? 3 : region + 2)};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kRegionLink, link));
  }
  for (std::size_t i = 0; i < org.sites.size(); ++i) {
    const std::array<Cell, 3> row = {Cell::Int(static_cast<std::int64_t>(i) + 1),
                                     Cell::Text(org.sites[i].name),
                                     Cell::Int(org.sites[i].region + 1)};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kUserSite, row));
    if (i == 0) continue;
    const std::array<Cell, 2> link = {Cell::Int(1), Cell::Int(static_cast<std::int64_t>(i) + 1)};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kSiteLink, link));
  }
  for (const Subnet& subnet : org.subnets) {
    const auto as_int = [](std::uint32_t value) {
      return Cell::Int(static_cast<std::int32_t>(value));
    };
    const std::array<Cell, SubnetColumn::kCount> row = {
        as_int(subnet.address), Cell::Int(subnet.prefix_bits),
        subnet.site < 0 ? Cell() : Cell::Int(subnet.site + 1), Cell::Text(subnet.network_name)};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kSubnet, row));
    const std::array<Cell, 2> seen = {as_int(subnet.address), Cell()};
    CQD_RETURN_IF_ERROR(sink.Write(Table::kEndpointSubnet, seen));
  }
  return OkStatus();
}

}  // namespace

Status WriteLookups(const Organisation& org, QoeSink& sink) {
  CQD_RETURN_IF_ERROR(WriteDefinitions(org, sink));
  CQD_RETURN_IF_ERROR(WriteTexts(sink, Table::kIpAddress, org.addresses));
  CQD_RETURN_IF_ERROR(WriteTexts(sink, Table::kMacAddress, org.macs));
  CQD_RETURN_IF_ERROR(WriteTexts(sink, Table::kDeviceDriver, org.drivers));
  CQD_RETURN_IF_ERROR(WriteTexts(sink, Table::kPayload, org.codecs));
  CQD_RETURN_IF_ERROR(WriteTexts(sink, Table::kPool, org.pools));
  CQD_RETURN_IF_ERROR(WriteTexts(sink, Table::kBandwidthSource, org.bandwidth_sources));
  CQD_RETURN_IF_ERROR(WriteUsers(org, sink));
  CQD_RETURN_IF_ERROR(WriteMachines(org, sink));
  return WriteNetworkConfiguration(org, sink);
}

}  // namespace cqd::simulate
