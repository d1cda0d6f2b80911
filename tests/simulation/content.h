// What the archive and the cube must hold: every row by its natural key, in plain maps.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "integration/run.h"
#include "simulation/outside.h"

namespace cqd::simulation {

class Content {
 public:
  /// Source, session time, sequence.
  using Key = std::tuple<int, UtcTime, std::int64_t>;

  /// A batch of source `source` was committed at `now`; counts what became of each record.
  void Commit(int source, const std::vector<OutsideRecord>& batch, UtcTime now,
              integration::RunRows& rows);
  /// Months older than the newest `months` are dropped.
  void Expire(int months, UtcTime now, integration::RunRows& rows);
  /// The cube takes everything over; counts only what is new to it.
  void Process(integration::RunRows& rows);

  std::int64_t row_count() const { return static_cast<std::int64_t>(archive_.size()); }
  std::int64_t cube_rows() const { return static_cast<std::int64_t>(cube_.size()); }
  /// Whether a row from the future ever came.
  bool has_future() const { return has_future_; }
  /// Newest session time that was not in the future when it came.
  const std::optional<UtcTime>& through() const { return through_; }

 private:
  struct Row {
    int jitter = 0;
    std::int64_t version = 0;  ///< changes with the content
  };
  std::map<Key, Row> archive_;
  std::map<Key, std::int64_t> cube_;
  std::int64_t version_ = 0;
  std::optional<UtcTime> through_;
  bool has_future_ = false;
};

}  // namespace cqd::simulation
