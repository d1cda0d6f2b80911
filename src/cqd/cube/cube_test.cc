#include "cube/cube.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "cube/internal/manifest.h"
#include "cube/internal/test_cube.h"
#include "cube/reference.h"

namespace cqd::cube {
namespace {

namespace fs = std::filesystem;
using testing::Below;
using testing::Comparable;
using testing::Random;

class CubeTest : public ::testing::Test, protected testing::CubeInFolder {
 protected:
  CubeTest() : CubeInFolder(std::random_device{}(), Month(2015, 6).begin()) {
    options_.threads = 2;
    options_.deltas_max = 3;
    options_.versions_max = 1;  // files are those of the newest state
    OpenArchive();
  }

  ProcessReport Process(const ProcessRequest& request = {}) {
    auto report = cube_->Process(request, CancelToken(), {});
    EXPECT_TRUE(report.ok()) << report.error().ToString();
    return report.ok() ? *std::move(report) : ProcessReport();
  }
  static std::string StateOf(const ProcessReport& report, Month month) {
    for (const PartitionReport& partition : report.partitions) {
      if (partition.month == month) return partition.state;
    }
    return "none";
  }

  std::vector<CubeQuery> SomeQueries() {
    std::vector<CubeQuery> queries;
    CubeQuery totals;
    for (const model::Measure& measure : model::Measures()) totals.measures.push_back(&measure);
    queries.push_back(totals);
    CubeQuery months;
    months.dimensions = {model::FindAttribute("[StartDate].[Month]")};
    months.measures = {&model::Measures()[0], &model::Measures()[1]};
    queries.push_back(months);
    const model::Mapping mapping(archive_->dictionaries(), {});
    for (int i = 0; i < 6; ++i) {
      queries.push_back(testing::RandomQuery(random_, {}, mapping, options_.zone));
    }
    return queries;
  }
  /// The snapshot answers as the rows of the archive do.
  void ExpectTruth() {
    const auto snapshot = cube_->snapshot();
    ASSERT_NE(snapshot, nullptr);
    auto mapping = std::make_shared<const model::Mapping>(archive_->dictionaries(),
                                                          *archive_->ReadCustomerTables());
    const auto reference =
        ReferenceExecutor::FromArchive(*archive_, mapping, options_.zone, CancelToken());
    ASSERT_TRUE(reference.ok());
    for (const CubeQuery& query : SomeQueries()) {
      const auto expected = (*reference)->Run(query, {});
      const auto found = snapshot->Run(query, {});
      ASSERT_EQ(expected.ok(), found.ok());
      if (!expected.ok()) continue;
      ASSERT_EQ(Comparable(*found), Comparable(*expected)) << testing::Describe(query);
    }
  }
  testing::ComparableGroups Totals() { return TotalsOf(*cube_->snapshot()); }
  static testing::ComparableGroups TotalsOf(const Snapshot& snapshot) {
    CubeQuery query;
    query.dimensions = {model::FindAttribute("[StartDate].[Month]")};
    for (const model::Measure& measure : model::Measures()) query.measures.push_back(&measure);
    return Comparable(*snapshot.Run(query, {}));
  }
  std::vector<std::string> CubeFiles(const std::string& ending) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(options_.folder)) {
      const std::string name = entry.path().filename().string();
      if (name.ends_with(ending)) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  void ChangeByte(const std::string& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto place = Below(random_, static_cast<std::int64_t>(fs::file_size(path)));
    file.seekg(place);
    const char old = static_cast<char>(file.get());
    file.seekp(place);
    file.put(static_cast<char>(old ^ static_cast<char>(1 + Below(random_, 255))));
    std::cout << "changed byte " << place << " of " << path << "\n";
  }
};

constexpr Month kMarch(2015, 3), kApril(2015, 4), kMay(2015, 5);

TEST_F(CubeTest, FirstRunOverAnEmptyArchivePublishesAnEmptySnapshot) {
  OpenCube();
  EXPECT_EQ(cube_->snapshot(), nullptr);
  const ProcessReport report = Process();
  EXPECT_EQ(report.data_version, 1);
  EXPECT_EQ(report.rows_total, 0);
  ASSERT_NE(cube_->snapshot(), nullptr);
  EXPECT_EQ(cube_->snapshot()->row_count(), 0);
  EXPECT_EQ(cube_->snapshot()->published_at(), clock_.Now());
  ExpectTruth();
}

// Promise: any mix of inserts, updates, dropped months and runs gives what the archive holds.
TEST_F(CubeTest, IncrementalRunsAgreeWithTheArchive) {
  options_.versions_max = 3;
  OpenCube();
  std::set<std::string> states;
  std::int64_t version = 0;
  for (int step = 0; step < 14; ++step) {
    for (const Month month : {kMarch, kApril, kMay}) {
      if (Below(random_, 3) == 0) continue;
      Write(Below(random_, 60), 1 + Below(random_, 25), month);
    }
    if (step == 8) {
      ASSERT_TRUE(archive_->DropMonthsBefore(kApril).ok());
    }
    if (Below(random_, 4) == 0) OpenCube();
    const ProcessReport report = Process();
    ASSERT_GE(report.data_version, version);
    version = report.data_version;
    std::int64_t rows = 0;
    const auto months = *archive_->Months();
    for (const auto& info : months) rows += info.row_count;
    ASSERT_EQ(report.rows_total, rows);
    ASSERT_EQ(cube_->snapshot()->row_count(), rows);
    ASSERT_TRUE(report.warnings.empty()) << report.warnings.front();
    for (const PartitionReport& partition : report.partitions) states.insert(partition.state);
    ExpectTruth();
  }
  EXPECT_TRUE(states.contains("rebuilt"));
  EXPECT_TRUE(states.contains("extended"));
  EXPECT_TRUE(states.contains("compacted"));
  EXPECT_TRUE(states.contains("dropped"));
}

TEST_F(CubeTest, UnchangedArchiveKeepsTheVersionAndReadsNothing) {
  Write(0, 50, kMarch);
  OpenCube();
  const ProcessReport first = Process();
  const auto snapshot = cube_->snapshot();
  const ProcessReport second = Process();
  EXPECT_EQ(second.data_version, first.data_version);
  EXPECT_EQ(second.rows_read, 0);
  EXPECT_EQ(second.rows_total, first.rows_total);
  EXPECT_EQ(StateOf(second, kMarch), "unchanged");
  EXPECT_EQ(cube_->snapshot(), snapshot);
}

TEST_F(CubeTest, AnExtendingRunReadsOnlyWhatIsNew) {
  Write(0, 100, kMarch);
  Write(0, 100, kApril);
  OpenCube();
  const ProcessReport first = Process();
  EXPECT_EQ(first.rows_added, first.rows_total);
  Write(1000, 5, kApril);
  const ProcessReport second = Process();
  EXPECT_EQ(StateOf(second, kMarch), "unchanged");
  EXPECT_EQ(StateOf(second, kApril), "extended");
  EXPECT_EQ(second.rows_read, second.rows_total - first.rows_total);
  EXPECT_EQ(second.rows_added, second.rows_read);
  EXPECT_EQ(second.rows_replaced, 0);
  ExpectTruth();
}

TEST_F(CubeTest, RestartServesWithoutProcessing) {
  Write(0, 100, kMarch);
  Write(0, 30, kApril);
  OpenCube();
  Process();
  Write(10, 5, kMarch);  // updates: masks
  Process();
  const auto before = Totals();
  const auto old = cube_->snapshot();
  OpenCube();
  ASSERT_NE(cube_->snapshot(), nullptr);
  EXPECT_TRUE(cube_->damage().empty());
  EXPECT_EQ(cube_->snapshot()->data_version(), old->data_version());
  EXPECT_EQ(cube_->snapshot()->row_count(), old->row_count());
  EXPECT_EQ(cube_->snapshot()->published_at(), old->published_at());
  EXPECT_EQ(cube_->snapshot()->data_through(), old->data_through());
  EXPECT_EQ(Totals(), before);
  ExpectTruth();
  EXPECT_EQ(Process().rows_read, 0);
}

TEST_F(CubeTest, OldSnapshotsStayReadable) {
  Write(0, 40, kMarch);
  OpenCube();
  Process();
  const auto old = cube_->snapshot();
  const auto before = Totals();
  Write(0, 40, kMarch);
  Process({.full = true});
  CubeQuery query;
  query.dimensions = {model::FindAttribute("[StartDate].[Month]")};
  for (const model::Measure& measure : model::Measures()) query.measures.push_back(&measure);
  EXPECT_EQ(Comparable(*old->Run(query, {})), before);
  EXPECT_EQ(CubeFiles(".seg").size(), 1U);
}

// Promise: a changed byte in any file is found, the other months answer, the next run repairs.
// Promise: a bounded number of published states stays readable, and answers as it did.
TEST_F(CubeTest, PublishedVersionsAreKept) {
  options_.versions_max = 3;
  OpenCube();
  EXPECT_TRUE(cube_->versions().empty());
  std::vector<testing::ComparableGroups> answers;
  for (int i = 0; i < 5; ++i) {
    Write(i * 40, 60, kMarch);
    Process({.full = i == 3});
    answers.push_back(Totals());
  }
  const auto kept = cube_->versions();
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0], cube_->snapshot());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(kept[i]->data_version(), kept[0]->data_version() - static_cast<std::int64_t>(i));
    EXPECT_EQ(TotalsOf(*kept[i]), answers[4 - i]);
  }
}

