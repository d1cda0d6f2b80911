// Promises: equal questions run once, at the same time and later; a new data version or a clear
// asks again; the cache keeps its bound; every failure has its ErrorType.
#include "cube/query_service.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "cube/internal/test_snapshot.h"

namespace cqd::cube {
namespace {

using testing::TestSnapshot;

constexpr const char* kBody =
    R"({"Dimensions":[{"DataModelName":"[StartDate].[Month]"}],)"
    R"("Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})";

/// A service over a snapshot whose executor counts its runs.
class QueryServiceTest : public ::testing::Test {
 protected:
  std::unique_ptr<QueryService> MakeService(const QueryServiceOptions& options = {}) {
    return std::make_unique<QueryService>([this] { return snapshot_; }, options, clock_);
  }
  void Publish(std::int64_t version) {
    snapshot_ = std::make_shared<TestSnapshot>(
        version, [this](const CubeQuery& query, const QueryLimits& limits) -> Result<Groups> {
          ++runs_;
          if (on_run_) CQD_RETURN_IF_ERROR(on_run_(limits));
          return Answer(query);
        });
  }
  Groups Answer(const CubeQuery& query) const {
    Groups groups;
    for (int i = 0; i < group_count_; ++i) {
      const std::string name = std::to_string(i);
      groups.push_back({std::vector<model::Member>(query.dimensions.size(),
                                                   {.key = name, .caption = name, .order = i}),
                        std::vector<Accumulator>(query.measures.size(), {7, 0})});
    }
    return groups;
  }

  SimulatedClock clock_{Month(2015, 4).begin()};
  std::shared_ptr<const Snapshot> snapshot_;
  std::atomic<int> runs_ = 0;
  int group_count_ = 1;
  std::function<Status(const QueryLimits&)> on_run_;
};

TEST_F(QueryServiceTest, NoSnapshotIsCubeUnavailable) {
  const auto service = MakeService();
  const QueryOutcome outcome = service->RunQuery(kBody);
  EXPECT_EQ(outcome.error_type, ErrorType::kCubeUnavailable);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(outcome.table, nullptr);
  EXPECT_EQ(
      service->ListMembers(R"({"DataModelName":"[Codec].[Payload Description]"})").error().code,
      ErrorCode::kUnavailable);
}

TEST_F(QueryServiceTest, SecondAnswerComesFromTheCache) {
  Publish(3);
  const auto service = MakeService();
  const QueryOutcome first = service->RunQuery(kBody);
  const QueryOutcome second = service->RunQuery(kBody);
  EXPECT_EQ(runs_, 1);
  EXPECT_FALSE(first.from_cache);
  EXPECT_TRUE(second.from_cache);
  ASSERT_NE(first.table, nullptr);
  EXPECT_EQ(first.table->rows, second.table->rows);
  EXPECT_EQ(first.data_version, 3);
  EXPECT_EQ(first.data_as_of, Month(2015, 3).begin());
  EXPECT_EQ(second.ToJson(), R"({"ExecutionTime":"00:00:00.0000000","DataResult":[["0",7]],)"
                             R"("ResultIsFromCache":true,"ErrorType":0})");
  const QueryStatistics statistics = service->statistics();
  EXPECT_EQ(statistics.hits, 1);
  EXPECT_EQ(statistics.misses, 1);
  EXPECT_EQ(statistics.entries, 1);
  EXPECT_GT(statistics.bytes, 0);
}

TEST_F(QueryServiceTest, NewDataAndClearAskAgain) {
  Publish(1);
  const auto service = MakeService();
  service->RunQuery(kBody);
  Publish(2);
  EXPECT_FALSE(service->RunQuery(kBody).from_cache);
  EXPECT_EQ(service->statistics().entries, 1);  // the old version's answer is gone
  service->Clear();
  EXPECT_EQ(service->statistics().entries, 0);
  EXPECT_EQ(service->statistics().bytes, 0);
  EXPECT_FALSE(service->RunQuery(kBody).from_cache);
  EXPECT_EQ(runs_, 3);
}

