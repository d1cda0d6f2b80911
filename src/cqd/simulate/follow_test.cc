// Continuing, repeating, writing elsewhere: the same rows however they come.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>

#include "odbc/statement.h"
#include "simulate/calls.h"
#include "simulate/internal/test_database.h"
#include "simulate/simulate.h"
#include "support/postgres_server.h"

namespace cqd::simulate {
namespace {

constexpr std::uint64_t kSeed = 77;

SimulateOptions SmallOptions(std::string_view begin, std::string_view end) {
  SimulateOptions options;
  options.seed = kSeed;
  options.range = {TimeOf(begin), TimeOf(end)};
  options.calls_per_week = 6000;
  options.user_count = 200;
  return options;
}

SimulateReport Follow(const std::string& path, std::string_view until) {
  CancelToken cancel;
  auto sink = OpenSqliteSink(path);
  EXPECT_TRUE(sink.ok());
  auto report = SimulateFollow(**sink, TimeOf(until), cancel);
  EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().ToString());
  return report.ok() ? *report : SimulateReport{};
}

void ExpectSameDatabases(const std::string& a, const std::string& b) {
  Reader left(a);
  Reader right(b);
  for (const TableInfo& info : AllTables()) {
    EXPECT_TRUE(left.Dump(info.name) == right.Dump(info.name)) << info.name << ", seed " << kSeed;
  }
}

// Promise: pieces give the same database as one run, wherever they are cut, also within a slot.
TEST(Follow, PiecesEqualTheWhole) {
  const TemporaryFolder folder;
  std::cout << "seed " << kSeed << "\n";
  SimulateFile(folder.File("whole"), SmallOptions("2026-03-02T08:00:00Z", "2026-03-02T19:00:00Z"));
  const SimulateReport first = SimulateFile(
      folder.File("pieces"), SmallOptions("2026-03-02T08:00:00Z", "2026-03-02T13:04:33.333Z"));
  std::int64_t completed = 0;
  for (const char* until :
       {"2026-03-02T13:04:33.333Z", "2026-03-02T13:05:10Z", "2026-03-02T13:10:00Z",
        "2026-03-02T13:11:00Z", "2026-03-02T15:27:01.017Z", "2026-03-02T19:00:00Z"}) {
    completed += Follow(folder.File("pieces"), until).completed_sessions;
  }
  EXPECT_GT(completed, 3);
  EXPECT_GT(first.half_reported_sessions, 0);
  ExpectSameDatabases(folder.File("whole"), folder.File("pieces"));
}

// Promise: with live calls asked for, every ten minutes of the last day and of what follows bring
// new calls, on a Sunday night too, and following goes on where the range ended.
TEST(Follow, LiveCallsComeAroundTheClock) {
  const TemporaryFolder folder;
  SimulateOptions options = SmallOptions("2026-02-27T00:00:00Z", "2026-03-01T00:00:00Z");
  options.live_calls_per_slot = 30;
  SimulateFile(folder.File("q"), options);
  Follow(folder.File("q"), "2026-03-01T03:07:00Z");
  Follow(folder.File("q"), "2026-03-01T06:00:00Z");
  Reader reader(folder.File("q"));
  EXPECT_EQ(reader.Number("SELECT count(DISTINCT substr(ConferenceDateTime, 1, 15)) FROM Session "
                          "WHERE ConferenceDateTime >= '2026-02-28 01:00' AND ConferenceDateTime < "
                          "'2026-03-01 06:00'"),
            29 * 6);
}

// Promise: a late second report completes rows that were there half.
TEST(Follow, CompletesHalfReportedRows) {
  const TemporaryFolder folder;
  SimulateFile(folder.File("q"), SmallOptions("2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z"));
  const char* half =
      "SELECT count(*) FROM MediaLine WHERE ConferenceDateTime < '2026-03-02 16:00' AND "
      "(Caller IS NULL OR Callee IS NULL)";
  const char* lines =
      "SELECT count(*) FROM MediaLine WHERE ConferenceDateTime < '2026-03-02 16:00'";
  Reader reader(folder.File("q"));
  const double half_before = reader.Number(half);
  const double lines_before = reader.Number(lines);
  const SimulateReport report = Follow(folder.File("q"), "2026-03-02T19:00:00Z");
  EXPECT_GT(report.completed_sessions, 0);
  EXPECT_LT(reader.Number(half), half_before);
  EXPECT_EQ(reader.Number(lines), lines_before);
  EXPECT_EQ(
      reader.Number(
          "SELECT count(*) FROM AudioStream WHERE Inbound = 0 AND DegradationAvg IS NOT NULL"),
      0);
}

TEST(Follow, ATimeThatIsPastChangesNothing) {
  const TemporaryFolder folder;
  SimulateFile(folder.File("q"), SmallOptions("2026-03-02T08:00:00Z", "2026-03-02T10:00:00Z"));
  EXPECT_EQ(Follow(folder.File("q"), "2026-03-02T09:00:00Z").rows, 0);
  EXPECT_EQ(Follow(folder.File("q"), "2026-03-02T10:00:00Z").rows, 0);
}

// Promise: what was committed before a stop stays, and following gives what an undisturbed run
// gives.
TEST(Follow, GoesOnAfterAStop) {
  const TemporaryFolder folder;
  SimulateOptions options = SmallOptions("2026-03-02T08:00:00Z", "2026-03-02T19:00:00Z");
  SimulateFile(folder.File("whole"), options);
  options.streams_per_commit = 200;
  {
    CancelToken cancel;
    auto sink = OpenSqliteSink(folder.File("stopped"));
    ASSERT_TRUE(sink.ok());
    const auto report = Simulate(options, **sink, cancel, [&](double share, const SimulateReport&) {
      if (share > 0.4) cancel.Cancel();
    });
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, ErrorCode::kCancelled);
  }
  EXPECT_GT(Reader(folder.File("stopped")).Number("SELECT count(*) FROM Session"), 50);
  Follow(folder.File("stopped"), "2026-03-02T19:00:00Z");
  ExpectSameDatabases(folder.File("whole"), folder.File("stopped"));
}

