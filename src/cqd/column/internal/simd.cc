#include "column/internal/simd.h"

#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "column/internal/simd.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once for each instruction set.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace cqd::column::simd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <bool kOr>
inline Mask Combined(Mask mask, bool in) {
  return static_cast<Mask>(kOr ? mask | static_cast<Mask>(in) : mask & static_cast<Mask>(in));
}

template <bool kOr, typename D, typename V>
inline void CombineInto(D d, V in, Mask* mask) {
  const auto old = hn::LoadU(d, mask);
  hn::StoreU(kOr ? hn::Or(old, in) : hn::And(old, in), d, mask);
}

template <typename T>
inline bool InAny(T code, std::span<const Interval> intervals) {
  for (const Interval& interval : intervals) {
    // One unsigned comparison: codes below `first` wrap around to large ones.
    if (static_cast<T>(code - static_cast<T>(interval.first)) <=
        static_cast<T>(interval.last - interval.first))
      return true;
  }
  return false;
}

/// 1 in the lanes whose code lies in one of the intervals, else 0.
template <typename D, typename V>
inline auto OnesInAny(D d, V codes, std::span<const Interval> intervals) {
  using T = hn::TFromD<D>;
  auto ones = hn::Zero(d);
  for (const Interval& interval : intervals) {
    const auto shifted = hn::Sub(codes, hn::Set(d, static_cast<T>(interval.first)));
    const auto span = hn::Set(d, static_cast<T>(interval.last - interval.first));
    // shifted <= span, without an unsigned comparison: the lesser of the two is itself.
    const auto in = hn::Eq(hn::Min(shifted, span), shifted);
    ones = hn::Or(ones, hn::IfThenElseZero(in, hn::Set(d, T{1})));
  }
  return ones;
}

template <bool kOr>
void Intervals8(const std::uint8_t* codes, std::size_t count, const Interval* first,
                std::size_t interval_count, Mask* mask) {
  const std::span intervals(first, interval_count);
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    CombineInto<kOr>(d, OnesInAny(d, hn::LoadU(d, codes + i), intervals), mask + i);
  }
  for (; i < count; ++i) mask[i] = Combined<kOr>(mask[i], InAny(codes[i], intervals));
}

template <bool kOr>
void Intervals16(const std::uint16_t* codes, std::size_t count, const Interval* first,
                 std::size_t interval_count, Mask* mask) {
  const std::span intervals(first, interval_count);
  const hn::ScalableTag<std::uint16_t> d;
  const hn::RebindToSigned<decltype(d)> signed_d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto ones = OnesInAny(d, hn::LoadU(d, codes + i), intervals);
    CombineInto<kOr>(bytes, hn::DemoteTo(bytes, hn::BitCast(signed_d, ones)), mask + i);
  }
  for (; i < count; ++i) mask[i] = Combined<kOr>(mask[i], InAny(codes[i], intervals));
}

template <bool kOr>
void Bitmap8(const std::uint8_t* codes, std::size_t count, const std::uint8_t* bitmap, Mask* mask) {
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  alignas(16) static constexpr std::uint8_t kBits[16] = {1, 2, 4, 8, 16, 32, 64, 128,
                                                         1, 2, 4, 8, 16, 32, 64, 128};
  const auto low = hn::LoadDup128(d, bitmap), high = hn::LoadDup128(d, bitmap + 16);
  const auto bits = hn::LoadDup128(d, kBits);
  const auto seven = hn::Set(d, std::uint8_t{7}), fifteen = hn::Set(d, std::uint8_t{15});
  const auto top = hn::Set(d, std::uint8_t{128}), one = hn::Set(d, std::uint8_t{1});
  const hn::Repartition<std::uint16_t, decltype(d)> wide;
  for (; i + lanes <= count; i += lanes) {
    const auto code = hn::LoadU(d, codes + i);
    // Byte of the bitmap: code / 8, its low four bits pick within a half, the top bit the half.
    const auto place = hn::And(hn::BitCast(d, hn::ShiftRight<3>(hn::BitCast(wide, code))), fifteen);
    const auto in_high = hn::Eq(hn::And(code, top), top);
    const auto byte = hn::IfThenElse(in_high, hn::TableLookupBytes(high, place),
                                     hn::TableLookupBytes(low, place));
    const auto bit = hn::TableLookupBytes(bits, hn::And(code, seven));
    const auto in = hn::Eq(hn::And(byte, bit), bit);
    CombineInto<kOr>(d, hn::IfThenElseZero(in, one), mask + i);
  }
#else
  (void)lanes;
#endif
  for (; i < count; ++i) {
    mask[i] = Combined<kOr>(mask[i], ((bitmap[codes[i] / 8] >> (codes[i] % 8)) & 1) != 0);
  }
}