// Promise: what is kept outlives restarts, with rows replaced, months built again and buildings
// moved meanwhile; what is damaged is forgotten and nothing else.
TEST_F(CubeTest, KeptVersionsOutliveRestarts) {
  options_.versions_max = 4;
  RunSql("INSERT INTO CqdBuilding(BuildingKey,BuildingName,InsideCorp) VALUES(1,'North',1)");
  OpenCube();
  std::map<std::int64_t, testing::ComparableGroups> answers;
  const auto publish = [&](const ProcessRequest& request) {
    const std::int64_t version = Process(request).data_version;
    answers[version] = Totals();
  };
  const auto expect_kept = [&](std::size_t count) {
    const auto kept = cube_->versions();
    ASSERT_EQ(kept.size(), count);
    EXPECT_EQ(kept[0], cube_->snapshot());
    for (std::size_t i = 0; i < kept.size(); ++i) {
      EXPECT_TRUE(i == 0 || kept[i]->data_version() < kept[i - 1]->data_version());
      EXPECT_EQ(TotalsOf(*kept[i]), answers.at(kept[i]->data_version())) << i;
    }
  };
  for (int i = 0; i < 6; ++i) {
    Write(i * 20, 60, i % 2 == 0 ? kMarch : kApril);
    if (i == 3)
      RunSql("INSERT INTO CqdNetwork(Network,NetworkRange,BuildingKey) VALUES('10.0.0.0',8,1)");
    publish({.full = i == 4});
    expect_kept(static_cast<std::size_t>(std::min(i + 1, 4)));
    OpenCube();
    EXPECT_TRUE(cube_->damage().empty());
    expect_kept(static_cast<std::size_t>(std::min(i + 1, 4)));
  }
  // A file that only the oldest state needs.
  const std::int64_t oldest = cube_->versions().back()->data_version();
  cube_.reset();
  ChangeByte(options_.folder + "/kept." + std::to_string(oldest) + ".json");
  OpenCube();
  EXPECT_TRUE(cube_->damage().empty());
  expect_kept(3);
  options_.versions_max = 1;
  OpenCube();
  expect_kept(1);
  std::size_t used = 0;
  for (const std::string& name : CubeFiles(".json")) used += name.starts_with("kept.") ? 1 : 0;
  EXPECT_EQ(used, 0U);
  ExpectTruth();
}

