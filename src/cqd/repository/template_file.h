// The published template form (.cqdx): a tree of items as one JSON document.
// Source: reference/cube-model.md 5, last paragraph.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cqd::repository {

/// One item of a template. Index 0 of a tree is its root; a parent stands before its children, and
/// children stand in their order.
struct TemplateItem {
  std::int64_t id = 0;     ///< in the template
  std::size_t parent = 0;  ///< index; the root's own
  std::string content;
  std::string type;  ///< of the content: application/json for "Query" and "ReportSet"
};

struct TemplateTree {
  std::vector<TemplateItem> items;
  std::int64_t unreachable = 0;  ///< items that the root does not lead to
};

/// Reads a template and unfolds it: an item with two parents is there twice.
/// Errors: kInvalidArgument with the field ("ItemRelations[3].ChildItemId"): not JSON, a name
/// missing or of another type, an unknown or repeated id, a circle; kResourceExhausted: levels and
/// items (item.h).
Result<TemplateTree> ReadTemplate(std::string_view text);

/// Writes a tree; `ItemId` are those of the items. Type is "Query" for JSON with a Query,
/// "ReportSet" for other JSON, and what it is for anything else.
std::string WriteTemplate(const std::vector<TemplateItem>& items);

/// True for the content of a report, false for that of a report set.
bool IsReport(std::string_view content);

}  // namespace cqd::repository
