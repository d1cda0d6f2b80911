// The text of a filter's Value: one member, a list of members, or a bare text.
// Source: reference/cube-model.md 4.2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cqd::cube {

/// Splits at commas that follow a closing bracket and takes the outer brackets off: "[a],[b],"
/// gives {"a", "b"}. "]]" within brackets is one "]". A composite key ("[1]&[0]", also written with
/// "&amp;") stays whole and keeps its brackets. What is not in brackets is taken as it stands,
/// without blanks around it. An empty text gives no value; "[]" gives one empty value.
std::vector<std::string> SplitValues(std::string_view text);

/// The inverse for one member key: "[a]", or the key itself when it is composite.
std::string BracketKey(std::string_view key);

}  // namespace cqd::cube
