// DimensionMembers: which members an attribute has, searched and in pages.
// Source: reference/cube-model.md 4.6.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cube/query.h"

namespace cqd::cube {

struct MembersRequest {
  const model::Attribute* attribute = nullptr;
  bool bypass_cache = false;
  std::string search_caption;     ///< substring of the caption, any case; "" matches all
  std::string search_value;       ///< substring of the key in its brackets, any case
  std::int64_t page_number = 0;   ///< from 0
  std::int64_t page_size = 8000;  ///< 1 to 1,000,000; default as in the published sample
};

/// One page of members.
struct MembersPage {
  std::int64_t members_count = 0;  ///< all that match the searches, before paging
  /// Key in brackets as a filter takes it, and caption; the blank member is "[(Blank)]", "(Blank)".
  std::vector<std::pair<std::string, std::string>> members;
};

/// Reads the body of DimensionMembers, as lenient as ParseCubeQuery. Errors: kInvalidArgument with
/// the field, kResourceExhausted (size, depth).
Result<MembersRequest> ParseMembersRequest(std::string_view json);

/// All members of `attribute` in member order: from the registry when it lists them, else those
/// that occur in the data. Errors: kUnavailable (the data is needed and `executor` is nullptr),
/// those of Executor::Run. Cost: a query with one dimension.
Result<std::vector<model::Member>> AllMembers(const model::Attribute& attribute,
                                              const Executor* executor, const QueryLimits& limits);

/// The members that match both searches, cut to the page; a page past the end is empty.
MembersPage SelectMembers(const std::vector<model::Member>& all, const MembersRequest& request);

/// {"MembersCount":493,"Members":[["[1990-01-01T00:00:00]","January 1990"],...]}.
std::string WriteMembersJson(const MembersPage& page);

}  // namespace cqd::cube
