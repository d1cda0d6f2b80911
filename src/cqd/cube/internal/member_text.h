// One spelling for everything that means the same member.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/registry.h"

namespace cqd::cube {

/// Lower case for comparing: ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic letters.
std::string FoldCase(std::string_view utf8);

/// True for "(Blank)" in any case, the filter value for null or empty
/// (reference/cube-model.md 4.2).
bool IsBlankValue(std::string_view value);

/// Point in time of a date key, in microseconds of the reporting zone's wall clock: "2015-3",
/// "2015-03", "2015-03-01", "2015-03-01T00:00:00". nullopt for anything else.
std::optional<std::int64_t> ParseDateKey(std::string_view text);
/// What ParseDateKey reads, in words for an error message.
inline constexpr std::string_view kDateForms =
    "a date like 2015-03, 2015-03-01 or 2015-03-01T00:00:00";

/// The order key of a band ("065: [2 - 3)" -> "065"), or the whole text when it has none.
/// Source: reference/cube-model.md 2.8.
std::string_view BandOrderKey(std::string_view text);

/// Equal for two texts that name the same member of an attribute of that type: case does not
/// matter; True = 1; 2015-3 = 2015-03-01T00:00:00; 07 = 7 for integers; a band by its order key.
std::string NormalKey(model::AttributeType type, std::string_view text);

}  // namespace cqd::cube
