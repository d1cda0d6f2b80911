#include "cube/structure.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cube/result.h"
#include "model/registry.h"

namespace cqd::cube {
namespace {

/// A name with its texts, as both lists show it.
struct Entry {
  std::string friendly_name;
  std::string data_model_name;
  std::string_view description;
};
/// Category and entries, in order.
using Category = std::pair<std::string, std::vector<Entry>>;

constexpr std::string_view kKpis =
    R"([{"FriendlyName":"Poor Trend Month","DataModelName":"[KPIValue].Poor Trend Month","Description":null},)"
    R"({"FriendlyName":"Poor Rate Trend Month","DataModelName":"[KPIValue].Poor Rate Trend Month","Description":null}])";

/// "[a].[b]" -> {"a", "b"}; {"", name} for other shapes.
std::pair<std::string, std::string> SplitName(std::string_view name) {
  const std::size_t border = name.find("].[");
  if (!name.starts_with('[') || !name.ends_with(']') || border == std::string_view::npos) {
    return {"", std::string(name)};
  }
  return {std::string(name.substr(1, border - 1)),
          std::string(name.substr(border + 3, name.size() - border - 4))};
}

/// The categories the online templates and clients use (reference/cube-model.md 2.2).
bool IsOnlineCategory(std::string_view category) {
  return category == "AllStreams" || category.starts_with("FirstTenantData") ||
         category.starts_with("SecondTenantData");
}

void AppendEntry(std::string& out, const Entry& entry) {
  out.append("{\"FriendlyName\":");
  AppendJsonText(out, entry.friendly_name);
  out.append(",\"DataModelName\":");
  AppendJsonText(out, entry.data_model_name);
  out.append(",\"Description\":");
  AppendJsonText(out, entry.description);
  out.push_back('}');
}

void AppendEntries(std::string& out, const std::vector<Entry>& entries) {
  out.push_back('[');
  for (const Entry& entry : entries) {
    AppendEntry(out, entry);
    out.push_back(',');
  }
  if (out.back() == ',') out.pop_back();
  out.push_back(']');
}

void AppendCategories(std::string& out, const std::vector<Category>& categories) {
  out.push_back('[');
  for (const auto& [name, entries] : categories) {
    out.append("{\"Category\":");
    AppendJsonText(out, name);
    out.append(",\"Attributes\":");
    AppendEntries(out, entries);
    out.append("},");
  }
  if (out.back() == ',') out.pop_back();
  out.push_back(']');
}

std::vector<Category> Dimensions(Dialect dialect) {
  std::map<std::string, std::map<std::string, Entry>> sorted;
  const auto add = [&sorted](const std::string& name, const model::Attribute& attribute) {
    auto [category, friendly] = SplitName(name);
    sorted[category].try_emplace(friendly, Entry{friendly, name, attribute.description});
  };
  for (const model::Attribute& attribute : model::Attributes()) {
    switch (dialect) {
      case Dialect::kOnPremises:
        if (attribute.listed) add(attribute.data_model_name, attribute);
        break;
      case Dialect::kOnline:
        if (IsOnlineCategory(SplitName(attribute.data_model_name).first)) {
          add(attribute.data_model_name, attribute);
        }
        for (const std::string& alias : attribute.aliases) {
          if (IsOnlineCategory(SplitName(alias).first)) add(alias, attribute);
        }
        break;
    }
  }
  std::vector<Category> out;
  for (const auto& [category, entries] : sorted) {
    out.emplace_back(category, std::vector<Entry>());
    for (const auto& [name, entry] : entries) out.back().second.push_back(entry);
  }
  return out;
}

std::vector<Entry> FlatMeasures() {
  std::vector<Entry> entries;
  for (const model::Measure& measure : model::Measures()) {
    entries.push_back({measure.name, measure.data_model_name, measure.description});
  }
  return entries;
}

/// The spelling the online service uses is the first alias where the two differ.
std::vector<Category> GroupedMeasures() {
  std::vector<Category> groups;
  for (const model::Measure& measure : model::Measures()) {
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const Category& c) { return c.first == measure.group; });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), {measure.group, std::vector<Entry>()});
    }
    const std::string& name =
        measure.aliases.empty() ? measure.data_model_name : measure.aliases.front();
    group->second.push_back({SplitName(name).second, name, measure.description});
  }
  return groups;
}

}  // namespace

std::string WriteCubeStructure(Dialect dialect) {
  std::string out = "{\"Kpis\":";
  out.append(kKpis).append(",\"Dimensions\":");
  AppendCategories(out, Dimensions(dialect));
  out.append(",\"Measurements\":");
  switch (dialect) {
    case Dialect::kOnPremises:
      AppendEntries(out, FlatMeasures());
      break;
    case Dialect::kOnline:
      AppendCategories(out, GroupedMeasures());
      break;
  }
  out.push_back('}');
  return out;
}

}  // namespace cqd::cube
