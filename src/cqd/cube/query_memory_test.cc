// Promise: a query takes no more memory than it may, says what to ask for instead, and a bound that
// is not reached changes nothing.
#include "cube/internal/query_memory.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <vector>

#include "cube/internal/test_corpus.h"
#include "cube/internal/test_rows.h"
#include "cube/snapshot.h"

namespace {

// What the program has allocated, and the most of it: for comparing with the account.
std::atomic<std::int64_t> allocated{0};
std::atomic<std::int64_t> allocated_most{0};

void* TryAllocate(std::size_t bytes) {
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) return nullptr;
  const auto size = static_cast<std::int64_t>(malloc_usable_size(memory));
  const std::int64_t now = allocated.fetch_add(size) + size;
  std::int64_t most = allocated_most.load();
  while (now > most && !allocated_most.compare_exchange_weak(most, now)) {
  }
  return memory;
}

void* Allocate(std::size_t bytes) {
  if (void* memory = TryAllocate(bytes)) return memory;
  throw std::bad_alloc();
}

void Free(void* memory) {
  if (memory != nullptr) allocated -= static_cast<std::int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) {
  return Allocate(bytes);
}
void* operator new[](std::size_t bytes) {
  return Allocate(bytes);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return TryAllocate(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return TryAllocate(bytes);
}
void operator delete(void* memory) noexcept {
  Free(memory);
}
void operator delete[](void* memory) noexcept {
  Free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  Free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  Free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  Free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  Free(memory);
}

namespace cqd::cube {
namespace {

using testing::TestKeys;

class BoundedQuery : public ::testing::Test {
 protected:
  void SetUp() override {
    constexpr unsigned kSeed = 20151;
    std::cout << "seed " << kSeed << '\n';
    testing::Random random(kSeed);
    const model::SourceId source(1);
    std::vector<model::StreamRow> rows;
    for (int i = 0; i < 900; ++i) {
      for (model::StreamRow& row :
           testing::RandomSession(random, keys_, source, i, Month(2015, 3).begin())) {
        rows.push_back(std::move(row));
      }
    }
    auto mapping = std::make_shared<const model::Mapping>(keys_, model::CustomerTables{});
    snapshot_ = MakeSnapshot(rows, mapping, TimeZone(), {.threads = 2, .segment_rows = 300});
    for (const char* name : {"[First Subnet].[Subnet]", "[Second Subnet].[Subnet]",
                             "[StartDate].[Date]", "[First User Agent].[User Agent]"}) {
      query_.dimensions.push_back(model::FindAttribute(name));
    }
    query_.measures = {model::FindMeasure("[Measures].[Audio Streams Count]")};
  }

  TestKeys keys_;
  std::shared_ptr<const Snapshot> snapshot_;
  CubeQuery query_;
};

TEST_F(BoundedQuery, TooMuchIsRefusedWithWhatToNarrow) {
  const Result<ResultTable> answer = snapshot_->Answer(query_, {.bytes_max = 2'000});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(answer.error().field, "Dimensions");
  EXPECT_NE(answer.error().message.find("members"), std::string::npos) << answer.error().message;
  EXPECT_EQ(snapshot_->Run(query_, {.bytes_max = 2'000}).error().code,
            ErrorCode::kResourceExhausted);
  EXPECT_EQ(snapshot_->Explain(query_, {.bytes_max = 2'000}).error().code,
            ErrorCode::kResourceExhausted);
}

TEST_F(BoundedQuery, AnArrayOfGroupsAndRowsCountToo) {
  query_.dimensions.resize(1);  // few members: an array
  EXPECT_EQ(snapshot_->Answer(query_, {.bytes_max = 60}).error().code,
            ErrorCode::kResourceExhausted);
  query_.dimensions.clear();  // one group, one row
  EXPECT_EQ(snapshot_->Answer(query_, {.bytes_max = 40}).error().code,
            ErrorCode::kResourceExhausted);
}

TEST_F(BoundedQuery, EveryBoundGivesTheAnswerOrRefuses) {
  const Result<ResultTable> free = snapshot_->Answer(query_, {});
  ASSERT_TRUE(free.ok());
  ASSERT_GT(free->rows.size(), 100U);
  int refused = 0, answered = 0;
  for (std::int64_t bytes = 64; bytes <= std::int64_t{1} << 24; bytes = bytes * 3 / 2) {
    const Result<ResultTable> bounded = snapshot_->Answer(query_, {.bytes_max = bytes});
    if (bounded.ok()) {
      ++answered;
      EXPECT_EQ(bounded->rows, free->rows);
    } else {
      ++refused;
      EXPECT_EQ(answered, 0) << "more memory never refuses what less allows: " << bytes;
      EXPECT_EQ(bounded.error().code, ErrorCode::kResourceExhausted);
    }
  }
  EXPECT_GT(refused, 5);
  EXPECT_GT(answered, 5);
}

/// Many streams with few fields: what is counted of them takes much more than a thread's scratch.
class MuchMemory : public ::testing::Test {
 protected:
  static constexpr int kStreams = 120'000;

  static void SetUpTestSuite() {
    constexpr unsigned kSeed = 20152;
    std::cout << "seed " << kSeed << '\n';
    testing::Random random(kSeed);
    keys = new TestKeys;
    std::vector<model::StreamRow> rows(kStreams);
    for (int i = 0; i < kStreams; ++i) {
      model::StreamRow& row = rows[static_cast<std::size_t>(i)];
      row.key = {model::SourceId(1), Month(2015, 3).begin() + std::chrono::seconds(15 * i), i, 0,
                 0};
      for (const model::FieldInfo& info : model::AllFields()) {
        if (info.type != model::FieldType::kInteger && info.type != model::FieldType::kDecimal) {
          continue;
        }
        if (testing::Below(random, 4) == 0) continue;
        row.Set(info.field, testing::RandomValue(random, *keys, info, row.key.session_time));
      }
      for (const model::Field user : {model::Field::kCallerUser, model::Field::kCalleeUser}) {
        row.Set(user, keys->Intern(model::InfoOf(user).space, std::to_string(random() % 30'000)));
      }
      row.Set(model::Field::kCallerSubnet,
              keys->Intern(model::KeySpace::kSubnet, "10.0." + std::to_string(i % 50) + ".0"));
      row.Set(model::Field::kSenderIsCaller, 1);
      model::ClassifySession(std::span(&row, 1));
    }
    auto mapping = std::make_shared<const model::Mapping>(*keys, model::CustomerTables{});
    for (const int threads : {1, 3}) {
      snapshots[threads] =
          MakeSnapshot(rows, mapping, TimeZone(),
                       {.threads = threads, .rows_per_thread = 1'000, .segment_rows = 4'000});
    }
  }
  static void TearDownTestSuite() {
    snapshots.clear();
    delete keys;
  }

  /// Asks with bounds around what the query takes without one. The text of a refusal has `word`,
  /// and is about `field` (empty: whichever holds most).
  static void ExpectBounded(const CubeQuery& query, const std::string& field,
                            const std::string& word) {
    // Scratch of a thread; rows and texts of the small answer; the thread itself.
    constexpr std::int64_t kBesides = 512 * 1024;
    for (const auto& [threads, snapshot] : snapshots) {
      const Result<ResultTable> free = snapshot->Answer(query, {});  // makes what is kept, too
      ASSERT_TRUE(free.ok()) << free.error().ToString();
      const std::int64_t taken = PeakOf(*snapshot, query, {}).second;
      ASSERT_GT(taken, 2 * threads * kBesides) << "too little to tell anything";
      std::cout << word << ", " << threads << " threads: " << taken / 1024 << " KiB\n";
      EXPECT_FALSE(PeakOf(*snapshot, query, {.bytes_max = taken / 8}).first.ok());
      for (const std::int64_t share : {8, 4, 3, 2}) {
        const QueryLimits limits{.bytes_max = taken / share};
        const auto [answer, peak] = PeakOf(*snapshot, query, limits);
        EXPECT_LE(peak, *limits.bytes_max + threads * kBesides) << threads << " 1/" << share;
        if (answer.ok()) {
          EXPECT_EQ(answer->rows, free->rows);
          continue;
        }
        EXPECT_EQ(answer.error().code, ErrorCode::kResourceExhausted);
        if (field.empty()) continue;
        EXPECT_EQ(answer.error().field, field) << answer.error().message;
        EXPECT_NE(answer.error().message.find(word), std::string::npos) << answer.error().message;
      }
      const auto enough = PeakOf(*snapshot, query, {.bytes_max = taken * 4}).first;
      ASSERT_TRUE(enough.ok()) << enough.error().ToString();
      EXPECT_EQ(enough->rows, free->rows);
    }
  }
  /// The answer, and the most that was allocated at one time while it was made.
  static std::pair<Result<ResultTable>, std::int64_t> PeakOf(const Snapshot& snapshot,
                                                             const CubeQuery& query,
                                                             const QueryLimits& limits) {
    const std::int64_t before = allocated.load();
    allocated_most = before;
    Result<ResultTable> answer = snapshot.Answer(query, limits);
    return {std::move(answer), allocated_most.load() - before};
  }

  static inline TestKeys* keys = nullptr;
  static inline std::map<int, std::shared_ptr<const Snapshot>> snapshots;
};

TEST_F(MuchMemory, DistinctValuesAreCounted) {
  CubeQuery query;
  query.dimensions = {model::FindAttribute("[First Subnet].[Subnet]")};
  for (const char* name : {"[Measures].[Total User Count]", "[Measures].[First User Count]",
                           "[Measures].[Total Call Count]"}) {
    query.measures.push_back(model::FindMeasure(name));
  }
  ExpectBounded(query, "Measurements", "Count]");
}

TEST_F(MuchMemory, ValuesForPercentilesAreCounted) {
  CubeQuery query;
  query.dimensions = {model::FindAttribute("[First Subnet].[Subnet]")};
  for (const model::Measure& measure : model::Measures()) {
    if (measure.kind == model::MeasureKind::kPercentile) query.measures.push_back(&measure);
  }
  ExpectBounded(query, "Measurements", "[Measures].[P50 ");
}

TEST_F(MuchMemory, LegsOfAWhatIfQuestionAreCounted) {
  CubeQuery query;
  query.measures = {model::FindMeasure("[Measures].[AudioPoorPercentage]")};
  query.what_if = model::PublishedClassifier();
  query.what_if->limits[0] /= 2;
  ExpectBounded(query, "WhatIf", "query.bytes_max");
}

TEST_F(MuchMemory, HashedGroupsWithSetsAreCounted) {
  CubeQuery query;
  for (const char* name : {"[First Subnet].[Subnet]", "[StartDate].[Date]", "[First User].[URI]",
                           "[Second User].[URI]"}) {
    query.dimensions.push_back(model::FindAttribute(name));
  }
  query.measures = {model::FindMeasure("[Measures].[Total Call Count]"),
                    model::FindMeasure("[Measures].[P95 Jitter]")};
  ExpectBounded(query, "", "groups");
}

TEST(QueryMemoryAccount, TellsWhatHeldMost) {
  QueryMemory memory({.bytes_max = 100}, 2);
  MemoryShare groups(&memory, {MemoryUse::Kind::kGroups});
  {
    MemoryShare what_if(&memory, {MemoryUse::Kind::kWhatIf});
    EXPECT_TRUE(groups.Take(40));
    EXPECT_TRUE(what_if.Take(60));
    EXPECT_FALSE(groups.Take(1));
    MemoryShare moved = std::move(what_if);
    EXPECT_EQ(memory.held(), 100);
    EXPECT_TRUE(moved.Resize(10));
    EXPECT_EQ(memory.held(), 50);
  }
  EXPECT_EQ(memory.held(), 40);
  EXPECT_TRUE(groups.Resize(100));
  EXPECT_FALSE(groups.Resize(101));
}

}  // namespace
}  // namespace cqd::cube