TEST_F(CubeTest, DamagedSegmentIsFoundAndRepaired) {
  Write(0, 60, kMarch);
  Write(0, 60, kApril);
  OpenCube();
  Process();
  for (int round = 0; round < 12; ++round) {
    cube_.reset();
    const auto files = CubeFiles(".seg");
    const std::string name = files[static_cast<std::size_t>(Below(random_, std::ssize(files)))];
    ChangeByte(options_.folder + "/" + name);
    OpenCube();
    ASSERT_EQ(cube_->damage().size(), 1U);
    ASSERT_NE(cube_->snapshot(), nullptr);
    const auto months = *archive_->Months();
    const bool march = name.starts_with("2015-03");
    ASSERT_EQ(cube_->snapshot()->row_count(), months[march ? 1 : 0].row_count);
    const ProcessReport report = Process();
    ASSERT_EQ(StateOf(report, march ? kMarch : kApril), "repaired");
    ASSERT_EQ(StateOf(report, march ? kApril : kMarch), "unchanged");
    ASSERT_FALSE(report.warnings.empty());
    ASSERT_TRUE(cube_->damage().empty());
    ExpectTruth();
  }
}

TEST_F(CubeTest, DamagedMasksAndLostFilesAreRepaired) {
  Write(0, 60, kMarch);
  OpenCube();
  Process();
  Write(0, 3, kMarch);
  Process();
  ASSERT_EQ(CubeFiles(".mask").size(), 1U);
  cube_.reset();
  ChangeByte(options_.folder + "/" + CubeFiles(".mask")[0]);
  OpenCube();
  EXPECT_EQ(cube_->damage().size(), 1U);
  EXPECT_EQ(StateOf(Process(), kMarch), "repaired");
  ExpectTruth();
  fs::remove(options_.folder + "/" + CubeFiles(".seg")[0]);
  EXPECT_EQ(StateOf(Process(), kMarch), "repaired");
  ExpectTruth();
}

