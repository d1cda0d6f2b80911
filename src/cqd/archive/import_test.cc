#include "archive/import.h"

#include <gtest/gtest.h>

#include "archive/internal/delimited.h"
#include "archive/internal/main_file.h"
#include "file/temporary_folder.h"

namespace cqd::archive {
namespace {

using internal::ParseDelimited;

class ImportTest : public testing::Test {
 protected:
  ImportTest() : main_(*OpenForImport(folder_.Path("archive"))) {
    options_.now = *ParseTime("2015-03-01T10:00:00Z");
  }
  model::CustomerTables Tables() { return *internal::ReadCustomerTables(main_); }
  std::int64_t Version() { return Tables().version; }
  const ImportCounts& Of(const ImportReport& report, std::string_view table) {
    for (const auto& counts : report.tables) {
      if (counts.table == table) return counts;
    }
    ADD_FAILURE() << "no counts of " << table;
    return report.tables[0];
  }

  file::TemporaryFolder folder_;
  sqlite::Database main_;
  ImportOptions options_;
};

// The line is made after the published sample (reference/cube-model.md 2.6), 15 columns.
constexpr std::string_view kLine =
    "192.168.1.0,USA/Seattle,26,SEA-1,Contoso,IT "
    "Termination,Engineering,Seattle,98001,US,WA,MSUS,1,"
    "0,0\n";

TEST_F(ImportTest, ThePublishedBuildingFileFillsEverything) {
  const std::string file = std::string(kLine) + "192.168.2.77\tx\n";
  EXPECT_EQ(ImportBuildings(main_, file, options_)->problem_count, 1) << "2 fields, a tab inside";
  const std::string good = std::string(kLine) +
                           "192.168.2.77,USA/Seattle,24,SEA-1,Contoso,IT Termination,Engineering,"
                           "Seattle,98001,US,WA,MSUS,1,0,1\r\n"
                           "fd00:1::5,,64,,,,,,,,,,,\n";
  const auto report = *ImportBuildings(main_, good, options_);
  ASSERT_TRUE(report.applied) << report.problems.size();
  EXPECT_EQ(report.rows_read, 3);
  EXPECT_EQ(Of(report, "CqdNetwork").added, 3);
  EXPECT_EQ(Of(report, "CqdBuilding").added, 1);
  EXPECT_EQ(Of(report, "CqdNetworkName").added, 1);
  EXPECT_EQ(Of(report, "CqdBuildingType").added, 1);
  const auto tables = Tables();
  ASSERT_EQ(tables.buildings.size(), 2u);
  const model::Building& b = tables.buildings[1];
  EXPECT_EQ(b.name, "SEA-1");
  EXPECT_EQ(b.short_name, "SEA-1");
  EXPECT_EQ(b.ownership_type, "Contoso");
  EXPECT_EQ(b.building_type, "IT Termination");
  EXPECT_EQ(b.office_type, "Engineering");
  EXPECT_EQ(b.city, "Seattle");
  EXPECT_EQ(b.zip_code, "98001");
  EXPECT_EQ(b.country, "US");
  EXPECT_EQ(b.state, "WA");
  EXPECT_EQ(b.region, "MSUS");
  EXPECT_EQ(b.inside_corp, true);
  EXPECT_EQ(b.express_route, false);
  ASSERT_EQ(tables.networks.size(), 3u);
  EXPECT_EQ(tables.networks[0].address, "192.168.1.0");
  EXPECT_EQ(tables.networks[0].prefix_bits, 26);
  EXPECT_EQ(tables.networks[0].name, "USA/Seattle");
  EXPECT_EQ(tables.networks[0].building_key, b.key);
  EXPECT_EQ(tables.networks[1].address, "192.168.2.0") << "host bits are cleared";
  EXPECT_TRUE(tables.networks[1].vpn);
  EXPECT_EQ(tables.networks[2].address, "fd00:1::");
  EXPECT_EQ(tables.networks[2].building_key, 0);

  const auto again = *ImportBuildings(main_, good, options_);
  EXPECT_TRUE(again.applied);
  EXPECT_EQ(Of(again, "CqdNetwork").unchanged, 3);
  EXPECT_EQ(Of(again, "CqdBuilding").unchanged, 1);
  EXPECT_EQ(Version(), tables.version) << "the same file again disturbs nobody";
}

TEST_F(ImportTest, ACorrectedBuildingKeepsItsKeyAndVariantsGetTheirOwn) {
  ASSERT_TRUE(ImportBuildings(main_, kLine, options_)->applied);
  const auto before = Tables().buildings.at(1);
  // Another zip code, and a guest network of the same building that is not inside. With a header.
  const std::string file =
      "Network,NetworkName,NetworkRange,BuildingName,OwnershipType,BuildingType,BuildingOfficeType,"
      "City,ZipCode,Country,State,Region,InsideCorp,ExpressRoute\n"
      "192.168.1.0,USA/Seattle,26,sea-1,Contoso,IT "
      "Termination,Engineering,seattle,98002,US,WA,MSUS,1,0\n"
      "192.168.9.0,Guest,24,SEA-1,Contoso,IT Termination,Engineering,Seattle,98002,US,WA,MSUS,0,0\n"
      "10.0.0.0,Other,8,SEA-1,,,,Rome,,IT,,,1,0\n";
  const auto report = *ImportBuildings(main_, file, options_);
  ASSERT_TRUE(report.applied);
  EXPECT_EQ(Of(report, "CqdBuilding").changed, 1);
  EXPECT_EQ(Of(report, "CqdBuilding").added, 2);
  const auto tables = Tables();
  ASSERT_EQ(tables.buildings.size(), 4u);
  EXPECT_EQ(tables.buildings[1].key, before.key);
  EXPECT_EQ(tables.buildings[1].zip_code, "98002");
  EXPECT_EQ(tables.buildings[2].inside_corp, false);
  EXPECT_EQ(tables.buildings[3].city, "Rome");
}

TEST_F(ImportTest, OneWrongLineChangesNothingAndEachIsTold) {
  const auto version = Version();
  const std::string file = std::string(kLine) +
                           "300.1.1.1,n,26,b,o,t,x,c,z,US,WA,r,1,0\n"
                           "10.0.0.0,n,33,b,o,t,x,c,z,US,WA,r,1,0\n"
                           "10.1.0.0,n,x,b,o,t,x,c,z,USA,WASH,r,maybe,0\n"
                           "10.2.0.0,n,24\n"
                           "192.168.1.63,n,26,b,o,t,x,c,z,US,WA,r,1,0\n";
  const auto report = *ImportBuildings(main_, file, options_);
  EXPECT_FALSE(report.applied);
  ASSERT_EQ(report.problem_count, 8);
  EXPECT_EQ(report.problems[0].line, 2);
  EXPECT_EQ(report.problems[0].column, "Network");
  EXPECT_EQ(report.problems[0].value, "300.1.1.1");
  EXPECT_EQ(report.problems[1].column, "NetworkRange");
  EXPECT_EQ(report.problems[1].line, 3);
  EXPECT_EQ(report.problems[3].column, "Country");
  EXPECT_EQ(report.problems[5].column, "InsideCorp");
  EXPECT_EQ(report.problems[6].line, 5);
  EXPECT_EQ(report.problems[7].line, 6) << "the same network as line 1 once host bits are cleared";
  EXPECT_EQ(Version(), version);

  std::string many = "bss\n";
  for (int i = 0; i < 250; ++i) many += "wrong\n";
  const auto limited = *ImportBssids(main_, many, options_);
  EXPECT_EQ(limited.problem_count, 250);
  EXPECT_EQ(limited.problems.size(), kImportProblemsMax);
}

TEST_F(ImportTest, BuildingsWithHeaderInAnyOrderKeepWhatTheFileLeavesOut) {
  ASSERT_TRUE(ImportOwnershipTypes(main_,
                                   "OwnershipTypeId,OwnershipTypeDesc,LeaseInd,Owner\n"
                                   "1,Leased,1,\"Contoso, Ltd\"\n",
                                   options_)
                  ->applied);
  ASSERT_TRUE(
      ImportBuildingTypes(main_, "buildingtypeid,buildingtypedesc\n3,Office\n", options_)->applied);
  const std::string_view file =
      "\xEF\xBB\xBF"
      "BuildingName;BuildingKey;OwnershipTypeId;BuildingTypeId;Latitude;CityName\r\n"
      "\"Main \"\"A\"\";\nnorth\";7;1;3;48.25;Z\xC3\xBCrich\r\n"
      "\r\n"
      "Annex;8;;;;\r\n";
  const auto report = *ImportBuildings(main_, file, options_);
  ASSERT_TRUE(report.applied);
  EXPECT_EQ(report.rows_read, 2);
  auto tables = Tables();
  EXPECT_EQ(tables.buildings[1].name, "Main \"A\";\nnorth");
  EXPECT_EQ(tables.buildings[1].ownership_type, "Leased");
  EXPECT_EQ(tables.buildings[1].latitude, 48.25);
  EXPECT_EQ(tables.buildings[1].city, "Z\xC3\xBCrich");
  EXPECT_EQ(tables.buildings[2].ownership_type, "Unknown");
  EXPECT_FALSE(tables.buildings[2].latitude);

  const auto update =
      *ImportBuildings(main_, "BuildingKey,BuildingName,Region\n7,Main,EMEA\n8,Annex,\n", options_);
  ASSERT_TRUE(update.applied);
  EXPECT_EQ(update.tables[0].changed, 1);
  EXPECT_EQ(update.tables[0].unchanged, 1);
  tables = Tables();
  EXPECT_EQ(tables.buildings[1].name, "Main");
  EXPECT_EQ(tables.buildings[1].region, "EMEA");
  EXPECT_EQ(tables.buildings[1].city, "Z\xC3\xBCrich") << "not in the file, so kept";

  const auto missing =
      *ImportBuildings(main_, "BuildingKey,BuildingName,BuildingTypeId\n9,x,77\n", options_);
  ASSERT_EQ(missing.problem_count, 1);
  EXPECT_EQ(missing.problems[0].column, "BuildingTypeId");
}

TEST_F(ImportTest, NetworksAndNames) {
  ASSERT_TRUE(
      ImportNetworkNames(main_, "NetworkName,NetworkType\nVPN,VPN\nLAB,\n", options_)->applied);
  ASSERT_TRUE(ImportNetworkNames(main_, "NetworkName,NetworkType\nLAB,LAB\n", options_)->applied);
  ASSERT_TRUE(
      ImportNetworkNames(main_, "NetworkNameID,NetworkName\n1,VPN west\n", options_)->applied);
  const auto report = *ImportNetworks(main_,
                                      "Network,NetworkRange,NetworkNameID,BuildingKey,VPN\n"
                                      "172.16.254.0,32,1,0,yes\n"
                                      "10.0.0.0,,,,\n"
                                      "10.0.0.0,8,2,,0\n",
                                      options_);
  ASSERT_TRUE(report.applied);
  EXPECT_EQ(report.tables[0].added, 3);
  const auto tables = Tables();
  ASSERT_EQ(tables.networks.size(), 3u);
  EXPECT_EQ(tables.networks[0].prefix_bits, 32) << "no length: the address alone";
  EXPECT_EQ(tables.networks[1].name, "LAB");
  EXPECT_EQ(tables.networks[1].type, "LAB");
  EXPECT_EQ(tables.networks[2].name, "VPN west");
  EXPECT_TRUE(tables.networks[2].vpn);
  EXPECT_EQ(*main_.QueryInt("SELECT count(*) FROM CqdNetwork WHERE UpdatedDate = "
                            "'2015-03-01 10:00:00.000'"),
            3);
  options_.now += std::chrono::hours(1);
  const auto moved = *ImportNetworks(
      main_, "Network,NetworkRange,NetworkNameID\n10.0.0.0,8,2\n10.0.0.0,,1\n", options_);
  EXPECT_EQ(moved.tables[0].unchanged, 1);
  EXPECT_EQ(moved.tables[0].changed, 1);
  EXPECT_EQ(*main_.QueryInt("SELECT count(*) FROM CqdNetwork WHERE UpdatedDate = "
                            "'2015-03-01 11:00:00.000'"),
            1)
      << "only the changed row is stamped";
  const auto wrong = *ImportNetworks(
      main_, "Network,NetworkRange,BuildingKey\n10.0.0.0,8,55\n10.9.0.0,64,0\n", options_);
  EXPECT_EQ(wrong.problem_count, 2);
}

TEST_F(ImportTest, BssidsInAnySpellingAreOne) {
  const auto report = *ImportBssids(
      main_, "bss\tess\tphy\tap\tBuilding\n00:1A:2B:3C:4D:5E\te\tbgn\tap\tctl\n", options_);
  ASSERT_TRUE(report.applied);
  EXPECT_EQ(Tables().access_points.at(0).bssid, "00-1a-2b-3c-4d-5e");
  const auto again = *ImportBssids(main_, "bss,ap\n001a.2b3c.4d5e,ap 2\n", options_);
  EXPECT_EQ(again.tables[0].changed, 1);
  EXPECT_EQ(Tables().access_points.at(0).ap_name, "ap 2");
  EXPECT_EQ(Tables().access_points.at(0).device, "e");
  const auto twice = *ImportBssids(main_, "bss\n00-1a-2b-3c-4d-5e\n00:1a:2b:3c:4d:5e\n", options_);
  EXPECT_EQ(twice.problem_count, 1);
  EXPECT_EQ(twice.problems[0].line, 3);
}

TEST_F(ImportTest, ADryRunCountsAndChangesNothing) {
  options_.dry_run = true;
  const auto version = Version();
  const auto report = *ImportBuildings(main_, kLine, options_);
  EXPECT_FALSE(report.applied);
  EXPECT_EQ(report.problem_count, 0);
  EXPECT_EQ(Of(report, "CqdNetwork").added, 1);
  EXPECT_EQ(Version(), version);
}

TEST_F(ImportTest, FilesThatAreNoTableAreRefused) {
  for (const std::string_view file :
       {"", "\n\n", "ByldingKey,BuildingName\n1,x\n", "BuildingName\nx\n",
        "BuildingKey,BuildingKey\n1,1\n",
        "\xFF\xFE"
        "B\0u\0",
        "BuildingKey,BuildingName\n1,Z\xFCrich\n", "BuildingKey,BuildingName\n1,\"open\n",
        "BuildingKey,BuildingName\n1,\"a\"b\n"}) {
    const auto result = ImportBuildings(main_, file, options_);
    ASSERT_FALSE(result.ok()) << file;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument) << file;
  }
  EXPECT_EQ(ImportBssids(main_, std::string(kImportBytesMax + 1, 'x'), options_).error().code,
            ErrorCode::kResourceExhausted);
  EXPECT_TRUE(ImportBssids(main_, "bss\n", options_)->applied) << "a header without rows is fine";
}

TEST(DelimitedTest, QuotesLinesAndSeparators) {
  const auto records = *ParseDelimited("a, b ,\"c,\"\"\nd\" ,\r\n\n\"\"\n x\n,\nlast");
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[0].fields, (std::vector<std::string>{"a", "b", "c,\"\nd", ""}));
  EXPECT_EQ(records[0].line, 1);
  EXPECT_EQ(records[1].fields, (std::vector<std::string>{"x"}));
  EXPECT_EQ(records[1].line, 5);
  EXPECT_EQ(records[2].fields, (std::vector<std::string>{"", ""}));
  EXPECT_EQ(records[3].fields, (std::vector<std::string>{"last"}));
  EXPECT_EQ(ParseDelimited("a\tb,c\n")->at(0).fields.size(), 2u);
  EXPECT_EQ(ParseDelimited("a;b\n")->at(0).fields.size(), 2u);
  EXPECT_EQ(ParseDelimited("x\n\"a\nb").error().message.substr(0, 6), "line 2");
}

}  // namespace
}  // namespace cqd::archive
