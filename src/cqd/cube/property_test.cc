// Promise: whatever happened to archive, customer tables and files, and however often the cube was
// opened again, every query is answered as the reference answers it from the archive's rows.
// Method: worlds of random steps, each followed by a processing run and random queries. The seed of
// each world is printed; CQD_SEED=n repeats one. CQD_PROPERTY_MINUTES=n goes on that long with ever
// new worlds.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>

#include "cube/internal/test_cube.h"
#include "cube/reference.h"

namespace cqd::cube {
namespace {

namespace fs = std::filesystem;
using testing::Below;
using testing::Comparable;

constexpr int kSteps = 10, kStepsInShort = 4;
constexpr int kQueriesAStep = 12;
constexpr Month kFirst(2015, 3);
constexpr int kMonths = 4;

class World : protected testing::CubeInFolder {
 public:
  explicit World(unsigned seed) : CubeInFolder(seed, Month(2015, 8).begin()) {
    constexpr const char* kZones[] = {"UTC", "Europe/Paris", "America/New_York"};
    options_.zone = *TimeZone::Find(kZones[Below(random_, 3)]);
    Reopen(true);
  }
  ~World() { cube_.reset(); }  // before what is kept of it: its files stay until then

  void Run(int steps) {
    for (int step = 0; step < steps && !::testing::Test::HasFatalFailure(); ++step) {
      const std::int64_t happenings = 1 + Below(random_, 4);
      for (std::int64_t i = 0; i < happenings; ++i) Happen();
      Check();
    }
  }

