#include "cube/internal/columnar_groups.h"

#include "base/check.h"

namespace cqd::cube {
namespace {

// Digits of one stage: together with a 32-bit number of the tuple's beginning they fit 64 bits.
constexpr std::uint64_t kDigitsMax = std::uint64_t{1} << 31;

}  // namespace

GroupShape::GroupShape(std::vector<std::uint64_t> member_counts)
    : member_counts_(std::move(member_counts)) {
  std::uint64_t product = 1;
  stages_.emplace_back().base = 0;
  for (std::size_t d = 0; d < member_counts_.size(); ++d) {
    const std::uint64_t count = member_counts_[d];
    CQD_CHECK(count >= 1 && count < kDigitsMax);
    // The first stage may use all 64 bits.
    const std::uint64_t limit = stages_.size() == 1 ? kDigitsMax * kDigitsMax : kDigitsMax;
    if (product > limit / count) {
      Stage next;
      next.first_dimension = d;
      next.base = kDigitsMax;
      stages_.push_back(std::move(next));
      product = 1;
    }
    stages_.back().strides.push_back(product);
    ++stages_.back().dimension_count;
    product *= count;
  }
  is_array_ = stages_.size() == 1 && product <= kArrayMax;
  array_size_ = is_array_ ? product : 0;
}

void GroupNumbers::Number(std::size_t stage, std::span<const std::uint64_t> keys,
                          std::uint32_t* numbers) {
  if (shape_->is_array()) {
    for (std::size_t k = 0; k < keys.size(); ++k) numbers[k] = static_cast<std::uint32_t>(keys[k]);
    return;
  }
  tables_[stage].NumberAll(keys, numbers);
}

std::uint32_t GroupNumbers::NumberOf(std::span<const std::uint32_t> tuple) {
  std::uint32_t number = 0;
  for (std::size_t s = 0; s < shape_->stages().size(); ++s) {
    const GroupShape::Stage& stage = shape_->stages()[s];
    std::uint64_t key = number * stage.base;
    for (std::size_t i = 0; i < stage.dimension_count; ++i) {
      key += tuple[stage.first_dimension + i] * stage.strides[i];
    }
    Number(s, {&key, 1}, &number);
  }
  return number;
}

void GroupNumbers::TupleOf(std::uint32_t number, std::span<std::uint32_t> tuple) const {
  for (std::size_t s = shape_->stages().size(); s-- > 0;) {
    const GroupShape::Stage& stage = shape_->stages()[s];
    std::uint64_t key = shape_->is_array() ? number : tables_[s].keys()[number];
    if (stage.base != 0) {
      number = static_cast<std::uint32_t>(key / stage.base);
      key %= stage.base;
    }
    for (std::size_t i = 0; i < stage.dimension_count; ++i) {
      const std::size_t d = stage.first_dimension + i;
      tuple[d] = static_cast<std::uint32_t>(key / stage.strides[i] % shape_->member_counts()[d]);
    }
  }
}

std::size_t GroupNumbers::size() const {
  return shape_->is_array() ? shape_->array_size() : tables_.back().size();
}

}  // namespace cqd::cube
