#include "column/segment.h"

#include <gtest/gtest.h>

#include <iostream>
#include <random>

namespace cqd::column {
namespace {

using Values = std::vector<std::int64_t>;

std::shared_ptr<const Segment> OpenCopy(std::vector<std::byte> bytes) {
  auto owned = std::make_shared<std::vector<std::byte>>(std::move(bytes));
  auto segment = Segment::Open(*owned, owned);
  EXPECT_TRUE(segment.ok()) << segment.error().ToString();
  return *segment;
}

Values ReadBack(const ColumnView& view) {
  Values values(view.row_count);
  for (std::size_t row = 0; row < values.size(); ++row) values[row] = view.At(row);
  return values;
}

std::shared_ptr<const Segment> SegmentOf(const Values& values, bool with_zones = false) {
  SegmentWriter writer(values.size());
  writer.Add("c", values, with_zones);
  return OpenCopy(std::move(writer).Finish({}));
}

TEST(Segment, EveryShapeOfColumnReadsBackAsWritten) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  struct Case {
    Values values;
    Encoding encoding;
    int width;
  };
  Values wide;
  for (std::int64_t i = 0; i < 70'000; ++i) wide.push_back(i * 1'000'000'007);
  Values wide32;
  for (std::int64_t i = 0; i < 70'000; ++i) wide32.push_back(i * 3 - 100'000);
  const std::vector<Case> cases = {
      {{kNull, kNull}, Encoding::kConstant, 0},
      {{7, 7, 7}, Encoding::kConstant, 0},
      {{kNull, 7, 7}, Encoding::kFrame, 1},
      {{-5, 250}, Encoding::kFrame, 1},
      {{-5, 250, kNull}, Encoding::kFrame, 2},
      {{-5, 60'000, kNull}, Encoding::kFrame, 2},
      {{1, 1'000'000, kNull, 1}, Encoding::kDictionary, 1},
      {{kNull + 1, kMax, kNull}, Encoding::kDictionary, 1},
      {{kNull + 1, kMax}, Encoding::kDictionary, 1},
      {wide32, Encoding::kFrame, 4},
      {wide, Encoding::kFrame, 8},
  };
  for (const Case& c : cases) {
    const auto segment = SegmentOf(c.values);
    const ColumnView* view = segment->Find("c");
    ASSERT_NE(view, nullptr);
    EXPECT_EQ(view->encoding, c.encoding);
    EXPECT_EQ(view->width, c.width);
    EXPECT_EQ(ReadBack(*view), c.values);
    Values distinct = c.values;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    EXPECT_EQ(DistinctValues(*view), distinct);
  }
}

TEST(Segment, ExtremesWithManyDistinctValuesUseEightBytes) {
  Values values = {kNull, kNull + 1, std::numeric_limits<std::int64_t>::max()};
  for (std::int64_t i = 0; i < 70'000; ++i) values.push_back(i * i * i);
  const auto segment = SegmentOf(values);
  EXPECT_EQ(segment->Find("c")->width, 8);
  EXPECT_EQ(ReadBack(*segment->Find("c")), values);
}

TEST(Segment, DictionaryCountsItsValues) {
  const auto segment = SegmentOf({1'000'000, kNull, 5, 5, kNull, 5});
  const ColumnView& view = *segment->Find("c");
  EXPECT_EQ(Values(view.dictionary.begin(), view.dictionary.end()), (Values{kNull, 5, 1'000'000}));
  EXPECT_EQ(std::vector<std::uint32_t>(view.occurrences.begin(), view.occurrences.end()),
            (std::vector<std::uint32_t>{2, 3, 1}));
  EXPECT_EQ(view.null_count, 2);
}

TEST(Segment, ZonesHoldTheExtentOfEachBlock) {
  Values values(kBlockRows + 2, 3);
  values[1] = -4;
  values[kBlockRows] = kNull;
  values[kBlockRows + 1] = 9;
  const auto segment = SegmentOf(values, true);
  const auto zones = segment->Find("c")->zones;
  ASSERT_EQ(zones.size(), 2U);
  EXPECT_EQ(zones[0].min, -4);
  EXPECT_EQ(zones[0].max, 3);
  EXPECT_EQ(zones[0].null_count, 0);
  EXPECT_EQ(zones[1].min, 9);
  EXPECT_EQ(zones[1].max, 9);
  EXPECT_EQ(zones[1].null_count, 1);
}

// Lengths that vectors do not divide, nulls anywhere, the extremes of 64 bits.
TEST(Segment, ZonesAreThoseOfThePlainLoop) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kRare[] = {kNull + 1, kMost, kMost - 1, 0};
  for (int round = 0; round < 60; ++round) {
    Values values(1 + random() % (round % 3 == 0 ? 20'000 : 40));
    const unsigned nulls = static_cast<unsigned>(random() % 101), width = random() % 64;
    for (std::int64_t& value : values) {
      value = static_cast<std::int64_t>(random() >> width) - 1000;
      if (random() % 50 == 0) value = kRare[random() % std::size(kRare)];
      if (random() % 100 < nulls) value = kNull;
    }
    const auto segment = SegmentOf(values, true);
    const ColumnView& view = *segment->Find("c");
    Zone all{kMost, kNull, 0};
    for (std::size_t begin = 0, block = 0; begin < values.size(); begin += kBlockRows, ++block) {
      Zone zone{kMost, kNull, 0};
      for (std::size_t i = begin; i < std::min(values.size(), begin + kBlockRows); ++i) {
        zone.null_count += values[i] == kNull ? 1 : 0;
        if (values[i] == kNull) continue;
        zone.min = std::min(zone.min, values[i]);
        zone.max = std::max(zone.max, values[i]);
      }
      all = {std::min(all.min, zone.min), std::max(all.max, zone.max),
             all.null_count + zone.null_count};
      if (view.zones.empty()) continue;  // one value only
      EXPECT_EQ(view.zones[block].min, zone.min);
      EXPECT_EQ(view.zones[block].max, zone.max);
      EXPECT_EQ(view.zones[block].null_count, zone.null_count);
    }
    EXPECT_EQ(view.null_count, all.null_count);
    if (all.min > all.max) continue;
    EXPECT_EQ(view.min, all.min);
    EXPECT_EQ(view.max, all.max);
  }
}

TEST(Segment, PropertiesAndMissingColumns) {
  SegmentWriter writer(1);
  writer.AddConstant("x", 4);
  const auto segment = OpenCopy(std::move(writer).Finish({{"row_id_max", 17}}));
  EXPECT_EQ(segment->Property("row_id_max", 0), 17);
  EXPECT_EQ(segment->Property("none", -1), -1);
  EXPECT_EQ(segment->Find("y"), nullptr);
  EXPECT_EQ(segment->Find("x")->At(0), 4);
}

TEST(Segment, RandomColumnsReadBackAsWritten) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    Values values(1 + random() % 3000);
    const int shift = static_cast<int>(random() % 64);
    const std::uint64_t null_share = random() % 4;
    for (std::int64_t& value : values) {
      value = static_cast<std::int64_t>(random()) >> shift;
      if (random() % 4 < null_share) value = kNull;
    }
    const auto segment = SegmentOf(values, true);
    ASSERT_EQ(ReadBack(*segment->Find("c")), values) << "shift " << shift;
  }
}

// Promise: a changed byte anywhere is found, and a cut file too.
TEST(Segment, AnyChangedByteIsFound) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  Values values(500);
  for (std::int64_t& value : values) value = static_cast<std::int64_t>(random() % 100'000'000);
  SegmentWriter writer(values.size());
  writer.Add("a", values, true);
  writer.AddConstant("b", 1);
  const std::vector<std::byte> good = std::move(writer).Finish({{"p", 1}});
  for (std::size_t place = 0; place < good.size(); ++place) {
    std::vector<std::byte> bad = good;
    bad[place] ^= static_cast<std::byte>(1 + random() % 255);
    const auto segment = Segment::Open(bad, nullptr);
    ASSERT_FALSE(segment.ok()) << "byte " << place;
    const bool version = place >= 8 && place < 12;
    if (!version) {
      ASSERT_EQ(segment.error().code, ErrorCode::kCorruption) << "byte " << place;
    }
  }
  for (std::size_t length = 0; length < good.size(); ++length) {
    ASSERT_FALSE(Segment::Open(std::span(good).first(length), nullptr).ok()) << length;
  }
}

TEST(Segment, NewerFormatIsSaidToBeNewer) {
  SegmentWriter writer(1);
  writer.AddConstant("b", 1);
  std::vector<std::byte> bytes = std::move(writer).Finish({});
  bytes[8] = std::byte{kFormatVersion + 1};
  EXPECT_EQ(Segment::Open(bytes, nullptr).error().code, ErrorCode::kUnimplemented);
}

}  // namespace
}  // namespace cqd::column
