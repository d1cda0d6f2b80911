// Seeds of random tests: fixed by default, printed always, CQD_SEED=n repeats a run.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include "base/time.h"

namespace cqd::simulation {

inline std::uint64_t FirstSeed(std::uint64_t fixed) {
  const char* given = std::getenv("CQD_SEED");
  return given == nullptr ? fixed : std::strtoull(given, nullptr, 10);
}

/// Whether one seed was asked for: then that one alone runs.
inline bool OneSeed() {
  return std::getenv("CQD_SEED") != nullptr;
}

/// How long to go on with further seeds; zero unless CQD_LONG=1.
inline std::chrono::minutes LongRun() {
  const char* wanted = std::getenv("CQD_LONG");
  if (wanted == nullptr || std::string(wanted) != "1") return std::chrono::minutes(0);
  const char* given = std::getenv("CQD_SIMULATION_MINUTES");
  return std::chrono::minutes(given == nullptr ? 120 : std::atoi(given));
}

/// Dice. The same seed gives the same sequence on every machine: no distribution of the library is
/// used, their results are not fixed by the standard.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  /// In [low, high].
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool OneIn(std::int64_t n) { return Between(1, n) == 1; }
  Duration Time(Duration low, Duration high) {
    return Duration(Between(low.count(), high.count()));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace cqd::simulation
