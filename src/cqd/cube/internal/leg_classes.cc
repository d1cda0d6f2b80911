#include "cube/internal/leg_classes.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <type_traits>

#include "column/kernels.h"

namespace cqd::cube {
namespace {

using column::CodeFlags;
using column::ColumnView;
using model::CubeColumn;

// Of a stream, and or-ed of a leg.
constexpr std::uint16_t kMeasured = 1, kBroken = 2, kJpdrMeasured = 4, kJpdrBroken = 8;
constexpr std::uint16_t kLegFlags = 15;
constexpr std::uint16_t kDueFlags = 31U << kDueShift;
// Of a stream: not simply good, so that its leg needs a place of its own; not looked at at all.
constexpr std::uint16_t kSpecial = 1U << 9, kSkipped = 1U << 10;

/// Codes ascend with values, null is the least.
CodeFlags FlagsOf(const ColumnView& view, const model::Classifier& classifier,
                  const model::RuleStep& step) {
  CodeFlags flags;
  flags.measured_from = view.nullable ? 1 : 0;
  const auto breaks = [&](std::uint64_t code) {
    return model::BreaksLimit(classifier, step.limit, step.field, view.ValueOf(code));
  };
  std::uint64_t low = flags.measured_from, high = view.code_max() + 1;
  if (low >= high) return flags;
  const bool above = model::Limits()[static_cast<std::size_t>(step.limit)].poor_above;
  const std::uint64_t first = low, last = high - 1;
  // The first code that breaks a limit from above, or that keeps one from below.
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (breaks(middle) == above) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (above && low <= last) {
    flags.broken_from = low;
    flags.broken_to = last;
  } else if (!above && low > first) {
    flags.broken_from = first;
    flags.broken_to = low - 1;
  }
  return flags;
}

/// The two classes of a leg in a state, by its flags.
constexpr auto kClassesOfLeg = [] {
  std::array<WhatIfState, kLegFlags + 1> classes{};
  for (unsigned leg = 0; leg <= kLegFlags; ++leg) {
    const unsigned quality = (leg & kBroken) != 0 ? 2 : (leg & kMeasured) != 0 ? 1 : 0;
    const unsigned jpdr = (leg & kJpdrBroken) != 0 ? 2 : (leg & kJpdrMeasured) != 0 ? 1 : 0;
    classes[leg] = static_cast<WhatIfState>(quality | jpdr << kJpdrShift);
  }
  return classes;
}();

bool InJpdr(const model::RuleStep& step) {
  return model::Limits()[static_cast<std::size_t>(step.limit)].in_jpdr;
}

std::uint64_t LabelSalt(std::int64_t label) {
  return static_cast<std::uint64_t>(label + 1) * 0x9e37'79b9'7f4a'7c15;
}

/// Labels whose medium does not depend on the stream's metrics: all streams of a leg are of it.
bool IsKnownLabel(std::int64_t label) {
  return label == model::kLabelAudio || label == model::kLabelVideo ||
         label == model::kLabelPanoramicVideo || label == model::kLabelGalleryVideo ||
         label == model::kLabelSharing || label == model::kLabelVbss;
}

/// The one value of a block, if it is one.
std::optional<std::int64_t> OnlyValue(const ColumnView& view, std::size_t block) {
  if (view.width == 0) return view.base;
  if (view.zones.empty()) return std::nullopt;
  const column::Zone& zone = view.zones[block];
  if (zone.null_count != 0 || zone.min != zone.max) return std::nullopt;
  return zone.min;
}

}  // namespace

/// True when all streams of the block are of one medium that nobody asks for.
bool LegClasses::IsUnwanted(const CubeSegment& segment, std::size_t block) const {
  const auto label = OnlyValue(segment.Column(CubeColumn::kMediaLabel), block);
  const auto medium = OnlyValue(segment.Column(CubeColumn::kMediaType), block);
  return label && medium && IsKnownLabel(*label) && !wanted_[static_cast<std::size_t>(*medium)];
}

void LegClasses::JudgeMedium(const CubeSegment& segment, const model::MediumRule& rule,
                             std::size_t first, std::size_t count, bool mixed,
                             std::uint16_t* flags) {
  std::vector<std::uint16_t> own;  // of a step that not every stream takes part in
  for (const model::RuleStep& step : rule.steps) {
    const ColumnView& view = segment.Column(model::AsColumn(step.field));
    CodeFlags code_flags = FlagsOf(view, classifier_, step);
    code_flags.measured = InJpdr(step) ? kMeasured | kJpdrMeasured : kMeasured;
    code_flags.broken = InJpdr(step) ? kBroken | kJpdrBroken : kBroken;
    if (step.due != model::Fact::kAudio) {
      code_flags.broken = static_cast<std::uint16_t>(code_flags.broken |
                                                     1U << (kDueShift + DueIndex(rule, step.due)));
    }
    const bool apart = mixed || rule.is_ladder;
    if (apart) own.assign(count, 0);
    std::uint16_t* into = apart ? own.data() : flags;
    if (view.width == 0) {
      const std::uint8_t code = 0;  // the value itself
      if (view.base == model::kNull) continue;
      std::uint16_t all = 0;
      column::OrFlags(&code, 1, code_flags, &all);
      for (std::size_t i = 0; i < count; ++i) into[i] = static_cast<std::uint16_t>(into[i] | all);
    } else {
      column::WithCodes(view, [&](const auto* codes) {
        column::OrFlags(codes + first, count, code_flags, into);
      });
    }
    if (!apart) continue;
    for (std::size_t i = 0; i < count; ++i) {
      if (mixed && media_[i] != static_cast<std::uint8_t>(rule.medium)) continue;
      if (rule.is_ladder && (flags[i] & kMeasured) != 0) continue;
      flags[i] = static_cast<std::uint16_t>(flags[i] | own[i]);
    }
  }
}

/// Sets kSpecial.
void LegClasses::MarkSpecial(std::size_t count, bool mixed, std::int64_t medium,
                             std::uint16_t* flags) const {
  constexpr auto kAudio = static_cast<std::uint8_t>(model::MediaType::kAudio);
  for (std::size_t i = 0; i < count; ++i) {
    const bool audio = mixed ? media_[i] == kAudio : medium == kAudio;
    const std::uint16_t plain = audio ? kMeasured | kJpdrMeasured : kMeasured;
    const bool special = (flags[i] & kLegFlags) != plain;
    flags[i] = static_cast<std::uint16_t>(flags[i] | (special ? kSpecial : 0));
  }
}

/// Fills flags_ of one segment.
void LegClasses::Judge(const VisibleSegment& visible, std::size_t begin) {
  const CubeSegment& segment = *visible.segment;
  const std::size_t rows = segment.row_count();
  const ColumnView& media = segment.Column(CubeColumn::kMediaType);
  for (std::size_t first = 0; first < rows; first += column::kBlockRows) {
    const std::size_t count = std::min(column::kBlockRows, rows - first);
    std::uint16_t* flags = flags_.data() + begin + first;
    const std::size_t block = first / column::kBlockRows;
    if (IsUnwanted(segment, block)) {
      std::fill_n(flags, count, kSkipped);
      continue;
    }
    const auto only = OnlyValue(media, block);
    if (!only) {
      media_.resize(column::kBlockRows);
      for (std::size_t i = 0; i < count; ++i) {
        media_[i] = static_cast<std::uint8_t>(media.At(first + i));
      }
    }
    for (const model::MediumRule& rule : model::MediumRules()) {
      if (only && *only != static_cast<std::int64_t>(rule.medium)) continue;
      JudgeMedium(segment, rule, first, count, !only, flags);
    }
    MarkSpecial(count, !only, only.value_or(0), flags);
    if (visible.dead == nullptr) continue;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t row = first + i;
      if ((visible.dead->bits[row / 64] >> (row % 64) & 1) != 0) flags[i] = kSkipped;
    }
  }
}

