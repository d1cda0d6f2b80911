// Random streams in which every field occurs, and random queries over the whole registry.
#pragma once

#include <algorithm>
#include <map>
#include <ostream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "cube/query.h"
#include "model/classification.h"
#include "model/classifier.h"
#include "model/registry.h"
#include "model/stream.h"

namespace cqd::cube::testing {

using Random = std::mt19937_64;

inline std::int64_t Below(Random& random, std::int64_t limit) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
}

/// A text that fits the space, one of `variety`.
inline model::KeyId RandomKey(Random& random, model::KeyInterner& keys, model::KeySpace space,
                              std::int64_t variety) {
  const std::string n = std::to_string(Below(random, variety));
  switch (space) {
    case model::KeySpace::kUserAgent: {
      static const std::vector<std::string> kTypes = {"",   "1",   "2",   "4",     "8",    "16",
                                                      "64", "128", "512", "16386", "32769"};
      const auto type = static_cast<std::size_t>(Below(random, 11));
      return keys.Intern(space, "Agent/" + n, kTypes[type]);
    }
    case model::KeySpace::kSubnet:
    case model::KeySpace::kAddress:
      return keys.Intern(space, "10." + n + ".0.0");
    case model::KeySpace::kBssid:
    case model::KeySpace::kMac:
      return keys.Intern(space, "00-11-22-33-44-" + std::to_string(10 + Below(random, 80)));
    case model::KeySpace::kConnection: {
      static const std::vector<std::string> kLinks = {"Wired",    "WiFi",   "Ethernet",
                                                      "MobileBB", "Tunnel", "odd"};
      return keys.Intern(space, kLinks[static_cast<std::size_t>(Below(random, 6))]);
    }
    default:
      return keys.Intern(space, std::string(model::KeySpaceName(space)) + "-" + n);
  }
}

inline model::Value RandomValue(Random& random, model::KeyInterner& keys,
                                const model::FieldInfo& info, UtcTime session_time) {
  switch (info.type) {
    case model::FieldType::kKey:
      return RandomKey(random, keys, info.space, 12);
    case model::FieldType::kTime:
      return ToMicros(session_time) + Below(random, 7'200'000'000) - 3'600'000'000;
    case model::FieldType::kFlag:
      return Below(random, 2);
    case model::FieldType::kMask:
      return Below(random, 16);
    case model::FieldType::kInteger:
    case model::FieldType::kDecimal: {
      // Often near the least value, where the limits of the classes and most bands are.
      const double share = Below(random, 3) == 0 ? 1.0 : 1e-4;
      const double part = static_cast<double>(Below(random, 1'000'000)) / 1e6 * share;
      return model::ToStored(info.field, info.min + (info.max - info.min) * part);
    }
  }
  return model::kNull;
}

/// One session with one to three streams, with their leg classes. The natural keys depend on `seq`
/// alone, so that the same number gives a new version of the whole session.
inline std::vector<model::StreamRow> RandomSession(Random& random, model::KeyInterner& keys,
                                                   model::SourceId source, std::int64_t seq,
                                                   UtcTime session_time) {
  static constexpr std::int32_t kLabels[] = {0, 0, 0, 1, 2, 3, 16, 99};
  std::vector<model::StreamRow> rows(static_cast<std::size_t>(1 + seq % 3));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].key = {source, session_time, seq, kLabels[(seq + static_cast<std::int64_t>(i)) % 8],
                   static_cast<std::int64_t>(i)};
    for (const model::FieldInfo& info : model::AllFields()) {
      if (Below(random, 3) != 0) {
        rows[i].Set(info.field, RandomValue(random, keys, info, session_time));
      }
    }
  }
  model::ClassifySession(rows);
  return rows;
}

/// Limits of which about a third are others, often where values are dense.
inline model::Classifier RandomClassifier(Random& random) {
  model::Classifier classifier = model::PublishedClassifier();
  for (const model::LimitInfo& info : model::Limits()) {
    if (Below(random, 3) != 0) continue;
    const model::FieldInfo& field = model::InfoOf(info.field);
    const double share = Below(random, 2) == 0 ? 1.0 : 1e-4;
    classifier.limits[static_cast<std::size_t>(info.id)] =
        field.min + (field.max - field.min) * share * static_cast<double>(Below(random, 101)) / 100;
  }
  return classifier;
}

