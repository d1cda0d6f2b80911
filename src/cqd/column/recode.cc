#include "column/recode.h"

#include <cstring>

#include "base/check.h"
#include "column/group_table.h"

namespace cqd::column {
namespace {

// Pairs of codes numbered by an array instead of a hash table: 4 MB at most.
constexpr std::uint64_t kArrayMax = std::uint64_t{1} << 20;

/// Calls function(row, code) for every row.
template <typename Function>
void ForCodes(const ColumnView& view, Function&& function) {
  if (view.width == 0) {
    for (std::size_t row = 0; row < view.row_count; ++row) function(row, std::uint64_t{0});
    return;
  }
  WithCodes(view, [&](const auto* codes) {
    for (std::size_t row = 0; row < view.row_count; ++row) {
      function(row, std::uint64_t{codes[row]});
    }
  });
}

/// Numbers keys below a small limit in order of appearance.
class ArrayNumbers {
 public:
  explicit ArrayNumbers(std::uint64_t limit) : number_of_(limit, GroupTable::kMissing) {}
  std::uint32_t NumberOf(std::uint64_t key) {
    std::uint32_t& number = number_of_[key];
    if (number == GroupTable::kMissing) {
      number = static_cast<std::uint32_t>(keys_.size());
      keys_.push_back(key);
    }
    return number;
  }
  const std::vector<std::uint64_t>& keys() const { return keys_; }

 private:
  std::vector<std::uint32_t> number_of_;
  std::vector<std::uint64_t> keys_;
};

/// Codes that fit 32 bits: the stored ones, or numbers of the wide ones.
struct Digits {
  std::vector<std::uint32_t> by_row;
  std::vector<std::uint64_t> codes;  ///< by number; empty: a number is its code
  std::uint64_t count = 1;
};

Digits DigitsOf(const ColumnView& view) {
  Digits digits;
  digits.by_row.resize(view.row_count);
  if (view.width <= 2) {
    digits.count = view.code_max() + 1;
    ForCodes(view, [&digits](std::size_t row, std::uint64_t code) {
      digits.by_row[row] = static_cast<std::uint32_t>(code);
    });
    return digits;
  }
  GroupTable numbers;
  ForCodes(view, [&](std::size_t row, std::uint64_t code) {
    digits.by_row[row] = numbers.NumberOf(code);
  });
  digits.codes = numbers.keys();
  digits.count = numbers.size();
  return digits;
}

std::int64_t ValueOf(const ColumnView& view, const Digits& digits, std::uint64_t digit) {
  return view.ValueOf(digits.codes.empty() ? digit : digits.codes[digit]);
}

}  // namespace

void MadeCodes::Shape(std::size_t row_count, std::uint32_t count) {
  CQD_CHECK(count >= 1);
  view_.row_count = row_count;
  view_.base = 0;
  view_.min = 0;
  view_.max = static_cast<std::int64_t>(count) - 1;
  if (count == 1) return;  // kConstant
  view_.encoding = Encoding::kFrame;
  view_.width = count <= 0x100 ? 1 : count <= 0x1'0000 ? 2 : 4;
  bytes_.resize(row_count * static_cast<std::size_t>(view_.width));
  view_.codes = bytes_.data();
}

MadeCodes::MadeCodes(std::span<const std::uint32_t> numbers, std::uint32_t count) {
  Shape(numbers.size(), count);
  if (view_.width == 0) return;
  WithCodes(view_, [&](const auto* typed) {
    using Code = std::remove_cvref_t<decltype(*typed)>;
    auto* out = reinterpret_cast<Code*>(bytes_.data());
    for (std::size_t row = 0; row < numbers.size(); ++row)
      out[row] = static_cast<Code>(numbers[row]);
  });
}

MadeCodes::MadeCodes(const ColumnView& from, std::span<const std::uint32_t> code_of,
                     std::uint32_t count) {
  Shape(from.row_count, count);
  if (view_.width == 0) return;
  WithCodes(view_, [&](const auto* typed) {
    using Code = std::remove_cvref_t<decltype(*typed)>;
    auto* out = reinterpret_cast<Code*>(bytes_.data());
    ForCodes(from, [&](std::size_t row, std::uint64_t code) {
      out[row] = static_cast<Code>(code_of[code]);
    });
  });
}

Tuples TuplesOf(const ColumnView& first, const ColumnView* second) {
  const Digits a = DigitsOf(first);
  const Digits b = second != nullptr ? DigitsOf(*second) : Digits();
  std::vector<std::uint32_t> numbers(first.row_count);
  std::vector<std::array<std::int64_t, 2>> values;
  const auto number_all = [&](auto table) {
    for (std::size_t row = 0; row < numbers.size(); ++row) {
      const std::uint64_t low = second != nullptr ? b.by_row[row] : 0;
      numbers[row] = table.NumberOf(a.by_row[row] * b.count + low);
    }
    for (const std::uint64_t key : table.keys()) {
      values.push_back({ValueOf(first, a, key / b.count),
                        second != nullptr ? ValueOf(*second, b, key % b.count) : kNull});
    }
  };
  if (a.count <= kArrayMax && a.count * b.count <= kArrayMax) {
    number_all(ArrayNumbers(a.count * b.count));
  } else {
    number_all(GroupTable());
  }
  const auto count = static_cast<std::uint32_t>(values.size());
  return {std::move(values), MadeCodes(numbers, count)};
}

}  // namespace cqd::column
