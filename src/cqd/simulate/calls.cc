#include "simulate/calls.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "simulate/internal/random.h"

namespace cqd::simulate {
namespace {

// Monday first; share of a full working day.
constexpr double kDayWeight[7] = {0.96, 1.06, 1.08, 1.04, 0.86, 0.06, 0.04};
// Local hours 0 to 23; share of the busiest hour.
constexpr double kHourWeight[24] = {0.01, 0.005, 0.005, 0.005, 0.01, 0.03, 0.10, 0.30,
                                    0.70, 0.95,  1.00,  0.92,  0.50, 0.72, 0.95, 0.90,
                                    0.74, 0.45,  0.22,  0.12,  0.08, 0.06, 0.04, 0.02};
constexpr int kSlotsPerHour = 6;

double SiteWeight(const Site& site, std::int64_t slot) {
  const std::int64_t hours = slot / kSlotsPerHour + site.utc_offset_hours;
  const std::int64_t day = hours / 24;
  // 1970-01-01 was a Thursday.
  return site.weight * kDayWeight[(day + 3) % 7] * kHourWeight[hours % 24];
}

double SitesWeight(const Organisation& organisation, std::int64_t slot) {
  double weight = 0;
  for (const Site& site : organisation.sites) weight += SiteWeight(site, slot);
  return weight;
}

/// A week of one site's weights; the same for every site, whose shares add up to 1.
double WeekWeight() {
  double days = 0;
  double hours = 0;
  for (const double day : kDayWeight) days += day;
  for (const double hour : kHourWeight) hours += hour;
  return days * hours * kSlotsPerHour;
}

class SlotPlanner {
 public:
  SlotPlanner(const Organisation& organisation, std::int64_t slot)
      : org_(organisation), slot_(slot), begin_(SlotBegin(slot)) {
    double sum = 0;
    for (const Site& site : org_.sites) {
      sum += SiteWeight(site, slot);
      site_until_.push_back(sum);
    }
  }

  SlotPlan Plan(double calls_per_week, double calls_min) {
    Random count(Mix(org_.seed, static_cast<std::uint64_t>(slot_), 1));
    const int calls = count.Poisson(std::max(calls_per_week * SlotWeight(org_, slot_), calls_min));
    for (int i = 0; i < calls; ++i) {
      Random random(
          Mix(org_.seed, static_cast<std::uint64_t>(slot_), 16 + static_cast<std::uint64_t>(i)));
      PlanCall(random);
    }
    Order();
    return std::move(plan_);
  }

 private:
  int PickSite(Random& random) const {
    const double ticket = random.Uniform() * site_until_.back();
    const auto found = std::upper_bound(site_until_.begin(), site_until_.end(), ticket);
    return static_cast<int>(
        std::min<std::ptrdiff_t>(found - site_until_.begin(), std::ssize(site_until_) - 1));
  }
  int PickUserOf(Random& random, int site) const {
    const Site& where = org_.sites[static_cast<std::size_t>(site)];
    return where.first_user + random.Below(where.user_count);
  }
  int PickEmployee(Random& random) const { return PickUserOf(random, PickSite(random)); }
  /// Somebody to talk to: mostly from the same site, now and then a guest.
  int PickPartner(Random& random, int user, double guest_share) const {
    const double ticket = random.Uniform();
    if (ticket < guest_share) {
      return org_.employee_count +
             random.Below(static_cast<int>(org_.users.size()) - org_.employee_count);
    }
    const int site = org_.users[static_cast<std::size_t>(user)].site;
    for (int attempt = 0; attempt < 8; ++attempt) {
      const int other = ticket < 0.6 ? PickUserOf(random, site) : PickEmployee(random);
      if (other != user) return other;
    }
    return user == 0 ? 1 : 0;
  }
  int PickServer(Random& random, ServerRole role, int region) const {
    std::array<int, 8> fit{};
    int count = 0;
    for (int i = 0; i < static_cast<int>(org_.servers.size()); ++i) {
      const ServerMachine& server = org_.servers[static_cast<std::size_t>(i)];
      if (server.role == role && server.region == region && count < 8)
        fit[static_cast<std::size_t>(count++)] = i;
    }
    CQD_CHECK(count > 0);
    return fit[static_cast<std::size_t>(random.Below(count))];
  }
  int RegionOf(int user) const {
    return org_.sites[static_cast<std::size_t>(org_.users[static_cast<std::size_t>(user)].site)]
        .region;
  }

