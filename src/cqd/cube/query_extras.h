// What a body of RunQuery may ask for beyond the published query.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cqd::cube {

struct QueryExtras {
  bool funnel = false;   ///< "Funnel": what each step leaves, and why an answer is empty
  bool explain = false;  ///< "Explain": what answering touched
  /// "AsOf": answer from this data version; "CompareTo": a second answer from that one.
  std::optional<std::int64_t> as_of, compare_to;
};

/// Reads them, as lenient as ParseCubeQuery. Errors: kInvalidArgument with the field. Cost: one
/// search over the text when none of the names occurs.
Result<QueryExtras> ParseQueryExtras(std::string_view json);

/// The same query, asking for "Explain" whatever it said of that before; plain JSON.
/// Errors: those of reading a body that is no lenient JSON object.
Result<std::string> WithExplain(std::string_view json);

}  // namespace cqd::cube
