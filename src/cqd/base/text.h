// Small text helpers that several modules need. ASCII case rules; all functions are pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cqd {

std::string ToLower(std::string_view text);
std::string_view Trim(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix);
/// Parts between `separator`s; an empty text gives one empty part.
std::vector<std::string_view> Split(std::string_view text, char separator);

/// Whole text as a number; nullopt for anything else (no blanks, no sign '+', no overflow).
std::optional<std::int64_t> ParseInt(std::string_view text);
/// Whole text as a finite number; nullopt for "nan", "inf", trailing text or overflow.
std::optional<double> ParseDouble(std::string_view text);

/// Up to `most` of `candidates` that are near `name` (edit distance, or one contains the other),
/// best first: for "unknown name, did you mean". Case is ignored. Cost: candidates x length^2.
std::vector<std::string> NearestNames(std::string_view name,
                                      std::span<const std::string_view> candidates,
                                      std::size_t most = 3);

/// Replaces bytes that are not UTF-8 by U+FFFD, drops NUL, and cuts to at most `characters`
/// characters (never inside one).
std::string CleanUtf8(std::string_view text, std::size_t characters);

/// Appends `text` as a JSON string with its quotes (RFC 8259 section 7). Bytes that are not UTF-8
/// become U+FFFD, so that the result is always valid JSON. For the fixed shapes that are written
/// without a JSON library.
void AppendJsonText(std::string& out, std::string_view text);

}  // namespace cqd
