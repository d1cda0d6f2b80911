// JSON as clients of the Data API write it: a little more than RFC 8259.
// Source: reference/cube-model.md 4.5, last point.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cqd::cube {

/// Our limits for one body; a report's query has a few kilobytes and a depth of four.
inline constexpr std::size_t kBodyBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kBodyDepthMax = 32;

/// Reads one JSON object. Beyond the standard: a byte order mark, comments, trailing commas and
/// unquoted property names. The last of several equal names wins.
/// Errors: kInvalidArgument (no JSON, or no object at the top; the message says where),
/// kResourceExhausted (size, depth). Cost: two passes over `body`.
Result<boost::json::object> ParseLenientObject(std::string_view body);

/// The property called `name` in any case; the last one in the text when several differ in case
/// only; nullptr when there is none or it is null.
const boost::json::value* FindProperty(const boost::json::object& object, std::string_view name);

/// Property as text. Numbers and booleans count as their JSON text. nullopt when absent.
/// Errors: kInvalidArgument naming `path` for an array or object.
Result<std::optional<std::string>> TextProperty(const boost::json::object& object,
                                                std::string_view name, const std::string& path);
/// Property as a whole number; a text that is one counts. Errors: kInvalidArgument naming `path`.
Result<std::optional<std::int64_t>> IntegerProperty(const boost::json::object& object,
                                                    std::string_view name, const std::string& path);
/// Property as a boolean; 0, 1 and the texts "true" and "false" in any case count.
/// Errors: kInvalidArgument naming `path`.
Result<std::optional<bool>> BooleanProperty(const boost::json::object& object,
                                            std::string_view name, const std::string& path);
/// Property as an array; nullptr when absent or null. Errors: kInvalidArgument naming `path`.
Result<const boost::json::array*> ArrayProperty(const boost::json::object& object,
                                                std::string_view name, const std::string& path);

/// What a JSON value is, in words: "a number", "an array".
std::string_view KindOfJson(const boost::json::value& value);

}  // namespace cqd::cube
