// CubeStructure: what can be asked, made from the registry.
// Source: reference/cube-model.md 2.2, 4.6.
#pragma once

#include <string>

namespace cqd::cube {

/// Which names an answer uses. Queries may use either.
enum class Dialect {
  kOnPremises,  ///< [category].[attribute]; measurements as one flat list
  kOnline,      ///< [AllStreams].[name] ...; measurements grouped by category
};

/// {"Kpis":[...],"Dimensions":[{"Category","Attributes":[{"FriendlyName","DataModelName",
/// "Description"}]}],"Measurements":[...]}. Categories and attributes sorted by name; measurements
/// in cube order. Kpis holds the two published names, which have no values.
std::string WriteCubeStructure(Dialect dialect);

}  // namespace cqd::cube
