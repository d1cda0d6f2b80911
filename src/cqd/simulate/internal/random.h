// Random numbers that are equal on every platform: integer generator, own distributions made only
// of additions, multiplications and comparisons (no logarithm whose last bit differs between
// libraries).
#pragma once

#include <cstdint>

namespace cqd::simulate {

/// SplitMix64's finisher: spreads every input bit over all output bits.
constexpr std::uint64_t Mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}
/// One seed out of several numbers; order matters.
constexpr std::uint64_t Mix(std::uint64_t a, std::uint64_t b, std::uint64_t c = 0) {
  return Mix(Mix(Mix(a) ^ b) ^ c);
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
/// Threads: one at a time. Cost: about 1 ns a number.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t Next() {
    const std::uint64_t value = Mix(state_);
    state_ += 0x9E3779B97F4A7C15ULL;
    return value;
  }
  /// 0 to count-1. Precondition: 0 < count < 2^31.
  constexpr int Below(int count) {
    return static_cast<int>(((Next() >> 32) * static_cast<std::uint64_t>(count)) >> 32);
  }
  /// low to high, both inclusive.
  constexpr int Between(int low, int high) { return low + Below(high - low + 1); }
  /// [0, 1).
  constexpr double Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  constexpr double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  constexpr bool Chance(double probability) { return Uniform() < probability; }
  /// Mean 0, standard deviation 1, within +-6: twelve uniform numbers added up.
  constexpr double Normal() {
    std::int64_t sum = 0;
    for (int word = 0; word < 3; ++word) {
      const std::uint64_t bits = Next();
      for (int lane = 0; lane < 64; lane += 16) {
        sum += static_cast<std::int64_t>((bits >> lane) & 0xFFFF);
      }
    }
    return static_cast<double>(sum) / 65536.0 - 6.0;
  }
  /// Mean 1. John von Neumann's method of runs: comparisons only.
  constexpr double Exponential() {
    for (int whole = 0;; ++whole) {
      const double first = Uniform();
      double last = first;
      bool even = true;
      for (double next = Uniform(); next < last; next = Uniform()) {
        last = next;
        even = !even;
      }
      if (even) return whole + first;
    }
  }
  /// Number of events of a Poisson process with `mean`. Cost: proportional to the mean.
  constexpr int Poisson(double mean) {
    int count = -1;
    for (double time = 0; time <= mean; time += Exponential()) ++count;
    return count;
  }

 private:
  std::uint64_t state_;
};

}  // namespace cqd::simulate
