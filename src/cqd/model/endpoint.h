// What is known of a machine besides its name: the detail of a KeySpace::kEndpoint entry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cqd::model {

/// Columns of the QoEMetrics table Endpoint. Source: reference/qoe-metrics-schema.md 4.
struct EndpointDetail {
  std::string os;
  std::string cpu_name;
  std::optional<std::int64_t> cpu_cores;
  std::optional<std::int64_t> cpu_mhz;
  std::optional<std::int64_t> virtualization;  ///< flags, reference/qoe-metrics-schema.md 2
  bool operator==(const EndpointDetail&) const = default;
};

/// As stored: the five parts in this order, separated by the unit separator (0x1f), absent numbers
/// empty; "" when nothing is known. Separators inside a text become blanks.
std::string EncodeEndpointDetail(const EndpointDetail& detail);
/// Missing or unreadable parts stay empty; further parts are ignored.
EndpointDetail DecodeEndpointDetail(std::string_view text);

}  // namespace cqd::model
