// UTF-16 as ODBC drivers hand it out.
#pragma once

#include <string>
#include <string_view>

namespace cqd::odbc::internal {

/// Appends `utf16` (native byte order, two bytes a unit) as UTF-8; a lone surrogate becomes U+FFFD.
void AppendUtf16(std::string_view utf16, std::string& utf8);

}  // namespace cqd::odbc::internal
