// Promises: a change of the customer tables takes effect as the mode says; undo gives the very
// tables back; what is kept is bounded; two rows of one network are never valid on the same day.
#include "archive/mapping_versions.h"

#include <gtest/gtest.h>

#include "archive/archive.h"
#include "archive/import.h"
#include "base/clock.h"
#include "file/temporary_folder.h"

namespace cqd::archive {
namespace {

class MappingTest : public ::testing::Test {
 protected:
  void Open(MappingMode mode, int versions_max = 20) {
    archive_.reset();
    auto archive = Archive::Open(
        {.folder = folder_.path(), .mapping_mode = mode, .mapping_versions_max = versions_max},
        clock_);
    ASSERT_TRUE(archive.ok()) << archive.error().ToString();
    archive_ = *std::move(archive);
  }
  /// As an administrator does with any SQLite tool.
  Status Sql(const std::string& text) {
    auto main = OpenForImport(folder_.path());
    return main.ok() ? main->Execute(text) : Status(main.error());
  }
  MappingVersions& mapping() { return archive_->mapping(); }
  MappingInForce TakeUp() { return *mapping().TakeUp(clock_.Now()); }

  file::TemporaryFolder folder_;
  SimulatedClock clock_{Month(2026, 3).begin()};
  std::unique_ptr<Archive> archive_;
};

constexpr const char* kNorth =
    "INSERT INTO CqdBuilding(BuildingKey, BuildingName) VALUES(1, 'North');"
    "INSERT INTO CqdNetwork(Network, NetworkRange, BuildingKey) VALUES('10.1.0.0', 16, 1)";

TEST_F(MappingTest, AutomaticTakesUpWhatPlainSqlInserted) {
  Open(MappingMode::kAutomatic);
  const MappingInForce first = TakeUp();
  EXPECT_EQ(first.version, 1);
  ASSERT_EQ(first.layers.size(), 1U);
  EXPECT_EQ(first.layers[0].tables.buildings.size(), 1U);  // Unknown
  EXPECT_EQ(TakeUp().version, 1);

  ASSERT_TRUE(Sql(kNorth).ok());
  const MappingInForce second = TakeUp();
  EXPECT_EQ(second.version, 2);
  ASSERT_EQ(second.layers.size(), 1U);
  EXPECT_EQ(second.layers[0].tables.buildings.size(), 2U);
  EXPECT_EQ(second.layers[0].tables.version, *archive_->CustomerTablesVersion());
  EXPECT_EQ(mapping().Find(1)->layers[0].tables.buildings.size(), 1U);
  EXPECT_EQ(mapping().Find(77)->version, 0);
}

// A row that only got a new date, or was changed and changed back, makes no version.
TEST_F(MappingTest, WhatMeansTheSameMakesNoVersion) {
  Open(MappingMode::kAutomatic);
  ASSERT_TRUE(Sql(kNorth).ok());
  EXPECT_EQ(TakeUp().version, 1);
  ASSERT_TRUE(Sql("UPDATE CqdNetwork SET UpdatedDate = '2020-01-01'").ok());
  const MappingInForce same = TakeUp();
  EXPECT_EQ(same.version, 1);
  EXPECT_EQ(same.layers[0].tables.version, *archive_->CustomerTablesVersion());
}

TEST_F(MappingTest, ManualWaitsForApply) {
  Open(MappingMode::kManual);
  TakeUp();
  EXPECT_EQ(mapping().Apply("ann", "", clock_.Now()).error().code, ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(Sql(kNorth).ok());
  EXPECT_EQ(TakeUp().version, 1);
  EXPECT_EQ(TakeUp().layers[0].tables.networks.size(), 0U);
  const auto pending = mapping().Pending();
  for (const TableChange& change : *pending) {
    const bool touched = change.table == "CqdBuilding" || change.table == "CqdNetwork";
    EXPECT_EQ(change.added, touched ? 1 : 0) << change.table;
    EXPECT_EQ(change.changed + change.removed, 0) << change.table;
  }
  clock_.Advance(std::chrono::hours(1));
  const auto applied = mapping().Apply("ann", "new site", clock_.Now());
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(applied->version, 2);
  EXPECT_EQ(applied->made_by, "ann");
  EXPECT_EQ(applied->note, "new site");
  EXPECT_EQ(applied->origin, "apply");
  EXPECT_EQ(applied->made_at, clock_.Now());
  EXPECT_EQ(applied->networks, 1);
  EXPECT_EQ(TakeUp().layers[0].tables.networks.size(), 1U);
  EXPECT_EQ(mapping().Apply("ann", std::string(501, 'x'), clock_.Now()).error().field, "note");
}

TEST_F(MappingTest, FromNowOnAddsALayerAndApplyEndsIt) {
  Open(MappingMode::kFromNowOn);
  TakeUp();
  ASSERT_TRUE(Sql(kNorth).ok());
  clock_.Advance(std::chrono::hours(24));
  const MappingInForce later = TakeUp();
  ASSERT_EQ(later.layers.size(), 2U);
  EXPECT_EQ(later.layers[0].tables.networks.size(), 0U);
  EXPECT_EQ(later.layers[1].tables.networks.size(), 1U);
  EXPECT_EQ(later.layers[1].applies_from, clock_.Now());
  EXPECT_EQ(mapping().List()->front().applies_from, clock_.Now());
  ASSERT_TRUE(mapping().Apply("", "", clock_.Now()).ok());  // for all streams now
  EXPECT_EQ(TakeUp().layers.size(), 1U);
  ASSERT_TRUE(mapping().Undo(0, "", "", clock_.Now()).ok());
  EXPECT_EQ(TakeUp().layers.size(), 2U);
}

TEST_F(MappingTest, UndoWritesTheTablesBack) {
  Open(MappingMode::kAutomatic);
  ASSERT_TRUE(Sql(kNorth).ok());
  TakeUp();
  EXPECT_EQ(mapping().Undo(0, "", "", clock_.Now()).error().code, ErrorCode::kFailedPrecondition);
  const model::CustomerTables before = *archive_->ReadCustomerTables();
  ASSERT_TRUE(Sql("UPDATE CqdBuilding SET BuildingName = 'South' WHERE BuildingKey = 1;"
                  "DELETE FROM CqdNetwork; INSERT INTO CqdBssid(bss, ap) VALUES('00-11', 'x');"
                  "INSERT INTO CqdNetworkName(NetworkName) VALUES('LAB')")
                  .ok());
  EXPECT_EQ(TakeUp().version, 2);
  const auto undone = mapping().Undo(0, "bob", "wrong", clock_.Now());
  ASSERT_TRUE(undone.ok()) << undone.error().ToString();
  EXPECT_EQ(undone->version, 3);
  EXPECT_EQ(undone->origin, "undo");
  const model::CustomerTables after = *archive_->ReadCustomerTables();
  EXPECT_EQ(after.buildings, before.buildings);
  EXPECT_EQ(after.networks, before.networks);
  EXPECT_TRUE(after.access_points.empty());
  EXPECT_EQ(TakeUp().version, 3);  // nothing is pending
  ASSERT_TRUE(mapping().Undo(2, "", "", clock_.Now()).ok());
  EXPECT_EQ(TakeUp().layers[0].tables.buildings[1].name, "South");
  EXPECT_EQ(mapping().Undo(99, "", "", clock_.Now()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(mapping().Undo(4, "", "", clock_.Now()).error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(MappingTest, KeepsNoMoreThanAllowedAndSurvivesARestart) {
  Open(MappingMode::kAutomatic, 3);
  for (int i = 1; i <= 6; ++i) {
    ASSERT_TRUE(Sql("INSERT INTO CqdBuilding(BuildingKey, BuildingName) VALUES(" +
                    std::to_string(i) + ", 'b')")
                    .ok());
    EXPECT_EQ(TakeUp().version, i);
  }
  EXPECT_EQ(mapping().List()->size(), 3U);
  EXPECT_EQ(mapping().Undo(2, "", "", clock_.Now()).error().code, ErrorCode::kNotFound);
  Open(MappingMode::kAutomatic, 3);
  EXPECT_EQ(TakeUp().version, 6);
  EXPECT_EQ(mapping().Find(4)->layers[0].tables.buildings.size(), 5U);
}

TEST_F(MappingTest, DatesOfANetworkDoNotOverlap) {
  Open(MappingMode::kAutomatic);
  const auto add = [this](const char* from, const char* until) {
    const auto text = [](const char* date) {
      return date == nullptr ? std::string("NULL") : "'" + std::string(date) + "'";
    };
    return Sql(
        "INSERT INTO CqdNetwork(Network, NetworkRange, ValidFrom, ValidUntil) "
        "VALUES('10.1.0.0', 16, " +
        text(from) + ", " + text(until) + ")");
  };
  EXPECT_TRUE(add(nullptr, "2026-01-01").ok());
  EXPECT_TRUE(add("2026-01-01", "2026-03-01").ok());
  EXPECT_FALSE(add("2026-02-28", nullptr).ok());
  EXPECT_TRUE(add("2026-03-01", nullptr).ok());
  EXPECT_FALSE(add(nullptr, nullptr).ok());
  EXPECT_FALSE(add("2026-13-01", "2027-01-01").ok());
  EXPECT_FALSE(add("2025-03-01", "2025-02-01").ok());
  EXPECT_FALSE(
      Sql("UPDATE CqdNetwork SET ValidUntil = '2026-03-02' WHERE ValidFrom = '2026-01-01'").ok());
  EXPECT_TRUE(
      Sql("UPDATE CqdNetwork SET ValidUntil = '2026-02-02' WHERE ValidFrom = '2026-01-01'").ok());
  EXPECT_TRUE(Sql("INSERT OR REPLACE INTO CqdNetwork(Network, NetworkRange, ValidFrom) "
                  "VALUES('10.1.0.0', 16, '2026-03-01')")
                  .ok());
  const auto networks = archive_->ReadCustomerTables()->networks;
  ASSERT_EQ(networks.size(), 3U);
  EXPECT_EQ(networks[0].valid_from_day, std::nullopt);
  EXPECT_EQ(networks[0].valid_until_day, 20454);  // 2026-01-01
  EXPECT_EQ(networks[1].valid_from_day, 20454);
}

// A file with dates touches the row of that date; one without, the row that is always valid.
TEST_F(MappingTest, ImportsTellRowsOfOneNetworkApart) {
  Open(MappingMode::kAutomatic);
  ASSERT_TRUE(
      Sql("INSERT INTO CqdBuilding(BuildingKey, BuildingName) VALUES(1, 'a'), (2, 'b')").ok());
  auto main = *OpenForImport(folder_.path());
  const ImportOptions options{.now = clock_.Now()};
  auto report = ImportNetworks(main,
                               "Network,NetworkRange,ValidFrom,ValidUntil,BuildingKey\n"
                               "10.1.0.0,16,,2026-01-01,1\n10.1.0.0,16,2026-01-01,,2\n",
                               options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->problem_count, 0);
  EXPECT_EQ(report->tables[0].added, 2);
  report = ImportNetworks(
      main, "Network,NetworkRange,ValidFrom,BuildingKey\n10.1.0.0,16,2026-01-01,1\n", options);
  EXPECT_EQ(report->tables[0].changed, 1);
  EXPECT_EQ(report->problem_count, 0);
  report = ImportNetworks(main, "Network,NetworkRange,ValidFrom\n10.2.0.0,16,soon\n", options);
  EXPECT_EQ(report->problem_count, 1);
  EXPECT_FALSE(report->applied);
}

}  // namespace
}  // namespace cqd::archive
