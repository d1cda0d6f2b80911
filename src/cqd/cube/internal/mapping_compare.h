// Comparing two mappings over the streams of a snapshot.
#pragma once

#include <span>

#include "base/result.h"
#include "cube/internal/columnar_index.h"
#include "cube/mapping_change.h"

namespace cqd::cube {

/// Errors: what `stop` returns. Cost: two look-ups a row, some more for the rows that move.
Result<MappingChange> CompareMappings(std::span<const VisibleSegment> segments,
                                      const model::Mapping& before, const model::Mapping& after,
                                      const StopCheck& stop);

}  // namespace cqd::cube