/// A query of up to three dimensions, five measures and three filters, over all attributes,
/// measures and operands. Filter values are members that occur in `rows` or made up.
inline CubeQuery RandomQuery(Random& random, std::span<const model::StreamRow> rows,
                             const model::Mapping& mapping, const TimeZone& zone) {
  const auto any_attribute = [&random] {
    const auto& all = model::Attributes();
    return &all[static_cast<std::size_t>(Below(random, static_cast<std::int64_t>(all.size())))];
  };
  CubeQuery query;
  for (std::int64_t i = Below(random, 4); i > 0; --i) query.dimensions.push_back(any_attribute());
  const auto& measures = model::Measures();
  for (std::int64_t i = Below(random, 6); i > 0; --i) {
    query.measures.push_back(
        &measures[static_cast<std::size_t>(Below(random, std::ssize(measures)))]);
  }
  for (std::int64_t i = Below(random, 4); i > 0; --i) {
    Filter filter;
    filter.attribute = any_attribute();
    filter.operand = static_cast<Operand>(Below(random, 10));
    for (std::int64_t v = Below(random, 3); v >= 0; --v) {
      if (rows.empty() || Below(random, 8) == 0) {
        filter.values.push_back("none such");
        continue;
      }
      model::DerivedRow derived;
      model::Derive(rows[static_cast<std::size_t>(Below(random, std::ssize(rows)))], mapping, zone,
                    derived);
      const auto at = [&](int input) {
        return derived[static_cast<std::size_t>(filter.attribute->inputs[input])];
      };
      const model::Member member = filter.attribute->member(
          at(0), filter.attribute->input_count == 2 ? at(1) : model::kNull, mapping);
      filter.values.push_back(member.blank ? "(Blank)" : member.key);
    }
    if (Below(random, 2) == 0) filter.union_group = Below(random, 2) == 0 ? "a" : "b";
    query.filters.push_back(std::move(filter));
  }
  if (Below(random, 3) == 0 && !rows.empty()) {
    const Month month = Month::Of(rows.front().key.session_time);
    query.window = {month.Plus(static_cast<int>(Below(random, 3)) - 1),
                    month.Plus(static_cast<int>(Below(random, 3)))};
  }
  if (Below(random, 4) == 0) query.what_if = RandomClassifier(random);
  if (!query.measures.empty() && Below(random, 3) == 0) {
    query.order = RowOrder{static_cast<std::size_t>(Below(random, std::ssize(query.measures))),
                           Below(random, 2) == 0};
  }
  if (Below(random, 4) == 0) query.row_limit = 1 + Below(random, 20);
  return query;
}

struct Shown : Accumulator {
  friend void PrintTo(const Shown& shown, std::ostream* out) {
    *out << shown.numerator << "/" << shown.denominator;
  }
};
using ComparableGroups = std::map<std::vector<std::string>, std::vector<Shown>>;

/// Groups without their order.
inline ComparableGroups Comparable(const Groups& groups) {
  ComparableGroups comparable;
  for (const Group& group : groups) {
    std::vector<std::string> keys;
    for (const model::Member& member : group.members) {
      keys.push_back((member.blank ? "blank " : "") + member.key + "|" + member.caption);
    }
    for (const Accumulator& value : group.values) comparable[keys].push_back({value});
    comparable[keys];
  }
  return comparable;
}

inline std::string Describe(const CubeQuery& query) {
  std::string text;
  for (const auto* dimension : query.dimensions) text += " by " + dimension->data_model_name;
  for (const auto* measure : query.measures) text += " " + measure->data_model_name;
  for (const Filter& filter : query.filters) {
    text += " where " + filter.attribute->data_model_name + " op" +
            std::to_string(static_cast<int>(filter.operand));
    for (const std::string& value : filter.values) text += " '" + value + "'";
    if (!filter.union_group.empty()) text += " in " + filter.union_group;
  }
  if (query.window) {
    text += " window " + query.window->first.ToString() + ".." + query.window->last.ToString();
  }
  if (query.what_if) text += " what if";
  return text;
}

}  // namespace cqd::cube::testing
