// Networks that lie in each other and name different buildings. That is allowed (the longest prefix
// wins, reference/cube-model.md 2.6), and now and then a slip of the pen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "sqlite/database.h"

namespace cqd::archive {

/// A network and the smallest other one around it. Buildings by name, "" for none.
struct NetworkOverlap {
  std::string network;
  int range = 0;
  std::string building;
  std::string outer_network;
  int outer_range = 0;
  std::string outer_building;
  bool operator==(const NetworkOverlap&) const = default;
};

/// Every network whose nearest enclosing network names another building, in the order of the
/// addresses. Rows that hold no address are passed over. Errors: kUnavailable (locked),
/// kCorruption. Cost: some microseconds a network and prefix length in use.
Result<std::vector<NetworkOverlap>> FindNetworkOverlaps(sqlite::Database& main);

}  // namespace cqd::archive