 private:
  void Reopen(bool archive_too) {
    cube_.reset();
    if (archive_too) {
      archive_.reset();
      OpenArchive();
    }
    constexpr std::int64_t kBudgets[] = {0, 20'000, std::int64_t{1} << 30};
    options_.threads = static_cast<int>(1 + Below(random_, 3));
    options_.rows_per_thread = 1 + Below(random_, 200);
    options_.deltas_max = static_cast<int>(1 + Below(random_, 5));
    options_.made_bytes_max = kBudgets[Below(random_, 3)];
    kept_.clear();
    OpenCube();
  }

  /// One thing of those that happen to an installation.
  void Happen() {
    switch (Below(random_, 14)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return Write(next_, 1 + Below(random_, 40));
      case 4:
      case 5:
        return Write(Below(random_, next_ + 1), 1 + Below(random_, 20));
      case 6:
      case 7:
        return ChangeTables();
      case 8:
        return Reopen(false);
      case 9:
        return Reopen(true);
      case 10:
      case 11:
        return Damage();
      case 12:
        return Rebuild();
      default:
        return Rarely();
    }
  }

  /// Sessions [first, first + count): new ones, or new versions of known ones.
  void Write(std::int64_t first, std::int64_t count) {
    Note("write", first, count);
    auto writer = archive_->BeginWrite();
    ASSERT_TRUE(writer.ok());
    for (std::int64_t seq = first; seq < first + count; ++seq) {
      // The time depends on the number alone, so that a session stays the same one.
      const Month month = kFirst.Plus(static_cast<int>(seq * 7 % kMonths));
      const UtcTime time = month.begin() + std::chrono::minutes(seq * 311 % 40'000);
      const auto rows = testing::RandomSession(random_, archive_->interner(), source_, seq, time);
      ASSERT_TRUE((*writer)->Upsert(rows).ok());
      samples_.insert(samples_.end(), rows.begin(), rows.end());
    }
    ASSERT_TRUE((*writer)->Commit(source_, std::to_string(first)).ok());
    next_ = std::max(next_, first + count);
    if (samples_.size() > 400) samples_.erase(samples_.begin(), samples_.end() - 400);
  }

  void ChangeTables() {
    const std::int64_t building = 1 + Below(random_, 4);
    const auto date = [&]() -> std::string {
      if (Below(random_, 2) == 0) return "NULL";
      return "'2015-0" + std::to_string(3 + Below(random_, 4)) + "-1" +
             std::to_string(Below(random_, 9)) + "'";
    };
    std::string sql =
        "INSERT OR REPLACE INTO CqdBuilding(BuildingKey,BuildingName,InsideCorp,"
        "CountryShortCode) VALUES(" +
        std::to_string(building) + ",'B" + std::to_string(Below(random_, 6)) + "'," +
        (Below(random_, 3) == 0 ? "NULL" : std::to_string(Below(random_, 2))) + ",'C" +
        std::to_string(Below(random_, 3)) + "');";
    const std::string from = date();
    // Half of the networks end some day; one that ends before it begins is never in force, and the
    // tables do not allow it.
    const std::string until = from == "NULL" ? date() : "NULL";
    sql += "DELETE FROM CqdNetwork WHERE BuildingKey=" + std::to_string(building) + ";";
    sql +=
        "INSERT INTO CqdNetwork(Network,NetworkRange,BuildingKey,ValidFrom,ValidUntil) VALUES('" +
        (Below(random_, 4) == 0 ? std::string("10.0.0.0',8,")
                                : "10." + std::to_string(Below(random_, 6)) + ".0.0',16,") +
        std::to_string(building) + "," + from + "," + until + ");";
    if (Below(random_, 6) == 0) sql = "DELETE FROM CqdNetwork;";
    std::cout << "  tables " << sql << "\n";
    auto connection = archive::OpenForSql(folder_.Path("archive"), {.write_customer_tables = true});
    ASSERT_TRUE(connection.ok()) << connection.error().ToString();
    // A network that exists already is refused; the rest of the text is not done then.
    (void)connection->database.Execute(sql);
  }

  /// Changes one byte of a file of the cube, or removes it, and starts again.
  void Damage() {
    cube_.reset();
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(folder_.Path("cube"))) {
      if (entry.is_regular_file() && entry.file_size() > 0) files.push_back(entry.path().string());
    }
    if (!files.empty()) {
      std::sort(files.begin(), files.end());
      const std::string& path = files[static_cast<std::size_t>(Below(random_, std::ssize(files)))];
      if (Below(random_, 4) == 0) {
        std::cout << "  remove " << path << "\n";
        fs::remove(path);
      } else {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        const auto place = Below(random_, static_cast<std::int64_t>(fs::file_size(path)));
        std::cout << "  change byte " << place << " of " << path << "\n";
        file.seekg(place);
        const int old = file.get();
        file.seekp(place);
        file.put(static_cast<char>(old ^ static_cast<int>(1 + Below(random_, 255))));
      }
    }
    Reopen(false);
  }

  void Rebuild() {
    ProcessRequest request;
    if (Below(random_, 2) == 0) {
      request.full = true;
    } else {
      const auto months = archive_->Months();
      ASSERT_TRUE(months.ok());
      if (months->empty()) return;
      request.month =
          (*months)[static_cast<std::size_t>(Below(random_, std::ssize(*months)))].month;
    }
    Note("rebuild", request.full ? 1 : 0, 0);
    ASSERT_TRUE(cube_->Process(request, CancelToken(), {}).ok());
  }

  void Rarely() {
    if (Below(random_, 3) == 0) {
      Note("drop the first month", 0, 0);
      ASSERT_TRUE(archive_->DropMonthsBefore(kFirst.Next()).ok());
    } else if (Below(random_, 2) == 0) {
      Note("undo of the mapping", 0, 0);
      (void)archive_->mapping().Undo(0, "", "", clock_.Now());  // there may be nothing to undo
    } else {
      CancelToken cancel;
      Note("a cancelled run", 0, 0);
      (void)cube_->Process({}, cancel, [&](const ProcessProgress&) { cancel.Cancel(); });
    }
  }

  void Check() {
    const auto report = cube_->Process({}, CancelToken(), {});
    ASSERT_TRUE(report.ok()) << report.error().ToString();
    if (Below(random_, 5) == 0) Reopen(false);  // what is stored answers like what was made
    const auto snapshot = cube_->snapshot();
    ASSERT_NE(snapshot, nullptr);
    ASSERT_TRUE(cube_->damage().empty());
    const auto in_force = archive_->mapping().InForce();
    ASSERT_TRUE(in_force.ok());
    const auto mapping = MakeMapping(*archive_, *in_force, options_.zone);
    const auto reference =
        ReferenceExecutor::FromArchive(*archive_, mapping, options_.zone, CancelToken());
    ASSERT_TRUE(reference.ok());
    for (int i = 0; i < kQueriesAStep; ++i) {
      CubeQuery query = testing::RandomQuery(random_, samples_, *mapping, options_.zone);
      ASSERT_NO_FATAL_FAILURE(CheckQuery(query, **reference, *snapshot));
      if (i == 0) Keep(query, snapshot);
    }
    for (const Kept& kept : kept_) {
      const auto again = kept.snapshot->Run(kept.query, {});
      ASSERT_TRUE(again.ok());
      ASSERT_EQ(Comparable(*again), kept.groups) << "version " << kept.snapshot->data_version();
    }
  }

  void CheckQuery(CubeQuery& query, const ReferenceExecutor& reference, const Snapshot& snapshot) {
    const auto expected = reference.Run(query, {});
    const auto found = snapshot.Run(query, {});
    ASSERT_EQ(expected.ok(), found.ok()) << testing::Describe(query);
    if (!expected.ok()) {
      ASSERT_EQ(expected.error().code, found.error().code) << testing::Describe(query);
      return;
    }
    ASSERT_EQ(Comparable(*found), Comparable(*expected)) << testing::Describe(query);
    if (Below(random_, 3) == 0) query.row_limit = Below(random_, 20);
    const ResultTable table = Finish(query, *expected);
    const auto answer = snapshot.Answer(query, {});
    ASSERT_TRUE(answer.ok());
    ASSERT_EQ(answer->rows, table.rows) << testing::Describe(query);
    ASSERT_EQ(answer->truncated, table.truncated);
    // A bound on memory refuses or changes nothing.
    const auto bounded =
        snapshot.Answer(query, {.bytes_max = 50 + Below(random_, 1 + Below(random_, 100'000))});
    if (bounded.ok()) {
      ASSERT_EQ(bounded->rows, table.rows);
    } else {
      ASSERT_EQ(bounded.error().code, ErrorCode::kResourceExhausted);
    }
  }

  struct Kept {
    CubeQuery query;
    std::shared_ptr<const Snapshot> snapshot;
    testing::ComparableGroups groups;
  };
  /// An earlier state answers for ever as it did.
  void Keep(const CubeQuery& query, const std::shared_ptr<const Snapshot>& snapshot) {
    const auto groups = snapshot->Run(query, {});
    if (!groups.ok()) return;
    kept_.push_back({query, snapshot, Comparable(*groups)});
    if (kept_.size() > 4) kept_.erase(kept_.begin());
  }

  void Note(const char* what, std::int64_t a, std::int64_t b) {
    std::cout << "  " << what << " " << a << " " << b << "\n";
  }

  std::vector<Kept> kept_;
  std::vector<model::StreamRow> samples_;
  std::int64_t next_ = 0;
};

TEST(Property, EveryWorldAnswersLikeItsArchive) {
  if (const char* seed = std::getenv("CQD_SEED")) {
    World(static_cast<unsigned>(std::strtoul(seed, nullptr, 10))).Run(kSteps);
    return;
  }
  const char* minutes = std::getenv("CQD_PROPERTY_MINUTES");
  const auto time = minutes == nullptr
                        ? std::chrono::seconds(2)
                        : std::chrono::seconds(60 * std::strtol(minutes, nullptr, 10));
  const auto until = std::chrono::steady_clock::now() + time;
  int worlds = 0;
  do {
    const unsigned seed = std::random_device{}();
    World(seed).Run(minutes == nullptr ? kStepsInShort : kSteps);
    ++worlds;
  } while (std::chrono::steady_clock::now() < until && !::testing::Test::HasFailure());
  std::cout << worlds << " worlds\n";
}

}  // namespace
}  // namespace cqd::cube
