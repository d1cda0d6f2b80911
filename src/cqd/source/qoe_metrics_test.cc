#include "source/qoe_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "model/classification.h"
#include "model/endpoint.h"
#include "odbc/statement.h"
#include "source/internal/test_qoe_database.h"
#include "source/internal/test_qoe_read.h"

namespace cqd::source {
namespace {

using internal::QoeDatabase;
using internal::ReadFrom;
using internal::ReadOutcome;
using internal::SchemaChanges;
using internal::TestCall;
using internal::TestInterner;
using model::Field;
using model::KeySpace;
using model::RejectReason;
using model::Repair;
using odbc::Dialect;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

UtcTime T(std::string_view text) {
  return *ParseTime(text);
}

bool Marked(const model::StreamRow& row, Repair repair) {
  return row.Has(Field::kRepairs) &&
         (row.Get(Field::kRepairs) & static_cast<model::Value>(repair)) != 0;
}

class QoeMetricsTest : public testing::TestWithParam<Dialect> {
 protected:
  std::unique_ptr<QoeMetricsSource> Source(const QoeMetricsOptions& options) {
    auto source = QoeMetricsSource::Create(options, clock_);
    EXPECT_TRUE(source.ok()) << source.error().ToString();
    return *std::move(source);
  }
  ReadOutcome Read(const QoeDatabase& database,
                   const std::optional<std::string>& watermark = std::nullopt) {
    return Read(database.Options(), watermark);
  }
  ReadOutcome Read(const QoeMetricsOptions& options,
                   const std::optional<std::string>& watermark = std::nullopt) {
    const auto source = Source(options);
    auto outcome = ReadFrom(*source, watermark, interner_);
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.error().ToString();
    return outcome;
  }
  std::string Text(const model::StreamRow& row, Field field) const {
    return interner_.Text(model::InfoOf(field).space, row.Get(field));
  }

  SystemClock clock_;
  TestInterner interner_;
};

TEST_P(QoeMetricsTest, AStreamCarriesWhatItsTablesSay) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  const TestCall call = {.time = "2015-03-01 10:00:00.123",
                         .seq = 5,
                         .start = "2015-03-01 09:55:00",
                         .end = "2015-03-01 09:59:30"};
  database.InsertCall(call);
  database.Insert("AudioSignal", {{"ConferenceDateTime", QoeDatabase::Quoted(call.time)},
                                  {"SessionSeq", "5"},
                                  {"MediaLineLabel", "0"},
                                  {"FromCaller", database.Bit(0)},
                                  {"SendSignalLevel", "-25"}});
  database.Insert("AudioClientEvent", {{"ConferenceDateTime", QoeDatabase::Quoted(call.time)},
                                       {"SessionSeq", "5"},
                                       {"MediaLineLabel", "0"},
                                       {"FromCaller", database.Bit(1)},
                                       {"CPUInsufficientEventRatio", "12.5"}});
  const ReadOutcome outcome = Read(database);
  ASSERT_EQ(outcome.rows.size(), 2U);
  const model::StreamRow& row = outcome.rows.begin()->second;
  EXPECT_EQ(row.key,
            (model::StreamKey{model::SourceId(7), T("2015-03-01T10:00:00.123Z"), 5, 0, 1}));
  EXPECT_EQ(row.Get(Field::kStartTime), ToMicros(T("2015-03-01T09:55:00Z")));
  EXPECT_EQ(row.Get(Field::kEndTime), ToMicros(T("2015-03-01T09:59:30Z")));
  EXPECT_EQ(row.Get(Field::kSenderIsCaller), 1);
  EXPECT_EQ(row.Get(Field::kJitter), 3000);
  EXPECT_EQ(row.Get(Field::kPacketLoss), 12500);
  EXPECT_EQ(row.Get(Field::kRoundTrip), 20000);
  EXPECT_EQ(row.Get(Field::kNetworkMos), 3900);
  EXPECT_EQ(row.Get(Field::kCallerReported), 1);
  EXPECT_EQ(row.Get(Field::kCalleeReported), 0);
  EXPECT_EQ(row.Get(Field::kCallerPort), 50001);
  EXPECT_EQ(row.Get(Field::kCallerLinkSpeed), 1000000000);
  EXPECT_EQ(row.Get(Field::kCalleeSendSignal), -2500);
  EXPECT_FALSE(row.Has(Field::kCallerSendSignal));
  EXPECT_EQ(row.Get(Field::kCallerCpuEvent), 125000);
  EXPECT_FALSE(row.Has(Field::kRepairs));
  EXPECT_EQ(row.Get(Field::kLegClass), static_cast<model::Value>(model::QualityClass::kGood));
  EXPECT_EQ(Text(row, Field::kCallerUser), "anna@contoso.com");
  EXPECT_EQ(Text(row, Field::kCalleeUser), "bert@contoso.com");
  EXPECT_EQ(Text(row, Field::kCallerSubnet), "10.1.1.0");
  EXPECT_EQ(Text(row, Field::kCallerBssid), "00-1a-2b-3c-4d-5e");
  EXPECT_EQ(Text(row, Field::kCallerConnection), "WiFi");
  EXPECT_EQ(Text(row, Field::kCodec), "SILKWide");
  EXPECT_EQ(interner_.Detail(KeySpace::kUserAgent, row.Get(Field::kCalleeUserAgent)), "1");
  EXPECT_EQ(model::DecodeEndpointDetail(
                interner_.Detail(KeySpace::kEndpoint, row.Get(Field::kCallerEndpoint))),
            (model::EndpointDetail{.os = "Windows 6.1",
                                   .cpu_name = "Core i5",
                                   .cpu_cores = 4,
                                   .cpu_mhz = 2500,
                                   .virtualization = 0}));
  // The callee told no subnet: its address stands for it, marked as such.
  EXPECT_EQ(Text(row, Field::kCalleeSubnet), "192.168.7.9");
  EXPECT_EQ(interner_.Detail(KeySpace::kSubnet, row.Get(Field::kCalleeSubnet)), "address");
  // A peer-to-peer dialog is no conference.
  EXPECT_FALSE(row.Has(Field::kConference));
  EXPECT_EQ(interner_.size(KeySpace::kConference), 0U);
  EXPECT_EQ(outcome.source_rows, 6);
}

TEST_P(QoeMetricsTest, ConferencesKeepTheirUri) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  database.InsertCall({.time = "2015-03-01 10:00:00"});
  database.Execute("UPDATE \"Session\" SET \"ConferenceKey\" = 2");
  const ReadOutcome outcome = Read(database);
  ASSERT_EQ(outcome.rows.size(), 2U);
  EXPECT_EQ(Text(outcome.rows.begin()->second, Field::kConference),
            "sip:a@b;gruu;opaque=app:conf:audio-video:id:X");
}