TEST_F(CubeTest, DamagedManifestRebuildsAllWithANewVersion) {
  Write(0, 30, kMarch);
  OpenCube();
  Process();
  Write(30, 3, kMarch);
  const std::int64_t version = Process().data_version;
  cube_.reset();
  ChangeByte(options_.folder + "/manifest.json");
  OpenCube();
  EXPECT_EQ(cube_->snapshot(), nullptr);
  EXPECT_EQ(cube_->damage().size(), 1U);
  EXPECT_GT(Process().data_version, version);
  ExpectTruth();
}

// Promise: segments of another definition are never read as if they were ours: the archive gives
// them again, under a new version.
TEST_F(CubeTest, OlderDefinitionIsRebuiltFromTheArchive) {
  Write(0, 30, kMarch);
  Write(0, 10, kApril);
  OpenCube();
  const std::int64_t version = Process().data_version;
  cube_.reset();
  const std::string path = options_.folder + "/manifest.json";
  auto manifest = ReadManifest(path);
  ASSERT_TRUE(manifest.ok()) << manifest.error().ToString();
  manifest->definition ^= 1;
  std::ofstream(path, std::ios::binary | std::ios::trunc) << FormatManifest(*manifest);
  OpenCube();
  EXPECT_EQ(cube_->snapshot(), nullptr);
  const ProcessReport report = Process();
  EXPECT_GT(report.data_version, version);
  EXPECT_EQ(StateOf(report, kMarch), "rebuilt");
  EXPECT_EQ(StateOf(report, kApril), "rebuilt");
  ExpectTruth();
}

// Promise: a run that is killed before its manifest leaves the old state, and nothing behind.
TEST_F(CubeTest, KilledRunLeavesTheOldVersion) {
  Write(0, 200, kMarch);
  OpenCube();
  const std::int64_t version = Process().data_version;
  const auto before = Totals();
  Write(0, 200, kMarch);
  Write(0, 200, kApril);
  Write(0, 200, kMay);
  const auto kill_at = 1 + Below(random_, 3);
  cube_.reset();
  archive_.reset();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    OpenArchive();
    OpenCube();
    std::int64_t calls = 0;
    static_cast<void>(cube_->Process({.full = true}, CancelToken(), [&](const ProcessProgress&) {
      if (++calls == kill_at) ::kill(::getpid(), SIGKILL);
    }));
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "killed at call " << kill_at;
  OpenArchive();
  OpenCube();
  EXPECT_EQ(cube_->snapshot()->data_version(), version);
  EXPECT_EQ(Totals(), before);
  EXPECT_EQ(CubeFiles(".seg").size(), 1U);
  Process();
  ExpectTruth();
}

