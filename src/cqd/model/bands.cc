#include "model/bands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"

namespace cqd::model {
namespace {

/// `count` bands of equal width. Widths and edges are whole numbers of the ladder's unit, so that
/// no edge gathers rounding errors.
struct Steps {
  std::int64_t width;
  int count;
};

struct Ladder {
  int decimals;             ///< one unit is 10^-decimals
  bool zero_band;           ///< exactly 0 has a band of its own
  std::int32_t zero_order;  ///< order of the band that starts (or is) at 0
  std::vector<Steps> up;    ///< from 0 upwards
  std::vector<Steps> down;  ///< from 0 downwards
};

/// `decades` times the steps that lead from `from` to ten times `from`: by a tenth to twice, by a
/// quarter to five times, by a half to ten times. It goes on where the observed bands end.
void AppendDecades(std::vector<Steps>& steps, std::int64_t from, int decades) {
  for (; decades > 0; --decades, from *= 10) {
    steps.push_back({from / 10, 10});
    steps.push_back({from / 4, 12});
    steps.push_back({from / 2, 10});
  }
}

/// Observed: 062: [0 - 0), 064: [1 - 2), 068: [5 - 10), 070: [15 - 20), 081: [90 - 100),
/// 098: [350 - 375); below zero 048: [-50 - -45), 056: [-10 - -5). One ladder gives them all.
Ladder IntegerLadder() {
  Ladder ladder = {.decimals = 0, .zero_band = true, .zero_order = 62, .up = {}, .down = {}};
  ladder.up = {{1, 5}, {5, 9}, {10, 15}, {25, 12}, {50, 10}};  // 0..5..50..200..500..1000
  AppendDecades(ladder.up, 1'000, 4);
  ladder.down = {{1, 5}, {5, 9}, {10, 15}};  // 0..-5..-50..-200
  return ladder;
}

/// Observed: 014: [0 - 0.01), 017: [0.03 - 0.04), 037: [0.75 - 0.8), 041: [0.95 - 1),
/// 050: [1.8 - 1.9).
Ladder RatioLadder() {
  Ladder ladder = {.decimals = 2, .zero_band = true, .zero_order = 13, .up = {}, .down = {}};
  ladder.up = {{1, 10}, {5, 18}, {10, 10}, {50, 16}};  // 0..0.1..1..2..10
  AppendDecades(ladder.up, 1'000, 3);
  return ladder;
}

/// Observed: 076: [4.4 - 4.5).
Ladder MosLadder() {
  return {.decimals = 1, .zero_band = false, .zero_order = 32, .up = {{1, 51}}, .down = {}};
}

/// Observed: 099: [13.5 - 14), 122: [25 - 25.5), 140: [34 - 34.5), 160: [80 - 85).
Ladder FineLadder() {
  Ladder ladder = {.decimals = 1, .zero_band = true, .zero_order = 71, .up = {}, .down = {}};
  ladder.up = {{5, 80}, {50, 12}};  // 0..40..100
  AppendDecades(ladder.up, 1'000, 5);
  return ladder;
}

/// Observed: 026: [260000 - 270000).
Ladder BandwidthLadder() {
  Ladder ladder = {.decimals = 0, .zero_band = false, .zero_order = 0, .up = {}, .down = {}};
  ladder.up.push_back({10'000, 100});
  for (std::int64_t width = 100'000; width <= 1'000'000'000'000; width *= 10) {
    ladder.up.push_back({width, 90});
  }
  return ladder;
}

double ValueOf(std::int64_t units, int decimals) {
  return static_cast<double>(units) / std::pow(10.0, decimals);
}

/// Shortest text of a decimal: "0.1", "-45", "260000".
std::string NumberText(std::int64_t units, int decimals) {
  std::string text = fmt::format("{:.{}f}", ValueOf(units, decimals), decimals);
  if (decimals == 0) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

class Bands {
 public:
  explicit Bands(const Ladder& ladder) : ladder_(ladder) {
    std::vector<std::int64_t> below = Edges(ladder.down);
    for (std::int64_t& edge : below) edge = -edge;
    std::int32_t order = ladder.zero_order - static_cast<std::int32_t>(below.size()) + 1;
    for (std::size_t i = below.size() - 1; i > 0; --i) Add(below[i], below[i - 1], order++);
    if (ladder.zero_band) Add(0, 0, order++);
    const std::vector<std::int64_t> above = Edges(ladder.up);
    for (std::size_t i = 1; i < above.size(); ++i) Add(above[i - 1], above[i], order++);
    CQD_CHECK(bands_.front().order >= 0 && bands_.back().order <= 999);
  }

  std::span<const Band> all() const { return bands_; }

  const Band& Of(double value) const {
    if (std::isnan(value)) value = 0;
    // The zero band has the same low edge as its neighbour, and stands before it.
    auto after = std::upper_bound(bands_.begin(), bands_.end(), value,
                                  [](double v, const Band& band) { return v < band.low; });
    if (after == bands_.begin()) return bands_.front();
    if (ladder_.zero_band && value == 0) --after;
    return *(after - 1);
  }

 private:
  /// 0 and every end of a step.
  static std::vector<std::int64_t> Edges(const std::vector<Steps>& steps) {
    std::vector<std::int64_t> edges = {0};
    for (const Steps& step : steps) {
      for (int i = 0; i < step.count; ++i) edges.push_back(edges.back() + step.width);
    }
    return edges;
  }
  void Add(std::int64_t low, std::int64_t high, std::int32_t order) {
    bands_.push_back({ValueOf(low, ladder_.decimals), ValueOf(high, ladder_.decimals), order,
                      fmt::format("{:03}: [{} - {})", order, NumberText(low, ladder_.decimals),
                                  NumberText(high, ladder_.decimals))});
  }

  Ladder ladder_;
  std::vector<Band> bands_;
};

const Bands& BandsOf(BandKind kind) {
  static const Bands kInteger(IntegerLadder());
  static const Bands kRatio(RatioLadder());
  static const Bands kMos(MosLadder());
  static const Bands kFine(FineLadder());
  static const Bands kBandwidth(BandwidthLadder());
  switch (kind) {
    case BandKind::kInteger:
      return kInteger;
    case BandKind::kRatio:
      return kRatio;
    case BandKind::kMos:
      return kMos;
    case BandKind::kFine:
      return kFine;
    case BandKind::kBandwidth:
      return kBandwidth;
  }
  return kInteger;
}

}  // namespace

const Band& BandOf(BandKind kind, double value) {
  return BandsOf(kind).Of(value);
}

std::span<const Band> AllBands(BandKind kind) {
  return BandsOf(kind).all();
}

}  // namespace cqd::model