TEST_P(QoeMetricsTest, AVideoStreamOfSeveralPayloadsIsOneStream) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  const TestCall call = {.time = "2015-03-01 10:00:00"};
  database.InsertSession(call);
  database.InsertMediaLine(call, 1);
  const auto video = [&](int stream, int codec, int packets, const std::string& aggregated) {
    database.Insert("VideoStream", {{"ConferenceDateTime", "'2015-03-01 10:00:00'"},
                                    {"SessionSeq", "1"},
                                    {"MediaLineLabel", "1"},
                                    {"StreamID", std::to_string(stream)},
                                    {"VideoPayloadDescription", std::to_string(codec)},
                                    {"PacketUtilization", std::to_string(packets)},
                                    {"VideoResolution", "'640x480  '"},
                                    {"IsAggregatedData", aggregated}});
  };
  video(1, 1, 10, "NULL");
  video(1, 2, 500, database.Bit(0));
  video(2, 1, 10, database.Bit(1));
  video(2, 2, 500, "NULL");
  const ReadOutcome outcome = Read(database);
  ASSERT_EQ(outcome.rows_handed, 2U);
  const auto& most_packets = outcome.rows.begin()->second;
  EXPECT_EQ(most_packets.Get(Field::kPackets), 500);
  EXPECT_EQ(Text(most_packets, Field::kCodec), "x-rtvc1");
  EXPECT_EQ(Text(most_packets, Field::kResolution), "640x480");
  EXPECT_EQ(outcome.rows.rbegin()->second.Get(Field::kPackets), 10);
}