TEST_F(CubeTest, CancelledRunLeavesTheOldVersion) {
  Write(0, 100, kMarch);
  OpenCube();
  const std::int64_t version = Process().data_version;
  Write(100, 100, kMarch);
  CancelToken cancel;
  const auto report = cube_->Process({}, cancel, [&](const ProcessProgress&) { cancel.Cancel(); });
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(cube_->snapshot()->data_version(), version);
  EXPECT_EQ(CubeFiles(".seg").size(), 1U);
  Process();
  ExpectTruth();
}

TEST_F(CubeTest, ProgressReachesTheTotal) {
  Write(0, 100, kMarch);
  OpenCube();
  ProcessProgress last;
  const auto report =
      cube_->Process({}, CancelToken(), [&](const ProcessProgress& progress) { last = progress; });
  EXPECT_EQ(last.rows_done, report->rows_read);
  EXPECT_GE(last.rows_total.value_or(0), last.rows_done);
}

TEST_F(CubeTest, NewZoneRebuildsWithItsDates) {
  Write(0, 100, kMarch);
  OpenCube();
  Process();
  options_.zone = *TimeZone::Find("Pacific/Auckland");
  OpenCube();
  EXPECT_EQ(cube_->snapshot()->zone().name(), "UTC");
  EXPECT_EQ(StateOf(Process(), kMarch), "rebuilt");
  EXPECT_EQ(cube_->snapshot()->zone().name(), "Pacific/Auckland");
  ExpectTruth();
}

TEST_F(CubeTest, OneMonthIsRebuiltOnRequest) {
  Write(0, 20, kMarch);
  Write(0, 20, kApril);
  OpenCube();
  Process();
  const ProcessReport report = Process({.month = kApril});
  EXPECT_EQ(StateOf(report, kMarch), "unchanged");
  EXPECT_EQ(StateOf(report, kApril), "rebuilt");
  const auto missing = cube_->Process({.month = kMay}, CancelToken(), {});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().field, "month");
}

// Promise: a rebuild that changes nothing writes nothing, and earlier states share its files; one
// that fails takes nothing away; what was changed on the disk is not taken for the same.
TEST_F(CubeTest, ARebuiltSegmentThatIsTheSameKeepsItsFile) {
  options_.versions_max = 4;
  options_.threads = 1;
  Write(0, 60, kMarch);
  Write(0, 60, kApril);
  OpenCube();
  Process();
  const auto files = CubeFiles(".seg");
  ASSERT_EQ(files.size(), 2U);
  const auto totals = Totals();

  const ProcessReport again = Process({.full = true});
  EXPECT_EQ(StateOf(again, kMarch), "rebuilt");
  EXPECT_GT(again.rows_read, 0);
  EXPECT_EQ(again.bytes_written, 0);
  EXPECT_EQ(CubeFiles(".seg"), files);
  EXPECT_EQ(cube_->versions().size(), 2U);
  EXPECT_EQ(Totals(), totals);

  CancelToken cancel;
  int reports = 0;
  const auto cancelled = cube_->Process({.full = true}, cancel, [&](const ProcessProgress&) {
    if (++reports == 2) cancel.Cancel();  // the first month is done, the second is being read
  });
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(CubeFiles(".seg"), files);

  // Rows that were replaced are left out of a rebuilt segment: it is another one.
  Write(0, 5, kApril);
  Process();
  EXPECT_GT(Process({.full = true}).bytes_written, 0);
  ExpectTruth();

  const auto march = std::find_if(files.begin(), files.end(), [](const std::string& name) {
    return name.starts_with("2015-03");
  });
  ChangeByte(options_.folder + "/" + *march);
  EXPECT_GT(Process({.month = kMarch}).bytes_written, 0);
  ExpectTruth();
  OpenCube();
  EXPECT_TRUE(cube_->damage().empty());
  ExpectTruth();
}

