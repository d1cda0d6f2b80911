#include "repository/template_file.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <unordered_map>

#include "base/text.h"
#include "repository/internal/json_text.h"
#include "repository/item.h"

namespace cqd::repository {
namespace {

namespace json = boost::json;

/// Document, list, item: no more levels than these have a meaning.
constexpr std::size_t kTemplateDepthMax = 16;
constexpr std::string_view kQuery = "Query";
constexpr std::string_view kReportSet = "ReportSet";

Error Invalid(std::string message, std::string field) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, std::move(field));
}

Result<std::int64_t> NumberMember(const json::object& object, std::string_view name,
                                  const std::string& field) {
  const json::value* value = FindMember(object, name);
  if (value == nullptr || !value->is_int64()) {
    return Invalid(field + " must be a whole number", field);
  }
  return value->get_int64();
}

Result<const json::array*> ListMember(const json::object& object, std::string_view name) {
  const json::value* value = FindMember(object, name);
  if (value == nullptr || !value->is_array()) {
    return Invalid(fmt::format("{} must be a list", name), std::string(name));
  }
  if (value->get_array().size() > kItemsPerUserMax) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("{} has more than {} entries", name, kItemsPerUserMax), {},
                std::string(name));
  }
  return &value->get_array();
}

/// One entry of Items, with its children by index into the entries.
struct Entry {
  std::int64_t id = 0;
  std::string content, type;
  std::vector<std::size_t> children;
};

/// A template as it stands in the file.
struct Document {
  std::vector<Entry> entries;
  std::unordered_map<std::int64_t, std::size_t> by_id;

  Result<std::size_t> Find(std::int64_t id, const std::string& field) const {
    const auto found = by_id.find(id);
    if (found == by_id.end()) {
      return Invalid(fmt::format("{}: no item of the template has the id {}", field, id), field);
    }
    return found->second;
  }
};

Status ReadItems(const json::array& items, Document& document) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string path = fmt::format("Items[{}]", i);
    if (!items[i].is_object()) return Invalid(path + " must be an object", path);
    const json::object& object = items[i].get_object();
    Entry entry;
    CQD_ASSIGN_OR_RETURN(entry.id, NumberMember(object, "ItemId", path + ".ItemId"));
    const json::value* content = FindMember(object, "Content");
    if (content == nullptr || !content->is_string()) {
      return Invalid(path + ".Content must be a text", path + ".Content");
    }
    entry.content = content->get_string();
    const json::value* type = FindMember(object, "Type");
    entry.type = type != nullptr && type->is_string() ? type->get_string() : kReportSet;
    if (entry.type == kQuery || entry.type == kReportSet) entry.type = kJsonType;
    if (!document.by_id.emplace(entry.id, i).second) {
      return Invalid(fmt::format("{}.ItemId: {} is there twice", path, entry.id), path + ".ItemId");
    }
    document.entries.push_back(std::move(entry));
  }
  return OkStatus();
}

Status ReadRelations(const json::array& relations, Document& document) {
  for (std::size_t i = 0; i < relations.size(); ++i) {
    const std::string path = fmt::format("ItemRelations[{}]", i);
    if (!relations[i].is_object()) return Invalid(path + " must be an object", path);
    const json::object& object = relations[i].get_object();
    const std::string parent_field = path + ".ParentItemId", child_field = path + ".ChildItemId";
    CQD_ASSIGN_OR_RETURN(const auto parent_id, NumberMember(object, "ParentItemId", parent_field));
    CQD_ASSIGN_OR_RETURN(const auto child_id, NumberMember(object, "ChildItemId", child_field));
    CQD_ASSIGN_OR_RETURN(const std::size_t parent, document.Find(parent_id, parent_field));
    CQD_ASSIGN_OR_RETURN(const std::size_t child, document.Find(child_id, child_field));
    document.entries[parent].children.push_back(child);
  }
  return OkStatus();
}

/// Walks the document from its root, children after their parents.
class Unfolder {
 public:
  explicit Unfolder(const Document& document)
      : document_(document), seen_(document.entries.size()), open_(document.entries.size()) {}

  Result<TemplateTree> Run(std::size_t root) {
    CQD_RETURN_IF_ERROR(Add(root, 0, 1));
    for (const bool seen : seen_) tree_.unreachable += seen ? 0 : 1;
    return std::move(tree_);
  }

 private:
  // The recursion ends at kLevelsMax.
  Status Add(std::size_t index, std::size_t parent,
             std::size_t level) {  // NOLINT(misc-no-recursion)
    if (open_[index]) {
      return Invalid(
          fmt::format("the relations form a circle through item {}", document_.entries[index].id),
          "ItemRelations");
    }
    if (level > kLevelsMax || tree_.items.size() >= kItemsPerUserMax) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("a template has at most {} levels and {} items", kLevelsMax,
                              kItemsPerUserMax),
                  {}, "ItemRelations");
    }
    const Entry& entry = document_.entries[index];
    const std::size_t here = tree_.items.size();
    tree_.items.push_back(
        {.id = entry.id, .parent = parent, .content = entry.content, .type = entry.type});
    seen_[index] = true;
    open_[index] = true;
    for (const std::size_t child : entry.children) CQD_RETURN_IF_ERROR(Add(child, here, level + 1));
    open_[index] = false;
    return OkStatus();
  }

  const Document& document_;
  std::vector<bool> seen_, open_;
  TemplateTree tree_;
};

}  // namespace

Result<TemplateTree> ReadTemplate(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  CQD_ASSIGN_OR_RETURN(const json::value value, ReadJson(text, kTemplateDepthMax, "body"));
  if (!value.is_object()) {
    return Invalid("a template is a JSON object with RootItemId, Items and ItemRelations", "body");
  }
  const json::object& body = value.get_object();
  Document document;
  CQD_ASSIGN_OR_RETURN(const json::array* items, ListMember(body, "Items"));
  CQD_RETURN_IF_ERROR(ReadItems(*items, document));
  CQD_ASSIGN_OR_RETURN(const json::array* relations, ListMember(body, "ItemRelations"));
  CQD_RETURN_IF_ERROR(ReadRelations(*relations, document));
  CQD_ASSIGN_OR_RETURN(const auto root_id, NumberMember(body, "RootItemId", "RootItemId"));
  CQD_ASSIGN_OR_RETURN(const std::size_t root, document.Find(root_id, "RootItemId"));
  return Unfolder(document).Run(root);
}

std::string WriteTemplate(const std::vector<TemplateItem>& items) {
  std::string out =
      fmt::format("{{\"RootItemId\":{},\"Items\":[", items.empty() ? 0 : items.front().id);
  std::string relations;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const TemplateItem& item = items[i];
    out += fmt::format(
        "{}{{\"ItemId\":{},\"UserId\":0,\"UserName\":null,\"Content\":", i > 0 ? "," : "", item.id);
    AppendJsonText(out, item.content);
    out += ",\"Type\":";
    if (item.type != kJsonType) {
      AppendJsonText(out, item.type);
    } else {
      AppendJsonText(out, IsReport(item.content) ? kQuery : kReportSet);
    }
    out += ",\"SubItemIds\":null,\"SubItems\":null}";
    if (i == 0) continue;
    relations += fmt::format("{}{{\"ParentItemId\":{},\"ChildItemId\":{}}}",
                             relations.empty() ? "" : ",", items[item.parent].id, item.id);
  }
  return out + "],\"ItemRelations\":[" + relations + "]}";
}

}  // namespace cqd::repository