TEST_P(QoeMetricsTest, FeedbackGoesToTheSideThatGaveIt) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  database.InsertCall({.time = "2015-03-01 10:00:00"});
  const auto key = std::vector<std::pair<std::string, std::string>>{
      {"ConferenceDateTime", "'2015-03-01 10:00:00'"}, {"SessionSeq", "1"}, {"FromURI", "2"}};
  auto rating = key;
  rating.emplace_back("Rating", "2");
  database.Insert("CallQualityFeedback", rating);
  for (const auto& [id, value] :
       {std::pair("204", "0"), std::pair("101", "1"), std::pair("502", "1")}) {
    auto token = key;
    token.emplace_back("TokenId", id);
    token.emplace_back("TokenValue", value);
    database.Insert("CallQualityFeedbackToken", token);
  }
  const ReadOutcome outcome = Read(database);
  const auto& row = outcome.rows.begin()->second;
  EXPECT_EQ(row.Get(Field::kCalleeRating), 2);
  EXPECT_FALSE(row.Has(Field::kCallerRating));
  EXPECT_EQ(Text(row, Field::kCalleeFeedbackTokens),
            "{Audio_SilentLocal:1; Video_FrozenVideo:0; 502:1;}");
  EXPECT_EQ(row.Get(Field::kCalleeFeedbackIssues), 1);
  EXPECT_FALSE(row.Has(Field::kRepairs));
}

TEST_P(QoeMetricsTest, MisspeltColumnsAreFound) {
  QoeDatabase database(
      GetParam(), {.renamed_columns = {
                       {"MediaLine.CalleReflexiveLocalIPAddr", "CalleeReflexiveLocalIPAddr"},
                       {"Session.CalleeURI", "CalleeUri"},
                       {"Session.ConferenceDateTime", "conferencedatetime"},
                       {"VideoStream.VideoBitRateMax", "ViideoBitRateMax"},
                       {"MediaLine.CallerWiFiDriverDevicesDesc", "CallerWifiDriverDeviceDesc"}}});
  database.InsertNames();
  database.InsertCall({.time = "2015-03-01 10:00:00"});
  database.Execute(
      "UPDATE \"MediaLine\" SET \"CalleeReflexiveLocalIPAddr\" = 3, \"CallerWifiDriverDeviceDesc\" "
      "= 1");
  const ReadOutcome outcome = Read(database);
  ASSERT_EQ(outcome.rows.size(), 2U);
  const auto& row = outcome.rows.begin()->second;
  EXPECT_EQ(Text(row, Field::kCalleeReflexiveAddress), "192.168.7.9");
  EXPECT_EQ(Text(row, Field::kCallerWifiDriver), "Maker: 1.0");
  EXPECT_EQ(Text(row, Field::kCalleeUser), "bert@contoso.com");
}

TEST_P(QoeMetricsTest, WhatIsMissingIsSaidAndTheRestIsRead) {
  QoeDatabase database(
      GetParam(),
      {.without_tables = {"VideoStream", "AppSharingStream", "AudioSignal", "CallQualityFeedback",
                          "CallQualityFeedbackToken", "NetworkConnectionDetail", "Device"},
       .without_columns = {"AudioStream.OverallAvgNetworkMOS", "MediaLine.CallerBssid",
                           "Session.CallerURI", "Endpoint.OS"}});
  database.InsertNames();
  database.InsertCall({.time = "2015-03-01 10:00:00"});
  const auto source = Source(database.Options());
  const auto probe = source->LookAt();
  ASSERT_TRUE(probe.ok()) << probe.error().ToString();
  EXPECT_THAT(probe->remarks, Contains(HasSubstr("VideoStream")));
  EXPECT_THAT(probe->remarks,
              Contains(AllOf(HasSubstr("AudioStream"), HasSubstr("OverallAvgNetworkMOS"))));
  EXPECT_THAT(probe->remarks, Contains(HasSubstr("NetworkConnectionDetail")));
  const ReadOutcome outcome = ReadFrom(*source, std::nullopt, interner_);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status.error().ToString();
  ASSERT_EQ(outcome.rows.size(), 2U);
  const auto& row = outcome.rows.begin()->second;
  EXPECT_FALSE(row.Has(Field::kNetworkMos));
  EXPECT_EQ(row.Get(Field::kRoundTrip), 20000);
  // Without its URI the caller is known by the asserted identity; without the table 1 is WiFi as in
  // 2010.
  EXPECT_EQ(Text(row, Field::kCallerUser), "anna@contoso.com");
  EXPECT_EQ(Text(row, Field::kCallerConnection), "WiFi");
  EXPECT_TRUE(Marked(row, Repair::kDanglingKey));  // the device, whose table is gone
}

