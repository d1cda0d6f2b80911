#include "cube/internal/mapping_compare.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_map>

namespace cqd::cube {
namespace {

using model::CubeColumn;
using model::Value;

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::uint32_t kStays = 0;

/// What becomes of a place: 0, or 1 + the place of its move in the list, and whether inside or
/// outside changes.
struct Fate {
  std::uint32_t move = kStays;
  bool inside = false;
};

class Comparison {
 public:
  Comparison(const model::Mapping& before, const model::Mapping& after)
      : before_(before), after_(after) {}

  void Add(const VisibleSegment& visible);
  MappingChange Finish() &&;

 private:
  /// Both of one end, in one segment.
  struct End {
    const column::ColumnView* subnet = nullptr;
    const column::ColumnView* is_server = nullptr;
  };
  Fate FateOf(Value place, Value start_s);
  Fate FateOfPlaces(Value place, Value new_place);
  void Count(Value day, const std::array<Fate, 2>& fates);

  const model::Mapping& before_;
  const model::Mapping& after_;
  MappingChange change_;
  std::map<std::tuple<std::int64_t, std::string, std::int64_t, std::string>, std::uint32_t> known_;
  std::map<std::pair<Value, Value>, Fate> fates_;
};

Fate Comparison::FateOfPlaces(Value place, Value new_place) {
  const auto [at, is_new] = fates_.try_emplace({place, new_place});
  if (!is_new) return at->second;
  const model::Building& from = before_.BuildingOf(place);
  const model::Building& to = after_.BuildingOf(new_place);
  Fate& fate = at->second;
  fate.inside = before_.InsideCorp(place) != after_.InsideCorp(new_place);
  if (from.key == to.key && from.name == to.name) return fate;
  const auto [move, added] = known_.try_emplace(
      {from.key, from.name, to.key, to.name}, static_cast<std::uint32_t>(change_.moves.size() + 1));
  if (added) change_.moves.push_back({from.key, to.key, from.name, to.name, 0, {}});
  fate.move = move->second;
  return fate;
}

Fate Comparison::FateOf(Value place, Value start_s) {
  return FateOfPlaces(place, after_.PlaceOf(model::Mapping::SubnetOf(place), start_s));
}

void Comparison::Count(Value day, const std::array<Fate, 2>& fates) {
  const Month month = day == model::kNull ? Month() : Month::Of(UtcTime(std::chrono::days(day)));
  if (fates[0].inside || fates[1].inside) ++change_.inside_changed;
  if (fates[0].move == kStays && fates[1].move == kStays) return;
  ++change_.streams_moved;
  for (std::size_t end = 0; end < 2; ++end) {
    if (fates[end].move == kStays || (end == 1 && fates[1].move == fates[0].move)) continue;
    MappingMove& move = change_.moves[fates[end].move - 1];
    ++move.streams;
    ++move.months[month];
  }
}

void Comparison::Add(const VisibleSegment& visible) {
  const CubeSegment& segment = *visible.segment;
  const column::ColumnView& day = segment.Column(CubeColumn::kStartDay);
  const column::ColumnView& second = segment.Column(CubeColumn::kStartSecond);
  const std::array<End, 2> ends = {
      {{&segment.Column(CubeColumn::kFirstSubnet), &segment.Column(CubeColumn::kFirstIsServer)},
       {&segment.Column(CubeColumn::kSecondSubnet), &segment.Column(CubeColumn::kSecondIsServer)}}};
  // Most subnets stay: those are known by their value without a look at the row.
  std::array<std::unordered_map<Value, bool>, 2> stays;
  for (std::size_t e = 0; e < 2; ++e) {
    for (const Value place :
         segment.Distinct(e == 0 ? CubeColumn::kFirstSubnet : CubeColumn::kSecondSubnet)) {
      const Value subnet = model::Mapping::SubnetOf(place);
      const bool dated = after_.IsDated(subnet);
      const Fate fate = dated ? Fate{1, true} : FateOfPlaces(place, subnet);
      stays[e][place] = fate.move == kStays && !fate.inside;
    }
  }
  change_.streams_total += visible.live_rows();
  const auto all_stay = [](const auto& by_place) {
    return std::all_of(by_place.begin(), by_place.end(), [](const auto& s) { return s.second; });
  };
  if (all_stay(stays[0]) && all_stay(stays[1])) return;
  for (std::size_t row = 0; row < segment.row_count(); ++row) {
    if (visible.dead && (visible.dead->bits[row / 64] >> (row % 64) & 1) != 0) continue;
    std::array<Fate, 2> fates;
    const Value start_day = day.At(row);
    for (std::size_t e = 0; e < 2; ++e) {
      const Value place = ends[e].subnet->At(row);
      if (stays[e].find(place)->second) continue;
      fates[e] = FateOf(
          place, start_day == model::kNull ? 0 : start_day * kSecondsPerDay + second.At(row));
      // Servers are inside whatever the tables say.
      if (ends[e].is_server->At(row) == 1) fates[e].inside = false;
    }
    Count(start_day, fates);
  }
}

MappingChange Comparison::Finish() && {
  std::erase_if(change_.moves, [](const MappingMove& move) { return move.streams == 0; });
  std::stable_sort(
      change_.moves.begin(), change_.moves.end(),
      [](const MappingMove& a, const MappingMove& b) { return a.streams > b.streams; });
  return std::move(change_);
}

}  // namespace

Result<MappingChange> CompareMappings(std::span<const VisibleSegment> segments,
                                      const model::Mapping& before, const model::Mapping& after,
                                      const StopCheck& stop) {
  Comparison comparison(before, after);
  for (const VisibleSegment& visible : segments) {
    CQD_RETURN_IF_ERROR(stop());
    comparison.Add(visible);
  }
  return std::move(comparison).Finish();
}

}  // namespace cqd::cube
