#include "column/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <random>
#include <vector>

#include "column/group_table.h"

namespace cqd::column {
namespace {

TEST(Kernels, SimplestSetKnowsIntervals) {
  using Kind = CodeSet::Kind;
  const auto kind_of = [](std::vector<Mask> table) { return SimplestSet(table).kind; };
  EXPECT_EQ(kind_of({0, 0, 0}), Kind::kNone);
  EXPECT_EQ(kind_of({}), Kind::kNone);
  EXPECT_EQ(kind_of({1, 1}), Kind::kAll);
  EXPECT_EQ(kind_of({0, 1, 1}), Kind::kIntervals);
  EXPECT_EQ(kind_of({1, 0, 1, 0, 1, 0, 1}), Kind::kIntervals);
  EXPECT_EQ(kind_of({1, 0, 1, 0, 1, 0, 1, 0, 1}), Kind::kTable);
  const std::vector<Mask> table = {0, 1, 1, 0, 1};
  EXPECT_EQ(SimplestSet(table).intervals, (std::vector<Interval>{{1, 2}, {4, 4}}));
}

template <typename T>
class KernelsOf : public testing::Test {};
using CodeTypes = testing::Types<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(KernelsOf, CodeTypes);

TYPED_TEST(KernelsOf, FiltersAgreeWithTheDefinition) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    const std::size_t code_count = 1 + random() % 200;
    std::vector<Mask> table(code_count);
    const std::uint64_t share = random() % 5;
    for (Mask& bit : table) bit = random() % 4 < share ? 1 : 0;
    if (round % 2 == 0) {  // a few codes, or a few stretches of them: each has a way of its own
      std::fill(table.begin(), table.end(), Mask{0});
      const std::size_t longest = round % 4 == 0 ? 1 : 9;
      for (std::size_t n = 1 + random() % 4; n-- > 0;) {
        const std::size_t first = random() % code_count;
        const std::size_t last = std::min(code_count, first + 1 + random() % longest);
        for (std::size_t code = first; code < last; ++code) table[code] = 1;
      }
    }
    std::vector<TypeParam> codes(1 + random() % 8192);
    for (TypeParam& code : codes) code = static_cast<TypeParam>(random() % code_count);
    std::vector<Mask> start(codes.size());
    for (Mask& bit : start) bit = random() % 2;
    const CodeSet set = SimplestSet(table);
    std::vector<Mask> anded = start, ored = start;
    AndSet(codes.data(), codes.size(), set, anded.data());
    OrSet(codes.data(), codes.size(), set, ored.data());
    std::vector<std::uint16_t> expected, selection(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      ASSERT_EQ(anded[i], start[i] & table[codes[i]]);
      ASSERT_EQ(ored[i], start[i] | table[codes[i]]);
      if (anded[i] != 0) expected.push_back(static_cast<std::uint16_t>(i));
    }
    selection.resize(Select(anded.data(), anded.size(), selection.data()));
    ASSERT_EQ(selection, expected);
    std::vector<std::uint32_t> values(code_count);
    for (std::uint32_t& value : values) value = static_cast<std::uint32_t>(random());
    std::vector<std::uint64_t> sums(selection.size(), 5);
    std::vector<std::uint32_t> gathered(selection.size());
    AddGathered(codes.data(), selection.data(), selection.size(), values.data(), 3, sums.data());
    Gather(codes.data(), selection.data(), selection.size(), values.data(), gathered.data());
    for (std::size_t k = 0; k < selection.size(); ++k) {
      const std::uint32_t value = values[codes[selection[k]]];
      ASSERT_EQ(gathered[k], value);
      ASSERT_EQ(sums[k], 5 + std::uint64_t{value} * 3);
    }
  }
}

TYPED_TEST(KernelsOf, FlagsAgreeWithTheDefinition) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  constexpr std::uint64_t kMost = std::numeric_limits<TypeParam>::max();
  for (int round = 0; round < 300; ++round) {
    std::vector<TypeParam> codes(random() % 200);
    for (TypeParam& code : codes) {
      code = static_cast<TypeParam>(random() % 3 == 0 ? kMost - random() % 2 : random() % 300);
    }
    CodeFlags f{random() % 3, random() % 300, random() % 300, 3, 12};
    if (random() % 5 == 0) f.broken_to = kMost;
    f.broken_from = std::min(f.broken_from, kMost);
    f.broken_to = std::min(f.broken_to, kMost);
    std::vector<std::uint16_t> flags(codes.size(), 64);
    OrFlags(codes.data(), codes.size(), f, flags.data());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const int measured = codes[i] >= f.measured_from ? 3 : 0;
      const int broken = codes[i] >= f.broken_from && codes[i] <= f.broken_to ? 12 : 0;
      ASSERT_EQ(flags[i], 64 | measured | broken) << "code " << std::uint64_t{codes[i]};
    }
  }
}