  void PlanCall(Random& random);
  void PlanPeer(Random& random, UtcTime at);
  void PlanMeeting(Random& random, UtcTime at);
  void PlanPstn(Random& random, UtcTime at);
  void PlanService(Random& random, UtcTime at);
  /// Adds what every session has: when reports arrive, and the seed of its details.
  void Add(Random& random, PlannedSession session, UtcTime received);
  void Order();

  const Organisation& org_;
  std::int64_t slot_;
  UtcTime begin_;
  std::vector<double> site_until_;
  SlotPlan plan_;
};

int DrawDuration(Random& random, double mean_s) {
  // Calls that nobody takes, or that are given up at once, stay under five seconds.
  if (random.Chance(0.03)) return random.Below(5);
  return std::min(5 + static_cast<int>(random.Exponential() * mean_s), 4 * 3600);
}

/// SQL Server's datetime counts 1/300 s: milliseconds end in 0, 3 or 7.
UtcTime RoundToTick(UtcTime time) {
  const std::int64_t micros = ToMicros(time);
  const std::int64_t ten = micros / 10'000 * 10'000;
  const std::int64_t rest = micros - ten;
  return FromMicros(ten + (rest < 3000 ? 0 : rest < 7000 ? 3000 : 7000));
}

void SlotPlanner::Add(Random& random, PlannedSession session, UtcTime received) {
  session.received = RoundToTick(received);
  session.seed = random.Next();
  // A server's report comes at once, a client's may take longer.
  session.caller_first = session.caller_is_server != session.callee_is_server
                             ? session.caller_is_server
                             : random.Chance(0.5);
  const bool second_is_server =
      session.caller_first ? session.callee_is_server : session.caller_is_server;
  const double fate = random.Uniform();
  const double delay_s = random.Exponential();
  if (!second_is_server && fate < 0.05) {
    session.second_at = kNever;
  } else if (!second_is_server && fate < 0.09) {
    // Late: a laptop that was shut, a client that came back to the network.
    const double late_s = std::min(60 + delay_s * 1500, 7100.0);
    session.second_at = session.received + Duration(static_cast<std::int64_t>(late_s * 1e6));
  } else {
    session.second_at = session.received + Duration(static_cast<std::int64_t>(delay_s * 4e6));
  }
  plan_.sessions.push_back(session);
}

void SlotPlanner::PlanPeer(Random& random, UtcTime at) {
  PlannedSession session;
  session.kind = SessionKind::kPeer;
  session.caller = PickEmployee(random);
  session.callee = PickPartner(random, session.caller, 0.05);
  session.duration_s = DrawDuration(random, 360);
  session.conference = plan_.conference_count++;
  Add(random, session, at);
}

void SlotPlanner::PlanMeeting(Random& random, UtcTime at) {
  const int organiser = PickEmployee(random);
  const int region = RegionOf(organiser);
  const int participants = std::min(2 + static_cast<int>(random.Exponential() * 3.4), 30);
  const bool shared = random.Chance(0.45);
  const bool ended_for_all = random.Chance(0.15);
  const int length_s = 300 + static_cast<int>(random.Exponential() * 1800);
  PlannedSession leg;
  leg.callee_is_server = true;
  leg.conference = plan_.conference_count++;
  leg.organiser = organiser;
  const int audio_server = PickServer(random, ServerRole::kAvMcu, region);
  const int sharing_server = PickServer(random, ServerRole::kSharingMcu, region);
  for (int i = 0; i < participants; ++i) {
    leg.caller = i == 0 ? organiser : PickPartner(random, organiser, 0.10);
    leg.duration_s = std::min(
        random.Chance(0.04) ? random.Below(5) : length_s / 2 + random.Below(length_s / 2 + 1),
        4 * 3600);
    // Most leave within a minute or two; a leg that would fall before the slot falls into it again.
    const std::int64_t earlier_us = static_cast<std::int64_t>(random.Exponential() * 60e6);
    std::int64_t into_us = (at - begin_).count();
    if (!ended_for_all) into_us -= earlier_us;
    while (into_us < 0) into_us += kSlotLength.count();
    leg.kind = SessionKind::kConference;
    leg.callee = audio_server;
    Add(random, leg, begin_ + Duration(into_us));
    if (shared && random.Chance(0.85)) {
      PlannedSession sharing = leg;
      sharing.kind = SessionKind::kSharing;
      sharing.callee = sharing_server;
      sharing.duration_s = leg.duration_s / 2;
      Add(random, sharing, begin_ + Duration(into_us));
    }
  }
}

void SlotPlanner::PlanPstn(Random& random, UtcTime at) {
  const int user = PickEmployee(random);
  const int region = RegionOf(user);
  PlannedSession client;
  client.inbound_pstn = random.Chance(0.45);
  client.phone = random.Below(kPhoneNumberCount);
  client.duration_s = DrawDuration(random, 240);
  client.conference = plan_.conference_count++;
  const int gateway = PickServer(random, ServerRole::kGateway, region);
  const int mediation = PickServer(random, ServerRole::kMediation, region);
  const bool bypass = random.Chance(0.10);
  client.kind = bypass ? SessionKind::kPstnBypass : SessionKind::kPstnClient;
  client.correlation = bypass ? -1 : plan_.correlation_count++;
  const int server = bypass ? gateway : mediation;
  client.caller = client.inbound_pstn ? server : user;
  client.caller_is_server = client.inbound_pstn;
  client.callee = client.inbound_pstn ? user : server;
  client.callee_is_server = !client.inbound_pstn;
  Add(random, client, at);
  if (bypass) return;
  PlannedSession outside = client;
  outside.kind = SessionKind::kPstnGateway;
  outside.conference = plan_.conference_count++;
  outside.caller_is_server = outside.callee_is_server = true;
  outside.caller = client.inbound_pstn ? gateway : mediation;
  outside.callee = client.inbound_pstn ? mediation : gateway;
  Add(random, outside, at);
}

void SlotPlanner::PlanService(Random& random, UtcTime at) {
  constexpr ServerRole kRoles[] = {ServerRole::kExchangeUm,    ServerRole::kExchangeUm,
                                   ServerRole::kResponseGroup, ServerRole::kConferencingAttendant,
                                   ServerRole::kAnnouncement,  ServerRole::kCallPark};
  PlannedSession session;
  session.kind = SessionKind::kService;
  session.caller = PickEmployee(random);
  session.callee = PickServer(random, kRoles[random.Below(6)], RegionOf(session.caller));
  session.callee_is_server = true;
  session.duration_s = DrawDuration(random, 75);
  session.conference = plan_.conference_count++;
  Add(random, session, at);
}

void SlotPlanner::PlanCall(Random& random) {
  const UtcTime at = begin_ + Duration(static_cast<std::int64_t>(
                                  random.Uniform() * static_cast<double>(kSlotLength.count())));
  const double kind = random.Uniform();
  if (kind < 0.42) return PlanPeer(random, at);
  if (kind < 0.56) return PlanMeeting(random, at);
  if (kind < 0.90) return PlanPstn(random, at);
  PlanService(random, at);
}

void SlotPlanner::Order() {
  auto& sessions = plan_.sessions;
  std::stable_sort(sessions.begin(), sessions.end(),
                   [](const auto& a, const auto& b) { return a.received < b.received; });
  for (std::size_t i = 1; i < sessions.size(); ++i) {
    if (sessions[i].received == sessions[i - 1].received) {
      sessions[i].session_seq = sessions[i - 1].session_seq + 1;
    }
  }
}

}  // namespace

std::int64_t SlotOf(UtcTime time) {
  return std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<600>>>(
             time.time_since_epoch())
      .count();
}
UtcTime SlotBegin(std::int64_t slot) {
  return UtcTime(kSlotLength * slot);
}

double SlotWeight(const Organisation& organisation, std::int64_t slot) {
  return SitesWeight(organisation, slot) / WeekWeight();
}

SlotPlan PlanSlot(const Organisation& organisation, std::int64_t slot, double calls_per_week,
                  double calls_min) {
  return SlotPlanner(organisation, slot).Plan(calls_per_week, calls_min);
}

}  // namespace cqd::simulate
