// The part of a scan that leaves out streams that no measure counts: most reports are about one
// medium, and segments are sorted by it.
#include <algorithm>

#include "cube/internal/columnar_scan.h"

namespace cqd::cube {

/// The class of all rows of the block, when its media tell.
std::optional<std::uint32_t> Scanner::ClassOfBlock(const CubeSegment& segment,
                                                   std::size_t block) const {
  const column::ColumnView& media = segment.Column(model::CubeColumn::kMediaType);
  model::Value least = media.base, greatest = media.base;
  if (media.encoding != column::Encoding::kConstant) {
    if (media.zones.empty() || media.zones[block].null_count != 0) return std::nullopt;
    least = media.zones[block].min;
    greatest = media.zones[block].max;
  }
  const auto& class_of = plan_.class_of_medium;
  if (least < 0 || greatest >= std::ssize(class_of)) return std::nullopt;
  const std::optional<std::uint32_t> only = class_of[static_cast<std::size_t>(least)];
  for (auto medium = least; medium <= greatest; ++medium) {
    if (class_of[static_cast<std::size_t>(medium)] != only) return std::nullopt;
  }
  return only;
}

/// Fills missing_ with the groups that the segment's codes can form, when they are few.
void Scanner::FindGroups() {
  constexpr std::size_t kGroupsMax = 1024;  // looked at for each block of kBlockRows rows
  few_groups_ = false;
  missing_.assign(1, 0);
  for (std::size_t d = 0; d < plan_.dimensions.size(); ++d) {
    if (dimension_codes_[d] == nullptr || dimension_codes_[d]->member.size() > kGroupsMax) return;
    const auto codes = dimension_codes_[d]->member;
    std::vector<std::uint32_t> members(codes.begin(), codes.end());
    std::sort(members.begin(), members.end());
    members.erase(std::unique(members.begin(), members.end()), members.end());
    for (const AnyOf& any_of : plan_.all_of) {
      if (any_of.size() != 1 || any_of[0].index != plan_.dimensions[d]) continue;
      std::erase_if(members, [&](std::uint32_t member) { return any_of[0].passes[member] == 0; });
    }
    if (missing_.size() * members.size() > kGroupsMax) return;
    const auto stride = static_cast<std::uint32_t>(plan_.shape.stages()[0].strides[d]);
    std::vector<std::uint32_t> groups;
    for (const std::uint32_t group : missing_) {
      for (const std::uint32_t member : members) groups.push_back(group + member * stride);
    }
    missing_ = std::move(groups);
  }
  few_groups_ = true;
}

/// Whether further rows of the segment can make no group that is not there. Precondition: an array
/// of groups.
bool Scanner::HasAllGroups(const Tally& tally) {
  if (!few_groups_) FindGroups();
  if (!*few_groups_) return false;
  std::erase_if(missing_, [&](std::uint32_t group) { return tally.Holds(plan_, group); });
  return missing_.empty();
}

}  // namespace cqd::cube