// Promise: new names show at the next run without reading a row; what is inside is part of the
// rows.
TEST_F(CubeTest, CustomerTablesTakeEffectAtTheNextRun) {
  Write(0, 120, kMarch);
  OpenCube();
  const std::int64_t version = Process().data_version;
  RunSql(
      "INSERT INTO CqdBuilding(BuildingKey,BuildingName) VALUES(1,'North');"
      "INSERT INTO CqdNetwork(Network,NetworkRange,BuildingKey) VALUES('10.3.0.0',16,1);");
  const ProcessReport named = Process();
  EXPECT_EQ(named.data_version, version + 1);
  EXPECT_EQ(named.rows_read, 0);
  EXPECT_EQ(StateOf(named, kMarch), "unchanged");
  CubeQuery query;
  query.dimensions = {model::FindAttribute("[First Building].[Building Name]")};
  ASSERT_NE(query.dimensions[0], nullptr);
  EXPECT_EQ(cube_->snapshot()->Run(query, {})->size(), 2U);
  ExpectTruth();

  RunSql("UPDATE CqdBuilding SET InsideCorp=1 WHERE BuildingKey=1;");
  const ProcessReport inside = Process();
  EXPECT_EQ(inside.data_version, version + 2);
  EXPECT_EQ(StateOf(inside, kMarch), "retagged");
  EXPECT_EQ(inside.rows_read, 0);
  ExpectTruth();

  // A subnet that was never seen before, in an inside building: nothing old depends on it.
  RunSql("INSERT INTO CqdNetwork(Network,NetworkRange,BuildingKey) VALUES('10.200.0.0',16,1);");
  Process();
  archive_->interner().Intern(model::KeySpace::kSubnet, "10.200.1.0");
  Write(500, 3, kMarch);
  EXPECT_EQ(StateOf(Process(), kMarch), "extended");
  ExpectTruth();
}

// Promise: a retagged month stays what it is over updates, new rows, compaction and a restart; a
// lost or changed patch is found and the month is built again from the archive.
TEST_F(CubeTest, RetaggedMonthsGoOn) {
  Write(0, 200, kMarch);
  OpenCube();
  Process();
  RunSql(
      "INSERT INTO CqdBuilding(BuildingKey,BuildingName,InsideCorp) VALUES(1,'North',1);"
      "INSERT INTO CqdNetwork(Network,NetworkRange,BuildingKey) VALUES('10.0.0.0',8,1);");
  EXPECT_EQ(StateOf(Process(), kMarch), "retagged");
  ExpectTruth();
  ASSERT_FALSE(CubeFiles(".patch.seg").empty());
  Write(150, 100, kMarch);  // updates and new rows
  Process();
  ExpectTruth();
  OpenCube();
  ExpectTruth();
  EXPECT_EQ(Process().rows_read, 0);
  RunSql("UPDATE CqdBuilding SET InsideCorp=0;");
  EXPECT_EQ(StateOf(Process(), kMarch), "retagged");
  ExpectTruth();
  const auto patches = CubeFiles(".patch.seg");
  ASSERT_FALSE(patches.empty());
  ChangeByte(options_.folder + "/" + patches.front());
  OpenCube();
  EXPECT_FALSE(cube_->damage().empty());
  EXPECT_EQ(StateOf(Process(), kMarch), "repaired");
  ExpectTruth();
}

// Promise: networks mean what their dates say for each stream, on the cube as on the oracle.
TEST_F(CubeTest, NetworksHaveDates) {
  Write(0, 300, kMarch);
  Write(1000, 100, kMarch.Next());
  OpenCube();
  Process();
  RunSql(
      "INSERT INTO CqdBuilding(BuildingKey,BuildingName,InsideCorp) VALUES(1,'North',1),"
      "(2,'South',0);"
      "INSERT INTO CqdNetwork(Network,NetworkRange,BuildingKey,ValidFrom,ValidUntil) VALUES"
      "('10.0.0.0',8,1,NULL,'2015-03-10'),('10.0.0.0',8,2,'2015-03-20',NULL);");
  Process();
  ExpectTruth();
  Write(250, 100, kMarch);
  Process();
  ExpectTruth();
  RunSql("UPDATE CqdNetwork SET ValidUntil='2015-03-12' WHERE BuildingKey=1;");
  Process();
  ExpectTruth();
  RunSql("DELETE FROM CqdNetwork;");
  Process();
  ExpectTruth();
}

