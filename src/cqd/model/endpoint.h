// What is known of a machine beyond its name: the detail of a KeySpace::kEndpoint entry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cqd::model {

/// Columns of the table Endpoint. Source: reference/qoe-metrics-schema.md 4.
struct EndpointDetail {
  std::string os = {};
  std::string cpu_name = {};
  std::optional<std::int64_t> cpu_cores = {};
  std::optional<std::int64_t> cpu_speed_mhz = {};
  /// 0 none; 1 Hyper-V; 2 VMware; 4 Virtual PC; 8 Xen PC (reference/qoe-metrics-schema.md 2).
  std::optional<std::int64_t> virtualization = {};
  bool operator==(const EndpointDetail&) const = default;
};

/// The five parts separated by the unit separator (0x1F), "" when nothing is known: stored, so
/// stable. A unit separator inside a text becomes a blank.
std::string EncodeEndpointDetail(const EndpointDetail& detail);
/// The inverse; parts that are missing or not numbers are left empty.
EndpointDetail DecodeEndpointDetail(std::string_view text);

}  // namespace cqd::model
