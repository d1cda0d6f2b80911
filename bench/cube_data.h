// The data of the cube's benchmarks: the same rows for the same seed, and the eight queries.
#pragma once

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "archive/sql.h"
#include "cube/query.h"
#include "model/classification.h"
#include "model/registry.h"

namespace cqd::bench {

using Random = std::mt19937_64;
using model::Field;

inline constexpr int kBuildings = 300, kSubnets = 20'000, kUsers = 20'000, kDevices = 2'000;
inline constexpr int kAgents = 60, kCodecs = 12;

inline double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

/// Processor seconds of all threads so far: what a figure means on a busy machine.
inline double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] inline void Stop(const Error& error) {
  fmt::print(stderr, "{}\n", error.ToString());
  std::exit(1);
}
template <typename T>
T OrStop(Result<T> result) {
  if (!result.ok()) Stop(result.error());
  return *std::move(result);
}
inline void OrStop(const Status& status) {
  if (!status.ok()) Stop(status.error());
}

/// Keys of everything a stream refers to.
struct Keys {
  std::vector<model::KeyId> subnets, users, devices, agents, codecs, links, pools;
};

inline Keys MakeKeys(model::KeyInterner& keys) {
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

inline void FillCustomerTables(const std::string& folder) {
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

}  // namespace cqd::bench
