// Range members ("bands"): how a metric becomes a dimension with few members.
// Source: the observed members of reference/cube-model.md 2.8, from which the steps are rebuilt.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace cqd::model {

/// Which ladder of steps a metric uses.
enum class BandKind : std::uint8_t {
  kInteger,    ///< ms, s, min, %, dB, counts: 1 to 5, then 5, 10, 25 ..., below zero mirrored
  kRatio,      ///< 0.01, then 0.05, 0.1 ...
  kMos,        ///< 0.1
  kFine,       ///< percent, frames/s, latency in ms: 0.5, then 5, 10 ...
  kBandwidth,  ///< bit/s: 10000, then ten times that for each decade from a million on
};

/// One member: [low, high); low == high means exactly that value.
struct Band {
  double low = 0;
  double high = 0;
  std::int32_t order = 0;  ///< the number the text begins with; grows with the value
  std::string text;        ///< "064: [1 - 2)": text order is value order
};

/// The band of a value; values beyond the ladder belong to its last or first band. NaN counts as 0.
/// Cost: one binary search. Threads: any.
const Band& BandOf(BandKind kind, double value);
/// All bands of a kind, ascending.
std::span<const Band> AllBands(BandKind kind);

}  // namespace cqd::model
