// Promise: columns made for queries give way to those that are asked for now, and attributes that
// take turns do not push each other out.
#include <gtest/gtest.h>

#include <iostream>
#include <set>

#include "cube/internal/columnar_index.h"
#include "cube/internal/test_corpus.h"
#include "cube/internal/test_rows.h"

namespace cqd::cube {
namespace {

const StopCheck kNeverStops = [] { return OkStatus(); };

class MadeColumnsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    constexpr unsigned kSeed = 7;
    std::cout << "seed " << kSeed << '\n';
    testing::Random random(kSeed);
    mapping_ = std::make_unique<model::Mapping>(keys_, model::CustomerTables{});
    for (int s = 0; s < 3; ++s) {
      SegmentBuilder builder(*mapping_, zone_);
      std::int64_t id = 0;
      for (int seq = 0; seq < 300; ++seq) {
        for (const model::StreamRow& row : testing::RandomSession(
                 random, keys_, model::SourceId(1), s * 1000 + seq, Month(2015, 3 + s).begin())) {
          builder.Add(row, archive::RowId(++id));
        }
      }
      auto bytes = std::make_shared<const std::vector<std::byte>>(
          std::move(builder).Finish({archive::RowId(0), archive::RowId(id)}));
      auto segment = CubeSegment::Open(*bytes, bytes);
      ASSERT_TRUE(segment.ok());
      segments_.push_back({*std::move(segment), nullptr});
    }
    // Each of a pair of columns of its own.
    std::set<std::pair<model::CubeColumn, model::CubeColumn>> pairs;
    for (const model::Attribute& attribute : model::Attributes()) {
      if (attribute.input_count != 2) continue;
      if (pairs.emplace(attribute.inputs[0], attribute.inputs[1]).second) {
        attributes_.push_back(&attribute);
      }
    }
    ASSERT_GE(attributes_.size(), 3U);
  }

  /// As a query by it does.
  static std::shared_ptr<const AttributeIndex> Use(const Indexes& indexes,
                                                   const model::Attribute& attribute,
                                                   std::span<const VisibleSegment> segments) {
    auto index = *indexes.Of(attribute, kNeverStops);
    for (std::size_t s = 0; s < segments.size(); ++s) index->NarrowByCode(segments[s], s);
    return index;
  }
  bool IsShort(const Indexes& indexes, std::size_t attribute) {
    return Use(indexes, *attributes_[attribute], segments_)->is_short();
  }
  /// What the attributes need together when nothing is short.
  std::int64_t BytesOf(std::vector<std::size_t> attributes) {
    const auto budget = std::make_shared<MemoryBudget>(std::int64_t{1} << 40);
    const Indexes indexes(segments_, *mapping_, budget, nullptr);
    for (const std::size_t attribute : attributes) {
      EXPECT_FALSE(IsShort(indexes, attribute));
    }
    const std::int64_t taken = budget->taken();
    for (const VisibleSegment& visible : segments_) visible.segment->ForgetUnused();
    EXPECT_EQ(budget->taken(), taken) << "what an index holds is in use";
    return taken;
  }

  TimeZone zone_;
  testing::TestKeys keys_;
  std::unique_ptr<model::Mapping> mapping_;
  std::vector<VisibleSegment> segments_;
  std::vector<const model::Attribute*> attributes_;
};

TEST_F(MadeColumnsTest, TheLeastRecentlyUsedGivesWay) {
  const std::int64_t first = BytesOf({0});
  const std::int64_t second = BytesOf({1});
  for (const VisibleSegment& visible : segments_) visible.segment->ForgetUnused();
  const auto budget = std::make_shared<MemoryBudget>(std::max(first, second));
  const Indexes indexes(segments_, *mapping_, budget, nullptr);
  EXPECT_FALSE(IsShort(indexes, 0));
  EXPECT_TRUE(IsShort(indexes, 1)) << "no room left";
  EXPECT_FALSE(IsShort(indexes, 1)) << "asked for again: the other one is forgotten";
  EXPECT_TRUE(IsShort(indexes, 0));
  EXPECT_FALSE(IsShort(indexes, 0));
  EXPECT_LE(budget->taken(), std::max(first, second));
}

TEST_F(MadeColumnsTest, ThoseThatTakeTurnsAreLeftInPeace) {
  const std::int64_t enough_for_one = std::max(BytesOf({0}), BytesOf({1}));
  for (const VisibleSegment& visible : segments_) visible.segment->ForgetUnused();
  const auto budget = std::make_shared<MemoryBudget>(enough_for_one);
  const Indexes indexes(segments_, *mapping_, budget, nullptr);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(IsShort(indexes, 0));
    EXPECT_TRUE(IsShort(indexes, 1));
  }
}

TEST_F(MadeColumnsTest, WhoeverStillUsesItKeepsIt) {
  const std::int64_t enough_for_one = std::max(BytesOf({0}), BytesOf({1}));
  for (const VisibleSegment& visible : segments_) visible.segment->ForgetUnused();
  const auto budget = std::make_shared<MemoryBudget>(enough_for_one);
  const Indexes indexes(segments_, *mapping_, budget, nullptr);
  const auto in_use = Use(indexes, *attributes_[0], segments_);
  EXPECT_TRUE(IsShort(indexes, 1));
  EXPECT_TRUE(IsShort(indexes, 1)) << "forgotten, but a query has it still";
  EXPECT_NE(in_use->FindByCode(0), nullptr);
  EXPECT_GT(in_use->members().size(), 0U);
}

}  // namespace
}  // namespace cqd::cube
