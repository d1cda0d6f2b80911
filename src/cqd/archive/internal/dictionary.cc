#include "archive/internal/dictionary.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <optional>

#include "base/check.h"
#include "base/text.h"

namespace cqd::archive::internal {
namespace {

using model::KeyEntry;
using model::KeyId;
using model::KeySpace;

constexpr std::size_t kBlockBytes = 256 * 1024;

bool IsCaseless(KeySpace space) {
  return space == KeySpace::kUser || space == KeySpace::kMac || space == KeySpace::kBssid;
}
bool IsHardwareAddress(KeySpace space) {
  return space == KeySpace::kMac || space == KeySpace::kBssid;
}

/// True when NormaliseKeyText would give the text back: the common case, found without a copy.
bool IsPlain(KeySpace space, std::string_view text) {
  if (IsHardwareAddress(space) || text.size() > model::KeyTextCharactersMax(space)) return false;
  const bool caseless = IsCaseless(space);
  for (const char c : text) {
    if (static_cast<unsigned char>(c) - 1U >= 0x7FU) return false;
    if (caseless && c >= 'A' && c <= 'Z') return false;
  }
  return true;
}

bool IsPlainDetail(std::string_view text) {
  return text.size() <= kDetailCharactersMax && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) - 1U < 0x7FU;
         });
}

/// The dash-delimited form of a lower-case hardware address in any usual spelling.
std::optional<std::string> DashHardwareAddress(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == '-' || c == ':' || c == '.' || c == ' ') continue;
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return std::nullopt;
    digits += c;
  }
  // Some drivers report 8 bytes of which the last two are zero: reference/ingest-formats.md 4.
  if (digits.size() == 16 && digits.ends_with("0000")) digits.resize(12);
  if (digits.size() != 12 && digits.size() != 16) return std::nullopt;
  std::string dashed;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    if (i != 0) dashed += '-';
    dashed += digits.substr(i, 2);
  }
  return dashed;
}

std::uint32_t HashOf(std::string_view text, std::string_view detail) {
  XXH64_hash_t hash = XXH3_64bits(text.data(), text.size());
  if (!detail.empty()) hash = XXH3_64bits_withSeed(detail.data(), detail.size(), hash);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

struct Location {
  int chunk;
  std::size_t offset;
};
/// Where entry number `index` (from 0) lies: chunk i covers [1024 * (2^i - 1), 1024 * (2^(i+1) -
/// 1)).
Location LocationOf(std::size_t index, int first_chunk_bits) {
  const std::size_t shifted = index + (std::size_t{1} << first_chunk_bits);
  const int top = std::bit_width(shifted) - 1;
  return {top - first_chunk_bits, shifted - (std::size_t{1} << top)};
}

std::string TableName(KeySpace space) {
  return fmt::format("dict_{}", model::KeySpaceName(space));
}

}  // namespace

std::string NormaliseKeyText(KeySpace space, std::string_view text) {
  std::string clean = CleanUtf8(text, model::KeyTextCharactersMax(space));
  if (IsCaseless(space)) clean = ToLower(clean);
  if (IsHardwareAddress(space)) {
    if (auto dashed = DashHardwareAddress(clean)) return *std::move(dashed);
  }
  return clean;
}

KeyTable::KeyTable() : chunks_{}, slots_(1024) {}

KeyTable::~KeyTable() {
  for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
}

KeyEntry KeyTable::Entry(KeyId key) const {
  CQD_CHECK(key >= 1 && key <= size());
  const Location place = LocationOf(key - 1, kFirstChunkBits);
  return chunks_[static_cast<std::size_t>(place.chunk)].load(
      std::memory_order_acquire)[place.offset];
}

KeyId KeyTable::Probe(std::uint32_t hash, std::string_view text, std::string_view detail) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot slot = slots_[i];
    if (slot.key == model::kNoKey) return model::kNoKey;
    if (slot.hash != hash) continue;
    const KeyEntry entry = Entry(slot.key);
    if (entry.text == text && entry.detail == detail) return slot.key;
  }
}

KeyId KeyTable::Find(std::string_view text, std::string_view detail) const {
  const std::shared_lock lock(mutex_);
  return Probe(HashOf(text, detail), text, detail);
}

void KeyTable::Place(Slot slot) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = slot.hash & mask;
  while (slots_[i].key != model::kNoKey) i = (i + 1) & mask;
  slots_[i] = slot;
}

void KeyTable::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot slot : old) {
    if (slot.key != model::kNoKey) Place(slot);
  }
}

std::string_view KeyTable::Keep(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > block_left_) {
    const std::size_t bytes = std::max(kBlockBytes, text.size());
    blocks_.push_back(std::make_unique<char[]>(bytes));
    block_next_ = blocks_.back().get();
    block_left_ = bytes;
  }
  std::memcpy(block_next_, text.data(), text.size());
  const std::string_view kept(block_next_, text.size());
  block_next_ += text.size();
  block_left_ -= text.size();
  return kept;
}

