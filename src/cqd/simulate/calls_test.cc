#include "simulate/calls.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "simulate/internal/party.h"
#include "simulate/internal/random.h"
#include "simulate/internal/session_writer.h"
#include "simulate/internal/test_database.h"

namespace cqd::simulate {
namespace {

TEST(Random, DistributionsHaveTheirMeans) {
  Random random(7);
  double normal = 0, square = 0, exponential = 0, uniform = 0, poisson = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    const double n = random.Normal();
    normal += n;
    square += n * n;
    exponential += random.Exponential();
    uniform += random.Uniform();
    poisson += i < 10'000 ? random.Poisson(3.5) : 0;
  }
  EXPECT_NEAR(normal / kCount, 0, 0.02);
  EXPECT_NEAR(square / kCount, 1, 0.02);
  EXPECT_NEAR(exponential / kCount, 1, 0.02);
  EXPECT_NEAR(uniform / kCount, 0.5, 0.01);
  EXPECT_NEAR(poisson / 10'000, 3.5, 0.08);
}

// The first numbers are part of the promise: the same seed gives the same data for ever.
TEST(Random, IsTheSameForEver) {
  Random random(1);
  EXPECT_EQ(random.Next(), 0x910A2DEC89025CC1ULL);
  EXPECT_EQ(random.Next(), 0xBEEB8DA1658EEC67ULL);
}

TEST(Slots, AWeekOfWeightsIsOne) {
  const Organisation org = MakeOrganisation(3, 100);
  for (const char* begin : {"2026-03-02T00:00:00Z", "2026-06-11T07:40:00Z"}) {
    const std::int64_t first = SlotOf(TimeOf(begin));
    double sum = 0;
    for (std::int64_t slot = first; slot < first + 1008; ++slot) sum += SlotWeight(org, slot);
    EXPECT_NEAR(sum, 1, 1e-9);
  }
}

TEST(Slots, BeginAndNumberAgreeAlsoBefore1970) {
  for (const std::int64_t slot : {std::int64_t{-3}, std::int64_t{0}, std::int64_t{2'900'000}}) {
    EXPECT_EQ(SlotOf(SlotBegin(slot)), slot);
    EXPECT_EQ(SlotOf(SlotBegin(slot + 1) - Duration(1)), slot);
  }
}

TEST(PlanSlot, KeysAreUniqueOrderedAndInsideTheSlot) {
  const Organisation org = MakeOrganisation(5, 500);
  const std::int64_t slot = SlotOf(TimeOf("2026-03-03T09:00:00Z"));
  const SlotPlan plan = PlanSlot(org, slot, 60'000);
  ASSERT_GT(plan.sessions.size(), 200U);
  std::pair<UtcTime, int> last{UtcTime::min(), 0};
  bool tie = false;
  for (const PlannedSession& session : plan.sessions) {
    const std::pair<UtcTime, int> key{session.received, session.session_seq};
    EXPECT_LT(last, key);
    tie = tie || last.first == key.first;
    last = key;
    EXPECT_EQ(SlotOf(session.received), slot);
    EXPECT_GE(session.second_at, session.received);
    if (session.second_at != kNever) {
      EXPECT_LE(session.second_at - session.received, kSecondReportDelayMax);
    }
    EXPECT_LT(session.conference, plan.conference_count);
    EXPECT_LT(session.correlation, plan.correlation_count);
  }
  EXPECT_TRUE(tie) << "meetings ended for all give sessions of the same time";
}

TEST(PlanSlot, DependsOnSeedSlotAndIntensityAlone) {
  const Organisation org = MakeOrganisation(5, 500);
  const std::int64_t slot = SlotOf(TimeOf("2026-03-03T09:00:00Z"));
  const SlotPlan once = PlanSlot(org, slot, 5000);
  const SlotPlan again = PlanSlot(MakeOrganisation(5, 500), slot, 5000);
  ASSERT_EQ(once.sessions.size(), again.sessions.size());
  for (std::size_t i = 0; i < once.sessions.size(); ++i) {
    EXPECT_EQ(once.sessions[i].seed, again.sessions[i].seed);
  }
  const SlotPlan other = PlanSlot(MakeOrganisation(6, 500), slot, 5000);
  EXPECT_TRUE(other.sessions.empty() || once.sessions.empty() ||
              other.sessions[0].seed != once.sessions[0].seed);
}

TEST(CongestedWeek, IsTheSecondMondayOfFourMonths) {
  EXPECT_TRUE(IsCongestedWeek(TimeOf("2026-08-10T00:00:00Z")));
  EXPECT_TRUE(IsCongestedWeek(TimeOf("2026-08-16T23:59:59Z")));
  EXPECT_FALSE(IsCongestedWeek(TimeOf("2026-08-09T23:59:59Z")));
  EXPECT_FALSE(IsCongestedWeek(TimeOf("2026-08-17T00:00:00Z")));
  EXPECT_FALSE(IsCongestedWeek(TimeOf("2026-09-14T12:00:00Z")));
  EXPECT_TRUE(IsCongestedWeek(TimeOf("2026-11-09T12:00:00Z")));
}

TEST(Party, StaysInPlaceForAnHourAndKnowsItsNetwork) {
  const Organisation org = MakeOrganisation(5, 500);
  const UtcTime at = TimeOf("2026-03-03T09:00:00Z");
  int wifi = 0;
  for (int user = 0; user < 500; ++user) {
    const Party party = UserParty(org, user, 99 + static_cast<std::uint64_t>(user), at);
    EXPECT_NE(party.address, 0);
    EXPECT_NE(party.uri, 0);
    EXPECT_EQ(party.bssid != 0, party.access == Access::kOfficeWifi);
    EXPECT_EQ(party.inside, party.relay == 0);
    EXPECT_EQ(party.vpn, party.access == Access::kVpn);
    wifi += party.bssid != 0 ? 1 : 0;
  }
  EXPECT_GT(wifi, 100);
}

}  // namespace
}  // namespace cqd::simulate
