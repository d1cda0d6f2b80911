#include "integration/internal/data_watch.h"

#include <algorithm>

#include "base/log.h"

namespace cqd::integration::internal {
namespace {

/// How old a look may be. Our decision: forecasts are made from hours, free room changes in
/// minutes.
constexpr Duration kLookEvery = std::chrono::minutes(1);

/// Streams of which an end lies in no network of the building data.
constexpr std::string_view kUnmappedQuery = R"({
  "Filters": [
    {"DataModelName": "[First Network].[Network]", "Value": "[(Blank)]", "Operand": 0, "UnionGroup": "end"},
    {"DataModelName": "[Second Network].[Network]", "Value": "[(Blank)]", "Operand": 0, "UnionGroup": "end"}],
  "Measurements": [{"DataModelName": "[Measures].[Total Stream Count]"}]})";

/// A full cube of a large organisation is counted in seconds; what takes longer is not cheap.
constexpr Duration kCountTimeMax = std::chrono::seconds(30);

std::int64_t UnmappedSubnets(const model::Mapping& mapping) {
  std::int64_t unmapped = 0;
  const model::KeyId subnets = mapping.keys().size(model::KeySpace::kSubnet);
  for (model::KeyId subnet = 1; subnet <= subnets; ++subnet) {
    if (mapping.NetworkOf(subnet) == nullptr) ++unmapped;
  }
  return unmapped;
}

}  // namespace

DataWatch::DataWatch(const archive::Archive& archive, const cube::Cube& cube, RunLog& log,
                     const Clock& clock, int retention_months)
    : archive_(archive),
      cube_(cube),
      log_(log),
      clock_(clock),
      retention_months_(retention_months) {}

void DataWatch::Look(bool now) {
  const std::lock_guard looking(look_mutex_);
  const Duration moment = clock_.Monotonic();
  if (!now && looked_at_ && moment - *looked_at_ < kLookEvery) return;
  looked_at_ = moment;
  const StorageStatus storage = LookAtStorage();
  const RetentionStatus retention = LookAtRetention();
  const MappingStatus mapping = LookAtMapping();
  const std::lock_guard guard(mutex_);
  storage_ = storage;
  retention_ = retention;
  mapping_.map_version = mapping.map_version;
  mapping_.applied_through = mapping.applied_through;
  known_ = true;
}

StorageStatus DataWatch::LookAtStorage() {
  StorageStatus storage;
  const auto bytes = archive_.StorageBytes();
  const auto months = archive_.Months();
  const auto snapshot = cube_.snapshot();
  if (bytes.ok()) {
    storage.archive_bytes = bytes->first;
    storage.disk_free_bytes = bytes->second;
  }
  if (snapshot) storage.cube_bytes = snapshot->bytes_on_disk();
  if (months.ok()) {
    storage.rows = 0;
    for (const archive::MonthInfo& month : *months) *storage.rows += month.row_count;
    if (!months->empty()) {
      const auto oldest =
          std::min_element(months->begin(), months->end(),
                           [](const auto& a, const auto& b) { return a.month < b.month; });
      storage.oldest_at = oldest->month.begin();
    }
  }
  auto samples = log_.StorageSamples();
  if (!samples.ok()) return storage;
  if (bytes.ok() && months.ok() &&
      (!stored_at_ || clock_.Monotonic() - *stored_at_ >= kStorageSampleEvery)) {
    const StorageSample sample{.at = clock_.Now(),
                               .disk_free_bytes = bytes->second,
                               .archive_bytes = bytes->first,
                               .cube_bytes = storage.cube_bytes.value_or(0),
                               .rows = *storage.rows};
    // A restart soon after a sample needs no other one.
    const bool fresh = !samples->empty() && sample.at >= samples->back().at &&
                       sample.at - samples->back().at < kStorageSampleEvery;
    if (!fresh) {
      if (const Status kept = log_.AddStorageSample(sample); !kept.ok()) {
        LogWarning("storage sample: {}", kept.error().ToString());
      } else {
        samples->push_back(sample);
      }
    }
    stored_at_ = clock_.Monotonic();
  }
  storage.days_until_full = DaysUntilFull(*samples);
  return storage;
}

RetentionStatus DataWatch::LookAtRetention() const {
  RetentionStatus retention;
  if (retention_months_ <= 0) return retention;
  const UtcTime now = clock_.Now();
  const Month oldest = Month::Of(now).Plus(1 - retention_months_);
  retention.row_days =
      std::chrono::duration_cast<std::chrono::hours>(now - oldest.begin()).count() / 24;
  // The first run of the next month finds one month too many.
  retention.next_purge_at = Month::Of(now).end();
  const auto months = archive_.Months();
  if (!months.ok()) return retention;
  retention.rows_due = 0;
  for (const archive::MonthInfo& month : *months) {
    if (month.month < oldest) *retention.rows_due += month.row_count;
  }
  return retention;
}

MappingStatus DataWatch::LookAtMapping() const {
  MappingStatus mapping;
  const auto version = archive_.CustomerTablesVersion();
  const auto snapshot = cube_.snapshot();
  if (!version.ok()) return mapping;
  mapping.map_version = *version;
  if (snapshot && snapshot->mapping().tables().version == *version)
    mapping.applied_through = snapshot->published_at();
  return mapping;
}

void DataWatch::CountUnmapped() {
  const auto snapshot = cube_.snapshot();
  if (!snapshot) return;
  {
    const std::lock_guard guard(mutex_);
    if (counted_data_version_ == snapshot->data_version()) return;
    counted_data_version_ = snapshot->data_version();
    mapping_.unmapped_streams.reset();
    mapping_.unmapped_subnets.reset();
  }
  // Without any network nobody expects a building; there is nothing to complete.
  if (snapshot->mapping().tables().networks.empty()) return;
  const std::int64_t subnets = UnmappedSubnets(snapshot->mapping());
  const auto query = cube::ParseCubeQuery(kUnmappedQuery);
  CQD_CHECK(query.ok());
  cube::QueryLimits limits;
  limits.time_max = kCountTimeMax;
  const auto groups = snapshot->Run(*query, limits);
  const std::lock_guard guard(mutex_);
  mapping_.unmapped_subnets = subnets;
  if (groups.ok()) {
    mapping_.unmapped_streams = groups->empty() ? 0 : groups->front().values.at(0).numerator;
  }
}

void DataWatch::Fill(StatusInputs& inputs) {
  bool known = false;
  {
    const std::lock_guard guard(mutex_);
    known = known_;
  }
  if (!known) Look(true);
  const std::lock_guard guard(mutex_);
  inputs.storage = storage_;
  inputs.retention = retention_;
  inputs.mapping = mapping_;
}

}  // namespace cqd::integration::internal
