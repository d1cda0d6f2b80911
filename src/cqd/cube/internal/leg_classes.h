// Classes of legs by other limits: what every stream of some months becomes, whatever a query
// filters, because one poor stream makes all streams of its leg poor.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "column/group_table.h"
#include "cube/internal/cube_segment.h"
#include "cube/internal/query_memory.h"
#include "cube/internal/what_if.h"

namespace cqd::cube {

/// Scratch of one thread. Threads: one at a time.
class LegClasses {
 public:
  /// Streams of media that are not `wanted` (by model::MediaType) keep their classes.
  LegClasses(const model::Classifier& classifier, std::array<bool, 5> wanted, QueryMemory& memory)
      : classifier_(classifier),
        wanted_(wanted),
        rows_share_(&memory, {MemoryUse::Kind::kWhatIf}),
        legs_share_(&memory, {MemoryUse::Kind::kWhatIf}) {}

  /// `unit`: segments that hold all streams of each of their calls. Cost: about 5 ns a stream.
  /// Memory: 7 bytes a stream, and 26 to 52 for each leg that is not simply good, from the query's
  /// before it is allocated. False: there is no more. Errors: those of `stop`.
  Result<bool> Make(std::span<const VisibleSegment> unit, const std::function<Status()>& stop);
  /// By row of a segment of the unit.
  std::span<const WhatIfState> StatesOf(std::size_t segment) const {
    return std::span(flags_).subspan(begins_[segment], begins_[segment + 1] - begins_[segment]);
  }

 private:
  void Judge(const VisibleSegment& visible, std::size_t begin);
  void JudgeMedium(const CubeSegment& segment, const model::MediumRule& rule, std::size_t first,
                   std::size_t count, bool mixed, std::uint16_t* flags);
  void MarkSpecial(std::size_t count, bool mixed, std::int64_t medium, std::uint16_t* flags) const;
  bool IsUnwanted(const CubeSegment& segment, std::size_t block) const;
  void ReadKeys(const CubeSegment& segment, std::size_t first, std::size_t count);
  bool TakeRows(std::size_t rows);
  bool TakeLegs(std::size_t legs);
  bool NumberLegs(std::span<const VisibleSegment> unit, bool special);
  void PickRows(const std::uint16_t* flags, std::size_t count, bool special);
  std::uint64_t BitOf(std::uint64_t key) const {
    return key * 0x9e37'79b9'7f4a'7c15 >> seen_shift_;
  }
  void MarkSeen();
  void PickSeen();

  const model::Classifier classifier_;
  const std::array<bool, 5> wanted_;
  MemoryShare rows_share_, legs_share_;
  std::vector<std::size_t> begins_;     ///< of the unit's segments in what follows
  std::vector<std::uint16_t> flags_;    ///< by row; at the end states
  std::vector<std::uint32_t> numbers_;  ///< of the row's leg in legs_, or kMissing
  column::GroupTable legs_;             ///< with a stream that is poor, or lacks metrics
  std::vector<std::uint8_t> leg_flags_;
  std::vector<std::uint64_t> seen_;  ///< bits by the keys of legs_: most others are told apart here
  int seen_shift_ = 0;
  // Of a block:
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint8_t> media_;
  std::vector<std::uint16_t> picked_;       ///< rows whose legs are looked for
  std::vector<std::uint64_t> picked_keys_;  ///< of each
  std::vector<std::uint32_t> picked_numbers_;
};

}  // namespace cqd::cube
