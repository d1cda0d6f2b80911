#include "cube/snapshot.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <system_error>
#include <thread>

#include "base/check.h"
#include "cube/internal/columnar.h"
#include "cube/internal/columnar_snapshot.h"
#include "cube/internal/mapping_compare.h"

namespace cqd::cube {

ColumnarSnapshot::ColumnarSnapshot(SnapshotParts parts)
    : parts_(std::move(parts)),
      indexes_(parts_.segments, *parts_.mapping, parts_.budget,
               parts_.previous == nullptr ? nullptr : &parts_.previous->indexes_) {
  if (parts_.rollups) {
    rollups_ = std::make_unique<Rollups>(
        parts_.segments, indexes_, *parts_.rollups, parts_.rollup_budget,
        parts_.previous == nullptr ? nullptr : parts_.previous->rollups_.get());
  }
  parts_.previous = nullptr;
  for (const VisibleSegment& visible : parts_.segments) {
    row_count_ += visible.live_rows();
    bytes_ += static_cast<std::int64_t>(visible.segment->data().byte_count());
    if (visible.dead) bytes_ += static_cast<std::int64_t>(visible.dead->bits.size() * 8);
    if (visible.live_rows() == 0) continue;
    const UtcTime newest = visible.segment->session_time_max();
    data_through_ = data_through_ ? std::max(*data_through_, newest) : newest;
  }
}

Result<Groups> ColumnarSnapshot::Run(const CubeQuery& query, const QueryLimits& limits) const {
  return RunColumnar(query, limits, data());
}

Result<MappingChange> Snapshot::CompareMapping(const model::Mapping&, const QueryLimits&) const {
  return Fail(ErrorCode::kUnimplemented, "this snapshot has no segments to compare");
}

Result<MappingChange> ColumnarSnapshot::CompareMapping(const model::Mapping& candidate,
                                                       const QueryLimits& limits) const {
  return CompareMappings(parts_.segments, *parts_.mapping, candidate, MakeStopCheck(limits));
}

Result<QueryExplanation> Snapshot::Explain(const CubeQuery&, const QueryLimits&) const {
  return Fail(ErrorCode::kUnimplemented, "this data cannot explain its answers");
}

Result<QueryExplanation> ColumnarSnapshot::Explain(const CubeQuery& query,
                                                   const QueryLimits& limits) const {
  CQD_ASSIGN_OR_RETURN(auto explanation, ExplainColumnar(query, limits, data()));
  explanation.data_version = parts_.data_version;
  return explanation;
}

Result<ResultTable> ColumnarSnapshot::Answer(const CubeQuery& query,
                                             const QueryLimits& limits) const {
  return AnswerColumnar(query, limits, data());
}

Status ColumnarSnapshot::Prepare(const model::Attribute& attribute,
                                 const CancelToken& cancel) const {
  const auto stop = [&cancel] { return cancel.Check(); };
  CQD_ASSIGN_OR_RETURN(const auto index, indexes_.Of(attribute, stop));
  std::atomic<std::size_t> next{0};
  const auto make_narrow = [&] {
    try {
      for (std::size_t s = next++; s < parts_.segments.size() && cancel.Check().ok(); s = next++) {
        index->NarrowByCode(parts_.segments[s], s);
      }
    } catch (const std::bad_alloc&) {  // left to the queries
    }
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < parts_.threads && row_count_ > 1'000'000; ++i) {
    try {
      helpers.emplace_back(make_narrow);
    } catch (const std::system_error&) {
      break;
    }
  }
  make_narrow();
  for (std::thread& helper : helpers) helper.join();
  index->OccurringInOrder(parts_.segments);
  return cancel.Check();
}

std::shared_ptr<const Snapshot> MakeSnapshot(std::span<const model::StreamRow> rows,
                                             std::shared_ptr<const model::Mapping> mapping,
                                             const TimeZone& zone, const SnapshotOptions& options) {
  const std::size_t rows_a_segment =
      std::clamp<std::size_t>(options.segment_rows, 1, static_cast<std::size_t>(kSegmentRows));
  SnapshotParts parts;
  parts.data_version = options.data_version;
  for (std::size_t begin = 0; begin < rows.size(); begin += rows_a_segment) {
    const std::size_t end = std::min(rows.size(), begin + rows_a_segment);
    SegmentBuilder builder(*mapping, zone);
    const auto id = [](std::size_t row) {
      return archive::RowId(static_cast<std::int64_t>(row) + 1);
    };
    for (std::size_t row = begin; row < end; ++row) builder.Add(rows[row], id(row));
    const RowRange range{archive::RowId(static_cast<std::int64_t>(begin)), id(end - 1)};
    auto bytes = std::make_shared<const std::vector<std::byte>>(std::move(builder).Finish(range));
    auto segment = CubeSegment::Open(*bytes, bytes);
    CQD_CHECK(segment.ok());
    parts.segments.push_back({*std::move(segment), nullptr});
  }
  parts.mapping = std::move(mapping);
  parts.zone = zone;
  parts.threads = options.threads;
  parts.rows_per_thread = options.rows_per_thread.value_or(kRowsPerThread);
  parts.budget = std::make_shared<MemoryBudget>(options.made_bytes_max);
  if (options.rollup_rows_min) {
    parts.rollups = {
        .segment_rows_min = 1, .rows_min = *options.rollup_rows_min, .rows_per_tuple_min = 1};
    parts.rollup_budget = std::make_shared<MemoryBudget>(options.made_bytes_max / 4);
  }
  return std::make_shared<ColumnarSnapshot>(std::move(parts));
}

}  // namespace cqd::cube
