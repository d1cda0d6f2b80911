#include "source/internal/qoe_dictionary.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "model/endpoint.h"
#include "odbc/block_fetch.h"
#include "source/normalise.h"

namespace cqd::source::internal {
namespace {

using odbc::BlockReader;
using odbc::FetchType;

/// Keys count from 1 without large gaps; a key beyond this is kept in a hash map.
constexpr std::int64_t kDenseKeyMax = std::int64_t{1} << 24;
/// Up to so many unknown keys are asked for one by one (in lists) instead of reading the whole
/// table: a run of one program start with a few new calls must not read a million names.
constexpr std::size_t kListedKeysMax = 2000;
constexpr std::size_t kKeysPerList = 500;
constexpr Duration kTextsStayFor = std::chrono::hours(24);

/// What stands for the table NetworkConnectionDetail where it is missing: until 2010 the column
/// held the value itself. Source: reference/qoe-metrics-schema.md 2.
constexpr std::array<std::string_view, 6> kConnections = {"Wired",    "WiFi",  "Ethernet",
                                                          "MobileBB", "Other", "Tunnel"};

std::string CleanText(QoeDictionary dictionary, std::string_view text) {
  if (dictionary == QoeDictionary::kUser) return NormaliseUri(text);
  if (dictionary == QoeDictionary::kMacAddress) return NormaliseMac(text);
  return std::string(Trim(text));
}

std::vector<FetchType> TypesOf(QoeDictionary dictionary) {
  if (dictionary == QoeDictionary::kUserAgent) {
    return {FetchType::kInteger, FetchType::kText, FetchType::kInteger};
  }
  if (dictionary == QoeDictionary::kEndpoint) {
    return {FetchType::kInteger, FetchType::kText,    FetchType::kText,   FetchType::kText,
            FetchType::kInteger, FetchType::kInteger, FetchType::kInteger};
  }
  return {FetchType::kInteger, FetchType::kText};
}

std::string DetailOf(QoeDictionary dictionary, const BlockReader& block, std::size_t row) {
  const auto number = [&](std::size_t column) {
    return block.IsNull(column, row) ? std::nullopt : std::optional(block.Int(column, row));
  };
  const auto text = [&](std::size_t column) {
    return block.IsNull(column, row) ? std::string() : std::string(Trim(block.Text(column, row)));
  };
  if (dictionary == QoeDictionary::kUserAgent) {
    const auto type = number(2);
    return type ? std::to_string(*type) : std::string();
  }
  if (dictionary == QoeDictionary::kEndpoint) {
    return model::EncodeEndpointDetail({.os = text(2),
                                        .cpu_name = text(3),
                                        .cpu_cores = number(4),
                                        .cpu_mhz = number(5),
                                        .virtualization = number(6)});
  }
  return {};
}

}  // namespace

DictionaryCache::DictionaryCache(const Schema& schema, const Clock& clock)
    : schema_(schema), clock_(clock) {}

void DictionaryCache::StartRead(model::KeyInterner& interner) {
  interner_ = &interner;
  for (int i = 0; i < kQoeDictionaryCount; ++i) {
    Table& table = tables_[static_cast<std::size_t>(i)];
    if (!table.entries.empty() && clock_.Now() - table.read_at > kTextsStayFor) {
      table = Table();
      continue;
    }
    for (Entry& entry : table.entries)
      entry.interned[0] = entry.interned[1] = false, entry.lone_subnet = model::kNoKey;
    // What was not found may be there now.
    const auto not_found = [&](std::uint32_t place) {
      return place != 0 && !table.entries[place - 1].found;
    };
    for (std::uint32_t& place : table.dense) {
      if (not_found(place)) place = 0;
    }
    std::erase_if(table.sparse, [&](const auto& pair) { return not_found(pair.second); });
  }
}

const DictionaryCache::Entry* DictionaryCache::Find(QoeDictionary dictionary,
                                                    std::int64_t key) const {
  const Table& table = of(dictionary);
  std::uint32_t place = 0;
  if (key >= 0 && key < kDenseKeyMax) {
    if (static_cast<std::size_t>(key) < table.dense.size())
      place = table.dense[static_cast<std::size_t>(key)];
  } else if (const auto found = table.sparse.find(key); found != table.sparse.end()) {
    place = found->second;
  }
  return place == 0 ? nullptr : &table.entries[place - 1];
}

void DictionaryCache::Add(Table& table, std::int64_t key, std::string_view text,
                          std::string_view detail, bool found) {
  Entry entry;
  entry.text_at = static_cast<std::uint32_t>(table.texts.size());
  entry.text_size = static_cast<std::uint32_t>(text.size());
  table.texts += text;
  entry.detail_at = static_cast<std::uint32_t>(table.texts.size());
  entry.detail_size = static_cast<std::uint32_t>(detail.size());
  table.texts += detail;
  entry.found = found;
  table.entries.push_back(entry);
  const auto place = static_cast<std::uint32_t>(table.entries.size());
  if (key >= 0 && key < kDenseKeyMax) {
    if (static_cast<std::size_t>(key) >= table.dense.size())
      table.dense.resize(static_cast<std::size_t>(key) + 1, 0);
    table.dense[static_cast<std::size_t>(key)] = place;
  } else {
    table.sparse[key] = place;
  }
}

bool DictionaryCache::IsKnown(QoeDictionary dictionary, std::int64_t key) const {
  if (Find(dictionary, key) != nullptr) return true;
  // Peer-to-peer dialogs have a row too, but are never loaded: beyond doubt once the range was
  // read.
  const Table& table = of(dictionary);
  return dictionary == QoeDictionary::kConference && table.read_whole && key <= table.greatest_key;
}

Status DictionaryCache::Fetch(odbc::Connection& connection, QoeDictionary dictionary,
                              const std::string& condition, Table& table, int query_timeout_s) {
  const DictionaryPlan& plan = schema_.of(dictionary);
  const std::vector<FetchType> types = TypesOf(dictionary);
  CQD_ASSIGN_OR_RETURN(BlockReader reader,
                       BlockReader::Create(connection, types, {.timeout_s = query_timeout_s}));
  std::string columns = plan.key + ", " + plan.text;
  for (const std::string& detail : plan.details) columns += ", " + detail;
  std::string where = fmt::format("{} {}", plan.key, condition);
  // A conference's URI holds "conf:" and its kind; every peer-to-peer dialog has a row of its own
  // beside them (reference/cube-model.md 2, Conference Type).
  if (dictionary == QoeDictionary::kConference)
    where += fmt::format(" AND {} LIKE '%conf:%'", plan.text);
  CQD_RETURN_IF_ERROR(reader.Run(
      fmt::format("SELECT {} FROM {} WHERE {} ORDER BY {}", columns, plan.from, where, plan.key)));
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const std::size_t rows, reader.Next());
    if (rows == 0) return OkStatus();
    for (std::size_t row = 0; row < rows; ++row) {
      if (reader.IsNull(0, row)) continue;
      const std::int64_t key = reader.Int(0, row);
      table.greatest_key =
          table.read_whole ? std::max(table.greatest_key, key) : table.greatest_key;
      const std::string text =
          reader.IsNull(1, row) ? "" : CleanText(dictionary, reader.Text(1, row));
      Add(table, key, text, DetailOf(dictionary, reader, row), true);
    }
  }
}

