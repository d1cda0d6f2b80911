// Words of the Microsoft formats and their numbers, and cutting elements out of a larger text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cqd::source::internal {

/// Media line label (model/stream.h) of "main-audio", "audio", "main-video",
/// "applicationsharing-video" ...; an unknown word gives a number above the known ones, the same
/// for the same word.
int LabelOf(std::string_view word);
/// 0 UDP, 1 TCP. Source: reference/qoe-metrics-schema.md 2.
std::optional<double> TransportOf(std::string_view word);
/// 0 none, 1 SRTP, 2 V1.
std::optional<double> SecurityOf(std::string_view word);
/// 1 DIRECT, 2 RELAY, 4 HTTP-PROXY, 8 FAILED.
std::optional<double> IceOf(std::string_view word);
/// Bits of Endpoint.VirtualizationFlag: a number stays, "HyperV" is 1; nullopt when unknown.
std::optional<std::int64_t> VirtualizationFlags(std::string_view text);

/// Position of the start tag of `local_name`, with any prefix; npos when there is none.
std::size_t FindElement(std::string_view text, std::string_view local_name, std::size_t from = 0);
/// The elements of these names, each from its start tag to its end tag; when the end tag is missing
/// to the next start tag of such an element, the end of a log line, or the end. One piece with
/// everything when there is none, when the whole is one element, or when a declaration (<!DOCTYPE,
/// <!ENTITY) stands anywhere: that one must not get lost.
std::vector<std::string> SplitElements(std::string_view bytes,
                                       const std::vector<std::string_view>& local_names);

}  // namespace cqd::source::internal
