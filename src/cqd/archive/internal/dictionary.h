// The dictionaries in memory: text to key by hash, key to text by position.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "base/result.h"
#include "model/key_space.h"
#include "sqlite/database.h"

namespace cqd::archive::internal {

/// Longest detail of a key in characters; ours: a detail is a few short parts (an agent type, an
/// endpoint's operating system and processor).
inline constexpr std::size_t kDetailCharactersMax = 4096;

/// The text as it is stored: UTF-8, cut to the space's size, and for users, adapters and access
/// points in the one spelling that makes equal things equal: lower case; addresses of adapters and
/// access points dash-delimited, 8-byte ones ending in 00-00 cut to 6 bytes
/// (reference/ingest-formats.md 4).
std::string NormaliseKeyText(model::KeySpace space, std::string_view text);

/// One dictionary. Entries lie in chunks that never move, so a reader needs no lock.
/// Threads: size() and Entry() any; Find() any; Add() one at a time.
class KeyTable {
 public:
  KeyTable();
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;
  ~KeyTable();

  model::KeyId size() const { return size_.load(std::memory_order_acquire); }
  model::KeyEntry Entry(model::KeyId key) const;
  model::KeyId Find(std::string_view text, std::string_view detail) const;
  /// The key of (text, detail), made when new. Texts are taken as they are.
  model::KeyId FindOrAdd(std::string_view text, std::string_view detail);

 private:
  struct Slot {
    std::uint32_t hash = 0;
    model::KeyId key = model::kNoKey;
  };
  // Chunk i holds 1024 << i entries: 22 chunks hold every 32-bit key.
  static constexpr int kFirstChunkBits = 10;
  static constexpr int kChunkCount = 23;

  model::KeyId Probe(std::uint32_t hash, std::string_view text, std::string_view detail) const;
  void Place(Slot slot);
  void Grow();
  std::string_view Keep(std::string_view text);

  std::array<std::atomic<model::KeyEntry*>, kChunkCount> chunks_;
  std::atomic<model::KeyId> size_{0};
  /// Guards slots_ between FindOrAdd's changes and Find.
  mutable std::shared_mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_left_ = 0;
  char* block_next_ = nullptr;
};

/// All dictionaries, their tables in main.sqlite, and what of them is on disk.
class DictionarySet final : public Dictionaries, public model::KeyInterner {
 public:
  /// Makes missing tables and loads the entries.
  /// Errors: kCorruption (numbers with gaps, a text twice), and those of SQLite.
  Status Load(sqlite::Database& main);
  /// Writes the entries that are not on disk yet, in one durable transaction. After an error they
  /// stay pending. Threads: one at a time; entries may be added meanwhile.
  Status Flush(sqlite::Database& main);

  model::KeyId size(model::KeySpace space) const override;
  model::KeyEntry Entry(model::KeySpace space, model::KeyId key) const override;
  model::KeyId Find(model::KeySpace space, std::string_view text,
                    std::string_view detail) const override;
  model::KeyId Intern(model::KeySpace space, std::string_view text,
                      std::string_view detail) override;

 private:
  std::array<KeyTable, model::kKeySpaceCount> tables_;
  std::array<model::KeyId, model::kKeySpaceCount> stored_{};
};

}  // namespace cqd::archive::internal
