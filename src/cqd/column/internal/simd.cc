#include "column/internal/simd.h"

#include <algorithm>
#include <array>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "column/internal/simd.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once for each instruction set.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace cqd::column::simd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Asks for what comes a page later. The processor's own prefetching ends with each page of 4 KiB;
/// with this a filter of codes of two bytes took a quarter less time. Beyond the end it does no
/// harm.
template <typename T>
inline void AskAhead(const T* codes) {
  constexpr std::size_t kBytes = 4096;
  __builtin_prefetch(codes + kBytes / sizeof(T));
}

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

/// Whether each lane's code lies in a set of one, two or four intervals, in registers. (Vectors are
/// members one by one: not every instruction set allows arrays of them.)
template <int kCount, bool kSingle, typename D>
class InIntervals {
 public:
  using T = hn::TFromD<D>;
  using V = hn::Vec<D>;

  /// Fewer intervals than kCount: the last one again.
  InIntervals(D d, std::span<const Interval> intervals)
      : first_a_(First(d, intervals, 0)),
        first_b_(First(d, intervals, 1)),
        first_c_(First(d, intervals, 2)),
        first_d_(First(d, intervals, 3)),
        span_a_(Span(d, intervals, 0)),
        span_b_(Span(d, intervals, 1)),
        span_c_(Span(d, intervals, 2)),
        span_d_(Span(d, intervals, 3)) {}

  auto operator()(V codes) const {
    const auto a = In(codes, first_a_, span_a_);
    if constexpr (kCount == 1) {
      return a;
    } else if constexpr (kCount == 2) {
      return hn::Or(a, In(codes, first_b_, span_b_));
    } else {
      return hn::Or(hn::Or(a, In(codes, first_b_, span_b_)),
                    hn::Or(In(codes, first_c_, span_c_), In(codes, first_d_, span_d_)));
    }
  }

 private:
  static const Interval& At(std::span<const Interval> intervals, std::size_t place) {
    return intervals[place < intervals.size() ? place : intervals.size() - 1];
  }
  static V First(D d, std::span<const Interval> intervals, std::size_t place) {
    return hn::Set(d, static_cast<T>(At(intervals, place).first));
  }
  static V Span(D d, std::span<const Interval> intervals, std::size_t place) {
    const Interval& interval = At(intervals, place);
    return hn::Set(d, static_cast<T>(interval.last - interval.first));
  }
  static auto In(V codes, V first, V span) {
    if constexpr (kSingle) {
      return hn::Eq(codes, first);
    } else {
      // Codes below `first` wrap around to large ones. shifted <= span, without an unsigned
      // comparison: the lesser of the two is itself.
      const auto shifted = hn::Sub(codes, first);
      return hn::Eq(hn::Min(shifted, span), shifted);
    }
  }

  V first_a_, first_b_, first_c_, first_d_, span_a_, span_b_, span_c_, span_d_;
};

/// Calls function(InIntervals) with the cheapest form.
template <typename D, typename Function>
void WithIntervals(D d, std::span<const Interval> intervals, Function&& function) {
  bool single = true;
  for (const Interval& interval : intervals) single = single && interval.first == interval.last;
  const auto with_count = [&]<bool kSingle>() {
    if (intervals.size() == 1) {
      function(InIntervals<1, kSingle, D>(d, intervals));
    } else if (intervals.size() == 2) {
      function(InIntervals<2, kSingle, D>(d, intervals));
    } else {
      function(InIntervals<4, kSingle, D>(d, intervals));
    }
  };
  single ? with_count.template operator()<true>() : with_count.template operator()<false>();
}

template <bool kOr>
void Intervals8(const std::uint8_t* codes, std::size_t count, const Interval* first,
                std::size_t interval_count, Mask* mask) {
  const std::span intervals(first, interval_count);
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto one = hn::Set(d, std::uint8_t{1});
  std::size_t i = 0;
  WithIntervals(d, intervals, [&](const auto& in) {
    for (; i + lanes <= count; i += lanes) {
      AskAhead(codes + i);
      CombineInto<kOr>(d, hn::IfThenElseZero(in(hn::LoadU(d, codes + i)), one), mask + i);
    }
  });
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
  const auto one = hn::Set(d, std::uint16_t{1});
  std::size_t i = 0;
  WithIntervals(d, intervals, [&](const auto& in) {
    for (; i + lanes <= count; i += lanes) {
      AskAhead(codes + i);
      const auto ones = hn::IfThenElseZero(in(hn::LoadU(d, codes + i)), one);
      CombineInto<kOr>(bytes, hn::DemoteTo(bytes, hn::BitCast(signed_d, ones)), mask + i);
    }
  });
  for (; i < count; ++i) mask[i] = Combined<kOr>(mask[i], InAny(codes[i], intervals));
}

/// What vectors have summed, and the codes left over.
template <typename T>
CodeSum WithRest(const T* codes, std::size_t count, std::uint64_t sum, std::size_t zeros) {
  CodeSum all{sum, zeros};
  for (std::size_t i = 0; i < count; ++i) {
    all.sum += codes[i];
    all.zeros += codes[i] == 0 ? 1 : 0;
  }
  return all;
}