TEST_P(QoeMetricsTest, ADatabaseWithoutSessionsIsRefused) {
  for (const auto& missing :
       {std::set<std::string>{"Session"}, std::set<std::string>{"MediaLine"},
        std::set<std::string>{"AudioStream", "VideoStream", "AppSharingStream"}}) {
    QoeDatabase database(GetParam(), {.without_tables = missing});
    const auto source = Source(database.Options());
    const auto probe = source->LookAt();
    ASSERT_FALSE(probe.ok());
    EXPECT_EQ(probe.error().code, ErrorCode::kFailedPrecondition);
    EXPECT_THAT(probe.error().message, HasSubstr(*missing.begin()));
    const ReadOutcome outcome = ReadFrom(*source, std::nullopt, interner_);
    EXPECT_EQ(outcome.status.error().code, ErrorCode::kFailedPrecondition);
  }
}

TEST_P(QoeMetricsTest, AnEmptyDatabaseIsNoError) {
  QoeDatabase database(GetParam());
  const ReadOutcome outcome = Read(database);
  EXPECT_EQ(outcome.batches, 0U);
  const auto probe = Source(database.Options())->LookAt();
  ASSERT_TRUE(probe.ok());
  EXPECT_EQ(probe->last_record_at, std::nullopt);
  EXPECT_TRUE(probe->remarks.empty()) << probe->remarks.front();
  ASSERT_TRUE(probe->clock_skew.has_value());
  EXPECT_LT(std::chrono::abs(*probe->clock_skew), std::chrono::minutes(1));
}

// Promise: every session is handed out once by a read, whatever the windows; sessions of equal time
// stay together.
TEST_P(QoeMetricsTest, WindowsNeitherLoseNorDouble) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  ASSERT_TRUE(database.connection().Begin().ok());
  std::size_t calls = 0;
  UtcTime time = T("2014-01-01T00:00:00Z");
  for (int i = 0; i < 900; ++i, ++calls) {
    // Bursts of one moment, whole and broken seconds, and a gap of a year.
    if (i % 7 != 0) time += Duration(i % 3 == 0 ? 1'000 : 60'000'000);
    if (i == 500) time += std::chrono::days(370);
    database.InsertCall({.time = FormatSql(time), .seq = i});
  }
  for (int i = 0; i < 300; ++i, ++calls)
    database.InsertCall({.time = FormatSql(time), .seq = 10'000 + i});
  ASSERT_TRUE(database.connection().Commit().ok());
  QoeMetricsOptions options = database.Options();
  options.window_rows = 1000;
  for (const int connections : {1, 2}) {
    options.connections = connections;
    const ReadOutcome outcome = Read(options);
    EXPECT_EQ(outcome.rows.size(), calls * 2);
    EXPECT_EQ(outcome.rows_handed, calls * 2);
    EXPECT_GT(outcome.batches, 3U);
    EXPECT_TRUE(std::is_sorted(outcome.watermarks.begin(), outcome.watermarks.end()));
    EXPECT_GT(T(*outcome.watermark()), time);
  }
}

// Promise: what lies inside the margin is read again, so a row that was completed later arrives
// complete.
TEST_P(QoeMetricsTest, TheMarginCompletesRows) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  database.InsertCall({.time = "2015-03-01 08:00:00", .seq = 1});
  database.InsertCall({.time = "2015-03-01 10:00:00", .seq = 2});
  const auto source = Source(database.Options());
  const ReadOutcome first = ReadFrom(*source, std::nullopt, interner_);
  ASSERT_EQ(first.rows.size(), 4U);
  EXPECT_EQ(*first.watermark(), "2015-03-01T10:00:01Z");
  database.Execute(
      "UPDATE \"AudioStream\" SET \"JitterInterArrivalMax\" = 77 WHERE \"SessionSeq\" = 2");
  database.InsertCall({.time = "2015-03-01 09:30:00", .seq = 3});
  const ReadOutcome second = ReadFrom(*source, first.watermark(), interner_);
  EXPECT_EQ(second.rows.size(), 4U);
  EXPECT_EQ(second.rows.rbegin()->second.Get(Field::kJitterMax), 77000);
  EXPECT_EQ(second.watermark(), first.watermark());
  const ReadOutcome third = ReadFrom(*source, "2016-01-01T00:00:00Z", interner_);
  EXPECT_TRUE(third.status.ok());
  EXPECT_EQ(third.batches, 0U);
}

TEST_P(QoeMetricsTest, NewNamesAreSeenByALaterRead) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  database.InsertCall({.time = "2015-03-01 10:00:00", .seq = 1});
  database.Execute("UPDATE \"Session\" SET \"CallerURI\" = 50");
  const auto source = Source(database.Options());
  const ReadOutcome first = ReadFrom(*source, std::nullopt, interner_);
  // The asserted identity stands in for the caller that is not there.
  EXPECT_TRUE(Marked(first.rows.begin()->second, Repair::kDanglingKey));
  EXPECT_EQ(Text(first.rows.begin()->second, Field::kCallerUser), "anna@contoso.com");
  database.Insert("User", {{"UserKey", "50"}, {"URI", "'carla@contoso.com'"}});
  const ReadOutcome second = ReadFrom(*source, first.watermark(), interner_);
  EXPECT_EQ(Text(second.rows.begin()->second, Field::kCallerUser), "carla@contoso.com");
  EXPECT_FALSE(Marked(second.rows.begin()->second, Repair::kDanglingKey));
}

