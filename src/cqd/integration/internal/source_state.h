// What is known of a source, as the text that integration.sqlite keeps: it outlives the process.
#pragma once

#include <string>
#include <string_view>

#include "integration/status.h"

namespace cqd::integration::internal {

std::string EncodeSourceState(const SourceStatus& source);
/// Reads what was learnt back into `source`; name and kind stay. Text that nobody understands says
/// nothing: it is as if the source had never been looked at.
void DecodeSourceState(std::string_view text, SourceStatus& source);

}  // namespace cqd::integration::internal