TEST(Simulate, TheSameSeedGivesTheSameBytes) {
  const TemporaryFolder folder;
  SimulateOptions options = SmallOptions("2026-03-02T08:00:00Z", "2026-03-03T08:00:00Z");
  CancelToken cancel;
  for (const char* name : {"a", "b", "other"}) {
    if (std::string_view(name) == "other") options.seed = kSeed + 1;
    auto sink = OpenTsvSink(folder.File(name));
    ASSERT_TRUE(sink.ok());
    ASSERT_TRUE(Simulate(options, **sink, cancel).ok());
  }
  for (const TableInfo& info : AllTables()) {
    const std::string file = fmt::format("/{}.tsv", info.name);
    EXPECT_TRUE(ReadWhole(folder.File("a") + file) == ReadWhole(folder.File("b") + file))
        << info.name;
  }
  EXPECT_FALSE(ReadWhole(folder.File("a/AudioStream.tsv")).empty());
  EXPECT_FALSE(ReadWhole(folder.File("a/AudioStream.tsv")) ==
               ReadWhole(folder.File("other/AudioStream.tsv")));
}

TEST(Simulate, RefusesWhatMakesNoSense) {
  const TemporaryFolder folder;
  auto sink = OpenSqliteSink(folder.File("q"));
  ASSERT_TRUE(sink.ok());
  CancelToken cancel;
  const auto field_of = [&](const SimulateOptions& options) {
    const auto report = Simulate(options, **sink, cancel);
    if (report.ok()) return std::string("accepted");
    EXPECT_EQ(report.error().code, ErrorCode::kInvalidArgument);
    return report.error().field;
  };
  const SimulateOptions good = SmallOptions("2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z");
  SimulateOptions bad = good;
  bad.range.end = bad.range.begin;
  EXPECT_EQ(field_of(bad), "range");
  bad.range = {TimeOf("1989-12-31T00:00:00Z"), TimeOf("1990-02-01T00:00:00Z")};
  EXPECT_EQ(field_of(bad), "range");
  bad = good;
  bad.user_count = 49;
  EXPECT_EQ(field_of(bad), "user_count");
  bad = good;
  bad.calls_per_week = 0;
  EXPECT_EQ(field_of(bad), "calls_per_week");
  bad.calls_per_week = std::nullopt;
  bad.target_streams = 0;
  EXPECT_EQ(field_of(bad), "target_streams");
  bad.target_streams = INT64_MAX;
  EXPECT_EQ(field_of(bad), "target_streams");
  const auto follow = SimulateFollow(**sink, TimeOf("2026-03-02T08:00:00Z"), cancel);
  ASSERT_FALSE(follow.ok());
  EXPECT_EQ(follow.error().code, ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(Simulate(good, **sink, cancel).ok());
  const auto twice = Simulate(good, **sink, cancel);
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().code, ErrorCode::kAlreadyExists);
}

TEST(Simulate, DamagedStateIsCorruption) {
  const TemporaryFolder folder;
  SimulateFile(folder.File("q"), SmallOptions("2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"));
  auto database = sqlite::Database::Open(folder.File("q"));
  ASSERT_TRUE(database->Execute("UPDATE OpenCqdSimulation SET Seed = '12x'").ok());
  auto sink = OpenSqliteSink(folder.File("q"));
  const auto state = (*sink)->ReadState();
  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.error().code, ErrorCode::kCorruption);
}

