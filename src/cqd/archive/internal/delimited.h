// Text files of fields between separators: CSV of RFC 4180, and the same with tabs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cqd::archive::internal {

struct DelimitedRecord {
  std::int64_t line = 0;  ///< from 1, of the first character
  std::vector<std::string> fields;
};

/// All records; empty lines are left out, a byte order mark is dropped. The separator is the tab
/// when the first line has one, else the comma, else the semicolon (spreadsheets of some
/// countries). Fields are trimmed unless quoted. Errors: kInvalidArgument with the line (a quote
/// that never closes, text after a closing quote, a UTF-16 file, NUL bytes, not UTF-8).
Result<std::vector<DelimitedRecord>> ParseDelimited(std::string_view text);

}  // namespace cqd::archive::internal
