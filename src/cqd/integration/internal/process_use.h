// What the process has used so far, for the difference over a run.
#pragma once

#include "integration/run.h"

namespace cqd::integration::internal {

/// CPU time of all threads and bytes from and to the disk since the process started, and the most
/// memory it ever had. Parts that the system does not tell are null. Cost: two system calls and a
/// small file of /proc.
RunResources ProcessUse();
/// What was used between two moments; the peak is that of `end`.
RunResources Between(const RunResources& begin, const RunResources& end);

}  // namespace cqd::integration::internal
