// Numbers for groups: a tuple of member numbers, one a dimension, becomes one small number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "column/group_table.h"

namespace cqd::cube {

/// How tuples become numbers. While the product of the member counts is small the number is the
/// tuple read as digits (an array of groups); else hash tables number the tuples that occur. When
/// the digits of all dimensions do not fit 64 bits, several stages follow one another, each hashing
/// the number of the tuple's beginning with the next digits.
class GroupShape {
 public:
  /// Groups of an array; more are hashed. Source: reference/performance-anchors.md "Recommended
  /// design" 4.
  static constexpr std::uint64_t kArrayMax = 65'536;

  struct Stage {
    std::size_t first_dimension = 0;
    std::size_t dimension_count = 0;
    std::uint64_t base =
        1;  ///< weight of the number of the tuple's beginning: 0 in the first stage
    std::vector<std::uint64_t> strides;  ///< of its dimensions
  };

  /// `member_counts`: members of each dimension, at least 1 each and below 2^31.
  explicit GroupShape(std::vector<std::uint64_t> member_counts);
  bool is_array() const { return is_array_; }
  /// Groups of the array; precondition: is_array().
  std::size_t array_size() const { return array_size_; }
  const std::vector<Stage>& stages() const { return stages_; }
  const std::vector<std::uint64_t>& member_counts() const { return member_counts_; }

 private:
  std::vector<std::uint64_t> member_counts_;
  std::vector<Stage> stages_;
  bool is_array_ = true;
  std::size_t array_size_ = 1;
};

/// The groups one thread has seen. Threads: one at a time.
class GroupNumbers {
 public:
  explicit GroupNumbers(const GroupShape& shape) : shape_(&shape), tables_(shape.stages().size()) {}

  /// Turns the keys of a stage (digits times strides, plus the number of the stage before times
  /// base) into numbers.
  void Number(std::size_t stage, std::span<const std::uint64_t> keys, std::uint32_t* numbers);
  /// The number of a whole tuple.
  std::uint32_t NumberOf(std::span<const std::uint32_t> tuple);
  /// The tuple behind a number.
  void TupleOf(std::uint32_t number, std::span<std::uint32_t> tuple) const;
  /// Numbers given so far; the whole array when it is one.
  std::size_t size() const;

 private:
  const GroupShape* shape_;
  std::vector<column::GroupTable> tables_;  // by stage; unused for an array
};

}  // namespace cqd::cube
