// Queries for the Data API: body in, answer out, with cache, limits and ErrorType.
// Source: reference/cube-model.md 4.5, 4.6.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"
#include "cube/causes.h"
#include "cube/cube.h"
#include "cube/funnel.h"
#include "cube/members.h"
#include "cube/query.h"
#include "cube/query_extras.h"
#include "cube/result.h"

namespace cqd::cube {

struct QueryServiceOptions {
  /// Memory for kept answers, in bytes; 0 keeps none. Larger: more repeated queries are free.
  std::int64_t cache_bytes_max = std::int64_t{64} * 1024 * 1024;
  /// Queries computed at the same time, 1 or more; half of the places, at least one, for those that
  /// take long. Larger: better use of many cores, more memory.
  int queries_max = 2;
  /// Queries that may wait for a place; one more is refused with ErrorType 3.
  int waiting_max = 64;
  /// Groups one query may form before it is too large (ErrorType 5).
  std::int64_t groups_max = 1'000'000;
  /// Memory of one query for groups and rows, about, in bytes (1 MiB to 64 GiB); more: ErrorType 5.
  /// Larger: wider groupings; `queries_max` queries can use this much each.
  std::int64_t query_bytes_max = std::int64_t{512} * 1024 * 1024;
  /// Rows of one answer. A query without a row limit that has more is too large; one with a limit
  /// is cut. Default: the cap of the online service (reference/cube-model.md 4.5).
  std::int64_t rows_max = 200'000;
  /// Computing time of one query; none: no limit.
  std::optional<Duration> time_max = std::chrono::seconds(60);
  /// What a funnel says of the archive; none: zeros. Called from any thread.
  std::function<ArchiveCounts()> archive_counts;
  /// The kept data versions, newest first; none: AsOf and CompareTo know the newest only. Called
  /// from any thread.
  std::function<std::vector<std::shared_ptr<const Snapshot>>()> versions;
};

/// Rows of another question that stand in the same answer.
struct FurtherRows {
  std::string about;  ///< JSON members before its rows, with no comma at either end; never empty
  std::shared_ptr<const ResultTable> table;  ///< never nullptr
};

/// What became of one query.
struct QueryOutcome {
  std::shared_ptr<const ResultTable> table;  ///< nullptr exactly when `error` is set
  std::optional<Error> error;
  ErrorType error_type = ErrorType::kNone;
  bool from_cache = false;
  Duration elapsed{0};
  std::int64_t data_version = 0;          ///< 0 when there is no snapshot
  std::optional<UtcTime> data_as_of;      ///< newest session time the answer can know of
  std::string funnel_json;                ///< "" when nobody asked for it
  std::string explain_json;               ///< "" when nobody asked for it
  std::optional<FurtherRows> what_if;     ///< the same rows by other limits, when asked for
  std::optional<FurtherRows> comparison;  ///< the answer of another data version, when asked for
  /// The published answer as one text; an error has no rows and an ErrorMessage. What was asked for
  /// besides stands at its end. For large answers see answer_writer.h.
  std::string ToJson() const;
};

/// Counts since the start, and what the cache holds now.
struct QueryStatistics {
  std::int64_t hits = 0;
  std::int64_t shared = 0;  ///< answered by an equal query that ran at the same time
  std::int64_t misses = 0;
  std::int64_t entries = 0;
  std::int64_t bytes = 0;
  std::int64_t clearings = 0;  ///< by Clear
  std::optional<UtcTime> cleared_at;
  std::string cleared_by;  ///< "" when nobody was named
  int computing = 0;       ///< queries now
  int waiting = 0;         ///< for a place among those, now
};

/// Threads: all methods from any thread. Equal queries at the same time are computed once.
class QueryService {
 public:
  /// Gives the newest snapshot, nullptr before the first processing run. Must be callable from any
  /// thread.
  using SnapshotSource = std::function<std::shared_ptr<const Snapshot>()>;

  /// `clock` must outlive the service.
  QueryService(SnapshotSource snapshots, const QueryServiceOptions& options, const Clock& clock);
  ~QueryService();
  QueryService(const QueryService&) = delete;
  QueryService& operator=(const QueryService&) = delete;

  /// Reads and answers the body of RunQuery. Never fails otherwise than by the outcome: what the
  /// body got wrong is ErrorType 6, no snapshot or too many queries 3, groups, rows and time 5.
  QueryOutcome RunQuery(std::string_view body, const CancelToken* cancel = nullptr);
  /// The same for a query that was read before; of a what-if question the table by its limits.
  QueryOutcome RunQuery(const CubeQuery& query, const CancelToken* cancel = nullptr);
  /// Answers the body of DimensionMembers. Errors: those of ParseMembersRequest and AllMembers,
  /// kUnavailable (too many queries).
  Result<MembersPage> ListMembers(std::string_view body, const CancelToken* cancel = nullptr);

  /// FindCauses with the service's limits, when there is a place. Errors: those of FindCauses,
  /// kUnavailable (too many queries).
  Result<CausesReport> FindCauses(const Executor& executor, const CausesRequest& request,
                                  const CancelToken* cancel = nullptr);

  /// Forgets all answers; answers being computed now are not kept either. `by`: who asked.
  void Clear(std::string_view by = {});
  QueryStatistics statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cqd::cube
