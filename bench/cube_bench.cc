// How fast the archive becomes a cube, and the cube answers.
//   cube_bench FOLDER [streams=2000000] [months=7] [threads=2] [seed=1] [query=all]
// With a query (Q3) only that one runs, 400 times.
// FOLDER is made and kept: a second start with the same folder skips the loading and measures the
// restart. Queries Q1 to Q8 follow reference/performance-anchors.md: month trend, trend with
// filters, building by month, subnets of one month, agent by codec by connection, members, averages
// by day, building at either end.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "archive/sql.h"
#include "cube/cube.h"
#include "model/classification.h"
#include "model/registry.h"

namespace {

using namespace cqd;
using Random = std::mt19937_64;
using model::Field;

constexpr int kBuildings = 300, kSubnets = 20'000, kUsers = 20'000, kDevices = 2'000;
constexpr int kAgents = 60, kCodecs = 12;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

/// Processor seconds of all threads so far: what a figure means on a busy machine.
double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void Stop(const Error& error) {
  fmt::print(stderr, "{}\n", error.ToString());
  std::exit(1);
}
template <typename T>
T OrStop(Result<T> result) {
  if (!result.ok()) Stop(result.error());
  return *std::move(result);
}
void OrStop(const Status& status) {
  if (!status.ok()) Stop(status.error());
}

/// Keys of everything a stream refers to.
struct Keys {
  std::vector<model::KeyId> subnets, users, devices, agents, codecs, links, pools;
};

Keys MakeKeys(model::KeyInterner& keys) {
  using model::KeySpace;
  Keys made;
  for (int i = 0; i < kSubnets; ++i) {
    made.subnets.push_back(
        keys.Intern(KeySpace::kSubnet, fmt::format("10.{}.{}.0", i / 256, i % 256)));
  }
  for (int i = 0; i < kUsers; ++i) {
    made.users.push_back(keys.Intern(KeySpace::kUser, fmt::format("user{}@example.com", i)));
  }
  for (int i = 0; i < kDevices; ++i) {
    made.devices.push_back(keys.Intern(KeySpace::kDevice, fmt::format("Headset {}", i)));
  }
  for (int i = 0; i < kAgents; ++i) {
    made.agents.push_back(
        keys.Intern(KeySpace::kUserAgent, fmt::format("OC/6.0.{}", i), i % 5 == 0 ? "1" : "4"));
  }
  for (int i = 0; i < kCodecs; ++i) {
    made.codecs.push_back(keys.Intern(KeySpace::kCodec, fmt::format("codec{}", i)));
  }
  for (const char* link : {"Wired", "WiFi", "MobileBB", "Tunnel"}) {
    made.links.push_back(keys.Intern(KeySpace::kConnection, link));
  }
  for (int i = 0; i < 20; ++i) {
    made.pools.push_back(keys.Intern(KeySpace::kPool, fmt::format("pool{}.example.com", i)));
  }
  return made;
}

class Generator {
 public:
  Generator(Keys keys, model::SourceId source, std::uint64_t seed)
      : keys_(std::move(keys)), source_(source), random_(seed) {}

  /// One session of two audio streams, or of two with video or sharing.
  void Session(UtcTime time, std::int64_t seq, std::vector<model::StreamRow>& out) {
    const std::size_t first = out.size();
    const std::int32_t label = Below(100) < 68 ? 0 : (Below(2) == 0 ? 1 : 3);
    for (int stream = 0; stream < 2; ++stream) {
      model::StreamRow& row = out.emplace_back();
      row.key = {source_, time, seq, label, stream};
      row.Set(Field::kStartTime, ToMicros(time));
      row.Set(Field::kEndTime, ToMicros(time) + 1'000'000 * (5 + Below(3600)));
      row.Set(Field::kTransport, Below(10) == 0 ? 1 : 0);
      row.Set(Field::kCodec, Skewed(keys_.codecs));
      row.Set(Field::kSenderIsCaller, stream == 0 ? 1 : 0);
      Metrics(row);
    }
    const std::size_t user = Zipf(keys_.users.size()), peer = Zipf(keys_.users.size());
    for (std::size_t i = first; i < out.size(); ++i) {
      Side(out[i], model::Side::kCaller, user);
      Side(out[i], model::Side::kCallee, peer);
    }
    model::ClassifySession(std::span(out).subspan(first));
  }

