// The columnar executor: plan, scan segments on several threads, merge.
#pragma once

#include <span>

#include "cube/explain.h"
#include "cube/internal/columnar_index.h"
#include "cube/internal/columnar_rollup.h"
#include "cube/query.h"

namespace cqd::cube {

// Below this many rows a second thread costs more (about 30 us to start) than it saves.
inline constexpr std::int64_t kRowsPerThread = 100'000;

/// Cancel and time limit of a query that begins now; `limits` outlives it.
StopCheck MakeStopCheck(const QueryLimits& limits);

/// What a query is answered from: parts of one snapshot.
struct ColumnarData {
  std::span<const VisibleSegment> segments;
  const Indexes& indexes;
  Rollups* rollups = nullptr;  ///< null: everything is scanned
  int threads = 1;
  std::int64_t rows_per_thread = kRowsPerThread;  ///< fewer are left to one thread
};

/// Answers `query` over the segments. Errors: kInvalidArgument, kResourceExhausted (groups,
/// memory), kCancelled, kDeadlineExceeded. Threads: any; starts up to threads - 1 of its own for
/// large scans.
Result<Groups> RunColumnar(const CubeQuery& query, const QueryLimits& limits,
                           const ColumnarData& data);
/// The same as the rows of an answer.
Result<ResultTable> AnswerColumnar(const CubeQuery& query, const QueryLimits& limits,
                                   const ColumnarData& data);

/// The same as what it touched.
Result<QueryExplanation> ExplainColumnar(const CubeQuery& query, const QueryLimits& limits,
                                         const ColumnarData& data);

}  // namespace cqd::cube
