// How members are made from column values: the few shapes all attributes share.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/bands.h"
#include "model/registry.h"

namespace cqd::model {

using MemberFunction = std::function<Member(Value a, Value b, const Mapping& mapping)>;
using MemberList = std::function<std::vector<Member>()>;

/// Key and caption are the text; the blank member when it is empty or only blanks.
Member TextMember(std::string_view text, std::int64_t order = 0);
Member IntegerMember(Value value);
/// Key "True" or "False", false first.
Member BooleanMember(bool value);
/// Key "1" or "0" with captions of its own.
Member FlagMember(bool value, std::string_view caption_1, std::string_view caption_0);
Member BandMember(BandKind kind, double value);
/// `a : b` in alphabetical order, not in the order of the ends; blank when both sides are.
/// Source: reference/cube-model.md 2.7 "Pairs".
Member PairMember(std::string_view a, std::string_view b);

/// The text of a dictionary entry.
MemberFunction EntryText(KeySpace space);
/// The column's integer; blank for null.
MemberFunction IntegerOfColumn();
/// 0 and 1 as False and True; blank for null.
MemberFunction BooleanOfColumn();
/// The band of a field's value in the field's unit; blank for null.
MemberFunction BandOfField(BandKind kind, CubeColumn column);

/// A stored value in the unit of its column: fields have a scale, computed columns have none.
double UnscaledValue(CubeColumn column, Value stored);
/// value x factor of a stored integer = value in the unit.
double FactorOf(CubeColumn column);

MemberList BooleanMembers();

}  // namespace cqd::model
