// How fast streams go into the archive and come out for the cube.
//   archive_bench FOLDER [rows=1000000] [months=7] [seed=1]
// FOLDER is made and kept; give one on the disk to be measured.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "archive/archive.h"
#include "sqlite/database.h"

namespace {

using namespace cqd;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

model::Value RandomValue(const model::FieldInfo& info, UtcTime session_time,
                         std::mt19937_64& random) {
  switch (info.type) {
    case model::FieldType::kKey:
      return static_cast<std::int64_t>(random() % 20'000) + 1;
    case model::FieldType::kFlag:
    case model::FieldType::kMask:
      return static_cast<std::int64_t>(random() % 2);
    case model::FieldType::kTime:
      return ToMicros(session_time) + static_cast<std::int64_t>(random() % 1000);
    case model::FieldType::kInteger:
    case model::FieldType::kDecimal:
      return static_cast<std::int64_t>(random() % 100'000);
  }
  return 0;
}

/// Rows like those of audio streams: half of the fields present, two streams a call, in order.
std::vector<model::StreamRow> MakeRows(model::SourceId source, std::int64_t first,
                                       std::size_t count, std::int64_t total, int months,
                                       std::mt19937_64& random) {
  const std::int64_t begin = ToMicros(Month(2015, 1).begin());
  const std::int64_t span = ToMicros(Month(2015, 1).Plus(months).begin()) - begin;
  std::vector<model::StreamRow> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t n = first + static_cast<std::int64_t>(i);
    model::StreamRow& row = rows[i];
    row.key = {source, FromMicros(begin + span / total * (n / 2 * 2)), n / 2 % 3, 0, n % 2};
    for (const model::FieldInfo& info : model::AllFields()) {
      if (static_cast<int>(info.field) % 2 == 1) continue;
      row.Set(info.field, RandomValue(info, row.key.session_time, random));
    }
  }
  return rows;
}

void Report(const std::string& what, std::int64_t rows, double seconds) {
  fmt::print("{:<44} {:>10} rows {:>8.2f} s {:>10.0f} rows/s\n", what, rows, seconds,
             static_cast<double>(rows) / seconds);
}

void Write(archive::Archive& store, model::SourceId source, std::int64_t total, int months,
           std::uint64_t seed, const char* what) {
  std::mt19937_64 random(seed);
  double seconds = 0;
  auto writer = *store.BeginWrite();
  constexpr std::int64_t kBatch = 20'000;
  for (std::int64_t first = 0; first < total; first += kBatch) {
    const auto count = static_cast<std::size_t>(std::min(kBatch, total - first));
    const auto rows = MakeRows(source, first, count, total, months, random);
    const auto start = std::chrono::steady_clock::now();
    CQD_CHECK(writer->Upsert(rows).ok());
    if ((first / kBatch) % 5 == 4) CQD_CHECK(writer->Commit(source, "w").ok());
    seconds += Seconds(start);
  }
  const auto start = std::chrono::steady_clock::now();
  CQD_CHECK(writer->Commit(source, "end").ok());
  const archive::WriteCounts counts = writer->counts();
  writer.reset();
  seconds += Seconds(start);
  Report(what, counts.read(), seconds);
  fmt::print("  inserted {} updated {} duplicate {}\n", counts.inserted, counts.updated,
             counts.duplicate);
}

/// A later run: 10,000 new streams at the end, opening and closing the month included, and reading
/// them as the cube does.
void Small(archive::Archive& store, model::SourceId source, int months, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  auto rows = MakeRows(source, 0, 10'000, 10'000, 1, random);
  const auto last = store.Months()->back();
  for (auto& row : rows) {
    row.key.session_time = Month(2015, 1).Plus(months).begin() - std::chrono::seconds(1);
    row.key.session_seq = static_cast<std::int64_t>(random());
  }
  auto start = std::chrono::steady_clock::now();
  {
    auto writer = *store.BeginWrite();
    CQD_CHECK(writer->Upsert(rows).ok());
    CQD_CHECK(writer->Commit(source, "later").ok());
  }
  Report("later run into the newest month", 10'000, Seconds(start));
  start = std::chrono::steady_clock::now();
  const CancelToken cancel;
  std::int64_t seen = 0;
  const auto count = [&seen](std::span<const archive::StoredRow> batch) {
    seen += static_cast<std::int64_t>(batch.size());
    return OkStatus();
  };
  CQD_CHECK(
      store.Scan(last.month, last.last_row_id, store.Months()->back().last_row_id, cancel, count)
          .ok());
  Report("reading what is new", seen, Seconds(start));
}

std::int64_t ScanMonths(const archive::Archive& store,
                        const std::vector<archive::MonthInfo>& months) {
  const CancelToken cancel;
  std::int64_t rows = 0;
  for (const auto& month : months) {
    const Status status = store.Scan(month.month, archive::RowId(0), month.last_row_id, cancel,
                                     [&rows](std::span<const archive::StoredRow> batch) {
                                       rows += static_cast<std::int64_t>(batch.size());
                                       return OkStatus();
                                     });
    CQD_CHECK(status.ok());
  }
  return rows;
}

void Read(const archive::Archive& store) {
  const auto months = *store.Months();
  auto start = std::chrono::steady_clock::now();
  const std::int64_t rows = ScanMonths(store, months);
  Report("scan, 1 thread", rows, Seconds(start));
  std::vector<archive::MonthInfo> halves[2];
  for (std::size_t i = 0; i < months.size(); ++i) halves[i % 2].push_back(months[i]);
  start = std::chrono::steady_clock::now();
  std::int64_t counts[2] = {};
  std::thread other([&] { counts[1] = ScanMonths(store, halves[1]); });
  counts[0] = ScanMonths(store, halves[0]);
  other.join();
  Report("scan, 2 threads", counts[0] + counts[1], Seconds(start));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "archive_bench FOLDER [rows] [months] [seed]\n");
    return 2;
  }
  const std::int64_t total = argc > 2 ? std::atoll(argv[2]) : 1'000'000;
  const int months = argc > 3 ? std::atoi(argv[3]) : 7;
  const std::uint64_t seed = argc > 4 ? static_cast<std::uint64_t>(std::atoll(argv[4])) : 1;
  fmt::print("rows {} months {} seed {} fields {}\n", total, months, seed, model::kFieldCount);
  sqlite::ConfigureProcess();
  const SystemClock clock;
  const auto opening = std::chrono::steady_clock::now();
  auto store = *archive::Archive::Open({.folder = argv[1]}, clock);
  fmt::print("opened in {:.3f} s\n", Seconds(opening));
  const model::SourceId source = *store->RegisterSource("bench", "simulated");
  Write(*store, source, total, months, seed, "first load");
  Write(*store, source, total, months, seed, "same rows again (duplicates)");
  Write(*store, source, total / 5, months, seed + 1, "other rows");
  Small(*store, source, months, seed + 2);
  const auto bytes = *store->StorageBytes();
  fmt::print("{} bytes, {:.0f} a row\n", bytes.first,
             static_cast<double>(bytes.first) / static_cast<double>(total));
  Read(*store);
  std::mt19937_64 random(seed);
  const auto start = std::chrono::steady_clock::now();
  constexpr int kInterns = 2'000'000;
  for (int i = 0; i < kInterns; ++i) {
    store->interner().Intern(model::KeySpace::kUser,
                             fmt::format("user{}@contoso.com", random() % 50'000));
  }
  Report("intern of 50,000 users, formatting included", kInterns, Seconds(start));
}