 private:
  std::int64_t Below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit));
  }
  std::size_t Zipf(std::size_t count) {
    const double u = static_cast<double>(random_() >> 11) * 0x1p-53;
    return static_cast<std::size_t>(std::pow(static_cast<double>(count), u)) % count;
  }
  model::KeyId Skewed(const std::vector<model::KeyId>& keys) { return keys[Zipf(keys.size())]; }

  void Metrics(model::StreamRow& row) {
    if (Below(14) == 0) return;  // unclassified
    const auto metric = [&](Field field, std::int64_t scale) {
      const double u = static_cast<double>(random_() >> 11) * 0x1p-53;
      row.Set(field, static_cast<std::int64_t>(-std::log(1 - u) * static_cast<double>(scale)));
    };
    metric(Field::kJitter, 4'000);
    metric(Field::kJitterMax, 12'000);
    metric(Field::kPacketLoss, 5'000);
    metric(Field::kPacketLossMax, 20'000);
    metric(Field::kRoundTrip, 60'000);
    metric(Field::kRoundTripMax, 120'000);
    metric(Field::kDegradation, 120);
    metric(Field::kConcealed, 8'000);
    metric(Field::kPackets, 20'000);
    metric(Field::kBandwidthEstimate, 2'000'000);
    row.Set(Field::kNetworkMos, 2'500 + Below(1'800));
    row.Set(Field::kRecvListenMos, 2'500 + Below(1'800));
  }

  void Side(model::StreamRow& row, model::Side side, std::size_t user) {
    const auto set = [&](Field caller_field, model::Value value) {
      row.Set(model::Of(caller_field, side), value);
    };
    // A user sits in one building and roams now and then.
    const bool roams = Below(20) == 0;
    const std::size_t subnet = roams ? Zipf(keys_.subnets.size()) : user * 7 % keys_.subnets.size();
    set(Field::kCallerReported, 1);
    set(Field::kCallerUser, keys_.users[user]);
    set(Field::kCallerSubnet, keys_.subnets[subnet]);
    set(Field::kCallerInside, Below(3) == 0 ? 0 : 1);
    set(Field::kCallerUserAgent, keys_.agents[user % keys_.agents.size()]);
    set(Field::kCallerCaptureDevice, keys_.devices[user % keys_.devices.size()]);
    set(Field::kCallerRenderDevice, keys_.devices[user % keys_.devices.size()]);
    set(Field::kCallerConnection, Skewed(keys_.links));
    set(Field::kCallerPool, keys_.pools[user % keys_.pools.size()]);
    set(Field::kCallerPort, 50'000 + Below(60));
    set(Field::kCallerVpn, Below(10) == 0 ? 1 : 0);
    set(Field::kCallerLinkSpeed, Below(2) == 0 ? 100'000'000 : 1'000'000'000);
    set(Field::kCallerSendSignal, -2'000 - Below(2'000));
    set(Field::kCallerRecvSignal, -2'000 - Below(2'000));
  }

  Keys keys_;
  model::SourceId source_;
  Random random_;
};

void FillCustomerTables(const std::string& folder) {
  auto connection = OrStop(archive::OpenForSql(folder, {.write_customer_tables = true}));
  std::string sql = "BEGIN;";
  for (int i = 1; i <= kBuildings; ++i) {
    sql += fmt::format(
        "INSERT OR REPLACE INTO CqdBuilding(BuildingKey,BuildingName,CountryShortCode,InsideCorp) "
        "VALUES({},'Building {}','C{}',{});",
        i, i, i % 9, i % 10 == 0 ? 0 : 1);
  }
  for (int i = 0; i < kSubnets; i += 4) {  // networks of four subnets
    sql += fmt::format(
        "INSERT INTO CqdNetwork(Network,NetworkRange,BuildingKey) VALUES('10.{}.{}.0',22,{});",
        i / 256, i % 256, 1 + i / 4 % kBuildings);
  }
  sql += "COMMIT;";
  OrStop(connection.database.Execute(sql.c_str()));
}

void Load(archive::Archive& archive, model::SourceId source, std::int64_t streams, int months,
          std::uint64_t seed) {
  const auto start = std::chrono::steady_clock::now();
  Generator generator(MakeKeys(archive.interner()), source, seed);
  auto writer = OrStop(archive.BeginWrite());
  const std::int64_t begin = ToMicros(Month(2015, 1).begin());
  const std::int64_t step =
      (ToMicros(Month(2015, 1).Plus(months).begin()) - begin) / std::max<std::int64_t>(1, streams);
  std::vector<model::StreamRow> rows;
  for (std::int64_t i = 0; i < streams; i += 2) {
    generator.Session(FromMicros(begin + i * step), i, rows);
    if (rows.size() < 2'000 && i + 2 < streams) continue;
    OrStop(writer->Upsert(rows));
    rows.clear();
  }
  OrStop(writer->Commit(source, "loaded"));
  const double seconds = Seconds(start);
  fmt::print("load archive: {:.1f} s, {:.0f} k streams/s\n", seconds,
             static_cast<double>(streams) / seconds / 1e3);
}

struct Named {
  const char* name;
  cube::CubeQuery query;
};

cube::CubeQuery Query(std::vector<const char*> dimensions, std::vector<const char*> measures) {
  cube::CubeQuery query;
  for (const char* name : dimensions) {
    query.dimensions.push_back(model::FindAttribute(name));
    if (query.dimensions.back() == nullptr) Stop(Fail(ErrorCode::kNotFound, name));
  }
  for (const char* name : measures) {
    query.measures.push_back(model::FindMeasure(name));
    if (query.measures.back() == nullptr) Stop(Fail(ErrorCode::kNotFound, name));
  }
  return query;
}

void Where(cube::CubeQuery& query, const char* attribute, std::vector<std::string> values,
           std::string union_group = "") {
  cube::Filter filter;
  filter.attribute = model::FindAttribute(attribute);
  if (filter.attribute == nullptr) Stop(Fail(ErrorCode::kNotFound, attribute));
  filter.values = std::move(values);
  filter.union_group = std::move(union_group);
  query.filters.push_back(std::move(filter));
}

std::vector<Named> Queries() {
  constexpr const char* kMonth = "[StartDate].[Month]";
  constexpr const char* kFirstLink = "[First Network Connection Type].[Network Connection Detail]";
  const std::vector<const char*> counts = {"[Measures].[Audio Good Streams Count]",
                                           "[Measures].[Audio Poor Streams Count]",
                                           "[Measures].[Audio UnClassified Streams Count]"};
  std::vector<Named> all;
  all.push_back({"Q1", Query({kMonth}, counts)});

  cube::CubeQuery q2 = Query({kMonth}, counts);
  Where(q2, kFirstLink, {"Wifi"});
  Where(q2, "[Second Is Server].[Agent]", {"0"});
  Where(q2, "[First Building].[Country]", {"C3"});
  all.push_back({"Q2", q2});

  cube::CubeQuery q3 = Query({"[First Building].[Building Name]", kMonth}, counts);
  Where(q3, "[First Inside].[Inside]", {"1"});
  Where(q3, kFirstLink, {"Wired"});
  all.push_back({"Q3", q3});

  cube::CubeQuery q4 = Query({"[Second Subnet].[Subnet]"}, counts);
  q4.window = {Month(2015, 3), Month(2015, 3)};
  all.push_back({"Q4", q4});

  cube::CubeQuery q5 = Query(
      {"[First User Agent].[User Agent]", "[Codec].[Payload Description]", kFirstLink}, counts);
  q5.window = {Month(2015, 2), Month(2015, 4)};
  all.push_back({"Q5", q5});

  all.push_back({"Q6", Query({"[First Building].[Building Name]"}, {})});

  cube::CubeQuery q7 = Query({"[StartDate].[Date]"},
                             {"[Measures].[Avg Jitter]", "[Measures].[Avg Packet Loss Rate]",
                              "[Measures].[Avg Round Trip]", "[Measures].[Avg Audio Degradation]",
                              "[Measures].[Avg Overall Avg Network MOS]"});
  Where(q7, "[First Inside].[Inside]", {"1"});
  Where(q7, kFirstLink, {"Wired"});
  q7.window = {Month(2015, 4), Month(2015, 4)};
  all.push_back({"Q7", q7});

  cube::CubeQuery q8 = Query({kMonth}, counts);
  const std::vector<std::string> buildings = {"Building 3", "Building 40", "Building 77"};
  Where(q8, "[First Building].[Building Name]", buildings, "b");
  Where(q8, "[Second Building].[Building Name]", buildings, "b");
  all.push_back({"Q8", q8});
  return all;
}

void Measure(const cube::Snapshot& snapshot, const std::string& only) {
  const int runs = only.empty() ? 41 : 401;
  fmt::print("query  first ms   least ms  median ms  cpu ms  groups\n");
  for (const Named& named : Queries()) {
    if (!only.empty() && only != named.name) continue;
    std::vector<double> times;
    double cpu = 0;
    std::size_t groups = 0;
    // Processors are counted over the second half: what is made once is made by then.
    for (int run = 0; run < runs; ++run) {
      if (run == runs - runs / 2) cpu = CpuSeconds();
      const auto start = std::chrono::steady_clock::now();
      groups = OrStop(snapshot.Answer(named.query, {})).rows.size();
      times.push_back(Seconds(start) * 1e3);
    }
    const double first = times.front();
    std::sort(times.begin(), times.end());
    fmt::print("{:5}  {:8.2f}  {:9.3f}  {:9.3f}  {:6.3f}  {}\n", named.name, first, times.front(),
               times[static_cast<std::size_t>(runs / 2)], (CpuSeconds() - cpu) * 1e3 / (runs / 2),
               groups);
  }
}

void Process(cube::Cube& cube, const char* what) {
  const auto start = std::chrono::steady_clock::now();
  const double cpu = CpuSeconds();
  const auto report = OrStop(cube.Process({}, CancelToken(), {}));
  const double seconds = Seconds(start);
  fmt::print("{}: {:.3f} s ({:.3f} s of processors), read {} rows ({:.0f} k/s), {} visible\n", what,
             seconds, CpuSeconds() - cpu, report.rows_read,
             static_cast<double>(report.rows_read) / seconds / 1e3, report.rows_total);
}

/// New and updated streams on top of what is there: from the first row handed to the archive to the
/// published state whose common reports are ready.
void Increments(archive::Archive& archive, cube::Cube& cube, model::SourceId source,
                std::uint64_t seed, int months) {
  const Keys keys = MakeKeys(archive.interner());
  const UtcTime last = Month(2015, 1).Plus(months).begin() - std::chrono::hours(1);
  const auto sessions = [&](UtcTime time, std::int64_t stamp, std::uint64_t with_seed, int count,
                            std::vector<model::StreamRow>& rows) {
    Generator generator(keys, source, with_seed);
    for (int i = 0; i < count; ++i) generator.Session(time, stamp + i, rows);
  };
  const std::int64_t stamp = ToMicros(SystemClock().Now());
  const auto add = [&](const char* what, const std::vector<model::StreamRow>& rows) {
    const auto start = std::chrono::steady_clock::now();
    auto writer = OrStop(archive.BeginWrite());
    OrStop(writer->Upsert(rows));
    OrStop(writer->Commit(source, "more"));
    fmt::print("archive {} rows: {:.3f} s; ", rows.size(), Seconds(start));
    Process(cube, what);
    fmt::print("  the whole way: {:.3f} s\n", Seconds(start));
  };
  const auto cpu = CpuSeconds();
  std::vector<model::StreamRow> rows;
  sessions(last, stamp, seed + 1, 5'000, rows);
  // In the first month too, so that the later updates meet a month that is long closed.
  sessions(Month(2015, 1).begin(), stamp, seed + 2, 250, rows);
  add("process 10,500 new", rows);
  for (int round = 1; round <= 5; ++round) {
    rows.clear();
    sessions(last, stamp + 10'000 * round, seed + 10 + static_cast<std::uint64_t>(round), 5'000,
             rows);
    // The same streams again, with other metrics.
    std::vector<model::StreamRow> again;
    sessions(last, stamp, seed + 1, 250, again);
    sessions(Month(2015, 1).begin(), stamp, seed + 2, 250, again);
    for (model::StreamRow& row : again) {
      if (row.Has(Field::kJitter)) row.Set(Field::kJitter, row.Get(Field::kJitter) + round);
    }
    rows.insert(rows.end(), again.begin(), again.end());
    add("process 10,000 new and 1,000 updated", rows);
  }
  fmt::print("processors: {:.3f} s for the six\n", CpuSeconds() - cpu);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "cube_bench FOLDER [streams] [months] [threads] [seed]\n");
    return 2;
  }
  const std::string folder = argv[1];
  const auto number = [&](int at, std::int64_t missing) {
    return argc > at ? std::atoll(argv[at]) : missing;
  };
  const std::int64_t streams = number(2, 2'000'000);
  const int months = static_cast<int>(number(3, 7));
  const auto seed = static_cast<std::uint64_t>(number(5, 1));
  const SystemClock clock;
  auto archive = OrStop(archive::Archive::Open({.folder = folder + "/archive"}, clock));
  const model::SourceId source = OrStop(archive->RegisterSource("bench", "bench"));
  if (OrStop(archive->Months()).empty()) {
    FillCustomerTables(folder + "/archive");
    Load(*archive, source, streams, months, seed);
  }
  const cube::CubeOptions options{.folder = folder + "/cube",
                                  .threads = static_cast<int>(number(4, 2))};
  auto start = std::chrono::steady_clock::now();
  auto cube = OrStop(cube::Cube::Open(options, *archive, clock));
  fmt::print("open: {:.3f} s\n", Seconds(start));
  Process(*cube, "process");
  fmt::print("on disk: {:.1f} bytes a stream\n",
             static_cast<double>(cube->snapshot()->bytes_on_disk()) /
                 static_cast<double>(std::max<std::int64_t>(1, cube->snapshot()->row_count())));
  start = std::chrono::steady_clock::now();
  cube = OrStop(cube::Cube::Open(options, *archive, clock));
  fmt::print("restart: {:.3f} s\n", Seconds(start));
  const std::string only = argc > 6 ? argv[6] : "";
  // What a kind of query costs that nobody asked before, then what it costs when it is asked often.
  cube::CubeOptions scanning = options;
  scanning.rollup_rows_min.reset();
  const auto scanned = OrStop(cube::Cube::Open(scanning, *archive, clock));
  fmt::print("scans:\n");
  Measure(*scanned->snapshot(), only);
  fmt::print("with rollups:\n");
  Measure(*cube->snapshot(), only);
  if (!only.empty()) return 0;

  Increments(*archive, *cube, source, seed, months);
  Measure(*cube->snapshot(), only);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("peak memory: {} MB\n", usage.ru_maxrss / 1024);
  return 0;
}
