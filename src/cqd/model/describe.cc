#include "model/describe.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "model/registry.h"

namespace cqd::model {

std::string_view AttributeTypeName(AttributeType type) {
  switch (type) {
    case AttributeType::kText:
      return "text";
    case AttributeType::kInteger:
      return "integer";
    case AttributeType::kBoolean:
      return "boolean";
    case AttributeType::kBand:
      return "band";
    case AttributeType::kDate:
      return "date";
  }
  return "text";
}

std::string_view MeasureKindName(MeasureKind kind) {
  switch (kind) {
    case MeasureKind::kCount:
      return "count";
    case MeasureKind::kPercent:
      return "percentage";
    case MeasureKind::kRatio:
      return "ratio";
    case MeasureKind::kAverage:
      return "average";
    case MeasureKind::kSum:
      return "sum";
    case MeasureKind::kDistinct:
      return "distinct count";
    case MeasureKind::kPercentile:
      return "percentile";
  }
  return "count";
}

namespace {

/// A bar would end the table cell.
std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string CodeList(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ", ";
    text += "`" + Cell(name) + "`";
  }
  return text;
}

void DescribeAttributes(std::string& text) {
  std::string_view category;
  for (const Attribute& attribute : Attributes()) {
    if (attribute.category != category) {
      category = attribute.category;
      fmt::format_to(std::back_inserter(text),
                     "\n### {}\n\n| Name | Also | Type | Unit | Meaning | Source |\n"
                     "|---|---|---|---|---|---|\n",
                     category);
    }
    std::string meaning = Cell(attribute.description);
    if (attribute.proven) meaning += " (published name)";
    if (attribute.personal) meaning += " (personal)";
    if (!attribute.listed) meaning += " (not in CubeStructure)";
    fmt::format_to(std::back_inserter(text), "| `{}` | {} | {} | {} | {} | {} |\n",
                   Cell(attribute.data_model_name), CodeList(attribute.aliases),
                   AttributeTypeName(attribute.type), Cell(attribute.unit), meaning,
                   Cell(attribute.source));
  }
}

void DescribeMeasures(std::string& text) {
  text += "\n| Name | Also | Kind | Unit | Meaning | Source |\n|---|---|---|---|---|---|\n";
  for (const Measure& measure : Measures()) {
    fmt::format_to(std::back_inserter(text), "| `{}` | {} | {} | {} | {}{} | {} |\n",
                   Cell(measure.data_model_name), CodeList(measure.aliases),
                   MeasureKindName(measure.kind), Cell(measure.unit), Cell(measure.description),
                   measure.proven ? " (published name)" : "", Cell(measure.source));
  }
}

}  // namespace

std::string DescribeRegistryMarkdown() {
  std::string text =
      "# Registry: attributes and measures\n\n"
      "Made from the code by `cqd describe`; do not edit. How members and measures come about is "
      "in\n"
      "[model.md](model.md).\n\n";
  fmt::format_to(std::back_inserter(text), "## Attributes ({})\n", Attributes().size());
  DescribeAttributes(text);
  fmt::format_to(std::back_inserter(text), "\n## Measures ({})\n", Measures().size());
  DescribeMeasures(text);
  return text;
}

}  // namespace cqd::model
