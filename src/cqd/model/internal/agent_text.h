// Parts of the texts that reports carry: agent strings, operating systems, URIs, codes. Pure.
#pragma once

#include <string>
#include <string_view>

#include "model/stream.h"

namespace cqd::model {

/// The version in an agent string: that of the product `agent_name` when it has one
/// ("RTCC/5.0.0.0 AV-MCU/5.0.8308.920", "AV-MCU"), else of the last product with a version, else
/// the last bare version ("Yealink SIP-T41P 36.80.0.95"); "" when there is none.
std::string_view VersionOfAgent(std::string_view agent, std::string_view agent_name);

/// "Windows 6.1" of "Windows 6.1.7601 SP: 1.0 Type: ...": name, major and minor version. The whole
/// text when it holds no number.
std::string FilteredOs(std::string_view os);
/// "x64" of "... Arch: x64 WOW64: False"; "" when not told.
std::string_view ArchitectureOfOs(std::string_view os);

/// "contoso.com" of "sip:alice@contoso.com:5061;user=phone", lower-case; "" without '@'.
std::string DomainOfUri(std::string_view uri);

/// DIRECT, RELAY, HTTP, FAILED; "" for other numbers.
/// Source: reference/qoe-metrics-schema.md 2.
std::string_view IceName(Value ice);

}  // namespace cqd::model
