#include "model/internal/members.h"

#include <fmt/format.h>

#include <cmath>

#include "base/text.h"

namespace cqd::model {

Member BlankMember() {
  Member member;
  member.blank = true;
  return member;
}

Member TextMember(std::string_view text, std::int64_t order) {
  const std::string_view trimmed = Trim(text);
  if (trimmed.empty()) return BlankMember();
  return {.key = std::string(trimmed), .caption = std::string(trimmed), .order = order};
}

Member IntegerMember(Value value) {
  const std::string text = std::to_string(value);
  return {.key = text, .caption = text, .order = value};
}

Member BooleanMember(bool value) {
  const char* const text = value ? "True" : "False";
  return {.key = text, .caption = text, .order = value ? 1 : 0};
}

Member FlagMember(bool value, std::string_view caption_1, std::string_view caption_0) {
  return {.key = value ? "1" : "0",
          .caption = std::string(value ? caption_1 : caption_0),
          .order = value ? 1 : 0};
}

Member BandMember(BandKind kind, double value) {
  const Band& band = BandOf(kind, value);
  return {.key = band.text, .caption = band.text, .order = band.order};
}

Member PairMember(std::string_view a, std::string_view b) {
  if (a.empty() && b.empty()) return BlankMember();
  if (b < a) std::swap(a, b);
  const std::string text = fmt::format("{} : {}", a, b);
  return {.key = text, .caption = text};
}

MemberFunction EntryText(KeySpace space) {
  return [space](Value key, Value, const Mapping& mapping) {
    return TextMember(mapping.Entry(space, key).text);
  };
}

MemberFunction IntegerOfColumn() {
  return [](Value value, Value, const Mapping&) {
    return value == kNull ? BlankMember() : IntegerMember(value);
  };
}

MemberFunction BooleanOfColumn() {
  return [](Value value, Value, const Mapping&) {
    return value == kNull ? BlankMember() : BooleanMember(value != 0);
  };
}

MemberFunction BandOfField(BandKind kind, CubeColumn column) {
  return [kind, column](Value value, Value, const Mapping&) {
    return value == kNull ? BlankMember() : BandMember(kind, UnscaledValue(column, value));
  };
}

double UnscaledValue(CubeColumn column, Value stored) {
  // A division, not a product with the factor: the result is then the double nearest to the
  // decimal, and a value at the edge of a band falls on the right side.
  return IsFieldColumn(column) ? ToDouble(static_cast<Field>(column), stored)
                               : static_cast<double>(stored);
}

double FactorOf(CubeColumn column) {
  if (!IsFieldColumn(column)) return 1;
  return 1 / std::pow(10.0, InfoOf(static_cast<Field>(column)).scale);
}

MemberList BooleanMembers() {
  return [] { return std::vector<Member>{BooleanMember(false), BooleanMember(true)}; };
}

}  // namespace cqd::model