Status DictionaryCache::Load(odbc::Connection& connection, QoeDictionary dictionary,
                             std::vector<std::int64_t> keys, int query_timeout_s) {
  Table& table = of(dictionary);
  if (table.entries.empty()) table.read_at = clock_.Now();
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::erase_if(keys, [&](std::int64_t key) { return IsKnown(dictionary, key); });
  if (!schema_.of(dictionary).present) {
    for (const std::int64_t key : keys) {
      const bool known = dictionary == QoeDictionary::kNetworkConnection && key >= 0 &&
                         key < static_cast<std::int64_t>(kConnections.size());
      Add(table, key, known ? kConnections[static_cast<std::size_t>(key)] : std::string_view(), {},
          known);
    }
    return OkStatus();
  }
  if (keys.empty()) return OkStatus();
  if (table.read_whole || keys.size() > kListedKeysMax) {
    // What lists found before would be found again: start over, once.
    if (!table.read_whole) {
      const UtcTime at = clock_.Now();
      table = Table();
      table.read_at = at;
    }
    table.read_whole = true;
    if (keys.back() > table.greatest_key) {
      const std::int64_t asked = keys.back();
      CQD_RETURN_IF_ERROR(Fetch(connection, dictionary, fmt::format("> {}", table.greatest_key),
                                table, query_timeout_s));
      // Of conferences the greatest key found says nothing: most rows are no conferences.
      if (dictionary == QoeDictionary::kConference)
        table.greatest_key = std::max(table.greatest_key, asked);
      std::erase_if(keys, [&](std::int64_t key) { return IsKnown(dictionary, key); });
    }
  }
  for (std::size_t begin = 0; begin < keys.size(); begin += kKeysPerList) {
    const auto end = std::min(begin + kKeysPerList, keys.size());
    CQD_RETURN_IF_ERROR(Fetch(
        connection, dictionary,
        fmt::format("IN ({})", fmt::join(keys.begin() + static_cast<std::ptrdiff_t>(begin),
                                         keys.begin() + static_cast<std::ptrdiff_t>(end), ", ")),
        table, query_timeout_s));
  }
  for (const std::int64_t key : keys) {
    if (Find(dictionary, key) == nullptr) Add(table, key, {}, {}, false);
  }
  return OkStatus();
}