/// The keys of the legs of a block's streams.
void LegClasses::ReadKeys(const CubeSegment& segment, std::size_t first, std::size_t count) {
  keys_.resize(column::kBlockRows);
  const ColumnView& calls = segment.Column(CubeColumn::kCall);
  if (calls.width == 0) {
    std::fill_n(keys_.data(), count, static_cast<std::uint64_t>(calls.base));
  } else {
    column::WithCodes(calls, [&](const auto* codes) {
      if (calls.encoding == column::Encoding::kFrame && !calls.nullable) {
        const auto base = static_cast<std::uint64_t>(calls.base);
        for (std::size_t i = 0; i < count; ++i) keys_[i] = base + codes[first + i];
        return;
      }
      for (std::size_t i = 0; i < count; ++i) {
        keys_[i] = static_cast<std::uint64_t>(calls.ValueOf(codes[first + i]));
      }
    });
  }
  const ColumnView& labels = segment.Column(CubeColumn::kMediaLabel);
  if (const auto only = OnlyValue(labels, first / column::kBlockRows)) {
    const std::uint64_t salt = LabelSalt(*only);
    for (std::size_t i = 0; i < count; ++i) keys_[i] ^= salt;
    return;
  }
  for (std::size_t i = 0; i < count; ++i) keys_[i] ^= LabelSalt(labels.At(first + i));
}

/// Makes room for what is kept of `rows` rows.
bool LegClasses::TakeRows(std::size_t rows) {
  // Four to eight bits a stream: of the others few are looked for in vain.
  const int bits = std::max(6, static_cast<int>(std::bit_width(rows * 4)));
  const std::size_t words = (std::size_t{1} << bits) / 64;
  // Room of the month before serves again; where it is too small, never the old beside the new.
  const auto clear = [](auto& values, std::size_t count) {
    if (values.capacity() < count) std::remove_reference_t<decltype(values)>().swap(values);
    values.clear();
    return std::max(values.capacity(), count) * sizeof(values[0]);
  };
  const std::size_t bytes = clear(flags_, rows) + clear(numbers_, rows) + clear(seen_, words);
  legs_ = column::GroupTable();
  std::vector<std::uint8_t>().swap(leg_flags_);
  if (!rows_share_.Resize(bytes) || !TakeLegs(0)) return false;
  flags_.resize(rows);
  numbers_.assign(rows, column::GroupTable::kMissing);
  seen_shift_ = 64 - bits;
  seen_.resize(words);
  return true;
}

