// Promise: a query takes no more memory than it may, says what to ask for instead, and a bound that
// is not reached changes nothing.
#include "cube/internal/query_memory.h"

#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <vector>

#include "cube/internal/test_corpus.h"
#include "cube/internal/test_rows.h"
#include "cube/snapshot.h"

namespace cqd::cube {
namespace {

using testing::TestKeys;

class QueryMemory : public ::testing::Test {
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

TEST_F(QueryMemory, TooMuchIsRefusedWithWhatToNarrow) {
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

TEST_F(QueryMemory, AnArrayOfGroupsAndRowsCountToo) {
  query_.dimensions.resize(1);  // few members: an array
  EXPECT_EQ(snapshot_->Answer(query_, {.bytes_max = 60}).error().code,
            ErrorCode::kResourceExhausted);
  query_.dimensions.clear();  // one group, one row
  EXPECT_EQ(snapshot_->Answer(query_, {.bytes_max = 40}).error().code,
            ErrorCode::kResourceExhausted);
}

TEST_F(QueryMemory, EveryBoundGivesTheAnswerOrRefuses) {
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

}  // namespace
}  // namespace cqd::cube
