#include "simulate/qoe_schema.h"
#include "model/mapping.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "simulate/internal/columns.h"
#include "simulate/internal/test_database.h"
#include "simulate/internal/time_text.h"

namespace cqd::simulate {
namespace {

TEST(QoeSchema, HasTheDocumentedNumbersOfColumns) {
  // Counted on the pages: reference/qoe-metrics-schema.md 3.
  EXPECT_EQ(InfoOf(Table::kSession).columns.size(), 21U);
  EXPECT_EQ(InfoOf(Table::kMediaLine).columns.size(), 53U);
  EXPECT_EQ(InfoOf(Table::kAppSharingStream).columns.size(), 13U + 81U + 1U + 5U);
  EXPECT_EQ(InfoOf(Table::kAudioSignal).columns.size(), 33U);
  EXPECT_EQ(InfoOf(Table::kAudioClientEvent).columns.size(), 22U);
  EXPECT_EQ(static_cast<std::size_t>(AudioStreamColumn::kCount),
            InfoOf(Table::kAudioStream).columns.size());
}

TEST(QoeSchema, KeepsNamesAsPrinted) {
  const auto has = [](Table table, std::string_view name) {
    for (const Column& column : InfoOf(table).columns) {
      if (column.name == name) return true;
    }
    return false;
  };
  EXPECT_TRUE(has(Table::kMediaLine, "CalleReflexiveLocalIPAddr"));
  EXPECT_TRUE(has(Table::kSession, "CalleeUri"));
  EXPECT_TRUE(has(Table::kAppSharingStream, "IncomingFrameRateDuration"));
  EXPECT_FALSE(has(Table::kAppSharingStream, "IncomingFrameRateGapDuration"));
  EXPECT_TRUE(has(Table::kAudioStream, "BandwidthEstAvge"));
}

TEST(QoeSchema, ColumnNamesAreUniqueInEachTable) {
  for (const TableInfo& info : AllTables()) {
    std::set<std::string_view> names;
    for (const Column& column : info.columns) {
      EXPECT_TRUE(names.insert(column.name).second) << info.name << "." << column.name;
    }
    EXPECT_GT(info.key_count, 0) << info.name;
  }
}

TEST(QoeSchema, SqliteTakesItTwiceAndClustersByKey) {
  const TemporaryFolder folder;
  auto database = sqlite::Database::Open(folder.File("a.sqlite"));
  ASSERT_TRUE(database.ok());
  for (int round = 0; round < 2; ++round) {
    for (const std::string& sql : CreateSchemaSql(Dialect::kSqlite)) {
      const Status status = database->Execute(sql);
      ASSERT_TRUE(status.ok()) << status.error().ToString() << sql;
    }
  }
  EXPECT_EQ(*database->QueryInt("SELECT count(*) FROM sqlite_master WHERE type='table'"),
            kTableCount);
  // A table without row numbers has no other index than its key.
  EXPECT_EQ(*database->QueryInt("SELECT count(*) FROM pragma_table_list WHERE wr=1"), kTableCount);
}

TEST(QoeSchema, DialectsDifferWhereTheyMust) {
  const std::string server = CreateTableSql(Table::kSession, Dialect::kSqlServer);
  EXPECT_NE(server.find("PRIMARY KEY CLUSTERED (\"ConferenceDateTime\", \"SessionSeq\")"),
            std::string::npos);
  EXPECT_NE(server.find("\"StartTime\" datetime"), std::string::npos);
  const std::string postgres = CreateTableSql(Table::kUser, Dialect::kPostgres);
  EXPECT_NE(postgres.find("\"User\""), std::string::npos);
  EXPECT_NE(postgres.find("\"LastPoorCallTime\" timestamp(3)"), std::string::npos);
}

TEST(QoeSchema, AgentTypesAreAmbiguousAsPublished) {
  std::map<int, int> types;
  for (const model::AgentInfo& def : model::AgentDefinitions()) ++types[def.type];
  EXPECT_EQ(model::AgentDefinitions().size(), 39U);
  EXPECT_EQ(types[64], 2);
  EXPECT_EQ(types[512], 2);
  EXPECT_EQ(types.size(), 37U);
}

TEST(TimeText, AgreesWithTheSlowOne) {
  TimeText text;
  for (const char* time :
       {"2015-03-01T10:28:29.123Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z",
        "1826-02-28T01:02:03.004Z", "2226-12-31T23:59:59.997Z", "2015-03-01T10:28:29.123Z"}) {
    EXPECT_EQ(text.Format(ToMicros(TimeOf(time))), FormatSql(TimeOf(time)));
    EXPECT_EQ(text.Format(ToMicros(TimeOf(time))), FormatSql(TimeOf(time)));
  }
}

}  // namespace
}  // namespace cqd::simulate
