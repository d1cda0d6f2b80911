// Promise: after everything that can happen to an installation in a year the status is true.
// Method: the real product on a simulated clock with scripted sources (outside.h), an independent
// model beside it (truth.h, content.h, model.cc), and a comparison of every field after every
// event. The seed is printed; CQD_SEED=n repeats one; CQD_LONG=1 goes on with further seeds for
// CQD_SIMULATION_MINUTES (120).
#include <gtest/gtest.h>

#include <cstdio>

#include "simulation/seed.h"
#include "simulation/year.h"

namespace cqd::simulation {
namespace {

TEST(SimulatedYear, TheStatusIsTrueAfterEveryEvent) {
  const auto until = std::chrono::steady_clock::now() + LongRun();
  for (std::uint64_t seed = FirstSeed(2);; ++seed) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    Year year(seed);
    const bool lived = year.Live(std::chrono::hours(24 * 365));
    std::printf("%s\n", year.Census().c_str());
    ASSERT_TRUE(lived);
    if (OneSeed() || std::chrono::steady_clock::now() >= until) break;
  }
}

}  // namespace
}  // namespace cqd::simulation
