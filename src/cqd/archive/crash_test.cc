// Promise: a process killed at any moment loses nothing that Commit acknowledged, doubles nothing,
// and repeating from the watermark leads to the same archive as never having been killed.
// Method: a child writes numbered batches and is killed with SIGKILL at a random moment, again and
// again; after every kill the parent compares with what the batches must give.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <set>

#include "archive/archive.h"
#include "archive/internal/test_archive.h"
#include "base/text.h"
#include "file/temporary_folder.h"

namespace cqd::archive {
namespace {

using model::Field;
using model::StreamRow;

int Rounds() {
  const char* wanted = std::getenv("CQD_CRASH_ROUNDS");
  return wanted != nullptr ? std::max(1, std::atoi(wanted)) : 15;
}
/// Enough that every round has something left to do.
const int kBatches = 30 + 4 * Rounds();

/// Has the system kill this process after that time, wherever it is then.
void DieAfter(int delay_us) {
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  timer_t timer{};
  CQD_CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  const itimerspec when{{0, 0}, {delay_us / 1'000'000, (delay_us % 1'000'000) * 1000 + 1}};
  CQD_CHECK(timer_settime(timer, 0, &when, nullptr) == 0);
}

std::string UserOf(int batch, std::int64_t seq) {
  return "user" + std::to_string(batch % 7) + "-" + std::to_string(seq) + "@contoso.com";
}

/// Batch `number` without its keys: inserts, updates of earlier batches, repetitions; three months.
std::vector<StreamRow> BatchRows(std::uint64_t seed, int number, model::SourceId source) {
  std::mt19937_64 random(seed * 1'000'003 + static_cast<std::uint64_t>(number));
  std::vector<StreamRow> rows;
  for (std::size_t i = 20 + random() % 60; i > 0; --i) {
    StreamRow row = test::MakeRow(source, static_cast<int>(random() % 500));
    row.key.session_time += std::chrono::hours(24 * 31 * (row.key.session_seq % 3));
    row.Set(Field::kRoundTrip, number);
    rows.push_back(row);
  }
  return rows;
}

Result<std::int64_t> ReadMark(const Archive& archive, model::SourceId source) {
  CQD_ASSIGN_OR_RETURN(const auto mark, archive.ReadWatermark(source));
  return mark ? ParseInt(mark->text).value_or(-1) : 0;
}

/// Writes batch after batch from the watermark on; tells each acknowledged number to `acknowledge`.
Status WriteBatches(const std::string& folder, std::uint64_t seed, int acknowledge) {
  const SystemClock clock;
  CQD_ASSIGN_OR_RETURN(auto archive,
                       Archive::Open({.folder = folder, .rows_per_transaction = 17}, clock));
  CQD_ASSIGN_OR_RETURN(const auto source, archive->RegisterSource("s", "k"));
  CQD_ASSIGN_OR_RETURN(const std::int64_t mark, ReadMark(*archive, source));
  std::unique_ptr<Writer> writer;
  for (auto number = static_cast<int>(mark) + 1; number <= kBatches; ++number) {
    // Now and then a new writer, so that kills also meet files being closed and opened.
    if (writer == nullptr || number % 5 == 0) {
      writer.reset();
      CQD_ASSIGN_OR_RETURN(writer, archive->BeginWrite());
    }
    auto rows = BatchRows(seed, number, source);
    for (StreamRow& row : rows) {
      row.Set(Field::kCallerUser, archive->interner().Intern(model::KeySpace::kUser,
                                                             UserOf(number, row.key.session_seq)));
    }
    CQD_RETURN_IF_ERROR(writer->Upsert(rows));
    CQD_RETURN_IF_ERROR(writer->Quarantine(
        {source, model::RejectReason::kNoSession, std::to_string(number), "", ""}, 1));
    CQD_RETURN_IF_ERROR(writer->Commit(source, std::to_string(number)));
    const auto told = static_cast<std::int32_t>(number);
    if (acknowledge >= 0 && write(acknowledge, &told, sizeof told) != sizeof told) {
      return Fail(ErrorCode::kInternal, "cannot tell");
    }
  }
  return OkStatus();
}

/// Runs WriteBatches in a child and kills it; returns the last number it acknowledged.
std::int32_t RunAndKill(const std::string& folder, std::uint64_t seed, int delay_us) {
  int pipe_ends[2];
  CQD_CHECK(pipe(pipe_ends) == 0);
  const pid_t child = fork();
  CQD_CHECK(child >= 0);
  if (child == 0) {
    close(pipe_ends[0]);
    DieAfter(delay_us);
    _exit(WriteBatches(folder, seed, pipe_ends[1]).ok() ? 0 : 1);
  }
  close(pipe_ends[1]);
  std::int32_t newest = 0;
  for (std::int32_t number; read(pipe_ends[0], &number, sizeof number) == sizeof number;) {
    newest = number;
  }
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << "the child met an error";
  return newest;
}

/// What the archive may hold for the watermark `mark`: every batch up to it, and any part of the
/// next.
void CheckArchive(const std::string& folder, std::uint64_t seed, std::int64_t acknowledged,
                  std::int64_t* mark_out) {
  const SystemClock clock;
  auto archive = Archive::Open({.folder = folder}, clock);
  ASSERT_TRUE(archive.ok()) << archive.error().ToString();
  const auto source = *(*archive)->RegisterSource("s", "k");
  const auto mark = ReadMark(**archive, source);
  ASSERT_TRUE(mark.ok());
  ASSERT_GE(*mark, acknowledged) << "an acknowledged batch is gone";
  *mark_out = *mark;
  std::map<model::StreamKey, std::int64_t> versions;
  for (int n = 1; n <= *mark; ++n) {
    for (const auto& row : BatchRows(seed, n, source)) versions[row.key] = n;
  }
  std::set<model::StreamKey> maybe;
  for (const auto& row : BatchRows(seed, static_cast<int>(*mark) + 1, source)) {
    maybe.insert(row.key);
  }
  const test::Oracle stored = test::ReadOracle(**archive);
  for (const auto& [key, version] : versions) EXPECT_TRUE(stored.contains(key)) << "a row is lost";
  for (const auto& [key, row] : stored) {
    const std::int64_t version = row.Get(Field::kRoundTrip);
    const auto known = versions.find(key);
    const bool right = (known != versions.end() && known->second == version) ||
                       (version == *mark + 1 && maybe.contains(key));
    EXPECT_TRUE(right) << "version " << version << " at watermark " << *mark;
    const auto user = static_cast<model::KeyId>(row.Get(Field::kCallerUser));
    const Dictionaries& dictionaries = (*archive)->dictionaries();
    ASSERT_LE(user, dictionaries.size(model::KeySpace::kUser)) << "a row before its key";
    EXPECT_EQ(dictionaries.Entry(model::KeySpace::kUser, user).text,
              UserOf(static_cast<int>(version), key.session_seq));
  }
  EXPECT_EQ((*archive)->quarantine().List({}, kBatches + 1, 0)->size(),
            static_cast<std::size_t>(*mark));
}

TEST(ArchiveCrash, KilledAtAnyMomentLosesAndDoublesNothing) {
  const int rounds = Rounds();
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const file::TemporaryFolder folder;
  const std::string path = folder.Path("archive");
  std::int64_t mark = 0;
  for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
    // Every third kill comes while the archive is opened or made.
    const int delay_us = static_cast<int>(random() % (round % 3 == 0 ? 20'000 : 250'000));
    const std::int32_t acknowledged = RunAndKill(path, seed, delay_us);
    CheckArchive(path, seed, std::max<std::int64_t>(acknowledged, mark), &mark);
  }
  ASSERT_TRUE(WriteBatches(path, seed, -1).ok());
  CheckArchive(path, seed, kBatches, &mark);
  EXPECT_EQ(mark, kBatches);
}

}  // namespace
}  // namespace cqd::archive
