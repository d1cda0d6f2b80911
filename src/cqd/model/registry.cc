#include "model/registry.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/check.h"
#include "base/text.h"
#include "model/internal/catalog.h"

namespace cqd::model {
namespace {

std::vector<Attribute> MakeAttributes() {
  Catalog catalog;
  AddDateAttributes(catalog);
  AddCallAttributes(catalog);
  AddEndAttributes(catalog);
  AddPlaceAttributes(catalog);
  AddPairAttributes(catalog);
  AddMetricAttributes(catalog);
  AddQualityAttributes(catalog);
  std::vector<Attribute> attributes = catalog.Take();
  // Stable: within a category the order of the registry stays.
  std::stable_sort(attributes.begin(), attributes.end(),
                   [](const Attribute& a, const Attribute& b) { return a.category < b.category; });
  return attributes;
}

template <typename T>
std::vector<T> WithIds(std::vector<T> items) {
  for (std::size_t i = 0; i < items.size(); ++i) items[i].id = static_cast<int>(i);
  return items;
}

/// Lower-case, without blanks around the name and between its bracketed parts.
std::string PlainName(std::string_view name) {
  std::string plain;
  bool in_brackets = false;
  for (const char c : ToLower(Trim(name))) {
    if (c == '[') in_brackets = true;
    if (c == ']') in_brackets = false;
    if (c == ' ' && !in_brackets) continue;
    plain += c;
  }
  return plain;
}

/// Names of attributes or measures, exact for lists and plain for lookup.
template <typename T>
struct NameIndex {
  explicit NameIndex(const std::vector<T>& items) {
    for (const T& item : items) {
      Add(item.data_model_name, item);
      for (const std::string& alias : item.aliases) Add(alias, item);
    }
  }
  void Add(const std::string& name, const T& item) {
    CQD_CHECK(by_name.emplace(PlainName(name), &item).second);
    names.push_back(name);
  }
  const T* Find(std::string_view name) const {
    const auto found = by_name.find(PlainName(name));
    return found == by_name.end() ? nullptr : found->second;
  }

  std::unordered_map<std::string, const T*> by_name;
  std::vector<std::string_view> names;
};

const NameIndex<Attribute>& AttributeIndex() {
  static const NameIndex<Attribute> kIndex(Attributes());
  return kIndex;
}
const NameIndex<Measure>& MeasureIndex() {
  static const NameIndex<Measure> kIndex(Measures());
  return kIndex;
}

}  // namespace

const std::vector<Attribute>& Attributes() {
  static const std::vector<Attribute> kAttributes = WithIds(MakeAttributes());
  return kAttributes;
}
const std::vector<Measure>& Measures() {
  static const std::vector<Measure> kMeasures = WithIds(MakeMeasures());
  return kMeasures;
}

const Attribute* FindAttribute(std::string_view data_model_name) {
  return AttributeIndex().Find(data_model_name);
}
const Measure* FindMeasure(std::string_view data_model_name) {
  return MeasureIndex().Find(data_model_name);
}

std::span<const std::string_view> AttributeNames() {
  return AttributeIndex().names;
}
std::span<const std::string_view> MeasureNames() {
  return MeasureIndex().names;
}

std::span<const CubeColumn> ColumnsInUse() {
  static const std::vector<CubeColumn> kColumns = [] {
    std::set<CubeColumn> columns = {CubeColumn::kFacts};
    for (const Attribute& attribute : Attributes()) {
      columns.insert(attribute.inputs, attribute.inputs + attribute.input_count);
    }
    for (const Measure& measure : Measures()) {
      columns.insert(measure.metric);  // the facts where there is none
      if (measure.second_metric) columns.insert(*measure.second_metric);
    }
    return std::vector<CubeColumn>(columns.begin(), columns.end());
  }();
  return kColumns;
}

}  // namespace cqd::model
