// Reading JSON that people and other programs wrote: standard JSON, bounded, names in any case.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cqd::repository {

/// Errors: kInvalidArgument (not JSON), kResourceExhausted (deeper than `depth_max`); field
/// `field`.
Result<boost::json::value> ReadJson(std::string_view text, std::size_t depth_max,
                                    std::string_view field);

/// The member of that name without regard to case, or nullptr (reference/repository-api.md 5.4).
const boost::json::value* FindMember(const boost::json::object& object, std::string_view name);

}  // namespace cqd::repository