/// Room for so many legs.
bool LegClasses::TakeLegs(std::size_t legs) {
  return legs_share_.Resize(column::GroupTable::BytesAt(legs) + 2 * std::bit_ceil(legs));
}

/// The special streams of a block, or those that are neither special nor skipped.
void LegClasses::PickRows(const std::uint16_t* flags, std::size_t count, bool special) {
  const std::uint16_t wanted = special ? kSpecial : 0;
  picked_.resize(column::kBlockRows);
  std::size_t picked = 0;
  for (std::size_t i = 0; i < count; ++i) {
    picked_[picked] = static_cast<std::uint16_t>(i);
    picked += (flags[i] & (kSpecial | kSkipped)) == wanted ? 1 : 0;
  }
  picked_.resize(picked);
}

/// Remembers the keys of what is picked.
void LegClasses::MarkSeen() {
  for (const std::uint64_t key : picked_keys_) {
    const std::uint64_t bit = BitOf(key);
    seen_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
}

/// Leaves of what is picked the rows whose key may be remembered.
void LegClasses::PickSeen() {
  constexpr std::size_t kAhead = 32;  // the bits lie far apart in memory
  const std::size_t count = picked_.size();
  std::size_t left = 0;
  for (std::size_t k = 0; k < count; ++k) {
    if (k + kAhead < count) __builtin_prefetch(&seen_[BitOf(picked_keys_[k + kAhead]) / 64]);
    const std::uint64_t bit = BitOf(picked_keys_[k]);
    picked_[left] = picked_[k];
    picked_keys_[left] = picked_keys_[k];
    left += seen_[bit / 64] >> (bit % 64) & 1;
  }
  picked_.resize(left);
  picked_keys_.resize(left);
}

/// Numbers the legs of special streams, or finds which of the others stand in one of them. False:
/// there is no memory for more.
bool LegClasses::NumberLegs(std::span<const VisibleSegment> unit, bool special) {
  for (std::size_t s = 0; s < unit.size(); ++s) {
    const CubeSegment& segment = *unit[s].segment;
    for (std::size_t first = 0; first < segment.row_count(); first += column::kBlockRows) {
      const std::size_t count = std::min(column::kBlockRows, segment.row_count() - first);
      const std::uint16_t* flags = flags_.data() + begins_[s] + first;
      std::uint32_t* numbers = numbers_.data() + begins_[s] + first;
      PickRows(flags, count, special);
      if (picked_.empty()) continue;
      if (special && !TakeLegs(legs_.size() + picked_.size())) return false;
      ReadKeys(segment, first, count);
      picked_keys_.resize(picked_.size());
      for (std::size_t k = 0; k < picked_.size(); ++k) picked_keys_[k] = keys_[picked_[k]];
      picked_numbers_.resize(picked_.size());
      if (special) {
        MarkSeen();
        legs_.NumberAll(picked_keys_, picked_numbers_.data());
        leg_flags_.resize(legs_.size(), 0);
      } else {
        PickSeen();
        legs_.FindAll(picked_keys_, picked_numbers_.data());
      }
      for (std::size_t k = 0; k < picked_.size(); ++k) {
        const std::uint32_t number = picked_numbers_[k];
        if (number == column::GroupTable::kMissing) continue;
        numbers[picked_[k]] = number;
        leg_flags_[number] =
            static_cast<std::uint8_t>(leg_flags_[number] | (flags[picked_[k]] & kLegFlags));
      }
    }
  }
  return true;
}

Result<bool> LegClasses::Make(std::span<const VisibleSegment> unit,
                              const std::function<Status()>& stop) {
  begins_.assign(1, 0);
  for (const VisibleSegment& visible : unit) {
    begins_.push_back(begins_.back() + visible.segment->row_count());
  }
  const std::size_t rows = begins_.back();
  if (!TakeRows(rows)) return false;
  for (std::size_t s = 0; s < unit.size(); ++s) {
    CQD_RETURN_IF_ERROR(stop());
    Judge(unit[s], begins_[s]);
  }
  if (!NumberLegs(unit, true)) return false;
  CQD_RETURN_IF_ERROR(stop());
  if (legs_.size() != 0) NumberLegs(unit, false);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint32_t number = numbers_[row];
    const unsigned leg =
        number == column::GroupTable::kMissing ? flags_[row] & kLegFlags : leg_flags_[number];
    flags_[row] = static_cast<WhatIfState>(kClassesOfLeg[leg] | (flags_[row] & kDueFlags));
  }
  return true;
}

}  // namespace cqd::cube
