// CanonicalText: the key of the cache.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cube/internal/member_text.h"
#include "cube/query.h"

namespace cqd::cube {
namespace {

/// Lengths before texts: no text from outside can imitate a border.
void AppendText(std::string& out, std::string_view text) {
  fmt::format_to(std::back_inserter(out), "{}:", text.size());
  out.append(text);
}

bool ComparesKeys(Operand operand) {
  return operand == Operand::kEquals || operand == Operand::kNotEquals;
}

std::string FilterText(const Filter& filter) {
  std::set<std::string> values;
  for (const std::string& value : filter.values) {
    if (IsBlankValue(value)) {
      values.insert("(");  // no NormalKey of a date, number, band or folded "(blank)" equals it
    } else if (ComparesKeys(filter.operand)) {
      values.insert("=" + NormalKey(filter.attribute->type, value));
    } else {
      values.insert("=" + value);
    }
  }
  std::string out = fmt::format("f{},{};", filter.attribute->id, static_cast<int>(filter.operand));
  for (const std::string& value : values) AppendText(out, value);
  return out;
}

/// Filters that must all hold; each is a set of texts of which one must.
std::set<std::set<std::string>> Conjunction(const std::vector<Filter>& filters) {
  std::map<std::string, std::set<std::string>> groups;
  std::set<std::set<std::string>> all;
  for (const Filter& filter : filters) {
    if (filter.union_group.empty()) {
      all.insert({FilterText(filter)});
    } else {
      groups[filter.union_group].insert(FilterText(filter));
    }
  }
  for (auto& [name, group] : groups) all.insert(std::move(group));
  return all;
}

}  // namespace

std::string CanonicalText(const CubeQuery& query) {
  std::string out = "1";  // version of this text
  for (const model::Attribute* dimension : query.dimensions)
    out += fmt::format("d{}", dimension->id);
  for (const model::Measure* measure : query.measures) out += fmt::format("m{}", measure->id);
  for (const std::set<std::string>& group : Conjunction(query.filters)) {
    out += fmt::format("g{};", group.size());
    for (const std::string& filter : group) AppendText(out, filter);
  }
  if (query.window)
    out += fmt::format("w{},{}", query.window->first.index(), query.window->last.index());
  if (query.order) {
    out += fmt::format("o{}{}", query.order->measure, query.order->descending ? '>' : '<');
  }
  if (query.row_limit) out += fmt::format("l{}", *query.row_limit);
  if (query.what_if) {
    out += 't';
    for (const double limit : query.what_if->limits) out += fmt::format("{},", limit);
  }
  return out;
}

}  // namespace cqd::cube
