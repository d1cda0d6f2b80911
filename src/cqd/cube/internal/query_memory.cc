#include "cube/internal/query_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace cqd::cube {

std::int64_t BytesOfGroup(const Plan& plan) {
  constexpr std::size_t kTableBytes = 40;  // column/group_table.h
  const std::size_t values = plan.class_count + 2 * plan.sums.size();
  const std::size_t counted = 2 * sizeof(std::int64_t) * values;
  const std::size_t ordered = sizeof(std::uint32_t) * (plan.dimensions.size() + 3);
  // The counts of an array stand in narrow numbers too, twice over.
  const std::size_t table = plan.shape.is_array() ? 2 * sizeof(std::uint32_t) * plan.class_count
                                                  : kTableBytes * plan.shape.stages().size();
  return static_cast<std::int64_t>(table + counted + ordered);
}

std::uint64_t GroupsAllowed(const Plan& plan, const QueryLimits& limits, int threads) {
  if (!limits.bytes_max) return std::numeric_limits<std::uint64_t>::max();
  const std::int64_t tables = threads > 1 ? 2 * std::int64_t{threads} : 1;
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(1, *limits.bytes_max / tables / BytesOfGroup(plan)));
}

Error TooMuchMemory(const Plan& plan, const CubeQuery& query, const QueryLimits& limits) {
  std::string widest;
  std::size_t most = 0;
  for (std::size_t d = 0; d < plan.dimensions.size(); ++d) {
    const std::size_t members = plan.dimensions[d]->members().size();
    if (members <= most) continue;
    most = members;
    widest = query.dimensions[d]->data_model_name;
  }
  const std::string which =
      most == 0 ? std::string() : fmt::format(" ({} has {} members)", widest, most);
  return Fail(ErrorCode::kResourceExhausted,
              fmt::format("the query needs more than its {} MiB for groups and rows; ask for fewer "
                          "dimensions{}, fewer measures, more filters or a shorter time",
                          limits.bytes_max.value_or(0) >> 20, which),
              {}, "Dimensions");
}

}  // namespace cqd::cube
