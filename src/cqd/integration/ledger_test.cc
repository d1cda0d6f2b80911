// Promise: nobody alters, removes, inserts or swaps an ended run without being noticed.
// Method: do each of these to a real log with plain SQL, and look for the finding that names it.
#include "integration/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/clock.h"
#include "integration/run_log.h"

namespace cqd::integration {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

class LedgerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-ledger-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    path_ = (folder_ / "integration.sqlite").string();
    Open("boot-1");
  }
  void TearDown() override {
    log_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Open(const std::string& boot) {
    log_.reset();
    auto opened = RunLog::Open({.path = path_, .boot_id = boot, .version = "test"}, clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().ToString();
    log_ = *std::move(opened);
  }
  RunRecord Start(Stage stage) {
    clock_.Advance(minutes(1));
    RunRecord run;
    run.stage = stage;
    run = *log_->Add(run);
    run.state = RunState::kRunning;
    run.started_at = clock_.Now();
    EXPECT_TRUE(log_->Update(run).ok());
    return run;
  }
  void End(RunRecord run, RunState state) {
    clock_.Advance(minutes(1));
    run.state = state;
    run.finished_at = clock_.Now();
    run.rows = {.read = run.seq, .inserted = run.seq};
    EXPECT_TRUE(log_->Update(run).ok());
  }
  /// Eight runs of every way to end.
  void FillWithEightRuns() {
    for (const RunState state : {RunState::kSucceeded, RunState::kFailed, RunState::kPartial,
                                 RunState::kCancelled, RunState::kSucceeded}) {
      End(Start(Stage::kArchive), state);
    }
    RunRecord skipped;
    skipped.state = RunState::kSkipped;
    EXPECT_TRUE(log_->Add(skipped).ok());
    End(Start(Stage::kCube), RunState::kSucceeded);
    End(Start(Stage::kArchive), RunState::kSucceeded);
  }
  void Sql(const std::string& sql) {
    auto database = *sqlite::Database::Open(path_);
    const Status done = database.Execute(sql);
    ASSERT_TRUE(done.ok()) << done.error().ToString();
  }
  LedgerReport Verify(std::string_view known_head = {}) {
    auto report = VerifyLedger(path_, known_head);
    EXPECT_TRUE(report.ok()) << report.error().ToString();
    return report.ok() ? *report : LedgerReport{};
  }
  /// "altered_run 3" ...
  std::vector<std::string> Findings(std::string_view known_head = {}) {
    std::vector<std::string> found;
    for (const LedgerFinding& finding : Verify(known_head).findings) {
      found.push_back(std::string(LedgerFaultName(finding.fault)) +
                      (finding.run_seq ? " " + std::to_string(*finding.run_seq) : ""));
      EXPECT_FALSE(finding.message.empty());
    }
    return found;
  }

  std::filesystem::path folder_;
  std::string path_;
  SimulatedClock clock_{*ParseTime("2015-01-18T10:00:00Z")};
  std::unique_ptr<RunLog> log_;
};

TEST_F(LedgerTest, AnEmptyLogIsIntact) {
  EXPECT_THAT(Findings(), IsEmpty());
  EXPECT_EQ(Verify().runs_checked, 0);
}

TEST_F(LedgerTest, EveryWayToEndIsLinkedAndAnUntouchedLogIsIntact) {
  FillWithEightRuns();
  const LedgerReport report = Verify();
  EXPECT_TRUE(report.intact());
  EXPECT_EQ(report.runs_checked, 8);
  EXPECT_EQ(report.removed_by_retention, 0);
  EXPECT_EQ(report.head, log_->summary()->ledger->hash);
  const std::vector<RunRecord> runs = *log_->List({});
  for (std::size_t i = 0; i + 1 < runs.size(); ++i) {
    ASSERT_TRUE(runs[i].ledger.has_value());
    EXPECT_EQ(runs[i].ledger->prev, runs[i + 1].ledger->hash) << "run " << runs[i].seq;
  }
  EXPECT_TRUE(log_->Verify()->intact()) << "beside an open log";
}

TEST_F(LedgerTest, TheChainFollowsTheOrderOfEnds) {
  const RunRecord archive = Start(Stage::kArchive);
  const RunRecord cube = Start(Stage::kCube);
  EXPECT_FALSE(log_->Find(cube.run_id)->ledger.has_value()) << "it has not ended";
  End(cube, RunState::kSucceeded);
  End(archive, RunState::kSucceeded);
  EXPECT_EQ(log_->Find(archive.run_id)->ledger->prev, log_->Find(cube.run_id)->ledger->hash);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(LedgerTest, AnyAlteredColumnIsFound) {
  FillWithEightRuns();
  std::vector<std::string> columns;
  {
    auto database = *sqlite::Database::Open(path_);
    auto statement = *database.Prepare("SELECT name FROM pragma_table_info('run')");
    while (*statement.Step()) columns.emplace_back(statement.Text(0));
  }
  ASSERT_EQ(columns.size(), 22U) << "a new column must be covered by the ledger";
  for (const std::string& column : columns) {
    if (column == "seq") continue;  // its change is a removed run and a new one
    Sql("CREATE TABLE saved AS SELECT * FROM run WHERE seq=2;"
        "UPDATE run SET " +
        column + "=ifnull(" + column + ", 0) || '1' WHERE seq=2");
    EXPECT_THAT(Findings(), ElementsAre("altered_run 2")) << column;
    Sql("DELETE FROM run WHERE seq=2; INSERT INTO run SELECT * FROM saved; DROP TABLE saved");
    EXPECT_THAT(Findings(), IsEmpty()) << column;
  }
}

TEST_F(LedgerTest, AnAlteredDetailAndAnotherTypeAreFound) {
  FillWithEightRuns();
  Sql("UPDATE run SET details=replace(details, '\"read\":5', '\"read\":6') WHERE seq=5");
  EXPECT_THAT(Findings(), ElementsAre("altered_run 5"));
  Sql("UPDATE run SET details=replace(details, '\"read\":6', '\"read\":5') WHERE seq=5");
  EXPECT_THAT(Findings(), IsEmpty());
  Sql("UPDATE run SET boot_id=CAST(boot_id AS BLOB) WHERE seq=5");
  EXPECT_THAT(Findings(), ElementsAre("altered_run 5"));
}

TEST_F(LedgerTest, AFailureTurnedIntoARunThatGoesOnIsFound) {
  FillWithEightRuns();
  Sql("UPDATE run SET state='running', finished_at=NULL WHERE seq=2");
  EXPECT_THAT(Findings(), ElementsAre("altered_run 2"));
}

TEST_F(LedgerTest, ARemovedRunIsFound) {
  FillWithEightRuns();
  Sql("DELETE FROM run WHERE seq=3");
  EXPECT_THAT(Findings(), ElementsAre("missing_run 3"));
  Sql("DELETE FROM ledger WHERE run_seq=3");
  EXPECT_THAT(Findings(), ElementsAre("missing_link", "missing_run 3")) << "with its link";
  Sql("UPDATE ledger SET position=position-1 WHERE position>3");
  EXPECT_THAT(Findings(), ElementsAre("broken_link 4", "missing_link", "missing_run 3"))
      << "and the gap closed";
}

TEST_F(LedgerTest, ARemovedTailIsFound) {
  FillWithEightRuns();
  Sql("DELETE FROM run WHERE seq>=7; DELETE FROM ledger WHERE position>=7");
  EXPECT_THAT(Findings(), ElementsAre("missing_link", "missing_run 8", "missing_run 7"));
}

TEST_F(LedgerTest, ARemovedRunThatNeverEndedIsFound) {
  FillWithEightRuns();
  const RunRecord running = Start(Stage::kArchive);
  Sql("DELETE FROM run WHERE seq=" + std::to_string(running.seq));
  EXPECT_THAT(Findings(), ElementsAre("missing_run 9"));
}

TEST_F(LedgerTest, SwappedRunsAreFound) {
  FillWithEightRuns();
  Sql("UPDATE run SET seq=-1 WHERE seq=1; UPDATE run SET seq=1 WHERE seq=2;"
      "UPDATE run SET seq=2 WHERE seq=-1");
  EXPECT_THAT(Findings(), ElementsAre("altered_run 1", "altered_run 2"));
}

TEST_F(LedgerTest, SwappedLinksAreFound) {
  FillWithEightRuns();
  Sql("UPDATE ledger SET position=100 WHERE position=2; UPDATE ledger SET position=2 WHERE "
      "position=3; UPDATE ledger SET position=3 WHERE position=100");
  EXPECT_THAT(Findings(), testing::Contains("broken_link 3"));
}

TEST_F(LedgerTest, AnInsertedRunAndARemovedLinkAreFound) {
  FillWithEightRuns();
  Sql("INSERT INTO run(run_id, stage, kind, trigger, state, boot_id, queued_at, finished_at) "
      "VALUES('x','archive','incremental','api','succeeded','b',1,1)");
  EXPECT_THAT(Findings(), ElementsAre("unlinked_run 9"));
  Sql("DELETE FROM run WHERE seq=9; DELETE FROM ledger WHERE run_seq=8");
  EXPECT_THAT(Findings(), ElementsAre("missing_link", "unlinked_run 8", "missing_run 9"));
}

TEST_F(LedgerTest, AnAlteredLinkAndAMissingStartAreFound) {
  FillWithEightRuns();
  Sql("UPDATE ledger SET hash=replace(hash, substr(hash,1,1), 'x') WHERE run_seq=4");
  EXPECT_THAT(Findings(), ElementsAre("altered_run 4", "broken_link 5"));
  Sql("DELETE FROM ledger_anchor");
  EXPECT_THAT(Findings(), testing::Contains("missing_start"));
}

TEST_F(LedgerTest, AHeadNotedEarlierTellsARewrittenChain) {
  FillWithEightRuns();
  const std::string noted = Verify().head;
  End(Start(Stage::kArchive), RunState::kSucceeded);
  EXPECT_THAT(Findings(noted), IsEmpty()) << "the chain went on";
  log_.reset();
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  Open("boot-2");
  FillWithEightRuns();
  EXPECT_THAT(Findings(), IsEmpty()) << "by itself it is whole";
  EXPECT_THAT(Findings(noted), ElementsAre("unknown_head"));
}

TEST_F(LedgerTest, RetentionMovesTheBeginning) {
  FillWithEightRuns();
  const std::string third = (*log_->List({.before_seq = 4, .most = 1}))[0].ledger->hash;
  ASSERT_TRUE(log_->Trim(*ParseTime("2016-01-01"), 5).ok());
  EXPECT_EQ(log_->List({})->size(), 5U);
  EXPECT_THAT(Findings(), IsEmpty());
  EXPECT_EQ(Verify().removed_by_retention, 3);
  EXPECT_THAT(Findings(third), IsEmpty()) << "a head noted at the new beginning is known";
  Sql("DELETE FROM run WHERE seq=5");
  EXPECT_THAT(Findings(), ElementsAre("missing_run 5"));
}

TEST_F(LedgerTest, RetentionKeepsWhatIsYoungAndIsNotHeldByAClockThatWasWrong) {
  FillWithEightRuns();
  const UtcTime now = clock_.Now();
  clock_.StepWall(*ParseTime("2087-01-01"));
  End(Start(Stage::kArchive), RunState::kSucceeded);
  clock_.StepWall(now);
  for (int i = 0; i < 4; ++i) End(Start(Stage::kArchive), RunState::kSucceeded);
  ASSERT_TRUE(log_->Trim(now - minutes(60), 2).ok());
  EXPECT_EQ(log_->List({})->size(), 13U) << "all are younger";
  ASSERT_TRUE(log_->Trim(now + minutes(1), 2).ok());
  EXPECT_EQ(log_->List({})->size(), 4U) << "the one of 2087 held nobody";
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(LedgerTest, RunsClosedAtStartAreLinked) {
  FillWithEightRuns();
  const RunRecord orphan = Start(Stage::kCube);
  Open("boot-2");
  EXPECT_EQ(log_->Find(orphan.run_id)->state, RunState::kInterrupted);
  EXPECT_THAT(Findings(), IsEmpty());
  EXPECT_EQ(Verify().runs_checked, 9);
}

TEST_F(LedgerTest, AnEndedRunNeverChanges) {
  FillWithEightRuns();
  RunRecord run = (*log_->List({}))[0];
  run.rows.read = 99;
  EXPECT_EQ(log_->Update(run).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(Findings(), IsEmpty());
}

/// A log as the version before the ledger wrote it: five runs, the first two gone by retention.
constexpr const char* kLogOfVersionOne = R"sql(
PRAGMA journal_mode=WAL;
CREATE TABLE run(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL UNIQUE, stage TEXT NOT NULL,
  kind TEXT NOT NULL, month TEXT NOT NULL DEFAULT '', trigger TEXT NOT NULL,
  requested_by TEXT NOT NULL DEFAULT '', caused_by INTEGER, state TEXT NOT NULL,
  boot_id TEXT NOT NULL, scheduled_at INTEGER, queued_at INTEGER NOT NULL, started_at INTEGER,
  heartbeat_at INTEGER, finished_at INTEGER, duration_ms INTEGER, wait_ms INTEGER,
  version TEXT NOT NULL DEFAULT '', details TEXT NOT NULL DEFAULT '{}');
CREATE INDEX run_by_stage ON run(stage, state, seq);
CREATE TABLE entry(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,
  category TEXT NOT NULL, description TEXT NOT NULL, run_seq INTEGER);
CREATE INDEX entry_by_run ON entry(run_seq);
INSERT INTO run(seq, run_id, stage, kind, trigger, state, boot_id, queued_at, finished_at,
                duration_ms, details)
  VALUES (1,'a-1','archive','incremental','api','succeeded','b',1,2,3,'{}'),
         (2,'a-2','archive','incremental','api','succeeded','b',1,2,3,'{}'),
         (3,'a-3','archive','incremental','api','succeeded','b',1,2,3,
          '{"rows":{"read":7,"inserted":7},"progress":{"done":7,"unit":"streams"}}'),
         (4,'a-4','cube','full','api','failed','b',1,2,3,'{"error":{"code":"disk_full"}}'),
         (5,'a-5','archive','incremental','api','running','b',1,NULL,NULL,'{}');
DELETE FROM run WHERE seq<=2;
PRAGMA user_version=1;
)sql";

TEST_F(LedgerTest, ALogOfTheVersionBeforeIsLinkedAndMarkedWhenItIsOpened) {
  log_.reset();
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  Sql(kLogOfVersionOne);
  EXPECT_EQ(VerifyLedger(path_).error().code, ErrorCode::kFailedPrecondition);
  Open("boot-2");
  const LedgerReport report = Verify();
  EXPECT_TRUE(report.intact());
  EXPECT_EQ(report.runs_checked, 3);
  EXPECT_EQ(report.linked_at_upgrade, 2) << "the third one was closed as interrupted afterwards";
  EXPECT_EQ(report.removed_by_retention, 2);
  EXPECT_EQ(log_->Find("a-3")->rows.inserted, 7) << "old details still read";
  EXPECT_EQ(log_->Find("a-4")->error->occurrences, 1);
  EXPECT_EQ(log_->Find("a-4")->attempt, 1);
  const auto summary = log_->summary();
  EXPECT_EQ(summary->Of(Stage::kArchive).totals.rows.inserted, 7);
  EXPECT_EQ(summary->Of(Stage::kCube).totals.RunsEnded(RunState::kFailed), 1);
  Sql("DELETE FROM run WHERE seq=3");
  EXPECT_THAT(Findings(), ElementsAre("missing_run 3"));
}

TEST_F(LedgerTest, ALogThatIsNotThereAndANewerOneAreNamed) {
  EXPECT_EQ(VerifyLedger((folder_ / "none.sqlite").string()).error().code, ErrorCode::kNotFound);
  Sql("PRAGMA user_version=99");
  EXPECT_EQ(VerifyLedger(path_).error().code, ErrorCode::kUnimplemented);
}

}  // namespace
}  // namespace cqd::integration
