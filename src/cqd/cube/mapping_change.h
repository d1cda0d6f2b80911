// What another state of the customer tables would do to the streams of a snapshot.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/mapping.h"

namespace cqd::cube {

/// Streams with an end that leaves one building for another (or whose building is renamed).
struct MappingMove {
  std::int64_t from_key = 0, to_key = 0;
  std::string from_name, to_name;
  std::int64_t streams = 0;              ///< a stream whose ends both move this way counts once
  std::map<Month, std::int64_t> months;  ///< by start in the reporting zone
};

struct MappingChange {
  std::int64_t streams_total = 0;
  std::int64_t streams_moved = 0;   ///< with at least one end that moves
  std::int64_t inside_changed = 0;  ///< with an end that gets to be inside, outside, or unknown
  std::vector<MappingMove> moves;   ///< most streams first
};

}  // namespace cqd::cube
