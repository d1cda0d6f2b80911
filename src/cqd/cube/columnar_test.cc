#include <gtest/gtest.h>

#include <iostream>
#include <set>
#include <thread>

#include "column/segment.h"
#include "cube/explain.h"
#include "cube/internal/columnar_groups.h"
#include "cube/internal/test_corpus.h"
#include "cube/internal/test_rows.h"
#include "cube/reference.h"
#include "cube/snapshot.h"

namespace cqd::cube {
namespace {

using testing::Below;
using testing::Comparable;
using testing::Random;

Random Seeded() {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  return Random(seed);
}

struct Fixture {
  testing::TestKeys keys;
  std::vector<model::StreamRow> rows;
  std::shared_ptr<const model::Mapping> mapping;
  TimeZone zone = *TimeZone::Find("Europe/Paris");

  explicit Fixture(Random& random, std::int64_t sessions) {
    for (std::int64_t seq = 0; seq < sessions; ++seq) {
      const UtcTime time = Month(2015, 3).begin() + std::chrono::minutes(Below(random, 90'000));
      for (auto& row : testing::RandomSession(random, keys, model::SourceId(1), seq, time)) {
        rows.push_back(row);
      }
    }
    model::CustomerTables tables;
    tables.buildings = {{.key = 0, .name = "Unknown"},
                        {.key = 1, .name = "North", .inside_corp = true},
                        {.key = 2, .name = "South", .inside_corp = false}};
    tables.networks = {{.address = "10.1.0.0", .prefix_bits = 16, .building_key = 1},
                       {.address = "10.2.0.0", .prefix_bits = 16, .building_key = 2}};
    mapping = std::make_shared<const model::Mapping>(keys, tables);
  }
  std::shared_ptr<const Snapshot> MakeSnapshot(std::size_t segment_rows, int threads = 2) const {
    return cube::MakeSnapshot(rows, mapping, zone,
                              {.threads = threads, .segment_rows = segment_rows});
  }
};

const model::Attribute& AttributeNamed(std::string_view name) {
  const model::Attribute* found = model::FindAttribute(name);
  EXPECT_NE(found, nullptr) << name;
  return *found;
}
const model::Measure& MeasureNamed(std::string_view name) {
  const model::Measure* found = model::FindMeasure(name);
  EXPECT_NE(found, nullptr) << name;
  return *found;
}

// Promise: rows made from codes are those made from the groups.
void ExpectRows(const CubeQuery& query, const Groups& groups, const Snapshot& snapshot) {
  const ResultTable expected = Finish(query, groups);
  const auto found = snapshot.Answer(query, {});
  ASSERT_TRUE(found.ok()) << found.error().ToString();
  EXPECT_EQ(found->rows, expected.rows);
  EXPECT_EQ(found->truncated, expected.truncated);
  EXPECT_EQ(found->rows_before_limit, std::ssize(groups));
}

// Promise: whatever the data and the query, the columnar executor answers like the reference.
TEST(Columnar, AgreesWithTheReferenceOnRandomDataAndQueries) {
  Random random = Seeded();
  for (int round = 0; round < 3; ++round) {
    const Fixture fixture(random, 150);
    const ReferenceExecutor reference(fixture.rows, fixture.mapping, fixture.zone);
    const auto many = fixture.MakeSnapshot(static_cast<std::size_t>(1 + Below(random, 60)));
    const auto one = fixture.MakeSnapshot(100'000);
    ASSERT_EQ(many->row_count(), std::ssize(fixture.rows));
    for (int i = 0; i < 60; ++i) {
      const CubeQuery query =
          testing::RandomQuery(random, fixture.rows, *fixture.mapping, fixture.zone);
      SCOPED_TRACE(testing::Describe(query));
      const auto expected = reference.Run(query, {});
      const auto from_many = many->Run(query, {});
      const auto from_one = one->Run(query, {});
      if (!expected.ok()) {
        ASSERT_FALSE(from_many.ok());
        ASSERT_EQ(from_many.error().code, expected.error().code);
        continue;
      }
      ASSERT_TRUE(from_many.ok()) << from_many.error().ToString();
      ASSERT_TRUE(from_one.ok()) << from_one.error().ToString();
      ASSERT_EQ(Comparable(*from_many), Comparable(*expected));
      ASSERT_EQ(Comparable(*from_one), Comparable(*expected));
      ExpectRows(query, *expected, *many);
      CubeQuery cut = query;
      cut.row_limit = Below(random, std::ssize(*expected) + 2);
      ExpectRows(cut, *expected, *one);
    }
  }
}

// Promise: blocks that are skipped or taken whole by their zones change no answer.
TEST(Columnar, SeveralBlocksAgreeWithTheReference) {
  Random random = Seeded();
  Fixture fixture(random, 150);
  // Copies: what matters is that runs of equal rows cover whole blocks.
  while (fixture.rows.size() < 3 * column::kBlockRows) {
    fixture.rows.insert(fixture.rows.end(), fixture.rows.begin(), fixture.rows.end());
  }
  const ReferenceExecutor reference(fixture.rows, fixture.mapping, fixture.zone);
  const auto snapshot = fixture.MakeSnapshot(fixture.rows.size());
  for (int i = 0; i < 8; ++i) {
    CubeQuery query = testing::RandomQuery(random, fixture.rows, *fixture.mapping, fixture.zone);
    query.dimensions.resize(std::min<std::size_t>(query.dimensions.size(), 2));
    SCOPED_TRACE(testing::Describe(query));
    const auto expected = reference.Run(query, {});
    const auto found = snapshot->Run(query, {});
    ASSERT_EQ(found.ok(), expected.ok());
    if (!expected.ok()) continue;
    ASSERT_EQ(Comparable(*found), Comparable(*expected));
  }
}

// Promise: every attribute and every measure gives the same members and sums on both executors.
TEST(Columnar, EveryAttributeAndMeasureAgrees) {
  Random random = Seeded();
  const Fixture fixture(random, 120);
  const ReferenceExecutor reference(fixture.rows, fixture.mapping, fixture.zone);
  const auto snapshot = fixture.MakeSnapshot(64);
  CubeQuery query;
  for (const model::Measure& measure : model::Measures()) query.measures.push_back(&measure);
  EXPECT_EQ(Comparable(*snapshot->Run(query, {})), Comparable(*reference.Run(query, {})));
  query.measures.resize(2);
  for (const model::Attribute& attribute : model::Attributes()) {
    query.dimensions = {&attribute};
    ASSERT_EQ(Comparable(*snapshot->Run(query, {})), Comparable(*reference.Run(query, {})))
        << attribute.data_model_name;
  }
}

TEST(Columnar, ManyDimensionsOverflowNoKey) {
  Random random = Seeded();
  const Fixture fixture(random, 200);
  const ReferenceExecutor reference(fixture.rows, fixture.mapping, fixture.zone);
  const auto snapshot = fixture.MakeSnapshot(100);
  CubeQuery query;
  // Attributes of wide fields: the product of their members passes 2^64 several times.
  for (const model::Attribute& attribute : model::Attributes()) {
    if (query.dimensions.size() == 40) break;
    query.dimensions.push_back(&attribute);
  }
  query.measures = {&model::Measures().front()};
  EXPECT_EQ(Comparable(*snapshot->Run(query, {})), Comparable(*reference.Run(query, {})));
}

// Promise: without memory for made columns answers are slower, and the same.
TEST(Columnar, NoMemoryForMadeColumnsChangesNoAnswer) {
  Random random = Seeded();
  const Fixture fixture(random, 100);
  const ReferenceExecutor reference(fixture.rows, fixture.mapping, fixture.zone);
  const auto snapshot =
      cube::MakeSnapshot(fixture.rows, fixture.mapping, fixture.zone,
                         {.segment_rows = 70, .made_bytes_max = 400, .rollup_rows_min = 0});
  for (const model::Attribute& attribute : model::Attributes()) {
    CubeQuery query;
    query.dimensions = {&attribute};
    query.measures = {&model::Measures()[0]};
    ASSERT_EQ(Comparable(*snapshot->Run(query, {})), Comparable(*reference.Run(query, {})))
        << attribute.data_model_name;
  }
}

/// The same kind of query about other members: what filters left out passes, and the other way.
CubeQuery Turned(CubeQuery query) {
  for (Filter& filter : query.filters) {
    switch (filter.operand) {
      case Operand::kEquals:
        filter.operand = Operand::kNotEquals;
        break;
      case Operand::kNotEquals:
        filter.operand = Operand::kEquals;
        break;
      case Operand::kContains:
        filter.operand = Operand::kNotContains;
        break;
      case Operand::kNotContains:
        filter.operand = Operand::kContains;
        break;
      case Operand::kBeginsWith:
        filter.operand = Operand::kNotBeginsWith;
        break;
      case Operand::kNotBeginsWith:
        filter.operand = Operand::kBeginsWith;
        break;
      case Operand::kGreater:
        filter.operand = Operand::kLessOrEqual;
        break;
      case Operand::kGreaterOrEqual:
        filter.operand = Operand::kLess;
        break;
      case Operand::kLess:
        filter.operand = Operand::kGreaterOrEqual;
        break;
      case Operand::kLessOrEqual:
        filter.operand = Operand::kGreater;
        break;
    }
  }
  if (query.window) query.window->last = query.window->first;
  return query;
}

// Promise: what is counted once for a kind of query answers every query of that kind alike.
TEST(Columnar, RollupsAgreeWithTheReference) {
  Random random = Seeded();
  const Fixture fixture(random, 150);
  const ReferenceExecutor reference(fixture.rows, fixture.mapping, fixture.zone);
  const auto snapshot = cube::MakeSnapshot(fixture.rows, fixture.mapping, fixture.zone,
                                           {.segment_rows = 40, .rollup_rows_min = 0});
  std::int64_t from_rollups = 0;
  for (int i = 0; i < 60; ++i) {
    const CubeQuery query =
        testing::RandomQuery(random, fixture.rows, *fixture.mapping, fixture.zone);
    for (const CubeQuery& asked : {query, Turned(query), query}) {
      SCOPED_TRACE(testing::Describe(asked));
      const auto expected = reference.Run(asked, {});
      const auto found = snapshot->Run(asked, {});
      ASSERT_EQ(found.ok(), expected.ok());
      if (!expected.ok()) continue;
      ASSERT_EQ(Comparable(*found), Comparable(*expected));
      ExpectRows(asked, *expected, *snapshot);
      from_rollups += snapshot->Explain(asked, {})->scan.segments_from_rollups;
    }
  }
  EXPECT_GT(from_rollups, 0);
}

// Promise: a query is only counted into a rollup when it was costly before, and then says so.
TEST(Columnar, CostlyQueriesGetRollups) {
  Random random = Seeded();
  const Fixture fixture(random, 300);
  CubeQuery query;
  query.dimensions = {&AttributeNamed("[Media Type].[Media Type]"),
                      &AttributeNamed("[First Building].[Building Name]")};
  query.measures = {&MeasureNamed("[Measures].[Audio Good Streams Count]")};
  const auto explained = [&](std::int64_t rows_min) {
    const auto snapshot = cube::MakeSnapshot(fixture.rows, fixture.mapping, fixture.zone,
                                             {.segment_rows = 50, .rollup_rows_min = rows_min});
    EXPECT_EQ(snapshot->Explain(query, {})->scan.segments_from_rollups, 0);
    return snapshot->Explain(query, {})->scan;
  };
  const auto rows = std::ssize(fixture.rows);
  EXPECT_EQ(explained(rows + 1).segments_from_rollups, 0);
  const ScanCounts scan = explained(rows);
  EXPECT_EQ(scan.segments_from_rollups, scan.segments);
  EXPECT_EQ(scan.rows_scanned, 0);
  EXPECT_GT(scan.rollup_tuples, 0);
}

TEST(Columnar, EmptySnapshotHasNoGroups) {
  Random random = Seeded();
  const Fixture fixture(random, 0);
  const auto snapshot = fixture.MakeSnapshot(10);
  CubeQuery query;
  query.measures = {&model::Measures().front()};
  EXPECT_TRUE(snapshot->Run(query, {})->empty());
  query.dimensions = {&AttributeNamed("[StartDate].[Month]")};
  EXPECT_TRUE(snapshot->Run(query, {})->empty());
  EXPECT_EQ(snapshot->data_through(), std::nullopt);
}

TEST(Columnar, LimitsHaveTheirOwnCodes) {
  Random random = Seeded();
  const Fixture fixture(random, 50);
  const auto snapshot = fixture.MakeSnapshot(10);
  CubeQuery query;
  query.dimensions = {&AttributeNamed("[StartDate].[Month]")};
  query.measures = {&MeasureNamed("[Measures].[Audio Good Streams Count]")};
  const auto groups = snapshot->Run(query, {});
  ASSERT_TRUE(groups.ok());
  ASSERT_GT(groups->size(), 1U);
  QueryLimits limits;
  limits.groups_max = std::ssize(*groups);
  EXPECT_TRUE(snapshot->Run(query, limits).ok());
  limits.groups_max = std::ssize(*groups) - 1;
  EXPECT_EQ(snapshot->Run(query, limits).error().code, ErrorCode::kResourceExhausted);

  limits = {};
  limits.time_max = Duration(-1);
  EXPECT_EQ(snapshot->Run(query, limits).error().code, ErrorCode::kDeadlineExceeded);

  limits = {};
  CancelToken cancel;
  limits.cancel = &cancel;
  EXPECT_TRUE(snapshot->Run(query, limits).ok());
  cancel.Cancel();
  EXPECT_EQ(snapshot->Run(query, limits).error().code, ErrorCode::kCancelled);
}

// Promise: a snapshot answers many threads at once, also while its indexes are made.
TEST(Columnar, ManyThreadsGetTheSameAnswer) {
  Random random = Seeded();
  const Fixture fixture(random, 300);
  const auto snapshot = fixture.MakeSnapshot(50);
  CubeQuery query;
  query.dimensions = {&AttributeNamed("[StartDate].[Month]"), &model::Attributes()[3]};
  query.measures = {&MeasureNamed("[Measures].[Audio Good Streams Count]")};
  std::vector<testing::ComparableGroups> answers(8);
  std::vector<std::thread> threads;
  for (auto& answer : answers) {
    threads.emplace_back([&] { answer = Comparable(*snapshot->Run(query, {})); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& answer : answers) EXPECT_EQ(answer, answers.front());
}

// Promise: any tuple comes back from its number, in arrays, hashes and chains of hashes.
TEST(GroupNumbers, TuplesComeBack) {
  Random random = Seeded();
  for (const std::vector<std::uint64_t>& counts :
       {std::vector<std::uint64_t>{},
        {1},
        {3, 5},
        {70'000},
        {1'000'000, 1'000'000, 1'000'000},
        {2'000'000'000, 2'000'000'000, 2'000'000'000, 2'000'000'000, 7}}) {
    const GroupShape shape(counts);
    GroupNumbers numbers(shape);
    std::map<std::vector<std::uint32_t>, std::uint32_t> known;
    for (int i = 0; i < 2000; ++i) {
      std::vector<std::uint32_t> tuple;
      for (const std::uint64_t count : counts) {
        const auto digits = std::min<std::uint64_t>(count, 5);
        tuple.push_back(static_cast<std::uint32_t>(count - 1 - random() % digits));
      }
      const std::uint32_t number = numbers.NumberOf(tuple);
      ASSERT_EQ(known.emplace(tuple, number).first->second, number);
      std::vector<std::uint32_t> back(tuple.size());
      numbers.TupleOf(number, back);
      ASSERT_EQ(back, tuple);
    }
    std::set<std::uint32_t> distinct;
    for (const auto& [tuple, number] : known) distinct.insert(number);
    EXPECT_EQ(distinct.size(), known.size());
  }
}

}  // namespace
}  // namespace cqd::cube
