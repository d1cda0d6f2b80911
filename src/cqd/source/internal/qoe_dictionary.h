// The lookup tables of QoEMetrics, cached by key: read once, then only what is new.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/key_space.h"
#include "odbc/connection.h"
#include "source/internal/qoe_schema.h"

namespace cqd::source::internal {

/// Threads: one at a time. Memory: the texts of the tables, about 60 bytes an entry besides.
class DictionaryCache {
 public:
  DictionaryCache(const Schema& schema, const Clock& clock);

  /// Call at the start of every read: forgets the keys given by the interner before (they may not
  /// have been stored), which source keys were not found, and texts older than a day (an endpoint's
  /// system changes).
  void StartRead(model::KeyInterner& interner);

  /// True when `key` was looked up already, found or not.
  bool IsKnown(QoeDictionary dictionary, std::int64_t key) const;
  /// Reads what is missing of `keys`: those beyond the greatest key known by a range, others by
  /// lists. Keys that are still not found are remembered as such until the next StartRead.
  Status Load(odbc::Connection& connection, QoeDictionary dictionary,
              std::vector<std::int64_t> keys, int query_timeout_s);

  /// Our key of a source key in `space`; kNoKey when the source has no such row or its text is
  /// empty.
  model::KeyId KeyOf(QoeDictionary dictionary, std::int64_t key, model::KeySpace space);
  /// Interns a text that stands in a fact table itself.
  model::KeyId Intern(model::KeySpace space, std::string_view text) {
    return interner_->Intern(space, text);
  }
  /// The subnet entry that stands for a lone address, by its source key: detail "address"
  /// (model/key_space.h).
  model::KeyId AddressAsSubnet(std::int64_t key);
  /// The text of a source key; empty when there is none.
  std::string_view TextOf(QoeDictionary dictionary, std::int64_t key) const;
  /// False when the source key points nowhere.
  bool Exists(QoeDictionary dictionary, std::int64_t key) const;

 private:
  struct Entry {
    std::uint32_t text_at = 0;
    std::uint32_t text_size = 0;
    std::uint32_t detail_at = 0;
    std::uint32_t detail_size = 0;
    bool found = false;
    /// Our keys: of the first space asked for, and of a second one (an address is also a subnet).
    model::KeySpace spaces[2] = {};
    model::KeyId keys[2] = {};
    bool interned[2] = {};
    model::KeyId lone_subnet = model::kNoKey;
  };
  struct Table {
    std::vector<Entry> entries;
    std::vector<std::uint32_t> dense;                        ///< by key: place in entries + 1
    std::unordered_map<std::int64_t, std::uint32_t> sparse;  ///< keys outside the dense range
    std::string texts;
    std::int64_t greatest_key = -1;  ///< everything up to here was read as a range
    bool read_whole = false;
    UtcTime read_at;
  };
  const Entry* Find(QoeDictionary dictionary, std::int64_t key) const;
  void Add(Table& table, std::int64_t key, std::string_view text, std::string_view detail,
           bool found);
  Status Fetch(odbc::Connection& connection, QoeDictionary dictionary, const std::string& condition,
               Table& table, int query_timeout_s);
  Table& of(QoeDictionary dictionary) { return tables_[static_cast<std::size_t>(dictionary)]; }
  const Table& of(QoeDictionary dictionary) const {
    return tables_[static_cast<std::size_t>(dictionary)];
  }

  const Schema& schema_;
  const Clock& clock_;
  model::KeyInterner* interner_ = nullptr;
  std::array<Table, kQoeDictionaryCount> tables_;
};

}  // namespace cqd::source::internal