// Promise: undo gives byte-equal answers back, and a preview says what apply then does.
TEST_F(CubeTest, PreviewTellsWhatApplyDoesAndUndoTakesItBack) {
  Write(0, 300, kMarch);
  OpenCube();
  RunSql(
      "INSERT INTO CqdBuilding(BuildingKey,BuildingName,InsideCorp) VALUES(1,'North',1),"
      "(2,'South',NULL);"
      "INSERT INTO CqdNetwork(Network,NetworkRange,BuildingKey) VALUES('10.0.0.0',8,1);");
  Process();
  const auto before = Totals();
  CubeQuery query;
  query.dimensions = {model::FindAttribute("[First Building].[Building Name]"),
                      model::FindAttribute("[Second Building].[Building Name]"),
                      model::FindAttribute("[Scenarios].[ScenarioPair]")};
  model::Measure all;
  query.measures = {&all};
  const auto answer = [&] { return Comparable(*cube_->snapshot()->Run(query, {})); };
  const auto before_answer = answer();

  RunSql("UPDATE CqdNetwork SET BuildingKey=2;");
  const auto candidate = MakeMapping(*archive_, *archive_->mapping().Candidate(), options_.zone);
  const auto change = cube_->snapshot()->CompareMapping(*candidate, {});
  ASSERT_TRUE(change.ok());
  std::int64_t moved = 0, total = 0;
  for (const auto& [keys, values] : before_answer) {
    total += values[0].numerator;
    if (keys[0] == "North|North" || keys[1] == "North|North") moved += values[0].numerator;
  }
  EXPECT_GT(moved, 0);
  EXPECT_EQ(change->streams_total, total);
  EXPECT_EQ(change->streams_moved, moved);
  ASSERT_EQ(change->moves.size(), 1U);
  EXPECT_EQ(change->moves[0].from_name, "North");
  EXPECT_EQ(change->moves[0].to_name, "South");
  EXPECT_EQ(change->moves[0].streams, moved);
  std::int64_t by_month = 0;
  for (const auto& [month, streams] : change->moves[0].months) by_month += streams;
  EXPECT_EQ(by_month, moved);
  Process();
  ExpectTruth();
  EXPECT_NE(answer(), before_answer);
  ASSERT_TRUE(archive_->mapping().Undo(0, "", "", clock_.Now()).ok());
  Process();
  EXPECT_EQ(answer(), before_answer);
  EXPECT_EQ(Totals(), before);
  ExpectTruth();
}

// Promise: a run that meets a writer ends with what the archive holds then.
TEST_F(CubeTest, RowsReplacedDuringARunAreNotLost) {
  Write(0, 100, kMarch);
  OpenCube();
  bool written = false;
  const auto report = cube_->Process({}, CancelToken(), [&](const ProcessProgress&) {
    if (written) return;
    written = true;
    Write(0, 40, kMarch);
    Write(0, 10, kApril);
  });
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  ExpectTruth();
  EXPECT_EQ(StateOf(*report, kMarch), "rebuilt");
  EXPECT_EQ(StateOf(*report, kApril), "rebuilt");
}

TEST_F(CubeTest, MonthMadeAgainIsReadAnew) {
  Write(0, 40, kMarch);
  OpenCube();
  Process();
  ASSERT_TRUE(archive_->DropMonthsBefore(kApril).ok());
  Write(0, 50, kMarch);
  EXPECT_EQ(StateOf(Process(), kMarch), "rebuilt");
  ExpectTruth();
}

TEST_F(CubeTest, FailedPublishLeavesTheOldVersion) {
  Write(0, 40, kMarch);
  OpenCube();
  const std::int64_t version = Process().data_version;
  Write(40, 40, kMarch);
  // A folder in the place of the next manifest's temporary file: it cannot be written.
  fs::create_directory(options_.folder + "/manifest.json.new");
  ASSERT_FALSE(cube_->Process({}, CancelToken(), {}).ok());
  EXPECT_EQ(cube_->snapshot()->data_version(), version);
  fs::remove(options_.folder + "/manifest.json.new");
  Process();
  ExpectTruth();
}

}  // namespace
}  // namespace cqd::cube
