// Small bodies of streams for tests, written as lines of field=value.
//
//   building key=1,name=North,city=Oslo,inside_corp=1
//   network address=10.1.0.0,prefix_bits=16,building_key=1,name=Floor 1,type=LAN
//   stream start_time=2015-03-02T10:00:00Z,caller_user_agent=OC/6.0|4,jitter_ms=12,count=3
//
// Stream fields are the archive's columns (model/fields.h); key fields take text, or text|detail.
// session_time (default: start_time, else 2015-03-01), session_seq (default: the next number),
// media_label and stream_id (default 0) are the natural key; count repeats the line.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/time_zone.h"
#include "model/classification.h"
#include "model/customer.h"
#include "model/mapping.h"
#include "model/stream.h"

namespace cqd::cube::testing {

/// Dictionaries in memory.
class TestKeys final : public model::KeyInterner, public model::KeyReader {
 public:
  model::KeyId Intern(model::KeySpace space, std::string_view text,
                      std::string_view detail = {}) override {
    if (text.empty()) return model::kNoKey;
    auto& entries = spaces_[static_cast<std::size_t>(space)];
    const auto [at, is_new] =
        known_.try_emplace({space, std::string(text), std::string(detail)}, entries.size() + 1);
    if (is_new) entries.emplace_back(text, detail);
    return static_cast<model::KeyId>(at->second);
  }
  model::KeyId size(model::KeySpace space) const override {
    return static_cast<model::KeyId>(spaces_[static_cast<std::size_t>(space)].size());
  }
  model::KeyEntry Entry(model::KeySpace space, model::KeyId key) const override {
    const auto& entry = spaces_[static_cast<std::size_t>(space)][key - 1];
    return {entry.first, entry.second};
  }

 private:
  std::array<std::deque<std::pair<std::string, std::string>>, model::kKeySpaceCount> spaces_;
  std::map<std::tuple<model::KeySpace, std::string, std::string>, std::size_t> known_;
};

/// Streams, what their keys mean, and the zone of the reports. A fault in the text throws: it is a
/// fault of the test.
class Corpus {
 public:
  std::vector<model::StreamRow> rows;
  TestKeys keys;
  model::CustomerTables tables;
  TimeZone zone;

  static std::unique_ptr<Corpus> Load(const std::string& path) {
    std::ifstream in(path);
    if (!in) throw std::runtime_error("no corpus " + path);
    auto corpus = std::make_unique<Corpus>();
    for (std::string line; std::getline(in, line);) {
      if (!line.empty() && line[0] != '#') corpus->AddLine(line);
    }
    corpus->Classify();
    return corpus;
  }

  void AddLine(std::string_view line) {
    const std::size_t blank = line.find(' ');
    const std::string_view kind = line.substr(0, blank);
    const Pairs pairs = ReadPairs(line.substr(blank + 1));
    if (kind == "building") {
      AddBuilding(pairs);
    } else if (kind == "network") {
      AddNetwork(pairs);
    } else if (kind == "stream") {
      AddStreams(pairs);
    } else {
      throw std::runtime_error("unknown line: " + std::string(line));
    }
  }

  /// As the archive does before it stores rows.
  void Classify() {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.key < b.key; });
    for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
      while (end < rows.size() && rows[end].key.source == rows[begin].key.source &&
             rows[end].key.session_time == rows[begin].key.session_time &&
             rows[end].key.session_seq == rows[begin].key.session_seq) {
        ++end;
      }
      model::ClassifySession(std::span(rows).subspan(begin, end - begin));
    }
  }

  /// The meaning of the keys now; the corpus must outlive it.
  std::shared_ptr<const model::Mapping> MakeMapping() const {
    return std::make_shared<model::Mapping>(keys, tables);
  }

 private:
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  static Pairs ReadPairs(std::string_view text) {
    Pairs pairs;
    for (const std::string_view part : Split(text, ',')) {
      const std::size_t equals = part.find('=');
      if (equals == std::string_view::npos) {
        throw std::runtime_error("not name=value: " + std::string(part));
      }
      pairs.emplace_back(Trim(part.substr(0, equals)), Trim(part.substr(equals + 1)));
    }
    return pairs;
  }

  static std::int64_t Number(const std::string& text) {
    const auto number = ParseInt(text);
    if (!number) throw std::runtime_error("not a number: " + text);
    return *number;
  }

  void AddBuilding(const Pairs& pairs) {
    model::Building b;
    const std::map<std::string, std::string*> texts = {
        {"name", &b.name},         {"short_name", &b.short_name},
        {"city", &b.city},         {"country", &b.country},
        {"state", &b.state},       {"region", &b.region},
        {"zip_code", &b.zip_code}, {"office_type", &b.office_type}};
    for (const auto& [name, value] : pairs) {
      if (name == "key") {
        b.key = Number(value);
      } else if (name == "inside_corp") {
        b.inside_corp = value == "1";
      } else {
        *texts.at(name) = value;
      }
    }
    tables.buildings.push_back(b);
    ++tables.version;
  }

  void AddNetwork(const Pairs& pairs) {
    model::Network n;
    const std::map<std::string, std::string*> texts = {
        {"address", &n.address}, {"name", &n.name}, {"type", &n.type}};
    for (const auto& [name, value] : pairs) {
      if (name == "prefix_bits") {
        n.prefix_bits = static_cast<int>(Number(value));
      } else if (name == "building_key") {
        n.building_key = Number(value);
      } else {
        *texts.at(name) = value;
      }
    }
    tables.networks.push_back(n);
    ++tables.version;
  }

  void SetField(model::StreamRow& row, const std::string& name, const std::string& value) {
    const auto field = model::FindField(name);
    if (!field) throw std::runtime_error("no field is called " + name);
    const model::FieldInfo& info = model::InfoOf(*field);
    if (info.type == model::FieldType::kKey) {
      const std::size_t bar = value.find('|');
      const std::string detail = bar == std::string::npos ? "" : value.substr(bar + 1);
      row.Set(*field, keys.Intern(info.space, value.substr(0, bar), detail));
    } else if (info.type == model::FieldType::kTime) {
      row.Set(*field, ToMicros(ParseTime(value).value()));
    } else {
      const auto number = ParseDouble(value);
      if (!number) throw std::runtime_error("not a number: " + value);
      row.Set(*field, model::ToStored(*field, *number));
    }
  }

  void AddStreams(const Pairs& pairs) {
    model::StreamRow row;
    row.key.source = model::SourceId(1);
    std::int64_t count = 1;
    bool has_time = false;
    bool has_seq = false;
    for (const auto& [name, value] : pairs) {
      if (name == "count") {
        count = Number(value);
      } else if (name == "session_time") {
        row.key.session_time = ParseTime(value).value();
        has_time = true;
      } else if (name == "session_seq") {
        row.key.session_seq = Number(value);
        has_seq = true;
      } else if (name == "media_label") {
        row.key.media_label = static_cast<std::int32_t>(Number(value));
      } else if (name == "stream_id") {
        row.key.stream_id = Number(value);
      } else {
        SetField(row, name, value);
      }
    }
    if (!has_time) {
      row.key.session_time = row.Has(model::Field::kStartTime)
                                 ? FromMicros(row.Get(model::Field::kStartTime))
                                 : Month(2015, 3).begin();
    }
    for (std::int64_t i = 0; i < count; ++i) {
      if (!has_seq || count > 1) row.key.session_seq = ++last_seq_;
      rows.push_back(row);
    }
  }

  std::int64_t last_seq_ = 1'000'000;
};

}  // namespace cqd::cube::testing
