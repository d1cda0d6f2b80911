// What answering a query touched: for people who want to know why it took its time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace cqd::cube {

/// What the scan of a query did. Counts of segments, of blocks of 8,192 rows, and of rows.
struct ScanCounts {
  std::int64_t segments = 0;
  std::int64_t segments_skipped = 0;       ///< no row could pass
  std::int64_t segments_from_members = 0;  ///< answered by the list of members
  std::int64_t segments_from_totals = 0;   ///< answered by the totals of the segment
  std::int64_t segments_from_rollups = 0;  ///< answered by counts kept from queries of that kind
  std::int64_t rollup_tuples = 0;          ///< looked at instead of their rows
  std::int64_t blocks = 0;                 ///< of the segments that were scanned
  std::int64_t blocks_skipped = 0;         ///< no row could pass, by their zones
  std::int64_t rows_scanned = 0;           ///< in the blocks that were not skipped
  std::int64_t rows_passed = 0;            ///< counted one by one
  std::int64_t bytes_touched = 0;          ///< codes in the blocks that were not skipped, at most
  int threads = 0;                         ///< that scanned
  void Add(const ScanCounts& other);
};

/// An attribute of the query.
struct ExplainedAttribute {
  std::string data_model_name;
  std::int64_t members = 0;  ///< in the data
  std::int64_t passing = 0;  ///< of a filter: members that pass; of a dimension: all
  std::string union_group;
};

struct QueryExplanation {
  std::int64_t data_version = 0;
  ScanCounts scan;
  std::vector<ExplainedAttribute> filters;
  std::vector<ExplainedAttribute> dimensions;
  bool groups_in_array = false;  ///< else in a hash table
  std::int64_t classes = 0;      ///< sets of tests that the measures tell apart
  std::int64_t rows = 0;         ///< of the answer, before the limit
  int threads = 0;               ///< that the scan may use
  Duration plan{0}, scan_time{0}, collect{0};
};

/// {"DataVersion":1,"Choice":"scan","Segments":{"All":80,...},...}; Choice is the costliest thing
/// done to a segment: "nothing", "members", "totals", "rollups" or "scan".
std::string ExplainJson(const QueryExplanation& explanation);

}  // namespace cqd::cube
