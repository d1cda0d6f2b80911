// Reports out of files: the same door, the same inbox.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "source/inbox.h"

namespace cqd::source {

/// What an import did. The counts are of documents; a file may hold many.
struct ImportSummary {
  std::int64_t accepted = 0, duplicate = 0, rejected = 0, refused = 0;
  /// One line for every document that was rejected or refused, and every file that could not be
  /// read: "name: why". At most kImportProblemsMax; `problems_left_out` counts the rest.
  std::vector<std::string> problems;
  std::int64_t problems_left_out = 0;
};
inline constexpr std::size_t kImportProblemsMax = 1000;
/// Largest file. Ours: a whole file is looked at to find where its documents begin.
inline constexpr std::int64_t kImportFileBytesMax = std::int64_t{1} << 30;

/// Puts the documents of every file into the inbox; "-" is `standard_input`. A file may hold SIP
/// messages, bare bodies, a stream of SDN messages, MS-QoE documents, a client log. A file that
/// cannot be read is a problem of the summary and does not stop the others. Errors: those of
/// Inbox::Accept that are not about one file (kDiskFull, kUnavailable).
Result<ImportSummary> ImportReports(Inbox& inbox, const std::vector<std::string>& files,
                                    std::istream& standard_input, const Clock& clock);

}  // namespace cqd::source
