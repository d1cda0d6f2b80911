#include "column/recode.h"

#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <random>

namespace cqd::column {
namespace {

using Values = std::vector<std::int64_t>;

struct Stored {
  std::shared_ptr<const std::vector<std::byte>> bytes;
  std::shared_ptr<const Segment> segment;
  const ColumnView& operator[](const char* name) const { return *segment->Find(name); }
};

Stored Store(const std::vector<std::pair<const char*, Values>>& columns) {
  SegmentWriter writer(columns.front().second.size());
  for (const auto& [name, values] : columns) writer.Add(name, values);
  Stored stored;
  stored.bytes = std::make_shared<const std::vector<std::byte>>(std::move(writer).Finish({}));
  stored.segment = *Segment::Open(*stored.bytes, stored.bytes);
  return stored;
}

Values RandomValues(std::mt19937_64& random, std::size_t count, std::uint64_t kinds,
                    std::int64_t step) {
  Values values(count);
  for (std::int64_t& value : values) {
    const auto kind = static_cast<std::int64_t>(random() % (kinds + 1));
    value = kind == 0 ? kNull : kind * step;
  }
  return values;
}

// Promise: the tuple of a row's code is what the row holds, for every width of codes.
TEST(Tuples, EachRowHasItsValues) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  constexpr std::size_t kRows = 20'000;
  const Stored stored = Store({{"constant", Values(kRows, 7)},
                               {"nulls", Values(kRows, kNull)},
                               {"byte", RandomValues(random, kRows, 5, 1)},
                               {"two", RandomValues(random, kRows, 3'000, 1)},
                               {"dictionary", RandomValues(random, kRows, 900, 1'000'000)},
                               {"wide", RandomValues(random, kRows, 1'000'000, 5'000)}});
  const char* const kNames[] = {"constant", "nulls", "byte", "two", "dictionary", "wide"};
  for (const char* first : kNames) {
    for (const char* second : {"", "constant", "byte", "two", "wide"}) {
      const ColumnView& a = stored[first];
      const ColumnView* b = *second == '\0' ? nullptr : &stored[second];
      const Tuples tuples = TuplesOf(a, b);
      ASSERT_EQ(tuples.codes.view().row_count, kRows);
      ASSERT_EQ(tuples.codes.view().code_max() + 1, tuples.values.size());
      for (std::size_t row = 0; row < kRows; ++row) {
        const auto& tuple = tuples.values[tuples.codes.view().CodeAt(row)];
        ASSERT_EQ(tuple[0], a.At(row)) << first << ' ' << second << ' ' << row;
        ASSERT_EQ(tuple[1], b == nullptr ? kNull : b->At(row)) << first << ' ' << second;
      }
    }
  }
}

TEST(MadeCodes, RecodesAndKeepsItsViewWhenMoved) {
  const Stored stored = Store({{"a", {3, 1, 2, 3, 1}}});
  const ColumnView& a = stored["a"];
  std::vector<std::uint32_t> code_of(a.code_max() + 1, 0);
  code_of[a.CodeOf(3)] = 1;
  MadeCodes first(a, code_of, 2);
  const MadeCodes made = std::move(first);
  EXPECT_EQ(made.view().width, 1);
  EXPECT_EQ(made.byte_count(), 5U);
  const Values expected = {1, 0, 0, 1, 0};
  for (std::size_t row = 0; row < expected.size(); ++row) {
    EXPECT_EQ(made.view().At(row), expected[row]);
  }
  const MadeCodes wide(std::vector<std::uint32_t>{70'000, 0}, 70'001);
  EXPECT_EQ(wide.view().width, 4);
  EXPECT_EQ(wide.view().At(0), 70'000);
  const MadeCodes constant(std::vector<std::uint32_t>{0, 0}, 1);
  EXPECT_EQ(constant.view().width, 0);
  EXPECT_EQ(constant.view().At(1), 0);
}

}  // namespace
}  // namespace cqd::column
