// What the simulated database promises, by plain SQL over it: docs/simulate.md.
#include "simulate/simulate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>

#include "simulate/calls.h"
#include "simulate/internal/test_database.h"

namespace cqd::simulate {
namespace {

/// One database for all statistics: 200,000 streams over seven months.
class Statistics : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    SimulateOptions options;
    options.seed = 20261120;
    options.range = DefaultRange(TimeOf("2026-11-20T12:00:00Z"));
    options.target_streams = 200'000;
    std::cout << "seed " << options.seed << "\n";
    report_ = new SimulateReport(SimulateFile(folder_->File("q.sqlite"), options));
  }
  static void TearDownTestSuite() {
    delete report_;
    delete folder_;
  }
  void SetUp() override { reader_ = std::make_unique<Reader>(folder_->File("q.sqlite")); }
  double Number(const std::string& sql) { return reader_->Number(sql); }

  /// Audio lines with their ends' places, as an administrator would join them.
  static std::string Places(const std::string& select, const std::string& where) {
    return fmt::format(
        "WITH place AS (SELECT i.IPAddressKey AS k, s.SubnetDescription AS name FROM Subnet s "
        "JOIN IPAddress i ON i.IPAddress = ((s.SubnetIP >> 24) & 255) || '.' || ((s.SubnetIP >> "
        "16) "
        "& 255) || '.' || ((s.SubnetIP >> 8) & 255) || '.' || (s.SubnetIP & 255)) "
        "SELECT {} FROM MediaLine m LEFT JOIN place a ON a.k = m.CallerSubnet "
        "LEFT JOIN place b ON b.k = m.CalleeSubnet WHERE m.MediaLineLabel = 0 AND {}",
        select, where);
  }
  static constexpr const char* kPoor = "avg(m.ClassifiedPoorCall)";
  static constexpr const char* kInBadBuilding =
      "(a.name LIKE 'Austin Foundry floor%' OR b.name LIKE 'Austin Foundry floor%')";
  static constexpr const char* kThroughBadAp =
      "EXISTS (SELECT 1 FROM MacAddress x WHERE x.MacAddress = '02-A0-00-00-02-60' AND "
      "x.MacAddressKey IN (m.CallerBssid, m.CalleeBssid))";
  static constexpr const char* kWithBadDriver =
      "EXISTS (SELECT 1 FROM DeviceDriver d WHERE d.DeviceDriver = 'Tonwerk : 3.1.4.0' AND "
      "d.DeviceDriverKey IN (m.CallerCaptureDevDriver, m.CalleeCaptureDevDriver))";
  static constexpr const char* kInCongestedWeek =
      "(m.ConferenceDateTime BETWEEN '2026-05-11' AND '2026-05-18' OR m.ConferenceDateTime BETWEEN "
      "'2026-08-10' AND '2026-08-17' OR m.ConferenceDateTime BETWEEN '2026-11-09' AND "
      "'2026-11-16')";
  static constexpr const char* kInSingapore =
      "(coalesce(a.name LIKE 'Singapore%', 0) + coalesce(b.name LIKE 'Singapore%', 0) = 1)";

  static TemporaryFolder* folder_;
  static SimulateReport* report_;
  std::unique_ptr<Reader> reader_;
};
TemporaryFolder* Statistics::folder_ = nullptr;
SimulateReport* Statistics::report_ = nullptr;

TEST_F(Statistics, StreamsReachTheTarget) {
  EXPECT_NEAR(static_cast<double>(report_->streams()), 200'000, 6'000);
  EXPECT_EQ(Number("SELECT count(*) FROM AudioStream"),
            static_cast<double>(report_->audio_streams));
  EXPECT_EQ(Number("SELECT count(*) FROM AppSharingStream"),
            static_cast<double>(report_->sharing_streams));
  EXPECT_EQ(
      Number("SELECT count(DISTINCT ConferenceDateTime || SessionSeq || '/' || MediaLineLabel "
             "|| '/' || StreamID) FROM VideoStream"),
      static_cast<double>(report_->video_streams));
}

TEST_F(Statistics, AboutTwoThirdsAreAudio) {
  EXPECT_NEAR(static_cast<double>(report_->audio_streams) / static_cast<double>(report_->streams()),
              0.68, 0.02);
}