TEST(Kernels, DeadRowsAreCleared) {
  const std::vector<std::uint64_t> dead = {0, 0b101, std::uint64_t{1} << 63};
  std::vector<Mask> mask(130, 1);
  ClearDead(dead, 64, 100, mask.data());
  for (std::size_t i = 0; i < mask.size(); ++i) {
    EXPECT_EQ(mask[i], i == 0 || i == 2 ? 0 : 1) << i;
  }
  ClearDead(dead, 64, 128, mask.data());
  EXPECT_EQ(mask[127], 0);
  EXPECT_EQ(mask[128], 1);
}

TEST(Kernels, CountsClassesOfGroups) {
  const std::vector<std::uint32_t> group = {0, 1, 1, 1}, class_of = {1, 0, 0, 1};
  std::vector<std::int64_t> counts(4);
  CountClasses(group.data(), class_of.data(), 4, 2, counts.data());
  EXPECT_EQ(counts, (std::vector<std::int64_t>{0, 1, 2, 1}));
}

// Promise: sums by row and sums by run are those of the values, whatever the encoding.
TEST(Kernels, SumsByRowAndByRunAgree) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  constexpr std::size_t kRows = 5'000;
  for (const std::int64_t step : {0, 1, 300, 1'000'000}) {
    for (const unsigned nulls : {0U, 1U, 100U}) {  // in a hundred
      std::vector<std::int64_t> values(kRows);
      for (std::int64_t& value : values) {
        value = static_cast<std::int64_t>(random() % 200) * step - 50;
        if (random() % 100 < nulls) value = kNull;
      }
      SegmentWriter writer(kRows);
      writer.Add("v", values);
      const auto bytes =
          std::make_shared<const std::vector<std::byte>>(std::move(writer).Finish({}));
      const auto segment = *Segment::Open(*bytes, bytes);
      std::vector<std::uint16_t> selection;
      std::vector<std::uint32_t> group;
      std::vector<std::int64_t> sums(7), numbers(7), run_sums(7), run_numbers(7), expected(7),
          expected_numbers(7);
      for (std::uint16_t row = 0; row < kRows; ++row) {
        // With gaps first, then without.
        if (row < kRows / 3 && random() % 3 == 0) continue;
        selection.push_back(row);
        group.push_back(
            static_cast<std::uint32_t>(row < kRows / 2 ? row / 100 % 7 : row / 700 % 7));
        if (values[row] == kNull) continue;
        expected[group.back()] += values[row];
        ++expected_numbers[group.back()];
      }
      const ColumnView& view = *segment->Find("v");
      AddValues(view, 0, selection.data(), selection.size(), group.data(), sums.data(),
                numbers.data());
      std::vector<GroupRun> runs;
      ASSERT_TRUE(FindRuns(group.data(), group.size(), runs));
      EXPECT_EQ(runs.size(), 29U);
      AddRuns(view, 0, selection.data(), runs, run_sums.data(), run_numbers.data());
      EXPECT_EQ(sums, expected);
      EXPECT_EQ(numbers, expected_numbers);
      EXPECT_EQ(run_sums, expected);
      EXPECT_EQ(run_numbers, expected_numbers);
    }
  }
  const std::vector<std::uint32_t> changing = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  std::vector<GroupRun> runs;
  EXPECT_FALSE(FindRuns(changing.data(), changing.size(), runs));
}

TEST(GroupTable, NumbersAreStableAndDense) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  GroupTable table;
  std::map<std::uint64_t, std::uint32_t> expected;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t key = (random() % 20'000) << (random() % 3 * 20);
    const auto [at, added] = expected.emplace(key, static_cast<std::uint32_t>(expected.size()));
    ASSERT_EQ(table.NumberOf(key), at->second);
  }
  EXPECT_EQ(table.size(), expected.size());
  for (const auto& [key, number] : expected) {
    EXPECT_EQ(table.keys()[number], key);
    EXPECT_EQ(table.Find(key), number);
  }
  EXPECT_EQ(table.Find(~std::uint64_t{0}), GroupTable::kMissing);
}

TEST(GroupTable, ManyAtOnceAreOneByOne) {
  constexpr unsigned kSeed = 17;
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  // From tables in the cache to tables out of it; bunches begin and end anywhere.
  GroupTable one, many;
  for (int round = 0; round < 60; ++round) {
    std::vector<std::uint64_t> keys(random() % 3000);
    for (std::uint64_t& key : keys) key = random() % 50'000;
    std::vector<std::uint32_t> found(keys.size()), numbers(keys.size());
    many.FindAll(keys, found.data());
    for (std::size_t k = 0; k < keys.size(); ++k) ASSERT_EQ(found[k], one.Find(keys[k]));
    many.NumberAll(keys, numbers.data());
    for (std::size_t k = 0; k < keys.size(); ++k) ASSERT_EQ(numbers[k], one.NumberOf(keys[k]));
  }
  EXPECT_EQ(many.keys(), one.keys());
  EXPECT_GT(many.size(), 16'384u);
}

}  // namespace
}  // namespace cqd::column
