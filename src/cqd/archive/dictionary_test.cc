#include "archive/internal/dictionary.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <unordered_map>

#include "file/temporary_folder.h"

namespace cqd::archive::internal {
namespace {

using model::KeyId;
using model::KeySpace;

class DictionaryTest : public testing::Test {
 protected:
  DictionaryTest() : database_(*sqlite::Database::Open(folder_.Path("main.sqlite"))) {}
  file::TemporaryFolder folder_;
  sqlite::Database database_;
};

TEST_F(DictionaryTest, KeysCountUpAndStay) {
  {
    DictionarySet set;
    ASSERT_TRUE(set.Load(database_).ok());
    EXPECT_EQ(set.Intern(KeySpace::kDevice, "Headset", ""), 1u);
    EXPECT_EQ(set.Intern(KeySpace::kDevice, "headset", ""), 2u) << "devices keep their case";
    EXPECT_EQ(set.Intern(KeySpace::kDevice, "Headset", ""), 1u);
    EXPECT_EQ(set.Intern(KeySpace::kUserAgent, "CPE/1.0", "2"), 1u)
        << "each space counts by itself";
    EXPECT_EQ(set.Intern(KeySpace::kUserAgent, "CPE/1.0", ""), 2u)
        << "the detail is part of the key";
    EXPECT_EQ(set.Intern(KeySpace::kDevice, "", "detail"), model::kNoKey);
    EXPECT_EQ(set.Intern(KeySpace::kDevice, std::string_view("\0", 1), ""), model::kNoKey);
    EXPECT_EQ(set.Find(KeySpace::kUserAgent, "CPE/1.0", "2"), 1u);
    EXPECT_EQ(set.Find(KeySpace::kUserAgent, "CPE/1.0", "3"), model::kNoKey);
    EXPECT_EQ(set.Find(KeySpace::kUserAgent, "", ""), model::kNoKey);
    ASSERT_TRUE(set.Flush(database_).ok());
    set.Intern(KeySpace::kDevice, "never flushed", "");
  }
  DictionarySet set;
  ASSERT_TRUE(set.Load(database_).ok());
  EXPECT_EQ(set.size(KeySpace::kDevice), 2u);
  EXPECT_EQ(set.Entry(KeySpace::kDevice, 2).text, "headset");
  EXPECT_EQ(set.Entry(KeySpace::kUserAgent, 1).detail, "2");
  EXPECT_EQ(set.Intern(KeySpace::kDevice, "next", ""), 3u);
}

TEST_F(DictionaryTest, AFailedFlushKeepsEntriesPending) {
  DictionarySet set;
  ASSERT_TRUE(set.Load(database_).ok());
  set.Intern(KeySpace::kUser, "a@b", "");
  {
    auto other = *sqlite::Database::Open(folder_.Path("main.sqlite"));
    ASSERT_TRUE(database_.Execute("PRAGMA busy_timeout=1").ok());
    auto blocked = *sqlite::Transaction::Begin(other);
    EXPECT_EQ(set.Flush(database_).error().code, ErrorCode::kUnavailable);
  }
  ASSERT_TRUE(set.Flush(database_).ok());
  EXPECT_EQ(*database_.QueryInt("SELECT count(*) FROM dict_user"), 1);
}

TEST(NormaliseKeyTextTest, OneSpellingForEqualThings) {
  EXPECT_EQ(NormaliseKeyText(KeySpace::kUser, "Alice@Contoso.COM"), "alice@contoso.com");
  EXPECT_EQ(NormaliseKeyText(KeySpace::kPool, "Pool.Contoso.COM"), "Pool.Contoso.COM");
  for (const std::string_view mac :
       {"00-1A-2B-3C-4D-5E", "00:1a:2b:3c:4d:5e", "001a.2b3c.4d5e", "001A2B3C4D5E",
        "00-1A-2B-3C-4D-5E-00-00", "001a2b3c4d5e0000"}) {
    EXPECT_EQ(NormaliseKeyText(KeySpace::kMac, mac), "00-1a-2b-3c-4d-5e") << mac;
    EXPECT_EQ(NormaliseKeyText(KeySpace::kBssid, mac), "00-1a-2b-3c-4d-5e") << mac;
  }
  EXPECT_EQ(NormaliseKeyText(KeySpace::kMac, "00:1a:2b:3c:4d:5e:6f:70"), "00-1a-2b-3c-4d-5e-6f-70");
  EXPECT_EQ(NormaliseKeyText(KeySpace::kMac, "Unknown"), "unknown");
  EXPECT_EQ(NormaliseKeyText(KeySpace::kMac, "00-11"), "00-11");
  EXPECT_EQ(NormaliseKeyText(KeySpace::kDevice, "a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(NormaliseKeyText(KeySpace::kResolution, std::string(100, 'x')).size(), 32u);
}

TEST_F(DictionaryTest, AnyBytesGiveAKeyThatReadsBack) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  DictionarySet set;
  ASSERT_TRUE(set.Load(database_).ok());
  std::unordered_map<std::string, KeyId> keys[model::kKeySpaceCount];
  for (int i = 0; i < 20'000; ++i) {
    const auto space = static_cast<KeySpace>(random() % model::kKeySpaceCount);
    std::string text(random() % 8, '\0');
    for (char& c : text) c = static_cast<char>(random() % 3 == 0 ? random() : 'A' + random() % 3);
    const KeyId key = set.Intern(space, text, "");
    const std::string stored = NormaliseKeyText(space, text);
    if (stored.empty()) {
      EXPECT_EQ(key, model::kNoKey);
      continue;
    }
    EXPECT_EQ(set.Entry(space, key).text, stored);
    const auto [known, added] = keys[static_cast<int>(space)].emplace(stored, key);
    EXPECT_EQ(known->second, key) << "one text, one key";
    EXPECT_EQ(set.Intern(space, stored, ""), key) << "what was stored is found by itself";
  }
  ASSERT_TRUE(set.Flush(database_).ok());
  DictionarySet again;
  ASSERT_TRUE(again.Load(database_).ok());
  for (int s = 0; s < model::kKeySpaceCount; ++s) {
    for (const auto& [text, key] : keys[s]) {
      EXPECT_EQ(again.Find(static_cast<KeySpace>(s), text, ""), key);
    }
  }
}

// Promise: entries are read and found from other threads, without a pause, while keys are added.
TEST(KeyTableTest, ReadersNeedNoPauseOfTheWriter) {
  constexpr KeyId kKeys = 60'000;
  KeyTable table;
  std::atomic<bool> wrong{false};
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      for (KeyId size = 0; size < kKeys;) {
        size = table.size();
        for (KeyId key = 1 + size / 2; key <= size; key += 97) {
          const auto entry = table.Entry(key);
          if (entry.text != "text" + std::to_string(key)) wrong = true;
        }
        if (size > 0 && table.Find("text" + std::to_string(size / 2 + 1), "d") == 0) {
          // Published, but not yet in the index, is allowed only for the newest entry.
          if (size / 2 + 1 < size) wrong = true;
        }
      }
    });
  }
  for (KeyId key = 1; key <= kKeys; ++key) {
    ASSERT_EQ(table.FindOrAdd("text" + std::to_string(key), "d"), key);
  }
  for (auto& reader : readers) reader.join();
  EXPECT_FALSE(wrong);
  for (KeyId key = 1; key <= kKeys; key += 13) {
    EXPECT_EQ(table.Find("text" + std::to_string(key), "d"), key);
  }
}

}  // namespace
}  // namespace cqd::archive::internal
