// Elements of MS-QoE stream blocks and client events with their fields (reference/ingest-formats.md
// 3).
#pragma once

#include <pugixml.hpp>

#include "source/report.h"

namespace cqd::source::internal {

/// Reads an InboundStream or OutboundStream. Elements are found by name wherever they stand: their
/// order and depth differ between releases.
void ReadStreamBlock(const pugi::xml_node& block, bool inbound, ReportedStream& stream);
/// Reads LocalClientEvent or RemoteClientEvent into the side fields of that end.
void ReadClientEvents(const pugi::xml_node& events, FieldValues& end);

}  // namespace cqd::source::internal
