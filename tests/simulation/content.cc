#include "simulation/content.h"

#include <algorithm>
#include <chrono>

namespace cqd::simulation {
namespace {

/// Months since year 0.
int MonthOf(UtcTime time) {
  using namespace std::chrono;
  const year_month_day date(floor<days>(time));
  return static_cast<int>(date.year()) * 12 +
         static_cast<int>(static_cast<unsigned>(date.month())) - 1;
}

}  // namespace

void Content::Commit(int source, const std::vector<OutsideRecord>& batch, UtcTime now,
                     integration::RunRows& rows) {
  for (const OutsideRecord& record : batch) {
    rows.read += record.copies;
    if (record.reject) {
      rows.quarantined += record.copies;
      continue;
    }
    const bool future = record.session_time > now;
    has_future_ = has_future_ || future;
    if (!future) through_ = std::max(through_.value_or(record.session_time), record.session_time);
    const auto [place, fresh] =
        archive_.try_emplace(Key{source, record.session_time, record.session_seq});
    if (fresh) {
      ++rows.inserted;
      if (MonthOf(record.session_time) < MonthOf(now)) ++rows.late;
    } else if (place->second.jitter != record.jitter) {
      ++rows.updated;
    } else {
      ++rows.duplicate;
      continue;
    }
    place->second = {record.jitter, ++version_};
  }
}

void Content::Expire(int months, UtcTime now, integration::RunRows& rows) {
  if (months == 0) return;
  rows.expired += static_cast<std::int64_t>(std::erase_if(archive_, [&](const auto& row) {
    return MonthOf(std::get<UtcTime>(row.first)) < MonthOf(now) + 1 - months;
  }));
}

void Content::Process(integration::RunRows& rows) {
  for (const auto& [key, row] : archive_) {
    const auto known = cube_.find(key);
    if (known != cube_.end() && known->second == row.version) continue;
    ++rows.read;
    ++(known == cube_.end() ? rows.inserted : rows.updated);
  }
  cube_.clear();
  for (const auto& [key, row] : archive_) cube_[key] = row.version;
}

}  // namespace cqd::simulation