// Rows are written with INSERT OR REPLACE: a key used twice would make a row vanish.
TEST_F(Statistics, PrimaryKeysAreUnique) {
  double rows = 0;
  for (const TableInfo& info : AllTables()) {
    if (info.name == InfoOf(Table::kState).name) continue;
    rows += Number(fmt::format("SELECT count(*) FROM \"{}\"", info.name));
  }
  EXPECT_EQ(rows, static_cast<double>(report_->rows));
}

TEST_F(Statistics, PoorOutsideFaultsIsThreeToFivePercent) {
  const double poor = Number(Places(
      kPoor,
      fmt::format("NOT coalesce({}, 0) AND NOT {} AND NOT {} AND NOT ({} AND {})", kInBadBuilding,
                  kThroughBadAp, kWithBadDriver, kInCongestedWeek, kInSingapore)));
  EXPECT_GT(poor, 0.03);
  EXPECT_LT(poor, 0.05);
}

TEST_F(Statistics, TheBadBuildingShows) {
  const double poor = Number(Places(kPoor, kInBadBuilding));
  EXPECT_GT(poor, 0.30);
  EXPECT_LT(poor, 0.40);
  const double neighbour =
      Number(Places(kPoor, "(a.name LIKE 'Austin Depot%' OR b.name LIKE 'Austin Depot%')"));
  EXPECT_LT(neighbour, 0.12);
}

TEST_F(Statistics, TheBadAccessPointShows) {
  const double poor = Number(Places(kPoor, kThroughBadAp));
  EXPECT_GT(poor, 0.40);
  EXPECT_LT(poor, 0.65);
  EXPECT_GT(Number(Places("count(*)", kThroughBadAp)), 60);
  const double others = Number(Places(
      kPoor, fmt::format("(a.name LIKE 'London Wharf%' OR b.name LIKE 'London Wharf%') AND NOT {}",
                         kThroughBadAp)));
  EXPECT_LT(others, 0.10);
}

TEST_F(Statistics, TheBadDriverShowsInWhatItSends) {
  const auto jittery = [this](const std::string& driver) {
    return Number(fmt::format(
        "SELECT avg(s.JitterInterArrival > 30) FROM MediaLine m JOIN AudioStream s USING "
        "(ConferenceDateTime, SessionSeq, MediaLineLabel) JOIN DeviceDriver d ON d.DeviceDriverKey "
        "= iif(s.SenderIsCallerPAI, m.CallerCaptureDevDriver, m.CalleeCaptureDevDriver) WHERE "
        "d.DeviceDriver = '{}'",
        driver));
  };
  EXPECT_NEAR(jittery("Tonwerk : 3.1.4.0"), 0.40, 0.04);
  EXPECT_LT(jittery("Tonwerk : 3.2.0.0"), 0.03);
  const double glitches = Number(
      "SELECT avg(g.AudioMicGlitchRate > 50) FROM AudioSignal g JOIN MediaLine m USING "
      "(ConferenceDateTime, SessionSeq, MediaLineLabel) JOIN DeviceDriver d ON d.DeviceDriverKey = "
      "iif(g.FromCaller, m.CallerCaptureDevDriver, m.CalleeCaptureDevDriver) WHERE d.DeviceDriver "
      "= "
      "'Tonwerk : 3.1.4.0' AND g.AudioMicGlitchRate IS NOT NULL");
  EXPECT_NEAR(glitches, 0.5, 0.05);
}

TEST_F(Statistics, TheCongestedWeekShows) {
  const auto slow = [this](const std::string& when) {
    return Number(
        Places("avg((SELECT max(s.RoundTrip) FROM AudioStream s WHERE s.ConferenceDateTime = "
               "m.ConferenceDateTime AND s.SessionSeq = m.SessionSeq) > 500)",
               when));
  };
  const double week = slow(fmt::format("{} AND {}", kInSingapore, kInCongestedWeek));
  EXPECT_GT(week, 0.35);
  EXPECT_LT(week, 0.60);
  EXPECT_LT(slow(fmt::format("{} AND NOT {}", kInSingapore, kInCongestedWeek)), 0.04);
  EXPECT_LT(slow(fmt::format("NOT coalesce({}, 0) AND {}", kInSingapore, kInCongestedWeek)), 0.04);
}