/// Sum of `count` codes, and how many of them are 0. count <= 65536.
CodeSum Sum8(const std::uint8_t* codes, std::size_t count) {
  const hn::ScalableTag<std::uint8_t> d;
  const hn::RepartitionToWide<hn::RepartitionToWide<hn::RepartitionToWide<decltype(d)>>> wide;
  const std::size_t lanes = hn::Lanes(d);
  auto sums = hn::Zero(wide);
  std::size_t zeros = 0, i = 0;
  for (; i + lanes <= count; i += lanes) {
    AskAhead(codes + i);
    const auto code = hn::LoadU(d, codes + i);
    sums = hn::Add(sums, hn::SumsOf8(code));
    zeros += hn::CountTrue(d, hn::Eq(code, hn::Zero(d)));
  }
  return WithRest(codes + i, count - i, hn::GetLane(hn::SumOfLanes(wide, sums)), zeros);
}

CodeSum Sum16(const std::uint16_t* codes, std::size_t count) {
  // 65,536 codes of 16 bits in at least one lane of 32: the sum of all fits.
  const hn::ScalableTag<std::uint32_t> wide;
  const hn::Rebind<std::uint16_t, decltype(wide)> d;
  const std::size_t lanes = hn::Lanes(d);
  auto sums = hn::Zero(wide);
  std::size_t zeros = 0, i = 0;
  for (; i + lanes <= count; i += lanes) {
    AskAhead(codes + i);
    const auto code = hn::PromoteTo(wide, hn::LoadU(d, codes + i));
    sums = hn::Add(sums, code);
    zeros += hn::CountTrue(wide, hn::Eq(code, hn::Zero(wide)));
  }
  return WithRest(codes + i, count - i, hn::GetLane(hn::SumOfLanes(wide, sums)), zeros);
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
    AskAhead(codes + i);
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

template <typename T>
std::size_t OrFlagsOf(const T* codes, std::size_t count, const NarrowFlags& f,
                      std::uint16_t* flags) {
  const hn::ScalableTag<std::uint16_t> d;
  const hn::Rebind<T, decltype(d)> narrow;
  const std::size_t lanes = hn::Lanes(d);
  const auto measured_from = hn::Set(d, f.measured_from), from = hn::Set(d, f.broken_from),
             to = hn::Set(d, f.broken_to), measured = hn::Set(d, f.measured),
             broken = hn::Set(d, f.broken);
  // Not every instruction set compares unsigned lanes.
  const auto at_least = [](auto a, auto b) { return hn::Eq(hn::Max(a, b), a); };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto loaded = hn::LoadU(narrow, codes + i);
    const auto code = [&] {
      if constexpr (sizeof(T) == 1) return hn::PromoteTo(d, loaded);
      if constexpr (sizeof(T) == 2) return loaded;
    }();
    const auto in = hn::And(at_least(code, from), at_least(to, code));
    const auto more = hn::Or(hn::IfThenElseZero(at_least(code, measured_from), measured),
                             hn::IfThenElseZero(in, broken));
    hn::StoreU(hn::Or(hn::LoadU(d, flags + i), more), d, flags + i);
  }
  return i;
}
std::size_t OrFlags8(const std::uint8_t* codes, std::size_t count, const NarrowFlags& f,
                     std::uint16_t* flags) {
  return OrFlagsOf(codes, count, f, flags);
}
std::size_t OrFlags16(const std::uint16_t* codes, std::size_t count, const NarrowFlags& f,
                      std::uint16_t* flags) {
  return OrFlagsOf(codes, count, f, flags);
}

Zone ExtentOf64(const std::int64_t* values, std::size_t count) {
  const hn::ScalableTag<std::int64_t> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto one = hn::Set(d, 1);
  const auto null = hn::Set(d, kNull);
  // A null less one is the greatest of all, so that it is no least value.
  auto least_less_one = hn::Set(d, std::numeric_limits<std::int64_t>::max());
  auto greatest = null;
  auto nulls = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::LoadU(d, values + i);
    least_less_one = hn::Min(least_less_one, hn::Sub(value, one));
    greatest = hn::Max(greatest, value);
    nulls = hn::Sub(nulls, hn::VecFromMask(d, hn::Eq(value, null)));
  }
  Zone zone;
  const std::int64_t less_one = hn::GetLane(hn::MinOfLanes(d, least_less_one));
  constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  zone.min = less_one == kNone ? kNone : less_one + 1;
  zone.max = hn::GetLane(hn::MaxOfLanes(d, greatest));
  zone.null_count = hn::GetLane(hn::SumOfLanes(d, nulls));
  for (; i < count; ++i) {
    zone.null_count += values[i] == kNull ? 1 : 0;
    zone.max = std::max(zone.max, values[i]);
    zone.min = std::min(zone.min, values[i] == kNull ? zone.min : values[i]);
  }
  return zone;
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
HWY_EXPORT(Sum8);
HWY_EXPORT(Sum16);
HWY_EXPORT(ExtentOf64);
HWY_EXPORT(OrFlags8);
HWY_EXPORT(OrFlags16);
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
CodeSum SumCodes(const std::uint8_t* codes, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(Sum8)(codes, count);
}
CodeSum SumCodes(const std::uint16_t* codes, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(Sum16)(codes, count);
}

std::size_t OrFlags(const std::uint8_t* codes, std::size_t count, const NarrowFlags& f,
                    std::uint16_t* flags) {
  return HWY_DYNAMIC_DISPATCH(OrFlags8)(codes, count, f, flags);
}
std::size_t OrFlags(const std::uint16_t* codes, std::size_t count, const NarrowFlags& f,
                    std::uint16_t* flags) {
  return HWY_DYNAMIC_DISPATCH(OrFlags16)(codes, count, f, flags);
}
Zone ExtentOf(const std::int64_t* values, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(ExtentOf64)(values, count);
}

}  // namespace cqd::column::simd
#endif
