// The two jobs, without threads: one archive run, one cube run. They fill a RunRecord and report
// progress.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "archive/archive.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "cube/cube.h"
#include "integration/run.h"
#include "integration/status.h"
#include "source/source.h"

namespace cqd::integration {

/// Called whenever `run` has changed enough to be shown; at least at the start and end of each
/// step.
using RunObserver = std::function<void(const RunRecord& run)>;

struct ArchiveJobOptions {
  /// Months of streams to keep, counted from the current one; 0 keeps everything.
  int retention_months = 0;
};

/// Reads every source past its watermark and writes what it hands out. A failing source does not
/// stop the others. Nothing read although the source says that it has more is tried twice, then
/// warned of (empty_but_source_has_more; reference/status-api.md 4 rule 4). run.bytes_written is
/// what the archive's files grew by. Fills run.rows, steps, partitions, error, warnings,
/// data_through and the final state (kSucceeded, kPartial, kFailed, kCancelled), but not its times.
/// `source_status` gets what was learnt of each source (same order).
void RunArchiveJob(const ArchiveJobOptions& options, archive::Archive& archive,
                   const std::vector<std::unique_ptr<source::Source>>& sources, const Clock& clock,
                   const CancelToken& cancel, const RunObserver& observe, RunRecord& run,
                   std::vector<SourceStatus>& source_status);

/// Brings the cube up to the archive; fills the same parts of `run`.
void RunCubeJob(cube::Cube& cube, const Clock& clock, const CancelToken& cancel,
                const RunObserver& observe, RunRecord& run);

}  // namespace cqd::integration
