// Queries Q1 to Q8 of reference/performance-anchors.md through the registry: month trend, trend
// with filters, building by month, the 100 worst subnets of one month, agent by codec by
// connection, members, averages by day, building at either end. Q4all: all subnets of the month.
#pragma once

#include "cube_data.h"

namespace cqd::bench {

struct Named {
  const char* name;
  cube::CubeQuery query;
};

inline cube::CubeQuery Query(std::vector<const char*> dimensions,
                             std::vector<const char*> measures) {
  cube::CubeQuery query;
  for (const char* name : dimensions) {
    query.dimensions.push_back(model::FindAttribute(name));
    if (query.dimensions.back() == nullptr) Stop(Fail(ErrorCode::kNotFound, name));
  }
  for (const char* name : measures) {
    query.measures.push_back(model::FindMeasure(name));
    if (query.measures.back() == nullptr) Stop(Fail(ErrorCode::kNotFound, name));
  }
  return query;
}

inline void Where(cube::CubeQuery& query, const char* attribute, std::vector<std::string> values,
                  std::string union_group = "") {
  cube::Filter filter;
  filter.attribute = model::FindAttribute(attribute);
  if (filter.attribute == nullptr) Stop(Fail(ErrorCode::kNotFound, attribute));
  filter.values = std::move(values);
  filter.union_group = std::move(union_group);
  query.filters.push_back(std::move(filter));
}

inline std::vector<Named> Queries() {
  constexpr const char* kMonth = "[StartDate].[Month]";
  constexpr const char* kFirstLink = "[First Network Connection Type].[Network Connection Detail]";
  const std::vector<const char*> counts = {"[Measures].[Audio Good Streams Count]",
                                           "[Measures].[Audio Poor Streams Count]",
                                           "[Measures].[Audio UnClassified Streams Count]"};
  std::vector<Named> all;
  all.push_back({"Q1", Query({kMonth}, counts)});

  cube::CubeQuery q2 = Query({kMonth}, counts);
  Where(q2, kFirstLink, {"Wifi"});
  Where(q2, "[Second Is Server].[Agent]", {"0"});
  Where(q2, "[First Building].[Country]", {"C3"});
  all.push_back({"Q2", q2});

  cube::CubeQuery q3 = Query({"[First Building].[Building Name]", kMonth}, counts);
  Where(q3, "[First Inside].[Inside]", {"1"});
  Where(q3, kFirstLink, {"Wired"});
  all.push_back({"Q3", q3});

  cube::CubeQuery q4 = Query({"[Second Subnet].[Subnet]"}, counts);
  q4.window = {Month(2015, 3), Month(2015, 3)};
  cube::CubeQuery worst = q4;
  worst.order = cube::RowOrder{.measure = 1, .descending = true};
  worst.row_limit = 100;
  all.push_back({"Q4", worst});
  all.push_back({"Q4all", q4});

  cube::CubeQuery q5 = Query(
      {"[First User Agent].[User Agent]", "[Codec].[Payload Description]", kFirstLink}, counts);
  q5.window = {Month(2015, 2), Month(2015, 4)};
  all.push_back({"Q5", q5});

  all.push_back({"Q6", Query({"[First Building].[Building Name]"}, {})});

  cube::CubeQuery q7 = Query({"[StartDate].[Date]"},
                             {"[Measures].[Avg Jitter]", "[Measures].[Avg Packet Loss Rate]",
                              "[Measures].[Avg Round Trip]", "[Measures].[Avg Audio Degradation]",
                              "[Measures].[Avg Overall Avg Network MOS]"});
  Where(q7, "[First Inside].[Inside]", {"1"});
  Where(q7, kFirstLink, {"Wired"});
  q7.window = {Month(2015, 4), Month(2015, 4)};
  all.push_back({"Q7", q7});

  cube::CubeQuery q8 = Query({kMonth}, counts);
  const std::vector<std::string> buildings = {"Building 3", "Building 40", "Building 77"};
  Where(q8, "[First Building].[Building Name]", buildings, "b");
  Where(q8, "[Second Building].[Building Name]", buildings, "b");
  all.push_back({"Q8", q8});
  return all;
}

}  // namespace cqd::bench