std::size_t SelectPlaces(const Mask* mask, std::size_t count, std::uint16_t* selection) {
  const hn::ScalableTag<std::uint16_t> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t selected = 0, i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto wanted = hn::PromoteTo(d, hn::LoadU(bytes, mask + i));
    const auto places = hn::Iota(d, static_cast<std::uint16_t>(i));
    // Writes whole vectors: there is room, because never more was selected than looked at.
    selected += hn::CompressStore(places, hn::Ne(wanted, hn::Zero(d)), d, selection + selected);
  }
  for (; i < count; ++i) {
    selection[selected] = static_cast<std::uint16_t>(i);
    selected += mask[i] != 0 ? 1 : 0;
  }
  return selected;
}

void And8(const std::uint8_t* codes, std::size_t count, const Interval* first, std::size_t n,
          Mask* mask) {
  Intervals8<false>(codes, count, first, n, mask);
}
void Or8(const std::uint8_t* codes, std::size_t count, const Interval* first, std::size_t n,
         Mask* mask) {
  Intervals8<true>(codes, count, first, n, mask);
}
void And16(const std::uint16_t* codes, std::size_t count, const Interval* first, std::size_t n,
           Mask* mask) {
  Intervals16<false>(codes, count, first, n, mask);
}
void Or16(const std::uint16_t* codes, std::size_t count, const Interval* first, std::size_t n,
          Mask* mask) {
  Intervals16<true>(codes, count, first, n, mask);
}
void AndBits(const std::uint8_t* codes, std::size_t count, const std::uint8_t* bitmap, Mask* mask) {
  Bitmap8<false>(codes, count, bitmap, mask);
}
void OrBits(const std::uint8_t* codes, std::size_t count, const std::uint8_t* bitmap, Mask* mask) {
  Bitmap8<true>(codes, count, bitmap, mask);
}

}  // namespace
}  // namespace cqd::column::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cqd::column::simd {
namespace {
HWY_EXPORT(And8);
HWY_EXPORT(Or8);
HWY_EXPORT(And16);
HWY_EXPORT(Or16);
HWY_EXPORT(AndBits);
HWY_EXPORT(OrBits);
HWY_EXPORT(SelectPlaces);
}  // namespace

void AndIntervals(const std::uint8_t* codes, std::size_t count, std::span<const Interval> intervals,
                  Mask* mask) {
  HWY_DYNAMIC_DISPATCH(And8)(codes, count, intervals.data(), intervals.size(), mask);
}
void AndIntervals(const std::uint16_t* codes, std::size_t count,
                  std::span<const Interval> intervals, Mask* mask) {
  HWY_DYNAMIC_DISPATCH(And16)(codes, count, intervals.data(), intervals.size(), mask);
}
void OrIntervals(const std::uint8_t* codes, std::size_t count, std::span<const Interval> intervals,
                 Mask* mask) {
  HWY_DYNAMIC_DISPATCH(Or8)(codes, count, intervals.data(), intervals.size(), mask);
}
void OrIntervals(const std::uint16_t* codes, std::size_t count, std::span<const Interval> intervals,
                 Mask* mask) {
  HWY_DYNAMIC_DISPATCH(Or16)(codes, count, intervals.data(), intervals.size(), mask);
}
void AndBitmap(const std::uint8_t* codes, std::size_t count, const std::uint8_t* bitmap,
               Mask* mask) {
  HWY_DYNAMIC_DISPATCH(AndBits)(codes, count, bitmap, mask);
}
void OrBitmap(const std::uint8_t* codes, std::size_t count, const std::uint8_t* bitmap,
              Mask* mask) {
  HWY_DYNAMIC_DISPATCH(OrBits)(codes, count, bitmap, mask);
}
std::size_t Select(const Mask* mask, std::size_t count, std::uint16_t* selection) {
  return HWY_DYNAMIC_DISPATCH(SelectPlaces)(mask, count, selection);
}

}  // namespace cqd::column::simd
#endif