TEST_P(QoeMetricsTest, RowsThatCannotBeRightAreSetAside) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  database.InsertCall({.time = "1980-03-01 10:00:00", .seq = 1});
  database.InsertCall({.time = "2087-03-01 10:00:00", .seq = 2});
  database.InsertCall({.time = "2015-03-01 10:00:00", .seq = 3});
  database.InsertAudio({.time = "2015-03-01 10:00:00", .seq = 4}, 1);
  database.InsertSession({.time = "2015-03-01 10:00:00", .seq = 5});
  database.InsertAudio({.time = "2015-03-01 10:00:00", .seq = 5}, 1);
  database.InsertAudio({.time = "2015-02-01 10:00:00", .seq = 6}, 1);
  const ReadOutcome outcome = Read(database);
  EXPECT_EQ(outcome.rows.size(), 2U);
  std::map<RejectReason, int> reasons;
  for (const auto& record : outcome.rejected) {
    ++reasons[record.reason];
    EXPECT_EQ(record.source, model::SourceId(7));
    EXPECT_THAT(record.payload,
                AllOf(HasSubstr("\"AudioStream\":{"), HasSubstr("\"RoundTrip\":20")));
    EXPECT_THAT(record.record_key, HasSubstr("AudioStream "));
  }
  EXPECT_EQ(reasons[RejectReason::kSessionTimeAbsurd], 4);
  EXPECT_EQ(reasons[RejectReason::kNoSession], 3);
  // The row from the future does not carry the watermark away.
  EXPECT_EQ(*outcome.watermark(), "2015-03-01T10:00:01Z");
  EXPECT_TRUE(outcome.ends_with_watermark) << "what follows the last watermark is never stored";
}

TEST_P(QoeMetricsTest, ClocksOfClientsAreMended) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  database.InsertCall({.time = "2015-03-01 10:00:00",
                       .seq = 1,
                       .start = "2215-01-01 00:00:00",
                       .end = "2215-01-01 00:10:00"});
  const ReadOutcome outcome = Read(database);
  const auto& row = outcome.rows.begin()->second;
  EXPECT_TRUE(Marked(row, Repair::kClockReplaced));
  EXPECT_EQ(row.Get(Field::kEndTime) - row.Get(Field::kStartTime), 600'000'000);
}

TEST_P(QoeMetricsTest, NullsEverywhereAreNoReasonToStop) {
  QoeDatabase database(GetParam());
  for (const std::string table :
       {"Session", "MediaLine", "AudioStream", "VideoStream", "AppSharingStream", "AudioSignal",
        "AudioClientEvent", "VideoClientEvent", "CallQualityFeedback",
        "CallQualityFeedbackToken"}) {
    std::vector<std::pair<std::string, std::string>> key = {
        {"ConferenceDateTime", "'2015-03-01 10:00:00'"}, {"SessionSeq", "1"}};
    if (table != "Session" && !table.starts_with("Call")) key.emplace_back("MediaLineLabel", "0");
    if (table.ends_with("Stream")) key.emplace_back("StreamID", table == "AudioStream" ? "1" : "2");
    database.Insert(table, key);
  }
  database.Insert("AudioStream",
                  {{"ConferenceDateTime", "'2015-03-01 10:00:00'"}, {"SessionSeq", "1"}});
  database.Insert("AudioStream", {{"ConferenceDateTime", "NULL"}, {"SessionSeq", "1"}});
  const ReadOutcome outcome = Read(database);
  EXPECT_EQ(outcome.rows.size(), 2U);
  ASSERT_EQ(outcome.rejected.size(), 1U);
  EXPECT_EQ(outcome.rejected[0].reason, RejectReason::kKeyPartMissing);
  for (const auto& [key, row] : outcome.rows) {
    EXPECT_TRUE(Marked(row, Repair::kTimestampsMissing));
    EXPECT_EQ(row.Get(Field::kLegClass),
              static_cast<model::Value>(model::QualityClass::kUnclassified));
  }
}

