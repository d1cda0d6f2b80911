// How fast reports come in and become streams: Inbox::Accept from many threads, then one collector
// run. Usage: source_bench [folder, default /tmp] [reports, default 20000] [threads, default 32]
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/text.h"
#include "source/collector.h"

namespace {

using namespace cqd;

class MapInterner final : public model::KeyInterner {
 public:
  model::KeyId Intern(model::KeySpace space, std::string_view text,
                      std::string_view detail) override {
    if (text.empty()) return model::kNoKey;
    auto& keys = keys_[static_cast<int>(space)];
    return keys
        .try_emplace(fmt::format("{}\n{}", text, detail),
                     static_cast<model::KeyId>(keys.size() + 1))
        .first->second;
  }

 private:
  std::map<int, std::map<std::string, model::KeyId>> keys_;
};

/// Both ends of call number i / 2, as SIP messages of a desk phone.
std::string ReportNumber(int i) {
  const int near = i % 2, far = 1 - near;
  return fmt::format(
      "PUBLISH sip:c@192.0.2.1 SIP/2.0\r\nFrom: <sip:{1}@pbx.example>;tag={0}\r\nCall-ID: p{0}\r\n"
      "CSeq: 1 PUBLISH\r\nUser-Agent: Phone/1.0\r\nEvent: vq-rtcpxr\r\n\r\n"
      "VQSessionReport: CallTerm\r\nCallID:c{2}\r\nLocalID:<sip:{1}@pbx.example>\r\n"
      "RemoteID:<sip:{3}@pbx.example>\r\nOrigID:<sip:700@pbx.example>\r\n"
      "LocalAddr:IP=10.0.0.{4} PORT=4000 SSRC={5}\r\n"
      "RemoteAddr:IP=10.0.0.{6} PORT=4000 SSRC={7}\r\nLocalMetrics:\r\n"
      "Timestamps:START=2016-05-23T07:58:00Z STOP=2016-05-23T07:59:30Z\r\n"
      "SessionDesc:PT=8 PD=PCMA SR=8000 PPS=50 SSUP=off\r\nPacketLoss:NLR=0.5 JDR=0.1\r\n"
      "BurstGapLoss:BLD=0 BD=0 GLD=0 GD=900 GMIN=16\r\nDelay:RTD=20 ESD=30 IAJ=3\r\n"
      "QualityEst:RLQ=90 RCQ=88 MOSLQ=4.1 MOSCQ=4.0\r\n",
      i, 700 + near, i / 2, 700 + far, 1 + near, 10 + near, 1 + far, 10 + far);
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "/tmp";
  const auto number = [&](int i, std::int64_t otherwise) {
    return argc > i ? ParseInt(argv[i]).value_or(otherwise) : otherwise;
  };
  const int reports = static_cast<int>(number(2, 20'000));
  const int threads = static_cast<int>(number(3, 32));
  const std::string path = folder + "/source_bench.sqlite";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  auto inbox = source::Inbox::Open(path);
  if (!inbox.ok()) return fmt::print("{}\n", inbox.error().ToString()), 1;
  SystemClock clock;
  std::atomic<int> next = 0, failed = 0;
  auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> senders;
  for (int t = 0; t < threads; ++t) {
    senders.emplace_back([&] {
      for (int i = next++; i < reports; i = next++) {
        if (!(*inbox)->Accept(ReportNumber(i), "application/vq-rtcpxr", "", clock.Now()).ok()) {
          ++failed;
        }
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  double seconds = SecondsSince(start);
  fmt::print("accept:  {} reports, {} threads: {:.2f} s, {:.0f} reports/s, {} failed\n", reports,
             threads, seconds, reports / seconds, failed.load());

  source::CollectorSource collector("bench", **inbox, clock);
  MapInterner interner;
  const CancelToken cancel;
  const source::ProgressSink progress;
  std::size_t rows = 0;
  start = std::chrono::steady_clock::now();
  const Status status = collector.Read(
      std::nullopt, {model::SourceId(1), interner, cancel, progress}, [&](source::Batch&& batch) {
        rows += batch.rows.size();
        return OkStatus();
      });
  seconds = SecondsSince(start);
  fmt::print("collect: {} reports to {} streams: {:.2f} s, {:.0f} reports/s\n", reports, rows,
             seconds, reports / seconds);
  return status.ok() && failed == 0 ? 0 : 1;
}