TEST_F(Statistics, DaysAndHoursHaveTheirRhythm) {
  const auto calls = [this](const std::string& where) {
    return Number("SELECT count(*) FROM Session WHERE " + where);
  };
  EXPECT_LT(calls("strftime('%w', ConferenceDateTime) = '0'") * 8,
            calls("strftime('%w', ConferenceDateTime) = '2'"));
  EXPECT_LT(calls("strftime('%H', ConferenceDateTime) = '00'") * 3,
            calls("strftime('%H', ConferenceDateTime) = '15'"));
}

TEST_F(Statistics, OneClockInAThousandIsAbsurd) {
  const double share =
      static_cast<double>(report_->absurd_clocks) / static_cast<double>(report_->sessions);
  EXPECT_NEAR(share, 0.001, 0.0005);
  const double far = Number(
      "SELECT count(*) FROM Session WHERE abs(julianday(EndTime) - julianday(ConferenceDateTime)) "
      "> 2");
  EXPECT_GT(far, 0.4 * static_cast<double>(report_->absurd_clocks));
  EXPECT_LE(far, static_cast<double>(report_->absurd_clocks));
  EXPECT_GT(Number("SELECT count(*) FROM Session WHERE EndTime < StartTime OR julianday(EndTime) - "
                   "julianday(StartTime) > 1"),
            0);
  // What SQL Server's datetime can hold.
  EXPECT_EQ(Number("SELECT count(*) FROM Session WHERE StartTime < '1753-' OR EndTime > '9999-'"),
            0);
}

TEST_F(Statistics, MissingIsNull) {
  const auto null_share = [this](const std::string& column, const std::string& from) {
    return Number(fmt::format("SELECT avg({} IS NULL) FROM {}", column, from));
  };
  EXPECT_NEAR(null_share("ClassifiedPoorCall", "MediaLine WHERE MediaLineLabel = 0"), 0.037, 0.012);
  EXPECT_NEAR(null_share("JitterInterArrival", "AudioStream"), 0.06, 0.03);
  const double half = null_share("Caller + Callee", "MediaLine");
  EXPECT_GT(half, 0.02);
  EXPECT_LT(half, 0.08);
  // No row without any report, no metric of a receiver that has not reported.
  EXPECT_EQ(Number("SELECT count(*) FROM MediaLine WHERE Caller IS NULL AND Callee IS NULL"), 0);
  EXPECT_EQ(
      Number("SELECT count(*) FROM AudioStream WHERE Inbound = 0 AND PacketLossRate IS NOT NULL"),
      0);
  EXPECT_GT(Number("SELECT count(*) FROM MediaLine WHERE MidCallReport = 1"), 100);
  EXPECT_GT(
      Number("SELECT count(*) FROM IPAddress JOIN MediaLine ON IPAddressKey = CallerIPAddr WHERE "
             "IPAddress LIKE '2001:db8:%' AND CallerSubnet IS NULL"),
      10);
}

TEST_F(Statistics, TheFlagAgreesWithTheFiveLimits) {
  EXPECT_EQ(
      Number("SELECT count(*) FROM (SELECT m.ClassifiedPoorCall AS flag, "
             "max(coalesce(s.DegradationAvg > 1.0, 0) OR coalesce(s.RoundTrip > 500, 0) OR "
             "coalesce(s.PacketLossRate > 0.1, 0) OR coalesce(s.JitterInterArrival > 30, 0) OR "
             "coalesce(s.RatioConcealedSamplesAvg > 0.07, 0)) AS poor, "
             "max(s.RoundTrip IS NOT NULL) AS measured FROM MediaLine m JOIN AudioStream s "
             "USING (ConferenceDateTime, SessionSeq, MediaLineLabel) GROUP BY "
             "m.ConferenceDateTime, m.SessionSeq) WHERE flag IS NOT iif(measured, poor, NULL)"),
      0);
}

