// Promises: a metric exactly at its limit is good and the next stored value beyond it is poor; one
// poor stream makes its leg poor; a stream without metrics is unclassified.
#include "model/classification.h"

#include <gtest/gtest.h>

#include <vector>

namespace cqd::model {
namespace {

constexpr int kUnknownLabel = 77;

StreamRow RowOf(int media_label) {
  StreamRow row;
  row.key.media_label = media_label;
  return row;
}

StreamRow RowWith(int media_label, Field field, double value) {
  StreamRow row = RowOf(media_label);
  EXPECT_TRUE(SetMetric(row, field, value)) << InfoOf(field).column;
  return row;
}

struct LimitCase {
  int media_label;
  Field field;
  double good;  ///< exactly at the limit
  double poor;  ///< one stored step beyond
  bool in_jpdr = false;
};

// reference/cube-model.md 3.1, all tables.
const LimitCase kLimitCases[] = {
    {kLabelAudio, Field::kDegradation, 1.0, 1.001, true},
    {kLabelAudio, Field::kRoundTrip, 500, 500.001, true},
    {kLabelAudio, Field::kPacketLoss, 0.1, 0.100001, true},
    {kLabelAudio, Field::kJitter, 30, 30.001, true},
    {kLabelAudio, Field::kConcealed, 0.07, 0.08},
    {kLabelAudio, Field::kConcealed, 0.07, 0.070001},
    {kLabelVideo, Field::kPostFecLoss, 0.1, 0.100001},
    {kLabelVideo, Field::kLocalFrameLoss, 10, 10.0001},
    {kLabelVideo, Field::kRecvFrameRate, 7, 6.9999},
    {kLabelVideo, Field::kLowFrameRate, 10, 10.0001},
    {kLabelVideo, Field::kVideoPacketLoss, 0.1, 0.100001},
    {kLabelVideo, Field::kInboundFrameRate, 7, 6.9999},
    {kLabelVideo, Field::kOutboundFrameRate, 7, 6.9999},
    {kLabelVideo, Field::kDynamicCapability, 10, 10.0001},
    {kLabelPanoramicVideo, Field::kLocalFrameLoss, 10, 10.0001},
    {kLabelGalleryVideo, Field::kLocalFrameLoss, 10, 10.0001},
    {kLabelSharing, Field::kSpoiledTile, 36, 36.0001},
    {kLabelSharing, Field::kTileLatency, 400, 400.001},
    {kLabelSharing, Field::kRelativeOneWay, 1.75, 1.750001},
    {kLabelVbss, Field::kLocalFrameLoss, 50, 50.0001},
    {kLabelVbss, Field::kInboundFrameRate, 2, 1.9999},
    {kLabelVbss, Field::kRecvFrameRate, 2, 1.9999},
    {kLabelVbss, Field::kOutboundFrameRate, 2, 1.9999},
    {kLabelVbss, Field::kPostFecLoss, 0.15, 0.150001},
};

TEST(ClassifyStream, AtTheLimitIsGoodAndBeyondIsPoor) {
  for (const LimitCase& c : kLimitCases) {
    SCOPED_TRACE(InfoOf(c.field).column);
    EXPECT_EQ(ClassifyStream(RowWith(c.media_label, c.field, c.good)), QualityClass::kGood);
    EXPECT_EQ(ClassifyStream(RowWith(c.media_label, c.field, c.poor)), QualityClass::kPoor);
  }
}

TEST(ClassifyStream, OneBrokenLimitOutweighsGoodMetrics) {
  for (const LimitCase& c : kLimitCases) {
    if (c.media_label != kLabelAudio) continue;
    StreamRow row = RowWith(c.media_label, c.field, c.poor);
    for (const LimitCase& other : kLimitCases) {
      if (other.media_label == kLabelAudio && other.field != c.field) {
        SetMetric(row, other.field, other.good);
      }
    }
    EXPECT_EQ(ClassifyStream(row), QualityClass::kPoor) << InfoOf(c.field).column;
  }
}

TEST(ClassifyStream, WithoutMetricsIsUnclassified) {
  for (const int label : {kLabelAudio, kLabelVideo, kLabelSharing, kLabelVbss, kUnknownLabel}) {
    EXPECT_EQ(ClassifyStream(RowOf(label)), QualityClass::kUnclassified) << label;
  }
  // A metric of another rule does not classify.
  EXPECT_EQ(ClassifyStream(RowWith(kLabelAudio, Field::kJitterMax, 900)),
            QualityClass::kUnclassified);
  EXPECT_EQ(ClassifyStream(RowWith(kLabelVideo, Field::kJitter, 900)), QualityClass::kUnclassified);
}

TEST(ClassifyStream, SourceVerdictFillsOnlyAGap) {
  StreamRow row = RowOf(kLabelAudio);
  row.Set(Field::kClassifiedPoor, 1);
  EXPECT_EQ(ClassifyStream(row), QualityClass::kPoor);
  row.Set(Field::kClassifiedPoor, 0);
  EXPECT_EQ(ClassifyStream(row), QualityClass::kGood);
  SetMetric(row, Field::kJitter, 31);
  EXPECT_EQ(ClassifyStream(row), QualityClass::kPoor);
  row.Set(Field::kClassifiedPoor, 1);
  SetMetric(row, Field::kJitter, 3);
  EXPECT_EQ(ClassifyStream(row), QualityClass::kGood);
}

TEST(ClassifyStream, VbssFirstMetricOfTheLadderDecides) {
  StreamRow row = RowWith(kLabelVbss, Field::kLocalFrameLoss, 50);
  SetMetric(row, Field::kInboundFrameRate, 1);
  SetMetric(row, Field::kPostFecLoss, 0.9);
  EXPECT_EQ(ClassifyStream(row), QualityClass::kGood);
  row.Set(Field::kLocalFrameLoss, kNull);
  EXPECT_EQ(ClassifyStream(row), QualityClass::kPoor);
  SetMetric(row, Field::kInboundFrameRate, 2);
  EXPECT_EQ(ClassifyStream(row), QualityClass::kGood);
  row.Set(Field::kInboundFrameRate, kNull);
  EXPECT_EQ(ClassifyStream(row), QualityClass::kPoor);
}

TEST(ClassifyStreamJpdr, LeavesOutConcealedSamples) {
  for (const LimitCase& c : kLimitCases) {
    SCOPED_TRACE(InfoOf(c.field).column);
    const QualityClass good = ClassifyStreamJpdr(RowWith(c.media_label, c.field, c.good));
    const QualityClass poor = ClassifyStreamJpdr(RowWith(c.media_label, c.field, c.poor));
    EXPECT_EQ(good, c.in_jpdr ? QualityClass::kGood : QualityClass::kUnclassified);
    EXPECT_EQ(poor, c.in_jpdr ? QualityClass::kPoor : QualityClass::kUnclassified);
  }
}

TEST(ClassifyStreamJpdr, IsNeverTakenFromTheSource) {
  StreamRow row = RowOf(kLabelAudio);
  row.Set(Field::kClassifiedPoor, 1);
  EXPECT_EQ(ClassifyStreamJpdr(row), QualityClass::kUnclassified);
}

TEST(MediaTypeOf, DocumentedLabels) {
  EXPECT_EQ(MediaTypeOf(RowOf(0)), MediaType::kAudio);
  EXPECT_EQ(MediaTypeOf(RowOf(1)), MediaType::kVideo);
  EXPECT_EQ(MediaTypeOf(RowOf(2)), MediaType::kVideo);
  EXPECT_EQ(MediaTypeOf(RowOf(3)), MediaType::kAppSharing);
  EXPECT_EQ(MediaTypeOf(RowOf(4)), MediaType::kVideo);
  EXPECT_EQ(MediaTypeOf(RowOf(16)), MediaType::kVbss);
}

TEST(MediaTypeOf, UnknownLabelsGoByTheirMetrics) {
  EXPECT_EQ(MediaTypeOf(RowOf(kUnknownLabel)), MediaType::kOther);
  EXPECT_EQ(MediaTypeOf(RowOf(-1)), MediaType::kOther);
  EXPECT_EQ(MediaTypeOf(RowWith(kUnknownLabel, Field::kJitter, 3)), MediaType::kOther);
  EXPECT_EQ(MediaTypeOf(RowWith(kUnknownLabel, Field::kConcealed, 0.1)), MediaType::kAudio);
  EXPECT_EQ(MediaTypeOf(RowWith(kUnknownLabel, Field::kInboundFrameRate, 3)), MediaType::kVideo);
  EXPECT_EQ(MediaTypeOf(RowWith(kUnknownLabel, Field::kSpoiledTile, 3)), MediaType::kAppSharing);
}

QualityClass LegClass(const StreamRow& row) {
  return static_cast<QualityClass>(row.Get(Field::kLegClass));
}

TEST(ClassifySession, OnePoorStreamMakesItsLegPoor) {
  std::vector<StreamRow> rows = {
      RowWith(kLabelAudio, Field::kJitter, 2), RowWith(kLabelVideo, Field::kLocalFrameLoss, 1),
      RowWith(kLabelAudio, Field::kConcealed, 0.09), RowOf(kLabelVideo), RowOf(kLabelSharing)};
  ClassifySession(rows);
  EXPECT_EQ(LegClass(rows[0]), QualityClass::kPoor);
  EXPECT_EQ(LegClass(rows[2]), QualityClass::kPoor);
  EXPECT_EQ(LegClass(rows[1]), QualityClass::kGood);
  EXPECT_EQ(LegClass(rows[3]), QualityClass::kGood);
  EXPECT_EQ(LegClass(rows[4]), QualityClass::kUnclassified);
  // Without the concealed samples the audio leg is good.
  EXPECT_EQ(rows[0].Get(Field::kLegClassJpdr), static_cast<Value>(QualityClass::kGood));
  EXPECT_EQ(rows[2].Get(Field::kLegClassJpdr), static_cast<Value>(QualityClass::kGood));
  EXPECT_EQ(rows[1].Get(Field::kLegClassJpdr), static_cast<Value>(QualityClass::kUnclassified));
  for (const StreamRow& row : rows) EXPECT_EQ(row.Get(Field::kSessionMedia), 0b0111);
}

TEST(ClassifySession, SourceVerdictCountsOnlyForALegWithoutMetrics) {
  std::vector<StreamRow> rows = {RowWith(kLabelAudio, Field::kJitter, 2), RowOf(kLabelAudio),
                                 RowOf(kLabelVideo), RowOf(kLabelVbss)};
  for (StreamRow& row : rows) row.Set(Field::kClassifiedPoor, 1);
  ClassifySession(rows);
  EXPECT_EQ(LegClass(rows[0]), QualityClass::kGood);
  EXPECT_EQ(LegClass(rows[1]), QualityClass::kGood);
  EXPECT_EQ(LegClass(rows[2]), QualityClass::kPoor);
  EXPECT_EQ(rows[0].Get(Field::kSessionMedia), 0b1011);
}

TEST(ClassifySession, RepeatsWithoutChangeAndTakesAnEmptySession) {
  std::vector<StreamRow> rows = {RowWith(kLabelAudio, Field::kRoundTrip, 800), RowOf(kLabelAudio)};
  ClassifySession(rows);
  const std::vector<StreamRow> once = rows;
  ClassifySession(rows);
  EXPECT_EQ(rows, once);
  ClassifySession({});
}

}  // namespace
}  // namespace cqd::model