bool DictionaryCache::Exists(QoeDictionary dictionary, std::int64_t key) const {
  const Entry* entry = Find(dictionary, key);
  return entry != nullptr && entry->found;
}

std::string_view DictionaryCache::TextOf(QoeDictionary dictionary, std::int64_t key) const {
  const Entry* entry = Find(dictionary, key);
  if (entry == nullptr) return {};
  return std::string_view(of(dictionary).texts).substr(entry->text_at, entry->text_size);
}

model::KeyId DictionaryCache::AddressAsSubnet(std::int64_t key) {
  auto* entry = const_cast<Entry*>(Find(QoeDictionary::kIpAddress, key));  // NOLINT: our own table
  if (entry == nullptr || !entry->found) return model::kNoKey;
  if (entry->lone_subnet == model::kNoKey) {
    entry->lone_subnet = interner_->Intern(model::KeySpace::kSubnet,
                                           TextOf(QoeDictionary::kIpAddress, key), "address");
  }
  return entry->lone_subnet;
}

model::KeyId DictionaryCache::KeyOf(QoeDictionary dictionary, std::int64_t key,
                                    model::KeySpace space) {
  auto* entry = const_cast<Entry*>(Find(dictionary, key));  // NOLINT: our own table
  if (entry == nullptr || !entry->found) return model::kNoKey;
  const Table& table = of(dictionary);
  for (std::size_t i = 0; i < 2; ++i) {
    if (entry->interned[i] && entry->spaces[i] == space) return entry->keys[i];
    if (entry->interned[i]) continue;
    CQD_CHECK(interner_ != nullptr);
    entry->spaces[i] = space;
    entry->keys[i] = interner_->Intern(
        space, std::string_view(table.texts).substr(entry->text_at, entry->text_size),
        std::string_view(table.texts).substr(entry->detail_at, entry->detail_size));
    entry->interned[i] = true;
    return entry->keys[i];
  }
  return interner_->Intern(
      space, std::string_view(table.texts).substr(entry->text_at, entry->text_size), {});
}

}  // namespace cqd::source::internal