TEST(Sinks, SayWhatIsWrong) {
  const TemporaryFolder folder;
  EXPECT_EQ(OpenSqliteSink(folder.File("none/q")).error().code, ErrorCode::kNotFound);
  std::ofstream(folder.File("text")) << std::string(5000, 'x');
  EXPECT_EQ(OpenSqliteSink(folder.File("text")).error().code, ErrorCode::kCorruption);
  EXPECT_FALSE(OpenTsvSink(folder.File("text/below")).ok());
  auto tsv = OpenTsvSink(folder.File("tsv"));
  ASSERT_TRUE(tsv.ok());
  const Cell row[2] = {Cell::Int(1), Cell::Text("a\tb\\c\nd")};
  EXPECT_EQ((*tsv)->Write(Table::kPool, row).error().code, ErrorCode::kFailedPrecondition);
  ASSERT_TRUE((*tsv)->CreateSchema().ok());
  ASSERT_TRUE((*tsv)->Write(Table::kPool, row).ok());
  EXPECT_EQ((*tsv)->Replace(Table::kPool, row).error().code, ErrorCode::kUnimplemented);
  tsv->reset();
  EXPECT_EQ(ReadWhole(folder.File("tsv/Pool.tsv")), "1\ta\\tb\\\\c\\nd\n");
  EXPECT_EQ(OpenOdbcSink("DRIVER={No Such Driver}").error().code, ErrorCode::kFailedPrecondition);
}

TEST(TsvSink, LoadsIntoPostgres) {
  const TemporaryFolder folder;
  CancelToken cancel;
  auto sink = OpenTsvSink(folder.File("tsv"));
  ASSERT_TRUE(sink.ok());
  const auto report =
      Simulate(SmallOptions("2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"), **sink, cancel);
  ASSERT_TRUE(report.ok());
  // The loader runs as the database's user.
  std::filesystem::permissions(folder.File(""), std::filesystem::perms(0755));
  support::PostgresServer& server = support::SharedPostgres();
  const std::string name = server.CreateDatabase();
  server.Psql(name, fmt::format("\\cd {}\n\\i schema.sql\n\\i load.sql\n", folder.File("tsv")));
  auto loaded = OpenOdbcSink(server.ConnectionString(name), server.password());
  ASSERT_TRUE(loaded.ok());
  const auto state = (*loaded)->ReadState();
  ASSERT_TRUE(state.ok()) << state.error().ToString();
  EXPECT_EQ(*state, report->state);
}

/// Simulates in two pieces through ODBC.
void SimulateOverOdbc(const std::string& connection, const std::string& password) {
  CancelToken cancel;
  auto sink = OpenOdbcSink(connection, password);
  ASSERT_TRUE(sink.ok()) << sink.error().ToString();
  const auto report =
      Simulate(SmallOptions("2026-03-02T08:00:00Z", "2026-03-02T11:04:00Z"), **sink, cancel);
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  const auto more = SimulateFollow(**sink, TimeOf("2026-03-02T13:00:00Z"), cancel);
  ASSERT_TRUE(more.ok()) << more.error().ToString();
  EXPECT_GT(more->completed_sessions, 0);
}

TEST(OdbcSink, SqliteHoldsTheSameRows) {
  const TemporaryFolder folder;
  SimulateFile(folder.File("direct"), SmallOptions("2026-03-02T08:00:00Z", "2026-03-02T13:00:00Z"));
  ASSERT_NO_FATAL_FAILURE(SimulateOverOdbc("DRIVER={SQLite3};Database=" + folder.File("odbc"), ""));
  ExpectSameDatabases(folder.File("direct"), folder.File("odbc"));
}

TEST(OdbcSink, PostgresHoldsTheSameNumbers) {
  const TemporaryFolder folder;
  SimulateFile(folder.File("direct"), SmallOptions("2026-03-02T08:00:00Z", "2026-03-02T13:00:00Z"));
  support::PostgresServer& server = support::SharedPostgres();
  const std::string name = server.CreateDatabase();
  ASSERT_NO_FATAL_FAILURE(SimulateOverOdbc(server.ConnectionString(name), server.password()));
  auto connection = odbc::Connection::Open(
      {.connection_string = server.ConnectionString(name), .password = server.password()});
  ASSERT_TRUE(connection.ok());
  auto statement = odbc::Statement::Create(*connection);
  Reader direct(folder.File("direct"));
  for (const TableInfo& info : AllTables()) {
    // The last column that is a number, summed up, with the count: both sides must agree.
    std::string sums = "count(*)";
    for (const Column& column : info.columns) {
      if (column.kind == ColumnKind::kText || column.kind == ColumnKind::kNationalText ||
          column.kind == ColumnKind::kTime) {
        sums += fmt::format(" + count(\"{}\")", column.name);
      } else if (column.kind != ColumnKind::kReal) {
        sums += fmt::format(" + coalesce(sum(\"{}\"), 0)", column.name);
      }
    }
    const std::string sql = fmt::format("SELECT {} FROM \"{}\"", sums, info.name);
    ASSERT_TRUE(statement->Execute(sql).ok()) << sql;
    ASSERT_TRUE(*statement->Fetch());
    const double there = std::stod(**statement->Text(1));
    statement->Close();
    EXPECT_NEAR(direct.Number(sql), there, 1e-6 * (1 + std::abs(there))) << info.name;
  }
}

}  // namespace
}  // namespace cqd::simulate