TEST_F(QueryServiceTest, CacheKeepsItsBound) {
  Publish(1);
  const auto service = MakeService({.cache_bytes_max = 20'000});
  CubeQuery query;
  for (int i = 1; i <= 200; ++i) {
    query.row_limit = i;  // two hundred different questions
    service->RunQuery(query);
    EXPECT_LE(service->statistics().bytes, 20'000);
  }
  EXPECT_GT(service->statistics().entries, 2);
  EXPECT_TRUE(service->RunQuery(query).from_cache);  // the newest is still there
  query.row_limit = 1;
  EXPECT_FALSE(service->RunQuery(query).from_cache);  // the oldest went
}

TEST_F(QueryServiceTest, EqualQueriesAtTheSameTimeRunOnce) {
  Publish(1);
  const auto service = MakeService();
  constexpr int kThreads = 8;
  std::latch running(1);
  std::latch release(1);
  on_run_ = [&](const QueryLimits&) {
    running.count_down();
    release.wait();
    return OkStatus();
  };
  std::atomic<int> computed = 0;
  const auto ask = [&] {
    const QueryOutcome outcome = service->RunQuery(CubeQuery{});
    EXPECT_NE(outcome.table, nullptr);
    if (!outcome.from_cache) ++computed;
  };
  std::vector<std::jthread> threads;
  threads.emplace_back(ask);
  running.wait();
  for (int i = 1; i < kThreads; ++i) threads.emplace_back(ask);
  release.count_down();
  threads.clear();
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(computed, 1);
  const QueryStatistics statistics = service->statistics();
  EXPECT_EQ(statistics.hits + statistics.shared, kThreads - 1);
}

TEST_F(QueryServiceTest, ACancelledLeaderDoesNotSpoilTheOthers) {
  Publish(1);
  const auto service = MakeService();
  std::latch running(1);
  CancelToken cancel;
  on_run_ = [&](const QueryLimits& limits) -> Status {
    if (limits.cancel == nullptr) return OkStatus();
    running.count_down();
    while (!limits.cancel->cancelled()) std::this_thread::yield();
    return limits.cancel->Check();
  };
  ErrorCode leader = ErrorCode::kInternal;
  std::jthread thread([&] { leader = service->RunQuery(CubeQuery{}, &cancel).error->code; });
  running.wait();
  std::jthread other([&] { EXPECT_NE(service->RunQuery(CubeQuery{}).table, nullptr); });
  cancel.Cancel();
  thread.join();
  other.join();
  EXPECT_EQ(leader, ErrorCode::kCancelled);
}

TEST_F(QueryServiceTest, AFullHouseIsUnavailable) {
  Publish(1);
  const auto service = MakeService({.queries_max = 1, .waiting_max = 0});
  std::latch running(1);
  std::latch release(1);
  on_run_ = [&](const QueryLimits&) {
    running.count_down();
    release.wait();
    return OkStatus();
  };
  std::jthread thread([&] { EXPECT_NE(service->RunQuery(CubeQuery{}).table, nullptr); });
  running.wait();
  CubeQuery other;
  other.row_limit = 1;
  EXPECT_EQ(service->RunQuery(other).error_type, ErrorType::kCubeUnavailable);
  release.count_down();
  thread.join();
  on_run_ = nullptr;
  EXPECT_EQ(service->RunQuery(other).error_type, ErrorType::kNone);  // failures are not kept
}

// Promise: AsOf answers from the named version while it is kept, CompareTo adds a second answer,
// and what is not kept is named.
TEST_F(QueryServiceTest, AnswersAsOfKeptVersions) {
  std::vector<std::shared_ptr<const Snapshot>> kept;
  for (const int version : {3, 4, 5}) {
    kept.insert(
        kept.begin(),
        std::make_shared<TestSnapshot>(
            version, [version, this](const CubeQuery& query, const QueryLimits&) -> Result<Groups> {
              Groups groups = Answer(query);
              groups[0].values[0].numerator = version;
              return groups;
            }));
  }
  snapshot_ = kept.front();
  const auto service = MakeService({.versions = [&] { return kept; }});
  std::string body = kBody;
  body.pop_back();
  EXPECT_EQ(service->RunQuery(body + "}").table->rows[0].cells[0].integer, 5);
  const QueryOutcome old = service->RunQuery(body + ",\"AsOf\":3}");
  ASSERT_NE(old.table, nullptr);
  EXPECT_EQ(old.table->rows[0].cells[0].integer, 3);
  EXPECT_EQ(old.data_version, 3);
  const QueryOutcome both = service->RunQuery(body + ",\"asOf\":5,\"CompareTo\":4}");
  EXPECT_EQ(both.table->rows[0].cells[0].integer, 5);
  EXPECT_NE(both.ToJson().find(R"("Comparison":{"DataVersion":4,)"), std::string::npos);
  EXPECT_NE(both.ToJson().find(R"("DataResult":[["0",4]]}})"), std::string::npos);
  const QueryOutcome gone = service->RunQuery(body + ",\"AsOf\":2}");
  EXPECT_EQ(gone.error_type, ErrorType::kInvalidQuery);
  EXPECT_EQ(gone.error->field, "AsOf");
  EXPECT_EQ(service->RunQuery(body + ",\"CompareTo\":99}").error->field, "CompareTo");
}

TEST_F(QueryServiceTest, TooManyRows) {
  Publish(1);
  group_count_ = 11;
  const auto service = MakeService({.rows_max = 10});
  QueryOutcome outcome = service->RunQuery(CubeQuery{});
  EXPECT_EQ(outcome.error_type, ErrorType::kScopeTooLarge);
  CubeQuery limited;
  limited.row_limit = 1000;
  outcome = service->RunQuery(limited);
  ASSERT_NE(outcome.table, nullptr);
  EXPECT_EQ(outcome.table->rows.size(), 10U);
  EXPECT_TRUE(outcome.table->truncated);
}

TEST_F(QueryServiceTest, ErrorTypesOfFailures) {
  Publish(1);
  const auto service = MakeService();
  for (const auto& [code, type] :
       {std::pair(ErrorCode::kResourceExhausted, ErrorType::kScopeTooLarge),
        {ErrorCode::kDeadlineExceeded, ErrorType::kScopeTooLarge},
        {ErrorCode::kCorruption, ErrorType::kCubeUnavailable}}) {
    on_run_ = [code = code](const QueryLimits&) -> Status { return Fail(code, "x"); };
    EXPECT_EQ(service->RunQuery(CubeQuery{}).error_type, type);
  }
  on_run_ = [](const QueryLimits&) -> Status { throw std::bad_alloc(); };
  EXPECT_EQ(service->RunQuery(CubeQuery{}).error_type, ErrorType::kScopeTooLarge);

  const QueryOutcome invalid = service->RunQuery(R"({"Measurements":[]})");
  EXPECT_EQ(invalid.error_type, ErrorType::kInvalidQuery);
  EXPECT_EQ(invalid.error->field, "Measurements");
  EXPECT_NE(invalid.ToJson().find(R"("DataResult":[],"ResultIsFromCache":false,"ErrorType":6)"),
            std::string::npos);
  EXPECT_EQ(service->RunQuery(std::string(1'000'000, '[')).error_type, ErrorType::kInvalidQuery);
}

TEST_F(QueryServiceTest, ElapsedIsTheClocks) {
  Publish(1);
  const auto service = MakeService();
  on_run_ = [&](const QueryLimits&) {
    clock_.Advance(std::chrono::milliseconds(210));
    return OkStatus();
  };
  EXPECT_EQ(FormatExecutionTime(service->RunQuery(CubeQuery{}).elapsed), "00:00:00.2100000");
}

TEST_F(QueryServiceTest, MembersAreCachedUntilBypassed) {
  Publish(1);
  group_count_ = 3;
  const auto service = MakeService();
  const std::string ask = R"({"DataModelName":"[Codec].[Payload Description]","PageSize":2)";
  EXPECT_EQ(service->ListMembers(ask + "}")->members_count, 3);
  EXPECT_EQ(service->ListMembers(ask + ",\"PageNumber\":1}")->members.size(), 1U);
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(service->ListMembers(ask + ",\"ByPassCache\":true}")->members.size(), 2U);
  EXPECT_EQ(runs_, 2);
}

}  // namespace
}  // namespace cqd::cube
