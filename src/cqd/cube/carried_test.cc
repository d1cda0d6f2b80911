// Promise: what snapshots take over from earlier ones changes no answer. The same questions are
// asked before and after each run, so that everything kept is used again.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "cube/internal/test_corpus.h"
#include "cube/internal/test_cube.h"
#include "cube/reference.h"

namespace cqd::cube {
namespace {

using testing::Below;
using testing::Comparable;

constexpr Month kMarch(2015, 3), kApril(2015, 4);

class CarriedTest : public ::testing::Test, protected testing::CubeInFolder {
 protected:
  CarriedTest() : CubeInFolder(std::random_device{}(), Month(2015, 6).begin()) {
    options_.deltas_max = 3;
    options_.rollup_rows_min = 0;  // whatever is asked twice comes from rollups where it can
    options_.rollup_segment_rows_min = 1;
    options_.rollup_rows_per_tuple_min = 1;
    OpenArchive();
    OpenCube();
    const model::Mapping mapping(archive_->dictionaries(), {});
    for (int i = 0; i < 12; ++i) {
      queries_.push_back(testing::RandomQuery(random_, {}, mapping, options_.zone));
    }
    const auto& attributes = model::Attributes();
    for (std::size_t i = 0; i < 24; ++i) {
      CubeQuery& query = queries_.emplace_back();
      const auto place = static_cast<std::size_t>(Below(random_, std::ssize(attributes)));
      query.dimensions = {&attributes[place]};
      if (i % 3 == 0) query.measures = {&model::Measures()[i]};
    }
    for (const char* name : {"[First Building].[Building Name]", "[First Subnet].[Subnet]",
                             "[StartDate].[Month]", "[Second User Agent].[User Agent Type]"}) {
      queries_.emplace_back().dimensions = {model::FindAttribute(name)};
    }
  }
  void Process() {
    const auto report = cube_->Process({}, CancelToken(), {});
    ASSERT_TRUE(report.ok()) << report.error().ToString();
  }
  /// The newest snapshot answers as the rows of the archive do.
  void ExpectTruth() {
    const auto mapping = std::make_shared<const model::Mapping>(archive_->dictionaries(),
                                                                *archive_->ReadCustomerTables());
    const auto reference =
        ReferenceExecutor::FromArchive(*archive_, mapping, options_.zone, CancelToken());
    ASSERT_TRUE(reference.ok());
    for (const CubeQuery& query : queries_) {
      const auto expected = (*reference)->Run(query, {});
      const auto found = cube_->snapshot()->Run(query, {});
      ASSERT_EQ(expected.ok(), found.ok());
      if (!expected.ok()) continue;
      ASSERT_EQ(Comparable(*found), Comparable(*expected)) << testing::Describe(query);
    }
  }
  std::vector<testing::ComparableGroups> AnswersOf(const Snapshot& snapshot) {
    std::vector<testing::ComparableGroups> answers;
    for (const CubeQuery& query : queries_) {
      const auto groups = snapshot.Run(query, {});
      answers.push_back(groups.ok() ? Comparable(*groups) : testing::ComparableGroups());
    }
    return answers;
  }

  std::vector<CubeQuery> queries_;
};

TEST_F(CarriedTest, NewRowsUpdatesFoldsAndRestarts) {
  Write(0, 120, kMarch);
  Process();
  ExpectTruth();
  for (int step = 0; step < 7; ++step) {
    // Few rows on top of many, so that much is taken over; sessions that are known are updated.
    Write(Below(random_, 130), 1 + Below(random_, 6), kMarch);
    if (step % 2 == 0) Write(1'000 + Below(random_, 20), 1 + Below(random_, 6), kApril);
    if (step == 4) OpenCube();
    Process();
    ExpectTruth();
  }
}

// Promise: other buildings are other members; nothing of the old ones is left over.
TEST_F(CarriedTest, ChangedBuildings) {
  Write(0, 120, kMarch);
  Process();
  ExpectTruth();
  RunSql(
      "INSERT INTO CqdBuilding(BuildingKey,BuildingName) VALUES(1,'North'),(2,'South');"
      "INSERT INTO CqdNetwork(Network,NetworkRange,BuildingKey) VALUES('10.0.0.0',8,1);");
  Process();
  ExpectTruth();
  RunSql("UPDATE CqdBuilding SET BuildingName='East', InsideCorp=1 WHERE BuildingKey=1;");
  Write(115, 10, kMarch);
  Process();
  ExpectTruth();
  OpenCube();
  ExpectTruth();
  RunSql("UPDATE CqdNetwork SET BuildingKey=2;");
  Process();
  ExpectTruth();
}

// Promise: an older snapshot answers as before, however many came after it.
TEST_F(CarriedTest, OlderSnapshotsKeepTheirAnswers) {
  Write(0, 100, kMarch);
  Process();
  const auto old = cube_->snapshot();
  const auto before = AnswersOf(*old);
  for (int step = 0; step < 3; ++step) {
    Write(90 + step * 5, 10, kMarch);
    Process();
    ExpectTruth();
    ASSERT_EQ(AnswersOf(*old), before);
  }
}

}  // namespace
}  // namespace cqd::cube
