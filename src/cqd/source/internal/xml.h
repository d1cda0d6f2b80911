// Reading XML of unknown origin: nothing is expanded, nothing is fetched, nesting is limited before
// a tree is built.
#pragma once

#include <pugixml.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cqd::source::internal {

/// What a scan of the tags found.
struct XmlOutline {
  std::vector<std::string> open;  ///< elements without an end tag, outermost first
  bool cut = false;               ///< the text ends inside a tag, a comment or a CDATA section
};

/// One pass over the tags. Errors: kInvalidArgument (a document type declaration; an end tag that
/// fits nothing), kResourceExhausted (deeper than `depth_max`; the message names the limit).
Result<XmlOutline> ScanXml(std::string_view text, int depth_max);

/// Scans and parses. Missing end tags of the elements in `may_be_open` (local names) at the very
/// end are put in; any other damage is kInvalidArgument with the place.
Result<std::unique_ptr<pugi::xml_document>> ParseXml(
    std::string_view text, int depth_max, const std::vector<std::string_view>& may_be_open);

/// The name without its prefix.
std::string_view LocalName(std::string_view name);
/// First child element with that local name; an empty node when there is none.
pugi::xml_node Child(const pugi::xml_node& node, std::string_view local_name);
/// Trimmed text of that child, or "".
std::string ChildText(const pugi::xml_node& node, std::string_view local_name);
/// Text of the node itself: all its text and CDATA, trimmed.
std::string TextOf(const pugi::xml_node& node);
/// Value of the attribute with that local name, or "".
std::string Attribute(const pugi::xml_node& node, std::string_view local_name);
/// Calls `visit(parent, leaf)` for every element below `node` that has no element inside.
/// Precondition: the depth was limited by ParseXml.
void ForEachLeaf(
    const pugi::xml_node& node,
    const std::function<void(std::string_view parent, const pugi::xml_node& leaf)>& visit);

}  // namespace cqd::source::internal
