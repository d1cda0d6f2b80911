#include "source/internal/xml.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace cqd::source::internal {
namespace {

bool IsNameEnd(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '/' || c == '>';
}

/// Position after the '>' that ends the tag at `at`, quotes respected; npos when there is none.
std::size_t TagEnd(std::string_view text, std::size_t at) {
  char quote = '\0';
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

/// Position after `terminator`, or npos.
std::size_t After(std::string_view text, std::size_t at, std::string_view terminator) {
  const auto found = text.find(terminator, at);
  return found == std::string_view::npos ? found : found + terminator.size();
}

Error BadXml(std::string what, std::size_t offset) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("XML: {} at byte {}", what, offset));
}

}  // namespace

Result<XmlOutline> ScanXml(std::string_view text, int depth_max) {
  XmlOutline outline;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = text.find('<', at);
    if (open == std::string_view::npos) return outline;
    const std::string_view rest = text.substr(open);
    if (rest.starts_with("<!--")) {
      at = After(text, open + 4, "-->");
    } else if (rest.starts_with("<![CDATA[")) {
      at = After(text, open + 9, "]]>");
    } else if (rest.starts_with("<?")) {
      at = After(text, open + 2, "?>");
    } else if (rest.starts_with("<!")) {
      // Entities could only be declared here: without declarations there is nothing to expand or to
      // fetch.
      return BadXml("a document type declaration is not accepted", open);
    } else {
      at = TagEnd(text, open + 1);
      if (at != std::string_view::npos) {
        const std::string_view tag = text.substr(open + 1, at - open - 2);
        const bool closing = tag.starts_with('/');
        const std::string_view from = closing ? tag.substr(1) : tag;
        const auto name_end = std::find_if(from.begin(), from.end(), IsNameEnd);
        const std::string_view name(from.data(), static_cast<std::size_t>(name_end - from.begin()));
        if (closing) {
          if (outline.open.empty() || outline.open.back() != name) {
            return BadXml(fmt::format("</{}> closes nothing", CleanUtf8(name, 40)), open);
          }
          outline.open.pop_back();
        } else if (!tag.ends_with('/')) {
          outline.open.emplace_back(name);
          if (static_cast<int>(outline.open.size()) > depth_max) {
            return Fail(ErrorCode::kResourceExhausted,
                        fmt::format("XML: nested deeper than {} elements", depth_max));
          }
        }
      }
    }
    if (at == std::string_view::npos) {
      outline.cut = true;
      return outline;
    }
  }
}

Result<std::unique_ptr<pugi::xml_document>> ParseXml(
    std::string_view text, int depth_max, const std::vector<std::string_view>& may_be_open) {
  CQD_ASSIGN_OR_RETURN(const XmlOutline outline, ScanXml(text, depth_max));
  if (outline.cut) return BadXml("cut inside a tag", text.size());
  std::string whole(text);
  for (auto name = outline.open.rbegin(); name != outline.open.rend(); ++name) {
    if (std::find(may_be_open.begin(), may_be_open.end(), LocalName(*name)) == may_be_open.end()) {
      return BadXml(fmt::format("cut inside <{}>", CleanUtf8(*name, 40)), text.size());
    }
    whole += "</" + *name + ">";
  }
  auto document = std::make_unique<pugi::xml_document>();
  const pugi::xml_parse_result parsed =
      document->load_buffer(whole.data(), whole.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    return BadXml(parsed.description(),
                  static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, parsed.offset)));
  }
  return document;
}

std::string_view LocalName(std::string_view name) {
  const auto colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node Child(const pugi::xml_node& node, std::string_view local_name) {
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_element && LocalName(child.name()) == local_name) return child;
  }
  return {};
}

std::string TextOf(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
  }
  return std::string(Trim(text));
}

std::string ChildText(const pugi::xml_node& node, std::string_view local_name) {
  return TextOf(Child(node, local_name));
}

std::string Attribute(const pugi::xml_node& node, std::string_view local_name) {
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    if (LocalName(attribute.name()) == local_name) return std::string(Trim(attribute.value()));
  }
  return {};
}

void ForEachLeaf(const pugi::xml_node& node,
                 const std::function<void(std::string_view, const pugi::xml_node&)>& visit) {
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    const auto is_element = [](const pugi::xml_node& n) { return n.type() == pugi::node_element; };
    if (child.find_child(is_element)) {
      ForEachLeaf(child, visit);
    } else {
      visit(LocalName(node.name()), child);
    }
  }
}

}  // namespace cqd::source::internal
