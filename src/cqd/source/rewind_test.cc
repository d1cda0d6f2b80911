// Promise: a source that is rewound hands out what was set aside again, and says what would prove
// that it has been stored; what it no longer has it can never prove.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>

#include "source/collector.h"
#include "source/internal/call_testing.h"
#include "source/qoe_metrics.h"

namespace cqd::source {
namespace {

using Kind = ReplayProof::Kind;
constexpr model::SourceId kId(3);

TEST(Rewind, ADatabaseGoesBackToTheOldestRecord) {
  const SimulatedClock clock{*ParseTime("2015-04-01T00:00:00Z")};
  auto source = *QoeMetricsSource::Create({.connection_string = "Driver=SQLite3"}, clock);
  const std::vector<std::string> keys = {"AudioStream 2015-03-02T10:00:00.123000Z/7/0/2",
                                         "VideoStream 2015-03-01T09:00:00Z/1/null/2",
                                         "AudioStream 2087-01-01T00:00:00Z/1/0/2", "who knows", ""};
  const std::string here = "2015-03-31T00:00:00Z";
  const Rewound rewound = *source->Rewind(kId, keys, here);
  EXPECT_EQ(rewound.watermark, "2015-03-01T09:00:00Z");
  ASSERT_EQ(rewound.proofs.size(), keys.size());
  EXPECT_EQ(rewound.proofs[0].kind, Kind::kStream);
  EXPECT_EQ(rewound.proofs[0].stream,
            (model::StreamKey{kId, *ParseTime("2015-03-02T10:00:00.123Z"), 7, 0, 2}));
  EXPECT_EQ(rewound.proofs[1].kind, Kind::kNone) << "a key with a gap names no stream";
  EXPECT_EQ(rewound.proofs[2].kind, Kind::kStream);
  EXPECT_EQ(rewound.proofs[3].kind, Kind::kNone);
  EXPECT_EQ(rewound.proofs[4].kind, Kind::kNone);
  EXPECT_EQ(source->Rewind(kId, {}, here)->watermark, here);
  const std::vector<std::string> future = {keys[2]};
  EXPECT_EQ(source->Rewind(kId, future, here)->watermark, here) << "never forward";
  EXPECT_EQ(source->Rewind(kId, keys, std::nullopt)->watermark, std::nullopt);
  EXPECT_EQ(source->Rewind(kId, keys, "no time").error().code, ErrorCode::kInvalidArgument);
}

TEST(Rewind, ReportsComeAgainBehindThePosition) {
  std::string folder = (std::filesystem::temp_directory_path() / "cqd-rewind-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const SimulatedClock clock{testing::kReceived};
  auto inbox = *Inbox::Open(folder + "/inbox.sqlite");
  const auto receipts = *inbox->Accept("who knows", "", "", testing::kReceived);
  CollectorSource source("phones", *inbox, clock);
  testing::TestInterner keys;
  const CancelToken cancel;
  const ProgressSink progress = [](const ReadProgress&) {};
  std::optional<std::string> watermark;
  std::vector<std::string> rejected;
  const auto read = [&] {
    rejected.clear();
    return source.Read(watermark, {kId, keys, cancel, progress}, [&](Batch&& batch) {
      for (const auto& record : batch.rejected) rejected.push_back(record.record_key);
      watermark = batch.watermark;
      return OkStatus();
    });
  };
  ASSERT_TRUE(read().ok());
  const std::string id = std::to_string(receipts[0].id);
  EXPECT_THAT(rejected, ::testing::ElementsAre(id));
  const std::vector<std::string> wanted = {id, "4711", "no number", id};
  const Rewound rewound = *source.Rewind(kId, wanted, watermark);
  EXPECT_EQ(rewound.watermark, watermark) << "the queue moves, not the position";
  ASSERT_EQ(rewound.proofs.size(), 4u);
  EXPECT_EQ(rewound.proofs[0].kind, Kind::kUnlessRefused);
  EXPECT_EQ(rewound.proofs[1].kind, Kind::kNone) << "dropped by the retention";
  EXPECT_EQ(rewound.proofs[2].kind, Kind::kNone);
  EXPECT_EQ(rewound.proofs[3].kind, Kind::kUnlessRefused);
  ASSERT_TRUE(read().ok());
  EXPECT_THAT(rejected, ::testing::ElementsAre(id)) << "once, though asked for twice";
  ASSERT_TRUE(read().ok());
  EXPECT_THAT(rejected, ::testing::ElementsAre());
  inbox.reset();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cqd::source