TEST_P(QoeMetricsTest, MetricsOutOfRangeAreDroppedWithAMark) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  database.InsertCall({.time = "2015-03-01 10:00:00"});
  database.Execute(
      "UPDATE \"AudioStream\" SET \"PacketLossRate\" = 3.0, \"JitterInterArrival\" = -4");
  const ReadOutcome outcome = Read(database);
  const auto& row = outcome.rows.begin()->second;
  EXPECT_FALSE(row.Has(Field::kPacketLoss));
  EXPECT_FALSE(row.Has(Field::kJitter));
  EXPECT_TRUE(Marked(row, Repair::kMetricOutOfRange));
  EXPECT_EQ(row.Get(Field::kRoundTrip), 20000);
}

TEST_P(QoeMetricsTest, WhatTheSinkSaysEndsTheRead) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  database.InsertCall({.time = "2015-03-01 10:00:00"});
  const auto source = Source(database.Options());
  const auto full = ReadFrom(*source, std::nullopt, interner_, [](const Batch&) -> Status {
    return Fail(ErrorCode::kDiskFull, "full");
  });
  EXPECT_EQ(full.status.error().code, ErrorCode::kDiskFull);
  CancelToken cancelled;
  cancelled.Cancel();
  EXPECT_EQ(ReadFrom(*source, std::nullopt, interner_, {}, &cancelled).status.error().code,
            ErrorCode::kCancelled);
  EXPECT_EQ(ReadFrom(*source, "yesterday'; DROP TABLE x", interner_).status.error().code,
            ErrorCode::kInvalidArgument);
  // And it can be read again.
  EXPECT_EQ(ReadFrom(*source, std::nullopt, interner_).rows.size(), 2U);
}

/// A clock on which whoever waits is there at once; `on_wait` is told.
class JumpingClock final : public Clock {
 public:
  UtcTime Now() const override { return now_; }
  Duration Monotonic() const override { return now_.time_since_epoch(); }
  void WaitUntil(std::unique_lock<std::mutex>&, std::condition_variable&, UtcTime deadline,
                 const std::function<bool()>&) const override {
    if (on_wait) on_wait();
    now_ = std::max(now_, deadline);
  }
  std::function<void()> on_wait;

 private:
  mutable UtcTime now_ = T("2020-01-01T00:00:00Z");
};

// Promise: with a limit, a read takes rows / limit seconds of the clock, and can be cancelled while
// it waits.
TEST_P(QoeMetricsTest, ARateLimitIsKeptAndCanBeCancelled) {
  QoeDatabase database(GetParam());
  database.InsertNames();
  for (int i = 0; i < 20; ++i) database.InsertCall({.time = "2015-03-01 10:00:00", .seq = i});
  JumpingClock clock;
  QoeMetricsOptions options = database.Options();
  options.rows_per_second = 10;  // 80 rows: 8 seconds
  auto source = QoeMetricsSource::Create(options, clock);
  ASSERT_TRUE(source.ok());
  const UtcTime start = clock.Now();
  const ReadOutcome outcome = ReadFrom(**source, std::nullopt, interner_);
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.rows.size(), 40U);
  EXPECT_EQ(clock.Now() - start, std::chrono::seconds(8));

  CancelToken cancel;
  clock.on_wait = [&] { cancel.Cancel(); };
  const UtcTime again = clock.Now();
  const ReadOutcome cancelled = ReadFrom(**source, std::nullopt, interner_, {}, &cancel);
  EXPECT_EQ(cancelled.status.error().code, ErrorCode::kCancelled);
  EXPECT_LE(clock.Now() - again, std::chrono::milliseconds(100));
}

INSTANTIATE_TEST_SUITE_P(QoeMetrics, QoeMetricsTest,
                         testing::Values(Dialect::kPostgreSql, Dialect::kSqlite),
                         [](const auto& param) {
                           return param.param == Dialect::kSqlite ? std::string("Sqlite")
                                                                  : std::string("PostgreSql");
                         });

