// A snapshot for tests: any executor, with a version.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "cube/cube.h"
#include "cube/internal/test_corpus.h"

namespace cqd::cube::testing {

/// Answers with `run`.
class TestSnapshot final : public Snapshot {
 public:
  using RunFunction = std::function<Result<Groups>(const CubeQuery&, const QueryLimits&)>;
  TestSnapshot(std::int64_t version, RunFunction run)
      : version_(version), run_(std::move(run)), mapping_(keys_, {}) {}

  Result<Groups> Run(const CubeQuery& query, const QueryLimits& limits) const override {
    return run_(query, limits);
  }
  std::int64_t data_version() const override { return version_; }
  UtcTime published_at() const override { return Month(2015, 4).begin(); }
  std::optional<UtcTime> data_through() const override { return Month(2015, 3).begin(); }
  std::int64_t row_count() const override { return 0; }
  std::int64_t bytes_on_disk() const override { return 0; }
  const model::Mapping& mapping() const override { return mapping_; }
  const TimeZone& zone() const override { return zone_; }

 private:
  std::int64_t version_;
  RunFunction run_;
  TestKeys keys_;
  model::Mapping mapping_;
  TimeZone zone_;
};

}  // namespace cqd::cube::testing
