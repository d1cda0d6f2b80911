// What a caller got wrong, by field.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace cqd::api {

inline bool IsAdministrator(const http::Request& request) {
  return request.principal.role >= http::Role::kAdministrator;
}

/// kInvalidArgument: "<field> must be <what>".
Error BadField(std::string field, std::string_view what);
/// The body as a JSON object of at most eight levels. Errors: kInvalidArgument (field "body").
Result<boost::json::object> ReadObject(const http::Request& request, std::string_view example);
/// A text member, `otherwise` when it is absent or null. Errors: kInvalidArgument.
Result<std::string> TextMember(const boost::json::object& body, std::string_view name,
                               std::string_view otherwise);
/// A whole number from `least` to `most`. Errors: kInvalidArgument.
Result<std::int64_t> WholeNumber(std::string_view field, std::string_view text, std::int64_t least,
                                 std::int64_t most);

}  // namespace cqd::api
