// From what a scan has counted to groups, or to the rows of an answer.
#pragma once

#include "cube/internal/columnar_scan.h"

namespace cqd::cube {

/// Groups of the settled tally that hold a stream. Errors: kResourceExhausted over groups_max or
/// bytes_max.
Result<Groups> Collect(const CubeQuery& query, const Plan& plan, const Tally& tally,
                       const QueryLimits& limits);

/// Finish(query, Collect(...)) without making the groups: members are compared by their ranks, and
/// only the rows within query.row_limit are made. Errors: as Collect.
Result<ResultTable> CollectTable(const CubeQuery& query, const Plan& plan, const Tally& tally,
                                 const QueryLimits& limits);

}  // namespace cqd::cube
