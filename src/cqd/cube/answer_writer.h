// The text of an answer, made piece by piece: a large one never stands whole in memory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "cube/query_service.h"

namespace cqd::cube {

/// Writes the published answer of a query (reference/cube-model.md 4.5). Where an answer is cut
/// into pieces does not change a byte of it: QueryOutcome::ToJson is made of this. Holds the tables
/// that are still to be written and nothing else of any size; a table that the cache holds as well
/// takes no further memory. Threads: one at a time.
class AnswerWriter {
 public:
  explicit AnswerWriter(const QueryOutcome& outcome);

  /// Appends the next piece: whole rows until `bytes` or more are added, or all that is left.
  /// Returns false when that was the last piece; not to be called again then. Over `bytes` by one
  /// row at most, and by the text between the tables (an explanation, a funnel: some KiB).
  /// Cost: about 3 ns a byte.
  bool Next(std::string& chunk, std::size_t bytes);

 private:
  /// A text and the rows behind it.
  struct Part {
    std::string text;
    std::shared_ptr<const ResultTable> rows;  ///< nullptr: none
  };
  void AddFurther(const char* name, const FurtherRows& further);

  std::vector<Part> parts_;  ///< the last one has no rows
  std::size_t part_ = 0;
  bool text_written_ = false;  ///< of parts_[part_]
  std::size_t row_ = 0;        ///< the next one of parts_[part_]
};

}  // namespace cqd::cube
