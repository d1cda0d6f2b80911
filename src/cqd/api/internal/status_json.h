// The status as JSON, in the shape of reference/status-api.md 3. Unknown is null, never 0.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "api/internal/run_json.h"
#include "integration/status.h"

namespace cqd::api {

struct Envelope {
  std::string server_id, version, boot_id;
};

/// Runs of `history[]` when the caller says nothing: the original lists five.
inline constexpr std::size_t kHistoryDefault = 5;

/// Error details, hosts and names of people are shown to administrators only. `history`: most runs
/// of each stage's `history`, at most integration::kHistoryRuns.
boost::json::object StatusJson(const integration::StatusView& view, const Envelope& envelope,
                               bool administrator, std::size_t history = kHistoryDefault);

/// A weak entity tag, equal for documents that differ in nothing but ages, forecasts and signs of
/// life. Source: RFC 9110 section 8.8.1.
std::string WeakTag(const boost::json::object& document);
/// Whether an If-None-Match header names `tag`; weak comparison, RFC 9110 section 13.1.2.
bool NamesTag(std::string_view if_none_match, std::string_view tag);

}  // namespace cqd::api
