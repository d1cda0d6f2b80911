// Where the parts of the registry put their attributes and measures.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/internal/members.h"
#include "model/registry.h"

namespace cqd::model {

/// An attribute as it is written down in the registry; the rest of Attribute follows from it.
struct AttributeRow {
  std::string category = {};
  std::string name = {};
  std::vector<std::string> aliases = {};
  AttributeType type = AttributeType::kText;
  CubeColumn input = CubeColumn::kFacts;
  std::optional<CubeColumn> second_input = {};
  MemberFunction member = {};
  MemberList fixed_members = {};  ///< set: the list does not depend on the data
  bool proven = false;
  bool listed = true;
  bool personal = false;
  std::string unit = {};
  std::string description = {};
  std::string source = {};
};

class Catalog {
 public:
  void Add(AttributeRow row) {
    Attribute attribute;
    attribute.data_model_name = "[" + row.category + "].[" + row.name + "]";
    attribute.category = std::move(row.category);
    attribute.name = std::move(row.name);
    attribute.aliases = std::move(row.aliases);
    attribute.type = row.type;
    attribute.inputs[0] = row.input;
    attribute.inputs[1] = row.second_input.value_or(row.input);
    attribute.input_count = row.second_input.has_value() ? 2 : 1;
    attribute.member = std::move(row.member);
    attribute.member_source = row.fixed_members ? MemberSource::kFixed : MemberSource::kData;
    attribute.fixed_members = std::move(row.fixed_members);
    attribute.proven = row.proven;
    attribute.listed = row.listed;
    attribute.personal = row.personal;
    attribute.unit = std::move(row.unit);
    attribute.description = std::move(row.description);
    attribute.source = std::move(row.source);
    attributes_.push_back(std::move(attribute));
  }
  std::vector<Attribute> Take() { return std::move(attributes_); }

 private:
  std::vector<Attribute> attributes_;
};

/// First or Second.
struct Role {
  std::string name;
  bool is_second = false;
  CubeColumn Of(CubeColumn first) const { return is_second ? SecondOf(first) : first; }
  /// "First Subnet".
  std::string With(std::string_view thing) const { return name + " " + std::string(thing); }
  /// "the first end".
  std::string End() const { return is_second ? "the second end" : "the first end"; }
};
inline std::vector<Role> BothRoles() {
  return {{.name = "First", .is_second = false}, {.name = "Second", .is_second = true}};
}

/// Name of an attribute in the later product's dialect. Source: reference/cube-model.md 2.2.
inline std::string AllStreams(std::string_view name) {
  return "[AllStreams].[" + std::string(name) + "]";
}

// The parts of the registry, one file each.
void AddDateAttributes(Catalog& catalog);     // registry_dates.cc
void AddCallAttributes(Catalog& catalog);     // registry_call.cc
void AddEndAttributes(Catalog& catalog);      // registry_ends.cc
void AddPlaceAttributes(Catalog& catalog);    // registry_places.cc
void AddPairAttributes(Catalog& catalog);     // registry_pairs.cc
void AddMetricAttributes(Catalog& catalog);   // registry_metrics.cc
void AddQualityAttributes(Catalog& catalog);  // registry_quality.cc
std::vector<Measure> MakeMeasures();          // registry_measures.cc

}  // namespace cqd::model
