// The reference executor: answers queries row by row from the stored streams, slowly and obviously.
// Every query test runs on it and on the columnar one; they must agree to the last digit.
#pragma once

#include <memory>
#include <vector>

#include "archive/archive.h"
#include "base/cancel.h"
#include "base/result.h"
#include "base/time_zone.h"
#include "cube/query.h"
#include "model/mapping.h"
#include "model/stream.h"

namespace cqd::cube {

/// Holds the rows themselves and computes everything anew for each query: derived columns, members,
/// filters. The classes are computed from the metrics of each whole session, whatever the rows say.
///
/// Shares nothing with the columnar executor but the model and MemberTest.
/// Threads: Run from any thread. Cost: some microseconds a row and query; for tests and small data.
class ReferenceExecutor : public Executor {
 public:
  /// Order of `rows` does not matter; equal natural keys count twice.
  ReferenceExecutor(std::vector<model::StreamRow> rows,
                    std::shared_ptr<const model::Mapping> mapping, TimeZone zone);
  /// All rows of all months. `mapping` must know the archive's keys. Errors: those of
  /// Archive::Months and Archive::Scan.
  static Result<std::unique_ptr<ReferenceExecutor>> FromArchive(
      const archive::Archive& archive, std::shared_ptr<const model::Mapping> mapping, TimeZone zone,
      const CancelToken& cancel);

  /// Errors: kInvalidArgument (a filter), kResourceExhausted (groups), kDeadlineExceeded,
  /// kCancelled.
  Result<Groups> Run(const CubeQuery& query, const QueryLimits& limits) const override;

 private:
  std::vector<model::StreamRow> rows_;  // by sessions, with the published classes
  std::shared_ptr<const model::Mapping> mapping_;
  TimeZone zone_;
};

}  // namespace cqd::cube
