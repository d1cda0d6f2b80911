// Promises: a row is changed or deleted only as its editor saw it, is checked as a line of a file,
// and stays while something names it.
#include "archive/customer_edit.h"

#include <gtest/gtest.h>

#include "file/temporary_folder.h"

namespace cqd::archive {
namespace {

using Kind = CustomerRowEdit::Kind;

class CustomerEdit : public testing::Test {
 protected:
  CustomerEdit() : main_(*OpenForImport(folder_.Path("archive"))) {
    Import("buildings", "BuildingKey,BuildingName,CityName\n7,Hall,Lyon\n8,Barn,Oslo\n");
    Import("names", "NetworkName\nFloor 1\n");
    Import("networks",
           "Network,NetworkRange,BuildingKey,NetworkNameID\n10.1.0.0,16,7,1\n10.2.0.0,16,7,0\n");
    Import("bssids", "bss,ap\n00-11-22-33-44-55,AP 1\n");
  }
  void Import(std::string_view id, std::string_view text) {
    const auto report = ImportCustomerTable(main_, Table(id), text, {.now = now_});
    ASSERT_TRUE(report.ok() && report->applied) << id;
  }
  static const CustomerTable& Table(std::string_view id) { return *FindCustomerTable(id); }
  std::string VersionOf(std::string_view id, std::size_t row) {
    return ReadCustomerPage(main_, Table(id), {})->versions.at(row);
  }
  std::int64_t RowsOf(std::string_view id) { return ReadCustomerPage(main_, Table(id), {})->total; }
  Result<CustomerRowChange> Try(std::string_view id, CustomerRowEdit edit) {
    edit.now = now_;
    return ChangeCustomerRow(main_, Table(id), edit);
  }
  ErrorCode CodeOf(std::string_view id, CustomerRowEdit edit) {
    const auto change = Try(id, std::move(edit));
    EXPECT_FALSE(change.ok());
    return change.ok() ? ErrorCode::kInternal : change.error().code;
  }

  file::TemporaryFolder folder_;
  sqlite::Database main_;
  const UtcTime now_ = *ParseTime("2015-03-01T10:00:00Z");
};

TEST_F(CustomerEdit, ChangesOneRowAsItWasSeen) {
  // Row 0 is "Unknown".
  const std::string seen = VersionOf("buildings", 1);
  const auto changed =
      Try("buildings",
          {.key = {"7"},
           .values = {{"BuildingName", "Town, \"Hall\""}, {"Latitude", "45.75"}, {"CityName", ""}},
           .version = seen});
  ASSERT_TRUE(changed.ok()) << changed.error().ToString();
  EXPECT_TRUE(changed->report.applied);
  const auto page = *ReadCustomerPage(main_, Table("buildings"), {});
  EXPECT_EQ(page.rows[1][1], "Town, \"Hall\"");
  EXPECT_EQ(page.rows[1][5], "45.75");
  EXPECT_EQ(page.rows[1][7], std::nullopt) << "CityName";
  EXPECT_NE(page.versions[1], seen);
  // Another who saw the row before.
  const auto late =
      Try("buildings", {.key = {"7"}, .values = {{"CityName", "Oslo"}}, .version = seen});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::kConflict);
  EXPECT_EQ(late.error().field, "If-Match");
  EXPECT_EQ(CodeOf("buildings", {.kind = Kind::kDelete, .key = {"7"}, .version = seen}),
            ErrorCode::kConflict);
}

TEST_F(CustomerEdit, ChecksValuesAsAFileDoes) {
  const auto wrong = Try("networks", {.key = {"10.1.0.0", "16", ""},
                                      .values = {{"BuildingKey", "99"}, {"VPN", "maybe"}},
                                      .version = VersionOf("networks", 0)});
  ASSERT_TRUE(wrong.ok());
  EXPECT_FALSE(wrong->report.applied);
  EXPECT_EQ(wrong->report.problem_count, 2);
  EXPECT_EQ(CodeOf("networks", {.key = {"10.1.0.0", "16", ""},
                                .values = {{"Colour", "red"}},
                                .version = VersionOf("networks", 0)}),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("networks", {.key = {"10.1.0.0"}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("networks", {.key = {"10.9.0.0", "16", ""}}), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf("buildings", {.kind = Kind::kDelete, .key = {"0"}}),
            ErrorCode::kFailedPrecondition);
}

TEST_F(CustomerEdit, AddsARowOnce) {
  const CustomerRowEdit added{.kind = Kind::kAdd,
                              .key = {"10.1.7.0", "24", "2015-01-01"},
                              .values = {{"BuildingKey", "8"}}};
  const auto change = Try("networks", added);
  ASSERT_TRUE(change.ok());
  EXPECT_TRUE(change->report.applied);
  EXPECT_EQ(change->report.overlap_count, 1) << "it lies in a network of another building";
  EXPECT_EQ(RowsOf("networks"), 3);
  EXPECT_EQ(CodeOf("networks", added), ErrorCode::kAlreadyExists);
}

TEST_F(CustomerEdit, KeepsWhatIsNamedElsewhere) {
  const CustomerRowEdit hall{
      .kind = Kind::kDelete, .key = {"7"}, .version = VersionOf("buildings", 1)};
  const auto kept = Try("buildings", hall);
  ASSERT_TRUE(kept.ok());
  EXPECT_FALSE(kept->report.applied);
  ASSERT_EQ(kept->users.size(), 1U);
  EXPECT_EQ(kept->users[0].table, "CqdNetwork");
  EXPECT_EQ(kept->users[0].count, 2);
  EXPECT_EQ(kept->users[0].rows, (std::vector<std::string>{"10.1.0.0/16", "10.2.0.0/16"}));
  EXPECT_EQ(Try("names", {.kind = Kind::kDelete, .key = {"1"}, .version = VersionOf("names", 0)})
                ->users.size(),
            1U);
  while (RowsOf("networks") > 0) {
    const auto page = *ReadCustomerPage(main_, Table("networks"), {});
    const auto gone =
        Try("networks", {.kind = Kind::kDelete,
                         .key = {page.rows[0][0].value_or(""), page.rows[0][1].value_or(""), ""},
                         .version = page.versions[0]});
    ASSERT_TRUE(gone.ok() && gone->report.applied);
  }
  EXPECT_TRUE(Try("buildings", hall)->report.applied);
  EXPECT_EQ(RowsOf("buildings"), 2);
  EXPECT_TRUE(
      Try("bssids",
          {.kind = Kind::kDelete, .key = {"00-11-22-33-44-55"}, .version = VersionOf("bssids", 0)})
          ->report.applied);
}

TEST_F(CustomerEdit, TellsWithoutChanging) {
  const std::string version = VersionOf("networks", 0);
  const auto seen = Try(
      "networks",
      {.kind = Kind::kDelete, .key = {"10.1.0.0", "16", ""}, .version = version, .dry_run = true});
  ASSERT_TRUE(seen.ok());
  EXPECT_FALSE(seen->report.applied);
  ASSERT_TRUE(seen->after.has_value());
  EXPECT_EQ(seen->after->networks.size(), 1U);
  EXPECT_EQ(RowsOf("networks"), 2);
  EXPECT_EQ(VersionOf("networks", 0), version);
}

}  // namespace
}  // namespace cqd::archive