TEST_F(Statistics, MetricsStayInTheirRanges) {
  EXPECT_EQ(
      Number("SELECT count(*) FROM AudioStream WHERE PacketLossRate NOT BETWEEN 0 AND 1 OR "
             "PacketLossRateMax NOT BETWEEN 0 AND 1 OR JitterInterArrival < 0 OR RoundTrip < 0 OR "
             "OverallAvgNetworkMOS NOT BETWEEN 1 AND 5 OR RecvListenMOSMin NOT BETWEEN 1 AND 5 OR "
             "RatioConcealedSamplesAvg NOT BETWEEN 0 AND 1 OR ConcealRatioMax > 1 OR "
             "DegradationAvg NOT BETWEEN 0 AND 5 OR JitterInterArrivalMax < JitterInterArrival"),
      0);
  EXPECT_EQ(
      Number("SELECT count(*) FROM VideoStream WHERE VideoLocalFrameLossPercentageAvg NOT BETWEEN "
             "0 AND 100 OR LowFrameRateCallPercent NOT BETWEEN 0 AND 100 OR VideoPostFECPLR > 1"),
      0);
  EXPECT_EQ(
      Number("SELECT count(*) FROM AppSharingStream WHERE SpoiledTilePercentTotal NOT BETWEEN 0 "
             "AND 100"),
      0);
}

TEST_F(Statistics, SpecialCasesAreThere) {
  EXPECT_GT(Number("SELECT count(*) FROM CallQualityFeedback WHERE Rating BETWEEN 1 AND 5"), 500);
  EXPECT_GT(Number("SELECT count(*) FROM CallQualityFeedbackToken WHERE TokenValue = 1"), 100);
  EXPECT_LT(
      Number(
          "SELECT avg(Rating) FROM CallQualityFeedback JOIN MediaLine USING "
          "(ConferenceDateTime, SessionSeq) WHERE MediaLineLabel = 0 AND ClassifiedPoorCall = 1"),
      2.8);
  // A stream with two payloads has two rows.
  EXPECT_GT(Number("SELECT count(*) - count(DISTINCT ConferenceDateTime || SessionSeq || '/' || "
                   "MediaLineLabel || '/' || StreamID) FROM VideoStream"),
            50);
  for (const int label : {0, 1, 2, 3, 16}) {
    EXPECT_GT(
        Number(fmt::format("SELECT count(*) FROM MediaLine WHERE MediaLineLabel = {}", label)), 100)
        << label;
  }
  EXPECT_GT(Number("SELECT count(*) FROM Session WHERE DialogCategory = 1"), 1000);
  EXPECT_EQ(
      Number("SELECT count(*) FROM (SELECT CorrelationKey FROM Session WHERE CorrelationKey IS NOT "
             "NULL GROUP BY 1 HAVING count(*) > 2)"),
      0);
  EXPECT_GT(Number("SELECT count(*) FROM Session WHERE SessionSeq > 1"), 100);
}

