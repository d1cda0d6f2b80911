// A dictionary in memory, for tests.
#pragma once

#include <array>
#include <deque>
#include <string>

#include "base/check.h"
#include "model/key_space.h"

namespace cqd::model {

class FakeKeys final : public KeyInterner, public KeyReader {
 public:
  KeyId Intern(KeySpace space, std::string_view text, std::string_view detail = {}) override {
    if (text.empty()) return kNoKey;
    std::deque<Stored>& entries = Of(space);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].text == text && entries[i].detail == detail) return static_cast<KeyId>(i + 1);
    }
    entries.push_back({std::string(text), std::string(detail)});
    return static_cast<KeyId>(entries.size());
  }
  KeyId size(KeySpace space) const override {
    return static_cast<KeyId>(entries_[static_cast<std::size_t>(space)].size());
  }
  KeyEntry Entry(KeySpace space, KeyId key) const override {
    const std::deque<Stored>& entries = entries_[static_cast<std::size_t>(space)];
    CQD_CHECK(key >= 1 && key <= entries.size());
    return {entries[key - 1].text, entries[key - 1].detail};
  }

 private:
  struct Stored {
    std::string text, detail;
  };
  std::deque<Stored>& Of(KeySpace space) { return entries_[static_cast<std::size_t>(space)]; }
  // A deque: views into earlier entries stay valid while entries are added.
  std::array<std::deque<Stored>, kKeySpaceCount> entries_;
};

}  // namespace cqd::model
