#include "archive/customer_rows.h"

#include <gtest/gtest.h>

#include "file/temporary_folder.h"

namespace cqd::archive {
namespace {

class CustomerRows : public testing::Test {
 protected:
  CustomerRows() : main_(*OpenForImport(folder_.Path("archive"))) {
    options_.now = *ParseTime("2015-03-01T10:00:00Z");
  }
  ImportReport Import(std::string_view id, std::string_view text) {
    auto report = ImportCustomerTable(main_, *FindCustomerTable(id), text, options_);
    EXPECT_TRUE(report.ok()) << report.error().ToString();
    return report.ok() ? *report : ImportReport{};
  }
  CustomerPage Page(std::string_view id, const CustomerPageRequest& request = {}) {
    return *ReadCustomerPage(main_, *FindCustomerTable(id), request);
  }
  std::string Cell(const CustomerPage& page, std::size_t row, std::string_view column) {
    for (std::size_t i = 0; i < page.columns.size(); ++i) {
      if (page.columns[i] == column) return page.rows.at(row)[i].value_or("null");
    }
    ADD_FAILURE() << "no column " << column;
    return "";
  }
  void Fill() {
    Import("buildings",
           "BuildingKey,BuildingName,CityName\n7,\"Hall, \"\"A\"\"\",Lyon\n8,Barn,Oslo\n");
    Import("names", "NetworkName\nFloor 1\n");
    Import("networks",
           "Network,NetworkRange,BuildingKey,NetworkNameID\n10.1.0.0,16,7,1\n10.2.0.0,16,8,0\n");
    Import("bssids", "bss,ap\n00-11-22-33-44-55, AP 1\n");
  }

  file::TemporaryFolder folder_;
  sqlite::Database main_;
  ImportOptions options_;
};

TEST_F(CustomerRows, PagesAndSearch) {
  Fill();
  const CustomerPage all = Page("networks");
  EXPECT_EQ(all.total, 2);
  EXPECT_EQ(Cell(all, 0, "BuildingName"), "Hall, \"A\"");
  EXPECT_EQ(Cell(all, 0, "NetworkName"), "Floor 1");
  EXPECT_EQ(Cell(all, 1, "NetworkName"), "null");
  const CustomerPage found = Page("networks", {.search = "hall"});
  EXPECT_EQ(found.matching, 1);
  EXPECT_EQ(found.total, 2);
  ASSERT_EQ(found.rows.size(), 1u);
  EXPECT_EQ(Cell(found, 0, "Network"), "10.1.0.0");
  EXPECT_EQ(Page("networks", {.search = "%"}).matching, 0) << "no pattern";
  const CustomerPage second = Page("buildings", {.offset = 1, .most = 1});
  EXPECT_EQ(second.total, 3) << "with Unknown";
  ASSERT_EQ(second.rows.size(), 1u);
  EXPECT_EQ(Cell(second, 0, "BuildingKey"), "7");
  EXPECT_TRUE(Page("buildings", {.offset = 99}).rows.empty());
}

TEST_F(CustomerRows, AnExportImportsAsNoChange) {
  Fill();
  for (const CustomerTable& table : CustomerTableList()) {
    const auto csv = ExportCustomerTable(main_, table);
    ASSERT_TRUE(csv.ok());
    const ImportReport report = Import(table.id, *csv);
    EXPECT_TRUE(report.applied) << table.id << " "
                                << (report.problems.empty() ? "" : report.problems[0].allowed);
    ASSERT_EQ(report.tables.size(), 1u);
    EXPECT_EQ(report.tables[0].table, table.table);
    EXPECT_EQ(report.tables[0].added + report.tables[0].changed, 0) << table.id;
  }
}

TEST_F(CustomerRows, ReadingNeedsNoWriter) {
  Fill();
  auto reader = OpenForReading(folder_.Path("archive"));
  ASSERT_TRUE(reader.ok()) << reader.error().ToString();
  EXPECT_EQ(ReadCustomerPage(*reader, *FindCustomerTable("bssids"), {})->total, 1);
  EXPECT_FALSE(reader->Execute("DELETE FROM CqdBssid").ok());
  EXPECT_EQ(FindCustomerTable("CqdBssid"), nullptr);
  EXPECT_FALSE(OpenForReading(folder_.Path("nowhere")).ok());
}

TEST_F(CustomerRows, OverlapsOfOtherBuildingsAreToldNewOnesFirst) {
  Fill();
  options_.find_overlaps = true;
  ImportReport first = Import("networks", "Network,NetworkRange,BuildingKey\n10.1.5.0,24,8\n");
  ASSERT_EQ(first.overlap_count, 1);
  EXPECT_EQ(first.overlaps_new, 1);
  EXPECT_EQ(first.overlaps[0],
            (NetworkOverlap{"10.1.5.0", 24, "Barn", "10.1.0.0", 16, "Hall, \"A\""}));
  // The nearest network around counts: this one agrees with it.
  options_.dry_run = true;
  const ImportReport same =
      Import("networks", "Network,NetworkRange,BuildingKey\n10.1.5.128,25,8\n");
  EXPECT_EQ(same.overlap_count, 1);
  EXPECT_EQ(same.overlaps_new, 0);
  EXPECT_FALSE(same.applied);
  const ImportReport more = Import(
      "networks", "Network,NetworkRange,BuildingKey\n0.0.0.0,0,7\nfd00::,8,7\nfd00:1::,32,0\n");
  EXPECT_EQ(more.overlap_count, 3) << "10.2.0.0/16, 10.1.5.0/24 and fd00:1::/32";
  EXPECT_EQ(more.overlaps_new, 2);
  EXPECT_EQ(more.overlaps[0].network, "10.2.0.0");
  EXPECT_EQ(more.overlaps[1].building, "");
  EXPECT_EQ(more.overlaps[2].network, "10.1.5.0");
  const ImportReport wrong =
      Import("networks", "Network,NetworkRange,BuildingKey\n10.9.0.0,99,7\n");
  EXPECT_EQ(wrong.problem_count, 1);
  EXPECT_EQ(wrong.overlap_count, 0) << "a wrong file is not looked at further";
}

TEST_F(CustomerRows, ANetworkTwiceByPlainSqlIsAnOverlapToo) {
  Fill();
  ASSERT_TRUE(main_
                  .Execute("INSERT INTO CqdNetwork(Network, NetworkRange, BuildingKey) "
                           "VALUES('10.1.0.9', 16, 8), ('no address', 24, 8), ('10.7.0.0', 77, 8)")
                  .ok());
  const auto overlaps = FindNetworkOverlaps(main_);
  ASSERT_TRUE(overlaps.ok());
  ASSERT_EQ(overlaps->size(), 1u);
  EXPECT_EQ(overlaps->front().network, "10.1.0.9");
}

}  // namespace
}  // namespace cqd::archive