struct Reference {
  const char *table, *column, *target, *key;
};
constexpr Reference kReferences[] = {
    {"Session", "ConferenceKey", "Conference", "ConferenceKey"},
    {"Session", "CorrelationKey", "SessionCorrelation", "CorrelationKey"},
    {"Session", "CallerPool", "Pool", "PoolKey"},
    {"Session", "CalleePool", "Pool", "PoolKey"},
    {"Session", "CallerURI", "User", "UserKey"},
    {"Session", "CalleeUri", "User", "UserKey"},
    {"Session", "CallerPAI", "User", "UserKey"},
    {"Session", "CalleePAI", "User", "UserKey"},
    {"Session", "CallerEndpoint", "Endpoint", "EndpointKey"},
    {"Session", "CalleeEndpoint", "Endpoint", "EndpointKey"},
    {"Session", "CallerUserAgent", "UserAgent", "UserAgentKey"},
    {"Session", "CalleeUserAgent", "UserAgent", "UserAgentKey"},
    {"UserAgent", "UAType", "UserAgentDef", "UAType"},
    {"MediaLine", "CallerIPAddr", "IPAddress", "IPAddressKey"},
    {"MediaLine", "CalleeIPAddr", "IPAddress", "IPAddressKey"},
    {"MediaLine", "CallerSubnet", "IPAddress", "IPAddressKey"},
    {"MediaLine", "CalleeSubnet", "IPAddress", "IPAddressKey"},
    {"MediaLine", "CallerRelayIPAddr", "IPAddress", "IPAddressKey"},
    {"MediaLine", "CallerReflexiveLocalIPAddr", "IPAddress", "IPAddressKey"},
    {"MediaLine", "CalleReflexiveLocalIPAddr", "IPAddress", "IPAddressKey"},
    {"MediaLine", "CallerMacAddress", "MacAddress", "MacAddressKey"},
    {"MediaLine", "CalleeMacAddress", "MacAddress", "MacAddressKey"},
    {"MediaLine", "CallerBssid", "MacAddress", "MacAddressKey"},
    {"MediaLine", "CalleeBssid", "MacAddress", "MacAddressKey"},
    {"MediaLine", "CallerCaptureDev", "Device", "DeviceKey"},
    {"MediaLine", "CalleeRenderDev", "Device", "DeviceKey"},
    {"MediaLine", "CallerCaptureDevDriver", "DeviceDriver", "DeviceDriverKey"},
    {"MediaLine", "CalleeRenderDevDriver", "DeviceDriver", "DeviceDriverKey"},
    {"MediaLine", "CallerWiFiDriverDevicesDesc", "DeviceDriver", "DeviceDriverKey"},
    {"MediaLine", "CalleeWiFiDriverVersion", "DeviceDriver", "DeviceDriverKey"},
    {"MediaLine", "CallerNetworkConnectionType", "NetworkConnectionDetail",
     "NetworkConnectionDetailKey"},
    {"MediaLine", "CalleeNetworkConnectionType", "NetworkConnectionDetail",
     "NetworkConnectionDetailKey"},
    {"MediaLine", "AppliedBandwidthSourceKey", "AppliedBandwidthSource",
     "AppliedBandwidthSourceKey"},
    {"AudioStream", "AudioPayloadDescription", "PayloadDescription", "PayloadDescriptionKey"},
    {"VideoStream", "VideoPayloadDescription", "PayloadDescription", "PayloadDescriptionKey"},
    {"VideoStream", "SendCodecTypes", "CodecDescription", "CodecDescriptionKey"},
    {"VideoStream", "RecvCodecTypes", "CodecDescription", "CodecDescriptionKey"},
    {"AppSharingStream", "AppSharingPayloadDescription", "PayloadDescription",
     "PayloadDescriptionKey"},
    {"CallQualityFeedback", "FromURI", "User", "UserKey"},
    {"CallQualityFeedbackToken", "TokenId", "CallQualityFeedbackTokenDef", "TokenId"},
    {"UserSite", "RegionKey", "Region", "RegionKey"},
    {"Subnet", "UserSiteKey", "UserSite", "UserSiteKey"},
};

TEST_F(Statistics, EveryForeignKeyResolves) {
  for (const Reference& r : kReferences) {
    EXPECT_EQ(
        Number(fmt::format("SELECT count(*) FROM \"{0}\" WHERE {1} IS NOT NULL AND {1} NOT IN "
                           "(SELECT {3} FROM \"{2}\")",
                           r.table, r.column, r.target, r.key)),
        0)
        << r.table << "." << r.column;
    EXPECT_GT(Number(fmt::format("SELECT count({}) FROM \"{}\"", r.column, r.table)), 0)
        << r.table << "." << r.column << " is never set";
  }
  const std::pair<const char*, const char*> parents[] = {{"Session", "Dialog"},
                                                         {"MediaLine", "Session"},
                                                         {"AudioStream", "MediaLine"},
                                                         {"VideoStream", "MediaLine"},
                                                         {"AppSharingStream", "MediaLine"},
                                                         {"AudioSignal", "MediaLine"},
                                                         {"AudioClientEvent", "MediaLine"},
                                                         {"VideoClientEvent", "MediaLine"},
                                                         {"CallQualityFeedback", "Session"}};
  for (const auto& [child, parent] : parents) {
    const bool line = std::string_view(parent) == "MediaLine";
    EXPECT_EQ(
        Number(fmt::format("SELECT count(*) FROM {} c LEFT JOIN {} p USING (ConferenceDateTime, "
                           "SessionSeq{}) WHERE p.rowid_check IS NULL",
                           child, fmt::format("(SELECT *, 1 AS rowid_check FROM {})", parent),
                           line ? ", MediaLineLabel" : "")),
        0)
        << child;
  }
}

}  // namespace
}  // namespace cqd::simulate
