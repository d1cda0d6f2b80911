#include "cube/internal/query_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace cqd::cube {
namespace {

/// The measures that need what `use` is taken for.
std::string MeasuresOf(MemoryUse use, const Plan& plan, const CubeQuery& query) {
  std::string names;
  for (std::size_t m = 0; m < plan.measures.size(); ++m) {
    const PlannedMeasure& planned = plan.measures[m];
    const auto& index =
        use.kind == MemoryUse::Kind::kDistinct ? planned.distinct : planned.histogram;
    if (index != use.index) continue;
    names += (names.empty() ? "" : ", ") + query.measures[m]->data_model_name;
  }
  return names;
}

}  // namespace

std::size_t QueryMemory::PlaceOf(MemoryUse use) const {
  switch (use.kind) {
    case MemoryUse::Kind::kGroups:
      return 0;
    case MemoryUse::Kind::kWhatIf:
      return 1;
    case MemoryUse::Kind::kDistinct:
      return 2 + use.index;
    case MemoryUse::Kind::kHistogram:
      break;
  }
  return 2 + measures_ + use.index;
}

bool QueryMemory::Take(MemoryUse use, std::size_t bytes) {
  const auto more = static_cast<std::int64_t>(bytes);
  const std::size_t place = PlaceOf(use);
  std::int64_t held = held_.load(std::memory_order_relaxed);
  do {
    if (bytes_max_ && more > *bytes_max_ - held) {
      refused_place_.store(place, std::memory_order_relaxed);
      refused_bytes_.store(more, std::memory_order_relaxed);
      return false;
    }
  } while (!held_.compare_exchange_weak(held, held + more, std::memory_order_relaxed));
  held += more;
  held_by_[place].fetch_add(more, std::memory_order_relaxed);
  std::int64_t most = held_most_.load(std::memory_order_relaxed);
  while (held > most && !held_most_.compare_exchange_weak(most, held, std::memory_order_relaxed)) {
  }
  return true;
}

void QueryMemory::Give(MemoryUse use, std::size_t bytes) {
  const auto less = static_cast<std::int64_t>(bytes);
  held_by_[PlaceOf(use)].fetch_sub(less, std::memory_order_relaxed);
  held_.fetch_sub(less, std::memory_order_relaxed);
}

Error QueryMemory::Refusal(const Plan& plan, const CubeQuery& query,
                           const QueryLimits& limits) const {
  const std::size_t refused = refused_place_.load(std::memory_order_relaxed);
  std::size_t place = 0;
  std::int64_t most = -1;
  for (std::size_t p = 0; p < held_by_.size(); ++p) {
    std::int64_t bytes = held_by_[p].load(std::memory_order_relaxed);
    if (p == refused) bytes += refused_bytes_.load(std::memory_order_relaxed);
    if (bytes <= most) continue;
    most = bytes;
    place = p;
  }
  if (place == PlaceOf({MemoryUse::Kind::kGroups})) return TooMuchMemory(plan, query, limits);
  const std::string needs =
      fmt::format("the query needs more than its {} MiB", limits.bytes_max.value_or(0) >> 20);
  if (place == PlaceOf({MemoryUse::Kind::kWhatIf})) {
    // All streams of a month are judged, whatever is filtered.
    return Fail(ErrorCode::kResourceExhausted,
                needs +
                    ", most of it to judge a month's calls by other limits, which filters do "
                    "not change; ask for fewer measures, for limits nearer to the published "
                    "ones, or the operator for more (query.bytes_max)",
                {}, "WhatIf");
  }
  const bool is_distinct = place < 2 + measures_;
  const MemoryUse use = is_distinct ? MemoryUse{MemoryUse::Kind::kDistinct, place - 2}
                                    : MemoryUse{MemoryUse::Kind::kHistogram, place - 2 - measures_};
  return Fail(ErrorCode::kResourceExhausted,
              fmt::format("{}, most of it for {}; ask without it, for fewer dimensions, more "
                          "filters or a shorter time",
                          needs, MeasuresOf(use, plan, query)),
              {}, "Measurements");
}

std::int64_t BytesOfGroup(const Plan& plan) {
  constexpr std::size_t kTableBytes = 40;  // column/group_table.h
  const std::size_t values = plan.class_count + 2 * plan.sums.size() + plan.distincts.size();
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