TEST(QoeMetricsOptionsTest, AreChecked) {
  SystemClock clock;
  const auto field_of = [&](QoeMetricsOptions options) {
    auto source = QoeMetricsSource::Create(options, clock);
    return source.ok() ? std::string("fine") : source.error().field;
  };
  QoeMetricsOptions good;
  good.connection_string = "DSN=x";
  EXPECT_EQ(field_of(good), "fine");
  EXPECT_EQ(field_of({}), "connection_string");
  auto bad = good;
  bad.margin = std::chrono::hours(-1);
  EXPECT_EQ(field_of(bad), "margin");
  bad = good, bad.window_rows = 10;
  EXPECT_EQ(field_of(bad), "window_rows");
  bad = good, bad.connections = 3;
  EXPECT_EQ(field_of(bad), "connections");
}

TEST(QoeMetricsPostgres, AWrongPasswordIsSaidWithoutIt) {
  QoeDatabase database(Dialect::kPostgreSql);
  SystemClock clock;
  QoeMetricsOptions options = database.Options();
  options.password = "not-the-password";
  auto source = *QoeMetricsSource::Create(options, clock);
  const auto probe = source->LookAt();
  ASSERT_FALSE(probe.ok());
  EXPECT_EQ(probe.error().code, ErrorCode::kUnauthenticated);
  EXPECT_THAT(probe.error().ToString(), testing::Not(HasSubstr("not-the-password")));
}

// Promise: when the server goes away in the middle of a run and comes back, the run goes on at the
// window where it was: nothing lost, nothing doubled. When it stays away, the run fails with
// kUnavailable.
TEST(QoeMetricsPostgres, AServerThatComesBackIsReadOn) {
  support::PostgresServer server;
  QoeDatabase database(Dialect::kPostgreSql, {}, &server);
  SystemClock clock;
  TestInterner interner;
  database.InsertNames();
  ASSERT_TRUE(database.connection().Begin().ok());
  for (int i = 0; i < 600; ++i) {
    database.InsertCall(
        {.time = FormatSql(T("2015-03-01T00:00:00Z") + std::chrono::minutes(i)), .seq = i});
  }
  ASSERT_TRUE(database.connection().Commit().ok());
  QoeMetricsOptions options = database.Options();
  options.window_rows = 1000;
  options.reconnect.attempts = 10;
  for (const int hours : {1, 1000}) {
    // With the first value the read is a backlog with threads, with the second one it is not.
    options.backlog_from = std::chrono::hours(hours);
    auto source = *QoeMetricsSource::Create(options, clock);
    bool killed = false;
    const ReadOutcome outcome = ReadFrom(*source, std::nullopt, interner, [&](const Batch&) {
      if (!killed) {
        killed = true;
        server.Kill();
        server.Start();
      }
      return OkStatus();
    });
    ASSERT_TRUE(outcome.status.ok()) << outcome.status.error().ToString();
    ASSERT_EQ(outcome.rows.size(), 1200U);
    EXPECT_EQ(outcome.rows_handed, 1200U);
    // The pool's name was asked for after the restart too.
    EXPECT_FALSE(Marked(outcome.rows.rbegin()->second, Repair::kDanglingKey));
  }
  options.reconnect.attempts = 1;
  options.reconnect.first_wait = std::chrono::milliseconds(1);
  auto source = *QoeMetricsSource::Create(options, clock);
  const ReadOutcome gone = ReadFrom(*source, std::nullopt, interner, [&](const Batch&) {
    server.Kill();
    return OkStatus();
  });
  ASSERT_FALSE(gone.status.ok());
  EXPECT_EQ(gone.status.error().code, ErrorCode::kUnavailable);
}

// Promise: a cancel ends a read within two seconds, whatever the server does meanwhile, and the
// source reads on as if nothing had been. Source: reference/status-api.md, cancel.
constexpr auto kCancelMax = std::chrono::seconds(2);

/// Reads in a thread of its own, cancels when `reached` says so, and tells how long the end took.
struct CancelledRead {
  ReadOutcome outcome;
  std::chrono::steady_clock::duration took{};
};
CancelledRead ReadAndCancel(QoeMetricsSource& source, TestInterner& interner,
                            const std::function<void()>& wait_until_reached,
                            const std::function<Status(const Batch&)>& look = {}) {
  CancelToken cancel;
  CancelledRead read;
  std::thread reader(
      [&] { read.outcome = ReadFrom(source, std::nullopt, interner, look, &cancel); });
  wait_until_reached();
  const auto asked = std::chrono::steady_clock::now();
  cancel.Cancel();
  reader.join();
  read.took = std::chrono::steady_clock::now() - asked;
  return read;
}

