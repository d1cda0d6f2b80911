// Segments under another mapping: the few columns that buildings and networks decide are made again
// from the segment itself and stored beside it as a patch. No row is read from the archive.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "cube/internal/month_build.h"
#include "model/mapping.h"

namespace cqd::cube {

/// What retagging works with.
struct RetagContext {
  const model::Mapping& mapping;
  std::string folder;
  std::string file_stem;  ///< unique for this run
  int threads = 1;
  const CancelToken& cancel;
};

/// Brings every segment of `months` to the mapping; adds the months that changed to `changed`.
/// Returns the bytes written. After an error the months are as they were, and files that were
/// written are removed at the next publish. Errors: kCancelled, kDiskFull, kCorruption. Cost: about
/// 0.1 us a row and thread.
Result<std::int64_t> RetagMonths(const RetagContext& context, std::vector<LoadedMonth>& months,
                                 std::set<Month>& changed);

/// The segment of `entry` with its patch. Errors: kCorruption, those of mapping the file.
Result<std::shared_ptr<const CubeSegment>> OpenPatched(const std::string& folder,
                                                       const SegmentEntry& entry,
                                                       const CubeSegment& segment);

}  // namespace cqd::cube
