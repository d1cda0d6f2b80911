// The registry as a document.
#pragma once

#include <string>

namespace cqd::model {

/// All attributes by category, then all measures, as Markdown tables: names, other names, type,
/// unit, description, source. The file docs/registry.md is this text.
std::string DescribeRegistryMarkdown();

}  // namespace cqd::model