/// Waits until a session of the server waits for a lock.
void WaitForLockWait(const QoeMetricsOptions& options) {
  auto connection = odbc::Connection::Open(
      {.connection_string = options.connection_string, .password = options.password});
  ASSERT_TRUE(connection.ok()) << connection.error().ToString();
  for (;;) {
    auto statement = odbc::Statement::Create(*connection);
    ASSERT_TRUE(
        statement
            ->Execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode='AccessShareLock'")
            .ok());
    ASSERT_TRUE(*statement->Fetch());
    if (**statement->Text(1) != "0") return;
    poll(nullptr, 0, 1);
  }
}

TEST(QoeMetricsPostgres, ACancelStopsAStatementThatTheServerWorksOn) {
  QoeDatabase database(Dialect::kPostgreSql);
  database.InsertNames();
  for (int day = 1; day <= 20; ++day)
    database.InsertCall({.time = fmt::format("2015-03-{:02} 10:00:00", day), .seq = day});
  SystemClock clock;
  TestInterner interner;
  const QoeMetricsOptions options = database.Options();
  auto source = *QoeMetricsSource::Create(options, clock);
  const auto lock = [&](std::string_view table) {
    ASSERT_TRUE(database.connection().Begin().ok());
    database.Execute(fmt::format("LOCK TABLE \"{}\" IN ACCESS EXCLUSIVE MODE", table));
  };
  // At the first question, and in the middle of a backlog that two connections read.
  lock("Session");
  const CancelledRead first = ReadAndCancel(*source, interner, [&] { WaitForLockWait(options); });
  EXPECT_EQ(first.outcome.status.error().code, ErrorCode::kCancelled);
  EXPECT_LT(first.took, kCancelMax);
  ASSERT_TRUE(database.connection().Rollback().ok());

  bool locked = false;
  const CancelledRead backlog = ReadAndCancel(
      *source, interner, [&] { WaitForLockWait(options); },
      [&](const Batch&) {
        if (!std::exchange(locked, true)) lock("AudioStream");
        return OkStatus();
      });
  EXPECT_EQ(backlog.outcome.status.error().code, ErrorCode::kCancelled);
  EXPECT_LT(backlog.took, kCancelMax);
  ASSERT_TRUE(database.connection().Rollback().ok());

  const ReadOutcome whole = ReadFrom(*source, std::nullopt, interner);
  ASSERT_TRUE(whole.status.ok()) << whole.status.error().ToString();
  EXPECT_EQ(whole.rows.size(), 40U);
}

TEST(QoeMetricsPostgres, ACancelEndsTheWaitForALostServer) {
  support::PostgresServer server;
  QoeDatabase database(Dialect::kPostgreSql, {}, &server);
  SystemClock clock;
  TestInterner interner;
  QoeMetricsOptions options = database.Options();
  options.reconnect.first_wait = options.reconnect.wait_max = std::chrono::minutes(10);
  auto source = *QoeMetricsSource::Create(options, clock);
  ASSERT_TRUE(source->LookAt().ok());
  ASSERT_TRUE(ReadFrom(*source, std::nullopt, interner).status.ok());
  server.Kill();
  const CancelledRead read = ReadAndCancel(*source, interner, [] {});
  EXPECT_EQ(read.outcome.status.error().code, ErrorCode::kCancelled);
  EXPECT_LT(read.took, kCancelMax);
}

TEST(QoeMetricsPostgres, ACancelEndsAConnectThatNobodyAnswers) {
  // Takes connections, and never says a word.
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(listener, generic, length), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  ASSERT_EQ(getsockname(listener, generic, &length), 0);
  SystemClock clock;
  TestInterner interner;
  auto source = *QoeMetricsSource::Create(
      {.connection_string = fmt::format(
           "DRIVER={{PostgreSQL Unicode}};SERVER=127.0.0.1;PORT={};DATABASE=x;UID=x;PWD=x",
           ntohs(address.sin_port))},
      clock);
  int peer = -1;
  const CancelledRead read =
      ReadAndCancel(*source, interner, [&] { peer = accept(listener, nullptr, nullptr); });
  EXPECT_EQ(read.outcome.status.error().code, ErrorCode::kCancelled);
  EXPECT_LT(read.took, kCancelMax);
  // Lets go of the thread that still connects.
  close(peer);
  close(listener);
}

}  // namespace
}  // namespace cqd::source
