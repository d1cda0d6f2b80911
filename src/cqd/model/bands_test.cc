// Promises: every published band comes out exactly; bands join without gap; text order is value
// order.
#include "model/bands.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace cqd::model {
namespace {

TEST(BandOf, PublishedMembers) {
  struct Case {
    BandKind kind;
    double value;
    const char* text;
  };
  // reference/cube-model.md 2.8, every observed member.
  const Case cases[] = {
      {BandKind::kInteger, 0, "062: [0 - 0)"},
      {BandKind::kInteger, 1, "064: [1 - 2)"},
      {BandKind::kInteger, 2, "065: [2 - 3)"},
      {BandKind::kInteger, 3, "066: [3 - 4)"},
      {BandKind::kInteger, 17, "070: [15 - 20)"},
      {BandKind::kInteger, 360, "098: [350 - 375)"},
      {BandKind::kInteger, 7, "068: [5 - 10)"},
      {BandKind::kInteger, 95, "081: [90 - 100)"},
      {BandKind::kInteger, -47, "048: [-50 - -45)"},
      {BandKind::kInteger, -12, "055: [-15 - -10)"},
      {BandKind::kInteger, -10, "056: [-10 - -5)"},
      {BandKind::kRatio, 0.005, "014: [0 - 0.01)"},
      {BandKind::kRatio, 0.015, "015: [0.01 - 0.02)"},
      {BandKind::kRatio, 0.02, "016: [0.02 - 0.03)"},
      {BandKind::kRatio, 0.03, "017: [0.03 - 0.04)"},
      {BandKind::kRatio, 0.75, "037: [0.75 - 0.8)"},
      {BandKind::kRatio, 0.999999, "041: [0.95 - 1)"},
      {BandKind::kRatio, 1.8, "050: [1.8 - 1.9)"},
      {BandKind::kMos, 4.45, "076: [4.4 - 4.5)"},
      {BandKind::kFine, 13.9999, "099: [13.5 - 14)"},
      {BandKind::kFine, 15.5, "103: [15.5 - 16)"},
      {BandKind::kFine, 25, "122: [25 - 25.5)"},
      {BandKind::kFine, 34, "140: [34 - 34.5)"},
      {BandKind::kFine, 84.9, "160: [80 - 85)"},
      {BandKind::kBandwidth, 265000, "026: [260000 - 270000)"},
  };
  for (const Case& c : cases) EXPECT_EQ(BandOf(c.kind, c.value).text, c.text);
}

TEST(BandOf, MembersBetweenTheObservedOnes) {
  EXPECT_EQ(BandOf(BandKind::kInteger, 0.4).text, "063: [0 - 1)");
  EXPECT_EQ(BandOf(BandKind::kInteger, -0.4).text, "061: [-1 - 0)");
  EXPECT_EQ(BandOf(BandKind::kInteger, 100).text, "082: [100 - 110)");
  EXPECT_EQ(BandOf(BandKind::kInteger, 200).text, "092: [200 - 225)");
  EXPECT_EQ(BandOf(BandKind::kInteger, 1000).text, "114: [1000 - 1100)");
  EXPECT_EQ(BandOf(BandKind::kRatio, 0).text, "013: [0 - 0)");
  EXPECT_EQ(BandOf(BandKind::kRatio, 0.1).text, "024: [0.1 - 0.15)");
  EXPECT_EQ(BandOf(BandKind::kRatio, 1).text, "042: [1 - 1.1)");
  EXPECT_EQ(BandOf(BandKind::kMos, 5).text, "082: [5 - 5.1)");
  EXPECT_EQ(BandOf(BandKind::kFine, 0).text, "071: [0 - 0)");
  EXPECT_EQ(BandOf(BandKind::kFine, 100).text, "164: [100 - 110)");
  EXPECT_EQ(BandOf(BandKind::kBandwidth, 0).text, "000: [0 - 10000)");
  EXPECT_EQ(BandOf(BandKind::kBandwidth, 1e9).text, "370: [1000000000 - 1100000000)");
}

constexpr BandKind kKinds[] = {BandKind::kInteger, BandKind::kRatio, BandKind::kMos,
                               BandKind::kFine, BandKind::kBandwidth};

TEST(AllBands, JoinWithoutGapAndSortAsText) {
  for (const BandKind kind : kKinds) {
    const std::span<const Band> bands = AllBands(kind);
    for (std::size_t i = 0; i < bands.size(); ++i) {
      // The band above an exact zero starts where the zero band is.
      const bool after_zero = i > 0 && bands[i - 1].high == bands[i - 1].low;
      EXPECT_EQ(&BandOf(kind, bands[i].low), &bands[after_zero ? i - 1 : i]) << bands[i].text;
      if (i == 0) continue;
      EXPECT_EQ(bands[i].low, bands[i - 1].high) << bands[i].text;
      EXPECT_EQ(bands[i].order, bands[i - 1].order + 1);
      EXPECT_LT(bands[i - 1].text, bands[i].text);
    }
  }
}

TEST(BandOf, CoversEveryRangeOfAField) {
  // Greatest values of the fields that use the kind, model/fields.h; a day of seconds for
  // durations.
  EXPECT_GE(AllBands(BandKind::kInteger).back().high, 3.6e6);
  EXPECT_LE(AllBands(BandKind::kInteger).front().low, -200);
  EXPECT_GE(AllBands(BandKind::kRatio).back().high, 3600);
  EXPECT_GT(AllBands(BandKind::kMos).back().high, 5);
  EXPECT_GE(AllBands(BandKind::kFine).back().high, 3.6e6);
  EXPECT_GE(AllBands(BandKind::kBandwidth).back().high, 1e13);
}

TEST(BandOf, EveryNumberHasItsBand) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> exponent(-7, 15);
  for (const BandKind kind : kKinds) {
    const Band& last = AllBands(kind).back();
    const Band& first = AllBands(kind).front();
    for (int n = 0; n < 20000; ++n) {
      const double value = std::pow(10.0, exponent(random)) * (n % 2 == 0 ? 1 : -1);
      const Band& band = BandOf(kind, value);
      EXPECT_TRUE((band.low <= value && value < band.high) ||
                  (&band == &last && value >= last.high) || (&band == &first && value < first.low))
          << value << " " << band.text;
    }
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(&BandOf(kind, kInfinity), &last);
    EXPECT_EQ(&BandOf(kind, -kInfinity), &first);
    EXPECT_EQ(&BandOf(kind, std::nan("")), &BandOf(kind, 0));
  }
}

}  // namespace
}  // namespace cqd::model
