// The lines of a vq-rtcpxr body, whatever dialect and vendor. Rules: reference/ingest-formats.md 5,
// "Parser rules".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/report.h"

namespace cqd::source::internal {

/// KEY=value pairs of one section, keys in upper case. The first of a doubled key counts.
struct VqSection {
  std::map<std::string, std::string> values;
  std::string_view Get(std::string_view key) const;
};

/// Value of LocalAddr or RemoteAddr. 0, "" and nullopt where it says nothing usable.
struct VqAddress {
  std::string ip;
  std::optional<double> port;
  std::uint32_t ssrc = 0;
};

/// One report.
struct VqBody {
  ReportKind kind = ReportKind::kSession;
  std::map<std::string, std::string> info;  ///< lines "Name: value", names in upper case
  VqSection local, remote;
  VqSection heading;  ///< Type, Severity and Dir of an alert
  std::string_view Info(std::string_view name) const;
  VqAddress Address(std::string_view name) const;
};

/// The kind of report a line opens; nullopt for any other line.
std::optional<ReportKind> VqHeading(std::string_view line);
/// All reports in `text`, in order. Never fails: lines that say nothing are kept as extras of their
/// section.
std::vector<VqBody> ReadVqBodies(std::string_view text);
/// The pairs of a metric line. Keys may touch the value before them; quotes are respected.
std::vector<std::pair<std::string, std::string>> VqPairs(std::string_view text);
VqAddress ParseVqAddress(std::string_view text);

}  // namespace cqd::source::internal
