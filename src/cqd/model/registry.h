// The registry: every dimension attribute and every measure, once. CubeStructure, the query parser,
// the executors and the docs are made from it. Source of names: reference/cube-model.md 2.1, 2.3
// to 2.8 (attributes), 3.2, 3.3 (measures).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/derived.h"

namespace cqd::model {

/// A member of an attribute. Two members are the same when their keys are equal.
struct Member {
  std::string key;  ///< as written between brackets: "2015-03-01T00:00:00", "Wifi"; composite keys
                    ///< hold their own brackets
  std::string caption;     ///< as shown: "March 2015"
  std::int64_t order = 0;  ///< members sort by (order, caption)
  bool blank = false;      ///< the "(Blank)" member: null or empty; key and caption are ""
};
Member BlankMember();

enum class AttributeType : std::uint8_t { kText, kInteger, kBoolean, kBand, kDate };
/// "text", "band" and so on, as documents write it.
std::string_view AttributeTypeName(AttributeType type);

/// Where the list of all members comes from (DimensionMembers).
enum class MemberSource : std::uint8_t {
  kFixed,  ///< `fixed_members` lists them, whether they occur or not; only the months may have
           ///< further ones in the data (their published list ends in 2031)
  kData,   ///< those that occur in the data
};

/// A dimension attribute: a pure function of one or two cube columns.
struct Attribute {
  int id = 0;                   ///< index in Attributes()
  std::string category;         ///< "Second Network Connection Type"
  std::string name;             ///< "Network Connection Detail"
  std::string data_model_name;  ///< "[Second Network Connection Type].[Network Connection Detail]"
  std::vector<std::string>
      aliases;  ///< other data model names (dialect B, proven variants), same member keys
  AttributeType type = AttributeType::kText;
  CubeColumn inputs[2] = {};  ///< inputs[0], and inputs[1] when input_count is 2
  int input_count = 1;
  /// The member for given input values (kNull is null). Pure; deterministic; threads: any.
  std::function<Member(Value a, Value b, const Mapping& mapping)> member;
  MemberSource member_source = MemberSource::kData;
  std::function<std::vector<Member>()> fixed_members;  ///< set for kFixed
  bool proven = false;  ///< the name is published for the on-premises cube
  bool listed = true;   ///< shown in CubeStructure of dialect A
  /// Members tell of one person: an address of a user, of a user's machine, or of a conference
  /// (which names its organizer). Leaves the server in a file only when somebody says so.
  bool personal = false;
  std::string unit;
  std::string description;
  std::string source;  ///< "reference/cube-model.md 2.1"
};

enum class MeasureKind : std::uint8_t {
  kCount,     ///< streams that pass `test`
  kPercent,   ///< 100 * count(test) / count(of); 0 when the latter is 0; three decimals
  kRatio,     ///< count(test) / count(of); null when the latter is 0
  kAverage,   ///< mean of `metric` over streams that pass `test` and carry it; null when none does;
              ///< three decimals
  kSum,       ///< sum of `metric` over the same, x `factor`
  kDistinct,  ///< different values of `metric`, and of `second_metric`, in streams that pass `test`
  kPercentile,  ///< of the `metric` of streams that pass `test` and carry it, in order, the value
                ///< at place ceil(percent * count / 100), x `factor`; null when none does
};
/// "count", "percentage" and so on, as documents write it.
std::string_view MeasureKindName(MeasureKind kind);

struct Measure {
  int id = 0;                   ///< index in Measures()
  std::string name;             ///< "Audio Good Streams Count"
  std::string data_model_name;  ///< "[Measures].[Audio Good Streams Count]"
  std::vector<std::string> aliases;
  std::string group;  ///< category in the grouped list of dialect B
  MeasureKind kind = MeasureKind::kCount;
  FactTest test;
  FactTest of;                              ///< kPercent, kRatio
  CubeColumn metric = CubeColumn::kFacts;   ///< of all kinds but the first three
  std::optional<CubeColumn> second_metric;  ///< kDistinct: counted together with the first
  int percent = 0;                          ///< kPercentile, 1 to 99
  double factor = 1;  ///< stored integer x factor = value in `unit` (10^-scale of the column)
  bool proven = false;
  std::string unit;
  std::string description;
  std::string source;
};

/// All, in the order of CubeStructure: attributes by category name, measures in cube order. Built
/// once.
const std::vector<Attribute>& Attributes();
const std::vector<Measure>& Measures();

/// By data model name or alias, ignoring case and blanks between the brackets' dot; nullptr when
/// unknown.
const Attribute* FindAttribute(std::string_view data_model_name);
const Measure* FindMeasure(std::string_view data_model_name);
/// All names and aliases, for "did you mean".
std::span<const std::string_view> AttributeNames();
std::span<const std::string_view> MeasureNames();

/// The cube columns any attribute or measure needs: what a segment stores.
std::span<const CubeColumn> ColumnsInUse();

}  // namespace cqd::model