KeyId KeyTable::FindOrAdd(std::string_view text, std::string_view detail) {
  const std::uint32_t hash = HashOf(text, detail);
  // Without the lock: only this function changes slots_, and it runs once at a time.
  if (const KeyId known = Probe(hash, text, detail); known != model::kNoKey) return known;
  const std::size_t index = size_.load(std::memory_order_relaxed);
  CQD_CHECK(index < UINT32_MAX);
  const Location place = LocationOf(index, kFirstChunkBits);
  auto& chunk = chunks_[static_cast<std::size_t>(place.chunk)];
  if (place.offset == 0) {
    chunk.store(new KeyEntry[std::size_t{1} << (kFirstChunkBits + place.chunk)],
                std::memory_order_release);
  }
  chunk.load(std::memory_order_relaxed)[place.offset] = {Keep(text), Keep(detail)};
  const auto key = static_cast<KeyId>(index + 1);
  size_.store(key, std::memory_order_release);
  const std::unique_lock lock(mutex_);
  // At most two thirds full, so that probes stay short.
  if ((index + 1) * 3 > slots_.size() * 2) Grow();
  Place({hash, key});
  return key;
}

Status DictionarySet::Load(sqlite::Database& main) {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const std::string table = TableName(static_cast<KeySpace>(i));
    // Here and not in a migration: a release that adds a space only has to name it.
    CQD_RETURN_IF_ERROR(main.Execute(
        fmt::format("CREATE TABLE IF NOT EXISTS {}(id INTEGER PRIMARY KEY, text TEXT NOT NULL, "
                    "detail TEXT NOT NULL DEFAULT '', UNIQUE(text, detail))",
                    table)));
    CQD_ASSIGN_OR_RETURN(
        sqlite::Statement select,
        main.Prepare(fmt::format("SELECT id, text, detail FROM {} ORDER BY id", table)));
    for (std::int64_t expected = 1;; ++expected) {
      CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) break;
      if (select.Int(0) != expected ||
          tables_[i].FindOrAdd(select.Text(1), select.Text(2)) != static_cast<KeyId>(expected)) {
        return Fail(ErrorCode::kCorruption,
                    fmt::format("dictionary {} is damaged at entry {}: entries must count up "
                                "without gaps and be unique",
                                table, expected),
                    main.path());
      }
    }
    stored_[i] = tables_[i].size();
  }
  return OkStatus();
}

Status DictionarySet::Flush(sqlite::Database& main) {
  std::array<KeyId, model::kKeySpaceCount> sizes{};
  for (std::size_t i = 0; i < tables_.size(); ++i) sizes[i] = tables_[i].size();
  if (sizes == stored_) return OkStatus();
  CQD_ASSIGN_OR_RETURN(sqlite::Transaction transaction, sqlite::Transaction::Begin(main));
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (sizes[i] == stored_[i]) continue;
    CQD_ASSIGN_OR_RETURN(sqlite::Statement insert,
                         main.Prepare(fmt::format("INSERT INTO {}(id, text, detail) VALUES(?,?,?)",
                                                  TableName(static_cast<KeySpace>(i)))));
    for (KeyId key = stored_[i] + 1; key <= sizes[i]; ++key) {
      const KeyEntry entry = tables_[i].Entry(key);
      insert.BindInt(1, key).BindText(2, entry.text).BindText(3, entry.detail);
      CQD_RETURN_IF_ERROR(insert.Run());
    }
  }
  CQD_RETURN_IF_ERROR(transaction.Commit());
  stored_ = sizes;
  return OkStatus();
}

KeyId DictionarySet::size(KeySpace space) const {
  return tables_[static_cast<std::size_t>(space)].size();
}
KeyEntry DictionarySet::Entry(KeySpace space, KeyId key) const {
  return tables_[static_cast<std::size_t>(space)].Entry(key);
}
KeyId DictionarySet::Find(KeySpace space, std::string_view text, std::string_view detail) const {
  if (text.empty()) return model::kNoKey;
  return tables_[static_cast<std::size_t>(space)].Find(text, detail);
}

KeyId DictionarySet::Intern(KeySpace space, std::string_view text, std::string_view detail) {
  if (text.empty()) return model::kNoKey;
  KeyTable& table = tables_[static_cast<std::size_t>(space)];
  if (IsPlain(space, text) && IsPlainDetail(detail)) return table.FindOrAdd(text, detail);
  const std::string clean = NormaliseKeyText(space, text);
  if (clean.empty()) return model::kNoKey;
  return table.FindOrAdd(clean, CleanUtf8(detail, kDetailCharactersMax));
}

}  // namespace cqd::archive::internal
